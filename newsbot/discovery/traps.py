"""traps: addresses that lead into endless spaces or change something, told by their form alone.

What only repetition shows (a list that never ends) is for the crawl to notice, by counting.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from archive.store import Candidate
from newsbot import vocabulary
from newsbot.urls import MAX_LENGTH, canonical, is_session
from newsbot.vocabulary import either, pattern

MAX_DEPTH = 12
"""Path segments; newspapers use up to eight (/kk/news/2022/12/24/123/slug/2/)."""
REPEATS = 3
"""Times one segment may not stand in a path."""
MAX_FACETS = 3
"""Filters in one query from which combinations explode."""
MAX_TRAPS = 10_000
"""Of one crawl that are counted."""
FIRST_YEAR, LAST_YEAR = 1990, 2100
"""Archive pages beyond these are a machine counting; there was no newspaper on the web before."""

_FACETS = pattern("traps", "facets", within=r"{}(?:\[\w*\])?")
_CALENDARS = either("traps", "calendars")
_CALENDAR = re.compile(
    rf"/(?:[\w-]+[-_])?{_CALENDARS}(?:/[a-z]+)?/\d{{4}}(?:[/-]\d{{1,2}}){{0,2}}/?$",
    re.IGNORECASE,
)
_ARCHIVE = re.compile(r"(?:^|/)(\d{4,})/(\d{1,2})(?:/\d{1,2})?(?:/page/\d+)?/?$")
# Long hexadecimal segments alone are no sign: some engines number their articles so.
_SESSION_PATH = re.compile(
    rf"/{either('traps', 'session_segments')}[/=-][0-9a-f]*\d[0-9a-f]*(?=/|$)|"
    r"/s/(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}(?=/)|"
    r"/\(s\([0-9a-z]{16,}\)\)(?=/)|"
    rf";{either('traps', 'session_parameters')}=[^/?#]*",
    re.IGNORECASE,
)
_OWN_KEYS = frozenset(vocabulary.entries("traps", "own_keys"))
_MONTH_KEYS = frozenset(vocabulary.entries("traps", "month_keys"))
_DATE_KEYS = frozenset(vocabulary.entries("traps", "date_keys"))
_CALENDAR_KEYS = frozenset(vocabulary.entries("traps", "calendar_keys"))
_ACTION_PATH = pattern("traps", "actions", within=r"/{}(?:\.\w+)?(?:/\d*)?/?$")
_ACTION_KEY = pattern("traps", "actions", "action_keys")
_ACTION_VALUE = pattern("traps", "actions", "action_values")
_ACTION_NAMES = frozenset(vocabulary.entries("traps", "action_names"))


@lru_cache(maxsize=8192)
def suspicious(url: str) -> str | None:
    """Why an address is likely a trap, or None.

    `long`: over 2,000 characters; `action`: it would change something, or prints; `session_id`;
    `repeating_path`: a segment three times, or over 12 levels; `calendar`: a calendar's month, or an
    archive's of a time without news; `facets`: three filters or more.
    """
    if len(url) > MAX_LENGTH:
        return "long"
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True, errors="replace")
    except ValueError:
        return None
    checks = (
        ("action", _is_action(parts.path, pairs)),
        ("session_id", _has_session(parts.path, pairs)),
        ("repeating_path", _repeats(parts.path)),
        ("calendar", _is_calendar(parts.path, pairs)),
        ("facets", _is_faceted(pairs)),
    )
    return next((reason for reason, found in checks if found), None)


def without_session(url: str) -> str:
    """The address with its session id taken out: what should be fetched only once.

    >>> without_session("https://gazet.kz/sid/5f3a9c0177de42ab/list?PHPSESSID=5f3a9c01")
    'https://gazet.kz/sid/*/list'
    """
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True, errors="replace")
    except ValueError:
        return url
    path = _SESSION_PATH.sub(
        lambda found: "" if found[0][0] == ";" else f"{found[0][: found[0].rfind('/')]}/*",
        parts.path,
    )
    kept = [(key, value) for key, value in pairs if not is_session(key, value)]
    query = (
        "&".join(f"{key}={value}" for key, value in kept) if len(kept) < len(pairs) else parts.query
    )
    return parts._replace(path=path, query=query).geturl()


class Traps:
    """The links of one crawl that look like traps, counted by their kind."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._seen: set[str] = set()
        self._without_session: set[str] = set()

    def passed(self, items: Iterable[Candidate]) -> Iterator[Candidate]:
        """Candidates that look like no trap; of addresses that differ in a session id, one."""
        for item in items:
            trap = suspicious(item.url)
            if trap == "session_id":
                key = without_session(item.url)
                if key not in self._without_session:
                    self._without_session.add(key)
                    # An id inside the path cannot be left out: only the first such address is kept.
                    url = item.url if "*" in key else canonical(key)
                    if url:
                        yield replace(item, url=url, listed=None)
                        continue
            if trap:
                self.count(item.url)
            else:
                yield item

    def count(self, url: str) -> None:
        """Count a link that is not followed; menus repeat them on every page."""
        if url not in self._seen and len(self._seen) < MAX_TRAPS:
            self._seen.add(url)
            self.counts[suspicious(url) or ""] += 1


def _is_action(path: str, pairs: list[tuple[str, str]]) -> bool:
    return bool(_ACTION_PATH.search(path)) or any(
        _ACTION_KEY.fullmatch(key)
        or (key.lower() in _ACTION_NAMES and _ACTION_VALUE.fullmatch(value))
        for key, value in pairs
    )


def _has_session(path: str, pairs: list[tuple[str, str]]) -> bool:
    return bool(_SESSION_PATH.search(path)) or any(is_session(*pair) for pair in pairs)


def _repeats(path: str) -> bool:
    segments = [segment for segment in path.split("/") if segment]
    # Months and days may be alike: /2012/12/12/12/.
    words = Counter(segment for segment in segments if not (segment.isdigit() and len(segment) < 5))
    return len(segments) > MAX_DEPTH or max(words.values(), default=0) >= REPEATS


def _is_faceted(pairs: list[tuple[str, str]]) -> bool:
    if any(key.lower() in _OWN_KEYS for key, _ in pairs):
        return False
    return sum(1 for key, _ in pairs if _FACETS.fullmatch(key)) >= MAX_FACETS


def _is_calendar(path: str, pairs: list[tuple[str, str]]) -> bool:
    keys = {key.lower() for key, _ in pairs}
    if _CALENDAR.search(path) or keys >= _MONTH_KEYS or keys & _CALENDAR_KEYS:
        return True
    if any(re.fullmatch(_CALENDARS, segment, re.IGNORECASE) for segment in path.split("/")):
        return bool(keys & _DATE_KEYS)
    archive = _ARCHIVE.search(path)
    return archive is not None and not FIRST_YEAR <= int(archive[1][:9]) <= LAST_YEAR
