"""links: the links of a page with their surroundings."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from statistics import median

from lxml.etree import _Element as Element

from newsbot import urls
from newsbot.discovery.names import is_named
from newsbot.extraction.page import Page

MAX_LINKS = 20_000
"""Of one page that are looked at: each takes a fifth of a millisecond, during which no site is served."""

_MENU, _PAGER, _CARD, _INSIDE = 1, 2, 4, 8
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])|[\s_]+|--+")
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
_WHOLES = frozenset("article main section li td".split())
_MENU_TEXT = 25
"""Letters; a menu whose usual entry is longer is a list of articles that is called one."""
_MAX_NAMES = 500
"""Letters of a class attribute that are read."""
_LABEL_TEXT = 30
"""Letters; the name of a rubric, a tag or an author is shorter."""


@dataclass(slots=True)
class Link:
    """All links of a page to one address."""

    url: str
    text: str = ""
    """The longest one."""
    short: str = ""
    """The first one: «2», «Келесі»."""
    element: Element | None = None
    """Where the longest text stands."""
    rel: set[str] = field(default_factory=set)
    in_menu: bool = False
    """Also in a menu."""
    menu: bool = True
    """Only in menus."""
    label: bool = True
    """Only as the label of something: a rubric, a tag, an author."""
    pager: bool = False
    heading: bool = False
    card: bool = False
    image: bool = False


def links(page: Page, netlocs: Collection[str]) -> dict[str, Link]:
    """Links to some hosts by canonical address, in page order."""
    flags: dict[Element, int] = {}
    menus: dict[Element, Element] = {}  # element → the outermost menu around it
    found: dict[str, Link] = {}
    anchors: list[tuple[Link, Element, str, int]] = []
    for element in page.root.iter():
        if not isinstance(element.tag, str):
            continue
        parent = element.getparent()
        inherited = flags.get(parent, 0) if parent is not None else 0
        own = flags[element] = inherited | _own_flags(element, inherited)
        if own & _MENU:
            outer = menus.get(parent) if parent is not None else None
            menus[element] = outer if outer is not None else element
        if element.tag in ("a", "area") and len(anchors) < MAX_LINKS:
            url = within(page, element.get("href"), netlocs)
            if url:
                link = found.setdefault(url, Link(url))
                anchors.append((link, element, _text(element), own))
    lengths: dict[Element, list[int]] = {}
    for _, element, text, _ in anchors:
        if text and element in menus:
            lengths.setdefault(menus[element], []).append(len(text))
    real = {menu for menu, sizes in lengths.items() if median(sizes) < _MENU_TEXT}
    for link, element, text, own in anchors:
        in_menu = element in menus and (menus[element] in real or not text)
        _add(link, element, text, own, in_menu=in_menu)
    return found


def within(page: Page, href: str | None, netlocs: Collection[str]) -> str | None:
    """The canonical address of a link if it leads to one of these hosts."""
    absolute = page.absolute(href) if href and not href.startswith("#") else None
    url = _canonical(absolute) if absolute else None
    return url if url and urls.netloc(url) in netlocs else None


# The menus and footers of a site are the same on every page.
_canonical = lru_cache(maxsize=8192)(urls.canonical)


@lru_cache(maxsize=16384)
def _named(css_class: str, css_id: str) -> int:
    """What the names of an element say that it is."""
    flags = 0
    for name in f"{css_class} {css_id}".split():
        words = _HUMPS.sub("-", name).split("-")
        menu, card = (any(is_named(kind, word) for word in words) for kind in ("menu", "card"))
        if any(is_named("pager", word) for word in (name, *words)):
            flags |= _PAGER
        # `entry-header` is no masthead, and `menu-item` no card.
        if menu and not card:
            flags |= _MENU
        elif card and not menu:
            flags |= _CARD
    return flags


@lru_cache(maxsize=4096)
def _is_label(css_class: str) -> bool:
    """Whether a class is that of a label; WordPress' `category-sport` on a card is not."""
    return any(
        is_named("label", name) or is_named("label", _HUMPS.sub("-", name).rpartition("-")[2])
        for name in css_class.split()
    )


def _names(element: Element, attribute: str) -> str:
    return (element.get(attribute) or "")[:_MAX_NAMES]


def _own_flags(element: Element, inherited: int) -> int:
    tag = element.tag
    if tag in ("html", "body"):
        return 0
    css_class, css_id = _names(element, "class"), _names(element, "id")
    flags = _named(css_class, css_id) if css_class or css_id else 0
    if tag in ("nav", "menu") or (tag in ("header", "footer") and not inherited & _INSIDE):
        flags |= _MENU
    elif tag == "article":
        flags |= _CARD
    return flags | (_INSIDE if tag in _WHOLES else 0)


def _text(element: Element) -> str:
    text = " ".join("".join(element.itertext()).split())
    if not text:
        image = next((i.get("alt") for i in element.iter("img") if i.get("alt")), "")
        text = element.get("title") or element.get("aria-label") or image or ""
    return text[:300]


def _add(link: Link, element: Element, text: str, own: int, *, in_menu: bool) -> None:
    above = list(element.iterancestors())[:3]
    labelled = any(_is_label(_names(e, "class")) for e in (element, *above[:2]))
    link.in_menu |= in_menu
    link.menu &= in_menu
    link.label &= labelled and len(text) < _LABEL_TEXT
    link.pager |= bool(own & _PAGER)
    link.card |= bool(own & _CARD)
    link.heading |= any(e.tag in _HEADINGS for e in (*above, *element.iter()))
    link.image |= next(element.iter("img"), None) is not None
    link.rel.update((element.get("rel") or "").lower().split())
    if link.element is None or len(text) > len(link.text):
        link.element, link.text = element, text
    if text and not link.short:
        link.short = text[:40]
