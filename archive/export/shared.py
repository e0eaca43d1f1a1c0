"""shared: stories that two sets have in common, so that nobody tests with what was learnt from.

Near-duplicates are found as `archive.stories` finds them: reprinted, cut, reworded, in another script.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from pathlib import Path

from archive.errors import ArchiveUsageError
from archive.export.check import manifest_of
from archive.export.reading import read_rows
from archive.store import DATABASE, open_database
from archive.stories.duplicates import clusters
from archive.stories.texts import Text

_COLUMNS = ("url", "site", "title", "text")


@dataclass(frozen=True, slots=True)
class Shared:
    """One story that both sets have, by the addresses of its articles there."""

    ours: list[str]
    theirs: list[str]


def shared_stories(folder: Path, other: Path) -> list[Shared]:
    """Stories of a data-set folder that are in another set, too.

    The other may be such a folder, an archive's folder, or a file of Parquet, JSON Lines or CSV with a column
    `text`; a row without an address is named by its number. Raises `ArchiveUsageError` where it is none of these.
    """
    # The texts of one newspaper follow one another, those of both sets together.
    texts = merge(_named("ours", _texts(folder)), _named("theirs", _texts(other)), key=lambda text: text.site)  # fmt: skip
    found = []
    for names in clusters(texts):
        ours, theirs = (
            sorted({rest for side, _, rest in (n.split(" ", 2) for n in names) if side == wanted})
            for wanted in ("ours", "theirs")
        )
        if ours and theirs:
            found.append(Shared(ours, theirs))
    return found


def _named(side: str, texts: Iterator[Text]) -> Iterator[Text]:
    """Texts by names that say which set they are of, and are names of no other."""
    for number, text in enumerate(texts):
        yield Text(f"{side} {number} {text.name}", text.site, text.title, text.text)


def _texts(place: Path) -> Iterator[Text]:
    """Texts of a set, ordered by newspaper."""
    if not place.is_dir():
        if not place.exists():
            raise ArchiveUsageError(f"{place}: there is no such file or folder")
        return _file(place, "")
    if (place / DATABASE).exists():
        return _archive(open_database(place).conn)
    rows = [file for file in manifest_of(place)["files"] if "rows" in file]
    parts = [
        _file(place / file["path"], None) for file in rows if file["format"] == rows[0]["format"]
    ]
    return merge(*parts, key=lambda text: text.site)


def _archive(c: sqlite3.Connection) -> Iterator[Text]:
    for row in c.execute("SELECT url, site, title, text FROM articles ORDER BY site, url"):
        yield Text(*row)


def _file(path: Path, site: str | None) -> Iterator[Text]:
    """Texts of one file; `site` stands for the newspaper where the rows need not be in its order."""
    for number, row in enumerate(read_rows(path, _COLUMNS), 1):
        if "text" not in row:
            raise ArchiveUsageError(f"{path}: no column `text`")
        url, its, title, text = (v if isinstance(v, str) else None for v in map(row.get, _COLUMNS))
        if text is not None:
            paper = (its or "") if site is None else site
            yield Text(url or f"{path.name}:{number}", paper, title, text)
