"""records: compares the WARC files with their rows: every byte, or the ends of each file.

Every byte of a file belongs to a whole record or to the dictionary before the first one; every
record of a page has a row, and every row its record, with the CRC-32 that it was written with.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from archive.captures import Record, read_records
from archive.captures.dictionaries import MAGIC, of_file, read_copy
from archive.captures.files import crc_of, open_file
from archive.captures.grammar import STORED
from archive.captures.reading import parse, raw_records
from archive.captures.streams import Stream
from archive.integrity.finding import Finding, grouped

SUFFIXES = (".warc", ".warc.gz", ".warc.zst")
_SHORT = "the file ends before it"
_CHANGED = "its bytes are not as they were written, though it reads as it should"
_ROWS = """
SELECT id, article, url, fetched_at, status, content_type, payload_digest, payload_length,
       warc_offset, warc_length, warc_crc, record_id, warc_offset + warc_length AS end
  FROM captures WHERE warc = ? AND typeof(warc_offset) = 'integer' AND typeof(warc_length) = 'integer'
 ORDER BY warc_offset
"""


def files(folder: Path) -> Iterator[str]:
    """WARC files of an archive, relative to its folder."""
    for path in sorted((folder / "warc").rglob("*")):
        if path.name.endswith(SUFFIXES) and not path.is_dir():
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
    named = {row[0] for row in c.execute("SELECT DISTINCT warc FROM captures").fetchall()}
    for warc in sorted({*filter(lambda name: isinstance(name, str), named), *files(folder)}):
        path, rows = folder / warc, _rows(c, warc)
        try:
            open_file(path, folder).close()
            if full:
                yield from grouped(list(_check_file(path, warc, rows, is_written)))
                progress(path.lstat().st_size)
            else:
                yield from grouped(list(_check_ends(path, warc, rows)))
        except FileNotFoundError:
            yield from _missing(warc, _rows(c, warc))  # none where it was packed meanwhile
        except OSError as error:
            yield Finding(
                "damage",
                "records",
                warc,
                f"it cannot be read: {error.strerror}",
                "restore",
                file=warc,
            )
    yield from _check_dictionaries(folder)


def _rows(c: sqlite3.Connection, warc: str) -> list[sqlite3.Row]:
    cursor = c.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(_ROWS, (warc,)).fetchall()


def _missing(warc: str, rows: list[sqlite3.Row]) -> Iterator[Finding]:
    if rows:
        articles = len({row["article"] for row in rows if row["article"]})
        what = f"the file is missing, with {len(rows)} captures of {articles} articles"
        ids = tuple(row["id"] for row in rows)
        yield Finding("damage", "records", warc, what, "restore", "captures", ids, file=warc)


def _damaged(warc: str, row: sqlite3.Row, what: str, remedy: str = "restore") -> Finding:
    whose = f", article {row['article']}" if row["article"] else ""
    name = f"record {row['record_id']}, capture {row['id']}{whose}: {row['url']}"
    offset = row["warc_offset"]
    where = f"{warc} at byte {offset} ({name})"
    check = "rows" if remedy == "rebuild" else "records"
    return Finding("damage", check, where, what, remedy, "captures", (row["id"],), warc, offset)


def _nameless(warc: str, offset: int, what: str, about: str = "") -> Finding:
    """Damage to what has no row."""
    where = f"{warc} at byte {offset}{about}"
    return Finding("damage", "records", where, what, "restore", file=warc, offset=offset)


def _check_ends(path: Path, warc: str, rows: list[sqlite3.Row]) -> Iterator[Finding]:
    size = path.stat().st_size
    whole = [row for row in rows if row["end"] <= size]
    yield from (_damaged(warc, row, _SHORT) for row in rows if row["end"] > size)
    for row in {row["id"]: row for row in (*whole[:1], *whole[-1:])}.values():
        with open_file(path) as file:
            stream = Stream(file)
            stream.warning = None  # the check of dictionaries says it
            stream.start_at(row["warc_offset"])
            yield from _compare(path, warc, row, next(map(parse, raw_records(stream)), None))
    if not rows:
        yield Finding("note", "records", warc, "no capture lies in this file", "import", file=warc)


# -- every byte ---------------------------------------------------------------------------------


def _check_file(
    path: Path, warc: str, rows: list[sqlite3.Row], is_written: bool
) -> Iterator[Finding]:
    known = {row["warc_offset"]: row for row in rows}
    last = rows[-1]["end"] if rows else 0
    size, end = path.stat().st_size, _dictionary(path)
    orphans: dict[str, int] = {}
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
            yield from _compare(path, warc, row, record)
        elif record.error:
            yield _without_row(warc, offset, record, last)
        elif record.type in STORED and (record.exchange or record.type != "metadata"):
            orphans[record.record_id] = offset
            if record.is_intact is False:
                what = "its payload does not have the digest that it states"
                yield _nameless(warc, offset, what, _about(record))
    for row in known.values():
        if row["record_id"] in orphans:
            what = f"its record begins at byte {orphans.pop(row['record_id'])}"
            yield _damaged(warc, row, what, "rebuild")
        else:
            yield _damaged(warc, row, _SHORT if row["end"] > size else "no record begins there")
    if orphans:
        what = f"{len(orphans)} records have no row: a crash came between, or rows were lost"
        yield Finding("note", "records", warc, what, "import", file=warc)
    if end < size and not is_written:
        yield _nameless(warc, end, f"{size - end} bytes belong to no record")


def _dictionary(path: Path) -> int:
    """Bytes of the dictionary at the head of a file; 0 where there is none."""
    with open_file(path) as file:
        head = file.read(8)
    if len(head) < 8 or struct.unpack("<I", head[:4])[0] != MAGIC:
        return 0
    return 8 + int(struct.unpack("<I", head[4:])[0])


def _about(record: Record) -> str:
    address = f": {record.url}" if record.url else ""
    return f" ({record.type} record {record.record_id}{address})" if record.record_id else ""


def _without_row(warc: str, offset: int, record: Record, last: int) -> Finding:
    if offset >= last and "cut short" in str(record.error):
        what = "an unfinished record at the end: a crash left it, and no row refers to it"
        return Finding("note", "records", f"{warc} at byte {offset}", what, "wait", file=warc)
    return _nameless(warc, offset, str(record.error), _about(record))


def _compare(path: Path, warc: str, row: sqlite3.Row, record: Record | None) -> Iterator[Finding]:
    """What is wrong with a record, or with its row where the record itself is sound."""
    if record is None or record.offset != row["warc_offset"]:
        yield _damaged(warc, row, "no record begins there")
    elif record.error or record.is_intact is False:
        problem = record.error or "its payload does not have the digest that it states"
        yield _damaged(warc, row, problem)
    elif record.warning:
        yield _damaged(warc, row, record.warning)
    elif problems := _differences(row, record):
        yield _damaged(warc, row, "; ".join(problems), "rebuild")
    elif crc_of(path, record.offset, record.length) != row["warc_crc"]:
        yield _damaged(warc, row, _CHANGED, "sum")


def _differences(row: sqlite3.Row, record: Record) -> list[str]:
    """What in a sound record is not as its row says."""
    exchange = record.exchange
    digest = record.payload_digest or record.declared_digest or row["payload_digest"]
    facts: list[tuple[str, object, object]] = [
        ("record id", record.record_id, row["record_id"]),
        ("address", record.url, row["url"]),
        ("date", record.date, row["fetched_at"]),
        ("length", record.length, row["warc_length"]),
        ("payload's digest", digest, row["payload_digest"]),
    ]
    if exchange:
        facts.append(("status", exchange.status, row["status"]))
        kind = exchange.header("Content-Type") or ""
        if kind.isascii():  # others are decoded in more than one way
            facts.append(("content type", kind.split(), (row["content_type"] or "").split()))
        if record.type != "revisit":
            facts.append(("payload's length", len(exchange.body), row["payload_length"]))
    found = [
        f"its {name} is {here}, its row says {there}"
        for name, here, there in facts
        if here != there
    ]
    return found if record.type in STORED else [*found, f"it is a {record.type} record"]


def _check_dictionaries(folder: Path) -> Iterator[Finding]:
    """Whether the dictionary of each packed file, and the copy beside it, can be read."""
    for path in sorted((folder / "warc").rglob("*.zst")):
        name, problem = path.relative_to(folder).as_posix(), None
        with suppress(FileNotFoundError):
            try:
                if name.endswith(".dict.zst"):
                    read_copy(path)
                elif name.endswith(SUFFIXES):
                    with open_file(path, folder) as file:
                        problem = of_file(file)[1]
            except ValueError as error:
                problem = f"the dictionary is damaged ({error})"
            except OSError as error:  # of a WARC file: said before
                problem = None if name.endswith(SUFFIXES) else f"cannot be read: {error.strerror}"
            if problem:
                yield Finding("damage", "records", name, problem, "dictionary", file=name, offset=0)
