"""naming: what class and id say of an element: that it is a body, a comment, or stands beside a text.

For pages that no layout knows. Names deceive, so each comes with the share of the page's prose from
which the element is text in spite of it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lxml.etree import _Element as Element

from newsbot.vocabulary import either, pattern

_FOREIGN = pattern("elements", "generic.foreign")
_ALIEN = pattern("elements", "generic.alien")
_SIDE = re.compile(
    rf"{either('elements', 'generic.side')}"
    rf"|(?:^|[\s_-]){either('elements', 'generic.side_words')}(?:$|\s|_)",
    re.IGNORECASE,
)
_WALL = pattern("elements", "generic.wall")
_FOREIGN_SHARE, _ALIEN_SHARE, _SIDE_SHARE, _WALL_SHARE = 2.0, 0.7, 0.35, 0.1
"""Share of a page's prose from which an element is body text in spite of its name."""
_POST = re.compile(rf"(?:^|\s){either('elements', 'generic.post')}(?:\s|$)")
_BODY = re.compile(
    rf"{either('elements', 'generic.body_of')}[-_]{{0,2}}{either('elements', 'generic.body')}"
    rf"|{either('elements', 'generic.body_words')}",
    re.IGNORECASE,
)
_STANDFIRST = re.compile(
    rf"(?:^|[\s_-]){either('elements', 'generic.standfirst')}"
    rf"|{either('elements', 'generic.masthead')}",
    re.IGNORECASE,
)


def name_of(element: Element) -> str:
    """Class and id of an element, parted by a space."""
    return f"{element.get('class') or ''} {element.get('id') or ''}"


@lru_cache(maxsize=8192)
def allowance(name: str) -> float:
    """Share of the page's prose below which a name means no body text; 0 for an innocent name."""
    if name == " " or _POST.search(name):
        return 0.0
    if _FOREIGN.search(name):
        return _FOREIGN_SHARE
    if _ALIEN.search(name):
        return _ALIEN_SHARE
    if _SIDE.search(name):
        return _SIDE_SHARE
    return _WALL_SHARE if _WALL.search(name) else 0.0


def is_readers(element: Element) -> bool:
    """Whether an element stands among the comments of readers."""
    return any(
        above.tag not in ("html", "body") and allowance(name_of(above)) >= _FOREIGN_SHARE
        for above in (element, *element.iterancestors())
    )


@lru_cache(maxsize=8192)
def names_body(name: str) -> bool:
    """Whether a name promises a whole text: `article-body`."""
    return bool(_BODY.search(name))


def is_whole(element: Element) -> bool:
    """Whether an element says that it holds a whole body, so that none is left outside it."""
    if element.tag in ("article", "main") or element.get("itemprop") == "articleBody":
        return True
    return names_body(name_of(element))


def in_masthead(element: Element) -> bool:
    """Whether an element belongs to the headline."""
    node: Element | None = element
    for _ in range(4):
        if node is None:
            break
        if node.tag in ("header", "h2", "h3") or _STANDFIRST.search(name_of(node)):
            return True
        node = node.getparent()
    return False
