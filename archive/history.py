"""history: puts a version of an article that was seen in the past in its place among the others.

Captures come in any order: imports, merges and repairs bring old ones after new ones. Whatever the
order, the same captures make the same revisions. Runs inside the writer's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Version:
    """One wording of an article at one moment (ISO 8601, UTC)."""

    seen_at: str
    title: str | None
    text: str
    digest: str
    capture: int | None
    kind: str = "edit"


def append(c: sqlite3.Connection, article: int, version: Version) -> int:
    """Add a version after all others and return its number; the first one is of kind `first`."""
    number = c.execute(
        "SELECT coalesce(max(number), 0) + 1 FROM revisions WHERE article = ?", (article,)
    ).fetchone()[0]
    _insert(c, article, number, version)
    return int(number)


def place(c: sqlite3.Connection, article: int, version: Version, last_seen: str) -> bool:
    """Put a version seen before `last_seen` in its place; returns whether its wording was news.

    Where the wording before it was seen again after it, that is a version of its own: the newspaper
    went back to it.
    """
    known = c.execute(
        "SELECT number, seen_at, kind, digest FROM revisions WHERE article = ? ORDER BY number",
        (article,),
    ).fetchall()
    # What was extracted anew belongs to the version before it, whatever its own date.
    base = [row for row in known if row["kind"] != "reextraction"]
    later = next((row["number"] for row in base if row["seen_at"] > version.seen_at), None)
    end = later if later is not None else len(known) + 1
    start = max((row["number"] for row in base if row["number"] < end), default=0)
    if any(row["digest"] == version.digest for row in known if start <= row["number"] < end):
        return False
    following = next((row for row in known if row["number"] >= end), None)
    until = following["seen_at"] if following else None
    again = _seen_again(c, article, version.seen_at, until, last_seen) if start else None
    if following and following["digest"] == version.digest and not again:
        c.execute(
            "UPDATE revisions SET seen_at = ?, capture = ? WHERE article = ? AND number = ?",
            (version.seen_at, version.capture, article, end),
        )
        return False
    versions = [version]
    if again:
        versions.append(_copy(c, article, end - 1, *again))
    # Upwards through negative numbers, or UNIQUE (article, number) would be broken on the way.
    shift = len(versions)
    c.execute(
        "UPDATE revisions SET number = -(number + ?) WHERE article = ? AND number >= ?",
        (shift, article, end),
    )
    c.execute("UPDATE revisions SET number = -number WHERE article = ? AND number < 0", (article,))
    for number, item in enumerate(versions, end):
        _insert(c, article, number, item)
    if end == 1:
        c.execute(
            "UPDATE revisions SET kind = 'edit' WHERE article = ? AND number > 1 AND kind = 'first'",
            (article,),
        )
    return True


# -- the same bytes, read with other rules ------------------------------------------------------

_BEFORE = """
SELECT fetched_at, payload_digest FROM captures
 WHERE url = ? AND article = ? AND status = 200 AND fetched_at <= ?
 ORDER BY fetched_at DESC, id DESC LIMIT 1
"""
_AFTER = """
SELECT fetched_at, payload_digest FROM captures
 WHERE url = ? AND article = ? AND status = 200 AND fetched_at >= ?
 ORDER BY fetched_at, id LIMIT 1
"""
_BASE = """
SELECT title, text, digest, seen_at FROM revisions
 WHERE article = ? AND kind <> 'reextraction' AND seen_at <= ? ORDER BY number DESC LIMIT 1
"""


def is_reread(c: sqlite3.Connection, article: int, page: Sequence[int]) -> bool:
    """Whether the newest visit saw what the newspaper showed before, byte for byte.

    `page` are the ids of its captures, which do not belong to the article yet. If the wording is
    another one all the same, then because of other rules.
    """
    found = [_neighbour(c, article, capture, _BEFORE) for capture in _pages(c, page)]
    moments = [seen["fetched_at"] for seen, is_same in found if seen and is_same]
    if not moments or any(seen and not is_same for seen, is_same in found):
        return False
    base = c.execute(_BASE, (article, "9999")).fetchone()
    return base is not None and bool(base["seen_at"] <= min(moments))


def as_read_before(
    c: sqlite3.Connection, article: int, page: Sequence[int], version: Version
) -> Version:
    """A version of the past in the wording in which the archive has read the same bytes already."""
    pages = _pages(c, page)
    if len(pages) != 1:  # of a divided article nobody knows which pages were read together
        return version
    for query in (_BEFORE, _AFTER):
        seen, is_same = _neighbour(c, article, pages[0], query)
        if seen is None or not is_same:
            continue
        base = c.execute(_BASE, (article, seen["fetched_at"])).fetchone()
        if base:
            return replace(version, title=base["title"], text=base["text"], digest=base["digest"])
    return version


def _pages(c: sqlite3.Connection, captures: Sequence[int]) -> list[sqlite3.Row]:
    rows = [c.execute("SELECT * FROM captures WHERE id = ?", (id_,)).fetchone() for id_ in captures]
    return [row for row in rows if row["status"] == 200]


def _neighbour(
    c: sqlite3.Connection, article: int, capture: sqlite3.Row, query: str
) -> tuple[sqlite3.Row | None, bool]:
    """The next capture of an address in time, and whether it has the same payload."""
    row = c.execute(query, (capture["url"], article, capture["fetched_at"])).fetchone()
    return row, row is not None and row["payload_digest"] == capture["payload_digest"]


# -- rows ---------------------------------------------------------------------------------------


def _seen_again(
    c: sqlite3.Connection, article: int, after: str, until: str | None, last_seen: str
) -> tuple[str, int | None] | None:
    """When the wording before was next seen in place, and its capture where there is one."""
    row = c.execute(
        "SELECT fetched_at, id FROM captures WHERE article = ?1 AND status IN (200, 304) "
        "AND fetched_at > ?2 AND (?3 IS NULL OR fetched_at < ?3) ORDER BY fetched_at, id LIMIT 1",
        (article, after, until),
    ).fetchone()
    if row:
        return row["fetched_at"], row["id"]
    return (last_seen, None) if until is None else None


def _copy(
    c: sqlite3.Connection, article: int, number: int, seen_at: str, capture: int | None
) -> Version:
    row = c.execute(
        "SELECT title, text, digest, capture FROM revisions WHERE article = ? AND number = ?",
        (article, number),
    ).fetchone()
    return Version(seen_at, row["title"], row["text"], row["digest"], capture or row["capture"])


def _insert(c: sqlite3.Connection, article: int, number: int, version: Version) -> None:
    c.execute(
        "INSERT INTO revisions (article, number, title, text, digest, seen_at, capture, kind) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            article, number, version.title, version.text, version.digest, version.seen_at,
            version.capture, "first" if number == 1 else version.kind,
        ),
    )  # fmt: skip
