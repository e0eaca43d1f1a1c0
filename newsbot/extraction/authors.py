"""authors: the persons who signed the article, from the layout down to the page's metadata."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from newsbot.extraction import fields, structured
from newsbot.extraction.context import Context
from newsbot.extraction.fields import letters
from newsbot.extraction.surroundings import signature

_MOST = 20
"""Matches of one selector that are looked at."""


def find_authors(context: Context) -> tuple[list[str], str]:
    """Names of persons and where they came from: the first source that names any."""
    page, layout, surroundings = context.page, context.layout, context.surroundings
    sites = {letters(name) for name in context.site_names if name}

    def persons(values: Iterable[str]) -> list[str]:
        return [name for name in fields.authors(values) if letters(name) not in sites]

    for css in layout.authors:
        found = persons(page.strings(css)[:_MOST])
        if found:
            return found, "layout"
    candidates: list[tuple[Callable[[], Iterable[str]], str]] = [
        (lambda: structured.people(context.ld.get("author")), "json-ld"),
        (lambda: structured.labels(context.data.get("author")), "next-data"),
        (surroundings.authors, "printed"),
        (lambda: filter(None, [signature(context.body.blocks)]), "signature"),
        (lambda: filter(None, [surroundings.signature()]), "signature"),
        (lambda: page.metas.get("article:author", []), "meta"),
        (lambda: page.metas.get("author", []), "meta"),
    ]
    for read, source in candidates:
        found = persons(read())
        if found:
            return found, source
    return [], ""
