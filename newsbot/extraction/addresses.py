"""addresses: the article's own address, its image, its further pages and its other editions."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from newsbot.extraction import fields, structured
from newsbot.extraction.context import Context
from newsbot.visit import urls

_MAX_PAGES = 50
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
    """False for a front page, and for what the family never uses for articles.

    WordPress block themes give `/comment-page-1/` as the canonical address of an article.
    """
    path = urls.path_and_query(url)
    excluded = context.family.discovery.exclude
    return path != "/" and not any(re.search(pattern, path) for pattern in excluded)


def image(context: Context) -> tuple[str | None, str]:
    """The absolute address of the lead image and where it came from."""
    page = context.page
    candidates = [
        (page.first(context.layout.image), "layout"),
        (structured.image(context.ld.get("image")), "json-ld"),
        (page.meta("og:image", "twitter:image"), "meta"),
        (structured.image(context.data.get("image")), "next-data"),
    ]
    for value, source in candidates:
        address = page.absolute(value) if value else None
        if address:
            return address, source
    return None, ""


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
    return list(found)[:_MAX_PAGES]


def editions(context: Context) -> list[dict[str, str]]:
    """The article in other languages and scripts: `language` (BCP 47) and `url` of each."""
    page = context.page
    found: dict[str, dict[str, str]] = {}
    own = {urls.canonical(page.url), context.article.canonical_url}
    for link in page.select('link[rel="alternate"][hreflang][href]'):
        language = fields.edition_language(link.get("hreflang") or "")
        address = urls.canonical(page.absolute(link.get("href") or "") or "")
        if address and address not in own and language.lower() != "x-default":
            found.setdefault(address, {"language": language, "url": address})
    for link in page.index.tags.get("a", []):
        text = link.text
        named = text and fields.edition_label(text)
        if named:
            address = urls.canonical(page.absolute(link.get("href") or "") or "")
            if address and address not in own and _is_edition(context, address):
                found.setdefault(address, {"language": named, "url": address})
    return list(found.values())[:_MAX_EDITIONS]


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
