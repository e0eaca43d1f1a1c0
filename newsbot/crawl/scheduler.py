"""scheduler: Scrapy's scheduler on top of the frontier table, the hosts of a site in turns.

What is due comes from the database and stays there until its outcome is stored, so a killed crawl
loses nothing; only sources, redirects and retries of this run live in memory.
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.core.scheduler import BaseScheduler

from archive.store import Due
from archive.times import now
from newsbot import urls
from newsbot.crawl.network import engine

if TYPE_CHECKING:
    from scrapy import Spider

    from newsbot.crawl.spider import NewspaperSpider

WHEN_IDLE = -100
"""Requests of this priority and below wait until all else is done, for the first time in a run."""
_BATCH = 100
"""Frontier rows read at a time."""
_BATCH_OF_SEVERAL = 1000
"""Rows read at a time at a site of several hosts, so that one host's do not hide another's."""


@dataclass(slots=True)
class _HostQueue:
    """What waits for one host: this run's own requests, and URLs of the frontier."""

    own: list[tuple[int, int, Request]] = field(default_factory=list)
    due: deque[Due] = field(default_factory=deque)


class FrontierScheduler(BaseScheduler):
    """Hands out requests, the host first that has fewest under way.

    For each host: this run's own ones, then the frontier's due URLs, newest first.
    """

    spider: NewspaperSpider

    def __init__(self) -> None:
        self._queues: dict[str, _HostQueue] = {}  # those served last at the end
        self._order = count()
        self._own_count = self._due_count = 0
        self._when_idle: list[Request] | None = []
        """Requests that wait for the end; None when it has come."""
        self._hosts: set[str] = set()
        self._drained = False
        """Whether the frontier held less than was asked for."""

    def open(self, spider: Spider) -> None:
        """Remember the spider, whose session holds the store."""
        self.spider = spider  # type: ignore[assignment]

    def has_pending_requests(self) -> bool:
        """Whether anything is left to fetch in this run."""
        return bool(self._own_count or self._when_idle or self._due_count or self._refill())

    def enqueue_request(self, request: Request) -> bool:
        """Take a source, a redirect, a retry or a further page."""
        if self._when_idle is not None and request.priority <= WHEN_IDLE:
            self._when_idle.append(request)
        else:
            entry = (-request.priority, next(self._order), request)
            heapq.heappush(self._queue(request.url).own, entry)
            self._own_count += 1
        return True

    def next_request(self) -> Request | None:
        """The next request, or None where there is nothing to do at the moment."""
        if not self._own_count:
            self._refill()
        if self._when_idle and not self._queues and engine.is_idle(self.spider.crawler):
            requests, self._when_idle = self._when_idle, None
            for request in requests:
                self.enqueue_request(request)
        if not self._queues:
            return None
        busy = Counter(urls.netloc(x.url) for x in engine.under_way(self.spider.crawler))
        host = min(self._queues, key=lambda host: busy[host])
        queue = self._queues.pop(host)
        if queue.own:
            self._own_count -= 1
            request = heapq.heappop(queue.own)[2]
        else:
            self._due_count -= 1
            request = self.spider.article_request(queue.due.popleft())
        if queue.own or queue.due:
            self._queues[host] = queue
        return request

    def _queue(self, url: str) -> _HostQueue:
        host = urls.netloc(url)
        self._hosts.add(host)
        return self._queues.setdefault(host, _HostQueue())

    def _refill(self) -> bool:
        """Read due URLs where few are at hand; return whether any are."""
        several = len(self._hosts) > 1
        if self._due_count > (_BATCH_OF_SEVERAL // 2 if several else 0) or (
            self._due_count and self._drained
        ):
            return True
        session = getattr(self.spider, "session", None)  # none of `scrapy shell` at an unknown site
        if session and session.is_open and not session.fatal:
            wanted = (_BATCH_OF_SEVERAL if several else _BATCH) - self._due_count
            rows = session.take_due(wanted, now())
            for row in rows:
                self._queue(row.url).due.append(row)
            self._due_count += len(rows)
            self._drained = len(rows) < wanted
        return self._due_count > 0
