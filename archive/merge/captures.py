"""captures: copies the WARC records that we do not have, every byte of them, and their rows.

A record is known by its id, or as the same exchange: one address, moment and payload.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from archive.captures import read_record
from archive.captures.files import month_of, site_files
from archive.captures.reading import raw_records
from archive.captures.streams import Stream
from archive.errors import ArchiveError
from archive.merge.sides import BATCH, Row, Sides, one_row, select
from archive.merge.tables import Maps
from archive.rows import insert

BATCH_BYTES = 32_000_000
"""Of records to a transaction."""
_TAIL = 4 * BATCH_BYTES
"""Bytes behind the last record with a row that may come from a merge that was killed."""
_COLUMNS = "site url fetched_at status content_type payload_digest payload_length record_id".split()

Place = tuple[str, int, int]
"""`warc`, offset and length of a record."""


_KNOWN = "SELECT 1 FROM captures WHERE record_id = ?"
_ALIKE = """
SELECT * FROM captures WHERE url = ? AND fetched_at = ? AND payload_digest = ? ORDER BY id
"""


def capture_of(sides: Sides, theirs: Row) -> Row | None:
    """Our row of a capture of theirs."""
    known = one_row(sides.ours, "SELECT * FROM captures WHERE record_id = ?", theirs["record_id"])
    if known:
        return known
    alike = _alike(sides.ours, sides.theirs, theirs)
    if not alike:
        return None
    # Of several in one second, the first that only they have is the first that only we have.
    numbers = [row["record_id"] for row in _alike(sides.theirs, sides.ours, theirs)]
    return dict(zip(numbers, alike, strict=False)).get(theirs["record_id"])


def _alike(here: sqlite3.Connection, there: sqlite3.Connection, row: Row) -> list[Row]:
    """Captures of the same exchange that only one archive has."""
    found = select(here, _ALIKE, row["url"], row["fetched_at"], row["payload_digest"])
    return [one for one in found if not select(there, _KNOWN, one["record_id"])]


def merge_captures(sides: Sides, maps: Maps) -> None:
    """All captures, in batches; their articles are not known yet."""
    copied: dict[str, dict[str, Place]] = {}
    last = 0
    while rows := select(
        sides.theirs, "SELECT * FROM captures WHERE id > ? ORDER BY id LIMIT ?", last, BATCH
    ):
        last = rows[-1]["id"]
        fresh = [row for row in rows if capture_of(sides, row) is None]
        for site in {row["site"] for row in fresh} - copied.keys():
            copied[site] = {} if sides.is_rehearsal else _copied_before(sides, site)
        while fresh:
            with sides.batch():
                size = 0
                while fresh and size < BATCH_BYTES:
                    row = fresh.pop(0)
                    size += _copy(sides, row, copied[row["site"]], maps)
    _refer(sides)


def _copied_before(sides: Sides, site: str) -> dict[str, Place]:
    """Records without a row at the ends of our files: a merge that was killed has copied them."""
    known = sides.store.mend_captures(site)
    folder = sides.store.folder
    found: dict[str, Place] = {}
    for path in site_files(folder / "warc" / site, site):
        warc = path.relative_to(folder).as_posix()
        start = known.get(warc, 0)
        if 0 < path.stat().st_size - start <= _TAIL:
            found.update(_records(path, warc, start))
    return found


def _records(path: Path, warc: str, start: int) -> Iterator[tuple[str, Place]]:
    with path.open("rb") as file:
        for raw in raw_records(Stream(file, start)):
            if not raw.error and raw.length:
                yield raw.fields.get("WARC-Record-ID", ""), (warc, raw.offset, raw.length)


def _copy(sides: Sides, theirs: Row, copied: dict[str, Place], maps: Maps) -> int:
    """Copy one capture; returns the bytes of its record, 0 where it cannot be read."""
    try:
        record = read_record(sides.folder, theirs["warc"], theirs["warc_offset"])
    except ArchiveError as error:
        sides.summary.unreadable.append(str(error))
        return 0
    place = copied.get(theirs["record_id"]) or _append(sides, theirs, record)
    row = {name: theirs[name] for name in _COLUMNS}
    row["crawl"] = maps.crawls.get(theirs["crawl"]) if theirs["crawl"] else None
    row["warc"], row["warc_offset"], row["warc_length"] = place
    insert(sides.ours, "captures", row)
    sides.summary.new["captures"] += 1
    sides.summary.bytes += place[2]
    return len(record)


def _append(sides: Sides, theirs: Row, record: bytes) -> Place:
    if sides.is_rehearsal:
        return "", -1 - sides.summary.new["captures"], theirs["warc_length"]
    path = sides.folder / theirs["warc"]
    with path.open("rb") as file:
        file.seek(theirs["warc_offset"])
        member = file.read(theirs["warc_length"])
    month = month_of(path) or theirs["fetched_at"][:7]
    filed_at = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    return sides.store.captures(theirs["site"]).append(record, filed_at, member=member)


_REFERRING = """
SELECT c.id, c.record_id, c.url, c.fetched_at, c.payload_digest, c.refers_to
  FROM captures c WHERE c.refers_to IS NOT NULL AND c.id > ? ORDER BY c.id LIMIT ?
"""


def _refer(sides: Sides) -> None:
    """Let revisit records refer to our rows of what they refer to."""
    last = 0
    while rows := select(sides.theirs, _REFERRING, last, BATCH):
        last = rows[-1]["id"]
        with sides.batch():
            for theirs in rows:
                ours = capture_of(sides, theirs)
                if ours is None or ours["refers_to"] is not None:
                    continue
                whole = one_row(
                    sides.theirs, "SELECT * FROM captures WHERE id = ?", theirs["refers_to"]
                )
                known = capture_of(sides, whole) if whole else None
                if known and known["id"] != ours["id"]:
                    sides.ours.execute(
                        "UPDATE captures SET refers_to = ? WHERE id = ?", (known["id"], ours["id"])
                    )


def join_captures(sides: Sides, theirs: int, ours: int, url: str) -> None:
    """Let our rows of the captures of an article of theirs belong to its counterpart."""
    rows = select(
        sides.theirs,
        "SELECT record_id, url, fetched_at, payload_digest FROM captures WHERE article = ?",
        theirs,
    )
    for row in rows:
        known = capture_of(sides, row)
        if known is None or known["article"] == ours:
            continue
        if known["article"] is not None:
            other = one_row(sides.ours, "SELECT url FROM articles WHERE id = ?", known["article"])
            if other and other["url"] <= url:
                continue
        sides.ours.execute("UPDATE captures SET article = ? WHERE id = ?", (ours, known["id"]))
