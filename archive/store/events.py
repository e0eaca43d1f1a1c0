"""events: what befell a site as a whole, with a beginning, an end and evidence.

Most are found from the captures of known articles, so that the order of arrival does not matter: pages
unreadable, missing, blocked, failing or elsewhere together. Such an event begins with the first page of
its kind and ends with the first that reads well again. While pages go missing together, no article is
`gone` by it (`archive.derive`). An event that was found once is kept, also where rules read its pages by
now. That a source has emptied or lies is noted when it is polled; what monitors find, as crawls end.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from archive.store.rows import to_json
from archive.times import utc

KINDS = {
    "refused": "unreadable",
    "missing": "missing",
    "blocked": "blocked",
    "failed": "failing",
    "deferred": "failing",
    "excluded": "moved",
}
"""Result of visits → kind of the event."""
EMPTY, LYING = "empty_source", "lying_source"
LEAST = 5
"""Known articles that must be affected within the window."""
SHARE = 0.5
"""Of the known articles that were visited."""
_WINDOW = 3
"""Days, today's included, whose visits are looked at together: small papers have few a day."""
_REACH = timedelta(days=8)
"""How far before the first news a site is looked at again."""
_EXAMPLES = 3
_LARGEST = 65_536
"""Letters of evidence that is read."""
_COLUMNS = ("site", "kind", "began_at")
_TEXTS = ("source", "about", "reason", "layout", "url", "urls", "last")
"""What newsbot compares or looks for."""

# A password was set by the newspaper itself, for one page: it says nothing of the site.
_VISITS = """
SELECT fetched_at, article, result, reason, url FROM captures
 WHERE site = ? AND fetched_at >= ? AND result IS NOT NULL AND article IS NOT NULL
   AND reason IS NOT 'password'
 ORDER BY fetched_at, record_id
"""
_KNOWN = """
SELECT id, kind, began_at, ended_at, evidence FROM events
 WHERE site = ? AND began_at >= ? AND kind IN (SELECT value FROM json_each(?)) ORDER BY began_at, id
"""


class _Visit(NamedTuple):
    moment: str
    article: int
    result: str
    reason: str | None
    url: str

    @property
    def kind(self) -> str | None:
        """The kind of event that it speaks for; None where it read well."""
        return KINDS.get(self.result)


@dataclass(slots=True)
class _Run:
    """Visits to one article in a row that speak for one kind of event, or all read well (None)."""

    kind: str | None
    since: str
    """Moment of the first; empty where it lies before what is looked at."""


@dataclass(slots=True)
class _Span:
    """An event of one kind, as far as the visits tell."""

    kind: str
    began_at: str
    ended_at: str | None = None
    well_at: str | None = None
    """The first page that read well after the last one that was affected."""
    articles: set[int] = field(default_factory=set)
    reasons: Counter[str] = field(default_factory=Counter)
    urls: list[str] = field(default_factory=list)
    last: str = ""

    def add(self, visit: _Visit) -> None:
        if visit.kind is None:
            self.well_at = self.well_at or visit.moment
        if visit.kind != self.kind:
            return
        self.well_at, self.last = None, visit.moment
        self.articles.add(visit.article)
        if visit.reason:
            self.reasons[visit.reason] += 1
        if len(self.urls) < _EXAMPLES and visit.url not in self.urls:
            self.urls.append(visit.url)

    def overlaps(self, row: sqlite3.Row) -> bool:
        """Whether it is the event of a row."""
        starts = max(self.began_at, row["began_at"])
        ends = min(self.ended_at or "9", row["ended_at"] or "9")
        return bool(self.kind == row["kind"] and starts <= ends)

    @property
    def evidence(self) -> str:
        """How many articles, the commonest reason, the first addresses, and the last moment."""
        reason = min(self.reasons, key=lambda name: (-self.reasons[name], name), default=None)
        return to_json(
            {"articles": len(self.articles), "reason": reason, "urls": self.urls, "last": self.last}
        )


