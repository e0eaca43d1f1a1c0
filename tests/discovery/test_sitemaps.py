"""Sitemaps: indexes, URL sets, news dates, plain lists, gzip, and what is none of them."""

from __future__ import annotations

import gzip
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.discovery import skips_sitemap, xml
from newsbot.discovery.documents import read_source
from newsbot.discovery.sitemaps import Sitemap, parse_sitemap
from newsbot.profiles import Site

NS = "http://www.sitemaps.org/schemas/sitemap/0.9"


def urlset(*urls: str) -> str:
    return f'<?xml version="1.0"?><urlset xmlns="{NS}">{"".join(urls)}</urlset>'


def pages(body: bytes | str) -> list[tuple[str, str | None]] | None:
    sitemap = parse_sitemap(body.encode() if isinstance(body, str) else body)
    return None if sitemap is None else [(e.url, e.date) for e in sitemap.pages]


def test_urlset() -> None:
    text = urlset(
        "<url><loc> https://a.kz/1 </loc><lastmod>2026-11-22</lastmod></url>",
        "<url><loc>https://a.kz/жаңалық?a=1&amp;b=2</loc></url>",
        "<url><lastmod>2026-11-22</lastmod></url>",
        "<url><loc></loc></url>",
    )
    assert pages(text) == [("https://a.kz/1", "2026-11-22"), ("https://a.kz/жаңалық?a=1&b=2", None)]


def test_index() -> None:
    text = (
        f'<sitemapindex xmlns="{NS}"><sitemap><loc>https://a.kz/s1.xml</loc>'
        "<lastmod>2026-11-22</lastmod></sitemap><sitemap><loc>s2.xml.gz</loc></sitemap></sitemapindex>"
    )
    sitemap = parse_sitemap(text.encode())
    assert sitemap is not None
    assert [(e.url, e.date) for e in sitemap.children] == [
        ("https://a.kz/s1.xml", "2026-11-22"),
        ("s2.xml.gz", None),
    ]
    assert sitemap.pages == []


def test_a_news_date_beats_lastmod() -> None:
    text = urlset(
        "<url><loc>https://a.kz/1</loc><lastmod>2026-11-22</lastmod>"
        '<n:news xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"><n:publication>'
        "<n:name>Ақ жол</n:name></n:publication><n:publication_date>2020-05-17T10:00+06:00"
        "</n:publication_date><n:title>Су</n:title></n:news></url>",
        '<url><loc>https://a.kz/2</loc><image:image xmlns:image="x"><image:loc>https://a.kz/2.jpg'
        "</image:loc></image:image></url>",
    )
    assert pages(text) == [("https://a.kz/1", "2020-05-17T10:00+06:00"), ("https://a.kz/2", None)]


def test_without_a_namespace() -> None:
    assert pages("<urlset><url><loc>/1</loc></url></urlset>") == [("/1", None)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "  \n\n"])
def test_plain_list(end: str) -> None:
    lines = ["https://a.kz/1", "http://a.kz/жаңалық"]
    assert pages(end.join(lines)) == [(line, None) for line in lines]
    assert pages("\ufeff" + end.join(lines) + end) == [(line, None) for line in lines]


def test_broken_lines_of_a_list_are_no_addresses() -> None:
    lines = [f"https://a.kz/{n}" for n in range(150)]
    lines[120:120] = ["сынған", "javascript:x"]
    assert [url for url, _ in pages("\n".join(lines)) or []] == [
        f"https://a.kz/{n}" for n in range(150)
    ]


def test_gzip() -> None:
    text = urlset("<url><loc>https://a.kz/1</loc></url>")
    assert pages(gzip.compress(text.encode(), mtime=0)) == [("https://a.kz/1", None)]
    assert pages(gzip.compress(b"https://a.kz/1\n", mtime=0)) == [("https://a.kz/1", None)]


def test_gzip_in_pieces() -> None:
    text = urlset("<url><loc>https://a.kz/1</loc></url>").encode()
    assert pages(gzip.compress(text[:40], mtime=0) + gzip.compress(text[40:])) == [
        ("https://a.kz/1", None)
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n ",
        b"<!doctype html><html><body><a href='https://a.kz/1'>1</a></body></html>",
        b"<rss><channel><item><link>https://a.kz/1</link></item></channel></rss>",
        b"404 page not found",
        "Бет табылмады, https://a.kz/ бетіне оралыңыз".encode(),
        b"\x1f\x8b\x08\0\0\0\0\0\0\0broken",
        gzip.compress(b"<urlset>", mtime=0)[:-9],
        gzip.compress(b"<html/>", mtime=0),
        b"\0\0\0",
        b'{"urls": ["https://a.kz/1"]}',
    ],
)
def test_no_sitemap(body: bytes) -> None:
    assert parse_sitemap(body) is None


