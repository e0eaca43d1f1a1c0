"""Feeds: every dialect, every encoding, every way of being broken."""

from __future__ import annotations

import gzip
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.discovery import Entry
from newsbot.discovery.documents import read_source
from newsbot.discovery.feeds import parse_feed
from newsbot.profiles import Site

RSS = """<?xml version="1.0" encoding="{charset}"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">
<channel><title>Ақ жол</title><link>https://a.kz/</link>
<atom:link href="https://a.kz/feed/" rel="self" type="application/rss+xml"/>
<item><title>Өңір тынысы</title><link>https://a.kz/өңір/</link>
<pubDate>Sun, 22 Nov 2026 08:00:00 +0000</pubDate><guid isPermaLink="false">7</guid></item>
<item><title>Су</title><link>
  https://a.kz/?p=2&amp;x=1
</link></item>
</channel></rss>"""
ENTRIES = [
    ("https://a.kz/өңір/", "Sun, 22 Nov 2026 08:00:00 +0000"),
    ("https://a.kz/?p=2&x=1", None),
]


def read(body: bytes | str, charset: str | None = None) -> list[tuple[str, str | None]] | None:
    feed = parse_feed(body.encode() if isinstance(body, str) else body, charset)
    return None if feed is None else [(e.url, e.date) for e in feed.entries]


def following(body: str) -> str | None:
    feed = parse_feed(body.encode())
    assert feed is not None
    return feed.next


def items(*inner: str, root: str = "rss") -> str:
    return f"<{root}><channel>{''.join(f'<item>{i}</item>' for i in inner)}</channel></{root}>"


# -- dialects -----------------------------------------------------------------------------------


def test_rss_2() -> None:
    assert read(RSS.format(charset="UTF-8")) == ENTRIES


