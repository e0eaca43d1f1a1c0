"""session: one crawl of one site: its store, its counters, the URLs in flight.

Every component reaches it through `crawler.spider.session`, so that `scrapy crawl ID` and
`newsbot crawl ID` are the same thing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Collection
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from archive.captures import (
    IDENTICAL,
    NOT_MODIFIED,
    Capture,
    Exchange,
    payload_digest,
    previous_capture,
    read_said,
)
from archive.errors import ArchiveError
from archive.status import BY_DESIGN, came_to
from archive.store import Candidate, Due, Store, explained_errors
from archive.times import now
from archive.visit import Visit
from newsbot import SOFTWARE
from newsbot.discovery.traps import Traps
from newsbot.extraction.addresses import shape
from newsbot.pool import open_pool
from newsbot.profiles import Site
from newsbot.replay.learning import spread, with_learned
from newsbot.replay.reextract import Choice, count, read_unread, reextract
from newsbot.visit.reading import Reading, is_costly, read, reading_of
from newsbot.visit.schedule import next_due
from newsbot.watch.monitors import said

_ALL = 1_000_000
_TRIES = 3
"""Visits for each article of a sample: what sources list may be none."""
_LEVELS = {"unchanged": logging.DEBUG, "failed": logging.WARNING, "blocked": logging.WARNING}
"""Of outcomes in the log."""
_stores: dict[Path, tuple[Store, int]] = {}
_pools: dict[int, tuple[Executor, int]] = {}


def borrow_store(folder: Path) -> Store:
    """The process's one store for a folder; give it back with `return_store`."""
    key = folder.absolute()
    store, users = _stores.get(key) or (Store(key, SOFTWARE, next_due), 0)
    _stores[key] = (store, users + 1)
    return store


def return_store(folder: Path) -> None:
    """Close the store when its last user has given it back."""
    key = folder.absolute()
    store, users = _stores[key]
    if users > 1:
        _stores[key] = (store, users - 1)
    else:
        del _stores[key]
        store.close()


def borrow_pool(jobs: int) -> Executor:
    """The process's one pool of `jobs` extraction processes; give it back with `return_pool`."""
    pool, users = _pools.get(jobs) or (open_pool(jobs), 0)
    _pools[jobs] = (pool, users + 1)
    return pool


def return_pool(jobs: int) -> None:
    """End its processes when its last user has given it back."""
    pool, users = _pools[jobs]
    if users > 1:
        _pools[jobs] = (pool, users - 1)
    else:
        del _pools[jobs]
        pool.shutdown()


@dataclass(frozen=True, slots=True)
class Options:
    """How a crawl differs from the ordinary one."""

    limit: int | None = None
    """Visit at most this many article URLs."""
    full: bool = False
    """Follow every source to its end: the back-fill of a whole history."""
    since: str | None = None
    """Only what sources date on or after this ISO 8601 date."""
    oldest_first: bool = False
    revisit: bool = False
    """Look at every known article and every source again, due or not."""
    dry_run: bool = False
    """Ask the sources, but visit nothing."""
    sample: bool = False
    """A look at the site: few sources, then articles of all ages until `limit` of them have come."""
    only: tuple[str, ...] = ()
    """Visit these addresses, and ask no source."""


