"""article: the page of one article: its text to be read, and each field with where it came from and since when."""

from __future__ import annotations

from typing import Any

from datasette.utils.asgi import Response

from archive import query, stories
from archive.article import READ
from archive.errors import ArchiveUsageError
from newsbot import urls
from newsbot.web.room import Asked, Page, Refused, page

_WITHHELD = """
SELECT since, reason, by FROM main.withheld_articles WHERE id = ?1 OR url = ?1
 UNION ALL SELECT since, reason, by FROM main.withheld WHERE url = ?1 LIMIT 1
"""


def record_of(asked: Asked, key: str) -> dict[str, Any]:
    """The record of an article by id or address. Raises `Refused`: 451 where it is withheld, 404 where there is none."""
    try:
        return query.article(asked.c, key)
    except ArchiveUsageError:
        number = int(key) if key.isdigit() and len(key) < 19 else key
        for since, reason, _ in asked.c.execute(_WITHHELD, (number,)):
            raise Refused(451, "This article is withheld.", f"{reason} ({since[:10]})") from None
        raise Refused(404, "There is no such article here.") from None


def since_when(record: dict[str, Any], versions: list[dict[str, Any]]) -> dict[str, str]:
    """Field → the moment of the first revision from which on it has been as it is."""
    found = {}
    for name in READ:
        for version in reversed(versions):
            if version[name] != versions[-1][name]:
                break
            found[name] = version["seen_at"]
    return found


@page(r"/article/(?P<id>\d{1,18})")
def article(asked: Asked) -> Page:
    """One article, whole."""
    record = record_of(asked, asked.vars["id"])
    versions = query.revisions(asked.c, record["id"])
    aliases = asked.c.execute(
        "SELECT url, first_seen FROM aliases WHERE article = ? ORDER BY first_seen, url",
        (record["id"],),
    )
    counters = asked.c.execute(
        "SELECT seen_at, views, comments FROM engagement WHERE article = ? ORDER BY seen_at",
        (record["id"],),
    )
    members = stories.members(asked.c, record["story"]) if record["story"] else []
    data = {
        **record,
        "since": since_when(record, versions),
        "aliases": [dict(zip(("url", "first_seen"), row, strict=True)) for row in aliases],
        "counters": [
            dict(zip(("seen_at", "views", "comments"), row, strict=True)) for row in counters
        ],
        "other_editions": stories.editions_of(asked.c, record["id"]),
        "story_articles": members,
    }
    return Page("article.html", data)


@page(r"/at/(?P<url>.+)")
def at(asked: Asked) -> Response:
    """The article of an address: an address of ours that outlives every number of a database."""
    typed = asked.path.removeprefix("/at/")
    record = record_of(asked, urls.canonical(typed) or typed)
    return Response.redirect(f"/article/{record['id']}")
