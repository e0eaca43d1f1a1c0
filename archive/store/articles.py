"""articles: writes what `archive.derive` says an article is, where that differs from what is stored.

Runs inside the writer's transaction. Nothing here decides what an article is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from archive.article import JSON_FIELDS, READ, Article
from archive.derive import BELIEVED, DAY, History, Reading, Revision, digest
from archive.histories import WINDOW, history_of, reading_of
from archive.search import facts
from archive.store.aliases import is_believed
from archive.store.changes import Changes
from archive.store.rows import insert, to_json, update
from archive.store.withheld import unlink
from archive.times import utc

_SIDE = ("modified", "editions", "layout", "charset", "sources", "flags")
"""Fields of a reading that tell how it was read: those of the newest capture of that state."""
_COLUMNS = [name for name in READ if name != "tags"]
"""Columns of `articles` that the newest reading fills."""


# -- readings -----------------------------------------------------------------------------------


def values_of(article: Article) -> dict[str, Any]:
    """The fields of an article that a reading keeps."""
    return {name: getattr(article, name) for name in READ}


def save_reading(
    c: sqlite3.Connection,
    article: int,
    values: Mapping[str, Any],
    rules: str | None,
    moment: str,
    *,
    is_new: bool = False,
) -> Reading:
    """Keep what was read at a moment; a state that was read before is kept once.

    It is kept as its first capture printed it, whatever arrived first. Without `rules` it was put
    together of several captures.
    """
    found = digest(values)
    row = None
    if not is_new:
        row = c.execute(
            "SELECT id FROM readings WHERE article = ? AND digest = ?", (article, found)
        ).fetchone()
    columns = {name: _column(name, values) for name in READ}
    if row is None:
        number = insert(
            c, "readings", {"article": article, "digest": found, "rules": rules, **columns}
        )
        return Reading(number, values, found, rules)
    first, last = c.execute(
        # A 304 has the reading of the page that it refers to, and tells nothing of it.
        "SELECT min(fetched_at), max(fetched_at) FROM captures WHERE reading = ? AND status <> 304",
        (row["id"],),
    ).fetchone()
    news = {}
    if first is None or (rules and moment < first):
        news = {name: columns[name] for name in READ if name not in _SIDE}
    if first is None or (rules and moment >= last):
        news |= {"rules": rules, **{name: columns[name] for name in _SIDE}}
    if news:
        update(c, "readings", row["id"], news)
    return reading(c, row["id"])


def drop_unused(c: sqlite3.Connection, number: int | None) -> None:
    """Forget a reading that no capture has any more."""
    c.execute(
        "DELETE FROM readings WHERE id = ?1 AND NOT EXISTS "
        "(SELECT 1 FROM captures WHERE reading = ?1)",
        (number,),
    )


def reading(c: sqlite3.Connection, number: int) -> Reading:
    """A reading by its id."""
    return reading_of(c.execute("SELECT * FROM readings WHERE id = ?", (number,)).fetchone())


# -- the article --------------------------------------------------------------------------------


def derive(
    changes: Changes,
    article: int,
    known: Iterable[Reading] = (),
    *,
    new: Mapping[str, Any] | None = None,
) -> tuple[History, int]:
    """Bring an article's rows up to date with its captures.

    `known` are readings that need not be looked up; `new` are site and address of an article that has
    no row yet. Returns its history, and how many revisions it had before. An article without a capture
    that proves it is removed.
    """
    c = changes.c
    old = new or c.execute("SELECT * FROM articles WHERE id = ?", (article,)).fetchone()
    found = history_of(
        c, article, old["site"], known, believed=lambda name: is_believed(c, name, article)
    )
    before = [] if new else _revisions(c, article)
    if not found.revisions:
        remove(changes, article)
        return found, len(before)
    reading = _write_revisions(c, article, before, found.revisions)
    _write_article(changes, article, old, found, reading, is_new=new is not None)
    _write_engagement(c, article, found, is_new=new is not None)
    changes.articles.add(article)
    return found, len(before)


_REVISIONS = """
SELECT number, seen_at, capture, reading, changed, kept FROM revisions WHERE article = ?
 ORDER BY number
