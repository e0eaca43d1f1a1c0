"""authors: the persons who signed the article, by all that a page says of them.

Its structured data, the layout's selectors, elements named as bylines, labelled lines, the
signature under the text and the page's metadata each name some; what several name alike wins. What
stands away from the article counts little: teasers have authors of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from itertools import islice, takewhile

from lxml.etree import _Element as Element

from archive.kazakh.letters import faithful
from newsbot import vocabulary
from newsbot.extraction import structured
from newsbot.extraction.blocks import Block, inline_text, text_length, texts
from newsbot.extraction.context import Context
from newsbot.extraction.evidence import ENOUGH, Candidate, Reader
from newsbot.extraction.fields import letters
from newsbot.extraction.persons import (
    is_full_name,
    is_label,
    is_newsroom,
    is_surely_name,
    looks_like_name,
    people,
    stated,
)
from newsbot.extraction.surroundings import BELOW, BETWEEN, Surroundings, names_of
from newsbot.vocabulary import pattern

# How far each is believed by itself. Two that agree are enough.
_STANDARD = 0.85
"""A selector of standard mark-up, which themes print anywhere: `a[rel=author]`."""
_DECLARED = 0.9
"""Data for machines: often the account that filled in the form."""
_LABELLED = 0.9
_NAMED = 0.85
"""An element whose class promises an author."""
_TOLD = 0.75
"""What a source names: often the account."""
_SIGNED = 0.7
"""A name alone under the text."""
_LINKED = 0.5
"""A link to an author's page."""
_UNLABELLED = 0.5
"""A name alone between title and text."""
_BELOW_TEXT = 0.45
"""A name alone, outside of what holds the text."""
_META = 0.4
"""`<meta name=author>`: the account, or whoever made the site."""
_NO_FULL_NAME = 0.5
"""Times this where nobody has a full name: an account, a newsroom."""
# Times this, by where an element stands.
_AFTER = 0.5
"""After the text: a box about the author, or a teaser."""
_BESIDE = 0.4
"""Outside of what holds title and text, or between them in an element for other things. In a
sidebar, a list of other articles or a comment nothing is believed."""

_MOST = 20
"""Matches of one selector that are looked at."""
_LINKS = 400
"""Links of a page, and lines around its text, that are looked at."""
_ENDS = (3, 4)
"""Blocks at the beginning and at the end of the text where a byline may stand."""
_WRITTEN = ("p", "heading")
"""Kinds of blocks that may sign a text."""
_AROUND, _INSIDE = (*_WRITTEN, "item"), ("p",)
"""Kinds of blocks before the text, and in it, that may be a name alone."""
_NUMBER = re.compile(r"\d\d")
_SIGNABLE = 3
"""Blocks of the shortest text whose last line may be a signature."""
_LINKED_BLOCK = 0.5
"""Share of linked characters above which a line is a link."""
_LINE = 160
"""Characters of the longest line with a byline."""
_NAMES_ALONE = 2
"""Lines of names at the end of a text that are a signature; more are a list."""
_NAMED_BESIDE = 4
"""Words of the longest thing that stands beside a name and a date; a longer one is prose."""
_TEASER_LEVELS = 3
"""How many elements stand between a teaser's author and the box around it."""
_TEASER = 400
"""Characters of the longest teaser."""
_HEADLINE = 4
"""Words of the shortest headline that a teaser links to."""
_OWN_WORDS = re.compile(r"[.#]")
_DATES_AND_MARKS = re.compile(r"\s*[|•·\n/]\s*|,\s+|\s*,?\s*\d[\d.:/ -]*|\s+[–—-]\s+")
_PROSE_END = re.compile(r"[.!?…:;]$")
_PICTURE = pattern("elements", "near.picture", within=r"(?:^|[\s_-]){}(?:$|[\s_-])")
_AUTHOR = pattern("elements", "fields.author", within=r"(?:^|-){}(?=-|$)")
_AUTHOR_LINK = pattern("elements", "near.author_links", within=r"/{}/")
_HALF = pattern("elements", "near.half_names")
_METAS = vocabulary.entries("structured", "metas.author")


