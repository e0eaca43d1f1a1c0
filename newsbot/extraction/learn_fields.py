"""learn_fields: which selectors yield the values of a field that are known of many pages.

A selector is proposed by the pages where a known value stands, and read on all of them as extraction
reads it; it is taken where it is right on nearly all pages that it says something of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from newsbot.extraction import fields
from newsbot.extraction.dates import ParsedDate, find_dates, parse_machine
from newsbot.extraction.learn_places import (
    LEAST,
    PageSample,
    Place,
    is_last_resort,
    propose,
    spelt,
)
from newsbot.extraction.persons import people

SURE = 0.9
"""Least share of right answers on pages whose value is told by their data or a source."""
TOLD = 10
"""Pages with sure values from which these alone judge."""
LIKELY = 0.75
"""Least share of right answers on all pages: the generic reading may be wrong on the others."""
_SURE = frozenset("json-ld meta next-data feed sitemap wordpress listing".split())
"""Who does not look for a value on the page, but is told."""
_MOST_SELECTORS = 3
_MOST_VALUES = 20
"""Matches of one selector that extraction looks at."""
_HALF = 0.7
"""Least agreement of a text with the known one, before what repeats in it is known as furniture."""
_HOLDS = (0.85, 0.5)
"""Shares of the known text that an element must hold to be proposed."""
_MACHINE = ("datetime", "content", "title")
"""Attributes in which a date may stand for machines."""


@dataclass(frozen=True, slots=True)
class Support:
    """What speaks for a selector, in pages."""

    right: int
    """Pages on which it yields what is known."""
    wrong: int
    """Pages on which it yields something else."""
    known: int
    """Pages of which a value is known."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How a field is known, found on a page, and read by a selector."""

    name: str
    known: Callable[[PageSample], Any]
    found: Callable[[PageSample, Any], Iterable[Place]]
    """Where a page says the known value."""
    read: Callable[[PageSample, str], Any]
    agrees: Callable[[Any, Any], float] = lambda read, known: float(read == known)
    """How far what was read is what is known: 0 is wrong, 1 is wholly."""


def learn_field(
    rule: FieldRule, samples: Sequence[PageSample], common: frozenset[str]
) -> dict[str, Support]:
    """Selectors of a field in the order to try, each with its support."""
    values = {sample: known for sample in samples if (known := rule.known(sample))}
    told = _told(rule.name, values)
    read: dict[str, dict[PageSample, float]] = {
        css: {
            sample: rule.agrees(value, known)
            for sample, known in values.items()
            if (value := rule.read(sample, css))
        }
        for css in propose((rule.found(s, known) for s, known in values.items()), common)
    }
    chosen: dict[str, Support] = {}
    left = set(values)
    while len(left) >= LEAST and len(chosen) < _MOST_SELECTORS:
        judges, least = (left & told, SURE) if len(left & told) >= TOLD else (left, LIKELY)
        good = [css for css in read if _is_good(read[css], judges, least)]
        if not good:
            break
        best = min(good, key=lambda css: _worth(css, read[css], judges))  # the first of the best
        found = [agreed for s, agreed in read[best].items() if s in left]
        chosen[best] = Support(sum(map(bool, found)), found.count(0), len(values))
        left -= read[best].keys()
    return chosen


def _told(name: str, values: Mapping[PageSample, Any]) -> set[PageSample]:
    """Pages whose value is told by a source that does not tell the same of all."""
    told: dict[str, list[PageSample]] = {}
    for sample in values:
        told.setdefault(sample.known.sources.get(name, ""), []).append(sample)
    found: set[PageSample] = set()
    for source in told.keys() & _SURE:
        pages = told[source]
        most = max(Counter(repr(values[sample]) for sample in pages).values())
        # A setting of the engine that stands on every page says nothing of one.
        if len(pages) < TOLD or most < SURE * len(pages):
            found.update(pages)
    return found


