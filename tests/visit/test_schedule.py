"""When to look again: soon while fresh, rarely later, and ever more rarely where it fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.visit.schedule import LAST_RETRY, OLDEST, REVISITS, next_visit, retry_after_failure

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
AGES = st.timedeltas(timedelta(days=-400), timedelta(days=20_000))


@pytest.mark.parametrize(
    ("age", "interval"),
    [
        (timedelta(0), timedelta(hours=6)),
        (timedelta(days=1), timedelta(hours=6)),
        (timedelta(days=2), timedelta(days=1)),
        (timedelta(days=13), timedelta(days=1)),
        (timedelta(days=14), timedelta(days=7)),
        (timedelta(days=90), timedelta(days=30)),
        (timedelta(days=729), timedelta(days=30)),
        (timedelta(days=730), OLDEST),
        (timedelta(days=9_000), OLDEST),
        (timedelta(days=-30), timedelta(hours=6)),  # a date in the future
    ],
)
def test_intervals(age: timedelta, interval: timedelta) -> None:
    assert next_visit(NOW, NOW - age) - NOW == interval


def test_an_undated_article_counts_as_fresh() -> None:
    assert next_visit(NOW, None) == next_visit(NOW, NOW)


def test_zones_do_not_matter() -> None:
    almaty = datetime.fromisoformat("2026-11-20T13:00:00+05:00")
    assert next_visit(NOW, almaty) == next_visit(NOW, almaty.astimezone(UTC))


def test_the_table_grows() -> None:
    assert sorted(REVISITS) == list(REVISITS)
    intervals = [interval for _, interval in REVISITS]
    assert sorted(intervals) == intervals
    assert intervals[-1] < OLDEST


@given(AGES, AGES)
def test_older_is_never_looked_at_sooner(one: timedelta, other: timedelta) -> None:
    younger, older = sorted((one, other))
    assert NOW < next_visit(NOW, NOW - younger) <= next_visit(NOW, NOW - older)


def test_retries() -> None:
    waits = [retry_after_failure(n) for n in range(10)]
    assert waits[:4] == [timedelta(hours=h) for h in (1, 2, 4, 8)]
    assert waits[-1] == LAST_RETRY == timedelta(days=7)


@given(st.integers(0, 10**9))
def test_retries_never_end_and_never_hammer(failures: int) -> None:
    wait = retry_after_failure(failures)
    assert timedelta(hours=1) <= wait <= LAST_RETRY
    assert wait <= retry_after_failure(failures + 1)
