"""withheld: keeps articles that people withhold out of what the writer makes for readers.

The files in decisions/ are what counts; the table `withheld` follows them, and the index, stories and editions
follow the table. `archive.store.views` hides the rest.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from archive.decisions import DECISIONS, WITHHOLD, WITHHOLDING, withheld
from archive.store.index import Index
from archive.store.opening import BUSY_SECONDS, DATABASE, explained_errors


def act(folder: Path) -> None:
    """Let what was decided hold at once, whoever writes to the archive meanwhile.

    Raises `ArchiveLocked` where a writer lets nobody in for a minute: the next run follows then.
    """
    uri = f"{(folder / DATABASE).absolute().as_uri()}?mode=rw"
    with (
        explained_errors(folder),
        closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)) as c,
    ):
        c.execute("PRAGMA trusted_schema = OFF")
        follow(c, Index(c), folder)


def follow(c: sqlite3.Connection, index: Index, folder: Path) -> None:
    """Bring the table up to the files, in a transaction of its own.

    Addresses of which no file says anything any more stay as they are: a lost file shows nothing.
    """
    if not any((folder / DECISIONS).glob(WITHHOLDING.files)):
        return
    c.execute("BEGIN IMMEDIATE")
    try:
        there = {row[0]: tuple(row) for row in c.execute("SELECT * FROM withheld")}
        changed = []
        for url, line in withheld(folder)[0].items():
            is_withheld = line["decision"] == WITHHOLD
            row = (url, line["at"], line["reason"], line["by"]) if is_withheld else None
            if there.get(url) != row:
                c.execute("DELETE FROM withheld WHERE url = ?", (url,))
                c.executemany("INSERT INTO withheld VALUES (?, ?, ?, ?)", [row] if row else [])
                changed.append(url)
        sql = "SELECT article FROM aliases WHERE url IN (SELECT value FROM json_each(?))"
        enforce(c, index, [row[0] for row in c.execute(sql, (json.dumps(changed),))])
        c.execute("COMMIT")
    except BaseException:
        index.forget()
        if c.in_transaction:
            c.execute("ROLLBACK")
        raise


_OUT_OF_STEP = """
SELECT a.id, a.title, a.text, a.language, a.id IN (SELECT id FROM withheld_articles) AS is_withheld
  FROM articles a WHERE a.id IN (SELECT value FROM json_each(?))
   AND is_withheld = (a.id IN (SELECT id FROM articles_fts_docsize))
"""


def enforce(c: sqlite3.Connection, index: Index, articles: Iterable[int]) -> None:
    """Have the index, stories and editions without those of some articles that are withheld.

    Runs before each commit: with a new address an article may have become a withheld one.
    """
    ids = json.dumps(sorted(articles))
    for article, title, text, language, is_withheld in c.execute(_OUT_OF_STEP, (ids,)).fetchall():
        (index.remove if is_withheld else index.add)(article, title, text, language)
    sql = "SELECT id FROM withheld_articles WHERE id IN (SELECT value FROM json_each(?))"
    for (article,) in c.execute(sql, (ids,)).fetchall():
        unlink(c, article)


def unlink(c: sqlite3.Connection, article: int) -> None:
    """Take apart the story of an article, and take it from its editions; `newsbot stories` finds the rest."""
    (story,) = c.execute("SELECT story FROM articles WHERE id = ?", (article,)).fetchone()
    if story is not None:
        c.execute("UPDATE articles SET story = NULL, story_share = NULL WHERE story = ?", (story,))
        c.execute("DELETE FROM stories WHERE id = ?", (story,))
    c.execute("DELETE FROM editions WHERE article = ?1 OR other = ?1", (article,))
