"""printed_dates: dates that stand near an article, and what the place of each says of it.

An element's names, the line it stands in and its neighbours tell a date of publication from that of
a change, of another article, and from the calendar at the top of the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from lxml.etree import _Element as Element

from archive.kazakh.letters import faithful
from newsbot import vocabulary
from newsbot.extraction.blocks import inline_text, text_length
from newsbot.extraction.context import Context
from newsbot.extraction.date_lines import (
    EVENT,
    OTHER,
    PUBLISHED,
    TODAY,
    UPDATED,
    dates_of,
    role_beside,
)
from newsbot.extraction.dates import ParsedDate, find_dates, parse_machine
from newsbot.extraction.evidence import Candidate
from newsbot.extraction.page import Page
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
_META = 0.5
"""The weight of an element that is not shown, at most."""
_NO_PUBLICATION = (UPDATED, EVENT, TODAY, OTHER)
_ENOUGH_DATES = 3
"""Printed dates that may be that of publication, after which no further line is read."""
_LEVELS = 3
"""Elements around a date whose names and lines are looked at."""
_TEASER = 25
"""Characters of a link beside a date from which it is the headline of another article."""
_TEASER_WORDS = 4
_TEASER_SIZE = 1500
"""Characters of what may be a teaser; what is longer is a list or a column."""
_INSIDE = 60
"""Elements inside a line that are looked at."""

# Words of names, between hyphens; `--` parts two names.
_REVISED = re.compile(vocabulary.either("elements", "near.revised"), re.IGNORECASE)
_FIRST = re.compile(vocabulary.either("elements", "near.first_date"), re.IGNORECASE)
_PUBLISHED = re.compile(vocabulary.either("elements", "near.published"), re.IGNORECASE)
_TODAY_NAMES = re.compile(vocabulary.either("elements", "near.today"), re.IGNORECASE)
_COMMENT = pattern("elements", "near.comment", within=r"(?:^|-){}s?(?:-|$)")
_DATA_NAME = re.compile(vocabulary.either("elements", "near.date_attributes"), re.IGNORECASE)
_DATA_VALUE = re.compile(r"\s*(?:[12]\d{3}-?\d\d-?\d\d(?!\d{3})|\d{10}(?:\d{3})?\s*$)")
_PROPERTIES = vocabulary.entries("structured", "properties.date")
_DATE_LIKE = re.compile(r"(?<!\d)\d\d?(?:[./-]\d\d?[./-]\d{2,4}|\s+[^\W\d_]{3,12})(?!\w)")
_RELATIVE = re.compile(r"[^\W\d_]{3}")


class Place(NamedTuple):
    """Where a date was found, and what that says of it."""

    role: str | None
    why: str


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
    attributes = element.keys()
    if not attributes:
        return None
    names = names_of(element)
    for attribute in ("itemprop", "property"):
        names += f"--{faithful(element.get(attribute) or '')}"
    return role_of_names(names) if names.strip("-") else None


def place_of(element: Element, surroundings: Surroundings, text: str | None = None) -> Place:
    """What names, labels and neighbours of an element say of the date in it.

    `text` is the date as it stands in the element; the whole element without it.
    """
    own = inline_text(element) if text is None else text
    line = own
    role: str | None = None
    for level, around in enumerate((element, *element.iterancestors())):
        if level > _LEVELS or not surroundings.is_outside(around):
            break
        promised = _promise(around)
        if promised and role is None:
            role = promised
        if around.tag == "header" and surroundings.group(around) == ABOVE:
            return Place(TODAY, "in the header of the page")
        length = text_length(around)
        if length > _TEASER_SIZE:
            break
        if around is not element and length <= MAX_LINE:
            line = inline_text(around) or line
        if level and _COMMENT.search(names_of(around)):
            return Place(OTHER, "in a reader's comment")
        if around.tag == "figcaption":
            return Place(EVENT, "in the caption of a picture")
        if _has_headline(around) or _is_one_of_many(around):
            return Place(OTHER, "beside the headline of another article")
    before, found, after = line.partition(own) if own else ("", "", "")
    label = role_beside(before, after) if found else None
    if label:
        return Place(label, f"labelled «{line[:60]}»")
    if surroundings.group(element) == BELOW and surroundings.is_of_next_section(element):
        return Place(OTHER, "below the next heading")
    return Place(role, "named so" if role else "")


def _has_headline(around: Element) -> bool:
    """Whether an element holds a link as long as a headline."""
    for link in around.iter("a"):
        text = inline_text(link)
        if len(text) >= _TEASER and len(text.split()) >= _TEASER_WORDS:
            return True
    return False


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


def _inner_role(element: Element, raw: str) -> str | None:
    """The role that an element inside a line promises for the date that it holds."""
    for position, inner in enumerate(element.iter("*")):
        if position > _INSIDE:
            break
        promised = _promise(inner) if inner is not element else None
        if promised and raw in inline_text(inner):
            return promised
    return None


# --- candidates ----------------------------------------------------------------------------------


class Found(NamedTuple):
    """A date near the article with its role."""

    role: str | None
    candidate: Candidate


def _weighed(
    context: Context,
    surroundings: Surroundings,
    element: Element | None,
    found: Found,
    *,
    named: bool,
) -> Found:
    """The same with its weight: how far it is believed to be the date of publication, or of a change.

    A date at the top of the page that stands apart from headline and text may be the calendar's; it
    is where it is the day, or the moment, of the fetch.
    """
    role, candidate = found
    group = BETWEEN if element is None else surroundings.group(element)
    weight = _WEIGHTS[group] + _NAMED * named + _LABELLED * (role in (PUBLISHED, UPDATED))
    if role in (EVENT, TODAY, OTHER):
        return Found(role, replace(candidate, weight=0.0))
    if (
        element is not None
        and group == ABOVE
        and role is None
        and not surroundings.in_core(element)
    ):
        if _is_now(candidate.value, context.fetched_at, context.zone):
            why = "the day of the fetch, at the top of the page"
            return Found(TODAY, replace(candidate, weight=0.0, why=why))
        weight *= _APART
    return Found(role, replace(candidate, weight=weight))


def _is_now(parsed: ParsedDate, fetched_at: datetime | None, zone: ZoneInfo) -> bool:
    """Whether a date is what a calendar or clock showed at the fetch."""
    if fetched_at is None:
        return False
    if isinstance(parsed.value, datetime):
        return abs(parsed.value - fetched_at) <= _CLOCK_SLACK
    return not parsed.relative and parsed.value == fetched_at.astimezone(zone).date()


def marked(context: Context, surroundings: Surroundings) -> Iterator[Found]:
    """Dates written for machines on elements near the article."""
    seen: set[Element] = set()
    for element in _marks(context.page, surroundings):
        if element in seen or not surroundings.is_near(element):
            continue
        seen.add(element)
        found = next(
            filter(None, (_in_attribute(context, *pair) for pair in element.items())), None
        )
        if found:
            role, why = place_of(element, surroundings)
            where = f"{element.tag!s}.{element.get('class') or ''}"
            stated = Found(role, Candidate(found, "printed", 0.0, where, why))
            stated = _weighed(context, surroundings, element, stated, named=True)
            if element.tag == "meta":  # nobody sees it, and `Page.metas` holds it too
                weight = min(stated.candidate.weight, _META)
                stated = Found(role, replace(stated.candidate, source="meta", weight=weight))
            yield stated


def _in_attribute(context: Context, name: str, value: str) -> ParsedDate | None:
    """The date in an attribute that may hold one."""
    if name in ("datetime", "content"):
        return machine_date(context, value)
    if _DATA_NAME.fullmatch(name) and _DATA_VALUE.match(value):
        return machine_date(context, value)
    return None


def _marks(page: Page, surroundings: Surroundings) -> Iterator[Element]:
    index = page.index
    yield from index.tags.get("time", [])[:30]
    for name in _PROPERTIES:
        yield from index.props.get(name, [])[:10]
    for _, _, element in surroundings.named.get("published", [])[:20]:
        yield element


def printed(context: Context, surroundings: Surroundings, days: frozenset[date]) -> Iterator[Found]:
    """Dates that are printed near the article. `days`: those that its data name."""
    count = 0
    for named, text, element in surroundings.dates():
        if not _may_hold_date(text):
            continue
        first = day_first(context, text, days)
        for parsed, labelled in dates_of(text, partial(read_line, context, first=first)):
            role, why = labelled, f"«{text[:60]}»"
            if element is not None and role in (None, PUBLISHED):
                inner = _inner_role(element, parsed.raw) if role is None else None
                place = (
                    Place(inner, "named so")
                    if inner
                    else place_of(element, surroundings, parsed.raw)
                )
                if role is None or place.role in _NO_PUBLICATION:
                    role, why = place.role, place.why or why
            stated = Found(role, Candidate(parsed, "printed", 0.0, text[:60], why))
            weighed = _weighed(context, surroundings, element, stated, named=named)
            count += weighed.candidate.weight > 0
            yield weighed
        if count >= _ENOUGH_DATES:
            break


def _may_hold_date(text: str) -> bool:
    return any(character.isdigit() for character in text) or (
        len(text) <= 30 and _RELATIVE.search(text) is not None
    )


def read_line(context: Context, text: str, *, first: bool) -> list[ParsedDate]:
    """The dates of a line; `first`: whether the day stands before the month."""
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
        parsed = next(iter(read_line(context, value, first=False)), None)
    if parsed is None or not isinstance(parsed.value, datetime):
        return parsed
    for moment in (parsed.value, parsed.value.astimezone(context.zone)):
        if not (moment.hour or moment.minute or moment.second):
            return ParsedDate(moment.date(), parsed.raw, parsed.year_inferred, parsed.relative)
    return parsed


# --- day or month first --------------------------------------------------------------------------

_SLASHED = re.compile(r"(?<!\d)(\d\d?)([/-])(\d\d?)\2(?:\d{4}|\d\d)(?!\d)")


def day_first(context: Context, text: str, known: frozenset[date]) -> bool:
    """Whether 05/12/2022 in this text is a day of December.

    The day that the page's data name decides, then its other dates, then its layout or language.
    """
    if not is_ambiguous(text):
        return True
    for first in (True, False):
        if any(day_of(parsed) in known for parsed in read_line(context, text, first=first)):
            return first
    return context.day_first


def is_ambiguous(text: str) -> bool:
    """Whether a text holds a date such as 05/12/2022."""
    return any(int(found[1]) <= 12 and int(found[3]) <= 12 for found in _SLASHED.finditer(text))


def day_of(parsed: ParsedDate) -> date:
    """The calendar day of a date, by its own clock."""
    return parsed.value.date() if isinstance(parsed.value, datetime) else parsed.value
