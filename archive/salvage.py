"""salvage: carries what is sound in a damaged news.db over into a new one.

An article of which anything was lost is left out as a whole, with its captures' rows, where its
pages can be read again from the WARC files: importing them makes it anew, and `renumber` gives it its
old id back. The damaged file stays beside the new one: evidence is never thrown away.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

TABLES = (
    "sites crawls sources imports tags captures articles revisions aliases engagement article_tags "
    "frontier stories editions replays seals"
).split()
"""What is carried over; the full-text index is made anew."""
_CHUNK = 500
_BLIND = 20_000
"""Rows that are tried in vain before a table whose last row is not known is given up."""
_BROKEN = (sqlite3.DatabaseError, UnicodeDecodeError)


def open_damaged(path: Path) -> sqlite3.Connection | None:
    """A connection that reads a damaged database as far as it goes; None where it does not go at all."""
    try:
        c = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        # A damaged letter is better than a lost text; who can tell which letter it was?
        c.text_factory = lambda data: data.decode("utf-8", "replace")
        c.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except _BROKEN:
        return None
    return c


def read_table(c: sqlite3.Connection, table: str) -> Iterator[dict[str, Any]]:
    """Rows of a table, around the pages that SQLite cannot read. With `rowid` where it has one."""
    try:
        has_rowid = not c.execute(
            "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?", (table,)
        ).fetchone()[0]
    except (*_BROKEN, TypeError):
        return
    yield from _by_rowid(c, table) if has_rowid else _from_both_ends(c, table)


def _by_rowid(c: sqlite3.Connection, table: str) -> Iterator[dict[str, Any]]:
    last, size, failures = -1, _CHUNK, 0
    highest = _highest(c, table)
    while failures < _BLIND and (highest is None or last < highest):
        sql = f"SELECT rowid AS rowid, * FROM {table} WHERE rowid > ? ORDER BY rowid LIMIT ?"  # noqa: S608
        try:
            rows = _rows(c, sql, (last, size))
        except _BROKEN:
            if size == 1:
                last, failures = last + 1, failures + 1
            size = 1
            continue
        if rows:
            last = rows[-1]["rowid"]
        yield from rows
        if len(rows) < size:
            return
        failures, size = 0, min(2 * size, _CHUNK)


def _highest(c: sqlite3.Connection, table: str) -> int | None:
    try:
        (number,) = c.execute(f"SELECT max(rowid) FROM {table}").fetchone()  # noqa: S608
    except _BROKEN:
        return None
    return number if isinstance(number, int) else -1


def _from_both_ends(c: sqlite3.Connection, table: str) -> Iterator[dict[str, Any]]:
    """A table that is its own index: from the front up to the damage, then from the back."""
    columns = c.execute("SELECT name FROM pragma_table_info(?) WHERE pk ORDER BY pk", (table,))
    key = [name for (name,) in columns]
    seen: set[tuple[Any, ...]] = set()
    for direction in ("ASC", "DESC"):
        order = ", ".join(f"{name} {direction}" for name in key)
        try:
            cursor = c.execute(f"SELECT * FROM {table} ORDER BY {order}")  # noqa: S608
            names = [column[0] for column in cursor.description]
            for values in cursor:
                row = dict(zip(names, values, strict=True))
                identity = tuple(row[name] for name in key)
                if identity not in seen:
                    seen.add(identity)
                    yield row
            return
        except _BROKEN:
            continue


def _rows(c: sqlite3.Connection, sql: str, args: tuple[Any, ...]) -> list[dict[str, Any]]:
    cursor = c.execute(sql, args)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in cursor]


# -- into the new one ---------------------------------------------------------------------------


def carry_over(
    old: sqlite3.Connection, new: sqlite3.Connection, bad: Mapping[str, Collection[int]]
) -> dict[str, int]:
    """Copy what can be read into an empty database; returns table → rows.

    `bad` are ids of rows that are not to be believed. Switch foreign keys off before. Rows that the
    new database refuses (a duplicate, a missing value) are left out.
    """
    copied = {}
    for table in TABLES:
        known = {row[1] for row in new.execute(f"PRAGMA table_info({table})")}
        refused = bad.get(table, ())
        if table == "seals" and table in bad:
            continue
        number = 0
        for row in read_table(old, table):
            if row.pop("rowid", None) in refused:
                continue
            number += _insert(new, table, {n: value for n, value in row.items() if n in known})
        copied[table] = number
    return copied


def _insert(c: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> int:
    names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
    sql = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
    return c.execute(sql, tuple(row.values())).rowcount


_MAIMED = """
CREATE TEMP TABLE maimed AS
SELECT r.article AS id FROM revisions r WHERE r.article NOT IN (SELECT id FROM articles)
UNION SELECT article FROM captures WHERE article NOT IN (SELECT id FROM articles)
UNION SELECT article FROM aliases WHERE article NOT IN (SELECT id FROM articles)
UNION SELECT article FROM frontier WHERE article NOT IN (SELECT id FROM articles)
UNION SELECT article FROM revisions WHERE capture NOT IN (SELECT id FROM captures)
UNION SELECT id FROM articles WHERE capture NOT IN (SELECT id FROM captures)
UNION SELECT c.article FROM captures c WHERE c.article IS NOT NULL
         AND c.refers_to NOT IN (SELECT id FROM captures)
