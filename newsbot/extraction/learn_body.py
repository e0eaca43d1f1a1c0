"""learn_body: what in the element of a site's texts is furniture, and the lead that stands outside of it.

Furniture is found by repetition: what says the same on many pages, or leads away from each, and is no
part of the text that is known.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from lxml.etree import _Element as Element

from newsbot.extraction.blocks import BLOCK_TAGS, inline_text, text_length
from newsbot.extraction.learn_fields import (
    FieldRule,
    Support,
    line_places,
    paragraphs,
    read_blocks,
    read_line,
)
from newsbot.extraction.learn_places import LEAST, PageSample, own_names, rank, spelt

_REPEATED = 0.9
"""Share of an element's pages from which one and the same text makes it furniture, known text or not."""
_ALIEN = 0.9
"""Share of an element's pages on which it must be no part of the known text."""
_LINKED = 0.7
"""Share of linked letters from which an element leads away."""
_MOST_OF_BODY = 0.5
"""Share of the body from which an element is no furniture."""
_NO_FURNITURE = frozenset("figure figcaption table tr td th blockquote".split())

_Said = tuple[str, bool, bool]
"""The letters of an element, whether they are known text, and whether most of them lead away."""


def find_furniture(
    samples: Sequence[PageSample], css: str, common: frozenset[str]
) -> dict[str, Support]:
    """Named elements in the bodies that are no text; of those inside each other the outermost."""
    seen: dict[str, dict[PageSample, list[_Said]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        for body in sample.page.select(css)[:1]:
            for name, said in _inside(sample, body, common):
                seen[name][sample].append(said)
    chosen: dict[str, Support] = {}
    for name in sorted(seen, key=lambda name: (-len(seen[name]), rank(name))):
        pages = list(seen[name].values())
        known = sum(any(is_known for _, is_known, _ in said) for said in pages)
        if _is_furniture(pages, known, len(samples)):
            chosen[name] = Support(len(pages) - known, known, len(pages))
    apart = {
        name
        for s in samples
        for body in s.page.select(css)[:1]
        for name in _outermost(s, body, chosen)
    }
    return {name: support for name, support in chosen.items() if name in apart}


def _inside(
    sample: PageSample, body: Element, common: frozenset[str]
) -> Iterator[tuple[str, _Said]]:
    """Named elements of a body with what they say."""
    whole = spelt("\n".join([sample.known.text, *sample.known.captions]))
    most = _MOST_OF_BODY * text_length(body)
    for element in body.iterdescendants():
        if not isinstance(element.tag, str) or element.tag in _NO_FURNITURE:
            continue
        names = [name for name in own_names(element, common) if name[0] != "["]
        if not names or text_length(element) > most or element.find(".//figcaption") is not None:
            continue
        text = spelt(inline_text(element))
        is_known = text in whole
        # A word inside a sentence is no furniture, whatever its class.
        if text and (element.tag in BLOCK_TAGS or not is_known):
            linked = sum(len(spelt(inline_text(a))) for a in element.iter("a"))
            yield from ((name, (text, is_known, linked >= _LINKED * len(text))) for name in names)


def _is_furniture(pages: Sequence[Sequence[_Said]], known: int, total: int) -> bool:
    count = len(pages)
    if count < LEAST:
        return False
    same = max(Counter(text for said in pages for text in {t for t, _, _ in said}).values()) / count
    if same >= _REPEATED and count >= max(2 * LEAST, total // 10):
        return True
    if count - known < _ALIEN * count:
        return False
    away = sum(all(leads for _, _, leads in said) for said in pages)
    return same >= _MOST_OF_BODY or away >= _ALIEN * count


def _outermost(sample: PageSample, body: Element, names: dict[str, Support]) -> Iterator[str]:
    """The names of furniture in a body that stands in no other; the first of an element's."""
    taken: dict[Element, str] = {}
    for name in names:
        for element in sample.page.select(name):
            taken.setdefault(element, name)
    for element, name in taken.items():
        above = set(element.iterancestors())
        if body in above and above.isdisjoint(taken):
            yield name


def lead_rule(css: str) -> FieldRule:
    """The paragraph printed outside the body that the known text begins with."""

    def known(sample: PageSample) -> str:
        parts, inside = paragraphs(sample), read_blocks(sample, css)
        return parts[0] if len(parts) > 1 and parts[0] not in inside and parts[1] in inside else ""

    return FieldRule("lead", known, line_places, read_line)
