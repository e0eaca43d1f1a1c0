"""files: how the files in `warc/SITE/` are named, and how a new one gets there whole.

`SITE-YYYY-MM.warc.gz` or `.warc.zst`, continued in `SITE-YYYY-MM-2…`; `SITE-NUMBER.dict.zst` is the
copy of a dictionary.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

PART = ".part"
"""At the end of the name of a file that is still being written."""
STRANGE = (errno.ELOOP, errno.EINVAL, errno.ENXIO, errno.EISDIR, errno.ENOTDIR)
"""Errors of `own_file` that tell of something else in the place of a file."""
LARGEST = 2_000_000_000
"""Bytes that no WARC file of an archive reaches (`archive.captures.writing.MAX_FILE`)."""
_NAME = re.compile(r"-(\d{4}-\d\d)(?:-(\d{1,5}))?\.warc\.(?:gz|zst)")


def site_files(folder: Path, site: str) -> list[Path]:
    """WARC files in a site's folder in the order in which they were begun."""
    found = [path for path in folder.glob(f"{site}-*") if _NAME.fullmatch(path.name, len(site))]
    return sorted(found, key=lambda path: (month_of(path), number_of(path), path.suffix))


def month_of(path: Path) -> str:
    """`2026-11` of a WARC file's name."""
    found = _NAME.search(path.name)
    return found[1] if found else ""


def number_of(path: Path) -> int:
    """Which file of its month it is, from 1."""
    found = _NAME.search(path.name)
    return int(found[2] or 1) if found else 1


@contextmanager
def whole_file(path: Path, folder: Path | None = None) -> Iterator[BinaryIO]:
    """Create a file that is there whole or not at all, whatever happens meanwhile; see `fresh_file`."""
    part = path.with_name(path.name + PART)
    file = fresh_file(part, folder)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def open_in_place(path: Path) -> BinaryIO | None:
    """Open for writing what has to stay in its place: a device, a pipe that somebody reads, a link. Else None.

    Raises OSError where that fails.
    """
    if not path.is_symlink() and (path.is_file() or not path.exists()):
        return None
    # The opening of a pipe that nobody reads would never end.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK, 0o666)
    os.set_blocking(descriptor, True)
    return os.fdopen(descriptor, "wb")


def sync_folder(folder: Path) -> None:
    """Make sure that a new file's name survives a power cut, not only its bytes."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_file(path: Path, folder: Path | None = None) -> BinaryIO:
    """Open a file for reading that may be anybody's. Raises OSError where it is none to be read.

    A pipe, a device or a folder is none: it might hang, or never end. With a `folder`, that of an
    archive, the file must lie in it by its path alone (no link on the way is followed, and no `..`),
    and a WARC file be no larger than an archive's are.
    """
    own = os.O_NONBLOCK
    if folder is not None:
        own |= os.O_NOFOLLOW
        check_inside(path, folder)
    return open(path, "rb", opener=_opener(own, folder))


def own_file(path: Path, mode: str, folder: Path | None = None, *, buffering: int = -1) -> BinaryIO:
    """Open a file of the archive for writing: `ab`, `r+b`, `xb`. Raises OSError where it may be another's.

    No link is followed, neither the file itself nor, below a `folder`, on the way to it; a pipe, a
    device or a folder is no file of ours.
    """
    if folder is not None:
        check_inside(path, folder)
    own = os.O_NONBLOCK | os.O_NOFOLLOW
    return cast("BinaryIO", open(path, mode, buffering, opener=_opener(own, folder)))


def fresh_file(path: Path, folder: Path | None = None) -> BinaryIO:
    """The same of a new file, in the place of what has its name: a link is removed, not followed."""
    if folder is not None:
        check_inside(path.parent, folder)
    path.unlink(missing_ok=True)
    return own_file(path, "xb", folder)


def _opener(own: int, folder: Path | None) -> Callable[[str, int], int]:
    def opener(name: str, flags: int) -> int:
        descriptor = os.open(name, flags | own, 0o666)
        status, problem = os.fstat(descriptor), None
        if not stat.S_ISREG(status.st_mode):
            is_folder = stat.S_ISDIR(status.st_mode)
            problem = os.strerror(errno.EISDIR) if is_folder else "no ordinary file"
        elif folder is not None and ".warc" in name and status.st_size > LARGEST:
            problem = "larger than any file that newsbot writes"
        if problem:
            os.close(descriptor)
            raise OSError(errno.EINVAL, problem, name)
        return descriptor

    return opener


def check_inside(path: Path, folder: Path) -> None:
    """Raise OSError where a path leads, or might lead, out of a folder."""
    below = path.parts[len(folder.parts) :]
    if "\0" in str(path) or not path.is_relative_to(folder) or ".." in below:
        raise OSError(errno.EINVAL, "a path that leads out of the archive", str(path))
    while path != folder:
        if path.is_symlink():
            raise OSError(errno.ELOOP, "a link, which is not followed", str(path))
        path = path.parent


def sha256_of(path: Path, progress: Callable[[int], object] = lambda _: None) -> str:
    """Hexadecimal digest of a file; `progress` is told of bytes read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(1 << 20):
            digest.update(data)
            progress(len(data))
    return digest.hexdigest()


def crc_of(path: Path, offset: int, length: int) -> int:
    """CRC-32 of a piece of a file."""
    with open_file(path) as file:
        file.seek(offset)
        return zlib.crc32(file.read(length))
