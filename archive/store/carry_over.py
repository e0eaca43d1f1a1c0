"""carry_over: what a new database takes from the damaged one that it replaces, by ordinary SQL.

Rows that SQLite cannot read, and rows with values of the wrong type, are left out. What captures prove
is not taken from here, but derived of them again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from archive.store.events import KINDS, read
from archive.store.schema import OUTCOMES

STATE = ("sites", "crawls", "sources", "imports")
"""Tables that are taken over as they are, into a new database."""
_EARLY = (
    "seals",
    "replays",
    "articles_fts_insert",
    "articles_fts_delete",
    "articles_fts_update",
    "articles_fts_source",
)
"""Tables and triggers that newsbot made once, and makes no more; what hangs on them goes with them."""
_TYPES = {"TEXT": str, "INTEGER": int, "REAL": float}
_BROKEN = (sqlite3.DatabaseError, UnicodeDecodeError)
_LAST = 2**62
Row = dict[str, Any]


def open_damaged(path: Path) -> sqlite3.Connection | None:
    """A connection that reads a database as far as it goes; None where it does not go at all."""
    try:
        c = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        c.text_factory = lambda data: data.decode("utf-8", "replace")
        c.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except _BROKEN:
        return None
    return c


def readable_rows(c: sqlite3.Connection, table: str) -> Iterator[Row]:
    """Rows of a table around those that cannot be read; with `_rowid_` where the table has one."""
    try:
        names = [row[1] for row in c.execute(f"PRAGMA table_info({_quoted(table)})")]
        key = [row[1] for row in c.execute(f"PRAGMA table_info({_quoted(table)})") if row[5]]
        sql = "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?"
        (without_rowid,) = c.execute(sql, (table,)).fetchone() or (False,)
    except _BROKEN:
        return
    if not names:
        return
    if without_rowid:
        yield from _from_both_ends(c, table, names, key)
    else:
        yield from _by_rowid(c, table, ["_rowid_", *names])


def _by_rowid(c: sqlite3.Connection, table: str, names: list[str]) -> Iterator[Row]:
    """Behind each row that cannot be read, look for the next ones that can, in steps that grow."""
    columns = ", ".join(map(_quoted, names))
    last, step, condition = -1, 0, ""
    while last + step < _LAST:
        sql = f"SELECT {columns} FROM {_quoted(table)} {condition} ORDER BY _rowid_"  # noqa: S608
        try:
            for values in c.execute(sql, (last + step,) if condition else ()):
                last, step = values[0], 0
                yield dict(zip(names, values, strict=True))
            return
        except _BROKEN:
            last, step = last + step, max(1, 2 * step)
            condition = "WHERE _rowid_ > ?"


def _from_both_ends(
    c: sqlite3.Connection, table: str, names: list[str], key: list[str]
) -> Iterator[Row]:
    """A table that is its own index: up to the damage, and back to it; some rows may come twice."""
    columns = ", ".join(map(_quoted, names))
    for direction in ("ASC", "DESC"):
        order = ", ".join(f"{_quoted(name)} {direction}" for name in key)
        try:
            for values in c.execute(f"SELECT {columns} FROM {_quoted(table)} ORDER BY {order}"):  # noqa: S608
                yield dict(zip(names, values, strict=True))
            return
        except _BROKEN:
            continue


def sound_rows(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> Iterator[Row]:
    """Readable rows of a table of ours with values of the right types, without columns unknown now."""
    columns = {row[1]: row for row in new.execute(f"PRAGMA table_info({table})")}
    for row in readable_rows(old, table):
        known = {name: value for name, value in row.items() if name in columns}
        if all(
            not columns[name][3] if value is None else isinstance(value, _TYPES[columns[name][2]])
            for name, value in known.items()
        ):
            yield known


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _insert(c: sqlite3.Connection, table: str, row: Row, conflict: str = "") -> int:
    names, marks = ", ".join(map(_quoted, row)), ", ".join("?" * len(row))
    word = "INSERT" if conflict else "INSERT OR IGNORE"
    sql = f"{word} INTO {_quoted(table)} ({names}) VALUES ({marks}) {conflict}"
    return c.execute(sql, tuple(row.values())).rowcount


# -- the state of crawls ------------------------------------------------------------------------


def carry_state(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Take over what captures do not tell, before they are imported. Switch foreign keys off before."""
    for table in STATE:
        for row in sound_rows(old, new, table):
            _insert(new, table, row)
        _drop_references(new, table)
    carry_events(old, new)


