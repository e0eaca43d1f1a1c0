"""folder: selected articles as a folder that explains itself, can be cited, and can be made again to the byte.

At once a data set of the Hugging Face Hub: rows in `data/SPLIT-00000-of-00003.parquet`, README.md with the card, beside
it manifest.json, croissant.json and citations. While it is made, a file says what belongs to it: an interrupted
export is carried on, and nothing is touched that was not written here.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from archive.captures.files import check_inside, sha256_of, whole_file
from archive.errors import ArchiveUsageError
from archive.export import describe
from archive.export.belongings import MANIFEST, Say, Work, held
from archive.export.columns import COLUMNS
from archive.export.dataset import SUFFIXES, Counts, Dataset, added, counted
from archive.export.formats import FORMATS, packed
from archive.export.parquet import version
from archive.export.pictures import draw, pictures
from archive.export.rows import rows
from archive.export.splits import SPLITS, divided, splits
from archive.export.subset import write_subset
from archive.export.wacz import write_wacz
from archive.export.warc import write_warc
from archive.query import Selection, ids, told

MOST_ROWS, MOST_BYTES = 100_000, 200_000_000
"""A file of rows ends with the first of the two; the bytes are those of its texts, unpacked."""
BESIDE = {
    "warc": "captures/captures.warc.gz",
    "wacz": "captures/captures.wacz",
    "sqlite": "sqlite/news.db",
}
"""Formats that are one file beside the rows → its name."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be in a folder."""

    chosen: Selection
    formats: tuple[str, ...] = ("parquet",)
    """Names of `FORMATS` and `BESIDE`, the one that is loaded first."""
    texts: tuple[str, ...] = ()
    split: str | None = None
    """As `archive.export.splits.checked` returns it."""
    authors: tuple[str, ...] = ()
    contact: str | None = None
    software: str = "newsbot"

    @property
    def options(self) -> dict[str, Any]:
        """What beside the query makes the set what it is."""
        return {
            "formats": list(self.formats),
            "with": list(self.texts),
            "split": self.split,
            "seed": self.chosen.seed,
        }


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it."""

    rows: int
    files: int
    kept: int
    """Files of rows and captures that an interrupted export had finished."""
    unreadable: list[str]
    """Why captures are missing from it, one sentence each."""


@dataclass(frozen=True, slots=True)
class _Shard:
    """One file of rows."""

    path: str
    format: str
    split: str
    ids: tuple[int, ...]


def write_folder(
    c: sqlite3.Connection,
    data: Path,
    folder: Path,
    wanted: Wanted,
    *,
    say: Say = lambda _: None,
    progress: Callable[[int], object] = lambda _: None,
) -> Made:
    """Write a data-set folder, or carry on with one; see the head of this file. `progress` counts rows.

    `say` is told what becomes of a folder that an earlier run left. Raises `ArchiveUsageError` where no article
    fits, or the folder holds what was not written here; `ArchiveLocked` where another run writes to it.
    """
    with held(folder):
        c.execute("BEGIN")  # one state of the archive, whatever a crawl adds meanwhile
        try:
            numbers = _selected(c, wanted)
            places = splits(c, wanted.split, wanted.chosen.seed) if wanted.split else {}
            shards = _shards(c, wanted, numbers, places)
            known = _known(c, wanted, numbers)
            work = Work(folder, _asked(wanted), _state(c, numbers, wanted))
            beside = {BESIDE[name]: name for name in wanted.formats if name in BESIDE}
            paths = [*(shard.path for shard in shards), *beside]
            work.begin(paths, say)
            for shard in shards:
                if shard.path not in work.done:
                    work.add(shard.path, _write_shard(c, folder, shard, wanted, places, progress))
        finally:
            c.rollback()
        # Not of that one state: a crawl that packs files meanwhile moves the captures.
        for path, name in beside.items():
            if path not in work.done:
                work.add(path, _write_beside(c, data, folder, name, wanted, numbers))
        entries = [work.done[path] for path in paths]
        counts = added(work.done[s.path]["counts"] for s in shards if s.format == shards[0].format)
        known = replace(known, counts=counts, files=[entry["file"] for entry in entries])
        described = _describe(folder, known)
        _written(folder, MANIFEST, describe.manifest(known, [*known.files, *described]))
        work.end()
        unreadable = [line for entry in entries for line in entry.get("unreadable", [])]
        return Made(known.rows, len(entries) + len(described) + 1, work.kept, unreadable)


def _describe(folder: Path, known: Dataset) -> list[dict[str, Any]]:
    """Write what describes the set, but for the manifest: where that is, all is."""
    plots = pictures(known)
    for name in plots:
        (folder / name).parent.mkdir(exist_ok=True)
        check_inside((folder / name).parent, folder)
        draw(known, name, folder / name)
    documents = describe.documents(replace(known, plots=plots))
    return [_entry(folder, name) for name in plots] + [
        _written(folder, name, content) for name, content in documents.items()
    ]


# -- what is meant ----------------------------------------------------------------------------------


def _selected(c: sqlite3.Connection, wanted: Wanted) -> list[int]:
    if not set(wanted.formats) & set(FORMATS):
        raise ArchiveUsageError(f"a data set needs rows: name a format of {', '.join(FORMATS)}")
    if "sqlite" in wanted.formats and wanted.chosen.as_of:
        raise ArchiveUsageError(
            "a subset in SQLite holds whole histories: leave --as-of or sqlite out"
        )
    numbers = ids(c, wanted.chosen)
    if not numbers:
        raise ArchiveUsageError("no article fits: there is nothing to make a data set of")
    return numbers


def _shards(
    c: sqlite3.Connection, wanted: Wanted, numbers: Sequence[int], places: dict[int, str]
) -> list[_Shard]:
    """The files of rows, each split's in the order of the articles."""
    sizes = dict(
        c.execute(
            "SELECT a.id, length(CAST(a.text AS BLOB)) FROM articles a "
            "WHERE a.id IN (SELECT value FROM json_each(?))",
            (json.dumps(numbers),),
        )
    )
    parts: dict[str, list[list[int]]] = {}
    room: dict[str, tuple[int, int]] = {}
    for number in numbers:
        split = places.get(number, "train")
        count, size = room.get(split, (MOST_ROWS, 0))
        if count >= MOST_ROWS or size >= MOST_BYTES:
            parts.setdefault(split, []).append([])
            count = size = 0
        parts[split][-1].append(number)
        room[split] = count + 1, size + sizes.get(number, 0) * (1 + len(wanted.texts))
    return [
        _Shard(
            f"data/{split}-{at:05}-of-{len(parts[split]):05}{SUFFIXES[name]}",
            name,
            split,
            tuple(some),
        )
        for name in wanted.formats
        if name in FORMATS
        for split in sorted(parts, key=SPLITS.index)
        for at, some in enumerate(parts[split])
    ]


