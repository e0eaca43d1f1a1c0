"""counters: views and comments, from the layout, the page's data and what is printed."""

from __future__ import annotations

from newsbot import vocabulary
from newsbot.extraction import fields, structured
from newsbot.extraction.context import Context

_COMMENT_FORMS = ", ".join(vocabulary.entries("counters", "comment_forms"))
_INTERACTIONS = "|".join(vocabulary.entries("counters", "interactions"))


def views(context: Context) -> tuple[int | None, str]:
    """The number of views and where it came from."""
    for css in context.layout.views:
        number = fields.view_count(context.page.first([css]) or "")
        if number is not None:
            return number, "layout"
    number = structured.interactions(context.ld, _INTERACTIONS)
    if number is not None:
        return number, "json-ld"
    if isinstance(context.data.get("views"), int):
        return context.data["views"], "next-data"
    return context.surroundings.views(), "printed"


def comments(context: Context) -> tuple[int | None, str]:
    """The number of readers' comments and where it came from."""
    page, layout = context.page, context.layout
    for css in layout.comments:
        number = fields.comment_count(page.first([css]) or "")
        if number is not None:
            return number, "layout"
    stated = context.ld.get("commentCount")
    if isinstance(stated, int):
        return stated, "json-ld"
    if isinstance(context.data.get("comments"), int):
        return context.data["comments"], "next-data"
    number = context.surroundings.comments()
    if number is not None:
        return number, "printed"
    if layout.comment_items:
        items = len(page.select(layout.comment_items))
        if items or page.has(_COMMENT_FORMS):
            return items, "layout"
    return None, ""
