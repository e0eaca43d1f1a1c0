"""printed_dates: dates that stand near an article, and what the place of each says of it.

An element's names, the line it stands in and its neighbours tell a date of publication from that of
a change, of another article, and from the calendar at the top of the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from itertools import islice
from typing import NamedTuple

from lxml.etree import _Element as Element

from archive.kazakh.letters import faithful
from newsbot import vocabulary
from newsbot.extraction.blocks import HEADINGS, inline_text, text_length
from newsbot.extraction.context import Context
from newsbot.extraction.date_lines import (
    EVENT,
    NOT_OF_ARTICLE,
    OTHER,
    PUBLISHED,
    SENTENCE,
    TODAY,
    UPDATED,
    dates_of,
    role_beside,
)
from newsbot.extraction.date_tokens import says_when
from newsbot.extraction.dates import ParsedDate, find_dates, parse_machine
from newsbot.extraction.evidence import Candidate
from newsbot.extraction.surroundings import ABOVE, BELOW, BETWEEN, MAX_LINE, Surroundings, names_of
from newsbot.vocabulary import pattern

_WEIGHTS = {BETWEEN: 0.5, ABOVE: 0.35, BELOW: 0.2}
"""Of a date by where it stands: between headline and text, above the headline, below the text."""
_APART = 0.5
"""A date above the headline and apart from it keeps this share of its weight."""
_CLOCK_SLACK = timedelta(minutes=10)
"""How far the clock of a page may be from ours."""
_NAMED = 0.1
"""More, where the element's name promises a date."""
_LABELLED = 0.25
"""More, where a label, a name or a property says that it is the date of publication."""
_ENOUGH_DATES = 3
"""Printed dates that may be that of publication, after which no further line is read."""
_MARKS = 30
"""Elements of one kind that may hold a date for machines."""
_LEVELS = 3
"""Elements around a date whose names and lines are looked at."""
_TEASER = 25
"""Characters of a link beside a date from which it is the headline of another article."""
_TEASER_WORDS = 4
_TEASER_SIZE = 1500
"""Characters of what may be a teaser; what is longer is a list or a column."""
_INSIDE = 60
"""Elements inside a line that are looked at."""
_EMPHASIS = frozenset(["b", "strong", "i", "em", "u", "font"])

# Words of names, between hyphens; `--` parts two names.
_REVISED = pattern("elements", "near.revised")
_FIRST = pattern("elements", "near.first_date")
_PUBLISHED = pattern("elements", "near.published")
_TODAY_NAMES = pattern("elements", "near.today")
_COMMENT = pattern("elements", "near.comment", within=r"(?:^|-){}s?(?:-|$)")
_CLOCK = pattern("dates", "beside_clock.weather", "beside_clock.currency")
_WORD = re.compile(r"[^\W\d_]{2,}")
_CLOCK_WORDS = 4
"""Words beside the weather or a rate: the names of a place, a day and a month."""
_CLOCK_LINE = 100
"""Characters of the longest line that shows the clock of a page with what stands beside it."""
_DATA_NAME = pattern("elements", "near.date_attributes")
_DATA_VALUE = re.compile(r"\s*(?:[12]\d{3}-?\d\d-?\d\d(?!\d{3})|\d{10}(?:\d{3})?\s*$)")
_PROPERTIES = vocabulary.entries("structured", "properties.date")
_DATE_LIKE = re.compile(r"(?<!\d)\d\d?(?:[./-]\d\d?[./-]\d{2,4}|\s+[^\W\d_]{3,12})(?!\w)")
_MAY_BE_DATE = re.compile(r".*\d|(?=.{0,30}$).*[^\W\d_]{3}", re.DOTALL)


class Found(NamedTuple):
    """A date with its role: for which field it speaks, or that it is none of the article."""

    role: str | None
    candidate: Candidate


def near_dates(context: Context, near: Surroundings, known: frozenset[date]) -> Iterator[Found]:
    """Dates near the article, for machines and printed. `known`: days that its data name."""
    yield from _marked(context, near)
    yield from _printed(context, near, known)


def _marked(context: Context, near: Surroundings) -> Iterator[Found]:
    index = context.page.index
    marks = (
        *index.tags.get("time", [])[:_MARKS],
        *(e for name in _PROPERTIES for e in index.props.get(name, [])[:_MARKS]),
        *(element for _, _, element in near.named.get("published", [])[:_MARKS]),
    )
    for element in dict.fromkeys(marks):
        if element.tag == "meta" or not near.is_near(element):  # `Page.metas` holds those
            continue
        parsed = next(
            filter(None, (_in_attribute(context, *pair) for pair in element.items())), None
        )
        if parsed:
            where = f"{element.tag!s}.{element.get('class') or ''}"
            role, why = place_of(element, near)
            yield _weighed(context, near, element, parsed, role, where, why, named=True)


