"""Body: the blocks of an article's text, from a layout's selectors or the data a page carries.

What stands inside the body and is no text of it goes, by name and by phrase.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from lxml.etree import _Element as Element

from newsbot import vocabulary
from newsbot.extraction import boilerplate
from newsbot.extraction.blocks import Block, blocks, text_length
from newsbot.extraction.naming import is_readers
from newsbot.extraction.page import Page
from newsbot.extraction.surroundings import Surroundings
from newsbot.profiles import Layout

_MAX_MATCHES = 200
"""Elements of one selector that are looked at: some newsrooms name every paragraph."""
_MAX_CHOICE = 10
"""Matches among which the longest is the article; other articles follow it, if any."""
_LINKED = 0.5
"""Share of linked characters from which an element is a teaser."""
_REPEATED = 60
"""Characters of the shortest paragraph that nobody writes twice."""
_WHOLE = 200
"""Characters after which a paragraph that begins anew is printed several times over."""
_SENTENCES = re.compile(r"(?<=[.!?…])\s+")
_FEW = 3
"""Elements that hold text and more beside it, as the cells of old tables do."""
_FILMS = vocabulary.entries("elements", "blocks.film")
_IMAGE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)(?:$|\?)|^$|^#", re.IGNORECASE)
_DROPPED_LINE = 240
"""Characters of the longest line that was dropped and may still be a byline or a date."""


@dataclass
class Body:
    """Blocks of the text, with what was seen on the way."""

    blocks: list[Block] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    """Elements of the page that hold the text."""
    removed: set[Element] = field(default_factory=set)
    """Elements inside them that are no text."""
    dropped: list[str] = field(default_factory=list)
    """Lines inside them that are no text."""
    shown: list[Element] = field(default_factory=list)
    """Films and pictures of an article with hardly any text."""
    candidates: int = 0
    """Elements that the layout's selector matched; many on a listing."""
    source: str = ""
    promised: int = 0
    """Characters that the page's data say the whole text has; 0 where they say nothing."""

    @property
    def chars(self) -> int:
        """Characters of text, captions not counted."""
        return sum(len(block.text) for block in self.blocks if block.kind != "caption")


def from_layout(page: Page, layout: Layout, shipped: Collection[Element] = ()) -> Body:
    """What the layout's selectors find; an empty body where they find nothing.

    `shipped` holds what the page hides and is text all the same.
    """
    body = Body()
    for css in layout.body:
        elements = [e for e in page.select(css)[:_MAX_MATCHES] if not isinstance(e, str)]
        if not elements:
            continue
        parts, body.candidates = _parts(elements, body.candidates)
        body.removed = {e for rule in layout.remove for e in page.select(rule)}
        for part in parts:
            body.removed |= boilerplate.noisy_elements(part, shipped)
        if layout.until:
            body.removed |= _from_first_on(page, layout.until, parts[0])
        body.removed.difference_update(parts)
        leads = [e for rule in layout.lead for e in page.select(rule)[:1]]
        body.elements = [e for e in leads if not any(_inside(e, p) or _inside(p, e) for p in parts)]
        body.elements += parts
        found = _with_printed_captions(page, layout, body, parts[0], shipped)
        body.blocks = boilerplate.clean(found)
        body.dropped = _difference(found, body.blocks)
        body.source = "layout"
        if body.blocks:
            break
    return body


def _with_printed_captions(
    page: Page, layout: Layout, body: Body, first: Element, shipped: Collection[Element]
) -> list[Block]:
    """Blocks of a body's elements, with the captions that the layout names before or after them."""
    captions = {e for rule in layout.captions for e in page.select(rule)}
    order = page.index.order
    start = order.get(first, 0)
    places = sorted(captions, key=lambda e: order.get(e, 0))
    printed = {e: [Block("caption", b.text, 0.0, e) for b in blocks(e)] for e in places}
    found = [b for e in places if order.get(e, 0) < start for b in printed[e]]
    found += [b for e in body.elements for b in blocks(e, body.removed | captions, shipped)]
    return found + [b for e in places if order.get(e, 0) >= start for b in printed[e]]


def _parts(elements: list[Element], candidates: int) -> tuple[list[Element], int]:
    """The match that holds the article, or those that hold a part of it each, in page order.

    With how many articles the page may hold: the most of this selector's and those before it.
    """
    apart = _outermost(elements)
    if len(apart) == 1:  # among readers' comments it is as doubtful as one of several
        return apart, max(candidates, 1 + is_readers(apart[0]))
    apart = [e for e in apart if not is_readers(e)] or apart
    chosen = max(apart[:_MAX_CHOICE], key=text_length)
    same = chosen.tag, chosen.get("class")
    parts = [e for e in apart if (e.tag, e.get("class")) == same]
    if len(parts) < 2 or not _is_one_text(parts):
        return [chosen], max(candidates, len(apart))
    return parts, max(candidates, 1 + len(apart) - len(parts))