def _known(c: sqlite3.Connection, wanted: Wanted, numbers: Sequence[int]) -> Dataset:
    """What is told of the set and does not follow from its rows."""
    named = {"ids": json.dumps(numbers)}
    of_them = "WHERE a.id IN (SELECT value FROM json_each(:ids))"
    rules = c.execute(
        f"SELECT coalesce(g.rules, 'several'), count(*) FROM articles a JOIN revisions r ON r.article = a.id "  # noqa: S608
        f"AND r.number = a.revision JOIN readings g ON g.id = r.reading {of_them} GROUP BY 1 ORDER BY 1",
        named,
    )
    sites = c.execute(
        "SELECT s.id, s.name, s.url, s.region FROM sites s WHERE s.id IN "  # noqa: S608
        f"(SELECT a.site FROM articles a {of_them}) ORDER BY s.id",
        named,
    )
    withheld = [url for (url,) in c.execute("SELECT url FROM withheld ORDER BY url")]
    newest = c.execute(
        "SELECT max(moment) FROM (SELECT max(fetched_at) AS moment FROM captures UNION "
        "SELECT max(last_seen) FROM articles)"  # of an archive without captures
    ).fetchone()[0]
    return Dataset(
        query=told(wanted.chosen),
        options=wanted.options,
        as_of=wanted.chosen.as_of or newest,
        software=wanted.software,
        rules=dict(rules.fetchall()),
        withheld={
            "addresses": len(withheld),
            "sha256": hashlib.sha256("\n".join(withheld).encode()).hexdigest(),
        },
        counts={},
        sites=[dict(zip(("id", "name", "url", "region"), row, strict=True)) for row in sites],
        files=[],
        authors=wanted.authors,
        contact=wanted.contact,
    )


