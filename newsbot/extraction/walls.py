"""walls: the text that a page ships for subscribers only, hidden or named as a paywall.

It is the newspaper's text and stays; the box that sells a subscription beside it is none.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lxml.etree import _Element as Element

from newsbot.extraction.blocks import inline_text, is_hidden, text_length
from newsbot.extraction.page import Page
from newsbot.vocabulary import entries, pattern

_NAMES = pattern("refusals", "paywall.names", within="(?<![a-z]){}(?![a-z])")
_PHRASES = pattern("refusals", "paywall.phrases")
_MARKS = ", ".join(entries("refusals", "paywall.selectors"))
_SENTENCE_END = re.compile(r"[.!?…:;։。؟۔]['\"»”’)\]]*$")
_MIN_PROSE = 50
"""Characters of the shortest paragraph that is prose."""
_MOST = 0.7
"""Share of an element's characters in paragraphs of prose from which it is text, not a box."""
_LEVELS = 4
"""How far out of a paragraph the element stands that hides it."""
_MAX_PARAGRAPHS = 1000


def shipped(page: Page, ld: dict[str, object]) -> set[Element]:
    """Elements that hold text for subscribers, which a browser hides or a name calls a paywall.

    `ld` is the JSON-LD object of the article. What is hidden without a word of subscribers is only
    read where the page says that it is not free, or where it is hidden from screen readers alone.
    """
    paid = str(ld.get("isAccessibleForFree")).lower() == "false"
    named = _selected(ld.get("hasPart"))
    held: dict[Element, list[Element]] = {}
    verdicts: dict[Element, bool] = {}
    for paragraph in page.index.tags.get("p", [])[:_MAX_PARAGRAPHS]:
        node: Element | None = paragraph
        for _ in range(_LEVELS):
            if node is None or node.tag in ("body", "html"):
                break
            if node not in verdicts:
                verdicts[node] = bool(node.attrib) and _is_walled(node, paid, named)
            if verdicts[node]:
                held.setdefault(node, []).append(paragraph)
            node = node.getparent()
    if not held:
        return set()
    inside = {paragraph for paragraphs in held.values() for paragraph in paragraphs}
    printed = {
        inline_text(paragraph)
        for paragraph in page.index.tags.get("p", [])[:_MAX_PARAGRAPHS]
        if paragraph not in inside
    }
    return {e for e, paragraphs in held.items() if _is_text(e, paragraphs, printed)}


def _is_walled(element: Element, paid: bool, named: set[str]) -> bool:
    css_class = element.get("class") or ""
    if css_class and (_speaks_of_subscribers(css_class) or named.intersection(css_class.split())):
        return True
    if paid:
        return is_hidden(element)
    # Hidden from screen readers alone: a paragraph among others, not a dialog beside the text.
    parent = element.getparent()
    return (
        element.get("aria-hidden") == "true"
        and parent is not None
        and any(child is not element and child.tag == "p" for child in parent)
    )


@lru_cache(maxsize=16384)
def _speaks_of_subscribers(css_class: str) -> bool:
    return bool(_NAMES.search(css_class[:300]))


def _selected(parts: object) -> set[str]:
    """Classes that the article's `hasPart` names as the part that is not free."""
    found: set[str] = set()
    for part in parts if isinstance(parts, list) else [parts]:
        css = part.get("cssSelector") if isinstance(part, dict) else None
        for name in css if isinstance(css, list) else [css]:
            if isinstance(name, str) and re.fullmatch(r"\.[\w-]+", name.strip()):
                found.add(name.strip()[1:])
    return found


def _is_text(element: Element, paragraphs: list[Element], printed: set[str]) -> bool:
    """Whether an element holds prose that stands nowhere else, and nothing to fill in or press."""
    prose = 0
    for paragraph in paragraphs:
        text = inline_text(paragraph) or " ".join("".join(paragraph.itertext()).split())
        if text in printed or _PHRASES.search(text):
            return False
        if len(text) >= _MIN_PROSE and _SENTENCE_END.search(text):
            prose += text_length(paragraph)
    if prose < _MOST * text_length(element):
        return False
    return next(element.iter("form", "input", "button"), None) is None


def behind_paywall(page: Page, ld: dict[str, object]) -> bool:
    """Whether the page says that the rest of its text is for subscribers."""
    if str(ld.get("isAccessibleForFree")).lower() == "false":
        return True
    if page.has(_MARKS):
        return True
    return any(
        _PHRASES.search(inline_text(element))
        for css_class, elements in page.index.classes.items()
        if _may_be_paywall(css_class[:300])
        for element in elements[:3]
    )


@lru_cache(maxsize=16384)
def _may_be_paywall(css_class: str) -> bool:
    return bool(_NAMES.search(css_class))
