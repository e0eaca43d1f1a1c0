"""warc: captures of selected articles as plain WARC 1.1, one gzip member a record.

Whatever the archive packs them in, each record comes out byte for byte as it was written, in one
order, without the time of the export: the same selection of the same archive gives the same bytes.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from archive.captures import SAID, listed_as, read_record, said_at
from archive.errors import ArchiveError
from archive.export.cdxj import gzipped
from archive.query import Selection, ids, told

NO_DATE = "1970-01-01T00:00:00Z"
"""Date of a warcinfo record that no capture follows."""
_COLUMNS = """
SELECT id, url, fetched_at, status, content_type, payload_digest, warc, warc_offset, record_id,
       refers_to, part, visit
  FROM captures
"""
_VISIT = """
SELECT visit FROM captures WHERE id = coalesce(
    (SELECT capture FROM revisions WHERE article = ?1 AND number = ?2),
    (SELECT capture FROM articles WHERE id = ?1 AND ?2 IS NULL))
"""
"""The visit that a revision comes from, or without its number the present wording."""


@dataclass(slots=True)
class Summary:
    """What an export holds."""

    articles: int = 0
    captures: int = 0
    unreadable: list[str] = field(default_factory=list)
    """Why captures are missing from it, one sentence each."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One capture: its row, and its WARC record as written (headers, block and the blank lines)."""

    row: dict[str, Any]
    record: bytes


@dataclass(frozen=True, slots=True)
class Chosen:
    """The articles that a selection means, found out before anything is written."""

    ids: list[int]
    """In the order of the export."""
    newest: str
    """Moment of their newest capture: the date of the export's own records."""
    until: str | None = None
    """Captures that are younger than this are left out."""


def choose(c: sqlite3.Connection, selection: Selection) -> Chosen:
    """Look up a selection, so that all parts of an export agree on it."""
    found = ids(c, selection)
    newest = c.execute(
        "SELECT max(fetched_at) FROM captures WHERE article IN (SELECT value FROM json_each(?)) "
        "AND fetched_at <= ?",
        (json.dumps(found), selection.as_of or "~"),
    ).fetchone()[0]
    return Chosen(found, newest or NO_DATE, selection.as_of)


def write_warc(
    c: sqlite3.Connection,
    folder: Path,
    selection: Selection,
    out: BinaryIO,
    *,
    current: bool = False,
    revision: int | None = None,
    software: str = "newsbot",
    progress: Callable[[int], object] = lambda _: None,
) -> Summary:
    """Write every capture of the selected articles: redirects, parts and revisits included.

    `current` writes only the captures that the articles' present wording comes from, `revision` those
    that the one of this number comes from. What revisit records refer to is written before them.
    `progress` is called with the number of articles done. Captures that cannot be read are left out
    and named in the summary.
    """
    chosen = choose(c, selection)
    summary = Summary()
    told = describe(selection, current=current, revision=revision)
    out.write(gzipped(warcinfo(chosen.newest, software, told)))
    for stored in captures(
        c, folder, chosen, summary, current=current, revision=revision, progress=progress
    ):
        out.write(gzipped(stored.record))
    return summary


def captures(
    c: sqlite3.Connection,
    folder: Path,
    chosen: Chosen,
    summary: Summary,
    *,
    current: bool = False,
    revision: int | None = None,
    progress: Callable[[int], object] = lambda _: None,
    said: bool = False,
) -> Iterator[Stored]:
    """Captures of articles, each once, oldest first within an article; fills in `summary`.

    With `said` go before them the entries of sources that they are read with. Not for programs that
    make an index of their own: pywb's would show an entry in place of the page.
    """
    written: set[int] = set()
    for article in chosen.ids:
        until = chosen.until or "~"
        rows = _rows(
            c, "WHERE article = ? AND fetched_at <= ? ORDER BY fetched_at, id", article, until
        )
        if current or revision:
            (visit,) = c.execute(_VISIT, (article, revision)).fetchone() or (None,)
            rows = [row for row in rows if row["visit"] == visit]
        for row in (*(_said(c, rows) if said else ()), *rows):
            for one in (*_referred(c, row), row):
                if one["id"] in written:
                    continue
                written.add(one["id"])
                try:
                    yield _stored(c, folder, one)
                except ArchiveError as error:
                    summary.unreadable.append(str(error))
                else:
                    summary.captures += one["part"] != SAID
        summary.articles += 1
        progress(1)


def _rows(c: sqlite3.Connection, where: str, *args: object) -> list[dict[str, Any]]:
    cursor = c.execute(_COLUMNS + where, args)
    names = [d[0] for d in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in cursor]


def _said(c: sqlite3.Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries of sources that pages are read with."""
    found = {
        entry
        for row in rows
        if row["part"] == "page"
        for entry in said_at(c, listed_as(c, row["id"]), row["fetched_at"]).values()
    }
    where = "WHERE id IN (SELECT value FROM json_each(?)) ORDER BY fetched_at, record_id"
    return _rows(c, where, json.dumps(sorted(found)))


def _referred(c: sqlite3.Connection, row: dict[str, Any]) -> list[dict[str, Any]]:
    """The captures in which a revisit's payload lies, the whole one first."""
    found: list[dict[str, Any]] = []
    while row["refers_to"] is not None and len(found) < 10:
        (row,) = _rows(c, "WHERE id = ?", row["refers_to"])
        found.insert(0, row)
    return found


def _stored(c: sqlite3.Connection, folder: Path, row: dict[str, Any]) -> Stored:
    """Raises `ArchiveError` where the record cannot be read."""
    try:
        return Stored(row, read_record(folder, row["warc"], row["warc_offset"]))
    except ArchiveError:
        # A crawl may have packed the file meanwhile: the row knows where the record is now.
        (now,) = _rows(c, "WHERE id = ?", row["id"])
        if (now["warc"], now["warc_offset"]) == (row["warc"], row["warc_offset"]):
            raise
        return Stored(now, read_record(folder, now["warc"], now["warc_offset"]))


def header(head: bytes, name: bytes) -> str | None:
    """A field of a WARC record's header."""
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name.lower():
            return value.strip().decode("utf-8", "replace")
    return None


def warcinfo(moment: str, software: str, description: str, filename: str | None = None) -> bytes:
    """The record that says what follows it (WARC 1.1, section 6.2); the same for the same words."""
    block = (
        f"software: {software}\r\nformat: WARC File Format 1.1\r\n"
        "conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n"
        f"description: {description}\r\n"
    ).encode()
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"warcinfo {filename} {moment} {block.decode()}")
    named = f"WARC-Filename: {filename}\r\n" if filename else ""
    head = (
        f"WARC/1.1\r\nWARC-Type: warcinfo\r\nWARC-Record-ID: <urn:uuid:{identity}>\r\n"
        f"WARC-Date: {moment}\r\n{named}Content-Type: application/warc-fields\r\n"
        f"Content-Length: {len(block)}\r\n\r\n"
    ).encode()
    return head + block + b"\r\n\r\n"


def describe(selection: Selection, *, current: bool = False, revision: int | None = None) -> str:
    """A selection in words, for people who find the file without this program."""
    words = [f"{name} {', '.join(values)}" for name, values in told(selection).items()]
    if current:
        words.append("present wordings only")
    if revision:
        words.append(f"revision {revision} only")
    return "captures of articles: " + "; ".join(words or ["all"])
