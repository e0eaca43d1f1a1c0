"""polling: asks a site's sources what is new, and puts what they list into the frontier.

The half of the spider that finds URLs; `newsbot.spiders.newspaper` is the half that visits them.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urljoin

from scrapy import Request, Spider
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from twisted.python.failure import Failure

from archive.errors import ArchiveError
from archive.store import Candidate
from archive.times import now, utc
from newsbot import urls
from newsbot.discovery import candidates, skips_sitemap
from newsbot.discovery.reading import Found, poll_url, read_source
from newsbot.discovery.traps import suspicious, without_session
from newsbot.discovery.trust import lying
from newsbot.downloading.downloader import Interrupted
from newsbot.profiles import Site, Source, families
from newsbot.responses import charset, conditions, header, reason
from newsbot.schedule import FAST, next_poll
from newsbot.session import Session

SOURCE_PRIORITY = 10
"""Sources come before the articles they list; robots.txt, at 1000, before both."""
MAX_SOURCES = 600
"""Sitemaps, feeds and listings asked in one run."""
MAX_PAGES = 60
"""Pages of one source followed in an ordinary run."""
MAX_PAGES_FULL = 20_000
"""Pages of one source followed in a back-fill."""
MOST_VANISHED = 50
"""So many articles may leave the sitemaps at once, or a quarter; more is a fault of the site."""
BACKDATED = timedelta(days=1)
"""How far back a WordPress source is asked for edits: editors backdate, clocks lag."""


@dataclass(slots=True)
class Sweep:
    """One pass over a source's pages in this run."""

    source: Source
    row: dict[str, Any]
    pages: int = 0
    listed: set[str] = field(default_factory=set)


