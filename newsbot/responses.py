"""responses: what an HTTP answer, or the lack of one, says, in the words of this project."""

from __future__ import annotations

from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

from newsbot.middlewares import OffSite

_HTML_TYPES = ("html", "xml", "octet-stream", "text/plain")


def outcome_of_status(status: int) -> tuple[str, str | None]:
    """HTTP status → outcome and error (RFC 9110 §15)."""
    if status == 304:
        return "unchanged", None
    if status in (404, 410):
        return "gone", None
    if status in (401, 402, 403, 407, 451):
        return "blocked", f"HTTP {status}"
    if status in (429, 503):
        return "deferred", f"HTTP {status}"
    return "failed", f"HTTP {status}"


def reason(failure: Failure) -> str:
    """A failure in a few words of one line."""
    if isinstance(failure.value, OffSite):
        return "leads to another site"
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


def header(response: Response, name: str) -> str | None:
    """A response header as text, None where it is missing."""
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None


def charset(response: Response) -> str | None:
    """The charset that `Content-Type` declares."""
    content_type = header(response, "Content-Type") or ""
    for parameter in content_type.split(";")[1:]:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset":
            return value.strip(" \t\"'") or None
    return None


def is_html(response: Response) -> bool:
    """Whether a body may be a page, by its declared type and its first bytes."""
    content_type = (header(response, "Content-Type") or "").lower()
    if content_type and not any(kind in content_type for kind in _HTML_TYPES):
        return False
    head = response.body[:1024]
    return not head.startswith(
        (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"Rar!")
    )
