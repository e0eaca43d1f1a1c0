"""title: the headline that is printed, checked against what the page calls itself."""

from __future__ import annotations

from functools import partial

from lxml.etree import _Element as Element

from newsbot.extraction import fields, structured
from newsbot.extraction.blocks import inline_text
from newsbot.extraction.context import Context
from newsbot.extraction.evidence import Candidate, Reader
from newsbot.extraction.fields import letters


def find_title(context: Context) -> list[Reader]:
    """Who may know the title."""
    page, names = context.page, context.site_names
    heads = [
        (next(iter(structured.names(context.ld.get("headline"))), None), "json-ld"),
        (page.meta("og:title", "twitter:title"), "meta"),
        (page.first(["title"]), "title"),
    ]
    printed = _printed(context, [head for head, _ in heads if head])

    def named(value: str | None, source: str) -> list[Candidate]:
        found = fields.without_site_name(value, names) if value else ""
        if not found or fields.without_site_name(f"x - {found}", names) == "x":
            return []
        return [Candidate(None if fields.is_placeholder(found) else found, source)]

    return [partial(named, value, source) for value, source in [(printed, "layout"), *heads]]


def _printed(context: Context, heads: list[str]) -> str | None:
    """The printed headline: what the layout names, checked against what the page calls itself.

    Templates that print the newspaper's name as `h1` and the headline as `h2` are common.
    """
    wanted = [spelt for spelt in map(letters, heads) if spelt]
    first: tuple[str, Element] | None = None
    for selectors in (context.layout.title, ["h1", "h2", "h3"] if wanted else []):
        for css in selectors:
            for element in context.page.select(css)[:5]:
                text = inline_text(element)
                if not text:
                    continue
                first = first or (text, element)
                if not wanted or _agrees(letters(text), wanted):
                    context.title_element = element
                    return text
    if first and first[1].tag != "h3":
        context.title_element = first[1]
        return first[0]
    return None


def _agrees(printed: str, heads: list[str]) -> bool:
    """Whether a printed line is the headline that the page's data name, or most of it."""
    if len(printed) < 4:
        return False
    return any(
        (printed in head and 2 * len(printed) > len(head))
        or (head in printed and 2 * len(head) > len(printed))
        for head in heads
    )
