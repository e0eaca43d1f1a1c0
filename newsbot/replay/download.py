"""download: what a web archive has of one site is listed, chosen and fetched into work files.

Every capture that may be an article, or say something of one, is asked for, oldest first: redirects
and the pages that they lead to, further pages of divided articles, pages that are gone. The import
puts them together. Nothing is asked for that the archive has.
"""

from __future__ import annotations

import logging
import sqlite3
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from archive.captures import Exchange
from archive.store import OUTCOMES
from archive.times import now, utc
from newsbot import urls
from newsbot.discovery import is_candidate
from newsbot.profiles import Site
from newsbot.replay import servers
from newsbot.replay.client import MAX_LISTING, Client, Ended, Refused, TryLater
from newsbot.replay.originals import NotGiven, from_record, from_replay, request_for
from newsbot.replay.servers import GONE, IndexQuery, IndexRow, NotAnIndex, Server, moment_of
from newsbot.replay.workfiles import Holder, Key, WorkFiles
from newsbot.visit.decoding import Undecodable, decode

logger = logging.getLogger(__name__)

_GAVE_UP = {
    "backing_off": "the server refuses our requests; it is left alone until the next run",
    "unreachable": "the server has stopped answering; the next run tries again",
}


@dataclass(frozen=True, slots=True)
class CdxOptions:
    """What is to be imported. `since` and `until` are prefixes of timestamps, or empty."""

    server: str
    kind: servers.Kind | None = None
    replay: str | None = None
    """Where captures are, if not at the usual address beside the index."""
    since: str = ""
    until: str = ""
    limit: int | None = None
    """Ask for at most this many captures of a site in this run."""
    dry_run: bool = False
    """List, but ask for no capture."""


@dataclass(slots=True)
class CdxReport:
    """How the import of one site went."""

    site: str
    reason: str = "failed"
    """Why it ended: `finished`, `limit`, `failed`, `interrupted`, or as `client.Ended` says."""
    listed: int = 0
    """Captures that the index listed in this run."""
    wanted: int = 0
    """Captures that may be articles, or say something of one, and were not there."""
    fetched: int = 0
    waiting: int = 0
    missed: int = 0
    """Captures that could not be fetched this time; the next run asks again."""
    refused: int = 0
    """Captures that the server lists and does not give out."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """Visits by what came of them."""
    planned: list[str] = field(default_factory=list)
    error: str | None = None

    def end(self, end: Ended) -> None:
        """The run is over before this site is."""
        self.reason = str(end)
        self.error = _GAVE_UP.get(self.reason)

    @property
    def is_over(self) -> bool:
        """Whether nothing more is asked in this run, for other sites neither."""
        return self.reason not in ("finished", "limit", "failed")

    @property
    def exit_code(self) -> int:
        """0; 3 where something is left that should not be; 130 where somebody interrupted it."""
        if self.reason == "interrupted":
            return 130
        return 3 if self.error or self.missed else 0

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        outcomes = {name: self.outcomes[name] for name in OUTCOMES}
        return {**asdict(self), "outcomes": outcomes, "ok": not self.exit_code}


class Known:
    """What an archive has already; nothing where it is not there yet."""

    def __init__(self, connection: sqlite3.Connection | None) -> None:
        self._connection = connection

    def holder(self, key: Key) -> Holder | None:
        """The record of a capture that the archive has, of a revisit the one that it refers to."""
        timestamp, url = key
        rows = self._select(
            "SELECT coalesce(w.record_id, c.record_id), coalesce(w.url, c.url), "
            "coalesce(w.fetched_at, c.fetched_at), c.payload_digest, c.status "
            "FROM captures c LEFT JOIN captures w ON w.id = c.refers_to "
            "WHERE c.url = ? AND c.fetched_at = ?",
            url, utc(moment_of(timestamp)),
        )  # fmt: skip
        return next((Holder(*row) for row in rows), None)

    def addresses(self, site: str) -> Iterator[str]:
        """Every address of an article of a site."""
        sql = "SELECT x.url FROM aliases x JOIN articles a ON a.id = x.article WHERE a.site = ?"
        return (url for (url,) in self._select(sql, site))

    def _select(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        return [tuple(r) for r in self._connection.execute(sql, values)] if self._connection else []


def hosts_to_ask(site: Site) -> list[str]:
    """The hosts of a site as indexes know them: `www` makes no difference to them."""
    return sorted({netloc.removeprefix("www.") for netloc in site.netlocs})


def _of_any_year(site: Site) -> Site:
    """A profile as far as it says something of earlier years: its `article` patterns are of today,
    and which spelling of a host captures have is up to their day.
    """
    hosts = hosts_to_ask(site)
    netlocs = frozenset((*hosts, *(f"www.{host}" for host in hosts)))
    # As if it were computed already: a cached property.
    return site.model_copy(update={"article": [], "netlocs": netlocs})


def _page_of(address: str) -> str:
    """What `http` and `https`, with and without `www`, have in common."""
    return urls.netloc(address).removeprefix("www.") + urls.path_and_query(address)


def decoded(answer: Exchange) -> bytes:
    """The body of an index's answer. Raises `NotAnIndex` where it cannot be unpacked."""
    encoding = answer.header("Content-Encoding")
    try:
        return decode(answer.body, [encoding] if encoding else [], max_size=MAX_LISTING)
    except Undecodable as error:
        raise NotAnIndex(f"the answer cannot be unpacked: {error}") from None


