"""extraction: page → Article. Pure: bytes, URL and time of fetch in, Article out.

No network, no clock, no database, and never an exception. Structured data, the layout's selectors
and the generic extractor are asked in turn; each field remembers who answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from archive.article import Article
from archive.kazakh.language import identify
from newsbot.extraction import article_urls, classify, counters, sections
from newsbot.extraction.authors import find_authors, same
from newsbot.extraction.context import Context
from newsbot.extraction.decode import decode
from newsbot.extraction.flags import find_flags
from newsbot.extraction.page import Page
from newsbot.extraction.published import read_dates
from newsbot.extraction.rules import RULES, rules_version
from newsbot.extraction.said import Said
from newsbot.extraction.text import find_body, with_lead_and_captions
from newsbot.extraction.tidy import tidy
from newsbot.extraction.title import find_title, title_key
from newsbot.profiles import Site

__all__ = ["RULES", "Article", "Said", "extract", "read_page", "rules_version"]

_SAMPLE = 500
"""Characters of a text by which its language is known."""


def extract(
    body: bytes,
    url: str,
    *,
    charset: str | None = None,
    fetched_at: datetime | None = None,
    site: Site | None = None,
    said: Sequence[Said] = (),
) -> Article:
    """Read the article that a page holds, or say why it holds none.

    `body` is the page as served after content decoding, `charset` the one its HTTP header declared,
    `fetched_at` the aware moment of the fetch (relative dates need it), `site` the profile of its
    newspaper, `said` what sources said of the page. Never raises.
    """
    return read_page(
        body, url, charset=charset, fetched_at=fetched_at, site=site, said=said
    ).article


def read_page(
    body: bytes,
    url: str,
    *,
    charset: str | None = None,
    fetched_at: datetime | None = None,
    site: Site | None = None,
    said: Sequence[Said] = (),
) -> Context:
    """Like `extract`; the article comes with all that was seen on the way, for `explain`."""
    decoded = decode(body, charset)
    article = Article(url=url, site=site.id if site else None, charset=decoded.charset)
    article.flags.extend(decoded.flags)
    context = Context(Page(decoded.text, url), article, site, fetched_at, said)
    _read(context)
    return context


def _read(context: Context) -> None:
    """Fill the article field by field; each may look at those before it."""
    article, page = context.article, context.page
    article.layout = context.layout_name
    article.canonical_url = article_urls.canonical_url(context)
    context.fill("title", find_title(context), key=title_key)
    context.body = find_body(context)
    context.fill("authors", find_authors(context), same)
    context.blocks = blocks = tidy(
        with_lead_and_captions(context),
        title=article.title,
        authors=article.authors,
        zone=context.zone,
        fetched_at=context.fetched_at,
    )
    article.text = "\n\n".join(b.text for b in blocks if b.kind != "caption")
    article.captions = list(dict.fromkeys(b.text for b in blocks if b.kind == "caption"))
    read_dates(context)
    context.fill("section", sections.section(context))
    context.fill("tags", sections.tags(context))
    context.fill("image", article_urls.image(context))
    context.fill("views", counters.views(context))
    context.fill("comments", counters.comments(context))
    article.reason = classify.refusal(context)
    article.is_article = article.reason is None
    article.editions = article_urls.editions(context)
    article.pages = article_urls.further_pages(context)
    hint = page.root.get("lang") or page.meta("og:locale")
    hint = hint or next((value for value, _ in context.told("language")), None)
    article.language = identify(f"{article.title or ''}\n{article.text[:_SAMPLE]}", hint)
    article.flags = find_flags(context)
