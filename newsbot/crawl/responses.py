"""responses: what an HTTP answer, or the lack of one, says, in the words of this project."""

from __future__ import annotations

from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response
from twisted.python.failure import Failure

from newsbot.visit.outcomes import charset_of


def reason(failure: Failure) -> str:
    """A failure in a few words of one line."""
    if isinstance(failure.value, IgnoreRequest):
        return str(failure.value) or "ignored"
    name = type(failure.value).__name__
    text = " ".join(str(failure.value).split())
    return f"{name}: {text}"[:300] if text else name


def conditions(etag: str | None, last_modified: str | None) -> dict[str, str]:
    """Headers of a conditional request (RFC 9110 §13.1)."""
    headers = {}
    if etag:
        headers["If-None-Match"] = etag
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    return headers


def is_conditional(request: Request) -> bool:
    """Whether a request may be answered with 304 (RFC 9110 §13.1)."""
    return "If-None-Match" in request.headers or "If-Modified-Since" in request.headers


def header(response: Response, name: str) -> str | None:
    """A response header as text, None where it is missing."""
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None


def headers_of(response: Response) -> list[tuple[str, str]]:
    """All response headers, their bytes decoded as Latin-1."""
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in values
    ]


def charset(response: Response) -> str | None:
    """The charset that `Content-Type` declares."""
    return charset_of(header(response, "Content-Type"))
