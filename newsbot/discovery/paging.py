"""paging: which list an address is a page of, and which links lead on to its older pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import urlencode, urlsplit

from lxml.etree import _Element as Element

from newsbot import urls, vocabulary
from newsbot.discovery.links import Link, within
from newsbot.discovery.names import is_named
from newsbot.discovery.traps import suspicious
from newsbot.extraction.addresses import (
    PATH_PAGE,
    Position,
    is_count,
    is_part,
    numeral,
    pairs_of,
    position,
)
from newsbot.extraction.page import Page

MAX_NEXT = 10


@lru_cache(maxsize=4096)
def _says_next(text: str) -> bool:
    plain = text.strip(" \t.…:»›>→⟩❯▶▸+↓\u00a0")
    return is_named("next_words", plain) if plain else bool(re.search(r"[»›>→⟩❯▶▸]", text))


def _is_next(link: Link) -> bool:
    return "next" in link.rel or _says_next(link.short)


def is_pager(link: Link, there: Position) -> bool:
    """Whether a link leads to some page of some list rather than to an article."""
    if not there.weak:
        return there.kind != ""
    if numeral(link.short) == there.number:
        return link.pager or bool(there.key)
    return _is_next(link)


def _is_forward(here: Position, link: Link, there: Position) -> bool:
    """Whether a link leads on to an older page of the same list."""
    if there.list != here.list or not here.rest <= there.rest:
        return False
    if "prev" in link.rel and not _is_next(link):
        return False
    added = {key for key, _ in there.rest - here.rest}
    if any(is_part(name, k) for k in added for name in ("list_keys", "section_keys", "id_keys")):
        return False  # another list: the same one sorted, filtered, or a part of it
    if not there.kind:
        return bool(added) and _is_next(link)  # `?after=…`
    if not is_pager(link, there):
        return False
    if there.kind == here.kind == "page" and "next" in link.rel:
        return there.number != here.number  # Nikola counts from the oldest page
    if there.is_archive or (here.kind and not here.weak):
        return there.kind == here.kind and there.number > here.number
    if there.kind == "page" and there.number == 1:
        return _is_next(link) or numeral(link.short) == 2  # pages counted from 0
    return there.number > (here.number if here.key == there.key else 0)


def _starts_list(here: Position, link: Link, there: Position) -> bool:
    """A front page may show the first page of a list that goes on under its own address."""
    is_front = not here.kind and "/" not in here.list and not here.rest
    is_second = there.kind == "page" and there.number == 2 and not there.weak
    return is_front and is_second and (link.pager or _is_next(link))


def next_pages(page: Page, here: Position, found: dict[str, Link], *, weak_keys: bool) -> list[str]:
    """Older pages of the list that a page at `here` belongs to, the nearest first.

    `weak_keys`: whether `?p=2` can be a page at all.
    """
    same: dict[str, tuple[bool, int]] = {}
    elsewhere: dict[str, tuple[bool, int]] = {}
    netlocs = {urls.netloc(urls.canonical(page.url) or ""), *map(urls.netloc, found)}
    for link in (*_named_next(page, netlocs), *found.values()):
        there = position(link.url)
        if (there.weak and there.key and not weak_keys) or suspicious(link.url):
            continue
        nearness = ("next" not in link.rel, there.number)
        if _is_forward(here, link, there):
            same.setdefault(link.url, nearness)
        elif _starts_list(here, link, there):
            elsewhere.setdefault(link.url, nearness)
    chosen = same or elsewhere
    return sorted(chosen, key=chosen.__getitem__)[:MAX_NEXT]


def _named_next(page: Page, netlocs: set[str]) -> Iterator[Link]:
    """`<link rel=next>`, and what buttons that load more carry in their attributes."""
    carried = 0
    for element in page.root.iter():
        if element.tag == "link" and "next" in (element.get("rel") or "").lower().split():
            hrefs = [element.get("href")]
        elif isinstance(element.tag, str) and element.attrib and carried < MAX_NEXT:
            hrefs = list(_attribute_urls(element))
        else:
            continue
        for href in hrefs:
            url = within(page, href, netlocs)
            if url:
                carried += element.tag != "link"
                yield Link(url, rel={"next"}, pager=True)


_NEXT_ATTRIBUTES = vocabulary.entries("discovery", "next_attributes")
_NUMBER_ATTRIBUTES = vocabulary.entries("discovery", "number_attributes")
_BLANK = re.compile(r"\{page\}|%page%|(?<==)$|(?<=/page/)$")
"""Where an address waits for the number of a page."""


def _attribute_urls(element: Element) -> Iterator[str]:
    for name in _NEXT_ATTRIBUTES:
        value = (element.get(name) or "").strip()
        if not value.startswith(("/", "http://", "https://", "?")):
            continue
        counts = (
            count for key in _NUMBER_ATTRIBUTES if (count := element.get(key)) and is_count(count)
        )
        yield _BLANK.sub(next(counts, ""), value, count=1)


def following(url: str, count: int) -> str | None:
    """The next page by counting, for answers that carry no links: fragments and JSON.

    `count` is the number of articles on this one, the step of an offset that names none.
    """
    here = position(url)
    parts = urlsplit(url)
    pairs = pairs_of(parts.query)
    if here.kind == "offset":
        sizes = (int(v) for k, v in pairs if is_part("size_keys", k) and is_count(v))
        number = here.number + (next(sizes, 0) or count)
    elif here.kind == "page" and (here.key or not here.weak):
        number = here.number + 1
    else:
        return None
    if here.key:
        query = urlencode([(k, str(number) if k == here.key else v) for k, v in pairs])
        return urls.canonical(parts._replace(query=query).geturl())
    match = PATH_PAGE.match(parts.path)
    if match is None:
        return None
    path = parts.path[: match.start("number")] + str(number) + parts.path[match.end("number") :]
    return urls.canonical(parts._replace(path=path).geturl())
