"""authors: the persons who signed the article, from the layout down to the page's metadata."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from newsbot.extraction import fields, structured
from newsbot.extraction.context import Context
from newsbot.extraction.evidence import Candidate, Reader, stated
from newsbot.extraction.fields import letters
from newsbot.extraction.surroundings import signature

_MOST = 20
"""Matches of one selector that are looked at."""


def find_authors(context: Context) -> list[Reader]:
    """Who may name the persons that signed the article; all of one source are believed together."""
    page, ld, near = context.page, context.ld, context.surroundings
    sites = {letters(name) for name in context.site_names if name}

    def persons(values: Iterable[str], source: str, where: str = "") -> list[Candidate]:
        names = [name for name in fields.authors(values) if letters(name) not in sites]
        return stated(names, source, where=where)

    def by_selector(css: str) -> list[Candidate]:
        return persons(page.strings(css)[:_MOST], "layout", css)

    return [
        *(partial(by_selector, css) for css in context.layout.authors),
        lambda: persons(structured.people(ld.get("author")), "json-ld"),
        lambda: persons(structured.labels(context.data.get("author")), "next-data"),
        lambda: persons(near.authors(), "printed"),
        lambda: persons(filter(None, [signature(context.body.blocks)]), "signature"),
        lambda: persons(filter(None, [near.signature()]), "signature"),
        lambda: persons(page.metas.get("article:author", []), "meta"),
        lambda: persons(page.metas.get("author", []), "meta"),
    ]