class Session:
    """State of one crawl; opened with the spider and closed with it."""

    def __init__(self, site: Site, folder: Path, options: Options, jobs: int = 0) -> None:
        """A crawl that is not open yet; `jobs` is the number of extraction processes of all crawls."""
        self.site = site
        self.logger = logging.LoggerAdapter(logging.getLogger(__name__), {"site": site.id})
        self.folder = folder
        self.options = options
        self._jobs = jobs
        self.is_open = False
        self.crawl = 0
        self.outcomes: Counter[str] = Counter()
        self.discovered = 0
        self.sources_ok = 0
        self.sources_failed = 0
        self.source_error: str | None = None
        """Of the last source that could not be read."""
        self.troubles: Counter[str] = Counter()
        """Reason → visits that failed or were blocked, but by a password that the newspaper set."""
        self.events: list[dict[str, Any]] = []
        """What befalls the site as a whole, as `Store.lasting_events` says."""
        self.reread: Counter[str] = Counter()
        """Outcome → pages that were read again from the archive, because rules or layouts are new."""
        self.fatal: ArchiveError | None = None
        self.in_flight: set[int] = set()
        self.planned: list[str] = []
        """What a dry run would have visited."""
        self.traps = Traps()
        """Links not followed, by the kind of trap they look like."""
        self.unanswered = 0
        """Documents of sources asked for; a sample is taken of all that they list."""
        self.unread: dict[str, str] = {}
        """Sources that could not be read, each with the reason, but for addresses that a family tries."""
        self.left_out: dict[str, str] = {}
        """Sources of which a limit kept us from reading something, as far as that is news."""
        self._visits = 0

    def open(self) -> None:
        """Borrow store and pool, write the crawl's first row, and read again what earlier rules refused.

        Until then nothing is kept and nothing is due: `scrapy parse`, `shell` and `check` never open it.
        """
        self.store = borrow_store(self.folder)
        self.site = with_learned(self.store.connection, self.folder, self.site)
        self.pool = borrow_pool(self._jobs)
        self.is_open = True
        self.store.save_site(self.site.row)
        self.started_at = now()
        self.crawl = self.store.start_crawl(self.site.id, self.started_at)
        self.logger.info("crawl begins (%s)", SOFTWARE)
        only = map(Candidate, self.options.only)
        self.store.add_candidates(self.site.id, self.crawl, only, self.started_at)
        if not self.options.dry_run:
            self._read_again()
        if self.options.revisit:
            self.store.everything_due(self.site.id, now())

    def _read_again(self) -> None:
        """Read what rules of the past refused from the archive, without a request."""
        sites, choice = {self.site.id: self.site}, Choice(sites=(self.site.id,), refused=True)
        c = self.store.connection
        if count(c, sites, choice):
            report = reextract(c, self.folder, sites, choice, store=self.store, pool=self.pool)
            self.reread = report.outcomes
        read_unread(self.store, sites, self.pool)

    def close(self, reason: str, requests: int) -> None:
        """Write the crawl's last row and give the store back."""
        if not self.is_open:
            return
        try:
            if self.crawl:
                if reason == "finished" and not (self.fatal or self.options.dry_run):
                    read_unread(self.store, {self.site.id: self.site}, self.pool)
                self.store.finish_crawl(self.crawl, now(), reason, requests)
                self.events = self.store.lasting_events(self.site.id, self.started_at)
        except ArchiveError as error:
            self.fatal = self.fatal or error
        finally:
            return_pool(self._jobs)
            return_store(self.folder)

    def take_due(self, count: int, at: datetime) -> list[Due]:
        """Frontier URLs to visit next; they are in flight until recorded."""
        ceilings = [count]
        sample, limit = self.options.sample, self.options.limit
        if sample and self.unanswered:
            return []
        if limit is not None:
            ceilings.append(limit * (_TRIES if sample else 1) - self._visits)
            if sample:
                came = sum(self.outcomes[name] for name in ("new", "updated", "unchanged"))
                ceilings.append(limit - came - len(self.in_flight))
        daily = self.site.crawl.daily_limit
        if daily is not None:
            used = self.store.visits_since(self.site.id, at - timedelta(days=1))
            ceilings.append(daily - used - len(self.in_flight))
        if self.options.dry_run:
            ceilings[0] = _ALL
        count = min(ceilings)
        if count <= 0:
            return []
        rows = self.store.due(
            self.site.id,
            at,
            _ALL if sample else count,
            self.in_flight,
            oldest_first=self.options.oldest_first,
        )
        if sample:
            rows = spread([row for row in rows if shape(row.url).score > 0] or rows, count)
        self._visits += len(rows)
        self.in_flight.update(row.id for row in rows)
        if self.options.dry_run:
            self.planned.extend(row.url for row in rows)
            return []
        return rows

    async def read(self, exchange: Exchange, addresses: Collection[str]) -> Reading:
        """Read an exchange, in a process of its own where that takes long.

        `addresses` are those of its page, of which sources may have said something.
        """
        if not is_costly(exchange):
            return read(exchange, self.site)
        c, moment = self.store.connection, exchange.fetched_at
        said = read_said(c, self.folder, addresses, moment) if addresses else {}
        future = self.pool.submit(read, exchange, self.site, said)
        with suppress(Exception):
            await asyncio.wrap_future(future)
        return reading_of(future)  # a page that breaks its reader costs itself

    def keep(self, exchange: Exchange, concurrent_to: str | None = None) -> Capture:
        """Append an exchange to the site's WARC file; its payload once, where it repeats.

        `concurrent_to` is the record id of the visit's first capture. Raises `ArchiveError` or
        OSError where it cannot be kept.
        """
        with explained_errors(self.folder):
            is_proof = exchange.status == 304  # of the page whose validators were sent
            earlier = previous_capture(self.store.connection, exchange.url, proven=is_proof)
            profile = _revisit_profile(exchange, earlier)
            return self.store.captures(self.site.id).write(
                exchange.url,
                exchange.status,
                exchange.headers,
                exchange.body,
                datetime.fromisoformat(exchange.fetched_at),
                protocol=exchange.protocol,
                concurrent_to=concurrent_to,
                refers_to=earlier if profile else None,
                profile=profile,
            )

    def record(self, visit: Visit) -> str:
        """Store a visit and count its outcome."""
        outcome = self.store.record_soon(visit)
        if outcome in ("failed", "blocked") and visit.reason != BY_DESIGN:
            self.troubles[visit.reason or outcome] += 1
        if visit.frontier is not None:
            self.in_flight.discard(visit.frontier)
        self.outcomes[outcome] += 1
        words = filter(None, (outcome, visit.url, visit.reason))
        self.logger.log(_LEVELS.get(outcome, logging.INFO), "%s", " ".join(words))
        return outcome

    @property
    def failed(self) -> bool:
        """Whether no source answered, every visit failed, or something befell the whole site."""
        visits, bad = self.outcomes.total(), self.troubles.total()
        no_source = self.sources_failed > 0 and self.sources_ok == 0
        return bool(self.fatal or self.events or no_source or (visits > 0 and bad == visits))

    @property
    def trouble(self) -> str | None:
        """What went wrong most, in one line; None where nothing did."""
        if self.events:
            return "; ".join(map(said, self.events))
        if self.troubles and (self.failed or not self.source_error):
            reason, number = self.troubles.most_common(1)[0]
            return f"{number} of {self.outcomes.total()} pages {came_to(reason)}"
        return self.source_error


def _revisit_profile(exchange: Exchange, earlier: Capture | None) -> str | None:
    """Why the payload need not be kept again, where it is that of the `earlier` capture."""
    if exchange.status == 304:
        return NOT_MODIFIED
    if (
        earlier
        and exchange.status == earlier.status
        and exchange.body
        and payload_digest(exchange.body) == earlier.payload_digest
    ):
        return IDENTICAL
    return None
