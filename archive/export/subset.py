"""subset: selected articles as an archive of their own: a folder with a news.db that newsbot reads and verifies.

It holds every row that belongs to the articles, the rows of their captures included, so that their digests hold and
each text can be traced to its bytes; the captures themselves stay in the archive. Nothing of other articles, of
crawls, the frontier or what people decided is in it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from archive import query, stories
from archive.captures.files import PART, sync_folder
from archive.errors import ArchiveError, ArchiveUsageError
from archive.query import Selection
from archive.search.vocabulary import part_of
from archive.store.index import Index, fill
from archive.store.opening import (
    DATABASE,
    check_place,
    explained_errors,
    open_database,
    remove_database,
)
from archive.store.schema import SUBSET, create, is_subset, own_columns
from archive.store.withheld import act

_COPIED = {
    "articles": "id IN wanted",
    "sites": "id IN (SELECT site FROM articles WHERE id IN wanted)",
    **dict.fromkeys(
        ("captures", "readings", "revisions", "aliases", "engagement", "article_tags"),
        "article IN wanted",
    ),
    "tags": "id IN (SELECT tag FROM article_tags WHERE article IN wanted)",
    "editions": "article IN wanted AND other IN wanted",
    "stories": "id IN (SELECT story FROM articles WHERE id IN wanted)",
}
"""Table → which of its rows belong to the articles."""
_JOINED = """
UPDATE captures SET crawl = NULL;
UPDATE captures SET refers_to = NULL WHERE refers_to NOT IN (SELECT id FROM captures);
UPDATE captures SET visit = id WHERE visit NOT IN (SELECT id FROM captures);
UPDATE stories SET (articles, sites) =
    (SELECT count(*), count(DISTINCT site) FROM articles WHERE story = stories.id);
"""
"""What refers to rows that stay behind."""


def write_subset(
    c: sqlite3.Connection,
    numbers: Sequence[int],
    folder: Path,
    chosen: Selection = query.EVERYTHING,
) -> int:
    """Write the articles with these ids as an archive without captures; returns how many there were.

    The folder's `news.db` is there whole or not at all; the same articles give the same bytes, with one version
    of SQLite. An article comes with its whole history. Raises `ArchiveUsageError` where the folder holds an archive
    that is none of ours, or a past state is asked for, `ArchiveError` where the disk is full.
    """
    if chosen.as_of:
        raise ArchiveUsageError(
            "a subset holds the whole history of its articles, and so no past state: leave --as-of out"
        )
    path = folder / DATABASE
    part = path.with_name(path.name + PART)
    with explained_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if check_place(path):
            with closing(open_database(folder).conn) as old:
                if not is_subset(old):
                    raise ArchiveUsageError(f"{folder} is an archive: name another folder")
        remove_database(part)
        try:
            with closing(sqlite3.connect(part, isolation_level=None)) as new:
                new.execute("PRAGMA page_size = 4096")
                new.execute("PRAGMA journal_mode = OFF")  # the file is thrown away where this fails
                create(new)
                new.execute(f"PRAGMA application_id = {SUBSET}")
                new.execute("BEGIN")
                with _one_state(c):
                    found = _copy(c, new, numbers)
                new.execute("COMMIT")
                new.execute("VACUUM")
            part.replace(path)
        finally:
            remove_database(part)
        sync_folder(folder)
        act(folder)  # what was withheld in an earlier subset of this folder
    return found


@contextmanager
def _one_state(c: sqlite3.Connection) -> Iterator[None]:
    """All that is read inside is of one state of the archive, whatever a crawl writes meanwhile."""
    if c.in_transaction:
        yield
        return
    c.execute("BEGIN")
    try:
        yield
    finally:
        c.execute("ROLLBACK")


def _copy(c: sqlite3.Connection, new: sqlite3.Connection, numbers: Sequence[int]) -> int:
    ids = json.dumps([*numbers])
    for table, condition in _COPIED.items():
        names = ", ".join(own_columns()[table])
        marks = ", ".join("?" * len(own_columns()[table]))
        rows = c.execute(
            "WITH wanted AS (SELECT value FROM json_each(?)) "  # noqa: S608 -- own names
            f"SELECT {names} FROM {table} WHERE {condition}",
            (ids,),
        )
        new.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608
    for statement in _JOINED.split(";"):
        new.execute(statement)
    for (story,) in new.execute("SELECT id FROM stories").fetchall():
        first = stories.members(new, story)[0]["id"]
        new.execute("UPDATE stories SET first_article = ? WHERE id = ?", (first, story))
    return fill(new, Index(new, _known_stems(c, new)))


def _known_stems(
    c: sqlite3.Connection, new: sqlite3.Connection
) -> Callable[[list[str], bool], dict[str, str]]:
    """What gives words the stems that they have in the archive: a search finds the same in both."""

    def decide(words: list[str], is_russian: bool) -> dict[str, str]:
        rows = c.execute(
            "SELECT word, stems, key FROM vocabulary WHERE word IN (SELECT value FROM json_each(?))",
            (json.dumps(words),),
        ).fetchall()
        new.executemany(
            "INSERT OR IGNORE INTO vocabulary (word, stems, key) VALUES (?, ?, ?)", rows
        )
        found = {word: part for word, stems, _ in rows if (part := part_of(stems, is_russian))}
        if missing := [word for word in words if word not in found]:
            raise ArchiveError(
                f"the vocabulary lacks {missing[0]}: `newsbot verify --repair` makes the index anew"
            )
        return found

    return decide
