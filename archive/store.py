"""store: the archive's folder opened, and the only writer of its database.

Everything that is learnt from one visit to one URL is stored in one transaction, so that a crash at
any instant leaves either all of it or nothing, and the next run carries on.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from sqlite_utils import Database

from archive import visits
from archive.article import Article
from archive.captures import CaptureWriter, mend, pack
from archive.errors import ArchiveError, ArchiveLocked, ArchiveUsageError
from archive.rows import one, upsert
from archive.schema import check_version, migrate
from archive.seals import PageSeals, seal_records
from archive.search import Index
from archive.times import now, utc
from archive.visits import Visit

DATABASE = "news.db"
LOCK = "newsbot.lock"
BUSY_SECONDS = 60
"""How long one statement waits for another process, in seconds."""
GROUP = 32
"""Visits that share a commit, at most."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A URL that a source listed. Moments are ISO 8601 in UTC or bare dates."""

    url: str
    hint: str | None = None
    """The source's date for it: newest are crawled first."""
    changed: str | None = None
    """When the source says it was last edited; a known article is due again when that is news."""
    depth: int = 0
    """Links followed from a source to get here."""


@dataclass(frozen=True, slots=True)
class Due:
    """A frontier row whose time has come."""

    id: int
    url: str
    article: int | None
    etag: str | None
    last_modified: str | None
    failures: int
    depth: int
    dated: str | None
    """When the known article was published, or else first seen."""


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
        check_version(connection.execute("PRAGMA user_version").fetchone()[0], path)
        connection.execute("SELECT 1 FROM sqlite_master")  # has the schema read
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise _explained(error, path) from None
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


def _explained(error: sqlite3.Error | UnicodeDecodeError, path: Path) -> ArchiveError:
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
        raise _explained(error, folder / DATABASE) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ArchiveError(
                f"{folder}: the disk is full: free some space and run again"
            ) from error
        raise


