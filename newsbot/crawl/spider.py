"""newspaper: the one spider. Polls a site's sources, visits what is due, extracts what comes.

A subclass per site profile is made by `newsbot.crawl.loader`; none is written by hand.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scrapy import Request, signals
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from archive.article import Article
from archive.captures import Capture
from archive.errors import ArchiveError, ArchiveUsageError
from archive.store import Due
from archive.times import now
from newsbot.crawl.middlewares.backoff import retry_after
from newsbot.crawl.middlewares.robots import RobotsUnavailable
from newsbot.crawl.network import engine
from newsbot.crawl.polling import PollingSpider
from newsbot.crawl.responses import (
    charset,
    conditions,
    header,
    is_conditional,
    is_html,
    reason,
)
from newsbot.crawl.session import Options, Session
from newsbot.discovery import Entry
from newsbot.discovery.listing import parse_listing
from newsbot.extraction.decode import decode
from newsbot.extraction.page import Page
from newsbot.replay.workers import ExtractionFailed
from newsbot.visit import urls
from newsbot.visit.errors import Interrupted
from newsbot.visit.items import VisitItem
from newsbot.visit.outcomes import MAX_PARTS, addresses, incomplete, outcome_of_status

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
        # On a full disk no log can be written: that is to be said in one line, not in tracebacks.
        logging.raiseExceptions = False
        folder = Path(settings.get("NEWSBOT_DATA"))
        spider.session = Session(
            cls.site,
            folder,
            Options(**settings.getdict("NEWSBOT_OPTIONS")),
            settings.getint("NEWSBOT_JOBS"),
        )
        crawler.signals.connect(spider.robots_parsed, signal=signals.robots_parsed)
        return spider

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
        return Request(
            due.url,
            callback=self.parse_page,
            errback=self.page_failed,
            headers=conditions(due.etag, due.last_modified) if known else {},
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
            fetched_at=_fetched_at(meta["captures"]),
            status=response.status,
            urls=_addresses(meta, response.url),
            captures=meta["captures"],
            etag=header(response, "ETag"),
            last_modified=header(response, "Last-Modified"),
            failures=meta["failures"],
            dated=meta["dated"],
            retry_after=min(retry_after(response, now()) or 0.0, MAX_RETRY_AFTER) or None,
        )
        further: list[str] = []
        if response.status == 304 and not is_conditional(response.request):
            item.outcome, item.error = "failed", "HTTP 304 to an unconditional request"
        elif response.status != 200:
            item.outcome, item.error = outcome_of_status(response.status)
        elif not is_html(response):
            item.outcome, item.error = "not_article", "not HTML"
        else:
            article = await self._extract(response, item)
            if article and article.is_article:
                further = article.pages[:MAX_PARTS]
            elif article and article.reason in LEADING_ON:
                self._follow(response, meta["depth"] + 1)
        yield self._next_part(item, further) if further else item

    def _follow(self, response: Response, depth: int) -> None:
        """Put the links of a page that is no article, but may list some, into the frontier."""
        if depth > self.site.crawl.max_depth or not self._follows:
            return
        listing = parse_listing(
            Page(decode(response.body, charset(response)).text, response.url), self.site
        )
        links = [*listing.articles, *(Entry(url) for url in (*listing.next, *listing.sections))]
        for url in listing.traps:
            self.count_trap(url)
        self.follow(response.url, links, depth)

    @property
    def _follows(self) -> bool:
        """Links are followed where the site has listings for sources, not where feeds list all."""
        return any(source.kind == "listing" for source in self.site.candidate_sources())

    async def parse_part(self, response: Response) -> AsyncIterator[VisitItem | Request]:
        """A further page of a divided article."""
        assert response.request is not None
        item: VisitItem = response.request.meta["item"]
        rest: list[str] = response.request.meta["rest"]
        if response.status == 200 and is_html(response):
            await self._extract(response, item)
            item.urls.append(urls.canonical(response.url) or response.url)
            yield self._next_part(item, rest) if rest else item
        else:
            incomplete(item, f"HTTP {response.status}")
            yield item

    def part_failed(self, failure: Failure) -> Iterator[VisitItem]:
        """A further page that never came."""
        if not isinstance(failure.value, Interrupted):
            item: VisitItem = failure.request.meta["item"]  # type: ignore[attr-defined]
            incomplete(item, reason(failure))
            yield item

    def page_failed(self, failure: Failure) -> Iterator[VisitItem]:
        """A page that never came."""
        request: Request = failure.request  # type: ignore[attr-defined]
        meta = request.meta
        if self.session.fatal or isinstance(failure.value, Interrupted):
            return  # nothing was learnt: the URL stays due
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
            error=reason(failure),
        )
        if isinstance(failure.value, RobotsUnavailable):
            item.outcome = "deferred"
        elif isinstance(failure.value, IgnoreRequest):
            item.outcome = "excluded"
        yield item

    async def _extract(self, response: Response, item: VisitItem) -> Article | None:
        """Read a page in a worker and add it to the item; a page that breaks the worker fails."""
        try:
            article = await self.session.workers.extract(
                response.body, response.url, charset(response), item.fetched_at, self.site
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


def _fetched_at(captures: list[Capture]) -> datetime:
    """The moment of the page's capture, so that the archive can be rebuilt from captures alone."""
    return datetime.fromisoformat(captures[-1].fetched_at) if captures else now()


def _addresses(meta: dict[str, Any], final: str) -> list[str]:
    """Canonical spelling of the address asked for, its redirects, and where they ended."""
    return addresses([meta["asked"], *meta.get("redirect_urls", []), final])
