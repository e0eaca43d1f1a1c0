"""links: the links of a page with their surroundings, and what an address says by itself."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from statistics import median
from urllib.parse import parse_qsl, unquote, urlsplit

from lxml.etree import _Element as Element

from newsbot import urls
from newsbot.discovery.names import is_named
from newsbot.extraction.page import Page

MAX_LINKS = 10_000
"""Of one page that are looked at; no list has more, and traps do."""

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


# --- addresses -----------------------------------------------------------------------------------

_PAGE_EXTENSION = re.compile(r"\.(?:s?html?|php|aspx?|jsp)$")
_FILE = re.compile(r"\.(?!s?html?$|php\d?$|aspx?$|jsp$|kz$)[a-z][a-z0-9]{1,4}$")
_DATED = re.compile(r"/(?:19|20)\d\d[/-]?[01]?\d(?:[/-]?[0-3]?\d)?/.*[^\d/]")
_NUMBER = re.compile(r"(?<!\d)(?!(?:19|20)\d\d(?!\d))\d{3,}")
_LONG_WORDS, _LONG_SLUG = 3, 20


@dataclass(frozen=True, slots=True)
class Shape:
    """What an address says by itself. A `score` above 0 speaks for an article, below 0 against."""

    score: int
    proof: bool
    """It has the number or the date that articles have."""
    role: str = ""
    """What it is instead of an article: never, static, minor, taxonomy, list, edition, filter."""


@lru_cache(maxsize=8192)
def shape(url: str) -> Shape:
    """Judge an address by its form."""
    parts = urlsplit(url)
    segments = [s for s in unquote(parts.path).lower().split("/") if s and s != "index.php"]
    pairs = [(k.lower(), v) for k, v in _pairs(parts.query)]
    last = _PAGE_EXTENSION.sub("", segments[-1]) if segments else ""
    proof = (
        any(is_named("id_keys", key) and value.isdecimal() for key, value in pairs)
        or any(_NUMBER.search(segment) for segment in segments[-2:])
        or bool(_DATED.search("/" + "/".join(segments)))
    )
    score = 2 * proof
    words = [word for word in re.split(r"[-_+\s.,«»]+", last) if word]
    if len(words) >= _LONG_WORDS or len(last) >= _LONG_SLUG:
        score += 2
    elif last.isdecimal() and len(segments) > 1 and not proof:
        score += 1
    elif len(words) == 1 and len(segments) == 1 and not proof:
        score -= 1
    score += bool(segments and segments[-1] != last)
    role = _role(segments, last, pairs, proof=proof)
    return Shape(score - 3 * bool(role), proof, role)


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True, errors="replace")


def _role(segments: list[str], last: str, pairs: list[tuple[str, str]], *, proof: bool) -> str:
    keys = [key for key, _ in pairs]
    ends = (segments[0], segments[-1], last) if segments else ()
    front = [segment for segment in segments[:-1] if not is_named("editions", segment)]
    views = [value for key, value in pairs if is_named("view_keys", key)]
    tests = (
        ("never", any(is_named("never", word) for word in ends)),
        ("never", bool(segments) and bool(_FILE.search(segments[-1]))),
        ("never", any(is_named("again_keys", key) for key in keys)),
        ("minor", any(is_named("minor", segment) for segment in segments)),
        ("taxonomy", any(is_named("taxonomy", segment) for segment in segments)),
        ("taxonomy", any(is_named("list_views", value) for value in views)),
        ("static", any(is_named(kind, v) for kind in ("static", "never") for v in views)),
        ("edition", bool(segments) and all(is_named("editions", s) for s in segments)),
        ("taxonomy", not proof and any(is_named("section_keys", key) for key in keys)),
        ("filter", not proof and any(is_named("list_keys", key) for key in keys)),
        ("static", not proof and is_named("static", last)),
        ("list", not proof and all(is_named("lists", s) for s in [*front, last])),
    )
    return next((role for role, holds in tests if holds), "")