class PollingSpider(Spider):
    """Polls the sources of `site` into the store of `session`; subclasses visit the articles."""

    site: ClassVar[Site]
    session: Session

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Scrapy's constructor."""
        super().__init__(*args, **kwargs)
        self._polled: set[str] = set()
        self._complete: list[Sweep] = []
        self._sweeps = 0  # source documents asked for and not yet answered
        self._without_session: set[str] = set()
        # Sources that need not be asked in this run, unless a fast one shows a gap.
        self._resting: list[tuple[Source, dict[str, Any]]] = []
        self._gap = False

    async def start(self) -> AsyncIterator[Any]:
        """Ask every source that is due what is new."""
        try:
            self.session.open()
        except ArchiveError as error:
            self.session.fatal = error
            raise CloseSpider("archive_error") from error
        chosen = self.site.candidate_sources()
        if not self.site.sources:
            found = self.session.store.sources(self.site.id, "auto")
            chosen += [Source(kind=row["kind"], url=row["url"]) for row in found]
        rows = [(s, self.session.store.source(self.site.id, s.url, s.kind)) for s in chosen]
        answering = any(s.kind in FAST and row["polled_at"] and not row["error"] for s, row in rows)
        for source, row in rows:
            if self._is_due(row, rest=answering or source.kind in FAST):
                for request in self._poll(source, row):
                    yield request
            else:
                self._resting.append((source, row))

    def _is_due(self, row: dict[str, Any], *, rest: bool) -> bool:
        """Whether a source is asked in this run; `rest`: sources of its kind need not be."""
        if self.session.options.full or not row["due"]:
            return True
        if not rest and not row["error"]:
            return True
        return bool(row["due"] <= utc(now()))

    def _poll(self, source: Source, row: dict[str, Any] | None = None) -> Iterator[Request]:
        if source.url in self._polled or len(self._polled) >= MAX_SOURCES:
            return
        self._polled.add(source.url)
        row = row or self.session.store.source(self.site.id, source.url, source.kind)
        full = self.session.options.full
        since = _with_margin(row["polled_at"]) if not full and not row["error"] else None
        asked = poll_url(source, self.site, since)
        # A conditional request would hide what an interrupted back-fill has not read yet.
        conditional = {} if full else conditions(row["etag"], row["last_modified"])
        sweep = Sweep(source, row)
        self._sweeps += 1
        yield self._page_request(sweep, asked, conditional)
        if full and row["cursor"]:
            self._sweeps += 1
            yield self._page_request(sweep, row["cursor"], {})

    def _page_request(self, sweep: Sweep, url: str, headers: dict[str, str]) -> Request:
        return Request(
            url,
            callback=self.parse_source,
            errback=self.source_failed,
            priority=SOURCE_PRIORITY,
            headers=headers,
            meta={"sweep": sweep, "first": url != sweep.row["cursor"] and sweep.pages == 0},
        )

    def parse_source(self, response: Response) -> Iterator[Request]:
        """Put what a source lists into the frontier; follow its index, its pages, its hints."""
        assert response.request is not None
        sweep: Sweep = response.request.meta["sweep"]
        first: bool = response.request.meta["first"]
        sweep.pages += 1
        found = self._read(sweep, response)
        if not first and response.status in (400, 404):
            found = Found()  # an honest end of the pages
        listed = self._listed(sweep, found, response.url)
        fresh = [item for item in listed if item.url not in sweep.listed]
        sweep.listed.update(item.url for item in listed)
        # A feed or a list of edits is recent by nature; a sitemap that says so of all is not.
        distrust = lying(found.entries, now()) if sweep.source.kind == "sitemap" else None
        sitemaps = list(self._child_sitemaps(found, response))
        following = next(iter(found.next), None) if self._goes_on(sweep, listed, fresh) else None
        discovered = self._save(
            sweep, response, found, listed, first=first, distrust=distrust,
            cursor=following, sitemaps=sitemaps,
        )  # fmt: skip
        # Everything here was new, so what came before it may be too.
        gap = bool(listed) and discovered == len(listed)
        if following and (self.session.options.full or gap):
            self._sweeps += 1
            yield self._page_request(sweep, following, {})
        elif gap and sweep.source.kind in FAST:
            self._gap = True
        if response.status == 304:
            sitemaps = self.session.store.children(sweep.row["id"])
        for url in sitemaps:
            yield from self._poll(Source(kind="sitemap", url=url))
        for source in found.sources:
            yield from self._poll_discovered(source, response.url)
        yield from self._source_done()

    def source_failed(self, failure: Failure) -> Iterator[Request]:
        """Remember that a source could not be had."""
        request: Request = failure.request  # type: ignore[attr-defined]
        sweep: Sweep = request.meta["sweep"]
        if isinstance(failure.value, Interrupted):
            return  # nothing was learnt: the source stays due
        error = reason(failure)
        self._save(sweep, None, Found(error=error), [], first=False, cursor=sweep.row["cursor"])
        yield from self._source_done()

    def _read(self, sweep: Sweep, response: Response) -> Found:
        if response.status == 304:
            return Found()
        if response.status != 200:
            return Found(error=f"HTTP {response.status}")
        return read_source(
            sweep.source.kind,
            response.body,
            charset(response),
            response.url,
            self.site,
            discover=not self.site.sources and sweep.source.url == self.site.url,
        )

    def _listed(self, sweep: Sweep, found: Found, base: str) -> list[Candidate]:
        since = self.session.options.since
        return [
            item
            for item in self.outside_traps(candidates(self.site, base, found.entries))
            if not (since and item.hint and item.hint < since)
        ]

    def outside_traps(self, items: Iterable[Candidate]) -> Iterator[Candidate]:
        """Candidates that look like no trap; of addresses that differ in a session id, one."""
        for item in items:
            trap = suspicious(item.url)
            if trap == "session_id":
                key = without_session(item.url)
                if key not in self._without_session:
                    self._without_session.add(key)
                    # An id inside the path cannot be left out, only met once.
                    url = item.url if "*" in key else urls.canonical(key)
                    if url:
                        yield replace(item, url=url)
                        continue
            if trap:
                self.session.traps[trap] += 1
            else:
                yield item

    def _goes_on(self, sweep: Sweep, listed: list[Candidate], fresh: list[Candidate]) -> bool:
        """Whether a source's next page is worth asking for: this one brought something unseen."""
        most = MAX_PAGES_FULL if self.session.options.full else MAX_PAGES
        return bool(fresh) and bool(listed) and sweep.pages < most

    def _save(
        self,
        sweep: Sweep,
        response: Response | None,
        found: Found,
        listed: list[Candidate],
        *,
        first: bool,
        distrust: str | None = None,
        cursor: str | None = None,
        sitemaps: Iterable[str] = (),
    ) -> int:
        session, source, moment = self.session, sweep.source, now()
        failures = sweep.row["failures"] + 1 if found.error else 0
        whole = first and response is not None and response.status == 200
        discovered = session.store.save_poll(
            sweep.row["id"],
            session.crawl,
            listed,
            polled_at=moment,
            status=response.status if response is not None else None,
            due=next_poll(source.kind, moment, failures=failures, distrust=distrust),
            # Validators belong to the source's own address, not to its further pages.
            etag=header(response, "ETag") if whole and response else None,
            last_modified=header(response, "Last-Modified") if whole and response else None,
            body_hash=hashlib.sha256(response.body).hexdigest() if whole and response else None,
            error=found.error,
            distrust=distrust,
            cursor=cursor,
            children=sitemaps,
        )
        session.discovered += discovered
        if found.error:
            session.sources_failed += 1
            session.last_error = f"{source.url}: {found.error}"
            self.logger.warning("source %s: %s", source.url, found.error)
        else:
            session.sources_ok += 1
            if source.kind == "sitemap" and whole:
                self._complete.append(sweep)
        return discovered

    def _child_sitemaps(self, found: Found, response: Response) -> Iterator[str]:
        for child in found.sitemaps:
            url = urls.canonical(response.urljoin(child.url))
            if url and urls.netloc(url) in self.site.netlocs and not skips_sitemap(self.site, url):
                yield url

    def _poll_discovered(self, source: Source, base: str) -> Iterator[Request]:
        url = urls.canonical(urljoin(base, source.url))
        if url and urls.netloc(url) in self.site.netlocs and not suspicious(url):
            self.session.store.source(self.site.id, url, source.kind, found_by="auto")
            yield from self._poll(Source(kind=source.kind, url=url))

    def robots_parsed(self, robotparser: Any, request: Request) -> None:
        """Follow the `Sitemap:` lines of robots.txt where the family asks for it."""
        if self.site.sources or not families()[self.site.family].discovery.robots:
            return
        engine = self.crawler.engine
        for address in robotparser.rp.sitemaps:
            for poll in self._poll_discovered(Source(kind="sitemap", url=address), request.url):
                if engine:
                    engine.crawl(poll)

    def _source_done(self) -> Iterator[Request]:
        """After the last source: ask the home page where none answered; look for what vanished."""
        self._sweeps -= 1
        if self._sweeps:
            return
        if self._gap and self._resting:
            resting, self._resting = self._resting, []
            for source, row in resting:
                yield from self._poll(source, row)
            return
        if not self.session.sources_ok and not self.site.sources:
            yield from self._poll(Source(kind="listing", url=self.site.url))
        listed = {url for sweep in self._complete for url in sweep.listed}
        known = {
            url
            for sweep in self._complete
            for url in self.session.store.listed_articles(sweep.row["id"])
        }
        vanished = known - listed
        if self.session.sources_failed or self.session.options.since or not vanished:
            return
        if len(vanished) > max(MOST_VANISHED, len(known) // 4):
            self.logger.warning(
                "%d articles left the sitemaps at once: not believed", len(vanished)
            )
            return
        self.session.store.look_again(self.site.id, vanished, now())


def _with_margin(polled_at: str | None) -> str | None:
    return utc(datetime.fromisoformat(polled_at) - BACKDATED) if polled_at else None
