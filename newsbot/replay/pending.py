"""pending: captured exchanges → visits, as they lie in a file: some parts sooner, some later.

Our own files say which records belong together (`WARC-Concurrent-To`); in other people's they are
found by their addresses among those nearby. Pure: the same exchanges in the same order make the same
visits.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from newsbot.replay.records import Captured
from newsbot.visit.builder import VisitBuilder
from newsbot.visit.limits import RETRY_HTTP_CODES, RETRY_TIMES
from newsbot.visit.reading import read

MAX_HELD = 500
"""Visits that wait for the rest of their captures."""
MAX_HELD_BYTES = 48_000_000
"""Their bodies."""
NEARBY = timedelta(days=1)
"""Time between captures that may belong to one visit where nothing but the address says so."""


class PendingVisit:
    """A visit as far as its captures have come."""

    def __init__(self, first: Captured, number: int = 0) -> None:
        self.first = first
        self.number = number
        """Visits begun before this one."""
        self.builder = VisitBuilder(first.site, first.exchange.url)
        self.captured: list[Captured] = []
        """In the order of `Visit.captures`."""
        self._tries = 0
        self.take(first)

    @property
    def is_complete(self) -> bool:
        """Whether a crawl would have asked for nothing more."""
        may_be_retried = self.first.is_linked and 0 < self._tries <= RETRY_TIMES
        return not self.builder.needs and not may_be_retried

    @property
    def size(self) -> int:
        """Bytes held in memory."""
        return sum(len(captured.exchange.body) for captured in self.captured)

    def take(self, captured: Captured) -> None:
        """Add the next exchange."""
        self.captured.append(captured)
        self._tries = self._tries + 1 if captured.exchange.status in RETRY_HTTP_CODES else 0
        if captured.reading is None:
            captured.reading = read(captured.exchange, captured.site)
        self.builder.add(captured.exchange, captured.capture(), captured.reading)


class PendingVisits:
    """Takes exchanges in the order of the file and gives back visits as they become complete."""

    def __init__(self, max_held: int = MAX_HELD, max_bytes: int = MAX_HELD_BYTES) -> None:
        self._max_held = max_held
        self._max_bytes = max_bytes
        self._bytes = self._number = 0
        self._held: dict[str, PendingVisit] = {}  # by the record id of the first capture
        self._needed: dict[tuple[str, str], list[PendingVisit]] = {}  # by site and address

    @property
    def position(self) -> int | None:
        """Offset in the file of the first capture that is still held."""
        return min((visit.first.record.offset for visit in self._held.values()), default=None)

    def add(self, captured: Captured) -> list[PendingVisit]:
        """The visits that end with this exchange, or that have waited for too long."""
        record_id = captured.record.record_id
        if record_id in self._held:
            return []  # the same record twice
        visit = self._held.get(captured.first_record or "")
        if visit is None and not captured.is_linked:
            visit = self._by_address(captured)
        if visit is None and not captured.is_sought:
            return []
        if visit is None:
            visit = PendingVisit(captured, self._number)
            self._number += 1
        else:
            self._release(visit)
            visit.take(captured)
        if visit.is_complete:
            return [visit]
        self._hold(visit)
        return list(self._overdue())

    def flush(self) -> list[PendingVisit]:
        """Everything that still waits, in order."""
        held = sorted(self._held.values(), key=lambda visit: visit.number)
        for visit in held:
            self._release(visit)
        return held

    def _by_address(self, captured: Captured) -> PendingVisit | None:
        for visit in self._needed.get((captured.site.id, captured.address), ()):
            if abs(_moment(visit.first) - _moment(captured)) <= NEARBY:
                return visit
        return None

    def _hold(self, visit: PendingVisit) -> None:
        self._held[visit.first.record.record_id] = visit
        self._bytes += visit.size
        if not visit.first.is_linked:
            for url in visit.builder.needs:
                self._needed.setdefault((visit.first.site.id, url), []).append(visit)

    def _release(self, visit: PendingVisit) -> None:
        del self._held[visit.first.record.record_id]
        self._bytes -= visit.size
        if visit.first.is_linked:
            return
        for url in visit.builder.needs:
            key = (visit.first.site.id, url)
            self._needed[key].remove(visit)
            if not self._needed[key]:
                del self._needed[key]

    def _overdue(self) -> Iterator[PendingVisit]:
        while len(self._held) > self._max_held or self._bytes > self._max_bytes:
            oldest = min(self._held.values(), key=lambda visit: visit.number)
            self._release(oldest)
            yield oldest


def _moment(captured: Captured) -> datetime:
    return datetime.fromisoformat(captured.record.date)
