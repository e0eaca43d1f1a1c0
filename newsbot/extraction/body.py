"""Body: the blocks of an article's text, from a layout's selectors or the data a page carries.

What stands inside the body and is no text of it goes: by name, by phrase, and at both ends the
headline again, the byline, the date line and the lead printed twice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from lxml.etree import _Element as Element

from newsbot.extraction import boilerplate, fields
from newsbot.extraction.blocks import Block, blocks, text_length
from newsbot.extraction.dates import find_dates
from newsbot.extraction.page import Page
from newsbot.profiles import Layout

_ENDS = 4
"""Blocks at each end of the text that may be headline, byline or date line."""
_FEW = 3
"""Elements that hold text and more beside it, as the cells of old tables do."""
_SLACK = 20
"""Characters, mostly marks, by which two prints of one headline may differ in length."""
_META_LINE = 120
"""Characters; a byline or date line is no longer."""
_COUNTERS = re.compile(r"[\d\s.,:|•·/()–—-]+")
_NO_LETTERS = re.compile(r"[\W_]+")
_TIME = re.compile(r"\b\d{1,2}[:.]\d{2}(?:[:.]\d{2})?\b")


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
        told = {e: [Block("caption", b.text, 0.0, e) for b in blocks(e)] for e in places}
        found = [b for e in places if order.get(e, 0) < start for b in told[e]]
        found += [b for e in body.elements for b in blocks(e, body.removed | captions)]
        found += [b for e in places if order.get(e, 0) >= start for b in told[e]]
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
    return [line for line in lines if line not in kept and len(line) <= 2 * _META_LINE]


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


# -- both ends of the text --------------------------------------------------------------------------


def tidy(
    found: list[Block],
    *,
    title: str | None,
    authors: Sequence[str],
    zone: ZoneInfo,
    fetched_at: datetime | None,
) -> list[Block]:
    """Blocks without the headline, byline, date line and lead that some templates print again."""
    kept: list[Block] = []
    headline = letters(title or "")
    names = {letters(name) for name in authors}
    count = len(found)
    for position, block in enumerate(found):
        at_start, at_end = len(kept) < _ENDS, position >= count - _ENDS
        text = block.text
        if block.kind != "caption" and (at_start or at_end) and len(text) <= 300:
            alike = title and abs(len(text) - len(title)) <= _SLACK
            if at_start and alike and letters(text) == headline:
                continue
            if len(text) <= _META_LINE and (
                _is_byline(text, names) or is_date_line(text, zone, fetched_at)
            ):
                continue
        kept.append(block)
    return _without_double_lead(kept)


def letters(text: str) -> str:
    """Letters and digits of a text in lower case, for comparing what is printed twice."""
    return _NO_LETTERS.sub("", text).casefold()


def _is_byline(text: str, names: Collection[str]) -> bool:
    spelt = letters(text)
    if not any(name in spelt for name in names):
        return False
    people = fields.authors([text.replace("\n", ", ")])
    if people:
        return all(letters(name) in names for name in people) and len(text) < 40 + 30 * len(people)
    return spelt in names


def is_date_line(text: str, zone: ZoneInfo, fetched_at: datetime | None) -> bool:
    """Whether a line holds nothing but dates, counters and the words that go with them."""
    if _COUNTERS.fullmatch(text):
        return True
    if len(text) > 80 or not any(character.isdigit() for character in text):
        return False
    rest = text
    dates = find_dates(text, zone=zone, fetched_at=fetched_at)
    if not dates:
        return False
    for found in dates:
        rest = rest.replace(found.raw, " ")
    rest = _TIME.sub(" ", rest)
    return sum(map(str.isalpha, rest)) <= 14 and len(rest.split()) <= 3


def _without_double_lead(found: list[Block]) -> list[Block]:
    """A lead goes where the text begins with it again, whole or cut short by dots."""
    if len(found) < 2 or found[0].kind == "caption":
        return found
    first = found[0].text
    beginning = first[:8].casefold()
    if not any(other.text[:8].casefold() == beginning for other in found[1:3]):
        return found
    start = letters(first)
    if len(start) < 30:
        return found
    for other in found[1:3]:
        whole = letters(other.text)
        if whole == start or (whole.startswith(start) and first.rstrip().endswith(("…", "..."))):
            kind = "p" if found[0].kind == "p" else other.kind
            return [b if b is not other else replace(b, kind=kind) for b in found[1:]]
    return found
