"""Boilerplate: drops what is no part of an article, by the names and phrases of vocabulary/boilerplate.toml.

Names speak of elements, phrases of whole lines, because «Оқи отырыңыз:» takes the links after it
with it and prose never.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from itertools import islice

from lxml.etree import _Element as Element

from newsbot import vocabulary
from newsbot.extraction.blocks import Block, text_length
from newsbot.vocabulary import pattern

_MOSTLY_LINK = 0.6
"""Share of linked characters above which a line under a read-also label belongs to it."""
_MAX_LINE = 400
"""Characters; no boilerplate phrase is longer, and long prose is not searched."""
_PHRASE = 120
"""Characters; no phrase that is known from its beginning to its end is longer."""
_SMALL = 200
"""Characters; an element that is named like a byline or a row of tags is removed up to this size."""
_NAMES = 300
"""Characters of a class or id that are looked at; what is longer is no name."""
_MOST = 0.6
"""Share of the body's characters from which an element is the body, whatever its name."""
_TEASER_BOX, _TEASER_SHARE = 400, 0.3
"""Characters of the largest box that announces another article, and its share of the text around it."""
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|[\s_]+")
_SENTENCE_END = re.compile(r"[.!?…:;։。؟][\"'»”’)\]]*$")
_FULL_STOP = re.compile(r"[.!?…։。؟۔][\"'»”’)\]]*$")
_SENTENCE = 3
"""Words beside the first that begin with no capital: a value has names and numbers instead."""
_PROSE = 60
"""Characters of the shortest line that is prose by its length and its end."""


COMMENTS = pattern(
    "counters",
    "comments_heading",
    within=r"(?:\d+\s*)?{}\s*:?\s*(?:\(?\d+\)?)?\s*:?",
)
"""The line above readers' comments."""
_MOMENT = re.compile(
    r"(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d|\d{1,2}\s+[^\W\d]{3,12},?\s+\d{4})"
    r"\W{1,3}(?:[^\W\d]{1,2}\W{1,3}){0,2}\d{1,2}:\d\d(?::\d\d)?"
)
"""A day and a time: what is printed beside the name of whoever comments."""
_READER = 40
"""Characters of the longest name of a reader."""
_ABOVE_COMMENTS = 200
"""Characters of text that stand above readers' comments, at least."""


def _any_of(phrases: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{phrase})" for phrase in phrases), re.IGNORECASE)


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    compiled = {
        name: _any_of(phrases)
        for name, phrases in vocabulary.subject("boilerplate").items()
        if name not in ("marked", "predicates", "legal")
    }
    for name in ("names", "names_small"):
        whole_word = rf"(?:^|-)(?:{compiled[name].pattern})\d*(?=-|$)"
        compiled[name] = re.compile(whole_word, re.IGNORECASE)
    predicates = "|".join(vocabulary.entries("boilerplate", "predicates"))
    compiled["predicates"] = re.compile(rf"(?:{predicates})(?!\w)", re.IGNORECASE)
    return compiled


@cache
def _marked() -> tuple[frozenset[str], list[tuple[list[str], re.Pattern[str], bool]]]:
    """Beginnings of the words that mark a line, and the groups with their lines."""
    groups = vocabulary.subject("boilerplate")["marked"]
    beginnings = frozenset(
        max(re.findall(r"\w+", word), key=len)[:_BEGINNING]
        for group in groups
        for word in group["words"]
    )
    return beginnings, [
        (group["words"], _any_of(group["lines"]), bool(group.get("stated"))) for group in groups
    ]


_BEGINNING = 4
"""Letters by which a word may be known that marks a line."""
_BEGINNINGS = re.compile(rf"\b\w{{{_BEGINNING}}}")


def is_boilerplate(line: str, *, in_prose: bool = False) -> bool:
    """Whether a whole line is one of the phrases that are no part of any article.

    `in_prose` says that it stands between paragraphs of prose: there, what begins like a counter,
    a date or a source and is a sentence was written by the newspaper.
    """
    if len(line) > _MAX_LINE:
        return False
    patterns = _patterns()
    if len(line) <= _PHRASE and patterns["line"].fullmatch(line):
        return True
    if patterns["long_line"].fullmatch(line):
        return True
    lower = line.lower()
    beginnings, groups = _marked()
    for words, lines, stated in (
        groups if not beginnings.isdisjoint(_BEGINNINGS.findall(lower)) else ()
    ):
        for word in words:
            if word in lower:
                if lines.fullmatch(line):
                    return not (stated and in_prose and is_sentence(line))
                break
    if (len(line) <= _PHRASE and patterns["stated"].fullmatch(line)) or patterns[
        "long_stated"
    ].fullmatch(line):
        return not (in_prose and is_sentence(line))
    return False


