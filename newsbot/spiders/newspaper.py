"""newspaper: the one spider. Polls a site's sources, visits what is due, extracts what comes.

A subclass per site profile is made by `newsbot.spiders.loader`; none is written by hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from scrapy import Request, Spider
from scrapy.exceptions import CloseSpider, IgnoreRequest
from scrapy.http import Response
from scrapy.settings import BaseSettings
from twisted.internet import defer
from twisted.python.failure import Failure

from archive.errors import ArchiveError, ArchiveUsageError
from archive.store import Due
from archive.times import now, utc
from newsbot import urls
from newsbot.discovery import candidates, skips_sitemap
from newsbot.discovery.feeds import parse_feed
from newsbot.discovery.sitemaps import Sitemap, parse_sitemap
from newsbot.extraction import extract
from newsbot.extraction.dates import parse_machine
from newsbot.items import VisitItem
from newsbot.middlewares import OffSite, RobotsUnavailable
from newsbot.profiles import Site, Source
from newsbot.session import Session

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

SOURCE_PRIORITY = 10
"""Sources come before the articles they list; robots.txt, at 1000, before both."""
MAX_SITEMAPS = 500
"""Sitemap files read in one run."""
MAX_PARTS = 20
"""Pages of one divided article that are fetched."""
MAX_RETRY_AFTER = 86_400.0
"""Seconds; a longer `Retry-After` is taken for a day."""
_HTML_TYPES = ("html", "xml", "octet-stream", "text/plain")


class ContactMissing(ArchiveUsageError):
    """A public site may not be crawled anonymously."""


class NewspaperSpider(Spider):
    """Crawls one newspaper. `site` is its profile, `session` this crawl's state."""

    site: ClassVar[Site]
    session: Session

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
        limit = settings.get("NEWSBOT_LIMIT")
        spider.session = Session(cls.site, folder, int(limit) if limit is not None else None)
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
        """Ask every source what is new."""
        try:
            self.session.open()
        except ArchiveError as error:
            self.session.fatal = error
            raise CloseSpider("archive_error") from error
        self._sitemaps: set[str] = set()
        for source in self.site.candidate_sources():
            for request in self._poll(source):
                yield request

    def _poll(self, source: Source) -> Iterator[Request]:
        if source.kind == "sitemap":
            if source.url in self._sitemaps or len(self._sitemaps) >= MAX_SITEMAPS:
                return
            self._sitemaps.add(source.url)
        row = self.session.store.source(self.site.id, source.url, source.kind)
        yield Request(
            source.url,
            callback=self.parse_source,
            errback=self.source_failed,
            priority=SOURCE_PRIORITY,
            headers=_conditions(row["etag"], row["last_modified"]),
            meta={"source": source, "source_row": row},
        )

    def parse_source(self, response: Response) -> Iterator[Request]:
        """Put what a feed or sitemap lists into the frontier; follow a sitemap index."""
        assert response.request is not None
        source: Source = response.request.meta["source"]
        row = response.request.meta["source_row"]
        error = None
        children: list[str] = []
        entries = []
        if response.status == 200:
            charset = _charset(response)
            if source.kind == "feed":
                feed = parse_feed(response.body, charset)
                entries, error = feed or [], None if feed is not None else "not a feed"
            else:
                sitemap = parse_sitemap(response.body, charset)
                if sitemap is None:
                    error = "not a sitemap"
                else:
                    entries = sitemap.pages
                    children = list(self._child_sitemaps(response, sitemap))
        elif response.status == 304:
            children = self.session.store.children(row["id"])
        else:
            error = f"HTTP {response.status}"
        listed = list(candidates(self.site, response.url, (self._dated(e) for e in entries)))
        discovered = self.session.store.save_poll(
            row["id"],
            self.session.crawl,
            listed,
            polled_at=now(),
            status=response.status,
            etag=_header(response, "ETag"),
            last_modified=_header(response, "Last-Modified"),
            body_hash=hashlib.sha256(response.body).hexdigest() if response.status == 200 else None,
            error=error,
            children=children,
        )
        self.session.discovered += discovered
        if error:
            self._source_error(source.url, error)
        else:
            self.session.sources_ok += 1
        for url in children:
            yield from self._poll(Source(kind="sitemap", url=url))

    def _child_sitemaps(self, response: Response, sitemap: Sitemap) -> Iterator[str]:
        for child in sitemap.children:
            url = urls.canonical(response.urljoin(child.url))
            if url and urls.netloc(url) in self.site.netlocs and not skips_sitemap(self.site, url):
                yield url

    def source_failed(self, failure: Failure) -> None:
        """Remember that a source could not be had."""
        request: Request = failure.request  # type: ignore[attr-defined]
        error = _reason(failure)
        row = request.meta["source_row"]
        self.session.store.save_poll(
            row["id"], self.session.crawl, [], polled_at=now(), status=None, error=error
        )
        self._source_error(request.meta["source"].url, error)

    def _source_error(self, url: str, error: str) -> None:
        self.session.sources_failed += 1
        self.session.last_error = f"{url}: {error}"
        self.logger.warning("source %s: %s", url, error)

    def _dated(self, entry: Any) -> Any:
        """The entry with its date in one sortable spelling."""
        parsed = parse_machine(entry.date, zone=self.site.zone) if entry.date else None
        value = parsed.value if parsed else None
        date = utc(value) if isinstance(value, datetime) else value.isoformat() if value else None
        return type(entry)(entry.url, date)

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
                "known": known,
                "asked": due.url,
                "captures": [],
            },
        )

    def parse_page(self, response: Response) -> Iterator[VisitItem | Request]:
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
            retry_after=_retry_after(response),
        )
        if response.status != 200:
            item.outcome, item.error = _outcome_of_status(response.status)
        elif not _is_html(response):
            item.outcome, item.error = "not_article", "not HTML"
        else:
            article = self._extract(response, item.fetched_at)
            item.parts.append(article)
            if article.is_article and article.pages:
                yield self._next_part(item, article.pages[:MAX_PARTS])
                return
        yield item

    def parse_part(self, response: Response) -> Iterator[VisitItem | Request]:
        """A further page of a divided article."""
        assert response.request is not None
        item: VisitItem = response.request.meta["item"]
        rest: list[str] = response.request.meta["rest"]
        if response.status == 200 and _is_html(response):
            item.parts.append(self._extract(response, item.fetched_at))
            item.urls.append(urls.canonical(response.url) or response.url)
            if rest:
                yield self._next_part(item, rest)
                return
            yield item
        else:
            yield _incomplete(item, f"HTTP {response.status}")

    def part_failed(self, failure: Failure) -> Iterator[VisitItem]:
        """Half an article is not stored as a whole one."""
        yield _incomplete(failure.request.meta["item"], _reason(failure))  # type: ignore[attr-defined]

    def page_failed(self, failure: Failure) -> Iterator[VisitItem]:
        """A page that never came."""
        request: Request = failure.request  # type: ignore[attr-defined]
        if self.session.fatal:
            return
        meta = request.meta
        item = VisitItem(
            frontier=meta["frontier"],
            url=meta["asked"],
            known=meta["known"],
            fetched_at=now(),
            urls=_addresses(meta, request.url),
            captures=meta["captures"],
            failures=meta["failures"],
            outcome="failed",
            error=_reason(failure),
        )
        if isinstance(failure.value, RobotsUnavailable):
            item.outcome = "deferred"
        elif isinstance(failure.value, IgnoreRequest):
            item.outcome = "excluded"
        yield item

    def _extract(self, response: Response, fetched_at: datetime) -> Any:
        return extract(
            response.body,
            response.url,
            charset=_charset(response),
            fetched_at=fetched_at,
            site=self.site,
        )

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
