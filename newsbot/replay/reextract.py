"""reextract: reads visits of the archive again with today's rules, tells what would change, stores it.

Visits that today's rules have read already are passed over, refused and failed ones are read like the
others. `reread` reads one, `compare` judges, `Store.reread` has the article derived anew.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from archive.article import JSON_FIELDS, READ
from archive.captures import Capture, listed_as, read_said
from archive.errors import ArchiveError, ArchiveUsageError
from archive.store import Store
from archive.store.said import unread, unread_pages
from newsbot.extraction import rules_version
from newsbot.extraction.layouts import fallbacks
from newsbot.pool import InProcess, map_in_order
from newsbot.profiles import Site
from newsbot.replay.compare import Difference
from newsbot.replay.reread import NO_PROFILE, Rereading, StoredVisit, exchanges, reread

BATCH = 200
"""Visits to a transaction; what an interrupted run has to read again at most."""
EXAMPLES = 3
"""Of each field, from different sites and layouts where there are such."""
LEARNED = "substr(c.layout, 1, length(c.site) + 9) = c.site || '/learned-'"
"""Of a capture `c`: a layout that was learnt has read it."""
FALLBACK = "c.layout IN (SELECT value FROM json_each(?))"
"""The same of one of the `fallbacks`, given as JSON."""
_AHEAD = 100
"""Visits that are looked up at once, so that no read transaction stays open."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which visits to read again. Dates are prefixes of when an article was published.

    Of what is no article, the date of the visit counts.
    """

    sites: tuple[str, ...] = ()
    articles: tuple[int, ...] = ()
    after: str | None = None
    before: str | None = None
    refused: bool = False
    """Only what was read and held no article for the rules of its time."""
    astray: bool = False
    """Only what no layout of a profile or a family has read, refused or not."""
    unread: bool = False
    """Only pages of `sites` that were read without what sources had said of them, whatever the rules."""
    everything: bool = False
    """Also what today's rules have read already; so it is with `articles`."""

    @property
    def is_whole(self) -> bool:
        """Whether it is all of some sites, pages among it that were read without what sources said."""
        parts = (self.articles, self.after, self.before, self.refused, self.astray, self.unread)
        return not any(parts)


