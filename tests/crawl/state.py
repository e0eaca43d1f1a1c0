"""What an archive says, without what may differ between two runs: times, ids, file positions."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

_QUERIES = {
    "articles": """
        SELECT url, site, title, text, authors, published, published_raw, modified, section, language,
               image, captions, editions, layout, charset, sources, flags, gone_since IS NULL, revision
          FROM articles""",
    "revisions": """
        SELECT a.url, r.number, r.changed, g.digest, g.rules FROM revisions r
          JOIN articles a ON a.id = r.article JOIN readings g ON g.id = r.reading""",
    "aliases": "SELECT l.url, a.url FROM aliases l JOIN articles a ON a.id = l.article",
    "tags": """SELECT a.url, t.name FROM article_tags x JOIN articles a ON a.id = x.article
               JOIN tags t ON t.id = x.tag""",
    "frontier": "SELECT url, outcome, error, due IS NULL FROM frontier",
    "captures": """
        SELECT url, status, payload_length, part, result, reason FROM captures
         WHERE article IS NOT NULL""",
    "sources": "SELECT site, kind, url, error, found FROM sources",
}


def read(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    # Never made here: a command that is about to make it would meet an empty file.
    place = f"file:{folder / 'news.db'}?mode=rw"
    with closing(sqlite3.connect(place, uri=True)) as connection:
        return connection.execute(sql).fetchall()


def write(folder: Path, sql: str) -> None:
    with closing(sqlite3.connect(folder / "news.db", timeout=30)) as connection:
        connection.execute(sql)
        connection.commit()


def age(folder: Path, days: int) -> None:
    """Let everything in an archive have happened some days earlier; its digests no longer agree."""
    moments = {
        "captures": "fetched_at", "revisions": "seen_at", "engagement": "seen_at",
        "aliases": "first_seen", "articles": "first_seen last_seen",
        "frontier": "discovered_at visited_at",
    }  # fmt: skip
    for table, columns in moments.items():
        for name in columns.split():
            write(
                folder,
                f"UPDATE {table} SET {name} = strftime('%Y-%m-%dT%H:%M:%SZ', {name}, '-{days} days')",
            )


def state(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every table's content in one order."""
    return {name: sorted(read(folder, sql), key=repr) for name, sql in _QUERIES.items()}


def everything(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the tables that describe articles, as they are."""
    tables = "articles revisions aliases engagement tags article_tags captures frontier".split()
    return {table: read(folder, f"SELECT * FROM {table}") for table in tables}
