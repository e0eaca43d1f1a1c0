"""index: keeps articles_fts and vocabulary right, inside the writer's own transactions.

articles_fts holds words as printed (title, text) and the stems of all of them; vocabulary remembers
under which stems each word was indexed, so that a row can be taken out of the index exactly as it
was put in.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from archive.kazakh.letters import CYRILLIC
from archive.kazakh.stems import Analysis, analyse
from archive.kazakh.transliterate import key
from archive.kazakh.words import in_cyrillic, words

TITLE_MARK = "ѫ"
"""A letter that Kazakh does not have: stems of the title are indexed with it, too (ѫмектеп)."""
_ATTESTED = 0.1
"""Weight of a stem that the archive has as a word, and as one that is no form of another."""
_LISTED = 0.3
"""Weight of a stem that hunspell's word list has."""
_HUNSPELL = Path("/usr/share/hunspell/kk_KZ.dic")
_CACHED = 200_000
"""Words whose stems are held in memory, and as many pieces of text twice: about 120 MB."""
_MARKS = "[!-/:-@[-`{-~«»“”„‘’…–—№]*"
_PLAIN = re.compile(f"{_MARKS}([{CYRILLIC}]+){_MARKS}")
"""One word in Cyrillic, with nothing around it but the usual punctuation: nearly every piece."""
_HASH = 16 << 20
"""Bytes that FTS5 collects before it writes; its own 1 MiB makes storing many articles at once slow."""
_BATCH = 500
_TOGETHER = 200
"""Articles that are indexed at once inside `Index.together`."""
_Indexed = tuple[int, str | None, str, str | None]
"""Id, title, text and language of an article."""


@cache
def _hunspell() -> frozenset[str]:
    """Words of Debian's hunspell-kk, where it is installed; read, never copied."""
    try:
        lines = _HUNSPELL.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return frozenset()
    return frozenset(line.partition("/")[0].strip().lower() for line in lines)


def is_stemmed(language: str | None) -> bool:
    """Whether the words of an article get stems: Kazakh ones, and those nobody could identify."""
    return language is None or language.split("-")[0] == "kk"


class Index:
    """The writer's side of the index on one connection. Call `forget` after a rollback."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._c = connection
        self._stems: dict[str, str] = {}
        # What stands between two blanks of a text → its stems. Most of a text has been met before,
        # comma and all.
        self._told: dict[str, str] = {}
        self._older: dict[str, str] = {}
        """What `_told` held before it was full; of this, what is met again is kept."""
        self._waiting: list[_Indexed] | None = None

    def forget(self) -> None:
        """Drop what is remembered of the vocabulary: a rollback may have taken it back."""
        self._stems.clear()
        self._told.clear()
        self._older.clear()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Inside, articles are indexed many at a time, twice as fast; all of them are when it ends.

        Each step by itself finds its tables in the processor's cache; in turns they drive one
        another out.
        """
        self._waiting = []
        try:
            yield
            self._write()
        finally:
            self._waiting = None

    def add(self, article: int, title: str | None, text: str, language: str | None) -> None:
        """Index an article; its words enter the vocabulary."""
        row = (article, title, text, language)
        if self._waiting is None:
            self._insert([row])
            return
        self._waiting.append(row)
        if len(self._waiting) >= _TOGETHER:
            self._write()

    def _write(self) -> None:
        waiting, self._waiting = self._waiting or [], []
        self._insert(waiting)

    def _insert(self, articles: list[_Indexed]) -> None:
        rows = [
            (article, title, text, self.stems_of(title, text, language))
            for article, title, text, language in articles
        ]
        self._c.executemany(
            "INSERT INTO articles_fts (rowid, title, text, stems) VALUES (?, ?, ?, ?)", rows
        )

    def remove(self, article: int, title: str | None, text: str, language: str | None) -> None:
        """Take an article out of the index: with the values that it was indexed with."""
        if self._waiting:
            self._write()
        self._c.execute(
            "INSERT INTO articles_fts (articles_fts, rowid, title, text, stems) "
            "VALUES ('delete', ?, ?, ?, ?)",
            (article, title, text, self.stems_of(title, text, language)),
        )

    def stems_of(self, title: str | None, text: str, language: str | None) -> str:
        """The stems column of an article: the marked stems of the title, then all stems once.

        Stems that are printed as they are, too: `stems:мектеп` alone finds every form.
        """
        if not is_stemmed(language):
            return ""
        heading = (title or "").split()
        pieces = heading + text.split()
        told = dict.fromkeys(map(self._told.get, pieces))
        if None in told:
            self._learn(pieces)
            told = dict.fromkeys(map(self._told.get, pieces))
        named = [TITLE_MARK + stem for piece in heading for stem in self._told[piece].split()]
        return " ".join([*named, *filter(None, told)])

    def _learn(self, pieces: list[str]) -> None:
        """Remember the stems of each piece of text."""
        if len(self._told) > _CACHED:
            self._older, self._told = self._told, {}
        new = {*pieces}.difference(self._told)
        kept = {piece: stems for piece in new if (stems := self._older.get(piece)) is not None}
        self._told |= kept
        new.difference_update(kept)
        matches = {piece: _PLAIN.fullmatch(piece.lower()) for piece in new}
        plain = {piece: match[1] for piece, match in matches.items() if match}
        other = {piece: _stemmable(piece) for piece in new.difference(plain)}
        self._decide({*plain.values(), *(word for found in other.values() for word in found)})
        self._told |= {piece: self._stems[word] for piece, word in plain.items()}
        self._told |= {
            piece: " ".join([self._stems[word] for word in found]) for piece, found in other.items()
        }

    def _look_up(self, found: set[str]) -> list[str]:
        """Words that the vocabulary does not have."""
        missing = list(found.difference(self._stems))
        if len(self._stems) + len(missing) > _CACHED:
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

    def _decide(self, found: set[str]) -> None:
        """Have the stems of these words at hand; decide those that are met for the first time."""
        new = self._look_up(found)
        if not new:
            return
        # Short words first: they are the stems of longer ones, and evidence for them.
        new.sort(key=lambda word: (len(word), word))
        rows = []
        for word in new:
            joined = self._stems[word] = " ".join(word_stems(word, self._is_stem))
            rows.append((word, joined, key(word)))
        self._c.executemany("INSERT INTO vocabulary (word, stems, key) VALUES (?, ?, ?)", rows)

    def _is_stem(self, word: str) -> bool:
        known = self._stems.get(word)
        return is_stem(self._c, word) if known is None else is_first(word, known)

    def count_stems(self, title: str | None, text: str, language: str | None) -> int | None:
        """How many words the stems column of an article holds; None where a word is unknown."""
        if not is_stemmed(language):
            return 0
        if self._look_up({*_stemmable(title or ""), *_stemmable(text)}):
            return None
        return len(self.stems_of(title, text, language).split())

    def fill_vocabulary(self, found: Iterable[str]) -> None:
        """Decide the stems of many words at once, each with all the shorter ones as evidence."""
        words_left = sorted(set(found), key=lambda word: (len(word), word))
        for start in range(0, len(words_left), _CACHED):
            self._decide(set(words_left[start : start + _CACHED]))


