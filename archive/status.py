"""status: what an archive holds and how its last crawls went, in plain numbers."""

from __future__ import annotations

import sqlite3
from typing import Any

from archive.store.schema import OUTCOMES

_SITES = f"""
SELECT s.id AS site, s.name,
       (SELECT count(*) FROM articles a WHERE a.site = s.id) AS articles,
       (SELECT count(*) FROM articles a WHERE a.site = s.id AND a.gone_since IS NOT NULL) AS gone,
       (SELECT count(*) FROM articles a JOIN revisions r ON r.article = a.id WHERE a.site = s.id)
         AS revisions,
       (SELECT count(*) FROM frontier f WHERE f.site = s.id AND f.due IS NOT NULL
          AND f.visited_at IS NULL) AS waiting,
       (SELECT max(published) FROM articles a WHERE a.site = s.id) AS newest,
       c.id AS crawl, c.started_at, c.ended_at, c.reason, c.requests, c.discovered,
       {", ".join(f"c.{name} AS crawl_{name}" for name in OUTCOMES)}
  FROM sites s LEFT JOIN crawls c ON c.id = (SELECT max(id) FROM crawls WHERE site = s.id)
 ORDER BY s.id
"""  # noqa: S608 -- constants


_SOURCES = """
SELECT site, kind, url, found_by, polled_at, due, status, found, discovered, failures, error, distrust
  FROM sources
 ORDER BY site, discovered DESC, found DESC, url
"""


def sources(c: sqlite3.Connection) -> list[dict[str, Any]]:
    """One row a source, each site's most useful first.

    `found` counts the URLs in the source's last answer, `discovered` those it was ever first to name.
    """
    cursor = c.execute(_SOURCES)
    names = [d[0] for d in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in cursor]


def sites(c: sqlite3.Connection) -> list[dict[str, Any]]:
    """One row a site: its articles, what waits in its frontier, and its last crawl."""
    cursor = c.execute(_SITES)
    names = [d[0] for d in cursor.description]
    found = []
    for values in cursor:
        row = dict(zip(names, values, strict=True))
        outcomes = {name: row.pop(f"crawl_{name}") for name in OUTCOMES}
        crawl = {
            "id": row.pop("crawl"),
            **{
                key: row.pop(key)
                for key in ("started_at", "ended_at", "reason", "requests", "discovered")
            },
            "outcomes": outcomes,
        }
        row["last_crawl"] = crawl if crawl["id"] is not None else None
        found.append(row)
    return found
