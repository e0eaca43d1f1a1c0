"""selection: which articles a query means, as SQL that is quick over a million of them.

The index is asked first, for words and filters alike; rows of articles are read for the filters alone that
it knows nothing of.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from archive.search.facts import in_index, month
from archive.search.filters import EXCLUDED, condition
from archive.search.syntax import Query

_FEW = 500
"""So many articles of a story are looked up in the index one by one; of more, all that match are compared."""
_LISTED = ("story", "id", "url", "note")
"""Filters with an index of their own, or of which few articles are."""
_BY_ROWS = ("site", "after", "before")
"""Filters that, where no word is asked for, an index of `articles` answers."""


@dataclass(frozen=True, slots=True)
class Selected:
    """The SQL of what a query selects, without SELECT."""

    source: str
    args: tuple[Any, ...]
    id: str


def select(c: sqlite3.Connection, query: Query, match: str | None) -> Selected:
    """What a query selects, with `match` as the FTS5 expression of its words."""
    clauses: list[str] = []
    args: list[Any] = []
    matches = [match] if match else []
    without = ""
    reads = False
    for name, values in query.filters.items():
        gone = {value.lower() for value in values} if name == "gone" else set()
        if len(gone) > 1:
            continue
        is_excluded = gone == {"no"} or name.startswith(EXCLUDED)
        if match and is_excluded and (known := in_index(c, name.removeprefix(EXCLUDED), values)):
            without += f" NOT {known}"
            continue
        if (
            gone != {"no"}
            and (match or name not in _BY_ROWS)
            and (known := in_index(c, name, values))
        ):
            matches.append(known)
            continue
        clause, value_args = condition(name, values)
        if name in _LISTED:
            sql = f"SELECT a.id FROM articles a WHERE {clause} LIMIT {_FEW + 1}"  # noqa: S608
            few = [row[0] for row in c.execute(sql, value_args)]
            if len(few) <= _FEW:
                clause, value_args = "{id} IN (SELECT value FROM json_each(?))", [json.dumps(few)]
        reads = reads or "a." in clause
        clauses.append(clause)
        args += value_args
    if not matches:
        where = " AND ".join(clauses).replace("{id}", "a.id") or "1"
        return Selected(f"FROM articles a WHERE {where}", tuple(args), "a.id")
    where = " AND ".join(["articles_fts MATCH ?", *clauses]).replace("{id}", "articles_fts.rowid")
    # CROSS: the index first; SQLite knows nothing of how few it finds.
    join = " CROSS JOIN articles a ON a.id = articles_fts.rowid" if reads else ""
    found = " AND ".join(f"({one})" for one in matches)
    return Selected(
        f"FROM articles_fts{join} WHERE {where}",
        (f"({found}){without}", *args),
        "articles_fts.rowid",
    )


def these(found: list[int]) -> Selected:
    """Articles that are known already."""
    return Selected("FROM json_each(?) AS found WHERE 1", (json.dumps(found),), "found.value")


# `source` is put together from this module's own words; what a user typed goes in as parameters.
def number(c: sqlite3.Connection, selected: Selected, most: int) -> int:
    """How many articles match, counted up to `most`."""
    sql = f"SELECT count(*) FROM (SELECT 1 {selected.source} LIMIT {most})"  # noqa: S608
    return int(c.execute(sql, selected.args).fetchone()[0])


def newest(c: sqlite3.Connection, selected: Selected, most: int, offset: int = 0) -> list[int]:
    """Ids of matches, the last stored first: FTS5 reads its lists backwards as fast as forwards."""
    sql = f"SELECT {selected.id} {selected.source} ORDER BY {selected.id} DESC LIMIT ? OFFSET ?"
    return [row[0] for row in c.execute(sql, (*selected.args, most, offset))]


def dated(
    c: sqlite3.Connection, parts: Iterable[Selected], oldest: bool, limit: int, offset: int
) -> list[int]:
    """A page of ids by date, out of selections that follow one another; those without a date come last."""
    way = "" if oldest else "DESC"
    page: list[int] = []
    for selected in parts:
        rows = c.execute(
            f"SELECT b.id FROM articles b WHERE b.id IN (SELECT {selected.id} {selected.source}) "  # noqa: S608
            f"ORDER BY b.published IS NULL, b.published {way}, b.id {way} LIMIT ? OFFSET ?",
            (*selected.args, limit - len(page), offset),
        )
        page += [row[0] for row in rows]
        if len(page) >= limit:
            break
        offset = 0 if page or not offset else offset - number(c, selected, offset)
    return page


def months_of(
    c: sqlite3.Connection, query: Query, match: str | None, oldest: bool
) -> Iterator[Selected]:
    """Matches of each month in its turn; those without a date are left out."""
    for one in _months(c, oldest):
        yield select(c, query, f"({match}) AND {one}" if match else one)


def _months(c: sqlite3.Connection, oldest: bool) -> Iterator[str]:
    """The months that articles were published in, each as an FTS5 expression."""
    sign, way, last = (">", "", "0") if oldest else ("<", "DESC", "~")
    sql = (
        f"SELECT published FROM main.articles WHERE published {sign} ? "  # noqa: S608
        f"ORDER BY published {way} LIMIT 1"
    )
    while row := c.execute(sql, (last,)).fetchone():
        yield month(row[0])
        last = row[0][:7] + ("~" if oldest and len(row[0]) > 4 else "")
