"""is_article: whether a page is one article, and if not, what it is.

Evidence is weighed: what speaks for an article against what speaks for each kind of page that is none.
Weights are shares of certainty: 1 decides where nothing speaks against it, and what a page says of
itself, its date and its signature together outweigh any one sign. The kind of page for which most
speaks is the reason: `empty`, `listing`, `static_page`, `search`, `password`, `login`, `challenge`, `not_found`,
`error`, `no_title`, `no_text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from archive.article import SOURCES
from newsbot import vocabulary
from newsbot.extraction import structured
from newsbot.extraction.addresses import NO_CONTENT, Shape, is_part, pairs_of, position, shape
from newsbot.extraction.context import Context
from newsbot.extraction.date_lines import is_date_line
from newsbot.extraction.dates import find_dates, tells_age
from newsbot.extraction.evidence import Candidate, weigh
from newsbot.extraction.fields import letters
from newsbot.extraction.page import Page
from newsbot.extraction.said import Said
from newsbot.extraction.surroundings import BETWEEN
from newsbot.extraction.teasers import Teasers, find_teasers, plain_addresses

MIN_TEXT = 140
"""Characters of body below which a page must prove in another way that it is an article."""
_LINE = 60
"""Characters of a text that is at least one sentence."""
_ERROR = 400
"""Characters of the longest text of an error page."""
_SHORT = 1200
"""Characters; only pages with less text than this are searched for the wording of error pages."""
_LONG = 1500
"""Characters of prose that hardly any other page has under one headline."""
_STORY, _STORY_TEXT = 3, 600
"""Paragraphs or characters of prose that are more than a notice."""
_SENTENCE = 5
"""Words of the shortest headline that cannot be the name of a page."""
_HEAD = 120
"""Characters of the longest heading that is searched for words."""
_NAME = 24
"""Characters of the longest name of a page or section, of one or two words."""
_ITEMS = 3
"""Days from which lines are items of a list, each under its date."""
_DATE_LINES = 40
"""Short lines with digits that are looked at for a date."""
_STOPS, _QUOTES = (".", "!", "?", "…", "։", "؟", "۔", "。"), "\"'»”’)]"
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
"""Letters of Thai, Japanese and Chinese."""
_MANY = 4
"""Headlines that even an empty page may link to."""

_WORDINGS: list[tuple[str, re.Pattern[str]]] = [
    (reason, vocabulary.pattern("refusals", f"wording.{reason}"))
    for reason in vocabulary.subject("refusals")["wording"]
]
_HEADINGS: list[tuple[str, re.Pattern[str]]] = [
    (reason, vocabulary.pattern("refusals", f"headings.{reason}"))
    for reason in vocabulary.subject("refusals")["headings"]
]
_ABOUT = vocabulary.pattern("refusals", "about.titles")
"""What the long names of pages about the newspaper say."""
_ARTICLE_META = re.compile(r"article", re.IGNORECASE)
_OTHER_TYPES: dict[str, list[str]] = vocabulary.subject("refusals")["types"]
_PAGERS = vocabulary.pattern("refusals", "lists.pagers", within=r"(?:^|[\s_-]){}(?:$|[\s_-])")
_IN_PLACE = frozenset(["password", "login", "challenge", "not_found", "error"])
"""Reasons for which something stands in the text's place, so that a long text contradicts them."""
_MACHINE = frozenset(["layout", "json-ld", "meta", "next-data"])
_INDEX = re.compile(r"/index\.(?:html?|php)$", re.IGNORECASE)
_INDEX_PAGE = re.compile(r"/(?:index|page)[-_]?\d{1,5}(?:\.html?)?/?$", re.IGNORECASE)
_YEAR = re.compile(r"/(?:19|20)\d\d/?$")
_DATE_PATH = re.compile(r"/(?:19|20)\d\d(?:[/-][01]?\d){1,2}(?:\.html?)?/?$")