class Download:
    """Downloads one site from one server."""

    def __init__(
        self,
        site: Site,
        server: Server,
        options: CdxOptions,
        client: Client,
        files: WorkFiles,
        known: Known,
        fetched: Callable[[CdxReport], object] = lambda _: None,
    ) -> None:
        """`fetched` is called after each capture."""
        self.report = CdxReport(site.id)
        self._site = site
        self._server = server
        self._options = options
        self._client = client
        self._files = files
        self._known = known
        self._fetched = fetched
        self._holders: dict[tuple[str, str], Holder] = {}
        """The first record of each address and payload digest."""

    def run(self, indexes: list[str]) -> None:
        """List, then fetch what waits. The report says how far it came; Ctrl-C is one way to end."""
        report, files = self.report, self._files
        waiting: list[Key] = []
        try:
            self._list(indexes)
            waiting = self._choose()
            report.wanted = len(waiting)
            if self._options.dry_run:
                report.planned, report.reason = [" ".join(key) for key in waiting], "finished"
            else:
                report.reason = self._fetch_all(waiting)
        except NotAnIndex as error:
            report.error = str(error)
        except Ended as end:
            report.end(end)
        except KeyboardInterrupt:  # the files take it as they take a crash
            report.reason = "interrupted"
        report.waiting = sum(key not in files.held and key not in files.refused for key in waiting)

    # -- listing --------------------------------------------------------------------------------

    def _list(self, indexes: list[str]) -> None:
        server, files = self._server, self._files
        hosts, since, until = hosts_to_ask(self._site), self._options.since, self._options.until
        files.begin(
            [server.kind, server.index, hosts, since, until],
            servers.first_queries(server.kind, indexes, hosts, since, until),
        )
        while files.queries:
            query, *rest = files.queries
            rows, more = self._ask(query)
            self.report.listed += len(rows)
            files.listed([row for row in rows if row.may_be_page], [*more, *rest])

    def _ask(self, query: IndexQuery) -> tuple[list[IndexRow], list[IndexQuery]]:
        try:
            answer = self._client.get(servers.query_url(query), is_listing=True)
        except TryLater as error:
            raise NotAnIndex(f"the index does not answer: {error}") from error
        return servers.parse_answer(query, answer.status, decoded(answer), now().year)

    def _choose(self) -> list[Key]:
        """The captures to fetch, oldest first: of pages that may be articles, or may have been."""
        profile = _of_any_year(self._site)
        pages = {_page_of(address) for address in self._known.addresses(self._site.id)}
        chosen = []
        for key, row in sorted(self._files.rows.items()):
            address = urls.canonical(row.url)
            if address is None or not is_candidate(profile, address):
                continue
            if row.status not in GONE:
                pages.add(_page_of(address))
            elif _page_of(address) not in pages:
                continue  # nothing is known here that could be gone
            if key in self._files.refused:
                continue
            holder = self._files.held.get(key) or self._known.holder(key)
            if holder:
                self._remember(row, holder)
            else:
                chosen.append(key)
        return chosen

    # -- captures -------------------------------------------------------------------------------

    def _fetch_all(self, waiting: list[Key]) -> str:
        for key in waiting:
            if self._options.limit is not None and self.report.fetched >= self._options.limit:
                return "limit"
            try:
                self._download(key)
            except NotGiven as error:
                logger.info("%s: %s", " ".join(key), error)
                self._files.refuse(key, str(error))
                self.report.refused += 1
            except TryLater as error:
                logger.warning("%s: %s", " ".join(key), error)
                # Where the server refuses everything, it says nothing of this capture.
                is_over = not isinstance(error, Refused) and self._files.refuse(
                    key, str(error), is_final=False
                )
                self.report.refused += is_over
                self.report.missed += not is_over
            self._fetched(self.report)
        return "finished"

    def _download(self, key: Key) -> None:
        """Write a capture into the WARC file, asking for it where no record holds its payload.

        Raises `NotGiven`, `TryLater` or `Ended`.
        """
        row, server = self._files.rows[key], self._server
        source, headers = request_for(server, row)
        # The same for the same capture, so that it cannot be imported twice.
        name = f"{server.index} {row.timestamp} {row.url}"
        record_id = f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}>"
        holder = self._holder_for(row)
        if holder:
            exchange = Exchange(row.url, utc(moment_of(row.timestamp)), 200, [], b"")
        else:
            self.report.fetched += 1
            answer = self._client.get(source, headers)
            if server.kind == "commoncrawl":
                exchange, own_id = from_record(answer, row)
                record_id = own_id or record_id
            else:
                exchange = from_replay(server.kind, answer, row)
        self._remember(row, self._files.write(key, exchange, record_id, source, holder))

    def _holder_for(self, row: IndexRow) -> Holder | None:
        """An earlier record of the same address that holds the payload of a capture."""
        if row.digest is None or row.status not in (None, 200):
            return None
        holder = self._holders.get((row.url, row.digest))
        return holder if holder and holder.fetched_at < utc(moment_of(row.timestamp)) else None

    def _remember(self, row: IndexRow, holder: Holder) -> None:
        # Redirects to anywhere have the same, empty body.
        if row.digest is None or holder.status != 200:
            return
        earliest = self._holders.setdefault((row.url, row.digest), holder)
        if holder.fetched_at < earliest.fetched_at:
            self._holders[row.url, row.digest] = holder
