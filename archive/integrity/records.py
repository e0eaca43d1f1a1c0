"""records: compares the WARC files with their rows: every byte, or the ends of each file.

Every byte of a file belongs to a whole record or to the dictionary before the first one; every
record with a page has a row, and every row its record, with the CRC-32 that it was written with.
"""

from __future__ import annotations

import sqlite3
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from archive.captures import Record, read_records
from archive.captures.dictionaries import MAGIC, of_file, read_copy
from archive.integrity.finding import Finding

SUFFIXES = (".warc", ".warc.gz", ".warc.zst")
CHANGED = "its bytes are not as they were written"
"""Said alone: the record still reads as it should."""
_PAGES = ("response", "revisit")
"""Types of records that have rows."""
_MOST = 50
"""Findings of one kind that are reported one by one for a file: a lost dictionary takes all along."""
_COPY = "restore the file from a backup; what was read from it before is kept"
_IMPORT = "`newsbot verify --repair` imports it"
_SHORT = "the file ends before it"


@dataclass(frozen=True, slots=True)
class Row:
    """What `captures` says of one record."""

    id: int
    article: int | None
    url: str
    fetched_at: str
    status: int
    payload_digest: str
    payload_length: int
    offset: int
    length: int
    crc: int
    record_id: str

    @property
    def end(self) -> int:
        """Byte behind the record."""
        return self.offset + self.length


def files(folder: Path) -> Iterator[str]:
    """WARC files of an archive, relative to its folder."""
    for path in sorted((folder / "warc").rglob("*")):
        if path.name.endswith(SUFFIXES) and path.is_file():
            yield path.relative_to(folder).as_posix()


def check_records(
    c: sqlite3.Connection,
    folder: Path,
    *,
    full: bool,
    is_written: bool = False,
    progress: Callable[[int], object] = lambda _: None,
) -> Iterator[Finding]:
    """Compare all WARC files with the database; without `full`, their ends only.

    `is_written` says that a crawl may be adding to them. `progress` is told of bytes read.
    """
    named = (row[0] for row in c.execute("SELECT DISTINCT warc FROM captures").fetchall())
    for warc in sorted({*filter(lambda name: isinstance(name, str), named), *files(folder)}):
        path, rows = folder / warc, _rows(c, warc)
        try:
            size = path.stat().st_size
            if full:
                found = list(_check_file(path, warc, rows, is_written))
                progress(size)
            else:
                found = list(_check_ends(path, warc, rows, size))
        except FileNotFoundError:
            found = list(_missing(warc, _rows(c, warc)))  # none where it was packed meanwhile
        yield from _few(warc, found)
    yield from _check_dictionaries(folder)


def _rows(c: sqlite3.Connection, warc: str) -> list[Row]:
    rows = c.execute(
        "SELECT id, article, url, fetched_at, status, payload_digest, payload_length, warc_offset, "
        "warc_length, warc_crc, record_id FROM captures WHERE warc = ? "
        "AND typeof(warc_offset) = 'integer' AND typeof(warc_length) = 'integer' "
        "ORDER BY warc_offset",
        (warc,),
    )
    return [Row(*values) for values in rows.fetchall()]


def _few(warc: str, found: list[Finding]) -> Iterator[Finding]:
    kinds: dict[tuple[str, str], list[Finding]] = {}
    for finding in found:
        kinds.setdefault((finding.severity, finding.what), []).append(finding)
    for (severity, what), same in kinds.items():
        if len(same) <= _MOST:
            yield from same
        else:
            rows = tuple(row for finding in same for row in finding.rows)
            where = f"{warc}: {len(same)} records, the first {same[0].where}"
            yield Finding(
                severity, "records", where, what, same[0].remedy, same[0].table, rows, file=warc
            )


def _missing(warc: str, rows: list[Row]) -> Iterator[Finding]:
    if rows:
        articles = len({row.article for row in rows if row.article})
        what = f"the file is missing, with {len(rows)} captures of {articles} articles"
        ids = tuple(row.id for row in rows)
        yield Finding("damage", "records", warc, what, _COPY, "captures", ids, file=warc)


def _damaged(warc: str, row: Row, what: str) -> Finding:
    whose = f", article {row.article}" if row.article else ""
    where = (
        f"{warc} at byte {row.offset} (record {row.record_id}, capture {row.id}{whose}: {row.url})"
    )
    return Finding("damage", "records", where, what, _COPY, "captures", (row.id,), warc, row.offset)


def _nameless(warc: str, offset: int, what: str, about: str = "") -> Finding:
    """Damage to what has no row."""
    where = f"{warc} at byte {offset}{about}"
    return Finding("damage", "records", where, what, _COPY, file=warc, offset=offset)


def _crc_differs(path: Path, row: Row) -> bool:
    with path.open("rb") as file:
        file.seek(row.offset)
        return zlib.crc32(file.read(row.length)) != row.crc


