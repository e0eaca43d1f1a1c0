"""digests: one sum over every row that is derived of an article's captures, kept beside the article.

`verify` makes them anew and compares. The writer makes those of a transaction's articles at its end, many
at once.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable

from archive.article import ARTICLE, READ

COLUMNS = [field.name for field in ARTICLE if field.stored and field.name != "tags"]
"""Columns of `articles` that are derived of its captures, but for moments and places."""
_COVERED = (
    f"SELECT a.id, {', '.join(f'a.{name}' for name in COLUMNS)}, a.first_seen, a.last_seen, "  # noqa: S608
    "a.gone_since, a.revision, c.record_id FROM articles a LEFT JOIN captures c ON c.id = a.capture "
    "WHERE a.id IN (SELECT value FROM json_each(?)) ORDER BY a.id",
    "SELECT r.article, r.number, r.seen_at, c.record_id, g.digest, r.changed, r.kept FROM revisions r "
    "LEFT JOIN captures c ON c.id = r.capture LEFT JOIN readings g ON g.id = r.reading "
    "WHERE r.article IN (SELECT value FROM json_each(?)) ORDER BY r.article, r.number",
    f"SELECT article, digest, rules, {', '.join(READ)} FROM readings "  # noqa: S608
    "WHERE article IN (SELECT value FROM json_each(?)) ORDER BY article, digest",
    "SELECT c.article, c.record_id, c.fetched_at, c.result, c.reason, c.layout, c.rules, g.digest, "
    "c.address, c.named, c.views, c.comments FROM captures c LEFT JOIN readings g ON g.id = c.reading "
    "WHERE c.article IN (SELECT value FROM json_each(?)) AND c.result IS NOT NULL "
    "ORDER BY c.article, c.record_id",
    "SELECT article, url, first_seen FROM aliases "
    "WHERE article IN (SELECT value FROM json_each(?)) ORDER BY article, url",
    "SELECT article, seen_at, views, comments FROM engagement "
    "WHERE article IN (SELECT value FROM json_each(?)) ORDER BY article, seen_at",
    "SELECT x.article, t.name FROM article_tags x JOIN tags t ON t.id = x.tag "
    "WHERE x.article IN (SELECT value FROM json_each(?)) ORDER BY x.article, t.name",
)
"""Every row that is derived of an article's captures; the article's id stands first."""


def digests(c: sqlite3.Connection, articles: Iterable[int]) -> dict[int, str]:
    """Article → SHA-256 over its rows, as `sha256:` and hex. What does not exist has none."""
    wanted = json.dumps(sorted(articles))
    summed = {}
    for number, sql in enumerate(_COVERED):
        for article, *values in c.execute(sql, (wanted,)):
            if number == 0:
                summed[article] = hashlib.sha256()
            if article in summed:
                summed[article].update(repr((number, values)).encode("utf-8", "surrogatepass"))
    return {article: f"sha256:{found.hexdigest()}" for article, found in summed.items()}


def write(c: sqlite3.Connection, articles: Iterable[int]) -> None:
    """Keep the digests of articles whose rows have changed."""
    c.executemany(
        "UPDATE articles SET digest = ? WHERE id = ?",
        [(found, article) for article, found in digests(c, articles).items()],
    )
