"""capture: writes the exchanges of a visit to WARC as served, below everything that changes bytes.

Settings: none. `Request.meta`: `exchanges`, a list of the request's exchanges so far, each with its
capture (None for what is not kept), to which the new one is added (a request without it is not
captured); `first_record`, the record id of the visit's first capture where an earlier request made it;
`download_latency`, set by Scrapy.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from scrapy.exceptions import IgnoreRequest

from archive.captures import Capture, Exchange
from archive.errors import ArchiveError
from archive.times import now, utc
from newsbot.crawl.responses import headers_of, is_conditional
from newsbot.visit.limits import REFUSALS

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Request, Response

    from newsbot.crawl.spider import NewspaperSpider


class CaptureMiddleware:
    """Appends each exchange to the archive; where that fails the crawl ends.

    `keep` takes the exchange and the record id of the visit's first one, and raises `ArchiveError` or
    OSError; `abort` begins to end the crawl.
    """

    def __init__(
        self,
        keep: Callable[[Exchange, str | None], Capture],
        abort: Callable[[BaseException], None],
    ) -> None:
        self.keep = keep
        self.abort = abort

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor; `scrapy shell` makes the spider later."""

        def keep(exchange: Exchange, first: str | None) -> Capture:
            spider: NewspaperSpider = crawler.spider  # type: ignore[assignment]
            return spider.session.keep(exchange, first)

        def abort(error: BaseException) -> None:
            spider: NewspaperSpider = crawler.spider  # type: ignore[assignment]
            spider.abort(error)

        return cls(keep, abort)

    def process_response(self, request: Request, response: Response) -> Response:
        """The response itself; raises `IgnoreRequest` where it could not be kept."""
        exchanges: list[tuple[Exchange, Capture | None]] | None = request.meta.get("exchanges")
        if exchanges is None:
            return response
        latency = timedelta(seconds=request.meta.get("download_latency", 0.0))
        exchange = Exchange(
            request.url,
            utc(now() - latency),
            response.status,
            headers_of(response),
            response.body,
            response.protocol or "HTTP/1.1",
        )
        capture = None
        # A refusal says nothing about the page, nor does a 304 that nobody asked for.
        if response.status not in REFUSALS and (response.status != 304 or is_conditional(request)):
            first = request.meta.get("first_record") or next(
                (kept.record_id for _, kept in exchanges if kept), None
            )
            try:
                capture = self.keep(exchange, first)
            except (ArchiveError, OSError) as error:
                self.abort(error)
                raise IgnoreRequest(str(error)) from error
        exchanges.append((exchange, capture))
        return response
