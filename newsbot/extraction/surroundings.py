"""surroundings: what is printed near an article about it: byline, date line, counters, section.

The fallback where a layout names no selector for a field or its selector finds nothing. Elements
are judged by words in their class names and icons, then short lines by what they say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import takewhile
from urllib.parse import unquote

from lxml.etree import _Element as Element

from newsbot import vocabulary
from newsbot.extraction import fields
from newsbot.extraction.blocks import (
    HEADINGS,
    SKIPPED_TAGS,
    Block,
    blocks,
    first_link,
    inline_text,
    is_hidden,
    text_beside,
    text_length,
)
from newsbot.extraction.page import Page
from newsbot.vocabulary import pattern

# Words between hyphens. A number may follow the first two.
_WORD, _NUMBERED = r"(?:^|-){}(?=-|$)", r"(?:^|-){}\d*(?=-|$)"
_FIELD_NAMES = {
    name: pattern("elements", f"fields.{name}", within=_NUMBERED)
    for name in vocabulary.subject("elements")["fields"]
}
_OTHER = pattern("elements", "near.other", within=_NUMBERED)
_COMMENT = pattern("elements", "near.comment", within=r"(?:^|[\s_-]){}(?:$|[\s_-])")
_TAGS = pattern("elements", "near.tags", within=_WORD)
_LEAD = pattern("elements", "near.lead", within=_WORD)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|_+")
_ASIDE = ("nav", "aside", "form")
_LEAD_SIZES = (50, 700)
_PROSE, _FULL_STOP = 100, re.compile(r"[.!?…։。؟۔][\"'»”’)\]]*$")
BETWEEN, ABOVE, BELOW = range(3)  # where it stands: nearer is less
_DATE_LIKE = re.compile(
    r"\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}:\d{2}(?::\d{2})?\b"
    r"|\b\d{1,2}\s+[^\W\d]{3,12},?\s+\d{4}\b"
)
_COUNTER = pattern("counters", "thousands", within=r"[^\d:]{0,40}\d[\d\s.,]*{}?[^\d:]{0,30}")
Named = tuple[tuple[int, int], str, Element]
"""How far away a short text stands (less is nearer), the text, and its element."""
_NAMES = 300
"""Characters of a class or id that are looked at; what is longer is no name."""
_MAX_COUNTER = 60
"""Characters of the longest counter."""
_MOST_DATES = 24
"""Texts that are looked at for a date."""
MAX_LINE = 160
"""Characters of a line that may be a byline, a date line or a counter."""


def _names_of(element: Element) -> tuple[str, str]:
    """An element's class and id."""
    return (element.get("class") or "")[:_NAMES], (element.get("id") or "")[:_NAMES]


def names_of(element: Element) -> str:
    """Class and id as words between hyphens, with two hyphens between two names."""
    return _words(*_names_of(element))


def _words(css_class: str, css_id: str) -> str:
    """Class and id as words between hyphens, with two hyphens between two names."""
    return _HUMP.sub("-", "--".join((*css_class.split(), *css_id.split())))


@lru_cache(maxsize=16384)
def _kind(css_class: str, css_id: str) -> str | None:
    """The field that an element's names promise; None for none and for more than one."""
    names = _words(css_class, css_id)
    if _OTHER.search(names):
        return None
    found = [kind for kind, names_of in _FIELD_NAMES.items() if names_of.search(names)]
    if len(found) == 2 and "comments" in found and "views" in found:
        return None
    return found[0] if len(found) == 1 else None


@lru_cache(maxsize=16384)
def _speaks_of_other(css_class: str, css_id: str) -> bool:
    """Whether an element's names say that it speaks of other things than this article."""
    return bool(_OTHER.search(_words(css_class, css_id)))


@lru_cache(maxsize=16384)
def _is_comment(css_class: str) -> bool:
    return bool(_COMMENT.search(css_class))


@lru_cache(maxsize=16384)
def _is_lead(css_class: str) -> bool:
    return bool(_LEAD.search(_words(css_class, "")))


@lru_cache(maxsize=16384)
def _is_tags(css_class: str) -> bool:
    return bool(_TAGS.search(_words(css_class, "")))


