"""Crawls of the simulated newspaper, one a day: the real builder, store, schedule and reextraction."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from archive.captures import (
    IDENTICAL,
    NOT_MODIFIED,
    Capture,
    Exchange,
    payload_digest,
    previous_capture,
)
from archive.store import Due, Store
from archive.times import utc
from archive.visit import Visit
from newsbot.discovery import Entry, candidates
from newsbot.discovery.trust import implausible_dates
from newsbot.profiles import Site
from newsbot.replay import reextract
from newsbot.visit.builder import VisitBuilder
from newsbot.visit.schedule import next_poll
from tests.simulation.newspaper import UNKNOWN_HOST, UNREADABLE, Newspaper, Original, Rules

MOVED = "leads to another site"


@dataclass(frozen=True)
class Sighting:
    """What one visit to an article came to in truth."""

    moment: str
    shows: str
    template: int
    fields: dict[str, Any]
    host: str
    """Without `www`; empty where the visit's address was known as the article's."""
    is_whole: bool
    """Whether the page itself came, and not HTTP 304."""
    views: int | None


@dataclass
class Crawler:
    """The crawler of one newspaper, and the truth about everything that it was shown."""

    store: Store
    newspaper: Newspaper
    site: Site
    rules: Rules = field(default_factory=Rules)
    sightings: dict[int, list[Sighting]] = field(default_factory=lambda: defaultdict(list))
    """By the numbers of the articles."""
    visits: list[list[Visit]] = field(default_factory=list)
    """By days."""
    exchanges: dict[str, list[tuple[Exchange, Capture]]] = field(default_factory=dict)
    """Of each visit, by the record of its page."""
    rereads: int = 0
    now: datetime = field(init=False)
    _crawl: int = 0

    def run_day(self, day: int) -> None:
        """What the newspaper does on a day, and the crawl that follows."""
        self.newspaper.begin_day(day, self._may_edit)
        self.now = self.newspaper.now
        self.visits.append([])
        self._mend_profile()
        with self.rules.in_force():
            self._crawl_all()

    def _crawl_all(self) -> None:
        store = self.store
        store.save_site(self.site.row)
        self._crawl = store.start_crawl(self.site.id, self.now)
        self._read_again()
        requests = self._poll()
        seen: set[int] = set()
        while due := [row for row in store.due(self.site.id, self.now, 100) if row.id not in seen]:
            for row in due:
                seen.add(row.id)
                requests += self._visit(row)
        store.finish_crawl(self._crawl, self.now, "finished", requests)

    def _may_edit(self, original: Original) -> bool:
        """Whether what is edited now can be told from what the layout or our rules changed."""
        seen = self.sightings[original.number]
        last = next((s for s in reversed(seen) if s.shows == "printed"), None)
        return bool(last and last.template == self.newspaper.template and last is seen[-1])

    def _mend_profile(self) -> None:
        """A person looks after the profile some days after the newspaper has changed."""
        newspaper, day = self.newspaper, self.newspaper.season_day
        host = newspaper.origin.partition("://")[2]
        if day == UNREADABLE.stop:
            self.rules = Rules(self.rules.templates | {newspaper.template})
        known = {old.partition("://")[2] for old in newspaper.former}
        if day not in UNKNOWN_HOST:
            self.site = self.site.model_copy(
                update={"url": f"{newspaper.origin}/", "hosts": sorted(known - {host})}
            )
            self.site.__dict__.pop("netlocs", None)

    def _read_again(self) -> None:
        choice = reextract.Choice(sites=(self.site.id,), refused=True)
        report = reextract.reextract(
            self.store.connection, self.store.folder, {self.site.id: self.site}, choice,
            store=self.store,
        )  # fmt: skip
        self.rereads += report.verdicts.total()

    # -- sources ----------------------------------------------------------------------------------

    def _poll(self) -> int:
        """Ask feed and sitemap, and look after the articles that have left the sitemap."""
        feed, sitemap = self.newspaper.feed(), self.newspaper.sitemap()
        self._poll_source("feed", "/feed", feed)
        source, listed = self._poll_source("sitemap", "/sitemap.xml", sitemap)
        known = set(self.store.listed_articles(source))
        vanished = known - listed
        if vanished and len(vanished) <= max(50, len(known) // 4):
            self.store.look_again(self.site.id, vanished, self.now)
        return 2

    def _poll_source(self, kind: str, path: str, entries: list[Entry]) -> tuple[int, set[str]]:
        is_known = self.newspaper.season_day not in UNKNOWN_HOST
        source = self.store.source(self.site.id, self.site.url.rstrip("/") + path, kind)
        listed = list(candidates(self.site, self.site.url, entries)) if is_known else []
        listing = entries if is_known else []
        distrust = implausible_dates(listing, self.now, is_recent=kind != "sitemap")
        self.store.save_poll(
            source["id"], self._crawl, listed, polled_at=self.now, status=200 if is_known else 301,
            due=next_poll(kind, self.now, failures=0, distrust=distrust),
            body_hash=sha256(repr(entries).encode()).hexdigest() if is_known else None,
            error=None if is_known else MOVED, distrust=distrust,
        )  # fmt: skip
        return int(source["id"]), {item.url for item in listed}

    # -- articles -----------------------------------------------------------------------------------

    def _visit(self, due: Due) -> int:
        builder = VisitBuilder(self.site, due.url, due.id, self._crawl)
        self.now += timedelta(seconds=7)
        shows, original, answer = None, None, None
        exchanges: list[tuple[Exchange, Capture]] = []
        while builder.needs:
            url = builder.needs[0]
            known = due.etag if due.article is not None else None
            answer = self.newspaper.respond(url, known)
            exchange = Exchange(url, utc(self.now), answer.status, answer.headers, answer.body)
            capture = self._keep(exchange, builder.first_record)
            exchanges.append((exchange, capture))
            builder.add(exchange, capture, self.rules.read(exchange, self.site))
            shows = answer.shows or shows
            original = original or self.newspaper.originals.get("/" + url.split("/", 3)[3])
        visit = builder.build()
        self.store.record_soon(visit)
        self.visits[-1].append(visit)
        self.exchanges[exchanges[-1][1].record_id] = exchanges
        if original and shows and answer:
            is_whole = answer.status == 200
            self.sightings[original.number].append(
                Sighting(
                    utc(self.now), shows, self.newspaper.template, original.fields,
                    _host(due.url) if due.article is None else "", is_whole,
                    original.views if original.counts_views and is_whole else None,
                )
            )  # fmt: skip
        return len(exchanges)

    def _keep(self, exchange: Exchange, first_record: str | None) -> Capture:
        """As `newsbot.crawl.session.Session.keep` does."""
        is_proof = exchange.status == 304
        earlier = previous_capture(self.store.connection, exchange.url, proven=is_proof)
        profile = NOT_MODIFIED if is_proof else None
        if (
            earlier and exchange.status == earlier.status and exchange.body
            and payload_digest(exchange.body) == earlier.payload_digest
        ):  # fmt: skip
            profile = IDENTICAL
        return self.store.captures(self.site.id).write(
            exchange.url, exchange.status, exchange.headers, exchange.body, self.now,
            concurrent_to=first_record, refers_to=earlier if profile else None, profile=profile,
        )  # fmt: skip


def _host(url: str) -> str:
    return urlsplit(url).netloc.removeprefix("www.")
