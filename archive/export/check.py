"""check: whether a data-set folder is what its manifest says, and whether its splits keep stories apart."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archive.captures.files import sha256_of
from archive.errors import ArchiveError, ArchiveUsageError
from archive.export.belongings import MANIFEST, files_in, read_manifest, unfinished
from archive.export.reading import misfit, read_rows
from archive.export.splits import Groups

_CONNECTING = ("url", "split", "story", "printed_by", "other_editions")
"""Columns that say what a row must not be parted from."""


@dataclass(slots=True)
class Checked:
    """What a check found."""

    files: int = 0
    rows: int = 0
    problems: list[str] = field(default_factory=list)
    """One sentence each; empty where all is well."""


def manifest_of(folder: Path) -> dict[str, Any]:
    """The manifest of a finished folder. Raises `ArchiveUsageError` where there is none, `ArchiveError` for one that is damaged."""
    if folder.is_dir() and unfinished(folder):
        raise ArchiveUsageError(
            f"{folder}: an export into this folder was interrupted: run it again, and it is carried on"
        )
    found = read_manifest(folder) if folder.is_dir() else None
    if found is None:
        raise ArchiveUsageError(
            f"{folder} is no data-set folder of newsbot: there is no {MANIFEST} of one in it"
        )
    return found


def check_folder(folder: Path, progress: Callable[[int], object] = lambda _: None) -> Checked:
    """Compare every file with the manifest, and read all rows. Raises as `manifest_of` does."""
    manifest = manifest_of(folder)
    found = Checked()
    named = {file["path"]: file for file in manifest["files"]}
    there = files_in(folder)
    found.problems += [
        f"{name}: not of this set, {MANIFEST} does not name it"
        for name in sorted(there - {*named, MANIFEST})
    ]
    groups = _Kin()
    first_format = next((file["format"] for file in manifest["files"] if "rows" in file), None)
    for name, file in sorted(named.items()):
        problem = _changed(folder / name, file) if name in there else f"{name}: missing"
        if problem is None and "rows" in file:
            joined = groups if file.get("format") == first_format else None
            problem = _rows(folder / name, file, joined, found, progress)
        if problem:
            found.problems.append(f"{name}: {problem}" if not problem.startswith(name) else problem)
        found.files += 1
    found.problems += [
        f"{one} ({split}) and {other} ({its}) are of one story or editions of one article, and in two splits"
        for one, split, other, its in groups.parted()
    ]
    counted = sum(
        f["rows"] for f in named.values() if f.get("format") == first_format and "rows" in f
    )
    if manifest.get("rows") != counted:
        found.problems.append(
            f"{MANIFEST}: tells of {manifest.get('rows')} rows, its files of {counted}"
        )
    return found


def _changed(path: Path, file: dict[str, Any]) -> str | None:
    if path.is_symlink() or not path.is_file():
        return "no ordinary file"
    if (size := path.stat().st_size) != file["bytes"]:
        return f"{size} bytes, {file['bytes']} expected"
    return None if sha256_of(path) == file["sha256"] else "changed: another SHA-256 than expected"


def _rows(
    path: Path, file: dict[str, Any], groups: _Kin | None, found: Checked, progress: Callable[[int], object]
) -> str | None:  # fmt: skip
    """Read the rows of a file; what is wrong with them."""
    number, problem = 0, None
    try:
        if path.name.endswith(".parquet"):  # its types are those of every row
            problem = misfit(path, None)
        for row in read_rows(path, _CONNECTING):
            number += 1
            progress(1)
            if not path.name.endswith(".parquet"):
                problem = problem or misfit(path, row)
            if groups and not problem:
                groups.add(row)
            if row.get("split") != file.get("split"):
                problem = problem or f"a row of the split {row.get('split')}"
    except ArchiveUsageError:
        raise
    except (ArchiveError, ValueError) as error:
        return str(error)
    if groups:
        found.rows += number
    if number != file["rows"]:
        return f"{number} rows, {file['rows']} expected"
    return problem


class _Kin(Groups):
    """Addresses that stories and editions connect, with the split of each."""

    def __init__(self) -> None:
        super().__init__()
        self._splits: dict[str, str] = {}

    def add(self, row: dict[str, Any]) -> None:
        """Take in one row."""
        url = row["url"]
        self._splits[url] = row["split"]
        if row["story"] not in (None, ""):
            self.join(url, f"story {row['story']}")
        for other in (*_list(row["printed_by"]), *_list(row["other_editions"])):
            self.join(url, other)

    def parted(self) -> Iterator[tuple[str, str, str, str]]:
        """Two addresses of each group that is in several splits, with their splits."""
        first: dict[Hashable, str] = {}
        told = set()
        for url, split in self._splits.items():
            root = self.root(url)
            other = first.setdefault(root, url)
            if self._splits[other] != split and root not in told:
                told.add(root)
                yield other, self._splits[other], url, split


def _list(value: Any) -> list[str]:
    """A list of texts, as JSON where it stood in a table."""
    found = json.loads(value) if isinstance(value, str) and value else value
    return [text for text in found or [] if isinstance(text, str)]
