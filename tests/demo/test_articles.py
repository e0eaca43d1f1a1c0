"""The texts of the example newspaper: how many, how varied, and the truth told about them."""

from collections import Counter
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.demo.articles import SECTIONS, Article, expected, load_articles, parse_body, plain

ARTICLES = load_articles()
SHORT = {1904}


def test_there_are_enough_of_every_kind() -> None:
    languages = Counter(a.language for a in ARTICLES)
    assert languages == {"kk": 45, "ru": 2, "kk-Latn": 1}
    assert {a.published.year for a in ARTICLES} == set(range(2017, 2027))
    assert {a.section for a in ARTICLES} == set(SECTIONS)
    kinds = {block.kind for a in ARTICLES for block in a.blocks}
    assert kinds == {
        "text", "heading", "list", "quote", "table", "verse", "photo", "also", "ad", "telegram",
    }  # fmt: skip
    for theme in (True, False):
        chosen = [a for a in ARTICLES if a.classic == theme]
        assert len(chosen) == 24
        assert any(a.comments for a in chosen)
        assert any(a.captions for a in chosen)
    assert [a.id for a in ARTICLES if a.updated] == [2402, 2301]


def test_nothing_is_there_twice() -> None:
    for values in (
        [a.id for a in ARTICLES],
        [a.path for a in ARTICLES],
        [a.title for a in ARTICLES],
        [p for a in ARTICLES for p in a.paragraphs],
        [c.text for a in ARTICLES for c in a.comments],
    ):
        assert [v for v, n in Counter(values).items() if n > 1] == []


@pytest.mark.parametrize("article", ARTICLES, ids=lambda a: str(a.id))
def test_article_is_sound(article: Article) -> None:
    assert article.id // 100 == article.published.year % 100
    assert article.authors and article.tags and article.title
    assert 4 <= sum(b.kind == "text" for b in article.blocks) <= 10 or article.id in SHORT
    assert len(article.captions) <= 1
    assert article.modified >= article.published
    assert all(c.at > article.published for c in article.comments)
    if article.breaks:
        assert {b.kind for b in article.blocks} == {"text"}
    known = {a.id for a in ARTICLES}
    for block in article.blocks:
        if block.kind == "also":
            assert set(map(int, block.lines)) <= known - {article.id}
        if block.kind == "table":
            assert len({row.count(" | ") for row in block.lines}) == 1
            assert len(block.lines) > 2


def test_newest_first() -> None:
    assert sorted(ARTICLES, key=lambda a: a.published, reverse=True) == list(ARTICLES)


def test_expected_is_faithful_text() -> None:
    for truth in expected("http://paper.test"):
        for text in (*truth["paragraphs"], *truth["captions"], truth["title"]):
            assert text == text.strip() != ""
            assert not {"\u00ad", "\u00a0", "\u200b", "<", "&", "\t"} & set(text)
            assert "  " not in text
        assert truth["url"].startswith("http://paper.test/")
        assert not any(c.startswith("Оқи отырыңыз") for c in truth["paragraphs"])


def test_expected_times_have_the_offset_of_their_day() -> None:
    published = {t["url"].split("/")[-2]: t["published"] for t in expected("")}
    assert published["sagat-tilin-bir-sagatqa-artqa"] == "2024-02-29T23:30:00+06:00"
    assert published["koktemgi-su-auyldar-aman"] == "2024-04-11T07:40:00+05:00"
    for truth in expected(""):
        moment = datetime.fromisoformat(truth["published"])
        hours = 6 if moment.date() < datetime(2024, 3, 1).date() else 5
        assert moment.utcoffset().total_seconds() == hours * 3600  # type: ignore[union-attr]


def test_expected_joins_what_inline_tags_split() -> None:
    truth = next(t for t in expected("") if "zhylu-mausymy" in t["url"])
    assert truth["paragraphs"][1] == (
        "Баяндамашының сөзінше, сәуір мен қазан айларында кәсіпорынның диспетчерлік қызметіне "
        "1 057 өтініш түсіп, оның 85%-ы мерзімінде орындалған – былтырғымен салыстырғанда бұл "
        "сегіз пайызға көп."
    )


def test_notation() -> None:
    article = parse_body(
        "Бір\nекі\n\n## Бас\n\n- а\n- б\n\n| x | y |\n| 1 | 2 |\n\n@also 7 8\n\n@ad"
    )
    assert [(b.kind, b.lines) for b in article] == [
        ("text", ("Бір екі",)),
        ("heading", ("Бас",)),
        ("list", ("а", "б")),
        ("table", ("x | y", "1 | 2")),
        ("also", ("7", "8")),
        ("ad", ()),
    ]


@given(st.text())
def test_plain_and_parse_body_take_any_text(text: str) -> None:
    parse_body(text)
    flat = plain(text)
    assert flat == " ".join(flat.split())
    assert "\u00ad" not in flat
