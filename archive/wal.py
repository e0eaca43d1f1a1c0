"""wal: SQLite's write-ahead log read as the file it is: which pages it holds, and whether it is whole.

SQLite takes a damaged log for one that a crash left unfinished, and drops what comes after the
damage without a word. The format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path

HEADER = 32
"""Bytes before the first frame."""
FRAME = 24
"""Bytes of a frame before its page."""
_BIG_ENDIAN, _LITTLE_ENDIAN = 0x377F0683, 0x377F0682
_READ = 64
"""Frames read at a time."""


@dataclass(slots=True)
class Log:
    """What a log holds. `pages` maps a page's number to where its newest committed version lies."""

    page_size: int = 0
    salts: bytes = b""
    """Told apart by them are the frames of this log and those left from the one before."""
    frames: int = 0
    """Committed frames."""
    size: int = 0
    """Pages of the database after the last commit; 0 where there is none."""
    pages: dict[int, int] = field(default_factory=dict)
    damage: str | None = None


def read_log(path: Path) -> Log:
    """Read a whole log and check every sum in it; a missing or empty one holds nothing."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = b""
    if not data:
        return Log()
    header = data[:HEADER]
    magic = struct.unpack(">I", header[:4])[0] if len(header) == HEADER else 0
    order = {_BIG_ENDIAN: ">", _LITTLE_ENDIAN: "<"}.get(magic)
    sums = _sums(order, header[:24], (0, 0)) if order else None
    if sums is None or struct.pack(">II", *sums) != header[24:]:
        return Log(damage="its header is damaged: SQLite ignores all of it")
    log = Log(page_size=struct.unpack(">I", header[8:12])[0], salts=header[16:24])
    step = FRAME + log.page_size
    pending: dict[int, int] = {}
    number = 0
    for number, start in enumerate(range(HEADER, len(data) - step + 1, step)):
        page, committed = struct.unpack_from(">II", data, start)
        body = data[start + FRAME : start + step]
        found = _sums(order, body, _sums(order, data[start : start + 8], sums))
        if data[start + 8 : start + 16] != log.salts or data[
            start + 16 : start + FRAME
        ] != struct.pack(">II", *found):
            break
        sums = found
        pending[page] = start + FRAME
        if committed:
            log.frames, log.size = number + 1, committed
            log.pages |= pending
            pending.clear()
    else:
        return log
    # A commit of this very log after a frame that does not fit: it was written, and is lost.
    for later in range(HEADER + number * step, len(data) - step + 1, step):
        marks = data[later + 8 : later + 12], data[later + 12 : later + 16]
        known = sum(mark == salt for mark, salt in zip(marks, _halves(log.salts), strict=True))
        if known == 1 or (known == 2 and any(data[later + 4 : later + 8])):
            log.damage = (
                f"frame {number + 1} is damaged: SQLite drops everything stored since frame "
                f"{log.frames}"
            )
            break
    return log


def _halves(salts: bytes) -> tuple[bytes, bytes]:
    return salts[:4], salts[4:]


def _sums(order: str | None, data: bytes, sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    numbers = iter(struct.unpack(f"{order}{len(data) // 4}I", data))
    for a, b in zip(numbers, numbers, strict=True):
        first = (first + a + second) & 0xFFFFFFFF
        second = (second + b + first) & 0xFFFFFFFF
    return first, second


class Tail:
    """Follows the log of one's own connection, commit by commit, without doing its sums again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._salts = b""
        self.frames = 0
        """Committed frames seen in the present log."""

    def news(self) -> dict[int, int]:
        """Pages that were committed since the last call → CRC-32 of their newest version."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY)
        except FileNotFoundError:
            return {}
        try:
            return self._news(descriptor)
        finally:
            os.close(descriptor)

    def _news(self, descriptor: int) -> dict[int, int]:
        header = os.pread(descriptor, HEADER, 0)
        if len(header) < HEADER:
            return {}
        if header[16:24] != self._salts:  # SQLite has begun the log anew
            self._salts, self.frames = header[16:24], 0
        step = FRAME + struct.unpack(">I", header[8:12])[0]
        found: dict[int, int] = {}
        pending: dict[int, int] = {}
        number = self.frames
        while data := os.pread(descriptor, step * _READ, HEADER + number * step):
            view = memoryview(data)
            for start in range(0, len(data) - step + 1, step):
                if data[start + 8 : start + 16] != self._salts:
                    return found
                page, committed = struct.unpack_from(">II", data, start)
                pending[page] = zlib.crc32(view[start + FRAME : start + step])
                number += 1
                if committed:
                    self.frames = number
                    found |= pending
                    pending.clear()
            if len(data) < step:
                break
        return found
