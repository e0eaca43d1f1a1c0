"""store: the archive's folder opened, and the only writer of its database.

Everything that is learnt from one visit to one URL is stored in one transaction, so that a crash at
any instant leaves either all of it or nothing, and the next run carries on.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from sqlite_utils import Database

from archive.article import Article
from archive.captures import Capture, CaptureWriter, cut_torn_tail
from archive.errors import ArchiveError, ArchiveLocked, ArchiveUsageError
from archive.schema import OUTCOMES, check_version, migrate
from archive.search import Index
from archive.times import now, utc

DATABASE = "news.db"
LOCK = "newsbot.lock"
BUSY_SECONDS = 60
"""How long one statement waits for another process, in seconds."""
SECOND_LOOK = timedelta(days=1)
"""Time between the first 404 or 410 and the second look that makes an article `gone`."""


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


@dataclass(slots=True)
class Visit:
    """What one look at one frontier URL brought.

    `outcome` is given where the page held no article to store; for an article it is found out here.
    """

    frontier: int
    crawl: int
    site: str
    fetched_at: datetime
    due: datetime | None = None
    """When to look again; None closes the URL."""
    outcome: str | None = None
    status: int | None = None
    error: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    article: Article | None = None
    urls: tuple[str, ...] = ()
    """Every address that led here: requested, redirects, canonical."""
    captures: list[Capture] = field(default_factory=list)
    """The last one is the page itself."""


def open_database(folder: Path) -> Database:
    """Open an archive for reading. Raises `ArchiveUsageError` where there is none or it is newer."""
    path = folder / DATABASE
    if not path.is_file():
        raise ArchiveUsageError(
            f"{folder}: no archive here ({DATABASE} is missing); run `newsbot crawl` first or name "
            "another folder with --data"
        )
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS
        )
        connection.isolation_level = None
        check_version(connection.execute("PRAGMA user_version").fetchone()[0], path)
    except sqlite3.DatabaseError as error:
        raise _explained(error, path) from None
    return Database(connection, execute_plugins=False)


def _explained(error: sqlite3.Error, path: Path) -> ArchiveError:
    text = str(error)
    if "not a database" in text or "malformed" in text:
        return ArchiveError(f"{path} is damaged ({text}): restore it from a copy")
    if "full" in text:
        return ArchiveError(f"{path}: the disk is full: free some space and run again")
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
        if error.errno in (28, 122):  # ENOSPC, EDQUOT
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
            ):
                self.connection.execute(f"PRAGMA {pragma}")
            migrate(self.db, path)
            self._index = Index(self.connection)
        except sqlite3.DatabaseError as error:
            self._lock.close()
            raise _explained(error, path) from None
        except BaseException:
            self._lock.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close files and database and give the lock back."""
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()
        self.connection.close()
        self._lock.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """BEGIN IMMEDIATE … COMMIT; rolls back on any error."""
        with explained_errors(self.folder):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                self._index.forget()
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    # -- sites, crawls, sources -----------------------------------------------------------------

    def save_site(self, site: Mapping[str, Any]) -> None:
        """Keep what the profile says of a newspaper beside its articles."""
        with self.transaction() as c:
            _upsert(c, "sites", "id", site)

    def start_crawl(self, site: str, started_at: datetime) -> int:
        """Open a crawl of one site and return its id; mends what a crash left in its WARC files."""
        self._mend_captures(site)
        with self.transaction() as c:
            row = c.execute(
                "INSERT INTO crawls (site, started_at, version) VALUES (?, ?, ?)",
                (site, utc(started_at), self.software),
            )
            return int(row.lastrowid or 0)

    def finish_crawl(self, crawl: int, ended_at: datetime, reason: str, requests: int) -> None:
        """Close a crawl. `reason` is `finished` or what interrupted it."""
        with self.transaction() as c:
            c.execute(
                "UPDATE crawls SET ended_at = ?, reason = ?, requests = ? WHERE id = ?",
                (utc(ended_at), reason, requests, crawl),
            )

    def source(self, site: str, url: str, kind: str, found_by: str = "profile") -> dict[str, Any]:
        """The row of a source, made where there is none."""
        with self.transaction() as c:
            c.execute(
                "INSERT OR IGNORE INTO sources (site, kind, url, found_by) VALUES (?, ?, ?, ?)",
                (site, kind, url, found_by),
            )
            return _one(c, "SELECT * FROM sources WHERE site = ? AND url = ?", (site, url))

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

    def _mend_captures(self, site: str) -> None:
        known: dict[str, int] = dict(
            self.connection.execute(
                "SELECT warc, max(warc_offset + warc_length) FROM captures WHERE site = ? GROUP BY warc",
                (site,),
            ).fetchall()
        )
        for path in sorted((self.folder / "warc" / site).glob("*.warc.gz")):
            name = path.relative_to(self.folder).as_posix()
            cut_torn_tail(path, min(known.get(name, 0), path.stat().st_size))

    # -- visits ---------------------------------------------------------------------------------

    def record(self, visit: Visit) -> str:
        """Store everything one visit brought, in one transaction, and return its outcome."""
        if visit.captures:
            self.captures(visit.site).sync()
        with self.transaction() as c:
            page = [_insert_capture(c, visit, capture) for capture in visit.captures]
            known = self._known_article(c, visit)
            if visit.article and visit.article.is_article:
                outcome, known = _store_article(
                    c, self._index, visit, known, page[-1] if page else None
                )
            else:
                outcome = self._outcome_without_article(c, visit, known)
            if known and page:
                c.executemany(
                    "UPDATE captures SET article = ? WHERE id = ?",
                    [(known, capture) for capture in page],
                )
            assert outcome in OUTCOMES
            self._close_visit(c, visit, outcome, known)
        return outcome

    def _known_article(self, c: sqlite3.Connection, visit: Visit) -> int | None:
        for url in reversed(visit.urls):  # the canonical address, last, says most
            row = c.execute("SELECT article FROM aliases WHERE url = ?", (url,)).fetchone()
            if row:
                return int(row[0])
        return None

    def _outcome_without_article(
        self, c: sqlite3.Connection, visit: Visit, known: int | None
    ) -> str:
        """`unchanged` touches the article; a missing page is `gone` only at the second look."""
        outcome = visit.outcome or "not_article"
        moment = utc(visit.fetched_at)
        if outcome == "unchanged" and known:
            c.execute(
                "UPDATE articles SET last_seen = ?, gone_since = NULL WHERE id = ?", (moment, known)
            )
        if known and outcome in ("gone", "not_article"):
            row = c.execute(
                "SELECT outcome, error, visited_at FROM frontier WHERE id = ?", (visit.frontier,)
            ).fetchone()
            if row["error"] != "missing":
                visit.error = "missing"
                visit.due = visit.fetched_at + SECOND_LOOK
                return "deferred"
            c.execute(
                "UPDATE articles SET gone_since = coalesce(gone_since, ?) WHERE id = ?",
                (row["visited_at"], known),
            )
            return "gone"
        return outcome

    def _close_visit(
        self, c: sqlite3.Connection, visit: Visit, outcome: str, article: int | None
    ) -> None:
        moment = utc(visit.fetched_at)
        failed = outcome in ("failed", "blocked", "deferred")
        c.execute(
            "UPDATE frontier SET visited_at = ?, outcome = ?, status = ?, error = ?, due = ?, "
            "etag = coalesce(?, etag), last_modified = coalesce(?, last_modified), "
            "article = coalesce(?, article), attempts = attempts + 1, "
            "failures = CASE WHEN ? THEN failures + 1 ELSE 0 END WHERE id = ?",
            (
                moment, outcome, visit.status, visit.error,
                utc(visit.due) if visit.due else None,
                visit.etag, visit.last_modified, article, failed, visit.frontier,
            ),
        )  # fmt: skip
        c.execute(f"UPDATE crawls SET {outcome} = {outcome} + 1 WHERE id = ?", (visit.crawl,))  # noqa: S608 -- one of OUTCOMES
        if article:
            # Other addresses of the article that wait in the frontier need no visit of their own.
            c.executemany(
                "UPDATE frontier SET due = NULL, outcome = 'excluded', error = 'alias', article = ?1 "
                "WHERE url = ?2 AND id <> ?3",
                [(article, url, visit.frontier) for url in visit.urls],
            )


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


