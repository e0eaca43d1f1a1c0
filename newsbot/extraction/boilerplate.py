"""Boilerplate: drops lines that are no part of an article, by the phrases of boilerplate.toml.

Works on blocks, because «Оқи отырыңыз:» takes the links after it with it and prose never.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from functools import cache
from pathlib import Path

from newsbot.extraction.blocks import Block

_MOSTLY_LINK = 0.6
"""Share of linked characters above which a line under a read-also label belongs to it."""
_MAX_LINE = 400
"""Characters; no boilerplate phrase is longer, and long prose is not searched."""


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    data = tomllib.loads(Path(__file__).with_name("boilerplate.toml").read_text("utf-8"))
    return {
        name: re.compile("|".join(f"(?:{phrase})" for phrase in phrases), re.IGNORECASE)
        for name, phrases in data.items()
    }


def clean(blocks: list[Block], learned: Collection[str] = frozenset()) -> list[Block]:
    """Blocks without boilerplate. `learned` holds whole lines known to repeat at this site."""
    patterns = _patterns()
    line, label = patterns["line"], patterns["label"]
    linked_label, cut = patterns["linked_label"], patterns["cut"]
    kept: list[Block] = []
    under_label = False
    for position, block in enumerate(blocks):
        text = block.text
        if text in learned or not _says_something(text):
            continue
        if len(text) <= _MAX_LINE:
            # A form's heading ends the article, unless it is a headline above everything.
            if position and cut.fullmatch(text):
                break
            if label.fullmatch(text):
                under_label = True
                continue
            if line.fullmatch(text):
                continue
            if block.linked > 0.3 and linked_label.match(text):
                under_label = True
                continue
            if under_label and block.linked >= _MOSTLY_LINK:
                continue
        under_label = False
        kept.append(block)
    while kept and kept[-1].kind == "heading":  # a heading with nothing under it headed boilerplate
        kept.pop()
    return kept


def _says_something(text: str) -> bool:
    return any(character.isalnum() for character in text)
