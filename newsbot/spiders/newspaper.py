"""newspaper: the one spider. Polls a site's sources, visits what is due, extracts what comes.

A subclass per site profile is made by `newsbot.spiders.loader`; none is written by hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import urljoin

from scrapy import Request, Spider, signals
from scrapy.exceptions import CloseSpider, IgnoreRequest
from scrapy.http import Response
from scrapy.settings import BaseSettings
from twisted.internet import defer
from twisted.python.failure import Failure

from archive.article import Article
from archive.errors import ArchiveError, ArchiveUsageError
from archive.store import Candidate, Due
from archive.times import now, utc
from newsbot import urls
from newsbot.discovery import Entry, candidates, skips_sitemap
from newsbot.discovery.listing import parse_listing
from newsbot.discovery.reading import Found, poll_url, read_source
from newsbot.discovery.traps import suspicious, without_session
from newsbot.discovery.trust import lying
from newsbot.extraction.decode import decode
from newsbot.extraction.page import Page
from newsbot.items import VisitItem
from newsbot.middlewares import OffSite, RobotsUnavailable
from newsbot.profiles import Site, Source, families
from newsbot.schedule import FAST, next_poll
from newsbot.session import Options, Session
from newsbot.workers import ExtractionFailed

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

SOURCE_PRIORITY = 10
"""Sources come before the articles they list; robots.txt, at 1000, before both."""
MAX_SOURCES = 600
"""Sitemaps, feeds and listings asked in one run."""
MAX_PAGES = 60
"""Pages of one source followed in an ordinary run."""
MAX_PAGES_FULL = 20_000
"""Pages of one source followed in a back-fill."""
MOST_VANISHED = 50
"""So many articles may leave the sitemaps at once, or a quarter; more is a fault of the site."""
BACKDATED = timedelta(days=1)
"""How far back a WordPress source is asked for edits: editors backdate, clocks lag."""
MAX_PARTS = 20
"""Pages of one divided article that are fetched."""
MAX_RETRY_AFTER = 86_400.0
"""Seconds; a longer `Retry-After` is taken for a day."""
_HTML_TYPES = ("html", "xml", "octet-stream", "text/plain")


@dataclass(slots=True)
class Sweep:
    """One pass over a source's pages in this run."""

    source: Source
    row: dict[str, Any]
    pages: int = 0
    listed: set[str] = field(default_factory=set)


class ContactMissing(ArchiveUsageError):
    """A public site may not be crawled anonymously."""


