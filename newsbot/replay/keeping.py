"""keeping: stores a visit that was made of captures, and the captures with it.

Nothing is written twice: what an interrupted run left in the WARC files without rows gets its rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from archive.visits import known_article

from archive.captures import IDENTICAL, NOT_MODIFIED, Capture, CaptureWriter
from archive.captures.files import site_files
from archive.captures.reading import Raw, parse, raw_records
from archive.captures.streams import Stream
from archive.store import Store
from archive.times import now, utc
from newsbot.profiles import Site
from newsbot.replay.grouping import Event, Group
from newsbot.replay.records import Catalogue, Kept, draft, kept_of
from newsbot.visit import urls
from newsbot.visit.items import VisitItem
from newsbot.visit.outcomes import to_visit


class Keeper:
    """Stores visits. `keep` wants to be called inside of `Store.batch`."""

    def __init__(self, store: Store, catalogue: Catalogue) -> None:
        self._store = store
        self._catalogue = catalogue
        self._is_repair = catalogue.own is not None
        self._filed_at = now()
        """Records go into the file of this month: those of earlier ones are finished."""
        self._unclaimed: dict[str, dict[str, Capture]] = {}
        """Site → record id → capture without a row."""

    def is_news(self, group: Group) -> bool:
        """Whether the archive does not have the page of a visit."""
        return not self._catalogue.has(group.events[-1].source)

    def keep(self, group: Group) -> str:
        """Store a visit that is news, and return its outcome."""
        c = self._store.connection
        site = group.first.site
        self._open(site)
        item = group.finish()
        target = self._target(c, group, item)
        if target is not None:
            item.outcome, item.error = "excluded", "alias"
        elif self._is_left_over(c, group):
            item.parts.clear()
            item.outcome, item.error = "excluded", "a further page of an article"
        self._look_up(c, item)
        item.captures = [self._capture(event, group.first) for event in group.events]
        visit = to_visit(item, site.id, None)
        visit.is_repair = self._is_repair
        outcome = self._store.record(visit)
        if target is not None:
            self._add_aliases(c, item, target)
        return outcome

    def _open(self, site: Site) -> None:
        """Make sure that the site has its row, and its files no torn ends."""
        if site.id in self._unclaimed:
            return
        self._store.save_site(site.row)
        self._unclaimed[site.id] = {}
        if not self._is_repair:
            self._store.mend_captures(site.id)
            self._unclaimed[site.id] = {
                capture.record_id: capture
                for capture in _unclaimed(self._store, self._catalogue, site.id)
            }

    # -- what the archive knows of it -----------------------------------------------------------

    def _look_up(self, c: sqlite3.Connection, item: VisitItem) -> None:
        """What a crawl would have known before it asked."""
        article = known_article(c, item.urls)
        if article is not None:
            (item.dated,) = c.execute(
                "SELECT coalesce(published, first_seen) FROM articles WHERE id = ?", (article,)
            ).fetchone()
            item.known = True
        own = c.execute(
            "SELECT id, failures FROM frontier WHERE url = ?", (item.urls[0],)
        ).fetchone()
        if own is None and article is not None and not self._is_repair:
            # The article is being looked at under another address; let that one be the only one.
            own = c.execute(
                "SELECT id, failures FROM frontier WHERE article = ? AND due IS NOT NULL "
                "ORDER BY id LIMIT 1",
                (article,),
            ).fetchone()
        if own:
            item.frontier, item.failures = own["id"], own["failures"]

    def _target(self, c: sqlite3.Connection, group: Group, item: VisitItem) -> int | None:
        """The known article that a redirect leads to whose page is not among the captures."""
        if item.outcome != "failed" or group.leads_to is None:
            return None
        return known_article(c, [group.leads_to])

    @staticmethod
    def _add_aliases(c: sqlite3.Connection, item: VisitItem, article: int) -> None:
        c.executemany(
            "INSERT OR IGNORE INTO aliases (url, article, first_seen) VALUES (?, ?, ?)",
            [(url, article, utc(item.fetched_at)) for url in item.urls],
        )

    @staticmethod
    def _is_left_over(c: sqlite3.Connection, group: Group) -> bool:
        """Whether a page is a further one of an article that is stored: alone it would replace it."""
        first = group.first
        if first.is_linked and first.concurrent_to:
            row = c.execute(
                "SELECT article FROM captures WHERE record_id = ?", (first.concurrent_to,)
            ).fetchone()
            return row is not None and row["article"] is not None
        page = group.page
        if page.reading.article is None or not page.reading.article.pages:
            return False
        article = known_article(c, [page.address])
        if article is None:
            return False
        (url,) = c.execute("SELECT url FROM articles WHERE id = ?", (article,)).fetchone()
        return urls.path_and_query(url) != urls.path_and_query(page.address)

    # -- its captures ---------------------------------------------------------------------------

    def _capture(self, event: Event, first: Event) -> Capture:
        """The capture of a record; its bytes are in the archive's files afterwards."""
        kept: Kept = event.source
        capture = draft(kept)
        if self._is_repair:
            return replace(capture, warc=kept.path.relative_to(self._store.folder).as_posix())
        if self._catalogue.has(kept):
            return capture
        site = event.site.id
        left = self._unclaimed[site].pop(capture.record_id, None)
        if left and left.payload_digest == capture.payload_digest:
            return left
        link = None if event is first else first.record_id
        return _write(self._store.captures(site), kept, link, self._filed_at)


def _write(writer: CaptureWriter, kept: Kept, link: str | None, filed_at: datetime) -> Capture:
    record, exchange = kept.record, kept.exchange
    if record.type == "response" and record.length and "WARC-Record-ID" in record.headers:
        return writer.copy(kept.path, record, filed_at=filed_at, concurrent_to=link)
    profile = None
    if record.type == "revisit":
        profile = NOT_MODIFIED if exchange.status == 304 else IDENTICAL
    return writer.write(
        exchange.url,
        exchange.status,
        record.exchange.headers if record.exchange else [],
        exchange.body,
        datetime.fromisoformat(record.date),
        exchange.protocol,
        record_id=record.record_id,
        concurrent_to=link,
        refers_to=kept.whole,
        profile=profile,
        filed_at=filed_at,
    )


# -- what a crash left behind -------------------------------------------------------------------


def _unclaimed(store: Store, catalogue: Catalogue, site: str) -> Iterator[Capture]:
    """Whole records in a site's files that no row refers to."""
    for path in site_files(store.folder / "warc" / site, site):
        warc = path.relative_to(store.folder).as_posix()
        for raw in _between_rows(store.connection, path, warc):
            record = parse(raw)
            if record.error or record.type not in ("response", "revisit") or not record.length:
                continue
            kept = kept_of(path, record, catalogue)
            if kept:
                yield replace(draft(kept), warc=warc)


def _between_rows(c: sqlite3.Connection, path: Path, warc: str) -> Iterator[Raw]:
    """Records where no row says that there is one."""
    rows = c.execute(
        "SELECT warc_offset, warc_length FROM captures WHERE warc = ? ORDER BY warc_offset", (warc,)
    ).fetchall()
    size = path.stat().st_size
    at = 0
    for offset, length in [*rows, (size, 0)]:
        if at < offset:
            yield from _records_from(path, at, offset)
        at = max(at, offset + length)


def _records_from(path: Path, start: int, end: int) -> Iterator[Raw]:
    with path.open("rb") as file:
        stream = Stream(file)
        stream.start_at(start)
        for raw in raw_records(stream):
            if raw.offset >= end:
                return
            yield raw
