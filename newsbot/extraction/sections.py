"""sections: the section in which an article stands, and its tags."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from newsbot import vocabulary
from newsbot.extraction import fields, structured
from newsbot.extraction.blocks import inline_text
from newsbot.extraction.context import Context
from newsbot.extraction.fields import letters

_BREADCRUMBS = vocabulary.pattern("sections", "breadcrumbs")
_NAMES = 300
"""Characters of a class or id that are looked at; what is longer is no name."""


def section(context: Context) -> tuple[str | None, str]:
    """The section's name and where it came from."""
    page = context.page
    named = structured.names(context.ld.get("articleSection"))
    data = structured.labels(context.data.get("articleSection"))
    tags_of = page.metas.get("article:tag", [])
    candidates: list[tuple[Callable[[], str | None], str]] = [
        (lambda: page.first(context.layout.section), "layout"),
        (lambda: named[0] if named else None, "json-ld"),
        (lambda: page.meta("article:section"), "meta"),
        (lambda: data[0] if data else None, "next-data"),
        (context.surroundings.section, "printed"),
        (lambda: _breadcrumb(context), "breadcrumb"),
        (lambda: tags_of[0] if tags_of else None, "meta"),
    ]
    for read, source in candidates:
        value = fields.section(read() or "")
        if value and value != context.article.title:
            return value, source
    return None, ""


def _breadcrumb(context: Context) -> str | None:
    """The last step of the printed path that is neither the front page nor the headline."""
    title = letters(context.article.title or "")
    index = context.page.index
    for names in (index.classes, index.ids):
        for name, elements in names.items():
            if _is_breadcrumb(name[:_NAMES]):
                links = [inline_text(link) for e in elements[:3] for link in e.iter("a")]
                steps = [text for text in links if letters(text) != title]
                if len(steps) > 1:
                    return steps[-1]
    steps = [name for name in structured.breadcrumb(context.page) if letters(name) != title]
    return steps[-1] if len(steps) > 1 else None


@lru_cache(maxsize=16384)
def _is_breadcrumb(name: str) -> bool:
    return _BREADCRUMBS.search(name) is not None


def tags(context: Context) -> tuple[list[str], str]:
    """Tags and where they came from: the first source that has any."""
    page, own = context.page, context.article.section
    for css in context.layout.tags:
        values = fields.tags(page.strings(css))
        if values:
            return values, "layout"
    values = fields.tags(structured.labels(context.data.get("keywords")))
    if values:
        return values, "next-data"
    values = page.metas.get("article:tag", [])
    source = "meta"
    if not values:
        words = context.ld.get("keywords")
        words = words.split(",") if isinstance(words, str) else words
        values, source = structured.names(words), "json-ld"
    found = fields.tags(value for value in values if value != own)
    if found:
        return found, source
    return fields.tags(tag for tag in context.surroundings.tags() if tag != own), "printed"
