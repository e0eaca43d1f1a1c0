"""Dates that people type: read where they name a day, refused with a hint where they do not."""

import subprocess
import sys
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.typed_dates import typed_date

TODAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2023", "2023-01-01", "2023-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2023-5", "2023-05-01", "2023-05-31"),
        ("05.2020", "2020-05-01", "2020-05-31"),
    ],
)
def test_years_and_months(text: str, first: str, last: str) -> None:
    assert typed_date(text, today=TODAY) == first
    assert typed_date(text, today=TODAY, end=True) == last


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2023-05-01", "2023-05-01"),
        (" 01.05.2020 ", "2020-05-01"),
        ("1/5/2020", "2020-05-01"),
        ("2023-05-01T10:00", "2023-05-01"),
        ("2 weeks ago", "2026-11-13"),
        ("yesterday", "2026-11-26"),
        ("today", "2026-11-27"),
        ("кеше", "2026-11-26"),
        ("3 күн бұрын", "2026-11-24"),
        ("2 апта  бұрын", "2026-11-13"),
        ("вчера", "2026-11-26"),
        ("неделю назад", "2026-11-20"),
        ("22 желтоқсан 2022", "2022-12-22"),
        ("17 мая 2023", "2023-05-17"),
        ("17 May 2023", "2023-05-17"),
    ],
)
def test_days(text: str, day: str) -> None:
    assert typed_date(text, today=TODAY) == typed_date(text, today=TODAY, end=True) == day


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("20 - 22 желтоқсан 2022", "expected"),
        ("20–22 December 2022", "expected"),
        ("17 мая 23", "expected"),
        ("2019-13", "there is no month 13"),
        ("1.13.2020", "there is no month 13"),
        ("2023-02-30", "2023-02 has 28 days"),
        ("31.04.2023", "2023-04 has 30 days"),
        ("0000", "there is no year 0"),
        ("", "expected one such as 2023, 2023-05"),
        ("12", "expected"),
        ("20230501", "expected"),
        ("17 May", "expected"),  # of which year?
        ("May 2023", "expected"),
        ("monday", "expected"),
        ("2 hours ago", "expected"),  # it may be yesterday
        ("9999999 years ago", "expected"),
        ("мектеп", "expected"),
        ("x" * 500, "expected"),
    ],
)
def test_refused_with_a_hint(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"is no date: {why}") as error:
        typed_date(text, today=TODAY)
    assert len(str(error.value)) < 200


@given(st.text(max_size=30) | st.from_regex(r"[0-9]{1,4}[-./][0-9]{1,3}([-./][0-9]{1,4})?"))
def test_a_day_or_a_refusal(text: str) -> None:
    try:
        first = typed_date(text, today=TODAY)
    except ValueError:
        return
    assert date.fromisoformat(first) <= date.fromisoformat(typed_date(text, today=TODAY, end=True))


def test_dateparser_is_imported_only_where_it_is_needed() -> None:
    code = (
        "import sys, datetime; from archive.typed_dates import typed_date;"
        "typed_date('2023-05', today=datetime.date(2026, 1, 1)); print('dateparser' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert said.stdout.strip() == "False"
