"""`Retry-After` in every form a server has been seen to send it, and what becomes of a refusal."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request, signals
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import DownloadTimeoutError
from scrapy.http import Response

from newsbot.crawl.middlewares import backoff
from newsbot.crawl.middlewares.backoff import BackOffMiddleware, retry_after
from tests.crawl.middlewares.fakes import URL, FakeCrawler

AT = datetime(2024, 3, 1, 12, 0, 0, tzinfo=UTC)


def ask(value: str | None, **headers: str) -> float | None:
    given_headers = {**headers, **({} if value is None else {"Retry-After": value})}
    return retry_after(Response("http://gazet.kz/", headers=given_headers), AT)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 3 ", 3),
        ("2.5", 2.5),
        ("86400", 86400),
        ("Fri, 01 Mar 2024 12:01:00 GMT", 60),
        ("Friday, 01-Mar-24 12:01:00 GMT", 60),
        ("Fri, 01 Mar 2024 17:01:00 +0500", 60),
    ],
)
def test_usable(value: str, seconds: float) -> None:
    assert ask(value) == seconds


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "soon",
        "-5",
        "0",
        "0.0",
        "1e3",
        "nan",
        "inf",
        "٣",
        "Fri, 01 Mar 2024 11:59:00 GMT",
        "Mon, 99 Foo 2026 25:61:61",
    ],
)
def test_unusable(value: str | None) -> None:
    assert ask(value) is None


def test_the_servers_own_clock_counts() -> None:
    asked = "Fri, 01 Mar 2024 09:00:30 GMT"
    assert ask(asked) is None
    assert ask(asked, Date="Fri, 01 Mar 2024 09:00:00 GMT") == 30
    assert ask("Fri, 01 Mar 2024 12:01:00 GMT", Date="yesterday") == 60


@given(st.text(max_size=40))
def test_any_text_gets_an_answer(value: str) -> None:
    asked = ask(value.encode("utf-8", "ignore").decode())
    assert asked is None or asked > 0


# -- the middleware -----------------------------------------------------------------------------


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
