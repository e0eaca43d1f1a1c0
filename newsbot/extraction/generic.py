"""Generic extractor: the body of an article on a page of an unknown site.

Blocks are weighed as prose, the element that holds most of it nearest is the body, its neighbours
join it when they read alike, and each block must then earn its place. Data first, no site's rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from lxml.etree import _Element as Element

from newsbot.extraction.blocks import Block, blocks
from newsbot.extraction.page import Page

# Words in class and id attributes. `_ALIEN`: never body text, whatever its size.
_ALIEN = re.compile(
    r"comment|kommentar|disqus|respond\b|reviews?[-_]|related|recommend|newsletter|breadcrumb|cookie|consent"
    r"|pagination|pagenav|outbrain|taboola|author-?(?:bio|box|info)|see-?also|read-?(?:also|next)|similar"
    r"|prev-?next|next-?prev|sponsor|footer|most-?(?:read|viewed)|popular|trending|share|sharing|copyright",
    re.I,
)
# `_SIDE`: not body text unless most of the page's prose stands there (themes name layouts so).
_SIDE = re.compile(
    r"sidebar|side-bar|social|subscri|advert|masthead|navbar|toolbar|navigation|disclaimer|byline|rating|teaser"
    r"|promo(?:\b|[-_])|signup|sign-up|read-?more|more-?(?:news|stories|on|from|articles|posts)|paywall"
    r"|print-?(?:only|link)|speedbar|post-?meta|entry-?meta|article-?meta|login|register|skip-?link|timestamp|tooltip"
    r"|(?:^|[\s_-])(?:ads?|banner|nav|menu|meta|tags?|date|time|author|irp|aside|topics?|widget|modal|popup|header"
    r"|crumbs?|reklama|soc|likes?|views?|votes?|pubdate|caption|credit|credits|hits|tools|bio)(?:$|[\s_-])",
    re.I,
)
_SENTENCE_END = re.compile(r"[.!?…:;։。؟]['\"»”’)\]]*$")
_PROSE_MIN = 25
_DECAY = 0.7
_LEVELS = 5
_INLINE = frozenset("span a i b em strong small time font cite label s u sup sub".split())
_WHOLE = frozenset(["html", "body", "main", "article", "h1"])
_PARAGRAPHS = _INLINE | frozenset("p li ul ol dl dd dt blockquote h1 h2 h3 h4 h5 h6 pre center".split())


@lru_cache(maxsize=8192)
def _hint(css_class: str, css_id: str) -> int:
    """How much a name speaks against body text: 2 alien, 1 on the side, 0 nothing."""
    name = f"{css_class} {css_id}"
    if _ALIEN.search(name):
        return 2
    return 1 if _SIDE.search(name) else 0


def _element_hint(element: Element) -> int:
    css_class, css_id = element.get("class"), element.get("id")
    if not css_class and not css_id:
        return 0
    return _hint(css_class or "", css_id or "")


def _inline_noise(root: Element) -> set[Element]:
    """Small inline elements that are no text of the sentence they stand in: dates, counters."""
    found: set[Element] = set()
    for element in root.iter("span", "time", "small", "i"):
        if _element_hint(element) and len("".join(element.itertext())) < 60:
            found.add(element)
    return found


def _weight(block: Block) -> float:
    """How much a block speaks for body text around it, in characters of prose."""
    if block.kind in ("caption", "row") or block.linked > 0.5:
        return 0.0
    size = len(block.text)
    if size < _PROSE_MIN:
        return 0.0
    weight = min(size, 1000) * (1 - block.linked) ** 2
    if not _SENTENCE_END.search(block.text):
        weight *= 0.3
    return weight


def _home(block: Block, alone: bool) -> Element:
    """The element that a block's weight belongs to: what holds its paragraph."""
    element = block.element
    while alone or element.tag in _PARAGRAPHS:
        parent = element.getparent()
        if parent is None:
            break
        element = parent
        alone = False
    return element


class _Weighed:
    """Blocks of a page with the prose that each of their ancestors holds."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self.blocks = blocks(root, _inline_noise(root))
        self.weights = [_weight(block) for block in self.blocks]
        self.held: dict[Element, float] = {}
        self.total = sum(self.weights)
        for block, weight in zip(self.blocks, self.weights, strict=True):
            element: Element | None = block.element
            while weight and element is not None:
                self.held[element] = self.held.get(element, 0.0) + weight
                element = element.getparent()
        self.verdicts: dict[Element, bool] = {root: False}

    def noisy(self, element: Element) -> bool:
        """Whether an element or one around it is named as something else than body text."""
        chain: list[Element] = []
        node: Element | None = element
        while node is not None and node not in self.verdicts:
            chain.append(node)
            node = node.getparent()
        verdict = node is not None and self.verdicts[node]
        for node in reversed(chain):
            verdict = verdict or self._own_noise(node)
            self.verdicts[node] = verdict
        return verdict

    def _own_noise(self, element: Element) -> bool:
        if element.tag in _WHOLE:
            return False
        hint = _element_hint(element)
        if element.tag == "header":
            hint = max(hint, 1)
        if not hint:
            return False
        share = self.held.get(element, 0.0) / self.total if self.total else 0.0
        return share < (0.8 if hint == 2 else 0.3)

    def container(self, kept: list[int]) -> Element | None:
        """The element around which prose is densest."""
        scores: dict[Element, float] = {}
        for index in kept:
            weight = self.weights[index]
            if not weight:
                continue
            block = self.blocks[index]
            alone = not any(
                self.blocks[i].element is block.element
                for i in (index - 1, index + 1)
                if 0 <= i < len(self.blocks)
            )
            element: Element | None = _home(block, alone)
            for _ in range(_LEVELS):
                if element is None:
                    break
                scores[element] = scores.get(element, 0.0) + weight
                weight *= _DECAY
                element = element.getparent()
        return max(scores, key=lambda e: scores[e], default=None)


def main_blocks(page: Page) -> list[Block]:
    """Blocks of the article's body, in reading order; captions are marked as such."""
    root = page.root.find("body")
    if root is None:
        root = page.root
    weighed = _Weighed(root)
    kept = [i for i, block in enumerate(weighed.blocks) if not weighed.noisy(block.element)]
    body = weighed.container(kept)
    if body is None:
        return []
    inside = [weighed.blocks[i] for i in kept if _within(weighed.blocks[i].element, body)]
    return [b for b in inside if b.linked < 0.5 and b.kind != "caption"]


def _within(element: Element, ancestor: Element) -> bool:
    return element is ancestor or any(e is ancestor for e in element.iterancestors())