def find_authors(context: Context) -> list[Reader]:
    """Who may name the persons that signed the article; all of one source are believed together."""
    said = partial(_said, context)
    ld, data = context.ld, context.data
    return [
        *(partial(_by_selector, context, css) for css in context.layout.authors),
        lambda: said(
            structured.people(ld.get("author") or ld.get("creator")), "json-ld", _DECLARED
        ),
        lambda: said(structured.labels(data.get("author")), "next-data", _DECLARED),
        lambda: _by_name(context),
        lambda: _by_label(context),
        lambda: _signed(context),
        lambda: _alone(context),
        lambda: _by_link(context),
        lambda: _by_meta(context),
        lambda: [
            candidate
            for names, one in context.told("authors")[:1]
            for candidate in said(names, one.source, _TOLD, one.address)
        ],
    ]


def same(names: Iterable[str]) -> frozenset[str]:
    """What two lists of authors have in common that name the same persons, in whatever order.

    A second name or a patronymic between the others may be left out.
    """
    words = ([*map(letters, name.split())] for name in names)
    return frozenset(" ".join(sorted(one if len(one) < 3 else (one[0], one[-1]))) for one in words)


def _said(
    context: Context,
    values: Iterable[str],
    source: str,
    weight: float,
    where: str = "",
    labelled: bool = False,
) -> list[Candidate]:
    """The persons in some strings as a candidate; none where there are none.

    What one link to the front page says may be a person whom a label names there.
    """
    names = [
        name
        for name in people(values)
        if letters(name) not in context.site_names
        or (labelled and context.page.front_links.count(name) == 1 and not context.is_own(name))
    ]
    if not names:
        return []
    if any(map(is_full_name, names)):
        return [Candidate(names, source, weight, where)]
    return [Candidate(names, source, weight * _NO_FULL_NAME, where, "no full name")]


def _by_selector(context: Context, css: str) -> list[Candidate]:
    matches = context.page.select(css)[:_MOST]
    weight = ENOUGH if _OWN_WORDS.search(css) else _STANDARD
    strings = [faithful(match) for match in matches if isinstance(match, str)]
    elements = [match for match in matches if not isinstance(match, str)]
    return [
        *_said(context, strings, "layout", weight, css),
        *_best_placed(context, [(e, _pieces(e)) for e in elements], "layout", weight, css),
    ]


def _by_name(context: Context) -> list[Candidate]:
    """Elements near the article whose class promises an author: those like the nearest with a name."""
    found: list[tuple[Element, list[str]]] = []
    for _, text, element in context.surroundings.named.get("author", []):
        if found and element.get("class") != found[0][0].get("class"):
            continue
        pieces = _pieces(element) or [text]  # an icon has its text beside it
        names = people(pieces)
        if not _of_picture(element) and any(looks_like_name(n) or is_newsroom(n) for n in names):
            found.append((element, pieces))
    where = found[0][0].get("class") or found[0][0].get("id") or "" if found else ""
    return _best_placed(context, found, "printed", _NAMED, where)


def _by_link(context: Context) -> list[Candidate]:
    """Links to authors' pages within what holds title and text."""
    near = context.surroundings
    links = [
        (link, _pieces(link))
        for link in context.page.index.tags.get("a", [])[:_LINKS]
        if _AUTHOR_LINK.search(link.get("href") or "") and near.in_core(link)
    ]
    named = [(link, p) for link, p in links if any(map(looks_like_name, people(p)))]
    return _best_placed(context, named, "printed", _LINKED, "a[href]")


def _best_placed(
    context: Context,
    found: list[tuple[Element, list[str]]],
    source: str,
    weight: float,
    where: str,
) -> list[Candidate]:
    """The persons in those elements that stand best, each given with its text in pieces."""
    if not found:
        return []
    found = found[:_MOST]
    places = [_place(context.surroundings, element) for element, _ in found]
    best = max(places)
    if not best:
        return []
    values = [
        " | ".join(pieces)
        for (_, pieces), place in zip(found, places, strict=True)
        if place == best
    ]
    names = people(values)
    full = [name for name in names if is_full_name(name)]  # no «Twitter» beside a name
    return _said(context, full or names, source, weight * best, where)


