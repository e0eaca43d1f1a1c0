"""Words counted as search understands them: every form, script and spelling, and words in a row."""

from __future__ import annotations

from typing import Any

import pytest

from archive.errors import ArchiveUsageError
from archive.frequencies import STOP_WORDS, count_words, frequent, keyness
from archive.query import Selection, selection
from archive.search import search
from tests.archive.building import HOME, Paper, article

TEXTS = {
    "kk 2023-01-05": "Су тасқыны болды. Мектепке су тасқынының суы жетті. Тасқын су.",
    "kk 2023-03-01": "Мектеп. Мектебіміздегі бiлім.",
    "kk-Latn 2023-03-02": "Mektepter ashyldy. Su tasqyny bolmady.",
    "ru 2023-03-03": "Мектеп на русском, мектептің.",
    "kk ": "Жаңа ғана мектеп туралы.",
}


@pytest.fixture
def full(paper: Paper) -> Paper:
    for number, (about, text) in enumerate(TEXTS.items()):
        language, _, published = about.partition(" ")
        url = f"{HOME}{number}"
        fields = {"title": None, "text": text, "language": language, "published": published or None}
        paper.visit(url, article(url, **fields))
    return paper


def counted(
    paper: Paper, *typed: str, by: tuple[str, ...] = (), **chosen: Any
) -> list[dict[str, Any]]:
    rows = count_words(paper.store.connection, selection(**chosen), typed, by).rows()
    return [dict(row) for row in rows]


@pytest.mark.parametrize(
    ("typed", "articles", "occurrences"),
    [
        ("мектеп", 5, 7),  # in a Russian text, too
        ("mektep", 5, 7),
        ("су тасқыны", 2, 3),  # in this order, in any form and script
        ("тасқын су", 1, 2),
        ('"су тасқыны"', 1, 1),
        ("мект*", 5, 7),
        ("білім OR тасқын", 3, 5),
        ("(су OR мектеп) тасқыны", 2, 3),
        ("білім", 1, 1),  # printed with a Latin i
        ("жоқсөз", 0, 0),
    ],
)
def test_a_word_in_every_form(full: Paper, typed: str, articles: int, occurrences: int) -> None:
    (row,) = counted(full, typed)
    assert (row["articles"], row["occurrences"]) == (articles, occurrences)
    assert row["share"] == articles / 5
    if " " not in typed:
        assert row["articles"] == search(full.store.connection, typed).total


def test_over_time_with_zeros_and_the_undated(full: Paper) -> None:
    rows = counted(full, "су", "мектеп", by=("month",))
    found = [(row["word"], row["month"], row["articles"], row["share"]) for row in rows]
    assert found == [
        ("су", "2023-01", 1, 1.0), ("су", "2023-02", 0, None), ("су", "2023-03", 1, 0.3333), ("су", None, 0, 0.0),
        ("мектеп", "2023-01", 1, 1.0), ("мектеп", "2023-02", 0, None), ("мектеп", "2023-03", 3, 1.0),
        ("мектеп", None, 1, 1.0),
    ]  # fmt: skip
    assert rows[0]["per_million"] == round(1e6 * 4 / 10, 4)


def test_every_state_and_the_past(full: Paper) -> None:
    full.later(days=3)
    full.visit(f"{HOME}0", article(f"{HOME}0", title=None, text="Басқа.", published="2023-01-05"))
    assert counted(full, "тасқын")[0]["articles"] == 1
    (row,) = counted(full, "тасқын", revisions=True)
    assert (row["articles"], row["occurrences"], row["share"]) == (2, 4, 0.3333)
    (row,) = counted(full, "тасқын", as_of=full.now.date().replace(day=24).isoformat())
    assert (row["articles"], row["occurrences"]) == (2, 4)


@pytest.mark.parametrize("typed", ["site:aqbulaq су", "су -таза", "«»"])
def test_what_is_no_word_is_refused(full: Paper, typed: str) -> None:
    with pytest.raises(ArchiveUsageError):
        counted(full, typed)


def test_the_most_frequent_beside_the_rest(full: Paper) -> None:
    c = full.store.connection
    rows = frequent(c, Selection(), 3)
    assert [(r["stem"], r["occurrences"], r["articles"], r["keyness"]) for r in rows] == [
        ("мектеп", 7, 5, None), ("су", 5, 2, None), ("тасқын", 4, 2, None),
    ]  # fmt: skip
    rows = frequent(c, selection(before="2023-01"), 10, "keyness")
    assert [row["stem"] for row in rows][:2] == ["су", "тасқын"]
    assert [row["keyness"] > 0 for row in rows if row["stem"] in ("су", "мектеп")] == [True, False]
    assert not {"туралы", "ғана", "на"} & {row["stem"] for row in frequent(c, Selection(), 100)}
    assert {"туралы", "ғана", "на"} <= STOP_WORDS


def test_keyness_is_the_published_measure() -> None:
    # Two sets of a million words with 200 and 100: 2 (200 ln 200/150 + 100 ln 100/150).
    assert keyness(200, 1_000_000, 100, 1_000_000) == 33.98
    assert keyness(100, 1_000_000, 200, 1_000_000) == -33.98
    assert keyness(10, 100, 0, 900) == round(20 * 2.302585, 2)
