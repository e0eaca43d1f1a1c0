"""counters: views and comments, from the layout, the page's data and what is printed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from newsbot import vocabulary
from newsbot.extraction import fields, structured
from newsbot.extraction.context import Context
from newsbot.extraction.evidence import Candidate, Reader, stated
from newsbot.extraction.page import Page

_COMMENT_FORMS = ", ".join(vocabulary.entries("counters", "comment_forms"))
_MOST = 10**15
"""No counter shows more, and no database keeps any number."""
_INTERACTIONS = "|".join(vocabulary.entries("counters", "interactions"))


def views(context: Context) -> list[Reader]:
    """Who may know the number of views."""
    page, data = context.page, context.data.get("views")
    return [
        *(partial(_by_selector, page, css, fields.view_count) for css in context.layout.views),
        lambda: stated(structured.interactions(context.ld, _INTERACTIONS), "json-ld"),
        lambda: _number(data, "next-data"),
        lambda: stated(context.surroundings.views(), "printed"),
    ]


def comments(context: Context) -> list[Reader]:
    """Who may know the number of readers' comments."""
    page, layout = context.page, context.layout
    said, data = context.ld.get("commentCount"), context.data.get("comments")

    def items() -> list[Candidate]:
        if not layout.comment_items:
            return []
        found = len(page.select(layout.comment_items))
        return stated(found if found or page.has(_COMMENT_FORMS) else None, "layout")

    return [
        *(partial(_by_selector, page, css, fields.comment_count) for css in layout.comments),
        lambda: _number(said, "json-ld"),
        lambda: _number(data, "next-data"),
        lambda: stated(context.surroundings.comments(), "printed"),
        items,
    ]


def _number(value: object, source: str) -> list[Candidate]:
    """A number of the page's data that a counter may show."""
    return stated(value if isinstance(value, int) and 0 <= value < _MOST else None, source)


def _by_selector(page: Page, css: str, read: Callable[[str], int | None]) -> list[Candidate]:
    return stated(read(page.first([css]) or ""), "layout", where=css)
