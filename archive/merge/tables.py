"""tables: what a merge does with everything but articles: sites, crawls, sources, frontier, imports.

Each rule gives the same whichever archive is ours, and nothing new where it is applied again.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import Any

from archive.merge.sides import BATCH, Row, Sides, content, one_row, select
from archive.schema import OUTCOMES

MARKERS = ("reextraction", "merge")
"""Kinds of `imports` by which an interrupted run of one archive carries on; of no use to another."""
_COUNTS = ("requests", "discovered", *OUTCOMES)
_SITE = ("name", "url", "region", "language", "timezone", "family")
_CRAWL = ("started_at", "ended_at", "reason", "version", *_COUNTS)
_SOURCE = (
    "kind found_by etag last_modified body_hash polled_at due cursor status failures error distrust "
    "found discovered"
).split()
_VISIT = "site due visited_at outcome status failures etag last_modified error changed".split()
"""Columns of the frontier that the last visit decides together."""
_IMPORT = ("started_at", "ended_at", "cursor", "records", *OUTCOMES)
_REPLAY = "site status digest length location outcome attempts error".split()


@dataclass(slots=True)
class Maps:
    """Ids of theirs → ids of ours."""

    crawls: dict[int, int] = field(default_factory=dict)
    sources: dict[int, int] = field(default_factory=dict)


def merge_sites(sides: Sides) -> Maps:
    """Sites with their crawls and sources, a transaction a site."""
    maps = Maps()
    for site in select(sides.theirs, "SELECT * FROM sites ORDER BY id"):
        with sides.batch():
            _site(sides, site)
            _crawls(sides, site["id"], maps)
            _sources(sides, site["id"], maps)
    return maps


def _site(sides: Sides, theirs: Row) -> None:
    """The profile as it was at the later crawl."""
    ours = one_row(sides.ours, "SELECT * FROM sites WHERE id = ?", theirs["id"])
    if ours is None:
        sides.summary.new["sites"] += 1
        names = ("id", *_SITE)
        sides.ours.execute(
            f"INSERT INTO sites ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",  # noqa: S608
            [theirs[name] for name in names],
        )
        return
    last = "SELECT max(started_at) AS at FROM crawls WHERE site = ?"
    mine, other = (
        ((one_row(c, last, theirs["id"]) or {})["at"] or "", content(row, _SITE))
        for c, row in ((sides.ours, ours), (sides.theirs, theirs))
    )
    if other > mine:
        if content(ours, _SITE) != content(theirs, _SITE):
            sides.summary.changed["sites"] += 1
        sides.ours.execute(
            f"UPDATE sites SET {', '.join(f'{name} = ?' for name in _SITE)} WHERE id = ?",  # noqa: S608
            [*(theirs[name] for name in _SITE), theirs["id"]],
        )


# -- crawls -------------------------------------------------------------------------------------


def _crawls(sides: Sides, site: str, maps: Maps) -> None:
    taken: set[int] = set()
    for theirs in select(sides.theirs, "SELECT * FROM crawls WHERE site = ? ORDER BY id", site):
        alike = select(
            sides.ours,
            "SELECT * FROM crawls WHERE site = ? AND started_at = ? AND version = ? ORDER BY id",
            site,
            theirs["started_at"],
            theirs["version"],
        )
        known = next(
            (
                row
                for same in (_equal, _continued)
                for row in alike
                if row["id"] not in taken and same(row, theirs)
            ),
            None,
        )
        last = max(filter(None, (known, theirs)), key=_progress)
        number = sides.put("crawls", known, {"site": site, **{n: last[n] for n in _CRAWL}})
        taken.add(number)
        maps.crawls[theirs["id"]] = number


def _equal(one: Row, other: Row) -> bool:
    return content(one, _CRAWL) == content(other, _CRAWL)


def _continued(one: Row, other: Row) -> bool:
    """Whether one row is the other as it was when the crawl was still running.

    Two machines may begin a crawl of one site in the same second; those are two crawls.
    """
    first, second = sorted((one, other), key=_progress)
    return first["ended_at"] is None and all(first[n] <= second[n] for n in _COUNTS)


def _progress(row: Row) -> tuple[Any, ...]:
    return row["ended_at"] is not None, [row[name] for name in _COUNTS], content(row, _CRAWL)


# -- sources ------------------------------------------------------------------------------------

_SOURCES = """
SELECT s.*, p.url AS parent_url FROM sources s LEFT JOIN sources p ON p.id = s.parent
"""


def _sources(sides: Sides, site: str, maps: Maps) -> None:
    """The later poll wins."""
    parents: list[tuple[int, str | None]] = []
    for theirs in select(sides.theirs, f"{_SOURCES} WHERE s.site = ? ORDER BY s.id", site):
        known = one_row(
            sides.ours, f"{_SOURCES} WHERE s.site = ? AND s.url = ?", site, theirs["url"]
        )
        last = max(filter(None, (known, theirs)), key=_poll)
        number = sides.put(
            "sources",
            known,
            {"site": site, "url": theirs["url"], **{n: last[n] for n in _SOURCE}},
        )
        maps.sources[theirs["id"]] = number
        if (known["parent_url"] if known else None) != last["parent_url"]:
            parents.append((number, last["parent_url"]))
            sides.summary.changed["sources"] += known is not None
    sides.ours.executemany(
        "UPDATE sources SET parent = (SELECT id FROM sources WHERE site = ?1 AND url = ?2) "
        "WHERE id = ?3",
        [(site, url, number) for number, url in parents],
    )


def _poll(row: Row) -> tuple[Any, ...]:
    return row["polled_at"] or "", content(row, (*_SOURCE, "parent_url"))


# -- frontier -----------------------------------------------------------------------------------

_FRONTIER = """
SELECT f.*, s.url AS source_url, e.url AS changed_by_url FROM frontier f
  LEFT JOIN sources s ON s.id = f.source LEFT JOIN sources e ON e.id = f.changed_by
