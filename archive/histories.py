"""histories: the captures of articles read for `archive.derive`: what each is now, or was at a moment of the past.

Reads only: `archive.store.articles` writes what is found, `past` lays it into a temporary table.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archive.article import JSON_FIELDS, READ, SOURCES
from archive.derive import DAY, History, PageCapture, Reading, history
from archive.times import utc

WINDOW = 2 * DAY
"""How long after a page stopped to print a field others of its layout may show that they print it."""
_END = "9999-12-31T23:59:59Z"
"""A moment after all others."""
_CAPTURES = """
SELECT id, record_id, fetched_at, result, reason, reading, payload_digest, layout, rules, views, comments,
       named, coalesce(address, url) AS address,
       (SELECT group_concat(f.payload_digest, ' ') FROM captures f
         WHERE f.visit = c.visit AND f.part = 'further') AS further
  FROM captures c WHERE article = ? AND result IS NOT NULL AND fetched_at <= ?
 ORDER BY fetched_at, id
"""


def history_of(
    c: sqlite3.Connection,
    article: int,
    site: str,
    known: Iterable[Reading] = (),
    *,
    believed: Callable[[str], bool] = lambda _: False,
    moment: str = _END,
) -> History:
    """An article's history, by all of its captures up to a moment (ISO 8601, UTC).

    `known` are readings that need not be looked up; `believed` tells of a page's word for its address whether it
    holds: without it, `History.address` is where the article was seen.
    """
    rows = _rows(c, _CAPTURES, article, moment)
    readings = {reading.id: reading for reading in known if reading.id is not None}
    if not {row["reading"] for row in rows} - {None} <= readings.keys():
        stored = _rows(c, "SELECT * FROM readings WHERE article = ?", article)
        readings = {row["id"]: reading_of(row) for row in stored}
    named = {name for name in {row["named"] for row in rows} - {None} if believed(name)}
    return history(
        (
            PageCapture(
                payloads=(row.pop("payload_digest"), *(row.pop("further") or "").split()),
                address=row["named"] if row["named"] in named else row["address"],
                **{name: row[name] for name in _PAGE},
            )
            for row in rows
        ),
        readings,
        lambda layout, name, seen: _prints_elsewhere(c, site, article, layout, name, seen, moment),
        lambda seen: _in_event(c, site, seen),
    )


_PAGE = "id record_id fetched_at result reading layout rules views comments".split()


def reading_of(row: Any) -> Reading:
    """A reading out of its row."""
    values = {name: json.loads(row[name]) if name in JSON_FIELDS else row[name] for name in READ}
    return Reading(row["id"], values, row["digest"], row["rules"])


def _rows(c: sqlite3.Connection, sql: str, *args: object) -> list[dict[str, Any]]:
    cursor = c.execute(sql, args)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _prints_elsewhere(
    c: sqlite3.Connection, site: str, article: int, layout: str, name: str, seen: str, moment: str
) -> bool:
    """Whether a layout printed a field on another page, when that page was seen or in the days after it."""
    until = min(utc(datetime.fromisoformat(seen) + WINDOW), moment)
    empty = "'[]'" if name in JSON_FIELDS else "''"
    return (
        c.execute(
            f"SELECT 1 FROM captures c JOIN readings g ON g.id = c.reading "  # noqa: S608 -- a field
            f"WHERE c.site = ? AND c.fetched_at BETWEEN ? AND ? AND c.article <> ? "
            f"AND c.status = 200 AND c.layout = ? AND coalesce(g.{name}, {empty}) <> {empty} "
            "AND coalesce(json_extract(g.sources, ?), '') NOT IN (SELECT value FROM json_each(?)) "
            "LIMIT 1",
            (site, seen, until, article, layout, f"$.{name}", json.dumps(sorted(SOURCES))),
        ).fetchone()
        is not None
    )


def _in_event(c: sqlite3.Connection, site: str, moment: str) -> bool:
    return (
        c.execute(
            "SELECT 1 FROM events WHERE site = ?1 AND kind = 'missing' AND began_at <= ?2 "
            "AND coalesce(ended_at, ?2) >= ?2",
            (site, moment),
        ).fetchone()
        is not None
    )


# -- the past -------------------------------------------------------------------------------------

_PAST = """
CREATE TEMP TABLE {past} (
    id INTEGER, number INTEGER, seen_at TEXT, capture INTEGER, reading INTEGER, composed TEXT, digest TEXT,
    first_seen TEXT, last_seen TEXT, gone_since TEXT, views INTEGER, comments INTEGER, is_newest INTEGER,
    is_moved INTEGER, story INTEGER, PRIMARY KEY (id, number)
) WITHOUT ROWID
"""
_STILL = """
INSERT INTO {past} SELECT a.id, r.number, r.seen_at, r.capture, r.reading, NULL, NULL, a.first_seen,
       a.last_seen, a.gone_since, a.views, a.comments, r.number = a.revision, 0, a.story
  FROM articles a JOIN revisions r ON r.article = a.id
 WHERE a.first_seen <= ? AND a.id NOT IN (SELECT value FROM json_each(?))
