"""documents: one document of a source → what it lists, whatever kind of source it is. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urljoin

from w3lib.url import add_or_replace_parameters, url_query_cleaner, url_query_parameter

from newsbot import urls
from newsbot.discovery import Entry
from newsbot.discovery.feeds import link_of, parse_feed
from newsbot.discovery.home import autodiscover
from newsbot.discovery.jsonfeed import address_of, load, text_of
from newsbot.discovery.links import MAX_LINKS
from newsbot.discovery.listing import Listing, parse_json_listing, parse_listing
from newsbot.discovery.sitemaps import Sitemap, parse_sitemap
from newsbot.discovery.wordpress import ASKED, parse_posts
from newsbot.discovery.xml import LOST, child_text, local_name, parse_xml
from newsbot.extraction.decode import decode
from newsbot.extraction.page import MAX_CHARS, Page
from newsbot.profiles import Site, Source, families

POSTS_PER_PAGE = 100
"""The most that the WordPress REST API gives at a time."""
_MOST = {"entries": 500_000, "sitemaps": 50_000, "sources": 300, "sections": 300}
"""Of one document that are kept. Ten sitemaps' worth of entries take a minute; more are a trap."""
_LIST_PAGE = re.compile(r"/index[-_]?\d{1,3}\.html?$")
"""Further pages of a list, which static engines put into their sitemaps."""
_HTML = re.compile(rb"[\s\xef\xbb\xbf]*<(?:!doctype html|html|head|body)\b", re.IGNORECASE)


@dataclass(slots=True)
class Found:
    """What one document of a source lists."""

    entries: list[Entry] = field(default_factory=list)
    sitemaps: list[Entry] = field(default_factory=list)
    next: list[str] = field(default_factory=list)
    """Further pages of the same source, as absolute addresses."""
    sources: list[Source] = field(default_factory=list)
    """Other sources that the document names."""
    sections: list[str] = field(default_factory=list)
    """Other lists that a front page leads to, where they are no sources of their own."""
    traps: list[str] = field(default_factory=list)
    """Links that are not followed because they look like traps."""
    left_out: str | None = None
    """What a limit kept us from reading, in words."""
    error: str | None = None


def poll_url(kind: str, url: str, modified_after: str | None) -> str:
    """The address to ask: a WordPress source is asked only for what changed and what we need.

    All posts are asked for by their number, which no two share: MySQL gives posts of one moment in
    another order for each page, and so never some of those that an import or a bulk edit touched.
    """
    if kind != "wordpress":
        return url
    order = "modified" if modified_after else "id"
    wanted = {"per_page": str(POSTS_PER_PAGE), "orderby": order, **ASKED}
    if modified_after:
        wanted["modified_after"] = modified_after
    if url_query_parameter(url, "modified_after"):  # of the last time
        url = url_query_cleaner(url, ["modified_after"], remove=True)
    return str(add_or_replace_parameters(url, wanted))


def read_source(
    kind: str, body: bytes, charset: str | None, url: str, site: Site, *, front: bool = False
) -> Found:
    """Read a source's document.

    A `front` page leads to the site's sections too: as sources of their own where the profile names
    none, else as pages to visit once and to follow from there.
    """
    found = _read(kind, body, charset, url, site, front)
    found.entries = [entry for entry in found.entries if LOST not in entry.url]
    for name, most in _MOST.items():
        listed = getattr(found, name)
        if len(listed) > most:
            found.left_out = f"lists {len(listed):,} {name}: those beyond {most:,} are left out"
            del listed[most:]
    return found


def _read(kind: str, body: bytes, charset: str | None, url: str, site: Site, front: bool) -> Found:
    if not body.strip():
        return Found(error="an empty answer")
    if kind == "feed":
        return _feed(body, charset, url, site)
    if kind == "sitemap":
        sitemap = parse_sitemap(body, charset)
        if sitemap is None:
            feed = parse_feed(body, charset)  # which the sitemap protocol allows
            return Found(entries=feed.entries) if feed else Found(error=_unlike(body, "a sitemap"))
        return _sitemap(sitemap)
    if kind == "wordpress":
        return _posts(body, url)
    return _listing(body, charset, url, site, front)


def linked(kind: str, entry: bytes, base: str) -> str:
    """The address for which an entry of a source of this kind would be kept; empty where it has none.

    `entry` is what was kept: an element or an object of its own, found at the address `base`.
    """
    if entry[:1] == b"{":
        item = load(entry)
        found = (
            (text_of(item.get("link")) if kind == "wordpress" else address_of(item))
            if item
            else None
        )
    else:
        root = parse_xml(entry)
        name = "" if root is None else local_name(root)
        location = child_text(root, "loc") if root is not None and name == "url" else None
        found = link_of(root) if root is not None and name in ("item", "entry") else location
    try:
        return urljoin(base, found) if found else ""
    except ValueError:
        return ""


def _sitemap(sitemap: Sitemap) -> Found:
    pages = [entry for entry in sitemap.pages if not _LIST_PAGE.search(entry.url)]
    return Found(entries=pages, sitemaps=sitemap.children)


def _feed(body: bytes, charset: str | None, url: str, site: Site) -> Found:
    feed = parse_feed(body, charset)
    if feed is None:
        sitemap = parse_sitemap(body, charset)  # some sites call it so
        return _sitemap(sitemap) if sitemap else Found(error=_unlike(body, "a feed"))
    parameter = families()[site.family].discovery.feed_page
    following = _absolute(url, feed.next) if feed.next else None
    if not following and parameter and feed.entries:
        following = _next_page(url, parameter)
    return Found(entries=feed.entries, next=[following] if following else [])


def _posts(body: bytes, url: str) -> Found:
    posts = parse_posts(body)
    if posts is None:
        return Found(error=_unlike(body, "a list of WordPress posts"))
    is_full = posts.objects >= POSTS_PER_PAGE
    return Found(entries=posts.entries, next=[_next_page(url, "page")] if is_full else [])


def _unlike(body: bytes, wanted: str) -> str:
    """Why a document is not what it should be."""
    return f"an HTML page, not {wanted}" if _HTML.match(body) else f"not {wanted}"


def _listing(body: bytes, charset: str | None, url: str, site: Site, front: bool) -> Found:
    listing: Listing | None = None
    if body.lstrip()[:1] in (b"{", b"["):
        listing = parse_json_listing(body, url)
    if listing is not None:
        return Found(entries=listing.articles, next=listing.next)
    text = decode(body, charset).text
    if "<" not in text:
        return Found(error=_unlike(body, "a page"))
    page = Page(text, url)
    listing = parse_listing(page, site)
    found = Found(entries=listing.articles, next=listing.next, traps=listing.traps)
    if front and site.sources:
        found.sections = listing.sections
    elif front:
        found.sources = autodiscover(page)
        known = {source.url for source in found.sources}
        new = (url for url in listing.sections if url not in known)
        found.sources += [Source(kind="listing", url=url) for url in new]
    if len(text) > MAX_CHARS or sum(1 for _ in page.root.iter("a", "area")) > MAX_LINKS:
        found.left_out = f"the page is read to {MAX_CHARS:,} characters and {MAX_LINKS:,} links"
    return found


def _absolute(base: str, printed: str) -> str | None:
    try:
        return urls.canonical(urljoin(base, printed))
    except ValueError:
        return None


def _next_page(url: str, parameter: str) -> str:
    number = url_query_parameter(url, parameter) or "1"
    following = int(number) + 1 if number.isdigit() else 2
    return str(add_or_replace_parameters(url, {parameter: str(following)}))
