"""rebuild: a new news.db out of the captures in warc/ and of what can be read in the old one.

Articles are derived of their captures anew and keep their ids. What captures do not tell is carried
over, and so are visits whose records are damaged now, where the old database vouches for them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from archive.article import JSON_FIELDS, READ, Article
from archive.captures import Capture, read_records
from archive.captures.files import month_of, number_of
from archive.errors import ArchiveError, ArchiveUsageError
from archive.integrity.records import files
from archive.store import DATABASE, Store
from archive.store.carry_over import (
    carry_frontier,
    carry_own,
    carry_state,
    complete_frontier,
    open_damaged,
    readable_rows,
)
from archive.store.digests import digests
from archive.store.opening import remove_database, replace_database, stamp
from archive.store.schema import objects
from archive.store.stories import link
from archive.store.withheld import act
from archive.times import now, utc
from archive.visit import Visit

Importer = Callable[[Store, str, list[Path]], object]
"""Store, site, WARC files of its folder → rows for the records that have none, the files untouched."""
Say = Callable[[str], object]

_SHOWN = 20
"""Lost articles that are named."""
_PARTS = 10_000
"""Captures of one visit, at most; their ids follow one another."""
_MISREAD = (sqlite3.DatabaseError, TypeError, ValueError, KeyError)


def part_of(folder: Path) -> str:
    """The name of a new database while it is being made: no program takes it for an archive."""
    return f"news.repair-{stamp()}.db"


def rebuild(store: Store, part: str, importer: Importer, sites: Collection[str], say: Say) -> None:
    """Fill the empty database of a store and put it in the place of news.db; closes its connection.

    Where that fails, nothing is left of it. Raises `ArchiveUsageError` where captures can neither be
    read, for want of a profile, nor be carried over.
    """
    folder, c = store.folder, store.connection
    old = open_damaged(folder / DATABASE)
    try:
        _check_profiles(folder, sites, old)
        for path in folder.glob("news.repair-*.db"):
            if path.name != part:  # of a repair that was killed
                remove_database(path)
        c.execute("PRAGMA synchronous = OFF")  # it is on disk before it counts
        c.execute("PRAGMA foreign_keys = OFF")
        _fill(store, old, importer, sites, say)
        c.execute("PRAGMA journal_mode = DELETE")  # all of it in one file
        c.close()
        if old:
            old.close()
        if kept := replace_database(folder, part):
            say(f"the {DATABASE} that was replaced is kept as {kept}")
        act(folder)  # what was decided meanwhile was done to the old one
    finally:
        if old:
            old.close()
        remove_database(folder / part)


def import_site(
    store: Store,
    site: str,
    paths: list[Path],
    importer: Importer,
    sites: Collection[str],
    say: Say,
) -> None:
    """Give records of a site rows that have none."""
    if site not in sites:
        say(f"{site} has no profile, so its pages cannot be read: name it with --sites-dir")
        return
    readable = [path for path in paths if _is_readable(path, store.folder)]
    before = _count(store.connection)
    if readable:
        importer(store, site, readable)
    captures, articles = (
        new - old for new, old in zip(_count(store.connection), before, strict=True)
    )
    say(f"{site}: {captures} captures were read, with {articles} articles")


def _is_readable(path: Path, folder: Path) -> bool:
    """Whether a file is one of the archive's own, and a record in it can be read."""
    with suppress(OSError):
        return any(not record.error for record in read_records(path, folder))
    return False


def _count(c: sqlite3.Connection) -> tuple[int, int]:
    (captures,) = c.execute("SELECT count(*) FROM captures").fetchone()
    (articles,) = c.execute("SELECT count(*) FROM articles").fetchone()
    return captures, articles


def _sites(folder: Path) -> list[str]:
    """Sites that have WARC files."""
    return sorted({path.parent.name for path in _files(folder)})


def _files(folder: Path, site: str = "*") -> list[Path]:
    """WARC files in sites' folders, whatever somebody has named them."""
    paths = (folder / name for name in files(folder))
    own = (path for path in paths if path.match(f"warc/{site}/*"))
    return sorted(own, key=lambda path: (month_of(path), number_of(path), path.suffix))


def _check_profiles(folder: Path, sites: Collection[str], old: sqlite3.Connection | None) -> None:
    lacking = [site for site in _sites(folder) if site not in sites]
    if lacking and not _holds(old, "SELECT digest FROM articles LIMIT 1"):
        raise ArchiveUsageError(
            f"no profile of {', '.join(lacking)}, whose captures are in {folder / 'warc'}: name the "
            "folder of the profiles with --sites-dir"
        )


def _holds(c: sqlite3.Connection | None, sql: str) -> bool:
    """Whether a query finds something; what cannot be read holds nothing."""
    with suppress(sqlite3.DatabaseError):
        return c is not None and c.execute(sql).fetchone() is not None
    return False


def _fill(
    store: Store,
    old: sqlite3.Connection | None,
    importer: Importer,
    sites: Collection[str],
    say: Say,
) -> None:
    c = store.connection
    if old is None:
        say(f"{DATABASE} is made from warc/ alone: crawls and URLs without captures are lost")
    else:
        with store.transaction():
            carry_state(old, c)
        _keep_ids(store, old)
    for site in _sites(store.folder):
        paths = _files(store.folder, site)
        import_site(store, site, paths, importer, sites, say)
    if old is None:
        link(store)
        return
    _carry_visits(store, old, say)
    with store.transaction():
        carry_frontier(old, c)
        complete_frontier(c, utc(now()))
    if _holds(old, "SELECT 1 FROM stories") or _holds(old, "SELECT 1 FROM editions"):
        link(store)
    with store.transaction():
        for problem in carry_own(old, c, objects()):
            say(f"could not be carried over: {problem}")
    lost = list(_lost(old, c))
    for number, url in lost[:_SHOWN]:
        say(f"article {number} did not come back: {url}")
    if len(lost) > _SHOWN:
        say(f"and {len(lost) - _SHOWN} articles more")


