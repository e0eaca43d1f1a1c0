"""keeping: stores a visit that was made of captures, and the captures with it.

Nothing is written twice: what an interrupted run left in the WARC files without rows gets its rows.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from archive.captures import IDENTICAL, NOT_MODIFIED, Capture, CaptureWriter
from archive.captures.files import site_files
from archive.captures.reading import Raw, parse, raw_records
from archive.captures.streams import Stream
from archive.store import Store
from archive.times import now, utc
from newsbot import urls
from newsbot.importing.grouping import Event, Group
from newsbot.importing.records import Catalogue, Kept, draft, kept_of
from newsbot.items import VisitItem
from newsbot.profiles import Site
from newsbot.visiting import to_visit


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

    @property
    def sites(self) -> list[str]:
        """Those of which something was stored."""
        return list(self._unclaimed)

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
        others = [] if self._is_repair else _others(c, item.urls)
        self._look_up(c, item, others)
        item.captures = [self._capture(event, group.first) for event in group.events]
        visit = to_visit(item, site.id, None)
        first, *rest = visit.urls
        visit.urls = (first, *others, *rest)
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

    def _look_up(self, c: sqlite3.Connection, item: VisitItem, others: list[str]) -> None:
        """What a crawl would have known before it asked."""
        row = c.execute(
            "SELECT a.id, coalesce(a.published, a.first_seen) AS dated FROM aliases l "
            "JOIN articles a ON a.id = l.article WHERE l.url IN (SELECT value FROM json_each(?))",
            (json.dumps([*item.urls, *others]),),
        ).fetchone()
        if row:
            item.known, item.dated = True, row["dated"]
        own = c.execute(
            "SELECT id, failures FROM frontier WHERE url = ?", (item.urls[0],)
        ).fetchone()
        if own is None and row and not self._is_repair:
            # The article is being looked at under another address; let that one be the only one.
            own = c.execute(
                "SELECT id, failures FROM frontier WHERE article = ? AND due IS NOT NULL "
                "ORDER BY id LIMIT 1",
                (row["id"],),
            ).fetchone()
        if own:
            item.frontier, item.failures = own["id"], own["failures"]

    def _target(self, c: sqlite3.Connection, group: Group, item: VisitItem) -> int | None:
        """The known article that a redirect leads to whose page is not among the captures."""
        if item.outcome != "failed" or group.leads_to is None:
            return None
        row = c.execute("SELECT article FROM aliases WHERE url = ?", (group.leads_to,)).fetchone()
        if row is None:
            return None
        return int(row["article"])

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
        row = c.execute(
            "SELECT a.url FROM aliases l JOIN articles a ON a.id = l.article WHERE l.url = ?",
            (page.address,),
        ).fetchone()
        path = urls.path_and_query(page.address)
        return row is not None and urls.path_and_query(row["url"]) != path

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


def _others(c: sqlite3.Connection, addresses: Iterable[str]) -> list[str]:
    """Other spellings under which an article is known that has these addresses.

    A newspaper that moves to https or drops its `www` keeps its articles.
    """
    given = list(addresses)
    spelt = dict.fromkeys(other for url in given for other in _spellings(url))
    rows = c.execute(
        "SELECT url FROM aliases WHERE url IN (SELECT value FROM json_each(?)) ORDER BY url",
        (json.dumps(list(spelt)),),
    )
    return [row["url"] for row in rows if row["url"] not in given]


def _spellings(url: str) -> Iterator[str]:
    """An address with either scheme, with and without `www`."""
    parts = urlsplit(url)
    bare = parts.netloc.removeprefix("www.")
    for scheme in ("http", "https"):
        for netloc in (bare, f"www.{bare}"):
            yield urlunsplit(parts._replace(scheme=scheme, netloc=netloc))


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
