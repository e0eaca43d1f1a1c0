"""robots.txt is asked for once a host, waited for by all, and obeyed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from scrapy import Request, signals
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Response

from newsbot.crawl.middlewares.own_site import OffSite
from newsbot.crawl.middlewares.redirect import RedirectLoop
from newsbot.crawl.middlewares.robots import (
    RobotsMiddleware,
    RobotsUnavailable,
    robots_rules,
)
from newsbot.visit.errors import Interrupted
from tests.crawl.middlewares.fakes import FakeCrawler

CLOSED = "http://gazet.kz/closed/1"
OPEN = "http://gazet.kz/open/1"
RULES = b"User-agent: *\nDisallow: /closed/\n"


class Crawl:
    """A crawl of a host whose robots.txt is answered by `answer`, or raises it."""

    def __init__(
        self,
        answer: Response | Exception,
        *,
        ignore_crawl_delay: bool = False,
        **settings: Any,
    ) -> None:
        self.asked: list[Request] = []

        def fetch(request: Request) -> Response:
            self.asked.append(request)
            if isinstance(answer, Exception):
                raise answer
            return answer

        crawl = type("Crawl", (), {"ignore_crawl_delay": ignore_crawl_delay})
        self.crawler: Any = FakeCrawler(
            fetch, site={"id": "gazet", "crawl": crawl}, ROBOTSTXT_OBEY=True, **settings
        )
        self.middleware = RobotsMiddleware.from_crawler(self.crawler)

    def visit(self, *urls: str) -> list[str]:
        """What becomes of requests that are sent at once: «ok» or the exception."""

        async def run() -> list[Any]:
            requests = [self.middleware.process_request(Request(url)) for url in urls]
            return await asyncio.gather(*requests, return_exceptions=True)

        return ["ok" if found is None else type(found).__name__ for found in asyncio.run(run())]


def robots(body: bytes, status: int = 200) -> Response:
    return Response("http://gazet.kz/robots.txt", status=status, body=body)


def test_every_request_waits_and_is_judged() -> None:
    crawl = Crawl(robots(RULES))
    assert crawl.visit(CLOSED, OPEN, CLOSED) == ["IgnoreRequest", "ok", "IgnoreRequest"]
    (request,) = crawl.asked
    assert request.url == "http://gazet.kz/robots.txt"
    assert request.priority == 1000
    assert request.meta["dont_obey_robotstxt"]
    assert request.meta["redirect_ttl"] == 5


def test_each_host_has_its_own() -> None:
    crawl = Crawl(robots(RULES))
    crawl.visit(OPEN, "http://gazet.kz:81/", "https://gazet.kz/", "http://GAZET.kz/")
    assert [request.url for request in crawl.asked] == [
        "http://gazet.kz/robots.txt",
        "http://gazet.kz:81/robots.txt",
    ]


def test_robots_txt_itself_is_let_through() -> None:
    crawl = Crawl(robots(b"User-agent: *\nDisallow: /\n"))
    request = Request("http://gazet.kz/robots.txt", meta={"dont_obey_robotstxt": True})
    asyncio.run(crawl.middleware.process_request(request))
    assert not crawl.asked


def test_rules_for_our_name_count() -> None:
    body = b"User-agent: *\nDisallow: /\n\nUser-agent: newsbot\nDisallow: /closed/\n"
    assert Crawl(robots(body)).visit(OPEN, CLOSED) == ["ok", "IgnoreRequest"]
    agent = Crawl(robots(body), ROBOTSTXT_USER_AGENT=None, USER_AGENT="other/1")
    assert agent.visit(OPEN) == ["IgnoreRequest"]


@pytest.mark.parametrize(
    "answer", [robots(RULES, 500), robots(RULES, 503), robots(RULES, 429), OSError("no route")]
)
def test_unavailable_closes_the_host_for_now(answer: Response | Exception) -> None:
    crawl = Crawl(answer)
    assert crawl.visit(OPEN, CLOSED) == ["RobotsUnavailable"] * 2
    assert issubclass(RobotsUnavailable, IgnoreRequest)


@pytest.mark.parametrize(
    "answer",
    [robots(RULES, 404), robots(RULES, 403), robots(RULES, 302), OffSite(), RedirectLoop("x")],
)
def test_missing_allows_everything(answer: Response | Exception) -> None:
    assert Crawl(answer).visit(OPEN, CLOSED) == ["ok", "ok"]


def test_a_crawl_that_ends_meanwhile_learns_nothing() -> None:
    assert Crawl(Interrupted("the end")).visit(OPEN) == ["Interrupted"]


def test_a_request_that_is_given_up_does_not_end_the_wait_of_the_others() -> None:
    crawl = Crawl(robots(RULES))
    arrived = asyncio.Event()

    async def slow(request: Request) -> Response:
        await arrived.wait()
        return robots(RULES)

    crawl.middleware.fetch = slow

    async def run() -> list[Any]:
        first, second = (
            asyncio.ensure_future(crawl.middleware.process_request(Request(url)))
            for url in (OPEN, CLOSED)
        )
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        arrived.set()
        return await asyncio.gather(first, second, return_exceptions=True)

    first, second = asyncio.run(run())
    assert isinstance(first, asyncio.CancelledError)
    assert isinstance(second, IgnoreRequest)


@pytest.mark.parametrize(
    ("lines", "delays"),
    [
        (b"Crawl-delay: 3", [3.0]),
        (b"Crawl-delay: 0.5", [0.5]),
        (b"Request-rate: 1/10", [10.0]),
        (b"Crawl-delay: 3\nRequest-rate: 2/10", [5.0]),
        (b"Crawl-delay: 0", []),
        (b"Crawl-delay: soon", []),
        (b"Disallow:", []),
    ],
)
def test_delays(lines: bytes, delays: list[float]) -> None:
    crawl = Crawl(robots(b"User-agent: *\n" + lines + b"\n"))
    crawl.visit(OPEN, CLOSED)
    assert crawl.crawler.downloader.slowed == delays


def test_a_delay_that_the_profile_ignores() -> None:
    crawl = Crawl(robots(b"User-agent: *\nCrawl-delay: 3\n"), ignore_crawl_delay=True)
    crawl.visit(OPEN)
    assert crawl.crawler.downloader.slowed == []


def test_the_signal_names_the_sitemaps() -> None:
    crawl = Crawl(robots(RULES + b"Sitemap: http://gazet.kz/map.xml\n"))
    found: list[str] = []

    def parsed(robotparser: Any, request: Request) -> None:
        found.extend([request.url, *robotparser.rp.sitemaps])

    crawl.crawler.signals.connect(parsed, signal=signals.robots_parsed)
    crawl.visit(OPEN)
    assert found == [OPEN, "http://gazet.kz/map.xml"]


def test_nothing_is_asked_where_robots_txt_is_switched_off() -> None:
    crawler: Any = FakeCrawler(ROBOTSTXT_OBEY=False)
    with pytest.raises(NotConfigured):
        RobotsMiddleware.from_crawler(crawler)


def test_robots_rules() -> None:
    assert robots_rules(b"<!DOCTYPE html>\nUser-agent: *\nDisallow: /\n") == b""
    assert robots_rules("Disallow: /құ".encode()) == b"Disallow: /%D2%9B%D2%B1"
    assert robots_rules("\ufeffDisallow: /ж".encode()) == b"Disallow: /%D0%B6"
    assert robots_rules("Disallow: /жа".encode("cp1251")) == b"Disallow: /%E6%E0"
    for start in (b"", b"\xef\xbb\xbf"):
        long = robots_rules(start + b"Disallow: /aaaaaaaa\n" * 100_000)
        assert 500 * 1024 <= len(long) <= 512 * 1024
        assert long.endswith(b"/aaaaaaaa\n")
