"""trust: notices sources whose dates lie, so that they are believed less.

A sitemap that calls every page new each day, or none for months, tells nothing about what is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from newsbot.discovery import Entry
from newsbot.extraction.dates import parse_machine

MANY = 20
"""Entries from which their dates ought to differ by more than a day."""
FEW = 5
"""Entries from which moments, to the second, ought to differ at all."""
BUSY = 300
"""Entries of one day that no newsroom exceeds."""
NEARLY_ALL = 0.95
FROZEN_AFTER = timedelta(days=60)
_DAY = timedelta(days=1)
_BURST = timedelta(hours=1)
_UTC = ZoneInfo("UTC")
_SAMPLE = 2_000
"""Entries that are read; a source of 50,000 lies throughout or not at all."""


def implausible_dates(
    entries: Sequence[Entry], fetched_at: datetime, *, is_recent: bool = False
) -> str | None:
    """How a source's dates lie, or None where they are credible or too few to tell.

    `always_today`: nearly all of many are within a day of the fetch – and not spread over that day
    like those of a busy newsroom's feed; `frozen`: the newest is older than 60 days; `uniform`: all
    are the same. A source that `is_recent` by nature, a feed or a list of edits, lies in the last way
    only, and one day is not too much for what a newsroom publishes in a day. `fetched_at` without an
    offset means UTC.
    """
    fetched_at = fetched_at if fetched_at.tzinfo else fetched_at.replace(tzinfo=UTC)
    step = -(-len(entries) // _SAMPLE) or 1
    values = [value for entry in entries[::step] if (value := _value(entry))]
    if not values:
        return None
    moments = [_moment(value) for value in values]
    # Midnight, wherever, is how a source writes that it knows the day alone.
    is_days = all(_is_day(value) for value in values)
    near = [moment for moment in moments if abs(moment - fetched_at) <= _DAY]
    if (
        not is_recent
        and len(moments) > MANY
        and len(near) >= NEARLY_ALL * len(moments)
        and (len(near) * step > BUSY or max(near) - min(near) < _BURST)
    ):
        return "always_today"
    # One mistyped date of next year must not keep a dead sitemap alive.
    past = [moment for moment in moments if moment <= fetched_at + _DAY]
    is_old = bool(past) and fetched_at - max(past) > FROZEN_AFTER
    if is_old and not is_recent:
        return "frozen"
    # What a paper prints on one day has its date; a feed still has it months later where it is made up.
    if is_days and not is_old:
        enough, count = (BUSY, len(moments) * step) if is_recent else (MANY, len(moments))
    else:
        enough, count = FEW, len(moments)
    return "uniform" if count > enough and len(set(moments)) == 1 else None


def _value(entry: Entry) -> date | None:
    printed = entry.date or entry.changed
    parsed = parse_machine(printed, zone=_UTC) if printed else None
    return parsed.value if parsed else None


def _is_day(value: date) -> bool:
    return not isinstance(value, datetime) or value.time() == time()


def _moment(value: date) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return datetime.combine(value, time(), UTC)