class NewspaperSpider(Spider):
    """Crawls one newspaper. `site` is its profile, `session` this crawl's state."""

    site: ClassVar[Site]
    session: Session
    _polled: set[str]
    _complete: list[Sweep]
    _without_session: set[str]
    _sweeps: int
    """Source documents asked for and not yet answered."""
    _resting: list[tuple[Source, dict[str, Any]]]
    """Sources that need not be asked in this run, unless a fast one shows a gap."""
    _gap: bool

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Apply the profile's politeness."""
        super().update_settings(settings)
        crawl = cls.site.crawl
        for name, value in (
            ("DOWNLOAD_DELAY", crawl.delay),
            ("CONCURRENT_REQUESTS_PER_DOMAIN", crawl.concurrency),
            ("DOWNLOAD_TIMEOUT", crawl.timeout),
            ("AUTOTHROTTLE_ENABLED", crawl.autothrottle),
            ("AUTOTHROTTLE_START_DELAY", max(crawl.delay, 1.0)),
        ):
            settings.set(name, value, priority="spider")
        contact = settings.get("NEWSBOT_CONTACT")
        if contact:
            agent = settings["USER_AGENT"].replace("(news archive)", f"(news archive; {contact})")
            settings.set("USER_AGENT", agent, priority="spider")

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Open the archive with the spider."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        settings = crawler.settings
        if not cls.site.is_loopback and not settings.get("NEWSBOT_CONTACT"):
            raise ContactMissing(
                f"{cls.site.id} is a public site: say who is crawling it with --contact or "
                "NEWSBOT_CONTACT (an e-mail address or a web page)"
            )
        folder = Path(settings.get("NEWSBOT_DATA"))
        spider.session = Session(
            cls.site,
            folder,
            Options(**settings.getdict("NEWSBOT_OPTIONS")),
            settings.getint("NEWSBOT_JOBS"),
        )
        crawler.signals.connect(spider.robots_parsed, signal=signals.robots_parsed)
        spider._polled = set()
        spider._complete = []
        spider._sweeps = 0
        spider._without_session = set()
        spider._resting = []
        spider._gap = False
        return spider

    def abort(self, error: BaseException) -> None:
        """End the crawl because the archive cannot be written."""
        session = self.session
        if session.fatal is None:
            session.fatal = error if isinstance(error, ArchiveError) else ArchiveError(str(error))
            self.logger.error("%s", session.fatal)
            engine = self.crawler.engine
            if engine:
                defer.ensureDeferred(engine.close_spider_async(reason="archive_error"))

    # -- discovery ------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Any]:
        """Ask every source that is due what is new."""
        try:
            self.session.open()
        except ArchiveError as error:
            self.session.fatal = error
            raise CloseSpider("archive_error") from error
        chosen = self.site.candidate_sources()
        if not self.site.sources:
            found = self.session.store.sources(self.site.id, "auto")
            chosen += [Source(kind=row["kind"], url=row["url"]) for row in found]
        rows = [(s, self.session.store.source(self.site.id, s.url, s.kind)) for s in chosen]
        answering = any(s.kind in FAST and row["polled_at"] and not row["error"] for s, row in rows)
        for source, row in rows:
            if self._is_due(row, rest=answering or source.kind in FAST):
                for request in self._poll(source, row):
                    yield request
            else:
                self._resting.append((source, row))

    def _is_due(self, row: dict[str, Any], *, rest: bool) -> bool:
        """Whether a source is asked in this run; `rest`: sources of its kind need not be."""
        if self.session.options.full or not row["due"]:
            return True
        if not rest and not row["error"]:
            return True
        return bool(row["due"] <= utc(now()))

    def _poll(self, source: Source, row: dict[str, Any] | None = None) -> Iterator[Request]:
        if source.url in self._polled or len(self._polled) >= MAX_SOURCES:
            return
        self._polled.add(source.url)
        row = row or self.session.store.source(self.site.id, source.url, source.kind)
        full = self.session.options.full
        since = _with_margin(row["polled_at"]) if not full and not row["error"] else None
        asked = poll_url(source, self.site, since)
        # A conditional request would hide what an interrupted back-fill has not read yet.
        conditional = {} if full else _conditions(row["etag"], row["last_modified"])
        sweep = Sweep(source, row)
        self._sweeps += 1
        yield self._page_request(sweep, asked, conditional)
        if full and row["cursor"]:
            self._sweeps += 1
            yield self._page_request(sweep, row["cursor"], {})

    def _page_request(self, sweep: Sweep, url: str, headers: dict[str, str]) -> Request:
        return Request(
            url,
            callback=self.parse_source,
            errback=self.source_failed,
            priority=SOURCE_PRIORITY,
            headers=headers,
            meta={"sweep": sweep, "first": url != sweep.row["cursor"] and sweep.pages == 0},
        )

    def parse_source(self, response: Response) -> Iterator[Request]:
        """Put what a source lists into the frontier; follow its index, its pages, its hints."""
        assert response.request is not None
        sweep: Sweep = response.request.meta["sweep"]
        first: bool = response.request.meta["first"]
        sweep.pages += 1
        found = self._read(sweep, response)
        if not first and response.status in (400, 404):
            found = Found()  # an honest end of the pages
        listed = self._listed(sweep, found, response.url)
        fresh = [item for item in listed if item.url not in sweep.listed]
        sweep.listed.update(item.url for item in listed)
        # A feed or a list of edits is recent by nature; a sitemap that says so of all is not.
        distrust = lying(found.entries, now()) if sweep.source.kind == "sitemap" else None
        sitemaps = list(self._child_sitemaps(found, response))
        following = next(iter(found.next), None) if self._goes_on(sweep, listed, fresh) else None
        discovered = self._save(
            sweep, response, found, listed, first=first, distrust=distrust,
            cursor=following, sitemaps=sitemaps,
        )  # fmt: skip
        # Everything here was new, so what came before it may be too.
        gap = bool(listed) and discovered == len(listed)
        if following and (self.session.options.full or gap):
            self._sweeps += 1
            yield self._page_request(sweep, following, {})
        elif gap and sweep.source.kind in FAST:
            self._gap = True
        if response.status == 304:
            sitemaps = self.session.store.children(sweep.row["id"])
        for url in sitemaps:
            yield from self._poll(Source(kind="sitemap", url=url))
        for source in found.sources:
            yield from self._poll_discovered(source, response.url)
        yield from self._source_done()

    def source_failed(self, failure: Failure) -> Iterator[Request]:
        """Remember that a source could not be had."""
        request: Request = failure.request  # type: ignore[attr-defined]
        sweep: Sweep = request.meta["sweep"]
        error = _reason(failure)
        self._save(sweep, None, Found(error=error), [], first=False, cursor=sweep.row["cursor"])
        yield from self._source_done()

    def _read(self, sweep: Sweep, response: Response) -> Found:
        if response.status == 304:
            return Found()
        if response.status != 200:
            return Found(error=f"HTTP {response.status}")
        return read_source(
            sweep.source.kind,
            response.body,
            _charset(response),
            response.url,
            self.site,
            discover=not self.site.sources and sweep.source.url == self.site.url,
        )

    def _listed(self, sweep: Sweep, found: Found, base: str) -> list[Candidate]:
        since = self.session.options.since
        return [
            item
            for item in self._outside_traps(candidates(self.site, base, found.entries))
            if not (since and item.hint and item.hint < since)
        ]

    def _outside_traps(self, items: Iterable[Candidate]) -> Iterator[Candidate]:
        """Candidates that look like no trap; of addresses that differ in a session id, one."""
        for item in items:
            trap = suspicious(item.url)
            if trap == "session_id":
                key = without_session(item.url)
                if key not in self._without_session:
                    self._without_session.add(key)
                    # An id inside the path cannot be left out, only met once.
                    url = item.url if "*" in key else urls.canonical(key)
                    if url:
                        yield replace(item, url=url)
                        continue
            if trap:
                self.session.traps[trap] += 1
            else:
                yield item

    def _goes_on(self, sweep: Sweep, listed: list[Candidate], fresh: list[Candidate]) -> bool:
        """Whether a source's next page is worth asking for: this one brought something unseen."""
        most = MAX_PAGES_FULL if self.session.options.full else MAX_PAGES
        return bool(fresh) and bool(listed) and sweep.pages < most

    def _save(
        self,
        sweep: Sweep,
        response: Response | None,
        found: Found,
        listed: list[Candidate],
        *,
        first: bool,
        distrust: str | None = None,
        cursor: str | None = None,
        sitemaps: Iterable[str] = (),
    ) -> int:
        session, source, moment = self.session, sweep.source, now()
        failures = sweep.row["failures"] + 1 if found.error else 0
        whole = first and response is not None and response.status == 200
        discovered = session.store.save_poll(
            sweep.row["id"],
            session.crawl,
            listed,
            polled_at=moment,
            status=response.status if response is not None else None,
            due=next_poll(source.kind, moment, failures=failures, distrust=distrust),
            # Validators belong to the source's own address, not to its further pages.
            etag=_header(response, "ETag") if whole and response else None,
            last_modified=_header(response, "Last-Modified") if whole and response else None,
            body_hash=hashlib.sha256(response.body).hexdigest() if whole and response else None,
            error=found.error,
            distrust=distrust,
            cursor=cursor,
            children=sitemaps,
        )
        session.discovered += discovered
        if found.error:
            session.sources_failed += 1
            session.last_error = f"{source.url}: {found.error}"
            self.logger.warning("source %s: %s", source.url, found.error)
        else:
            session.sources_ok += 1
            if source.kind == "sitemap" and whole:
                self._complete.append(sweep)
        return discovered

    def _child_sitemaps(self, found: Found, response: Response) -> Iterator[str]:
        for child in found.sitemaps:
            url = urls.canonical(response.urljoin(child.url))
            if url and urls.netloc(url) in self.site.netlocs and not skips_sitemap(self.site, url):
                yield url

    def _poll_discovered(self, source: Source, base: str) -> Iterator[Request]:
        url = urls.canonical(urljoin(base, source.url))
        if url and urls.netloc(url) in self.site.netlocs and not suspicious(url):
            self.session.store.source(self.site.id, url, source.kind, found_by="auto")
            yield from self._poll(Source(kind=source.kind, url=url))

    def robots_parsed(self, robotparser: Any, request: Request) -> None:
        """Follow the `Sitemap:` lines of robots.txt where the family asks for it."""
        if self.site.sources or not families()[self.site.family].discovery.robots:
            return
        engine = self.crawler.engine
        for address in robotparser.rp.sitemaps:
            for poll in self._poll_discovered(Source(kind="sitemap", url=address), request.url):
                if engine:
                    engine.crawl(poll)

    def _source_done(self) -> Iterator[Request]:
        """After the last source: ask the home page where none answered; look for what vanished."""
        self._sweeps -= 1
        if self._sweeps:
            return
        if self._gap and self._resting:
            resting, self._resting = self._resting, []
            for source, row in resting:
                yield from self._poll(source, row)
            return
        if not self.session.sources_ok and not self.site.sources:
            yield from self._poll(Source(kind="listing", url=self.site.url))
        listed = {url for sweep in self._complete for url in sweep.listed}
        known = {
            url
            for sweep in self._complete
            for url in self.session.store.listed_articles(sweep.row["id"])
        }
        vanished = known - listed
        if self.session.sources_failed or self.session.options.since or not vanished:
            return
        if len(vanished) > max(MOST_VANISHED, len(known) // 4):
            self.logger.warning(
                "%d articles left the sitemaps at once: not believed", len(vanished)
            )
            return
        self.session.store.look_again(self.site.id, vanished, now())

    # -- articles -------------------------------------------------------------------------------

    def article_request(self, due: Due) -> Request:
        """The request for a frontier URL whose time has come."""
        known = due.article is not None
        return Request(
            due.url,
            callback=self.parse_page,
            errback=self.page_failed,
            headers=_conditions(due.etag, due.last_modified) if known else {},
            meta={
                "frontier": due.id,
                "failures": due.failures,
                "depth": due.depth,
                "dated": due.dated,
                "known": known,
                "asked": due.url,
                "captures": [],
            },
        )

    async def parse_page(self, response: Response) -> AsyncIterator[VisitItem | Request]:
        """Extract a page; fetch its further pages before it is handed on."""
        assert response.request is not None
        meta = response.request.meta
        item = VisitItem(
            frontier=meta["frontier"],
            url=meta["asked"],
            known=meta["known"],
            fetched_at=now(),
            status=response.status,
            urls=_addresses(meta, response.url),
            captures=meta["captures"],
            etag=_header(response, "ETag"),
            last_modified=_header(response, "Last-Modified"),
            failures=meta["failures"],
            dated=meta["dated"],
            retry_after=_retry_after(response),
        )
        further: list[str] = []
        if response.status == 304 and not item.known:
            item.outcome, item.error = "failed", "HTTP 304 to an unconditional request"
        elif response.status != 200:
            item.outcome, item.error = _outcome_of_status(response.status)
        elif not _is_html(response):
            item.outcome, item.error = "not_article", "not HTML"
        else:
            article = await self._extract(response, item)
            if article and article.is_article:
                further = article.pages[:MAX_PARTS]
            elif article and article.reason == "listing":
                self._follow(response, meta["depth"] + 1)
        yield self._next_part(item, further) if further else item

    def _follow(self, response: Response, depth: int) -> None:
        """Put the links of a page that turned out to be a listing into the frontier."""
        if depth > self.site.crawl.max_depth or not self._follows:
            return
        listing = parse_listing(
            Page(decode(response.body, _charset(response)).text, response.url), self.site
        )
        links = [*listing.articles, *(Entry(url) for url in (*listing.next, *listing.sections))]
        kept = self._outside_traps(candidates(self.site, response.url, links, depth))
        self.session.discovered += self.session.store.add_candidates(
            self.site.id, self.session.crawl, kept, now()
        )

    @property
    def _follows(self) -> bool:
        """Links are followed where the site has listings for sources, not where feeds list all."""
        return any(source.kind == "listing" for source in self.site.candidate_sources())

    async def parse_part(self, response: Response) -> AsyncIterator[VisitItem | Request]:
        """A further page of a divided article."""
        assert response.request is not None
        item: VisitItem = response.request.meta["item"]
        rest: list[str] = response.request.meta["rest"]
        if response.status == 200 and _is_html(response):
            await self._extract(response, item)
            item.urls.append(urls.canonical(response.url) or response.url)
            yield self._next_part(item, rest) if rest else item
        else:
            yield _incomplete(item, f"HTTP {response.status}")

    def part_failed(self, failure: Failure) -> Iterator[VisitItem]:
        """Half an article is not stored as a whole one."""
        yield _incomplete(failure.request.meta["item"], _reason(failure))  # type: ignore[attr-defined]

    def page_failed(self, failure: Failure) -> Iterator[VisitItem]:
        """A page that never came."""
        request: Request = failure.request  # type: ignore[attr-defined]
        meta = request.meta
        item = VisitItem(
            frontier=meta["frontier"],
            url=meta["asked"],
            known=meta["known"],
            fetched_at=now(),
            urls=_addresses(meta, request.url),
            captures=meta["captures"],
            failures=meta["failures"],
            dated=meta["dated"],
            outcome="failed",
            error=_reason(failure),
        )
        if isinstance(failure.value, RobotsUnavailable):
            item.outcome = "deferred"
        elif isinstance(failure.value, IgnoreRequest):
            item.outcome = "excluded"
        if not self.session.fatal:
            yield item

    async def _extract(self, response: Response, item: VisitItem) -> Article | None:
        """Read a page in a worker and add it to the item; a page that breaks the worker fails."""
        try:
            article = await self.session.workers.extract(
                response.body, response.url, _charset(response), item.fetched_at, self.site
            )
        except ExtractionFailed as error:
            item.parts.clear()
            item.outcome, item.error = "failed", str(error)
            return None
        item.parts.append(article)
        return article

    def _next_part(self, item: VisitItem, parts: list[str]) -> Request:
        return Request(
            parts[0],
            callback=self.parse_part,
            errback=self.part_failed,
            priority=1,
            meta={
                "item": item,
                "rest": parts[1:],
                "captures": item.captures,
                "frontier": item.frontier,
            },
        )


def _with_margin(polled_at: str | None) -> str | None:
    return utc(datetime.fromisoformat(polled_at) - BACKDATED) if polled_at else None


def _incomplete(item: VisitItem, error: str) -> VisitItem:
    item.parts.clear()
    item.outcome, item.error = "failed", f"a further page of the article is missing: {error}"
    return item


def _outcome_of_status(status: int) -> tuple[str, str | None]:
    """HTTP status → outcome and error (RFC 9110 §15)."""
    if status == 304:
        return "unchanged", None
    if status in (404, 410):
        return "gone", None
    if status in (401, 402, 403, 407, 451):
        return "blocked", f"HTTP {status}"
    if status in (429, 503):
        return "deferred", f"HTTP {status}"
    return "failed", f"HTTP {status}"


def _addresses(meta: dict[str, Any], final: str) -> list[str]:
    """Canonical spelling of the address asked for, its redirects, and where they ended."""
    chain = [meta["asked"], *meta.get("redirect_urls", []), final]
    return list(dict.fromkeys(url for address in chain if (url := urls.canonical(address))))


def _reason(failure: Failure) -> str:
    """A failure in a few words of one line."""
    if isinstance(failure.value, OffSite):
        return "leads to another site"
    if isinstance(failure.value, IgnoreRequest):
        return str(failure.value) or "ignored"
    name = type(failure.value).__name__
    text = " ".join(str(failure.value).split())
    return f"{name}: {text}"[:300] if text else name


def _conditions(etag: str | None, last_modified: str | None) -> dict[str, str]:
    headers = {}
    if etag:
        headers["If-None-Match"] = etag
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    return headers


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None


def _charset(response: Response) -> str | None:
    content_type = _header(response, "Content-Type") or ""
    for parameter in content_type.split(";")[1:]:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset":
            return value.strip(" \t\"'") or None
    return None


def _is_html(response: Response) -> bool:
    content_type = (_header(response, "Content-Type") or "").lower()
    if content_type and not any(kind in content_type for kind in _HTML_TYPES):
        return False
    head = response.body[:1024]
    return not head.startswith(
        (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"Rar!")
    )


def _retry_after(response: Response) -> float | None:
    """Seconds that `Retry-After` asks for (RFC 9110 §10.2.3): a number or a date."""
    value = _header(response, "Retry-After")
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - now()) / timedelta(seconds=1)
        except (ValueError, TypeError):
            return None
    return min(seconds, MAX_RETRY_AFTER) if seconds > 0 else None
