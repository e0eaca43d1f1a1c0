"""words: a text as the words that search compares: one script, one spelling, no invisible letters.

The same function cuts a text for the index and a query for the search, so that they meet.
"""

from __future__ import annotations

import re
import unicodedata

from archive.kazakh.letters import fold_lookalikes
from archive.kazakh.stems import Evidence, likeliest
from archive.kazakh.transliterate import script_of, to_cyrillic

# What FTS5's unicode61 takes for a word: letters, digits, and marks inside; apostrophes and hyphens
# part words.
_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*")
_HIDDEN = dict.fromkeys((0xAD, 0x200B, 0x200C, 0x200D, 0xFEFF, 0x2060))
_LONGEST = 60


def words(text: str) -> list[str]:
    """Words of a text in order: NFC, lower case, look-alike letters of one script."""
    text = unicodedata.normalize("NFC", text).translate(_HIDDEN).lower()
    return [fold_lookalikes(word) for word in _WORD.findall(text)]


def spans(text: str) -> list[tuple[int, int, str]]:
    """Where the words of a text stand: start, end, and the word as `words` gives it."""
    return [
        (m.start(), m.end(), fold_lookalikes(unicodedata.normalize("NFC", m[0].translate(_HIDDEN)).lower()))
        for m in re.finditer(rf"(?:{_WORD.pattern}|[\xad\u200b-\u200d\u2060\ufeff])+", text)
    ]


def in_cyrillic(word: str, evidence: Evidence | None = None) -> str:
    """A word in Cyrillic: itself, or the likeliest of what its Latin or Arabic letters stand for."""
    if len(word) > _LONGEST or script_of(word) not in ("Latn", "Arab"):
        return word
    return likeliest(to_cyrillic(word), evidence)
