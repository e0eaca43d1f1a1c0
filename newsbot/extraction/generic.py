"""Generic extractor: the body of an article on a page of an unknown site.

Blocks are weighed as prose; the element that holds most of it nearest is the core, which grows
where the text goes on around it. No rules for a site and no words of a language decide it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from itertools import takewhile

from lxml.etree import _Element as Element

from newsbot.extraction.blocks import HEADINGS, Block, blocks
from newsbot.extraction.boilerplate import COMMENTS, boxes_to_fill, is_legal, without_teasers
from newsbot.extraction.fields import letters
from newsbot.extraction.naming import allowance, in_masthead, is_whole, name_of
from newsbot.extraction.page import Page

_TOGETHER = 0.6
"""Share of a page's prose from which parts of one name are the body between them."""
_SENTENCE_END = re.compile(r"[.!?…:;։。؟۔]['\"»”’)\]]*$")
_WHOLE = frozenset(["html", "body", "main", "article", "h1"])
_INLINE = frozenset(
    ["span", "a", "i", "b", "em", "strong", "small", "time", "font", "cite", "label", "s", "u"]
)
_PARAGRAPH = (
    _INLINE
    | HEADINGS
    | frozenset(["p", "li", "ul", "ol", "dl", "dd", "dt", "blockquote", "pre", "center"])
)
_MIN_WEIGHED = 25
"""Characters below which a block says nothing about where the body stands."""
_MAX_WEIGHED = 1000
"""Characters above which a block says no more: one endless block is no article by itself."""
_MAX_SCRAPS = 4
"""Lines that an end of the body may lose; a longer run of short lines is verse or a list."""
_MIN_PROSE = 60
"""Characters from which a block with a sentence's end is prose beyond doubt."""
_LONG = 250
"""Characters from which it is prose whatever it ends with: a link, a name in brackets."""
_LABEL = 60
"""Characters below which a line may be a label, a date or a name."""
_DECAY, _LEVELS = 0.7, 5
"""What a block counts for an element one level further out, and up to which level."""
_OPENING = 1.5
"""What an element gains that holds the first prose below the title."""
_ABOVE_TITLE = 0.3
"""What a block above the page's title counts."""
_TEASER = 0.2
"""What a block under a linked headline counts."""
_MIN_TEASERS = 3
"""Headlines with a line each that make the end of a body a list of other articles."""
_NOTES = 12
"""Lines of the longest page without prose that is a note, not a page without an article."""
_NOTICE = 0.5
"""Share of a core's prose in legal notices from which it is a footer."""
_GROWTH, _DENSITY = 0.15, 0.4
"""More prose, and share of prose in what is added, that an element must bring to widen the core."""
_PARTS = 3  # elements of one make in a core: the text goes on in others of that make
_DEPTH = 100
"""Levels that are climbed from a block; only hostile pages have more."""


def main_blocks(page: Page, shipped: Collection[Element] = ()) -> list[Block]:
    """The body of the page's article: visible blocks in reading order, captions marked as such.

    Title, standfirst, byline, navigation, related links and comments are left out. An empty list
    means that the page holds no prose; `shipped` is text that a browser hides. Pure and
    deterministic; never raises.
    """
    body = page.root.find("body")
    root = page.root if body is None else body
    found = blocks(root, _inline_noise(root) | boxes_to_fill(root), shipped)
    weights = _weights(found)
    titles = _titles(page, found)
    kept = _before_comments(found, _kept(root, found, weights, titles, shipped), titles)
    if titles:
        weights[: titles[0]] = [weight * _ABOVE_TITLE for weight in weights[: titles[0]]]
    core = _core(found, weights, kept, titles)
    if core is not None and _is_notice(found, weights, kept, core):
        weights = [0.0 if is_legal(b.text) else w for b, w in zip(found, weights, strict=True)]
        other = _core(found, weights, kept, titles)
        core = core if other is None else other
    if core is not None:
        text = _trimmed(without_teasers(_around(found, weights, kept, titles, core)))
        if text and not _is_apart(found, titles, text):
            return text
    return _notes(found, kept, titles)


# --- What a block, an element, a name is -----------------------------------------------------