@dataclass
class Surroundings:
    """Short pieces of text near an article, nearest first."""

    page: Page
    title: Element | None
    body: list[Element]
    """Elements that hold the text; empty where there is none."""
    removed: set[Element] = field(default_factory=set)
    """Elements inside those that are no text: a byline may be among them."""
    dropped: list[str] = field(default_factory=list)
    """Lines inside those that are no text."""
    levels: int = 0
    """Elements by which what is looked at is wider than usual."""

    def wider(self) -> Surroundings:
        """The same with more of the page around the article."""
        return replace(self, levels=4)

    @cached_property
    def _whole(self) -> Element:
        root = self.page.root.find("body")
        return self.page.root if root is None else root

    @cached_property
    def core(self) -> Element:
        """The smallest element around title and text."""
        if not self.body:
            return self._whole
        chain = [self.body[0], *self.body[0].iterancestors()]
        for other in (*self.body[1:], *([] if self.title is None else [self.title])):
            above = {other, *other.iterancestors()}
            chain = [e for e in chain if e in above]
        return chain[0] if chain and self._whole in chain else self._whole

    @cached_property
    def _scope(self) -> Element:
        """One level wider than the core, for what follows it; two where there is no title."""
        scope = self.core
        for _ in range(self.levels + (1 if self.title is not None else 2)):
            parent = scope.getparent()
            if parent is None or scope is self._whole:
                break
            scope = parent
        return scope

    def in_core(self, element: Element) -> bool:
        """Whether an element stands between or beside title and text, within what holds both."""
        return self.core in (element, *element.iterancestors())

    @cached_property
    def _holders(self) -> frozenset[Element]:
        """Everything around title and text, whatever it is named."""
        inner = (*self.body, *([] if self.title is None else [self.title]))
        return frozenset(above for element in inner for above in element.iterancestors())

    def holds(self, element: Element) -> bool:
        """Whether title or text stands inside an element."""
        return element in self._holders

    def _is_elsewhere(self, element: Element) -> bool:
        tag = element.tag
        if tag in _ASIDE:
            return True
        if tag == "footer" and self._scope.tag == "body":
            return self.core is self._whole or not self.in_core(element)
        if not element.keys():
            return False
        css_class, css_id = _names_of(element)
        if not css_class and not css_id:
            return False
        if _speaks_of_other(css_class, css_id):
            return True
        # A reader's comment, as against the counter of comments.
        return _is_comment(css_class) and text_length(element) > _MAX_COUNTER

    @cached_property
    def _excluded(self) -> set[Element]:
        """The text, and the elements of the scope that speak of something else."""
        index, held = self.page.index, self._holders
        found = [e for tag in (*_ASIDE, "footer") for e in index.tags.get(tag, ())]
        for name, elements in (*index.classes.items(), *index.ids.items()):
            if _speaks_of_other(name[:_NAMES], "") or _is_comment(name[:_NAMES]):
                found += elements
        start = index.order.get(self._scope, 0)
        found = [e for e in found if e not in held and index.order[e] >= start]
        return {*self.body, *filter(self._is_elsewhere, found)}

    def is_near(self, element: Element) -> bool:
        """Whether an element stands in no sidebar, list of other articles or comment."""
        held = self._holders
        for above in (element, *element.iterancestors()):
            if above in held:
                return True
            if above not in self._body_set and self._is_elsewhere(above):
                return False
        return True

    def _distance(self, element: Element) -> tuple[int, int]:
        """Between title and text first, then above the title, then below the text."""
        order = self.page.index.order
        place = order.get(element, 0)
        first = order.get(self.body[0], 0) if self.body else 0
        above = order.get(self.title, first) if self.title is not None else first
        if above <= place <= first:
            return BETWEEN, place
        return (ABOVE, above - place) if place < above else (BELOW, place)

    @cached_property
    def named(self) -> dict[str, list[Named]]:
        """Short texts, nearest first, by the field that their elements' names promise."""
        found: dict[str, list[Named]] = {}
        stack = [self._scope]
        while stack:
            element = stack.pop()
            tag = element.tag
            if not isinstance(tag, str) or element in self._excluded:
                stack.extend(self._removed_inside.get(element, ()))
                continue
            if (tag in SKIPPED_TAGS and tag != "svg") or is_hidden(element):
                continue
            css_class, css_id = _names_of(element)
            kind = _kind(css_class, css_id) if css_class or css_id else None
            if tag == "time" or "date" in (element.get("itemprop") or ""):
                kind = "published"
            if kind == "section" and element.get("rel") == "tag":
                kind = None  # microformats call both `p-category`
            if kind and element is not self.title:
                text = inline_text(element)
                if kind == "section" and len(text) <= MAX_LINE:
                    text = inline_text(first_link(element))
                if not text or tag == "svg":
                    text = text_beside(element)
                if text and len(text) <= MAX_LINE:
                    found.setdefault(kind, []).append((self._distance(element), text, element))
                    # A byline's element may hold the date too.
                    if (tag != "div" and kind != "author") or len(element) == 0:
                        continue
            stack.extend(reversed(element))
        return {kind: sorted(pieces, key=lambda one: one[:2]) for kind, pieces in found.items()}

    def _named(self, kind: str) -> list[str]:
        return [text for _, text, _ in self.named.get(kind, [])]

    @cached_property
    def _body_set(self) -> frozenset[Element]:
        return frozenset(self.body)

    @cached_property
    def _removed_inside(self) -> dict[Element, list[Element]]:
        """What was removed from each part of the body, the last first; whole, not once more in parts."""
        order = self.page.index.order
        removed = self.removed - self._body_set
        inside: dict[Element, list[Element]] = {}
        for element in sorted(removed, key=lambda e: -order.get(e, 0)):
            for above in element.iterancestors():
                if above in removed:
                    break
                if above in self._body_set:
                    inside.setdefault(above, []).append(element)
        return inside

    @cached_property
    def lines(self) -> list[str]:
        """Short lines printed around the text."""
        return [line for _, line, _ in self._placed_lines]

    @cached_property
    def _blocks(self) -> list[Block]:
        """Blocks around the text, in page order."""
        excluded = self._excluded | ({self.title} if self.title is not None else set())
        return blocks(self._scope, excluded)

    @cached_property
    def short_blocks(self) -> list[Block]:
        """Short blocks around the text, in page order."""
        return [block for block in self._blocks if len(block.text) <= MAX_LINE]

    @cached_property
    def _placed_lines(self) -> list[tuple[int, str, Element | None]]:
        near = [
            (self._distance(block.element), position, block)
            for position, block in enumerate(self.short_blocks)
        ]
        near.sort(key=lambda piece: (piece[0][0], piece[1]))
        inside = [
            block
            for body in self.body
            for element in reversed(self._removed_inside.get(body, ()))
            if not _speaks_of_other(*_names_of(element))
            for block in blocks(element)
            if len(block.text) <= MAX_LINE
        ]
        pieces: list[tuple[int, str, Element | None]] = [
            (place[0], line, block.element)
            for place, _, block in near
            for line in block.text.split("\n")
        ]
        pieces += [(BETWEEN, block.text, block.element) for block in inside]
        pieces += [(BETWEEN, line, None) for line in self.dropped]
        return sorted(pieces, key=lambda piece: piece[0])

    def views(self) -> int | None:
        """Printed views."""
        counters = (text for text in self._named("views") if len(text) <= _MAX_COUNTER)
        for number in map(fields.view_count, filter(_COUNTER.fullmatch, counters)):
            if number is not None:
                return number
        stated = next((n for n in map(fields.stated_views, self.lines) if n is not None), None)
        return max(self._bare_counters, default=None) if stated is None else stated

    @cached_property
    def _bare_counters(self) -> list[int]:
        """Numbers without a word that share a line with the date: «28.09.2017 16:09 3032 0»."""
        for group, line, _ in self._placed_lines:
            rest, dates = _DATE_LIKE.subn(" ", line)
            if group == BETWEEN and dates and re.fullmatch(r"\W*\d{1,15}(?:\W+\d{1,15})?\W*", rest):
                return [int(number) for number in re.findall(r"\d+", rest)]
        return []

    def comments(self) -> int | None:
        """Printed number of comments."""
        counters = (text for text in self._named("comments") if len(text) <= _MAX_COUNTER)
        for number in map(fields.comment_count, counters):
            if number is not None:
                return number
        stated = next((n for n in map(fields.stated_comments, self.lines) if n is not None), None)
        if stated is None and len(self._bare_counters) == 2:
            return min(self._bare_counters)
        return stated

    def lead(self, said: str) -> str | None:
        """A paragraph between headline and text that is named as the article's lead.

        Or one of prose, or that begins with `said`, the letters of what the page says of itself.
        """
        for css_class, elements in self.page.index.classes.items():
            if not _is_lead(css_class[:_NAMES]):
                continue
            for element in elements[:2]:
                text = inline_text(element)
                if (
                    _LEAD_SIZES[0] <= len(text) <= _LEAD_SIZES[1]
                    and any(block.kind != "caption" for block in blocks(element))
                    and self._distance(element)[0] == BETWEEN
                    and self.is_near(element)
                    and element is not self.title
                    and not any(e in self._body_set for e in (element, *element.iter()))
                ):
                    return text
        between = [b for b in self._blocks if self._distance(b.element)[0] == BETWEEN]
        for block in takewhile(lambda b: b.kind != "heading" or not b.linked, between):
            begins = said and fields.letters(block.text[:_NAMES]).startswith(said)
            if (
                (begins or (len(block.text) >= _PROSE and _FULL_STOP.search(block.text)))
                and _LEAD_SIZES[0] <= len(block.text) <= _LEAD_SIZES[1]
                and block.kind in ("p", "heading")
                and not block.linked
            ):
                return block.text
        return None

    def captions(self) -> list[str]:
        """Captions of pictures between headline and text."""
        found = []
        for element in self.page.index.tags.get("figcaption", [])[:10]:
            is_outside = self._body_set.isdisjoint(element.iterancestors())
            if self._distance(element)[0] == BETWEEN and self.is_near(element) and is_outside:
                found.append(inline_text(element))
        return [text for text in found if text]

    def dates(self) -> list[tuple[bool, str, Element | None]]:
        """Short texts that may hold a date, likeliest first; whether their element is named so; it."""
        named = [(place[0], True, text, e) for place, text, e in self.named.get("published", [])]
        lines = [(group, False, text, e) for group, text, e in self._placed_lines]
        pieces: list[tuple[int, bool, str, Element | None]] = [*named, *lines]
        pieces.sort(key=lambda piece: (piece[0], not piece[1]))
        return [piece[1:] for piece in pieces[:_MOST_DATES]]

    def group(self, element: Element) -> int:
        """Where an element stands: `BETWEEN` headline and text, `ABOVE` both or `BELOW` them."""
        return self._distance(element)[0]

    def is_of_next_section(self, element: Element) -> bool:
        """Whether a heading below the text, or readers' comments, stand before an element."""
        return self.page.index.order.get(element, 0) > self._next_section

    @cached_property
    def _next_section(self) -> float:
        index = self.page.index
        sizes = ((index.order.get(e, 0), sum(1 for _ in e.iter("*"))) for e in self.body)
        end = max((start + size for start, size in sizes), default=0)
        headings = (e for tag in HEADINGS for e in index.tags.get(tag, []))
        places = (index.order.get(e, 0) for e in headings if e is not self.title)
        return min((place for place in places if place >= end), default=float("inf"))

    def is_outside(self, element: Element) -> bool:
        """Whether an element neither is nor holds headline or text."""
        return element not in self._holders and element not in self._body_set

    def tags(self) -> list[str]:
        """Printed tags: the links of an element named so, or a line «Тегтер: …»."""
        for css_class, elements in self.page.index.classes.items():
            if _is_tags(css_class[:_NAMES]):
                for element in elements[:3]:
                    found = [inline_text(a) for a in element.iter("a")]
                    if found and self.is_near(element):
                        return found
        return next(filter(None, map(fields.stated_tags, self.dropped)), [])

    def section(self) -> str | None:
        """The printed section, where an element is named as such."""
        for text in self._named("section"):
            if 2 < len(text) <= 60 and not any(character.isdigit() for character in text):
                return text
        return None

    def links_to(self, address: re.Pattern[str]) -> list[tuple[Element, str]]:
        """Links near the article whose address matches, with their text, nearest first."""
        found = []
        for link in self.page.index.tags.get("a", []):
            path = unquote(link.get("href") or "")
            if not address.search(path) or not self._is_beside(link):
                continue
            text = inline_text(link)
            if text and len(text) <= _MAX_COUNTER:
                found.append((self._distance(link), link, text))
        return [(link, text) for _, link, text in sorted(found, key=lambda piece: piece[0])]

    def _is_beside(self, element: Element) -> bool:
        """Whether an element stands beside the text, in what holds the article."""
        around = list(element.iterancestors())
        return self._scope in around and self.removed.issuperset(
            self._excluded.intersection(around)
        )
