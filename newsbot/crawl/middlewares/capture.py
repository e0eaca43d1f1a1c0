"""capture: writes the exchanges of a visit to WARC as served, below everything that changes bytes.

Settings: none. `Request.meta`: `captures`, the list of the visit's captures so far, to which the new
one is added (a request without it is not captured); `download_latency`, set by Scrapy.
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
        """Scrapy's constructor."""
        spider: NewspaperSpider = crawler.spider  # type: ignore[assignment]
        return cls(spider.session.keep, spider.abort)

    def process_response(self, request: Request, response: Response) -> Response:
        """The response itself; raises `IgnoreRequest` where it could not be kept."""
        captures: list[Capture] | None = request.meta.get("captures")
        # A refusal says nothing about the page, nor does a 304 that nobody asked for.
        if captures is None or response.status in REFUSALS:
            return response
        if response.status == 304 and not is_conditional(request):
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
        try:
            first = captures[0].record_id if captures else None
            captures.append(self.keep(exchange, first))
        except (ArchiveError, OSError) as error:
            self.abort(error)
            raise IgnoreRequest(str(error)) from error
        return response