def content_digest(title: str | None, text: str) -> str:
    """SHA-256 of what makes a revision: title and text, as `sha256:` and hex."""
    return "sha256:" + hashlib.sha256(f"{title or ''}\n\n{text}".encode()).hexdigest()


def _store_article(
    c: sqlite3.Connection, index: Index, visit: Visit, known: int | None, capture: int | None
) -> tuple[str, int]:
    article = visit.article
    assert article is not None
    moment = utc(visit.fetched_at)
    url = article.canonical_url or article.url
    digest = content_digest(article.title, article.text)
    row: dict[str, Any] = {
        "site": visit.site,
        "url": url,
        "title": article.title,
        "text": article.text,
        "authors": _json(article.authors),
        "published": article.published,
        "published_raw": article.published_raw,
        "modified": article.modified,
        "section": article.section,
        "language": article.language,
        "image": article.image,
        "views": article.views,
        "comments": article.comments,
        "captions": _json(article.captions),
        "editions": _json(article.editions),
        "layout": article.layout,
        "charset": article.charset,
        "sources": _json(article.sources),
        "flags": _json(article.flags),
        "last_seen": moment,
        "gone_since": None,
        "capture": capture,
    }
    if known is None:
        known = _insert(c, "articles", {**row, "first_seen": moment})
        _insert_revision(c, known, 1, article, digest, moment, capture)
        index.add(known, article.title, article.text, article.language)
        outcome = "new"
    else:
        old = _one(
            c,
            "SELECT a.revision, a.title, a.text, a.language, a.published, r.digest FROM articles a "
            "LEFT JOIN revisions r ON r.article = a.id AND r.number = a.revision WHERE a.id = ?",
            (known,),
        )
        if old["text"] and not article.text:
            # A page that lost its text is a fault of the server, not an edit.
            visit.error = "the page came without its text; the earlier revision stays"
            return "deferred", known
        if article.published is None:
            row.pop("published")
            row.pop("published_raw")
        taken = c.execute(
            "SELECT 1 FROM articles WHERE url = ? AND id <> ?", (url, known)
        ).fetchone()
        if taken:
            row.pop("url")
        outcome = "unchanged"
        if old["digest"] == digest:
            for name in ("title", "text", "capture"):
                row.pop(name)
        else:
            row["revision"] = old["revision"] + 1
            _insert_revision(c, known, row["revision"], article, digest, moment, capture)
            outcome = "updated"
        printed = (article.title, article.text, article.language)
        indexed = (old["title"], old["text"], old["language"])
        if printed != indexed:
            index.remove(known, *indexed)
            index.add(known, *printed)
        _update(c, "articles", known, row)
    _set_tags(c, known, article.tags)
    _add_engagement(c, known, moment, article)
    for address in dict.fromkeys((*visit.urls, url)):
        c.execute(
            "INSERT OR IGNORE INTO aliases (url, article, first_seen) VALUES (?, ?, ?)",
            (address, known, moment),
        )
    return outcome, known


