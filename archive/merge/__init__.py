"""merge: joins another archive into ours, without doubling anything.

A second merge changes nothing, and but for ids and places in files the result is the same whichever
archive was joined into which. `histories` and `identity` decide, the other modules read and write.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlite_utils import Database

from archive.errors import ArchiveUsageError
from archive.merge.articles import UNFINISHED, merge_articles
from archive.merge.captures import merge_captures
from archive.merge.sides import Sides, Summary
from archive.merge.tables import merge_frontier, merge_imports, merge_sites
from archive.schema import SCHEMA_VERSION, migrate
from archive.store import DATABASE, Store, open_database
from archive.store.stories import link

__all__ = ["Summary", "merge"]


class _Rehearsed(Exception):
    """Rolls a rehearsal back."""


def merge(
    store: Store,
    other: Path,
    *,
    dry_run: bool = False,
    progress: Callable[[str], object] = lambda _: None,
) -> Summary:
    """Join the archive in the folder `other` into `store`, which must be open for nothing else.

    `other` is only read; where it was written by an older newsbot, a copy of its database is brought
    up to date. With `dry_run` everything is found out and nothing is changed. `progress` is told the
    name of each step. Works in batches: after a crash, merging again carries on. Raises
    `ArchiveUsageError` where `other` is no archive, a newer one, or `store` itself.
    """
    if other.exists() and other.resolve() == store.folder.resolve():
        raise ArchiveUsageError(f"{other} is this archive itself: name another folder")
    with _opened(other) as theirs:
        sides = Sides(store, theirs, other, dry_run)
        if dry_run:
            with suppress(_Rehearsed), store.batch():
                _merge(sides, progress)
                raise _Rehearsed
        else:
            _merge(sides, progress)
            _link(sides, progress)
            progress("packing")
            for (site,) in store.connection.execute("SELECT id FROM sites ORDER BY id").fetchall():
                store.finish_captures(site)
    return sides.summary


def _merge(sides: Sides, progress: Callable[[str], object]) -> None:
    progress("sites")
    maps = merge_sites(sides)
    progress("captures")
    merge_captures(sides, maps)
    progress("articles")
    merge_articles(sides)
    progress("frontier")
    merge_frontier(sides, maps)
    progress("imports")
    merge_imports(sides)


def _link(sides: Sides, progress: Callable[[str], object]) -> None:
    """Find stories anew where articles have changed, be it in a run that was killed."""
    marked = "SELECT 1 FROM imports WHERE kind = ? AND source = ?"
    if sides.ours.execute(marked, UNFINISHED).fetchone():
        progress("stories")
        link(sides.store)
        with sides.store.transaction() as c:
            c.execute("DELETE FROM imports WHERE kind = ? AND source = ?", UNFINISHED)


@contextmanager
def _opened(folder: Path) -> Iterator[sqlite3.Connection]:
    """The database of an archive as of now, in today's schema, for reading."""
    with tempfile.TemporaryDirectory() as scratch:
        connection = open_database(folder).conn
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version != SCHEMA_VERSION:
            copy = Path(scratch) / DATABASE
            with closing(connection), closing(sqlite3.connect(copy)) as target:
                connection.backup(target)
                target.isolation_level = None
                target.execute("PRAGMA foreign_keys = ON")
                migrate(Database(target, execute_plugins=False), copy)
            connection = open_database(Path(scratch)).conn
        with closing(connection):
            connection.execute("BEGIN")  # one moment of theirs, whatever is written meanwhile
            yield connection