def _printed(context: Context, near: Surroundings, known: frozenset[date]) -> Iterator[Found]:
    count, seen = 0, set[str]()
    for named, text, element in near.dates():
        if count >= _ENOUGH_DATES:
            break
        if text in seen or not _MAY_BE_DATE.match(text):
            continue
        seen.add(text)
        for parsed, said in read_line(context, text, known):
            role, why = said, f"«{text[:60]}»"
            if element is not None:
                role, why = _in_element(element, near, parsed.raw, said, why)
            found = _weighed(context, near, element, parsed, role, text[:60], why, named=named)
            count += found.candidate.weight > 0
            yield found


def _in_attribute(context: Context, name: str, value: str) -> ParsedDate | None:
    """The date in an attribute that may hold one."""
    is_date = _DATA_NAME.fullmatch(name) and _DATA_VALUE.match(value)
    return machine_date(context, value) if is_date or name in ("datetime", "content") else None


def _in_element(
    element: Element, near: Surroundings, raw: str, said: str | None, why: str
) -> tuple[str | None, str]:
    """The role of a date in the line of an element, by what the line said of it and by its place."""
    inner, promised = element, None
    for child in islice(element.iter("*"), _INSIDE):
        if child.getparent() is inner and raw in inline_text(child):
            inner, promised = child, _promise(child) or promised
    if said == SENTENCE:
        # Mark-up parts «14.05.2024» from what stands beside it, except where it stresses.
        apart = inner is not element and inner.tag not in _EMPHASIS and inline_text(inner) == raw
        said = None if apart and not says_when(raw) else EVENT
    if said in (None, PUBLISHED):
        role, told = place_of(element, near, raw, promised)
        if said is None or role in NOT_OF_ARTICLE or role == UPDATED:
            return role, told or why
    return said, why


def _weighed(
    context: Context,
    near: Surroundings,
    element: Element | None,
    parsed: ParsedDate,
    role: str | None,
    where: str,
    why: str,
    *,
    named: bool,
) -> Found:
    """A date with its weight: how far it is believed to be that of publication, or of a change.

    A date at the top of the page that stands apart from headline and text may be the calendar's; it
    is where it is the day, or the moment, of the fetch.
    """
    group = BETWEEN if element is None else near.group(element)
    weight = _WEIGHTS[group] + _NAMED * named + _LABELLED * (role in (PUBLISHED, UPDATED))
    if element is not None and group == ABOVE and role is None and not near.in_core(element):
        weight *= _APART
        if _is_now(parsed, context):
            role, why = TODAY, "the day of the fetch, at the top of the page"
    if role in NOT_OF_ARTICLE:
        weight = 0.0
    return Found(role, Candidate(parsed, "printed", weight, where, why))


def _is_now(parsed: ParsedDate, context: Context) -> bool:
    """Whether a date is what a calendar or clock showed at the fetch."""
    now = context.fetched_at
    if now is None:
        return False
    if isinstance(parsed.value, datetime):
        return abs(parsed.value - now) <= _CLOCK_SLACK
    return not parsed.relative and parsed.value == now.astimezone(context.zone).date()


# --- places --------------------------------------------------------------------------------------


@lru_cache(maxsize=8192)
def role_of_names(names: str) -> str | None:
    """The role that class, id and properties of an element promise."""
    parts = [part.strip("-").lower() for part in names.split("--")]
    revised = [part for part in parts if _REVISED.search(part)]
    if revised:
        first = any(_FIRST.search(part) for part in parts if part not in revised)
        return None if first else UPDATED
    if any(_TODAY_NAMES.fullmatch(part) for part in parts):
        return TODAY
    return PUBLISHED if any(_PUBLISHED.search(part) for part in parts) else None


def _promise(element: Element) -> str | None:
    if not element.keys():
        return None
    properties = (faithful(element.get(name) or "") for name in ("itemprop", "property"))
    names = "--".join((names_of(element), *properties))
    return role_of_names(names) if names.strip("-") else None


def place_of(
    element: Element, near: Surroundings, text: str | None = None, role: str | None = None
) -> tuple[str | None, str]:
    """The role that names, labels and neighbours of an element give to the date in it, and why.

    `text` is the date as it stands in the element (the whole element without it), `role` what
    elements inside promise.
    """
    own = line = inline_text(element) if text is None else text
    for level, around in enumerate((element, *element.iterancestors())):
        if level > _LEVELS or not near.is_outside(around):
            break
        role = role or _promise(around)
        if around.tag == "header" and near.group(around) == ABOVE:
            return TODAY, "in the header of the page"
        length = text_length(around)
        if length > _TEASER_SIZE:
            break
        group, whole = near.group(around), inline_text(around) if length <= MAX_LINE else ""
        if group != BELOW and _shows_clock(near, around, whole, beside=group == ABOVE):
            return TODAY, "beside the weather or a rate"
        if around is not element:
            line = whole or line
        if level and _COMMENT.search(names_of(around)):
            return OTHER, "in a reader's comment"
        if around.tag == "figcaption":
            return EVENT, "in the caption of a picture"
        if _has_headline(around) or _is_one_of_many(around):
            return OTHER, "beside the headline of another article"
    before, found, after = line.partition(own) if own else ("", "", "")
    label = role_beside(before, after) if found else None
    if label:
        return label, f"labelled «{line[:60]}»"
    if near.group(element) == BELOW and near.is_of_next_section(element):
        return OTHER, "below the next heading"
    return role, "named so" if role else ""