UNION SELECT a.id FROM articles a LEFT JOIN revisions r
          ON r.article = a.id AND r.number = a.revision
       WHERE r.id IS NULL OR r.text <> a.text OR r.title IS NOT a.title
UNION SELECT article FROM article_tags WHERE tag NOT IN (SELECT id FROM tags)
UNION SELECT a.id FROM articles a
       WHERE a.revision <> (SELECT count(*) FROM revisions WHERE article = a.id)
"""
"""Articles of which a part is missing or does not fit."""


def set_apart(
    c: sqlite3.Connection,
    unreadable: Collection[int],
    suspects: Collection[int],
    sites: Collection[str],
) -> tuple[dict[int, set[str]], list[int]]:
    """Take out articles that were maimed, if their pages can be read again; returns them and the rest.

    The first are ids with the addresses by which to know them again, the others had to be left as
    they are. `unreadable` are captures whose records are damaged, `suspects` articles of whose rows
    some are not to be believed, `sites` those whose pages can be read. Run it inside a transaction,
    foreign keys off, and import the WARC files afterwards.
    """
    c.execute("DROP TABLE IF EXISTS temp.maimed")
    c.execute(_MAIMED)
    c.executemany("INSERT INTO maimed VALUES (?)", [(article,) for article in suspects])
    c.execute("CREATE TEMP TABLE IF NOT EXISTS unreadable (id INTEGER PRIMARY KEY)")
    c.executemany("INSERT OR IGNORE INTO unreadable VALUES (?)", [(i,) for i in unreadable])
    left = []
    lost: dict[int, set[str]] = {}
    for (article,) in c.execute("SELECT DISTINCT id FROM maimed ORDER BY id").fetchall():
        if _can_be_read(c, article, sites):
            lost[article] = _addresses(c, article)
        else:
            left.append(article)
    for article in lost:
        _take_out(c, article)
    for article in left:
        if not c.execute("SELECT 1 FROM articles WHERE id = ?", (article,)).fetchone():
            _take_out(c, article)
    _let_go(c)
    return lost, left


def _can_be_read(c: sqlite3.Connection, article: int, sites: Collection[str]) -> bool:
    captures = c.execute(
        "SELECT site, id IN (SELECT id FROM unreadable) FROM captures WHERE article = ?", (article,)
    ).fetchall()
    proven = c.execute("SELECT capture FROM articles WHERE id = ?", (article,)).fetchone()
    if not captures:
        # Rows of captures may be what was lost; an article that never had any stays as it is.
        return proven is None or proven[0] is not None
    return all(site in sites and not is_damaged for site, is_damaged in captures)


def _addresses(c: sqlite3.Connection, article: int) -> set[str]:
    rows = c.execute(
        "SELECT url FROM aliases WHERE article = ?1 UNION SELECT url FROM articles WHERE id = ?1 "
        "UNION SELECT url FROM frontier WHERE article = ?1 "
        "UNION SELECT url FROM captures WHERE article = ?1",
        (article,),
    )
    return {str(url) for (url,) in rows}


def _take_out(c: sqlite3.Connection, article: int) -> None:
    for table, column in (
        ("revisions", "article"), ("captures", "article"), ("aliases", "article"),
        ("engagement", "article"), ("article_tags", "article"), ("editions", "article"),
        ("editions", "other"), ("articles", "id"),
    ):  # fmt: skip
        c.execute(f"DELETE FROM {table} WHERE {column} = ?", (article,))  # noqa: S608
    # Its visits are told again, one by one, by its captures.
    c.execute(
        "UPDATE frontier SET article = NULL, visited_at = NULL, outcome = NULL, error = NULL "
        "WHERE article = ?",
        (article,),
    )


def _let_go(c: sqlite3.Connection) -> None:
    """Clear what refers to rows that are not there: stories and editions are found anew."""
    for table, column, other in (
        ("captures", "refers_to", "captures"), ("captures", "crawl", "crawls"),
        ("captures", "article", "articles"), ("articles", "capture", "captures"),
        ("revisions", "capture", "captures"), ("sources", "parent", "sources"),
        ("frontier", "source", "sources"), ("frontier", "changed_by", "sources"),
        ("frontier", "article", "articles"),
    ):  # fmt: skip
        c.execute(
            f"UPDATE {table} SET {column} = NULL WHERE {column} NOT IN (SELECT id FROM {other})"  # noqa: S608
        )
    for table, column, other in (
        ("revisions", "article", "articles"), ("aliases", "article", "articles"),
        ("engagement", "article", "articles"), ("article_tags", "article", "articles"),
        ("article_tags", "tag", "tags"), ("editions", "article", "articles"),
        ("editions", "other", "articles"), ("replays", "import", "imports"),
        ("stories", "first_article", "articles"),
    ):  # fmt: skip
        c.execute(f"DELETE FROM {table} WHERE {column} NOT IN (SELECT id FROM {other})")  # noqa: S608
    c.execute("UPDATE articles SET story = NULL WHERE story NOT IN (SELECT id FROM stories)")
    c.execute(
        "UPDATE stories SET articles = (SELECT count(*) FROM articles WHERE story = stories.id), "
        "sites = (SELECT count(DISTINCT site) FROM articles WHERE story = stories.id)"
    )


# -- after the import ---------------------------------------------------------------------------


def renumber(c: sqlite3.Connection, lost: Mapping[int, Collection[str]]) -> list[int]:
    """Give articles that were read again their old ids; returns those that did not come back.

    Run it inside the writer's transaction. The full-text index goes by ids: rebuild it afterwards.
    """
    c.execute("PRAGMA defer_foreign_keys = ON")
    references = [
        (table, row[3])
        for (table,) in c.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        for row in c.execute("SELECT * FROM pragma_foreign_key_list(?)", (table,)).fetchall()
        if row[2] == "articles"
    ]
    missing = []
    moves: list[tuple[int, int]] = []
    for old, addresses in sorted(lost.items()):
        found = _newcomer(c, addresses, {new for _, new in moves})
        if found is None:
            missing.append(old)
        elif found != old:
            moves.append((old, found))
    # Through negative numbers: an old id may be that of another newcomer now.
    steps = [(new, -old) for old, new in moves] + [(-old, old) for old, _ in moves]
    for source, target in steps:
        for table, column in (*references, ("articles", "id")):
            c.execute(
                f"UPDATE {table} SET {column} = ? WHERE {column} = ?",  # noqa: S608
                (target, source),
            )
    return missing


def _newcomer(c: sqlite3.Connection, addresses: Collection[str], taken: set[int]) -> int | None:
    for url in sorted(addresses):
        row = c.execute("SELECT article FROM aliases WHERE url = ?", (url,)).fetchone()
        if row and row[0] not in taken:
            return int(row[0])
    return None


_PARTS = (
    ("captures", "article"), ("articles", "id"), ("revisions", "article"), ("aliases", "article"),
    ("engagement", "article"), ("article_tags", "article"),
)  # fmt: skip


def put_back(
    old: sqlite3.Connection, new: sqlite3.Connection, articles: Collection[int]
) -> list[int]:
    """Copy articles that did not come back as they can be read from the damaged database.

    Run it inside a transaction, foreign keys off. Returns those of which nothing is left there.
    """
    missing = []
    for article in articles:
        for table, column in _PARTS:
            sql = f"SELECT * FROM {table} WHERE {column} = ?"  # noqa: S608
            try:
                rows = _rows(old, sql, (article,))
            except _BROKEN:
                continue
            for row in rows:
                _insert(new, table, row)
        if not new.execute("SELECT 1 FROM articles WHERE id = ?", (article,)).fetchone():
            missing.append(article)
    _let_go(new)
    return missing


def complete(c: sqlite3.Connection, at: str) -> int:
    """Put articles that the frontier and the aliases do not know into them; returns their number."""
    c.execute(
        "INSERT OR IGNORE INTO aliases (url, article, first_seen) "
        "SELECT url, id, first_seen FROM articles"
    )
    c.execute(
        "UPDATE frontier SET article = (SELECT article FROM aliases WHERE url = frontier.url) "
        "WHERE article IS NULL AND url IN (SELECT url FROM aliases)"
    )
    c.execute("UPDATE frontier SET due = ? WHERE article IS NOT NULL AND visited_at IS NULL", (at,))
    return c.execute(
        "INSERT OR IGNORE INTO frontier (site, url, article, discovered_at, visited_at, outcome, due) "
        "SELECT site, url, id, first_seen, last_seen, 'unchanged', ? FROM articles a "
        "WHERE NOT EXISTS (SELECT 1 FROM frontier WHERE article = a.id)",
        (at,),
    ).rowcount
