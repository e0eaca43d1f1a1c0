"""Which words differ between two texts, and that the pieces make up both."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.wording import changes, compare

TEXTS = st.lists(
    st.sampled_from(["су", " ", "\n\n", "тасқыны", ", ", "көпір.", "­", "б", "\n"]), max_size=30
)


@given(TEXTS.map("".join), TEXTS.map("".join))
def test_pieces_make_up_both_texts(before: str, after: str) -> None:
    pieces = compare(before, after)
    assert "".join(words for op, words in pieces if op != "insert") == before
    assert "".join(words for op, words in pieces if op != "delete") == after
    assert all(words for _, words in pieces)
    assert all(a[0] != b[0] for a, b in itertools.pairwise(pieces))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("Су 5 метрге көтерілді.", "Су 7 метрге көтерілді.", "Су [5 ]{7 }метрге көтерілді."),
        ("Бір.\n\nЕкі.", "Бір.\n\nЖаңа.\n\nЕкі.", "Бір.\n\n{Жаңа.\n\n}Екі."),
        ("Бір.\n\nЕкі.", "Бір.", "Бір.[\n\nЕкі.]"),
        ("", "Жаңа", "{Жаңа}"),
        ("Әкім Асқар Ержанов", "Әкім Ержанов", "Әкім [Асқар ]Ержанов"),
    ],
)  # fmt: skip
def test_words(before: str, after: str, expected: str) -> None:
    marks = {"equal": "{}", "delete": "[{}]", "insert": "{{{}}}"}
    assert "".join(marks[op].format(words) for op, words in compare(before, after)) == expected


def test_fields() -> None:
    before = {"title": "А", "authors": ["Асан", "Үсен"], "published": None, "section": "Ауыл"}
    after = {"title": "А", "authors": ["Үсен"], "published": "2026-01-01", "section": "Ауыл"}
    found = changes(before, after)
    assert list(found) == ["authors", "published"]
    assert found["authors"]["words"] == [["delete", "Асан\n"], ["equal", "Үсен"]]
    assert found["published"]["before"] is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("а " * 100_000, "б а " * 50_000),
        ("а\n\n" * 50_000, "а\n\nб\n\n" * 25_000),
        ("".join(f"с{n} " for n in range(50_000)), "".join(f"с{n} " for n in range(50_000, 0, -1))),
    ],
)  # fmt: skip
def test_no_text_takes_long(before: str, after: str) -> None:
    started = time.monotonic()
    compare(before, after)
    assert time.monotonic() - started < 10