def refusal(context: Context) -> str | None:
    """Why a page is no article, or None where it is one; all evidence is kept on the context.

    The fields are read before: what they found is evidence.
    """
    chosen, heard = weigh([lambda: _evidence(context)], key=lambda value: value is True)
    context.heard["is_article"] = heard
    if chosen is not None and chosen.value is True:
        return None
    reasons: dict[str, float] = {}
    for said in heard:
        if said.value is not True:
            reasons[said.value] = reasons.get(said.value, 0.0) + said.weight
    return max(reasons, key=lambda reason: reasons[reason], default="static_page")


def _for(weight: float, source: str, where: str = "", why: str = "") -> Candidate:
    return Candidate(True, source, weight, where, why)


def _against(reason: str, weight: float, source: str, where: str = "", why: str = "") -> Candidate:
    return Candidate(reason, source, weight, where, why)


@dataclass(slots=True)
class _Text:
    """What the body of a page amounts to."""

    chars: int
    own: int
    """Characters outside of links and of other articles' teasers."""
    paragraphs: int
    """Outside of teasers; lines that end as a sentence does."""
    days: int
    """Lines that are a date each, of days of their own."""
    linked: float
    """Share of the characters that stand in links."""
    teasers: Teasers


def _evidence(context: Context) -> Iterator[Candidate]:
    """All that speaks for an article and for each kind of page that is none."""
    page, layout = context.page, context.layout
    if len(page.root) == 0:
        yield _against("empty", 3.0, "page")
        return
    refused = [(reason, css) for reason, css in layout.refuse.items() if page.has(css)]
    proven = context.proven
    chars = len(context.article.text)
    if proven:
        # What holds for many bodies proves no one article.
        weight = 1.5 if context.body.candidates < 2 else 0.5
        yield _for(weight, "layout", layout.article or "")
    for reason, css in refused:
        strong = reason in _IN_PLACE and chars < MIN_TEXT
        weak = reason in _IN_PLACE and chars >= _ERROR
        yield _against(reason, 3.0 if strong else 0.5 if weak else 1.5, "layout", css)
    declared = list(_declared(context))
    is_declared = any(candidate.value is True for candidate in declared)
    yield from _addressed(page.url, None if is_declared else context.article.title or "")
    if proven and not refused and chars >= MIN_TEXT and context.body.candidates < 2:
        return
    teasers = find_teasers(
        page, context.blocks, context.title_element, _own(context), context.body.shown
    )
    text = _measured(context, teasers)
    yield from declared
    yield from _signed(context, text)
    yield from _written(context, text)
    yield from _listed(context, text)
    yield from _worded(context, text)
    yield from _asked(context, text)


def _own(context: Context) -> frozenset[str]:
    page = context.page
    said = page.meta("og:url")
    return plain_addresses(
        (page.url, context.article.canonical_url, page.absolute(said) if said else None)
    )


def _measured(context: Context, teasers: Teasers) -> _Text:
    text = [(i, block) for i, block in enumerate(context.blocks) if block.kind != "caption"]
    chars = sum(len(block.text) for _, block in text)
    linked = sum(block.linked * len(block.text) for _, block in text)
    own = [block for i, block in text if i not in teasers.blocks and block.linked < 0.5]
    return _Text(
        chars=chars,
        own=round(sum((1 - block.linked) * len(block.text) for block in own)),
        paragraphs=sum(block.text.rstrip(_QUOTES).endswith(_STOPS) for block in own),
        days=len(_days(context)),
        linked=linked / chars if chars else 0.0,
        teasers=teasers,
    )


def _days(context: Context) -> set[str]:
    """Days that stand alone in lines of the body."""
    lines = [line for block in context.body.blocks for line in block.text.split("\n")]
    short = (
        t for t in (*lines, *context.body.dropped) if len(t) <= _LINE and any(map(str.isdigit, t))
    )
    days: set[str] = set()
    for line in islice(short, _DATE_LINES):
        if is_date_line(line, context.zone, context.fetched_at):
            found = find_dates(line, zone=context.zone, fetched_at=context.fetched_at)
            days.update(date.isoformat()[:10] for date in found)
    return days


