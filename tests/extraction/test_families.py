"""Families: recognised from the page itself, merged from data, dated; and no page raises."""

import random
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.extraction import extract
from newsbot.extraction.page import Page
from newsbot.extraction.selectors import ElementIndex
from newsbot.profiles import Family, families, in_order

PAGES = sorted((Path(__file__).parents[1] / "pages").glob("*.html"))
URL = "https://paper.example/2024/05/01/kopir/"


def test_common_table_is_merged_into_every_layout() -> None:
    family = Family.model_validate(
        {
            "id": "x",
            "name": "X",
            "common": {"article": "body.one", "remove": [".a", ".b"], "refuse": {"search": ".s"}},
            "layouts": [{"id": "new", "remove": [".b", ".c"], "refuse": {"listing": ".l"}}],
        }
    )
    (layout,) = family.layouts
    assert layout.article == "body.one"
    assert layout.remove == [".b", ".c", ".a"]
    assert layout.refuse == {"search": ".s", "listing": ".l"}


def test_old_captures_are_read_with_the_rules_of_their_time() -> None:
    family = families()["laravel"]
    then = in_order(family.layouts, datetime(2018, 10, 1, tzinfo=UTC))
    now = in_order(family.layouts, datetime(2026, 10, 1, tzinfo=UTC))
    assert then[0].id == "egemen-2018"
    assert "egemen-2018" not in [layout.id for layout in now]


def test_a_class_of_another_family_does_not_deceive() -> None:
    body = b'<html><head><link rel="stylesheet" href="/wp-content/themes/x.css"></head><body class="single-news single-post"><div class="news-detail"></div></body></html>'
    assert (extract(body, URL).layout or "").startswith("wordpress/")


@pytest.mark.parametrize(
    "css",
    [
        "p", ".a", "#i", "div.a p", "div > p", "p + p", "p ~ ul", "[itemprop=x]", '[itemprop~="x"]', "p:not(.a)", "a[href*='/t']::attr(href)",
        '[class*="a"] a', '[id^="i"]', "h1, .a, p", "p:first-child", ".a .b a", "*", "ul li", '[lang|="kk"]',
    ],
)  # fmt: skip
def test_selectors_agree_with_xpath(css: str) -> None:
    from lxml import etree
    from parsel.csstranslator import HTMLTranslator

    markup = '<div id=i class="a b"><p lang=kk-KZ>1<p class=a itemprop="x y">2</p><ul><li class=b><a href="/t/1">3</a><li><a href=/u>4</a></ul><!-- c --><h1 itemprop=x>5</h1><div class="b a"><a class=a>6</a></div></div>'
    root = Page(f"<html><body>{markup}{markup}</body></html>", URL).root
    expected = etree.XPath(HTMLTranslator().css_to_xpath(css))(root)
    assert list(map(str, ElementIndex(root).select(css))) == list(map(str, expected))


@given(st.binary(max_size=400))
@settings(max_examples=60, deadline=None)
def test_arbitrary_bytes(body: bytes) -> None:
    assert extract(body, URL).url == URL


@given(st.integers(0, 2**32), st.sampled_from(PAGES))
@settings(max_examples=60, deadline=None)
def test_mutated_pages(seed: int, path: Path) -> None:
    extract(
        mutated(path.read_bytes(), random.Random(seed)),
        URL,
        fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def mutated(body: bytes, rng: random.Random) -> bytes:
    """A page with pieces cut out, doubled, moved and replaced."""
    for _ in range(rng.randint(1, 12)):
        a, b = sorted(rng.choices(range(len(body) + 1), k=2))
        b = min(b, a + rng.choice([1, 5, 50, 2000]))
        piece = body[a:b]
        match rng.randrange(5):
            case 0:
                body = body[:a] + body[b:]
            case 1:
                body = body[:b] + piece + body[b:]
            case 2:
                body = body[:a] + rng.randbytes(len(piece)) + body[b:]
            case 3:
                tags = [
                    b"<div>",
                    b"</div>",
                    b"<table><tr>",
                    b"<p",
                    b"<!--",
                    b"<script>",
                    b"&#0;",
                    b"</html>",
                    b"<br>",
                    b"\xff",
                ]
                body = body[:a] + rng.choice(tags) * rng.randint(1, 30) + body[a:]
            case _:
                body = body[b:] + body[:b]
    return body


@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * 100_000 + "Мәтін. ".encode() * 50,
        b"<b><i>" * 50_000,
        b"<table><tr><td>" * 30_000,
        b"<div class='entry-content'>" * 100_000,
        b"<p class=a>" * 100_000,
        b"<a href=/x>" * 100_000,
        b"<li>x" * 100_000,
        b"&amp;" * 200_000,
        b"<p>" + b"a" * 5_000_000,
        b"<br>x" * 200_000,
    ],
    ids=["div", "inline", "table", "class", "p", "a", "li", "entities", "long", "br"],
)
def test_hostile_pages_are_read_in_time(body: bytes) -> None:
    start = time.process_time()
    extract(b"<html><body class='single-post'><h1>x</h1>" + body, URL)
    assert time.process_time() - start < 5
