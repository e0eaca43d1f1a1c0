"""`Retry-After` in every form a server has been seen to send it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.visit.backoff import retry_after

AT = datetime(2024, 3, 1, 12, 0, 0, tzinfo=UTC)


def ask(value: str, date: str = "") -> float | None:
    return retry_after(value, date, AT)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 3 ", 3),
        ("2.5", 2.5),
        ("86400", 86400),
        ("Fri, 01 Mar 2024 12:01:00 GMT", 60),
        ("Friday, 01-Mar-24 12:01:00 GMT", 60),
        ("Fri, 01 Mar 2024 17:01:00 +0500", 60),
    ],
)
def test_usable(value: str, seconds: float) -> None:
    assert ask(value) == seconds


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "-5",
        "0",
        "0.0",
        "1e3",
        "nan",
        "inf",
        "٣",
        "Fri, 01 Mar 2024 11:59:00 GMT",
        "Mon, 99 Foo 2026 25:61:61",
    ],
)
def test_unusable(value: str) -> None:
    assert ask(value) is None


def test_the_servers_own_clock_counts() -> None:
    asked = "Fri, 01 Mar 2024 09:00:30 GMT"
    assert ask(asked) is None
    assert ask(asked, date="Fri, 01 Mar 2024 09:00:00 GMT") == 30
    assert ask("Fri, 01 Mar 2024 12:01:00 GMT", date="yesterday") == 60


@given(st.text(max_size=40))
def test_any_text_gets_an_answer(value: str) -> None:
    asked = ask(value.encode("utf-8", "ignore").decode())
    assert asked is None or asked > 0
