"""query: reads articles back out of the archive, whole and in a stable order.

The one place that turns rows into the record that `newsbot show` and `newsbot export` print.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from archive.article import FIELDS, JSON_FIELDS, READ, SOURCED
from archive.errors import ArchiveUsageError

_READ = ", ".join(f"g.{name}" for name in READ)
_SELECT = """
SELECT a.*, c.warc, c.warc_offset, c.record_id, c.payload_digest, c.url AS capture_url,
       (SELECT count(*) FROM revisions r WHERE r.article = a.id) AS revisions,
       (SELECT json_group_array(name) FROM (SELECT t.name FROM article_tags x
          JOIN tags t ON t.id = x.tag WHERE x.article = a.id ORDER BY t.name)) AS tags
  FROM articles a LEFT JOIN captures c ON c.id = a.capture
"""
EXTRA_FIELDS = "id first_seen last_seen gone_since revision revisions story capture".split()
"""What an archived article has beside the fields of `archive.article.FIELDS`."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which articles are meant. Dates are ISO 8601 prefixes of `published`; bounds inclusive."""

    sites: tuple[str, ...] = ()
    after: str | None = None
    before: str | None = None
    language: str | None = None


EVERYTHING = Selection()


def _where(selection: Selection) -> tuple[str, list[Any]]:
    clauses: list[str] = ["1"]
    args: list[Any] = []
    if selection.sites:
        clauses.append("a.site IN (SELECT value FROM json_each(?))")
        args.append(json.dumps(selection.sites))
    if selection.after:
        clauses.append("a.published >= ?")
        args.append(selection.after)
    if selection.before:
        # «2023» includes the whole of 2023: compare as many characters as were given.
        clauses.append("substr(a.published, 1, ?) <= ?")
        args += [len(selection.before), selection.before]
    if selection.language:
        clauses.append("a.language = ?")
        args.append(selection.language)
    return " AND ".join(clauses), args


def articles(c: sqlite3.Connection, selection: Selection = EVERYTHING) -> Iterator[dict[str, Any]]:
    """Records of all selected articles, ordered by site, date and id: the same query, the same order."""
    where, args = _where(selection)
    sql = f"{_SELECT} WHERE {where} ORDER BY a.site, a.published IS NULL, a.published, a.id"
    yield from _records(c.execute(sql, args))


def article(c: sqlite3.Connection, key: str) -> dict[str, Any]:
    """One record by id, address or alias. Raises `ArchiveUsageError` where there is none."""
    if key.isascii() and key.isdigit() and len(key) < 19:  # SQLite's integers end there
        found = c.execute(f"{_SELECT} WHERE a.id = ?", (int(key),))
    else:
        found = c.execute(
            f"{_SELECT} WHERE a.id = (SELECT article FROM aliases WHERE url = ?)",  # noqa: S608
            (key,),
        )
    record = next(_records(found), None)
    if record:
        return record
    sql = (
        "SELECT id, since, by, reason FROM withheld_articles WHERE ?1 IN (CAST(id AS TEXT), url) "
        "OR id = (SELECT article FROM main.aliases WHERE url = ?1)"
    )
    for number, since, by, reason in c.execute(sql, (key,)):
        who = f" by {by}" if by else ""
        raise ArchiveUsageError(f"article {number} is withheld since {since}{who}: {reason}")
    raise ArchiveUsageError(f"no article {key!r} in this archive: give its id or its address")


_NAMES = {
    "site": "SELECT id FROM sites WHERE id = coalesce(?, id)",
    "region": "SELECT region FROM sites WHERE region = coalesce(?, region)",
    "language": "SELECT language FROM articles WHERE language = coalesce(?, language)",
}


def names(c: sqlite3.Connection, kind: str) -> list[str]:
    """All that the archive holds of a kind, `site`, `region` or `language`, in order."""
    return sorted({row[0] for row in c.execute(_NAMES[kind], (None,))})


def holds(c: sqlite3.Connection, kind: str, name: str) -> bool:
    """Whether `names` has a name; quick where it has."""
    return c.execute(f"{_NAMES[kind]} LIMIT 1", (name,)).fetchone() is not None


def revisions(c: sqlite3.Connection, article_id: int) -> list[dict[str, Any]]:
    """The states of an article that the newspaper printed, oldest first.

    Each has `number, seen_at, changed, kept`, the fields of `archive.article.READ`, the `digest` and
    `rules` of its reading, and its capture's `warc, warc_offset, record_id`.
    """
    cursor = c.execute(
        f"SELECT r.number, r.seen_at, r.changed, r.kept, {_READ}, g.digest, g.rules, c.warc, "  # noqa: S608
        "c.warc_offset, c.record_id FROM revisions r JOIN readings g ON g.id = r.reading "
        "LEFT JOIN captures c ON c.id = r.capture WHERE r.article = ? ORDER BY r.number",
        (article_id,),
    )
    return _decoded(cursor, ("changed", "kept"))


def readings(c: sqlite3.Connection, article_id: int) -> list[dict[str, Any]]:
    """Every state of an article that was ever read, those that other rules read since included.

    Each has `digest, rules`, the fields of `archive.article.READ`, and the numbers of the `revisions`
    that it is the reading of; none where it was superseded.
    """
    cursor = c.execute(
        f"SELECT g.digest, g.rules, {_READ}, (SELECT json_group_array(number) FROM "  # noqa: S608
        "(SELECT number FROM revisions WHERE article = g.article AND reading = g.id ORDER BY number)) "
        "AS revisions FROM readings g WHERE g.article = ? ORDER BY g.id",
        (article_id,),
    )
    return _decoded(cursor, ("revisions",))


def _decoded(cursor: sqlite3.Cursor, more: tuple[str, ...]) -> list[dict[str, Any]]:
    names = [d[0] for d in cursor.description]
    lists = JSON_FIELDS.union(more)
    return [
        {
            name: json.loads(value) if name in lists else value
            for name, value in zip(names, row, strict=True)
        }
        for row in cursor
    ]


def _records(cursor: sqlite3.Cursor) -> Iterator[dict[str, Any]]:
    names = [d[0] for d in cursor.description]
    for values in cursor:
        yield _record(dict(zip(names, values, strict=True)))


def _record(row: dict[str, Any]) -> dict[str, Any]:
    for name in JSON_FIELDS.intersection(row):
        row[name] = json.loads(row[name])
    row["is_article"], row["reason"] = True, None
    row["canonical_url"] = row["url"]
    row["pages"] = []
    row["sources"] = {
        name: row["sources"].get(name) for name in SOURCED
    }  # one type in every export
    row["capture"] = (
        {
            "url": row["capture_url"],
            "warc": row["warc"],
            "offset": row["warc_offset"],
            "record_id": row["record_id"],
            "digest": row["payload_digest"],
        }
        if row["warc"]
        else None
    )
    return {name: row[name] for name in (*EXTRA_FIELDS[:1], *FIELDS, *EXTRA_FIELDS[1:])}