"""
_CLOSED_ALIASES = """
UPDATE frontier SET due = NULL, outcome = 'excluded', error = 'alias',
       article = (SELECT article FROM aliases WHERE url = frontier.url)
 WHERE site = ?1 AND visited_at IS NULL AND due IS NOT NULL
   AND EXISTS (SELECT 1 FROM aliases x JOIN frontier v ON v.article = x.article
                WHERE x.url = frontier.url AND v.visited_at IS NOT NULL AND v.id <> frontier.id)
"""


def merge_frontier(sides: Sides, maps: Maps) -> None:
    """Every URL of theirs: what the later visit left, and the earlier discovery."""
    sql = f"{_FRONTIER} WHERE f.id > ? ORDER BY f.id LIMIT {BATCH}"
    last = 0
    while rows := select(sides.theirs, sql, last):
        with sides.batch():
            for theirs in rows:
                _frontier(sides, theirs, maps)
        last = rows[-1]["id"]
    for site in select(sides.theirs, "SELECT id FROM sites ORDER BY id"):
        with sides.batch():
            # What one archive was still to visit, the other may know as an article's other address.
            closed = sides.ours.execute(_CLOSED_ALIASES, (site["id"],)).rowcount
            sides.summary.changed["frontier"] += closed


def _frontier(sides: Sides, theirs: Row, maps: Maps) -> None:
    known = one_row(sides.ours, f"{_FRONTIER} WHERE f.url = ?", theirs["url"])
    both = [row for row in (known, theirs) if row is not None]
    last = max(both, key=_visit)
    rest = next((row for row in both if row is not last), last)
    sides.put(
        "frontier",
        known,
        {
            "url": theirs["url"],
            **{name: last[name] for name in _VISIT},
            "changed_by": _source(last, theirs, "changed_by", maps),
            "source": _source(last if last["source"] else rest, theirs, "source", maps),
            "article": _led_to(sides, both, theirs),
            "discovered_at": min(row["discovered_at"] for row in both),
            "depth": min(row["depth"] for row in both),
            "hint": max((row["hint"] for row in both if row["hint"]), default=None),
            "attempts": max(row["attempts"] for row in both),
        },
    )


def _visit(row: Row) -> tuple[Any, ...]:
    # A row that was closed without a visit, as an alias, says more than one that waits for it.
    closed = row["error"] == "alias"
    return row["visited_at"] or "", closed, content(row, (*_VISIT, "changed_by_url", "source_url"))


def _source(row: Row, theirs: Row, name: str, maps: Maps) -> int | None:
    number = row[name]
    return maps.sources.get(number) if row is theirs and number is not None else number


def _led_to(sides: Sides, both: list[Row], theirs: Row) -> int | None:
    """Our id of the article that the later visit came to."""
    found: list[tuple[str, str, int]] = []
    for row in both:
        number = row["article"]
        if row is theirs and number is not None:
            number = article_of(sides.ours, number)
        if number is not None:
            known = one_row(sides.ours, "SELECT url FROM articles WHERE id = ?", number)
            found.append((row["visited_at"] or "", known["url"] if known else "", number))
    return max(found, default=("", "", None))[2]


def article_of(ours: sqlite3.Connection, theirs: int) -> int | None:
    """Our id of an article of theirs, once it was merged."""
    row = one_row(ours, "SELECT ours FROM merged_articles WHERE theirs = ?", theirs)
    return int(row["ours"]) if row else None


# -- imports ------------------------------------------------------------------------------------


def merge_imports(sides: Sides) -> None:
    """Imports by what was imported; the one that came further wins."""
    for theirs in select(sides.theirs, "SELECT * FROM imports ORDER BY id"):
        if theirs["kind"] in MARKERS:
            continue
        known = one_row(
            sides.ours,
            "SELECT * FROM imports WHERE kind = ? AND source = ?",
            theirs["kind"],
            theirs["source"],
        )
        with sides.batch():
            last = max(filter(None, (known, theirs)), key=_import)
            named = {name: theirs[name] for name in ("kind", "source")}
            number = sides.put("imports", known, {**named, **{n: last[n] for n in _IMPORT}})
        _replays(sides, theirs["id"], number)


def _import(row: Row) -> tuple[Any, ...]:
    return row["ended_at"] is not None, row["records"], content(row, _IMPORT)


def _replays(sides: Sides, theirs_id: int, ours_id: int) -> None:
    at = ("", "")
    names = ("import", "url", "timestamp", *_REPLAY)
    while rows := select(
        sides.theirs,
        "SELECT * FROM replays WHERE import = ? AND (url, timestamp) > (?, ?) "
        "ORDER BY url, timestamp LIMIT ?",
        theirs_id,
        *at,
        BATCH,
    ):
        with sides.batch():
            for theirs in rows:
                known = one_row(
                    sides.ours,
                    "SELECT * FROM replays WHERE import = ? AND url = ? AND timestamp = ?",
                    ours_id,
                    theirs["url"],
                    theirs["timestamp"],
                )
                last = max(filter(None, (known, theirs)), key=_replay)
                if last is known:
                    continue
                sides.summary.changed["replays"] += known is not None
                sides.summary.new["replays"] += known is None
                sides.ours.execute(
                    f"INSERT OR REPLACE INTO replays ({', '.join(names)}) "  # noqa: S608
                    f"VALUES ({', '.join('?' * len(names))})",
                    [ours_id, *(last[name] for name in names[1:])],
                )
        at = (rows[-1]["url"], rows[-1]["timestamp"])


def _replay(row: Row) -> tuple[Any, ...]:
    return row["outcome"] is not None, row["attempts"], content(row, _REPLAY)
