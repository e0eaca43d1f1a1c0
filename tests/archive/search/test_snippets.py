"""Snippets: whatever the letters of an article are, the passage is there, and the marks are at the words found."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archive.kazakh.words import words
from archive.search import search
from archive.search.expand import Terms
from archive.search.snippets import LONGEST, passages
from tests.archive.building import HOME, Paper, article, open_paper

MARKS = ("⟦", "⟧")
FORMS = {"мектеп", "мектебінде", "мектептер", "школа", "школами"}
CHARACTERS = st.one_of(
    st.sampled_from(
        ["👨\u200d👩\u200d👧", "🤷🏽\u200d♂️", "\u0301", "\u0345", "ä", "İ", "ß", "שָׁלוֹם", "مەكتەپ", "\u202e", "\u200b",
         "\xad", "漢字", "ไทย", " ", "\n\n", "мектеп", "\u0489", "é", "ﷺ", "\U000e0001", "ѫ", "ѯ", "ѳ", "a" * 700, "_"]
    ),
    st.characters(exclude_categories=("Cs",), exclude_characters="⟦⟧\0"),
)  # fmt: skip
TEXTS = st.lists(CHARACTERS, max_size=30).map("".join)


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    return open_paper(tmp_path_factory.mktemp("snippets"))


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS, st.sampled_from(sorted(FORMS)), st.sampled_from(["kk", "ru", "en", None]))
@example("👨\u200d👩\u200d👧 ", " 🤷\u200d♂️", "мектебінде", "kk")
@example("İ" * 50_000, "", "мектептер", "kk")
@example("сурет " * 20_000, "", "мектептер", "kk")
@example("漢" * 3000 + " ", " " + "漢" * 3000, "школами", "ru")
def test_the_mark_is_at_the_word_found(
    paper: Paper, before: str, after: str, form: str, language: str | None
) -> None:
    c, index = paper.store.connection, paper.store.changes.index
    text = f"{before} {form}\n\n{after}"
    c.execute("BEGIN")
    try:
        c.execute(
            "INSERT OR REPLACE INTO articles (id, site, url, title, text, language, first_seen, last_seen) "
            "VALUES (1, 'aqbulaq', 'x:1', NULL, ?, ?, '2026', '2026')",
            (text, language),
        )
        index.add(1, None, text, language)
        (row,) = search(c, f"{form} OR жоқсөз", marks=MARKS).rows
    finally:
        c.execute("ROLLBACK")
        index.forget()
    snippet = row["snippet"]
    marked = re.findall("⟦(.*?)⟧", snippet, re.S)
    found = {word for piece in marked for word in words(piece)}
    assert found and found <= FORMS | {"مەكتەپ"}
    shown = re.sub("[⟦⟧]", "", snippet).removeprefix("… ").removesuffix(" …")
    assert shown in text
    assert len(shown) <= LONGEST + 60


@pytest.mark.parametrize(
    ("text", "query", "shown"),
    [
        ("عَلَيْكُمْ", "عليكم", "⟦عَلَيْكُمْ⟧"),
        ("1️⃣ орын", "1", "⟦1️⃣⟧ орын"),
        ("му́ка", "му́ка", "⟦му́ка⟧"),
    ],
)
def test_marks_part_no_sign_from_its_letter(
    tmp_path: Path, text: str, query: str, shown: str
) -> None:
    with closing(open_paper(tmp_path).store) as store:
        Paper(store).visit(read=article(text=text))
        (row,) = search(store.connection, query, marks=MARKS).rows
        assert row["snippet"] == shown


@pytest.mark.parametrize("query", ["мектеп", "мект*", '"таза су"', "жоқсөз"])
def test_texts_without_the_word(paper: Paper, query: str) -> None:
    terms = Terms(words={"мектеп": ("мектеп",)}, prefixes={"мект"}, phrases=[("таза", "су")])
    for text in ("", " ", "\u200d", "👨\u200d👩", "\u0301", "ا" * 5000, "a\ud800b мектеп"):
        (snippet,) = passages(paper.store.connection, [(text, text)], terms, MARKS)
        assert len(snippet) < LONGEST + 60


def test_a_word_far_down_a_long_text_is_shown(tmp_path: Path) -> None:
    with closing(open_paper(tmp_path).store) as store:
        long = "Бос сөз. " * 9000 + "Ауылдың мектебі бар." + " Бос сөз." * 9000
        text = "сурет пен мұсылман " * 60 + "таза су"
        for number, one in enumerate((long, text), 1):
            url = f"{HOME}{number}"
            Paper(store).visit(url, article(url, text=one))
        (row,) = search(store.connection, "мектептер").rows
        assert "[мектебі]" in row["snippet"]
        rows = search(store.connection, "таза су").rows
        assert "[таза] [су]" in rows[0]["snippet"], "and not «сурет», which begins alike"
