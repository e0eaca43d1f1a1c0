"""newsbot.discovery.trust: sources whose dates lie, and those that are merely busy or small."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.discovery import Entry
from newsbot.discovery.trust import implausible_dates

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


def entries(count: int, date: Callable[[int], datetime | str | None]) -> list[Entry]:
    values = [date(number) for number in range(count)]
    return [
        Entry(f"https://gazet.kz/{number}", v.isoformat() if isinstance(v, datetime) else v)
        for number, v in enumerate(values)
    ]


def ago(**amount: float) -> datetime:
    return NOW - timedelta(**amount)


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        # lastmod is the moment of the visit, or its day
        (entries(65_398, lambda _: NOW), "always_today"),
        (entries(30, lambda _: ago(minutes=1)), "always_today"),
        (entries(30, lambda _: "2026-11-22"), "always_today"),
        (entries(1_000, lambda n: ago(seconds=80 * n)), "always_today"),
        (entries(100, lambda n: ago(days=900) if n < 3 else NOW), "always_today"),
        # a busy newsroom's feed of one day
        (entries(50, lambda n: ago(minutes=20 * n)), None),
        # few
        (entries(15, lambda _: "2026-11-22"), None),
        (entries(3, lambda n: ago(hours=n)), None),
        (entries(40, lambda n: ago(days=n)), None),
        (entries(40, lambda n: ago(days=59 + n)), None),
        (entries(40, lambda n: ago(days=61 + n)), "frozen"),
        (entries(1, lambda _: ago(days=61)), "frozen"),
        (entries(40, lambda _: ago(days=400)), "frozen"),
        # one mistyped year keeps nothing alive
        (entries(9, lambda n: "2099-01-01" if n == 4 else ago(days=100 + n)), "frozen"),
        (entries(9, lambda _: ago(days=5)), "uniform"),
        (entries(40, lambda _: "2026-11-10"), "uniform"),
        # a weekly prints its pages on one day
        (entries(12, lambda _: "2026-11-19"), None),
        (entries(2, lambda _: ago(days=5)), None),
        (entries(50, lambda _: None), None),
        (entries(50, lambda _: "кешегі күн емес"), None),
        (entries(50, lambda _: "0000-00-00"), None),
        ([], None),
    ],
)  # fmt: skip
def test_implausible_dates(listed: list[Entry], expected: str | None) -> None:
    assert implausible_dates(listed, NOW) == expected


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (entries(100, lambda n: ago(minutes=n // 2)), None),
        (entries(15, lambda _: "2026-11-22"), None),
        # the home page of a busy day, of a weekly's day, and with the day written as its midnight
        (entries(60, lambda _: "2026-11-22"), None),
        (entries(40, lambda _: "2026-11-10"), None),
        (entries(40, lambda _: "2026-11-22T00:00:00+05:00"), None),
        (entries(40, lambda _: "Sun, 22 Nov 2026 00:00:00 +0600"), None),
        (entries(301, lambda _: "2026-11-22"), "uniform"),
        (entries(40, lambda n: ago(days=61 + n)), None),
        (entries(6, lambda _: NOW), "uniform"),
        (entries(30, lambda _: NOW), "uniform"),
        # made up: no paper shows one day only, and that long ago
        (entries(8, lambda _: "2015-01-01"), "uniform"),
        (entries(3, lambda _: "2015-01-01"), None),
    ],
)
def test_what_is_recent_by_nature(listed: list[Entry], expected: str | None) -> None:
    assert implausible_dates(listed, NOW, is_recent=True) == expected


def test_other_clocks() -> None:
    listed = entries(30, lambda _: "Sun, 22 Nov 2026 20:00:00 +0500")
    assert (
        implausible_dates(listed, NOW)
        == implausible_dates(listed, NOW.replace(tzinfo=None))
        == "always_today"
    )
    assert implausible_dates(listed, NOW + timedelta(days=4)) == "uniform"


def test_the_moment_of_a_change_counts_where_no_other_is_given() -> None:
    listed = [Entry(f"https://gazet.kz/{n}", None, NOW.isoformat()) for n in range(30)]
    assert implausible_dates(listed, NOW) == "always_today"


DATES = st.none() | st.text(max_size=12) | st.datetimes().map(str) | st.dates().map(str)


@settings(max_examples=100, deadline=None)
@given(st.lists(DATES, max_size=30), st.datetimes(timezones=st.just(UTC)))
def test_never_raises(dates: list[str | None], fetched_at: datetime) -> None:
    listed = [Entry("https://gazet.kz/1", date) for date in dates]
    assert implausible_dates(listed, fetched_at) in (None, "always_today", "frozen", "uniform")
