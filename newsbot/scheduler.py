"""scheduler: Scrapy's scheduler on top of the frontier table.

What is due comes from the database and stays there until its outcome is stored, so a killed crawl
loses nothing; only sources, redirects and retries of this run live in memory.
"""

from __future__ import annotations

import heapq
from collections import deque
from itertools import count
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.core.scheduler import BaseScheduler

from archive.store import Due
from archive.times import now

if TYPE_CHECKING:
    from scrapy import Spider

    from newsbot.spiders.newspaper import NewspaperSpider

_BATCH = 100
"""Frontier rows read at a time."""


class FrontierScheduler(BaseScheduler):
    """Hands out requests: this run's own first, then the frontier's due URLs, newest first."""

    spider: NewspaperSpider

    def __init__(self) -> None:
        self._memory: list[tuple[int, int, Request]] = []
        self._order = count()
        self._due: deque[Due] = deque()

    def open(self, spider: Spider) -> None:
        """Remember the spider, whose session holds the store."""
        self.spider = spider  # type: ignore[assignment]

    def has_pending_requests(self) -> bool:
        """Whether anything is left to fetch in this run."""
        return bool(self._memory or self._due or self._refill())

    def enqueue_request(self, request: Request) -> bool:
        """Take a source, a redirect, a retry or a further page."""
        heapq.heappush(self._memory, (-request.priority, next(self._order), request))
        return True

    def next_request(self) -> Request | None:
        """The next request, or None where there is nothing to do at the moment."""
        if self._memory:
            return heapq.heappop(self._memory)[2]
        if self._due or self._refill():
            return self.spider.article_request(self._due.popleft())
        return None

    def _refill(self) -> bool:
        session = self.spider.session
        if not session.fatal:
            self._due.extend(session.take_due(_BATCH, now()))
        return bool(self._due)
