"""How the spider feeds a visit's builder: what it hands on, what it asks for next, what fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Response
from twisted.python.failure import Failure

from archive.captures import Capture, Exchange
from archive.store import Due
from archive.times import utc
from archive.visit import Visit
from newsbot.crawl.extensions import SessionExtension
from newsbot.crawl.loader import spider_class
from newsbot.crawl.middlewares.robots import RobotsUnavailable
from newsbot.crawl.spider import NewspaperSpider
from newsbot.profiles import Site
from newsbot.visit.errors import Interrupted
from newsbot.visit.reading import Reading, read
from tests.replay.files import HOME, page

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


class FakeSession:
    """As much of a session as a spider needs to read pages."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.crawl = 3
        self.fatal = None
        self.in_flight = {7}
        self.recorded: list[Visit] = []

    async def read(self, exchange: Exchange, addresses: Collection[str]) -> Reading:
        return read(exchange, self.site)

    def record(self, visit: Visit) -> str:
        self.recorded.append(visit)
        return "new"


@pytest.fixture
def spider() -> NewspaperSpider:
    site = Site(id="gazet", name="Газет", url=f"{HOME}/", family="wordpress")
    spider = spider_class(site)()
    spider.session = FakeSession(site)  # type: ignore[assignment]
    return spider


def due(spider: NewspaperSpider, url: str = f"{HOME}/1", etag: str | None = None) -> Request:
    return spider.article_request(Due(7, url, url, 5 if etag else None, etag, None, 0, 0, None))


def answer(request: Request, body: bytes = b"", status: int = 200, **headers: str) -> Response:
    """What comes back, and what the capture middleware has noted of it."""
    exchanges = request.meta["exchanges"]
    moment = utc(NOW)
    noted = [("Content-Type", "text/html; charset=utf-8"), *headers.items()]
    exchange = Exchange(request.url, moment, status, noted, body)
    record_id = f"<{request.url}>"
    capture = Capture(request.url, moment, status, None, "", 0, "", 0, 0, 0, record_id)
    exchanges.append((exchange, None if status == 503 else capture))
    return HtmlResponse(request.url, status, dict(noted), body, request=request)


def outcome(results: AsyncIterator[Any]) -> Any:
    async def only() -> Any:
        (result,) = [result async for result in results]
        return result

    return asyncio.run(only())


def divided(more: str) -> bytes:
    links = f'<div class="page-links"><a href="{more}">2</a></div>'
    text = page("Ұзақ").decode().replace('<div class="text">', '<div class="entry-content">')
    return text.replace('</div><div class="pages"></div>', f"{links}</div>").encode()


def test_a_page_is_handed_on_as_a_visit(spider: NewspaperSpider) -> None:
    request = due(spider)
    visit = outcome(spider.parse_page(answer(request, page("Бақ"), ETag='"a"')))
    assert (visit.result, visit.frontier, visit.crawl, visit.etag) == ("article", 7, 3, '"a"')
    assert visit.article.title == "Бақ"
    assert request.meta["exchanges"] == [], "bodies are not held any longer"


def test_redirects_come_with_the_page(spider: NewspaperSpider) -> None:
    request = due(spider)
    answer(request, status=301, Location="/2")
    followed = request.replace(url=f"{HOME}/2")
    visit = outcome(spider.parse_page(answer(followed, page("Бақ"))))
    assert visit.urls == (f"{HOME}/1", f"{HOME}/2")
    assert [capture.part for capture in visit.captures] == ["redirect", "page"]


def test_further_pages_are_asked_for(spider: NewspaperSpider) -> None:
    request = due(spider)
    further = outcome(spider.parse_page(answer(request, divided("/1/2/"))))
    assert isinstance(further, Request)
    assert (further.url, further.priority) == (f"{HOME}/1/2/", 1)
    assert further.meta["first_record"] == f"<{HOME}/1>"
    visit = outcome(spider.parse_page(answer(further, page("Ұзақ", "екі"))))
    assert "екі" in visit.article.text
    failure = Failure(ConnectionError("reset"))
    failure.request = outcome(spider.parse_page(answer(due(spider), divided("/1/2/"))))  # type: ignore[attr-defined]
    half = outcome(spider.page_failed(failure))
    assert half.reason == "a further page of the article is missing: ConnectionError: reset"


def test_refusals_and_answers_that_nobody_asked_for(spider: NewspaperSpider) -> None:
    visit = outcome(spider.parse_page(answer(due(spider), status=503, **{"Retry-After": "90"})))
    assert (visit.result, visit.retry_after, visit.captures) == ("deferred", 90.0, [])
    visit = outcome(spider.parse_page(answer(due(spider), status=304)))
    assert (visit.result, visit.reason) == ("failed", "HTTP 304 to an unconditional request")
    visit = outcome(spider.parse_page(answer(due(spider, etag='"a"'), status=304)))
    assert visit.result == "unchanged"


@pytest.mark.parametrize(
    ("error", "result", "reason"),
    [
        (ConnectionError("reset"), "failed", "ConnectionError: reset"),
        (IgnoreRequest("Forbidden by robots.txt"), "excluded", "Forbidden by robots.txt"),
        (RobotsUnavailable("robots.txt is away"), "deferred", "robots.txt is away"),
    ],
)
def test_pages_that_never_came(
    spider: NewspaperSpider, error: Exception, result: str, reason: str
) -> None:
    failure = Failure(error)
    failure.request = due(spider)  # type: ignore[attr-defined]
    visit = outcome(spider.page_failed(failure))
    assert (visit.result, visit.reason, visit.frontier) == (result, reason, 7)


def test_an_interrupted_request_is_still_due(spider: NewspaperSpider) -> None:
    async def results() -> list[Visit]:
        failure = Failure(Interrupted("the crawl ended"))
        failure.request = due(spider)  # type: ignore[attr-defined]
        return [visit async for visit in spider.page_failed(failure)]

    assert asyncio.run(results()) == []


def test_an_error_of_ours_fails_the_visit_and_keeps_its_captures(spider: NewspaperSpider) -> None:
    session: Any = spider.session
    extension = SessionExtension(SimpleNamespace())  # type: ignore[arg-type]
    request = due(spider)
    response = answer(request, page("Бақ"))
    outcome(spider.parse_page(response))
    extension.spider_error(Failure(KeyError("x")), response, spider)
    (visit,) = session.recorded
    assert (visit.result, visit.reason, visit.article) == ("failed", "bug: KeyError: 'x'", None)
    assert len(visit.captures) == 1
    session.in_flight.clear()  # recorded already
    extension.spider_error(Failure(KeyError("x")), response, spider)
    assert len(session.recorded) == 1