def _is_good(read: Mapping[PageSample, float], judges: set[PageSample], least: float) -> bool:
    marks = [read[sample] for sample in judges & read.keys()]
    right = sum(map(bool, marks))
    return right >= LEAST and right >= least * len(marks)


def _worth(
    css: str, read: Mapping[PageSample, float], judges: set[PageSample]
) -> tuple[int, float, bool, int]:
    """The best first: one wrong answer outweighs three right ones; few matches are to the point."""
    pages = judges & read.keys()
    right = sum(read[sample] > 0 for sample in pages)
    wholly = round(sum(read[sample] for sample in pages) / right, 2)
    matches = sum(len(sample.page.select(css)) for sample in pages)
    return 3 * len(pages) - 4 * right, -wholly, is_last_resort(css), matches


# -- the fields ---------------------------------------------------------------------------------


def rules(zone: ZoneInfo) -> list[FieldRule]:
    """All fields that are learnt in this way, the text first; `zone` is the newsroom's own."""
    return [
        FieldRule("body", paragraphs, _holders, read_blocks, agreement),
        FieldRule("title", lambda s: spelt(s.known.title or ""), line_places, read_line),
        FieldRule("authors", lambda s: _spelt(s.known.authors), _authors, _read_authors),
        FieldRule(
            "published",
            lambda s: _moment(s.known.published),
            lambda s, known: _dates(s, known, zone),
            lambda s, css: _read_date(s, css, zone),
            lambda read, known: _same_day(read, known, zone),
        ),
        FieldRule("section", _section, _sections, _read_section),
        FieldRule(
            "tags",
            lambda s: _tag_set(s, s.known.tags),
            _tags,
            lambda s, css: _tag_set(s, fields.tags(s.page.strings(css))),
        ),
    ]


def _spelt(values: Iterable[str]) -> frozenset[str]:
    return frozenset(map(spelt, values))


def read_line(sample: PageSample, css: str) -> str:
    """The letters of the first line that a selector yields."""
    return spelt(sample.page.first([css]) or "")


def line_places(sample: PageSample, wanted: str) -> list[Place]:
    """Elements that say nothing but a line, given as letters."""
    return sample.places(element for element, _, said in sample.lines if said == wanted)


def _authors(sample: PageSample, names: frozenset[str]) -> list[Place]:
    return sample.places(
        element
        for element, text, said in sample.lines
        if any(name in said for name in names) and frozenset() < _spelt(people([text])) <= names
    )


def _read_authors(sample: PageSample, css: str) -> frozenset[str]:
    return _spelt(people(sample.page.strings(css)[:_MOST_VALUES]))


def _section(sample: PageSample) -> str:
    """The section; where none is known, the one of several tags that the page prints."""
    if sample.known.section:
        return spelt(sample.known.section)
    tags = _spelt(sample.known.tags)
    printed = {said for _, _, said in sample.lines if said in tags}
    return printed.pop() if len(printed) == 1 < len(tags) else ""


def _sections(sample: PageSample, known: str) -> list[Place]:
    return sample.places(
        element
        for element, text, said in sample.lines
        if said == known or (known in said and spelt(fields.section(text) or "") == known)
    )


def _read_section(sample: PageSample, css: str) -> str:
    return spelt(fields.section(sample.page.first([css]) or "") or "")


def _tag_set(sample: PageSample, values: Iterable[str]) -> frozenset[str]:
    """Tags without the section, which some engines print among them."""
    return _spelt(values) - {spelt(sample.known.section or "")}


def _tags(sample: PageSample, known: frozenset[str]) -> list[Place]:
    return [
        (e, "") for e, _, said in sample.lines if said in known and e.tag in ("a", "span", "li")
    ]


# -- the text -----------------------------------------------------------------------------------


def paragraphs(sample: PageSample) -> list[str]:
    """The letters of the known text's paragraphs, where it is long enough to be told from others."""
    known = [said for part in sample.known.paragraphs if (said := spelt(part))]
    return known if sum(map(len, known)) > 100 else []


