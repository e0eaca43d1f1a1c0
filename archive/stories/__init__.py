"""stories: which articles are one story across sites, and which are editions of one another.

`find` reads all articles and says which rows there ought to be (`archive.store.stories` writes
them); the rest reads what was written. docs/stories.md says what counts as a story, who was first,
and what an edition is.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

from archive.stories import duplicates, editions
from archive.stories.texts import Text, Tokens, tokens_in_order

_LOCAL = timezone(timedelta(hours=5))
"""Where a bare date ends; most of Kazakhstan."""
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class FoundStories:
    """The rows as they ought to be."""

    stories: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    """Id → first article, articles, sites."""
    articles: dict[int, tuple[int, float]] = field(default_factory=dict)
    """Id → story, share."""
    editions: dict[tuple[int, int], str] = field(default_factory=dict)


def members(connection: sqlite3.Connection, story: int) -> list[dict[str, Any]]:
    """Articles of a story, first publisher first; empty where there is no such story.

    Each has `id, site, url, title, language, published, first_seen, share` (of its own text that
    the first article has, too) and `first`.
    """
    rows = _dicts(
        connection,
        "SELECT a.id, a.site, a.url, a.title, a.language, a.published, a.first_seen, "
        "a.story_share AS share, a.id = s.first_article AS first "
        "FROM articles a JOIN stories s ON s.id = a.story WHERE s.id = ?",
        story,
    )
    for row in rows:
        row["first"] = bool(row["first"])
    return sorted(rows, key=lambda row: (not row["first"], precedence(row)))


def listed(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """All stories, those of most newspapers first, then those of most articles.

    Each has `id, sites, articles, first_article` and of that article `site, url, title, published`.
    """
    return _dicts(
        connection,
        "SELECT s.id, s.sites, s.articles, s.first_article, a.site, a.url, a.title, a.published "
        "FROM stories s JOIN articles a ON a.id = s.first_article "
        "ORDER BY s.sites DESC, s.articles DESC, a.published, a.url",
    )


def editions_of(connection: sqlite3.Connection, article: int) -> list[dict[str, Any]]:
    """Other editions of an article: `id, url, title, language, found_by`, by language."""
    return _dicts(
        connection,
        "SELECT a.id, a.url, a.title, a.language, e.found_by FROM editions e "
        "JOIN articles a ON a.id = e.other WHERE e.article = ? ORDER BY a.language, a.url",
        article,
    )


# -- finding ----------------------------------------------------------------------------------------


def find(c: sqlite3.Connection, tokens: Tokens = tokens_in_order) -> FoundStories:
    """All stories and editions, found afresh from the articles as they are now; `tokens` reads texts."""
    clusters = duplicates.clusters(_texts(c), tokens)
    cluster_of = {url: str(number) for number, urls in enumerate(clusters) for url in urls}
    found = FoundStories(editions=editions.link(_candidates(c, cluster_of)))
    linked = set(found.editions)
    for urls in clusters:
        rows = _publications(_rows(c, urls), linked)
        if len(rows) < 2:
            continue
        story = min(row["id"] for row in rows)
        first = rows[0]
        found.stories[story] = (first["id"], len(rows), len({row["site"] for row in rows}))
        for row in rows:
            share = duplicates.share(row["text"], first["text"])
            found.articles[row["id"]] = (story, round(share, 3))
    return found


def _texts(c: sqlite3.Connection) -> Iterator[Text]:
    for row in c.execute("SELECT url, site, title, text FROM readable_articles ORDER BY site, url"):
        yield Text(*row)


def _candidates(c: sqlite3.Connection, cluster_of: dict[str, str]) -> Iterator[editions.Edition]:
    alternates: dict[int, list[int]] = {}
    printed = c.execute(
        "SELECT id, editions FROM readable_articles WHERE editions <> '[]'"
    ).fetchall()
    for number, listed in printed:
        urls = [item.get("url") for item in json.loads(listed)]
        alternates[number] = [
            other
            for url in urls
            for (other,) in c.execute("SELECT article FROM aliases WHERE url = ?", (url,))
        ]
    for number, site, url, title, language, published in c.execute(
        "SELECT id, site, url, title, language, published FROM readable_articles"
    ):
        yield editions.Edition(
            id=number,
            site=site,
            url=url,
            title=title,
            language=language,
            published=published,
            alternates=tuple(alternates.get(number, ())),
            text=cluster_of.get(url),
        )


def _rows(c: sqlite3.Connection, urls: list[str]) -> list[dict[str, Any]]:
    """Articles in the order of their publication."""
    rows = _dicts(
        c,
        "SELECT id, site, url, text, language, published, first_seen FROM readable_articles "
        "WHERE url IN (SELECT value FROM json_each(?))",
        json.dumps(urls),
    )
    return sorted(rows, key=precedence)


def _publications(rows: list[dict[str, Any]], linked: set[tuple[int, int]]) -> list[dict[str, Any]]:
    """Articles of a cluster without further editions of one that is there already.

    Of several editions the first stands for all, and `kk` before `kk-Latn` on the same day.
    """
    kept: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda row: (row["language"] or "~", precedence(row))):
        if not any((min(row["id"], k["id"]), max(row["id"], k["id"])) in linked for k in kept):
            kept.append(row)
    return sorted(kept, key=precedence)


def precedence(row: Mapping[str, Any]) -> tuple[datetime, str, str, str]:
    """Who published first: by `published`, then `first_seen`; site and URL settle ties."""
    return _moment(row["published"]), row["first_seen"], row["site"], row["url"]


def _moment(published: str | None) -> datetime:
    """A moment to compare by: a bare date at its end, an unknown one after all others."""
    try:
        if published and len(published) == 10:
            return datetime.combine(date.fromisoformat(published), time.max, _LOCAL)
        moment = datetime.fromisoformat(published or "")
    except ValueError:
        return _NEVER
    return moment if moment.tzinfo else moment.replace(tzinfo=_LOCAL)


def _dicts(c: sqlite3.Connection, sql: str, *args: object) -> list[dict[str, Any]]:
    cursor = c.execute(sql, args)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
