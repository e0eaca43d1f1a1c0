"""HTML element → blocks: the paragraphs a reader sees, with words kept whole.

Text is joined exactly as a browser would flow it: white space only where the page has some, so that
`айлары<span>нда</span> <em>партияның</em>` gives two words and neither one nor three.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from lxml.etree import XPath
from lxml.etree import _Element as Element

from archive.kazakh.letters import faithful
from newsbot.vocabulary import either, pattern

BLOCK_TAGS = frozenset(
    "address article aside blockquote body center dd details dialog div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre "
    "section summary table tbody td tfoot th thead tr ul caption".split()
)
HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
# Never text of an article, whatever the theme.
SKIPPED_TAGS = frozenset(
    "script style noscript template iframe object embed video audio canvas svg math button "
    "input select textarea nav aside dialog head title meta link map".split()
)
# Where a page hides these, a script shows them once it is loaded.
_PAGE = frozenset(["html", "body", "main"])
# Elements of running text that are nothing but that where they have no attributes.
_PLAIN = frozenset(
    "b strong i em u s span font small big sub sup mark ins del cite q abbr time".split()
)
# AMP components that wrap text; all others are players, advertisements and pictures.
_AMP_TEXT = frozenset(
    ["amp-accordion", "amp-fit-text", "amp-layout", "amp-carousel", "amp-selector"]
)
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:left|top|text-indent)\s*:\s*-\d{3,}", re.I
)
_HIDDEN_CLASS = re.compile(rf"(?:^|\s){either('elements', 'blocks.hidden')}(?:\s|$)")
_EMBED_CLASS = re.compile(rf"(?:^|\s){either('elements', 'blocks.embedded')}(?:\s|$)")
_CAPTION_CLASS = pattern("elements", "blocks.caption")

_BREAK = "\x1e"  # stands for <br> until a block is complete; cannot occur in parsed HTML text
_PARAGRAPH = re.compile(rf"[^\s{_BREAK}](?:(?!{_BREAK}\s*{_BREAK}).)*", re.S)
_LINE = re.compile(rf"[^\s{_BREAK}][^{_BREAK}]*")
MAX_CAPTION = 1500
"""Characters, white space and all, above which nothing is a caption."""
VERSE_LINE = 70
"""Printed lines shorter than this, in characters, may be verse; longer ones are paragraphs."""


@dataclass(slots=True)
class Block:
    """One paragraph-like piece of a page."""

    kind: str
    """`p`, `heading`, `item`, `quote`, `row` or `caption`."""
    text: str
    linked: float
    """Share of the characters that stand inside links, 0–1."""
    element: Element
    """The element in which the block ended."""
    after_gap: bool = False
    """Whether something that was left out stood between this block and the one before."""


@lru_cache(maxsize=32768)
def _says(names: re.Pattern[str], css_class: str) -> bool:
    """Whether a class attribute matches; a theme repeats the same few on every page."""
    return names.search(css_class) is not None


_LENGTH = XPath("string-length()")


def text_length(element: Element) -> int:
    """Characters of all text in an element, shown or not."""
    return int(cast("float", _LENGTH(element)))


def is_hidden(element: Element) -> bool:
    """True where a browser would not show the element, by its own attributes."""
    return _hide(element.items())


def _hide(attributes: list[tuple[str, str]]) -> bool:
    for name, value in attributes:
        if name == "class":
            if _says(_HIDDEN_CLASS, value):
                return True
        elif name == "style":
            if _HIDDEN_STYLE.search(value):
                return True
        elif name == "hidden" or (name == "aria-hidden" and value == "true"):
            return True
    return False


def _is_layout_table(table: Element) -> bool:
    """Old pages lay out columns with tables; their cells hold prose, not data."""
    for cell in table.iter("td", "th"):
        inner = [
            child for child in cell.iter("p", "table", "h1", "h2", "ul", "br") if child is not cell
        ]
        if len(inner) > 2 or text_length(cell) > 400:
            return True
    return False


def _is_caption(element: Element) -> bool:
    """Whether a class names the element a caption. Themes name bodies by it too: `has-captions`."""
    css_class = element.get("class")
    if not css_class or not _says(_CAPTION_CLASS, css_class):
        return False
    if element.tag in ("body", "main", "article"):
        return False
    return text_length(element) <= MAX_CAPTION


def _is_page_form(form: Element) -> bool:
    """ASP.NET wraps a whole page in one form; any other form is for typing, not for reading."""
    return form.find(".//h1") is not None or len(form.findall(".//a")) > 15


class _Walker:
    """Depth-first walk with an explicit stack: pages may nest a hundred thousand tags."""

    def __init__(self, removed: Collection[Element], shown: Collection[Element]) -> None:
        self.removed = removed
        self.shown = shown
        self.blocks: list[Block] = []
        self.buffer: list[str] = []
        self.length = 0
        self.links: list[tuple[int, int]] = []  # from where to where the buffer is linked
        self.in_link = 0
        self.kinds: list[str] = ["p"]
        self.tables: list[bool] = []  # innermost last; True for a table of data
        self.preformatted = 0
        self.gap = False

    def text(self, value: str) -> None:
        if self.preformatted:
            value = value.replace("\n", _BREAK)
        self.buffer.append(value)
        if self.in_link:
            self.links.append((self.length, self.length + len(value)))
        self.length += len(value)

    def flush(self, element: Element) -> None:
        if not self.buffer:
            return
        raw = "".join(self.buffer)
        links = self.links
        self.buffer.clear()
        self.length = 0
        self.links = []
        if raw.isspace():
            return
        kind = self.kinds[-1]
        if not links:
            for text, _, _ in _split_breaks(raw):
                self.blocks.append(Block(kind, text, 0.0, element, self.gap))
                self.gap = False
            return
        passed = 0  # links and pieces both stand in reading order
        for text, start, end in _split_breaks(raw):
            while passed < len(links) and links[passed][1] <= start:
                passed += 1
            linked, at = 0, passed
            while at < len(links) and links[at][0] < end:
                begin, stop = links[at]
                linked += len(raw[max(begin, start) : min(stop, end)].strip())
                at += 1
            share = min(1.0, linked / max(1, len(raw[start:end].strip())))
            self.blocks.append(Block(kind, text, share, element, self.gap))
            self.gap = False

    def row(self, row: Element) -> None:
        cells = [
            faithful("".join(texts(cell, self.removed)).replace(_BREAK, " "))
            for cell in row
            if cell.tag in ("td", "th") and cell not in self.removed
        ]
        while cells and not cells[-1]:
            cells.pop()
        if any(cells):
            linked = sum(len(faithful("".join(a.itertext()))) for a in row.iter("a"))
            share = min(1.0, linked / max(1, sum(map(len, cells))))
            self.blocks.append(Block("row", "\t".join(cells), share, row))

    def enter(self, element: Element) -> bool:
        """Handle a start tag. False means: do not descend."""
        tag = element.tag
        attributes = element.items()
        if tag in _PLAIN:
            if not attributes:  # most elements of a text: no attributes, no block
                return not self.removed or element not in self.removed
        elif (
            not isinstance(tag, str)
            or tag in SKIPPED_TAGS
            or (tag.startswith("amp-") and tag not in _AMP_TEXT)
        ):
            return False
        if self.removed and element in self.removed:
            return False
        if tag == "form" and not _is_page_form(element):
            return False
        if attributes:
            css_class = element.get("class")
            if tag not in _PAGE and element not in self.shown and _hide(attributes):
                return False
            if css_class and _says(_EMBED_CLASS, css_class):
                return False
        if tag == "footer" and "quote" not in self.kinds:
            return False
        if tag == "br":
            self.buffer.append(_BREAK)
            self.length += 1
            return True
        if tag == "a":
            self.in_link += self.leads_away(element)
        elif tag == "pre":
            self.preformatted += 1
        if tag in BLOCK_TAGS or (attributes and _is_caption(element)):
            if self.buffer:
                parent = element.getparent()
                self.flush(element if parent is None else parent)
            if tag == "tr" and self.tables and self.tables[-1]:
                self.row(element)
                return False
            self.kinds.append(self.kind_of(element, tag))
            if tag == "table":
                self.tables.append(not _is_layout_table(element))
        return True

    def leads_away(self, link: Element) -> bool:
        """Whether `<a>` is a link: not a mark in the text, nor a heading's link to itself."""
        address = link.get("href")
        if address is None or address[:11] == "javascript:":
            return False
        return address[:1] != "#" or self.kinds[-1] != "heading"

    def kind_of(self, element: Element, tag: str) -> str:
        outer = self.kinds[-1]
        if outer == "caption" or tag in ("figcaption", "caption") or _is_caption(element):
            return "caption"
        if tag in HEADINGS:
            return "heading"
        if tag in ("li", "dt", "dd"):
            return "item"
        if tag == "blockquote":
            return "quote"
        return outer

    def leave(self, element: Element) -> None:
        tag = element.tag
        if tag in _PLAIN:
            if not _is_caption(element):
                return
        elif tag == "a":
            self.in_link -= self.leads_away(element)
        elif tag == "pre":
            self.preformatted -= 1
        if tag in BLOCK_TAGS or _is_caption(element):
            self.flush(element)
            self.kinds.pop()
            if tag == "table":
                self.tables.pop()