def _weight(block: Block) -> float:
    """How much a block speaks for body text around it, in characters of prose."""
    size = len(block.text)
    if size < _MIN_WEIGHED or block.linked > 0.5 or block.kind in ("caption", "row"):
        return 0.0
    weight = min(size, _MAX_WEIGHED) * (1 - block.linked) ** 2
    return weight if _ends_prose(block.text) else 0.3 * weight


def _is_headline(block: Block) -> bool:
    """Whether a block leads to another article."""
    return block.linked > 0.8 and len(block.text) >= _MIN_WEIGHED


def _weights(found: list[Block]) -> list[float]:
    """Weights of all blocks; what follows a linked headline is most likely another's teaser."""
    weights = [_weight(block) for block in found]
    for index in range(1, len(found)):
        if _is_headline(found[index - 1]):
            weights[index] *= _TEASER
    return weights


def _is_prose(block: Block) -> bool:
    return (
        len(block.text) >= _MIN_PROSE
        and block.linked < 0.3
        and block.kind != "caption"
        and _ends_prose(block.text)
    )


def _ends_prose(text: str) -> bool:
    """Whether a block ends like a sentence, or is too long to need it."""
    return len(text) >= _LONG or bool(_SENTENCE_END.search(text))


def _is_label(block: Block) -> bool:
    """Whether a block only announces what follows it."""
    return len(block.text) < _LABEL and (block.kind == "heading" or block.text.endswith(":"))


def _is_scrap(block: Block) -> bool:
    """Whether a block at an end of the body is a date, a name or a button rather than text."""
    return (
        block.kind in ("p",) and len(block.text) < _LABEL and not _SENTENCE_END.search(block.text)
    )


def _belongs(block: Block) -> bool:
    """Whether a block inside the body is text of it: a line of links is not."""
    if block.linked <= 0.5 or block.kind == "caption":
        return True
    bare = len(block.text) * (1 - block.linked)
    return bare >= 50 and bool(_SENTENCE_END.search(block.text))


# --- Noise -----------------------------------------------------------------------------------


def _inline_noise(root: Element) -> set[Element]:
    """Small inline elements that are no text of the line they stand in: dates, counters."""
    return {
        element
        for element in root.iter("span", "time", "small", "i")
        if allowance(name_of(element)) and len("".join(element.itertext())) < _LABEL
    }


def _kept(
    root: Element,
    found: list[Block],
    weights: list[float],
    titles: list[int],
    shipped: Collection[Element],
) -> list[int]:
    """Indices of the blocks that do not stand in an element named as something else."""
    held = _sums(found, range(len(found)), weights)
    total = max(sum(weights), 1.0)
    verdicts: dict[Element, bool] = {root: False, **dict.fromkeys(shipped, False)}
    # Whatever its name, an element around the title is the page's layout.
    node: Element | None = found[titles[0]].element.getparent() if titles else None
    for _ in range(_DEPTH):
        if node is None:
            break
        verdicts[node] = False
        node = node.getparent()
    # Nor are parts of one name that hold most of the page between them.
    together: dict[str, float] = {}
    for element, weight in held.items():
        name = element.get("class") or ""
        if weight and name and allowance(name_of(element)) and not _is_nested(element, name):
            together[name] = together.get(name, 0.0) + weight

    def is_noise(element: Element) -> bool:
        chain: list[Element] = []
        node: Element | None = element
        while node is not None and node not in verdicts:
            chain.append(node)
            node = node.getparent()
        verdict = node is not None and verdicts[node]
        for node in reversed(chain):
            if not verdict and node.tag not in _WHOLE:
                share = allowance(name_of(node))
                same = together.get(node.get("class") or "", 0.0)
                verdict = (
                    held.get(node, 0.0) < share * total and same < max(share, _TOGETHER) * total
                )
            verdicts[node] = verdict
        return verdict

    return [index for index, block in enumerate(found) if not is_noise(block.element)]


def _is_nested(element: Element, name: str) -> bool:
    return any(above.get("class") == name for above in element.iterancestors())


def _sums(
    found: list[Block], indices: range | list[int], values: list[float]
) -> dict[Element, float]:
    """Sum of the values of all blocks inside each element, by element."""
    own: dict[Element, float] = {}
    for index in indices:
        element = found[index].element
        own[element] = own.get(element, 0.0) + values[index]
    sums: dict[Element, float] = {}
    for element, value in own.items():
        node: Element | None = element
        for _ in range(_DEPTH):
            if node is None:
                break
            sums[node] = sums.get(node, 0.0) + value
            node = node.getparent()
    return sums


