"""store: the archive's folder opened, and the only writer of its database.

Everything that is learnt from one visit to one URL is stored in one transaction, so that a crash at
any instant leaves either all of it or nothing, and the next run carries on. All writing SQL is in this
package: `visits` appends captures, `articles` writes what is derived of them, `sources` and `frontier`
keep what is to be fetched, `events` what befell a site, `index` the full-text index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from archive.captures import Capture, pack
from archive.store import articles, events, visits
from archive.store.aliases import known_article
from archive.store.frontier import Candidate, Due
from archive.store.imports import Imports
from archive.store.opening import (
    DATABASE,
    LOCK,
    check_place,
    damaged,
    explained_errors,
    is_damage,
    log_file,
    open_database,
)
from archive.store.rows import insert_knowledge, upsert
from archive.store.said import UNREAD
from archive.store.schema import OUTCOMES
from archive.store.transactions import GROUP
from archive.store.visits import Schedule, knows_exchange, knows_record, never
from archive.times import utc
from archive.visit import Visit

__all__ = [
    "DATABASE",
    "GROUP",
    "LOCK",
    "OUTCOMES",
    "UNREAD",
    "Candidate",
    "Due",
    "Store",
    "check_place",
    "damaged",
    "explained_errors",
    "is_damage",
    "known_article",
    "knows_exchange",
    "knows_record",
    "log_file",
    "open_database",
]


class Store(Imports):
    """The one writer. Holds a lock that dies with the process; use as a context manager."""

    def __init__(
        self,
        folder: Path,
        software: str = "newsbot",
        schedule: Schedule = never,
        database: str = DATABASE,
    ) -> None:
        """Create or open the archive in `folder`; `schedule` says when a URL is due again.

        A repair writes to a `database` of another name, until it can take the place of the damaged one.

        Raises `ArchiveLocked` where another process writes to it, `ArchiveUsageError` where the
        folder cannot be written or holds something else, `ArchiveError` where it is damaged.
        """
        super().__init__(folder, software, database)
        self._schedule = schedule

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close files and database and give the lock back."""
        if self._lock.closed:
            return
        try:
            for writer in self._writers.values():
                writer.close()
            self.commit()
        finally:
            self._writers.clear()
            self.connection.close()
            self._lock.close()

    # -- sites and crawls -----------------------------------------------------------------------

    def save_site(self, site: Mapping[str, Any]) -> None:
        """Keep what the profile says of a newspaper beside its articles."""
        with self.transaction() as c:
            upsert(c, "sites", "id", site)

    def start_crawl(self, site: str, started_at: datetime) -> int:
        """Open a crawl of one site and return its id; mends what a crash left in its WARC files."""
        self.captures(site)
        with self.transaction():
            row = {"site": site, "started_at": utc(started_at), "version": self.software}
            return int(str(self.db.table("crawls").insert(row).last_pk))

    def finish_crawl(self, crawl: int, ended_at: datetime, reason: str, requests: int) -> None:
        """Close a crawl. `reason` is `finished` or what interrupted it."""
        row = self.db.table("crawls").get(crawl)
        self.finish_captures(row["site"])
        self.settle(row["site"], datetime.fromisoformat(row["started_at"]))
        with self.transaction():
            ended = {"ended_at": utc(ended_at), "reason": reason, "requests": requests}
            self.db.table("crawls").update(crawl, ended)

    def settle(self, site: str, since: datetime | None = None) -> None:
        """Look at a site as a whole, as crawls and imports end: events, and what they decide.

        `since` is the moment of the first visit that is news; None looks at all there is.
        """
        with self.transaction() as c:
            events.find(c, site, since)
            articles.settle(self.changes, site, since)

    def note_findings(
        self, site: str, moment: str, findings: Iterable[tuple[str, dict[str, Any], bool]]
    ) -> None:
        """Begin and end events as monitors found: kind, evidence, whether it lasts.

        An event begins at the evidence's `began_at`, which is taken out of it, or else at the `moment`.
        """
        with self.transaction() as c:
            for kind, evidence, lasts in findings:
                began_at = evidence.pop("began_at", None) or moment
                events.note(c, site, kind, evidence, began_at if lasts else moment, lasts=lasts)

    def lasting_events(self, site: str, since: datetime) -> list[dict[str, Any]]:
        """What befalls a site as a whole and showed itself since a moment (`events.lasting`)."""
        return events.lasting(self.connection, site, since)

    # -- captures -------------------------------------------------------------------------------

    def finish_captures(self, site: str) -> None:
        """Pack a site's WARC files, as crawls, imports and merges end.

        What a killed run left undone, the end of the next one does. Raises `ArchiveError` where the
        disk is full; nothing is lost then.
        """
        self.commit()
        with explained_errors(self.folder):
            pack(self, site)

    def move_captures(self, old: str, new: str, places: Mapping[int, tuple[int, int, int]]) -> bool:
        """Let the rows of one WARC file point into another: offset → offset, length, CRC-32 there.

        Returns False, and changes nothing, where a row points at nothing.
        """
        rows = self.connection.execute(
            "SELECT id, warc_offset FROM captures WHERE warc = ?", (old,)
        ).fetchall()
        if any(row["warc_offset"] not in places for row in rows):
            return False
        with self.transaction() as c:
            c.executemany(
                "UPDATE captures SET warc = ?, warc_offset = ?, warc_length = ?, warc_crc = ? "
                "WHERE id = ?",
                [(new, *places[row["warc_offset"]], row["id"]) for row in rows],
            )
        return True

    def keep_sums(self, sums: Mapping[int, int]) -> None:
        """Take what the bytes of records sum up to now for right: id of a capture → CRC-32."""
        with self.transaction() as c:
            c.executemany(
                "UPDATE captures SET warc_crc = ? WHERE id = ?",
                [(crc, capture) for capture, crc in sums.items()],
            )

    def add_knowledge(self, site: str, capture: Capture, *, unread: bool = False) -> None:
        """Give its row to a `metadata` record in a site's files that tells what was learnt of the site.

        It stands as `unread` until `knowledge_is_used`, where pages are to be read again because of it.
        """
        with explained_errors(self.folder), self.transaction() as c:
            self.sync_captures()
            insert_knowledge(c, site, capture, reason=UNREAD if unread else None)

    def knowledge_is_used(self, site: str) -> None:
        """Note that what was learnt of a site is its newest, and that pages were read again with it."""
        with self.transaction() as c:
            c.execute(
                "UPDATE captures SET reason = NULL WHERE site = ? AND part = 'layouts'", (site,)
            )

    # -- visits ---------------------------------------------------------------------------------

    def record(self, visit: Visit) -> str:
        """Store everything one visit brought, in one transaction, and return its outcome."""
        if visit.captures and not self._batched:
            self.captures(visit.site).sync()
        with self.transaction():
            return visits.record(self.changes, visit, self._schedule)

    def record_soon(self, visit: Visit) -> str:
        """Store a visit as `record` does, but share the commit with those that follow soon.

        A crash before the commit undoes the visit whole: its URL is due as before.
        """
        with self._shared():
            return visits.record(self.changes, visit, self._schedule)

    def reread(self, capture: int, visit: Visit) -> str:
        """Replace what came of a visit by what today's rules read in its captures.

        `capture` is the id of its page. The earlier reading is kept beside the new one. Returns the
        outcome; `unchanged` too where today's rules refuse what was read before.
        """
        with self.transaction():
            return visits.reread(self.changes, capture, visit, self._schedule)