"""
# Of what was captured no more since, the present state is that of then; but other pages of its layout, seen a day
# later, may have told an edit from a field that our rules had lost.
_MOVED = """
SELECT a.id, a.site, a.story FROM articles a WHERE a.first_seen <= :moment AND (
    EXISTS (SELECT 1 FROM captures WHERE article = a.id AND fetched_at > :moment)
    OR EXISTS (SELECT 1 FROM captures WHERE article = a.id AND fetched_at > :near)
       AND (SELECT count(DISTINCT reading) FROM captures WHERE article = a.id) > 1)
"""
_ALONE = """
UPDATE {past} SET story = NULL WHERE story NOT IN
    (SELECT story FROM {past} WHERE is_newest AND story IS NOT NULL GROUP BY story HAVING count(*) > 1)
"""
_FIELDS = ", ".join(
    f"CASE WHEN p.composed IS NULL THEN g.{name} ELSE p.composed ->> '$.{name}' END AS {name}"
    for name in READ
)
_ROWS = f"""
SELECT x.id, x.site, x.url, {_FIELDS}, p.number AS revision, p.seen_at AS revised_at, p.capture,
       coalesce(p.digest, g.digest) AS read_as, p.first_seen, p.last_seen, p.gone_since, p.story,
       CASE WHEN p.story IS NOT NULL THEN x.story_share END AS story_share, p.views, p.comments,
       (SELECT max(number) FROM {{past}} n WHERE n.id = p.id) AS revisions
  FROM {{past}} p JOIN articles x ON x.id = p.id LEFT JOIN readings g ON g.id = p.reading
"""  # noqa: S608 -- constants
_CHANGED = """
SELECT p.id FROM {past} p JOIN articles x ON x.id = p.id
  JOIN revisions r ON r.article = p.id AND r.number = x.revision
 WHERE p.is_newest AND p.is_moved AND p.reading IS NOT r.reading
"""


@dataclass(frozen=True, slots=True)
class Past:
    """What the captures up to a moment show, each article derived anew, in a table of this connection."""

    rows: str
    """SQL of the articles as they were: the columns of `articles`, their tags as JSON, `revised_at`, `read_as`
    (digest) and `revisions`."""
    states: str
    """The same of every revision up to then."""
    changed: str
    """SQL of the ids of those that read otherwise now."""
    words: str
    """Name of a full-text index for those."""


def past(c: sqlite3.Connection, moment: str, *, anew: bool = False) -> Past:
    """Articles as a full derivation over the captures up to a moment (ISO 8601, UTC) gives them.

    What is one article, its address, the story it belongs to and what its page was read as are today's knowledge. A
    story that had one article alone is none. The table stays as it is, unless it is made `anew`.
    """
    table, words = f'"as of {moment}"', f'"words as of {moment}"'
    rows = _ROWS.format(past=table)
    found = Past(f"{rows} WHERE p.is_newest", rows, _CHANGED.format(past=table), words)
    sql = "SELECT 1 FROM temp.sqlite_schema WHERE name = ?"
    if c.execute(sql, (table.strip('"'),)).fetchone():
        if not anew:
            return found
        c.execute(f"DROP TABLE {table}")
        c.execute(f"DROP TABLE IF EXISTS temp.{words}")
    c.execute(_PAST.format(past=table))
    near = utc(datetime.fromisoformat(moment) - WINDOW)
    moved = c.execute(_MOVED, {"moment": moment, "near": near}).fetchall()
    c.execute(_STILL.format(past=table), (moment, json.dumps([row[0] for row in moved])))
    marks = ", ".join("?" * 15)
    for number, site, story in moved:
        states = history_of(c, number, site, moment=moment)
        c.executemany(
            f"INSERT INTO {table} VALUES ({marks})",  # noqa: S608 -- its own name
            [(number, *state, story) for state in _states(states)],
        )
    c.execute(_ALONE.format(past=table))
    return found


def _states(found: History) -> Iterator[tuple[object, ...]]:
    """The rows of one article, without its id and story."""
    counted = [
        next((row[at] for row in reversed(found.engagement) if row[at] is not None), None)
        for at in (1, 2)
    ]
    for number, one in enumerate(found.revisions, 1):
        read = one.reading
        composed = None if read.id else json.dumps(dict(read.values), ensure_ascii=False)
        yield (
            number, one.seen_at, one.capture, read.id, composed, None if read.id else read.digest,
            found.first_seen, found.last_seen, found.gone_since, *counted, number == len(found.revisions), 1,
        )  # fmt: skip
