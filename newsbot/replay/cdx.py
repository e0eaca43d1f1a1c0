"""cdx: a newspaper's history out of a web archive: its index is listed, its captures are had and stored.

What a crawl would have made of each page on its day is stored, oldest first. Nothing is asked for
twice: the queue in the database says what is left, whatever instant the last run ended at.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

from archive.store import OUTCOMES
from archive.visits import known_article

from archive.captures import IDENTICAL, Capture, payload_digest, read_capture
from archive.captures.grammar import plain_url
from archive.errors import ArchiveError, ArchiveUsageError
from archive.store import Store, explained_errors
from archive.times import now, utc
from newsbot.profiles import Site
from newsbot.replay import servers
from newsbot.replay.grouping import Event, Group
from newsbot.replay.keeping import Keeper
from newsbot.replay.readers import Readers
from newsbot.replay.reading import REDIRECTS, Page, is_costly, read
from newsbot.replay.records import Catalogue
from newsbot.replay.replaying import (
    Busy,
    NotGiven,
    Restored,
    TryLater,
    record_request,
    replay_url,
    restore,
    restore_record,
)
from newsbot.replay.replays import Queue, Replay
from newsbot.replay.servers import (
    Kind,
    Listed,
    NotAnIndex,
    Question,
    Server,
    moment_of,
    stamp,
)
from newsbot.replay.transport import MAX_LISTING, Ended, Fetch, hosts_of, run
from newsbot.visit import urls
from newsbot.visit.decoding import Undecodable, decode

logger = logging.getLogger(__name__)

NEARBY = timedelta(days=1)
"""How long after a redirect the page that it leads to may have been captured."""
NEAR_PART = timedelta(days=30)
"""How far from an article's first page its further pages may have been captured."""
_HTML = ("html", "warc/revisit", "unk", "-")
_GONE = (404, 410)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be imported. `since` and `until` are prefixes of timestamps, or empty."""

    server: str
    kind: Kind | None = None
    replay: str | None = None
    """Where captures are had, if not at the usual address beside the index."""
    since: str = ""
    until: str = ""
    limit: int | None = None
    """Ask for at most this many captures of a site in this run."""
    dry_run: bool = False
    """List, but ask for no capture."""


@dataclass(slots=True)
class Report:
    """How the import of one site went."""

    site: str
    reason: str = "shutdown"
    """Why it ended: `finished`, `limit`, `failed`, `shutdown`, `backing_off` or `unreachable`."""
    listed: int = 0
    """Captures that the index listed in this run."""
    wanted: int = 0
    """Those of them that may be articles and were not known."""
    fetched: int = 0
    waiting: int = 0
    missed: int = 0
    """Captures that could not be had this time; the next run asks again."""
    outcomes: Counter[str] = field(default_factory=Counter)
    planned: list[Replay] = field(default_factory=list)
    error: str | None = None

    @property
    def exit_code(self) -> int:
        """0, or 3 where something is left that should not be."""
        return 3 if self.error or self.missed else 0

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "site": self.site,
            "reason": self.reason,
            "ok": not self.exit_code,
            "listed": self.listed,
            "wanted": self.wanted,
            "fetched": self.fetched,
            "waiting": self.waiting,
            "missed": self.missed,
            "outcomes": {name: self.outcomes[name] for name in OUTCOMES},
            "planned": [f"{replay.timestamp} {replay.url}" for replay in self.planned],
            "error": self.error,
        }


# -- the server ---------------------------------------------------------------------------------


async def find_server(fetch: Fetch, wish: Wish, host: str) -> tuple[Server, list[str]]:
    """The server that a user means, and its indexes. Raises `NotAnIndex` where it is none."""
    failures = []
    for sure, index in servers.guesses(wish.server, wish.kind):
        try:
            answer = await fetch(servers.probe(index, host), listing=True)
        except Ended:
            raise
        except Busy:
            raise Ended("backing_off") from None
        except Exception as error:
            logger.warning("%s: %s", index, _words(error))
            raise Ended("unreachable") from error
        if answer.status >= 500:
            raise Ended("unreachable")
        body = _plain(answer.body, answer.header("Content-Encoding"))
        try:
            found = servers.recognise(index, answer.status, body)
        except NotAnIndex as error:
            failures.append(str(error))
            continue
        kind = sure or found
        indexes = servers.collections(body, index) if index.endswith("collinfo.json") else [index]
        return Server(kind, index, wish.replay or servers.replay_of(kind, index)), indexes
    raise NotAnIndex("; ".join(failures))


def _plain(body: bytes, encoding: str | None) -> bytes:
    try:
        return decode(body, [encoding] if encoding else [], max_size=MAX_LISTING)
    except Undecodable as error:
        raise NotAnIndex(f"the answer cannot be unpacked: {error}") from None


def hosts_to_ask(site: Site) -> list[str]:
    """The hosts of a site as indexes know them: `www` makes no difference to them."""
    return sorted({netloc.removeprefix("www.") for netloc in site.netlocs})


def is_wanted(catalogue: Catalogue, site: Site, listed: Listed) -> bool:
    """Whether a capture may be an article, or say something of one."""
    address = urls.canonical(listed.url)
    if address is None or not catalogue.is_wanted(site, address):
        return False
    if listed.status not in (None, 200, *REDIRECTS, *_GONE):
        return False
    return not listed.mime or any(kind in listed.mime for kind in _HTML)


def import_sites(
    store: Store,
    sites: Sequence[Site],
    wish: Wish,
    *,
    delay: float,
    contact: str | None = None,
    jobs: int = 1,
    verbose: bool = False,
    visited: Callable[[Report], object] = lambda _: None,
) -> list[Report]:
    """Import sites one after the other; one report each, but for those that were not come to.

    `delay` is in seconds between requests, `jobs` the number of processes that read pages; `visited`
    is called after each capture. May run once in a process, as Twisted's reactor does.
    """
    reports: list[Report] = []
    readers = Readers(jobs)

    async def main(fetch: Fetch) -> None:
        server, indexes = await find_server(fetch, wish, hosts_to_ask(sites[0])[0])
        for site in sites:
            store.save_site(site.row)
            importer = Importer(store, site, server, wish, fetch, readers, visited)
            reports.append(importer.report)
            await importer.run(indexes)

    named = [wish.server, *([wish.replay] if wish.replay else [])]
    if urlsplit(wish.server).hostname == "index.commoncrawl.org":
        named.append(servers.RECORDS)
    try:
        reason = run(
            main, hosts_of(named), store.folder, delay=delay, contact=contact, verbose=verbose
        )
    except NotAnIndex as error:
        raise ArchiveUsageError(f"{wish.server} is no web archive with an index: {error}") from None
    finally:
        readers.close()
    if not wish.dry_run:
        for report in reports:
            store.finish_captures(report.site)
    if reason != "finished":
        if not reports:
            reports.append(Report(sites[0].id))
        reports[-1].reason = reason
        reports[-1].error = _GAVE_UP.get(reason)
    return reports


_GAVE_UP = {
    "backing_off": "the server refuses our requests; it is left alone until the next run",
    "unreachable": "the server has stopped answering; the next run tries again",
}


# -- one site -----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Had:
    """A capture that was had."""

    restored: Restored
    replay: Replay | None
    """Where it stood in the queue."""
    row: sqlite3.Row | None = None
    """The archive's row of it, where it has it already."""
    whole: Capture | None = None
    """The earlier capture that holds its payload, where it was not asked for."""