def find(c: sqlite3.Connection, site: str, since: datetime | None) -> None:
    """Bring the events of a site up to date with its captures since a moment (None: all)."""
    kinds = to_json(sorted(set(KINDS.values())))
    start = _start(c, site, kinds, since)
    known = c.execute(_KNOWN, (site, start, kinds)).fetchall()
    visits = [_Visit(*row) for row in c.execute(_VISITS, (site, start))]
    free = list(known)
    for span in _spans(visits, lambda article: _result_before(c, article, start)):
        same = [row for row in free if span.overlaps(row)]
        free = [row for row in free if row not in same]
        _write(c, site, span, [row["id"] for row in same])
    for row in free:
        if row["ended_at"] is None:  # its pages read well by now: it ended with the first that does
            last = (read(row["began_at"], row["evidence"]) or {}).get("last") or ""
            well = (v.moment for v in visits if v.kind is None and v.moment > last)
            c.execute("UPDATE events SET ended_at = ? WHERE id = ?", (next(well, None), row["id"]))


def _start(c: sqlite3.Connection, site: str, kinds: str, since: datetime | None) -> str:
    """The day from which visits are looked at: no event may lie half before it."""
    if since is None:
        return ""
    start = (since - _REACH).date()
    while True:
        (earliest,) = c.execute(
            "SELECT min(date(began_at)) FROM events WHERE site = ? AND coalesce(ended_at, '9') >= ? "
            "AND began_at >= '1970' AND began_at LIKE '____-__-__T__:__:__Z' AND kind IN (SELECT value FROM json_each(?))",
            (site, start.isoformat(), kinds),
        ).fetchone()
        if earliest is None or _day(earliest) - timedelta(_WINDOW) >= start:
            return start.isoformat()
        start = _day(earliest) - timedelta(_WINDOW)


def _day(moment: str) -> date:
    return date.fromisoformat(moment[:10])


def _result_before(c: sqlite3.Connection, article: int, moment: str) -> str | None:
    row = c.execute(
        "SELECT result FROM captures WHERE article = ? AND fetched_at < ? AND result IS NOT NULL "
        "ORDER BY fetched_at DESC LIMIT 1",
        (article, moment),
    ).fetchone()
    return row[0] if row else None


def _write(c: sqlite3.Connection, site: str, span: _Span, same: list[int]) -> None:
    """Keep an event in the first of the rows that it has already, or in a new one."""
    row = (span.began_at, span.ended_at, span.evidence)
    if not same:
        c.execute(
            "INSERT INTO events (site, kind, began_at, ended_at, evidence) VALUES (?, ?, ?, ?, ?)",
            (site, span.kind, *row),
        )
        return
    c.executemany("DELETE FROM events WHERE id = ?", [(number,) for number in same[1:]])
    c.execute(
        "UPDATE events SET began_at = ?, ended_at = ?, evidence = ? WHERE id = ?", (*row, same[0])
    )


# -- what visits tell -----------------------------------------------------------------------------

_Recent = list[tuple[date, list[_Visit]]]


def _spans(visits: Iterable[_Visit], before: Callable[[int], str | None]) -> Iterator[_Span]:
    """The events that visits tell of, in order. `before` is the result that an article had before."""
    runs: dict[int, _Run] = {}
    spans: dict[str, _Span] = {}
    ends: dict[str, str] = {}
    recent: _Recent = []
    for day, group in groupby(visits, key=lambda visit: _day(visit.moment)):
        today = list(group)
        recent = [(d, found) for d, found in recent if (day - d).days < _WINDOW] + [(day, today)]
        for visit in today:
            _follow(runs, visit, before)
        for span in spans.values():
            for visit in today:
                span.add(visit)
        for kind in sorted({visit.kind for visit in today if visit.kind} - spans.keys()):
            began_at = _beginning(kind, runs, recent, ends.get(kind, ""))
            if began_at:
                spans[kind] = span = _Span(kind, began_at)
                for visit in (v for _, found in recent for v in found if v.moment >= began_at):
                    span.add(visit)
        for span in [span for span in spans.values() if _has_ended(span, runs, recent)]:
            span.ended_at = ends[span.kind] = span.well_at or span.last
            yield spans.pop(span.kind)
    yield from spans.values()


def _follow(runs: dict[int, _Run], visit: _Visit, before: Callable[[int], str | None]) -> None:
    run = runs.get(visit.article)
    if run is None:
        is_old = visit.kind is not None and KINDS.get(before(visit.article) or "") == visit.kind
        runs[visit.article] = _Run(visit.kind, "" if is_old else visit.moment)
    elif run.kind != visit.kind:
        runs[visit.article] = _Run(visit.kind, visit.moment)


