"""What stock Scrapy and Twisted still do or lack: when one of these fails, code of ours may go.

Each test is named in the docstring of the module of `newsbot/crawl/network/` that it keeps alive.
"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request, signals
from scrapy.core.downloader import Downloader, Slot
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientProtocol,
)
from scrapy.core.engine import ExecutionEngine
from scrapy.core.scheduler import BaseScheduler
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response
from scrapy.resolver import CachingThreadedResolver, dnscache
from twisted.internet.defer import AlreadyCalledError, Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.protocol import Protocol
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web._newclient import HTTP11ClientProtocol
from twisted.web._newclient import Request as WireRequest
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers

from newsbot.crawl.network import connections
from newsbot.crawl.network.downloader import HostSlot, Pace, PoliteDownloader
from newsbot.visit.errors import Interrupted


def public(thing: object) -> set[str]:
    return {name for name in vars(thing) if not name.startswith("_")}


# -- engine -------------------------------------------------------------------------------------


def test_nothing_public_holds_a_host_back() -> None:
    assert public(Downloader) == {
        "DOWNLOAD_SLOT", "close", "fetch", "get_slot_key", "needs_backout", "randomize_delay",
    }  # fmt: skip


def test_schedulers_are_not_told_what_is_under_way() -> None:
    assert public(BaseScheduler) == {
        "close", "enqueue_request", "from_crawler", "has_pending_requests", "next_request", "open",
    }  # fmt: skip


def test_the_engine_is_not_idle_while_the_scheduler_waits_for_it() -> None:
    asked: list[bool] = []
    scheduler = SimpleNamespace(has_pending_requests=lambda: asked.append(True) or True)
    engine = SimpleNamespace(
        _slot=SimpleNamespace(scheduler=scheduler),
        _start=None,
        downloader=SimpleNamespace(active=set()),
        scraper=SimpleNamespace(slot=SimpleNamespace(is_idle=lambda: True)),
    )
    assert not ExecutionEngine.spider_is_idle(engine)  # type: ignore[arg-type]
    assert asked


def test_no_signal_says_that_a_crawl_is_about_to_close() -> None:
    assert not {name for name in public(signals) if "closing" in name or "stopping" in name}
    assert "closing" not in public(ExecutionEngine)


# -- downloader ---------------------------------------------------------------------------------


def test_autothrottle_undercuts_the_delay_of_a_host() -> None:
    throttle = object.__new__(AutoThrottle)
    throttle.mindelay, throttle.maxdelay, throttle.target_concurrency = 1.0, 60.0, 1.0
    slot = Slot(concurrency=1, delay=30.0)
    throttle._adjust_delay(slot, 0.1, Response("http://gazet.kz/"))
    assert slot.delay < 30, "which robots.txt has asked for"


class Waiting:
    """A downloader in which requests wait; those that it sends are noted and never answered."""

    def __init__(self, kind: type[Downloader], slot: Slot, *, closing: bool = False) -> None:
        self.sent: list[Request] = []

        async def send(slot: Slot, request: Request, waiting: object) -> None:
            self.sent.append(request)

        self.downloader = object.__new__(kind)
        self.downloader.crawler = fake_crawler(closing=closing)
        self.downloader.slots = {"gazet.kz": slot}
        self.downloader._wait_for_download = send  # type: ignore[method-assign]
        self.answers: list[Deferred[Any]] = [Deferred() for _ in range(3)]
        slot.queue.extend((Request(f"http://gazet.kz/{n}"), d) for n, d in enumerate(self.answers))
        self.slot = slot

    async def process(self) -> list[Request]:
        self.downloader._process_queue(self.slot)
        await asyncio.sleep(0)
        return self.sent


def fake_crawler(*, closing: bool = False) -> Any:
    slot = SimpleNamespace(closing=object() if closing else None)
    return SimpleNamespace(engine=SimpleNamespace(_slot=slot))


def host_slot(*, delay: float = 0.0) -> HostSlot:
    return HostSlot(Slot(concurrency=1, delay=delay), Pace())


def test_a_slot_sends_more_than_its_concurrency() -> None:
    stock = Waiting(Downloader, Slot(concurrency=1, delay=0.0))
    assert len(asyncio.run(stock.process())) == 3
    assert len(asyncio.run(Waiting(PoliteDownloader, host_slot()).process())) == 1


def test_a_closing_crawl_still_sends_what_waits() -> None:
    stock = Waiting(Downloader, Slot(concurrency=3, delay=0.0), closing=True)
    assert len(asyncio.run(stock.process())) == 3
    ours = Waiting(PoliteDownloader, host_slot(), closing=True)
    assert asyncio.run(ours.process()) == []
    assert isinstance(ours.downloader, PoliteDownloader)
    ours.downloader._closing_since, ours.downloader._transfers = None, set()
    ended: list[Failure] = []
    for answer in ours.answers:
        answer.addErrback(ended.append)
    ours.downloader._watch()
    assert [failure.type for failure in ended] == [Interrupted] * 3


def test_the_downloader_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsbot.crawl.network.downloader.GRACE", 0.05)

    async def never(request: Request) -> Response:
        return await asyncio.Event().wait()  # type: ignore[return-value]

    async def ends(kind: type[Downloader], slot: Slot) -> bool:
        downloader = object.__new__(kind)
        downloader.handlers = SimpleNamespace(download_request_async=never)  # type: ignore[assignment]
        downloader.signals = SimpleNamespace(send_catch_log=lambda *_, **__: None)  # type: ignore[assignment]
        downloader.crawler = SimpleNamespace(spider=None, engine=fake_crawler().engine)  # type: ignore[assignment]
        if isinstance(downloader, PoliteDownloader):
            downloader._transfers = set()
        request = Request("http://gazet.kz/", meta={"download_timeout": 0.05})
        transfer = asyncio.ensure_future(downloader._download(slot, request))
        done, _ = await asyncio.wait({transfer}, timeout=0.5)
        transfer.cancel()
        await asyncio.gather(transfer, return_exceptions=True)
        return bool(done)

    assert not asyncio.run(ends(Downloader, Slot(concurrency=1, delay=0.0)))
    assert asyncio.run(ends(PoliteDownloader, host_slot()))


# -- connections --------------------------------------------------------------------------------


class Body(Protocol):
    """Notes how a body ended."""

    def __init__(self) -> None:
        self.data = b""
        self.ended: type | None = None

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        self.data += data

    def connectionLost(self, reason: Failure = None) -> None:  # type: ignore[override, assignment]  # noqa: N802
        self.ended = reason.type


class Client:
    """One request over a connection that exists in memory only."""

    def __init__(self, kind: type[HTTP11ClientProtocol]) -> None:
        self.protocol = kind(lambda _: None)  # type: ignore[no-untyped-call]
        self.transport = StringTransport()
        self.protocol.makeConnection(self.transport)
        self.body = Body()
        self.failed: Failure | None = None
        headers = Headers({b"host": [b"gazet.kz"]})
        answer = self.protocol.request(WireRequest(b"GET", b"/", headers, None))  # type: ignore[no-untyped-call]
        answer.addCallbacks(lambda response: response.deliverBody(self.body), self._fail)

    def _fail(self, failure: Failure) -> None:
        self.failed = failure

    def receive(self, data: bytes) -> None:
        self.protocol.dataReceived(data)  # type: ignore[no-untyped-call]

    @property
    def gave_up(self) -> bool:
        return self.transport.disconnecting or self.transport.disconnected


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
BOTH = pytest.mark.parametrize(
    ("kind", "is_ours"),
    [(_LenientHTTP11ClientProtocol, False), (connections._Protocol, True)],
)


@BOTH
def test_headers_without_end_are_read(kind: type[HTTP11ClientProtocol], is_ours: bool) -> None:
    client = Client(kind)
    client.receive(HEAD)
    for _ in range(200):
        if not client.gave_up:
            client.receive(b"X-Header: 12345678\r\n" * 100)
    assert client.gave_up == is_ours


@BOTH
def test_bytes_beyond_the_length_are_overlooked(
    kind: type[HTTP11ClientProtocol], is_ours: bool
) -> None:
    client = Client(kind)
    client.receive(HEAD + b"Content-Length: 5\r\n\r\n<p>Al and much more")
    assert client.body.data == b"<p>Al"
    assert (client.body.ended is ResponseDone) != is_ours


@BOTH
def test_a_broken_connection_ends_a_body_without_a_length(
    kind: type[HTTP11ClientProtocol], is_ours: bool
) -> None:
    client = Client(kind)
    client.receive(HEAD + b"\r\n<p>Al")
    client.protocol.connectionLost(Failure(ConnectionLost()))  # type: ignore[no-untyped-call]
    assert (client.body.ended is PotentialDataLoss) != is_ours


def test_a_timer_ends_what_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    timers: list[Any] = []
    timer = SimpleNamespace(active=lambda: False)
    later = lambda _, *what: timers.append(what) or timer  # noqa: E731
    monkeypatch.setattr("twisted.internet.reactor.callLater", later)
    closed: Deferred[None] = Deferred()
    handler = object.__new__(HTTP11DownloadHandler)
    handler._pool = SimpleNamespace(closeCachedConnections=lambda: closed)
    handler._disconnect_timeout = 1
    waiting = handler.close()
    waiting.send(None)
    closed.callback(None)  # and while others keep the reactor busy, the second is over
    function, *values = timers[0]
    with pytest.raises(AlreadyCalledError):
        function(*values)
    waiting.close()


# -- addresses ----------------------------------------------------------------------------------


def test_names_of_private_addresses_are_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(dnscache, "gazet.kz", "10.0.0.7")
    found: list[object] = []
    resolver = object.__new__(CachingThreadedResolver)
    resolver.getHostByName("gazet.kz").addBoth(found.append)
    assert found == ["10.0.0.7"]
