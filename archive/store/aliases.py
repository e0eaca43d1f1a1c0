"""aliases: which article an address leads to, whatever its spelling, and what belongs to an article by it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence

from archive.captures import spellings


def known_articles(c: sqlite3.Connection, urls: Sequence[str]) -> list[int]:
    """Ids of the articles that addresses lead to, as they are or in another spelling; the best first.

    A newspaper that moves to https, or drops its `www`, keeps its articles.
    """
    if not urls:
        return []
    latest = list(reversed(urls))  # the canonical address, last, says most
    others = [spelling for url in latest for spelling in spellings(url)]
    marks = ", ".join("?" * (len(latest) + len(others)))
    rows = c.execute(
        f"SELECT url, article FROM aliases WHERE url IN ({marks})",  # noqa: S608 -- marks alone
        (*latest, *others),
    )
    found = {row["url"]: int(row["article"]) for row in rows}
    return list(dict.fromkeys(found[url] for url in (*latest, *others) if url in found))


def known_article(c: sqlite3.Connection, urls: Sequence[str]) -> int | None:
    """Id of the article that addresses lead to, or None."""
    found = known_articles(c, urls)
    return found[0] if found else None


def naming(c: sqlite3.Connection, urls: Iterable[str]) -> set[int]:
    """Articles of which a page, seen elsewhere, names one of these addresses, in whatever spelling."""
    sql = (
        "SELECT DISTINCT article FROM captures WHERE article IS NOT NULL "
        "AND named IN (SELECT value FROM json_each(?))"
    )
    spelt = json.dumps([spelling for url in urls for spelling in spellings(url)])
    return {int(row[0]) for row in c.execute(sql, (spelt,))}


def is_believed(c: sqlite3.Connection, named: str, article: int) -> bool:
    """Whether a page's word for its address holds: no other article names it, or stands there."""
    return not (naming(c, (named,)) | {*known_articles(c, (named,))}) - {article}


def other_spellings(c: sqlite3.Connection, article: int, urls: Iterable[str]) -> set[str]:
    """Other spellings of addresses that the article has had."""
    wanted = {spelling for url in urls for spelling in spellings(url)}
    rows = c.execute("SELECT url FROM aliases WHERE article = ?", (article,))
    return {row["url"] for row in rows} & wanted


def adopt(
    c: sqlite3.Connection, site: str, article: int, urls: Collection[str], *, is_new: bool
) -> None:
    """Give an article the visits to its addresses that came before these were known to be its own.

    What an address was found to be meanwhile may be otherwise now: it is looked at again.
    """
    fresh = set(urls)
    if not is_new:
        marks = ", ".join("?" * len(fresh))
        known = c.execute(f"SELECT url FROM aliases WHERE url IN ({marks})", [*fresh])  # noqa: S608
        fresh -= {url for (url,) in known}
    own = sorted({spelling for url in fresh for spelling in spellings(url)})
    if not own:
        return
    marks = ", ".join("?" * len(own))
    # By addresses and visits, as `+` says: SQLite takes the other indexes for better, and they are not.
    visits = c.execute(
        f"SELECT DISTINCT visit FROM captures WHERE +site = ? AND url IN ({marks}) "  # noqa: S608 -- marks
        "AND +article IS NULL AND status <> 0",
        (site, *own),
    ).fetchall()
    if visits:
        c.executemany(
            "UPDATE captures SET article = ? WHERE +article IS NULL AND visit = ?",
            [(article, visit) for (visit,) in visits],
        )
        c.execute(
            "UPDATE frontier SET article = ?, due = coalesce(due, visited_at) "  # noqa: S608 -- marks
            f"WHERE +article IS NULL AND visited_at IS NOT NULL AND url IN ({marks})",
            (article, *own),
        )


def add(c: sqlite3.Connection, article: int, urls: Iterable[str], moment: str) -> None:
    """Let addresses lead to an article from the moment on at which they were first seen to."""
    c.executemany(
        "INSERT INTO aliases (url, article, first_seen) VALUES (?1, ?2, ?3) "
        "ON CONFLICT (url) DO UPDATE SET first_seen = ?3 WHERE first_seen > ?3 AND article = ?2",
        [(url, article, moment) for url in urls],
    )