# --- for -----------------------------------------------------------------------------------------


def _declared(context: Context) -> Iterator[Candidate]:
    """What the page calls itself in data for machines."""
    page, ld = context.page, context.ld
    if ld:
        head = letters(next(iter(structured.names(ld.get("headline") or ld.get("name"))), ""))
        heads = [letters(t) for t in (context.article.title or "", *page.strings("title"))]
        if not head:
            yield _for(0.4, "json-ld", "@type", "without a headline")
        elif any(head in t or (t and t in head) for t in heads if len(t) > 3):
            yield _for(0.7, "json-ld", "@type", "its headline is the page's")
        else:
            yield _for(0.1, "json-ld", "@type", "its headline is another")
    else:
        types = _types(page)
        for reason, names in _OTHER_TYPES.items():
            found = types.intersection(names)
            if found:
                yield _against(reason, 0.7, "json-ld", f"@type {', '.join(sorted(found))}")
    kind = page.meta("og:type") or ""
    if _ARTICLE_META.search(kind):
        yield _for(0.3, "meta", "og:type")
    if page.meta("article:published_time"):
        yield _for(0.2, "meta", "article:published_time")


def _types(page: Page) -> set[str]:
    """Types of the page's JSON-LD objects, without the vocabulary's address."""
    found: set[str] = set()
    for candidate in structured.json_ld(page)[:50]:
        types = candidate.get("@type")
        for name in types if isinstance(types, list) else [types]:
            if isinstance(name, str):
                found.add(name.rpartition("/")[2])
    return found


def _signed(context: Context, text: _Text) -> Iterator[Candidate]:
    """Date, author and counters; on a list they are those of its first teaser."""
    article = context.article
    several = text.teasers.units > 1 or context.body.candidates > 2
    borrowed = (several and text.teasers.share > 0.5) or text.days >= _ITEMS
    fields: list[tuple[str, Any, float]] = [
        ("published", article.published, 0.2 if "date_inferred" in article.flags else 0.4),
        ("authors", article.authors, 0.25),
        ("views", article.views, 0.15),
        ("comments", article.comments, 0.1),
    ]
    signed = False
    for name, value, weight in fields:
        source = article.sources.get(name, "")
        if value in (None, [], "") or source == "address":  # lists of a day have it in theirs too
            continue
        if source in SOURCES:  # which says nothing of what the page shows
            own = [c for c in context.heard[name] if c.source not in SOURCES and c.weight > 0]
            if not own:
                continue
            source = max(own, key=lambda candidate: candidate.weight).source
        signed = True
        if borrowed and source not in ("json-ld", "meta"):
            yield _for(weight * 0.25, source, name, "of a teaser")
        else:
            yield _for(weight if source in _MACHINE else weight * 0.75, source, name)
    is_shown = article.published and article.sources.get("published") not in SOURCES
    if not is_shown and _is_aged(context):
        yield _for(0.3, "printed", "published", "an age")
    elif not signed:
        yield _against("static_page", 0.5, "printed", "", "no date, author or counter")


def _is_aged(context: Context) -> bool:
    """Whether an age from which no day follows stands between headline and text: «3 жыл бұрын»."""
    near = context.surroundings
    return context.title_element is not None and any(
        tells_age(text) and (element is None or near.group(element) == BETWEEN)
        for _, text, element in near.dates()
        if len(text) <= _LINE
    )


def _lister(context: Context, text: _Text) -> Said | None:
    """The source that lists the page under its headline, where there is a text; they list no static pages."""
    title = letters(context.article.title or "")
    told = context.told("title")[:1] if text.own >= MIN_TEXT else []
    return next((one for listed, one in told if letters(listed) == title), None)


def _words(title: str) -> int:
    """Words of a title; three letters are one where none are parted by spaces."""
    return len(title.split()) + len(_UNSPACED.findall(title)) // 3


