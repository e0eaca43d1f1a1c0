"""extensions: open and close a crawl's session, and leave no URL without an outcome."""

from __future__ import annotations

import json
import logging
import sqlite3
from typing import TYPE_CHECKING, Any, Self

from scrapy import signals
from scrapy.extensions.feedexport import FeedExporter
from scrapy.http import Request, Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from twisted.python.failure import Failure

from archive import query
from archive.errors import ArchiveError
from archive.export.rows import rows
from archive.times import now
from archive.visit import Visit
from newsbot.visit.builder import VisitBuilder

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler

    from newsbot.crawl.spider import NewspaperSpider


class SessionExtension:
    """Binds the session to the spider's life, and records visits that ended in a bug of ours."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor; connects the signals."""
        self = cls(crawler)
        connect = crawler.signals.connect
        connect(self.spider_closed, signal=signals.spider_closed)
        connect(self.spider_error, signal=signals.spider_error)
        connect(self.item_error, signal=signals.item_error)
        return self

    def spider_closed(self, spider: NewspaperSpider, reason: str) -> None:
        """Write the crawl's last row."""
        session = getattr(spider, "session", None)
        if (
            session is None or not session.is_open
        ):  # `scrapy shell`, or an archive that cannot be opened
            if session and session.fatal:
                spider.logger.error("%s", session.fatal)
            return
        stats = self.crawler.stats.get_stats() if self.crawler.stats else {}
        stats |= {f"newsbot/outcome/{name}": number for name, number in session.outcomes.items()}
        requests = stats.get("downloader/request_count", 0)
        said = ", ".join(f"{number} {name}" for name, number in session.outcomes.items())
        spider.logger.info("%s: %d requests: %s", reason, requests, said or "nothing due")
        spider.logger.info("statistics %s", json.dumps(stats, default=str, sort_keys=True))
        session.close(reason, requests)

    def spider_error(
        self, failure: Failure, response: Response | None, spider: NewspaperSpider
    ) -> None:
        """Stop where the archive cannot be written; otherwise record the failed visit."""
        if isinstance(failure.value, (ArchiveError, OSError, sqlite3.Error)):
            spider.abort(failure.value)
        elif response is not None and response.request is not None:
            self._record_bug(response.request, failure, spider)

    def item_error(
        self, item: Any, response: Response | None, spider: NewspaperSpider, failure: Failure
    ) -> None:
        """Stop where the archive cannot be written; otherwise record the failed visit."""
        if isinstance(failure.value, (ArchiveError, OSError)):
            spider.abort(failure.value)
        elif response is not None and response.request is not None:
            self._record_bug(response.request, failure, spider)

    def _record_bug(self, request: Request, failure: Failure, spider: NewspaperSpider) -> None:
        visit: VisitBuilder | None = request.meta.get("visit")
        if visit is None or visit.frontier not in spider.session.in_flight:
            return
        error = f"bug: {type(failure.value).__name__}: {failure.value}"[:500]
        visit.fail("failed", error, now())
        spider.session.record(visit.build())


class ArticleFeed(FeedExporter):
    """Scrapy's feeds (`scrapy crawl SITE -o FILE`), where an item is an article as `newsbot export` has it."""

    def item_scraped(self, item: Any, spider: Spider) -> None:
        """Export the article that a visit has read; other visits are no items."""
        if isinstance(item, Visit) and item.article is not None and self.slots:
            session = spider.session  # type: ignore[attr-defined]
            connection = session.store.connection
            item = next(rows(connection, [query.article(connection, item.url)["id"]]))
        if not isinstance(item, Visit):
            super().item_scraped(item, spider)


class BriefLogFormatter(LogFormatter):
    """Logs items by their URL: they hold whole articles."""

    def scraped(
        self, item: Any, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        """One debug line an item."""
        return {
            "level": logging.DEBUG,
            "msg": "%(result)s %(url)s",
            "args": {"result": getattr(item, "result", ""), "url": getattr(item, "url", "")},
        }

    def item_error(
        self,
        item: Any,
        exception: BaseException,
        response: Response | Failure | None,
        spider: Spider,
    ) -> LogFormatterResult:
        """One error line; expected errors need no traceback."""
        return {
            "level": logging.ERROR,
            "msg": "%(url)s: %(error)s",
            "args": {"url": getattr(item, "url", ""), "error": exception},
        }
