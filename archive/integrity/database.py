"""database: what SQLite itself says of news.db, whether its tables agree, and every article with its digest.

All of it reads one state of the database, whatever a crawl writes meanwhile.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator

from archive.integrity.finding import Finding, grouped
from archive.search.check import SUPERFLUOUS, check
from archive.store.digests import digests
from archive.store.events import read
from archive.store.schema import OUTCOMES, is_subset, objects
from archive.visit import RESULTS

_MOST = 100
"""Problems that SQLite is to list."""
_TOGETHER = 500
"""Articles whose digests are made at once."""
_MISREAD = (sqlite3.DatabaseError, TypeError, ValueError, AttributeError)
"""What becomes of damaged pages, and of values of the wrong type."""
_INDEX = "articles_fts"


def check_database(c: sqlite3.Connection) -> Iterator[Finding]:
    """All that can be said of news.db alone. What a user has made in it is the user's."""
    # A damaged letter is no error, but another letter.
    c.text_factory = lambda data: data.decode("utf-8", "replace")
    c.create_function("is_evidence", 2, lambda *values: read(*values) is not None)
    c.execute("BEGIN")
    try:
        for part in (
            check_sqlite, _check_schema, _check_types, _check_rules, _check_digests, _check_index,
        ):  # fmt: skip
            try:
                yield from grouped(part(c))
            except _MISREAD as error:
                yield unreadable("news.db", error)
    finally:
        c.execute("ROLLBACK")


def first_damage(c: sqlite3.Connection, seconds: float) -> Finding | None:
    """The first thing that is not as newsbot wrote it, where one is found within so many seconds."""
    end = time.monotonic() + seconds
    c.set_progress_handler(lambda: time.monotonic() > end, 100_000)
    for finding in check_database(c):
        if time.monotonic() > end:
            break
        if finding.severity != "note":
            return finding
    return None


def unreadable(where: str, error: Exception) -> Finding:
    """SQLite gave up."""
    what = f"cannot be read: {' '.join(str(error).split())}"
    return Finding("damage", "sqlite", where, what, "rebuild")


def check_sqlite(c: sqlite3.Connection) -> Iterator[Finding]:
    """Whether SQLite finds its own pages, and each row what it refers to."""
    for (said,) in c.execute(f"PRAGMA integrity_check({_MOST})").fetchall():
        what = " ".join(said.split())
        if f"table main.{_INDEX}" in what:
            yield Finding("inconsistency", "index", _INDEX, what, "index", _INDEX)
        elif said != "ok" and "FTS" not in what:  # an index of the user's own
            yield Finding("damage", "sqlite", "news.db", what, "rebuild")
    for table in sorted(objects(c).keys() & _tables()):  # an older one may lack some
        for _, row, parent, _ in c.execute(f"PRAGMA foreign_key_check({table})").fetchmany(_MOST):
            what = f"it refers to a row of {parent} that does not exist"
            yield _row("damage", "sqlite", table, row, what, "rebuild")


def _tables() -> list[str]:
    """Tables of newsbot's own, without those that hold the full-text index."""
    return [
        name
        for name, (kind, _) in objects().items()
        if kind == "table" and not name.startswith((_INDEX, "sqlite_"))
    ]


def _check_schema(c: sqlite3.Connection) -> Iterator[Finding]:
    """Whether what newsbot makes is there."""
    present = objects(c)
    for name, (kind, sql) in objects().items():
        if present.get(name) != (kind, sql):
            what = "is not as newsbot makes it" if name in present else "is missing"
            remedy = "objects" if kind in ("index", "view") else "rebuild"
            table = name if kind == "table" else None
            yield Finding("inconsistency", "schema", f"{kind} {name}", what, remedy, table)


def _check_types(c: sqlite3.Connection) -> Iterator[Finding]:
    """Whether every value is of its column's type: SQLite lets any value into any column."""
    for table in _tables():
        columns = c.execute("SELECT name, type, pk FROM pragma_table_info(?)", (table,)).fetchall()
        tests = " OR ".join(
            f"typeof({name}) NOT IN ('null', '{kind.lower()}')" for name, kind, _ in columns
        )
        key = "id" if any(name == "id" for name, _, _ in columns) else "NULL"
        for (row,) in c.execute(f"SELECT {key} FROM {table} WHERE {tests}"):  # noqa: S608
            yield _row(
                "damage", "rows", table, row, "a value in it is of the wrong type", "rebuild"
            )


def _row(
    severity: str, name: str, table: str, row: int | None, what: str, remedy: str, url: str = ""
) -> Finding:
    """A finding about one row; None where it has no id."""
    where = table if row is None else f"{table} {row}"
    rows = (row,) if isinstance(row, int) else ()
    return Finding(severity, name, f"{where} ({url})" if url else where, what, remedy, table, rows)


def _among(values: tuple[str, ...]) -> str:
    return f"IN ({', '.join(repr(value) for value in values)})"


