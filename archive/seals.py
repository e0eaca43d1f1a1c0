"""seals: check sums of everything the archive wrote, kept up at every commit, so that `verify` finds any change.

SQLite does not notice a changed letter in a row, nor gzip a changed byte in its header. `news.seal`
holds a CRC-32 for each page of news.db; the table `seals` one for each record of the WARC files.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from archive.captures.dictionaries import MAGIC
from archive.wal import Tail, read_log

BLOCK = 4096
"""Bytes of a block of news.seal: sums of consecutive pages, the page size, the block's own sum."""
PER_BLOCK = BLOCK // 4 - 2
CHECKPOINT = 1000
"""Frames in the log at which they are copied into news.db, as SQLite does by default."""
DICTIONARIES = ".dict.zst"
"""How the names of copies of dictionaries end, which lie beside the WARC files."""
_CHUNK = 1 << 20


def seal_path(database: Path) -> Path:
    """Where the sums of a database lie."""
    return database.with_suffix(".seal")


def log_path(database: Path) -> Path:
    """Where SQLite keeps a database's log."""
    return database.with_name(f"{database.name}-wal")


def page_sum(data: bytes | memoryview) -> int:
    """CRC-32 of a page; never 0, which stands for «not sealed»."""
    return zlib.crc32(data) or 1


class Block:
    """Sums of the `PER_BLOCK` pages after `number * PER_BLOCK`; 0 where there is none."""

    def __init__(self, data: bytes) -> None:
        """Raises ValueError where the block is not whole."""
        if len(data) != BLOCK or data[-4:] != zlib.crc32(data[:-4]).to_bytes(4, "little"):
            raise ValueError("damaged block")
        self._numbers = array("I", data)
        if sys.byteorder == "big":
            self._numbers.byteswap()

    @classmethod
    def empty(cls, page_size: int) -> Block:
        """A block without sums."""
        block = cls.__new__(cls)
        block._numbers = array("I", bytes(BLOCK))
        block._numbers[-2] = page_size
        return block

    @property
    def page_size(self) -> int:
        """Bytes of a page."""
        return self._numbers[-2]

    @property
    def sums(self) -> array[int]:
        """The sums, one a page."""
        return self._numbers[:PER_BLOCK]

    def __setitem__(self, slot: int, found: int) -> None:
        self._numbers[slot] = found

    def pack(self) -> bytes:
        """The block as it lies in the file."""
        numbers = self._numbers
        if sys.byteorder == "big":
            numbers = numbers[:]
            numbers.byteswap()
        data = numbers[:-1].tobytes()
        return data + zlib.crc32(data).to_bytes(4, "little")