_NOTICE = 3
"""Different words of rights and duties that make a paragraph a legal notice."""


def is_legal(text: str) -> bool:
    """Whether a paragraph is a notice about the rights and duties of newspaper and readers."""
    lower = text.lower()
    return sum(word in lower for word in vocabulary.entries("boilerplate", "legal")) >= _NOTICE


def is_sentence(line: str, least: int = _SENTENCE) -> bool:
    """Whether a line ends like a sentence and has the words of one, a predicate among them.

    `least` is the number of its words, the first apart, that begin with no capital.
    """
    words = line.split()[1:]
    return (
        bool(_FULL_STOP.search(line))
        and sum(word.lstrip('«"“„(–-—')[:1].islower() for word in words) >= least
        and bool(_patterns()["predicates"].search(" ".join(words)))
    )


def _in_prose(blocks: list[Block], position: int) -> bool:
    """Whether the blocks before and after one are prose in the same element.

    The first needs none before it; at the end stand real sources and notices.
    """
    if position >= len(blocks) - 1:
        return False
    holder = blocks[position].element.getparent()
    return all(
        len(near.text) >= _PROSE
        and near.linked < _MOSTLY_LINK
        and (near.element is blocks[position].element or near.element.getparent() is holder)
        and _FULL_STOP.search(near.text)
        for near in (*blocks[max(0, position - 1) : position], blocks[position + 1])
    )


@lru_cache(maxsize=32768)
def noise(css_class: str, css_id: str) -> int:
    """How an element's names speak against its being text of an article.

    2: it is something else unless it holds most of the text; 1: it is, where it is small; 0: not.
    """
    names = _CAMEL.sub("-", f"{css_class} {css_id}")
    patterns = _patterns()
    if patterns["names"].search(names):
        return 2
    return 1 if patterns["names_small"].search(names) else 0


def noisy_elements(body: Element, spared: Collection[Element] = ()) -> set[Element]:
    """Elements inside a body that are named as share bars, related links, bylines and the like.

    Parts of one name are judged together, for some themes name every part of a text after the
    layout around it. `spared` are never among them.
    """
    found: set[Element] = set(boxes_to_fill(body))
    named: dict[str, list[tuple[Element, int]]] = {}
    total = 0
    for element in body.iter():
        get = element.get
        css_class, css_id = get("class"), get("id")
        if (not css_class and not css_id) or element is body:
            continue
        verdict = noise((css_class or "")[:_NAMES], (css_id or "")[:_NAMES])
        if not verdict or element in spared:
            continue
        size = text_length(element)
        if verdict == 1 and size > _SMALL:
            continue
        total = total or text_length(body)
        if size < _MOST * total:
            found.add(element)
            if css_class and size:
                named.setdefault(css_class, []).append((element, size))
    for parts in named.values():
        if len(parts) > 1 and sum(size for _, size in parts) >= _MOST * total:
            same = {element for element, _ in parts}
            apart = [size for e, size in parts if same.isdisjoint(e.iterancestors())]
            if sum(apart) >= _MOST * total:
                found -= same
    return found


_TYPED = ("input", "textarea", "select")
_NOT_TYPED = frozenset(["hidden", "checkbox", "radio", "submit", "button", "image", "range"])
_BOX = 300
"""Characters of the largest box that asks for an address, a name or a password."""

_MAX_BOXES = 50
"""Fields, offers and headlines whose boxes are looked for; an article has few around it."""


def boxes_to_fill(body: Element) -> set[Element]:
    """Boxes inside a body in which a reader types: subscriptions, log-ins, searches."""
    found: set[Element] = set()
    for field in islice(body.iter(*_TYPED), _MAX_BOXES):
        if field.get("type") in _NOT_TYPED:
            continue
        box: Element | None = None
        above = field.getparent()
        while above is not None and above is not body and text_length(above) <= _BOX:
            box = above
            above = above.getparent()
        if box is not None and above is not None:
            found.add(box)
    return found


def _before_comments(blocks: list[Block]) -> list[Block]:
    """Blocks up to a heading for readers' comments with one below: name, moment, what they say.

    Without the heading, names and moments may as well be those of a live report.
    """
    lines = [(n, line) for n, block in enumerate(blocks) for line in block.text.split("\n")]
    above = 0
    for place, (number, line) in enumerate(lines):
        if above >= _ABOVE_COMMENTS and COMMENTS.fullmatch(line):
            below = [text for _, text in lines[place + 1 : place + 4]]
            if len(below) > 1 and any(map(_is_signed, below[:2])):
                own = "\n".join(text for n, text in lines[:place] if n == number)
                return [*blocks[:number], *([replace(blocks[number], text=own)] if own else [])]
        above += len(line)
    return blocks


