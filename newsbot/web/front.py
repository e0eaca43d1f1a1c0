"""front: the front page: what is new, what newspapers changed, and where they are printed."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from collections import Counter
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from archive.derive import DAY
from archive.times import now, utc
from newsbot.web.room import Asked, Page, page

LATEST = 12
CHANGED = 8
"""Articles of each kind of change that are shown."""
_LINE = "id, title, language, site, published, gone_since"
_LATEST = (
    f"SELECT {_LINE} FROM articles WHERE published <= ? ORDER BY published DESC LIMIT {LATEST}"  # noqa: S608
)
_LAST = "SELECT max((SELECT max(fetched_at) FROM captures WHERE site = s.id)) FROM sites s"
_SEEN = """
WITH seen AS MATERIALIZED (SELECT c.id, c.article, c.result, c.fetched_at FROM sites s CROSS JOIN main.captures c
  ON c.site = s.id WHERE c.fetched_at >= :since AND c.id > (SELECT max(id) - 20000 FROM main.captures)
  AND c.article IS NOT NULL)
"""
_CHANGES = {
    "edited": """SELECT r.article, r.seen_at FROM seen CROSS JOIN main.revisions r ON r.capture = seen.id
 WHERE r.number > 1""",
    # The look that proved it is of this day: twice, a day apart.
    "gone": """SELECT a.id, seen.fetched_at FROM seen CROSS JOIN main.articles a ON a.id = seen.article
 WHERE seen.result = 'missing' AND julianday(seen.fetched_at) - julianday(a.gone_since) >= 1
   AND NOT EXISTS (SELECT 1 FROM main.captures p WHERE p.article = a.id AND p.result = 'missing'
     AND p.fetched_at < :since AND julianday(p.fetched_at) - julianday(a.gone_since) >= 1)""",
    "returned": """SELECT s.article, s.fetched_at FROM seen s WHERE s.result = 'article' AND (
  SELECT julianday(max(p.fetched_at)) - julianday(min(p.fetched_at)) FROM main.captures p
   WHERE p.article = s.article AND p.result = 'missing' AND p.fetched_at < s.fetched_at AND p.fetched_at > (
     SELECT max(q.fetched_at) FROM main.captures q
      WHERE q.article = s.article AND q.result = 'article' AND q.fetched_at < s.fetched_at)) >= 1""",
}
"""What newspapers did → ids, and when it was seen; among the last 20,000 captures, which a first crawl makes in a day."""


@page("/")
def front(asked: Asked) -> Page:
    """The latest articles, those changed lately, and the newspapers by region."""
    counts = asked.room.kept("counts", lambda: _counts(asked.c))
    since, changed = asked.room.kept("changed", lambda: _changed(asked.c))
    regions: dict[str, list[dict[str, Any]]] = {}
    sites = asked.c.execute("SELECT id, name, coalesce(region, '') FROM sites ORDER BY name")
    for site, name, region in sites:
        row = {"site": site, "name": name, "articles": counts[site]}
        regions.setdefault(region, []).append(row)
    data = {
        "articles": sum(counts.values()),
        "latest": _rows(asked.c.execute(_LATEST, (utc(now() + DAY),))),
        "since": since,
        "changed": {kind: _shown(asked.c, found) for kind, found in changed.items()},
        "regions": {
            name: {"articles": sum(row["articles"] for row in rows), "newspapers": rows}
            for name, rows in sorted(regions.items())
        },
    }
    return Page("front.html", data, more={"map": _map()})


@cache
def _map() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("oblasts.toml").read_text("utf-8"))


def _counts(c: sqlite3.Connection) -> Counter[str]:
    return Counter(dict(c.execute("SELECT site, count(*) FROM articles GROUP BY site")))


def _changed(c: sqlite3.Connection) -> tuple[str | None, dict[str, list[tuple[int, str]]]]:
    """Since when, a day before the archive was last fed, and what befell articles since: the last first."""
    (last,) = c.execute(_LAST).fetchone()
    if not last:
        return None, {kind: [] for kind in _CHANGES}
    since = utc(datetime.fromisoformat(last) - timedelta(days=1))
    found = {}
    for kind, sql in _CHANGES.items():
        rows = c.execute(f"{_SEEN} {sql} ORDER BY 2 DESC LIMIT {10 * CHANGED}", {"since": since})
        newest: dict[int, str] = {}
        for number, moment in rows:
            newest.setdefault(number, moment)
        found[kind] = [*newest.items()][:CHANGED]
    return since, found


def _shown(c: sqlite3.Connection, found: list[tuple[int, str]]) -> list[dict[str, Any]]:
    """Rows of the articles that may be read."""
    ids = json.dumps([number for number, _ in found])
    sql = f"SELECT {_LINE} FROM articles WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608
    rows = {row["id"]: row for row in _rows(c.execute(sql, (ids,)))}
    return [{**rows[number], "seen_at": moment} for number, moment in found if number in rows]


def _rows(cursor: sqlite3.Cursor) -> list[dict[str, Any]]:
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
