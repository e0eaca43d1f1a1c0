"""engine: what this project asks of Scrapy's engine beyond its documented interface.

| private | why | until |
|---|---|---|
| `engine.downloader`, with our own methods | a pause and a pace hold for a host, so they belong to what sends | Scrapy lets a middleware hold a host back |
| `engine.downloader.active` | the host that has fewest requests under way is next | the scheduler is told what is under way |
| `engine.scraper.slot` | sitemaps wait until nothing is left that may lead to news | a signal, or a method, for «idle but for what the scheduler holds back» |
| `engine._slot.closing` | a closing crawl sends nothing more | a signal for «about to close» |
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
