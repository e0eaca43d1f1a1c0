"""schedule: when to look at a URL again. Pure functions of ages and counts.

Articles change most in their first days; the interval grows with age, so that a whole archive
costs few requests a day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

REVISITS = (
    (timedelta(days=2), timedelta(hours=6)),
    (timedelta(days=14), timedelta(days=1)),
    (timedelta(days=90), timedelta(days=7)),
    (timedelta(days=730), timedelta(days=30)),
)
"""Age of an article below which it is looked at again after this time."""
OLDEST = timedelta(days=180)
"""Interval for anything older."""
GONE = timedelta(days=30)
"""Interval for articles that were taken down."""
SOONEST = timedelta(minutes=10)
"""A URL that was put off is not asked for again in the same run, however short the wait."""
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


def next_due(
    outcome: str,
    *,
    fetched_at: datetime,
    dated: str | None,
    failures: int,
    retry_after: float | None,
    known: bool,
) -> datetime | None:
    """When to look at an address again after a visit of an outcome; None for what is settled.

    `dated` is when the article was published, or else first seen, ISO 8601 (a bare date counts from
    its first hour in UTC); `failures` are the failed visits in a row before this one, `retry_after`
    the seconds that the server asked us to stay away; `known` says whether there is an article
    whose own address it is.
    """
    if outcome in ("new", "updated", "unchanged"):
        moment = datetime.fromisoformat(dated) if dated else None
        if moment and moment.tzinfo is None:
            moment = moment.replace(tzinfo=fetched_at.tzinfo)
        return next_visit(fetched_at, moment)
    if known and outcome in ("gone", "not_article", "excluded"):
        return (
            fetched_at + GONE
        )  # newspapers restore what they took down, and mend their robots.txt
    if retry_after:
        return fetched_at + max(timedelta(seconds=retry_after), SOONEST)
    if outcome in ("failed", "blocked", "deferred"):
        return fetched_at + retry_after_failure(failures)
    return None


POLLS = {
    "feed": timedelta(0),
    "wordpress": timedelta(0),
    "listing": timedelta(days=1),
    "sitemap": timedelta(days=1),
}
"""How long a source of each kind rests after a poll; those of no rest are asked in every run (by turns).

At a site where none of those answers it is the front pages that are asked in every run, or, where
no source is one, every source.
"""
FAST = ("feed", "wordpress")
DISTRUSTED = timedelta(days=7)
"""Rest of a source whose dates are not to be believed, or that lists nothing new."""


def next_poll(kind: str, polled_at: datetime, *, failures: int, distrust: str | None) -> datetime:
    """When a source is asked again: failing ones rarely, others by their kind."""
    if failures:
        return polled_at + max(retry_after_failure(failures - 1), POLLS[kind])
    return polled_at + (DISTRUSTED if distrust == "frozen" else POLLS[kind])


IDLE_REQUESTS = 3
"""Requests of a run, robots.txt and redirects included, as long as nothing that is listed is new."""


def whose_turn(
    due: Iterable[Mapping[str, Any]], primary: Collection[str], last: str | None
) -> tuple[list[str], list[str]]:
    """The sources that are due, as addresses: those to ask at once, and in which order the others.

    At once those never asked, or wanted now (without a `due`), and one more: the `primary` one that tells
    most or, if that was asked `last`, the one that has waited longest beyond its rest. The other of the two
    is next. So they take turns where a run can afford one alone. `due` are rows of `sources`, `last` is the
    moment of the site's last poll.
    """
    rows = list(due)
    best = max(
        (row for row in rows if row["url"] in primary),
        key=lambda row: (row["kind"] == "wordpress", row["discovered"], row["url"]),
        default=None,
    )

    def waits_since(row: Mapping[str, Any]) -> tuple[bool, str]:
        since = row["polled_at"] if row["url"] in primary else row["due"]
        return row is not best, since or ""

    again = sorted((row for row in rows if row["polled_at"] and row["due"]), key=waits_since)
    if again and again[0]["polled_at"] == last:
        again[:2] = reversed(again[:2])
    wanted = [row for row in rows if not (row["polled_at"] and row["due"])]
    turns = [row["url"] for row in (*wanted, *again)]
    return turns[: len(wanted) + 1], turns[len(wanted) + 1 :]


def place(row: Mapping[str, Any], moment: datetime) -> str:
    """Where to ask a source: where its address last redirected to; itself at the first poll of a week."""
    if not row["location"] or row["error"]:
        return str(row["url"])
    weeks = (moment.isocalendar()[:2], datetime.fromisoformat(row["polled_at"]).isocalendar()[:2])
    return str(row["location"] if weeks[0] == weeks[1] else row["url"])
