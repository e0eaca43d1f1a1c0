"""grouping: captures → visits: redirects with the page they lead to, an article with its further pages.

Our own files say which records belong together (`WARC-Concurrent-To`); in other people's they are
found by their addresses among those nearby. Pure: the same captures in the same order make the same
visits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from newsbot.profiles import Site
from newsbot.replay.reading import Page, Reading, read
from newsbot.visit import urls
from newsbot.visit.items import VisitItem
from newsbot.visit.limits import REDIRECT_MAX_TIMES, RETRY_HTTP_CODES, RETRY_TIMES
from newsbot.visit.outcomes import MAX_PARTS, addresses, incomplete, join, judge, outcome_of_status

MAX_HELD = 500
"""Visits that wait for the rest of their captures."""
MAX_HELD_BYTES = 48_000_000
"""Their bodies."""
NEARBY = timedelta(days=1)
"""Time between captures that may belong to one visit where nothing but the address says so."""


@dataclass(slots=True)
class Event:
    """One exchange of a known site, read."""

    site: Site
    url: str
    fetched_at: datetime
    status: int
    record_id: str
    position: int
    """Offset in the file it was read from."""
    reading: Reading = field(default_factory=Reading)
    unchanged: bool = False
    """The server, or the WARC, says that the page is the one that was captured before."""
    is_linked: bool = False
    """From a file of ours, where every record of a visit names the visit's first."""
    concurrent_to: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    size: int = 0
    """Bytes held in memory."""
    source: Any = None
    """What the importer needs to keep the capture."""
    unread: Page | None = None
    """An address that no crawl would ask for: read only where a visit leads there."""

    @property
    def address(self) -> str:
        """Its canonical spelling."""
        return urls.canonical(self.url) or self.url


class Group:
    """The captures of one visit, as far as they have come."""

    def __init__(self, first: Event, number: int = 0) -> None:
        self.first = first
        self.number = number
        """Groups before this one."""
        self.events: list[Event] = []
        self.item = VisitItem(frontier=None, url=first.url, fetched_at=first.fetched_at)
        self.wants: dict[str, int] = {}
        """Canonical address → the page of the article that is expected there, counted from 0."""
        self.leads_to: str | None = None
        """Where an unfinished chain of redirects goes on."""
        self._chains: dict[int, list[str]] = {}
        self._tries = 0
        self._parts: dict[int, Event] = {}
        self.page = first
        """The latest capture that is none of a further page."""
        self.take(first, 0)

    @property
    def is_complete(self) -> bool:
        """Whether a crawl would have asked for nothing more."""
        return not self.wants

    def take(self, event: Event, part: int | None) -> None:
        """Add the next capture; `part` is None for one that belongs here but says nothing."""
        self.events.append(event)
        if part is None:
            return
        self.wants = {url: number for url, number in self.wants.items() if number != part}
        chain = self._chains.setdefault(part, [])
        if not chain or chain[-1] != event.url:
            chain.append(event.url)
        if part == 0:
            self.page = event
        if event.reading.leads_to is not None and self._follow(event, part):
            return
        if event.is_linked and event.status in RETRY_HTTP_CODES and self._tries < RETRY_TIMES:
            self._tries += 1
            self.wants[event.address] = part
            return
        self._tries = 0
        if part == 0:
            self._settle(event)
        else:
            self._add_part(event, part)

    def _follow(self, event: Event, part: int) -> bool:
        """Expect the page that a redirect leads to; False where the page itself is meant."""
        target = event.reading.leads_to or ""
        chain = self._chains[part]
        address = urls.canonical(target)
        self.leads_to = address if part == 0 else None
        if target in chain or len(chain) > REDIRECT_MAX_TIMES:
            if event.reading.is_forward:
                return False
            self.leads_to = None
            again = f"redirects lead back to {target}" if target in chain else "too many redirects"
            self._fail(part, "failed", f"RedirectLoop: {again}")
        elif address is None or urls.netloc(address) not in event.site.netlocs:
            self._fail(part, "excluded", "leads to another site")
            self.leads_to = None
        else:
            self.wants[address] = part
        return True

    def _fail(self, part: int, outcome: str, error: str) -> None:
        self.wants.clear()
        if part:
            incomplete(self.item, error)
            return
        item = self.item
        item.fetched_at = self.page.fetched_at
        item.urls = addresses(self._chains[0])
        item.outcome, item.error = outcome, error

    def _settle(self, event: Event) -> None:
        """The page has come; an article may have further pages."""
        item, reading = self.item, event.reading
        self.leads_to = None
        item.fetched_at = event.fetched_at
        item.status = event.status
        item.urls = addresses(self._chains[0])
        item.etag, item.last_modified = event.etag, event.last_modified
        if event.unchanged:
            item.outcome = "unchanged"
        elif reading.error:
            item.outcome, item.error = "failed", reading.error
        elif event.status != 200:
            item.outcome, item.error = outcome_of_status(event.status)
        elif reading.article is None:
            item.outcome, item.error = "not_article", "not HTML"
        else:
            item.parts = [reading.article]
            if reading.article.is_article:
                further = reading.article.pages[:MAX_PARTS]
                own = () if event.is_linked else item.urls
                self.wants = {url: n for n, url in enumerate(further, 1) if url not in own}

    def _add_part(self, event: Event, part: int) -> None:
        reading = event.reading
        if event.status != 200:
            self._fail(part, "failed", f"HTTP {event.status}")
        elif reading.article is None:
            self._fail(part, "failed", reading.error or "not HTML")
        else:
            self._parts[part] = event

    def finish(self) -> VisitItem:
        """The visit, joined and judged. What has not come by now will not come."""
        item = self.item
        if self.wants and 0 not in self.wants.values():
            incomplete(item, "it was not captured")
        elif self.wants and self.leads_to:
            self._fail(0, "failed", "the page it leads to was not captured")
        elif self.wants:
            self._settle(self.page)
        self.wants = {}
        for _, event in sorted(self._parts.items()):
            if item.parts and event.reading.article:
                item.parts.append(event.reading.article)
                item.urls.append(event.address)
        self._parts.clear()
        item.parts = join(item.parts)
        judge(item)
        return item


