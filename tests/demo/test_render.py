"""The pages of the example newspaper against the articles they print; no server needed."""

import gzip
import json
import re
from datetime import date
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from lxml import html

from newsbot.demo.articles import Article, expected, load_articles
from newsbot.demo.markup import Site, printed, printed_day
from newsbot.demo.render import IN_FEED, NOT_FOUND, render_site

ORIGIN = "http://127.0.0.1:8800"
TODAY = date(2026, 11, 22)
ARTICLES = load_articles()
PAGES = render_site(ORIGIN, ARTICLES, today=TODAY)
TRUTH = {t["url"].removeprefix(ORIGIN): t for t in expected(ORIGIN)}
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"

by_id = pytest.mark.parametrize("article", ARTICLES, ids=lambda a: str(a.id))


def document(path: str) -> Any:
    return html.document_fromstring(PAGES[path].body.decode())


def flat(text: str) -> str:
    return " ".join(text.replace("\u00ad", "").split())


@by_id
def test_page_prints_every_paragraph_in_order(article: Article) -> None:
    (body,) = document(article.path).find_class("entry-content" if article.classic else "post-body")
    text, at = flat(body.text_content()), 0
    for paragraph in TRUTH[article.path]["paragraphs"]:
        for part in re.split(r" \| |\n", paragraph):
            at = text.index(part, at) + len(part)
    for caption in article.captions:
        assert caption in text


@by_id
def test_page_prints_every_field(article: Article) -> None:
    page, truth = document(article.path), TRUTH[article.path]
    assert [h.text_content() for h in page.iter("h1")] == [truth["title"]]
    text = flat(page.text_content())
    views = f"{truth['views']:,}".replace(",", " ")
    for part in (*truth["authors"], *truth["tags"], printed(article.published), truth["section"]):
        assert part in text
    if article.classic:
        assert f"{truth['views']} рет көрсетілді" in text
        assert f"Пікір: {truth['comments']}" in text
        assert not page.xpath("//time | //script | //meta[@property]")
        # The trap: another date, today's, is printed before the article's own.
        assert text.index(printed_day(TODAY)) < text.index(printed(article.published))
    else:
        assert f"{views} рет оқылды" in text
        assert f"{truth['comments']} пікір" in text
        assert page.get("lang") == truth["language"]
        assert page.xpath("//article//time/@datetime")[0] == truth["published"]
        (data,) = map(json.loads, page.xpath("//script[@type='application/ld+json']/text()"))
        assert data["headline"] == truth["title"]
        assert data["datePublished"] == truth["published"]
        assert data["dateModified"] == (truth["modified"] or truth["published"])
        assert data["mainEntityOfPage"] == truth["url"]
        assert page.xpath("//link[@rel='canonical']/@href") == [truth["url"]]
    for comment in article.comments:
        assert comment.text in text
        assert comment.text not in truth["paragraphs"]


def test_pages_are_the_same_each_time_and_know_their_day() -> None:
    assert render_site(ORIGIN, reversed(ARTICLES), today=TODAY) == PAGES
    later = render_site(ORIGIN, ARTICLES, today=date(2026, 11, 23))
    changed = {path for path in PAGES if later[path].body != PAGES[path].body}
    assert changed == {a.path for a in ARTICLES if a.classic}
    for path in changed:
        then, now = (pages[path].headers for pages in (PAGES, later))
        assert then["ETag"] != now["ETag"]
        assert parsedate_to_datetime(then["Last-Modified"]) < parsedate_to_datetime(
            now["Last-Modified"]
        )
    assert render_site(ORIGIN, ARTICLES)[NOT_FOUND].status == 404


def test_front_page_lists_all_articles_ten_a_page() -> None:
    found = []
    for number in range(1, 6):
        page = document("/" if number == 1 else f"/page/{number}/")
        cards = page.xpath("//section[@class='card']/h2/a/@href")
        assert len(cards) == (10 if number < 5 else 8)
        found += cards
    assert found == [a.path for a in ARTICLES]
    assert "/page/6/" not in PAGES and "/page/1/" not in PAGES


def test_section_and_tag_pages_list_their_articles() -> None:
    listed = {
        path: document(path).xpath("//section[@class='card']/h2/a/@href")
        for path in PAGES
        if path.startswith(("/tag/", "/qogam/", "/sport/")) and not path.endswith(".html")
    }
    qogam = [a.path for a in ARTICLES if a.section == "qogam"]
    assert listed["/qogam/"] + listed["/qogam/page/2/"] == qogam
    assert listed["/sport/"] == [a.path for a in ARTICLES if a.section == "sport"]
    tagged = [path for key, paths in listed.items() if key.startswith("/tag/") for path in paths]
    assert sorted(tagged) == sorted(a.path for a in ARTICLES for _ in a.tags)


def test_feed() -> None:
    channel = ElementTree.fromstring(PAGES["/feed/"].body).find("channel")
    assert channel is not None
    items = channel.findall("item")
    assert [i.findtext("link") for i in items] == [ORIGIN + a.path for a in ARTICLES[:IN_FEED]]
    for item, article in zip(items, ARTICLES, strict=False):
        assert parsedate_to_datetime(item.findtext("pubDate") or "") == article.published
        assert item.findtext("title") == article.title


def test_sitemap_lists_articles_and_the_about_page() -> None:
    index = ElementTree.fromstring(PAGES["/sitemap.xml"].body)
    found = {}
    for loc in index.iter(f"{SITEMAP}loc"):
        path = (loc.text or "").removeprefix(ORIGIN)
        body = PAGES[path].body
        root = ElementTree.fromstring(gzip.decompress(body) if path.endswith(".gz") else body)
        for url in root.iter(f"{SITEMAP}url"):
            found[url.findtext(f"{SITEMAP}loc")] = url.findtext(f"{SITEMAP}lastmod")
    times = {t["url"]: t["modified"] or t["published"] for t in TRUTH.values()}
    assert found == {**times, f"{ORIGIN}/about/": None}


def test_forbidden_draft_is_linked_from_the_front_page_only() -> None:
    assert b"Disallow: /admin/\nDisallow: /search\n" in PAGES["/robots.txt"].body
    assert f"Sitemap: {ORIGIN}/sitemap.xml".encode() in PAGES["/robots.txt"].body
    (draft,) = [path for path in PAGES if path.startswith("/admin/")]
    linking = {path for path, page in PAGES.items() if f'href="{draft}"'.encode() in page.body}
    assert linking == {"/"}
    assert draft not in PAGES["/sitemap.xml"].body.decode()


def test_hostile_text_is_escaped() -> None:
    article = max(ARTICLES, key=lambda a: a.id)
    nasty = type(article)(
        **{
            **{name: getattr(article, name) for name in article.__slots__},
            "title": '</script><script>alert("1")</script> & Ко',
        }
    )
    page = html.document_fromstring(render_site(ORIGIN, [nasty])[nasty.path].body.decode())
    assert [h.text_content() for h in page.iter("h1")] == [nasty.title]
    (data,) = page.xpath("//script/text()")
    assert json.loads(data)["headline"] == nasty.title


def test_site_knows_its_articles() -> None:
    site = Site(ORIGIN, ARTICLES, TODAY)
    assert site.article(1701).title.startswith("Тасөткел")
    with pytest.raises(KeyError):
        site.article(0)
