"""transport: asks the servers that an operator has named, and nobody else, one request at a time.

Scrapy's own engine and our downloader: its pace, its back-off, its limits. No robots.txt (the operator
has chosen the server, which is there to be asked) and no redirects followed.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, Spider, signals
from scrapy.crawler import CrawlerProcess
from scrapy.settings import Settings
from twisted.python.failure import Failure

from archive.times import now
from newsbot.crawl.network.engine import is_closing
from newsbot.replay.replaying import Answer, Busy
from newsbot.visit import urls
from newsbot.visit.decoding import ACCEPTED
from newsbot.visit.errors import Interrupted
from newsbot.visit.limits import REFUSALS

MAX_LISTING = 256 * 1024 * 1024
"""Bytes of one answer of an index."""
LISTING_TIMEOUT = 300
"""Seconds: indexes of large archives think for minutes."""
_MIDDLEWARES = {
    "newsbot.crawl.middlewares.own_site.OwnSiteMiddleware": 50,
    "newsbot.crawl.middlewares.backoff.BackOffMiddleware": 560,
}


class Ended(Exception):
    """Nothing more is asked in this run; the message is a reason as `crawl` reports it."""


Fetch = Callable[..., Awaitable[Answer]]
"""`fetch(url, headers={}, listing=False)`. Raises `Ended`, or what the network raised."""


@dataclass(frozen=True)
class Hosts:
    """The servers that may be asked, in the words of a site's profile."""

    netlocs: frozenset[str]
    is_loopback: bool


def hosts_of(addresses: Iterable[str]) -> Hosts:
    """The hosts of some addresses."""
    netlocs = frozenset(urls.netloc(urls.canonical(a) or "") for a in addresses) - {""}
    return Hosts(netlocs, bool(netlocs) and all(map(_is_loopback, netlocs)))


def _is_loopback(netloc: str) -> bool:
    host = urlsplit(f"//{netloc}").hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Asking(Spider):
    """Runs a coroutine for which it fetches."""

    name = "import"
    site: Hosts
    main: Callable[[Fetch], Awaitable[None]]

    async def start(self) -> AsyncIterator[Any]:
        """The whole run; nothing is ever scheduled."""
        await type(self).main(self.fetch)
        return
        yield

    async def fetch(
        self, url: str, headers: dict[str, str] | None = None, *, listing: bool = False
    ) -> Answer:
        """One answer. Raises `Ended` where the run is over, `Busy`, or the network's exceptions."""
        meta: dict[str, Any] = {"handle_httpstatus_all": True}
        if listing:
            meta |= {"download_maxsize": MAX_LISTING, "download_timeout": LISTING_TIMEOUT}
        request = Request(
            url,
            headers={"Accept-Encoding": ACCEPTED, **(headers or {})},
            meta=meta,
            dont_filter=True,
        )
        engine = self.crawler.engine
        assert engine is not None
        if is_closing(self.crawler):
            raise Ended("shutdown")
        try:
            response = await engine.download_async(request)
        except Interrupted:
            raise Ended("shutdown") from None
        if response.status in REFUSALS:  # waited for already, as long as it asked
            raise Busy(f"HTTP {response.status} from the server")
        return Answer(
            response.url,
            response.status,
            [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, values in response.headers.items()
                for value in values
            ],
            response.body,
        )


def run(
    main: Callable[[Fetch], Awaitable[None]],
    servers: Hosts,
    folder: Path,
    *,
    delay: float,
    contact: str | None,
    verbose: bool = False,
) -> str:
    """Run `main` with a function that fetches; may run once in a process, as the reactor does.

    Returns why it ended: `finished`, `shutdown`, `backing_off` or `unreachable`. What `main` raises,
    but for `Ended`, is raised here.
    """
    failures: list[BaseException] = []
    reasons: list[str] = []

    async def guarded(fetch: Fetch) -> None:
        try:
            await main(fetch)
        except Ended as end:
            reasons.append(str(end))
        except Exception as error:
            failures.append(error)

    def failed(failure: Failure) -> None:
        failures.append(failure.value or RuntimeError("the reactor failed"))

    def closed(reason: str) -> None:
        if reason != "finished":
            reasons.insert(0, reason)

    settings = _settings(folder, delay, contact, verbose, loopback=servers.is_loopback)
    process = CrawlerProcess(settings)
    spider = type("Asking", (_Asking,), {"site": servers, "main": staticmethod(guarded)})
    crawler = process.create_crawler(spider)
    crawler.signals.connect(closed, signal=signals.spider_closed)
    process.crawl(crawler).addErrback(failed)
    process.start()
    if failures:
        raise failures[0]
    return reasons[0] if reasons else "finished"


def _settings(
    folder: Path, delay: float, contact: str | None, verbose: bool, *, loopback: bool
) -> Settings:
    settings = Settings()
    settings.setmodule("newsbot.crawl.settings")
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    agent = settings["USER_AGENT"]
    if contact:
        agent = agent.replace("(news archive)", f"(news archive; {contact})")
    ours = dict.fromkeys(settings.getdict("DOWNLOADER_MIDDLEWARES"))
    for name, value in (
        ("USER_AGENT", agent),
        ("DOWNLOADER_MIDDLEWARES", {**ours, **_MIDDLEWARES}),
        ("SCHEDULER", "scrapy.core.scheduler.Scheduler"),
        ("TWISTED_DNS_RESOLVER", "scrapy.resolver.CachingThreadedResolver"),
        ("ROBOTSTXT_OBEY", False),
        ("ITEM_PIPELINES", {}),
        ("EXTENSIONS", {}),
        ("DOWNLOAD_DELAY", delay),
        ("CONCURRENT_REQUESTS", 1),
        ("AUTOTHROTTLE_ENABLED", not loopback),
        ("LOG_FILE", None if verbose else str(logs / f"import-{now():%Y-%m}.log")),
        ("LOG_FILE_APPEND", True),
    ):
        settings.set(name, value, priority="cmdline")
    logging.captureWarnings(True)
    return settings
