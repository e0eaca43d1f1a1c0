"""vocabulary: under which stems the words of texts and queries stand, by the rules and the archive.

The table `vocabulary` keeps the stems that each word of the archive was first given, so that an
article can be taken out of the full-text index exactly as it was put in. Reads only; new words are
decided by the writer (`archive.store.index`).
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from archive.kazakh.letters import CYRILLIC
from archive.kazakh.morphology import NOUN, WordReading
from archive.kazakh.stems import Analysis, analyse
from archive.kazakh.words import glued, has_suffix_apart, spellings, told
from archive.search.facts import FACT_MARK, facts_of
from archive.search.russian import RUSSIAN_MARK, by_language, russian_stem

TITLE_MARK = "ѫ"
"""A letter that Kazakh does not have: stems of the title are indexed with it, too (ѫмектеп)."""
RESERVED = TITLE_MARK + RUSSIAN_MARK + FACT_MARK
CACHED = 200_000
"""Words whose stems are held in memory, and as many pieces of text twice: about 120 MB."""
_ATTESTED = 0.1
"""Weight of a stem that the archive has as a word, and as one that is no form of another."""
_MARKS = "[!-/:-@[-`{-~«»“”„‘’…–—№]*"
_PLAIN = re.compile(f"{_MARKS}([{CYRILLIC}]+){_MARKS}")
"""One word in Cyrillic, with nothing around it but the usual punctuation: nearly every piece."""
_BATCH = 500


Indexed = tuple[int, str | None, str, str | None]
"""Id, title, text and language of an article."""


class UnknownWords(LookupError):
    """The vocabulary lacks words; `args[0]` lists them."""


@dataclass(slots=True)
class _Lot:
    """What is remembered of the words of one language."""

    stems: dict[str, str] = field(default_factory=dict)
    pieces: dict[str, str] = field(default_factory=dict)
    """What stands between two blanks of a text → its stems. Most of a text has been met before,
    comma and all."""
    older: dict[str, str] = field(default_factory=dict)
    """What `pieces` held before it was full; of this, what is met again is kept."""


@dataclass(slots=True)
class _Cut:
    """What stands between the blanks of an article in one language."""

    is_russian: bool
    of_title: int
    """How many pieces the title has; they come first."""
    pieces: list[str]
    stems: list[str | None]
    """Of each piece; None where they are not remembered."""


class Vocabulary:
    """Stems of words and of whole articles, read from an archive and remembered.

    `decide` is called with the words that the vocabulary lacks, and returns the Kazakh stems of each
    (separated by blanks). Without it, such words raise `UnknownWords`. Call `forget` after a
    rollback. Russian words are kept with a row too, so that they are found when one is misspelt.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        decide: Callable[[list[str], bool], dict[str, str]] | None = None,
    ) -> None:
        self._c = connection
        self._decide = decide
        self._lots = {True: _Lot(), False: _Lot()}
        """Russian ones, and all others."""

    def forget(self) -> None:
        """Drop what is remembered: a rollback may have taken it back."""
        self._lots = {True: _Lot(), False: _Lot()}

    def rows_of(self, articles: Collection[Indexed]) -> Iterator[tuple[int, str | None, str, str]]:
        """What the index holds of articles: id, title, text, and the stems column with stems and facts.

        Both are read as the archive has them now; an article is taken out of the index with what it was put in with.
        """
        facts = facts_of(self._c, [article for article, *_ in articles])
        # Step by step for all of them: each by itself finds its tables in the processor's cache.
        cut = [self._cut(title, text, language) for _, title, text, language in articles]
        for one in cut:
            self._complete(one)
        for (article, title, text, _), one in zip(articles, cut, strict=True):
            yield article, title, text, f"{_joined(one)} {facts.get(article, '')}"

    def stems_of(self, title: str | None, text: str, language: str | None) -> str:
        """The marked stems of the title, then all stems once.

        Stems that are printed as they are, too: `stems:мектеп` alone finds every form.
        """
        cut = self._cut(title, text, language)
        self._complete(cut)
        return _joined(cut)

    def _cut(self, title: str | None, text: str, language: str | None) -> list[_Cut]:
        """An article in pieces, with the stems of those that are remembered."""
        found = []
        lots = by_language(title or "", text, language)
        for is_russian, (first, *paragraphs) in zip((False, True), lots, strict=True):
            heading = first.split()
            pieces = heading + [piece for one in paragraphs for piece in one.split()]
            if pieces:
                stems = list(map(self._lots[is_russian].pieces.get, pieces))
                found.append(_Cut(is_russian, len(heading), pieces, stems))
        return found

    def _complete(self, cut: list[_Cut]) -> None:
        """Add the stems of the pieces that are not remembered."""
        for one in cut:
            if None in one.stems:
                both = list(zip(one.pieces, one.stems, strict=True))
                known = self._read(
                    {piece for piece, stems in both if stems is None}, one.is_russian
                )
                one.stems = [known[piece] if stems is None else stems for piece, stems in both]

    def _read(self, new: set[str], is_russian: bool) -> dict[str, str]:
        """Remember the stems of pieces of text that are not remembered."""
        lot = self._lots[is_russian]
        if len(lot.pieces) > CACHED:
            lot.older, lot.pieces = lot.pieces, {}
        new = new.difference(lot.pieces)
        kept = {p: stems for p in new if (stems := lot.older.get(p)) is not None}
        lot.pieces |= kept
        new.difference_update(kept)
        matches = {p: _PLAIN.fullmatch(p.lower()) for p in new if not has_suffix_apart(p)}
        plain = {piece: match[1] for piece, match in matches.items() if match}
        other = {piece: stemmable(piece) for piece in new.difference(plain)}
        found = {*plain.values(), *(word for several in other.values() for word in several)}
        self.learn(found, is_russian)
        known: Mapping[str, str] = lot.stems
        if is_russian:  # Kazakh names and foreign words among Russian ones
            self.learn(found.difference(known))
            known = ChainMap(lot.stems, self._lots[False].stems)
        lot.pieces |= {piece: known[word] for piece, word in plain.items()}
        lot.pieces |= {
            piece: " ".join([known[word] for word in several]) for piece, several in other.items()
        }
        return lot.pieces

    def learn(self, found: set[str], is_russian: bool = False) -> None:
        """Have the stems of these words at hand; those that are new are decided."""
        if is_russian:
            found = {word for word in found if russian_stem(word)}
        if new := self._look_up(found, is_russian):
            if self._decide is None:
                raise UnknownWords(new)
            self._lots[is_russian].stems |= self._decide(new, is_russian)

    def _look_up(self, found: set[str], is_russian: bool) -> list[str]:
        """Words that the vocabulary does not have."""
        stems = self._lots[is_russian].stems
        missing = list(found.difference(stems))
        if len(stems) + len(missing) > CACHED:
            stems.clear()
            missing = list(found)
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            for word, joined in self._c.execute(
                "SELECT word, stems FROM vocabulary WHERE word IN (SELECT value FROM json_each(?))",
                (json.dumps(batch),),
            ):
                if part := part_of(joined, is_russian):
                    stems[word] = part
        return [word for word in missing if word not in stems]

    def is_stem(self, word: str) -> bool:
        """Whether the archive has this word, and not as a form of another."""
        known = self._lots[False].stems.get(word)
        return is_stem(self._c, word) if known is None else is_first(word, known)