def _is_signed(line: str) -> bool:
    """Whether a line holds a moment, and beside it a reader's name or nothing."""
    moment = _MOMENT.search(line) if ":" in line and len(line) <= _PHRASE else None
    name = moment and _MOMENT.sub("", line).strip(" ,.|•·:–—()[]/-")
    return name is not None and len(name) <= _READER and len(name.split()) <= _SENTENCE


def clean(blocks: list[Block]) -> list[Block]:
    """Blocks without boilerplate."""
    blocks = without_teasers(_without_offers(_before_comments(blocks)))
    patterns = _patterns()
    label, linked_label, cut = patterns["label"], patterns["linked_label"], patterns["cut"]
    shortcode, credit = patterns["shortcode"], patterns["credit"]
    kept: list[Block] = []
    under_label = gap = False
    for position, original in enumerate(blocks):
        block = original
        if "[" in block.text:
            block = replace(block, text=shortcode.sub("", block.text).strip())
        if "\n" in block.text:
            lines = [one for one in block.text.split("\n") if not is_boilerplate(one)]
            block = replace(block, text="\n".join(lines))
        text = block.text
        if not _says_something(text):
            continue
        if len(text) <= _MAX_LINE:
            # A form's heading ends the article, unless it is a headline above everything.
            short = len(text) <= _PHRASE
            if short and position and cut.fullmatch(text):
                break
            if short and label.fullmatch(text):
                under_label = gap = True
                continue
            if _invites(block) or (
                is_boilerplate(text) and is_boilerplate(text, in_prose=_in_prose(blocks, position))
            ):
                gap = True
                continue
            if block.linked > 0.3 and linked_label.match(text):
                under_label = gap = True
                continue
            if under_label and block.linked >= _MOSTLY_LINK:
                continue
            if (
                block.kind != "caption"
                and credit.fullmatch(text)
                and not (is_sentence(text) and _in_prose(blocks, position))
            ):
                block = replace(block, kind="caption")
        if kept and (gap or block.after_gap) and _continues(kept[-1], block):
            kept[-1] = replace(kept[-1], text=f"{kept[-1].text} {text}")
        else:
            kept.append(block)
        under_label = gap = False
    # A heading with nothing under it headed boilerplate.
    while kept and (
        (kept[-1].kind == "heading" and len(kept[-1].text) <= _PHRASE)
        or (len(kept) > 1 and is_legal(kept[-1].text))
    ):
        kept.pop()
    return kept


def _without_offers(blocks: list[Block]) -> list[Block]:
    """Blocks without the boxes that sell a subscription, as far as nothing else stands in them."""
    offer = _patterns()["offer"]
    heads = [b for b in blocks if len(b.text) <= _PHRASE and offer.fullmatch(b.text)][:_MAX_BOXES]
    if not heads:
        return blocks
    gone: set[int] = set()
    for head in heads:
        box = _offer_box(head, blocks)
        gone.update(id(b) for b in blocks if b is head or b.element in box)
    return [block for block in blocks if id(block) not in gone]


def _offer_box(head: Block, blocks: list[Block]) -> set[Element]:
    """Elements of the widest box around an offer that holds little, and no other text above it."""
    before = blocks[: next(i for i, block in enumerate(blocks) if block is head)]
    above = {e for block in before for e in (block.element, *block.element.iterancestors())}
    box: Element | None = None
    element: Element | None = head.element
    while element is not None and element not in above and text_length(element) <= _BOX:
        box, element = element, element.getparent()
    return set() if box is None or not before else set(box.iter())


def without_teasers(blocks: list[Block]) -> list[Block]:
    """Blocks without the small boxes inside them that announce another article, headline and all."""
    heads = [b for b in blocks if b.kind == "heading" and b.linked > _MOSTLY_LINK][:_MAX_BOXES]
    if not heads:
        return blocks
    most = min(_TEASER_BOX, _TEASER_SHARE * sum(len(block.text) for block in blocks))
    gone: set[Element] = set()
    for head in heads:
        box: Element | None = None
        above: Element | None = head.element.getparent()
        while above is not None and text_length(above) <= most:
            box, above = above, above.getparent()
        if box is not None:
            gone.update(box.iter())
    return [block for block in blocks if block.element not in gone]


def _continues(before: Block, after: Block) -> bool:
    """Whether a block goes on with the sentence that something cut in two."""
    return (
        before.kind == after.kind == "p"
        and after.text[0].islower()
        and not _SENTENCE_END.search(before.text)
    )


def _invites(block: Block) -> bool:
    """A line that is a link to a channel or a group, or a bare address of one."""
    if block.linked < _MOSTLY_LINK:
        return False
    social = _patterns()["social"]
    return any(social.search(a.get("href") or "") for a in block.element.iter("a"))


def _says_something(text: str) -> bool:
    return any(character.isalnum() for character in text)