@dataclass(slots=True)
class Report:
    """What reading visits again came to; counters of visits, by the verdicts of `Rereading`."""

    verdicts: Counter[str] = field(default_factory=Counter)
    sites: dict[str, Counter[str]] = field(default_factory=dict)
    """Site → verdict; `refused` counts those of the worse that are left as they are."""
    layouts: dict[str, Counter[str]] = field(default_factory=dict)
    """Layout of today's rules → the same."""
    fields: dict[str, Counter[str]] = field(default_factory=dict)
    """Field → `changed`, `filled`, `emptied`, `better`, `worse`."""
    refused: Counter[str] = field(default_factory=Counter)
    """Why today's rules take pages of articles for none."""
    unread: Counter[str] = field(default_factory=Counter)
    """Why visits could not be read."""
    damaged: list[str] = field(default_factory=list)
    """Captures that cannot be read, the first ones."""
    examples: dict[str, list[tuple[Rereading, Difference]]] = field(default_factory=dict)
    """By field."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """What storing came to: `new` articles, `updated` ones with a further revision, and so on."""
    left: int = 0
    """Visits left as they are because they would get worse."""

    def add(self, found: Rereading) -> None:
        """Count one visit."""
        counters = [self.verdicts, self.sites.setdefault(found.stored.site, Counter())]
        if found.layout:
            counters.append(self.layouts.setdefault(found.layout, Counter()))
        for counter in counters:
            counter[found.verdict] += 1
            if found.refused:
                counter["refused"] += 1
        if found.refused:
            self.refused[found.refused] += 1
        if found.error:
            self.unread["damaged" if found.is_damaged else found.error] += 1
            if found.is_damaged and len(self.damaged) < 10 * EXAMPLES:
                self.damaged.append(found.error)
        for difference in found.differences:
            counts = self.fields.setdefault(difference.field, Counter())
            counts["changed"] += 1
            counts[difference.verdict] += 1
            counts["filled"] += difference.filled
            counts["emptied"] += difference.emptied
            self._show(found, difference)

    def _show(self, found: Rereading, difference: Difference) -> None:
        """Take a difference for an example, where it is of another kind than those that are there."""
        examples = self.examples.setdefault(difference.field, [])
        kinds = {(one.stored.site, one.layout, other.verdict) for one, other in examples}
        kind = found.stored.site, found.layout, difference.verdict
        if len(examples) < EXAMPLES and kind not in kinds:
            examples.append((found, difference))

    def to_dict(self) -> dict[str, Any]:
        """For `--json`; the visits themselves are printed one by one."""
        return {
            "verdicts": dict(self.verdicts),
            "sites": {name: dict(counts) for name, counts in sorted(self.sites.items())},
            "layouts": {name: dict(counts) for name, counts in sorted(self.layouts.items())},
            "fields": {name: dict(self.fields[name]) for name in READ if name in self.fields},
            "refused": dict(self.refused),
            "unread": dict(self.unread),
            "damaged": self.damaged,
            "outcomes": dict(self.outcomes),
            "left": self.left,
        }


def reextract(
    connection: sqlite3.Connection,
    folder: Path,
    sites: Mapping[str, Site],
    choice: Choice = Choice(),
    *,
    store: Store | None = None,
    skip_worse: bool = False,
    pool: Executor | None = None,
    seen: Callable[[Rereading], object] = lambda _: None,
) -> Report:
    """Read the chosen visits again and, with a `store`, keep what today's rules read.

    `connection` reads the archive in `folder`; with a `store` it must be the store's own. `sites`
    are the profiles. An article whose page today's rules refuse is left as it is, and with
    `skip_worse` every visit that would get worse. `pool` reads; without one, this process. `seen`
    is called with each visit, in the order of their pages' ids. What is stored is stored in batches:
    an interrupted run carries on when it is started again, because what it has stored is read by
    today's rules. Raises `ArchiveUsageError` where the archive has no such site or article.
    """
    _check(connection, choice)
    report = Report()
    batch: list[Rereading] = []
    since: dict[str, str] = {}  # site → moment of the first page that was read again
    for found in _reread_all(pool or InProcess(), connection, folder, sites, choice):
        report.add(found)
        seen(found)
        moment = found.stored.captures[0].fetched_at
        since[found.stored.site] = min(moment, since.get(found.stored.site, moment))
        if store:
            batch.append(found)
            if len(batch) == BATCH:
                _keep(store, batch, report, skip_worse)
                batch.clear()
    if store:
        _keep(store, batch, report, skip_worse)
        if choice.unread or choice.is_whole:
            for site in choice.sites or sites:
                store.said_is_read(site)
        for site in sorted(report.sites.keys() & sites.keys()):
            # By other rules a run that was interrupted may have read others: look at all there is.
            store.settle(site, datetime.fromisoformat(since[site]) if choice.unread else None)
    return report


def count(connection: sqlite3.Connection, sites: Mapping[str, Site], choice: Choice) -> int:
    """How many visits a choice means."""
    where, args = _where(connection, sites, choice)
    sql = f"SELECT count(*) {_PAGES} AND {where}"
    return int(connection.execute(sql, args).fetchone()[0])


def _reread_all(
    pool: Executor,
    connection: sqlite3.Connection,
    folder: Path,
    sites: Mapping[str, Site],
    choice: Choice,
) -> Iterator[Rereading]:
    tasks = (
        _task(connection, folder, sites, stored)
        for stored in _find_visits(connection, sites, choice)
    )
    for found, future in map_in_order(pool, reread, tasks, _size):
        if future is None:
            yield found
        elif error := future.exception():
            yield Rereading(found.stored, error=f"{type(error).__name__}: {error}")
        else:
            yield future.result()


def _task(
    c: sqlite3.Connection, folder: Path, sites: Mapping[str, Site], stored: StoredVisit
) -> tuple[Rereading, tuple[Any, ...] | None]:
    """A visit that is not read yet, and what is needed to read it; None where that cannot be had."""
    site = sites.get(stored.site)
    if site is None:
        return Rereading(stored, error=NO_PROFILE), None
    try:
        found = exchanges(folder, stored)
    except (ArchiveError, OSError) as error:
        moved = _stored_visit(c, stored.page)
        if moved != stored:  # a crawl has packed the file meanwhile
            return _task(c, folder, sites, moved)
        return Rereading(stored, error=str(error)), None
    return Rereading(stored), (site, stored, found, _said(c, folder, stored))


def _size(found: Rereading) -> int:
    return sum(capture.payload_length for capture in found.stored.captures)


def read_unread(store: Store, sites: Mapping[str, Site], pool: Executor | None = None) -> None:
    """Read pages again that were read without what sources had said of them."""
    choice = Choice(sites=tuple(sites), unread=True)
    if any(next(unread(store.connection, site), None) for site in sites):
        reextract(store.connection, store.folder, sites, choice, store=store, pool=pool)


def _said(c: sqlite3.Connection, folder: Path, stored: StoredVisit) -> dict[str, bytes]:
    """What sources said of a visit's page."""
    page = next(capture for capture in stored.captures if capture.part == "page")
    return read_said(c, folder, listed_as(c, stored.page), page.fetched_at)


def _keep(store: Store, batch: Iterable[Rereading], report: Report, skip_worse: bool) -> None:
    """Store a batch in one transaction."""
    with store.batch():
        for found in batch:
            if found.visit is None:
                continue
            if found.refused or (skip_worse and found.verdict == "worse"):
                report.left += 1
            else:
                report.outcomes[store.reread(found.stored.page, found.visit)] += 1


