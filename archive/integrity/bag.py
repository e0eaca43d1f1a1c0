"""bag: a folder as a BagIt bag (RFC 8493): tag files that say what it holds, with a SHA-256 for each file.

The bag's own files lie in its folder, what it keeps (the payload) in `data/` below it.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path, PurePosixPath
from typing import TextIO

from archive.captures.files import sha256_of, whole_file
from archive.errors import ArchiveError, ArchiveLocked, ArchiveUsageError
from archive.store.opening import FULL, UNFIT

PAYLOAD = "data"
LOCK = "newsbot-backup.lock"
"""Marks a bag of ours. Has words in it while a backup changes the bag, and after an interrupted one."""
MARGIN = 64 << 20
"""Bytes that stay free: what a crawl adds meanwhile, manifests, the file system's own."""
_DECLARATION = "bagit.txt"
_VERSION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_INFO = "bag-info.txt"
_MANIFEST = "manifest-sha256.txt"
_TAG_MANIFEST = "tagmanifest-sha256.txt"


# -- tag files ----------------------------------------------------------------------------------


def finish(
    bag: Path, digests: Mapping[str, str], size: int, software: str, tags: Mapping[str, str]
) -> None:
    """Write the manifests over those of the last backup, the payload's before the tag files'.

    `digests` are those of the payload by path below `data/`, `size` its bytes; `tags` are further
    files of the bag, name → text.
    """
    described = {
        "Bag-Software-Agent": software,
        "Bagging-Date": date.today().isoformat(),
        "External-Description": "An archive of newsbot: news.db is SQLite, warc/ holds WARC files. "
        "Copy what is in data/ into an empty folder to use it.",
        "Payload-Oxum": f"{size}.{len(digests)}",
    }
    info = "".join(f"{label}: {value}\n" for label, value in described.items())
    manifest = _manifest({f"{PAYLOAD}/{name}": digest for name, digest in digests.items()})
    files = {_DECLARATION: _VERSION, **tags, _INFO: info, _MANIFEST: manifest}
    for name, text in files.items():
        _write(bag / name, text)
    _write(bag / _TAG_MANIFEST, _manifest({name: sha256_of(bag / name) for name in files}))


def payload(bag: Path) -> dict[str, str]:
    """Path below `data/` → SHA-256 of what a bag should hold, without paths that lead elsewhere."""
    paths = {PurePosixPath(name): digest for name, digest in _read(bag / _MANIFEST).items()}
    return {
        path.relative_to(PAYLOAD).as_posix(): digest
        for path, digest in paths.items()
        if path.parts[0] == PAYLOAD and ".." not in path.parts
    }


def damaged_tags(bag: Path) -> list[str]:
    """Names of the bag's own files that are missing or not as they were written."""
    sums = _read(bag / _TAG_MANIFEST)
    return [
        name for name in sums if not (bag / name).is_file() or sha256_of(bag / name) != sums[name]
    ]


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    return path.stat().st_size if path.is_file() else 0


def _manifest(digests: Mapping[str, str]) -> str:
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))


def _read(path: Path) -> dict[str, str]:
    lines = path.read_text("utf-8", "replace").splitlines() if path.is_file() else []
    pairs = (line.split(maxsplit=1) for line in lines)
    return {pair[1].removeprefix("*"): pair[0].lower() for pair in pairs if len(pair) == 2}


def _write(path: Path, text: str) -> None:
    with whole_file(path) as file:
        file.write(text.encode())


# -- its place ----------------------------------------------------------------------------------


def check_place(bag: Path, folder: Path) -> None:
    """Raises `ArchiveUsageError` where the archive in `folder` cannot be backed up into `bag`."""
    check_apart(bag, folder)
    if bag.exists() and any(bag.iterdir()) and not (bag / LOCK).exists():
        raise ArchiveUsageError(
            f"{bag}: it holds something else than a backup of newsbot: name a new or empty folder"
        )


def check_apart(one: Path, other: Path) -> None:
    """Raises `ArchiveUsageError` where one of two folders is or holds the other."""
    here, there = one.resolve(), other.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise ArchiveUsageError(f"{one}: it is, holds or lies in {other}: name another folder")


def check_space(folder: Path, needed: int) -> None:
    """Raises `ArchiveError` where the disk has not so many bytes free, and some more."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free < needed + MARGIN:
        raise ArchiveError(
            f"{folder}: {(needed + MARGIN) / 1e6:,.0f} MB are needed and {free / 1e6:,.0f} MB are "
            "free: free some space or name another folder"
        )


@contextmanager
def locked(bag: Path) -> Iterator[TextIO]:
    """The lock's file, with other backups kept away from the bag. Raises `ArchiveLocked`."""
    with (bag / LOCK).open("a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ArchiveLocked(f"{bag}: another backup is being written there") from None
        yield lock


@contextmanager
def explained_errors(folder: Path) -> Iterator[None]:
    """Turn the disk's errors into `ArchiveError`s of one clear line."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise ArchiveError(
                f"{folder}: the disk is full: free some space and run again"
            ) from error
        kind = ArchiveUsageError if error.errno in UNFIT else ArchiveError
        raise kind(f"{error.filename or folder}: {error.strerror}") from error
