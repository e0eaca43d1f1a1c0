"""check: whether every article stands in the full-text index, with its words in their places.

FTS5's own check compares the index with itself alone, and does not notice that a text has changed.
Here each article is indexed a second time, beside the archive, and both must hold the same.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import NamedTuple

from archive.kazakh.transliterate import key
from archive.search.vocabulary import UnknownWords, Vocabulary

MISSING = "is not in the full-text index"
SUPERFLUOUS = "the full-text index has an article that does not exist"
OTHER_WORDS = "was indexed with other words than it has"
_TOGETHER = 1000
"""Articles that are indexed a second time at once, in a temporary table."""
_ARTICLE_LIST = "SELECT id, title, text, language FROM readable_articles ORDER BY id"


class Problem(NamedTuple):
    """What is wrong, and with which article; None where it is not about a single one."""

    article: int | None
    what: str


class _Indexed(NamedTuple):
    """What an index has of an article: words of each column, and a sum over all words and places."""

    sizes: bytes
    sum: int


def check(connection: sqlite3.Connection) -> list[Problem]:
    """What is wrong with the index and the vocabulary; empty where nothing is.

    Reads everything; writes temporary tables only, so that a read-only connection will do. Takes
    about a millisecond an article. Raises `sqlite3.DatabaseError` where the articles or the
    vocabulary cannot be read.
    """
    problems = [
        Problem(None, f"the vocabulary has a wrong key for {word}")
        for word, found in connection.execute("SELECT word, key FROM vocabulary")
        if found != key(word)
    ]
    try:
        _check_structure(connection)
        stored = _contents(connection, "main", "articles_fts")
    except sqlite3.DatabaseError as error:
        return [*problems, Problem(None, f"the full-text index is damaged ({error})")]
    for article, expected in _anew(connection):
        found = stored.pop(article, None)
        if isinstance(expected, str):
            problems.append(Problem(article, expected))
        elif found is None:
            problems.append(Problem(article, MISSING))
        elif found != expected:
            problems.append(Problem(article, OTHER_WORDS))
    return problems + [Problem(article, SUPERFLUOUS) for article in stored]


def _check_structure(c: sqlite3.Connection) -> None:
    """FTS5's own check; it needs a connection that may write."""
    try:
        c.execute("INSERT INTO articles_fts (articles_fts) VALUES ('integrity-check')")
    except sqlite3.OperationalError as error:
        if "readonly" not in str(error):
            raise


def _contents(c: sqlite3.Connection, schema: str, table: str) -> dict[int, _Indexed]:
    """What an FTS5 table holds, by article."""
    words = f"temp.{schema}_words"
    c.execute(f"CREATE VIRTUAL TABLE {words} USING fts5vocab('{schema}', '{table}', 'instance')")
    try:
        sums: defaultdict[int, int] = defaultdict(int)
        for term, article, column, place in c.execute(f"SELECT * FROM {words}"):  # noqa: S608
            # The hash of a tuple is too regular: sums hardly notice two words that change places.
            sums[article] += hash(f"{term} {column} {place}")
    finally:
        c.execute(f"DROP TABLE {words}")
    sizes = dict(c.execute(f"SELECT id, sz FROM {schema}.{table}_docsize"))  # noqa: S608
    return {
        article: _Indexed(sizes.get(article, b""), sums[article])
        for article in sizes.keys() | sums.keys()
    }


def _anew(c: sqlite3.Connection) -> Iterator[tuple[int, _Indexed | str]]:
    """What the index should have of each article, or why that cannot be said."""
    vocabulary = Vocabulary(c)
    # The tokenizer of the schema.
    c.execute(
        "CREATE VIRTUAL TABLE temp.anew USING fts5(title, text, stems, content='', "
        "tokenize='unicode61 remove_diacritics 0')"
    )
    try:
        with closing(c.execute(_ARTICLE_LIST)) as articles:
            while rows := list(islice(articles, _TOGETHER)):
                known: list[tuple[int, str | None, str, str]] = []
                for row in rows:
                    try:
                        known += vocabulary.rows_of([row])
                    except UnknownWords as unknown:
                        what = f"the vocabulary lacks its words {', '.join(unknown.args[0])}"
                        yield row[0], what
                c.executemany(
                    "INSERT INTO temp.anew (rowid, title, text, stems) VALUES (?, ?, ?, ?)", known
                )
                yield from _contents(c, "temp", "anew").items()
                c.execute("INSERT INTO temp.anew (anew) VALUES ('delete-all')")
    finally:
        c.execute("DROP TABLE temp.anew")
