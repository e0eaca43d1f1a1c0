"""backoff: a host that says «too many requests» or «not now» is left alone as long as it asks.

One that says nothing at all is not asked over and over either. RFC 9110 §10.2.3 and RFC 6585 §4:
`Retry-After` in seconds or as a date pauses the whole host, which Scrapy's retries cannot.

Settings: none. `Request.meta`: `refusals`, set: how often this URL was refused before;
`dont_obey_robotstxt`, Scrapy's mark of robots.txt itself, which is not asked again.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from scrapy import signals
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
)
from scrapy.http import Request, Response
from twisted.web.client import ResponseNeverReceived

from archive.times import now
from newsbot.crawl.network import engine
from newsbot.visit.backoff import (
    FIRST_DELAY,
    MAX_GIVEN_UP,
    MAX_PAUSE,
    MAX_UNANSWERED,
    OWN_BACKOFF,
    SHORT_WAIT,
    SHORT_WAITS_PER_URL,
    WAITS_PER_HOST,
    WAITS_PER_URL,
    retry_after,
)
from newsbot.visit.limits import REFUSALS

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from newsbot.crawl.network.downloader import PoliteDownloader


_UNREACHABLE = (CannotResolveHostError, DownloadConnectionRefusedError, DownloadTimeoutError)


def _asked(response: Response, at: datetime) -> float | None:
    """Seconds that a response asks us to stay away."""
    return retry_after(_text(response, "Retry-After"), _text(response, "Date"), at)


def _text(response: Response, name: str) -> str:
    return (response.headers.get(name) or b"").decode("latin-1")


class BackOffMiddleware:
    """Pauses a host that refuses, tries the same URL again, and knows when to give up."""

    logger: Any = logging.getLogger(__name__)

    def __init__(
        self, downloader: Callable[[], PoliteDownloader], close: Callable[[str], None]
    ) -> None:
        """`downloader` holds hosts back, `close` begins to end the crawl, for a reason."""
        self._downloader = downloader
        self._close = close
        self.waits: Counter[str] = Counter()
        self.given_up: Counter[str] = Counter()
        self.unanswered = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor; connects the signal."""
        self = cls(partial(engine.downloader_of, crawler), partial(engine.close, crawler))
        self.logger = logging.LoggerAdapter(self.logger, {"site": crawler.spidercls.name})
        crawler.signals.connect(self.pause, signal=signals.response_downloaded)
        return self

    def pause(self, response: Response, request: Request) -> None:
        """Hold the host back at once: when the middlewares hear of it, the next request is out."""
        if response.status in REFUSALS:
            own = OWN_BACKOFF * 2.0 ** _refusals(request)
            asked = _asked(response, now()) or own
            downloader = self._downloader()
            downloader.pause(request, asked if asked <= MAX_PAUSE else own)
            downloader.slow_down(request, FIRST_DELAY)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Try again after the pause, or let the refusal pass to the spider."""
        self.unanswered = 0
        downloader = self._downloader()
        host = downloader.get_slot_key(request)
        if response.status not in REFUSALS:
            self.given_up[host] = 0
            # Served after one pause: not the page was the matter but our pace.
            if _refusals(request) == 1:
                downloader.slow_down(request, 2 * downloader.delay(request))
            return response
        if request.meta.get("dont_obey_robotstxt"):  # robots.txt itself: no answer is an answer
            return response
        asked = _asked(response, now())
        most = SHORT_WAITS_PER_URL if asked and asked <= SHORT_WAIT else WAITS_PER_URL
        if (
            _refusals(request) < most
            and self.waits[host] < WAITS_PER_HOST
            and (asked or 0.0) <= MAX_PAUSE
        ):
            self.waits[host] += 1
            again = request.copy()
            again.meta["refusals"] = _refusals(request) + 1
            self.logger.info("%s answers %s: waiting", request.url, response.status)
            return again
        self._give_up(host)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Count what got no answer."""
        if isinstance(exception, _UNREACHABLE) or isinstance(
            exception.__cause__, ResponseNeverReceived
        ):
            self.unanswered += 1
            if self.unanswered == MAX_UNANSWERED:
                self.logger.warning(
                    "no answer to %s requests in a row: enough for now", MAX_UNANSWERED
                )
                self._close("unreachable")

    def _give_up(self, host: str) -> None:
        self.given_up[host] += 1
        if self.given_up[host] == MAX_GIVEN_UP:
            self.logger.warning("%s refused %s URLs in a row: enough for now", host, MAX_GIVEN_UP)
            self._close("backing_off")


def _refusals(request: Request) -> int:
    count: int = request.meta.get("refusals", 0)
    return count