class Store:
    """The one writer. Holds a lock that dies with the process; use as a context manager."""

    def __init__(self, folder: Path, software: str = "newsbot") -> None:
        """Create or open the archive in `folder`.

        Raises `ArchiveLocked` where another process writes to it, `ArchiveUsageError` where the
        folder cannot be written or the database is newer, `ArchiveError` where it is damaged.
        """
        self.folder = folder
        self.software = software
        self._writers: dict[str, CaptureWriter] = {}
        self._batched = False
        self._waiting = 0
        """Visits of the open transaction that `record_soon` began."""
        self._lock = _take_lock(folder)
        path = folder / DATABASE
        try:
            self.connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            self.connection.row_factory = sqlite3.Row
            self.db = Database(self.connection, execute_plugins=False)
            for pragma in (
                "journal_mode = WAL",
                "synchronous = FULL",  # a commit that was reported survives a power cut
                "foreign_keys = ON",
                "cache_size = -32768",  # KiB; with SQLite's 2 MiB each article fetches its pages anew
            ):
                self.connection.execute(f"PRAGMA {pragma}")
            self._seals = PageSeals(self.connection, path)
            migrate(self.db, path)
            self._seals.settle()
            self._index = Index(self.connection)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            self._lock.close()
            raise _explained(error, path) from None
        except BaseException:
            self._lock.close()
            raise

    @property
    def index(self) -> Index:
        """The full-text index, for writers of whole articles (`archive.merge`)."""
        return self._index

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close files and database and give the lock back."""
        if self._lock.closed:
            return
        for writer in self._writers.values():
            writer.close()
        try:
            with self.transaction() as c:
                for site in self._writers:
                    seal_records(c, self.folder, site)
            self._seals.finish()
        finally:
            self._writers.clear()
            self.connection.close()
            self._seals.close()
            self._lock.close()

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
                self.connection.execute("COMMIT")
                self._seals.settle()

    @contextmanager
    def _rolled_back(self) -> Iterator[None]:
        """What is written inside is undone where it fails."""
        try:
            yield
        except BaseException:
            self._index.forget()
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Make one transaction of everything written inside: all of it is stored, or nothing.

        For imports; thousands of visits share one commit, and captures are on disk before it.
        """
        with self.transaction(), self._index.together():
            self._batched = True
            try:
                yield
                self._sync_captures()
            finally:
                self._batched = False

    # -- sites, crawls, sources -----------------------------------------------------------------

    def save_site(self, site: Mapping[str, Any]) -> None:
        """Keep what the profile says of a newspaper beside its articles."""
        with self.transaction() as c:
            upsert(c, "sites", "id", site)

    def start_crawl(self, site: str, started_at: datetime) -> int:
        """Open a crawl of one site and return its id; mends what a crash left in its WARC files."""
        self.mend_captures(site)
        with self.transaction() as c:
            row = c.execute(
                "INSERT INTO crawls (site, started_at, version) VALUES (?, ?, ?)",
                (site, utc(started_at), self.software),
            )
            return int(row.lastrowid or 0)

    def finish_crawl(self, crawl: int, ended_at: datetime, reason: str, requests: int) -> None:
        """Close a crawl. `reason` is `finished` or what interrupted it."""
        site = self.connection.execute("SELECT site FROM crawls WHERE id = ?", (crawl,)).fetchone()[
            0
        ]
        self.finish_captures(site)
        with self.transaction() as c:
            c.execute(
                "UPDATE crawls SET ended_at = ?, reason = ?, requests = ? WHERE id = ?",
                (utc(ended_at), reason, requests, crawl),
            )

    def finish_captures(self, site: str) -> None:
        """Pack a site's WARC files and seal their records, as crawls, imports and merges end.

        What a killed run left undone, the end of the next one does. Raises `ArchiveError` where the
        disk is full; nothing is lost then.
        """
        self.commit()
        pack(self, site)
        with self.transaction() as c:
            seal_records(c, self.folder, site)

    def source(self, site: str, url: str, kind: str, found_by: str = "profile") -> dict[str, Any]:
        """The row of a source, made where there is none."""
        with self.transaction() as c:
            c.execute(
                "INSERT OR IGNORE INTO sources (site, kind, url, found_by) VALUES (?, ?, ?, ?)",
                (site, kind, url, found_by),
            )
            return one(c, "SELECT * FROM sources WHERE site = ? AND url = ?", (site, url))

    def forget_validators(self, sources: Iterable[int]) -> None:
        """Have the next poll of these sources answered in full."""
        with self.transaction() as c:
            c.executemany(
                "UPDATE sources SET etag = NULL, last_modified = NULL WHERE id = ?",
                [(source,) for source in sources],
            )

    def sources(self, site: str, found_by: str) -> list[dict[str, Any]]:
        """Rows of the sources that were found in one way (`profile`, `index` or `auto`)."""
        return list(
            self.db["sources"].rows_where(
                "site = ? AND found_by = ?", [site, found_by], order_by="id"
            )
        )

    def save_poll(
        self,
        source: int,
        crawl: int,
        candidates: Iterable[Candidate],
        *,
        polled_at: datetime,
        status: int | None,
        due: datetime | None = None,
        etag: str | None = None,
        last_modified: str | None = None,
        body_hash: str | None = None,
        error: str | None = None,
        distrust: str | None = None,
        cursor: str | None = None,
        children: Iterable[str] = (),
    ) -> int:
        """Remember a poll of a source and put what it listed into the frontier.

        `children` are the sitemaps that a sitemap index lists, `cursor` the page to carry on with
        after an interrupted back-fill. Returns how many article URLs were not known before.
        """
        listed = list(candidates)
        moment = utc(polled_at)
        with self.transaction() as c:
            site, kind = c.execute(
                "SELECT site, kind FROM sources WHERE id = ?", (source,)
            ).fetchone()
            discovered = _insert_candidates(c, site, source, listed, moment)
            if kind == "sitemap":  # the list that tells, by silence, that an article has left
                c.executemany(
                    "UPDATE frontier SET source = ?1 WHERE url = ?2 AND source IS NOT ?1",
                    [(source, item.url) for item in listed],
                )
            if not distrust:
                _look_again(c, source, listed, moment)
            # With the index's validators, or a crash now and a 304 later would lose its children.
            c.executemany(
                "INSERT INTO sources (site, kind, url, parent, found_by) "
                "VALUES (?1, 'sitemap', ?2, ?3, 'index') "
                "ON CONFLICT (site, url) DO UPDATE SET parent = ?3 WHERE id <> ?3",
                [(site, url, source) for url in children],
            )
            # A 304 carries no validators of its own: the earlier ones stay good.
            c.execute(
                "UPDATE sources SET polled_at = ?, status = ?, error = ?, distrust = ?, due = ?, "
                "cursor = ?, etag = coalesce(?, etag), last_modified = coalesce(?, last_modified), "
                "body_hash = coalesce(?, body_hash), "
                "failures = CASE WHEN ? THEN failures + 1 ELSE 0 END, "
                "found = CASE WHEN ? THEN ? ELSE found END, discovered = discovered + ? WHERE id = ?",
                (
                    moment, status, error, distrust, utc(due) if due else None,
                    cursor, etag, last_modified, body_hash, error is not None,
                    body_hash is not None, len(listed), discovered, source,
                ),
            )  # fmt: skip
            c.execute(
                "UPDATE crawls SET discovered = discovered + ? WHERE id = ?", (discovered, crawl)
            )
        return discovered

    def add_candidates(
        self, site: str, crawl: int, candidates: Iterable[Candidate], at: datetime
    ) -> int:
        """Put URLs that no source lists, but a page links to, into the frontier."""
        with self.transaction() as c:
            discovered = _insert_candidates(c, site, None, list(candidates), utc(at))
            c.execute(
                "UPDATE crawls SET discovered = discovered + ? WHERE id = ?", (discovered, crawl)
            )
        return discovered

    def look_again(self, site: str, urls: Iterable[str], at: datetime) -> int:
        """Make known articles due now, because their source no longer lists them."""
        with self.transaction() as c:
            before = c.total_changes
            c.executemany(
                "UPDATE frontier SET due = ?1 WHERE site = ?2 AND url = ?3 AND due > ?1",
                [(utc(at), site, url) for url in urls],
            )
            return c.total_changes - before

    def everything_due(self, site: str, at: datetime) -> None:
        """Make every known article and every source of a site due now."""
        with self.transaction() as c:
            c.execute(
                "UPDATE frontier SET due = ?1 WHERE site = ?2 AND due > ?1 AND article IS NOT NULL",
                (utc(at), site),
            )
            c.execute("UPDATE sources SET due = NULL WHERE site = ?", (site,))

    def listed_articles(self, source: int) -> list[str]:
        """Addresses under which a source once listed articles that are not gone."""
        rows = self.connection.execute(
            "SELECT f.url FROM frontier f JOIN articles a ON a.id = f.article "
            "WHERE f.source = ? AND a.gone_since IS NULL AND f.due IS NOT NULL",
            (source,),
        )
        return [row[0] for row in rows]

    def visits_since(self, site: str, since: datetime) -> int:
        """How many article requests a site has had since a moment."""
        row = self.connection.execute(
            "SELECT count(*) FROM frontier WHERE site = ? AND visited_at >= ?", (site, utc(since))
        ).fetchone()
        return int(row[0])

    def children(self, source: int) -> list[str]:
        """Addresses of the sitemaps that a sitemap index listed when it last changed."""
        rows = self.connection.execute(
            "SELECT url FROM sources WHERE parent = ? ORDER BY id", (source,)
        )
        return [row[0] for row in rows]

    def unpolled_children(self, site: str) -> list[str]:
        """Addresses of sitemaps that an index listed and nobody has asked for yet."""
        rows = self.connection.execute(
            "SELECT url FROM sources WHERE site = ? AND parent IS NOT NULL AND polled_at IS NULL "
            "ORDER BY id",
            (site,),
        )
        return [row[0] for row in rows]

    # -- frontier -------------------------------------------------------------------------------

    def due(
        self,
        site: str,
        at: datetime,
        limit: int,
        skip: Iterable[int] = (),
        *,
        oldest_first: bool = False,
    ) -> list[Due]:
        """URLs whose time has come: never visited ones first, newest first. `skip` are in flight.

        By days, and within a day in the order of discovery. What no source dated counts as of the
        day it was found, because front pages link what is new; so does what is dated in the future.
        """
        held = json.dumps(list(skip))
        order = "ASC" if oldest_first else "DESC"
        rows = self.connection.execute(
            "SELECT f.id, f.url, f.article, f.etag, f.last_modified, f.failures, f.depth, "  # noqa: S608
            "coalesce(a.published, a.first_seen) "
            "FROM frontier f LEFT JOIN articles a ON a.id = f.article "
            "WHERE f.site = ? AND f.due <= ? AND f.id NOT IN (SELECT value FROM json_each(?)) "
            f"ORDER BY f.visited_at IS NOT NULL, substr(min(coalesce(f.hint, f.discovered_at), f.discovered_at), 1, 10) {order}, f.id LIMIT ?",
            (site, utc(at), held, limit),
        )
        return [Due(*row) for row in rows]

    def count_due(self, site: str, at: datetime) -> int:
        """How many URLs of a site wait now."""
        row = self.connection.execute(
            "SELECT count(*) FROM frontier WHERE site = ? AND due <= ?", (site, utc(at))
        ).fetchone()
        return int(row[0])

    # -- captures -------------------------------------------------------------------------------

    def captures(self, site: str) -> CaptureWriter:
        """The writer of a site's WARC files."""
        if site not in self._writers:
            self._writers[site] = CaptureWriter(self.folder, site, self.software)
        return self._writers[site]

    def mend_captures(self, site: str) -> dict[str, int]:
        """Put right what a crash left in a site's WARC files.

        Returns for each file that captures lie in up to which byte they vouch for it.
        """
        known: dict[str, int] = dict(
            self.connection.execute(
                "SELECT warc, max(warc_offset + warc_length) FROM captures "
                "WHERE warc > ? AND warc < ? GROUP BY warc",  # by the index; 0 follows the slash
                (f"warc/{site}/", f"warc/{site}0"),
            ).fetchall()
        )
        mend(self.folder, site, known)
        return known

    def _sync_captures(self) -> None:
        for writer in self._writers.values():
            writer.sync()

    # -- visits ---------------------------------------------------------------------------------

    def record(self, visit: Visit) -> str:
        """Store everything one visit brought, in one transaction, and return its outcome."""
        if visit.captures and not self._batched:
            self.captures(visit.site).sync()
        with self.transaction() as c:
            return visits.record(c, self._index, visit)

    def record_soon(self, visit: Visit) -> str:
        """Store a visit as `record` does, but share the commit with those that follow soon.

        The disk confirms two writes a commit; with one commit a visit a fast crawl would mostly wait
        for that. `commit` ends the transaction, and so do `GROUP` visits and every other write. A
        crash before undoes the visit whole: its URL is due as before.
        """
        with explained_errors(self.folder):
            c = self.connection
            if not self._waiting:
                c.execute("BEGIN IMMEDIATE")
            c.execute("SAVEPOINT visit")
            try:
                outcome = visits.record(c, self._index, visit)
            except BaseException:
                self._index.forget()
                if not c.in_transaction:  # SQLite rolls back by itself where the disk is full
                    self._waiting = 0
                else:
                    c.execute("ROLLBACK TO visit" if self._waiting else "ROLLBACK")
                raise
            c.execute("RELEASE visit")
        self._waiting += 1
        if self._waiting >= GROUP:
            self.commit()
        return outcome

    def commit(self) -> None:
        """Make what `record_soon` has stored last. Raises `ArchiveError` where the disk is full."""
        if self._waiting:
            self._waiting = 0
            with explained_errors(self.folder), self._rolled_back():
                self._sync_captures()
                self.connection.execute("COMMIT")
                self._seals.settle()

    def reextracted(
        self, article_id: int, article: Article, at: datetime, capture: int | None = None
    ) -> bool:
        """Replace an article's fields by what better rules read in its capture, or in `capture`.

        Returns whether title or text changed; the earlier ones stay as a revision.
        """
        with self.transaction() as c:
            return visits.reextract(c, self._index, article_id, article, at, capture)


