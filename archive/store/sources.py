"""sources: where article URLs are discovered: polls, what they listed, when they are due again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from archive.captures import OWN_WORD, Capture
from archive.store import events, said
from archive.store.frontier import (
    Candidate,
    Frontier,
    count_discovered,
    insert_candidates,
    look_again,
)
from archive.store.rows import one
from archive.times import utc


class Sources(Frontier):
    """The part of the store that knows the sources of each site."""

    def source(self, site: str, url: str, kind: str, found_by: str = "profile") -> dict[str, Any]:
        """The row of a source, made where there is none."""
        with self.transaction() as c:
            c.execute(
                "INSERT OR IGNORE INTO sources (site, kind, url, found_by) VALUES (?, ?, ?, ?)",
                (site, kind, url, found_by),
            )
            return one(c, "SELECT * FROM sources WHERE site = ? AND url = ?", (site, url))

    def tells_news(self, items: Iterable[Candidate]) -> bool:
        """Whether any of these is not known, or was edited after what is known of it."""
        sql = (
            "SELECT 1 FROM frontier WHERE coalesce(changed, '') >= ?2 AND (url = ?1 "
            "OR article = (SELECT article FROM aliases WHERE url = ?1)) LIMIT 1"
        )
        return any(
            self.connection.execute(sql, (item.url, item.changed or "")).fetchone() is None
            for item in items
        )

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
        left_out: str | None = None,
        location: str | None = None,
        cursor: str | None = None,
        children: Collection[str] = (),
    ) -> int:
        """Remember a poll of a source and put what it listed into the frontier.

        `children` are the sitemaps that a sitemap index lists, `left_out` says what a limit kept us
        from reading, `location` is where the source's address redirects to, `cursor` the page to carry on
        with after an interrupted back-fill. Returns how many article URLs were not known before.
        """
        moment = utc(polled_at)
        # Old dates alone (`frozen`) are no lie: so looks the sitemap of a year that is over.
        lies = distrust in ("always_today", "uniform")
        listed = [replace(item, hint=None) if lies else item for item in candidates]
        with self.transaction() as c:
            row = one(c, "SELECT id, site, kind, url, found FROM sources WHERE id = ?", (source,))
            site, kind = row["site"], row["kind"]
            discovered = insert_candidates(c, site, source, listed, moment)
            said.keep(c, self.captures(site), row, crawl, listed, polled_at, distrust)
            if kind == "sitemap":  # the list that tells, by silence, that an article has left
                c.executemany(
                    "UPDATE frontier SET source = ?1 WHERE url = ?2 AND source IS NOT ?1",
                    [(source, item.url) for item in listed],
                )
            if not distrust:
                look_again(c, source, listed, moment)
            if body_hash is not None:
                _note_events(c, row, moment, lies=lies, is_empty=not listed and not children)
            # With the index's validators, or a crash now and a 304 later would lose its children.
            c.executemany(
                "INSERT INTO sources (site, kind, url, parent, found_by) "
                "VALUES (?1, 'sitemap', ?2, ?3, 'index') "
                "ON CONFLICT (site, url) DO UPDATE SET parent = ?3 WHERE id <> ?3",
                [(site, url, source) for url in children],
            )
            # A 304 carries no validators of its own, so the earlier ones stay good; those of an answer before the
            # last whole one would have its 304 confirm a list that is no more.
            c.execute(
                "UPDATE sources SET polled_at = ?, status = ?, error = ?, distrust = ?, left_out = ?, "
                "location = ?, due = ?, cursor = ?, etag = iif(?, ?, etag), "
                "last_modified = iif(?, ?, last_modified), "
                "body_hash = coalesce(?, body_hash), "
                "failures = CASE WHEN ? THEN failures + 1 ELSE 0 END, "
                "found = CASE WHEN ? THEN ? ELSE found END, discovered = discovered + ? WHERE id = ?",
                (
                    moment, status, error, distrust, left_out, location,
                    utc(due) if due else None, cursor, body_hash is not None, etag,
                    body_hash is not None, last_modified, body_hash, error is not None,
                    body_hash is not None, len(listed), discovered, source,
                ),
            )  # fmt: skip
            count_discovered(c, crawl, discovered)
        return discovered

    def add_said(self, site: str, capture: Capture, source: str, kind: str) -> None:
        """Give the entry of a source that lies in the site's files its row.

        Our own entries tell of sources that were found, where a `news.db` was lost.
        """
        if capture.content_type == OWN_WORD:
            self.source(site, source, kind, "auto")
        with self.transaction() as c:
            said.add(c, site, capture, source)

    def said_is_read(self, site: str) -> None:
        """Note that the pages were read again that had been read without what sources said."""
        with self.transaction() as c:
            said.note_read(c, site)

    def forget_site(self, site: str) -> None:
        """Forget a site of which nothing was captured: a mistyped address is no newspaper in trouble."""
        with self.transaction() as c:
            for table in ("frontier", "sources", "events", "crawls"):
                c.execute(f"DELETE FROM {table} WHERE site = ?", (site,))  # noqa: S608
            c.execute("DELETE FROM sites WHERE id = ?", (site,))

    def listed_articles(self, *sources: int) -> list[str]:
        """Addresses under which some sources once listed articles that are not gone."""
        rows = self.connection.execute(
            "SELECT f.url FROM frontier f JOIN articles a ON a.id = f.article "
            "WHERE f.source IN (SELECT value FROM json_each(?)) "
            "AND a.gone_since IS NULL AND f.due IS NOT NULL",
            (json.dumps(sources),),
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


def _note_events(
    c: sqlite3.Connection, row: dict[str, Any], moment: str, *, lies: bool, is_empty: bool
) -> None:
    """What a whole answer of a source shows of it."""
    site, url = row["site"], row["url"]
    if row["found"] or not is_empty:
        events.note(c, site, events.EMPTY, {"source": url}, moment, lasts=is_empty)
    events.note(c, site, events.LYING, {"source": url}, moment, lasts=lies)
