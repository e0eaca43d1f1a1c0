"""learn_places: how a person would name the place of an element: by classes and ids that the site repeats.

What learns layouts looks at many pages of one site; a name with numbers in it, or that only few pages
carry, speaks of one page and is never used. Positions are the last resort.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

from lxml.etree import _Element as Element

from archive.article import Article
from newsbot.extraction.blocks import blocks, inline_text, text_length
from newsbot.extraction.fields import letters
from newsbot.extraction.page import Page

FEW = 3
"""Pages; a name that fewer carry belongs to them, not to a template."""
LEAST = 5
"""Pages on which a selector must be right."""
SHORT = 300
"""Characters of the longest text that may be a headline, a byline or a date."""
_ABOVE = 5
"""Named elements around a place that are looked at."""
_MOST_PLACES = 18
"""Elements of a page that say a value, at most; what more say is in every menu."""
_MOST_CANDIDATES = 24
"""Selectors of a field that are tried."""
_NAME = re.compile(r"[A-Za-z_](?:[A-Za-z_-]|\d(?!\d))*")
"""Names of templates; with numbers of two digits they are of pages, and others would need escapes."""
_NUMBERED = re.compile(r"[-_]\d+$")
_SPEAKING = frozenset(["article", "main", "header", "footer", "aside", "nav", "h1", "time"])
"""Tags that say what they hold."""
_NO_PLACE = frozenset(["nofollow", "noopener", "noreferrer", "external"])
"""Values of `rel` that say nothing of what is linked."""
_HIDDEN = frozenset(["script", "style", "noscript", "template", "select", "option", "svg"])

Place = tuple[Element, str]
"""An element, and what selectors that yield its value end in: "" or `::attr(datetime)`."""
spelt = lru_cache(maxsize=1 << 16)(letters)
"""`letters`, remembered: the same texts are compared with many values."""


@dataclass(frozen=True, eq=False)
class PageSample:
    """A page of a site, and what is known of it from elsewhere: its data, its source, the generic reading."""

    page: Page
    known: Article
    """The values; one that is no article is an example of what layouts must not take for one."""
    at: datetime
    """When the page was last served."""

    @cached_property
    def names(self) -> frozenset[str]:
        """Classes and ids of the page, as selectors."""
        index = self.page.index
        found = {f".{name}" for classes in index.classes for name in classes.split()}
        return frozenset(filter(_is_name, found | {f"#{name}" for name in index.ids}))

    @cached_property
    def body(self) -> Element:
        """The page without its head."""
        body = self.page.root.find("body")
        return self.page.root if body is None else body

    @cached_property
    def lines(self) -> list[tuple[Element, str, str]]:
        """Elements with a short text, in page order, that text, and its letters."""
        found = []
        stack = [self.body]
        while stack:
            element = stack.pop()
            if not isinstance(element.tag, str) or element.tag in _HIDDEN:
                continue
            stack.extend(reversed(element))
            if 0 < text_length(element) <= 2 * SHORT:
                text = inline_text(element)
                if text and len(text) <= SHORT:
                    found.append((element, text, spelt(text)))
        return found

    @cached_property
    def blocks(self) -> list[tuple[str, list[Element]]]:
        """The letters of each block, and its element with those around it."""
        return [
            (spelt(b.text), [b.element, *b.element.iterancestors()])
            for b in blocks(self.body)
            if b.kind != "caption"
        ]

    def places(self, hits: Iterable[Element]) -> list[Place]:
        """Elements with the elements around them that say the same; none where there are too many."""
        found: dict[Element, None] = {}
        for element in hits:
            found.setdefault(element)
            text = inline_text(element)
            for above in element.iterancestors():
                if above is self.body or text_length(above) > 2 * SHORT:
                    break
                if inline_text(above) != text:
                    break
                found.setdefault(above)
        return [(element, "") for element in found] if len(found) <= _MOST_PLACES else []


def _is_name(token: str) -> bool:
    return bool(_NAME.fullmatch(token[1:])) and not _NUMBERED.search(token) and len(token) < 60


def common_names(samples: Iterable[PageSample], least: int = FEW) -> frozenset[str]:
    """Classes and ids, as selectors, that at least so many pages carry."""
    counts = Counter(name for sample in samples for name in sample.names)
    return frozenset(name for name, count in counts.items() if count >= least)


def own_names(element: Element, common: frozenset[str]) -> list[str]:
    """Selectors of an element by its own names."""
    classes = [f".{name}" for name in (element.get("class") or "").split()]
    found = [name for name in [f"#{element.get('id')}", *classes] if name in common]
    for attribute in ("itemprop", "rel"):
        words = (element.get(attribute) or "").split()[:2]
        names = [word for word in words if _NAME.fullmatch(word) and word not in _NO_PLACE]
        found += [f'[{attribute}~="{word}"]' for word in names]
    return found


def _selectors(element: Element, common: frozenset[str]) -> Iterator[tuple[str, int]]:
    """Selectors that match an element, and others of its kind on other pages.

    Each with how many named elements up it begins: what begins nearer matches less by chance.
    """
    tag = str(element.tag)
    own = own_names(element, common)
    yield from ((name, 0) for name in own)
    if tag in _SPEAKING:
        yield tag, 0
    around: list[tuple[str, int]] = []
    for above in element.iterancestors():
        if above.tag in ("body", "html") or len(around) >= _ABOVE:
            break
        names = [name for name in own_names(above, common) if not name.startswith("[rel")]
        names = names or ([str(above.tag)] if above.tag in _SPEAKING else [])
        distance = around[-1][1] + 1 if around else 1
        around += [(name, distance) for name in names]
    for outer, distance in around:
        yield from ((f"{outer} {name}", distance) for name in own)
        yield f"{outer} {tag}", distance
    before = sum(1 for _ in element.itersiblings(tag, preceding=True))
    last = next(element.itersiblings(tag), None) is None
    if around and not (before == 0 and last):
        yield f"{around[0][0]} {tag}:nth-of-type({before + 1})", 1
        if last:
            yield f"{around[0][0]} {tag}:last-of-type", 1


def propose(places: Iterable[Iterable[Place]], common: frozenset[str]) -> list[str]:
    """Selectors of the places that pages name, the best to read first; not those of few pages."""
    votes: Counter[str] = Counter()
    near: dict[str, int] = {}
    for page in places:
        proposed: dict[str, int] = {}
        for element, suffix in page:
            for css, distance in _selectors(element, common):
                proposed[css + suffix] = min(distance, proposed.get(css + suffix, distance))
        votes.update(proposed.keys())
        for css, distance in proposed.items():
            near[css] = min(distance, near.get(css, distance))
    known = [css for css, count in votes.items() if count >= LEAST]
    best = sorted(known, key=lambda css: (-votes[css], rank(css, near[css])))[:_MOST_CANDIDATES]
    return sorted(best, key=lambda css: rank(css, near[css]))


def is_last_resort(css: str) -> bool:
    """Whether a selector tells a place by its position, or by what is shown to a pointer."""
    return ":nth-of-type" in css or css.endswith((":last-of-type", "::attr(title)"))


def rank(css: str, distance: int = 0) -> tuple[int, int, int, int, str]:
    """What is for machines, easier to read and lasts longer comes first: names, tags, positions."""
    place, _, attribute = css.partition("::")
    last = place.split()[-1]
    kind = 2 if is_last_resort(css) else 0 if last[0] in ".#[" else 1
    if attribute in ("attr(datetime)", "attr(content)"):
        kind = -1
    return kind, len(css.split()), distance, len(css), css
