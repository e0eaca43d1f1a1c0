"""typed_dates: the dates that people type on a command line or into a query."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, time
from functools import cache
from typing import Any

from archive.errors import Message

_LANGUAGES = ("kk", "ru", "en")
_MAX_LENGTH = 60
"""Characters; nobody types a longer date."""
_EXPECTED = Message(
    "expected one such as 2023, 2023-05, 2023-05-17, 17.05.2023, yesterday or '2 weeks ago'"
)
_NO_DATE = Message("{!r} is no date: {}")
_ISO = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d\d?)(?:-(?P<day>\d\d?))?)?", re.ASCII)
_DOTTED = re.compile(
    r"(?:(?P<day>\d\d?)(?P<mark>[./-]))?(?P<month>\d\d?)(?(mark)(?P=mark)|[./-])(?P<year>\d{4})",
    re.ASCII,
)

_ONE_DAY = re.compile(r"(?=.*\b\d{4}\b)(?!.*\b\d{1,2}\s*[-–—]\s*\d{1,2}\b)")
"""A year in full, and no span such as `20-22 May 2023`: dateparser would take a part of it."""


def typed_date(text: str, *, today: date, end: bool = False) -> str:
    """The day that a text names, as `2023-05-17`: the first day of a year or month, or its last.

    Read are ISO 8601 and its beginnings, day before month with dots, slashes or hyphens, and what
    dateparser knows in Kazakh, Russian and English: «3 күн бұрын», «вчера», `2 weeks ago`, `17 May
    2023`, counted from `today`. `end` chooses the last day of what is longer than a day. Raises
    `ValueError`, with what was expected, where the text names no day for sure.

    >>> typed_date("2023-02", today=date(2026, 11, 27), end=True)
    '2023-02-28'
    """
    text = " ".join(text.split())
    printed = _ISO.fullmatch(text) or _DOTTED.fullmatch(text)
    if printed:
        return _day_of(text, printed.groupdict(), end).isoformat()
    found = _in_words(text, today)
    if found is None:
        raise ValueError(Message(_NO_DATE, text[:_MAX_LENGTH], _EXPECTED))
    return found.isoformat()


def _day_of(text: str, parts: dict[str, str | None], end: bool) -> date:
    """The day of a date in numbers. Raises `ValueError` where the calendar has no such day."""
    year = int(parts["year"] or 0)
    if year == 0:
        raise ValueError(Message(_NO_DATE, text, Message("there is no year 0")))
    month = int(parts["month"] or (12 if end else 1))
    if not 1 <= month <= 12:
        raise ValueError(Message(_NO_DATE, text, Message("there is no month {}", month)))
    last = monthrange(year, month)[1]
    day = int(parts["day"] or (last if end else 1))
    if not 1 <= day <= last:
        raise ValueError(
            Message(_NO_DATE, text, Message("{} has {} days", f"{year}-{month:02}", last))
        )
    return date(year, month, day)


def _in_words(text: str, today: date) -> date | None:
    """What dateparser reads: a time counted from today, or a day with its month and year."""
    if len(text) > _MAX_LENGTH or not any(map(str.isalpha, text)):
        return None
    for parser in ("relative-time", *(["absolute-time"] if _ONE_DAY.match(text) else [])):
        try:
            found: datetime | None = _parser(parser, today).get_date_data(text).date_obj
        except (ValueError, OverflowError):  # `9999999 years ago`
            found = None
        if found is None or (parser == "relative-time" and found.time() != time()):
            continue  # nothing, or hours counted from an hour that is not known
        return found.date()
    return None


@cache
def _parser(kind: str, today: date) -> Any:
    from dateparser.date import DateDataParser  # slow to import, and few dates need it

    settings = {
        "PARSERS": [kind],
        "RELATIVE_BASE": datetime.combine(today, time()),
        "DATE_ORDER": "DMY",
        "PREFER_LOCALE_DATE_ORDER": False,
        "STRICT_PARSING": True,
        "REQUIRE_PARTS": ["day", "month", "year"],
    }
    return DateDataParser(languages=list(_LANGUAGES), settings=settings)
