"""reading: what one captured exchange holds: an article, or the way to another address.

Pure, and in the words of a crawl: what its middlewares and its spider would have made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from w3lib.html import get_base_url, get_meta_refresh
from w3lib.url import safe_url_string

from archive.article import Article
from newsbot.extraction import extract
from newsbot.extraction.decode import decode as to_text
from newsbot.profiles import Site
from newsbot.visit.decoding import Undecodable, decode
from newsbot.visit.limits import DOWNLOAD_MAXSIZE, METAREFRESH_MAXDELAY
from newsbot.visit.outcomes import charset_of, may_be_html

REDIRECTS = (301, 302, 303, 307, 308)
_HEAD = 4096
"""Characters in which a meta refresh is looked for."""


@dataclass(frozen=True, slots=True)
class Page:
    """One exchange to be read. `body` still carries its content encoding."""

    url: str
    status: int
    body: bytes
    fetched_at: datetime
    content_type: str | None = None
    encodings: tuple[str, ...] = ()
    """Values of `Content-Encoding`, in their order."""
    location: str | None = None
    """The header's bytes as UTF-8, or else as Latin-1."""


@dataclass(slots=True)
class Reading:
    """What an exchange holds; all empty for a status without a page."""

    article: Article | None = None
    leads_to: str | None = None
    """Where a redirect or a forwarding page leads, absolute."""
    is_forward: bool = False
    """A page that forwards (`meta refresh`): where it leads in circles, it is a page all the same."""
    error: str | None = None


def is_costly(page: Page) -> bool:
    """Whether reading takes longer than handing the page to another process."""
    return bool(page.body) and not _is_redirect(page) and may_be_html(page.content_type, page.body)


def read(page: Page, site: Site) -> Reading:
    """Read one exchange with the profile of its newspaper. Never raises for what is in it."""
    if _is_redirect(page):
        return Reading(leads_to=_target(page))
    try:
        body = decode(page.body, page.encodings, max_size=DOWNLOAD_MAXSIZE)
    except Undecodable as error:
        return Reading(error=f"{type(error).__name__}: {error}")
    reading = Reading()
    if not may_be_html(page.content_type, body):
        return reading
    charset = charset_of(page.content_type)
    reading.leads_to = _forward(page, body, charset)
    reading.is_forward = reading.leads_to is not None
    if page.status == 200:
        reading.article = extract(
            body, page.url, charset=charset, fetched_at=page.fetched_at, site=site
        )
    return reading


def _is_redirect(page: Page) -> bool:
    return page.status in REDIRECTS and page.location is not None


def _target(page: Page) -> str:
    """The absolute address that `Location` names (RFC 9110 §10.2.2), as Scrapy spells it."""
    printed = page.location or ""
    try:
        location = printed.encode("latin-1")
    except UnicodeEncodeError:
        location = printed.encode("utf-8", "replace")
    try:
        target = safe_url_string(location)
        if location.startswith(b"//"):
            target = f"{urlsplit(page.url).scheme}://{target.lstrip('/')}"
        return urljoin(page.url, target)
    except (ValueError, UnicodeError):
        return page.location or ""


def _forward(page: Page, body: bytes, charset: str | None) -> str | None:
    """Where a page of an old engine forwards to by `meta refresh`."""
    head = body[: 4 * _HEAD]
    if b"refresh" not in head.lower():
        return None
    text = to_text(head, charset).text[:_HEAD]
    try:
        wait, target = get_meta_refresh(
            text, get_base_url(text, page.url), ignore_tags=("noscript",)
        )
        if target is None or wait is None or wait >= METAREFRESH_MAXDELAY:
            return None
        scheme = urlsplit(target).scheme
    except (ValueError, UnicodeError):
        return None
    return target if scheme in ("http", "https") and target != page.url else None


def read_all(pages: Sequence[tuple[Page, Site]]) -> list[Reading]:
    """`read` for several exchanges."""
    return [read(page, site) for page, site in pages]
