"""Boilerplate: drops what is no part of an article, by the names and phrases of vocabulary/boilerplate.toml.

Names speak of elements, phrases of whole lines, because «Оқи отырыңыз:» takes the links after it
with it and prose never.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, lru_cache

from lxml.etree import _Element as Element

from newsbot import vocabulary
from newsbot.extraction.blocks import Block, text_length

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
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|[\s_]+")
_SENTENCE_END = re.compile(r"[.!?…:;։。؟][\"'»”’)\]]*$")


def _any_of(phrases: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{phrase})" for phrase in phrases), re.IGNORECASE)


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    compiled = {
        name: _any_of(phrases)
        for name, phrases in vocabulary.subject("boilerplate").items()
        if name != "marked"
    }
    for name in ("names", "names_small"):
        whole_word = rf"(?:^|-)(?:{compiled[name].pattern})\d*(?=-|$)"
        compiled[name] = re.compile(whole_word, re.IGNORECASE)
    return compiled


@cache
def _marked() -> list[tuple[list[str], re.Pattern[str]]]:
    return [
        (group["words"], _any_of(group["lines"]))
        for group in vocabulary.subject("boilerplate")["marked"]
    ]


def is_boilerplate(line: str) -> bool:
    """Whether a whole line is one of the phrases that are no part of any article."""
    if len(line) > _MAX_LINE:
        return False
    patterns = _patterns()
    if len(line) <= _PHRASE and patterns["line"].fullmatch(line):
        return True
    if patterns["long_line"].fullmatch(line):
        return True
    lower = line.lower()
    for words, lines in _marked():
        for word in words:
            if word in lower:
                if lines.fullmatch(line):
                    return True
                break
    return False


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


def noisy_elements(body: Element) -> set[Element]:
    """Elements inside a body that are named as share bars, related links, bylines and the like."""
    found: set[Element] = set()
    total = 0
    for element in body.iter():
        get = element.get
        css_class, css_id = get("class"), get("id")
        if (not css_class and not css_id) or element is body:
            continue
        verdict = noise((css_class or "")[:_NAMES], (css_id or "")[:_NAMES])
        if not verdict:
            continue
        size = text_length(element)
        if verdict == 1 and size > _SMALL:
            continue
        total = total or text_length(body)
        if size < _MOST * total:
            found.add(element)
    return found


def clean(blocks: list[Block]) -> list[Block]:
    """Blocks without boilerplate."""
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
            if is_boilerplate(text) or _invites(block):
                gap = True
                continue
            if block.linked > 0.3 and linked_label.match(text):
                under_label = gap = True
                continue
            if under_label and block.linked >= _MOSTLY_LINK:
                continue
            if block.kind != "caption" and credit.fullmatch(text):
                block = replace(block, kind="caption")
        if kept and (gap or block.after_gap) and _continues(kept[-1], block):
            kept[-1] = replace(kept[-1], text=f"{kept[-1].text} {text}")
        else:
            kept.append(block)
        under_label = gap = False
    while kept and kept[-1].kind == "heading":  # a heading with nothing under it headed boilerplate
        kept.pop()
    return kept


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
