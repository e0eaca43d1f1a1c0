"""vocabulary: under which stems the words of texts and queries stand, by the rules and the archive.

The table `vocabulary` keeps the stems that each word of the archive was first given, so that an
article can be taken out of the full-text index exactly as it was put in. Reads only; new words are
decided by the writer (`archive.store.index`).
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable

from archive.kazakh.letters import CYRILLIC
from archive.kazakh.stems import Analysis, analyse
from archive.kazakh.words import spellings, words

TITLE_MARK = "ѫ"
"""A letter that Kazakh does not have: stems of the title are indexed with it, too (ѫмектеп)."""
CACHED = 200_000
"""Words whose stems are held in memory, and as many pieces of text twice: about 120 MB."""
_ATTESTED = 0.1
"""Weight of a stem that the archive has as a word, and as one that is no form of another."""
_MARKS = "[!-/:-@[-`{-~«»“”„‘’…–—№]*"
_PLAIN = re.compile(f"{_MARKS}([{CYRILLIC}]+){_MARKS}")
"""One word in Cyrillic, with nothing around it but the usual punctuation: nearly every piece."""
_BATCH = 500


class UnknownWords(LookupError):
    """The vocabulary lacks words; `args[0]` lists them."""


class Vocabulary:
    """Stems of words and of whole articles, read from an archive and remembered.

    `decide` is called with the words that the vocabulary lacks, and returns the stems of each
    (separated by blanks). Without it, such words raise `UnknownWords`. Call `forget` after a
    rollback.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        decide: Callable[[list[str]], dict[str, str]] | None = None,
    ) -> None:
        self._c = connection
        self._decide = decide
        self._stems: dict[str, str] = {}
        self._pieces: dict[str, str] = {}
        """What stands between two blanks of a text → its stems. Most of a text has been met before,
        comma and all."""
        self._older_pieces: dict[str, str] = {}
        """What `_pieces` held before it was full; of this, what is met again is kept."""

    def forget(self) -> None:
        """Drop what is remembered: a rollback may have taken it back."""
        self._stems.clear()
        self._pieces.clear()
        self._older_pieces.clear()

    def stems_of(self, title: str | None, text: str, language: str | None) -> str:
        """The stems column of an article: the marked stems of the title, then all stems once.

        Stems that are printed as they are, too: `stems:мектеп` alone finds every form.
        """
        if not is_stemmed(language):
            return ""
        heading = (title or "").split()
        pieces = heading + text.split()
        found = dict.fromkeys(map(self._pieces.get, pieces))
        if None in found:
            self._read(pieces)
            found = dict.fromkeys(map(self._pieces.get, pieces))
        marked = [TITLE_MARK + stem for piece in heading for stem in self._pieces[piece].split()]
        return " ".join([*marked, *filter(None, found)])

    def _read(self, pieces: list[str]) -> None:
        """Remember the stems of each piece of text."""
        if len(self._pieces) > CACHED:
            self._older_pieces, self._pieces = self._pieces, {}
        new = {*pieces}.difference(self._pieces)
        kept = {p: stems for p in new if (stems := self._older_pieces.get(p)) is not None}
        self._pieces |= kept
        new.difference_update(kept)
        matches = {piece: _PLAIN.fullmatch(piece.lower()) for piece in new}
        plain = {piece: match[1] for piece, match in matches.items() if match}
        other = {piece: stemmable(piece) for piece in new.difference(plain)}
        self.learn({*plain.values(), *(word for found in other.values() for word in found)})
        self._pieces |= {piece: self._stems[word] for piece, word in plain.items()}
        self._pieces |= {
            piece: " ".join([self._stems[word] for word in found]) for piece, found in other.items()
        }

    def learn(self, found: set[str]) -> None:
        """Have the stems of these words at hand; those that are new are decided."""
        if new := self._look_up(found):
            if self._decide is None:
                raise UnknownWords(new)
            self._stems |= self._decide(new)

    def _look_up(self, found: set[str]) -> list[str]:
        """Words that the vocabulary does not have."""
        missing = list(found.difference(self._stems))
        if len(self._stems) + len(missing) > CACHED:
            self._stems.clear()
            missing = list(found)
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            self._stems.update(
                self._c.execute(
                    "SELECT word, stems FROM vocabulary "
                    "WHERE word IN (SELECT value FROM json_each(?))",
                    (json.dumps(batch),),
                ).fetchall()
            )
        return [word for word in missing if word not in self._stems]

    def is_stem(self, word: str) -> bool:
        """Whether the archive has this word, and not as a form of another."""
        known = self._stems.get(word)
        return is_stem(self._c, word) if known is None else is_first(word, known)


def is_stemmed(language: str | None) -> bool:
    """Whether the words of an article get stems: Kazakh ones, and those nobody could identify."""
    return language is None or language.split("-")[0] == "kk"


def stemmable(text: str) -> list[str]:
    """Words of a text that have a stem: not numbers."""
    return [word for word in words(text) if not word[0].isdigit()]


def word_stems(word: str, attested: Callable[[str], bool]) -> tuple[str, ...]:
    """Stems of a word in any script, likeliest first; `readings_of` says why."""
    return tuple(a.stem for a in readings_of(word, attested))


def readings_of(word: str, attested: Callable[[str], bool]) -> list[Analysis]:
    """How a word in any script is read, likeliest first.

    `attested` tells whether the archive has a word as a stem.
    """

    def evidence(stem: str) -> float:
        return _ATTESTED if stem != word and attested(stem) else 0.0

    first, *others = (analyse(text, evidence) for text in spellings(word, evidence))
    found = {reading.stem: reading for reading in first}
    for readings in others:
        for reading in readings:
            found.setdefault(reading.stem, reading)
    return list(found.values())


def is_first(word: str, joined: str) -> bool:
    """Whether a word's likeliest stem, of those that the vocabulary has for it, is itself."""
    return joined == word or joined.startswith(word + " ")


def is_stem(connection: sqlite3.Connection, word: str) -> bool:
    """Whether the archive has this word, and not as a form of another."""
    row = connection.execute("SELECT stems FROM vocabulary WHERE word = ?", (word,)).fetchone()
    return row is not None and is_first(word, row[0])


def by_length(found: Iterable[str]) -> list[str]:
    """Words in the order of deciding: short ones are stems of longer ones, and evidence for them."""
    return sorted(found, key=lambda word: (len(word), word))