def _before_comments(found: list[Block], kept: list[int], titles: list[int]) -> list[int]:
    """The indices up to the line that heads the readers' comments, if prose stands above it."""
    prose = 0
    for position, index in enumerate(kept):
        block = found[index]
        if titles and index < titles[0]:
            continue
        if prose >= 200 and len(block.text) < 40 and COMMENTS.fullmatch(block.text):
            return kept[:position]
        if _is_prose(block):
            prose += len(block.text)
    return kept


# --- Title -----------------------------------------------------------------------------------


def _titles(page: Page, found: list[Block]) -> list[int]:
    """Indices of the blocks that repeat the page's title: headings if any do, else its h1."""
    both = (page.meta("og:title"), page.root.findtext(".//title"))
    said = [" ".join(title.split()).casefold() for title in both if title]
    normal, same = [letters(title) for title in said], list[int]()
    for index, block in enumerate(found):
        start = block.text[:12].casefold()
        if len(block.text) > 400 or not any(start in title for title in said):
            continue
        text = letters(block.text)
        if len(text) > 14 and any(t.startswith(text) or text.startswith(t) for t in normal if t):
            same.append(index)
    headings = [index for index in same if found[index].kind == "heading"]
    if headings:
        return headings
    h1 = [index for index, block in enumerate(found) if block.element.tag == "h1"]
    return h1 or [index for index in same if found[index].linked < 0.5]


# --- Body ------------------------------------------------------------------------------------


def _core(
    found: list[Block], weights: list[float], kept: list[int], titles: list[int]
) -> Element | None:
    """The element around which prose is densest, or None where there is no prose."""
    scores: dict[Element, float] = {}
    for index in kept:
        weight = weights[index]
        if not weight:
            continue
        element: Element | None = _container(found, index)
        for _ in range(_LEVELS):
            if element is None:
                break
            scores[element] = scores.get(element, 0.0) + weight
            weight *= _DECAY
            element = element.getparent()
    # Comments and teasers may outweigh a short article, but the article stands below the title.
    opening = next(
        (i for i in kept if titles and i > titles[0] and weights[i] and _is_prose(found[i])), None
    )
    if opening is not None:
        scores[_container(found, opening)] *= _OPENING
    return max(scores, key=lambda element: scores[element], default=None)


def _is_notice(found: list[Block], weights: list[float], kept: list[int], core: Element) -> bool:
    """Whether what a core holds is mostly a notice about rights, as footers print it."""
    inside = set(core.iter())
    mine = [index for index in kept if weights[index] and found[index].element in inside]
    legal = sum(weights[index] for index in mine if is_legal(found[index].text))
    return legal > _NOTICE * sum(weights[index] for index in mine)


def _is_apart(found: list[Block], titles: list[int], text: list[Block]) -> bool:
    """Whether a line or two stand below headlines of others or a table, as an imprint does."""
    is_short = titles and sum(len(block.text) for block in text) < _LONG
    between = found[titles[-1] : found.index(text[0])] if is_short else []
    heads = sum(b.linked > 0.5 and len(b.text) >= _MIN_WEIGHED for b in between)
    return max(heads, sum(b.kind == "row" for b in between)) >= _MIN_TEASERS


def _notes(found: list[Block], kept: list[int], titles: list[int]) -> list[Block]:
    """On a page without prose, the lines below the headline that come before any link."""
    below = (found[index] for index in kept if index > max(titles, default=-1))
    lines = [b for b in takewhile(lambda b: b.linked <= 0.5, below) if letters(b.text)]
    if len(found) > _NOTES or any(block.linked for block in found):
        # Beside links a few words are furniture.
        return lines if titles and sum(len(b.text) for b in lines) >= _MIN_PROSE else []
    return lines


def _container(found: list[Block], index: int) -> Element:
    """The element that holds a block's paragraph: it holds many, where it is a body."""
    element = found[index].element
    # A block alone in its element is a paragraph, whatever the tag; several are parted by <br>.
    near = found[max(0, index - 1) : index + 2]
    alone = sum(block.element is element for block in near) == 1
    while alone or element.tag in _PARAGRAPH:
        parent = element.getparent()
        if parent is None:
            break
        element = parent
        alone = False
    return element


