"""run: runs Scrapy for some sites in this process and reports how each one went."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scrapy import signals
from scrapy.crawler import Crawler, CrawlerProcess
from scrapy.settings import Settings
from tqdm import tqdm
from twisted.python.failure import Failure

from archive.captures import Exchange
from archive.status import GAVE_UP
from archive.store import DATABASE, OUTCOMES, Store, open_database
from archive.times import now
from newsbot.crawl import log
from newsbot.crawl.loader import spider_class
from newsbot.crawl.session import Options, Session, borrow_store, return_store
from newsbot.crawl.spider import ContactMissing, NewspaperSpider
from newsbot.extraction.context import Context
from newsbot.pool import open_pool
from newsbot.profiles import Site
from newsbot.replay.learning import read_captures, refresh, with_learned
from newsbot.watch.monitors import look, said

_PROGRESS_STEP = 20
"""Visits between two looks at how many are still due."""


@dataclass(slots=True)
class CrawlReport:
    """How one site's crawl went."""

    site: str
    reason: str
    exit_code: int
    discovered: int
    outcomes: dict[str, int]
    traps: dict[str, int]
    unread: dict[str, str]
    """Sources that could not be read, each with the reason."""
    left_out: dict[str, str]
    """Sources of which a limit kept us from reading something, where that is news."""
    planned: list[str]
    events: list[dict[str, Any]]
    """What befalls the site as a whole."""
    reread: dict[str, int]
    """Outcome → pages that were read again from the archive, because rules or layouts are new."""
    error: str | None

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "site": self.site,
            "reason": self.reason,
            "ok": self.exit_code == 0,
            "discovered": self.discovered,
            "outcomes": self.outcomes,
            "traps": self.traps,
            "unread": self.unread,
            "left_out": self.left_out,
            "planned": self.planned,
            "events": self.events,
            "reread": self.reread,
            "error": self.error,
        }


def _report(session: Session, reason: str) -> CrawlReport:
    fatal = session.fatal
    return CrawlReport(
        site=session.site.id,
        reason=reason,
        exit_code=fatal.exit_code if fatal else 3 if session.failed or reason in GAVE_UP else 0,
        discovered=session.discovered,
        outcomes={name: session.outcomes[name] for name in OUTCOMES},
        traps=dict(session.traps.counts),
        unread=session.unread,
        left_out=session.left_out,
        planned=session.planned,
        events=session.events,
        reread=dict(session.reread),
        error=str(fatal) if fatal else GAVE_UP.get(reason, session.trouble),
    )


def run_crawls(
    sites: Sequence[Site],
    folder: Path,
    *,
    options: Options = Options(),  # noqa: B008 -- frozen
    contact: str | None = None,
    jobs: int | None = None,
    progress: bool = False,
    verbose: bool = False,
) -> list[CrawlReport]:
    """Crawl sites side by side until nothing is due; one report a site, in their order.

    Raises `ArchiveError` where the archive cannot be opened or is locked, before anything is
    fetched. May run once in a process, as Twisted's reactor does.
    """
    public = [site for site in sites if not site.is_loopback]
    if public and not contact:
        raise ContactMissing(
            f"{public[0].id} is a public site: say who is crawling it with --contact or "
            "NEWSBOT_CONTACT (an e-mail address or a web page)"
        )
    store = borrow_store(folder)
    handler = None
    try:
        handler = log.begin(folder, "crawl", verbose=verbose)
        process = CrawlerProcess(_settings(folder, options, contact, jobs))
        ended: dict[str, tuple[Session, str]] = {}
        failures: list[Failure] = []
        bar = _Progress(store, sites) if progress and sites else None

        def closed(spider: NewspaperSpider, reason: str) -> None:
            # Its session is closed by another handler of this signal, and knows then what befell the site.
            ended[spider.site.id] = spider.session, reason

        for site in sites:
            crawler = process.create_crawler(spider_class(site))
            crawler.signals.connect(closed, signal=signals.spider_closed, weak=False)
            if bar is not None:
                bar.watch(crawler)
            process.crawl(crawler).addErrback(failures.append)
        process.start()
        if bar is not None:
            bar.close()
        if failures:
            failures[0].raiseException()
        if not (options.dry_run or options.sample or options.only):  # a look is no day's work
            _watch(store, [session for session, _ in ended.values() if session.crawl])
        if not options.dry_run:
            _learn(
                store, [session for session, reason in ended.values() if reason == "finished"], jobs
            )
        return [_report(*ended[site.id]) for site in sites if site.id in ended]
    finally:
        if handler:
            log.end(handler)
        return_store(folder)


