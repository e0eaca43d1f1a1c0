"""words: a text as the words that search compares: one script, one spelling, no invisible letters.

The same function cuts a text for the index and a query for the search, so that they meet.
"""

from __future__ import annotations

import re
import unicodedata

from archive.kazakh.letters import AS_TYPED, CYRILLIC, VOWEL_SIGNS, fold_mixed_words, unspoken
from archive.kazakh.morphology import NOUN, typed_tails
from archive.kazakh.stems import Evidence, likelihood
from archive.kazakh.transliterate import script_of, spelling_costs, to_cyrillic

# What FTS5's unicode61 takes for a word: letters, digits, and marks inside; apostrophes and hyphens
# part words.
_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*")
_HIDDEN = re.compile("[\xad\u200b-\u200d\u2060\ufeff]+")
_UNUSUAL = re.compile(f"[_\u0300-\u036f\u0450\u045d{VOWEL_SIGNS}\xad\u200b-\u200d\u2060\ufeff]")
_PLAIN_WORD = re.compile(r"\w+")
"""The same in a text without anything unusual, and a third quicker."""
_SHOWN = re.compile(rf"(?:{_WORD.pattern}|{_HIDDEN.pattern}|[{VOWEL_SIGNS}]+)+")
_CYRILLIC = re.compile(f"[{CYRILLIC}]+")
_LONGEST = 60
_LATIN = "a-z\xdf-\xf6\xf8-\u017f\u01e7"
"""Small letters of Latin Kazakh."""
_APART = re.compile(
    rf"(?:(?<=[^\W_])[»”\")]?[-‐‑’'ʼ‘`´]|(?<=[{CYRILLIC.upper()}A-Z]{{2}}))"
    rf"(?P<tail>[{CYRILLIC}]{{1,12}}|(?<=[^\W_]{{3}}.)[{_LATIN}]{{2,12}})(?![\w-])"
)
"""Suffixes behind a hyphen, an apostrophe, a quotation mark or capitals; Latin ones of two letters behind three."""
_ORDINALS = frozenset("ші шы".split())
_GLUED = re.compile(rf"([^\W\d_{CYRILLIC}][^\W_{CYRILLIC}]*)([{CYRILLIC}]{{1,12}})")
_MOST, _NEAR = 3, 2.0
"""Spellings that a word is taken for at most, and nats by which they may be less likely than the first."""


def clean(text: str) -> str:
    """NFC, without invisible characters and those of how it is spoken."""
    if _HIDDEN.search(text):
        text = _HIDDEN.sub("", text)
    return unspoken(unicodedata.normalize("NFC", text))


def words(text: str) -> list[str]:
    """Words of a text in order: NFC, lower case, look-alike letters of one script."""
    text = unicodedata.normalize("NFC", text).lower()
    if _UNUSUAL.search(text):
        return _WORD.findall(fold_mixed_words(clean(text)))
    return _PLAIN_WORD.findall(fold_mixed_words(text))


def told(text: str) -> list[str]:
    """Words of a text that say something: `words` without the suffixes that stand apart from theirs.

    >>> told("АҚШ-тың БҰҰға 2023-ші «Отан»-нан ара-тұра Qazaqstan'nyń")
    ['ақш', 'бұұ', '2023', 'отан', 'ара', 'тұра', 'qazaqstan']
    """
    return words(_APART.sub(_without_suffix, clean(text) if _UNUSUAL.search(text) else text))


def has_suffix_apart(text: str) -> bool:
    """Whether `told` may take a suffix off: АҚШ-тың, БҰҰға."""
    return _APART.search(text) is not None


def _without_suffix(apart: re.Match[str]) -> str:
    return " " if is_suffix(apart["tail"]) or apart["tail"] in _ORDINALS else apart[0]


def is_suffix(text: str) -> bool:
    """Whether letters are suffixes of a noun and nothing else, some typed as Russian ones, or in Latin letters, or not."""
    return any(
        tail.kind == NOUN
        for spelt in to_cyrillic(text)
        for tail in typed_tails(spelt.translate(AS_TYPED))
    )


def glued(word: str) -> str:
    """What a Kazakh suffix is glued to: `covid` of covidтің; empty where there is no such thing."""
    match = _GLUED.fullmatch(word)
    return match[1] if match and is_suffix(match[2]) else ""


def spans(text: str) -> list[tuple[int, int, str]]:
    """Where the words of a text stand: start, end, and the word as `words` gives it."""
    lower = text.lower()
    if len(lower) == len(text) and clean(lower) == lower:
        # Nearly every text: places in one are places in the other, look-alike letters too.
        return [(m.start(), m.end(), m[0]) for m in _WORD.finditer(fold_mixed_words(lower))]
    return [(m.start(), m.end(), _as_compared(m[0])) for m in _SHOWN.finditer(text)]


def _as_compared(word: str) -> str:
    lower = word.lower()
    return lower if _CYRILLIC.fullmatch(lower) else fold_mixed_words(clean(lower))


def in_cyrillic(word: str, evidence: Evidence | None = None) -> str:
    """A word in Cyrillic: itself, or the likeliest of what its Latin or Arabic letters stand for."""
    return spellings(word, evidence)[0]


def spellings(word: str, evidence: Evidence | None = None) -> list[str]:
    """A word in Cyrillic, and what it may stand for as well, likeliest first (`kun`: күн, құн).

    >>> spellings("jol"), spellings("мектеп")
    (['жол'], ['мектеп'])
    """
    if len(word) > _LONGEST or script_of(word) not in ("Latn", "Arab"):
        return [word]
    # A sign alone (ٴ) stands for nothing.
    costs = {text: cost for text, cost in spelling_costs(word).items() if text} or {word: 0.0}
    if len(costs) == 1:
        return list(costs)
    scores = {text: likelihood(text, evidence) - cost for text, cost in costs.items()}
    ranked = sorted(scores, key=lambda text: -scores[text])
    return [text for text in ranked[:_MOST] if scores[text] > scores[ranked[0]] - _NEAR]
