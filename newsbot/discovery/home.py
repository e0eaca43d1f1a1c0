"""home: what a site's front page says of its other sources: feeds, the WordPress API, sections.

Autodiscovery by RSS Advisory Board and WHATWG (`<link rel=alternate>`) and `https://api.w.org/`.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from lxml.etree import _Element as Element

from newsbot import urls
from newsbot.discovery.listing import sections
from newsbot.discovery.wordpress import endpoint
from newsbot.extraction.page import Page
from newsbot.profiles import Site, Source
from newsbot.vocabulary import either, pattern

_FEED_TYPE = re.compile(r"application/(?:(?:rss|atom|rdf)\+xml|feed\+json)", re.IGNORECASE)
_VAGUE_TYPE = re.compile(r"(?:text|application)/(?:xml|json)", re.IGNORECASE)
_FEED_URL = pattern("discovery", "feeds", within="(?:^|[/.?=_-]){}(?:$|[/.&_-])")
_FEED_FILE = pattern("discovery", "feed_files")
_FEED_QUERY = re.compile(
    f"(?:^|&){either('discovery', 'feed_keys')}={either('discovery', 'feed_values')}"
)
_OTHER_FEED = pattern("discovery", "other_feeds")
_ARTICLE_FEED = re.compile(
    r"/\d{4}/\d{1,2}/.+/feed/?$|[?&]p=\d+|/[^/]*\d{3,}[^/]*/feed/?$|/(?:[^/-]+-+){3,}[^/]*/feed/?$"
)


def fronts(site: Site) -> list[str]:
    """Front pages of a site: its own address, and those of hosts that are no `www.` or `m.` of it."""
    scheme = urlsplit(site.url).scheme
    pages = {_site(urls.canonical(site.url) or ""): site.url}
    for host in site.hosts:
        url = urls.canonical(f"{scheme}://{host}/")
        if url:
            pages.setdefault(_site(url), url)
    return list(pages.values())


def is_front(site: Site, url: str) -> bool:
    """Whether an address is that of a front page, whatever its spelling."""
    return _place(url) in map(_place, fronts(site))


def _place(url: str) -> tuple[str, str]:
    spelt = urls.canonical(url) or ""
    return _site(spelt), urls.path_and_query(spelt)


def autodiscover(page: Page) -> list[Source]:
    """Sources of the page's own site, without feeds of comments and of single articles.

    Kinds: `feed`; `wordpress`, with the address of the REST API's list of posts; `listing` for the
    sections in the menu. In page order. Never raises.
    """
    feeds = dict.fromkeys(_feeds(page))
    apis = dict.fromkeys(
        endpoint(url)
        for link in page.select('link[rel*="https://api.w.org/"]')
        if (url := _own(page, link))
    )
    return [
        *(Source(kind="feed", url=url) for url in feeds),
        *(Source(kind="wordpress", url=url) for url in list(apis)[:1]),
        *(Source(kind="listing", url=url) for url in sections(page)),
    ]


def _feeds(page: Page) -> list[str]:
    links = [link for link in page.root.iter("link") if "alternate" in _words(link, "rel")]
    found = [url for link in links if _declares_feed(link) and (url := _own(page, link))]
    if found:
        return found
    # Many home-made sites only print a link.
    anchors = [a for a in page.root.iter("a") if _FEED_URL.search((a.get("href") or "")[:200])]
    return [
        url for a in anchors
        if not _is_other(a) and (url := _own(page, a)) and _is_feed_path(url)
    ]  # fmt: skip


def _is_feed_path(url: str) -> bool:
    parts = urlsplit(url)
    last = parts.path.rstrip("/").rpartition("/")[2]
    return bool(_FEED_FILE.fullmatch(last) or _FEED_QUERY.search(parts.query))


def _declares_feed(link: Element) -> bool:
    kind = (link.get("type") or "").strip()
    if _is_other(link):
        return False
    if _FEED_TYPE.match(kind):
        return True
    return bool(_VAGUE_TYPE.match(kind)) and bool(_FEED_URL.search(link.get("href") or ""))


def _is_other(element: Element) -> bool:
    """Whether the link or its title speaks of comments, or of one article."""
    href = element.get("href") or ""
    if len(href) > urls.MAX_LENGTH:
        return True
    try:
        # Not the host, which may well be called pikir.kz.
        path = unquote(urls.path_and_query(href))
    except ValueError:
        return True
    said = f"{path} {element.get('title') or ''}"
    return bool(_OTHER_FEED.search(said)) or bool(_ARTICLE_FEED.search(path))


def _words(element: Element, attribute: str) -> list[str]:
    return (element.get(attribute) or "").lower().split()


def _own(page: Page, element: Element) -> str | None:
    """The address that an element links to, if it is on the page's own site."""
    absolute = page.absolute(element.get("href") or "")
    url = urls.canonical(absolute) if absolute else None
    return url if url and _site(url) == _site(urls.canonical(page.url) or "") else None


def _site(url: str) -> str:
    host = urls.netloc(url)
    return re.sub(r"^(?:www\.|m\.)+", "", host)
