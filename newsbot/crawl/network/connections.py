"""connections: Scrapy's HTTP/1.1 handler with limits on what a peer may send, and no half answers.

Twisted bounds one header line but not their number, overlooks bytes beyond Content-Length, and
takes a connection that broke for the regular end of a body without a length.

Private, why, and until when:

- `_pool`, `_factory`, `_LenientHTTP11ClientFactory`, `_LenientHTTP11ClientProtocol`, `_quiescentCallback`,
  `_newclient`, `_parser`, `_giveUp`: headers end at some size. Until Scrapy limits them (scrapy#7813):
  `test_headers_without_end_are_read`.
- `_finishResponse`, `_state`, `_IdentityTransferDecoder`, `_DataLoss`: a body longer than its length is
  damaged. Until Twisted says so (twisted#3618): `test_bytes_beyond_the_length_are_overlooked`.
- `connectionLost`: a broken connection ends no body. Until Twisted tells it from a closed one
  (twisted#6973): `test_a_broken_connection_ends_a_body_without_a_length`.
- `_pool`, `_disconnect_timeout`: the end of a crawl waits for its connections without a timer that strikes when
  all are closed, with a traceback on stderr, where a hundred crawls end together. Until Scrapy's does not:
  `test_a_timer_ends_what_has_ended`.
"""

# Twisted is not typed.
# mypy: allow-untyped-calls

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError
from scrapy.http import Response
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress, ISSLTransport
from twisted.python.failure import Failure
from twisted.web._newclient import BODY, HTTP11ClientProtocol, ParseError
from twisted.web.http import _DataLoss, _IdentityTransferDecoder

from newsbot.crawl.network.addresses import PrivateAddress, refused

MAX_HEAD = 256 * 1024
"""Bytes of status line and headers, interim responses included."""


class _Incomplete:
    """Stands for a body that cannot be what the server meant to send."""

    def noMoreData(self) -> None:  # noqa: N802
        raise _DataLoss


class _Protocol(_LenientHTTP11ClientProtocol):
    _head = 0

    def request(self, request: Any) -> Any:
        self._head = 0
        return super().request(request)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        if self._parser is not None and self._parser.state != BODY:
            self._head += len(data)
            if self._head > MAX_HEAD:
                self._giveUp(Failure(ParseError("headers without end", data[:100])))
                return
        super().dataReceived(data)

    def _finishResponse(self, rest: bytes) -> None:  # noqa: N802
        parser: Any = self._parser
        if (
            parser
            and self._state == "WAITING"
            and isinstance(parser.bodyDecoder, _IdentityTransferDecoder)
            and rest.strip()
        ):
            parser.bodyDecoder = _Incomplete()
            self._giveUp(Failure(_DataLoss()))
        else:
            super()._finishResponse(rest)

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]  # noqa: N802
        parser: Any = self._parser
        if (
            parser
            and isinstance(parser.bodyDecoder, _IdentityTransferDecoder)
            and parser.bodyDecoder.contentLength is None
            and not reason.check(ConnectionDone)
            # Many TLS servers just hang up; there a break cannot be told from an end.
            and not ISSLTransport.providedBy(self.transport)
        ):
            parser.bodyDecoder = _Incomplete()
        super().connectionLost(reason)


class _Factory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: IAddress | None) -> HTTP11ClientProtocol:  # noqa: N802
        return _Protocol(self._quiescentCallback)


class Handler(HTTP11DownloadHandler):
    """Downloads `http:` and `https:`. DOWNLOAD_TIMEOUT bounds the whole exchange."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = _Factory

    async def close(self) -> None:
        """Scrapy's interface: close what is open, and wait a second for it at most."""
        closed = self._pool.closeCachedConnections().asFuture(asyncio.get_running_loop())
        await asyncio.wait([closed], timeout=self._disconnect_timeout)

    async def download_request(self, request: Request) -> Response:
        """Scrapy's interface. Raises `PrivateAddress` where the host is not public."""
        try:
            return await super().download_request(request)
        except CannotResolveHostError:
            host = urlsplit(request.url).hostname or ""
            if host in refused:
                raise PrivateAddress(f"{host} is {refused[host]}, not a public address") from None
            raise
