"""streams: the uncompressed bytes of a WARC file, and where in the file each member of it begins.

A member is a gzip member (RFC 1952), a zstd frame (RFC 8878), or the whole of a plain file. Memory
does not grow with the file; after damage, reading carries on at the next member.
"""

from __future__ import annotations

import re
import struct
import sys
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

from archive.captures import dictionaries
from archive.captures.dictionaries import FRAME_MAGIC, Dictionary

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GZIP_MAGIC = b"\x1f\x8b\x08"
_SKIPPABLE = range(0x184D2A50, 0x184D2A60)
_READ = 1 << 15
"""Bytes read at once: most pages, packed, so that they are unpacked in one piece."""
_PIECE = 1 << 20
"""Bytes unpacked at once: what a file of endless zeros costs in memory."""
_RECORD = re.compile(rb"WARC/[01]\.\d+\r?\n")
_LONGEST = 16
"""Bytes that `_RECORD` may match."""


class Damage(Exception):
    """Bytes that cannot be read; `member` is where in the file their member begins."""

    def __init__(self, member: int, message: str) -> None:
        super().__init__(message)
        self.member = member


class Stream:
    """Reads forward through a file, from a member on; `data[at:]` was unpacked and not yet taken."""

    def __init__(self, file: BinaryIO, offset: int = 0) -> None:
        self._file = file
        self.warning: str | None = None
        """What is wrong with the head of the file, where the rest can be read all the same."""
        self.dictionary: Dictionary | None = None
        self.kind = _kind(file)
        if self.kind == "zstd":
            self.dictionary, self.warning = dictionaries.of_file(file)
        self.start_at(offset)
        if self.warning and offset == 0:
            self.resume(1)

    def start_at(self, offset: int) -> None:
        """Go on with the member that begins at this byte of the file."""
        self.data, self.at = b"", 0
        self._pulled = 0
        self._next = offset
        """The next byte of the file to be read."""
        self._member: Any = None
        self._full = False
        self._borders: deque[tuple[int, int]] = deque()
        """Uncompressed position and file offset at which members begin."""

    # -- taking ---------------------------------------------------------------------------------

    def has(self, size: int, *, here: bool = False) -> bool:
        """Whether so many bytes can be taken, `here` without beginning another member.

        Raises `Damage`.
        """
        missing = self.at + size - len(self.data)
        if missing <= 0:
            return True
        pieces = [self.data[self.at :]] if self.at < len(self.data) else []
        self.at = 0
        try:
            while missing > 0 and (piece := self._pull(here)):
                pieces.append(piece)
                missing -= len(piece)
        finally:
            self.data = b"".join(pieces)  # one piece alone is not copied
        return missing <= 0

    def skip(self, size: int) -> int:
        """Go past some bytes without keeping them; returns how many there were."""
        skipped = 0
        while skipped < size and self.has(1):
            step = min(size - skipped, len(self.data) - self.at)
            self.at += step
            skipped += step
        return skipped

    def find_record(self) -> bool:
        """Go to the next beginning of a record behind this place; False where there is none."""
        self.at += self.has(1)
        while True:
            found = _RECORD.search(self.data, self.at)
            if found:
                self.at = found.start()
                return True
            self.at = max(self.at, len(self.data) - _LONGEST)
            if not self.has(len(self.data) - self.at + 1):
                self.at = len(self.data)
                return False

    def rest_of_record(self, head: int, most: int) -> bytes:
        """The bytes from here to the end of the member, or of a plain file's record; none beyond `most`.

        `head` is how many of them are the record's own head. Raises `Damage`.
        """
        if self.kind != "plain":
            self.has(1)
            while self.has(len(self.data) - self.at + 1, here=True):
                if len(self.data) - self.at > most:
                    return b""
            end = len(self.data)
        else:
            self.has(most + _LONGEST)
            found = _RECORD.search(self.data, self.at + head)
            end = found.start() if found else len(self.data)
            if end - self.at > most:
                return b""
        taken = self.data[self.at : end]
        self.at = end
        return taken

    @property
    def position(self) -> int:
        """Uncompressed bytes before this place, from where reading began."""
        return self._pulled - (len(self.data) - self.at)

    def place(self) -> tuple[int, bool]:
        """Where in the file the member of what comes next begins, and whether it comes first there."""
        if self.kind == "plain":
            return self._next - (len(self.data) - self.at), True
        if self.at == len(self.data) and self._member is None:
            return self._next, True
        position = self.position
        while len(self._borders) > 1 and self._borders[1][0] <= position:
            self._borders.popleft()
        border, offset = self._borders[0]
        return offset, border == position

    def borders_before(self, position: int) -> list[int]:
        """Positions at which members begin, behind this place and before that one."""
        here = self.position
        return [border for border, _ in self._borders if here < border < position]

    def ends(self) -> Iterator[int]:
        """Where in the file each member ends, from here on. Raises `Damage`."""
        while self._begin():
            while self._member is not None:
                self._unpack()
            yield self._next

    @property
    def is_locked(self) -> bool:
        """Whether nothing can be read because the dictionary is lost."""
        return self.warning is not None and self.dictionary is None

    # -- unpacking ------------------------------------------------------------------------------

    def _pull(self, here: bool) -> bytes:
        """Some more bytes; none at the end of the file, or of the member."""
        if self.kind == "plain":
            self._file.seek(self._next)
            piece = self._file.read(_PIECE)
            self._next += len(piece)
            self._pulled += len(piece)
            return piece
        while self._member is not None or (not here and self._begin()):
            piece = self._unpack()
            if piece:
                return piece
        return b""

    def _begin(self) -> bool:
        """Begin the next member; False at the end of the file."""
        while True:
            self._file.seek(self._next)
            head = self._file.read(8)
            if not head:
                return False
            if self.kind == "zstd" and len(head) == 8 and _is_skippable(head[:4]):
                self._next += 8 + struct.unpack("<I", head[4:])[0]
                continue
            self._member = self._decompressor(self._next, head)
            self._borders.append((self._pulled, self._next))
            self._full = False
            return True

    def _decompressor(self, offset: int, head: bytes) -> Any:
        if self.kind == "gzip":
            if not head.startswith(GZIP_MAGIC):
                raise Damage(offset, "no gzip member here")
            return zlib.decompressobj(31)
        if not head.startswith(FRAME_MAGIC):
            raise Damage(offset, "no zstd frame here")
        return self.dictionary.decompressor() if self.dictionary else zstd.ZstdDecompressor()

    def _unpack(self) -> bytes:
        """Some bytes of the present member, or none; notices its end."""
        member, begun = self._member, self._borders[-1][1]
        try:
            if self.kind == "gzip":
                given = member.unconsumed_tail
                piece = member.decompress(
                    given if given or self._full else self._feed(begun), _PIECE
                )
                self._full = len(piece) == _PIECE
            else:
                piece = member.decompress(
                    self._feed(begun) if member.needs_input else b"", max_length=_PIECE
                )
        except (zlib.error, zstd.ZstdError) as error:
            raise Damage(begun, str(error)) from None
        if member.eof:
            self._next -= len(member.unused_data)
            self._member = None
        self._pulled += len(piece)
        return bytes(piece)

    def _feed(self, begun: int) -> bytes:
        self._file.seek(self._next)
        given = self._file.read(_READ)
        if not given:
            raise Damage(begun, "cut short")
        self._next += len(given)
        return given

    # -- damage ---------------------------------------------------------------------------------

    def salvage(self, offset: int, size: int) -> bytes:
        """The first bytes of a damaged member, as far as it can be unpacked: not to be believed."""
        out = b""
        with suppress(Damage, zlib.error, zstd.ZstdError):
            self._file.seek(offset)
            packed = self._file.read(_READ)
            member = self._decompressor(offset, packed)
            for start in range(0, len(packed), 64):
                if member.eof or len(out) >= size:
                    break
                out += member.decompress(packed[start : start + 64])
        return out[:size]

    def resume(self, after: int) -> bool:
        """Go on with the first member from there on that begins with a record, where there is one."""
        magic = GZIP_MAGIC if self.kind == "gzip" else FRAME_MAGIC
        start, block = after, b""
        while True:
            self._file.seek(start + len(block))
            more = self._file.read(_PIECE)
            if not more:
                self.start_at(start + len(block))
                return False
            block += more
            at = block.find(magic)
            while at >= 0:
                if self.salvage(start + at, 5) == b"WARC/":
                    self.start_at(start + at)
                    return True
                at = block.find(magic, at + 1)
            keep = len(magic) - 1
            start, block = start + len(block) - keep, block[-keep:]


def _kind(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(5)
    if head.startswith(GZIP_MAGIC):
        return "gzip"
    if head.startswith(FRAME_MAGIC) or _is_skippable(head[:4]):
        return "zstd"
    # Where the first bytes are damaged, the rest is what the name says.
    named = str(getattr(file, "name", "")).rpartition(".")[2]
    return {"gz": "gzip", "zst": "zstd"}.get(named, "plain") if head != b"WARC/" else "plain"


def _is_skippable(magic: bytes) -> bool:
    return len(magic) == 4 and struct.unpack("<I", magic)[0] in _SKIPPABLE
