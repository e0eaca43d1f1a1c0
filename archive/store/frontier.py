"""frontier: the URLs that are known and not finished: what waits, and when it is due."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from archive.store.transactions import Transactions
from archive.times import utc


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
    said: bytes | None = None
    """The source's entry as served, where it says more than that."""


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


class Frontier(Transactions):
    """The part of the store that knows which URLs wait."""

    def add_candidates(
        self, site: str, crawl: int, candidates: Iterable[Candidate], at: datetime
    ) -> int:
        """Put URLs that no source lists, but a page links to, into the frontier."""
        with self.transaction() as c:
            discovered = insert_candidates(c, site, None, list(candidates), utc(at))
            count_discovered(c, crawl, discovered)
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

    def visits_since(self, site: str, since: datetime) -> int:
        """How many article requests a site has had since a moment."""
        row = self.connection.execute(
            "SELECT count(*) FROM frontier WHERE site = ? AND visited_at >= ?", (site, utc(since))
        ).fetchone()
        return int(row[0])

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


def insert_candidates(
    c: sqlite3.Connection, site: str, source: int | None, listed: list[Candidate], moment: str
) -> int:
    """Add URLs that are not known; returns how many there were."""
    before = c.total_changes
    c.executemany(
        "INSERT OR IGNORE INTO frontier "
        "(site, url, source, discovered_at, hint, depth, changed, changed_by, due) "
        "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, CASE WHEN ?7 IS NULL THEN NULL ELSE ?3 END, ?4 "
        "WHERE NOT EXISTS (SELECT 1 FROM aliases WHERE url = ?2)",
        [(site, item.url, source, moment, item.hint, item.depth, item.changed) for item in listed],
    )
    return c.total_changes - before


def count_discovered(c: sqlite3.Connection, crawl: int, number: int) -> None:
    """Count URLs that a crawl was the first to see."""
    c.execute("UPDATE crawls SET discovered = discovered + ? WHERE id = ?", (number, crawl))


def look_again(c: sqlite3.Connection, source: int, listed: list[Candidate], moment: str) -> None:
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