def _is_one_text(parts: list[Element]) -> bool:
    """Whether elements of the same make hold a part of one text each, not an article each.

    An article has its headline beside it, or is a teaser of little more than a link.
    """
    above: list[Element] = list(parts[0].iterancestors())
    for part in parts[1:]:
        around = set(part.iterancestors())
        above = [e for e in above if e in around]
    holder = above[0]
    for part in parts:
        branch = part
        while (parent := branch.getparent()) is not None and parent is not holder:
            branch = parent
        if part is not parts[0] and (
            branch.tag == "article" or next(branch.iter("h1", "time"), None) is not None
        ):
            return False
        links = sum(text_length(a) for a in branch.iter("a") if a.get("href"))
        if links > _LINKED * text_length(branch):
            return False
    return True


def from_blocks(found: list[Block], source: str) -> Body:
    """A body of blocks that were found in another way."""
    if found:
        found = _with_captions(found)
    kept = boilerplate.clean(found)
    elements = list(dict.fromkeys(block.element for block in kept))
    removed = boilerplate.noisy_elements(elements[0]) if len(elements) == 1 else set()
    whole = [b for e in elements for b in blocks(e)] if len(elements) < _FEW else found
    return Body(kept, elements, removed, _difference(whole, kept), source=source)


def _with_captions(found: list[Block]) -> list[Block]:
    """Blocks with the captions of the pictures that stand between them."""
    inside = list(found[0].element.iterancestors())
    for block in found[1:]:
        above = {block.element, *block.element.iterancestors()}
        inside = [e for e in inside if e in above]
    if not inside or inside[0].tag in ("html", "body"):
        return found
    around = blocks(inside[0], boilerplate.noisy_elements(inside[0]))
    captions = [b for b in around if b.kind == "caption"]
    return [*captions, *found] if captions else found


def with_pictures(body: Body, page: Page, title: Element) -> Body:
    """A body of hardly any text, with what the page shows instead: films, pictures below the headline.

    Their captions are its blocks. A picture that leads to another page is that page's; one alone
    without a frame may be anything.
    """
    near, order = Surroundings(page, title, []), page.index.order
    start = order.get(title, 0)
    found = [e for css in _FILMS for e in page.select(css)[:_MAX_MATCHES]]
    bare: list[Element] = []
    for picture in page.index.tags.get("img", [])[:_MAX_MATCHES]:
        if order.get(picture, 0) > start and not _leads_away(picture):
            frame = next(picture.iterancestors("figure"), None)
            (bare if frame is None else found).append(picture if frame is None else frame)
    found += bare if len(bare) > 1 else []
    body.shown = [e for e in dict.fromkeys(found) if near.is_near(e)]
    body.elements = body.elements or body.shown
    body.blocks = body.blocks or [b for e in body.shown for b in blocks(e) if b.kind == "caption"]
    return body


def _leads_away(picture: Element) -> bool:
    """Whether a picture is a link to something else than a picture."""
    link = next(picture.iterancestors("a"), None)
    return link is not None and not _IMAGE.search(link.get("href") or "")


def from_html(html: str, url: str, source: str) -> Body:
    """A body that the page carries as data; its elements are none of the page's."""
    root = Page(html, url).root
    found = blocks(root, boilerplate.noisy_elements(root))
    return Body(_once(boilerplate.clean(found)), source=source)


def from_text(text: str, url: str, source: str) -> Body:
    """A body that the page carries as plain text, a line for each paragraph."""
    html = "".join(f"<p>{line.replace('<', '&lt;')}</p>" for line in text.split("\n"))
    return from_html(html, url, source)


def _once(found: list[Block]) -> list[Block]:
    """Paragraphs once each: some engines write the whole text several times over."""
    known: set[str] = set()
    kept = []
    for block in found:
        if len(block.text) < _REPEATED or block.text not in known:
            known.add(block.text)
            kept.append(_without_copies(block))
    return kept


def _without_copies(block: Block) -> Block:
    """A paragraph that begins anew with its own beginning, each sentence once."""
    text = block.text
    if text.find(text[:_REPEATED], 1) < _WHOLE:
        return block
    sentences = dict.fromkeys(_SENTENCES.split(text))
    return replace(block, text=" ".join(sentences))


def _difference(before: list[Block], after: list[Block]) -> list[str]:
    kept = {line for block in after for line in block.text.split("\n")}
    lines = (line for block in before for line in block.text.split("\n"))
    return [line for line in lines if line not in kept and len(line) <= _DROPPED_LINE]


def _outermost(elements: list[Element]) -> list[Element]:
    """Elements that are in none of the others."""
    if len(elements) == 1:
        return elements
    every = set(elements)
    return [e for e in elements if not any(above in every for above in e.iterancestors())]


def _inside(element: Element, other: Element) -> bool:
    return element is other or any(above is other for above in element.iterancestors())


def _from_first_on(page: Page, css: str, body: Element) -> set[Element]:
    """The first match inside a body and everything in the body after it."""
    for element in page.select(css):
        if element is body or not _inside(element, body):
            continue
        found = {element}
        node: Element | None = element
        while node is not None and node is not body:
            found.update(node.itersiblings())
            node = node.getparent()
        return found
    return set()
