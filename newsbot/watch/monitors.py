"""monitors: what is wrong with a site, by SQL over the archive's history; findings become events of the store."""

from __future__ import annotations

import sqlite3
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from archive.status import came_to
from archive.store import Store, events
from archive.times import utc
from newsbot.profiles import Site

_HISTORY = timedelta(days=60)
_WEEKS = timedelta(days=70)
_USUAL = timedelta(days=60)
"""After this time, what an event found has become usual: it ends, and begins anew if it is not."""
_AFTERMATH = timedelta(days=7)
"""How long what has ended still explains what followed from it: pages wait to be tried again."""
LANGUAGES = ("en", "ru", "kk")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event, as `monitors.toml` has it; without SQL where the store itself finds it."""

    name: str
    severity: int
    title: Mapping[str, str]
    """Language → at most three words."""
    says: Mapping[str, str]
    sql: str = ""
    limit: float = 0
    unless: tuple[str, ...] = ()
    pages: bool = False
    """Whether pages before and after show it."""


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("monitors.toml").read_text("utf-8"))


@cache
def kinds() -> dict[str, Kind]:
    """Every kind of event by its name, causes first."""
    return {
        name: Kind(name, **{**raw, "unless": tuple(raw.get("unless", ()))})
        for name, raw in _table().items()
        if isinstance(raw, dict) and "says" in raw
    }


def words(language: str) -> dict[str, str]:
    """The words that messages are made of."""
    found: dict[str, str] = _table()["words"][language]
    return found


def said(event: Mapping[str, Any], language: str = "en") -> str:
    """What happened, and what to do, in one sentence. `event` is one of `archive.store.events.lasting`."""
    reason = (event.get("reason") or "").removesuffix(".")  # the sentence has its own
    values = defaultdict[str, Any](lambda: "–", event, came_to=came_to(reason))
    if reason:
        values["reason"] = reason
    for name in ("began_at", "newest"):
        values[name] = str(values[name])[:16].replace("T", " ")
    return one_line(kinds()[event["kind"]].says[language].format_map(values))


def one_line(text: str) -> str:
    """A text without line breaks and whatever else is not printed: it may come from anybody's archive."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


_DAYS = """
CREATE TEMP TABLE days AS
SELECT site, substr(published, 1, 10) AS day, count(*) AS articles FROM articles WHERE published >= ?1 GROUP BY 1, 2
 UNION ALL
SELECT site, substr(first_seen, 1, 10), count(*) FROM articles WHERE published IS NULL AND first_seen >= ?1 GROUP BY 1, 2
"""


def look(store: Store, sites: Iterable[Site], at: datetime) -> None:
    """Find what is wrong with sites whose crawls have ended: events begin, last and end."""
    c = store.connection
    c.execute(_DAYS, (utc(at - _WEEKS),))
    try:
        for site in sites:
            store.note_findings(site.id, utc(at), list(_findings(c, site, at)))
    finally:
        for name in ("days", *_table()["tables"]):
            c.execute(f"DROP TABLE IF EXISTS temp.{name}")


def _findings(
    c: sqlite3.Connection, site: Site, at: datetime
) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Kind, evidence and whether it lasts, of all that can be told."""
    known = events.lasting(c, site.id)
    ended = c.execute(
        "SELECT kind FROM events WHERE site = ? AND ended_at >= ?", (site.id, utc(at - _AFTERMATH))
    )
    explained = {event["kind"] for event in known} | {kind for (kind,) in ended}
    own: Mapping[Any, float] = site.watch
    of = ""
    for kind in kinds().values():
        limit = own.get(kind.name, kind.limit)
        if not kind.sql:
            continue
        same = [event for event in known if event["kind"] == kind.name]
        begun = set(map(events.about, same))
        before = utc(at)
        for event in same:
            if limit is False or event.get("last", "") < utc(at - _USUAL):  # when it was found
                yield kind.name, event, False
            else:
                before = min(before, event["began_at"])
        if limit is not False:
            values = _values(site, at, before, limit)
            if before != of:
                of = before
                for name, sql in _table()["tables"].items():
                    c.execute(f"DROP TABLE IF EXISTS temp.{name}")
                    c.execute(f"CREATE TEMP TABLE {name} AS {sql}", values)
            for row in _rows(c, kind, values):
                bad = row.pop("bad")
                if bad and (explained.isdisjoint(kind.unless) or events.about(row) in begun):
                    explained.add(kind.name)
                    yield kind.name, {**row, "last": utc(at)}, True
                elif bad == 0:
                    yield kind.name, row, False


def _values(site: Site, at: datetime, before: str, limit: float) -> dict[str, Any]:
    """What the SQL knows."""
    return {
        "site": site.id, "now": utc(at), "today": at.astimezone(site.zone).date().isoformat(),
        "since": utc(datetime.fromisoformat(before) - _HISTORY), "before": before, "limit": limit,
    }  # fmt: skip


def _rows(c: sqlite3.Connection, kind: Kind, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What a monitor has to say, without what is not known."""
    sql, views = kind.sql.strip(), _table()["views"].rstrip()
    own = sql.removeprefix("WITH ")
    cursor = c.execute(f"WITH {views}{', ' if own != sql else ' '}{own}", values)
    names = [column[0] for column in cursor.description]
    for found in cursor.fetchall():
        row = {
            name: int(value) if isinstance(value, float) and value.is_integer() else value
            for name, value in zip(names, found, strict=True)
        }
        yield {name: value for name, value in row.items() if value is not None or name == "bad"}
