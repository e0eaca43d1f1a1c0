"""middlewares: robots.txt without Scrapy's leak, requests kept at home, captures before all else.

The order in which they stand is in `newsbot.crawl.settings`.
"""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from scrapy.downloadermiddlewares import redirect
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response

from archive.captures import (
    IDENTICAL,
    NOT_MODIFIED,
    Capture,
    payload_digest,
    previous_capture,
)
from archive.errors import ArchiveError
from archive.store import explained_errors
from archive.times import now
from newsbot.crawl.middlewares.backoff import REFUSALS
from newsbot.crawl.network.downloader import MAX_DELAY, Interrupted, PoliteDownloader
from newsbot.visit import urls

if TYPE_CHECKING:
    from protego import Protego
    from scrapy.crawler import Crawler
    from scrapy.robotstxt import RobotParser

    from newsbot.crawl.spider import NewspaperSpider

logger = logging.getLogger(__name__)

ROBOTS_TIMEOUT = 30.0
"""Seconds for robots.txt."""
ROBOTS_HOPS = 5
"""Redirects followed to robots.txt (RFC 9309 §2.3.1.2)."""
ROBOTS_SIZE = 512 * 1024
"""Bytes of robots.txt that are read; RFC 9309 §2.5 wants 500 KiB at least."""


class RobotsUnavailable(IgnoreRequest):
    """robots.txt could not be had, so nothing may be fetched for now (RFC 9309 §2.3.1.4)."""


class OffSite(IgnoreRequest):
    """The address belongs to no host of the site."""


class RedirectLoop(Exception):
    """Redirects that lead back, or lead on for too long."""


class RobotsMiddleware(RobotsTxtMiddleware):
    """robots.txt by RFC 9309, and its Crawl-delay and Request-rate.

    Scrapy ≥ 2.14 answers None to every request that waits while robots.txt is on its way, and so
    lets them through. The parser that was stored meanwhile is read again after waiting. A server
    error or no answer means «stay away for now», not «all is allowed».
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._unavailable: dict[str, Exception] = {}

    async def process_request(self, request: Request) -> None:  # type: ignore[override]
        """Wait for the rules of the host; raise `IgnoreRequest` where they forbid the address."""
        if request.meta.get("dont_obey_robotstxt"):  # robots.txt itself
            request.meta.setdefault("download_timeout", ROBOTS_TIMEOUT)
            request.meta.setdefault("max_retry_times", 1)
            request.meta.setdefault("redirect_ttl", ROBOTS_HOPS)
            return
        await super().process_request(request)

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """The rules of the request's host. Raises `RobotsUnavailable` where they cannot be had."""
        netloc = urls.netloc(request.url)
        await super().robot_parser(request)
        error = self._unavailable.get(netloc)
        if isinstance(error, Interrupted):
            raise error
        if error is not None:
            raise RobotsUnavailable(f"robots.txt of {netloc} is unavailable: {error}")
        parser = self._parsers.get(netloc)
        return None if parser is None else parser  # type: ignore[return-value]

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500 or response.status == 429:
            self._unavailable[netloc] = Exception(f"HTTP {response.status}")
        response = response.replace(
            body=robots_rules(response.body) if response.status < 300 else b""
        )
        await super()._parse_robots(response, netloc, request)
        self._obey_crawl_delay(netloc, request)

    def _obey_crawl_delay(self, netloc: str, request: Request) -> None:
        spider: NewspaperSpider = self.crawler.spider  # type: ignore[assignment]
        if spider.site.crawl.ignore_crawl_delay:
            return
        delay = _delay(self._parsers[netloc], self._robotstxt_useragent or "")
        if delay > MAX_DELAY:
            logger.warning("%s asks for a delay of %s s: obeying %s", netloc, delay, MAX_DELAY)
        if delay:
            assert self.crawler.engine is not None
            downloader = self.crawler.engine.downloader
            assert isinstance(downloader, PoliteDownloader)
            downloader.slow_down(request, delay)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        # Redirects that never arrive, or leave the site: «unavailable», and so no rules.
        if not isinstance(exc, (RedirectLoop, OffSite)):
            self._unavailable[netloc] = exc
        super()._robots_error(exc, netloc)


def _delay(parser: Any, agent: str) -> float:
    """Seconds between two requests that a robots.txt asks for, by the slower of its two ways.

    A `Request-rate` for certain hours is kept at all hours: slower is never rude.
    """
    rules: Protego = parser.rp
    rate = rules.request_rate(agent)
    return max(rules.crawl_delay(agent) or 0.0, rate.seconds / rate.requests if rate else 0.0)


