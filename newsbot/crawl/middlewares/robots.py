"""robots: obeys robots.txt by RFC 9309, and its Crawl-delay and Request-rate.

Written anew because Scrapy's own (2.14–2.19) answers None to every request that waits while robots.txt
is on its way, and so lets them through; `tests/crawl/test_robots.py` fails when it no longer does. And
to Scrapy a server error or no answer means «all is allowed», where the RFC says «stay away for now».

Settings: `ROBOTSTXT_OBEY`, `ROBOTSTXT_USER_AGENT`. The profile's `crawl.ignore_crawl_delay` switches
the delay off. `Request.meta`: `dont_obey_robotstxt`, as Scrapy's (robots.txt itself has it).
Signal: `robots_parsed`, as Scrapy's.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Request, Response
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import ProtegoRobotParser

from newsbot import urls
from newsbot.crawl.middlewares.own_site import OffSite
from newsbot.crawl.middlewares.redirect import RedirectLoop
from newsbot.crawl.network import engine
from newsbot.visit.errors import Interrupted
from newsbot.visit.limits import MAX_DELAY

if TYPE_CHECKING:
    from protego import Protego
    from scrapy.crawler import Crawler


ROBOTS_TIMEOUT = 30.0
"""Seconds for robots.txt."""
ROBOTS_HOPS = 5
"""Redirects followed to robots.txt (RFC 9309 §2.3.1.2)."""
ROBOTS_SIZE = 512 * 1024
"""Bytes of robots.txt that are read; RFC 9309 §2.5 wants 500 KiB at least."""
ROBOTS_PRIORITY = 1000
"""Before whatever else waits for a host."""


class RobotsUnavailable(IgnoreRequest):
    """robots.txt could not be had, so nothing may be fetched for now (RFC 9309 §2.3.1.4)."""


class RobotsMiddleware:
    """Asks each host for its robots.txt once in a crawl, and keeps to it as `agent`.

    `fetch` downloads, `parse` makes rules of a body (and tells who listens), `slow_down` sets the
    seconds between requests to a request's host; None where no delay is to be obeyed.
    """

    logger: Any = logging.getLogger(__name__)

    def __init__(
        self,
        agent: str,
        fetch: Callable[[Request], Awaitable[Response]],
        parse: Callable[[bytes, Request], Awaitable[Protego]],
        slow_down: Callable[[Request, float], None] | None,
    ) -> None:
        self.agent = agent
        self.fetch = fetch
        self.parse = parse
        self.slow_down = slow_down
        self._rules: dict[str, asyncio.Task[Protego | Exception]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor. Raises `NotConfigured` without `ROBOTSTXT_OBEY`."""
        if not crawler.settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        site = getattr(crawler.spidercls, "site", None)  # none of `scrapy shell` elsewhere

        async def fetch(request: Request) -> Response:
            return await crawler.engine.download_async(request)

        async def parse(body: bytes, request: Request) -> Protego:
            parser = ProtegoRobotParser.from_crawler(crawler, body)
            await crawler.signals.send_catch_log_async(
                signal=signals.robots_parsed, robotparser=parser, request=request
            )
            return parser.rp

        def slow_down(request: Request, delay: float) -> None:
            engine.downloader_of(crawler).slow_down(request, delay)

        self = cls(
            crawler.settings["ROBOTSTXT_USER_AGENT"] or crawler.settings["USER_AGENT"],
            fetch,
            parse,
            None if site and site.crawl.ignore_crawl_delay else slow_down,
        )
        self.logger = logging.LoggerAdapter(self.logger, {"site": site and site.id})
        return self

    async def process_request(self, request: Request) -> None:
        """Wait for the rules of the host; raise `IgnoreRequest` where they forbid the address.

        Raises `RobotsUnavailable` where they cannot be had.
        """
        if request.meta.get("dont_obey_robotstxt"):
            return
        netloc = urls.netloc(request.url)
        if netloc not in self._rules:
            self._rules[netloc] = asyncio.ensure_future(self._rules_for(netloc, request))
        # Shielded: a waiting request that is given up must not end the wait of the others.
        rules = await asyncio.shield(self._rules[netloc])
        if isinstance(rules, Exception):
            kind = Interrupted if isinstance(rules, Interrupted) else RobotsUnavailable
            raise kind(f"robots.txt of {netloc} is unavailable: {rules}")
        if not rules.can_fetch(request.url, self.agent):
            self.logger.debug("robots.txt forbids %s", request.url)
            raise IgnoreRequest("Forbidden by robots.txt")

    async def _rules_for(self, netloc: str, request: Request) -> Protego | Exception:
        """The rules of a host, or why they are unavailable."""
        try:
            rules = await self.parse(await self._robots_txt(request.url), request)
        except Exception as error:
            if not isinstance(error, Interrupted):
                self.logger.warning("no robots.txt of %s: %r", netloc, error)
            return error
        self._obey_delay(rules, netloc, request)
        return rules

    async def _robots_txt(self, url: str) -> bytes:
        """What the host of an address asks for. Raises whatever keeps it from saying so."""
        try:
            response = await self.fetch(_robots_request(url))
        except (OffSite, RedirectLoop):  # «unavailable» (RFC 9309 §2.3.1.3), and so no rules
            return b""
        if response.status >= 500 or response.status == 429:
            raise RobotsUnavailable(f"HTTP {response.status}")
        return robots_rules(response.body) if response.status < 300 else b""

    def _obey_delay(self, rules: Protego, netloc: str, request: Request) -> None:
        delay = _delay(rules, self.agent) if self.slow_down else 0.0
        if delay > MAX_DELAY:
            self.logger.warning("%s asks for a delay of %s s: obeying %s", netloc, delay, MAX_DELAY)
        if delay and self.slow_down:
            self.slow_down(request, delay)


def _robots_request(url: str) -> Request:
    """The request for the robots.txt of an address's host."""
    parts = urlsplit(url)
    return Request(
        f"{parts.scheme}://{parts.netloc}/robots.txt",
        priority=ROBOTS_PRIORITY,
        callback=NO_CALLBACK,
        meta={
            "dont_obey_robotstxt": True,
            "download_timeout": ROBOTS_TIMEOUT,
            "max_retry_times": 1,
            "redirect_ttl": ROBOTS_HOPS,
        },
    )


def _delay(rules: Protego, agent: str) -> float:
    """Seconds between two requests that a robots.txt asks for, by the slower of its two ways.

    A `Request-rate` for certain hours is kept at all hours: slower is never rude.
    """
    rate = rules.request_rate(agent)
    return max(rules.crawl_delay(agent) or 0.0, rate.seconds / rate.requests if rate else 0.0)


def robots_rules(body: bytes) -> bytes:
    """The part of a robots.txt that is read, in ASCII; empty where it is an HTML page.

    Paths in raw Kazakh letters become percent-encoded byte by byte, whatever their code page:
    read as UTF-8, `/құпия` in windows-1251 would become `/` and close the whole site.
    """
    if len(body) > ROBOTS_SIZE:  # whole lines: half of «Disallow: /x» closes more than was meant
        body = body[: max(body.rfind(b"\n", 0, ROBOTS_SIZE), body.rfind(b"\r", 0, ROBOTS_SIZE)) + 1]
    body = body.removeprefix(b"\xef\xbb\xbf")
    if body.lstrip().startswith(b"<"):
        return b""
    return re.sub(rb"[\x80-\xff]", lambda byte: b"%%%02X" % byte[0][0], body)
