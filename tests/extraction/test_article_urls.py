"""Addresses: editions by a layout's selectors, beside those that every page may name."""

from pathlib import Path
from urllib.parse import urljoin

import pytest

from archive.article import Article
from newsbot.extraction import extract, fields
from newsbot.profiles import load_site

URL = "https://aqbulaq.example/kz/post/153"
PROSE = "<p>Ақбұлақ ауылына жиырма шақырым су құбыры тартылып, үш жүз үйге таза ауыз су жетті.</p>"


def read(folder: Path, switcher: str, selectors: str, head: str = "") -> Article:
    """The article of a page with a language switcher, read with a profile that names it."""
    path = folder / "aqbulaq.toml"
    path.write_text(
        "name = 'Ақбұлақ'\nurl = 'https://aqbulaq.example/'\n[[layouts]]\nid = 'article'\n"
        f"when = '.story'\ntitle = ['h1']\nbody = ['.story']\neditions = {selectors}\n",
        "utf-8",
    )
    page = (
        f"<html lang='kk'><head><title>Су келді</title>{head}</head><body>{switcher}"
        f"<h1>Ауылға таза су келді</h1><div class='story'>{PROSE * 3}</div></body></html>"
    )
    return extract(page.encode(), URL, site=load_site(path))


def test_editions_of_a_layout(tmp_path: Path) -> None:
    switcher = (
        "<ul class='switch'><li><a href='/kz/post/153'>Қаз</a><li><a href='/lt/post/153'>L</a>"
        "<li><a href='/tt/post/153'><span>Төте</span></a><li><a href='/ru/post/871' lang='ru'>RU</a>"
        "<li><a hreflang='en' href='https://en.aqbulaq.example/water'>EN</a>"
        "<li><a href='/ru/'>Русский</a><li><a href='/zz/post/153'>?</a></ul>"
    )
    article = read(tmp_path, switcher, "['.switch a']")
    assert article.editions == [
        {"language": "kk-Latn", "url": "https://aqbulaq.example/lt/post/153"},
        {"language": "kk-Arab", "url": "https://aqbulaq.example/tt/post/153"},
        {"language": "ru", "url": "https://aqbulaq.example/ru/post/871"},
        {"language": "en", "url": "https://en.aqbulaq.example/water"},
    ]


def test_an_attribute_may_hold_the_address(tmp_path: Path) -> None:
    switcher = "<select><option value='/lat/post/153'>L</option><option>–</option></select>"
    article = read(tmp_path, switcher, "['option::attr(value)']")
    assert article.editions == [
        {"language": "kk-Latn", "url": "https://aqbulaq.example/lat/post/153"}
    ]


def test_what_every_page_may_name_comes_after_it(tmp_path: Path) -> None:
    head = (
        "<link rel='alternate' hreflang='ru' href='/ru/post/900'>"
        "<link rel='alternate' hreflang='lt' href='/lt/post/153'>"
    )
    switcher = "<a class='edition' href='/lt/post/153' lang='kk-Latn'>L</a>"
    article = read(tmp_path, switcher, "['.edition']", head)
    assert [(e["language"], e["url"].rpartition("example")[2]) for e in article.editions] == [
        ("kk-Latn", "/lt/post/153"),
        ("ru", "/ru/post/900"),
    ]
    assert [e["language"] for e in read(tmp_path, switcher, "[]", head).editions] == [
        "ru",
        "kk-Latn",
    ]


@pytest.mark.parametrize(
    ("url", "language"),
    [
        ("https://lat.egemen.kz/article/377472", "kk-Latn"),
        ("https://kaz.inform.kz/arb/news/1", "kk-Arab"),
        ("https://kaz.inform.kz/news/1", "kk"),
        ("https://azh.kz/news/1?ln=lat", "kk-Latn"),
        ("https://example.kz/news/1", None),
    ],
)
def test_languages_of_addresses(url: str, language: str | None) -> None:
    assert fields.edition_of_address(url) == language


def test_front_pages_of_editions() -> None:
    assert fields.is_edition_front("https://example.kz/")
    assert fields.is_edition_front("https://example.kz/LAT/")
    assert not fields.is_edition_front("https://example.kz/?p=12&lang=ru")
    assert not fields.is_edition_front("https://example.kz/lat/post/1")


PARTS = "https://aqbulaq.example/2026/su-tartyldy"


def parts(links: str, url: str = PARTS) -> list[str]:
    """Further pages of an article of an unknown engine with these links below its text."""
    page = (
        f"<html lang='kk'><head><title>Су келді</title></head><body><main><h1>Ауылға су келді</h1>"
        f"<time datetime='2026-03-04T10:00:00+05:00'>04.03.2026</time><div>{PROSE * 4}</div>"
        f"{links}</main></body></html>"
    )
    article = extract(page.encode(), url)
    assert article.is_article
    return article.pages


@pytest.mark.parametrize(
    ("url", "links", "found"),
    [
        # In each form of address, counted on from the article's own …
        (PARTS, "<a href='/2026/su-tartyldy/2'>2</a> <a href='/2026/su-tartyldy/3'>3</a>", 2),
        (PARTS, "<nav><a href='{}?page=2'><span>2-бет</span></a></nav>", 1),
        (PARTS + "/", "<p>Беттер: 1 <a href='{}page/2/'>Page 2</a></p>", 1),
        (PARTS + ".html", "<a href='/2026/su-tartyldy_2.html'>2</a>", 1),
        ("https://a.example/?p=19", "<a href='/?p=19&amp;page=2'>2</a><a href='/?p=19&amp;page=3'>3</a>", 2),
        # … and none that are pages of something else: neighbours, comments, lists, a gap.
        ("https://a.example/?p=1", "<a href='/?p=2'>2</a>", 0),
        (PARTS, "<a href='/2026/2'>2</a><a href='/page/2/'>2</a>", 0),
        (PARTS, "<a href='{}?page=2#comments'>2</a>", 0),
        (PARTS, f"<section id='comments'>{PROSE}<a href='{PARTS}?page=2'>2</a></section>", 0),
        (PARTS, "<a href='{}/comment-page-2/'>2</a>", 0),
        (PARTS, "<a href='{}?page=2'>2 жұма бұрын келген су</a>", 0),
        (PARTS, "<a href='{}?page=3'>3</a>", 0),
        (PARTS, "<a href='{}?page=1'>2</a>", 0),
    ],
)  # fmt: skip
def test_pages_of_a_divided_article_count_on_from_its_address(
    url: str, links: str, found: int
) -> None:
    assert len(parts(links.format(url), url)) == found


@pytest.mark.parametrize(
    ("claimed", "believed"),
    [
        (PARTS + "/comment-page-1/", False),  # of the readers' comments
        ("/search?q=su", False),
        ("/login", False),
        ("https://aqbulaq.example/2026/03/04/su-tartyldy", True),
        ("/su-tartyldy.html", True),
    ],
)
def test_a_canonical_address_is_one_that_may_show_an_article(claimed: str, believed: bool) -> None:
    page = (
        f"<html><head><title>Су келді</title><link rel='canonical' href='{claimed}'></head>"
        f"<body><main><h1>Ауылға су келді</h1><div>{PROSE * 4}</div></main></body></html>"
    )
    found = extract(page.encode(), PARTS).canonical_url
    assert (found == urljoin(PARTS, claimed)) is believed
