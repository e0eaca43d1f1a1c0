"""Full-text search: what a user may type, and that the index follows every change of an article."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archive.errors import ArchiveUsageError
from archive.search import fts_query, search
from tests.archive.building import HOME, Paper, article


def urls(paper: Paper, text: str) -> list[str]:
    return sorted(
        row["url"].removeprefix(HOME) for row in search(paper.store.connection, text).rows
    )


def store(paper: Paper, *texts: str) -> None:
    for number, text in enumerate(texts, 1):
        url = f"{HOME}{number}"
        paper.visit(url, article(url, title=f"Тақырып {number}", text=text))


# -- the query ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("су", '"су"'),
        ("су тасқыны", '"су" AND "тасқыны"'),
        ('"су тасқыны"', '"су тасқыны"'),
        ('"су тасқыны', '"су тасқыны"'),
        ("мект*", '"мект"*'),
        ("су -футбол", '"су" NOT "футбол"'),
        ("-футбол су", '"су" NOT "футбол"'),
        ('су -"аяқ доп"', '"су" NOT "аяқ доп"'),
        ("55%-ы", '"55 ы"'),
        ("AND OR NOT NEAR", '"AND" AND "OR" AND "NOT" AND "NEAR"'),
        ("title:су", '"title су"'),
        ("су^2 + (жол)", '"су 2" AND "жол"'),
        ("«қызыл кітап»", '"қызыл" AND "кітап"'),
        ("су\u00adлы", '"сулы"'),
        ("й".encode().decode() + " и\u0306", '"й" AND "й"'),
    ],
)
def test_query(text: str, expected: str) -> None:
    assert fts_query(text) == expected


@pytest.mark.parametrize(
    "text", ["", "   ", '"', '""', "-", "- *", "-су", "«»", "_", "\u00ad", "\0"]
)
def test_query_without_a_word(text: str) -> None:
    with pytest.raises(ArchiveUsageError, match="at least one word") as caught:
        fts_query(text)
    assert caught.value.exit_code == 2


@pytest.fixture(scope="module")
def index() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE VIRTUAL TABLE f USING fts5(title, text, tokenize='unicode61 remove_diacritics 0')"
    )
    connection.execute("INSERT INTO f VALUES ('Су', 'таза су келді')")
    return connection


WORDS = st.sampled_from(
    'су "су -су су* * - -- " "" NOT AND OR NEAR( ) { } ^ : , + title: \' \\ ; _ %'.split(" ")
)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.text(),
        st.text(st.characters()),  # lone surrogates, as a terminal in a wrong encoding gives them
        st.lists(WORDS, max_size=12).map(" ".join),
        st.lists(WORDS, max_size=12).map("".join),
    )
)
@example("су " * 3_000)
@example("су" + " -футбол" * 3_000)
@example('"' + "су " * 3_000 + '"')
@example("с" * 100_000)
def test_anything_typed_is_a_query_or_a_usage_error(index: sqlite3.Connection, text: str) -> None:
    try:
        query = fts_query(text)
    except ArchiveUsageError as error:
        assert "\n" not in str(error)
        return
    index.execute("SELECT * FROM f WHERE f MATCH ?", (query,)).fetchall()


# -- the index ----------------------------------------------------------------------------------


def test_words_phrases_beginnings_exclusions(paper: Paper) -> None:
    store(paper, "Ауылға таза су келді.", "Су таза емес.", "Суретші мектепке келді.")
    assert urls(paper, "су") == ["1", "2"]
    assert urls(paper, "СУ ТАЗА") == ["1", "2"]
    assert urls(paper, '"таза су"') == ["1"]
    assert urls(paper, "су*") == ["1", "2", "3"]
    assert urls(paper, "келді -ауылға") == ["3"]
    assert urls(paper, "тақырып -су -мектепке") == []
    assert urls(paper, "футбол") == []


def test_kazakh_letters_are_letters(paper: Paper) -> None:
    store(
        paper, "Әңгіме ӨҢІР Ұлы ҮЙ Һәм ҒЫЛЫМ ҚАЛА І", "Ангиме онир улы уй", "ёлка йод", "елка иод"
    )
    for word in "әңгіме өңір ұлы үй һәм ғылым қала і".split():
        assert urls(paper, word) == ["1"], word
    assert (urls(paper, "ёлка"), urls(paper, "елка")) == (["3"], ["4"])
    assert (urls(paper, "йод"), urls(paper, "иод")) == (["3"], ["4"])


def test_the_index_follows_every_change(paper: Paper) -> None:
    paper.visit(read=article(title="Бірінші", text="Қоян."))
    paper.visit(read=article(title="Екінші", text="Қоян."))
    assert (urls(paper, "бірінші"), urls(paper, "екінші")) == ([], ["1"])
    paper.visit(read=article(title="Екінші", text="Түлкі."))
    assert (urls(paper, "қоян"), urls(paper, "түлкі")) == ([], ["1"])
    paper.visit(read=article(title=None, text="Түлкі."))
    assert (urls(paper, "екінші"), urls(paper, "түлкі")) == ([], ["1"])
    paper.visit(read=article(title="Екінші", text=""))  # refused: the page lost its text
    assert urls(paper, "түлкі") == ["1"]
    for _ in range(2):
        paper.visit(outcome="gone")
    (row,) = search(paper.store.connection, "түлкі").rows
    assert row["gone_since"], "what is gone is still found, and said to be gone"


def test_a_page_of_results(paper: Paper) -> None:
    store(paper, *(["Таза су."] * 5), "Бөтен.")
    hits = search(paper.store.connection, "су", limit=2, offset=4)
    assert (hits.total, len(hits.rows)) == (5, 1)
    assert search(paper.store.connection, "су", limit=2, offset=99).rows == []
    assert search(paper.store.connection, "су", site="another").total == 0
    assert search(paper.store.connection, "су", site="aqbulaq").total == 5


def test_a_word_in_the_title_counts_more(paper: Paper) -> None:
    paper.visit(f"{HOME}1", article(f"{HOME}1", title="Жол", text="Ауылға су келді деген жақсы."))
    paper.visit(f"{HOME}2", article(f"{HOME}2", title="Су", text="Ауылға жол келді деген жақсы."))
    for number in range(3, 20):  # a word in every second document says little
        paper.visit(f"{HOME}{number}", article(f"{HOME}{number}", title="Той", text="Той болды."))
    rows = search(paper.store.connection, "су").rows
    assert [row["url"] for row in rows] == [f"{HOME}2", f"{HOME}1"]
    assert rows[0]["score"] > rows[1]["score"]


def test_equal_results_have_one_order(paper: Paper) -> None:
    for number, day in enumerate((3, 1, None, 2, 1), 1):
        url = f"{HOME}{number}"
        published = f"2026-11-0{day}" if day else None
        paper.visit(url, article(url, text="Таза су.", published=published))
    rows = search(paper.store.connection, "су").rows
    assert [row["url"].removeprefix(HOME) for row in rows] == ["1", "4", "2", "5", "3"]


def test_snippets_are_marked(paper: Paper) -> None:
    store(paper, "Ауылға таза су келді. " + "Бос сөз. " * 50)
    (row,) = search(paper.store.connection, "су", marks=("<b>", "</b>")).rows
    assert "<b>су</b>" in row["snippet"]
    assert len(row["snippet"]) < 400


def test_a_query_without_words_is_a_usage_error(paper: Paper) -> None:
    with pytest.raises(ArchiveUsageError):
        search(paper.store.connection, "«»")


def test_the_index_is_an_ordinary_one(paper: Paper) -> None:
    """Any SQLite with FTS5 can search the archive, with the query of the documentation."""
    store(paper, "Ауылға таза су келді.")
    with closing(sqlite3.connect(paper.store.folder / "news.db")) as plain:
        found = plain.execute(
            "SELECT a.title FROM articles_fts JOIN articles a ON a.id = articles_fts.rowid "
            "WHERE articles_fts MATCH 'таза AND су'"
        ).fetchall()
    assert found == [("Тақырып 1",)]
