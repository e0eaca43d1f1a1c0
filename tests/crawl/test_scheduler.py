"""Hosts take turns, this run's own requests come first, and sitemaps last."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from scrapy import Request

from newsbot.crawl.scheduler import WHEN_IDLE, FrontierScheduler


class Crawl:
    """A scheduler over a frontier that is a list, and an engine whose work the test decides."""

    def __init__(self, *due: str) -> None:
        self.due = [SimpleNamespace(url=url) for url in due]
        self.active: set[Request] = set()
        self.scraper = SimpleNamespace(slot=SimpleNamespace(is_idle=lambda: True))
        downloader = SimpleNamespace(active=self.active)
        spider: Any = SimpleNamespace(
            session=SimpleNamespace(fatal=None, is_open=True, take_due=self._take_due),
            article_request=lambda row: Request(row.url),
            crawler=SimpleNamespace(
                engine=SimpleNamespace(downloader=downloader, scraper=self.scraper)
            ),
        )
        self.scheduler = FrontierScheduler()
        self.scheduler.open(spider)

    def _take_due(self, count: int, at: object) -> list[Any]:
        taken, self.due = self.due[:count], self.due[count:]
        return taken

    def add(self, url: str, priority: int = 0) -> None:
        self.scheduler.enqueue_request(Request(url, priority=priority))

    def next(self) -> str | None:
        request = self.scheduler.next_request()
        return request.url if request else None

    def rest(self) -> list[str]:
        found = []
        while url := self.next():
            found.append(url)
        return found


def test_own_requests_come_before_the_frontier() -> None:
    crawl = Crawl("http://a.kz/1", "http://a.kz/2")
    crawl.add("http://a.kz/feed", 10)
    crawl.add("http://a.kz/retry")
    crawl.add("http://a.kz/robots.txt", 1000)
    assert crawl.rest() == [
        "http://a.kz/robots.txt",
        "http://a.kz/feed",
        "http://a.kz/retry",
        "http://a.kz/1",
        "http://a.kz/2",
    ]
    assert not crawl.scheduler.has_pending_requests()


def test_the_host_with_the_fewest_requests_under_way_is_next() -> None:
    crawl = Crawl("http://a.kz/1", "http://a.kz/2", "http://b.kz/1")
    first = crawl.scheduler.next_request()
    assert first
    crawl.active.add(first)
    assert first.url == "http://a.kz/1"
    assert crawl.next() == "http://b.kz/1"
    assert crawl.next() == "http://a.kz/2"


def test_sitemaps_wait_until_nothing_else_is_left() -> None:
    crawl = Crawl()
    crawl.add("http://a.kz/map.xml", WHEN_IDLE)
    crawl.active.add(Request("http://a.kz/feed"))
    assert crawl.next() is None, "the feed may list something"
    assert crawl.scheduler.has_pending_requests()
    crawl.active.clear()
    crawl.scraper.slot = SimpleNamespace(is_idle=lambda: False)
    assert crawl.next() is None, "it is being read"
    crawl.scraper.slot = SimpleNamespace(is_idle=lambda: True)
    assert crawl.next() == "http://a.kz/map.xml"
    crawl.add("http://a.kz/map-2.xml", WHEN_IDLE)
    assert crawl.next() == "http://a.kz/map-2.xml", "the end has come already"