class PageSeals:
    """The writer's side of news.seal, beside one connection.

    The connection leaves the copying of its log into news.db to this object, which first seals what
    is in the log. So whatever lies in news.db is sealed, and a crash needs no second look: what was
    not sealed is in the log still, which has sums of its own.
    """

    def __init__(self, connection: sqlite3.Connection, database: Path) -> None:
        """Take over the connection's checkpoints, and seal what a crash has left in the log.

        The database must be in WAL mode, and nobody else may write to it.
        """
        self._c = connection
        self._log = log_path(database)
        # Closing any descriptor of news.db drops this process's locks on it (POSIX), and with them
        # SQLite's: this one is closed after the connection.
        self._database = os.open(database, os.O_RDONLY)
        path = seal_path(database)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        self._page_size = int(connection.execute("PRAGMA page_size").fetchone()[0])
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        if connection.execute("PRAGMA page_count").fetchone()[0] <= 1:
            os.ftruncate(self._file, 0)  # the seals of a database that is no more
        if self._recover():
            self._fill()

    def _recover(self) -> bool:
        """Seal what a crash left in the log and empty it; returns whether news.db is complete."""
        left = read_log(self._log)  # sums and all: after a crash its end may be rubbish
        if left.frames:
            data = self._log.read_bytes()
            pages = {
                page: zlib.crc32(data[start : start + left.page_size])
                for page, start in left.pages.items()
            }
            self._seal(pages)
        patience = self._c.execute("PRAGMA busy_timeout").fetchone()[0]
        self._c.execute("PRAGMA busy_timeout = 0")  # a reader may hold the log for hours
        try:
            return self._checkpoint("TRUNCATE")
        finally:
            self._c.execute(f"PRAGMA busy_timeout = {patience}")
            self._tail = Tail(self._log)
            self._tail.news()

    def settle(self) -> None:
        """Seal what was committed since the last call; call it after every commit."""
        self._seal(self._tail.news())
        if self._tail.frames >= CHECKPOINT:
            self._checkpoint("PASSIVE")

    def finish(self) -> None:
        """Seal everything and bring it into news.db. Close the connection then, and this after it."""
        self._seal(self._tail.news())
        if self._checkpoint("PASSIVE"):
            self._fill()

    def close(self) -> None:
        """Close the files; only after the connection is closed."""
        os.close(self._database)
        os.close(self._file)

    def _checkpoint(self, mode: str) -> bool:
        """Copy the log into news.db; returns whether all of it could be."""
        os.fsync(self._file)  # never a page in news.db whose sum could still get lost
        busy, logged, copied = self._c.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        return bool(not busy and logged == copied)

    def _seal(self, pages: dict[int, int]) -> None:
        blocks: dict[int, list[tuple[int, int]]] = {}
        for page, found in pages.items():
            number, slot = divmod(page - 1, PER_BLOCK)
            blocks.setdefault(number, []).append((slot, found or 1))
        for number, sums in blocks.items():
            block = self._read(number)
            for slot, found in sums:
                block[slot] = found
            os.pwrite(self._file, block.pack(), number * BLOCK)

    def _read(self, number: int) -> Block:
        """A block of the file; an empty one where it is damaged or missing."""
        try:
            block = Block(os.pread(self._file, BLOCK, number * BLOCK))
        except ValueError:
            return Block.empty(self._page_size)
        return block if block.page_size == self._page_size else Block.empty(self._page_size)

    def _fill(self) -> None:
        """Seal the pages that have no sum: of archives older than seals, and of damaged blocks."""
        size = os.fstat(self._database).st_size // self._page_size
        for number in range(-(-size // PER_BLOCK)):
            block = self._read(number)
            first = number * PER_BLOCK
            sums = block.sums[: size - first]
            if 0 not in sums:
                continue
            for slot, known in enumerate(sums):
                if not known:
                    at = (first + slot) * self._page_size
                    block[slot] = page_sum(os.pread(self._database, self._page_size, at))
            os.pwrite(self._file, block.pack(), number * BLOCK)
        os.fsync(self._file)


def read_blocks(path: Path) -> Iterator[Block | None]:
    """The blocks of a news.seal; None stands for a damaged one."""
    with path.open("rb") as file:
        while data := file.read(BLOCK):
            try:
                yield Block(data)
            except ValueError:
                yield None


# -- WARC files ---------------------------------------------------------------------------------


def seal_records(c: sqlite3.Connection, folder: Path, site: str) -> int:
    """Seal what was added to a site's WARC files up to the last record that has a row.

    Run it inside the writer's transaction. What lies between records with rows (the `warcinfo`
    record, a dictionary) gets sums too. Returns the number of new sums.
    """
    for warc in list(_files(c, "seals", site)):
        is_copy = warc.endswith(DICTIONARIES)
        if not is_copy and not (folder / warc).exists() and not _end(c, "captures", warc):
            c.execute("DELETE FROM seals WHERE warc = ?", (warc,))
    number = 0
    for path in sorted((folder / "warc" / site).glob(f"*{DICTIONARIES}")):
        warc = path.relative_to(folder).as_posix()
        if not _end(c, "seals", warc):
            number += _seal(c, warc, path, [(0, path.stat().st_size)])
    for warc in list(_files(c, "captures", site)):
        done = _end(c, "seals", warc)
        path = folder / warc
        if done >= _end(c, "captures", warc) or not path.is_file():
            continue
        rows = c.execute(
            "SELECT warc_offset, warc_length FROM captures WHERE warc = ? AND warc_offset >= ? "
            "ORDER BY warc_offset",
            (warc, done),
        )
        number += _seal(c, warc, path, _ranges(done, _with_dictionary(path, done, rows)))
    return number


def _with_dictionary(
    path: Path, done: int, rows: Iterable[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """A dictionary at the head of a file gets a sum of its own."""
    if done == 0 and path.suffix == ".zst":
        with path.open("rb") as file:
            head = file.read(8)
        if int.from_bytes(head[:4], "little") == MAGIC:
            yield 0, 8 + int.from_bytes(head[4:], "little")
    yield from rows


_ENDS = {
    "captures": "SELECT warc_offset + warc_length FROM captures WHERE warc = ? "
    "ORDER BY warc_offset DESC LIMIT 1",
    "seals": "SELECT start + length FROM seals WHERE warc = ? ORDER BY start DESC LIMIT 1",
}


def _end(c: sqlite3.Connection, table: str, warc: str) -> int:
    """Where the last record of a file ends that a table knows; 0 where it knows none."""
    row = c.execute(_ENDS[table], (warc,)).fetchone()
    return int(row[0]) if row else 0


def _files(c: sqlite3.Connection, table: str, site: str) -> Iterator[str]:
    """A site's WARC files in a table, jumping from one to the next in the index."""
    warc = f"warc/{site}/"
    while True:
        (warc,) = c.execute(
            f"SELECT min(warc) FROM {table} WHERE warc > ? AND warc < ?",  # noqa: S608 -- constants
            (warc, f"warc/{site}0"),
        ).fetchone()
        if warc is None:
            return
        yield warc


def _ranges(done: int, rows: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for offset, length in rows:
        if offset > done:
            yield done, offset - done
        yield offset, length
        done = offset + length


def _seal(c: sqlite3.Connection, warc: str, path: Path, ranges: Iterable[tuple[int, int]]) -> int:
    number = 0
    with path.open("rb") as file:
        for start, length in ranges:
            found = range_sum(file, start, length)
            if found is None:
                break  # shorter than its rows say: nothing to vouch for
            c.execute(
                "INSERT INTO seals (warc, start, length, crc) VALUES (?, ?, ?, ?)",
                (warc, start, length, found),
            )
            number += 1
    return number


def range_sum(file: BinaryIO, start: int, length: int) -> int | None:
    """CRC-32 of some bytes of a file; None where it ends before them."""
    file.seek(start)
    found = 0
    while length and (data := file.read(min(length, _CHUNK))):
        found = zlib.crc32(data, found)
        length -= len(data)
    return None if length else found