"""


def _revisions(c: sqlite3.Connection, article: int) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in c.execute(_REVISIONS, (article,))]


def _write_revisions(
    c: sqlite3.Connection,
    article: int,
    before: Sequence[tuple[Any, ...]],
    wanted: Sequence[Revision],
) -> Reading:
    """Write what differs, and return the newest reading."""
    readings = [_stored(c, article, revision.reading) for revision in wanted]
    rows = [
        (
            number,
            revision.seen_at,
            revision.capture,
            readings[number - 1].id,
            to_json(list(revision.changed)),
            to_json(dict(revision.kept)),
        )
        for number, revision in enumerate(wanted, 1)
    ]
    if rows == before:
        return readings[-1]
    same = next(
        (n for n, (one, other) in enumerate(zip(rows, before, strict=False)) if one != other),
        min(len(rows), len(before)),
    )
    if same < len(before):
        c.execute("DELETE FROM revisions WHERE article = ? AND number > ?", (article, same))
    c.executemany(
        "INSERT INTO revisions (article, number, seen_at, capture, reading, changed, kept) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(article, *row) for row in rows[same:]],
    )
    if before:  # what was put together for a revision that is another one now was never printed so
        c.execute(
            "DELETE FROM readings WHERE article = ?1 AND rules IS NULL "
            "AND id NOT IN (SELECT reading FROM revisions WHERE article = ?1) "
            "AND NOT EXISTS (SELECT 1 FROM captures WHERE reading = readings.id)",
            (article,),
        )
    return readings[-1]


def _stored(c: sqlite3.Connection, article: int, reading: Reading) -> Reading:
    """A reading with its row; one that was put together of two captures gets it now."""
    if reading.id is not None:
        return reading
    return save_reading(c, article, reading.values, None, "")


def _write_engagement(c: sqlite3.Connection, article: int, found: History, *, is_new: bool) -> None:
    sql = "SELECT seen_at, views, comments FROM engagement WHERE article = ?"
    rows = set() if is_new else {tuple(row) for row in c.execute(sql, (article,))}
    wanted = set(found.engagement)
    if rows - wanted:
        c.executemany(
            "DELETE FROM engagement WHERE article = ? AND seen_at = ?",
            [(article, seen_at) for seen_at, *_ in rows - wanted],
        )
    c.executemany(
        "INSERT INTO engagement (article, seen_at, views, comments) VALUES (?, ?, ?, ?)",
        [(article, *row) for row in wanted - rows],
    )


_INDEXED = facts.COLUMNS | {"title", "text"}


def _write_article(
    changes: Changes,
    article: int,
    old: Mapping[str, Any] | sqlite3.Row,
    found: History,
    reading: Reading,
    *,
    is_new: bool,
) -> None:
    c, index = changes.c, changes.index
    views = [row[1] for row in found.engagement if row[1] is not None]
    comments = [row[2] for row in found.engagement if row[2] is not None]
    row = {
        "url": _address(c, article, found.address, old["url"]),
        **{name: _column(name, reading.values) for name in _COLUMNS},
        "views": views[-1] if views else None,
        "comments": comments[-1] if comments else None,
        "first_seen": found.first_seen,
        "last_seen": found.last_seen,
        "gone_since": found.gone_since,
        "revision": len(found.revisions),
        "capture": found.revisions[-1].capture,
    }
    printed = (row["title"], row["text"], row["language"])
    tags = reading.values["tags"]
    if is_new:
        insert(c, "articles", {"id": article, "site": old["site"], **row})
        _set_tags(c, article, tags, {})
        index.add(article, *printed)
        return
    different = {name: value for name, value in row.items() if old[name] != value}
    old_tags = _tags(c, article)
    is_indexed_anew = not _INDEXED.isdisjoint(different) or old_tags.keys() != set(tags)
    if is_indexed_anew:  # the index takes out what the rows still say
        index.remove(article, old["title"], old["text"], old["language"])
    if different:
        update(c, "articles", article, different)
    _set_tags(c, article, tags, old_tags)
    if is_indexed_anew:
        index.add(article, *printed)


def _column(name: str, values: Mapping[str, Any]) -> Any:
    value = values[name]
    if name not in JSON_FIELDS:
        return value
    return to_json(value) if value else "{}" if isinstance(value, dict) else "[]"


def _address(c: sqlite3.Connection, article: int, wanted: str, present: str) -> str:
    """The article's address, if no other article has it."""
    if wanted == present:
        return present
    taken = c.execute(
        "SELECT 1 FROM articles WHERE url = ? AND id <> ?", (wanted, article)
    ).fetchone()
    return present if taken else wanted


