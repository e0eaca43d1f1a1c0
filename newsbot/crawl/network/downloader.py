"""downloader: Scrapy's downloader with a pace for each host, and a quick end.

Delays may grow while a crawl runs (robots.txt, refusals) but AutoThrottle never undercuts them; a
closing crawl gives back what still waits instead of asking for it.

Private, why, and until when:

- `Slot`, `_get_slot`, `_delay`: a host's own pace is kept beside the delay that AutoThrottle sets. Until
  delays have a floor (scrapy#892, scrapy#6660): `test_autothrottle_undercuts_the_delay_of_a_host`.
- `_process_queue`, `_latercall`, `_wait_for_download`: never more under way than was agreed, and a URL that
  was refused goes first (scrapy#1371). Until then: `test_a_slot_sends_more_than_its_concurrency`.
- `_download`: every transfer ends, if by force. Until time-outs are the downloader's business:
  `test_the_downloader_waits_for_ever`.
- `queue`, `close`: a closing crawl gives back what waits. Until Scrapy does (scrapy#4749, scrapy#5000):
  `test_a_closing_crawl_still_sends_what_waits`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from dataclasses import dataclass
from time import monotonic

from scrapy import Request, Spider
from scrapy.core.downloader import Downloader, Slot
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadTimeoutError
from scrapy.http import Response
from scrapy.utils.asyncio import call_later, create_looping_call
from scrapy.utils.defer import deferred_from_coro

from newsbot.crawl.network import engine
from newsbot.visit.errors import Interrupted
from newsbot.visit.limits import MAX_DELAY

logger = logging.getLogger(__name__)

MAX_TIMEOUT = 600.0
"""Seconds for a request that names no time-out of its own."""
GRACE = 5.0
"""Seconds that a closing crawl leaves to transfers under way."""


@dataclass(slots=True)
class Pace:
    """What is known about a host's patience in this run."""

    delay: float = 0.0
    """Seconds between two requests, at least."""
    resume: float = 0.0
    """Nothing is sent before this moment (monotonic)."""


class HostSlot(Slot):
    """Scrapy's slot of one host. A host that has asked for a pace gets one request at a time.

    Where one is under way at most, the delay counts from the end of the last exchange: a busy moment of ours
    lies between the decision to send and the sending, and the server may see half of a gap that begins there.
    """

    def __init__(self, like: Slot, pace: Pace) -> None:
        super().__init__(like.concurrency, like.delay, like.jitter)
        self.pace = pace
        self.under_way = False

    def free_transfer_slots(self) -> int:
        """How many more requests may be sent now."""
        if self.pace.delay and self.transferring:
            return 0
        return super().free_transfer_slots()


class PoliteDownloader(Downloader):
    """Scrapy's downloader; `slow_down` and `pause` hold for everything that goes to a host."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.paces: defaultdict[str, Pace] = defaultdict(Pace)
        self._transfers: set[asyncio.Task[Response]] = set()
        self._closing_since: float | None = None
        self._watch_loop = create_looping_call(self._watch)

    def slow_down(self, request: Request, delay: float) -> None:
        """From now on at least `delay` seconds between requests to the host, at most `MAX_DELAY`."""
        pace = self.paces[self.get_slot_key(request)]
        pace.delay = max(pace.delay, min(delay, MAX_DELAY))

    def pause(self, request: Request, seconds: float) -> None:
        """Send nothing to the request's host for a while."""
        pace = self.paces[self.get_slot_key(request)]
        pace.resume = max(pace.resume, monotonic() + seconds)

    def delay(self, request: Request) -> float:
        """Seconds between two requests to the host at present."""
        key = self.get_slot_key(request)
        slot = self.slots.get(key)
        return max(slot.delay if slot else self._delay, self.paces[key].delay)

    def _get_slot(self, request: Request, spider: Spider | None = None) -> tuple[str, Slot]:
        key, slot = super()._get_slot(request)
        if not isinstance(slot, HostSlot):
            slot = self.slots[key] = HostSlot(slot, self.paces[key])
            if not self._watch_loop.running:
                self._watch_loop.start(1.0, now=False)
        return key, slot

    def _process_queue(self, slot: Slot) -> None:
        assert isinstance(slot, HostSlot)
        pace = slot.pace
        if slot.under_way and not slot.transferring:
            slot.under_way = False
            if slot.concurrency == 1 or pace.delay:
                slot.lastseen = monotonic()
        while slot.queue and slot.free_transfer_slots() > 0 and not slot.latercall:
            if engine.is_closing(self.crawler):
                return
            slot.delay = max(slot.delay, pace.delay)
            moment = monotonic()
            wait = max(pace.resume, slot.lastseen + slot.download_delay()) - moment
            if wait > 0:
                slot.latercall = call_later(wait, self._latercall, slot)
                return
            slot.lastseen = moment
            # A URL that was refused goes first: its answer tells whether our pace was the matter.
            chosen = next((x for x in slot.queue if "refusals" in x[0].meta), slot.queue[0])
            slot.queue.remove(chosen)
            request, waiting = chosen
            # At once: Scrapy 2.19 counts a transfer when its task begins to run, and until then
            # sends the whole queue of a host that has no delay.
            slot.transferring.add(request)
            slot.under_way = True
            deferred_from_coro(self._wait_for_download(slot, request, waiting))

    # -- no request for ever, and none after the end --------------------------------------------

    async def _download(self, slot: Slot, request: Request) -> Response:
        transfer = asyncio.ensure_future(super()._download(slot, request))
        self._transfers.add(transfer)
        limit = request.meta.get("download_timeout", MAX_TIMEOUT) + GRACE
        try:
            return await asyncio.wait_for(transfer, limit)
        except TimeoutError as error:
            if transfer.cancelled():  # Scrapy's own time-out has failed to end it
                raise DownloadTimeoutError(f"{request.url} took longer than {limit} s") from error
            raise
        except asyncio.CancelledError:
            raise Interrupted(f"the crawl ended while {request.url} was on its way") from None
        finally:
            self._transfers.discard(transfer)

    def _watch(self) -> None:
        """Once a second; Scrapy has no signal for «about to close»."""
        if not engine.is_closing(self.crawler):
            return
        if self._closing_since is None:
            self._closing_since = monotonic()
        for slot in self.slots.values():
            slot.close()
            while slot.queue:
                request, waiting = slot.queue.popleft()
                waiting.errback(Interrupted(f"the crawl ended before {request.url}"))
        if monotonic() - self._closing_since > GRACE:
            for transfer in self._transfers:
                transfer.cancel()

    def close(self) -> None:
        """Scrapy's end of life."""
        super().close()
        if self._watch_loop.running:
            self._watch_loop.stop()