def carry_events(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Take over the events that visits do not tell, as far as they can be read."""
    for row in sound_rows(old, new, "events"):
        is_found_anew = row["kind"] in KINDS.values()
        if not is_found_anew and read(row["began_at"], row["evidence"]) is not None:
            _insert(new, "events", row)
    _drop_references(new, "events")


def carry_frontier(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Take over the state of addresses, and which crawl made a capture, after captures were imported."""
    sites = {site for (site,) in new.execute("SELECT id FROM sites")}
    sources = dict(new.execute("SELECT id, site FROM sources"))
    for row in sound_rows(old, new, "frontier"):
        if row["site"] not in sites:  # the source that listed the address knows better
            row["site"] = sources.get(row.get("source"))
        if row["site"] is None or row.get("outcome") not in (None, *OUTCOMES):
            continue
        known = {name: value for name, value in row.items() if name not in ("id", "article")}
        columns = ", ".join(f"{name} = excluded.{name}" for name in known if name != "url")
        _insert(new, "frontier", known, f"ON CONFLICT (url) DO UPDATE SET {columns}")
    _drop_references(new, "frontier")
    new.execute(
        "UPDATE frontier SET article = (SELECT article FROM aliases WHERE url = frontier.url) "
        "WHERE article IS NULL"
    )
    new.executemany(
        "UPDATE captures SET crawl = ? WHERE record_id = ? AND ? IN (SELECT id FROM crawls)",
        (
            (row["crawl"], row["record_id"], row["crawl"])
            for row in readable_rows(old, "captures")
            if isinstance(row.get("crawl"), int)
        ),
    )


def _drop_references(c: sqlite3.Connection, table: str) -> None:
    """Clear references to rows that are not there; a row that cannot be without one goes."""
    needed = {row[1] for row in c.execute(f"PRAGMA table_info({table})") if row[3]}
    for _, _, parent, column, key, *_ in c.execute(f"PRAGMA foreign_key_list({table})").fetchall():
        lost = f"{column} IS NOT NULL AND {column} NOT IN (SELECT {key or 'id'} FROM {parent})"  # noqa: S608 -- our own names
        if column in needed:
            c.execute(f"DELETE FROM {table} WHERE {lost}")  # noqa: S608
        else:
            c.execute(f"UPDATE {table} SET {column} = NULL WHERE {lost}")  # noqa: S608


def complete_frontier(c: sqlite3.Connection, due: str) -> int:
    """Put articles there that the frontier does not know; returns how many there were."""
    return c.execute(
        "INSERT INTO frontier (site, url, article, discovered_at, visited_at, outcome, due) "
        "SELECT site, url, id, first_seen, last_seen, 'unchanged', ?1 FROM articles a "
        "WHERE NOT EXISTS (SELECT 1 FROM frontier WHERE article = a.id) "
        "ON CONFLICT (url) DO UPDATE SET article = excluded.article, due = ?1",
        (due,),
    ).rowcount


# -- what is the user's -------------------------------------------------------------------------


def carry_own(old: sqlite3.Connection, new: sqlite3.Connection, ours: Iterable[str]) -> list[str]:
    """Make a user's own tables, indexes, views and triggers again, with all rows that can be read.

    `ours` are the names of what newsbot makes. Returns what could not be carried over, and why.
    """
    known, problems = {*ours, *_EARLY}, []
    try:
        shadows = {
            name
            for (name,) in old.execute("SELECT name FROM pragma_table_list WHERE type = 'shadow'")
        }
        own = old.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL "
            "ORDER BY type = 'trigger', type <> 'table', rowid"
        ).fetchall()
    except _BROKEN as error:
        return [f"your own tables: {error}"]
    for kind, name, table, sql in own:
        if name in known or name in shadows or table in _EARLY or name.startswith("sqlite_"):
            continue
        try:
            new.execute(sql)
            if kind == "table":
                for row in readable_rows(old, name):
                    _insert(new, name, row)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
                raise
            problems.append(f"your {kind} {name}: {error}")
        except sqlite3.DatabaseError as error:
            problems.append(f"your {kind} {name}: {error}")
    return problems
