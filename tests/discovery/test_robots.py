"""newsbot.discovery.robots: `Sitemap:` lines and delays, however the file is written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.discovery import robots
from newsbot.discovery.robots import crawl_delay, sitemaps

BASE = "https://gazet.kz/robots.txt"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"Sitemap: https://gazet.kz/sitemap.xml", ["https://gazet.kz/sitemap.xml"]),
        (b"\xef\xbb\xbfSITEMAP:https://gazet.kz/s.xml\r\n", ["https://gazet.kz/s.xml"]),
        (b"User-agent: *\rDisallow:\rSitemap: /s.xml\r", ["https://gazet.kz/s.xml"]),
        (b"Sitemap: s.xml # negizgi", ["https://gazet.kz/s.xml"]),
        (b"  sitemap :\t/a.xml\nSitemap: /b.xml\nSitemap: /a.xml", ["https://gazet.kz/a.xml", "https://gazet.kz/b.xml"]),
        ("Sitemap: /карта.xml".encode(), ["https://gazet.kz/карта.xml"]),
        (b"Sitemap: https://cdn.kz/s.xml.gz", ["https://cdn.kz/s.xml.gz"]),
        (b"# Sitemap: /no.xml\nDisallow: /sitemap:/x", []),
        (b"Sitemap: ftp://gazet.kz/s.xml\nSitemap: javascript:x\nSitemap: http://[x", []),
        (b"Sitemap:\n", []),
        (b"<!doctype html><p>Sitemap: nothing</p>", []),
        (b"", []),
    ],
)  # fmt: skip
def test_sitemaps(body: bytes, expected: list[str]) -> None:
    assert sitemaps(body, BASE) == expected


def test_sitemaps_are_limited() -> None:
    lines = "\n".join(f"Sitemap: /{number}.xml" for number in range(5_000))
    assert len(sitemaps(lines.encode(), BASE)) == robots.MAX_SITEMAPS


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"User-agent: *\nCrawl-delay: 2", 2.0),
        (b"\xef\xbb\xbfuser-AGENT: *\r\ncrawl-DELAY: 0.5\r\n", 0.5),
        (b"User-agent: *\nRequest-rate: 1/5", 5.0),
        (b"User-agent: *\nCrawl-delay: 2\nRequest-rate: 1/5", 5.0),
        (b"User-agent: *\nCrawl-delay: 7\nRequest-rate: 1/5", 7.0),
        (b"User-agent: *\nCrawl-delay: 9\n\nUser-agent: newsbot\nCrawl-delay: 3", 3.0),
        (b"User-agent: *\nCrawl-delay: 9\n\nUser-agent: newsbot\nDisallow: /x", None),
        (b"User-agent: other\nCrawl-delay: 9", None),
        (b"User-agent: *\nCrawl-delay: soon", None),
        (b"User-agent: *\nCrawl-delay: -1", None),
        (b"User-agent: *\nCrawl-delay: inf", None),
        (b"User-agent: *\nCrawl-delay: nan", None),
        (b"User-agent: *\nRequest-rate: 0/5", None),
        (b"User-agent: *\nDisallow: /", None),
        (b"<!doctype html><title>404</title>", None),
        (b"", None),
    ],
)
def test_crawl_delay(body: bytes, expected: float | None) -> None:
    assert crawl_delay(body, "newsbot/1.0") == expected


def test_a_huge_file_is_cut() -> None:
    body = b"User-agent: *\nCrawl-delay: 2\n" + b"# x\n" * 600_000 + b"Crawl-delay: 50\n"
    assert crawl_delay(body, "newsbot") == 2.0


LINES = st.sampled_from(
    [b"User-agent: *", b"Crawl-delay: ", b"Request-rate: 1/", b"Sitemap: ", b"9", b"1/0", b"\r", b"\n", b"\x00", b"http://["]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(LINES | st.binary(max_size=8), max_size=20).map(b"".join))
def test_never_raises(body: bytes) -> None:
    sitemaps(body, BASE)
    delay = crawl_delay(body, "newsbot")
    assert delay is None or delay >= 0
