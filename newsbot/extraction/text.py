"""text: which of the bodies that were found is believed, and what is printed before it."""

from __future__ import annotations

from newsbot.extraction import body, classify, fields, structured
from newsbot.extraction.blocks import Block, blocks
from newsbot.extraction.body import Body
from newsbot.extraction.context import Context
from newsbot.extraction.generic import main_blocks
from newsbot.extraction.page import Page

_LONGER = 1.5
"""How many times longer another text must be to be believed before the one that was found."""
_SHORT = 300
"""Characters of a layout's text up to which the page is searched for a longer one around it."""
_PROMISE = 40
"""Letters of the shortest description that tells where the text stands."""
_BEGINNING = 30
"""Letters of a description that are looked for: newsrooms cut it, and change its end."""
_WORD = 6
"""Characters of a word and the space after it, at least: Kazakh words are longer."""
_STATED = 0.7
"""Share of a text that the page's data must know to be believed of what else stands in it."""
_PRINTED = 0.5
"""Share of what the data say beyond the text from which the page prints it elsewhere, for a reason."""


def find_body(context: Context) -> Body:
    """The body by the layout; where that is doubtful, the best of it, the form and the data."""
    page, article = context.page, context.article
    found = body.from_layout(page, context.layout, context.shipped)
    if _is_doubtful(context, found):
        other = body.from_blocks(main_blocks(page, context.shipped), "generic")
        other.candidates = found.candidates
        if _is_better(context, other, found):
            found = other
    context.data = structured.application_article(page, article.title)
    for source, text in (
        ("next-data", context.data.get("html")),
        ("json-ld", context.ld.get("articleBody")),
    ):
        if isinstance(text, str) and len(text) > _LONGER * found.chars:
            make = body.from_html if "<" in text else body.from_text
            other = make(text, page.url, source)
            if other.chars > _LONGER * found.chars and not _is_printed(page, other, found):
                if fields.is_cut(text):
                    found.promised = other.chars
                else:
                    found = other
    found.blocks = _stated(found, context.ld.get("articleBody"))
    if found.chars < classify.MIN_TEXT and context.title_element is not None:
        found = body.with_pictures(found, page, context.title_element)
    found.promised = max(found.promised, _promised(context))
    if found.source:
        article.sources["text"] = found.source
    return found


def _is_doubtful(context: Context, found: Body) -> bool:
    """Whether the layout's body may be none of the article, or not all of it."""
    if not found.blocks or found.candidates > 1:
        return True
    if found.chars < _SHORT and not context.proven:
        return True
    said = _description(context)
    return bool(said) and not _begins(said, found) and _is_on(context.page, said)


def _is_better(context: Context, other: Body, found: Body) -> bool:
    """Whether the body by form is the article rather than the layout's.

    It holds what the page says of itself and the layout's does not, or it is much longer where
    nothing proves the layout's.
    """
    if not other.chars:
        return False
    if not found.chars:
        return True
    said = _description(context)
    if said and _begins(said, other) != _begins(said, found):
        return _begins(said, other)
    if found.candidates > 1:
        return other.chars > 2 * found.chars
    if context.proven:
        return False
    if found.chars < classify.MIN_TEXT:
        return other.chars > 2 * found.chars
    first = fields.letters(found.blocks[0].text)
    same = any(first in fields.letters(block.text) for block in other.blocks)
    return same and other.chars > _LONGER * found.chars


def _stated(found: Body, stated: object) -> list[Block]:
    """Blocks of a body without the boxes inside it of which the page's own data know nothing.

    The data must know most of the text; what stands beside a paragraph that they know stays.
    """
    whole = fields.letters(structured.plain(stated)) if isinstance(stated, str) else ""
    known = [fields.letters(block.text)[: 2 * _BEGINNING] in whole for block in found.blocks]
    sure = [
        block
        for block, is_known in zip(found.blocks, known, strict=True)
        if is_known and block.kind not in ("caption", "heading")
    ]
    if not whole or not sure or sum(len(b.text) for b in sure) < _STATED * found.chars:
        return found.blocks
    holders = {e for block in sure for e in (block.element, block.element.getparent())}
    kept: list[Block] = []
    gone = False  # whether the block below is such a box's: so is then the heading above it
    for position in reversed(range(len(known))):
        block = found.blocks[position]
        apart = holders.isdisjoint((block.element, block.element.getparent()))
        if block.kind != "caption":
            gone = apart and not known[position] and (gone or block.kind != "heading")
        if not gone or block.kind == "caption" or not any(known[:position]):
            kept.append(block)
    return kept[::-1]


def _description(context: Context) -> str:
    """The beginning of the page's own description, as letters; nothing where it says too little."""
    said = context.page.meta("og:description", "description", "twitter:description") or ""
    spelt = fields.letters(said)
    return spelt[:_BEGINNING] if len(spelt) >= _PROMISE else ""


def _begins(said: str, found: Body) -> bool:
    """Whether a description stands at the beginning of one of the paragraphs."""
    return any(said in fields.letters(block.text) for block in found.blocks)


def _is_on(page: Page, said: str) -> bool:
    """Whether the page prints a description in a paragraph."""
    return any(
        said in fields.letters("".join(paragraph.itertext())[: 4 * _BEGINNING])
        for paragraph in page.index.tags.get("p", [])
    )


def _promised(context: Context) -> int:
    """Characters that the page says its text has: by a count of words, or a longer description."""
    words = context.ld.get("wordCount")
    counted = int(words) if isinstance(words, (int, str)) and str(words).isdecimal() else 0
    said = context.page.meta("og:description", "description") or ""
    return max(counted * _WORD, len(said))


def _is_printed(page: Page, other: Body, found: Body) -> bool:
    """Whether most of what the data add to a text stands elsewhere on the page: furniture.

    Where nothing was found, the data are believed.
    """
    if found.chars < classify.MIN_TEXT:
        return False
    known = {fields.letters(block.text) for block in found.blocks}
    more = [s for b in other.blocks if (s := fields.letters(b.text)) and s not in known]
    shown = "".join(fields.letters(b.text) for b in blocks(page.root))
    printed = sum(len(s) for s in more if s in shown)
    return printed > _PRINTED * sum(map(len, more))


def with_lead_and_captions(context: Context) -> list[Block]:
    """Blocks of the body, with the lead and the captions printed between headline and text."""
    found = context.body.blocks
    if not found or not context.body.elements:
        return found
    said = _description(context)
    if said and (
        _begins(said, context.body) or said in fields.letters(context.article.title or "")
    ):
        said = ""
    captions, lead = context.surroundings.captions(), context.surroundings.lead(said)
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
