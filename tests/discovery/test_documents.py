"""newsbot.discovery.documents: limits that are said, and documents that are not what they should be."""

from __future__ import annotations

import json

import pytest

from newsbot.discovery import documents, links
from newsbot.discovery.documents import Found, poll_url, read_source
from newsbot.extraction import page
from newsbot.profiles import Site

SITE = Site.model_validate({"id": "a", "name": "А", "url": "https://a.kz/"})


def read(kind: str, text: str, front: bool = False) -> Found:
    return read_source(kind, text.encode(), None, "https://a.kz/x", SITE, front=front)


def of_urls(count: int, each: str) -> str:
    return "".join(each.format(f"https://a.kz/news/{n}") for n in range(count))


DOCUMENTS = {
    "rss": ("feed", "<rss><channel>{}</channel></rss>", "<item><link>{}</link></item>"),
    "json feed": (
        "feed", '{{"version": "https://jsonfeed.org/version/1", "items": [{}{{}}]}}',
        '{{"url": "{}"}},',
    ),
    "sitemap": ("sitemap", "<urlset>{}</urlset>", "<url><loc>{}</loc></url>"),
    "plain list": ("sitemap", "{}", "{}\n"),
    "feed for sitemap": ("sitemap", "<feed>{}</feed>", '<entry><link href="{}"/></entry>'),
    "REST": ("wordpress", "[{}{{}}]", '{{"link": "{}"}},'),
    "JSON list": ("listing", "[{}{{}}]", '{{"title": "Ауылдағы мектеп", "url": "{}"}},'),
    "page": ("listing", "<title>x</title>{}", '<p><a href="{}">Ауылда жаңа мектеп ашылды</a>'),
}  # fmt: skip


@pytest.mark.parametrize("name", DOCUMENTS)
def test_entries_beyond_the_limit_are_said(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(documents._MOST, "entries", 10)
    kind, whole, each = DOCUMENTS[name]
    for count, said in ((10, None), (25, "lists 25 entries: those beyond 10 are left out")):
        found = read(kind, whole.format(of_urls(count, each)))
        assert (len(found.entries), found.left_out, found.error) == (10, said, None)


def test_children_sections_and_links_beyond_the_limit_are_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neighbours: the sitemaps of an index, what a front page leads to, what a page holds."""
    index = of_urls(25, "<sitemap><loc>{}</loc></sitemap>")
    assert read("sitemap", f"<sitemapindex>{index}</sitemapindex>").left_out is None
    monkeypatch.setattr(documents, "_MOST", dict.fromkeys(documents._MOST, 10))
    found = read("sitemap", f"<sitemapindex>{index}</sitemapindex>")
    assert len(found.sitemaps) == 10
    assert found.left_out == "lists 25 sitemaps: those beyond 10 are left out"
    menu = "".join(f'<li><a href="/bolim-{chr(97 + n)}/">Бөлім</a>' for n in range(25))
    found = read("listing", f"<title>x</title><nav><ul>{menu}</ul></nav>", front=True)
    assert len(found.sources) == 10
    assert found.left_out == "lists 25 sources: those beyond 10 are left out"
    text = DOCUMENTS["page"][1].format(of_urls(9, DOCUMENTS["page"][2]))
    assert read("listing", text).left_out is None
    for module, limit in ((links, "MAX_LINKS"), (page, "MAX_CHARS")):
        with monkeypatch.context() as lowered:
            lowered.setattr(module, limit, 5)
            lowered.setattr(documents, limit, 5)
            assert "is read to" in (read("listing", text).left_out or "")


def test_a_sitemap_of_eight_times_the_protocols_size_is_read_whole() -> None:
    found = read("sitemap", "<urlset>" + of_urls(400_000, "<url><loc>{}</loc></url>") + "</urlset>")
    assert (len(found.entries), found.left_out) == (400_000, None)


@pytest.mark.parametrize("kind", ["feed", "sitemap", "wordpress", "listing"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "an empty answer"),
        (" \n\t", "an empty answer"),
        ("Service Unavailable", "not a"),
        ("\x00\x01\x02%PDF", "not a"),
        ("<!DOCTYPE html><title>Қате</title><p>Дерекқор қолжетімсіз", "an HTML page, not a"),
        ("\ufeff\n<HTML lang=kk><p>Қате", "an HTML page, not a"),
        ('{"error": "бос"}', "not a"),
    ],
)
def test_what_is_not_what_it_should_be_is_said(kind: str, text: str, said: str) -> None:
    error = read(kind, text).error or ""
    if kind == "listing" and ("<" in text or "{" in text):
        assert not error  # any page may be a list, of nothing today
    else:
        assert error.startswith(said)


def test_where_a_list_of_posts_was_redirected_to_is_asked_anew() -> None:
    first = poll_url("wordpress", "https://a.kz/?rest_route=/wp/v2/posts", "2026-11-01T00:00:00Z")
    for since in (None, "2026-11-27T00:00:00Z"):
        again = poll_url("wordpress", first.replace("a.kz", "www.a.kz"), since)
        assert again == poll_url("wordpress", "https://www.a.kz/?rest_route=/wp/v2/posts", since)
    assert json.dumps(again).count("per_page") == 1
