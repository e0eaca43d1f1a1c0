"""flags: what a reader of the article should know of it: no date, cut text, damaged letters."""

from __future__ import annotations

from archive.article import SOURCES
from archive.kazakh.language import looks_mixed_script
from newsbot.extraction import fields, walls
from newsbot.extraction.authors import same
from newsbot.extraction.context import Context
from newsbot.extraction.persons import is_full_name, people

SHORT_TEXT = 200
"""Characters below which an article is flagged `short_text`."""
_TEASER = 600
"""Characters; a text that ends in dots is taken for a teaser up to this length."""
_BELIEVED = 0.3
"""Weight of a date that contradicts another."""
_PROMISED = 1.5
"""How many times longer than its text a page must say that an article is."""


def find_flags(context: Context) -> list[str]:
    """The flags that the article has already, and those of its text and date, once each."""
    article = context.article
    found = list(article.flags)
    if not article.published:
        found.append("no_date")
    if not article.text:
        found.append("no_text")
    elif len(article.text) < SHORT_TEXT:
        found.append("short_text")
    if looks_mixed_script(article.text):
        found.append("mixed_script")
    if fields.looks_glued(article.text):
        found.append("glued_words")
    if _is_truncated(context):
        found.append("truncated")
    if _source_differs(context):
        found.append("source_differs")
    if walls.behind_paywall(context.page, context.ld):
        found.append("paywall")
    return list(dict.fromkeys(found))


def _source_differs(context: Context) -> bool:
    """Whether page and source name another headline, other persons or another day."""
    article, heard = context.article, context.heard.get("published", [])
    days = [
        {c.value[:10] for c in heard if (c.source in SOURCES) == told and c.weight >= _BELIEVED}
        for told in (True, False)
    ]
    if all(days) and not days[0] & days[1]:
        return True
    told = {name for name, source in article.sources.items() if source in SOURCES}
    for title, _ in context.told("title"):
        if "title" not in told and not fields.alike(title, article.title or ""):
            return True
    for names, _ in context.told("authors"):
        full = same(filter(is_full_name, people(names)))
        if article.authors and "authors" not in told and full and not full & same(article.authors):
            return True
    return False


def _is_truncated(context: Context) -> bool:
    """Whether the text is the beginning of a longer one, by its dots or by what the page promises."""
    text = context.article.text
    promised = max((context.body.promised, *(number for number, _ in context.told("promised"))))
    if text and promised > _PROMISED * len(text):
        return True
    return fields.is_cut(text) and len(text) < _TEASER
