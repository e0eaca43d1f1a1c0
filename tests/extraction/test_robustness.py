"""extract() reads anything: it never raises, and its time grows with the page and no faster."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.extraction import extract
from newsbot.extraction import page as parsing

URL = "https://gazet.example.kz/2024/05/14/kopir/"
PAGES = sorted((Path(__file__).parents[1] / "pages").glob("*.html"))
NOW = datetime(2024, 6, 1, tzinfo=UTC)
PROSE = (
    "<p>Ауыл тұрғындары көпір салуды сұрап, аудан әкімдігіне хат жолдаған еді. Бұл – қуаныш.</p>"
)

# -- never raises ----------------------------------------------------------------------------------

ODD = (
    b"\x00", b"\x01", b"&#1;", b"&#xD800;", b"&#99999999999;", b"\xff\xfe", b"\xed\xa0\x80", b"<", b">", b"<p>",
    b"</p>", b"<h1>", b"</h1>", b"<a href='//['>", b"<div>" * 310, b"<!--", b"<script type='application/ld+json'>{",
    b'{"@type":"NewsArticle","headline":', b"</script>", b"]]>", b'"', b"'", b"|", b" - ", b"9" * 5000, b"9999-12-31",
    b"0001-01-01T00:00:00+14:00", "қаңтар".encode(), "Қаралды: ".encode() + b"9" * 30, b"<time datetime='9999-12-31T23:59'>",
    b"<table><tr><td>", b"<base href='http://[::1'>", "\u202e\u200d\ufeff".encode(), "сәлем".encode("utf-16"),
)  # fmt: skip
mutations = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.integers(0, 300),
        st.one_of(st.sampled_from(ODD), st.binary(max_size=30)),
    ),
    max_size=8,
)
addresses = st.one_of(
    st.sampled_from(
        [URL, "", "/", "http://[", "http://a b/", "https://қаз.example/x?q=%ff#", "x:"]
    ),
    st.text(max_size=40),
)
charsets = st.one_of(
    st.none(),
    st.sampled_from(["base64", "zlib", "idna", "undefined", "rot13", "utf-7", "utf-16", "kz1048"]),
    st.text(max_size=10),
)
moments = st.one_of(
    st.none(),
    st.sampled_from([NOW, datetime.min, datetime.max, NOW.replace(tzinfo=None)]),
    st.datetimes(timezones=st.sampled_from([timezone(timedelta(hours=h)) for h in (-12, 0, 14)])),
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PAGES), mutations, addresses, charsets, moments)
def test_no_page_raises(
    path: Path,
    changes: list[tuple[float, int, bytes]],
    url: str,
    charset: str | None,
    at: datetime | None,
) -> None:
    body = path.read_bytes()
    for share, removed, added in changes:
        place = int(share * len(body))
        body = body[:place] + added + body[place + removed :]
    extract(body, url, charset=charset, fetched_at=at)


@pytest.mark.parametrize("deep", [298, 299, 300, 301, 2000])
def test_deep_nesting_with_control_characters(deep: int) -> None:
    for inner in ("x&#1;y", "x&#xB;<b>y&#31;</b>z", "&#xFFFE;x"):
        extract(("<div>" * deep + inner + PROSE).encode(), URL)


@pytest.mark.parametrize("mark", [" | ", " - ", " — ", "|", " » ", " :: "])
def test_a_site_name_that_is_repeated(mark: str) -> None:
    title = "Көпір ашылды" + f"{mark}Газет" * 1500
    page = f"<meta property='og:site_name' content='Газет'><title>{title}</title><h1>{title}</h1>"
    extract((page + PROSE).encode(), URL)
    short = "Көпір ашылды" + f"{mark}Газет" * 20
    assert extract(page.replace(title, short).encode(), URL).title == "Көпір ашылды"


@pytest.mark.parametrize("at", [None, NOW, datetime.min, datetime.max, NOW.replace(tzinfo=None)])
@pytest.mark.parametrize(
    "printed",
    [
        "0001-01-01T00:00:00+14:00", "0001-01-01", "9999-12-31T23:59:59-12:00", "31.12.9999 24:00", "бүгін", "кеше 10:00",
        "2100-12-31T24:00:00-14:00", "1990-01-01T00:00:00+14:00", "999999999 жыл бұрын", "99999999999999", "1 қаңтар",
    ],
)  # fmt: skip
def test_dates_at_the_ends_of_time(printed: str, at: datetime | None) -> None:
    ld = f'{{"@type":"NewsArticle","datePublished":"{printed}","dateModified":"{printed}"}}'
    page = f"<script type='application/ld+json'>{ld}</script><h1>Көпір</h1><time datetime='{printed}'>{printed}</time>{PROSE}"
    extract(page.encode(), URL, fetched_at=at)


def test_counters_that_no_database_keeps() -> None:
    for number in ("9" * 30, "9" * 5000):
        ld = f'{{"@type":"NewsArticle","commentCount":{number},"interactionStatistic":{{"interactionType":"ReadAction","userInteractionCount":"{number}"}}}}'
        page = f"<script type='application/ld+json'>{ld}</script><h1>Көпір</h1><span class='views'>{number}</span><p>Қаралды: {number}</p>{PROSE}"
        article = extract(page.encode(), URL)
        assert (article.views or 0) < 2**63
        assert (article.comments or 0) < 2**63


# -- linear time -----------------------------------------------------------------------------------

MARKS = (
    "|", " | ", " - ", "- ", " — ", "–", ":", " : ", "/", ".", ",", "«", "» ", '"', "'", "(", ")", "[", "]", "{", "}",
    "\\", "&", "&amp;", "#", "@", "1", "1 ", "1.", "1:", "01.01.2024 ", "10:00 ", "а", "А", "а ", "Аа ", "АА бб ", "\u00a0",
    "\u200d", "\u0301", "<br>", "<b>", "<i>x</i>", "…", "қаңтар ", "Қаралды: ", "пікір ", "Автор: ", "http://", "2 жыл ", "сағат ",
)  # fmt: skip
PLACES = {
    "title": "<title>{}</title><h1>Көпір</h1>",
    "site": "<meta property='og:site_name' content='{}'><title>Көпір {}</title>",
    "h1": "<title>Көпір</title><h1>{}</h1>",
    "h2": "<h2>{}</h2>",
    "p": "<h1>Көпір</h1><div class='entry-content'><p>{}</p></div>",
    "cell": "<h1>Көпір</h1><table><tr><td>{}</table>",
    "author": "<h1>Көпір</h1><span class='author'>{}</span><meta name='author' content='{}'>",
    "date": "<h1>Көпір</h1><time datetime='{}'>{}</time><span class='date'>{}</span>",
    "counter": "<h1>Көпір</h1><span class='views'>{}</span><span class='comments'>{}</span>",
    "crumbs": "<ul class='breadcrumb'><li><a href='/'>{}</a></ul><a rel='tag' href='/t'>{}</a>",
    "class": "<h1>Көпір</h1><div class='{}' id='{}'>x</div>",
    "link": "<base href='{}'><link rel='canonical' href='{}'><a href='{}'>Төте жазу</a>",
    "ld": '<script type=\'application/ld+json\'>{{"@type":"NewsArticle","headline":"{}","author":"{}"</script>',
    "raw": "<h1>Көпір</h1>{}",
}
SHAPES = (
    "<p>", "<p>x", "<div>", "<div><p>x</p>", "<span>", "<b>", "<a href='/x'>", "<a href='/x'>x</a> ", "<h1>", "<h1>x</h1>",
    "<h2><a href='/x'>Ауылда көпір ашылды</a></h2>", "<li>", "<li>x</li>", "<table>", "<tr><td>", "<td>x", "<br>", "<time>",
    "<time datetime='2024-01-01'>x</time>", "<span class='author'>", "<div class='author'>", "<span class='date'>1 қаңтар 2024</span>", "<span class='author'>Айгүл Серікқызы</span>",
    "<img src=x>", "<meta name=a content=b>", "<title>x</title>", "<script>", "<script type='application/ld+json'>{\"a\":</script>",
    "<!--", "<!-- x -->", "<x", "</p>", "</div>", "<form>", "<article>", "<article><h2>x</h2>", "<blockquote>", "<figure>",
    "<figcaption>x</figcaption>", "<input>", "<h3>x</h3>" + PROSE, PROSE, "<div class='entry-content'>" + PROSE + "</div>",
    "<div class='entry-content'>" + PROSE, "<ul class='tags'><li><a href='/t'>x</a></ul>", "<div id='x'>",
    "<p style='display:none'>x", "<article class='post'><h2><a href='/x'>Ауылда көпір ашылды</a></h2><p>x</p></article>",
    "<div class='comment'><p>x</p></div>", "<a class='author' href='/x'>Айгүл</a>", "<section>", "<nav><a href='/'>x</a></nav>",
    "<span class='views'>1</span>", "<p><b>Айгүл Серікқызы</b>", "<link rel='alternate' hreflang='kk' href='/x'>",
)  # fmt: skip
_CHARACTERS = 6_000
"""Of the smallest page of a scan."""
_FLOOR = 0.15
"""Seconds below which a page is no trouble, however the time grows."""
_MOST_SECONDS = 3.0
_GROWTH = 3.2
"""By which the time may grow where the page doubles: linear is 2, the square is 4."""


def seconds(body: bytes) -> float:
    """Processor time of one reading."""
    start = time.process_time()
    extract(body, URL, fetched_at=NOW)
    return time.process_time() - start


def too_slow(make: object) -> str:
    """What is wrong with the time of pages of n, 2n and 4n characters; empty where nothing is.

    Other processes disturb a measurement and never shorten it: the least of several counts, and only
    what is slow every time is slow.
    """
    assert callable(make)
    if seconds(make(4 * _CHARACTERS)) < _FLOOR:
        return ""
    for times in (1, 3):
        small, double, large = (
            min(seconds(make(n * _CHARACTERS)) for _ in range(times)) for n in (1, 2, 4)
        )
        if large < _FLOOR or large < _GROWTH**2 * max(small, _FLOOR / 16):
            return "" if large < _MOST_SECONDS else f"{large:.1f} s"
    return f"{small:.3f} s, {double:.3f} s, {large:.3f} s"


@pytest.mark.parametrize("place", PLACES)
def test_time_is_linear_in_a_field(place: str) -> None:
    slow = {}
    for mark in MARKS:

        def make(size: int, mark: str = mark) -> bytes:
            filled = mark * (size // len(mark))
            return (PLACES[place].replace("{}", filled) + PROSE * 3).encode("utf-8", "replace")

        if found := too_slow(make):
            slow[mark] = found
    assert not slow


@pytest.mark.parametrize("shape", SHAPES)
def test_time_is_linear_in_the_number_of_elements(shape: str) -> None:
    def make(size: int) -> bytes:
        return (f"<title>Көпір ашылды</title>{shape * (2 * size // len(shape))}").encode()

    assert not too_slow(make)


@pytest.mark.parametrize("name", ["author", "date", "share", "related", "comments", "tags", "x"])
@pytest.mark.parametrize("tag", ["span", "div", "ul", "b"])
def test_time_is_linear_in_the_depth_of_a_part_of_the_text(tag: str, name: str) -> None:
    """The parser ends at some depth: 200 here, nested in each of many paragraphs."""

    def make(size: int) -> bytes:
        nested = f"<{tag} class='{name}'>" * 200 + "Айгүл" + f"</{tag}>" * 200
        text = (PROSE + nested) * (size // 3_000) + PROSE
        dle = "<title>Көпір ашылды</title><div id='dle-content'><div class='fullstory'><h1>Көпір ашылды</h1>"
        return f"{dle}<div class='story_text'>{text}</div></div></div>".encode()

    assert not too_slow(make)


@pytest.mark.parametrize("attribute", ["a{}=x", "a{}", "a{}='x>y'", 'data-{}="x"', "a{}=\n"])
def test_time_is_linear_in_the_attributes_of_a_tag(attribute: str) -> None:
    def make(size: int) -> bytes:
        attributes = " ".join(attribute.replace("{}", str(n)) for n in range(size // 2))
        return f"<div {attributes}><h1>Көпір ашылды</h1>{PROSE}".encode()

    assert not too_slow(make)
    article = extract(make(4 * _CHARACTERS), URL)
    assert article.title == "Көпір ашылды"


def test_tags_in_scripts_are_none() -> None:
    words = " ".join(["сөз"] * 1000)
    page = f"<script>if (i<n {words}) {{}}</script><h1>Көпір ашылды</h1>{PROSE}"
    assert extract(page.encode(), URL).title == "Көпір ашылды"
    assert len(page) < parsing.MAX_CHARS