def _check_ends(path: Path, warc: str, rows: list[Row], size: int) -> Iterator[Finding]:
    whole = [row for row in rows if row.end <= size]
    yield from (_damaged(warc, row, _SHORT) for row in rows if row.end > size)
    for row in dict.fromkeys((*whole[:1], *whole[-1:])):
        if _crc_differs(path, row):
            yield _damaged(warc, row, CHANGED)
    if not rows:
        yield Finding("note", "records", warc, "no capture lies in this file", _IMPORT)


# -- every byte ---------------------------------------------------------------------------------


def _check_file(path: Path, warc: str, rows: list[Row], is_written: bool) -> Iterator[Finding]:
    known = {row.offset: row for row in rows}
    last = rows[-1].end if rows else 0
    size, end, orphans = path.stat().st_size, _dictionary(path), 0
    for record in read_records(path):
        offset = record.offset
        if offset == 0 and record.error and "dictionary" not in record.error:
            offset = _dictionary(path)
        if offset >= last and is_written:
            break  # its row is still to come
        if offset > end:
            yield _nameless(warc, end, f"{offset - end} bytes belong to no record")
        end = max(end, offset + record.length)
        row = known.pop(offset, None)
        if row:
            problems = _differences(row, record)
            if _crc_differs(path, row):
                problems.append(CHANGED)
            if problems:
                yield _damaged(warc, row, "; ".join(problems))
        elif record.error:
            yield _without_row(warc, offset, record, last)
        elif record.type in _PAGES:
            orphans += 1
            if record.is_intact is False:
                what = "its payload does not have the digest that it states"
                yield _nameless(warc, offset, what, _about(record))
    for row in known.values():
        yield _damaged(warc, row, _SHORT if row.end > size else "no record begins there")
    if orphans:
        what = f"{orphans} records have no row: a crash came between, or rows were lost"
        yield Finding("note", "records", warc, what, _IMPORT)
    if end < size and not is_written:
        yield _nameless(warc, end, f"{size - end} bytes belong to no record")


def _dictionary(path: Path) -> int:
    """Bytes of the dictionary at the head of a file; 0 where there is none."""
    with path.open("rb") as file:
        head = file.read(8)
    if len(head) < 8 or struct.unpack("<I", head[:4])[0] != MAGIC:
        return 0
    return 8 + int(struct.unpack("<I", head[4:])[0])


def _about(record: Record) -> str:
    address = f": {record.url}" if record.url else ""
    return f" ({record.type} record {record.record_id}{address})" if record.record_id else ""


def _without_row(warc: str, offset: int, record: Record, last: int) -> Finding:
    if offset >= last and "cut short" in str(record.error):
        return Finding(
            "note", "records", f"{warc} at byte {offset}",
            "an unfinished record at the end: a crash left it, and no row refers to it",
            "the next crawl of the site cuts it off",
        )  # fmt: skip
    return _nameless(warc, offset, str(record.error), _about(record))


def _differences(row: Row, record: Record) -> list[str]:
    """What in a record is not as its row says."""
    if record.error:
        return [record.error]
    status = record.exchange.status if record.exchange else row.status
    found = [
        f"its {name} is {here}, its row says {there}"
        for name, here, there in (
            ("record id", record.record_id, row.record_id),
            ("address", record.url, row.url),
            ("date", record.date, row.fetched_at),
            ("length", record.length, row.length),
            ("status", status, row.status),
        )
        if here != there
    ]
    if record.type not in _PAGES:
        found.append(f"it is a {record.type} record")
    if record.is_intact is False:
        found.append("its payload does not have the digest that it states")
    if record.type == "revisit":
        if record.declared_digest not in (None, row.payload_digest):
            found.append("it refers to a payload of another digest than its row says")
    elif record.payload_digest != row.payload_digest:
        found.append("its payload does not have the digest of its row")
    elif record.exchange and len(record.exchange.body) != row.payload_length:
        found.append(
            f"its payload has {len(record.exchange.body)} bytes, its row says {row.payload_length}"
        )
    return found


def _check_dictionaries(folder: Path) -> Iterator[Finding]:
    """Whether the dictionary of each packed file, and the copy beside it, can be read."""
    remedy = "`newsbot verify --repair` copies the dictionary from where it is whole"
    for path in sorted((folder / "warc").rglob("*.zst")):
        name, problem = path.relative_to(folder).as_posix(), None
        try:
            if name.endswith(".dict.zst"):
                read_copy(path)
            elif name.endswith(SUFFIXES):
                with path.open("rb") as file:
                    problem = of_file(file)[1]
        except ValueError as error:
            problem = f"the dictionary is damaged ({error})"
        except FileNotFoundError:
            continue
        if problem:
            yield Finding("damage", "records", name, problem, remedy, file=name, offset=0)
