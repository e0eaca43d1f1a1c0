"""middlewares: robots.txt without Scrapy's leak, requests kept at home, captures before all else."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response

from archive.errors import ArchiveError
from archive.store import explained_errors
from archive.times import now
from newsbot import urls

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.robotstxt import RobotParser

    from newsbot.spiders.newspaper import NewspaperSpider

logger = logging.getLogger(__name__)


class RobotsUnavailable(IgnoreRequest):
    """robots.txt could not be had, so nothing may be fetched for now (RFC 9309 §2.3.1.4)."""


class OffSite(IgnoreRequest):
    """The address belongs to no host of the site."""


class RobotsMiddleware(RobotsTxtMiddleware):
    """robots.txt by RFC 9309.

    Scrapy ≥ 2.14 answers None to every request that waits while robots.txt is on its way, and so
    lets them through. The parser that was stored meanwhile is read again after waiting. A server
    error or no answer means «stay away for now», not «all is allowed».
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._unavailable: set[str] = set()

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """The rules of the request's host. Raises `RobotsUnavailable` where they cannot be had."""
        netloc = urls.netloc(request.url)
        await super().robot_parser(request)
        if netloc in self._unavailable:
            raise RobotsUnavailable(f"robots.txt of {netloc} is unavailable")
        parser = self._parsers.get(netloc)
        return None if parser is None else parser  # type: ignore[return-value]

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500 or response.status == 429:
            self._unavailable.add(netloc)
        elif response.status >= 400:
            response = response.replace(body=b"")
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        self._unavailable.add(netloc)
        super()._robots_error(exc, netloc)


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
        if urls.netloc(request.url) not in spider.site.netlocs:
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
        # 304 has no bytes of its own; a flagged response did not arrive whole.
        if captures is None or response.status == 304 or "partial" in response.flags:
            return response
        spider: NewspaperSpider = self.crawler.spider  # type: ignore[assignment]
        session = spider.session
        try:
            with explained_errors(session.folder):
                captures.append(
                    session.store.captures(spider.site.id).write(
                        request.url,
                        response.status,
                        _headers(response),
                        response.body,
                        now() - timedelta(seconds=request.meta.get("download_latency", 0.0)),
                        protocol=response.protocol or "HTTP/1.1",
                    )
                )
        except (ArchiveError, OSError) as error:
            spider.abort(error)
            raise IgnoreRequest(str(error)) from error
        return response


def _headers(response: Response) -> list[tuple[str, str]]:
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in values
    ]