def _tags(c: sqlite3.Connection, article: int) -> dict[str, int]:
    """Name and id of the tags that an article has."""
    sql = "SELECT t.name, t.id FROM article_tags x JOIN tags t ON t.id = x.tag WHERE x.article = ?"
    return {row["name"]: row["id"] for row in c.execute(sql, (article,))}


def _set_tags(c: sqlite3.Connection, article: int, tags: list[str], old: dict[str, int]) -> None:
    """Give an article these tags and no others; it has the `old` ones."""
    wanted = set(tags)
    if old.keys() == wanted:
        return
    c.executemany(
        "DELETE FROM article_tags WHERE article = ? AND tag = ?",
        [(article, number) for name, number in old.items() if name not in wanted],
    )
    added = [(name,) for name in dict.fromkeys(tags) if name not in old]
    c.executemany("INSERT OR IGNORE INTO tags (name) VALUES (?)", added)
    c.executemany(
        "INSERT INTO article_tags (article, tag) SELECT ?, id FROM tags WHERE name = ?",
        [(article, *name) for name in added],
    )


# -- two articles that are one ------------------------------------------------------------------


def join(changes: Changes, kept: int, others: Iterable[int]) -> None:
    """Give one article the captures and addresses of others that were proved to be the same."""
    c = changes.c
    for other in others:
        for row in c.execute("SELECT * FROM readings WHERE article = ?", (other,)).fetchall():
            same = c.execute(
                "SELECT id FROM readings WHERE article = ? AND digest = ?", (kept, row["digest"])
            ).fetchone()
            if same is None:
                c.execute("UPDATE readings SET article = ? WHERE id = ?", (kept, row["id"]))
            else:
                c.execute(
                    "UPDATE captures SET reading = ? WHERE reading = ?", (same["id"], row["id"])
                )
        for table in ("captures", "aliases", "frontier"):
            c.execute(f"UPDATE {table} SET article = ? WHERE article = ?", (kept, other))  # noqa: S608
        remove(changes, other)


def remove(changes: Changes, article: int) -> None:
    """Take away an article that no capture proves, and everything derived of it."""
    c = changes.c
    row = c.execute("SELECT * FROM articles WHERE id = ?", (article,)).fetchone()
    c.execute("UPDATE captures SET article = NULL, reading = NULL WHERE article = ?", (article,))
    c.execute("UPDATE frontier SET article = NULL WHERE article = ?", (article,))
    unlink(c, article)
    changes.index.remove(article, row["title"], row["text"], row["language"])
    for table in ("revisions", "readings", "engagement", "article_tags", "aliases"):
        c.execute(f"DELETE FROM {table} WHERE article = ?", (article,))  # noqa: S608 -- own names
    changes.articles.discard(article)
    c.execute("DELETE FROM articles WHERE id = ?", (article,))


def settle(changes: Changes, site: str, since: datetime | None) -> None:
    """Derive anew the articles whose history other pages of the site may have decided by now."""
    events = utc(since - BELIEVED - DAY) if since else ""
    others = utc(since - WINDOW) if since else ""
    rows = changes.c.execute(
        "SELECT DISTINCT c.article FROM captures c JOIN articles a ON a.id = c.article "
        "WHERE c.site = ?1 AND c.fetched_at >= ?2 AND (c.result = 'missing' OR c.fetched_at >= ?3 "
        "AND EXISTS (SELECT 1 FROM revisions WHERE article = c.article AND kept <> '{}'))",
        (site, events, others),
    ).fetchall()
    for row in rows:
        derive(changes, row["article"])
