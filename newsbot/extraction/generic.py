"""Generic extractor: the body of an article on a page of an unknown site.

Blocks are weighed as prose, the element that holds most of it nearest is the body, its neighbours
join it when they read alike, and each block must then earn its place. Data first, no site's rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from lxml import etree
from lxml.etree import _Element as Element

from newsbot.extraction.blocks import Block, blocks
from newsbot.extraction.page import Page

# Words in class and id attributes. `_ALIEN`: never body text, whatever its size.
_ALIEN = re.compile(
    r"comment(?!ary|aire)|kommentar|disqus|(?<!cor)respond\b|reviews?-(?:list|form|block)|related|recommend"
    r"|newsletter|breadcrumb|cookie|consent|pagination|pagenav|outbrain|taboola|author-?(?:bio|box|info|desc)"
    r"|see-?also|read-?(?:also|next)|similar|prev-?next|next-?prev|sponsor|footer|most-?(?:read|viewed)"
    r"|popular|trending|share|sharing|copyright",
    re.I,
)
# `_SIDE`: not body text unless most of the page's prose stands there (themes name layouts so).
_SIDE = re.compile(
    r"sidebar|side-bar|social|subscri|advert|masthead|navbar|toolbar|navigation|disclaimer|byline|rating"
    r"|teasers|teaser-?(?:list|box|item|wrap)|promo(?:\b|[-_])|signup|sign-up"
    r"|more-?(?:news|stories|on|from|articles|posts)|print-?(?:only|link)|speedbar|(?:post|entry|article)-?meta"
    r"|login|register|skip-?link|timestamp|tooltip|widget-?area|tags-|tag-?(?:list|cloud|links)"
    r"|(?:^|[\s_-])(?:ads?|banner|nav|menu|meta|date|time|author|irp|aside|modal|popup|dateline|tags"
    r"|crumbs?|reklama|soc|likes?|votes?|pubdate|caption|credits?|hits|tools|bio|widget)(?:$|\s|_)",
    re.I,
)
# A standfirst under the headline.
_STANDFIRST = re.compile(
    r"(?:^|[\s_-])(?:dek|standfirst|sub-?(?:title|head|heading|headline|line)|abstract|excerpt|heading-des)"
    r"|header(?:$|[\s_-])|caption|messenger",
    re.I,
)
# Names of an element that holds a whole body.
_BODY = re.compile(
    r"(?:article|entry|post|story|news|detail|full|item|single|field-name)[-_]{0,2}(?:body|content|text|copy)"
    r"|articlebody|full-?story",
    re.I,
)
# WordPress prints an article's tags and sections into the class of the article itself.
_POST = re.compile(r"(?:^|\s)(?:hentry|type-post)(?:\s|$)")
_SENTENCE_END = re.compile(r"[.!?…:;։。؟]['\"»”’)\]]*$")
_PROSE_MIN = 25
WMIN = 0.1
WDEN = 0.6
_DECAY = 0.7
_LEVELS = 5
_INLINE = frozenset("span a i b em strong small time font cite label s u sup sub".split())
_WHOLE = frozenset(["html", "body", "main", "article", "h1"])
_PARAGRAPHS = _INLINE | frozenset("p li ul ol dl dd dt blockquote h1 h2 h3 h4 h5 h6 pre center".split())


@lru_cache(maxsize=8192)
def _hint(css_class: str, css_id: str) -> int:
    """How much a name speaks against body text: 2 alien, 1 on the side, 0 nothing."""
    name = f"{css_class} {css_id}"
    if _POST.search(name):
        return 0
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


class _Weighed:
    """Blocks of a page with the prose that each of their ancestors holds."""

    def __init__(self, root: Element) -> None:
        self.blocks = blocks(root, _inline_noise(root))
        self.weights = [_weight(block) for block in self.blocks]
        self.total = sum(self.weights)
        self.held: dict[Element, float] = {}
        for block, weight in zip(self.blocks, self.weights, strict=True):
            self.held[block.element] = self.held.get(block.element, 0.0) + weight
        self.order = list(root.iter(etree.Element))
        for element in reversed(self.order):
            weight = self.held.get(element, 0.0)
            parent = element.getparent()
            if weight and parent is not None:
                self.held[parent] = self.held.get(parent, 0.0) + weight
        self.verdicts: dict[Element, bool] = {root: False}
        self.kept = [i for i, block in enumerate(self.blocks) if not self._noisy(block.element)]

    def _noisy(self, element: Element) -> bool:
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
        if not hint:
            return False
        share = self.held.get(element, 0.0) / self.total if self.total else 0.0
        return share < (0.8 if hint == 2 else 0.3)

    def core(self) -> Element | None:
        """The element around which prose is densest."""
        scores: dict[Element, float] = {}
        for index in self.kept:
            weight = self.weights[index]
            if not weight:
                continue
            element: Element | None = self._home(index)
            for _ in range(_LEVELS):
                if element is None:
                    break
                scores[element] = scores.get(element, 0.0) + weight
                weight *= _DECAY
                element = element.getparent()
        best = max(scores, key=lambda e: scores[e], default=None)
        return best

    def widened(self, core: Element) -> Element:
        """The core, or the element around it where the text goes on in other parts of it."""
        prose: dict[Element, float] = {}
        size: dict[Element, float] = {}
        for index in self.kept:
            block = self.blocks[index]
            size[block.element] = size.get(block.element, 0.0) + len(block.text)
            if block.kind != "item" and _is_prose(block):
                prose[block.element] = prose.get(block.element, 0.0) + len(block.text)
        for element in reversed(self.order):
            parent = element.getparent()
            if parent is not None and element in size:
                size[parent] = size.get(parent, 0.0) + size[element]
                prose[parent] = prose.get(parent, 0.0) + prose.get(element, 0.0)
        best = node = core
        while not _is_whole(node):
            parent = node.getparent()
            if parent is None or parent.tag in ("body", "html") or parent not in size:
                break
            more = prose[parent] - prose.get(best, 0.0)
            if more > WMIN * prose.get(best, 0.0) and more > WDEN * (size[parent] - size[best]):
                best = parent
            node = parent
        return best

    def _home(self, index: int) -> Element:
        """The element that a block's weight belongs to: what holds its paragraph."""
        element = self.blocks[index].element
        near = self.blocks[max(0, index - 1) : index + 2]
        alone = sum(block.element is element for block in near) == 1
        while alone or element.tag in _PARAGRAPHS:
            parent = element.getparent()
            if parent is None:
                break
            element = parent
            alone = False
        return element


