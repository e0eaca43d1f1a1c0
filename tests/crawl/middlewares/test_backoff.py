"""A host that refuses is waited for, asked again, and left alone in the end."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from scrapy import Request, signals
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import DownloadTimeoutError
from scrapy.http import Response

from newsbot.crawl.middlewares.backoff import BackOffMiddleware
from newsbot.visit import backoff
from tests.crawl.middlewares.fakes import URL, FakeCrawler


class Crawl:
    """A crawl with a back-off and nothing else."""

    def __init__(self) -> None:
        self.crawler: Any = FakeCrawler()
        self.middleware = BackOffMiddleware.from_crawler(self.crawler)

    def answer(self, request: Request, status: int, **headers: str) -> Any:
        """What becomes of an answer, after everything that hears of it."""
        response = Response(request.url, status=status, headers=headers)
        self.crawler.signals.send_catch_log(
            signals.response_downloaded, response=response, request=request, spider=None
        )
        return self.middleware.process_response(request, response)

    async def settle(self) -> list[str]:
        """Reasons for which the crawl was ended."""
        await asyncio.sleep(0)
        reasons: list[str] = self.crawler.reasons
        return reasons


def test_a_refusal_pauses_the_host_and_is_asked_again() -> None:
    crawl = Crawl()
    again = crawl.answer(Request(URL), 429, **{"Retry-After": "7"})
    assert (again.url, again.meta["refusals"]) == (URL, 1)
    assert crawl.crawler.downloader.paused == [7.0]
    assert crawl.crawler.downloader.slowed == [backoff.FIRST_DELAY]
    answer = crawl.answer(again, 200)
    assert answer.status == 200
    assert crawl.crawler.downloader.slowed[1:] == [4.0], "twice the delay of now"


def test_pauses_of_our_own_double_until_the_url_is_given_up() -> None:
    crawl = Crawl()
    request = Request(URL)
    for _ in range(backoff.WAITS_PER_URL):
        request = crawl.answer(request, 503)
    assert crawl.answer(request, 503).status == 503
    assert crawl.crawler.downloader.paused == [10.0, 20.0, 40.0, 80.0]


def test_who_asks_for_more_than_a_run_is_asked_in_a_later_one() -> None:
    crawl = Crawl()
    assert crawl.answer(Request(URL), 429, **{"Retry-After": "86400"}).status == 429
    assert crawl.crawler.downloader.paused == [backoff.OWN_BACKOFF]


def test_short_waits_are_kept_more_often() -> None:
    crawl = Crawl()
    request = Request(URL)
    for _ in range(backoff.SHORT_WAITS_PER_URL):
        request = crawl.answer(request, 429, **{"Retry-After": "1"})
    assert crawl.answer(request, 429, **{"Retry-After": "1"}).status == 429


def test_robots_txt_is_not_waited_for() -> None:
    crawl = Crawl()
    robots = Request("http://gazet.kz/robots.txt", meta={"dont_obey_robotstxt": True})
    assert crawl.answer(robots, 503).status == 503


def test_urls_given_up_in_a_row_end_the_crawl() -> None:
    async def run(*statuses: int) -> list[str]:
        crawl = Crawl()
        for status in statuses:
            crawl.answer(Request(URL), status, **{"Retry-After": "9000"})
        return await crawl.settle()

    assert asyncio.run(run(429, 429, 200, 429)) == []
    assert asyncio.run(run(429, 429, 429)) == ["backing_off"]


def test_silence_ends_the_crawl() -> None:
    async def run(*errors: Exception) -> list[str]:
        crawl = Crawl()
        for error in errors:
            crawl.middleware.process_exception(Request(URL), error)
        return await crawl.settle()

    no_answer = DownloadTimeoutError("60 s")
    assert asyncio.run(run(*[no_answer] * (backoff.MAX_UNANSWERED - 1))) == []
    assert asyncio.run(run(*[no_answer] * backoff.MAX_UNANSWERED)) == ["unreachable"]
    assert asyncio.run(run(*[ValueError()] * backoff.MAX_UNANSWERED)) == []


def test_stock_scrapy_does_not_wait() -> None:
    """When this fails, look whether Scrapy's own retries may do."""
    crawler: Any = FakeCrawler(RETRY_HTTP_CODES=[429])
    crawler.stats = SimpleNamespace(inc_value=lambda *_, **__: None)
    stock = RetryMiddleware.from_crawler(crawler)
    stock.crawler = crawler  # type: ignore[attr-defined]
    crawler.spider.crawler = crawler
    refusal = Response(URL, status=429, headers={"Retry-After": "60"})
    assert isinstance(stock.process_response(Request(URL), refusal), Request)
    assert crawler.downloader.paused == []