class Grouper:
    """Takes events in the order of the file and gives back visits as they become complete."""

    def __init__(self, max_held: int = MAX_HELD, max_bytes: int = MAX_HELD_BYTES) -> None:
        self._max_held = max_held
        self._max_bytes = max_bytes
        self._bytes = self._number = 0
        self._open: dict[str, Group] = {}  # by the record id of the first capture
        self._wanted: dict[tuple[str, str], list[Group]] = {}

    @property
    def position(self) -> int | None:
        """Of the first capture that is still held."""
        return min((group.first.position for group in self._open.values()), default=None)

    def add(self, event: Event) -> list[Group]:
        """The visits that end with this capture, or that have waited for too long."""
        if event.record_id in self._open:
            return []  # the same record twice
        group = self._open.get(event.concurrent_to or "")
        if group is None and not event.is_linked:
            group = self._by_address(event)
        if event.unread:
            if group is None:
                return []
            event.reading = read(event.unread, event.site)
        if group is None:
            group = Group(event, self._number)
            self._number += 1
        else:
            self._forget(group)
            group.take(event, _part(group, event))
        if group.is_complete:
            return [group]
        self._hold(group)
        return list(self._overdue())

    def flush(self) -> list[Group]:
        """Everything that still waits, in order."""
        held = sorted(self._open.values(), key=lambda group: group.number)
        for group in held:
            self._forget(group)
        return held

    def _by_address(self, event: Event) -> Group | None:
        for group in self._wanted.get((event.site.id, event.address), ()):
            if abs(group.first.fetched_at - event.fetched_at) <= NEARBY:
                return group
        return None

    def _hold(self, group: Group) -> None:
        self._open[group.first.record_id] = group
        self._bytes += sum(event.size for event in group.events)
        if not group.first.is_linked:
            for url in group.wants:
                self._wanted.setdefault((group.first.site.id, url), []).append(group)

    def _forget(self, group: Group) -> None:
        del self._open[group.first.record_id]
        self._bytes -= sum(event.size for event in group.events)
        if group.first.is_linked:
            return
        for url in group.wants:
            key = (group.first.site.id, url)
            self._wanted[key].remove(group)
            if not self._wanted[key]:
                del self._wanted[key]

    def _overdue(self) -> Iterator[Group]:
        while len(self._open) > self._max_held or self._bytes > self._max_bytes:
            oldest = min(self._open.values(), key=lambda group: group.number)
            self._forget(oldest)
            yield oldest


def _part(group: Group, event: Event) -> int | None:
    """Which page of the article a capture is that belongs to a visit."""
    part = group.wants.get(event.address)
    if part is None and 0 in group.wants.values():
        return 0  # our files do not err: this is where the redirect led
    return part
