"""records: compares the WARC files with their rows and seals: every byte, or the ends of each file.

Every byte of a file belongs to a whole record or to the dictionary before the first one; every
record with a page has a row, and every row its record.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from archive.captures import Record, payload_digest, read_records, read_stored
from archive.captures.dictionaries import MAGIC
from archive.errors import ArchiveError
from archive.seals import DICTIONARIES, range_sum
from archive.verify.finding import Finding

SUFFIXES = (".warc", ".warc.gz", ".warc.zst")
_PAGES = ("response", "revisit")
"""Types of records that have rows."""
_MOST = 50
"""Findings of one file that are reported one by one."""
_COPY = "restore the file from a copy; what was read from it before is kept"
_IMPORT = "`newsbot verify --repair` imports it"


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
    record_id: str
    refers_to: int | None


_ROWS = """
SELECT id, article, url, fetched_at, status, payload_digest, payload_length, warc_offset,
       warc_length, record_id, refers_to
  FROM captures
 WHERE warc = ? AND typeof(warc_offset) = 'integer' AND typeof(warc_length) = 'integer' {}
 ORDER BY warc_offset
"""


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
    known = (
        row[0]
        for row in c.execute("SELECT DISTINCT warc FROM captures WHERE typeof(warc) = 'text'")
    )
    for warc in sorted({*known, *files(folder)}):
        path = folder / warc
        if not path.is_file():
            yield from _missing(c, warc)
            continue
        size = path.stat().st_size
        if full:
            found = list(_File(c, folder, warc, size, is_written).check())
            progress(size)
        else:
            found = list(_check_ends(c, folder, warc, size))
        yield from _few(warc, found)
    yield from _check_dictionaries(c, folder)


def _check_dictionaries(c: sqlite3.Connection, folder: Path) -> Iterator[Finding]:
    """The copies of dictionaries that lie beside the files they belong to."""
    sealed = c.execute(
        "SELECT warc, length, crc FROM seals WHERE warc GLOB ?", (f"*{DICTIONARIES}",)
    )
    for name, length, crc in sealed.fetchall():
        try:
            with (folder / name).open("rb") as file:
                what = None if range_sum(file, 0, length) == crc else CHANGED
        except OSError as error:
            what = f"cannot be read: {error.strerror}"
        if what:
            yield Finding(
                "damage", "records", name, what,
                "`newsbot verify --repair` copies the dictionary from a file that has it",
                file=name, offset=0,
            )  # fmt: skip


def _few(warc: str, found: list[Finding]) -> Iterator[Finding]:
    """At most so many findings of a kind for a file: a lost dictionary takes all records along."""
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


def _missing(c: sqlite3.Connection, warc: str) -> Iterator[Finding]:
    rows = _rows(c, warc)
    if rows:
        articles = len({row.article for row in rows if row.article})
        yield Finding(
            "damage", "records", warc,
            f"the file is missing, with {len(rows)} captures of {articles} articles",
            _COPY, "captures", tuple(row.id for row in rows), file=warc,
        )  # fmt: skip


def _rows(c: sqlite3.Connection, warc: str, only: str = "") -> list[Row]:
    return [Row(*values) for values in c.execute(_ROWS.format(only), (warc,))]


def place(warc: str, row: Row) -> str:
    """A record in words: where it lies, its row, its address."""
    whose = f", article {row.article}" if row.article else ""
    return (
        f"{warc} at byte {row.offset} (record {row.record_id}, capture {row.id}{whose}: {row.url})"
    )


def _damaged(warc: str, row: Row, what: str) -> Finding:
    return Finding(
        "damage", "records", place(warc, row), what, _COPY, file=warc, offset=row.offset,
        table="captures", rows=(row.id,),
    )  # fmt: skip


# -- the ends of a file -------------------------------------------------------------------------


def _check_ends(c: sqlite3.Connection, folder: Path, warc: str, size: int) -> Iterator[Finding]:
    beyond = _rows(c, warc, f"AND warc_offset + warc_length > {size}")
    yield from (_damaged(warc, row, "the file ends before it") for row in beyond)
    rows = _rows(
        c, warc, "AND warc_offset = (SELECT min(warc_offset) FROM captures WHERE warc = ?1)"
    )
    rows += _rows(
        c, warc, "AND warc_offset = (SELECT max(warc_offset) FROM captures WHERE warc = ?1)"
    )
    if not rows:
        yield Finding("note", "records", warc, "no capture lies in this file", _IMPORT)
    for row in dict.fromkeys(rows):
        if row not in beyond:
            problem = _read_again(c, folder, row) or _sum_differs(c, folder, warc, row)
            if problem:
                yield _damaged(warc, row, problem)


def _read_again(c: sqlite3.Connection, folder: Path, row: Row) -> str | None:
    """Why a record cannot be read, or what in it is not as its row says."""
    try:
        exchange = read_stored(c, folder, row.id)
    except ArchiveError as error:
        return str(error).rpartition("cannot be read: ")[2]
    if (exchange.url, exchange.fetched_at) != (row.url, row.fetched_at):
        return f"it holds {exchange.url} of {exchange.fetched_at}"
    if exchange.status != row.status:
        return f"it has the status {exchange.status}, its row {row.status}"
    if payload_digest(exchange.body) != row.payload_digest:
        return "its payload does not have the digest of its row"
    return None


def _sum_differs(c: sqlite3.Connection, folder: Path, warc: str, row: Row) -> str | None:
    sealed = c.execute(
        "SELECT length, crc FROM seals WHERE warc = ? AND start = ?", (warc, row.offset)
    ).fetchone()
    if sealed:
        with (folder / warc).open("rb") as file:
            if range_sum(file, row.offset, sealed[0]) != sealed[1]:
                return CHANGED
    return None


CHANGED = "its bytes are not as they were written"
"""Said alone: the record still reads as it should."""


# -- every byte ---------------------------------------------------------------------------------


@dataclass(slots=True)
class _Found:
    """What is known of a record once its payload has been looked at."""

    length: int
    type: str
    record_id: str
    url: str | None
    date: str
    status: int | None
    digest: str | None
    declared: str | None
    is_intact: bool | None
    size: int | None
    error: str | None

    @classmethod
    def of(cls, record: Record) -> _Found:
        exchange = record.exchange
        return cls(
            record.length, record.type, record.record_id, record.url, record.date,
            exchange.status if exchange else None, record.payload_digest, record.declared_digest, record.is_intact,
            len(exchange.body) if exchange else None, record.error,
        )  # fmt: skip


@dataclass(slots=True)
class _File:
    """One file, read from end to end."""

    c: sqlite3.Connection
    folder: Path
    warc: str
    size: int
    is_written: bool
    records: dict[int, _Found] = field(default_factory=dict)
    rows: dict[int, Row] = field(default_factory=dict)
    problems: dict[int, list[str]] = field(default_factory=dict)
    """Offset → what is wrong with the record, or the bytes, that begin there."""

    def check(self) -> Iterator[Finding]:
        path = self.folder / self.warc
        try:
            self.records = {
                self._place(record): _Found.of(record)
                for record in read_records(path)
                if record.offset < self.size
            }
        except FileNotFoundError:  # packed meanwhile
            return
        # Rows after records: what is written meanwhile has a row by then.
        self.rows = {row.offset: row for row in _rows(self.c, self.warc) if row.offset < self.size}
        for offset, row in self.rows.items():
            self.problems[offset] = _differences(row, self.records.get(offset))
        yield from self._check_seals(path)
        for offset, wrong in sorted(self.problems.items()):
            if wrong:
                what = "; ".join(dict.fromkeys(wrong))
                if offset in self.rows:
                    yield _damaged(self.warc, self.rows[offset], what)
                else:
                    yield self._nameless(offset, what)
        beyond = _rows(self.c, self.warc, f"AND warc_offset >= {self.size}")
        if not self.is_written:
            yield from (_damaged(self.warc, row, "the file ends before it") for row in beyond)
        yield from self._check_others()

    def _check_seals(self, path: Path) -> Iterator[Finding]:
        sealed = self.c.execute(
            "SELECT start, length, crc FROM seals WHERE warc = ? ORDER BY start", (self.warc,)
        ).fetchall()
        end = 0
        with path.open("rb") as file:
            for start, length, crc in sealed:
                end = start + length
                found = range_sum(file, start, length)
                if found != crc:
                    said = CHANGED if found is not None else "the file ends within it"
                    self.problems.setdefault(start, []).append(said)
        rest = sum(1 for offset in self.rows if offset >= end)
        if rest:
            yield Finding(
                "note", "records", self.warc, f"{rest} records have no seal",
                "the next crawl of the site makes them",
            )  # fmt: skip

    def _check_others(self) -> Iterator[Finding]:
        """Records without rows, and bytes that belong to no record."""
        last = max((offset + row.length for offset, row in self.rows.items()), default=0)
        end = 0
        orphans = 0
        for offset, record in sorted(self.records.items()):
            if offset > end and not (end == 0 and offset == self._dictionary()):
                yield self._nobodys(end, offset)
            end = max(end, offset + record.length)
            if offset in self.rows or offset in self.problems:
                continue
            is_last = offset >= last and self.is_written
            if record.error:
                if not is_last:
                    yield self._broken(offset, record, last)
            elif record.type in _PAGES and not is_last:
                if record.is_intact is False:
                    what = "its payload does not have the digest that it states"
                    yield self._nameless(offset, what)
                orphans += 1
        if orphans:
            yield Finding(
                "note", "records", self.warc,
                f"{orphans} records have no row: a crash came between, or rows were lost", _IMPORT,
            )  # fmt: skip
        if end < self.size and not self.is_written:
            yield self._nobodys(end, self.size)

    def _place(self, record: Record) -> int:
        """Where a record begins: behind the dictionary, unless it is the dictionary's own error."""
        if record.offset or not record.error or "dictionary" in record.error:
            return record.offset
        return self._dictionary()

    def _dictionary(self) -> int:
        """Bytes of the dictionary at the head of the file; 0 where there is none."""
        with (self.folder / self.warc).open("rb") as file:
            head = file.read(8)
        if len(head) < 8 or struct.unpack("<I", head[:4])[0] != MAGIC:
            return 0
        return 8 + int(struct.unpack("<I", head[4:])[0])

    def _nobodys(self, start: int, end: int) -> Finding:
        where = f"{self.warc} bytes {start}–{end - 1}"
        what = "they belong to no record"
        return Finding("damage", "records", where, what, _COPY, file=self.warc, offset=start)

    def _broken(self, offset: int, record: _Found, last: int) -> Finding:
        if offset >= last and offset == max(self.records) and "cut short" in str(record.error):
            return Finding(
                "note", "records", f"{self.warc} at byte {offset}",
                "an unfinished record at the end: a crash left it, and no row refers to it",
                "the next crawl of the site cuts it off",
            )  # fmt: skip
        return self._nameless(offset, str(record.error))

    def _nameless(self, offset: int, what: str) -> Finding:
        """Damage to a record without a row."""
        return Finding(
            "damage", "records", self._name(offset), what, _COPY, file=self.warc, offset=offset
        )

    def _name(self, offset: int) -> str:
        """A record without a row, in words."""
        record = self.records.get(offset)
        if record is None or not record.record_id:
            if offset == 0 and self.warc.endswith(".zst"):
                return f"{self.warc} at byte 0 (the dictionary, without which nothing can be read)"
            return f"{self.warc} at byte {offset}"
        about = f": {record.url}" if record.url else ""
        return f"{self.warc} at byte {offset} ({record.type} record {record.record_id}{about})"


def _differences(row: Row, record: _Found | None) -> list[str]:
    """What in a record is not as its row says."""
    if record is None:
        return ["no record begins there"]
    if record.error:
        return [record.error]
    found = []
    if record.type not in _PAGES:
        found.append(f"it is a {record.type} record")
    for name, here, there in (
        ("record id", record.record_id, row.record_id),
        ("address", record.url, row.url),
        ("date", record.date, row.fetched_at),
        ("length", record.length, row.length),
        ("status", record.status if record.status is not None else row.status, row.status),
    ):
        if here != there:
            found.append(f"its {name} is {here}, its row says {there}")
    if record.is_intact is False:
        found.append("its payload does not have the digest that it states")
    if record.type == "revisit":
        if record.declared not in (None, row.payload_digest):
            found.append("it refers to a payload of another digest than its row says")
    elif record.digest != row.payload_digest:
        found.append("its payload does not have the digest of its row")
    elif record.size != row.payload_length:
        found.append(f"its payload has {record.size} bytes, its row says {row.payload_length}")
    return found
