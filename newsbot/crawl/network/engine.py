"""engine: what this project asks of Scrapy's engine beyond its documented interface.

Private, why, and until when:

- `downloader`: a pause and a pace hold for whatever is sent to a host, so the downloader keeps them. Until
  a middleware can hold a host back (scrapy#6660): `test_nothing_public_holds_a_host_back`.
- `active`: the host with the fewest requests under way is next. Until schedulers are told what is under way
  (scrapy#2435): `test_schedulers_are_not_told_what_is_under_way`.
- `scraper`, `slot`, `is_idle`: sitemaps wait until nothing is left that may lead to news. Until a scheduler
  can ask this without being asked in turn: `test_the_engine_is_not_idle_while_the_scheduler_waits_for_it`.
- `_slot`, `closing`: a closing crawl sends nothing more. Until there is a signal for it (scrapy#4749):
  `test_no_signal_says_that_a_crawl_is_about_to_close`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from scrapy.utils.defer import deferred_from_coro

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

    from newsbot.crawl.network.downloader import PoliteDownloader


def downloader_of(crawler: Crawler) -> PoliteDownloader:
    """The crawl's downloader, once the crawl has begun."""
    return crawler.engine.downloader  # type: ignore[return-value]


def under_way(crawler: Crawler) -> Collection[Request]:
    """Requests that the scheduler has handed out and that are not answered yet."""
    return crawler.engine.downloader.active


def is_idle(crawler: Crawler) -> bool:
    """Whether nothing is on its way, or being read, that may lead to further requests."""
    scraping = crawler.engine.scraper.slot
    return not under_way(crawler) and (scraping is None or scraping.is_idle())


def is_closing(crawler: Crawler) -> bool:
    """Whether the crawl is coming to its end, or has come to it."""
    slot = crawler.engine._slot
    return slot is None or slot.closing is not None


def close(crawler: Crawler, reason: str) -> None:
    """Begin to end the crawl."""
    deferred_from_coro(crawler.engine.close_spider_async(reason=reason))
