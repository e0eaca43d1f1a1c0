"""front: the front page: what is new, what newspapers changed, and where they are printed."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from archive.derive import DAY
from archive.times import now, utc
from newsbot.web.about import counted
from newsbot.web.room import QUERIES, Asked, Page, page

LATEST = 12
CHANGED = 8
"""Articles of each kind of change that are shown."""
_MAP = tomllib.loads(Path(__file__).with_name("oblasts.toml").read_text("utf-8"))
_CHANGES = ("edited", "gone", "returned")


@page("/")
def front(asked: Asked) -> Page:
    """The latest articles, those changed lately, and the newspapers by region."""
    counts = {site: sum(years.values()) for site, years in counted(asked)["by_site"].items()}
    since, changed = asked.room.kept("changed", lambda: _changed(asked.c))
    regions: dict[str, list[dict[str, Any]]] = {}
    for row in asked.rows("regions"):
        region = row.pop("region")
        regions.setdefault(region, []).append({**row, "articles": counts.get(row["site"], 0)})
    data = {
        "articles": sum(counts.values()),
        "latest": asked.rows("latest", {"until": utc(now() + DAY), "limit": LATEST}),
        "since": since,
        "changed": {kind: _shown(asked, found) for kind, found in changed.items()},
        "regions": {
            name: {"articles": sum(row["articles"] for row in rows), "newspapers": rows}
            for name, rows in sorted(regions.items())
        },
    }
    return Page("front.html", data, more={"map": _MAP})


def _changed(c: sqlite3.Connection) -> tuple[str | None, dict[str, list[tuple[int, str]]]]:
    """Since when, a day before the archive was last fed, and what befell articles since: the last first."""
    (last,) = c.execute(QUERIES["last_capture"]).fetchone()
    if not last:
        return None, {kind: [] for kind in _CHANGES}
    since = utc(datetime.fromisoformat(last) - timedelta(days=1))
    found = {}
    for kind in _CHANGES:
        sql = f"{QUERIES['seen']} {QUERIES[kind]} ORDER BY 2 DESC LIMIT {10 * CHANGED}"
        rows = c.execute(sql, {"since": since})
        newest: dict[int, str] = {}
        for number, moment in rows:
            newest.setdefault(number, moment)
        found[kind] = [*newest.items()][:CHANGED]
    return since, found


def _shown(asked: Asked, found: list[tuple[int, str]]) -> list[dict[str, Any]]:
    """Rows of the articles that may be read."""
    ids = json.dumps([number for number, _ in found])
    rows = {row["id"]: row for row in asked.rows("lines", (ids,))}
    return [{**rows[number], "seen_at": moment} for number, moment in found if number in rows]