def _stemmable(text: str) -> list[str]:
    """Words of a text that have a stem: not numbers."""
    return [word for word in words(text) if not word[0].isdigit()]


def word_stems(word: str, attested: Callable[[str], bool]) -> tuple[str, ...]:
    """Stems of a word in any script, likeliest first; `readings_of` says why."""
    return tuple(a.stem for a in readings_of(word, attested))


def readings_of(word: str, attested: Callable[[str], bool]) -> list[Analysis]:
    """How a word in any script is read, likeliest first.

    `attested` tells whether the archive has a word as a stem; hunspell's list is asked too.
    """
    listed = _hunspell()

    def evidence(stem: str) -> float:
        if stem == word:
            return _LISTED if stem in listed else 0.0
        return (_LISTED if stem in listed else 0.0) + (_ATTESTED if attested(stem) else 0.0)

    return analyse(in_cyrillic(word, evidence), evidence)


def is_first(word: str, joined: str) -> bool:
    """Whether a word's likeliest stem, of those that the vocabulary has for it, is itself."""
    return joined == word or joined.startswith(word + " ")


def is_stem(connection: sqlite3.Connection, word: str) -> bool:
    """Whether the archive has this word, and not as a form of another."""
    row = connection.execute("SELECT stems FROM vocabulary WHERE word = ?", (word,)).fetchone()
    return row is not None and is_first(word, row[0])


def rebuild(connection: sqlite3.Connection) -> int:
    """Make the index and the vocabulary anew from the articles; returns how many there are.

    Stems of all words are decided again, with the whole archive as evidence. Run it inside the
    writer's transaction.
    """
    connection.execute("INSERT INTO articles_fts (articles_fts) VALUES ('delete-all')")
    connection.execute(
        "INSERT INTO articles_fts (articles_fts, rank) VALUES ('hashsize', ?)", (_HASH,)
    )
    connection.execute("DELETE FROM vocabulary")
    index = Index(connection)
    found: set[str] = set()
    for _, title, text, language in _articles(connection):
        if is_stemmed(language):
            found.update(_stemmable(title or ""), _stemmable(text))
    index.fill_vocabulary(found)
    del found
    number = 0
    with index.together():
        for row in _articles(connection):
            index.add(*row)
            number += 1
    connection.execute("INSERT INTO articles_fts (articles_fts) VALUES ('optimize')")
    return number


def _articles(connection: sqlite3.Connection) -> Iterator[tuple[int, str | None, str, str | None]]:
    for row in connection.execute("SELECT id, title, text, language FROM articles ORDER BY id"):
        yield row[0], row[1], row[2], row[3]


def check(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with the index, in plain words; empty where nothing is.

    Looks at the index's own structure, at articles that are missing or too many, and at the number
    of words each was indexed with.
    """
    problems: list[str] = []
    try:
        connection.execute("INSERT INTO articles_fts (articles_fts) VALUES ('integrity-check')")
    except sqlite3.DatabaseError as error:
        problems.append(f"the index is damaged ({error})")
    index = Index(connection)
    indexed = dict(connection.execute("SELECT id, sz FROM articles_fts_docsize"))
    for article, title, text, language in _articles(connection):
        sizes = indexed.pop(article, None)
        if sizes is None:
            problems.append(f"article {article} is not in the index")
            continue
        stored = _varints(sizes)[2]
        expected = index.count_stems(title, text, language)
        if stored != expected:
            problems.append(f"article {article} was indexed with {stored} stems, not {expected}")
    problems += [f"the index knows an article {article} that does not exist" for article in indexed]
    return problems


def _varints(blob: bytes) -> list[int]:
    """SQLite's variable-length integers, most significant bits first."""
    numbers, value = [], 0
    for byte in blob:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(value)
            value = 0
    return numbers
