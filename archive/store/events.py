"""events: what befell a site as a whole, with a beginning, an end and evidence.

Most are found from the captures of known articles, day by day, so that the order of arrival does not
matter: pages unreadable, missing, blocked, failing or elsewhere together. Such an event begins with the
first page of its kind and ends with the first that reads well again. While pages go missing together, no
article is `gone` by it (`archive.derive`). That a source has emptied or lies is noted when it is polled.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta
from typing import Any

from archive.store.rows import to_json
from archive.times import utc

KINDS = {
    "refused": "unreadable",
    "missing": "missing",
    "blocked": "blocked",
    "failed": "failing",
    "excluded": "moved",
}
"""Result of visits → kind of the event."""
EMPTY, LYING = "empty_source", "lying_source"
LEAST = 5
"""Known articles of one day that must be affected."""
SHARE = 0.5
"""Of the known articles that were visited that day."""
_REACH = timedelta(days=8)
"""How far before the first news a site is looked at again."""
_EXAMPLES = 3

_DAYS = """
SELECT substr(fetched_at, 1, 10) AS day, result, count(DISTINCT article) AS articles,
       min(fetched_at) AS first
  FROM captures
 WHERE site = ? AND fetched_at >= ? AND result IS NOT NULL AND article IS NOT NULL
 GROUP BY day, result ORDER BY day
"""
_EVIDENCE = """
SELECT reason, article, url, fetched_at FROM captures
 WHERE site = ? AND result = ? AND article IS NOT NULL AND fetched_at >= ? AND fetched_at < ?
 ORDER BY fetched_at, record_id
"""


def find(c: sqlite3.Connection, site: str, since: datetime | None) -> None:
    """Bring the events of a site up to date with its captures since a moment (None: all)."""
    kinds = to_json(list(KINDS.values()))
    start = utc(since - _REACH) if since else ""
    earliest = c.execute(
        "SELECT min(began_at) FROM events WHERE site = ? AND coalesce(ended_at, '9') >= ? "
        "AND kind IN (SELECT value FROM json_each(?))",
        (site, start, kinds),
    ).fetchone()[0]
    start = min(start, earliest or start)[:10]
    days: dict[str, dict[str, sqlite3.Row]] = {}
    for row in c.execute(_DAYS, (site, start)):
        days.setdefault(row["day"], {})[row["result"]] = row
    c.execute(
        "DELETE FROM events WHERE site = ? AND began_at >= ? "
        "AND kind IN (SELECT value FROM json_each(?))",
        (site, start, kinds),
    )
    for result, kind in KINDS.items():
        for began_at, ended_at in _spans(list(days.values()), result):
            evidence = _evidence(c, site, result, began_at, ended_at or "9")
            c.execute(
                "INSERT INTO events (site, kind, began_at, ended_at, evidence) "
                "VALUES (?, ?, ?, ?, ?)",
                (site, kind, began_at, ended_at, to_json(evidence)),
            )


def _spans(days: list[dict[str, sqlite3.Row]], result: str) -> list[tuple[str, str | None]]:
    """Begin and end of each time in which a result prevailed; the end is None while it lasts."""
    spans: list[tuple[str, str | None]] = []
    began_at: str | None = None
    for found in days:
        affected = found[result]["articles"] if result in found else 0
        well = found["article"]["articles"] if "article" in found else 0
        if affected >= LEAST and affected >= SHARE * sum(r["articles"] for r in found.values()):
            began_at = began_at or found[result]["first"]
        elif began_at and well > affected:
            spans.append((began_at, found["article"]["first"]))
            began_at = None
    if began_at:
        spans.append((began_at, None))
    return spans


def _evidence(
    c: sqlite3.Connection, site: str, result: str, began_at: str, ended_at: str
) -> dict[str, Any]:
    """How many articles, the commonest reason, the first addresses, and the last moment."""
    rows = c.execute(_EVIDENCE, (site, result, began_at, ended_at)).fetchall()
    reasons = [row["reason"] for row in rows if row["reason"]]
    return {
        "articles": len({row["article"] for row in rows}),
        "reason": max(sorted(set(reasons)), key=reasons.count, default=None),
        "urls": list(dict.fromkeys(row["url"] for row in rows))[:_EXAMPLES],
        "last": rows[-1]["fetched_at"],
    }


def note(
    c: sqlite3.Connection, site: str, kind: str, url: str, moment: str, *, lasts: bool
) -> None:
    """Begin, or end, what was noticed of one source."""
    evidence = to_json({"source": url})
    known = c.execute(
        "SELECT id FROM events WHERE site = ? AND kind = ? AND evidence = ? AND ended_at IS NULL",
        (site, kind, evidence),
    ).fetchone()
    if lasts and known is None:
        c.execute(
            "INSERT OR IGNORE INTO events (site, kind, began_at, evidence) VALUES (?, ?, ?, ?)",
            (site, kind, moment, evidence),
        )
    elif known is not None and not lasts:
        c.execute("UPDATE events SET ended_at = ? WHERE id = ?", (moment, known["id"]))


def lasting(c: sqlite3.Connection, site: str, since: datetime) -> list[dict[str, Any]]:
    """The events of a site that have not ended and showed themselves since a moment.

    Each has `kind`, `began_at` and the evidence: `articles`, `reason`, `urls`, `last`, or `source`.
    """
    rows = c.execute(
        "SELECT kind, began_at, evidence FROM events WHERE site = ? AND ended_at IS NULL "
        "ORDER BY began_at, kind",
        (site,),
    )
    found = [
        {"kind": r["kind"], "began_at": r["began_at"], **json.loads(r["evidence"])} for r in rows
    ]
    return [event for event in found if event.get("last", event["began_at"]) >= utc(since)]
