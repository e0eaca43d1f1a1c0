"""decoding: hands on bodies without their Content-Encoding; damage fails the request.

Scrapy's own middleware takes a truncated gzip for a whole page and fails on a plain one that calls
itself gzip.

Settings: `DOWNLOAD_MAXSIZE`, bytes that a body may unpack to. `Request.meta`: `download_maxsize`, as
Scrapy's, the same for one request; `exchanges`, with which a page is asked for uncompressed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from scrapy.responsetypes import responsetypes

from newsbot.visit.decoding import ACCEPTED, decode

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Request, Response

_PLAIN = "identity"
"""What is asked of a page that is captured: a dictionary packs plain HTML to a tenth of its gzip."""


class DecodingMiddleware:
    """Undoes Content-Encoding, declared or not, up to `max_size` bytes."""

    def __init__(self, max_size: int) -> None:
        self.max_size = max_size

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler.settings.getint("DOWNLOAD_MAXSIZE"))

    def process_request(self, request: Request) -> None:
        """Say what can be undone, but ask for pages as they are: so the archive keeps them best."""
        is_captured = "exchanges" in request.meta
        request.headers.setdefault("Accept-Encoding", _PLAIN if is_captured else ACCEPTED)

    def process_response(self, request: Request, response: Response) -> Response:
        """The response with its body as text. Raises `newsbot.visit.decoding.Undecodable`."""
        encodings = [
            value.decode("latin-1") for value in response.headers.getlist("Content-Encoding")
        ]
        most = request.meta.get("download_maxsize", self.max_size)
        body = decode(response.body, encodings, max_size=most)
        if body is response.body and not encodings:
            return response
        headers = response.headers.copy()
        headers.pop("Content-Encoding", None)
        kind = responsetypes.from_args(headers=headers, url=response.url, body=body)
        return response.replace(cls=kind, headers=headers, body=body)
