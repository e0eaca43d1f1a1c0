"""newspaper: the one spider. Polls a site's sources, visits what is due, extracts what comes.

A subclass per site profile is made by `newsbot.crawl.loader`; none is written by hand.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from archive.captures import Capture, Exchange
from archive.errors import ArchiveError, ArchiveUsageError
from archive.store import Due
from archive.times import now
from archive.visit import Visit
from newsbot.crawl.middlewares.robots import RobotsUnavailable
from newsbot.crawl.network import engine
from newsbot.crawl.network.addresses import let_in
from newsbot.crawl.polling import PollingSpider
from newsbot.crawl.responses import charset, conditions, header, is_conditional, reason
from newsbot.crawl.session import Options, Session
from newsbot.discovery import Entry
from newsbot.discovery.listing import parse_listing
from newsbot.extraction import extract
from newsbot.extraction.decode import decode
from newsbot.extraction.page import Page
from newsbot.visit.backoff import retry_after
from newsbot.visit.builder import VisitBuilder
from newsbot.visit.errors import Interrupted

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

LEADING_ON = ("listing", "no_text", "no_title", "static_page")
"""Why a page is no article, where its links are worth following all the same."""
MAX_RETRY_AFTER = 86_400.0
"""Seconds; a longer `Retry-After` is taken for a day."""


class ContactMissing(ArchiveUsageError):
    """A public site may not be crawled anonymously."""


class NewspaperSpider(PollingSpider):
    """Crawls one newspaper. `site` is its profile, `session` this crawl's state."""

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
        let_in(cls.site)
        # On a full disk no log can be written: that is to be said in one line, not in tracebacks.
        logging.raiseExceptions = False
        folder = Path(settings.get("NEWSBOT_DATA"))
        spider.session = Session(
            cls.site,
            folder,
            Options(**settings.getdict("NEWSBOT_OPTIONS")),
            settings.getint("NEWSBOT_JOBS"),
        )
        return spider

    def parse(self, response: Response) -> Iterator[dict[str, Any]]:
        """The article that a page holds, for `scrapy parse`, `scrapy shell` and contracts; nothing is kept."""
        read = extract(
            response.body, response.url, charset=charset(response), fetched_at=now(), site=self.site
        )
        if read.is_article:
            yield read.to_dict()

    def abort(self, error: BaseException) -> None:
        """End the crawl because the archive cannot be written."""
        session = self.session
        if session.fatal is None:
            session.fatal = error if isinstance(error, ArchiveError) else ArchiveError(str(error))
            self.logger.error("%s", session.fatal)
            engine.close(self.crawler, "archive_error")

    # -- articles -------------------------------------------------------------------------------

    def article_request(self, due: Due) -> Request:
        """The request for a frontier URL whose time has come."""
        known = due.article is not None
        return self._request(
            due.listed,
            VisitBuilder(self.session.site, due.url, due.id, self.session.crawl),
            due.depth,
            headers=conditions(due.etag, due.last_modified) if known else {},
        )

    def _request(self, url: str, visit: VisitBuilder, depth: int, **how: Any) -> Request:
        """A request of a visit; `CaptureMiddleware` collects its exchanges, redirects included."""
        return Request(
            url,
            callback=self.parse_page,
            errback=self.page_failed,
            meta={
                "visit": visit,
                "depth": depth,
                "exchanges": [],
                "first_record": visit.first_record,
            },
            **how,
        )

    async def parse_page(self, response: Response) -> AsyncIterator[Visit | Request]:
        """Read what came; ask for what the visit needs next, or hand it on."""
        request = response.request
        assert request is not None
        visit: VisitBuilder = request.meta["visit"]
        await self._take(visit, request)
        if response.status == 304 and not is_conditional(request):
            visit.fail("failed", "HTTP 304 to an unconditional request", now())
        depth: int = request.meta["depth"]
        if visit.needs:
            yield self._request(visit.needs[0], visit, depth, priority=1)
            return
        done = visit.build()
        if done.result == "deferred":
            asked = retry_after(
                header(response, "Retry-After") or "", header(response, "Date") or "", now()
            )
            done.retry_after = min(asked or 0.0, MAX_RETRY_AFTER) or None
        elif done.result == "refused" and done.reason in LEADING_ON:
            self._follow(response, depth + 1)
        yield done

    async def page_failed(self, failure: Failure) -> AsyncIterator[Visit]:
        """A page that never came, or must not be asked for."""
        if self.session.fatal or isinstance(failure.value, Interrupted):
            return  # nothing was learnt: the URL stays due
        request: Request = failure.request  # type: ignore[attr-defined]
        visit: VisitBuilder = request.meta["visit"]
        await self._take(visit, request)
        result = "failed"
        if isinstance(failure.value, RobotsUnavailable):
            result = "deferred"
        elif isinstance(failure.value, IgnoreRequest):
            result = "excluded"
        visit.fail(result, reason(failure), now())
        yield visit.build()

    async def _take(self, visit: VisitBuilder, request: Request) -> None:
        """Read the exchanges that a request has led to, in their order, and add them to the visit."""
        exchanges: list[tuple[Exchange, Capture | None]] = request.meta["exchanges"]
        for exchange, capture in exchanges:
            addresses = set() if visit.article else visit.addresses
            visit.add(exchange, capture, await self.session.read(exchange, addresses))
        exchanges.clear()

    def _follow(self, response: Response, depth: int) -> None:
        """Put the links of a page that is no article, but may list some, into the frontier."""
        if depth > self.site.crawl.max_depth or not self._follows:
            return
        listing = parse_listing(
            Page(decode(response.body, charset(response)).text, response.url), self.site
        )
        links = [*listing.articles, *(Entry(url) for url in (*listing.next, *listing.sections))]
        for url in listing.traps:
            self.session.traps.count(url)
        self.follow(response.url, links, depth)

    @property
    def _follows(self) -> bool:
        """Links are followed where the site has listings for sources, not where feeds list all."""
        return any(source.kind == "listing" for source in self.site.candidate_sources())
