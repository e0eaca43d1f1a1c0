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
from newsbot.crawl.network import engine
from newsbot.visit import urls

if TYPE_CHECKING:
    from scrapy import Spider

    from newsbot.crawl.spider import NewspaperSpider

LAST = -100
"""Requests of this priority and below wait until all else is done, for the first time in a run."""
_BATCH = 100
"""Frontier rows read at a time."""
_AHEAD = 1000
"""Rows read at a time at a site of several hosts, so that one host's do not hide another's."""


@dataclass(slots=True)
class _Line:
    """What waits for one host: this run's own requests, and URLs of the frontier."""

    own: list[tuple[int, int, Request]] = field(default_factory=list)
    due: deque[Due] = field(default_factory=deque)


class FrontierScheduler(BaseScheduler):
    """Hands out requests, the host first that has fewest under way.

    For each host: this run's own ones, then the frontier's due URLs, newest first.
    """

    spider: NewspaperSpider

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}  # those served last at the end
        self._order = count()
        self._own = self._due = 0
        self._late: list[Request] | None = []
        """Requests that wait for the end; None when it has come."""
        self._hosts: set[str] = set()
        self._drained = False
        """Whether the frontier held less than was asked for."""

    def open(self, spider: Spider) -> None:
        """Remember the spider, whose session holds the store."""
        self.spider = spider  # type: ignore[assignment]

    def has_pending_requests(self) -> bool:
        """Whether anything is left to fetch in this run."""
        return bool(self._own or self._late or self._due or self._refill())

    def enqueue_request(self, request: Request) -> bool:
        """Take a source, a redirect, a retry or a further page."""
        if self._late is not None and request.priority <= LAST:
            self._late.append(request)
        else:
            entry = (-request.priority, next(self._order), request)
            heapq.heappush(self._line(request.url).own, entry)
            self._own += 1
        return True

    def next_request(self) -> Request | None:
        """The next request, or None where there is nothing to do at the moment."""
        if not self._own:
            self._refill()
        if self._late and not self._lines and engine.is_idle(self.spider.crawler):
            late, self._late = self._late, None
            for request in late:
                self.enqueue_request(request)
        if not self._lines:
            return None
        busy = Counter(urls.netloc(x.url) for x in engine.under_way(self.spider.crawler))
        host = min(self._lines, key=lambda host: busy[host])
        line = self._lines.pop(host)
        if line.own:
            self._own -= 1
            request = heapq.heappop(line.own)[2]
        else:
            self._due -= 1
            request = self.spider.article_request(line.due.popleft())
        if line.own or line.due:
            self._lines[host] = line
        return request

    def _line(self, url: str) -> _Line:
        host = urls.netloc(url)
        self._hosts.add(host)
        return self._lines.setdefault(host, _Line())

    def _refill(self) -> bool:
        """Read due URLs where few are at hand; return whether any are."""
        several = len(self._hosts) > 1
        if self._due > (_AHEAD // 2 if several else 0) or (self._due and self._drained):
            return True
        session = self.spider.session
        if not session.fatal:
            wanted = (_AHEAD if several else _BATCH) - self._due
            rows = session.take_due(wanted, now())
            for row in rows:
                self._line(row.url).due.append(row)
            self._due += len(rows)
            self._drained = len(rows) < wanted
        return self._due > 0
