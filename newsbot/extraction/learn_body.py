"""learn_body: which element holds the text of a site's articles, and what in it is furniture.

Furniture is found by repetition: what says the same on many pages, or leads away from each, and is no
part of the text that is known.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml.etree import _Element as Element

from newsbot.extraction.blocks import BLOCK_TAGS, blocks, inline_text, text_length
from newsbot.extraction.body import from_layout
from newsbot.extraction.fields import letters
from newsbot.extraction.learn_fields import (
    LIKELY,
    FieldRule,
    Support,
    line_places,
    read_line,
)
from newsbot.extraction.learn_places import LEAST, PageSample, own_names, propose, rank
from newsbot.profiles import Layout

_MOST_CANDIDATES = 12
_MEASURED = 60
"""Pages on which candidates are compared; the chosen one is measured on all."""
_RIGHT = 0.9
"""F-measure, by letters, of the text in an element against the known one from which it is right."""
_HOLDS = (0.85, 0.5)
"""Shares of the known text that an element must hold to be proposed."""
_REPEATED = 0.9
"""Share of an element's pages from which one and the same text makes it furniture, known text or not."""
_ALIEN = 0.9
"""Share of an element's pages on which it must be no part of the known text."""
_LINKED = 0.7
"""Share of linked letters from which an element leads away."""
_MOST_OF_BODY = 0.5
"""Share of the body from which an element is no furniture."""
_NO_FURNITURE = frozenset("figure figcaption table tr td th blockquote".split())


