"""date_lines: what a printed line says of each date in it: published, updated, of an event, of today.

The words stand in vocabulary/dates.toml; the line is told from a sentence. Pure, on texts alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache, partial
from zoneinfo import ZoneInfo

from newsbot import vocabulary
from newsbot.extraction.date_tokens import fold, meaning, says_when
from newsbot.extraction.dates import ParsedDate, find_dates

PUBLISHED, UPDATED, EVENT, TODAY, OTHER = "published", "updated", "event", "today", "other"
SENTENCE = "in a sentence"
"""Roles of a date; a line that does not say leaves it open (None). OTHER: of another article."""
NOT_OF_ARTICLE = (EVENT, SENTENCE, TODAY, OTHER)
_LABELS = {
    role: re.compile(
        rf"(?<!\w)(?:{'|'.join(' '.join(map(fold, label.split())) for label in labels)})\w*"
    )
    for role, labels in vocabulary.subject("dates")["labels"].items()
}
_TODAY = frozenset(map(fold, vocabulary.entries("dates", "days_ago.0")))
_LABEL_REACH = 60
"""Characters between a label and its date, at most."""
_SEPARATOR = re.compile(r"[|•·/\n\t;—–]|\s-\s|[,:](?=\s|$)")
_DIGITS = re.compile(r"\d+")
_STOP = re.compile(r"([^\W\d_]{3,})[»\")]*[.!?…]+[»\")]*$")
_COUNTERS = re.compile(r"[\d\s.,:|•·/()–—-]+")
_TIME = re.compile(r"\b\d{1,2}[:.]\d{2}(?:[:.]\d{2})?\b")
_WORD = re.compile(r"[^\W\d_]+")
_PROGRAMME = re.compile(r";\s*$|[^\W\d_] [–—-] [^\W\d_]{3}")
"""A line of a programme: «16 наурыз – ағаш отырғызу;»."""
_LONGEST_LINE = 300
_LONGEST_DATE_LINE = 80
_WORDS_BESIDE = 3
"""Words that may stand beside a date in a line that is no sentence, and their letters."""
_LETTERS_BESIDE = 14
_SEGMENT_WORDS = 5
"""Words beside a date between two separators: a place, a name, a section."""

Read = Callable[[str], list[ParsedDate]]
"""Finds the dates of a line."""


def _folded(text: str) -> str:
    """The words of a text, folded as those of dates are, between single spaces."""
    return " ".join(map(fold, _WORD.findall(text)))


@lru_cache(maxsize=4096)
def label_of(text: str) -> str | None:
    """The role that the last label in a text gives to a date beside it."""
    folded = _folded(text)
    found = [(m.end(), role) for role, labels in _LABELS.items() for m in labels.finditer(folded)]
    return max(found)[1] if found else None


def role_beside(before: str, after: str) -> str | None:
    """The role of a date, by what a line prints before and after it.

    A label belongs to the date that follows it: «Жаңартылды: 7 наурыз Жарияланды: 5 наурыз»;
    where a line ends with one and begins with none, to the one before it: «5 наурызда жарияланды».
    """
    parts_before, parts_after = _DIGITS.split(before), _DIGITS.split(after)
    left, right = parts_before[-1][-_LABEL_REACH:], parts_after[0][:_LABEL_REACH]
    if _folded(left).rpartition(" ")[2] in _TODAY:
        return TODAY
    if label_of(parts_after[-1]) and not label_of(parts_before[0]):
        return label_of(right)
    return label_of(left) or (label_of(right) if len(parts_after) == 1 else None)


def dates_of(text: str, read: Read) -> list[tuple[ParsedDate, str | None]]:
    """Every date of a line with its role; dates of a sentence are those of an event.

    What is too long for a line is read without roles.
    """
    if len(text) > _LONGEST_LINE:
        return [(parsed, None) for parsed in read(text)]
    found: list[tuple[ParsedDate, str | None]] = []
    position = 0
    for parsed in read(text):
        start = text.find(parsed.raw, position)
        if start < 0:
            start, end = position, position
        else:
            end = start + len(parsed.raw)
        position = end
        role = role_beside(text[:start], text[end:])
        if role is None and _LABELS[EVENT].search(_folded(text)):
            role = EVENT
        elif role is None and in_sentence(text[:start], parsed.raw, text[end:]):
            role = SENTENCE
        if role == TODAY and found and found[-1][0].relative:
            found[-1] = found[-1][0], TODAY  # «Бүгін 27 қараша 2026»
        found.append((parsed, role))
    return found


def in_sentence(before: str, raw: str, after: str) -> bool:
    """Whether a date stands in running text: among many words, with an ending, before a stop."""
    beside = f"{_SEPARATOR.split(before)[-1]} {_SEPARATOR.split(after)[0]}"
    words = _WORD.findall(beside)
    if not words or len(words) > _SEGMENT_WORDS:
        return bool(words)
    if label_of(beside):
        return False
    stop = _STOP.search((raw + after).rstrip())
    return bool(stop and meaning(stop[1]).kind != "m") or says_when(raw)


def is_date_line(text: str, zone: ZoneInfo, fetched_at: datetime | None) -> bool:
    """Whether a line holds nothing but dates, counters and the words that go with them."""
    if _COUNTERS.fullmatch(text):
        return True
    if len(text) > _LONGEST_DATE_LINE or not any(character.isdigit() for character in text):
        return False
    dates = dates_of(text, partial(find_dates, zone=zone, fetched_at=fetched_at))
    if not dates or any(role in (EVENT, SENTENCE) for _, role in dates):
        return False
    if _PROGRAMME.search(text) and all(parsed.year_inferred for parsed, _ in dates):
        return False
    rest = text
    for parsed, _ in dates:
        rest = rest.replace(parsed.raw, " ")
    words = [word for word in _WORD.findall(_TIME.sub(" ", rest)) if not label_of(word)]
    return sum(map(len, words)) <= _LETTERS_BESIDE and len(words) <= _WORDS_BESIDE
