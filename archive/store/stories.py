"""stories: writes which articles are one story, and which are editions of one another.

Brings the tables `stories` and `editions` and the columns `story` and `story_share` of `articles` up
to date with what `archive.stories` finds; rows that are right already are left alone.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from archive import stories
from archive.store import Store, explained_errors
from archive.store.withheld import enforce
from archive.stories.texts import Tokens, tokens_in_order


@dataclass(frozen=True, slots=True)
class Linked:
    """What an archive holds after linking."""

    stories: int
    articles: int
    """Articles that belong to a story."""
    editions: int
    """Articles that have another edition."""
    changed: int
    """Rows that were written, removed ones included."""


def link(store: Store, tokens: Tokens = tokens_in_order) -> Linked:
    """Find all stories and editions of an archive and keep them; `tokens` reads texts.

    Everything is found afresh, outside any transaction, and the differences are written in one.
    """
    with explained_errors(store.folder):
        found = stories.find(store.connection, tokens)
    with store.transaction() as c:
        changed = _write(c, found)
        linked = {number for pair in found.editions for number in pair}
        enforce(c, store.changes.index, linked | found.articles.keys())  # withheld meanwhile
    return Linked(
        stories=len(found.stories),
        articles=len(found.articles),
        editions=len(linked),
        changed=changed,
    )


def _write(c: sqlite3.Connection, found: stories.FoundStories) -> int:
    """Bring the tables up to date; returns how many rows were changed."""
    before = c.total_changes
    old_stories = {row[0]: tuple(row)[1:] for row in c.execute("SELECT * FROM stories")}
    old_articles = {
        row[0]: (row[1], row[2])
        for row in c.execute("SELECT id, story, story_share FROM articles WHERE story IS NOT NULL")
    }
    old_editions = {(row[0], row[1]): row[2] for row in c.execute("SELECT * FROM editions")}
    new_editions = {
        pair: way for (a, b), way in found.editions.items() for pair in ((a, b), (b, a))
    }
    c.executemany(
        "INSERT INTO stories (id, first_article, articles, sites) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET first_article = excluded.first_article, "
        "articles = excluded.articles, sites = excluded.sites",
        [(key, *row) for key, row in found.stories.items() if old_stories.get(key) != row],
    )
    c.executemany(
        "UPDATE articles SET story = ?, story_share = ? WHERE id = ?",
        [(*row, key) for key, row in found.articles.items() if old_articles.get(key) != row],
    )
    c.executemany(
        "UPDATE articles SET story = NULL, story_share = NULL WHERE id = ?",
        [(key,) for key in old_articles.keys() - found.articles.keys()],
    )
    c.executemany(
        "DELETE FROM stories WHERE id = ?",
        [(key,) for key in old_stories.keys() - found.stories.keys()],
    )
    c.executemany(
        "DELETE FROM editions WHERE article = ? AND other = ?",
        old_editions.keys() - new_editions.keys(),
    )
    c.executemany(
        "INSERT INTO editions (article, other, found_by) VALUES (?, ?, ?) "
        "ON CONFLICT (article, other) DO UPDATE SET found_by = excluded.found_by",
        [(*key, way) for key, way in new_editions.items() if old_editions.get(key) != way],
    )
    return c.total_changes - before
