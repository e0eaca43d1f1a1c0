"""outcomes: what a status or a page that is no article says of the address, in the words of a visit.

Pure. The words are those of `archive.visit.RESULTS`.
"""

from __future__ import annotations

_BLOCKED = ("challenge", "login", "password")
"""Refusals that mean: there may be an article, but we are not shown it."""
_MISSING = ("not_found",)
"""Refusals that mean the same as 404."""
_HTML_TYPES = ("html", "xml", "octet-stream", "text/plain")
_BINARY = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"Rar!")


def result_of_status(status: int) -> tuple[str, str | None]:
    """HTTP status, other than 200 → result and reason (RFC 9110 §15)."""
    reason = f"HTTP {status}"
    if status == 304:
        return "unchanged", None
    if status in (404, 410):
        return "missing", reason
    if status in (401, 402, 403, 407, 451):
        return "blocked", reason
    if status in (429, 503):
        return "deferred", reason
    return "failed", reason


def result_of_refusal(reason: str) -> str:
    """Why extraction takes a page for no article → result."""
    if reason in _MISSING:
        return "missing"
    return "blocked" if reason in _BLOCKED else "refused"


def charset_of(content_type: str | None) -> str | None:
    """The charset that a `Content-Type` declares."""
    for parameter in (content_type or "").split(";")[1:]:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset":
            return value.strip(" \t\"'") or None
    return None


def may_be_html(content_type: str | None, body: bytes) -> bool:
    """Whether a body may be a page, by its declared type and its first bytes."""
    declared = (content_type or "").lower()
    if declared and not any(kind in declared for kind in _HTML_TYPES):
        return False
    return not body.startswith(_BINARY)