def _beginning(kind: str, runs: dict[int, _Run], recent: _Recent, after: str) -> str | None:
    """When an event began, if that can be seen in today's visits or in those of some days together.

    Articles that were in a bad way before those days say nothing.
    """
    articles: set[int] = set()
    for day, visits in reversed(recent):
        articles |= {visit.article for visit in visits}
        horizon = max(day.isoformat(), after)
        counted = [
            run for run in map(runs.__getitem__, articles) if not run.kind or run.since > horizon
        ]
        affected = [run.since for run in counted if run.kind == kind]
        if len(affected) >= LEAST and len(affected) >= SHARE * len(counted):
            return min(affected)
    return None


def _has_ended(span: _Span, runs: dict[int, _Run], recent: _Recent) -> bool:
    """Whether most of the pages that were visited lately read well again, or all of today's."""

    def count(visits: Iterable[_Visit]) -> tuple[int, int]:
        found = [runs[a] for a in {v.article for v in visits if v.moment >= span.began_at}]
        well = sum(run.kind is None for run in found)
        return well, sum(run.kind == span.kind and run.since >= span.began_at for run in found)

    well, affected = count(recent[-1][1])
    if not affected and well >= LEAST:
        return True
    well, affected = count(visit for _, visits in recent for visit in visits)
    return well > affected


def note(
    c: sqlite3.Connection,
    site: str,
    kind: str,
    evidence: Mapping[str, Any],
    moment: str,
    *,
    lasts: bool,
) -> None:
    """Begin, or end, what was noticed of a `source`, of what the evidence is `about`, or of the site."""
    same = [
        row for row, e in _lasting(c, site) if e["kind"] == kind and about(e) == about(evidence)
    ]
    if lasts and not same:
        c.execute(
            "INSERT OR IGNORE INTO events (site, kind, began_at, evidence) VALUES (?, ?, ?, ?)",
            (site, kind, moment, to_json(evidence)),
        )
    elif same and not lasts:
        c.execute("UPDATE events SET ended_at = ? WHERE id = ?", (moment, same[0]))


def about(event: Mapping[str, Any]) -> str:
    """The source that an event is about, or else what a monitor calls so; empty for the whole site."""
    return event.get("source") or event.get("about") or ""


def lasting(
    c: sqlite3.Connection, site: str, since: datetime | None = None
) -> list[dict[str, Any]]:
    """The events of a site that have not ended and showed themselves, since a moment where one is given.

    Each has `kind`, `began_at` and the evidence: `articles`, `reason`, `urls`, `last`; or `source`; or what
    a monitor of newsbot's found.
    """
    found = [event for _, event in _lasting(c, site)]
    if since is None:
        return found
    return [event for event in found if (event.get("last") or event["began_at"]) >= utc(since)]


def _lasting(c: sqlite3.Connection, site: str) -> Iterator[tuple[int, dict[str, Any]]]:
    rows = c.execute(
        "SELECT id, kind, began_at, evidence FROM events WHERE site = ? AND ended_at IS NULL "
        "ORDER BY began_at, kind",
        (site,),
    ).fetchall()
    for number, kind, began_at, text in rows:
        if (evidence := read(began_at, text)) is not None:
            yield number, {"kind": kind, "began_at": began_at, **evidence}


def read(began_at: Any, text: Any) -> dict[str, Any] | None:
    """The evidence of an event in the archive, which may be anybody's; None where it is none (`checked`)."""
    try:
        return checked(began_at, json.loads(text)) if len(text) <= _LARGEST else None
    except (ValueError, TypeError, RecursionError):
        return None


def checked(began_at: Any, evidence: Any) -> dict[str, Any]:
    """Evidence: names → texts, numbers or None, and texts as `urls`. Raises ValueError where it is none.

    It names nothing that a column has, and the event began at a moment as `archive.times.utc` writes it.
    """
    if not isinstance(began_at, str) or not isinstance(evidence, dict):
        raise ValueError("expected a moment and an object")
    if began_at < "1970" or utc(datetime.fromisoformat(began_at)) != began_at:
        raise ValueError(f"{began_at} is no moment")
    to_json(evidence).encode()  # a surrogate alone is no letter; the error is a ValueError
    for name, value in evidence.items():
        is_number = isinstance(value, int | float) and abs(value) < 2**53 and name not in _TEXTS
        is_text = isinstance(value, str) or value is None
        if name == "urls":
            is_text = isinstance(value, list) and all(isinstance(url, str) for url in value)
        if name in _COLUMNS or not (is_text or is_number):
            raise ValueError(f"{name} is none")
    return evidence
