"""stored: captures found by their rows in news.db."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from archive.captures.grammar import Exchange, fields_of, knowledge_type, with_fields
from archive.captures.reading import read_capture
from archive.captures.writing import Capture
from archive.errors import ArchiveError

_COLUMNS = (
    "url, fetched_at, status, content_type, payload_digest, payload_length, warc, warc_offset, "
    "warc_length, warc_crc, record_id"
)


def previous_capture(
    connection: sqlite3.Connection, url: str, *, proven: bool = False
) -> Capture | None:
    """The newest whole page (status 200) that was captured at an address.

    With `proven`, the newest that held the article: the one whose validators a request names.
    """
    condition = "result = 'article'" if proven else "1"
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM captures WHERE url = ? AND status = 200 AND refers_to IS NULL "  # noqa: S608
        f"AND {condition} ORDER BY fetched_at DESC, id DESC LIMIT 1",
        (url,),
    ).fetchone()
    return Capture(*row) if row else None


def spellings(url: str) -> list[str]:
    """An address with either scheme, with and without `www`; itself is one of them."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in ("http", "https"):
        return [url]
    bare = rest.removeprefix("www.")
    return [f"{scheme}://{prefix}{bare}" for scheme in ("http", "https") for prefix in ("", "www.")]


SAID = "said"
"""Part of a capture that is the entry of a source, as served: what it said of the address `url`."""
OWN_WORD = knowledge_type(SAID)
"""Content type of an entry that our own crawl was given; that of an imported one says so."""
MOST_SOURCES = 8
"""Sources that are heard of one address."""


def listed_as(c: sqlite3.Connection, page: int) -> set[str]:
    """Addresses under which sources may have listed the page with this id: those that led to it.

    The further pages of a divided article have entries of their own, if any.
    """
    rows = c.execute(
        "SELECT coalesce(address, url) FROM captures WHERE part <> 'further' "
        "AND visit = (SELECT visit FROM captures WHERE id = ?)",
        (page,),
    )
    return {url for (url,) in rows}


def said_at(c: sqlite3.Connection, urls: Collection[str], moment: str) -> dict[str, int]:
    """What sources said of a page with these addresses when it was fetched: record id → capture.

    Of each source the newest entry of that moment or before, else the first one after it. Sources
    may list an address in another spelling than leads to the page. What was imported stands apart
    from our own, behind it, and counts only where the site knows the source.
    """
    return {record: capture for record, (capture, _) in _heard(c, urls, moment).items()}


def _heard(
    c: sqlite3.Connection, urls: Collection[str], moment: str
) -> dict[str, tuple[int, str | None]]:
    """The same with the kind of the source where the entry was imported: not as it says itself."""
    first: dict[tuple[bool, str, str], str] = {}
    chosen: dict[tuple[bool, str, str], tuple[str, int]] = {}
    for capture, record, site, source, at, content_type in c.execute(
        "SELECT id, record_id, site, address, fetched_at, content_type FROM captures "
        "WHERE part = 'said' AND url IN (SELECT value FROM json_each(?)) "
        "ORDER BY fetched_at, record_id",
        (json.dumps([spelling for url in urls for spelling in spellings(url)]),),
    ):
        is_own = content_type == OWN_WORD
        key = (not is_own, source if is_own else spellings(source)[0], site)
        first.setdefault(key, at)
        if at <= moment or key not in chosen:
            chosen[key] = (record, capture)
    ranked = []
    for key, (record, capture) in chosen.items():
        imported, source, site = key
        kind, found_by = known_source(c, site, source) or (None, None)
        if kind or not imported:
            # Those of the profile are surest, then those that spoke first: not the last to be invented.
            rank = (imported, found_by != "profile", first[key], source)
            ranked.append((rank, record, (capture, kind if imported else None)))
    return {record: found for _, record, found in sorted(ranked)[:MOST_SOURCES]}


def known_source(c: sqlite3.Connection, site: str, url: str) -> tuple[str, str] | None:
    """Kind of a source that a site knows by this address, in any of its `spellings`, and how it was found."""
    row = c.execute(
        "SELECT kind, found_by FROM sources WHERE site = ? AND url IN "
        "(SELECT value FROM json_each(?)) ORDER BY found_by <> 'profile', url LIMIT 1",
        (site, json.dumps(spellings(url))),
    ).fetchone()
    return tuple(row) if row else None


def read_said(
    c: sqlite3.Connection, folder: Path, urls: Collection[str], moment: str
) -> dict[str, bytes]:
    """The same with their payloads: record id → payload. One that cannot be read is left out.

    The payload of an imported one says so, and of which kind the source is by what the site knows.
    """
    found = {}
    for record, (capture, kind) in _heard(c, urls, moment).items():
        with suppress(ArchiveError):
            payload = read_stored(c, folder, capture).body
            if kind:
                fields, entry = fields_of(payload)
                payload = with_fields(
                    [*(fields | {"kind": kind, "origin": "import"}).items()], entry
                )
            found[record] = payload
    return found


def read_stored(connection: sqlite3.Connection, folder: Path, capture: int | str) -> Exchange:
    """The exchange of a row of `captures`, by its id or its record's, with the payload that a revisit refers to.

    Raises `ArchiveError` where it cannot be read, KeyError where there is no such row.
    """
    column = "id" if isinstance(capture, int) else "record_id"
    warc, offset = _place(connection, column, capture)
    try:
        return _read(connection, folder, warc, offset)
    except ArchiveError:
        # A crawl may have packed the file meanwhile: the row knows where the record is now.
        moved = _place(connection, column, capture)
        if moved == (warc, offset):
            raise
        return _read(connection, folder, *moved)


def _read(connection: sqlite3.Connection, folder: Path, warc: str, offset: int) -> Exchange:
    def resolve(record_id: str) -> tuple[str, int] | None:
        try:
            return _place(connection, "record_id", record_id)
        except KeyError:
            return None

    return read_capture(folder, warc, offset, resolve)


def _place(connection: sqlite3.Connection, column: str, value: int | str) -> tuple[str, int]:
    row = connection.execute(
        f"SELECT warc, warc_offset FROM captures WHERE {column} = ?",  # noqa: S608 -- this module's
        (value,),
    ).fetchone()
    if row is None:
        raise KeyError(value)
    return row[0], row[1]
