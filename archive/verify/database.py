"""database: what SQLite itself says, whether the schema is the program's, and whether tables agree."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from sqlite_utils import Database

from archive.schema import OUTCOMES, migrate
from archive.search.check import MISSING, SUPERFLUOUS, check
from archive.verify.finding import Finding

REPAIR = "run `newsbot verify --repair`"
_MOST = 100
"""Findings of one kind that are reported one by one."""


def check_sqlite(c: sqlite3.Connection, *, full: bool) -> Iterator[Finding]:
    """SQLite's own checks: of the file's structure, and of references between tables."""
    pragma = "integrity_check" if full else "quick_check"
    for (said,) in c.execute(f"PRAGMA {pragma}({_MOST})"):
        if said != "ok":
            yield Finding(
                "damage", "sqlite", "news.db", " ".join(said.split()),
                "restore news.db from a copy, or run `newsbot verify --repair`",
            )  # fmt: skip
    for table, row, parent, _ in c.execute("PRAGMA foreign_key_check").fetchmany(_MOST):
        yield Finding(
            "damage", "sqlite", f"{table} {row if row is not None else ''}".strip(),
            f"it refers to a row of {parent} that does not exist", REPAIR, table,
            () if row is None else (row,),
        )  # fmt: skip


@cache
def expected_schema() -> dict[str, tuple[str, str]]:
    """Name → type and SQL of everything that the migrations make."""
    db = Database(memory=True)
    migrate(db, Path("news.db"))
    try:
        return _schema(db.conn)
    finally:
        db.close()


def _schema(c: sqlite3.Connection) -> dict[str, tuple[str, str]]:
    rows = c.execute("SELECT name, type, coalesce(sql, '') FROM sqlite_schema")
    return {name: (kind, " ".join(sql.split())) for name, kind, sql in rows}


def check_schema(c: sqlite3.Connection) -> Iterator[Finding]:
    """Whether tables, indexes, views and triggers are those that the migrations make."""
    present, expected = _schema(c), expected_schema()
    for name, (kind, sql) in expected.items():
        if name not in present:
            what = "is missing"
        elif present[name] != (kind, sql) and not name.startswith("_sqlite_"):
            what = "is not as newsbot makes it"
        else:
            continue
        table = name if kind == "table" else None
        yield Finding("inconsistency", "schema", f"{kind} {name}", what, REPAIR, table)
    for name in present.keys() - expected.keys():
        if not name.startswith("sqlite_"):
            kind = present[name][0]
            yield Finding("note", "schema", f"{kind} {name}", "is not newsbot's own", "leave it be")


_OUTCOMES = ", ".join(f"'{name}'" for name in OUTCOMES)
_RULES = (
    (
        "damage", "articles", "has no current revision",
        "SELECT a.id FROM articles a WHERE NOT EXISTS "
        "(SELECT 1 FROM revisions WHERE article = a.id AND number = a.revision)",
    ),
    (
        "damage", "articles", "its title or text is not that of its current revision",
        "SELECT a.id FROM articles a JOIN revisions r ON r.article = a.id AND r.number = a.revision "
        "WHERE r.text <> a.text OR r.title IS NOT a.title",
    ),
    (
        "damage", "articles", "its revisions are not numbered one by one",
        "SELECT a.id FROM articles a JOIN "
        "(SELECT article, count(*) AS n, min(number) AS low, max(number) AS high FROM revisions "
        "GROUP BY article) r ON r.article = a.id "
        "WHERE r.low <> 1 OR r.high <> r.n OR a.revision <> r.n",
    ),
    (
        "inconsistency", "articles", "its address is not among the aliases",
        "SELECT a.id FROM articles a WHERE NOT EXISTS "
        "(SELECT 1 FROM aliases WHERE url = a.url AND article = a.id)",
    ),
    (
        "inconsistency", "articles", "is not in the frontier, and would never be visited again",
        "SELECT a.id FROM articles a WHERE NOT EXISTS (SELECT 1 FROM frontier WHERE article = a.id)",
    ),
    (
        "damage", "articles", "a list or object in it is no JSON",
        "SELECT id FROM articles WHERE NOT (json_valid(authors) AND json_valid(captions) AND "
        "json_valid(editions) AND json_valid(flags) AND json_valid(sources))",
    ),
    (
        "damage", "articles", "was last seen before it was first seen",
        "SELECT id FROM articles WHERE last_seen < first_seen",
    ),
    (
        "damage", "articles", "the capture that proves it is of another article",
        "SELECT a.id FROM articles a JOIN captures c ON c.id = a.capture WHERE c.article IS NOT a.id",
    ),
    (
        "damage", "revisions", "its kind is none that newsbot knows",
        "SELECT id FROM revisions WHERE kind NOT IN ('first', 'edit', 'reextraction')",
    ),
    (
        "damage", "captures", "the capture it refers to has no payload of its own",
        "SELECT c.id FROM captures c JOIN captures o ON o.id = c.refers_to "
        "WHERE o.refers_to IS NOT NULL",
    ),
    (
        "damage", "captures", "its payload is not that of the capture it refers to",
        "SELECT c.id FROM captures c JOIN captures o ON o.id = c.refers_to "
        "WHERE o.payload_digest <> c.payload_digest",
    ),
    (
        "damage", "captures", "its record overlaps the one before it",
        "SELECT id FROM (SELECT id, warc_offset, lag(warc_offset + warc_length) "
        "OVER (PARTITION BY warc ORDER BY warc_offset) AS before FROM captures) "
        "WHERE warc_offset < before",
    ),
    (
        "damage", "frontier", "its outcome is none that newsbot knows",
        f"SELECT id FROM frontier WHERE outcome NOT IN ({_OUTCOMES})",  # noqa: S608 -- constants
    ),
    (
        "inconsistency", "stories", "its numbers are not those of its articles",
        "SELECT s.id FROM stories s WHERE s.articles <> "
        "(SELECT count(*) FROM articles WHERE story = s.id) OR s.sites <> "
        "(SELECT count(DISTINCT site) FROM articles WHERE story = s.id)",
    ),
    (
        "inconsistency", "stories", "its first article does not belong to it",
        "SELECT s.id FROM stories s JOIN articles a ON a.id = s.first_article "
        "WHERE a.story IS NOT s.id",
    ),
    (
        "inconsistency", "articles", "is linked as an edition in one direction only",
        "SELECT DISTINCT e.article FROM editions e WHERE NOT EXISTS "
        "(SELECT 1 FROM editions WHERE article = e.other AND other = e.article)",
    ),
    (
        "inconsistency", "articles", MISSING,
        "SELECT id FROM articles WHERE id NOT IN (SELECT id FROM articles_fts_docsize)",
    ),
    (
        "inconsistency", "articles_fts", SUPERFLUOUS,
        "SELECT id FROM articles_fts_docsize WHERE id NOT IN (SELECT id FROM articles)",
    ),
)  # fmt: skip
"""Severity, table, what is wrong with a row, and the query that finds such rows."""


def check_rows(c: sqlite3.Connection) -> Iterator[Finding]:
    """What must hold between the tables."""
    for severity, table, what, sql in _RULES:
        try:
            rows = [row[0] for row in c.execute(sql)]
        except sqlite3.DatabaseError as error:
            yield unreadable(table, error)
            continue
        yield from _each(severity, "rows", table, what, rows)


def check_types(c: sqlite3.Connection) -> Iterator[Finding]:
    """Whether every value is of its column's type: SQLite lets any value into any column."""
    tables = c.execute(
        "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    ).fetchall()
    for table, has_no_rowid in tables:
        key = "NULL" if has_no_rowid else "rowid"
        tests = [
            f"typeof({name}) NOT IN ('null', '{kind.lower()}')"
            for name, kind in c.execute("SELECT name, type FROM pragma_table_info(?)", (table,))
            if kind in ("INTEGER", "TEXT", "REAL")
        ]
        if not tests:
            continue
        sql = f"SELECT {key} FROM {table} WHERE {' OR '.join(tests)}"  # noqa: S608 -- names of ours
        try:
            rows = [row for (row,) in c.execute(sql)]
        except sqlite3.DatabaseError as error:
            yield unreadable(table, error)
            continue
        what = "a value in it is of the wrong type"
        if has_no_rowid and rows:
            where = f"{len(rows)} rows of {table}"
            yield Finding("damage", "rows", where, what, REPAIR, table)
        else:
            yield from _each("damage", "rows", table, what, rows)


def _each(
    severity: str, name: str, table: str, what: str, rows: list[int], remedy: str = REPAIR
) -> Iterator[Finding]:
    """A finding a row, or one for all where they are very many."""
    if len(rows) <= _MOST:
        for row in rows:
            yield Finding(severity, name, f"{table} {row}", what, remedy, table, (row,))
    else:
        where = f"{len(rows)} rows of {table}, the first is {rows[0]}"
        yield Finding(severity, name, where, what, remedy, table, tuple(rows))


def unreadable(table: str, error: Exception) -> Finding:
    """SQLite gave up on a table."""
    return Finding(
        "damage", "sqlite", table, f"cannot be read: {' '.join(str(error).split())}",
        "restore news.db from a copy, or run `newsbot verify --repair`", table,
    )  # fmt: skip


def check_digests(c: sqlite3.Connection) -> Iterator[Finding]:
    """Whether every revision still has the title and text that its digest was made of."""
    rows = c.execute(
        "SELECT id, CAST(coalesce(title, '') AS BLOB), CAST(text AS BLOB), digest FROM revisions"
    )
    wrong = []
    for row, title, text, digest in rows:  # bytes: damaged ones may be no UTF-8
        found = hashlib.sha256(title + b"\n\n" + (text or b"")).hexdigest()
        if digest != f"sha256:{found}":
            wrong.append(row)
    what = "its title and text do not have its digest"
    yield from _each("damage", "rows", "revisions", what, wrong)


def check_index(c: sqlite3.Connection) -> Iterator[Finding]:
    """Compares the whole full-text index with what each article should have in it."""
    for article, what in check(c):
        if what in (MISSING, SUPERFLUOUS):
            continue  # `check_rows` has said so
        rows = () if article is None else (article,)
        where = f"articles {article}" if rows else "articles_fts"
        yield Finding("inconsistency", "index", where, what, REPAIR, "articles_fts", rows)
