"""flags: what a reader of the article should know of it: no date, cut text, damaged letters."""

from __future__ import annotations

from archive.kazakh.language import looks_mixed_script
from newsbot.extraction import fields, walls
from newsbot.extraction.context import Context

SHORT_TEXT = 200
"""Characters below which an article is flagged `short_text`."""
_TEASER = 600
"""Characters; a text that ends in dots is taken for a teaser up to this length."""

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
    if walls.behind_paywall(context.page, context.ld):
        found.append("paywall")
    return list(dict.fromkeys(found))


def _is_truncated(context: Context) -> bool:
    """Whether the text is the beginning of a longer one, by its dots or by what the page promises."""
    text = context.article.text
    if text and context.body.promised > _PROMISED * len(text):
        return True
    return fields.is_cut(text) and len(text) < _TEASER
