"""Body: the blocks of an article's text, from a layout's selectors or the data a page carries.

What stands inside the body and is no text of it goes, by name and by phrase.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml.etree import _Element as Element

from newsbot.extraction import boilerplate
from newsbot.extraction.blocks import Block, blocks, text_length
from newsbot.extraction.page import Page
from newsbot.profiles import Layout

_FEW = 3
"""Elements that hold text and more beside it, as the cells of old tables do."""
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
    candidates: int = 0
    """Elements that the layout's selector matched; many on a listing."""
    source: str = ""

    @property
    def chars(self) -> int:
        """Characters of text, captions not counted."""
        return sum(len(block.text) for block in self.blocks if block.kind != "caption")


def from_layout(page: Page, layout: Layout) -> Body:
    """What the layout's selectors find; an empty body where they find nothing."""
    body = Body()
    for css in layout.body:
        elements = [e for e in page.select(css)[:40] if not isinstance(e, str)]
        if not elements:
            continue
        apart = _outermost(elements)
        body.candidates = max(body.candidates, len(apart))
        chosen = max(apart[:10], key=text_length) if len(apart) > 1 else apart[0]
        body.removed = {e for rule in layout.remove for e in page.select(rule)}
        body.removed |= boilerplate.noisy_elements(chosen)
        if layout.until:
            body.removed |= _from_first_on(page, layout.until, chosen)
        body.removed.discard(chosen)
        captions = {e for rule in layout.captions for e in page.select(rule)}
        leads = [e for rule in layout.lead for e in page.select(rule)[:1]]
        body.elements = [e for e in leads if not _inside(e, chosen) and not _inside(chosen, e)]
        body.elements.append(chosen)
        order = page.index.order
        start = order.get(chosen, 0)
        places = sorted(captions, key=lambda e: order.get(e, 0))
        printed = {e: [Block("caption", b.text, 0.0, e) for b in blocks(e)] for e in places}
        found = [b for e in places if order.get(e, 0) < start for b in printed[e]]
        found += [b for e in body.elements for b in blocks(e, body.removed | captions)]
        found += [b for e in places if order.get(e, 0) >= start for b in printed[e]]
        body.blocks = boilerplate.clean(found)
        body.dropped = _difference(found, body.blocks)
        body.source = "layout"
        if body.blocks:
            break
    return body


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


def from_html(html: str, url: str, source: str) -> Body:
    """A body that the page carries as data; its elements are none of the page's."""
    root = Page(html, url).root
    found = blocks(root, boilerplate.noisy_elements(root))
    return Body(boilerplate.clean(found), source=source)


def from_text(text: str, url: str, source: str) -> Body:
    """A body that the page carries as plain text, a line for each paragraph."""
    html = "".join(f"<p>{line.replace('<', '&lt;')}</p>" for line in text.split("\n"))
    return from_html(html, url, source)


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
