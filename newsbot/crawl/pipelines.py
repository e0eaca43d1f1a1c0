"""pipelines: stores each visit. It comes whole: the spider's builder has joined and judged it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from archive.errors import ArchiveError
from archive.visit import Visit

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from newsbot.crawl.spider import NewspaperSpider

_COMMIT_AFTER = 0.5
"""Seconds from a visit to its commit, at most."""


class StorePipeline:
    """Writes each visit whole or not at all, and has it last within half a second."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._committing: asyncio.TimerHandle | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_item(self, item: Any) -> Any:
        """Record a visit; the store finds out whether an article is new, updated or unchanged."""
        if not isinstance(item, Visit):  # of `scrapy parse`, which keeps nothing
            return item
        spider: NewspaperSpider = self.crawler.spider  # type: ignore[assignment]
        spider.session.record(item)
        if not self._committing:
            loop = asyncio.get_running_loop()
            self._committing = loop.call_later(_COMMIT_AFTER, self._commit)
        return item

    def _commit(self) -> None:
        self._committing = None
        spider: NewspaperSpider = self.crawler.spider  # type: ignore[assignment]
        try:
            spider.session.store.commit()
        except (ArchiveError, OSError) as error:
            spider.abort(error)