# -- which visits -------------------------------------------------------------------------------

# Of other statuses and of 304 rules say nothing: `Store.reread` has a 304 follow its page. What was
# excluded is no page of its own: one that leads to another site, a further page that came alone.
_PAGES = """
  FROM captures c LEFT JOIN articles a ON a.id = c.article
 WHERE c.result IS NOT NULL AND c.result <> 'excluded' AND c.status = 200
"""
_COLUMNS = [name for name in Capture.__slots__ if name != "refers_to_id"]
_CAPTURES = f"""
SELECT {", ".join(f"c.{name}" for name in _COLUMNS)}, o.record_id AS refers_to_id,
       o.warc AS other_warc, o.warc_offset AS other_offset
  FROM captures c LEFT JOIN captures o ON o.id = c.refers_to WHERE c.visit = ? ORDER BY c.id
"""  # noqa: S608 -- names of columns


def _check(c: sqlite3.Connection, choice: Choice) -> None:
    for table, keys in (("sites", choice.sites), ("articles", choice.articles)):
        for key in keys:
            if not c.execute(f"SELECT 1 FROM {table} WHERE id = ?", (key,)).fetchone():  # noqa: S608
                raise ArchiveUsageError(f"this archive has no {table[:-1]} {key!r}")


def _where(
    c: sqlite3.Connection, sites: Mapping[str, Site], choice: Choice
) -> tuple[str, list[Any]]:
    # What is withheld is not read again, so that nothing of it is printed, until it is shown again.
    clauses = ["(c.article IS NULL OR c.article NOT IN (SELECT id FROM withheld_articles))"]
    args: list[Any] = []
    for column, keys in (("c.site", choice.sites), ("c.article", choice.articles)):
        if keys:
            clauses.append(f"{column} IN (SELECT value FROM json_each(?))")  # noqa: S608
            args.append(json.dumps(keys))
    date = "coalesce(a.published, c.fetched_at)"
    if choice.after:
        clauses.append(f"{date} >= ?")
        args.append(choice.after)
    if choice.before:
        clauses.append(f"substr({date}, 1, ?) <= ?")
        args += [len(choice.before), choice.before]
    if choice.refused:  # in the words of the index
        clauses.append("c.result IN ('refused', 'failed', 'missing', 'blocked')")
    if choice.astray:
        clauses.append(f"(c.layout IS NULL OR {LEARNED} OR {FALLBACK})")
        args.append(json.dumps(sorted(fallbacks())))
    if choice.unread:
        clauses.append("c.id IN (SELECT value FROM json_each(?))")
        args.append(json.dumps([page for site in choice.sites for page in unread_pages(c, site)]))
    elif not choice.everything and not choice.articles:
        is_due = "c.rules IS NOT json_extract(?, '$.\"' || c.site || '\"')"
        args.append(json.dumps({key: rules_version(site) for key, site in sites.items()}))
        if choice.is_whole:
            is_due = f"({is_due} OR c.id IN (SELECT value FROM json_each(?)))"  # noqa: S608
            args.append(
                json.dumps([p for key in choice.sites or sites for p in unread_pages(c, key)])
            )
        clauses.append(is_due)
    return " AND ".join(clauses), args


def _find_visits(
    c: sqlite3.Connection, sites: Mapping[str, Site], choice: Choice
) -> Iterator[StoredVisit]:
    """The visits, by the ids of their pages."""
    where, args = _where(c, sites, choice)
    sql = f"SELECT c.id {_PAGES} AND {where} AND c.id > ? ORDER BY c.id LIMIT {_AHEAD}"
    last = 0
    while pages := [int(row[0]) for row in c.execute(sql, (*args, last))]:
        yield from (_stored_visit(c, page) for page in pages)
        last = pages[-1]


def _stored_visit(c: sqlite3.Connection, page: int) -> StoredVisit:
    cursor = c.cursor()
    cursor.row_factory = sqlite3.Row
    row = cursor.execute("SELECT * FROM captures WHERE id = ?", (page,)).fetchone()
    values = None
    if row["result"] == "article":
        reading = cursor.execute(
            "SELECT * FROM readings WHERE id = ?", (row["reading"],)
        ).fetchone()
        values = {n: json.loads(reading[n]) if n in JSON_FIELDS else reading[n] for n in READ}
    captures, places = [], {}
    for part in cursor.execute(_CAPTURES, (row["visit"],)):
        captures.append(Capture(**{name: part[name] for name in (*_COLUMNS, "refers_to_id")}))
        if part["refers_to_id"]:
            places[part["refers_to_id"]] = part["other_warc"], part["other_offset"]
    return StoredVisit(
        row["site"], page, row["url"], row["article"], row["result"], row["reason"], values,
        captures, places,
    )  # fmt: skip
