"""status: what an archive holds, how its last crawls went, and what is wrong with a site."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

from archive.store import events
from archive.store.opening import DATABASE, writing_since
from archive.store.schema import OUTCOMES
from archive.times import utc

_SITES = f"""
SELECT s.id AS site, s.name,
       (SELECT count(*) FROM articles a WHERE a.site = s.id) AS articles,
       (SELECT count(*) FROM articles a WHERE a.site = s.id AND a.gone_since IS NOT NULL) AS gone,
       (SELECT count(*) FROM articles a JOIN revisions r ON r.article = a.id WHERE a.site = s.id)
         AS revisions,
       -- +: by the index of visits, where few never were; nearly all are due some day.
       (SELECT count(*) FROM frontier f WHERE f.site = s.id AND +f.due IS NOT NULL
          AND f.visited_at IS NULL) AS waiting,
       (SELECT max(published) FROM articles a WHERE a.site = s.id) AS newest,
       (SELECT count(*) FROM frontier f WHERE f.site = s.id AND f.due <= :now) AS due_now,
       (SELECT min(due) FROM frontier f WHERE f.site = s.id AND f.due IS NOT NULL) AS next_due,
       nullif(max(coalesce((SELECT max(polled_at) FROM sources WHERE site = s.id AND error IS NULL), ''),
         coalesce((SELECT max(fetched_at) FROM captures WHERE site = s.id AND result = 'article'), '')), '')
         AS last_success,
       c.id AS crawl, c.started_at, c.ended_at, c.reason, c.requests, c.discovered,
       {", ".join(f"c.{name} AS crawl_{name}" for name in OUTCOMES)}
  FROM sites s LEFT JOIN crawls c ON c.id = (SELECT max(id) FROM crawls WHERE site = s.id)
 WHERE :all OR s.id IN (SELECT value FROM json_each(:sites))
 ORDER BY s.id
"""  # noqa: S608 -- constants
_HABIT = """
SELECT gap FROM (
  SELECT gap, cume_dist() OVER (ORDER BY gap) AS share FROM (
    SELECT CAST(julianday(day) - julianday(lag(day) OVER (ORDER BY day)) AS INTEGER) AS gap FROM (
      SELECT DISTINCT substr(published, 1, 10) AS day FROM articles WHERE site = ? AND published IS NOT NULL
       ORDER BY day DESC LIMIT 200))
   WHERE gap IS NOT NULL)
 WHERE share >= 0.9 ORDER BY gap LIMIT 1
"""
_SOURCES = """
SELECT site, kind, url, found_by, polled_at, due, status, found, discovered, failures, error, distrust, left_out
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


BY_DESIGN = "password"
"""Reason of a page that the newspaper shows to those alone whom it gave a password: no trouble."""
GAVE_UP = {
    "backing_off": "the site refuses our requests; it is left alone until the next run",
    "unreachable": "the site has stopped answering; the next run tries again",
}
"""How a crawl may end because of the site, in words."""
_CAME_TO = {
    "login": "ask for a log-in",
    "challenge": "are hidden behind a challenge",
    "HTTP 403": "are forbidden (HTTP 403)",
}
_POLLED = """
SELECT url, error FROM sources WHERE site = ?1 AND polled_at >= (SELECT max(started_at) FROM crawls
   WHERE site = ?1 AND started_at <= (SELECT max(polled_at) FROM sources WHERE site = ?1))
 ORDER BY error IS NOT NULL, found DESC, url
"""
_VISITED = f"""
SELECT started_at, {"+".join(OUTCOMES)} FROM crawls
 WHERE site = ? AND {"+".join(OUTCOMES)} > 0 ORDER BY id DESC LIMIT 1
"""  # noqa: S608 -- constants
_REFUSED = """
SELECT error, count(*) FROM frontier WHERE site = ? AND visited_at >= ?
   AND outcome IN ('failed', 'blocked') AND error IS NOT ? GROUP BY error ORDER BY 2 DESC
"""


def came_to(reason: str) -> str:
    """What pages do that failed or were blocked for a reason: «ask for a log-in»."""
    return _CAME_TO.get(reason, f"came to nothing: {reason}")


def trouble(c: sqlite3.Connection, site: str) -> str | None:
    """What was wrong with a whole site when it was seen last, in one line; None where nothing was.

    An idle crawl ends well where a site that is down is not asked yet again: it says nothing.
    """
    polled = c.execute(_POLLED, (site,)).fetchall()
    if polled and all(error for _, error in polled):
        return f"none of its sources answers: {polled[0][0]}: {polled[0][1]}"
    started_at, visits = c.execute(_VISITED, (site,)).fetchone() or ("", 0)
    refused = c.execute(_REFUSED, (site, started_at, BY_DESIGN)).fetchall() if visits else []
    if refused and sum(number for _, number in refused) >= visits:
        reason, number = refused[0]
        return f"{number} of {visits} pages {came_to(reason or 'no answer')}"
    return None


def sites(
    c: sqlite3.Connection, folder: Path, at: datetime, chosen: Collection[str] = ()
) -> list[dict[str, Any]]:
    """One row a site of the archive in `folder`, or of those chosen: its articles, what waits, its last crawl, what is wrong.

    `days` are those since the newest article was published, `habit` those that nine of ten silences last at
    most, `last_success` when a page or a source could last be read, `next_due` when a page is to be visited
    next, `warc_bytes` what its captures take on the disk, `events` what lasts (`events.lasting`).
    """
    known = {"now": utc(at), "all": not chosen, "sites": json.dumps(list(chosen))}
    cursor = c.execute(_SITES, known)
    names = [d[0] for d in cursor.description]
    writing = writing_since(folder)
    found = []
    for values in cursor.fetchall():
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
        crawl["running"] = bool(
            writing and not crawl["ended_at"] and (crawl["started_at"] or "") >= writing
        )
        row["last_crawl"] = crawl if crawl["id"] is not None else None
        row["days"] = _days_since(row["newest"], at)
        row["warc_bytes"] = _size((folder / "warc" / row["site"]).glob("*"))
        row["habit"] = (c.execute(_HABIT, (row["site"],)).fetchone() or (None,))[0]
        row["events"] = events.lasting(c, row["site"])
        row["trouble"] = trouble(c, row["site"]) or GAVE_UP.get(crawl["reason"])
        found.append(row)
    return found


def _days_since(published: str | None, at: datetime) -> int | None:
    with suppress(ValueError, TypeError):  # it may be anybody's archive
        return (at.date() - date.fromisoformat((published or "")[:10])).days
    return None


def database_bytes(folder: Path) -> int:
    """What the database takes on the disk, with what is not yet written into it."""
    return _size(folder.glob(f"{DATABASE}*"))


def _size(paths: Iterable[Path]) -> int:
    found = 0
    for path in paths:
        with suppress(FileNotFoundError):  # packed by a crawl meanwhile
            found += path.lstat().st_size
    return found
