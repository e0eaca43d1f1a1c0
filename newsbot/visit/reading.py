"""reading: what one exchange holds: an article, or the way to another address.

Pure, and the same for the exchanges of a crawl and for those that were captured before. `read` is what
runs in other processes.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from w3lib.html import get_base_url, get_meta_refresh
from w3lib.url import safe_url_string

from archive.article import Article
from archive.captures import Exchange
from newsbot.extraction import extract
from newsbot.extraction.decode import decode as to_text
from newsbot.extraction.said import read_said
from newsbot.profiles import Site
from newsbot.visit.decoding import Undecodable, decode
from newsbot.visit.limits import DOWNLOAD_MAXSIZE, METAREFRESH_MAXDELAY
from newsbot.visit.outcomes import charset_of, may_be_html

REDIRECTS = (301, 302, 303, 307, 308)
_NOTHING: Mapping[str, bytes] = {}
_HEAD = 4096
"""Characters in which a meta refresh is looked for."""


@dataclass(slots=True)
class Reading:
    """What an exchange holds; all empty for a status without a page."""

    article: Article | None = None
    leads_to: str | None = None
    """Where a redirect or a forwarding page leads, absolute."""
    is_forward: bool = False
    """A page that forwards (`meta refresh`): where it leads in circles, it is a page all the same."""
    error: str | None = None
    """Why it cannot be read."""
    said: tuple[str, ...] | None = None
    """Record ids of what sources said of it, as far as it was known; None where it is no web page."""


def is_costly(exchange: Exchange) -> bool:
    """Whether reading takes longer than handing the exchange to another process."""
    return (
        exchange.status == 200
        and bool(exchange.body)
        and may_be_html(exchange.header("Content-Type"), exchange.body)
    )


def read(exchange: Exchange, site: Site, said: Mapping[str, bytes] = _NOTHING) -> Reading:
    """Read one exchange with the profile of its newspaper. Never raises for what is in it.

    `said` is what sources said of its address: record id → payload.
    """
    if _is_redirect(exchange):
        return Reading(leads_to=_target(exchange))
    encodings = [v for n, v in exchange.headers if n.lower() == "content-encoding"]
    try:
        body = decode(exchange.body, encodings, max_size=DOWNLOAD_MAXSIZE)
    except Undecodable as error:
        return Reading(error=f"{type(error).__name__}: {error}")
    content_type = exchange.header("Content-Type")
    reading = Reading()
    if not may_be_html(content_type, body):
        return reading
    charset = charset_of(content_type)
    reading.leads_to = _forward(exchange.url, body, charset)
    reading.is_forward = reading.leads_to is not None
    if exchange.status == 200:
        reading.article = extract(
            body,
            exchange.url,
            charset=charset,
            fetched_at=datetime.fromisoformat(exchange.fetched_at),
            site=site,
            said=[read_said(payload) for payload in said.values()],
        )
        reading.said = tuple(said)
    return reading


def reading_of(future: Future[Reading]) -> Reading:
    """What a pool has read; a page that broke its reader has an error."""
    error = future.exception()
    return Reading(error=f"{type(error).__name__}: {error}") if error else future.result()


def _is_redirect(exchange: Exchange) -> bool:
    return exchange.status in REDIRECTS and exchange.header("Location") is not None


def _target(exchange: Exchange) -> str:
    """The absolute address that `Location` names (RFC 9110 §10.2.2), as Scrapy spells it."""
    printed = exchange.header("Location") or ""
    try:
        location = printed.encode("latin-1")
    except UnicodeEncodeError:
        location = printed.encode("utf-8", "replace")
    try:
        target = safe_url_string(location)
        if location.startswith(b"//"):
            target = f"{urlsplit(exchange.url).scheme}://{target.lstrip('/')}"
        return urljoin(exchange.url, target)
    except (ValueError, UnicodeError):
        return printed


def _forward(url: str, body: bytes, charset: str | None) -> str | None:
    """Where a page of an old engine forwards to by `meta refresh`."""
    head = body[: 4 * _HEAD]
    if b"refresh" not in head.lower():
        return None
    text = to_text(head, charset).text[:_HEAD]
    try:
        wait, target = get_meta_refresh(text, get_base_url(text, url), ignore_tags=("noscript",))
        if target is None or wait is None or wait >= METAREFRESH_MAXDELAY:
            return None
        scheme = urlsplit(target).scheme
    except (ValueError, UnicodeError):
        return None
    return target if scheme in ("http", "https") and target != url else None
