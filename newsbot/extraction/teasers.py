"""teasers: how much of a text stands under linked headlines of other articles, as on lists. Pure.

A teaser is a headline that leads elsewhere with what stands below it: in an element of its own, or, on
flat lists, up to the next headline of the same make. Each link is looked at once, with a bounded number
of elements around it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lxml.etree import _Element as Element

from newsbot.extraction.addresses import shape
from newsbot.extraction.blocks import (
    BLOCK_TAGS,
    HEADINGS,
    SKIPPED_TAGS,
    Block,
    inline_text,
    text_length,
)
from newsbot.extraction.fields import letters
from newsbot.extraction.page import Page

_MOST = 400
"""Links of a page that are looked at."""
_HEADLINE, _WORDS = 14, 2
"""Characters and words of the shortest headline."""
_LEVELS = 6
"""Elements between a headline and the teaser that holds it, or between a block and its teaser."""
_BEFORE = 80
"""Characters of text that may stand in a teaser before its headline: a section, a date."""
_SIBLINGS = 30
"""Elements beside a headline that may precede it in its teaser."""
_ENOUGH = 0.5
"""Share of a text under headlines that stand in headings, from which no other links are looked at."""
_NO_PAGES = ("#", "javascript:", "mailto:", "tel:")
_NO_TEASERS = frozenset(["body", "html", "main"])
_OTHERS = frozenset(["never", "static", "minor", "taxonomy", "edition", "filter"])
"""Roles of addresses that are no article's: the link is a label, not a headline."""
_WRITTEN = re.compile(r"\S")


@dataclass(slots=True)
class Teasers:
    """What of a text is another article's."""

    headlines: int = 0
    """Linked headlines of the page."""
    above: int = 0
    """Of them, between the page's own headline and the text, or the end of what is shown for one."""
    units: int = 0
    """Teasers that hold text of the body."""
    share: float = 0.0
    """Share of the body's characters that stand in teasers."""
    blocks: set[int] = field(default_factory=set)
    """Indices of the blocks that stand in teasers."""


def find_teasers(
    page: Page,
    blocks: Sequence[Block],
    title: Element | None,
    own: Collection[str],
    shown: Sequence[Element] = (),
) -> Teasers:
    """Teasers of a page and how much of a body they hold. `own` are the page's addresses, as printed,
    `shown` what it shows for a text.

    A headline that repeats `title`'s line or leads to the page itself is the page's own.
    """
    order = page.index.order
    links = [*_headlines(page, title, own), *_unlinked(page, blocks, title, own)]
    found = Teasers(len(links))
    places = [order[b.element] for b in blocks if b.kind != "caption" and b.element in order]
    places = places[:1] or [order[element] for element in shown[-1:]]
    if places and title is not None:
        start = order.get(title, 0)
        found.above = sum(start < order[link] < places[0] for link in links)
    chars = sum(len(b.text) for b in blocks if b.kind != "caption")
    # Labels of sections look like headlines that stand in no heading; where there are headings, they
    # are asked first.
    for heads in ([link for link in links if _is_heading(link)], links):
        under = _under(page, blocks, _items(page, heads, title)) if heads else {}
        share = sum(len(blocks[index].text) for index in under) / chars if chars else 0.0
        if share > found.share:
            found.share, found.blocks = share, set(under)
            found.units = len(set(under.values()))
        if share > _ENOUGH:
            break
    return found


def _headlines(page: Page, title: Element | None, own: Collection[str]) -> list[Element]:
    """The first link to each address of the site whose text is a whole line and may be a headline."""
    mine = "" if title is None or _leads_on(page, title, own) else letters(inline_text(title))
    site = _site(_plain(page.url))
    found: dict[str, Element] = {}
    led: set[str] = set()
    for link in page.index.tags.get("a", [])[:_MOST]:
        href = link.get("href") or ""
        if href in led or href.startswith(_NO_PAGES) or not href.strip():
            continue
        if not _is_whole_line(link):
            continue
        text = inline_text(link)
        if len(text) < _HEADLINE or len(text.split()) < _WORDS or letters(text) == mine:
            continue
        led.add(href)
        address = page.absolute(href)
        plain = _plain(address) if address else ""
        if "/" not in plain or plain in own or plain in found or _site(plain) != site:
            continue
        if shape(address or "").role not in _OTHERS:
            found[plain] = link
    return list(found.values())


def _unlinked(
    page: Page, blocks: Sequence[Block], title: Element | None, own: Collection[str]
) -> list[Element]:
    """Headings of the text that are no links, where each leads on by «Толығырақ» below it."""
    order = page.index.order
    heads = [b.element for b in blocks if b.kind == "heading" and not b.linked]
    heads = [e for e in heads if e is not title and e in order]
    links = page.index.tags.get("a", [])[:_MOST] if len(heads) > 1 else []
    below: dict[Element, str] = {}  # the last short link below each
    for link in links:
        place = bisect_left(heads, order[link], key=order.__getitem__)
        if place and len(inline_text(link)) < _HEADLINE and _ends_line(link):
            address = page.absolute(link.get("href") or "") or ""
            if shape(address).role not in _OTHERS:
                below[heads[place - 1]] = _plain(address)
    led = set(below.values()) - {*own, ""}
    return heads if len(led) > 1 and len(led) == len(heads) else []


