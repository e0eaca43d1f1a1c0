"""Bodies are handed on as text, or not at all."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.http import HtmlResponse, Response

from newsbot.crawl.middlewares.decoding import DecodingMiddleware
from newsbot.visit.decoding import ACCEPTED, TooLarge, Undecodable
from tests.crawl.middlewares.fakes import URL, FakeCrawler

PAGE = b"<!DOCTYPE html><p>" + b"Auyl. " * 100
PACKED = gzip.compress(PAGE)


def middleware(max_size: int = 10_000) -> DecodingMiddleware:
    crawler: Any = FakeCrawler(DOWNLOAD_MAXSIZE=max_size)
    return DecodingMiddleware.from_crawler(crawler)


def answer(body: bytes, *codings: str) -> Response:
    headers: dict[str, Any] = {"Content-Type": "text/html"}
    if codings:
        headers["Content-Encoding"] = list(codings)
    return Response(URL, headers=headers, body=body)


def test_pages_that_are_captured_are_asked_for_as_they_are() -> None:
    captured, other, chosen = (
        Request(URL, meta={"exchanges": []}),
        Request(URL),
        Request(URL, headers={"Accept-Encoding": "br"}),
    )
    for request in (captured, other, chosen):
        middleware().process_request(request)
    assert captured.headers["Accept-Encoding"] == b"identity"
    assert other.headers["Accept-Encoding"] == ACCEPTED.encode()
    assert chosen.headers["Accept-Encoding"] == b"br"


def test_a_packed_page_becomes_text() -> None:
    found = middleware().process_response(Request(URL), answer(PACKED, "gzip"))
    assert isinstance(found, HtmlResponse)
    assert (found.body, "Content-Encoding" in found.headers) == (PAGE, False)


def test_a_plain_page_is_left_alone() -> None:
    plain = answer(PAGE)
    assert middleware().process_response(Request(URL), plain) is plain
    assert middleware().process_response(Request(URL), answer(PAGE, "gzip")).body == PAGE


def test_damage_and_bombs_fail() -> None:
    with pytest.raises(Undecodable):
        middleware().process_response(Request(URL), answer(PACKED[:-4], "gzip"))
    with pytest.raises(TooLarge):
        middleware(100).process_response(Request(URL), answer(PACKED, "gzip"))


def test_stock_scrapy_takes_a_truncated_gzip_for_a_page() -> None:
    """When this fails, look whether Scrapy's own middleware may do."""
    crawler: Any = FakeCrawler()
    crawler.stats = None
    stock = HttpCompressionMiddleware.from_crawler(crawler)
    found = stock.process_response(Request(URL), answer(PACKED[:-4], "gzip"))
    assert isinstance(found, Response)
    assert PAGE.startswith(found.body)