def _written(context: Context, text: _Text) -> Iterator[Candidate]:
    """One headline over prose, or over what is shown in its place."""
    title = context.article.title or ""
    words = _words(title)
    if context.title_element is not None and words >= 3:
        yield _for(0.25 if words >= _SENTENCE else 0.1, "printed", "headline", f"{words} words")
    elif not title or context.article.sources.get("title") in SOURCES:
        yield _against("no_title", 0.9, "page")
    if lister := _lister(context, text):
        yield _for(0.25, lister.source, lister.address, "listed under this headline")
    if text.own >= _LONG:
        yield _for(0.5, "text", "", f"{text.own} characters of prose")
    elif text.paragraphs >= _STORY or text.own >= _STORY_TEXT:
        yield _for(0.3, "text", "", f"{text.paragraphs} paragraphs")
    elif text.own >= MIN_TEXT:
        yield _for(0.1, "text", "", f"{text.own} characters")
    if text.chars < MIN_TEXT:
        shown = len(context.body.shown)
        if shown >= _STORY and words >= 3:
            yield _for(0.5, "page", "", f"{shown} pictures for a text")
        elif words >= _SENTENCE and (shown or context.page.has('meta[property^="og:video"]')):
            yield _for(0.3, "page", "", "a picture or film for a text")
        weight = 0.4 if text.chars >= _LINE else 0.6 if text.chars else 0.8
        yield _against("no_text", weight, "text", "", f"{text.chars} characters")


# --- address -------------------------------------------------------------------------------------


def _addressed(url: str, title: str | None) -> Iterator[Candidate]:
    """What the address says by its form, and a title that is a name as short as it.

    Without a title for a page that calls itself an article, which may well be called «Су».
    """
    try:
        parts = urlsplit(_INDEX.sub("/", url))
        plain = parts._replace(fragment="").geturl()
        said, at = shape(plain), position(plain)
    except ValueError:
        return
    path = parts.path
    is_front = at.list == parts.netloc.removeprefix("www.") and not at.rest
    if is_front and not at.weak and at.kind in ("", "page"):
        yield _against("listing", 2.0, "address", path, "the front page or a page of its list")
    elif not parts.query and (_DATE_PATH.search(path) or _YEAR.search(path)):
        weight = 0.9 if _DATE_PATH.search(path) else 0.35
        yield _against("listing", weight, "address", path, "a day, month or year")
    elif _INDEX_PAGE.search(path) or (at.kind in ("page", "offset") and not at.weak):
        yield _against("listing", 0.7, "address", at.key or path, "a page of a list")
    elif said.role:
        yield from _named(said, path, [key for key, _ in pairs_of(parts.query)])
    elif said.proof:
        yield _for(0.4 if said.score > 2 else 0.3, "address", path, "a number or a date")
    elif said.score > 1:
        yield _for(0.2, "address", path, "a long name")
    elif title is not None and _words(title) < 3 and len(title) <= _NAME:
        share = 1.0 if path.strip("/").count("/") == 0 else 0.6
        why = f"a page's or section's name: {title}"
        yield _against("listing", 0.25 * share, "address", path, why)
        yield _against("static_page", 0.2 * share, "address", path, why)


def _named(said: Shape, path: str, keys: list[str]) -> Iterator[Candidate]:
    """What the names in an address say. Articles may stand below a section's name."""
    last = path.rstrip("/").rpartition("/")[2]
    if said.role in ("search", "login"):
        yield _against(said.role, 0.8, "address", path)
    elif any(is_part("search_keys", key.lower()) for key in keys) and not said.proof:
        yield _against("search", 0.8, "address", "?")
    elif said.role in NO_CONTENT:
        yield _against("static_page", 0.3, "address", path)
    elif said.role == "static":
        yield _against("static_page", 0.7, "address", path)
    elif said.role == "edition":
        yield _against("listing", 1.0, "address", path, "the front page of an edition")
    else:
        below = said.role == "taxonomy" and (said.proof or last.count("-") >= _SENTENCE - 1)
        yield _against("listing", 0.3 if below else 0.7, "address", path, said.role)


