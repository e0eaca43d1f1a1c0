"""opening: the database of an archive's folder opened, its lock, and errors in one clear line."""

from __future__ import annotations

import errno
import fcntl
import io
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TextIO

from sqlite_utils import Database

from archive.captures.files import STRANGE, check_inside, open_file, own_file, sync_folder
from archive.errors import ArchiveError, ArchiveLocked, ArchiveUsageError
from archive.notes import Spelling, offer
from archive.store.schema import create
from archive.store.version import check_version, stranger
from archive.store.views import hide
from archive.times import now, utc

DATABASE = "news.db"
LOCK = "newsbot.lock"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of the operating system that mean: no more bytes."""
UNFIT = (
    errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.ELOOP, errno.ENAMETOOLONG,
)  # fmt: skip
"""Errors of the operating system that mean: the place that was named cannot be used."""
_BESIDE = ("-wal", "-shm", "-journal")
"""Ends of the names of files that SQLite opens beside a database; a pipe would hang it."""
_MAGIC = b"SQLite format 3\0"
BUSY_SECONDS = 60
"""How long one statement waits for another process, in seconds."""


def open_database(folder: Path, *, everything: bool = False, spelling: Spelling = str) -> Database:
    """Open an archive for reading, without what is withheld unless `everything` is asked for.

    Notes are found by the addresses that they name, and by what `spelling` makes of these.
    Raises `ArchiveUsageError` where there is none or it is newer.
    """
    path = folder / DATABASE
    if not check_place(path):
        raise ArchiveUsageError(
            f"{folder}: no archive here ({DATABASE} is missing); run `newsbot crawl` first or name "
            "another folder with --data"
        )
    try:
        connection = sqlite3.connect(reading(folder), uri=True, timeout=BUSY_SECONDS)
        connection.isolation_level = None
        connection.execute("PRAGMA trusted_schema = OFF")  # it may be somebody else's
        check_version(connection, path)
        hide(connection, everything=everything)
        offer(connection, folder, spelling)
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise explained(error, path) from None
    return Database(connection, execute_plugins=False)


def reading(folder: Path) -> str:
    """The URI by which SQLite only reads the database in `folder`."""
    path = folder / DATABASE
    uri = f"{path.absolute().as_uri()}?mode=ro"
    if _is_read_only(folder) and not path.with_name(f"{DATABASE}-wal").exists():
        # SQLite cannot make the files there by which readers and writers know of each other, and
        # need not.
        uri += "&immutable=1"
    return uri


class LostDatabase(ArchiveError):
    """There are captures and no database: a new one would begin another history of the same pages."""

    def __init__(self, path: Path) -> None:
        self.state = "empty" if path.exists() else "missing"
        super().__init__(
            f"{path} is {self.state}, and warc/ beside it holds captures: `newsbot verify --repair` "
            "makes it anew from them"
        )


def check_place(path: Path) -> bool:
    """Whether there is a database; nothing is written, and no link is followed.

    Raises `ArchiveUsageError` where something else has its name, `LostDatabase` where the captures of
    one are there without it (a repair makes it anew, under another name), `ArchiveError` where its
    first bytes are no database's.
    """
    for one in (path, *(path.with_name(path.name + suffix) for suffix in _BESIDE)):
        if one.is_symlink():
            raise ArchiveUsageError(
                f"{one} is a link, which is not followed: name the folder that holds the file itself"
            )
        if one.exists() and not one.is_file():
            raise ArchiveUsageError(f"{one} is no ordinary file: name another folder with --data")
    if not path.exists() or not path.stat().st_size:
        if any(path.parent.glob("warc/*/*.warc*")):
            raise LostDatabase(path)
        if path.exists():
            raise ArchiveUsageError(f"{path} is empty: delete it, or name another folder")
        return False
    with open_file(path) as file:
        head = file.read(64)
    if not head.startswith(_MAGIC):
        raise damaged(sqlite3.DatabaseError("file is not a database"), path)
    if head[60:] == bytes(4):  # its user_version
        raise stranger(path)
    return True


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


def is_failure(error: sqlite3.Error) -> bool:
    """Whether an error tells of the database or its disk, and not of what was asked of it."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    asked = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_CONSTRAINT)
    return is_damage(error) or code not in asked


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
    if "full" in text or getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_IOERR_WRITE:
        return ArchiveError(f"{path}: the disk is full: free some space and run again")
    if "readonly" in text and _is_read_only(path.parent):
        return ArchiveError(f"{path}: the disk is read-only: mount it for writing and run again")
    if "readonly" in text or "unable to open" in text:
        return ArchiveUsageError(f"{path}: cannot be written or opened ({text}): check permissions")
    if "locked" in text:
        return ArchiveLocked(f"{path} is locked by another program: try again later")
    return ArchiveError(f"{path}: {text}")


