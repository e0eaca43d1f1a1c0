"""selection: which articles a query means, as SQL that is quick over a million of them."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from itertools import islice
from typing import Any

from archive.search.filters import condition
from archive.search.syntax import Query

_BLOCK = 200
"""Articles whose rows are looked at together."""


@dataclass(frozen=True, slots=True)
class Selected:
    """The SQL of what a query selects, without SELECT."""

    source: str
    args: tuple[Any, ...]
    id: str


def select(query: Query, match: str | None) -> Selected:
    """Join only the tables that the filters need: the index alone is many times faster."""
    clauses: list[str] = []
    args: list[Any] = []
    if match is not None:
        clauses.append("articles_fts MATCH ?")
        args.append(match)
    for name, values in query.filters.items():
        clause, value_args = condition(name, values)
        clauses.append(clause)
        args += value_args
    where = " AND ".join(clauses) or "1"
    if match is None:
        return Selected(f"FROM articles a WHERE {where}", tuple(args), "a.id")
    join = " JOIN articles a ON a.id = articles_fts.rowid" if query.filters else ""
    return Selected(f"FROM articles_fts{join} WHERE {where}", tuple(args), "articles_fts.rowid")


# `source` is put together from this module's own words; what a user typed goes in as parameters.
def number(c: sqlite3.Connection, selected: Selected, most: int) -> int:
    """How many articles match, counted up to `most`."""
    sql = f"SELECT count(*) FROM (SELECT 1 {selected.source} LIMIT {most})"  # noqa: S608
    return int(c.execute(sql, selected.args).fetchone()[0])


def newest(c: sqlite3.Connection, selected: Selected, most: int, offset: int = 0) -> list[int]:
    """Ids of matches, the last stored first: FTS5 reads its lists backwards as fast as forwards."""
    sql = f"SELECT {selected.id} {selected.source} ORDER BY {selected.id} DESC LIMIT ? OFFSET ?"
    return [row[0] for row in c.execute(sql, (*selected.args, most, offset))]


def by_date(
    c: sqlite3.Connection, query: Query, match: str | None, oldest: bool, limit: int, offset: int
) -> list[int]:
    """Ids of many matches by date, those without one left out.

    To walk all articles by date and pick the matches is quicker than sorting these. What the index
    has is asked first; an article's own row lies behind its text.
    """
    way = "" if oldest else "DESC"
    dated = {name: v for name, v in query.filters.items() if name in ("after", "before")}
    other = {name: v for name, v in query.filters.items() if name not in dated}
    walked = select(Query(None, dated), None)
    walk = c.execute(
        f"SELECT a.id {walked.source} AND a.published IS NOT NULL "
        f"ORDER BY a.published {way}, a.id {way}",
        walked.args,
    )
    found = (row[0] for row in walk)
    if match is not None:
        sql = "SELECT rowid FROM articles_fts WHERE articles_fts MATCH ?"
        matching = {row[0] for row in c.execute(sql, (match,))}
        found = (article for article in found if article in matching)
    if not other:
        return list(islice(found, offset, offset + limit))
    chosen = select(Query(None, other), None)
    sql = f"SELECT a.id {chosen.source} AND a.id IN (SELECT value FROM json_each(?))"  # noqa: S608
    page: list[int] = []
    while len(page) < offset + limit and (block := list(islice(found, _BLOCK))):
        kept = {row[0] for row in c.execute(sql, (*chosen.args, json.dumps(block)))}
        page += [article for article in block if article in kept]
    return page[offset : offset + limit]