def _holders(sample: PageSample, known: Sequence[str]) -> Iterator[Place]:
    """The smallest elements that hold most of a text, and those around them."""
    wanted = set(known)
    total = sum(map(len, wanted))
    held: Counter[Any] = Counter()
    for said, around in sample.blocks:
        if said in wanted:
            wanted.discard(said)
            for element in around:
                held[element] += len(said)
    for share in _HOLDS:
        enough = [element for element, chars in held.items() if chars >= share * total]
        if enough:
            inner = max(enough, key=lambda element: sum(1 for _ in element.iterancestors()))
            yield from (
                (e, "") for e in [inner, *list(inner.iterancestors())[:2]] if e.tag != "body"
            )


def read_blocks(sample: PageSample, css: str) -> list[str]:
    """The letters of the blocks in the elements that a selector matches."""
    inside = set(sample.page.select(css))
    return (
        [said for said, around in sample.blocks if not inside.isdisjoint(around)] if inside else []
    )


def agreement(read: Sequence[str], known: Sequence[str]) -> float:
    """F-measure, by letters, of a text with the known one; 0 where it is none of it.

    A lead outside of it is no fault: that has selectors of its own.
    """
    got, wanted = Counter(read), Counter(known)
    if known[0] not in got and len(known) > 1:
        wanted -= Counter(known[:1])
    common, total = (
        sum(len(said) * count for said, count in texts.items())
        for texts in (got & wanted, got + wanted)
    )
    share = 2 * common / total if total else 0.0
    return share if share >= _HALF else 0.0


# -- dates --------------------------------------------------------------------------------------


def _moment(value: str | None) -> date | datetime | None:
    if not value:
        return None
    try:
        return datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    except ValueError:
        return None


def _same_day(read: ParsedDate, known: date | datetime, zone: ZoneInfo) -> float:
    """1 where both are the same moment, as far as both tell one; half where only the day is."""
    value = read.value
    if isinstance(value, datetime) and isinstance(known, datetime) and known.tzinfo:
        if abs((value - known).total_seconds()) < 60:
            return 1.0
        return 0.5 * (_local(value, zone) == _local(known, zone))
    return 0.5 * (1 + (type(value) is type(known))) * (_local(value, zone) == _local(known, zone))


def _local(value: date | datetime, zone: ZoneInfo) -> date:
    if not isinstance(value, datetime):
        return value
    return (value.astimezone(zone) if value.tzinfo else value).date()


def _dates(sample: PageSample, known: date | datetime, zone: ZoneInfo) -> list[Place]:
    def says(value: str, *, machine: bool) -> bool:
        read = _parsed(value, zone, machine=machine) if any(map(str.isdigit, value)) else None
        return read is not None and _same_day(read, known, zone) > 0

    found = [
        (element, f"::attr({name})")
        for element in sample.body.iter("time", "abbr", "meta", "span")
        for name in _MACHINE
        if says(element.get(name) or "", machine=True)
    ]
    lines = [element for element, text, _ in sample.lines if says(text, machine=False)]
    around = {above for element in lines for above in element.iterancestors()}
    return found + sample.places(element for element in lines if element not in around)


def _read_date(sample: PageSample, css: str, zone: ZoneInfo) -> ParsedDate | None:
    values = sample.page.strings(css)[:_MOST_VALUES]
    machine = "::attr(" in css
    return next((d for v in values if (d := _parsed(v, zone, machine=machine))), None)


@lru_cache(maxsize=1 << 16)
def _parsed(text: str, zone: ZoneInfo, *, machine: bool) -> ParsedDate | None:
    """The date of a text; none where only its distance is printed, or its year is not."""
    if machine:
        return parse_machine(text, zone=zone)
    return next(iter(find_dates(text, zone=zone)), None)
