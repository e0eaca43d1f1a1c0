"""The query language: what each thing that can be typed is read as."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archive.errors import ArchiveUsageError
from archive.search.syntax import (
    MOST_WORDS,
    All,
    Either,
    Node,
    Phrase,
    Word,
    parse,
    without_filters,
)


def both(*words: str) -> All:
    return All(tuple(Word(word) for word in words))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("су", Word("су")),
        ("Су ТАСҚЫНЫ", both("су", "тасқыны")),
        ("су AND тасқыны", both("су", "тасқыны")),
        ('"су тасқыны"', Phrase(("су", "тасқыны"))),
        ('"су тасқыны', Phrase(("су", "тасқыны"))),
        ('"су"', Word("су")),
        ("мект*", Word("мект", prefix=True)),
        ("су -футбол", All((Word("су"),), (Word("футбол"),))),
        ("NOT футбол су", All((Word("су"),), (Word("футбол"),))),
        ('су -"аяқ доп"', All((Word("су"),), (Phrase(("аяқ", "доп")),))),
        ("су -(өрт OR той)", All((Word("су"),), (Either((Word("өрт"), Word("той"))),))),
        *[
            (text, Either((Word("су"), Word("өрт"))))
            for text in ("су | өрт", "су|өрт", "су || өрт")
        ],
        ("су OR өрт жел", Either((Word("су"), both("өрт", "жел")))),
        ("(су OR өрт) жел", All((Either((Word("су"), Word("өрт"))), Word("жел")))),
        ("or and not", both("or", "and", "not")),
        ("55%-ы", both("55", "ы")),
        ("сондай-ақ", both("сондай", "ақ")),
        ("title:су жол", All((Word("су", title=True), Word("жол")))),
        ('title:"таза су"', Phrase(("таза", "су"), title=True)),
        (
            "title:(су жол) өрт",
            All((All((Word("су", title=True), Word("жол", title=True))), Word("өрт"))),
        ),
        ("title: су", Word("су", title=True)),
        ("TITLE:су", Word("су", title=True)),
        ("title:-су", Word("су", title=True)),
        ("су −өрт", All((Word("су"),), (Word("өрт"),))),  # a minus sign, not a hyphen
        ("су – өрт", both("су", "өрт")),
        ("15,25", Phrase(("15", "25"))),
        ("2024-2025", Phrase(("2024", "2025"))),
        ("12:30", Phrase(("12", "30"))),
        ("covid-19", both("covid", "19")),
        ("өрт болды ма", Word("өрт")),
        ("кто такой аким", Word("аким")),
        ("су НЕМЕСЕ өрт", Either((Word("су"), Word("өрт")))),
        ("вода ИЛИ пожар", Either((Word("вода"), Word("пожар")))),
        ("су ЖӘНЕ өрт", both("су", "өрт")),
        ("вода НЕ пожар", All((Word("вода"),), (Word("пожар"),))),
        ("СУ НЕМЕСЕ ӨРТ", both("су", "өрт")),
        ("НЕ КЕЛДІ", Word("келді")),
        ("су және өрт", both("су", "өрт")),
        ("не үшін", both("не", "үшін")),
        ("в школе", Word("школе")),
        ("су^2 + {жол}", All((both("су", "2"), Word("жол")))),
        ("«қызыл кітап»", Phrase(("қызыл", "кітап"))),
        ("«қызыл кітап", both("қызыл", "кітап")),
        ("жол» «су", both("жол", "су")),
        *[(text, Word("ашм", abbreviation=True)) for text in ("АШМ", "АШМ-ның", "АШМға")],
        ("АШМ МЕКТЕБІ", both("ашм", "мектебі")),  # all in capitals says nothing
        ("кафе́ за́мок", both("кафе", "замок")),
        ("Qazaqstan'nyń Taraz-da", both("qazaqstan", "taraz")),
        ("don't", both("don", "t")),
        ("су\u00adлы", Word("сулы")),
        ("үнiн", Word("үнін")),
        ("su\ud800", Word("su")),
    ],
)
def test_trees(text: str, tree: Node) -> None:
    assert parse(text).tree == tree


def test_filters() -> None:
    query = parse('су site:a SITE:b author:"Ерлан Асан" after:2023-05 before:2024 gone:yes lang:kk')
    assert query.tree == Word("су")
    assert query.filters == {
        "site": ["a", "b"],
        "author": ["Ерлан Асан"],
        "after": ["2023-05-01"],
        "before": ["2024-12-31"],
        "gone": ["yes"],
        "language": ["kk"],
    }
    assert parse("region:jambyl").tree is None
    assert parse("-site:b").tree is None
    excluded = {"-site": ["b"]}
    for text in ("су -site:b", "су NOT site:b", "су −SITE:b", "су -(site:b)"):
        assert parse(text).filters == excluded, text
    assert parse("су -(site:b OR site:c)").filters == {"-site": ["b", "c"]}
    assert parse("су site:a -lang:kk жол").filters == {"site": ["a"], "-language": ["kk"]}
    assert parse("су -gone:yes").filters == parse("су gone:no").filters
    assert parse("су after:01.05.2020").filters == {"after": ["2020-05-01"]}
    assert parse("су", {"site": ["a\ud800"]}).filters == {"site": ["a"]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *[(text, "at least one word") for text in ["", "   ", '"', '""', "-", "- *", "«»", "_", "\0", "(((", "OR"]],
        ("-су", "what to leave out"),
        ("NOT (су OR өрт)", "what to leave out"),
        ("су after:soon", "is no date"),
        ("су before:2023-13", "is no date"),
        ("су gone:maybe", "none of"),
        ("су site:", "needs a value"),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_said_in_one_line(text: str, said: str) -> None:
    with pytest.raises(ArchiveUsageError, match=said) as caught:
        parse(text)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"су тасқыны', "quotation mark"),
        ("(су", "not closed"),
        ("су)", "no opening"),
        ("су OR", "both sides"),
        ("су немесе өрт", "write OR"),
        ("вода или пожар", "write OR"),
        ("su not тасқын", "write NOT"),
        ("вода не пожар", "write NOT"),
        ("су OR -өрт", "inside OR"),
        ("су|-өрт", "inside OR"),
        ("sites:abc су", "is no filter (there are title, site"),
        ("автор:Ерлан су", "автор: is no filter"),
        ("https://aq.example/1 су", "found with url:https://aq.example/1"),
        ("мек*еп", "star"),
        ("су NOT", "need a word"),
        ("су title:", "need a word"),
        ("су OR site:a", "whole query"),
        ("site:a OR section:б", "whole query"),
        ("(су site:a) OR өрт", "whole query"),
        ("Су Немесе Өрт", "«Немесе» is read as a word"),
        ("су емес өрт", "write NOT"),
        ("су*", "needs 3 letters"),
        ("су " * (MOST_WORDS + 1), "only the first"),
        ("(" * 50 + "су", "too many brackets"),
    ],
)
def test_what_is_read_otherwise_than_typed_is_noted(text: str, said: str) -> None:
    query = parse(text if "(((" not in text else f"жел {text}")
    assert any(said in note for note in query.notes), query.notes


@pytest.mark.parametrize(
    "text", ["Құлсарыда не болды?", "не болды", "су (site:a OR site:b)", "site:a OR site:b", "12:30 мект*", "NOT өрт су"]
)  # fmt: skip
def test_what_is_read_as_meant_needs_no_note(text: str) -> None:
    assert parse(text).notes == []


PIECES = st.sampled_from(
    'су "су -су су* * - -- " "" NOT AND OR NEAR( ) ( { } ^ : , + title: site: after:2 \\ ; _ %'.split()
)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(),
        st.text(st.characters()),  # lone surrogates, too
        st.lists(PIECES, max_size=12).map(" ".join),
        st.lists(PIECES, max_size=12).map("".join),
    )
)
@example("су " * 3_000)
@example("(" * 5_000)
@example("-(" * 500 + "су" + ")" * 500)
@example("с" * 100_000)
def test_anything_is_a_query_or_a_usage_error(text: str) -> None:
    try:
        query = parse(text)
    except ArchiveUsageError:
        return
    assert query.tree or query.filters


@pytest.mark.parametrize(
    "text",
    ["су орман site:x", "су -site:x орман", "NOT site:x су орман", "су НЕ site:x after:2020 орман"],
)
def test_words_without_filters_keep_nothing_of_them(text: str) -> None:
    assert without_filters(text) == "су орман"