def _normal(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _title_at(page: Page, found: list[Block], start: int, middle: int) -> int:
    """Index of the last block up to `start` that repeats the page's title, or -1.

    An `h1` is believed up to `middle`: some bodies begin with prose above their title.
    """
    titles = [_normal(title) for title in (page.meta("og:title"), page.first(["title"])) if title]
    for index in range(middle, -1, -1):
        block = found[index]
        if index > start and block.element.tag != "h1":
            continue
        if len(block.text) > 400 or (block.linked > 0.5 and block.kind != "heading"):
            continue
        text = _normal(block.text)
        if len(text) > 14 and any(t.startswith(text) or text.startswith(t) for t in titles):
            return index
    for index in range(start, -1, -1):
        if found[index].element.tag == "h1":
            return index
    return -1


def _bare(block: Block) -> float:
    """Characters outside links."""
    return len(block.text) * (1 - block.linked)


def _is_prose(block: Block) -> bool:
    return (
        block.kind != "caption"
        and block.linked < 0.3
        and len(block.text) >= 60
        and bool(_SENTENCE_END.search(block.text))
    )


def _is_whole(element: Element) -> bool:
    """Whether an element says that it holds a whole body, so that none is left outside it."""
    if element.tag in ("article", "main") or element.get("itemprop") == "articleBody":
        return True
    return bool(_BODY.search(f"{element.get('class') or ''} {element.get('id') or ''}"))


def _in_masthead(element: Element) -> bool:
    """Whether an element belongs to the headline: a standfirst sums an article up, outside it."""
    node: Element | None = element
    for _ in range(4):
        if node is None:
            break
        name = f"{node.get('class') or ''} {node.get('id') or ''}"
        if node.tag in ("header", "h2", "h3") or _STANDFIRST.search(name):
            return True
        node = node.getparent()
    return False


def _extended(weighed: _Weighed, core: Element, wide: Element, title: int) -> list[int]:
    """Indices of the blocks of the body: of the core, and of what continues it around it."""
    found = weighed.blocks
    first = next(i for i in weighed.kept if _within(found[i].element, core))
    picked: list[int] = []
    for i in weighed.kept:
        element = found[i].element
        if i < first:
            lead = title >= 0 and _is_prose(found[i])
            if i > title and (lead or _within(element, wide)) and not _in_masthead(element):
                picked.append(i)
        elif _within(element, wide):
            picked.append(i)
    return picked


def _belongs(block: Block) -> bool:
    if block.kind == "caption":
        return True
    if block.linked > 0.5:
        return _bare(block) >= 50 and bool(_SENTENCE_END.search(block.text))
    return True


def main_blocks(page: Page) -> list[Block]:
    """Blocks of the article's body, in reading order; captions are marked as such."""
    root = page.root.find("body")
    if root is None:
        root = page.root
    weighed = _Weighed(root)
    core = weighed.core()
    if core is None:
        return []
    wide = weighed.widened(core)
    found = weighed.blocks
    inside = [i for i in weighed.kept if _within(found[i].element, wide)]
    total = sum(weighed.weights[i] for i in inside)
    run, middle = 0.0, inside[0]
    for i in inside:
        run += weighed.weights[i]
        middle = i
        if run >= 0.3 * total:
            break
    start = next((i for i in inside if _is_prose(found[i])), inside[0])
    title = _title_at(page, found, start, middle)
    picked = [i for i in _extended(weighed, core, wide, title) if i > title]
    return _trimmed([found[i] for i in picked])


def _trimmed(body: list[Block]) -> list[Block]:
    """The body without links that stand alone, their labels, and what is not text at its ends."""
    kept: list[Block] = []
    link_follows = False
    for block in reversed(body):
        if not _belongs(block):
            link_follows = True
        elif link_follows and _is_label(block):
            continue
        else:
            link_follows = False
            kept.append(block)
    kept.reverse()
    while kept and TAIL(kept[-1]):
        kept.pop()
    first = next((i for i, block in enumerate(kept) if not HEAD(block)), 0)
    return [b for b in kept[:first] if b.kind == "caption"] + kept[first:]


def _is_label(block: Block) -> bool:
    return len(block.text) < 60 and (block.kind == "heading" or block.text.endswith(":"))


def TAIL(b):
    if b.kind == "heading": return True
    if b.kind in ("row","caption", "quote"): return False
    if b.linked > 0.2 and len(b.text) < 250: return True
    return b.kind == "p" and len(b.text) < 40 and not _SENTENCE_END.search(b.text)

def HEAD(b):
    if b.kind=="caption": return True
    return b.kind in ("p","item") and len(b.text) < 60 and not _SENTENCE_END.search(b.text)


def _within(element: Element, ancestor: Element) -> bool:
    return element is ancestor or any(e is ancestor for e in element.iterancestors())