def is_in_teaser(element: Element, near: Surroundings) -> bool:
    """Whether an element stands in a card whose heading links to another article."""
    for around, _ in zip(element.iterancestors(), range(_LEVELS), strict=False):
        if not near.is_outside(around) or text_length(around) > _TEASER_SIZE:
            return False
        if any(heading.find(".//a") is not None for heading in around.iter(*HEADINGS)):
            return True
    return False


def _shows_clock(near: Surroundings, around: Element, text: str, *, beside: bool) -> bool:
    """Whether a short line holds the weather or a rate of exchange, or one `beside` it without a date.

    A headline may speak of either: nothing else but a few names of places stands in such a line.
    """
    lines = [(around, text)]
    for other in (around.getprevious(), around.getnext()) if beside else ():
        if other is not None and text_length(other) <= _CLOCK_LINE:
            text = inline_text(other)
            lines += [] if _DATE_LIKE.search(text) else [(other, text)]
    return any(
        _CLOCK.search(line)
        and len(_WORD.findall(_CLOCK.sub(" ", line))) <= _CLOCK_WORDS
        and not _heads(near, shown)
        for shown, line in lines
    )


def _heads(near: Surroundings, element: Element) -> bool:
    """Whether an element is or holds a heading, or the title."""
    return any(e is near.title or e.tag in HEADINGS for e in element.iter())


def _has_headline(around: Element) -> bool:
    """Whether an element holds a link as long as a headline."""
    texts = map(inline_text, around.iter("a"))
    return any(len(text) >= _TEASER and len(text.split()) >= _TEASER_WORDS for text in texts)


def _is_one_of_many(around: Element) -> bool:
    """Whether an element with a link and a date stands beside another one like it: a list of teasers."""
    if around.tag == "time" or around.find(".//a") is None:
        return False
    kind = around.tag, around.get("class")
    return any(
        (other.tag, other.get("class")) == kind
        and other.find(".//a") is not None
        and text_length(other) <= _TEASER_SIZE
        and _DATE_LIKE.search(inline_text(other)) is not None
        for other in (around.getnext(), around.getprevious())
        if other is not None
    )


# --- reading -------------------------------------------------------------------------------------


def read_line(
    context: Context, text: str, known: frozenset[date]
) -> list[tuple[ParsedDate, str | None]]:
    """The dates of a line with their roles. `known`: days that the page's data name."""
    return dates_of(text, partial(_dates, context, first=day_first(context, text, known)))


def _dates(context: Context, text: str, *, first: bool) -> list[ParsedDate]:
    return find_dates(text, zone=context.zone, fetched_at=context.fetched_at, day_first=first)


def machine_date(context: Context, value: object, *, first: bool = True) -> ParsedDate | None:
    """A date written for machines; midnight is how they write a day without a time.

    `first`: whether the day stands before the month where nothing tells which is which.
    """
    if not isinstance(value, str):
        return None
    if first:
        parsed = parse_machine(value, zone=context.zone, fetched_at=context.fetched_at)
    else:
        parsed = next(iter(_dates(context, value, first=False)), None)
    if parsed is None or not isinstance(parsed.value, datetime):
        return parsed
    for moment in (parsed.value, parsed.value.astimezone(context.zone)):
        if not (moment.hour or moment.minute or moment.second):
            return ParsedDate(moment.date(), parsed.raw, parsed.year_inferred, parsed.relative)
    return parsed


_SLASHED = re.compile(r"(?<!\d)(\d\d?)([/-])(\d\d?)\2(?:\d{4}|\d\d)(?!\d)")


def day_first(context: Context, text: str, known: frozenset[date]) -> bool:
    """Whether 05/12/2022 in this text is a day of December.

    The day that the page's data name decides, then its other dates, then its layout or language.
    """
    if not is_ambiguous(text):
        return True
    for first in (True, False):
        if any(day_of(parsed) in known for parsed in _dates(context, text, first=first)):
            return first
    return context.day_first


def is_ambiguous(text: str) -> bool:
    """Whether a text holds a date such as 05/12/2022."""
    return any(int(found[1]) <= 12 and int(found[3]) <= 12 for found in _SLASHED.finditer(text))


def day_of(parsed: ParsedDate) -> date:
    """The calendar day of a date, by its own clock."""
    return parsed.value.date() if isinstance(parsed.value, datetime) else parsed.value
