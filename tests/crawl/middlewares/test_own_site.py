"""Nothing but the site's own hosts, each with its port, is ever asked."""

from __future__ import annotations

from typing import Any

import pytest
from scrapy import Request, Spider
from scrapy.downloadermiddlewares.offsite import OffsiteMiddleware

from newsbot.crawl.middlewares.own_site import OffSite, OwnSiteMiddleware
from tests.crawl.middlewares.fakes import FakeCrawler

NETLOCS = frozenset({"gazet.kz", "gazet.kz:8080", "[::1]:8000"})


def middleware() -> OwnSiteMiddleware:
    crawler: Any = FakeCrawler(site={"netlocs": NETLOCS})
    return OwnSiteMiddleware.from_crawler(crawler)


@pytest.mark.parametrize(
    "url",
    [
        "http://gazet.kz/1",
        "https://GAZET.kz/1",
        "http://gazet.kz:80/",
        "https://gazet.kz:443/",
        "http://gazet.kz:8080/",
        "http://[::1]:8000/",
    ],
)
def test_own(url: str) -> None:
    middleware().process_request(Request(url))


@pytest.mark.parametrize(
    "url",
    [
        "http://www.gazet.kz/",
        "http://gazet.kz:81/",
        "https://gazet.kz:80/",
        "http://gazet.kz.evil.kz/",
        "http://user@gazet.kz/",
        "http://evil.kz/gazet.kz",
        "http://[::1]/",
        "ftp://gazet.kz/",
        "file:///etc/passwd",
        "data:text/html,x",
    ],
)
def test_foreign(url: str) -> None:
    with pytest.raises(OffSite):
        middleware().process_request(Request(url))


def test_stock_scrapy_does_not_see_ports() -> None:
    """When this fails, Scrapy's own offsite check may do."""
    crawler: Any = FakeCrawler()
    crawler.stats = None
    stock = OffsiteMiddleware.from_crawler(crawler)
    spider: Any = type("Gazet", (Spider,), {"name": "gazet", "allowed_domains": ["gazet.kz"]})()
    crawler.spider = spider
    stock.spider_opened(spider)
    stock.process_request(Request("http://gazet.kz:81/"))