def texts(element: Element, removed: Collection[Element] = ()) -> list[str]:
    """The visible pieces of an element's text, as its mark-up parts them."""
    if not len(element):
        return [element.text or ""]
    parts: list[str] = []
    stack: list[Element | str] = [element]  # elements to enter, and the text after those entered
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            parts.append(node)
            continue
        tag = node.tag
        if not isinstance(tag, str) or tag in SKIPPED_TAGS or node in removed:
            continue
        if tag == "form" or is_hidden(node):
            continue
        if tag == "br" or (tag in BLOCK_TAGS and node is not element):
            parts.append(" ")
        if text := node.text:
            parts.append(text)
        for child in reversed(node):
            if tail := child.tail:
                stack.append(tail)
            stack.append(child)
    return parts


def inline_text(element: Element, removed: Collection[Element] = ()) -> str:
    """All visible text of an element as one faithful line, without what is `removed`."""
    return faithful("".join(texts(element, removed)))


def first_link(element: Element) -> Element:
    """What «Published in: Sport» links to, or the element itself."""
    link = next(element.iter("a"), None)
    return element if link is None or not inline_text(link) else link


def text_beside(icon: Element) -> str:
    """What stands after an empty element: its tail, its neighbour, or the rest of its parent."""
    if icon.find(".//p") is not None or icon.find(".//div") is not None:
        return ""  # an empty box is no icon
    tail = faithful(icon.tail or "")
    if tail:
        return tail
    following = icon.getnext()
    if following is not None and isinstance(following.tag, str):
        return inline_text(following)
    parent = icon.getparent()
    return "" if parent is None else inline_text(parent)


