"""wacz: the WARC files that lie in a WACZ (a ZIP, specs.webrecorder.net/wacz), one after the other.

A member becomes a file of ours for as long as it is read: no name in the ZIP says where anything goes.
"""

from __future__ import annotations

import re
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from archive.captures.files import check_inside, fresh_file, open_file
from archive.captures.reading import raw_records
from archive.captures.streams import Stream
from archive.errors import ArchiveError, ArchiveUsageError
from archive.store import explained_errors

_MAGIC = b"PK\x03\x04"
_MEMBER = re.compile(r"archive/[^/]+?(\.warc(?:\.gz|\.zst)?)", re.I)
_MOST = 10_000
"""Members of one file that are looked at."""
_RATIO = 200
"""How many times larger than its packed form a member may be: text comes to ten, a bomb to a thousand."""
_SPARE = 1 << 20
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError)
"""What `zipfile` raises: `RuntimeError` for a password."""
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Those that WACZ knows; the others' modules have errors of their own."""


def is_wacz(path: Path) -> bool:
    """Whether a file is a ZIP by its first bytes. Raises OSError."""
    with open_file(path) as file:
        return file.read(len(_MAGIC)) == _MAGIC


def members(path: Path) -> list[zipfile.ZipInfo]:
    """The WARC files in a WACZ. Raises `ArchiveUsageError` where there is none to be read."""
    try:
        with open_file(path) as file, zipfile.ZipFile(file) as package:
            infos = package.infolist()
    except _BROKEN as error:
        raise ArchiveUsageError(f"{path}: no WACZ file ({error})") from None
    found = [info for info in infos[:_MOST] if _MEMBER.fullmatch(info.filename)]
    if not found:
        raise ArchiveUsageError(f"{path}: no WACZ file (no WARC file in its archive/)")
    return found


def unpacked(
    path: Path, folder: Path, damaged: Callable[[Path, int, str], object]
) -> Iterator[tuple[Path, Path]]:
    """Each WARC file of a WACZ as a file in the archive's `folder`, with its name for messages.

    The file is there until the next one is asked for. `damaged` is called with the name, the offset in
    the WACZ and a reason for each that cannot be unpacked. Raises `ArchiveError` where the disk is full.
    """
    place = folder / "imports"
    for info in members(path):
        name = path / info.filename
        suffix = _MEMBER.fullmatch(info.filename)
        if suffix is None or info.file_size > _RATIO * info.compress_size + _SPARE:
            damaged(name, info.header_offset, "much larger than what it is packed in")
            continue
        if info.compress_type not in _PACKINGS:
            damaged(name, info.header_offset, "packed neither as stored nor as deflated")
            continue
        with explained_errors(folder):
            check_inside(place, folder)
            place.mkdir(exist_ok=True)
        if shutil.disk_usage(place).free < info.file_size + _SPARE:
            raise ArchiveError(f"{folder}: the disk is full: free some space and run again")
        part = place / f"member{suffix[1].lower()}"
        try:
            with explained_errors(folder):
                _copy(path, info, part)
            yield part, name
        except _BROKEN as error:
            damaged(name, info.header_offset, str(error))
        finally:
            part.unlink(missing_ok=True)


def _copy(path: Path, info: zipfile.ZipInfo, part: Path) -> None:
    with (
        open_file(path) as file,
        zipfile.ZipFile(file) as package,
        package.open(info) as source,
        fresh_file(part) as target,
    ):
        shutil.copyfileobj(source, target, 1 << 20)


def check_file(path: Path, folder: Path | None = None) -> None:
    """Raise `ArchiveUsageError` where a file is no WARC or WACZ file, or no WARC file in a `folder`."""
    try:
        if folder is None and is_wacz(path):
            members(path)
            return
        with open_file(path, folder) as file:
            if any(raw.error is None for raw in raw_records(Stream(file))):
                return
    except OSError as error:
        raise ArchiveUsageError(f"{path}: cannot be read: {error.strerror}") from None
    raise ArchiveUsageError(f"{path}: no WARC file (no record in it can be read)")