def robots_rules(body: bytes) -> bytes:
    """The part of a robots.txt that is read, in ASCII; empty where it is an HTML page.

    Paths in raw Kazakh letters become percent-encoded byte by byte, whatever their code page:
    read as UTF-8, `/құпия` in windows-1251 would become `/` and close the whole site.
    """
    if len(body) > ROBOTS_SIZE:  # whole lines: half of «Disallow: /x» closes more than was meant
        body = body[: max(body.rfind(b"\n", 0, ROBOTS_SIZE), body.rfind(b"\r", 0, ROBOTS_SIZE)) + 1]
    body = body.removeprefix(b"\xef\xbb\xbf")
    if body.lstrip().startswith(b"<"):
        return b""
    return re.sub(rb"[\x80-\xff]", lambda byte: b"%%%02X" % byte[0][0], body)


class _LoopFree(redirect.BaseRedirectMiddleware):
    def _redirect(self, redirected: Request, request: Request, reason: Any) -> Request:
        # No cookies, so the same address answers the same again.
        if redirected.url in (request.url, *request.meta.get("redirect_urls", ())):
            raise RedirectLoop(f"redirects lead back to {redirected.url}")
        try:
            return super()._redirect(redirected, request, reason)
        except IgnoreRequest as error:
            raise RedirectLoop("too many redirects") from error


_REDIRECTS = (301, 302, 303, 307, 308)


class RedirectMiddleware(_LoopFree, redirect.RedirectMiddleware):
    """Follows redirects over HTTP; a redirect to anything else is no way out of the web."""

    def process_response(  # type: ignore[override]
        self, request: Request, response: Response
    ) -> Request | Response:
        """The redirected request. Raises `OffSite` for `file:`, `javascript:` and the like."""
        if response.status not in _REDIRECTS or "Location" not in response.headers:
            return response
        try:
            result = super().process_response(request, response)
        except ValueError:  # no address at all
            result = response
        if result is response:
            raise OffSite(f"redirect to {response.headers['Location']!r}")
        return result


class MetaRefreshMiddleware(_LoopFree, redirect.MetaRefreshMiddleware):
    """Follows the forwarding pages of old engines, not pages that reload themselves."""

    def process_response(  # type: ignore[override]
        self, request: Request, response: Response
    ) -> Request | Response:
        """The request for the other page, or the page itself."""
        try:
            return super().process_response(request, response)
        except RedirectLoop:
            return response


_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class OwnSiteMiddleware:
    """Refuses every request that leaves the site's hosts, redirects included."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Raise `OffSite` for an address of another host."""
        spider: NewspaperSpider = self.crawler.spider  # type: ignore[assignment]
        parts = urlsplit(request.url)
        host = parts.netloc.lower().removesuffix(_DEFAULT_PORTS.get(parts.scheme, ""))
        if parts.scheme not in _DEFAULT_PORTS or host not in spider.site.netlocs:
            raise OffSite(f"{request.url} is not on this site")


class CaptureMiddleware:
    """Writes article exchanges to WARC as served, below Scrapy's decompression."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        """Append the exchange to the site's WARC file and remember where it lies."""
        captures = request.meta.get("captures")
        # A refusal says nothing about the page, nor does a 304 that nobody asked for.
        if captures is None or response.status in REFUSALS:
            return response
        if response.status == 304 and not is_conditional(request):
            return response
        spider: NewspaperSpider = self.crawler.spider  # type: ignore[assignment]
        session = spider.session
        try:
            with explained_errors(session.folder):
                earlier = previous_capture(session.store.connection, request.url)
                profile = _revisit_profile(response, earlier)
                captures.append(
                    session.store.captures(spider.site.id).write(
                        request.url,
                        response.status,
                        _headers(response),
                        response.body,
                        now() - timedelta(seconds=request.meta.get("download_latency", 0.0)),
                        protocol=response.protocol or "HTTP/1.1",
                        concurrent_to=captures[0].record_id if captures else None,
                        refers_to=earlier if profile else None,
                        profile=profile,
                    )
                )
        except (ArchiveError, OSError) as error:
            spider.abort(error)
            raise IgnoreRequest(str(error)) from error
        return response


def is_conditional(request: Request) -> bool:
    """Whether a request may be answered with 304 (RFC 9110 §13.1)."""
    return "If-None-Match" in request.headers or "If-Modified-Since" in request.headers


def _revisit_profile(response: Response, earlier: Capture | None) -> str | None:
    """Why the payload need not be kept again, where it is that of the `earlier` capture."""
    if response.status == 304:
        return NOT_MODIFIED
    if (
        earlier
        and response.status == earlier.status
        and response.body
        and payload_digest(response.body) == earlier.payload_digest
    ):
        return IDENTICAL
    return None


def _headers(response: Response) -> list[tuple[str, str]]:
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in values
    ]