def _split_breaks(raw: str) -> list[tuple[str, int, int]]:
    """Cut a block at its `<br>`s: doubled ones part paragraphs; single ones part verse or prose.

    Each piece comes with the place in `raw` that it was cut from.
    """
    if _BREAK not in raw:
        text = faithful(raw)
        return [(text, 0, len(raw))] if text else []
    out: list[tuple[str, int, int]] = []
    for part in _PARAGRAPH.finditer(raw):
        found = ((faithful(m[0]), *m.span()) for m in _LINE.finditer(raw, *part.span()))
        lines = [line for line in found if line[0]]
        # Verse and addresses have short lines; newsrooms that never learnt <p> write long ones.
        if len(lines) > 1 and max(len(line[0]) for line in lines) <= VERSE_LINE:
            out.append(("\n".join(line[0] for line in lines), *part.span()))
        else:
            out.extend(lines)
    return out


def blocks(
    element: Element,
    removed: Collection[Element] = frozenset(),
    shown: Collection[Element] = frozenset(),
) -> list[Block]:
    """Visible blocks of an element in reading order, captions marked as such.

    `removed` holds elements to leave out together with everything inside them, `shown` those that
    the page hides and that are read all the same.
    """
    walker = _Walker(removed, shown)
    # Elements to enter; below a None, the element to leave.
    stack: list[Element | None] = [element]
    while stack:
        node = stack.pop()
        if node is None:
            node = stack.pop()
            assert node is not None
            walker.leave(node)
        elif walker.enter(node):
            if text := node.text:
                walker.text(text)
            if len(node):
                stack += (node, None)
                stack.extend(reversed(node))
                continue
            walker.leave(node)
        elif node is not element:
            tag = node.tag
            # A skipped block still parts the text before it from the text after it.
            if isinstance(tag, str) and tag in BLOCK_TAGS:
                parent = node.getparent()
                walker.flush(node if parent is None else parent)
                walker.gap = True
        if node is not element and (text := node.tail):
            walker.text(text)
    walker.flush(element)
    return walker.blocks
