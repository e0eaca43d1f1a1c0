"""transactions: the writer's connection, and which writes share a commit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from archive.captures import CaptureWriter, mend
from archive.errors import ArchiveUsageError
from archive.store import withheld
from archive.store.changes import Changes
from archive.store.index import Index
from archive.store.opening import (
    BUSY_SECONDS,
    DATABASE,
    check_place,
    explained,
    explained_errors,
    make,
    open_database,
    take_lock,
)
from archive.store.schema import is_subset
from archive.store.upgrade import upgrade
from archive.store.version import OlderSchema, check_version

GROUP = 32
"""Visits that share a commit, at most."""


class Transactions:
    """One connection that writes, and the lock that keeps others from it while the process lives."""

    def __init__(self, folder: Path, software: str, database: str = DATABASE) -> None:
        """Create or open the archive in `folder`; `database` is the name of its database there.

        `software` is what its files name as their maker.

        Raises `ArchiveLocked` where another process writes to it, `ArchiveUsageError` where the
        folder cannot be written or holds something else, `ArchiveError` where it is damaged or lost.
        """
        self.folder = folder
        self.software = software
        self._writers: dict[str, CaptureWriter] = {}
        self._batched = False
        self._waiting = 0
        """Visits of the open transaction that wait for their commit."""
        path = folder / database
        is_older = False
        if database == DATABASE and check_place(path):
            try:
                open_database(folder).close()  # a stranger's folder gets no lock of ours
            except OlderSchema:
                is_older = True
        self._lock = take_lock(folder)
        try:
            if not path.exists():
                make(path)
            if is_older:
                upgrade(path)
            self.connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            self.connection.row_factory = sqlite3.Row
            self.db = Database(self.connection, execute_plugins=False)
            check_version(self.connection, path)
            if is_subset(self.connection):
                raise ArchiveUsageError(
                    f"{folder} holds articles that were exported from an archive, without their captures: "
                    "it is there to be read; name the archive itself with --data, or another folder"
                )
            for pragma in (
                "trusted_schema = OFF",
                "journal_mode = WAL",
                "synchronous = FULL",  # a commit that was reported survives a power cut
                "foreign_keys = ON",
                "cache_size = -32768",  # KiB; with SQLite's 2 MiB each article fetches its pages anew
            ):
                self.connection.execute(f"PRAGMA {pragma}")
            self.changes = Changes(self.connection, Index(self.connection))
            self.follow_decisions()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            self._lock.close()
            raise explained(error, path) from None
        except BaseException:
            self._lock.close()
            raise

    def follow_decisions(self) -> None:
        """Let what people have decided hold: as the archive is opened, and when decisions have come."""
        withheld.follow(self.connection, self.changes.index, self.folder)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """BEGIN IMMEDIATE … COMMIT; rolls back on any error. Inside a batch, a part of it."""
        if self._batched:
            yield self.connection
            return
        self.commit()
        with explained_errors(self.folder):
            self.connection.execute("BEGIN IMMEDIATE")
            with self._rolled_back():
                yield self.connection
                self.changes.finish()
                self.connection.execute("COMMIT")

    @contextmanager
    def _rolled_back(self) -> Iterator[None]:
        """What is written inside is undone where it fails."""
        try:
            yield
        except BaseException:
            self.changes.forget()
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Make one transaction of everything written inside: all of it is stored, or nothing.

        For imports; thousands of visits share one commit, and captures are on disk before it.
        """
        with self.transaction(), self.changes.index.together():
            self._batched = True
            try:
                yield
                self.sync_captures()
            finally:
                self._batched = False

    @contextmanager
    def _shared(self) -> Iterator[sqlite3.Connection]:
        """A part of the open transaction that fails alone; its commit is to follow soon.

        The disk confirms two writes a commit; with one commit a visit a fast crawl would mostly wait
        for that. `commit` ends the transaction, and so do `GROUP` visits and every other write.
        """
        with explained_errors(self.folder):
            c = self.connection
            if not self._waiting:
                c.execute("BEGIN IMMEDIATE")
            c.execute("SAVEPOINT visit")
            try:
                yield c
            except BaseException:
                self.changes.index.forget()
                if not c.in_transaction:  # SQLite rolls back by itself where the disk is full
                    self._waiting = 0
                else:
                    c.execute("ROLLBACK TO visit" if self._waiting else "ROLLBACK")
                raise
            c.execute("RELEASE visit")
        self._waiting += 1
        if self._waiting >= GROUP:
            self.commit()

    def commit(self) -> None:
        """Make what `record_soon` has stored last. Raises `ArchiveError` where the disk is full."""
        if self._waiting:
            self._waiting = 0
            with explained_errors(self.folder), self._rolled_back():
                self.changes.finish()
                self.sync_captures()
                self.connection.execute("COMMIT")

    def captures(self, site: str) -> CaptureWriter:
        """The writer of a site's WARC files; first it puts right what a crash left in them."""
        if site not in self._writers:
            # For each file that captures lie in, up to which byte they vouch for it.
            known: dict[str, int] = dict(
                self.connection.execute(
                    "SELECT warc, max(warc_offset + warc_length) FROM captures "
                    "WHERE warc > ? AND warc < ? GROUP BY warc",  # by the index; 0 follows the slash
                    (f"warc/{site}/", f"warc/{site}0"),
                ).fetchall()
            )
            with explained_errors(self.folder):
                mend(self.folder, site, known)
            self._writers[site] = CaptureWriter(self.folder, site, self.software)
        return self._writers[site]

    def sync_captures(self) -> None:
        """Have the WARC records on disk that rows of the open transaction refer to."""
        for writer in self._writers.values():
            writer.sync()