def _joined(cut: list[_Cut]) -> str:
    marked: list[str] = []
    found: dict[str | None, None] = {}
    for one in cut:
        for stems in filter(None, one.stems[: one.of_title]):
            marked += [TITLE_MARK + stem for stem in stems.split()]
        found |= dict.fromkeys(one.stems)
    return " ".join([*marked, *filter(None, found)])


def part_of(joined: str, is_russian: bool) -> str:
    """Of the stems that the vocabulary has of a word the Kazakh or the Russian ones, the former first."""
    if RUSSIAN_MARK not in joined:
        return "" if is_russian else joined
    return " ".join(s for s in joined.split() if s.startswith(RUSSIAN_MARK) == is_russian)


def stemmable(text: str) -> list[str]:
    """Words of a text that have a stem: not numbers, nor what would pass for a marked stem or a fact."""
    return [word for word in told(text) if not (word[0].isdigit() or word[0] in RESERVED)]


def word_stems(word: str, attested: Callable[[str], bool]) -> tuple[str, ...]:
    """Stems of a word in any script, likeliest first; `readings_of` says why."""
    return tuple(a.stem for a in readings_of(word, attested))


def readings_of(word: str, attested: Callable[[str], bool]) -> list[Analysis]:
    """How a word in any script is read, likeliest first.

    `attested` tells whether the archive has a word as a stem.
    """

    def evidence(stem: str) -> float:
        return _ATTESTED if stem != word and attested(stem) else 0.0

    if head := glued(word):
        as_printed = Analysis(head, 1.0, WordReading(head, NOUN, ()))
        return [as_printed, *readings_of(head, attested)]
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