def _place(near: Surroundings, element: Element) -> float:
    """How far an element is believed to speak of this article, by where it stands: 0–1."""
    if _of_picture(element):
        return 0.0
    if not near.is_near(element):
        return _BESIDE if near.in_core(element) and near.group(element) == BETWEEN else 0.0
    if near.group(element) == BELOW and _in_teaser(near, element):
        return 0.0
    if not near.in_core(element):
        return _BESIDE
    return _AFTER if near.group(element) == BELOW else 1.0


def _of_picture(element: Element) -> bool:
    """Whether an element speaks of a picture: whose name stands in it took that."""
    named = _PICTURE.search(element.get("class") or "") is not None
    return named or any(e.tag == "figure" for e in (element, *element.iterancestors()))


def _in_teaser(near: Surroundings, element: Element) -> bool:
    """Whether a small box around an element links to another article by its headline."""
    own = letters(inline_text(element))
    box: Element | None = element
    for _ in range(_TEASER_LEVELS):
        box = box.getparent() if box is not None else None
        if box is None or near.holds(box) or text_length(box) > _TEASER:
            return False
        for link in box.iter("a"):
            text = inline_text(link)
            leads_on = len(text.split()) >= _HEADLINE and letters(text) not in own
            if leads_on and near.is_near(link) and not _AUTHOR_LINK.search(link.get("href") or ""):
                return True
    return False


def _pieces(element: Element) -> list[str]:
    """An element's text as its mark-up parts it: a name and a role, two names; labels stay before names."""
    parts = (e for e in element.iter("span") if _HALF.fullmatch(e.get("class") or ""))
    named = dict.fromkeys(part.getparent() for part in parts)
    if named:
        return [inline_text(e) for e in named if e is not None]
    pieces: list[str] = []
    for text in map(faithful, texts(element)):
        if not text:
            continue
        before = pieces[-1] if pieces else ""
        label = before and not people([before])
        halves = len(before.split()) == 1 == len(text.split()) and text[:1].isupper()
        if label or halves:
            pieces[-1] = f"{before} {text}"
        else:
            pieces.append(text)
    return pieces


def _by_label(context: Context) -> list[Candidate]:
    """Lines that say who wrote the article, at both ends of the text and around it."""
    near, found = context.surroundings, context.body.blocks
    ends = found if len(found) <= sum(_ENDS) else [*found[: _ENDS[0]], *found[-_ENDS[1] :]]
    inside = [line for block in ends for line in block.text.split("\n")]
    around = [block.text for block in near.short_blocks[:_LINKS]]
    apart = (  # a label alone is followed by those whom it names
        f"{label.rstrip(' :')}: {', '.join(takewhile(looks_like_name, around[place:])) or around[place]}"
        for place, label in enumerate(around[:-1], start=1)
        if is_label(label)
    )
    lines = (line for line in (*inside, *near.lines, *apart) if len(line) <= _LINE)
    labelled = ((line, names) for line in lines if (names := stated(line)))
    for line, names in islice(labelled, _MOST):
        candidates = _said(context, names, "printed", _LABELLED, line[:30], labelled=True)
        if candidates and not any(
            line in block.text
            and near.group(block.element) == BELOW
            and _in_teaser(near, block.element)
            for block in near.short_blocks
        ):
            return candidates
    return []