def _insert_candidates(
    c: sqlite3.Connection, site: str, source: int | None, listed: list[Candidate], moment: str
) -> int:
    before = c.total_changes
    c.executemany(
        "INSERT OR IGNORE INTO frontier "
        "(site, url, source, discovered_at, hint, depth, changed, changed_by, due) "
        "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, CASE WHEN ?7 IS NULL THEN NULL ELSE ?3 END, ?4 "
        "WHERE NOT EXISTS (SELECT 1 FROM aliases WHERE url = ?2)",
        [(site, item.url, source, moment, item.hint, item.depth, item.changed) for item in listed],
    )
    return c.total_changes - before


def _look_again(c: sqlite3.Connection, source: int, listed: list[Candidate], moment: str) -> None:
    """Known articles are due now when their source dates an edit otherwise than it did before.

    A source's dates are compared with its own earlier ones, not with our clock: newspapers' clocks
    lag, and editors backdate. Another source must name a later date, or the two would take turns.
    A bare date counts until its end: the edit may have come after a visit of the same day.
    Only a first date is held against our own visit, with an hour for clocks that lag.
    """
    c.executemany(
        """
        UPDATE frontier SET
            due = CASE
                WHEN visited_at IS NOT NULL AND outcome <> 'excluded' AND (due IS NULL OR due > ?1)
                 AND ((changed_by = ?4 AND changed <> ?3)
                      OR ?3 > coalesce(changed, strftime('%Y-%m-%dT%H:%M:%SZ', visited_at, '-1 hour'))
                      OR (length(?3) = 10 AND visited_at < ?3 || 'T24'))
                THEN ?1 ELSE due END,
            changed = CASE WHEN changed_by = ?4 OR ?3 > coalesce(changed, '') THEN ?3 ELSE changed END,
            changed_by = CASE WHEN ?3 > coalesce(changed, '') THEN ?4 ELSE changed_by END
        WHERE url = ?2 OR article = (SELECT article FROM aliases WHERE url = ?2)
        """,
        [(moment, item.url, item.changed, source) for item in listed if item.changed],
    )


def _take_lock(folder: Path) -> TextIO:
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