def make(path: Path) -> None:
    """Make an empty database, which is there whole or not at all. Raises sqlite3.Error."""
    part = path.with_name(f"{path.name}.part")
    remove_database(part)
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as c:
            create(c)
        part.rename(path)
        sync_folder(path.parent)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        part.unlink(missing_ok=True)


def remove_database(path: Path, but: Path | None = None) -> None:
    """Remove a database with the files that SQLite may have left beside it."""
    for suffix in ("", *_BESIDE):
        beside = path.with_name(path.name + suffix)
        if beside != but:
            beside.unlink(missing_ok=True)


def stamp() -> str:
    """Now, as names of files say it."""
    return utc(now()).replace("-", "").replace(":", "")


def replace_database(folder: Path, part: str) -> str | None:
    """Put a new database in the place of the old one; returns the name by which that is kept."""
    live, kept = folder / DATABASE, folder / f"news.damaged-{stamp()}.db"
    uri = f"{live.absolute().as_uri()}?mode=rw"
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)) as c,
    ):
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # or a crash below would lose what is in it
    with (folder / part).open("rb") as file:
        os.fsync(file.fileno())
    for suffix in ("", "-wal"):
        source, target = folder / f"{DATABASE}{suffix}", folder / f"{kept.name}{suffix}"
        if source.exists() and (not suffix or source.stat().st_size):
            try:
                os.link(source, target)
            except OSError:  # a disk without links
                shutil.copy2(source, target)
    for suffix in ("-wal", "-shm"):
        (folder / f"{DATABASE}{suffix}").unlink(missing_ok=True)
    (folder / part).replace(live)
    sync_folder(folder)
    return kept.name if kept.exists() else None


@contextmanager
def explained_errors(folder: Path) -> Iterator[None]:
    """Turn SQLite's and the disk's errors into `ArchiveError`s of one clear line."""
    try:
        yield
    except sqlite3.Error as error:
        raise explained(error, folder / DATABASE) from error
    except OSError as error:
        if error.errno in FULL:
            raise ArchiveError(
                f"{folder}: the disk is full: free some space and run again"
            ) from error
        if error.errno in STRANGE and error.filename:
            raise ArchiveUsageError(f"{error.filename}: {error.strerror}") from None
        raise


def log_file(folder: Path, name: str) -> Path:
    """A file of the archive's `logs/`, to be appended to. Raises `ArchiveUsageError` where it is another's."""
    path = folder / "logs" / name
    with explained_errors(folder):
        check_inside(path.parent, folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        own_file(path, "ab", folder).close()
    return path


def writing_since(folder: Path) -> str | None:
    """Since when a process has been writing to an archive (as `take_lock` notes it); None where none is.

    The lock is only tried where its holder lives, so that a crawl that starts now is not kept from it.
    """
    try:
        with open_file(folder / LOCK, folder) as lock:
            words = lock.read(80).decode().split()
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
        if os.path.lexists(folder / LOCK):
            open_file(folder / LOCK, folder).close()  # no link and no pipe
        lock = io.TextIOWrapper(own_file(folder / LOCK, "a+b"), encoding="utf-8")
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
