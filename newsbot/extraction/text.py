"""text: which of the bodies that were found is believed, and what is printed before it."""

from __future__ import annotations

from newsbot.extraction import body, classify, fields, structured
from newsbot.extraction.blocks import Block
from newsbot.extraction.body import Body
from newsbot.extraction.context import Context
from newsbot.extraction.generic import main_blocks

_LONGER = 1.5
"""How many times longer the data's text must be to be believed before what is printed."""


def find_body(context: Context) -> Body:
    """The body by the layout, else by its form, else from the data where that is much longer."""
    page, article = context.page, context.article
    found = body.from_layout(page, context.layout)
    proven = context.proven
    poor = not found.blocks or (found.chars < classify.MIN_TEXT and not proven)
    if poor and not (proven and found.source):
        other = body.from_blocks(main_blocks(page), "generic")
        other.candidates = found.candidates
        if other.chars > 2 * found.chars:
            found = other
    context.data = structured.application_article(page, article.title)
    for source, text in (
        ("next-data", context.data.get("html")),
        ("json-ld", context.ld.get("articleBody")),
    ):
        if isinstance(text, str) and len(text) > _LONGER * found.chars and not fields.is_cut(text):
            make = body.from_html if "<" in text else body.from_text
            other = make(text, page.url, source)
            if other.chars > _LONGER * found.chars:
                found = other
    if found.source:
        article.sources["text"] = found.source
    return found


def with_lead_and_captions(context: Context) -> list[Block]:
    """Blocks of the body, with the lead and the captions printed between headline and text."""
    found = context.body.blocks
    if not found or not context.body.elements:
        return found
    captions, lead = context.surroundings.captions(), context.surroundings.lead()
    if not captions and not lead:
        return found
    element = context.body.elements[0]
    known = {fields.letters(block.text) for block in found}
    whole = "".join(fields.letters(block.text) for block in found[:3])
    before = [
        Block("caption", caption, 0.0, element)
        for caption in captions
        if fields.letters(caption) not in known
    ]
    if lead and not fields.is_cut(lead) and fields.letters(lead) not in whole:
        before.append(Block("p", lead, 0.0, element))
    return [*before, *found]