def _watch(store: Store, sessions: Sequence[Session]) -> None:
    """Let the monitors look at all sites together, once their crawls have ended."""
    look(store, [session.site for session in sessions if not session.fatal], now())
    for session in sessions:
        session.events = store.lasting_events(session.site.id, session.started_at)
        for event in session.events:
            session.logger.warning("%s", said(event))


def _learn(store: Store, sessions: Sequence[Session], jobs: int | None) -> None:
    """Learn the layouts of sites whose crawl has ended well, where that is due."""
    with open_pool(jobs) as pool:
        for session in sessions:
            if not session.fatal:
                session.reread += refresh(store, session.site, pool)


class _Progress:
    """A line at the terminal that names the site asked last, and moves every second."""

    def __init__(self, store: Store, sites: Sequence[Site]) -> None:
        self._store = store
        self._sites = sites
        self._ticks: asyncio.TimerHandle | None = None
        self._bar = tqdm(unit=" pages", desc=sites[0].id, dynamic_ncols=True)

    def watch(self, crawler: Crawler) -> None:
        """Follow a crawl."""
        connect = crawler.signals.connect
        connect(self._opened, signal=signals.spider_opened)
        connect(self._asked, signal=signals.request_reached_downloader)
        connect(self._visited, signal=signals.item_scraped)

    def _opened(self) -> None:
        if self._ticks is None:
            self._tick()

    def _tick(self) -> None:
        self._bar.refresh()
        self._ticks = asyncio.get_running_loop().call_later(1, self._tick)

    def _asked(self, spider: NewspaperSpider) -> None:
        session = spider.session
        sources = session.sources_ok + session.sources_failed
        self._bar.set_description_str(spider.site.id, refresh=False)
        self._bar.set_postfix_str(f"{sources} sources, {session.discovered} discovered")

    def _visited(self) -> None:
        if self._bar.n % _PROGRESS_STEP == 0:
            due = sum(self._store.count_due(site.id, now()) for site in self._sites)
            self._bar.total = self._bar.n + due
        self._bar.update()

    def close(self) -> None:
        """Leave the line as it is."""
        if self._ticks is not None:
            self._ticks.cancel()
        self._bar.close()


def _settings(folder: Path, options: Options, contact: str | None, jobs: int | None) -> Settings:
    settings = Settings()
    settings.setmodule("newsbot.crawl.settings")
    for name, value in (
        ("NEWSBOT_DATA", str(folder)),
        ("NEWSBOT_OPTIONS", asdict(options)),
        ("NEWSBOT_CONTACT", contact or ""),
        ("LOG_INSTALL_ROOT_HANDLER", False),
    ):
        settings.set(name, value, priority="cmdline")
    if jobs is not None:
        settings.set("NEWSBOT_JOBS", jobs, priority="cmdline")
    logging.captureWarnings(True)
    return settings


def dry_run(sites: Sequence[Site], folder: Path, **how: Any) -> list[CrawlReport]:
    """What `run_crawls` would visit, found out on a copy of the database that is thrown away."""
    with tempfile.TemporaryDirectory() as scratch:
        path = folder / DATABASE
        if path.exists():
            with (
                closing(open_database(folder).conn) as source,
                closing(sqlite3.connect(Path(scratch) / DATABASE)) as copy,
            ):
                source.backup(copy)
        return run_crawls(sites, Path(scratch), **how)


def fetch_page(
    site: Site, folder: Path, url: str, **how: Any
) -> tuple[Context, Exchange, bytes] | str:
    """One page, asked for as in a crawl and kept nowhere, as `read_captures` has it; or what went wrong.

    It is read with the layouts that the archive in `folder` has learnt. `how` is that of `run_crawls`.
    """
    if (folder / DATABASE).exists():
        with closing(open_database(folder).conn) as c:
            site = with_learned(c, folder, site)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        (report,) = run_crawls([site], scratch, options=Options(only=(url,)), jobs=0, **how)
        with closing(open_database(scratch).conn) as c:
            sql = "SELECT id FROM captures WHERE part = 'page' AND status = 200"
            pages = [page for (page,) in c.execute(sql)]
            visit = c.execute("SELECT outcome, error FROM frontier").fetchone() or ()
            found = next(read_captures(c, scratch, site, pages), None)
    return found or report.error or ": ".join(filter(None, visit)) or report.reason