def test_empty_sitemaps_are_sitemaps() -> None:
    assert parse_sitemap(b"<urlset/>") == Sitemap()
    assert parse_sitemap(b"<sitemapindex></sitemapindex>") == Sitemap()


def test_a_sitemap_that_breaks_off_keeps_what_came() -> None:
    text = urlset(*(f"<url><loc>https://a.kz/{n}</loc></url>" for n in range(9)))
    assert (pages(text[: text.index("https://a.kz/7")]) or [])[:7] == [
        (f"https://a.kz/{n}", None) for n in range(7)
    ]


def test_billion_laughs_and_files() -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "/x"}">' for n in range(12))
    text = (
        f'<!DOCTYPE urlset [{levels}<!ENTITY f SYSTEM "file:///etc/passwd">]><urlset>'
        "<url><loc>&l11;</loc></url><url><loc>&f;</loc></url><url><loc>/1</loc></url></urlset>"
    )
    started = time.monotonic()
    assert pages(text) == [("/1", None)]
    assert time.monotonic() - started < 10


def test_a_gzip_bomb_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "MAX_BYTES", 100_000)
    text = urlset(*(f"<url><loc>https://a.kz/{n}</loc></url>" for n in range(50_000)))
    found = pages(gzip.compress(text.encode(), mtime=0))
    assert found is not None
    assert 1_000 < len(found) < 3_000
    assert len(xml.unpack(gzip.compress(b"\0" * 10_000_000, mtime=0))) == 100_000


def test_a_large_sitemap_is_quick() -> None:
    text = urlset(
        *(
            f"<url><loc>https://a.kz/{n}</loc><lastmod>2026-11-22</lastmod></url>"
            for n in range(50_000)
        )
    )
    started = time.monotonic()
    assert len(pages(text) or []) == 50_000
    assert time.monotonic() - started < 30


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from(
                "<urlset> <sitemapindex> <url> <sitemap> <loc> </loc> </url> /1 https://a.kz/2 \n "
                "<news> </news> & &x; < <![CDATA[ \x1f\x8b \0 Қ".split(" ")
            ),
            max_size=30,
        ).map(lambda pieces: "".join(pieces).encode()),
    ),
    st.sampled_from([None, "utf-8", "windows-1251", "nonsense"]),
)
def test_never_raises(body: bytes, charset: str | None) -> None:
    sitemap = parse_sitemap(body, charset)
    assert sitemap is None or all(e.url for e in (*sitemap.pages, *sitemap.children))


def test_lists_of_a_static_engine_are_left_out() -> None:
    site = Site.model_validate({"id": "a", "name": "А", "url": "https://a.kz/"})
    addresses = ("/posts/mektep/", "/index-3.html", "/blog/index2.html", "/mektep-2.html", "/[x")
    body = "".join(f"<url><loc>https://a.kz{address}</loc></url>" for address in addresses)
    found = read_source(
        "sitemap", f"<urlset>{body}</urlset>".encode(), None, "https://a.kz/s", site
    )
    assert [entry.url[12:] for entry in found.entries] == [
        "/posts/mektep/",
        "/mektep-2.html",
        "/[x",
    ]


def test_a_feed_may_stand_for_a_sitemap() -> None:
    site = Site.model_validate({"id": "a", "name": "А", "url": "https://a.kz/"})
    feed = b"<rss><channel><item><link>https://a.kz/mektep/</link></item></channel></rss>"
    assert [
        e.url for e in read_source("sitemap", feed, None, "https://a.kz/rss", site).entries
    ] == ["https://a.kz/mektep/"]
    assert read_source("sitemap", b"<html></html>", None, "https://a.kz/rss", site).error
    skipped = {url: skips_sitemap(site, f"https://a.kz{url}") for url in (
        "/categories/otbasy.xml", "/authors/erlan.xml", "/tag-sitemap.xml",
        "/rss.xml", "/kk/sitemap.xml", "/posts-2026.xml",
    )}  # fmt: skip
    assert list(skipped.values()) == [True] * 3 + [False] * 3