def learn_body(
    samples: Sequence[PageSample], common: frozenset[str]
) -> tuple[dict[str, Support], dict[str, Support]]:
    """The selector of the text, and those of furniture inside it; both empty where none is right."""
    texts = {s: known for s in samples if (known := _known(s)) and sum(map(len, known)) > 100}
    holders = ([(e, "") for e in _holders(s, known)] for s, known in texts.items())
    proposed = propose(holders, common, _MOST_CANDIDATES)
    few = list(texts)[:: max(1, len(texts) // _MEASURED)]
    if not few or not proposed:
        return {}, {}

    def worth(css: str) -> tuple[float, int]:
        agreed = sum(_agreement(s, texts[s], css) or 0.0 for s in few)
        # What matches teasers, too, makes an article look like a list.
        return round(agreed / len(few), 2), -sum(len(s.page.select(css)) for s in few)

    css = max(proposed, key=worth)  # the first of the best
    furniture = _furniture(samples, css, common)
    agreed = [_agreement(s, texts[s], css, tuple(furniture)) for s in texts]
    right = sum(score is not None and score >= _RIGHT for score in agreed)
    wrong = sum(score is not None and score < _RIGHT for score in agreed)
    if right < LEAST or right < LIKELY * (right + wrong):
        return {}, {}
    return {css: Support(right, wrong, len(texts))}, furniture


def _known(sample: PageSample) -> list[str]:
    """The paragraphs that are known, as letters."""
    return [spelt for part in sample.known.paragraphs if (spelt := sample.letters(part))]


def _holders(sample: PageSample, known: list[str]) -> Iterator[Element]:
    """The smallest elements that hold most of a text, and those around them."""
    wanted = set(known)
    total = sum(map(len, wanted))
    held: Counter[Element] = Counter()
    for block in blocks(sample.body):
        spelt = sample.letters(block.text)
        if spelt in wanted:
            wanted.discard(spelt)
            for above in (block.element, *block.element.iterancestors()):
                held[above] += len(spelt)
    for share in _HOLDS:
        enough = [e for e, chars in held.items() if chars >= share * total]
        if enough:
            inner = max(enough, key=lambda e: sum(1 for _ in e.iterancestors()))
            yield from (e for e in [inner, *list(inner.iterancestors())[:2]] if e.tag != "body")


def _agreement(
    sample: PageSample, known: list[str], css: str, remove: tuple[str, ...] = ()
) -> float | None:
    """F-measure of the text that a selector yields; None where it matches nothing.

    A lead outside of the element is no fault: it has selectors of its own.
    """
    layout = Layout(id="x", body=[css], remove=list(remove))
    body = from_layout(sample.page, layout)
    if not body.elements:
        return None
    wanted = Counter(known)
    got = Counter(sample.letters(b.text) for b in body.blocks if b.kind != "caption")
    if known[0] not in got and len(known) > 1:
        wanted -= Counter(known[:1])
    common = sum(len(text) * count for text, count in (wanted & got).items())
    total = sum(len(text) * n for text, n in wanted.items())
    total += sum(len(text) * n for text, n in got.items())
    return 2 * common / total if total else 0.0


# -- furniture ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Seen:
    """What an element with a certain name says on one page."""

    text: str
    is_known: bool
    leads_away: bool


def _furniture(
    samples: Sequence[PageSample], css: str, common: frozenset[str]
) -> dict[str, Support]:
    """Elements in the body that are no text, the outermost of those that stand in each other."""
    seen: dict[str, dict[PageSample, list[_Seen]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        bodies = [e for e in sample.page.select(css)[:1] if not isinstance(e, str)]
        for body in bodies:
            for name, one in _inside(sample, body, common):
                seen[name][sample].append(one)
    chosen: dict[str, Support] = {}
    for name in sorted(seen, key=lambda name: (-len(seen[name]), rank(name))):
        pages = seen[name]
        known = sum(any(one.is_known for one in said) for said in pages.values())
        if _is_furniture(pages, known, len(samples)):
            chosen[name] = Support(len(pages) - known, known, len(pages))
    return _without_inner(samples, css, chosen)


def _inside(
    sample: PageSample, body: Element, common: frozenset[str]
) -> Iterator[tuple[str, _Seen]]:
    """Named elements of a body with what they say."""
    whole = letters("\n".join([sample.known.text, *sample.known.captions]))
    most = _MOST_OF_BODY * text_length(body)
    for element in body.iterdescendants():
        if not isinstance(element.tag, str) or element.tag in _NO_FURNITURE:
            continue
        names = [name for name in own_names(element, common) if name[0] != "["]
        if not names or text_length(element) > most:
            continue
        text = sample.letters(inline_text(element))
        if not text or element.find(".//figcaption") is not None:
            continue
        linked = sum(len(sample.letters(inline_text(a))) for a in element.iter("a"))
        one = _Seen(text, text in whole, linked >= _LINKED * len(text))
        # A word inside a sentence is no furniture, whatever its class.
        if element.tag in BLOCK_TAGS or not one.is_known:
            yield from ((name, one) for name in names)


def _is_furniture(pages: dict[PageSample, list[_Seen]], known: int, total: int) -> bool:
    count = len(pages)
    if count < LEAST:
        return False
    texts = Counter(text for said in pages.values() for text in {one.text for one in said})
    same = max(texts.values()) / count
    if same >= _REPEATED and count >= max(2 * LEAST, total // 10):
        return True
    if count - known < _ALIEN * count:
        return False
    away = sum(all(one.leads_away for one in said) for said in pages.values())
    return same >= _MOST_OF_BODY or away >= _ALIEN * count


def _without_inner(
    samples: Sequence[PageSample], css: str, chosen: dict[str, Support]
) -> dict[str, Support]:
    """Furniture without what stands in other furniture wherever it stands, or is the same."""
    apart: set[str] = set()
    for sample in samples:
        for body in sample.page.select(css)[:1]:
            taken: dict[Element, str] = {}
            for name in chosen:
                for element in sample.page.select(name):
                    taken.setdefault(element, name)
            for element, name in taken.items():
                above = list(element.iterancestors())
                if body in above and not any(e in taken for e in above):
                    apart.add(name)
    return {name: support for name, support in chosen.items() if name in apart}


# -- lead ---------------------------------------------------------------------------------------


def lead_rule(css: str) -> FieldRule:
    """The paragraph printed outside the body that the known text begins with."""

    def known(sample: PageSample) -> str:
        parts = _known(sample)
        body = from_layout(sample.page, Layout(id="x", body=[css]))
        if len(parts) < 2 or not body.elements:
            return ""
        inside = {sample.letters(block.text) for block in body.blocks}
        return parts[0] if parts[0] not in inside and parts[1] in inside else ""

    return FieldRule("lead", known, lambda s: line_places(s, known(s)), read_line)