def _widened(found: list[Block], kept: list[int], core: Element) -> Element:
    """The core, or the element around it where the text goes on in parts of the same make."""
    if is_whole(core):
        return core
    make, inside = (core.tag, _classes(core)), set(core.iter())
    size, prose = [0.0] * len(found), [0.0] * len(found)
    for index in kept:
        size[index] = len(found[index].text)
    texts = (i for i in kept if found[i].kind != "item" and _is_prose(found[i]))
    holders = {index: _container(found, index) for index in texts}
    makes = Counter((e.tag, e.get("class")) for e in {*holders.values()} & inside if e.get("class"))
    for index, holder in holders.items():
        alike = holder.tag == make[0] and _are_alike(_classes(holder), make[1])
        if alike or makes[holder.tag, holder.get("class")] >= _PARTS:
            prose[index] = size[index]
    sizes, proses = _sums(found, kept, size), _sums(found, kept, prose)
    best = node = core
    while not is_whole(node):
        parent = node.getparent()
        if parent is None or parent.tag in ("body", "html"):
            break
        more = proses.get(parent, 0.0) - proses.get(best, 0.0)
        added = sizes.get(parent, 0.0) - sizes.get(best, 0.0)
        if more > _GROWTH * proses.get(best, 0.0) and more > _DENSITY * added:
            best = parent
        node = parent
    return best


def _classes(element: Element) -> list[str]:
    return (element.get("class") or "").split()


def _are_alike(classes: list[str], others: list[str]) -> bool:
    """Whether two elements are of one make: no class at all, or a class in common."""
    return not (classes or others) or any(name in others for name in classes)


def _around(
    found: list[Block], weights: list[float], kept: list[int], titles: list[int], core: Element
) -> list[Block]:
    """The blocks of the core and of what continues it, below the title."""
    wide = set(_widened(found, kept, core).iter())
    inside = [index for index in kept if found[index].element in wide]
    narrow = set(core.iter())
    first = next(index for index in kept if found[index].element in narrow)
    title = _title_above(found, weights, inside, titles)
    picked: list[Block] = []
    for index in kept:
        block = found[index]
        if index <= title:
            continue
        if index >= first:
            if block.element in wide:
                picked.append(block)
        elif block.element in wide or (title >= 0 and _is_prose(block)):
            # Above the core stand leads and the headline's surroundings.
            if in_masthead(block.element):
                continue
            picked.append(block)
    return picked


def _title_above(
    found: list[Block], weights: list[float], inside: list[int], titles: list[int]
) -> int:
    """Index of the last title above the body's prose, or -1.

    An `h1` is believed further down: some bodies begin with a lead above their title.
    """
    start = next((index for index in inside if _is_prose(found[index])), inside[0])
    half = 0.3 * sum(weights[index] for index in inside)
    middle, run = inside[0], 0.0
    for middle in inside:
        run += weights[middle]
        if run >= half:
            break
    above = [
        index
        for index in titles
        if index <= start or (index <= middle and found[index].element.tag == "h1")
    ]
    return max(above, default=-1)


def _trimmed(body: list[Block]) -> list[Block]:
    """The body without lines of links, their labels, and scraps at its ends."""
    end = len(body)
    while end >= 2 and _is_headline(body[end - 2]) and not _is_headline(body[end - 1]):
        end -= 2
    if len(body) - end < 2 * _MIN_TEASERS:
        end = len(body)
    kept: list[Block] = []
    links_follow = False
    for block in reversed(body[:end]):
        if not _belongs(block):
            links_follow = True
        elif not (links_follow and _is_label(block)):
            links_follow = False
            kept.append(block)
    kept.reverse()
    end = len(kept)
    while end and (
        _is_scrap(last := kept[end - 1]) or (last.kind == "heading" and not _is_prose(last))
    ):
        end -= 1
    if len(kept) - end <= _MAX_SCRAPS:
        del kept[end:]
    start = 0
    while start < len(kept) and (kept[start].kind == "caption" or _is_scrap(kept[start])):
        start += 1
    return [block for block in kept[:start] if block.kind == "caption"] + kept[start:]
