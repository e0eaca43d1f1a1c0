"""pipelines: one job each: clean joins and tidies, validate judges, store writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from newsbot.items import VisitItem
from newsbot.visiting import join, judge, to_visit

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from newsbot.spiders.newspaper import NewspaperSpider


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
    """Writes each visit in one transaction and says when to come back."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_item(self, item: VisitItem) -> VisitItem:
        """Record the visit; the store finds out whether an article is new, updated or unchanged."""
        spider: NewspaperSpider = self.crawler.spider  # type: ignore[assignment]
        session = spider.session
        item.outcome = session.record(to_visit(item, spider.site.id, session.crawl))
        return item
