"""When to look again: soon while fresh, rarely later, and ever more rarely where it fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.visit.schedule import (
    GONE,
    LAST_RETRY,
    OLDEST,
    REVISITS,
    SOONEST,
    next_due,
    next_visit,
    place,
    retry_after_failure,
    whose_turn,
)

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


@pytest.mark.parametrize(
    ("outcome", "known", "wait"),
    [
        ("new", True, timedelta(days=30)),
        ("updated", True, timedelta(days=30)),
        ("unchanged", True, timedelta(days=30)),
        ("gone", True, GONE),
        ("not_article", True, GONE),
        ("gone", False, None),
        ("not_article", False, None),
        ("excluded", True, GONE),
        ("excluded", False, None),
        ("failed", False, timedelta(hours=4)),
        ("blocked", True, timedelta(hours=4)),
        ("deferred", True, timedelta(hours=4)),
    ],
)
def test_every_outcome_has_its_time(outcome: str, known: bool, wait: timedelta | None) -> None:
    due = next_due(
        outcome, fetched_at=NOW, dated="2026-05-01", failures=2, retry_after=None, known=known
    )
    assert due == (wait and NOW + wait)


@pytest.mark.parametrize(("asked", "wait"), [(1.0, SOONEST), (7200.0, timedelta(hours=2))])
def test_a_server_that_names_a_time_is_obeyed(asked: float, wait: timedelta) -> None:
    due = next_due(
        "deferred", fetched_at=NOW, dated=None, failures=0, retry_after=asked, known=False
    )
    assert due == NOW + wait


@pytest.mark.parametrize("outcome", ["gone", "not_article", "excluded"])
def test_what_was_an_article_once_is_never_given_up(outcome: str) -> None:
    how = {"fetched_at": NOW, "dated": None, "failures": 0, "retry_after": None}
    assert next_due(outcome, **how, known=True) == NOW + GONE
    assert next_due(outcome, **how, known=False) is None


def polled(url: str, polled_at: str | None, due: str | None = None, **more: Any) -> dict[str, Any]:
    return {"url": url, "kind": "feed", "polled_at": polled_at, "due": due, "discovered": 0, **more}


def test_two_sources_are_asked_again_in_a_run_and_each_has_its_turn() -> None:
    rows = [
        polled("main", "08:00", "08:00", discovered=90),
        polled("sport", "07:00", "07:00", discovered=9),
        polled("new", None),
        polled("sitemap", "06:30", "07:30", kind="sitemap", discovered=500),
        polled("section", "06:00", "07:59", kind="listing"),
    ]
    primary = {"main", "sport"}
    assert whose_turn(rows, primary, "08:30") == (["new", "main"], ["sport", "sitemap", "section"])
    assert whose_turn(rows, primary, "08:00") == (["new", "sport"], ["main", "sitemap", "section"])
    rows[1] |= {"polled_at": "08:01"}
    assert whose_turn(rows, primary, "08:01") == (["new", "main"], ["sitemap", "section", "sport"])
    rows[1] |= {"kind": "wordpress"}
    assert whose_turn(rows, primary, "08:01") == (["new", "sitemap"], ["sport", "section", "main"])
    assert whose_turn([], primary, None) == ([], [])
    rows[4]["due"] = None
    assert whose_turn(rows, primary, "09") == (["new", "section", "sport"], ["sitemap", "main"])


@pytest.mark.parametrize("affordable", [1, 2])
def test_every_source_comes_to_its_turn(affordable: int) -> None:
    """With robots.txt that redirects a run can afford one: the best and the others alternate."""
    rows = [polled(str(n), f"{n:02d}", "00") for n in range(9)]
    asked: list[str] = []
    for run in range(10, 10 + 16 // affordable):
        last = max(row["polled_at"] for row in rows)
        at_once, later = whose_turn(rows, {row["url"] for row in rows}, last)
        for url in [*at_once, *later][:affordable]:
            asked.append(url)
            rows[int(url)]["polled_at"] = str(run)
    assert set(asked) == set(map(str, range(9)))
    assert asked.count("8") == 8, "the best one"


def test_a_source_is_asked_where_it_redirects_to_and_once_a_week_itself() -> None:
    row = polled("/old", "2026-11-27T10:00:00Z", error=None, location=None)
    friday = datetime(2026, 11, 27, 12, tzinfo=UTC)
    assert place(row, friday) == "/old"
    row |= {"location": "/new"}
    assert place(row, friday) == place(row, friday + timedelta(days=2)) == "/new"
    assert place(row, friday + timedelta(days=3)) == "/old", "Monday"
    assert place({**row, "error": "HTTP 404"}, friday) == "/old"
