"""backoff: how long a host that refuses is left alone, in a crawl and at a web archive alike.

RFC 9110 §10.2.3 and RFC 6585 §4.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

OWN_BACKOFF = 10.0
"""Seconds where the host names none; doubled at every further refusal of the same URL."""
MAX_PAUSE = 120.0
"""Seconds waited for within a run; who asks for more is asked again in a later run."""
WAITS_PER_URL = 3
"""Times that one URL is waited for where the host names no time."""
SHORT_WAITS_PER_URL = 6
"""Times that one URL is waited for where the host does, and says a minute or less."""
SHORT_WAIT = 60.0
WAITS_PER_HOST = 20
MAX_GIVEN_UP = 3
"""URLs given up in a row after which the crawl ends."""
MAX_UNANSWERED = 10
"""Requests in a row without any answer from the site after which the crawl ends."""
FIRST_DELAY = 1.0
"""Seconds between requests after a first refusal, at least."""
_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def retry_after(value: str, date: str, at: datetime) -> float | None:
    """Seconds that a `Retry-After` asks for, counted from the server's own `Date` or from `at`.

    None where it is missing, unreadable, zero, negative or in the past.
    """
    value = value.strip()
    if _SECONDS.fullmatch(value):
        seconds = float(value)
    else:
        asked = _date(value)
        if asked is None:
            return None
        seconds = (asked - (_date(date.strip()) or at)) / timedelta(seconds=1)
    return seconds if seconds > 0 else None


def _date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else None
