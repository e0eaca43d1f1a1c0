"""pipelines: one job each: clean joins and tidies, validate judges, store writes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from archive.errors import ArchiveError
from newsbot.visit.items import VisitItem
from newsbot.visit.outcomes import join, judge, to_visit

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from newsbot.crawl.spider import NewspaperSpider

_COMMIT_AFTER = 0.5
"""Seconds from a visit to its commit, at most."""


class CleanPipeline:
    """Joins the parts of a divided article into one."""

    def process_item(self, item: VisitItem) -> VisitItem:
        """One part is left."""
        item.parts = join(item.parts)
        return item


class ValidatePipeline:
    """Decides what becomes of a page that holds no article."""

    def process_item(self, item: VisitItem) -> VisitItem:
        """Set `outcome` and `error` where nothing is to be stored as an article."""
        judge(item)
        return item


class StorePipeline:
    """Writes each visit whole or not at all, and has it last within half a second."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._committing: asyncio.TimerHandle | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_item(self, item: VisitItem) -> VisitItem:
        """Record the visit; the store finds out whether an article is new, updated or unchanged."""
        spider: NewspaperSpider = self.crawler.spider  # type: ignore[assignment]
        session = spider.session
        item.outcome = session.record(to_visit(item, spider.site.id, session.crawl))
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
