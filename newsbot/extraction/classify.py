"""is_article: whether a page is one article, and if not, what it is.

Reasons: `empty`, `listing`, `static_page`, `search`, `password`, `login`, `challenge`,
`not_found`, `error`, `no_title`, `no_text`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from lxml.etree import _Element as Element

from newsbot import vocabulary
from newsbot.extraction.blocks import Block, inline_text
from newsbot.extraction.page import Page
from newsbot.profiles import Layout

_SHORT = 1200
"""Characters; only pages with less text than this are searched for the wording of error pages."""
MIN_TEXT = 140
"""Characters of body below which a page must prove in another way that it is an article."""

_WORDINGS: list[tuple[str, re.Pattern[str]]] = [
    (reason, vocabulary.pattern("refusals", f"wording.{reason}"))
    for reason in vocabulary.subject("refusals")["wording"]
]
_ERROR = 400
"""Characters of the longest text of an error page."""
_TEASER_LEVELS = 4
"""How many elements stand between a teaser's text and the box around it."""
_TEASER_PARAGRAPHS = 4
"""Paragraphs of the longest teaser."""
_MANY = 4
"""Headlines that even an empty page may link to."""
_HEADLINE = 14
"""Characters of the shortest headline."""
_SENTENCE = 5
"""Words of the shortest headline that cannot be the name of a page."""
_STORY = 3
"""Paragraphs."""
_ABOUT = vocabulary.pattern("refusals", "about.titles")
"""What the long names of pages about the newspaper say."""
_ARTICLE_META = re.compile(r"article", re.IGNORECASE)


def refusal(
    page: Page,
    layout: Layout | None,
    *,
    title: str | None,
    text: str,
    blocks: list[Block],
    candidates: int,
    link_share: float,
    declared: bool,
    signed: int,
) -> str | None:
    """Why the page is no article, or None where it is one.

    `link_share` is the share of the body's characters inside links, `declared` whether the page
    calls itself an article (JSON-LD, Open Graph), `candidates` the number of bodies that the layout
    found, `signed` how many of date, author, views and
    comments it carries: prose without any is «About us» unless its heading is a whole headline, a
    line with two is a short notice.
    """
    if len(page.root) == 0:
        return "empty"
    if layout:
        for reason, css in layout.refuse.items():
            if page.has(css):
                return reason
        if page.has(layout.article):
            return None
    path = urlsplit(page.url)
    if path.path in ("", "/") and not path.query:
        return "listing"
    wording = _wording(page, title, text)
    if wording:
        return wording
    if link_share > 0.5 or (candidates > 2 and not declared) or _is_list(blocks):
        return "listing"
    if not text and _headlines(page) > _MANY:
        return "listing"
    if not title and not declared:
        return "no_title"
    if not text or (len(text) < MIN_TEXT and not declared and signed < 2):
        return "no_text"
    if declared or signed or _is_unsigned_article(page, title or "", blocks):
        return None
    return "static_page"


def _is_unsigned_article(page: Page, title: str, blocks: list[Block]) -> bool:
    """Whether unsigned prose stands under a headline: a sentence, where other pages have a name."""
    return (
        len(title.split()) >= _SENTENCE
        and not _ABOUT.search(title)
        and sum(block.kind != "caption" for block in blocks) >= _STORY
        and any(" ".join(h1.split()).startswith(title) for h1 in page.strings("h1"))
    )


def _headlines(page: Page) -> int:
    """How many links of the page read like headlines."""
    links = page.index.tags.get("a", [])[:300]
    return sum(len(inline_text(link)) > 2 * _HEADLINE for link in links)


def _is_list(blocks: list[Block]) -> bool:
    """Whether most of the text stands in several boxes, each with the headline of another article."""
    boxes: dict[Element, int] = {}
    total = 0
    for block in blocks:
        if block.kind == "caption":
            continue
        total += len(block.text)
        box = _teaser(block)
        if box is not None:
            boxes[box] = boxes.get(box, 0) + len(block.text)
    return len(boxes) > 2 and sum(boxes.values()) > 0.6 * total


def _teaser(block: Block) -> Element | None:
    """The nearest element around a block that holds a linked headline outside the block."""
    inner = block.element
    node: Element | None = inner
    for _ in range(_TEASER_LEVELS):
        if node is None or node.tag in ("body", "html", "main"):
            return None
        for link in node.iter("a"):
            text = inline_text(link)
            if len(text) > _HEADLINE and (text not in block.text or link.find("b") is not None):
                return node
        if sum(1 for _ in node.iter("p", "br")) > _TEASER_PARAGRAPHS:
            return None
        node = node.getparent()
    return None


def _wording(page: Page, title: str | None, text: str) -> str | None:
    if len(text) > _SHORT:
        return None
    heads = [title or "", *page.strings("title"), *page.strings("h1"), *page.strings("h2")[:3]]
    for reason, pattern in _WORDINGS:
        if any(pattern.search(head) for head in heads if len(head) < 120):
            return reason
        if len(text) < _ERROR and any(map(pattern.search, text.split("\n"))):
            return reason
    if page.has('input[type="password"]') and len(text) < MIN_TEXT:
        return "login"
    return None


def declares_article(page: Page, ld: dict[str, object]) -> bool:
    """Whether structured data calls the page an article."""
    return bool(ld) or bool(_ARTICLE_META.search(page.meta("og:type") or ""))


_PAYWALL = vocabulary.pattern("refusals", "paywall.phrases")
_PAYWALL_MARKS = ", ".join(vocabulary.entries("refusals", "paywall.selectors"))
_PAYWALL_NAMES = vocabulary.pattern("refusals", "paywall.names", within="(?<![a-z]){}(?![a-z])")


def behind_paywall(page: Page, ld: dict[str, Any]) -> bool:
    """Whether the page says that the rest of its text is for subscribers."""
    if str(ld.get("isAccessibleForFree")).lower() == "false":
        return True
    if page.has(_PAYWALL_MARKS):
        return True
    return any(
        _PAYWALL.search(inline_text(element))
        for css_class, elements in page.index.classes.items()
        if _may_be_paywall(css_class[:300])
        for element in elements[:3]
    )


@lru_cache(maxsize=16384)
def _may_be_paywall(css_class: str) -> bool:
    return bool(_PAYWALL_NAMES.search(css_class))
