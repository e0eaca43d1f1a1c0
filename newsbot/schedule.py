"""schedule: when to look at a URL again. Pure functions of ages and counts.

Articles change most in their first days; the interval grows with age, so that a whole archive
costs few requests a day.
"""

from __future__ import annotations

from datetime import datetime, timedelta

REVISITS = (
    (timedelta(days=2), timedelta(hours=6)),
    (timedelta(days=14), timedelta(days=1)),
    (timedelta(days=90), timedelta(days=7)),
    (timedelta(days=730), timedelta(days=30)),
)
"""Age of an article below which it is looked at again after this time."""
OLDEST = timedelta(days=180)
"""Interval for anything older."""
FIRST_RETRY = timedelta(hours=1)
LAST_RETRY = timedelta(days=7)


def next_visit(fetched_at: datetime, published: datetime | None) -> datetime:
    """When an article is due again; without a date of its own it counts as fresh."""
    age = fetched_at - (published or fetched_at)
    for limit, interval in REVISITS:
        if age < limit:
            return fetched_at + interval
    return fetched_at + OLDEST


def retry_after_failure(failures: int) -> timedelta:
    """How long to stay away after a failed visit: an hour, doubling up to a week."""
    return min(FIRST_RETRY * (1 << min(failures, 10)), LAST_RETRY)
