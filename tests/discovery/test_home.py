"""newsbot.discovery.home: what front pages say of their other sources."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.discovery.home import autodiscover, fronts, is_front
from newsbot.extraction.page import Page
from newsbot.profiles import Site

ROOT = "https://gazet.kz"


def found(html: str, url: str = ROOT + "/") -> list[tuple[str, str]]:
    return [
        (source.kind, source.url.removeprefix(ROOT)) for source in autodiscover(Page(html, url))
    ]


def alternate(href: str, kind: str = "application/rss+xml", title: str = "") -> str:
    return f'<link rel="alternate" type="{kind}" title="{title}" href="{href}">'


def test_wordpress() -> None:
    page = f"""<head>{alternate("/feed/", title="Газет » Feed")}
    {alternate("/comments/feed/", title="Газет » Comments Feed")}
    <link rel="alternate" type="application/json+oembed" href="/wp-json/oembed/1.0/embed?url=x">
    <link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/2">
    <link rel="https://api.w.org/" href="/wp-json/"></head><body><nav><a href="/qogam/">Қоғам</a></nav>"""
    assert found(page) == [
        ("feed", "/feed/"),
        ("wordpress", "/wp-json/wp/v2/posts"),
        ("listing", "/qogam/"),
    ]


def test_wordpress_with_plain_permalinks() -> None:
    page = f"""{alternate("/?feed=rss2")}{alternate("/?feed=comments-rss2")}
    <link rel="https://api.w.org/" href="/index.php?rest_route=/">"""
    assert found(page) == [
        ("feed", "/?feed=rss2"),
        ("wordpress", "/index.php?rest_route=/wp/v2/posts"),
    ]


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (alternate("/atom.xml", "application/atom+xml"), ["/atom.xml"]),
        (alternate("/feed.json", "application/feed+json"), ["/feed.json"]),
        (alternate("/rss.xml", "text/xml"), ["/rss.xml"]),
        (alternate("/feed.json", "application/json"), ["/feed.json"]),
        (alternate("/rss.xml", "Application/RSS+XML; charset=utf-8"), ["/rss.xml"]),
        (alternate("https://www.gazet.kz/rss"), ["https://www.gazet.kz/rss"]),
        (alternate("/sitemap.xml", "text/xml"), []),
        (alternate("https://basqa.kz/rss"), []),
        (alternate("/?format=feed&type=rss"), ["/?format=feed&type=rss"]),
        (alternate("/2022/12/24/mektep/feed/"), []),
        (alternate("/mektep-ashyldy-erten-kun/feed/"), []),
        (alternate("/4501-mektep/feed/"), []),
        (alternate("/x/", title="Пікірлер таспасы"), []),
        (alternate("/x/", title="Лента комментариев"), []),
        (alternate("/category/sport/feed/"), ["/category/sport/feed/"]),
        ('<link rel="alternate" hreflang="ru" href="/ru/">', []),
        ('<link rel="stylesheet" type="application/rss+xml" href="/rss">', []),
        (alternate("http://[x"), []),
        ('<a href="/rss.xml"><img src="/rss.png"></a>', ["/rss.xml"]),
        ('<a href="/index.php?mod=rss">RSS</a>', ["/index.php?mod=rss"]),
        ('<a href="/atom-stansasy/">Атом стансасы</a>', []),
        (alternate("/feed") + '<a href="/rss">RSS</a>', ["/feed"]),
    ],
)
def test_feeds(link: str, expected: list[str]) -> None:
    assert [url for kind, url in found(link) if kind == "feed"] == expected


def test_a_host_may_be_called_anything() -> None:
    page = Page(alternate("/feed/"), "http://pikir.kz:8081/")
    assert [source.url for source in autodiscover(page)] == ["http://pikir.kz:8081/feed/"]


def test_foreign_apis_and_sections_are_none_of_ours() -> None:
    page = """<link rel="https://api.w.org/" href="https://basqa.kz/wp-json/">
    <nav><a href="https://basqa.kz/qogam/">Қоғам</a><a href="/sport/">Спорт</a></nav>"""
    assert found(page) == [("listing", "/sport/")]


PARTS = st.sampled_from(
    ['<link rel="alternate" type="application/rss+xml" href="', '">', "/feed/", "http://[", "<nav>", "<a href='/x'>Қар</a>",
     '<link rel="https://api.w.org/" href="', "?rest_route=/", "<base href='http://[x'>"]
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(PARTS | st.text(max_size=6), max_size=20).map("".join))
def test_never_raises(html: str) -> None:
    assert all(url.startswith(("/", "http")) for _, url in found(html))


def test_front_pages_of_hosts_that_are_no_other_spelling() -> None:
    hosts = ["www.gazet.kz", "m.gazet.kz", "lat.gazet.kz", "www.lat.gazet.kz", "ескі.kz"]
    site = Site(id="x", name="X", url="https://gazet.kz/", hosts=hosts)
    assert fronts(site) == ["https://gazet.kz/", "https://lat.gazet.kz/", "https://xn--e1aku9f.kz/"]
    for url in ("https://gazet.kz", "https://www.gazet.kz/", "https://www.lat.gazet.kz/"):
        assert is_front(site, url)
    for url in ("https://gazet.kz/qogam/", "https://gazet.kz/?page=2", "https://other.kz/", "x"):
        assert not is_front(site, url)