def _asked(wanted: Wanted) -> str:
    """Digest of what was asked for; two runs with the same one may share files."""
    versions = [wanted.software]
    if "parquet" in wanted.formats:
        versions.append(version())
    asked = asdict(wanted) | {"chosen": repr(wanted.chosen)}
    schema = [(column.name, column.type) for column in COLUMNS]
    return _digest(json.dumps([asked, schema, versions, MOST_ROWS, MOST_BYTES], sort_keys=True))


_ARCHIVE = """
SELECT r.article, r.number, r.seen_at, r.reading, c.warc, c.warc_offset FROM revisions r JOIN captures c ON c.id = r.capture ORDER BY 1, 2;
SELECT article, other FROM editions ORDER BY 1, 2;
SELECT * FROM sites ORDER BY id;
SELECT count(*), max(id), max(fetched_at) FROM captures;
SELECT count(*), max(seen_at) FROM engagement
"""


def _state(c: sqlite3.Connection, numbers: Sequence[int], wanted: Wanted) -> str:
    """Digest of what of the archive rows are made of; texts by their own digests."""
    names = [d[0] for d in c.execute("SELECT * FROM articles LIMIT 0").description]
    small = ", ".join(name for name in names if name not in ("text", "stems"))
    noted = ["SELECT * FROM article_notes ORDER BY number"] if "notes" in wanted.texts else []
    sha = hashlib.sha256(repr(numbers).encode())
    for sql in (f"SELECT {small} FROM articles ORDER BY id", *_ARCHIVE.split(";"), *noted):  # noqa: S608
        for row in c.execute(sql):
            sha.update(repr(row).encode("utf-8", "surrogatepass"))
    return sha.hexdigest()


# -- files ------------------------------------------------------------------------------------------


def _write_shard(
    c: sqlite3.Connection, folder: Path, shard: _Shard, wanted: Wanted, places: dict[int, str],
    progress: Callable[[int], object],
) -> dict[str, Any]:  # fmt: skip
    """Write one file of rows."""
    counts: Counts = {}

    def told_of() -> Iterator[dict[str, Any]]:
        found = rows(c, shard.ids, wanted.chosen, wanted.texts)
        for row in divided(found, places, "train"):
            counted(counts, row)
            progress(1)
            yield row

    with _whole(folder, shard.path) as file, packed(file, shard.path) as out:
        number = FORMATS[shard.format].write(told_of(), out)
    told = {"format": shard.format, "split": shard.split, "rows": number}
    return {"file": _entry(folder, shard.path) | told, "counts": counts}


def _write_beside(
    c: sqlite3.Connection, data: Path, folder: Path, name: str, wanted: Wanted, numbers: list[int]
) -> dict[str, Any]:
    """Write the captures behind the rows, or the rows of the archive that belong to them."""
    path = BESIDE[name]
    if name == "sqlite":
        check_inside((folder / path).parent, folder)
        write_subset(c, numbers, (folder / path).parent, wanted.chosen)
        return {"file": _entry(folder, path)}
    chosen = replace(wanted.chosen, listed=tuple(map(str, numbers)))
    write = write_warc if name == "warc" else write_wacz
    with _whole(folder, path) as out:
        summary = write(c, data, chosen, out, software=wanted.software)
    return {"file": _entry(folder, path), "unreadable": summary.unreadable}


@contextmanager
def _whole(folder: Path, name: str) -> Iterator[BinaryIO]:
    """A file of the folder that is there whole or not at all; no link leads out of it."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    with whole_file(path, folder) as file:
        yield file


def _written(folder: Path, name: str, content: bytes) -> dict[str, Any]:
    with _whole(folder, name) as file:
        file.write(content)
    return _entry(folder, name)


def _entry(folder: Path, name: str) -> dict[str, Any]:
    """What is noted of a file."""
    path = folder / name
    return {"path": name, "bytes": path.stat().st_size, "sha256": sha256_of(path)}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
