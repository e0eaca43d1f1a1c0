"""database: what SQLite itself says of news.db, whether its tables agree, and every article with its digest.

All of it reads one state of the database, whatever a crawl writes meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

from archive.integrity.finding import Finding
from archive.search.check import MISSING, SUPERFLUOUS, check
from archive.store.digests import digests
from archive.store.schema import OUTCOMES, create
from archive.visit import RESULTS

REPAIR = "run `newsbot verify --repair`"
_RESTORE = "restore news.db from a backup, or run `newsbot verify --repair`"
_MOST = 100
"""Findings of one kind that are reported one by one."""
_TOGETHER = 500
"""Articles whose digests are made at once."""
_MISREAD = (sqlite3.DatabaseError, TypeError, ValueError, AttributeError)
"""What becomes of damaged pages, and of values of the wrong type."""


def check_database(c: sqlite3.Connection, *, full: bool) -> Iterator[Finding]:
    """All that can be said of news.db alone. `full` reads the indexes too, and compares the words."""
    c.text_factory = lambda data: data.decode(
        "utf-8", "surrogateescape"
    )  # damaged text is no error
    c.execute("BEGIN")
    try:
        for part in (
            _check_sqlite(c, full), _check_schema(c), _check_types(c), _check_rules(c),
            _check_digests(c), _check_index(c) if full else (),
        ):  # fmt: skip
            try:
                yield from part
            except _MISREAD as error:
                yield unreadable("news.db", error)
    finally:
        c.execute("ROLLBACK")


def unreadable(where: str, error: Exception) -> Finding:
    """SQLite gave up."""
    what = f"cannot be read: {' '.join(str(error).split())}"
    return Finding("damage", "sqlite", where, what, _RESTORE)


def _check_sqlite(c: sqlite3.Connection, full: bool) -> Iterator[Finding]:
    pragma = "integrity_check" if full else "quick_check"
    for (said,) in c.execute(f"PRAGMA {pragma}({_MOST})").fetchall():
        if said != "ok":
            yield Finding("damage", "sqlite", "news.db", " ".join(said.split()), _RESTORE)
    for table in _tables():
        for _, row, parent, _ in c.execute(f"PRAGMA foreign_key_check({table})").fetchmany(_MOST):
            where = table if row is None else f"{table} {row}"
            what = f"it refers to a row of {parent} that does not exist"
            rows = () if row is None else (row,)
            yield Finding("damage", "sqlite", where, what, REPAIR, table, rows)


@cache
def _expected() -> dict[str, tuple[str, str]]:
    """Name → type and SQL of everything that newsbot makes."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as c:
        create(c, Path("news.db"))
        return _schema(c)


def _schema(c: sqlite3.Connection) -> dict[str, tuple[str, str]]:
    rows = c.execute("SELECT name, type, coalesce(sql, '') FROM sqlite_schema").fetchall()
    return {name: (kind, " ".join(sql.split())) for name, kind, sql in rows}


def _tables() -> list[str]:
    """Tables of newsbot's own, without those that hold the full-text index."""
    return [
        name
        for name, (kind, _) in _expected().items()
        if kind == "table" and not name.startswith(("articles_fts", "sqlite_"))
    ]


def _check_schema(c: sqlite3.Connection) -> Iterator[Finding]:
    """Whether what newsbot makes is there. What a user has made beside it is the user's."""
    present = _schema(c)
    for name, (kind, sql) in _expected().items():
        if present.get(name) != (kind, sql):
            what = "is not as newsbot makes it" if name in present else "is missing"
            table = name if kind == "table" else None
            yield Finding("inconsistency", "schema", f"{kind} {name}", what, REPAIR, table)


def _check_types(c: sqlite3.Connection) -> Iterator[Finding]:
    """Whether every value is of its column's type: SQLite lets any value into any column."""
    for table in _tables():
        columns = c.execute("SELECT name, type, pk FROM pragma_table_info(?)", (table,)).fetchall()
        tests = " OR ".join(
            f"typeof({name}) NOT IN ('null', '{kind.lower()}')" for name, kind, _ in columns
        )
        key = "id" if any(name == "id" for name, _, _ in columns) else "NULL"
        rows = c.execute(f"SELECT {key} FROM {table} WHERE {tests}").fetchall()  # noqa: S608
        what = "a value in it is of the wrong type"
        yield from _each("damage", "rows", table, what, [row for (row,) in rows])


def _among(values: tuple[str, ...]) -> str:
    return f"IN ({', '.join(repr(value) for value in values)})"