# --- against -------------------------------------------------------------------------------------


def _listed(context: Context, text: _Text) -> Iterator[Candidate]:
    """Signs of a list: text under linked headlines, links for text, ways to more pages."""
    teasers = text.teasers
    if teasers.units:
        most = (0.55, 0.9, 1.3)[min(teasers.units, 3) - 1]
        why = f"{teasers.share:.0%} under {teasers.units} linked headlines"
        yield _against("listing", round(most * teasers.share, 2), "text", "", why)
    if text.days >= _ITEMS:
        yield _against("listing", 0.4, "text", "", f"lines of {text.days} days")
    if text.linked > 0.5:
        yield _against("listing", 0.7, "text", "", f"{text.linked:.0%} in links")
    shown = context.body.shown and not teasers.above
    if not text.chars and teasers.headlines > _MANY and not shown:
        yield _against("listing", 0.9, "page", "", f"{teasers.headlines} headlines and no text")
    elif teasers.above > 2:
        yield _against("listing", 0.4, "page", "", f"{teasers.above} headlines above the text")
    if context.body.candidates > 2:
        yield _against("listing", 0.4, "layout", "", f"{context.body.candidates} bodies")
    # Without headlines of others beside it the way leads to further pages of the article.
    pager = _pager(context.page) if teasers.units else ""
    if pager:
        yield _against("listing", 0.3, "page", f".{pager}", "leads from page to page")


def _pager(page: Page) -> str:
    """The class of an element whose links lead to numbered pages."""
    for css_class, elements in page.index.classes.items():
        if _is_pager(css_class[:300]):
            for element in elements[:3]:
                links = [e for e in element.iter("a") if (e.text or "").strip().isdecimal()]
                if links or (element.tag == "a" and (element.text or "").strip().isdecimal()):
                    return css_class
    return ""


@lru_cache(maxsize=16384)
def _is_pager(css_class: str) -> bool:
    return bool(_PAGERS.search(css_class))


def _worded(context: Context, text: _Text) -> Iterator[Candidate]:
    """Words of pages that are no articles, in headings and as the whole of a short text.

    An article's headline may have them too, so a heading alone never decides.
    """
    page, title = context.page, context.article.title or ""
    heads = [title, *page.strings("title")[:1], *page.strings("h1")[:3], *page.strings("h2")[:3]]
    heads = list(dict.fromkeys(head for head in heads if 0 < len(head) < _HEAD))
    for reason, pattern in _HEADINGS:
        head = next((head for head in heads[:3] if pattern.search(head)), None)
        if head:
            weight = 0.5 if text.chars >= MIN_TEXT else 0.65 if text.chars else 0.85
            yield _against(reason, weight, "heading", head)
    if _ABOUT.search(title):
        yield _against("static_page", 0.5, "heading", title)
    if text.chars > _SHORT:
        return
    lines = context.article.text.split("\n") if text.chars < _ERROR else []
    for reason, pattern in _WORDINGS:
        line = next((line for line in lines if pattern.search(line)), None)
        head = next((head for head in heads if pattern.search(head)), None)
        if line:
            yield _against(reason, 1.0 if text.chars < MIN_TEXT else 0.4, "text", line)
        if head:
            weight = 0.3 if text.chars >= _ERROR else 0.5 if text.chars >= MIN_TEXT else 0.7
            yield _against(reason, weight if text.chars else 1.0, "heading", head)


def _asked(context: Context, text: _Text) -> Iterator[Candidate]:
    """A form to log in where a text should be."""
    if text.chars < _ERROR and context.page.has('input[type="password"]'):
        near = any(
            context.surroundings.is_near(around)
            for field in context.page.select('input[type="password"]')[:5]
            for form in field.iterancestors("form")
            if (around := form.getparent()) is not None
        )
        if near:
            weight = 1.0 if text.chars < MIN_TEXT else 0.3
            yield _against("login", weight, "page", 'input[type="password"]')
