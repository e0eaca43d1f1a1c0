"""What sources say: entries of every kind as values, broken ones as nothing; how far they are believed."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.captures import with_fields
from newsbot.discovery import MAX_ENTRY
from newsbot.discovery.feeds import parse_feed
from newsbot.discovery.sitemaps import parse_sitemap
from newsbot.discovery.wordpress import parse_posts
from newsbot.extraction import Article, Said, extract
from newsbot.extraction.said import read_said
from tests.crawl.wire import PARAGRAPHS, page

URL = "https://gazet.example/2024/maqala-001-turaly-khabar"
FETCHED = datetime(2026, 3, 9, tzinfo=UTC)
TITLE = "Ауыл мектебінде бақ өсіп жатыр"


def kept(entry: bytes | None, kind: str = "feed", **fields: str) -> bytes:
    assert entry is not None
    return with_fields([("via", "https://gazet.example/x"), ("kind", kind), *fields.items()], entry)


def feed(item: str) -> bytes:
    spaces = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:c="http://purl.org/rss/1.0/modules/content/"'
    return f"<rss {spaces}><channel><item><link>{URL}</link>{item}</item></channel></rss>".encode()


def of_feed(item: str) -> Said:
    found = parse_feed(feed(item))
    assert found is not None
    return read_said(kept(found.entries[0].served))


def test_an_entry_of_rss() -> None:
    said = of_feed(
        "<title>Бақ &amp;amp; бау</title><dc:creator><![CDATA[Айгүл Серікқызы]]></dc:creator>"
        "<author>a@gazet.example (Бөтен Біреу)</author><category>Қоғам</category>"
        "<pubDate>Mon, 02 Mar 2026 09:30:00 +0500</pubDate>"
        "<c:encoded>&lt;p&gt;Бір екі&lt;/p&gt;&lt;p&gt;үш&lt;/p&gt;</c:encoded>"
    )
    assert (said.source, said.address) == ("feed", "https://gazet.example/x")
    assert (said.title, said.authors, said.section) == ("Бақ & бау", ("Айгүл Серікқызы",), "Қоғам")
    assert (said.published, said.promised) == ("Mon, 02 Mar 2026 09:30:00 +0500", len("Бір екі үш"))


def test_names_in_the_manner_of_rss_and_many_categories() -> None:
    said = of_feed(
        "<author>a@b.kz (Асқар Әли)</author><category>А</category><category>Ә</category>"
    )
    assert (said.authors, said.section) == (("Асқар Әли",), None)
    assert of_feed("<author>a@b.kz</author>").authors == ()


def test_an_entry_of_atom() -> None:
    found = parse_feed(
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title type="html">А</title><link href="/1"/>'
        "<author><name>Асқар Әли</name></author><published>2026-03-02T09:30:00Z</published>"
        '<updated>2026-03-03T09:30:00Z</updated><category term="Спорт"/></entry></feed>'.encode()
    )
    assert found is not None
    said = read_said(kept(found.entries[0].served))
    assert (said.authors, said.section) == (("Асқар Әли",), "Спорт")
    assert (said.published, said.modified) == ("2026-03-02T09:30:00Z", "2026-03-03T09:30:00Z")


def test_an_item_of_a_json_feed() -> None:
    item = {
        "url": URL,
        "title": "А",
        "authors": [{"name": "Асқар Әли"}],
        "tags": ["су"],
        "language": "kk",
    }
    document = {"version": "https://jsonfeed.org/version/1.1", "items": [item]}
    found = parse_feed(json.dumps(document).encode())
    assert found is not None
    said = read_said(kept(found.entries[0].served))
    assert (said.title, said.authors, said.tags, said.language) == (
        "А",
        ("Асқар Әли",),
        ("су",),
        "kk",
    )


def test_a_post_of_wordpress() -> None:
    post: dict[str, Any] = {
        "id": 1, "link": URL, "date_gmt": "2026-03-02T04:30:00", "modified_gmt": "2026-03-03T04:30:00",
        "title": {"rendered": "Бақ &#8211; бау"}, "_links": {"self": [{"href": "x" * 200}]},
        "_embedded": {
            "author": [{"name": "Асқар Әли"}],
            "wp:term": [
                [{"taxonomy": "category", "name": "Қоғам"}],
                [{"taxonomy": "post_tag", "name": "су"}, {"taxonomy": "post_tag", "name": "бау"}],
            ],
        },
    }  # fmt: skip
    posts = parse_posts(json.dumps([post]).encode())
    assert posts is not None
    (found,) = posts.entries
    assert found.served is not None
    assert b"_links" not in found.served
    said = read_said(kept(found.served, "wordpress"))
    assert (said.title, said.authors) == ("Бақ – бау", ("Асқар Әли",))
    assert (said.section, said.tags) == ("Қоғам", ("су", "бау"))
    assert (said.published, said.modified) == ("2026-03-02T04:30:00Z", "2026-03-03T04:30:00Z")


def test_only_news_and_captions_of_sitemaps_are_kept() -> None:
    found = parse_sitemap(
        b'<urlset xmlns:n="x/news" xmlns:i="x/image">'
        b"<url><loc>/1</loc><lastmod>2026-03-02</lastmod><priority>1</priority></url>"
        b"<url><loc>/2</loc><i:image><i:loc>/a.jpg</i:loc></i:image></url>"
        b"<url><loc>/3</loc><i:image><i:caption>A</i:caption><i:title>B</i:title></i:image></url>"
        b"<url><loc>/4</loc><lastmod>2026-03-09</lastmod><n:news><n:publication><n:name>G</n:name>"
        b"<n:language>kk</n:language></n:publication><n:title>T</n:title><n:keywords>a, b</n:keywords>"
        b"<n:publication_date>2026-03-02</n:publication_date></n:news></url></urlset>"
    )
    assert found is not None
    assert [bool(entry.served) for entry in found.pages] == [False, False, True, True]
    captions, news = (read_said(kept(entry.served, "sitemap")) for entry in found.pages[2:])
    assert captions == Said("sitemap", "https://gazet.example/x")
    assert (news.title, news.published, news.modified) == ("T", "2026-03-02", None)
    assert (news.tags, news.language) == (("a", "b"), "kk")


def test_the_whole_text_goes_where_an_entry_is_too_long() -> None:
    for many, left in ((MAX_ENTRY, "Т"), (100, "Т")):
        found = parse_feed(feed(f"<title>Т</title><c:encoded>{'a' * many}</c:encoded>"))
        assert found is not None
        entry = found.entries[0].served
        assert entry is not None
        assert (b"aaa" in entry, read_said(kept(entry)).title) == (many == 100, left)
    found = parse_feed(feed(f"<title>{'a' * MAX_ENTRY}</title>"))
    assert found is not None
    assert found.entries[0].served is None


def test_a_source_that_dates_everything_alike_dates_nothing() -> None:
    entry = b"<item><title>T</title><pubDate>2026-03-02</pubDate></item>"
    assert read_said(kept(entry)).published == "2026-03-02"
    assert read_said(kept(entry, dates="uniform")).published is None


@given(st.binary(max_size=300), st.sampled_from(["feed", "wordpress", "sitemap", ""]))
def test_nothing_breaks_the_reader(entry: bytes, kind: str) -> None:
    for start in (b"", b"<item>", b"<url><news>", b"{", b"kind: feed\r\n\r\n{"):
        assert isinstance(read_said(start + entry), Said)
        assert isinstance(read_said(kept(start + entry, kind)), Said)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["title", "rendered", "_embedded", "author", "wp:term", "name", "tags", "date_gmt",
                         "authors", "taxonomy", "content_html", "link"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(_VALUES, st.sampled_from(["feed", "wordpress"]))
def test_nor_does_json_of_another_shape(value: object, kind: str) -> None:
    said = read_said(
        kept(json.dumps({"title": value, "author": value, "_embedded": value}).encode(), kind)
    )
    assert said.title is None or said.title.strip()
    read_said(kept(json.dumps(value).encode(), kind))


# -- beside the page ----------------------------------------------------------------------------


def read(html: bytes, **told: Any) -> Article:
    kind = told.pop("kind", "feed")
    return extract(
        html, URL, fetched_at=FETCHED, said=[Said(kind, "https://gazet.example/x", **told)]
    )


def test_a_source_fills_what_the_page_lacks() -> None:
    found = read(
        page(TITLE), title=TITLE, authors=("Айгүл Серікқызы",), published="2026-03-02T09:30:00+05:00",
        section="Қоғам", tags=("су",),
    )  # fmt: skip
    assert found.is_article
    assert (found.published, found.authors) == ("2026-03-02T09:30:00+05:00", ["Айгүл Серікқызы"])
    assert (found.section, found.tags, found.title) == ("Қоғам", ["су"], TITLE)
    told = {
        name: found.sources[name] for name in ("published", "authors", "section", "tags", "title")
    }
    assert set(told.values()) == {"feed", "layout"}
    assert told["title"] == "layout", "which the page says too"
    assert "source_differs" not in found.flags


def test_what_the_page_prints_goes_before() -> None:
    lines = '<p class="byline">Автор: Асқар Әлиев</p><time datetime="2026-03-01T10:00:00+05:00">1 наурыз 2026</time>'
    html = page(TITLE).replace(b"<p>", lines.encode() + b"<p>", 1)
    told = {
        "title": TITLE,
        "authors": ("Айгүл Серікқызы",),
        "published": "2026-03-05T09:30:00+05:00",
    }
    alone, found = extract(html, URL, fetched_at=FETCHED), read(html, **told)
    assert (found.published, found.authors) == (alone.published, ["Асқар Әлиев"])
    assert found.published is not None
    assert found.published.startswith("2026-03-01")
    assert "source_differs" in found.flags
    assert "source_differs" not in alone.flags


def test_the_api_tells_the_moment_of_a_printed_day() -> None:
    html = page(TITLE).replace(b"<p>", '<div class="date">2 наурыз 2026</div><p>'.encode(), 1)
    found = read(html, kind="wordpress", published="2026-03-02T04:30:00Z")
    assert found.published == "2026-03-02T09:30:00+05:00"
    assert "source_differs" not in found.flags


@pytest.mark.parametrize(
    "html",
    [b"<html><body><div id=app></div></body></html>", re.sub(rb"<p>.*?</p>", b"", page(TITLE))],
)
def test_no_word_of_a_source_makes_an_article_of_a_shell(html: bytes) -> None:
    told = {
        "title": TITLE,
        "authors": ("Айгүл Серікқызы",),
        "published": "2026-03-02",
        "promised": 5000,
    }
    alone, found = extract(html, URL, fetched_at=FETCHED), read(html, **told)
    assert (found.is_article, found.text) == (False, "")
    assert not alone.is_article


def test_a_text_shorter_than_the_sources_is_flagged() -> None:
    length = len("\n\n".join(PARAGRAPHS))
    assert "truncated" in read(page(TITLE), promised=2 * length).flags
    assert "truncated" not in read(page(TITLE), promised=length).flags


def test_a_source_names_no_newsroom_account_as_an_author() -> None:
    assert read(page(TITLE), authors=("admin",)).authors == []


def test_sources_of_other_kinds_are_not_heard() -> None:
    assert read(page(TITLE), kind="rumour", authors=("Айгүл Серікқызы",)).authors == []
