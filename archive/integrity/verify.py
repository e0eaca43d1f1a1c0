"""verify: whether an archive is as it was written: what is damaged, what disagrees, what to do.

`database` reads news.db, `records` the WARC files; nothing is changed, and nobody is kept from writing.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from archive.captures.files import open_file
from archive.errors import ArchiveError, ArchiveUsageError
from archive.integrity.database import check_database, check_sqlite, unreadable
from archive.integrity.finding import Finding
from archive.integrity.records import check_records, files
from archive.store import DATABASE, LOCK, open_database
from archive.store.opening import LostDatabase, reading
from archive.store.schema import is_subset
from archive.store.version import EarlySchema, OlderSchema

Texts = Callable[[sqlite3.Connection], Iterable[Finding]]


def verify(
    folder: Path,
    *,
    full: bool = False,
    texts: Texts | None = None,
    step: Callable[[str], object] = lambda _: None,
    progress: Callable[[int], object] = lambda _: None,
) -> Iterator[Finding]:
    """Check an archive and say what is wrong with it, thing by thing.

    The quick check reads all of news.db and both ends of each WARC file. With `full`, every byte of
    every WARC file is read and compared with its row, and `texts`, where given, is asked which
    articles are read otherwise today. `step` is told the name of each check, `progress` of bytes read
    from WARC files.

    Raises `ArchiveUsageError` where there is no archive, or one of a newer schema.
    """
    try:
        c = open_database(folder, everything=True).conn
    except LostDatabase as error:
        yield Finding("damage", "sqlite", DATABASE, f"the file is {error.state}", "rebuild")
        return
    except EarlySchema:
        if not next(files(folder), None):
            raise
        what = "it was written by an early newsbot, with other tables"
        yield Finding("damage", "schema", DATABASE, what, "rebuild")
        return
    except OlderSchema as error:
        sound = Finding("inconsistency", "schema", DATABASE, error.what, "upgrade")
        yield from _damage(folder) or [sound]
        return
    except ArchiveUsageError:
        raise
    except ArchiveError as error:
        if not next(files(folder), None):
            raise
        yield unreadable(DATABASE, error)
        return
    with closing(c):
        step("database")
        if is_subset(c):
            yield from (replace(found, remedy="export") for found in check_database(c))
            what = "it holds some articles of an archive, without their captures"
            yield Finding("note", "records", DATABASE, what, "evidence")
            return
        yield from check_database(c)
        step("records")
        is_written = _is_being_written(folder)
        try:
            yield from check_records(c, folder, full=full, is_written=is_written, progress=progress)
            if full and texts:
                step("texts")
                yield from texts(c)
        except (sqlite3.DatabaseError, TypeError, ValueError) as error:
            yield unreadable(DATABASE, error)


def _damage(folder: Path) -> list[Finding]:
    """What SQLite says of the pages of a database, of whatever schema."""
    try:
        with closing(sqlite3.connect(reading(folder), uri=True)) as c:
            return [found for found in check_sqlite(c) if found.severity == "damage"]
    except sqlite3.DatabaseError as error:
        return [unreadable(DATABASE, error)]


def _is_being_written(folder: Path) -> bool:
    """Whether another process holds the writer's lock at this moment."""
    try:
        with open_file(folder / LOCK, folder) as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False
