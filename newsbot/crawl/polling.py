"""polling: asks a site's sources what is new, and puts what they list into the frontier.

The half of the spider that finds URLs; `newsbot.crawl.spider` is the half that visits them.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urljoin

from scrapy import Request, Spider, signals
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from twisted.python.failure import Failure

from archive.errors import ArchiveError
from archive.store import Candidate
from archive.times import now, utc
from newsbot import urls
from newsbot.crawl.middlewares.own_site import OffSite
from newsbot.crawl.responses import charset, conditions, header, reason
from newsbot.crawl.scheduler import WHEN_IDLE
from newsbot.crawl.session import Session
from newsbot.discovery import Entry, candidates, skips_sitemap, sortable
from newsbot.discovery.documents import Found, poll_url, read_source
from newsbot.discovery.home import fronts, is_front
from newsbot.discovery.traps import suspicious
from newsbot.discovery.trust import implausible_dates
from newsbot.discovery.xml import MAX_BYTES
from newsbot.profiles import Site, Source, families
from newsbot.visit.errors import Interrupted
from newsbot.visit.schedule import FAST, IDLE_REQUESTS, next_poll, place, whose_turn

SOURCE_PRIORITY = 10
"""Sources come before the articles they list; robots.txt, at 1000, before both.

Except sitemaps: they list the past, and tens of thousands of its pages, undated or dated wrongly,
would stand before what the front page shows today.
"""
MAX_SOURCES, SAMPLE_SOURCES = 600, 40
"""Sitemaps, feeds and listings asked in one run, and in a sample."""
MAX_PAGES, SAMPLE_PAGES, MAX_PAGES_FULL = 60, 3, 20_000
"""Pages of one source followed in an ordinary run, in a sample, in a back-fill."""
MAX_VANISHED = 50
"""So many articles may leave the sitemaps at once, or a quarter; more is a fault of the site."""
Polled = tuple[Source, dict[str, Any]]  # with its row
CHILD_MARGIN = timedelta(hours=2)
"""A sitemap is asked after the index that lists it, so it has rested a little less."""
BACKDATE_MARGIN = timedelta(days=1)
"""How far back a WordPress source is asked for edits: editors backdate, clocks lag."""


@dataclass(slots=True)
class Poll:
    """One poll of a source: its own document, and the pages that follow it."""

    source: Source
    row: dict[str, Any]
    left_out: str | None = None
    partial: bool = False
    """Only what has changed since the last poll was asked for."""
    pages: int = 0
    listed: set[str] = field(default_factory=set)
    next_pages: dict[bool, str | None] = field(default_factory=dict)
    """The page that comes next, of this run's reading and (True) of the one taken up again."""

    @property
    def cursor(self) -> str | None:
        """Where the next run carries on, should this one break off."""
        return self.next_pages.get(True) or self.next_pages.get(False)


