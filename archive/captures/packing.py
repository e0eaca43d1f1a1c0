"""packing: turns a site's `.warc.gz` files into `.warc.zst`, where a dictionary can be had.

The records stay what they are, byte for byte. At every instant either file holds all of them, and the
rows of one transaction point into one of the two; `mending` drops the other after a crash.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from archive.captures import dictionaries
from archive.captures.dictionaries import Dictionary
from archive.captures.files import site_files, sync_folder, whole_file
from archive.captures.reading import raw_records
from archive.captures.streams import Stream
from archive.captures.training import newest_dictionary, next_dictionary
from archive.captures.writing import CaptureWriter


class Rows(Protocol):
    """The store, as far as packing needs it."""

    folder: Path

    def captures(self, site: str) -> CaptureWriter:
        """The writer of a site's files."""

    def move_captures(self, old: str, new: str, places: Mapping[int, tuple[int, int, int]]) -> bool:
        """Let the rows of one file point into another; False where one points at nothing."""


_LEAST = 64 << 10
"""Bytes of a `.warc.gz` below which no dictionary pays."""
Places = dict[int, tuple[int, int, int]]
"""Offset of a record in the old file → its offset, length and CRC-32 in the new one."""


def pack(store: Rows, site: str) -> int:
    """Pack the files of a site that no crawl is writing to any more; returns the bytes saved.

    Run it at the end of a crawl or import. Files that hold a damaged record stay as they are, for
    `newsbot verify` to report. Raises `ArchiveError` where the disk is full; nothing is lost then.
    """
    folder = store.folder / "warc" / site
    store.captures(site).close()
    known = newest_dictionary(folder, site)
    least = _LEAST if known is None else 2 * len(known.frame)
    loose = [
        path
        for path in site_files(folder, site)
        if path.suffix == ".gz" and path.stat().st_size > least
    ]
    dictionary = next_dictionary(folder, site) if loose else None
    if dictionary is None:
        return 0
    dictionaries.keep_copy(folder, site, dictionary)
    return sum(_pack(store, path, dictionary) for path in loose)


def _pack(store: Rows, loose: Path, dictionary: Dictionary) -> int:
    packed = loose.with_suffix(".zst")
    if packed.exists():
        return 0
    try:
        places = _rewrite(loose, packed, dictionary)
    except _Damaged:
        return 0
    old, new = (path.relative_to(store.folder).as_posix() for path in (loose, packed))
    if not store.move_captures(old, new, places):
        packed.unlink()
        return 0
    saved = loose.stat().st_size - packed.stat().st_size
    loose.unlink()
    sync_folder(loose.parent)
    return saved


class _Damaged(Exception):
    """The file holds something that cannot be packed record by record."""


def _rewrite(loose: Path, packed: Path, dictionary: Dictionary) -> Places:
    """Write the packed file beside the other one, each frame read back before it counts."""
    places: Places = {}
    with whole_file(packed) as out:
        out.write(dictionary.frame)
        for offset, record in _records(loose):
            frame = dictionary.compress(record)
            if offset in places or dictionary.decompressor().decompress(frame) != record:
                raise _Damaged
            places[offset] = (out.tell(), len(frame), zlib.crc32(frame))
            out.write(frame)
    return places


def _records(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        for raw in raw_records(Stream(file)):
            if raw.error:
                raise _Damaged
            yield raw.offset, raw.data
