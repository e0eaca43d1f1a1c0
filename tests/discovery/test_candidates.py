"""Candidates: which addresses of a source enter the frontier, and in which spelling."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot import urls
from newsbot.discovery import Entry, candidates, is_candidate, skips_sitemap
from newsbot.discovery.documents import linked, read_source
from newsbot.profiles import Site

BASE = "https://a.kz/feed/"


def site(**fields: object) -> Site:
    known: dict[str, object] = {
        "id": "a",
        "name": "А",
        "url": "https://a.kz/",
        "hosts": ["www.a.kz"],
    }
    return Site.model_validate({**known, **fields})


def found(*addresses: str, base: str = BASE, **fields: object) -> list[str]:
    entries = [Entry(address) for address in addresses]
    return [c.url for c in candidates(site(**fields), base, entries)]


def test_addresses_are_made_absolute_and_canonical() -> None:
    addresses = ("/жаңалық/1/", "2?utm_source=rss&p=7", "HTTPS://A.KZ:443/3#top")
    assert found(*addresses, base="https://a.kz/kk/rss.xml") == [
        "https://a.kz/%D0%B6%D0%B0%D2%A3%D0%B0%D0%BB%D1%8B%D2%9B/1/",
        "https://a.kz/kk/2?p=7",
        "https://a.kz/3",
    ]


def test_one_spelling_is_listed_once() -> None:
    assert found("/қ", "/%D2%9B", "/%d2%9b", " https://a.kz/қ ", "https://a.kz/қ#a") == [
        "https://a.kz/%D2%9B"
    ]


def test_the_first_date_stays() -> None:
    entries = [Entry("/1", "2026-11-22"), Entry("/1", "2020-01-01"), Entry("/2")]
    assert [(c.url[-1], c.hint) for c in candidates(site(), BASE, entries)] == [
        ("1", "2026-11-22"),
        ("2", None),
    ]


def test_dates_are_made_sortable() -> None:
    printed = [
        "Sun, 22 Nov 2026 13:00:00 +0500",
        "2026-11-22T13:00:00+05:00",
        "2026-11-22 13:00",
        "2026-11-22",
        "кеше ме",
    ]
    entries = [Entry(f"/{n}", date) for n, date in enumerate(printed)]
    assert [c.hint for c in candidates(site(), BASE, entries)] == [
        "2026-11-22T08:00:00Z",
        "2026-11-22T08:00:00Z",
        "2026-11-22T08:00:00Z",
        "2026-11-22",
        None,
    ]


@pytest.mark.parametrize(
    "address",
    [
        "https://b.kz/1",
        "https://a.kz.evil.example/1",
        "https://evil.example/a.kz/1",
        "https://a.kz@evil.example/1",
        "https://a.kz:8443/1",
        "https://sub.a.kz/1",
        "//b.kz/1",
        "https://a.kz/",
        "",
        "#",
        "mailto:a@a.kz",
        "javascript:alert(1)",
        "tel:87001234567",
        "ftp://a.kz/1",
        "data:text/html,x",
        "http://[/1",
        "http://a.kz:port/1",
        "/" + "a" * 3_000,
        "/photo.JPG",
        "/2026/11/doc.pdf",
        "/wp-admin/edit.php",
        "/tag/su",
        "/page/2",
        "/login?next=/1",
    ],
)
def test_what_is_no_candidate(address: str) -> None:
    assert found(address) == []


@pytest.mark.parametrize(
    "address",
    [
        "/1",
        "/index.php/post/1",
        "/?p=1",
        "http://www.a.kz/1",
        "https://user@a.kz/1",
        "/a/../1",
        "/tagan/1",
    ],
)
def test_what_is_a_candidate(address: str) -> None:
    assert len(found(address)) == 1


def test_the_sites_own_patterns() -> None:
    own: dict[str, Any] = {"article": [r"^/post/\d+", r"[?&]p=\d"], "exclude": ["print=1"]}
    addresses = ["/post/1", "/POST/2", "/post/x", "/?p=3", "/post/4?print=1", "/about"]
    assert found(*addresses, **own) == [
        "https://a.kz/post/1",
        "https://a.kz/POST/2",
        "https://a.kz/?p=3",
    ]


def test_patterns_do_not_disturb_each_other() -> None:
    own: dict[str, Any] = {
        "article": ["(?i)^/x$", r"^/(a)\1$", r"^/(?P<n>b)(?P=n)$", "^/c|d$"],
        "exclude": ["^/(z)$"],
    }
    assert found("/x", "/aa", "/bb", "/cd", "/ab", "/z", **own) == [
        f"https://a.kz/{path}" for path in ("x", "aa", "bb", "cd")
    ]


def test_family_patterns_count_too() -> None:
    assert found("/2026/su/", "/?s=su", "/2026/su/feed/", family="wordpress") == [
        "https://a.kz/2026/su/"
    ]


def test_sitemaps_without_articles_are_skipped() -> None:
    wordpress = site(family="wordpress")
    assert skips_sitemap(wordpress, "https://a.kz/wp-sitemap-users-1.xml")
    assert skips_sitemap(wordpress, "https://a.kz/category-sitemap.xml")
    assert not skips_sitemap(wordpress, "https://a.kz/wp-sitemap-posts-post-1.xml")
    assert not skips_sitemap(site(), "https://a.kz/sitemap-2026.xml")


def test_lookalike_hosts_are_other_hosts() -> None:
    assert found("https://а.kz/1") == []  # a Cyrillic а
    assert found("https://а.kz/1", hosts=["а.kz"]) == ["https://xn--80a.kz/1"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(), max_size=5), st.sampled_from([BASE, "https://www.a.kz/s.xml", "x:", ""]))
def test_whatever_is_listed(addresses: list[str], base: str) -> None:
    paper = site()
    listed = list(candidates(paper, base, [Entry(address) for address in addresses]))
    assert len({c.url for c in listed}) == len(listed)
    for candidate in listed:
        assert urls.canonical(candidate.url) == candidate.url
        assert is_candidate(paper, candidate.url)


BASED = "https://a.kz/kk/"
KEPT = {
    "an xml:base of the feed": (
        "feed",
        f'<feed xml:base="{BASED}"><entry><title>a</title><link href="news/1"/></entry></feed>',
    ),
    "of feed and entry": (
        "feed",
        '<feed xml:base="/kk/"><entry xml:base="news/"><link href="1"/></entry></feed>',
    ),
    "one that is none": (
        "feed",
        '<feed><entry xml:base="http://[::"><link href="x"/></entry>'
        '<entry><link href="/kk/news/1"/></entry></feed>',
    ),
    "an identity": ("feed", f"<rss><item><guid>{BASED}news/1</guid></item></rss>"),
    "a session's id": (
        "feed",
        f"<rss><item><link>{BASED}news/1?PHPSESSID=5f3a9c0177de42ab</link></item></rss>",
    ),
    "JSON": (
        "feed",
        '{"version": "https://jsonfeed.org/version/1", "items": [{"url": "/kk/news/1", "id": 1}]}',
    ),
    "a sitemap": (
        "sitemap",
        "<urlset><url><loc>https://a.kz/kk/news/1#a</loc><news><title>а</title></news></url></urlset>",
    ),
    "a post": ("wordpress", f'[{{"id": 1, "link": "{BASED}news/1", "title": "а"}}]'),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_of_an_entry_leads_to_the_address_of_the_candidate(name: str) -> None:
    """By itself: another archive reads it without the document around it."""
    kind, document = KEPT[name]
    source = "https://a.kz/feed"
    listed = read_source(kind, document.encode(), None, source, site()).entries
    *_, item = candidates(site(), source, listed)
    assert item.url == f"{BASED}news/1"
    assert item.said
    assert urls.canonical(linked(kind, item.said, source)) == item.url