_RULES = (
    (
        "damage", "articles", "its revisions are not numbered one by one",
        "SELECT a.id FROM articles a LEFT JOIN "
        "(SELECT article, count(*) AS n, min(number) AS low, max(number) AS high FROM revisions "
        "GROUP BY article) r ON r.article = a.id "
        "WHERE r.n IS NULL OR r.low <> 1 OR r.high <> r.n OR a.revision <> r.n",
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
        "damage", "articles", "the capture that proves it is of another article",
        "SELECT a.id FROM articles a JOIN captures c ON c.id = a.capture WHERE c.article IS NOT a.id",
    ),
    (
        "damage", "captures", "what was read in it is of another article",
        "SELECT c.id FROM captures c JOIN readings g ON g.id = c.reading "
        "WHERE g.article IS NOT c.article",
    ),
    (
        "damage", "captures", "its result is none that newsbot knows",
        f"SELECT id FROM captures WHERE result NOT {_among(RESULTS)} "  # noqa: S608 -- constants
        "OR part NOT IN ('redirect', 'page', 'further') OR (part = 'page') <> (result IS NOT NULL)",
    ),
    (
        "damage", "captures", "its visit is not that of its first capture",
        "SELECT c.id FROM captures c JOIN captures v ON v.id = c.visit "
        "WHERE v.visit <> v.id OR v.site <> c.site OR v.id > c.id",
    ),
    (
        "damage", "captures", "the capture it refers to has no payload of its own, or another one",
        "SELECT c.id FROM captures c JOIN captures o ON o.id = c.refers_to "
        "WHERE o.refers_to IS NOT NULL OR o.payload_digest <> c.payload_digest",
    ),
    (
        "damage", "captures", "its record overlaps the one before it",
        "SELECT id FROM (SELECT id, warc_offset, lag(warc_offset + warc_length) "
        "OVER (PARTITION BY warc ORDER BY warc_offset) AS before FROM captures) "
        "WHERE warc_offset < before",
    ),
    (
        "damage", "frontier", "its outcome is none that newsbot knows",
        f"SELECT id FROM frontier WHERE outcome NOT {_among(OUTCOMES)}",  # noqa: S608 -- constants
    ),
    (
        "inconsistency", "stories", "its numbers are not those of its articles",
        "SELECT s.id FROM stories s WHERE s.articles <> "
        "(SELECT count(*) FROM articles WHERE story = s.id) OR s.sites <> "
        "(SELECT count(DISTINCT site) FROM articles WHERE story = s.id) OR NOT EXISTS "
        "(SELECT 1 FROM articles WHERE id = s.first_article AND story = s.id)",
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


def _check_rules(c: sqlite3.Connection) -> Iterator[Finding]:
    """What must hold between the tables."""
    for severity, table, what, sql in _RULES:
        try:
            rows = [row for (row,) in c.execute(sql).fetchall()]
        except sqlite3.DatabaseError as error:
            yield unreadable(table, error)
            continue
        yield from _each(severity, "rows", table, what, rows)


def _check_digests(c: sqlite3.Connection) -> Iterator[Finding]:
    """Whether everything that is derived of an article's captures is as it was written."""
    kept = dict(c.execute("SELECT id, digest FROM articles ORDER BY id").fetchall())
    articles, wrong = list(kept), []
    for start in range(0, len(articles), _TOGETHER):
        found = digests(c, articles[start : start + _TOGETHER])
        wrong += [article for article, digest in found.items() if digest != kept[article]]
    what = "it, its revisions, readings, aliases, tags or counters are not as they were written"
    yield from _each("damage", "digests", "articles", what, wrong)


def _check_index(c: sqlite3.Connection) -> Iterator[Finding]:
    """Whether each article stands in the full-text index with its words."""
    for article, what in check(c):
        if what in (MISSING, SUPERFLUOUS):
            continue  # the rules have said so
        rows = () if article is None else (article,)
        where = f"articles {article}" if rows else "articles_fts"
        yield Finding("inconsistency", "index", where, what, REPAIR, "articles_fts", rows)


def _each(severity: str, name: str, table: str, what: str, rows: list[int]) -> Iterator[Finding]:
    """A finding a row, or one for all where they are very many or have no ids."""
    if len(rows) <= _MOST and None not in rows:
        for row in rows:
            yield Finding(severity, name, f"{table} {row}", what, REPAIR, table, (row,))
    else:
        known = tuple(row for row in rows if row is not None)
        where = f"{len(rows)} rows of {table}" + (f", the first is {known[0]}" if known else "")
        yield Finding(severity, name, where, what, REPAIR, table, known)
