"""What was served is kept before anybody reads it, or the crawl ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from archive.captures import Exchange
from archive.errors import ArchiveError
from archive.times import now
from newsbot.crawl.middlewares.capture import CaptureMiddleware
from tests.crawl.middlewares.fakes import URL


@dataclass
class Kept:
    """Stands for the archive: what it was given, and what it says."""

    exchanges: list[tuple[Exchange, str | None]] = field(default_factory=list)
    error: Exception | None = None
    aborted: list[BaseException] = field(default_factory=list)

    def keep(self, exchange: Exchange, concurrent_to: str | None) -> Any:
        if self.error:
            raise self.error
        self.exchanges.append((exchange, concurrent_to))
        return type("Kept", (), {"record_id": f"<{len(self.exchanges)}>"})()

    def middleware(self) -> CaptureMiddleware:
        return CaptureMiddleware(self.keep, self.aborted.append)


def test_the_bytes_as_served_and_the_moment_of_the_request() -> None:
    kept = Kept()
    request = Request(URL, meta={"exchanges": [], "download_latency": 30.0})
    headers: dict[str, Any] = {"X-Name": "Ауыл".encode(), "Set-Cookie": ["a", "b"]}
    answer = Response(URL, status=404, headers=headers, body=b"\x1f\x8b", protocol="HTTP/1.0")
    assert kept.middleware().process_response(request, answer) is answer
    ((exchange, first),) = kept.exchanges
    assert (exchange.url, exchange.status, exchange.body) == (URL, 404, b"\x1f\x8b")
    assert (exchange.protocol, first) == ("HTTP/1.0", None)
    assert ("X-Name", "Ауыл".encode().decode("latin-1")) in exchange.headers
    assert [value for name, value in exchange.headers if name == "Set-Cookie"] == ["a", "b"]
    age = now() - datetime.fromisoformat(exchange.fetched_at)
    assert timedelta(seconds=29) < age < timedelta(seconds=40)


def test_captures_of_one_visit_name_the_first() -> None:
    kept = Kept()
    exchanges: list[Any] = []
    for url in (URL, f"{URL}/2"):
        request = Request(url, meta={"exchanges": exchanges, "first_record": None})
        kept.middleware().process_response(request, Response(url))
    further = Request(f"{URL}/3", meta={"exchanges": [], "first_record": "<1>"})
    kept.middleware().process_response(further, Response(further.url))
    assert [first for _, first in kept.exchanges] == [None, "<1>", "<1>"]
    assert [(e.url, c.record_id) for e, c in exchanges] == [(URL, "<1>"), (f"{URL}/2", "<2>")]


@pytest.mark.parametrize("status", [429, 503, 304])
def test_what_says_nothing_of_the_page_is_not_kept(status: int) -> None:
    kept = Kept()
    request = Request(URL, meta={"exchanges": []})
    kept.middleware().process_response(request, Response(URL, status=status))
    assert not kept.exchanges
    ((exchange, capture),) = request.meta["exchanges"]
    assert (exchange.status, capture) == (status, None)


def test_a_304_that_was_asked_for_is_kept() -> None:
    kept = Kept()
    request = Request(URL, headers={"If-None-Match": '"1"'}, meta={"exchanges": []})
    kept.middleware().process_response(request, Response(URL, status=304))
    assert len(kept.exchanges) == 1


def test_sources_are_not_captured() -> None:
    kept = Kept()
    kept.middleware().process_response(Request(URL), Response(URL))
    assert not kept.exchanges


@pytest.mark.parametrize("error", [ArchiveError("damaged"), OSError(28, "No space left")])
def test_a_page_that_cannot_be_kept_ends_the_crawl(error: Exception) -> None:
    kept = Kept(error=error)
    request = Request(URL, meta={"exchanges": []})
    with pytest.raises(IgnoreRequest):
        kept.middleware().process_response(request, Response(URL))
    assert kept.aborted == [error]
    assert request.meta["exchanges"] == []


def test_the_crawler_gives_what_it_needs() -> None:
    kept = Kept()
    session = type("Session", (), {"keep": staticmethod(kept.keep)})()
    spider = type("Spider", (), {"session": session, "abort": staticmethod(kept.aborted.append)})()
    crawler: Any = type("Crawler", (), {"spider": spider})()
    request = Request(URL, meta={"exchanges": []})
    CaptureMiddleware.from_crawler(crawler).process_response(request, Response(URL))
    assert len(kept.exchanges) == 1