_RULES = (
    (
        "rebuild", "articles", "its revisions are not numbered one by one",
        "SELECT a.id FROM articles a LEFT JOIN "
        "(SELECT article, count(*) AS n, min(number) AS low, max(number) AS high FROM revisions "
        "GROUP BY article) r ON r.article = a.id "
        "WHERE r.n IS NULL OR r.low <> 1 OR r.high <> r.n OR a.revision <> r.n",
    ),
    (
        "rebuild", "articles", "its address is not among the aliases",
        "SELECT a.id FROM articles a WHERE NOT EXISTS "
        "(SELECT 1 FROM aliases WHERE url = a.url AND article = a.id)",
    ),
    (
        "frontier", "articles", "is not in the frontier, and would never be visited again",
        "SELECT a.id FROM articles a WHERE NOT EXISTS (SELECT 1 FROM frontier WHERE article = a.id)",
    ),
    (
        "rebuild", "articles", "the capture that proves it is of another article",
        "SELECT a.id FROM articles a JOIN captures c ON c.id = a.capture WHERE c.article IS NOT a.id",
    ),
    (
        "rebuild", "captures", "what was read in it is of another article",
        "SELECT c.id FROM captures c JOIN readings g ON g.id = c.reading "
        "WHERE g.article IS NOT c.article",
    ),
    (
        "rebuild", "captures", "its result is none that newsbot knows",
        f"SELECT id FROM captures WHERE result NOT {_among(RESULTS)} "  # noqa: S608 -- constants
        "OR (status <> 0 AND part NOT IN ('redirect', 'page', 'further')) OR (part = 'page') <> (result IS NOT NULL)",
    ),
    (
        "rebuild", "captures", "its visit is not that of its first capture",
        "SELECT c.id FROM captures c JOIN captures v ON v.id = c.visit "
        "WHERE v.visit <> v.id OR v.site <> c.site OR v.id > c.id",
    ),
    (
        "rebuild", "captures", "the capture it refers to has no payload of its own, or another one",
        "SELECT c.id FROM captures c JOIN captures o ON o.id = c.refers_to "
        "WHERE o.refers_to IS NOT NULL OR o.payload_digest <> c.payload_digest",
    ),
    (
        "rebuild", "captures", "its record overlaps the one before it",
        "SELECT id FROM (SELECT id, warc_offset, lag(warc_offset + warc_length) "
        "OVER (PARTITION BY warc ORDER BY warc_offset) AS before FROM captures) "
        "WHERE warc_offset < before",
    ),
    (
        "rebuild", "frontier", "its outcome is none that newsbot knows",
        f"SELECT id FROM frontier WHERE outcome NOT {_among(OUTCOMES)}",  # noqa: S608 -- constants
    ),
    (
        "rebuild", "events", "its evidence cannot be read",
        "SELECT id FROM events WHERE NOT is_evidence(began_at, evidence)",
    ),
    (
        "stories", "stories", "its numbers are not those of its articles",
        "SELECT s.id FROM stories s WHERE s.articles <> "
        "(SELECT count(*) FROM articles WHERE story = s.id) OR s.sites <> "
        "(SELECT count(DISTINCT site) FROM articles WHERE story = s.id) OR NOT EXISTS "
        "(SELECT 1 FROM articles WHERE id = s.first_article AND story = s.id)",
    ),
    (
        "stories", "articles", "is linked as an edition in one direction only",
        "SELECT DISTINCT e.article FROM editions e WHERE NOT EXISTS "
        "(SELECT 1 FROM editions WHERE article = e.other AND other = e.article)",
    ),
)  # fmt: skip
"""Remedy, table, what is wrong with a row, and the query that finds such rows."""


def _check_rules(c: sqlite3.Connection) -> Iterator[Finding]:
    """What must hold between the tables."""
    left_out = "frontier" if is_subset(c) else None  # nothing of it is visited again
    for remedy, table, what, sql in _RULES:
        if remedy == left_out:
            continue
        severity = "damage" if remedy == "rebuild" else "inconsistency"
        try:
            for (row,) in c.execute(sql).fetchall():
                yield _row(severity, "rows", table, row, what, remedy)
        except sqlite3.DatabaseError as error:
            yield unreadable(table, error)


def _check_digests(c: sqlite3.Connection) -> Iterator[Finding]:
    """Whether everything that is derived of an article's captures is as it was written."""
    kept = {
        row[0]: row[1:] for row in c.execute("SELECT id, digest, url FROM articles ORDER BY id")
    }
    articles = list(kept)
    what = "it, its revisions, readings, aliases, tags or counters are not as they were written"
    for start in range(0, len(articles), _TOGETHER):
        for article, found in digests(c, articles[start : start + _TOGETHER]).items():
            digest, url = kept[article]
            if found != digest:
                yield _row("damage", "digests", "articles", article, what, "rebuild", url)


def _check_index(c: sqlite3.Connection) -> Iterator[Finding]:
    """Whether each article stands in the full-text index with its words."""
    for article, what in check(c):
        table = _INDEX if what == SUPERFLUOUS or article is None else "articles"
        yield _row("inconsistency", "index", table, article, what, "index")
