"""pipelines: one job each: clean joins and tidies, validate judges, store writes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from archive.visits import Visit
from newsbot.items import VisitItem
from newsbot.schedule import GONE, SOONEST, next_visit, retry_after_failure

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from newsbot.spiders.newspaper import NewspaperSpider

_BLOCKED = ("challenge", "login", "password")
"""Reasons that mean: there may be an article, but we are not shown it."""


class CleanPipeline:
    """Joins the parts of a divided article into one."""

    def process_item(self, item: VisitItem) -> VisitItem:
        """The first part keeps its fields and takes the text and captions of the others."""
        if len(item.parts) > 1:
            first, *rest = item.parts
            seen = set(first.paragraphs)
            paragraphs = first.paragraphs
            for part in rest:
                # A lead or note repeated on every page is printed once.
                fresh = [p for p in part.paragraphs if p not in seen]
                seen.update(fresh)
                paragraphs += fresh
                first.captions += [c for c in part.captions if c not in first.captions]
            first.text = "\n\n".join(paragraphs)
            first.flags = [
                f for f in first.flags if f not in ("short_text", "no_text") or not first.text
            ]
            item.parts = [first]
        return item


class ValidatePipeline:
    """Decides what becomes of a page that holds no article."""

    def process_item(self, item: VisitItem) -> VisitItem:
        """Set `outcome` and `error` where nothing is to be stored as an article."""
        if item.parts and not item.parts[0].is_article:
            reason = item.parts[0].reason
            item.outcome = "blocked" if reason in _BLOCKED else "not_article"
            item.error = reason
        return item


class StorePipeline:
    """Writes each visit in one transaction and says when to come back."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_item(self, item: VisitItem) -> VisitItem:
        """Record the visit; the store finds out whether an article is new, updated or unchanged."""
        spider: NewspaperSpider = self.crawler.spider  # type: ignore[assignment]
        article = item.parts[0] if item.parts and item.outcome is None else None
        addresses = list(item.urls)
        if article and article.canonical_url:
            addresses.append(article.canonical_url)
        item.outcome = spider.session.record(
            Visit(
                frontier=item.frontier,
                crawl=spider.session.crawl,
                site=spider.site.id,
                fetched_at=item.fetched_at,
                due=_due(item, article.published if article else None),
                outcome=item.outcome,
                status=item.status,
                error=item.error,
                etag=item.etag,
                last_modified=item.last_modified,
                article=article,
                urls=tuple(dict.fromkeys(addresses)),
                captures=item.captures,
            )
        )
        return item


def _due(item: VisitItem, published: str | None) -> datetime | None:
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
