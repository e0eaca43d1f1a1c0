"""tidy: both ends of a text without the headline, byline, date line and lead that are printed again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from newsbot.extraction.blocks import Block
from newsbot.extraction.date_lines import is_date_line
from newsbot.extraction.fields import letters
from newsbot.extraction.persons import is_byline

_ENDS = 4
"""Blocks at each end of the text that may be headline, byline or date line."""
_SLACK = 20
"""Characters, mostly marks, by which two prints of one headline may differ in length."""
META_LINE = 120
"""Characters; a byline or date line is no longer."""


def tidy(
    found: list[Block],
    *,
    title: str | None,
    authors: Sequence[str],
    zone: ZoneInfo,
    fetched_at: datetime | None,
) -> list[Block]:
    """Blocks without the headline, byline, date line and lead that some templates print again."""
    kept: list[Block] = []
    headline = letters(title or "")
    names = {letters(name) for name in authors}
    count = len(found)
    for position, block in enumerate(found):
        at_start, at_end = len(kept) < _ENDS, position >= count - _ENDS
        text = block.text
        if block.kind != "caption" and (at_start or at_end) and len(text) <= 300:
            alike = title and abs(len(text) - len(title)) <= _SLACK
            if at_start and alike and letters(text) == headline:
                continue
            if len(text) <= META_LINE and (
                is_byline(text, names) or is_date_line(text, zone, fetched_at)
            ):
                continue
        kept.append(block)
    return _without_double_lead(kept)


def _without_double_lead(found: list[Block]) -> list[Block]:
    """A lead goes where the text begins with it again, whole or cut short by dots."""
    if len(found) < 2 or found[0].kind == "caption":
        return found
    first = found[0].text
    beginning = first[:8].casefold()
    if not any(other.text[:8].casefold() == beginning for other in found[1:3]):
        return found
    start = letters(first)
    if len(start) < 30:
        return found
    for other in found[1:3]:
        if _is_much(first, found) and _are_alike(found[0], other):
            continue
        whole = letters(other.text)
        if whole == start or (whole.startswith(start) and first.rstrip().endswith(("…", "..."))):
            kind = "p" if found[0].kind == "p" else other.kind
            return [b if b is not other else replace(b, kind=kind) for b in found[1:]]
    return found


def _is_much(text: str, found: list[Block]) -> bool:
    """Whether a paragraph is too much of its text to be the lead of it."""
    return 3 * len(text) >= sum(len(block.text) for block in found)


def _are_alike(one: Block, other: Block) -> bool:
    """Whether two paragraphs stand side by side in the same make: a newspaper wrote both."""
    first, second = one.element, other.element
    return (
        first is not second
        and first.getparent() is second.getparent()
        and (first.tag, first.get("class")) == (second.tag, second.get("class"))
    )