class PollingSpider(Spider):
    """Polls the sources of `site` into the store of `session`; subclasses visit the articles."""

    site: ClassVar[Site]
    session: Session

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Scrapy's constructor."""
        super().__init__(*args, **kwargs)
        self._polled: set[str] = set()
        self._complete_polls: list[Poll] = []
        self._sitemap_failed = False  # one that listed something, so that silence says nothing
        # What feeds and listings have shown in this run; that of it which was not known before.
        self._listed_urls: set[str] = set()
        self._new_urls: set[str] = set()
        self._primary: set[str] = set()
        # Sources that need not be asked in this run, unless a primary one shows a gap.
        self._not_due: list[Polled] = []
        # Sources that are due, and wait for another run unless this one shows that there is news.
        self._waiting: list[Polled] = []
        self._has_gap = False

    async def start(self) -> AsyncIterator[Any]:
        """Ask every source that is due what is new."""
        try:
            self.session.open()
        except ArchiveError as error:
            self.session.fatal = error
            raise CloseSpider("archive_error") from error
        if self.session.options.only:
            return
        self.crawler.signals.connect(self.robots_parsed, signal=signals.robots_parsed)
        chosen = self.site.candidate_sources()
        if not self.site.sources:
            chosen += [Source(kind="listing", url=url) for url in fronts(self.site)[1:]]
            found = self.session.store.sources(self.site.id, "auto")
            chosen += [Source(kind=row["kind"], url=row["url"]) for row in found]
        chosen.sort(key=lambda source: source.kind == "sitemap")  # the last ones, see above
        rows = [(s, self.session.store.source(self.site.id, s.url, s.kind)) for s in chosen]
        self._primary = self._primary_sources(rows)
        for source, row in self._chosen([*rows, *self._known_children(rows)]):
            for request in self._poll(source, row):
                yield request
        # A run that was killed behind an index, or had enough, did not come to ask for these.
        for url in self.session.store.unpolled_children(self.site.id):
            for request in self._poll(Source(kind="sitemap", url=url)):
                yield request

    def _primary_sources(self, rows: list[tuple[Source, dict[str, Any]]]) -> set[str]:
        """Sources that are asked in every run: feeds, else front pages, else whatever there is."""
        fast = {
            s.url for s, row in rows if s.kind in FAST and row["polled_at"] and not row["error"]
        }
        front = {
            s.url for s, row in rows
            if s.kind == "listing" and not row["error"] and is_front(self.site, s.url)
        }  # fmt: skip
        return fast or front or {source.url for source, _ in rows}

    def _known_children(self, rows: list[Polled]) -> Iterator[Polled]:
        """Sitemaps that an index among some sources listed when it was last read."""
        known = {row["id"] for _, row in rows}
        for row in self.session.store.sources(self.site.id, "index"):
            if row["parent"] in known and row["polled_at"]:
                known.add(row["id"])
                yield Source(kind="sitemap", url=row["url"]), row

    def _chosen(self, rows: list[Polled]) -> list[Polled]:
        """The sources to ask at once; others wait, unless these show that the site has news."""
        due: list[Polled] = []
        for source, row in rows:
            is_primary = source.url in self._primary and not row["error"]
            chosen = due if is_primary or self._is_due(row) else self._not_due
            chosen.append((source, row))
        if self.session.options.full or self.session.options.revisit:
            return due
        pairs = {row["url"]: (source, row) for source, row in due}
        last = max((row["polled_at"] for _, row in rows if row["polled_at"]), default=None)
        at_once, later = whose_turn((row for _, row in due), self._primary, last)
        # What waits for the end of the visits, as sitemaps do, must not keep the news waiting.
        more = 1 if self.session.store.count_due(self.site.id, now()) else 0
        self._waiting = [pairs[url] for url in later[more:]]
        return [pairs[url] for url in (*at_once, *later[:more])]

    def _is_due(self, row: dict[str, Any], margin: timedelta = timedelta(0)) -> bool:
        """Whether a source has rested long enough."""
        if self.session.options.full or not row["due"]:
            return True
        return bool(row["due"] <= utc(now() + margin))

    def _poll(self, source: Source, row: dict[str, Any] | None = None) -> Iterator[Request]:
        if source.url in self._polled:
            return
        row = row or self.session.store.source(self.site.id, source.url, source.kind)
        most = SAMPLE_SOURCES if self.session.options.sample else MAX_SOURCES
        if len(self._polled) >= most:
            self.session.left_out["further sources"] = (
                f"{most} sources are asked in one run: the next one carries on"
            )
            return
        self._polled.add(source.url)
        full = self.session.options.full
        since = _with_margin(row["polled_at"]) if not full and not row["error"] else None
        if full or self.session.options.revisit or place(row, now()) == source.url:
            row["location"] = None
        asked = poll_url(source.kind, row["location"] or source.url, since)
        # A conditional request would hide what an interrupted back-fill has not read yet.
        conditional = {} if full else conditions(row["etag"], row["last_modified"])
        limited = since is not None and source.kind == "wordpress"
        poll = Poll(source, row, row["left_out"], limited, next_pages={True: row["cursor"]})
        yield self._page_request(poll, asked, conditional, first=True)
        if row["cursor"]:
            yield self._page_request(poll, row["cursor"], resumed=True)

    def _page_request(
        self,
        poll: Poll,
        url: str,
        headers: dict[str, str] | None = None,
        *,
        first: bool = False,
        resumed: bool = False,
    ) -> Request:
        self.session.unanswered += 1
        return Request(
            url,
            callback=self.parse_source,
            errback=self.source_failed,
            priority=WHEN_IDLE if poll.source.kind == "sitemap" else SOURCE_PRIORITY,
            headers=headers,
            meta={
                "poll": poll,
                "page": url,
                "first": first,
                "resumed": resumed,
                "download_maxsize": MAX_BYTES,
            },
        )

    def parse_source(self, response: Response) -> Iterator[Request]:
        """Put what a source lists into the frontier; follow its index, its pages, its hints."""
        assert response.request is not None
        meta = response.request.meta
        poll: Poll = meta["poll"]
        first: bool = meta["first"]
        resumed: bool = meta["resumed"]
        poll.pages += 1
        found = self._read(poll, response)
        if not first and response.status in (400, 404):
            found = Found()  # an honest end of the pages
        listed = self._listed(poll, found, response.url)
        unseen = [item for item in listed if item.url not in poll.listed]
        poll.listed.update(item.url for item in listed)
        if first:  # what it lies about there, it lies about on its further pages, which are old
            # A feed or a list of edits is recent by nature; a sitemap that says so of all is not.
            is_recent = poll.source.kind != "sitemap"
            poll.row["distrust"] = implausible_dates(found.entries, now(), is_recent=is_recent)
            poll.row["location"] = response.url if "redirect_urls" in meta else poll.row["location"]
        if first and response.status == 200:
            self._leave_out(poll, found.left_out)
        elif found.left_out:
            self._leave_out(poll, f"{response.url} {found.left_out}")
        sitemaps = dict(self._child_sitemaps(found, response))
        following = next(iter(found.next), None) if unseen else None
        # Before it is known whether it must be read: a crash right behind would lose the place.
        poll.next_pages[resumed] = meta["page"] if found.error and not first else following
        # Of an answer about edits every page is worth it that tells one: they are listed in any order.
        tells = poll.partial and not poll.row["distrust"] and self.session.store.tells_news(listed)
        full = self.session.options.full
        discovered = self._save(poll, response, found, listed, first=first, sitemaps=sitemaps)
        # Everything here is new, so what came before it may be too.
        paged = not full and poll.source.kind != "sitemap"
        gap = paged and self._is_all_new(listed, discovered)
        goes_on, sample = full or gap or tells, self.session.options.sample
        most = MAX_PAGES_FULL if full else SAMPLE_PAGES if sample else MAX_PAGES
        if following and goes_on and poll.pages < most:
            yield self._page_request(poll, following, resumed=resumed)
        elif following:
            if goes_on:
                self._leave_out(poll, f"{most} pages are read in one run: the next one carries on")
            else:
                poll.next_pages[resumed] = None
            self._save(poll, response, Found(), [], first=False)
        elif gap if poll.source.kind in FAST else discovered and poll.source.url in self._primary:
            self._has_gap = True  # the others may have news, too
        is_as_it_was = poll.row["body_hash"] == hashlib.sha256(response.body).hexdigest()
        is_routine = is_as_it_was and not full and not self.session.options.revisit
        for url, changed in sitemaps.items():
            if is_routine and self._requests + self.session.unanswered > IDLE_REQUESTS:
                break  # they have turns of their own
            yield from self._poll_child(url, changed)
        for source in found.sources:
            yield from self._poll_discovered(source, response.url)
        for url in found.traps:
            self.session.traps.count(url)
        self.follow(response.url, map(Entry, found.sections), depth=1)
        yield from self._source_done()

    def source_failed(self, failure: Failure) -> Iterator[Request]:
        """Record that a source did not answer."""
        request: Request = failure.request  # type: ignore[attr-defined]
        poll: Poll = request.meta["poll"]
        if isinstance(failure.value, Interrupted):
            return  # nothing was learnt: the source stays due
        if not request.meta["first"]:
            poll.next_pages[request.meta["resumed"]] = request.meta["page"]
        target = f": {urls.masked(request.url)}" if isinstance(failure.value, OffSite) else ""
        self._save(poll, None, Found(error=reason(failure) + target), [], first=False)
        yield from self._source_done()

    def _read(self, poll: Poll, response: Response) -> Found:
        if response.status == 304:
            return Found()
        if response.status != 200:
            return Found(error=f"HTTP {response.status}")
        return read_source(
            poll.source.kind,
            response.body,
            charset(response),
            response.url,
            self.site,
            front=is_front(self.site, poll.source.url),
        )

    def _listed(self, poll: Poll, found: Found, base: str) -> list[Candidate]:
        since = self.session.options.since
        return [
            item
            for item in self.session.traps.passed(candidates(self.site, base, found.entries))
            if not (since and item.hint and item.hint < since)
        ]

    def _is_all_new(self, listed: list[Candidate], discovered: int) -> bool:
        """Whether nothing that a page lists was known before this run, by this source or another."""
        unseen = {item.url for item in listed} - self._listed_urls
        self._listed_urls |= unseen
        if len(unseen) == discovered:
            self._new_urls |= unseen
        return bool(listed) and all(item.url in self._new_urls for item in listed)

    def follow(self, base: str, links: Iterable[Entry], depth: int) -> None:
        """Put links of a page into the frontier: of `depth` links away from a source."""
        kept = self.session.traps.passed(candidates(self.site, base, links, depth))
        self.session.discovered += self.session.store.add_candidates(
            self.site.id, self.session.crawl, kept, now()
        )

    def _leave_out(self, poll: Poll, said: str | None) -> None:
        """Note what a limit kept us from reading of a source; tell it where that is news."""
        if said and not poll.row["left_out"] and poll.source.url not in self.session.left_out:
            self.session.left_out[poll.source.url] = said
            self.logger.warning("source %s: %s", poll.source.url, said)
        poll.left_out = said

    @property
    def _requests(self) -> int:
        """Requests of this run so far, robots.txt and redirects included."""
        stats = self.crawler.stats
        return int(stats.get_value("downloader/request_count", 0)) if stats else 0

    def _save(
        self,
        poll: Poll,
        response: Response | None,
        found: Found,
        listed: list[Candidate],
        *,
        first: bool,
        sitemaps: Iterable[str] = (),
    ) -> int:
        session, source, moment = self.session, poll.source, now()
        failures = poll.row["failures"] + 1 if found.error else 0
        # What cannot be read says nothing of what is listed, and has no validators worth keeping.
        is_read = response is not None and response.status == 200 and not found.error
        whole = is_read and first and not poll.partial
        discovered = session.store.save_poll(
            poll.row["id"],
            session.crawl,
            listed,
            polled_at=moment,
            status=response.status if response is not None else None,
            due=next_poll(source.kind, moment, failures=failures, distrust=poll.row["distrust"]),
            # Validators belong to the source's own address, not to its further pages.
            etag=header(response, "ETag") if whole and response else None,
            last_modified=header(response, "Last-Modified") if whole and response else None,
            body_hash=hashlib.sha256(response.body).hexdigest() if whole and response else None,
            error=found.error,
            distrust=poll.row["distrust"],
            left_out=poll.left_out,
            location=None if found.error else poll.row["location"],
            cursor=poll.cursor,
            children=list(sitemaps),
        )
        session.discovered += discovered
        if found.error:
            session.sources_failed += 1
            # An address that a family tries, and that this site never had, is not missed.
            is_missed = poll.row["body_hash"] or poll.row["found_by"] != "profile"
            if is_missed or self.site.sources:
                session.unread[source.url] = found.error
            if source.kind == "sitemap" and (poll.row["body_hash"] or poll.row["parent"]):
                self._sitemap_failed = True
            session.source_error = f"{source.url}: {found.error}"
            self.logger.warning("source %s: %s", source.url, found.error)
        else:
            session.sources_ok += 1
            if source.kind == "sitemap" and whole:
                self._complete_polls.append(poll)
        return discovered

    def _child_sitemaps(self, found: Found, response: Response) -> Iterator[tuple[str, str | None]]:
        for child in found.sitemaps:
            url = urls.canonical(response.urljoin(child.url))
            if url and urls.netloc(url) in self.site.netlocs and not skips_sitemap(self.site, url):
                yield url, sortable(child.date, self.site)

    def _poll_child(self, url: str, changed: str | None) -> Iterator[Request]:
        """Ask a sitemap that an index lists, unless the index says that it is as it was."""
        source = Source(kind="sitemap", url=url)
        row = self.session.store.source(self.site.id, url, source.kind)
        since = _with_margin(row["polled_at"]) or ""
        news = not row["error"] and (changed is None or changed >= since[:10])
        if news or self._is_due(row, CHILD_MARGIN):
            yield from self._poll(source, row)

    def _poll_discovered(self, source: Source, base: str) -> Iterator[Request]:
        url = urls.canonical(urljoin(base, source.url))
        if url and urls.netloc(url) in self.site.netlocs and not suspicious(url):
            row = self.session.store.source(self.site.id, url, source.kind, found_by="auto")
            if not row["polled_at"]:  # others have had their turn, or wait for it
                yield from self._poll(Source(kind=source.kind, url=url), row)

    def robots_parsed(self, robotparser: Any, request: Request) -> None:
        """Follow the `Sitemap:` lines of robots.txt where the family asks for it."""
        if self.site.sources or not families()[self.site.family].discovery.robots:
            return
        for address in robotparser.rp.sitemaps:
            for found in self._poll_discovered(Source(kind="sitemap", url=address), request.url):
                self.crawler.engine.crawl(found)

    def _source_done(self) -> Iterator[Request]:
        """After the last source: ask the home page where none answered; look for what vanished."""
        self.session.unanswered -= 1
        if self.session.unanswered:
            return
        is_idle = self.session.sources_ok and not self.session.discovered and not self._has_gap
        most = self._requests < IDLE_REQUESTS if is_idle else len(self._waiting)
        waiting, self._waiting = self._waiting[:most], self._waiting[most:]
        if self._has_gap:
            waiting, self._not_due = [*waiting, *self._not_due], []
        requests = [request for pair in waiting for request in self._poll(*pair)]
        if requests:
            yield from requests
            return
        if not self.session.sources_ok and not self.site.sources:
            yield from self._poll(Source(kind="listing", url=self.site.url))
        listed = {url for poll in self._complete_polls for url in poll.listed}
        polled = [poll.row["id"] for poll in self._complete_polls]
        vanished = set(known := self.session.store.listed_articles(*polled)) - listed
        if self.session.options.since or not vanished:
            return
        if self._sitemap_failed:
            # They may be listed there. The next poll must see all of the others, too, changed or not.
            self.session.store.forget_validators(polled)
            return
        if len(vanished) > max(MAX_VANISHED, len(known) // 4):
            self.logger.warning(
                "%d articles left the sitemaps at once: not believed", len(vanished)
            )
            return
        self.session.store.look_again(self.site.id, vanished, now())


def _with_margin(polled_at: str | None) -> str | None:
    return utc(datetime.fromisoformat(polled_at) - BACKDATE_MARGIN) if polled_at else None