def test_atom() -> None:
    feed = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">
    <link rel="self" href="https://a.kz/atom.xml"/><link href="https://a.kz/"/>
    <entry><link rel="replies" href="https://a.kz/1#c"/><link href="https://a.kz/1"/>
      <updated>2026-11-23T08:00:00Z</updated><published>2026-11-22T08:00:00Z</published></entry>
    <entry><link rel="alternate" type="text/html" href="/2"/><updated>2026-11-21</updated></entry>
    <entry><link rel="enclosure" href="https://a.kz/3.mp3"/></entry>
    </feed>"""
    assert read(feed) == [("https://a.kz/1", "2026-11-22T08:00:00Z"), ("/2", "2026-11-21")]


def test_rdf() -> None:
    feed = """<?xml version="1.0"?>
    <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
      xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
    <channel rdf:about="https://a.kz/"><link>https://a.kz/</link></channel>
    <item rdf:about="https://a.kz/1"><link>https://a.kz/1</link><dc:date>2009-05-17T10:00+06:00</dc:date>
    </item></rdf:RDF>"""
    assert read(feed) == [("https://a.kz/1", "2009-05-17T10:00+06:00")]


def test_rss_without_namespaces_or_channel() -> None:
    assert read("<rss><item><link>/1</link></item></rss>") == [("/1", None)]
    assert read("<RSS><CHANNEL><ITEM><LINK>/1</LINK></ITEM></CHANNEL></RSS>") == [("/1", None)]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("<link>  /жаңалық/1 </link>", ["/жаңалық/1"]),
        ("<link><![CDATA[https://a.kz/?a=1&b=2]]></link>", ["https://a.kz/?a=1&b=2"]),
        ("<guid>https://a.kz/1</guid>", ["https://a.kz/1"]),
        ("<guid isPermaLink='true'>https://a.kz/1</guid>", ["https://a.kz/1"]),
        ("<guid isPermaLink='false'>https://a.kz/1</guid>", []),
        ("<guid>tag:a.kz,2026:1</guid>", []),
        ("<link/><guid>https://a.kz/1</guid>", ["https://a.kz/1"]),
        ("<link></link>", []),
        ("<title>&laquo;Су&raquo; &l;</title><link>/?a=1&amp;b=2</link>", ["/?a=1&b=2"]),
        ("<title><![CDATA[A & B &amp; C]]></title><link>/1</link>", ["/1"]),
        ("<title>Сілтемесіз</title>", []),
        ("<a:link xmlns:a='x' href='https://a.kz/feed' rel='self'/><link>/1</link>", ["/1"]),
        ("<a:link xmlns:a='x' href='https://a.kz/1'/><link>/2</link>", ["https://a.kz/1"]),
        ("<!-- <link>/0</link> --><link>/1</link>", ["/1"]),
        ("<?php x ?><link>/1</link>", ["/1"]),
    ],
)
def test_links(item: str, expected: list[str]) -> None:
    assert [e[0] for e in read(items(item)) or []] == expected


def test_order_is_the_feeds_own() -> None:
    assert [e[0] for e in read(items(*(f"<link>/{n}</link>" for n in (3, 1, 2)))) or []] == [
        "/3",
        "/1",
        "/2",
    ]


# -- encodings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "declared", "header"),
    [
        ("utf-8", "UTF-8", None),
        ("utf-8-sig", "UTF-8", None),
        ("utf-8", "windows-1251", None),
        ("utf-8", "windows-1251", "windows-1251"),
        ("kz1048", "windows-1251", None),
        ("kz1048", "utf-8", None),
        ("kz1048", "kz-1048", "windows-1251"),
        ("utf-16", "utf-16", None),
        ("utf-16-le", "utf-8", None),
    ],
)
def test_charsets(codec: str, declared: str, header: str | None) -> None:
    text = RSS.format(charset=declared)
    # Enough Kazakh letters for the bytes to speak for themselves.
    text = text.replace("Ақ жол", "Ақ жол – Жамбыл облыстық қоғамдық-саяси газеті, Әулиеата өңірі")
    assert read(text.encode(codec), header) == ENTRIES


def test_windows_1251() -> None:
    feed = items("<link>https://a.kz/новости/1</link><title>Новости области сегодня</title>")
    body = ('<?xml version="1.0" encoding="windows-1251"?>' + feed).encode("cp1251")
    assert read(body, "windows-1251") == [("https://a.kz/новости/1", None)]


def test_compressed_twice_served_once() -> None:
    assert read(gzip.compress(RSS.format(charset="UTF-8").encode())) == ENTRIES


@pytest.mark.parametrize("before", ["\n\n", "  ", "\ufeff\n", "\ufeff\ufeff", "<!-- cache -->"])
def test_what_stands_before_the_prologue(before: str) -> None:
    assert read(before + RSS.format(charset="UTF-8")) == ENTRIES


# -- broken and hostile -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   \n",
        b"\xef\xbb\xbf",
        b"Not found",
        b"<!doctype html><html><head><title>404</title></head><body><p>x</body></html>",
        b"<html xmlns='http://www.w3.org/1999/xhtml'><body><item><link>/1</link></item></body></html>",
        b"<urlset><url><loc>https://a.kz/1</loc></url></urlset>",
        b'{"items": [{"url": "https://a.kz/1"}]}',
        b"\x1f\x8b\x08broken",
        b"\x89PNG\r\n\x1a\n\0\0\0",
        b"<rss",
        b"<?xml version='1.0'?>",
        b"\0" * 100,
    ],
)
def test_no_feed(body: bytes) -> None:
    assert not read(body)


def test_an_empty_feed_is_a_feed() -> None:
    assert read("<rss version='2.0'><channel/></rss>") == []
    assert read("<feed xmlns='http://www.w3.org/2005/Atom'/>") == []


def test_the_next_page_of_a_feed_that_has_pages() -> None:
    link = '<link rel="next" href="/feed?page=2"/>'
    atom = f'<feed xmlns="http://www.w3.org/2005/Atom"><link href="/"/>{link}<entry>{link}</entry></feed>'
    assert following(atom) == "/feed?page=2"
    assert following(RSS.replace('rel="self"', 'rel="next"')) == "https://a.kz/feed/"
    assert following(RSS) is None
    assert following(items(f"<link>/1</link>{link}")) is None, "an item's, not the feed's"


def test_bare_ampersands_do_not_change_addresses() -> None:
    assert read(items("<link>https://a.kz/?a=1&p=2&x</link>")) == [
        ("https://a.kz/?a=1&p=2&x", None)
    ]
    assert read(items("<link>https://a.kz/?a=1&amp;p=2&#38;q=3</link>")) == [
        ("https://a.kz/?a=1&p=2&q=3", None)
    ]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("</channel></rss>", ""),
        lambda text: text.replace("</title>", "", 1),
        lambda text: text.replace("<title>Су</title>", "<title>Су & <b>жол&nbsp;</title>"),
        lambda text: text.replace("Су", "С\x0b\x00у"),
        lambda text: text.replace("Су", "&unknown;"),
        lambda text: text + "<script>alert(1)</script>",
        lambda text: text.replace("<title>Су</title>", "<media:x>Су</media:x>"),
    ],
)
def test_malformed_feeds_are_read(damage: object) -> None:
    text = damage(RSS.format(charset="UTF-8"))  # type: ignore[operator]
    found = read(text)
    assert found is not None
    assert found[0] == ENTRIES[0]
    assert found[1:] in (ENTRIES[1:], []), "an address may be lost, but not changed"


def test_a_feed_that_breaks_off_keeps_what_came() -> None:
    text = RSS.format(charset="UTF-8")
    assert read(text[: text.index("</item>") + 20]) == ENTRIES[:1]


def test_billion_laughs() -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ха"}">' for n in range(12))
    text = f"<!DOCTYPE rss [{levels}]>" + items("<link>/1</link><title>&l11;</title>", "&l11;")
    started = time.monotonic()
    assert read(text) == [("/1", None)]
    assert time.monotonic() - started < 10


def test_entities_read_no_files(tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("xxe") / "secret"
    secret.write_text("https://a.kz/secret")
    for kind in (
        f'SYSTEM "{secret.as_uri()}"',
        f'PUBLIC "x" "{secret.as_uri()}"',
        '"https://a.kz/2"',
    ):
        for mark in ("<!ENTITY x ", "<!ENTITY % y '<!ENTITY x \"z\">'> <!ENTITY x "):
            text = f"<!DOCTYPE rss [{mark}{kind}>]>" + items("<link>&x;</link>", "<link>/1</link>")
            found = read(text)
            assert found is not None
            assert "secret" not in repr(found)
            assert found[-1] == ("/1", None)


def test_external_dtd_and_stylesheets_are_not_fetched() -> None:
    text = (
        '<?xml version="1.0"?><?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?>'
        '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd">' + items("<link>/1</link>")
    )
    assert read(text) == [("/1", None)]


@pytest.mark.parametrize("reference", ["&#xD800;", "&#0;", "&#x110000;", "&#xFFFF;", "&#55296;"])
@pytest.mark.parametrize("kind", ["feed", "sitemap"])
def test_a_character_that_cannot_be_costs_its_entry_alone(kind: str, reference: str) -> None:
    """Neighbours: an attribute, a sitemap, one in a title, where it costs nothing."""
    site = Site.model_validate({"id": "a", "name": "А", "url": "https://a.kz/"})
    bad = f"https://a.kz/m{reference}ektep"
    documents = {
        "feed": f"<rss><channel><item><link>{bad}</link></item><entry><link href='{bad}'/></entry>"
        f"<item><title>{reference}</title><link>https://a.kz/1</link></item></channel></rss>",
        "sitemap": f"<urlset><url><loc>{bad}</loc></url><url><loc>https://a.kz/1</loc></url></urlset>",
    }
    found = read_source(kind, documents[kind].encode(), None, "https://a.kz/x", site)
    assert [entry.url for entry in found.entries] == ["https://a.kz/1"]


@pytest.mark.parametrize(
    "link",
    ["<link>{}</link>", "<link><![CDATA[{}]]></link>", "<guid>{}</guid>", "<link href='{}'/>"],
)
def test_half_an_address_is_none(link: str) -> None:
    whole = items(link.format("https://a.kz/1"), link.format("https://a.kz/mektep"))
    for end in range(whole.index("/mektep"), len(whole)):
        found = read(whole[:end])
        assert found in (
            [("https://a.kz/1", None)],
            [("https://a.kz/1", None), ("https://a.kz/mektep", None)],
        )


def test_broken_xml_without_entries_is_no_feed() -> None:
    assert read("<rss <channel <<") is None
    assert read("<rss><channel><title>А</title></chan") is None
    assert read("<rss><channel><title>А</title></channel></rss>") == [], "an empty one is"


def test_deep_nesting() -> None:
    text = "<rss><channel><item><link>/1</link></item>" + "<a>" * 20_000
    started = time.monotonic()
    assert read(text) in ([("/1", None)], None)
    assert time.monotonic() - started < 20


PIECES = st.sampled_from(
    "<rss> <channel> <item> <link> </link> </item> /1 https://a.kz/2 <guid> </guid> <entry> "
    "<link\xa0href='/3'/> <feed> <![CDATA[ ]]> &x; & < > <!DOCTYPE <!ENTITY <?xml \0 \ufeff Қ".split(
        " "
    )
).map(lambda piece: piece.replace("\xa0", " "))


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200), st.lists(PIECES, max_size=30).map(lambda p: "".join(p).encode())
    ),
    st.sampled_from([None, "utf-8", "windows-1251", "utf-16", "nonsense", ""]),
)
def test_never_raises(body: bytes, charset: str | None) -> None:
    feed = parse_feed(body, charset)
    assert feed is None or all(isinstance(e, Entry) and e.url.strip() for e in feed.entries)
