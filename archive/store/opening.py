"""opening: the database of an archive's folder opened, its lock, and errors in one clear line."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from sqlite_utils import Database

from archive.errors import ArchiveError, ArchiveLocked, ArchiveUsageError
from archive.store.schema import check_version
from archive.times import now, utc

DATABASE = "news.db"
LOCK = "newsbot.lock"
BUSY_SECONDS = 60
"""How long one statement waits for another process, in seconds."""


def open_database(folder: Path) -> Database:
    """Open an archive for reading. Raises `ArchiveUsageError` where there is none or it is newer."""
    path = folder / DATABASE
    if not path.is_file():
        raise ArchiveUsageError(
            f"{folder}: no archive here ({DATABASE} is missing); run `newsbot crawl` first or name "
            "another folder with --data"
        )
    uri = f"{path.absolute().as_uri()}?mode=ro"
    if _is_read_only(folder) and not path.with_name(f"{DATABASE}-wal").exists():
        # SQLite cannot make the files there by which readers and writers know of each other, and
        # need not.
        uri += "&immutable=1"
    try:
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)
        connection.isolation_level = None
        check_version(connection, path)
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise explained(error, path) from None
    return Database(connection, execute_plugins=False)


def _is_read_only(folder: Path) -> bool:
    """Whether nobody can write there, whatever the permissions say."""
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def is_damage(error: Exception) -> bool:
    """Whether an error tells of a damaged database: SQLite's, or that of Python reading its words."""
    if isinstance(error, sqlite3.DatabaseError):
        return any(
            words in str(error) for words in ("not a database", "malformed", "decode to UTF-8")
        )
    return isinstance(error, UnicodeDecodeError)


def damaged(error: Exception, path: Path) -> ArchiveError:
    """What to tell the user of a damaged database."""
    return ArchiveError(
        f"{path} is damaged ({error}): `newsbot verify --repair` mends it from the captures"
    )


def explained(error: sqlite3.Error | UnicodeDecodeError, path: Path) -> ArchiveError:
    """What to tell the user of an error of SQLite's."""
    text = str(error)
    if is_damage(error):
        return damaged(error, path)
    if "full" in text:
        return ArchiveError(f"{path}: the disk is full: free some space and run again")
    if "readonly" in text and _is_read_only(path.parent):
        return ArchiveError(f"{path}: the disk is read-only: mount it for writing and run again")
    if "readonly" in text or "unable to open" in text:
        return ArchiveUsageError(f"{path}: cannot be written or opened ({text}): check permissions")
    if "locked" in text:
        return ArchiveLocked(f"{path} is locked by another program: try again later")
    return ArchiveError(f"{path}: {text}")


@contextmanager
def explained_errors(folder: Path) -> Iterator[None]:
    """Turn SQLite's and the disk's errors into `ArchiveError`s of one clear line."""
    try:
        yield
    except sqlite3.Error as error:
        raise explained(error, folder / DATABASE) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ArchiveError(
                f"{folder}: the disk is full: free some space and run again"
            ) from error
        raise


def writing_since(folder: Path) -> str | None:
    """Since when a process has been writing to an archive (as `take_lock` notes it); None where none is.

    The lock is only tried where its holder lives, so that a crawl that starts now is not kept from it.
    """
    try:
        with (folder / LOCK).open(encoding="utf-8") as lock:
            words = lock.read(80).split()
            os.kill(int(words[1]), 0)
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (PermissionError, BlockingIOError):
        return words[3]
    except (
        OSError,
        ValueError,
        IndexError,
        OverflowError,
    ):  # no lock, no holder, or nothing that is known of it
        pass
    return None


def take_lock(folder: Path) -> TextIO:
    """Take the writer's lock of an archive. Raises `ArchiveLocked` where another process has it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        if error.errno == errno.EROFS:
            raise ArchiveError(
                f"{folder}: the disk is read-only: mount it for writing and run again"
            ) from None
        raise ArchiveUsageError(
            f"{folder}: cannot be written ({error.strerror}): choose another folder with --data or "
            "mend its permissions"
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        holder = lock.read().strip() or "another process"
        lock.close()
        raise ArchiveLocked(
            f"{folder}: another run is writing to this archive ({holder})"
        ) from None
    lock.truncate(0)
    lock.write(f"process {os.getpid()} since {utc(now())}\n")
    lock.flush()
    return lock