def _keep_ids(store: Store, old: sqlite3.Connection) -> None:
    """Let articles have the ids that they had: a user's tables, and what was cited, name them."""

    def former_id(url: str) -> int | None:
        for column, table in (("article", "aliases"), ("id", "articles")):
            with suppress(sqlite3.DatabaseError):
                sql = f"SELECT {column} FROM {table} WHERE url = ?"  # noqa: S608
                row = old.execute(sql, (url,)).fetchone()
                if row and isinstance(row[0], int) and row[0] > 0:
                    return row[0]
        return None

    with suppress(sqlite3.DatabaseError):
        store.changes.last_id = old.execute("SELECT max(id) FROM articles").fetchone()[0] or 0
    store.changes.former_id = former_id


def _lost(old: sqlite3.Connection, new: sqlite3.Connection) -> Iterator[tuple[int, str]]:
    sql = "SELECT 1 FROM aliases WHERE url = ?"
    for row in readable_rows(old, "articles"):
        if not new.execute(sql, (row["url"],)).fetchone():
            yield row["id"], row["url"]


# -- visits whose captures cannot be read -------------------------------------------------------


def _carry_visits(store: Store, old: sqlite3.Connection, say: Say) -> None:
    """Take over visits whose pages cannot be read again, or not as the articles that they were."""
    number, sites = 0, set()
    for capture, visit in _unread(old, store.connection):
        try:
            if capture is None:
                store.record_soon(visit)
            else:
                store.reread(capture, visit)
        except ArchiveError as error:
            if not isinstance(error.__cause__, sqlite3.IntegrityError):
                raise
            continue  # two captures in one place
        number += 1
        sites.add(visit.site)
    store.commit()
    for site in sorted(sites):
        store.settle(site)
    if number:
        say(f"{number} visits that cannot be read again were carried over as they were")


def _unread(old: sqlite3.Connection, new: sqlite3.Connection) -> Iterator[tuple[int | None, Visit]]:
    """Such visits, with the id of the capture where the new database has it."""
    sound: dict[int, bool] = {}
    for page in readable_rows(old, "captures"):
        if page.get("result") is None:
            continue
        known = new.execute(
            "SELECT id, result FROM captures WHERE record_id = ?", (page["record_id"],)
        ).fetchone()
        is_article = page["result"] == "article" and page["status"] == 200
        if known and (known["result"] == "article" or not is_article):
            continue
        article = page["article"]
        with suppress(*_MISREAD):
            if article is not None and article not in sound:
                sound[article] = _is_sound(old, article)
            if article is None or sound[article]:
                yield known["id"] if known else None, _visit(old, page)


def _is_sound(old: sqlite3.Connection, article: int) -> bool:
    """Whether everything that is derived of an article is as it was written."""
    kept = old.execute("SELECT digest FROM articles WHERE id = ?", (article,)).fetchone()
    return kept is not None and kept[0] == digests(old, [article]).get(article)


_COLUMNS = [name for name in Capture.__slots__ if name != "refers_to_id"]
_CAPTURES = f"""
SELECT {", ".join(f"c.{name}" for name in _COLUMNS)}, o.record_id AS refers_to_id
  FROM captures c LEFT JOIN captures o ON o.id = c.refers_to
 WHERE c.id BETWEEN ?1 AND ?1 + {_PARTS} AND +c.visit = ?1 ORDER BY c.id
"""  # noqa: S608 -- names of columns; by the ids, because an index may be what is damaged


def _visit(old: sqlite3.Connection, page: dict[str, Any]) -> Visit:
    """A visit as the old database has it. Raises one of `_MISREAD` for what is no visit."""
    cursor = old.cursor()
    cursor.row_factory = sqlite3.Row
    captures = [Capture(**row) for row in cursor.execute(_CAPTURES, (page["visit"],))]
    (asked,) = cursor.execute(
        "SELECT coalesce(address, url) FROM captures WHERE id = ?", (page["visit"],)
    ).fetchone()
    address = page["address"] or page["url"]
    seen = old.execute(
        "SELECT url FROM aliases WHERE article = ? AND first_seen = ? AND url IS NOT ?",
        (page["article"], page["fetched_at"], page["named"]),
    )
    visit = Visit(
        site=page["site"],
        url=asked,
        fetched_at=datetime.fromisoformat(page["fetched_at"]),
        result="unchanged" if page["status"] == 304 else page["result"],
        reason=page["reason"],
        urls=(*(url for (url,) in seen), address),
        captures=captures,
        rules=page["rules"],
        status=page["status"],
    )
    if visit.result == "article":
        row = cursor.execute("SELECT * FROM readings WHERE id = ?", (page["reading"],)).fetchone()
        values = {
            name: json.loads(row[name]) if name in JSON_FIELDS else row[name] for name in READ
        }
        counters = {name: page[name] for name in ("views", "comments")}
        visit.article = Article(
            url=address, canonical_url=page["named"], is_article=True, **values, **counters
        )
    return visit
