"""Redirects end at a page of the web, or in a failure that says why."""

from __future__ import annotations

from typing import Any

import pytest
from scrapy import Request
from scrapy.downloadermiddlewares import redirect
from scrapy.http import HtmlResponse, Response

from newsbot.crawl.middlewares.own_site import OffSite
from newsbot.crawl.middlewares.redirect import (
    MetaRefreshMiddleware,
    RedirectLoop,
    RedirectMiddleware,
)
from tests.crawl.middlewares.fakes import URL, FakeCrawler


def make(kind: type, **settings: Any) -> Any:
    return kind.from_crawler(FakeCrawler(**settings))  # type: ignore[attr-defined]


def follow(middleware: Any, request: Request, location: str, status: int = 302) -> Any:
    answer = Response(request.url, status=status, headers={"Location": location})
    return middleware.process_response(request, answer)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_becomes_a_request_that_knows_its_way(status: int) -> None:
    request = Request(URL, meta={"exchanges": []})
    found = follow(make(RedirectMiddleware), request, "/2", status)
    assert (found.url, found.meta["redirect_urls"]) == ("http://gazet.kz/2", [URL])
    assert found.meta["exchanges"] is request.meta["exchanges"], "one visit"


@pytest.mark.parametrize("status", [200, 300, 304, 404, 500])
def test_other_answers_pass(status: int) -> None:
    answer = Response(URL, status=status, headers={"Location": "/2"})
    assert make(RedirectMiddleware).process_response(Request(URL), answer) is answer


def test_a_redirect_to_nowhere_passes() -> None:
    answer = Response(URL, status=302)
    assert make(RedirectMiddleware).process_response(Request(URL), answer) is answer


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "javascript:alert(1)", "mailto:a@b.kz", "http://[x/"]
)
def test_no_redirect_leaves_the_web(location: str) -> None:
    with pytest.raises(OffSite):
        follow(make(RedirectMiddleware), Request(URL), location)


def test_a_loop_ends_at_once() -> None:
    middleware = make(RedirectMiddleware)
    with pytest.raises(RedirectLoop):
        follow(middleware, Request(URL), URL)
    second = follow(middleware, Request(URL), "/2")
    with pytest.raises(RedirectLoop):
        follow(middleware, second, "/1")


def test_a_long_way_ends_at_the_limit() -> None:
    middleware = make(RedirectMiddleware, REDIRECT_MAX_TIMES=3)
    request = Request(URL)
    for number in range(3):
        request = follow(middleware, request, f"/hop{number}")
    with pytest.raises(RedirectLoop):
        follow(middleware, request, "/hop3")


def test_stock_scrapy_follows_a_loop() -> None:
    """When this fails, Scrapy's own redirects may do."""
    assert follow(make(redirect.RedirectMiddleware), Request(URL), URL).url == URL


# -- meta refresh -------------------------------------------------------------------------------


def refresh(request: Request, content: str, **settings: Any) -> Any:
    body = f'<html><head><meta http-equiv="refresh" content="{content}"></head></html>'
    answer = HtmlResponse(request.url, body=body.encode(), encoding="utf-8")
    middleware = make(MetaRefreshMiddleware, METAREFRESH_MAXDELAY=5, **settings)
    found = middleware.process_response(request, answer)
    return found if isinstance(found, Request) else "page"


def test_a_forwarding_page_is_followed() -> None:
    assert refresh(Request(URL), "0; url=/2").url == "http://gazet.kz/2"


def test_what_is_no_forwarding_page_is_the_page() -> None:
    assert refresh(Request(URL), "300; url=/2") == "page"
    assert refresh(Request(URL), "0; url=/1") == "page", "it reloads itself"
    assert refresh(Request(URL), "0; url=file:///etc/passwd") == "page"
    long = Request(URL, meta={"redirect_times": 2})
    assert refresh(long, "0; url=/2", REDIRECT_MAX_TIMES=2) == "page"


@pytest.mark.parametrize("label", ["base64", "zlib", "idna", "undefined", "rot13", "hex"])
def test_a_charset_that_no_page_may_use_fails_no_page(label: str) -> None:
    for head in ("", '<meta http-equiv="refresh" content="0; url=/2">'):
        answer = HtmlResponse(
            URL,
            headers={"Content-Type": f"text/html; charset={label}"},
            body=f"<html><head>{head}</head><body>Көпір refresh</body></html>".encode(),
        )
        found = make(MetaRefreshMiddleware, METAREFRESH_MAXDELAY=5).process_response(
            Request(URL), answer
        )
        assert isinstance(found, Request) if head else found is answer
