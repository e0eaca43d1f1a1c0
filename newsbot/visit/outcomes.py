"""visiting: what one look at a URL amounts to: its outcome, the whole article, the next visit.

Pure, and the same for a crawl and for an import. Works where Scrapy is not loaded.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from archive.article import Article
from archive.visits import Visit
from newsbot.visit import urls
from newsbot.visit.items import VisitItem
from newsbot.visit.schedule import GONE, SOONEST, next_visit, retry_after_failure

MAX_PARTS = 20
"""Pages of one divided article that are read."""
_BLOCKED = ("challenge", "login", "password")
"""Reasons that mean: there may be an article, but we are not shown it."""
_HTML_TYPES = ("html", "xml", "octet-stream", "text/plain")
_BINARY = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"Rar!")


# -- what an answer says ------------------------------------------------------------------------


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


def addresses(chain: Iterable[str]) -> list[str]:
    """Canonical spelling of the addresses that led to a page, each once."""
    return list(dict.fromkeys(url for address in chain if (url := urls.canonical(address))))


# -- the whole article --------------------------------------------------------------------------


def join(parts: list[Article]) -> list[Article]:
    """One article of the pages of a divided one.

    The first part keeps its fields and takes the text and captions of the others.
    """
    if len(parts) < 2:
        return parts
    first, *rest = parts
    seen = set(first.paragraphs)
    paragraphs = first.paragraphs
    for part in rest:
        # A lead or note repeated on every page is printed once.
        fresh = [p for p in part.paragraphs if p not in seen]
        seen.update(fresh)
        paragraphs += fresh
        first.captions += [c for c in part.captions if c not in first.captions]
    first.text = "\n\n".join(paragraphs)
    first.flags = [f for f in first.flags if f not in ("short_text", "no_text") or not first.text]
    return [first]


def judge(item: VisitItem) -> None:
    """Set outcome and error of a page that holds no article."""
    if item.parts and not item.parts[0].is_article:
        reason = item.parts[0].reason
        item.outcome = "blocked" if reason in _BLOCKED else "not_article"
        item.error = reason


def incomplete(item: VisitItem, error: str) -> None:
    """Half an article is not stored as a whole one."""
    item.parts.clear()
    item.outcome, item.error = "failed", f"a further page of the article is missing: {error}"


# -- what the archive is told -------------------------------------------------------------------


def to_visit(item: VisitItem, site: str, crawl: int | None) -> Visit:
    """What is to be stored of a joined and judged item, and when to look again."""
    article = item.parts[0] if item.parts and item.outcome is None else None
    known_as = list(item.urls)
    if article and article.canonical_url:
        known_as.append(article.canonical_url)
    return Visit(
        frontier=item.frontier,
        crawl=crawl,
        site=site,
        fetched_at=item.fetched_at,
        due=due(item, article.published if article else None),
        outcome=item.outcome,
        status=item.status,
        error=item.error,
        etag=item.etag,
        last_modified=item.last_modified,
        article=article,
        urls=tuple(dict.fromkeys(known_as)),
        captures=item.captures,
    )


def due(item: VisitItem, published: str | None) -> datetime | None:
    """When to look again; None for what is settled."""
    if item.outcome in (None, "unchanged"):
        return next_visit(item.fetched_at, _moment(published or item.dated, item.fetched_at))
    if item.known and item.outcome in ("gone", "not_article"):
        return item.fetched_at + GONE  # newspapers restore what they took down
    if item.retry_after:
        return item.fetched_at + max(timedelta(seconds=item.retry_after), SOONEST)
    if item.outcome in ("failed", "blocked", "deferred"):
        return item.fetched_at + retry_after_failure(item.failures)
    return None


def _moment(published: str | None, fetched_at: datetime) -> datetime | None:
    """A published value as a moment; bare dates count from their first hour in UTC."""
    if not published:
        return None
    moment = datetime.fromisoformat(published)
    return moment if moment.tzinfo else moment.replace(tzinfo=fetched_at.tzinfo)
