"""dictionaries: zstd dictionaries of sites, and the records compressed with them.

Pages of one site share their template; a dictionary of what they share stands once at the head of a
file, and no record repeats it. The format: iipc.github.io/warc-specifications/specifications/warc-zstd
A copy lies beside the files, because without its dictionary a file is lost.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from archive.captures.files import open_file, whole_file

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FRAME_MAGIC = b"\x28\xb5\x2f\xfd"
MAGIC = 0x184D2A5D
"""Of the skippable frame that holds a dictionary, at the head of a file."""
MAX_SIZE = 1 << 23
"""Bytes of a dictionary that readers must support, compressed or not."""
LEVEL = 12
"""Higher ones take five to ten times as long for 2 to 8 % (bench/captures.py)."""
SAMPLES = 400
"""Records that a dictionary is trained on; more make no difference."""
FEWEST = 60
"""Records below which a dictionary costs more than it saves."""
_SIZES = ((300, 256 << 10), (150, 112 << 10), (FEWEST, 64 << 10))
"""Records there are at least, and bytes of the dictionary that pays for so many."""
_SAMPLE = 128 << 10
"""Bytes of one record that are looked at."""
_WEIGHT = 48
"""How many times a dictionary's size the samples must have. The trainer holds a dictionary's whole
size against what a quarter of the samples save, and with less chooses one of a tenth of the use."""
_MOST_TIMES = 50


@dataclass(frozen=True, slots=True)
class Dictionary:
    """A dictionary ready for use; `frame` is how it stands at the head of a file."""

    frame: bytes
    _zstd: zstd.ZstdDict = field(repr=False, compare=False)

    @property
    def number(self) -> int:
        """The id that each record's frame names."""
        return self._zstd.dict_id

    def compress(self, record: bytes, level: int = LEVEL) -> bytes:
        """One zstd frame, with its size, a checksum and the dictionary's number."""
        return zstd.compress(record, options=_options(level), zstd_dict=self._zstd.as_digested_dict)

    def decompressor(self) -> zstd.ZstdDecompressor:
        """For one frame."""
        return zstd.ZstdDecompressor(zstd_dict=self._zstd)


def compress(record: bytes, level: int = LEVEL) -> bytes:
    """One zstd frame without a dictionary."""
    return zstd.compress(record, options=_options(level))


def _options(level: int) -> dict[int, int]:
    return {
        zstd.CompressionParameter.compression_level: level,
        zstd.CompressionParameter.checksum_flag: 1,
    }


def train(records: Iterable[bytes]) -> Dictionary | None:
    """A dictionary made of what records have in common; None where there are too few of them.

    Its size goes by their number. Takes one to three seconds for 400 pages.
    """
    samples = [record[:_SAMPLE] for record in records]
    size = next((size for fewest, size in _SIZES if len(samples) >= fewest), None)
    if size is None:
        return None
    times = min(-(-_WEIGHT * size // (sum(map(len, samples)) or 1)), _MOST_TIMES)
    try:
        content = zstd.train_dict(samples * times, size).dict_content
    except (zstd.ZstdError, ValueError):
        return None
    return _from_packed(compress(content, 19))


# -- at the head of a file ----------------------------------------------------------------------


def _from_packed(packed: bytes) -> Dictionary:
    return from_frame(struct.pack("<II", MAGIC, len(packed)) + packed)


@lru_cache(maxsize=32)
def from_frame(frame: bytes) -> Dictionary:
    """A dictionary as it was read from a file. Raises ValueError where it is damaged."""
    content = frame[8:]
    if content.startswith(FRAME_MAGIC):
        try:
            decompressor = zstd.ZstdDecompressor()
            content = decompressor.decompress(content, max_length=MAX_SIZE)
        except zstd.ZstdError as error:
            raise ValueError(str(error)) from None
        if not decompressor.eof or decompressor.unused_data:
            raise ValueError("not of the length it says")
    elif struct.unpack("<I", frame[4:8])[0] != len(content):
        raise ValueError("cut short")
    try:
        return Dictionary(frame, zstd.ZstdDict(content))
    except (zstd.ZstdError, ValueError) as error:
        raise ValueError(str(error)) from None


def of_file(file: BinaryIO) -> tuple[Dictionary | None, str | None]:
    """The dictionary of a `.warc.zst`, None where it has none; and what is wrong with the file's own.

    A damaged one is replaced by the copy that lies beside the file.
    """
    file.seek(0)
    head = file.read(8)
    if head.startswith(FRAME_MAGIC):
        return None, None
    if len(head) < 8 or struct.unpack("<I", head[:4])[0] != MAGIC:
        return _copy_for(file), "the dictionary at its head is damaged (no frame of one)"
    try:
        size = min(struct.unpack("<I", head[4:])[0], MAX_SIZE)
        return from_frame(head + file.read(size)), None
    except ValueError as error:
        return _copy_for(file), f"the dictionary at its head is damaged ({error})"


# -- the copy -----------------------------------------------------------------------------------


def keep_copy(folder: Path, site: str, dictionary: Dictionary) -> None:
    """Put the copy of a dictionary into the folder of the site's files, where there is none."""
    path = folder / f"{site}-{dictionary.number}.dict.zst"
    if not path.exists():
        with whole_file(path) as file:
            file.write(dictionary.frame[8:])


def read_copy(path: Path) -> Dictionary:
    """The dictionary in a `.dict.zst`. Raises ValueError where it is damaged."""
    with open_file(path) as file:
        dictionary = _from_packed(file.read(MAX_SIZE))
    if not path.name.endswith(f"-{dictionary.number}.dict.zst"):
        raise ValueError("another dictionary than its name says")
    return dictionary


def _copy_for(file: BinaryIO) -> Dictionary | None:
    """The copy that the first record of a file asks for."""
    path = Path(str(getattr(file, "name", "")))
    file.seek(0)
    data = file.read(2 * MAX_SIZE)
    at = data.find(FRAME_MAGIC)
    while at >= 0:
        with suppress(zstd.ZstdError, ValueError, OSError):
            number = zstd.get_frame_info(data[at : at + 18]).dictionary_id
            for copy in path.parent.glob(f"*-{number}.dict.zst"):
                return read_copy(copy)
        at = data.find(FRAME_MAGIC, at + 1)
    return None
