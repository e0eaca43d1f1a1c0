"""packing: turns a site's `.warc.gz` files into `.warc.zst`, where a dictionary can be had.

The records stay what they are, byte for byte. At every instant either file holds all of them, and the
rows of one transaction point into one of the two; `mending` drops the other after a crash.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from archive.captures import dictionaries
from archive.captures.dictionaries import Dictionary
from archive.captures.files import site_files, sync_folder, whole_file
from archive.captures.reading import raw_records
from archive.captures.streams import Stream
from archive.captures.training import newest_dictionary, next_dictionary

if TYPE_CHECKING:
    from archive.store import Store

_LEAST = 64 << 10
"""Bytes of a `.warc.gz` below which no dictionary pays."""
Places = dict[int, tuple[int, int]]
"""Offset of a record in the old file → its offset and length in the new one."""


def pack(store: Store, site: str) -> int:
    """Pack the files of a site that no crawl is writing to any more; returns the bytes saved.

    Run it at the end of a crawl or import. Files that hold a damaged record stay as they are, for
    `newsbot verify` to report. Raises `ArchiveError` where the disk is full; nothing is lost then.
    """
    folder = store.folder / "warc" / site
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
    from archive.store import explained_errors  # which imports this package

    with explained_errors(store.folder):
        store.captures(site).close()
        dictionaries.keep_copy(folder, site, dictionary)
        return sum(_pack(store, path, dictionary) for path in loose)


def _pack(store: Store, loose: Path, dictionary: Dictionary) -> int:
    packed = loose.with_suffix(".zst")
    if packed.exists():
        return 0
    try:
        places = _rewrite(loose, packed, dictionary)
    except _Damaged:
        return 0
    if not _move_rows(store, loose, packed, places):
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
            places[offset] = (out.tell(), len(frame))
            out.write(frame)
    return places


def _records(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        for raw in raw_records(Stream(file)):
            if raw.error:
                raise _Damaged
            yield raw.offset, raw.data


def _move_rows(store: Store, loose: Path, packed: Path, places: Places) -> bool:
    """Let the rows point into the packed file; False where one points at nothing."""
    old, new = (path.relative_to(store.folder).as_posix() for path in (loose, packed))
    rows = store.connection.execute(
        "SELECT id, warc_offset FROM captures WHERE warc = ?", (old,)
    ).fetchall()
    if any(row["warc_offset"] not in places for row in rows):
        return False
    with store.transaction() as c:
        c.executemany(
            "UPDATE captures SET warc = ?, warc_offset = ?, warc_length = ? WHERE id = ?",
            [(new, *places[row["warc_offset"]], row["id"]) for row in rows],
        )
    return True