class _Keeper(Keeper):
    """Keeps captures that were had from a server, as those of a file are kept."""

    def is_news(self, group: Group) -> bool:
        """Always: what the archive has is not asked for."""
        return True

    def _capture(self, event: Event, first: Event) -> Capture:
        had: _Had = event.source
        if had.row is not None:
            return _capture_of(had.row)
        restored = had.restored
        left = self._unclaimed[event.site.id].pop(event.record_id, None)
        if left and left.payload_digest == payload_digest(restored.body):
            return left
        return self._store.captures(event.site.id).write(
            restored.url,
            restored.status,
            restored.headers if had.whole is None else [],
            restored.body,
            event.fetched_at,
            restored.protocol,
            record_id=event.record_id,
            concurrent_to=None if event is first else first.record_id,
            refers_to=had.whole,
            profile=IDENTICAL if had.whole else None,
            source=restored.source,
        )


class Importer:
    """Imports one site from one server."""

    def __init__(
        self,
        store: Store,
        site: Site,
        server: Server,
        wish: Wish,
        fetch: Fetch,
        readers: Readers,
        visited: Callable[[Report], object] = lambda _: None,
    ) -> None:
        self.store = store
        self.site = site
        self.server = server
        self.wish = wish
        self.report = Report(site.id)
        self._fetch = fetch
        self._readers = readers
        self._visited = visited
        self._catalogue = Catalogue(store.folder, store.connection, {site.id: site})
        self._keeper = _Keeper(store, self._catalogue)
        query = json.dumps([server.kind, server.index, hosts_to_ask(site), wish.since, wish.until])
        self.queue = Queue(store, f"{server.index} {site.id}", site.id, query, now())

    async def run(self, indexes: Iterable[str]) -> None:
        """List, then fetch what waits. Raises `Ended` where the run is over before that is done."""
        report = self.report
        try:
            await self._list(list(indexes))
            report.waiting = self.queue.waiting()
            if self.wish.dry_run:
                report.planned = self.queue.all_waiting()
                report.reason = "finished"
            else:
                report.reason = await self._fetch_waiting()
                self.queue.end(now())
        except NotAnIndex as error:
            report.reason, report.error = "failed", str(error)
        finally:
            report.waiting = self.queue.waiting()

    async def _list(self, indexes: list[str]) -> None:
        queue, wish = self.queue, self.wish
        if queue.questions is None:
            hosts = hosts_to_ask(self.site)
            queue.listed(
                [],
                servers.first_questions(self.server.kind, indexes, hosts, wish.since, wish.until),
            )
        while queue.questions:
            question, *rest = queue.questions
            rows, more = await self._ask(question)
            wanted = [row for row in rows if is_wanted(self._catalogue, self.site, row)]
            self.report.listed += len(rows)
            self.report.wanted += queue.listed(wanted, [*more, *rest])

    async def _ask(self, question: Question) -> tuple[list[Listed], list[Question]]:
        try:
            answer = await self._fetch(servers.address(question), listing=True)
        except Ended:
            raise
        except Exception as error:
            raise NotAnIndex(f"the index does not answer: {_words(error)}") from error
        body = _plain(answer.body, answer.header("Content-Encoding"))
        return servers.understand(question, answer.status, body)

    # -- captures -------------------------------------------------------------------------------

    async def _fetch_waiting(self) -> str:
        replay = self.queue.next()
        while replay:
            if self.wish.limit is not None and self.report.fetched >= self.wish.limit:
                return "limit"
            await self._deal_with(replay)
            self._visited(self.report)
            replay = self.queue.next(replay.key)
        return "finished"

    async def _deal_with(self, replay: Replay) -> None:
        """Settle one capture without asking for it, or with as few questions as it takes."""
        if self._row_of(replay.url, replay.timestamp):
            self._close([replay], "unchanged", "the archive has it already")
        elif replay.status in _GONE and not self._is_known(replay.url):
            self._close(
                [replay], "excluded", f"HTTP {replay.status}, and no article was known here"
            )
        elif self._is_no_article_again(replay):
            self._close([replay], "not_article", "the same page as before")
        else:
            try:
                await self._visit(replay)
            except NotGiven as error:
                self._close([replay], error.outcome, str(error))
            except (Ended, ArchiveError, sqlite3.Error, OSError):
                raise
            except Busy:
                self.report.missed += 1
            except Exception as error:
                logger.warning("%s of %s: %s", replay.url, replay.timestamp, _words(error))
                outcome = self.queue.missed(replay, _words(error))
                if outcome:
                    self.report.outcomes[outcome] += 1
                else:
                    self.report.missed += 1

    def _is_no_article_again(self, replay: Replay) -> bool:
        return any(same.outcome == "not_article" for same in self.queue.same_before(replay))

    async def _visit(self, replay: Replay) -> None:
        """Have a capture, and what a crawl would have fetched after it; store all as one visit."""
        first = await self._event(await self._have(replay))
        group = Group(first)
        while not group.is_complete:
            address, part = min(group.wants.items(), key=lambda want: want[1])
            had = await self._near(address, part, group)
            if had is None:
                break
            event = await self._event(had)
            event.concurrent_to = first.record_id
            group.take(event, part)
        # What is stored last is taken for the page, and that is never a capture known before.
        group.events.sort(key=lambda event: event.source.row is None)
        replays = [event.source.replay for event in group.events if event.source.replay]
        with explained_errors(self.store.folder), self.store.batch():
            outcome = self._keeper.keep(group) or "unchanged"
            with self.store.transaction() as c:
                self.queue.close(c, replays, outcome, group.item.error, asked=True)
        self._count(replays, outcome)

    async def _near(self, address: str, part: int, group: Group) -> _Had | None:
        """The capture of a page that belongs to a visit, or None where there is none."""
        moment = group.first.fetched_at
        # A page comes after its redirect; the pages of an article come in any order.
        since, until = (
            (moment, moment + NEARBY) if part == 0 else (moment - NEAR_PART, moment + NEAR_PART)
        )
        taken = {event.source.replay.key for event in group.events if event.source.replay}
        leads_to = group.events[-1].reading.leads_to
        spelt = [address, *([leads_to] if leads_to else [])]
        replay = self.queue.nearest(spelt, stamp(since), stamp(until))
        try:
            if replay and replay.key not in taken:
                return await self._have(replay)
            if part == 0 or self.server.kind == "commoncrawl":
                return None
            restored = await self._replayed(address, stamp(moment), None)
        except NotGiven as error:
            if replay:
                self._close([replay], error.outcome, str(error))
            return None
        if not since <= moment_of(restored.timestamp) <= until:
            return None
        row = self._row_of(address, restored.timestamp)
        return _Had(restored, self.queue.find(address, restored.timestamp), row)

    async def _have(self, replay: Replay) -> _Had:
        """A capture, asked for where it has to be. Raises `NotGiven` where another is given, or none."""
        had = self._from_before(replay)
        if had:
            return had
        if self.server.kind == "commoncrawl":
            address, span = record_request(self.server, replay.location or "", replay.length)
            self.report.fetched += 1
            answer = await self._fetch(address, {"Range": span, "Accept-Encoding": "identity"})
            return _Had(restore_record(answer, replay.url, replay.timestamp), replay)
        restored = await self._replayed(replay.url, replay.timestamp, replay.digest)
        if restored.timestamp != replay.timestamp:
            raise NotGiven(
                "excluded", f"the server gives the capture of {restored.timestamp} instead"
            )
        return _Had(restored, replay)

    def _from_before(self, replay: Replay) -> _Had | None:
        """A capture whose payload an earlier one of the same address holds."""
        same = self.queue.same_before(replay)
        row = next((row for r in same if (row := self._row_of(r.url, r.timestamp))), None)
        if row is not None and row["refers_to"] is not None:
            row = self.store.connection.execute(
                "SELECT * FROM captures WHERE id = ?", (row["refers_to"],)
            ).fetchone()
        if row is None or row["status"] != 200:  # redirects to anywhere have the same, empty body
            return None
        whole = _capture_of(row)
        try:
            exchange = read_capture(self.store.folder, whole.warc, whole.warc_offset)
        except ArchiveError:  # damaged: the server has it whole
            return None
        restored = Restored(
            replay.url, replay.timestamp, 200, exchange.headers, exchange.body,
            self._address(replay),
        )  # fmt: skip
        return _Had(restored, replay, whole=whole)

    def _address(self, replay: Replay) -> str:
        """Where a capture lies that is not asked for."""
        if self.server.kind == "commoncrawl":
            return urljoin(self.server.replay, (replay.location or "").rpartition(" ")[0])
        return replay_url(self.server, replay.url, replay.timestamp)

    async def _replayed(self, url: str, timestamp: str, digest: str | None) -> Restored:
        self.report.fetched += 1
        answer = await self._fetch(replay_url(self.server, url, timestamp))
        return restore(self.server, answer, url, timestamp, digest)

    async def _event(self, had: _Had) -> Event:
        """Read a capture, in a process of its own where that takes long."""
        restored = had.restored
        moment = moment_of(restored.timestamp)
        page = Page(
            url=restored.url,
            status=restored.status,
            body=restored.body,
            fetched_at=moment,
            content_type=restored.header("Content-Type"),
            encodings=tuple(v for n, v in restored.headers if n.lower() == "content-encoding"),
            location=restored.header("Location"),
        )
        if is_costly(page):
            answer = self._readers.read([(page, self.site)])
            (reading,) = await asyncio.to_thread(answer.result)
        else:
            reading = read(page, self.site)
        return Event(
            site=self.site,
            url=restored.url,
            fetched_at=moment,
            status=restored.status,
            record_id=restored.record_id or self._record_id(restored.url, restored.timestamp),
            position=0,
            reading=reading,
            etag=restored.header("ETag"),
            last_modified=restored.header("Last-Modified"),
            source=had,
        )

    # -- the archive ----------------------------------------------------------------------------

    def _close(self, replays: list[Replay], outcome: str, error: str) -> None:
        with self.store.transaction() as c:
            self.queue.close(c, replays, outcome, error)
        self._count(replays, outcome)

    def _count(self, replays: list[Replay], outcome: str) -> None:
        self.report.outcomes[outcome] += 1
        for replay in replays:
            logger.info("%s: %s of %s", outcome, replay.url, replay.timestamp)

    def _row_of(self, url: str, timestamp: str) -> sqlite3.Row | None:
        """The archive's row of a capture."""
        row: sqlite3.Row | None = self.store.connection.execute(
            "SELECT * FROM captures WHERE url = ? AND fetched_at = ?",
            (plain_url(url), utc(moment_of(timestamp))),
        ).fetchone()
        return row

    def _is_known(self, url: str) -> bool:
        """Whether there is an article at an address, in any of its spellings."""
        address = urls.canonical(url) or url
        return known_article(self.store.connection, [address]) is not None

    def _record_id(self, url: str, timestamp: str) -> str:
        """The same for the same capture, so that a killed run cannot store it twice."""
        name = f"{self.server.index} {timestamp} {url}"
        return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}>"


def _capture_of(row: sqlite3.Row) -> Capture:
    """A capture as its row describes it."""
    columns = dict(row)
    return Capture(**{n: columns[n] for n in Capture.__dataclass_fields__ if n in columns})


def _words(error: BaseException) -> str:
    text = " ".join(str(error).split())
    name = type(error).__name__
    return (text if isinstance(error, TryLater) else f"{name}: {text}" if text else name)[:300]
