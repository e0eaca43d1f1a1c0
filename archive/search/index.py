"""index: keeps articles_fts and vocabulary right, inside the writer's own transactions.

articles_fts holds words as printed (title, text) and their stems; vocabulary remembers under which
stems each word was indexed, so that a row can be taken out of the index exactly as it was put in.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

from archive.kazakh.stems import Analysis, analyse
from archive.kazakh.transliterate import key
from archive.kazakh.words import in_cyrillic, words

TITLE_MARK = "ѫ"
"""A letter that Kazakh does not have: stems of the title are indexed with it, too (ѫмектеп)."""
_ATTESTED = 0.5
"""Weight of a stem that the archive has seen as a word of its own."""
_LISTED = 1.0
"""Weight of a stem that hunspell's word list has."""
_HUNSPELL = Path("/usr/share/hunspell/kk_KZ.dic")
_CACHED = 300_000
"""Words whose stems are held in memory, about 60 MB."""
_BATCH = 500


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

    def forget(self) -> None:
        """Drop what is remembered of the vocabulary: a rollback may have taken it back."""
        self._stems.clear()

    def add(self, article: int, title: str | None, text: str, language: str | None) -> None:
        """Index an article; its words enter the vocabulary."""
        self._c.execute(
            "INSERT INTO articles_fts (rowid, title, text, stems) VALUES (?, ?, ?, ?)",
            (article, title, text, self.stems_of(title, text, language)),
        )

    def remove(self, article: int, title: str | None, text: str, language: str | None) -> None:
        """Take an article out of the index: with the values that it was indexed with."""
        self._c.execute(
            "INSERT INTO articles_fts (articles_fts, rowid, title, text, stems) "
            "VALUES ('delete', ?, ?, ?, ?)",
            (article, title, text, self.stems_of(title, text, language)),
        )

    def stems_of(self, title: str | None, text: str, language: str | None) -> str:
        """The stems column of an article: those of the title, marked and unmarked, then of the text."""
        if not is_stemmed(language):
            return ""
        named, told = _stemmable(title or ""), _stemmable(text)
        self._learn({*named, *told})
        known = self._stems
        head = " ".join([known[word] for word in named])
        marked = [TITLE_MARK + stem for stem in head.split()]
        return " ".join([*marked, head, *[known[word] for word in told]])

    def _look_up(self, found: set[str]) -> list[str]:
        """Words that the vocabulary does not have."""
        if len(self._stems) > _CACHED:
            self._stems.clear()
        missing = list(found.difference(self._stems))
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

    def _learn(self, found: set[str]) -> None:
        new = sorted(self._look_up(found))
        rows = [(word, *_entry(word, self._is_word)) for word in new]
        self._c.executemany("INSERT INTO vocabulary (word, stems, key) VALUES (?, ?, ?)", rows)
        self._stems.update((word, joined) for word, joined, _ in rows)

    def _is_word(self, stem: str) -> bool:
        if stem in self._stems:
            return True
        return bool(self._c.execute("SELECT 1 FROM vocabulary WHERE word = ?", (stem,)).fetchone())

    def count_stems(self, title: str | None, text: str, language: str | None) -> int | None:
        """How many words the stems column of an article holds; None where a word is unknown."""
        if not is_stemmed(language):
            return 0
        named, told = _stemmable(title or ""), _stemmable(text)
        self._look_up({*named, *told})
        counts = [self._stems.get(word, "").count(" ") + 1 for word in (*named, *named, *told)]
        return sum(counts) if {*named, *told} <= self._stems.keys() else None

    def fill_vocabulary(self, found: Iterable[str]) -> None:
        """Decide the stems of many words at once, each with all the others as evidence."""
        known = frozenset(found)
        self._c.executemany(
            "INSERT INTO vocabulary (word, stems, key) VALUES (?, ?, ?)",
            ((word, *_entry(word, known.__contains__)) for word in sorted(known)),
        )


def _stemmable(text: str) -> list[str]:
    """Words of a text that have a stem: not numbers."""
    return [word for word in words(text) if not word[0].isdigit()]


def word_stems(word: str, attested: Callable[[str], bool]) -> tuple[str, ...]:
    """Stems of a word in any script, likeliest first; `readings_of` says why."""
    return tuple(a.stem for a in readings_of(word, attested))


def readings_of(word: str, attested: Callable[[str], bool]) -> list[Analysis]:
    """How a word in any script is read, likeliest first.

    `attested` tells whether the archive has a word; hunspell's list is asked too.
    """
    listed = _hunspell()

    def evidence(stem: str) -> float:
        if stem == word:
            return _LISTED if stem in listed else 0.0
        return (_LISTED if stem in listed else 0.0) + (_ATTESTED if attested(stem) else 0.0)

    return analyse(in_cyrillic(word, evidence), evidence)


def _entry(word: str, attested: Callable[[str], bool]) -> tuple[str, str]:
    return " ".join(word_stems(word, attested)), key(word)


def rebuild(connection: sqlite3.Connection) -> int:
    """Make the index and the vocabulary anew from the articles; returns how many there are.

    Stems of all words are decided again, with the whole archive as evidence. Run it inside the
    writer's transaction.
    """
    connection.execute("INSERT INTO articles_fts (articles_fts) VALUES ('delete-all')")
    connection.execute("DELETE FROM vocabulary")
    index = Index(connection)
    found: set[str] = set()
    for _, title, text, language in _articles(connection):
        if is_stemmed(language):
            found.update(_stemmable(title or ""), _stemmable(text))
    index.fill_vocabulary(found)
    del found
    number = 0
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
