"""date_fallback: dateparser, the last resort for printed dates that our own patterns do not find.

It may speak only where it cannot guess: a short, plain text with one day, one month and one year, of
which the day, the year and the time that it returns must be the ones printed.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from newsbot import vocabulary
from newsbot.extraction.date_tokens import CLOCK_RE, ParsedDate, Tokens, tokens

_LONGEST = 60
"""Characters of a text that is nothing but a date."""
_OTHERS = vocabulary.entries("dates", "other_languages")
_SHORTEST_MONTH = 4
"""Letters; shorter words are months in one language and anything in the next."""

# one day and one year, a word beside the day, and a few more
_FOREIGN = re.compile(
    r"[ .,|\-]*(?:[sxMW][ .,]*){0,3}"
    r"(?:[nd][ .\-]*(?:s ){0,2}[sxMm][ .,\-]*(?:s )?Y|[sxMm][ .]*[nd][ .,]*Y|Y(?:-?[sxG])?[ .,]*[nd][ .\-]*[sxMm])"
    r"(?:[ .,|\-]*[sxWGH]){0,3}[ .,|\-]*"
)
_LABEL = re.compile(r"[^\d:]{1,40}:\s*")
"""What stands before a date: «Yayınlanma: »."""
_WORD = re.compile(r"[^\W\d_]+")


def foreign_date(text: str, zone: ZoneInfo) -> ParsedDate | None:
    """The date that a short text is in a language beyond ours: «22 Aralık 2022 14:05»; or None.

    All languages in which the text can be read must agree on the day. Never raises.
    """
    text = _LABEL.sub("", text[: 2 * _LONGEST].strip(), count=1)
    if len(text) > _LONGEST:
        return None
    shape = tokens(text)
    clocks = list(CLOCK_RE.finditer(shape.letters))
    if len(clocks) > 1 or not _FOREIGN.fullmatch(CLOCK_RE.sub("", shape.letters).strip()):
        return None
    if max(map(len, _WORD.findall(text)), default=0) < _SHORTEST_MONTH:
        return None
    guess = _unanimous(" ".join(text.split()))
    return _checked(guess, shape, zone) if guess else None


@lru_cache(maxsize=1024)
def _unanimous(text: str) -> datetime | None:
    guesses = {guess for language in _OTHERS if (guess := _parsed((language,), text))}
    return guesses.pop() if len(guesses) == 1 else None


def _parsed(languages: tuple[str, ...], text: str) -> datetime | None:
    try:
        found: datetime | None = _parser(languages).get_date_data(text).date_obj
    except Exception:  # whatever a library does with a hostile text, it found no date
        return None
    return None if found is None or found.tzinfo else found


@cache
def _parser(languages: tuple[str, ...]) -> Any:
    from dateparser.date import DateDataParser  # slow to import and seldom needed

    settings = {
        "DATE_ORDER": "DMY",
        "PREFER_LOCALE_DATE_ORDER": False,
        "REQUIRE_PARTS": ["day", "month", "year"],
        "STRICT_PARSING": True,
        "PARSERS": ["absolute-time"],
    }
    return DateDataParser(languages=list(languages), settings=settings)


def _checked(guess: datetime, shape: Tokens, zone: ZoneInfo) -> ParsedDate | None:
    """The guess as a date, if its year, day and time are those that the text prints."""
    whole = 0, len(shape.letters)
    clock = CLOCK_RE.search(shape.letters)
    dayless = CLOCK_RE.sub(lambda found: " " * len(found[0]), shape.letters)
    days = [value for kind, value in zip(dayless, shape.values, strict=True) if kind in "nd"]
    if shape.first("Mm", *whole) not in (None, guess.month):
        return None
    if [guess.day] != days or guess.year != shape.first("Y", *whole):
        return None
    raw = " ".join(shape.text.split())
    if clock is None:
        return ParsedDate(guess.date(), raw, False, False)
    if shape.numbers(*clock.span())[:2] != [guess.hour, guess.minute]:
        return None
    return ParsedDate(guess.replace(tzinfo=zone, microsecond=0), raw, False, False)