def _insert_revision(
    c: sqlite3.Connection,
    article_id: int,
    number: int,
    article: Article,
    digest: str,
    moment: str,
    capture: int | None,
) -> None:
    _insert(
        c,
        "revisions",
        {
            "article": article_id,
            "number": number,
            "title": article.title,
            "text": article.text,
            "digest": digest,
            "seen_at": moment,
            "capture": capture,
        },
    )


def _set_tags(c: sqlite3.Connection, article_id: int, tags: list[str]) -> None:
    c.executemany("INSERT OR IGNORE INTO tags (name) VALUES (?)", [(tag,) for tag in tags])
    ids = {
        row[0] for tag in tags for row in c.execute("SELECT id FROM tags WHERE name = ?", (tag,))
    }
    old = {
        row[0] for row in c.execute("SELECT tag FROM article_tags WHERE article = ?", (article_id,))
    }
    c.executemany(
        "DELETE FROM article_tags WHERE article = ? AND tag = ?",
        [(article_id, t) for t in old - ids],
    )
    c.executemany(
        "INSERT INTO article_tags (article, tag) VALUES (?, ?)",
        [(article_id, t) for t in ids - old],
    )


def _add_engagement(c: sqlite3.Connection, article_id: int, moment: str, article: Article) -> None:
    if article.views is None and article.comments is None:
        return
    last = c.execute(
        "SELECT views, comments FROM engagement WHERE article = ? ORDER BY seen_at DESC LIMIT 1",
        (article_id,),
    ).fetchone()
    if last and (last["views"], last["comments"]) == (article.views, article.comments):
        return
    c.execute(
        "INSERT OR REPLACE INTO engagement (article, seen_at, views, comments) VALUES (?, ?, ?, ?)",
        (article_id, moment, article.views, article.comments),
    )


def _insert_capture(c: sqlite3.Connection, visit: Visit, capture: Capture) -> int:
    return _insert(
        c,
        "captures",
        {
            "site": visit.site,
            "crawl": visit.crawl,
            "url": capture.url,
            "fetched_at": capture.fetched_at,
            "status": capture.status,
            "content_type": capture.content_type,
            "payload_digest": capture.payload_digest,
            "payload_length": capture.payload_length,
            "warc": capture.warc,
            "warc_offset": capture.warc_offset,
            "warc_length": capture.warc_length,
            "record_id": capture.record_id,
        },
    )


def _take_lock(folder: Path) -> TextIO:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("a+", encoding="utf-8")
    except OSError as error:
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


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _one(c: sqlite3.Connection, sql: str, args: tuple[Any, ...]) -> dict[str, Any]:
    cursor = c.execute(sql, args)
    row = cursor.fetchone()
    return {d[0]: value for d, value in zip(cursor.description, row, strict=True)}


# Column names below are this module's own, never input.
def _insert(c: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> int:
    marks = ", ".join("?" * len(row))
    sql = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"  # noqa: S608
    return int(c.execute(sql, tuple(row.values())).lastrowid or 0)


def _update(c: sqlite3.Connection, table: str, key: int, row: Mapping[str, Any]) -> None:
    columns = ", ".join(f"{name} = ?" for name in row)
    c.execute(f"UPDATE {table} SET {columns} WHERE id = ?", (*row.values(), key))  # noqa: S608


def _upsert(c: sqlite3.Connection, table: str, key: str, row: Mapping[str, Any]) -> None:
    columns = ", ".join(f"{name} = excluded.{name}" for name in row if name != key)
    marks = ", ".join("?" * len(row))
    c.execute(
        f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks}) "  # noqa: S608
        f"ON CONFLICT ({key}) DO UPDATE SET {columns}",
        tuple(row.values()),
    )
