"""client: asks the servers that an operator has named, and nobody else, one request at a time.

Pauses between requests, `Retry-After` obeyed, limits on time and size, and an end where a server keeps
refusing or is silent. No redirect is followed, and no robots.txt asked for: the operator has chosen the
server, which is there to be asked.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from http.client import HTTPException, HTTPResponse
from ipaddress import ip_address
from urllib.parse import urlsplit
from urllib.request import HTTPErrorProcessor, Request, build_opener

from w3lib.url import safe_url_string

from archive.captures import Exchange
from archive.times import now, utc
from newsbot import urls
from newsbot.visit.backoff import (
    FIRST_DELAY,
    MAX_GIVEN_UP,
    MAX_PAUSE,
    MAX_UNANSWERED,
    OWN_BACKOFF,
    retry_after,
)
from newsbot.visit.decoding import ACCEPTED
from newsbot.visit.limits import (
    DOWNLOAD_MAXSIZE,
    DOWNLOAD_TIMEOUT,
    MAX_DELAY,
    REFUSALS,
    RETRY_HTTP_CODES,
    RETRY_TIMES,
    USER_AGENT,
)

logger = logging.getLogger(__name__)

MAX_LISTING = 256 * 1024 * 1024
"""Bytes of one answer of an index."""
_LISTING_TIMEOUT = 300
"""Seconds: indexes of large archives think for minutes."""
_CHUNK = 1 << 16


class Ended(Exception):
    """Nothing more is asked in this run; the message says why: `backing_off` or `unreachable`."""


class TryLater(Exception):
    """The server could not give this out now."""


class Refused(TryLater):
    """The server gave nothing out now, whatever it was asked for (HTTP 429, 503)."""


class _AsItIs(HTTPErrorProcessor):
    """Every answer is one: no redirect is followed, and no status raises."""

    def http_response(self, request: Request, response: HTTPResponse) -> HTTPResponse:
        return response

    https_response = http_response


def netlocs_of(addresses: Iterable[str]) -> frozenset[str]:
    """Hosts and ports of some addresses."""
    return frozenset(urls.netloc(urls.canonical(a) or "") for a in addresses) - {""}


def is_loopback(address: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Client:
    """Asks some servers, at one pace for all of them."""

    def __init__(self, addresses: Iterable[str], delay: float, contact: str | None) -> None:
        """`delay` is in seconds between requests to any of the servers of `addresses`."""
        self._netlocs = netlocs_of(addresses)
        agent = f"(news archive; {contact})" if contact else "(news archive)"
        self._headers = {
            "User-Agent": USER_AGENT.replace("(news archive)", agent),
            "Accept-Encoding": ACCEPTED,
        }
        self._opener = build_opener(_AsItIs)
        self._delay = self._pace = delay
        self._next = 0.0
        """Nothing is sent before this moment (monotonic)."""
        self._refusals = self._silence = 0
        """Requests in a row that were refused, or had no answer."""

    def get(
        self, url: str, headers: Mapping[str, str] | None = None, *, is_listing: bool = False
    ) -> Exchange:
        """One answer; its body still carries its content encoding.

        Raises `Ended` where the run is over, `Refused`, or `TryLater` for any other trouble.
        """
        url = safe_url_string(url)
        if not netlocs_of([url]) & self._netlocs:
            raise TryLater(f"{url} is not on a server that was named")
        trouble = TryLater("never asked")
        for attempt in range(RETRY_TIMES + 1):
            try:
                answer = self._send(url, headers or {}, is_listing)
            except (OSError, HTTPException) as error:
                trouble = TryLater(f"{type(error).__name__}: {error}")
                self._count_silence(url, trouble)
                continue
            self._silence = 0
            if answer.status in REFUSALS:
                trouble = Refused(f"HTTP {answer.status} from the server")
                if not self._pause(answer, attempt):
                    break
            elif answer.status in RETRY_HTTP_CODES:
                trouble = TryLater(f"HTTP {answer.status} from the server")
            else:
                self._refusals = 0
                return answer
        if isinstance(trouble, Refused):
            self._refusals += 1
            if self._refusals >= MAX_GIVEN_UP:
                raise Ended("backing_off")
        raise trouble

    def _send(self, url: str, headers: Mapping[str, str], is_listing: bool) -> Exchange:
        time.sleep(max(0.0, self._next - time.monotonic()))
        start = time.monotonic()
        seconds = _LISTING_TIMEOUT if is_listing else DOWNLOAD_TIMEOUT
        try:
            request = Request(url, headers={**self._headers, **headers})  # noqa: S310 -- http(s) by netlocs_of
            with self._opener.open(request, timeout=seconds) as response:
                size = MAX_LISTING if is_listing else DOWNLOAD_MAXSIZE
                body = _body(response, size, start + seconds)
        finally:
            end = time.monotonic()
            if self._delay:  # a server that is slow has enough to do
                self._pace = max(self._delay, min(end - start, MAX_DELAY))
            self._next = end + self._pace
        return Exchange(url, utc(now()), response.status, response.headers.items(), body)

    def _pause(self, answer: Exchange, attempt: int) -> bool:
        """Wait before the next request as long as the server asks; False where that is too long."""
        own = OWN_BACKOFF * 2.0**attempt
        seconds = (
            retry_after(answer.header("Retry-After") or "", answer.header("Date") or "", now())
            or own
        )
        self._delay = max(self._delay, FIRST_DELAY)
        self._next = time.monotonic() + (seconds if seconds <= MAX_PAUSE else own)
        logger.info("%s answers %s: waiting", answer.url, answer.status)
        return seconds <= MAX_PAUSE

    def _count_silence(self, url: str, trouble: TryLater) -> None:
        logger.warning("%s: %s", url, trouble)
        self._silence += 1
        if self._silence >= MAX_UNANSWERED:
            raise Ended("unreachable")


def _body(response: HTTPResponse, size: int, deadline: float) -> bytes:
    """The whole body. Raises OSError where it is cut short, too large or too slow."""
    body = bytearray()
    expected = response.length  # None where the body says itself where it ends
    while (expected is None or len(body) < expected) and (part := response.read1(_CHUNK)):
        body += part
        if len(body) > size:
            raise OSError(f"more than {size} bytes")
        if time.monotonic() > deadline:
            raise TimeoutError("the answer takes too long")
    if expected is not None and len(body) < expected:
        raise OSError("the answer is cut short")
    return bytes(body)
