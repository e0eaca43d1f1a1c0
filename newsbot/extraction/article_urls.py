"""article_urls: the article's own address, its image, its further pages and its other editions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from urllib.parse import urlsplit

from newsbot import urls
from newsbot.extraction import fields, structured
from newsbot.extraction.addresses import NO_CONTENT, leads_on, numeral, shape
from newsbot.extraction.blocks import inline_text
from newsbot.extraction.context import Context
from newsbot.extraction.evidence import Candidate, Reader, stated
from newsbot.extraction.naming import is_readers
from newsbot.extraction.page import Page

_MAX_PAGES = 50
_SEVERAL = re.compile(r"(?:[,;|]|%20|%7C|\+)+(?:https?(?::|%3A))?(?:/|%2F)", re.IGNORECASE)
"""Where a second address begins in what should be one."""
_MAX_EDITIONS = 20


def canonical_url(context: Context) -> str | None:
    """The page's own word for its address, trusted only within the site and off its front page."""
    page = context.page
    own = urls.canonical(page.url)
    for css in ('link[rel="canonical"]::attr(href)', 'meta[property="og:url"]::attr(content)'):
        for href in page.select(css)[:1]:
            claimed = urls.canonical(page.absolute(str(href)) or "")
            if claimed and context.is_same_site(claimed) and _may_be_article(context, claimed):
                context.article.sources["canonical_url"] = css.split("[")[0]
                return claimed
    return own


def _may_be_article(context: Context, url: str) -> bool:
    """False for a front page, for what is none by its form and what the family never uses for articles.

    WordPress block themes give `/comment-page-1/` as the canonical address of an article, and broken
    templates print several addresses into one.
    """
    path = urls.path_and_query(url)
    if _SEVERAL.search(path) or shape(url).role in NO_CONTENT:
        return False
    excluded = context.family.discovery.exclude
    return path != "/" and not any(re.search(pattern, path) for pattern in excluded)


def image(context: Context) -> list[Reader]:
    """Who may know the absolute address of the lead image."""
    page = context.page

    def at(value: str | None, source: str) -> list[Candidate]:
        return stated(page.absolute(value) if value else None, source)

    return [
        lambda: at(page.first(context.layout.image), "layout"),
        lambda: at(structured.image(context.ld.get("image")), "json-ld"),
        lambda: at(page.meta("og:image", "twitter:image"), "meta"),
        lambda: at(structured.image(context.data.get("image")), "next-data"),
    ]


def further_pages(context: Context) -> list[str]:
    """Addresses of the further pages of a divided article; none when this is not the first."""
    page = context.page
    found: dict[str, None] = {}
    own = context.article.canonical_url or ""
    for css in context.layout.pages:
        for href in page.strings(css):
            address = urls.canonical(page.absolute(href) or "")
            if address and address != own and context.is_same_site(address):
                found.setdefault(address)
        if found:
            break
    if not found and context.article.is_article:
        found = _counted_pages(context, own)
    return list(found)[:_MAX_PAGES]


def _counted_pages(context: Context, own: str) -> dict[str, None]:
    """What the links «2», «3» … of the page go on to, if they count on from its own address.

    Links to a place on a page, mostly its comments, and those among comments are none of them.
    """
    found: dict[str, None] = {}
    for link in context.page.index.tags.get("a", []):
        href, number = link.get("href") or "", len(found) + 2
        if str(number) in href and "#" not in href and numeral(inline_text(link)) == number:
            address = urls.canonical(context.page.absolute(href) or "")
            if address and leads_on(address, own) == number and not is_readers(link):
                found[address] = None
    return found


def editions(context: Context) -> list[dict[str, str]]:
    """The article in other languages and scripts: `language` (BCP 47) and `url` of each.

    Links that the layout names come first, then `<link rel=alternate>`, then links such as «Төте жазу»
    to the same article.
    """
    found: dict[str, dict[str, str]] = {}
    own = {urls.canonical(context.page.url), context.article.canonical_url}
    links = chain(_layout_editions(context), _alternates(context), _labelled_editions(context))
    for address, language in links:
        if address not in own:
            found.setdefault(address, {"language": language, "url": address})
    return list(found.values())[:_MAX_EDITIONS]


def _address(page: Page, href: str | None) -> str | None:
    return urls.canonical(page.absolute(href or "") or "")


def _layout_editions(context: Context) -> Iterator[tuple[str, str]]:
    """Links that the layout's selectors name, where they say which language they lead to."""
    for css in context.layout.editions:
        base, _, attribute = css.partition("::attr(")
        for link in context.page.select(base)[:_MAX_EDITIONS]:
            address = _address(context.page, link.get(attribute.rstrip(")") or "href"))
            if not address or fields.is_edition_front(address):
                continue
            code = link.get("hreflang") or link.get("lang")
            language = (
                (fields.edition_language(code) if code else None)
                or fields.edition_label(inline_text(link))
                or fields.edition_of_address(address)
            )
            if language:
                yield address, language


def _alternates(context: Context) -> Iterator[tuple[str, str]]:
    for link in context.page.select('link[rel="alternate"][hreflang][href]'):
        language = fields.edition_language(link.get("hreflang") or "")
        address = _address(context.page, link.get("href"))
        if address and language.lower() != "x-default":
            yield address, language


def _labelled_editions(context: Context) -> Iterator[tuple[str, str]]:
    for link in context.page.index.tags.get("a", []):
        text = link.text
        language = text and fields.edition_label(text)
        if language:
            address = _address(context.page, link.get("href"))
            if address and _is_edition(context, address):
                yield address, language


def _is_edition(context: Context, address: str) -> bool:
    """Whether an address differs from the page's own in host label, first segment or query only."""
    own = context.article.canonical_url or context.page.url
    ours, theirs = urlsplit(own), urlsplit(address)
    if ours.path.strip("/") == "":
        return False
    last = ours.path.rstrip("/").rsplit("/", 1)[-1]
    same_end = bool(last) and theirs.path.rstrip("/").endswith(last)
    domain = ".".join((ours.hostname or "").split(".")[-2:])
    return same_end and (theirs.hostname or "").endswith(domain)