def _signed(context: Context) -> list[Candidate]:
    """Names alone under the text: its last lines, or the first lines below what holds it."""
    found, near, order = context.body.blocks, context.surroundings, context.page.index.order
    if len(found) >= _SIGNABLE:
        inside = list(takewhile(_is_line, found[: -_ENDS[1] : -1]))[::-1]
        names = signature(inside)
        if names or not near.body:
            return _said(context, names, "signature", _SIGNED)
    if not near.body:
        return []
    last = max(near.body, key=lambda element: order.get(element, 0))
    below = [
        block
        for block in near.short_blocks
        if order.get(block.element, 0) > order.get(last, 0) and near.in_core(block.element)
    ][: _ENDS[1]]
    lines = list(takewhile(_is_line, below))
    names = list(filter(is_surely_name, signature(lines)))
    beside = bool(below) and below[0].element.getparent() is last.getparent()
    return _said(context, names, "signature", _SIGNED if beside else _BELOW_TEXT)


def _is_line(block: Block) -> bool:
    """Whether a block may be part of a signature: short, running text, no link, no caption."""
    written = block.kind in _WRITTEN and block.linked <= _LINKED_BLOCK
    return written and len(block.text) <= _LINE and not _of_picture(block.element)


def signature(found: Iterable[Block]) -> list[str]:
    """The names alone in some lines: «Айгүл СЕРІКҚЫЗЫ, Тараз қаласы»; none in a list of names."""
    lines = (line for block in found for line in block.text.split("\n"))
    signed = [names for line in lines if (names := _names_alone(line))]
    return [] if len(signed) > _NAMES_ALONE else [name for names in signed for name in names]


def _names_alone(line: str) -> list[str]:
    """The names of a line that says nothing else but what they are."""
    parts = [part.strip(" *") for part in line.rstrip(" ,").split(",")]
    # A line in capitals may be anything else: «ЖАЛҒАСЫ БАР».
    if not (is_surely_name if parts[0].isupper() else looks_like_name)(parts[0]):
        return []
    if len(parts) > 1 and _PROSE_END.search(line) and len(line.split()) > 2 * _NAMES_ALONE + 1:
        return []
    return [part for part in parts if looks_like_name(part)]


def _alone(context: Context) -> list[Candidate]:
    """A name alone before the text, or beside a date: «Айгүл Серікқызы | 12.05.2024»."""
    near, title = context.surroundings, letters(context.article.title or "")
    around = ((b, near.group(b.element) == BETWEEN, _AROUND) for b in near.short_blocks[:_LINKS])
    first = ((block, True, _INSIDE) for block in context.body.blocks[: _ENDS[0]])
    for block, before, kinds in (*around, *first):
        lone = block.kind in kinds and len(block.text) <= _LINE
        if not lone or block.linked > _LINKED_BLOCK or _of_picture(block.element):
            continue
        parts = list(filter(None, _DATES_AND_MARKS.split(block.text)))
        names = [part for part in parts if is_surely_name(part) and letters(part) != title]
        if kinds is _AROUND and not names:
            names = list(filter(is_newsroom, parts))
        if not names or not (before or _place(near, block.element)):
            continue
        if len(names) == len(parts) and (before or _in_box(block.element)):
            return _said(context, names, "printed", _UNLABELLED, block.text[:30])
        short = all(len(part.split()) <= _NAMED_BESIDE for part in parts)
        if short and _NUMBER.search(block.text):
            return _said(context, names, "printed", _BELOW_TEXT, block.text[:30])
    return []


def _in_box(element: Element) -> bool:
    """Whether an element stands in a box whose name promises the author."""
    return any(_AUTHOR.search(names_of(e)) for e in islice(element.iterancestors(), _TEASER_LEVELS))


def _by_meta(context: Context) -> list[Candidate]:
    """The page's metadata: the first name there that is a person's, lone words being accounts."""
    page = context.page
    lines = [(name, value) for name in _METAS for value in page.metas.get(name, [])]
    for number in ("1", "2"):
        label, value = page.meta(f"twitter:label{number}"), page.meta(f"twitter:data{number}")
        lines += [("twitter:data", name) for name in stated(f"{label}: {value}")]
    named = [(where, name) for where, value in lines for name in people([value])]
    for is_signature in (is_full_name, is_newsroom):
        for where in dict.fromkeys(where for where, _ in named):
            names = [name for place, name in named if place == where and is_signature(name)]
            candidates = _said(context, names, "meta", _META, where)
            if candidates:
                return candidates
    return []
