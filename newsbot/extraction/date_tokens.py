"""date_tokens: a text as the words and numbers of printed dates, in three scripts and three languages.

A text becomes a string of one letter per token, its shape («22 желтоқсан 2022, 14:05» is `d M Y, d:d`),
with a value for each. The words stand in vocabulary/dates.toml.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

from newsbot import vocabulary

FIRST_YEAR, LAST_YEAR = 1990, 2100
LONGEST_TEXT = 5000
"""Characters looked at; a date line is far shorter."""
LONGEST_WORD = 30
"""Characters; no word of a date is longer."""


@dataclass(frozen=True, slots=True)
class ParsedDate:
    """One date as printed.

    `value` is an aware datetime when a time of day was printed, else a bare date; `raw` is the
    part of the text (NFC, plain spaces) that was read; `year_inferred` says that the year was
    settled by the weekday or the fetch time; `relative` that the date was counted back from it.
    """

    value: datetime | date
    raw: str
    year_inferred: bool
    relative: bool

    def isoformat(self) -> str:
        """ISO 8601: `2022-12-22T14:05:00+06:00`, or `2022-12-22` when no time was printed."""
        if isinstance(self.value, datetime):
            return self.value.isoformat(timespec="seconds")
        return self.value.isoformat()


# --- words --------------------------------------------------------------------------------------

_DATA = vocabulary.subject("dates")
_BEFORE: dict[str, str] = _DATA["fold"]["before"]
_BEFORE_RE = re.compile("|".join(map(re.escape, sorted(_BEFORE, key=len, reverse=True))))
_LETTERS = str.maketrans(
    {**_DATA["fold"]["cyrillic"], **_DATA["fold"]["latin"], **_DATA["fold"]["arabic"]}
)
_LOOK_LATIN, _LOOK_CYRILLIC = _DATA["look_alikes"]["latin"], _DATA["look_alikes"]["cyrillic"]
_TO_CYRILLIC = str.maketrans(_LOOK_LATIN, _LOOK_CYRILLIC)
TO_LATIN = str.maketrans(_LOOK_CYRILLIC, _LOOK_LATIN)
_OWN_LATIN = re.compile(f"(?![{_LOOK_LATIN}])[A-Za-z\u00c0-\u024f]")
_OWN_CYRILLIC = re.compile(f"(?![{_LOOK_CYRILLIC}])[\u0400-\u04ff]")

ROMAN = {numeral: month for month, numeral in enumerate(_DATA["abbreviations"]["roman"], 1)}
"""Months as Roman numerals, in capitals as printed."""


@lru_cache(maxsize=8192)
def fold(word: str) -> str:
    """The word in one plain alphabet, whatever its script, spelling or look-alike letters."""
    word = unicodedata.normalize("NFKC", word)
    latin, cyrillic = _OWN_LATIN.search(word), _OWN_CYRILLIC.search(word)
    if cyrillic and not latin:
        word = word.translate(_TO_CYRILLIC)
    elif latin and not cyrillic:
        word = word.translate(TO_LATIN)
    word = _BEFORE_RE.sub(lambda found: _BEFORE[found[0]], word.lower())
    plain = (c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    return "".join(plain).translate(_LETTERS)


class Meaning(NamedTuple):
    """What one token says of a date."""

    kind: str
    """The letter that stands for it in the shape."""
    value: float | str = 0


def _lexicon() -> dict[str, Meaning]:
    """Folded word -> meaning. Where two lists hold one word the later list wins."""
    words: dict[str, Meaning] = {}

    def add(kind: str, value: float | str, forms: list[str]) -> None:
        words.update((fold(form), Meaning(kind, value)) for form in forms)

    for count, forms in _DATA["numbers"].items():
        add("k", float(count), forms)
    for seconds, forms in _DATA["units"].items():
        add("u", int(seconds), forms)
    for months, forms in _DATA["calendar_units"].items():
        add("j", int(months), forms)
    for seconds, forms in _DATA["one_unit"].items():
        add("U", int(seconds), forms)
    for days, forms in _DATA["days_ago"].items():
        add(*(("E", 2) if days == "before_last" else ("R", int(days))), forms)
    for name, forms in _DATA["words"].items():
        add(*_WORD_KINDS[name], forms)
    for zone, place in _DATA["zones"].items():
        add("z", place, [zone])
    for language in ("kk", "ru", "en"):
        for index, forms in enumerate(_DATA["weekdays"][language]):
            add("W", index, forms.split())
        for index, forms in enumerate(_DATA["abbreviations"][language]):
            add("m", index + 1, forms.split())
    return words


_WORD_KINDS = {
    "ago": ("a", 0),
    "ago_one": ("a", 1),
    "last": ("L", 0),
    "joining": ("&", 0),
    "vague": ("v", 0),
    "year": ("G", 12),
    "month": ("A", 1),
    "at": ("H", 0),
    "hour": ("h", 3600),
    "minute": ("i", 60),
    "am": ("p", 0),
    "pm": ("p", 12),
    "counted": ("c", 0),
}
_WORDS = _lexicon()
_MONTHS = [
    (re.compile(fold(stem) + _DATA["endings"][language]), index + 1)
    for language in ("kk", "ru", "en")
    for index, stem in enumerate(_DATA["months"][language])
]


_WHEN = re.compile(
    f"(?:{'|'.join(map(fold, _DATA['months']['kk']))})(?:{_DATA['endings']['kk_when']})"
)


def says_when(text: str) -> bool:
    """Whether a month has the ending of running text: «наурызда», «наурыздан»."""
    return any(_WHEN.fullmatch(fold(word)) for word in _LETTERS_ONLY.findall(text))


_LETTERS_ONLY = re.compile(r"[^\W\d_]+")


def _word(word: str) -> Meaning:
    """What a word says about a date; if nothing, `s` (short, maybe an ordinal ending) or `x`."""
    if len(word) > LONGEST_WORD:
        return Meaning("x")
    folded = fold(word.replace(".", ""))
    known = _WORDS.get(folded)
    if known is not None:
        return known
    for pattern, month in _MONTHS:
        if pattern.fullmatch(folded):
            return Meaning("M", month)
    return Meaning("s" if len(folded) <= 6 else "x")


# --- shape ---------------------------------------------------------------------------------------

_INVISIBLE = re.compile(r"[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
_APOSTROPHES = "'’`´"
_TOKEN = re.compile(
    rf"\s+|\d+|[apAP]\.[mM]\.|[^\W\d_]+(?:[{_APOSTROPHES}][^\W\d_]+)*['’]?|.", re.DOTALL
)
_MARKS = {c: c for c in ".,:/|()'+@"} | dict.fromkeys("-‐‑‒–—―−", "-")
_MARKS |= {"،": ",", "∶": ":", "：": ":", "’": "'"} | dict.fromkeys('"«»“”„', '"')


class Tokens(NamedTuple):
    """A text as tokens, none left out, with one letter and one value for each."""

    text: str
    letters: str
    places: list[int]  # where in the text each token begins, and where the last one ends
    values: tuple[Any, ...]  # of a number, the number; of a word, see `Meaning`

    def numbers(self, start: int, end: int) -> list[int]:
        """The values of the numbers from token `start` up to `end`."""
        return [self.values[i] for i in range(start, end) if self.letters[i] in "ndtYQ"]

    def first(self, kinds: str, start: int, end: int) -> Any:
        """The value of the first token of these kinds from token `start` up to `end`, or None."""
        return next((self.values[i] for i in range(start, end) if self.letters[i] in kinds), None)

    def raw(self, start: int, stop: int) -> str:
        """The text from token `start` to place `stop`."""
        return " ".join(self.text[self.places[start] : stop].split())


@lru_cache(maxsize=8192)
def meaning(token: str) -> Meaning:
    """Letter and value of one token.

    Numbers are n, d, t (one, two, three digits), Y (a year we accept), Q (another year) or #.
    """
    if token.isspace():
        return Meaning(" ")
    if token[0].isalpha():
        return _word(token)
    if not token.isdecimal():
        return Meaning(_MARKS.get(token, "•"))
    if len(token) == 4:
        year = int(token)
        kind = "Y" if FIRST_YEAR <= year <= LAST_YEAR else "Q" if 1000 <= year < 3000 else "#"
        return Meaning(kind, year)
    return Meaning("#ndt"[len(token)], int(token)) if len(token) < 4 else Meaning("#")


@lru_cache(maxsize=256)
def tokens(text: str) -> Tokens:
    """A text cut into tokens. Never raises."""
    text = text[:LONGEST_TEXT]
    if not text.isascii():
        text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    found = _TOKEN.findall(text)
    if not found:
        return Tokens(text, "", [0], ())
    letters, values = zip(*[meaning(token[: LONGEST_WORD + 1]) for token in found], strict=True)
    places = list(accumulate(map(len, found), initial=0))
    return Tokens(text, "".join(letters), places, values)


# --- patterns over the shape ---------------------------------------------------------------------
# A space in these patterns means "spaces or none"; two letters side by side must touch.


def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern over the letters of a shape."""
    return re.compile(pattern.replace(" ", " ?"))


NUMBER = "[ndt#YQ]"
CLOCK = (
    rf"(?:(?<!{NUMBER}[:.])[nd]:d(?::d(?:[.,]{NUMBER})?)?(?: p)?(?!:?{NUMBER})"
    rf"|[Hh]\.? :? [nd]\.d(?!\.?{NUMBER}))"
)
CLOCK_RE = compiled(CLOCK)
"""A printed time of day."""
