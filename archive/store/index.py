"""index: keeps articles_fts and vocabulary right, inside the writer's own transactions.

articles_fts holds words as printed (title, text) and the stems of all of them; vocabulary remembers
under which stems each word was indexed, so that a row can be taken out of the index exactly as it
was put in.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from archive.kazakh.transliterate import key
from archive.search.russian import by_language, russian_stem
from archive.search.vocabulary import (
    CACHED,
    Indexed,
    Vocabulary,
    by_length,
    is_first,
    stemmable,
    word_stems,
)

_HASH = 16 << 20
"""Bytes that FTS5 collects before it writes; its own 1 MiB makes storing many articles at once slow."""
_TOGETHER = 200
"""Articles that are indexed at once inside `Index.together`."""


class Index:
    """The writer's side of the index on one connection. Call `forget` after a rollback."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        decide: Callable[[list[str], bool], dict[str, str]] | None = None,
    ) -> None:
        """`decide` gives words that are met for the first time their stems; without it, the rules do."""
        self._c = connection
        self.vocabulary = Vocabulary(connection, decide or self._decide)
        self._waiting: list[Indexed] | None = None

    def forget(self) -> None:
        """Drop what is remembered of the vocabulary: a rollback may have taken it back."""
        self.vocabulary.forget()

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
        """Index an article, whose row is there; its words enter the vocabulary."""
        row = (article, title, text, language)
        if self._waiting is None:
            self._insert([row])
            return
        self._waiting.append(row)
        if len(self._waiting) >= _TOGETHER:
            self._write()

    def _write(self) -> None:
        waiting, self._waiting = self._waiting or [], []
        if waiting:
            self._collect_more()
        self._insert(waiting)

    def _collect_more(self) -> None:
        """Have FTS5 collect `_HASH` bytes; said once, for it is written down and read anew by all others."""
        sized = "SELECT 1 FROM articles_fts_config WHERE k = 'hashsize' AND v = ?"
        if not self._c.execute(sized, (_HASH,)).fetchone():
            self._c.execute(
                "INSERT INTO articles_fts (articles_fts, rank) VALUES ('hashsize', ?)", (_HASH,)
            )

    def _insert(self, articles: list[Indexed]) -> None:
        rows = list(self.vocabulary.rows_of(articles))
        self._c.executemany(
            "INSERT INTO articles_fts (rowid, title, text, stems) VALUES (?, ?, ?, ?)", rows
        )

    def remove(self, article: int, title: str | None, text: str, language: str | None) -> None:
        """Take an article out of the index, if it is there: with the values that it was indexed with.

        Its row has still the others (`archive.search.facts`).
        """
        if self._waiting:
            self._write()
        is_there = "SELECT 1 FROM articles_fts_docsize WHERE id = ?"
        if not self._c.execute(is_there, (article,)).fetchone():  # withheld: FTS5 would break
            return
        self._c.executemany(
            "INSERT INTO articles_fts (articles_fts, rowid, title, text, stems) "
            "VALUES ('delete', ?, ?, ?, ?)",
            self.vocabulary.rows_of([(article, title, text, language)]),
        )

    def _decide(self, new: list[str], is_russian: bool) -> dict[str, str]:
        """Decide the stems of words that are met for the first time in a language."""
        if is_russian:
            decided = {word: russian_stem(word) or "" for word in new}
        else:
            decided = self._kazakh_stems(new)
        joined = (
            "stems || ' ' || excluded.stems" if is_russian else "excluded.stems || ' ' || stems"
        )
        self._c.executemany(
            "INSERT INTO vocabulary (word, stems, key) VALUES (?, ?, ?) "  # noqa: S608 -- constants
            f"ON CONFLICT (word) DO UPDATE SET stems = {joined}",
            [(word, stems, key(word)) for word, stems in decided.items()],
        )
        return decided

    def _kazakh_stems(self, new: list[str]) -> dict[str, str]:
        decided: dict[str, str] = {}

        def attested(word: str) -> bool:
            known = decided.get(word)
            return self.vocabulary.is_stem(word) if known is None else is_first(word, known)

        for word in by_length(new):
            decided[word] = " ".join(word_stems(word, attested))
        return decided

    def fill_vocabulary(self, found: Iterable[str]) -> None:
        """Decide the stems of many words at once, each with all the shorter ones as evidence."""
        words_left = by_length(set(found))
        for start in range(0, len(words_left), CACHED):
            self.vocabulary.learn(set(words_left[start : start + CACHED]))


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
        for paragraph in by_language(title or "", text, language)[0]:
            found.update(stemmable(paragraph))
    index.fill_vocabulary(found)
    del found
    return fill(connection, index)


def fill(connection: sqlite3.Connection, index: Index) -> int:
    """Index all articles, none of which is in the index; returns how many there are."""
    number = 0
    with index.together():
        for row in _articles(connection):
            index.add(*row)
            number += 1
    connection.execute("INSERT INTO articles_fts (articles_fts) VALUES ('optimize')")
    return number


def _articles(connection: sqlite3.Connection) -> Iterator[Indexed]:
    for row in connection.execute(
        "SELECT id, title, text, language FROM readable_articles ORDER BY id"
    ):
        yield row[0], row[1], row[2], row[3]
