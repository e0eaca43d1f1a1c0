"""sections: the section in which an article stands, and its tags."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, partial
from urllib.parse import urlsplit

from lxml.etree import _Element as Element

from newsbot import vocabulary
from newsbot.extraction import fields, structured
from newsbot.extraction.addresses import pairs_of
from newsbot.extraction.blocks import inline_text
from newsbot.extraction.context import Context
from newsbot.extraction.evidence import Candidate, Reader, stated
from newsbot.extraction.fields import letters

_BREADCRUMBS = vocabulary.pattern("sections", "breadcrumbs")
_LISTS = vocabulary.pattern(
    "sections", "addresses", within=r"(?:^|/){}/[^/?#]+(?:/|\.html?)?(?:[?#]|$)"
)
_TAG_LISTS = vocabulary.pattern(
    "sections", "tag_addresses", within=r"(?:^|/){}/[^/?#]+(?:/|\.html?)?(?:[?#]|$)"
)
"""Addresses of the list of one section, or of one tag."""
_MOST_SECTIONS = 3
"""Links to sections near an article; more are a menu."""
_NAMES = 300
"""Characters of a class or id that are looked at; what is longer is no name."""


def section(context: Context) -> list[Reader]:
    """Who may name the section."""
    page, ld, data = context.page, context.ld, context.data

    def named(value: str | None, source: str, where: str = "") -> list[Candidate]:
        name = fields.section(value or "")
        return stated(name if name != context.article.title else None, source, where=where)

    def first(values: list[str]) -> str | None:
        return values[0] if values else None

    return [
        *(
            partial(lambda css: named(page.first([css]), "layout", css), css)
            for css in context.layout.section
        ),
        lambda: named(first(structured.names(ld.get("articleSection"))), "json-ld"),
        lambda: named(page.meta("article:section"), "meta"),
        lambda: named(first(structured.labels(data.get("articleSection"))), "next-data"),
        lambda: named(context.surroundings.section(), "printed"),
        lambda: named(
            first([*filter(None, map(fields.stated_section, context.surroundings.lines))]),
            "printed",
        ),
        lambda: named(_linked(context), "printed"),
        lambda: named(_breadcrumb(context), "breadcrumb"),
        *(
            partial(named, value, one.source, one.address)
            for value, one in context.told("section")[:1]
        ),
    ]


def _linked(context: Context) -> str | None:
    """The section whose list the article links to, unless it is the menu that links."""
    links = [
        (link, text)
        for link, text in context.surroundings.links_to(_LISTS)
        if link.get("rel") != "tag"
    ]
    names = list(dict.fromkeys(text for _, text in links))
    return names[0] if 0 < len(names) <= _MOST_SECTIONS else None


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


def tags(context: Context) -> list[Reader]:
    """Who may name the tags; all of one list are believed together."""
    page, own = context.page, context.article.section

    def named(values: Iterable[str], source: str) -> list[Candidate]:
        return stated(fields.tags(values), source)

    def besides(values: Iterable[str], source: str) -> list[Candidate]:
        return named([value for value in values if value != own], source)

    def keywords() -> list[str]:
        words = context.ld.get("keywords")
        return structured.names(words.split(",") if isinstance(words, str) else words)

    return [
        *(partial(_by_selector, context, css) for css in context.layout.tags),
        lambda: named(structured.labels(context.data.get("keywords")), "next-data"),
        lambda: besides(page.metas.get("article:tag", []), "meta"),
        lambda: besides(keywords(), "json-ld"),
        lambda: besides(context.surroundings.tags(), "printed"),
        lambda: besides([text for _, text in context.surroundings.links_to(_TAG_LISTS)], "printed"),
        *(partial(besides, values, one.source) for values, one in context.told("tags")[:1]),
    ]


def _by_selector(context: Context, css: str) -> list[Candidate]:
    """What a selector names, without the section and what is linked to lists of its kind.

    Block themes mark links to sections as links to tags.
    """
    found, own = context.page.select(css), context.article.section
    links = [(inline_text(e), _kind_of(e)) for e in found if not isinstance(e, str)]
    kind = next((kind for text, kind in links if text == own), None)
    others = [text for text, other in links if kind and other != kind]
    names = others or [name for name in context.page.strings(css) if name != own or not kind]
    return stated(fields.tags(names), "layout", where=css)


def _kind_of(link: Element) -> tuple[str, ...]:
    """Of what kind of list an address is: the first part of a path with several, or the query's keys."""
    parts = urlsplit(link.get("href") or "")
    first, _, rest = parts.path.strip("/").partition("/")
    return (first, *([] if rest else [parts.path, *(key for key, _ in pairs_of(parts.query))]))