def _ends_line(link: Element) -> bool:
    """Whether nothing is written behind a link in its element."""
    return link.getnext() is None and not _WRITTEN.search(link.tail or "")


def _site(plain: str) -> str:
    """The last two labels of a host: sections of a newspaper may have hosts of their own."""
    return ".".join(plain.partition("/")[0].split(".")[-2:])


def _is_heading(link: Element) -> bool:
    """Whether a link is, or holds, a heading."""
    around = (above.tag for _, above in zip(range(3), link.iterancestors(), strict=False))
    return not HEADINGS.isdisjoint(around) or next(link.iter(*HEADINGS), None) is not None


def _leads_on(page: Page, title: Element, own: Collection[str]) -> bool:
    """Whether what was taken for the page's headline links to another page: a list without one."""
    link = next(
        (e for e in (title, *title.iterancestors(), *title.iter("a")) if e.tag == "a"), None
    )
    href = "" if link is None else link.get("href") or ""
    address = page.absolute(href) if href and not href.startswith("#") else None
    return bool(address) and _plain(address or "") not in own


def _plain(address: str) -> str:
    return address.partition("#")[0].partition("://")[2].removeprefix("www.").rstrip("/")


def plain_addresses(addresses: Collection[str | None]) -> frozenset[str]:
    """Addresses as `find_teasers` compares them: without scheme, `www.`, fragment and last slash."""
    return frozenset(_plain(address) for address in addresses if address)


def _is_whole_line(link: Element) -> bool:
    """Whether nothing but white space stands beside a link in its line; always so for a heading."""
    node = link
    for _ in range(_LEVELS):
        parent = node.getparent()
        if parent is None or node.tag in BLOCK_TAGS:
            return True
        if parent.tag in HEADINGS:
            return True
        before = node.getprevious()
        beside = parent.text if before is None else before.tail
        if (beside and _WRITTEN.search(beside)) or (node.tail and _WRITTEN.search(node.tail)):
            return False
        node = parent
    return True


def _items(page: Page, links: list[Element], title: Element | None) -> dict[Element, Element]:
    """The element of each teaser with its headline: the outermost that holds no other headline."""
    count: dict[Element, int] = defaultdict(int)
    for link in links:
        for above in link.iterancestors():
            count[above] += 1
    barred: set[Element] = set()
    heads = [title] if title is not None else page.index.tags.get("h1", [])[:3]
    for head in heads:
        if not any(head in (link, *link.iterancestors()) for link in links):
            barred.update(head.iterancestors())
    items: dict[Element, Element] = {}
    for link in links:
        item = link
        for _, above in zip(range(_LEVELS), link.iterancestors(), strict=False):
            if count[above] > 1 or above in barred or above.tag in _NO_TEASERS:
                break
            item = above
        if _opens(item, link):
            items[item] = link
    return items


def _opens(item: Element, link: Element) -> bool:
    """Whether a headline stands at the beginning of its teaser; a picture or a label may precede it."""
    node, before = link, 0
    while node is not item and before <= _BEFORE:
        parent = node.getparent()
        if parent is None:
            break
        before += len((parent.text or "").strip())
        for number, sibling in enumerate(node.itersiblings(preceding=True)):
            if before > _BEFORE or number >= _SIBLINGS:
                return False
            shown = isinstance(sibling.tag, str) and sibling.tag not in SKIPPED_TAGS
            before += len((sibling.tail or "").strip()) + shown * text_length(sibling)
        node = parent
    return before <= _BEFORE


def _under(
    page: Page, blocks: Sequence[Block], items: dict[Element, Element]
) -> dict[int, Element]:
    """Headline of the teaser in which a block stands, by the block's index."""
    order = page.index.order
    flat = _flat(items)
    found: dict[int, Element] = {}
    for index, block in enumerate(blocks):
        if block.kind == "caption" or block.element not in order:
            continue
        chain = [block.element, *block.element.iterancestors()][: _LEVELS + 2]
        item = next((e for e in chain if e in items), None)
        if item is not None:
            found[index] = items[item]
            continue
        for inner, outer in pairwise(chain):
            heads = flat.get(outer)
            if heads:
                above = bisect_left(heads, order[inner], key=order.__getitem__)
                if above:
                    found[index] = items[heads[above - 1]]
                break
    return found


def _flat(items: dict[Element, Element]) -> dict[Element, list[Element]]:
    """Headings of teasers that have no element of their own, by the element around them all, in
    the order of the page."""
    found: dict[Element, list[Element]] = defaultdict(list)
    for item in items:
        parent = item.getparent()
        if parent is not None and (item.tag in HEADINGS or item.tag == "header"):
            found[parent].append(item)
    return {parent: heads for parent, heads in found.items() if len(heads) > 1}
