"""learn_fields: which selectors yield the values of a field that are known of many pages.

A selector is proposed by the pages where a known value stands, and read on all of them as extraction
reads it; it is taken where it is right on nearly all pages that it says something of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from lxml.etree import _Element as Element

from newsbot.extraction import fields
from newsbot.extraction.dates import ParsedDate, find_dates, parse_machine
from newsbot.extraction.fields import letters
from newsbot.extraction.learn_places import LEAST, PageSample, propose
from newsbot.extraction.persons import people

SURE = 0.9
"""Least share of right answers on pages whose value is told by their data or a source."""
TOLD = 10
"""Pages with sure values from which selectors are judged by these alone."""
LIKELY = 0.75
"""Least share of right answers on all pages: the generic reading may be wrong on the others."""
_SURE = frozenset("json-ld meta next-data feed sitemap wordpress listing".split())
"""Who does not look for a value on the page, but is told."""
_MOST_CANDIDATES = 60
_MOST_SELECTORS = 3
_MOST_VALUES = 20
"""Matches of one selector that extraction looks at."""


@dataclass(frozen=True, slots=True)
class Support:
    """What speaks for a selector, in pages."""

    right: int
    """Pages on which it yields what is known."""
    wrong: int
    """Pages on which it yields something else."""
    known: int
    """Pages of which a value is known."""


Found = Callable[[PageSample], Iterable[tuple[Element, str]]]
"""Elements that hold the known value, with what their selectors end in: "" or `::attr(datetime)`."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How a field is known, found on a page, and read by a selector."""

    name: str
    known: Callable[[PageSample], Any]
    found: Found
    read: Callable[[PageSample, str], Any]
    agrees: Callable[[Any, Any], int] = lambda read, known: 2 * (read == known)
    """0: no; 1: as far as it goes; 2: wholly."""
    is_told: Callable[[PageSample], bool] = lambda sample: True
    """Whether the page's data say the value itself, and not something that may be taken for it."""


def learn_field(
    rule: FieldRule, samples: Sequence[PageSample], common: frozenset[str]
) -> dict[str, Support]:
    """Selectors of a field in the order to try, each with its support."""
    values = {sample: known for sample in samples if (known := rule.known(sample))}
    sure = _sure(rule, values)
    proposed = propose(map(rule.found, values), common, _MOST_CANDIDATES)
    chosen: dict[str, Support] = {}
    open_pages = dict(values)
    while len(chosen) < _MOST_SELECTORS and len(open_pages) >= LEAST:
        tried = [(css, _try(rule, css, open_pages, sure)) for css in proposed]
        good = [(css, trial) for css, trial in tried if trial.is_good]
        if not good:
            break
        css, trial = min(good, key=lambda pair: pair[1].worth)  # the first of the best
        chosen[css] = Support(trial.right, trial.wrong, len(values))
        open_pages = {s: known for s, known in open_pages.items() if s not in trial.answered}
    return chosen


@dataclass(slots=True)
class _Trial:
    """One selector on the pages of which a value is known."""

    right: int = 0
    wrong: int = 0
    wholly: int = 0
    sure_right: int = 0
    sure_wrong: int = 0
    matches: int = 0
    answered: frozenset[PageSample] = frozenset()

    @property
    def _told(self) -> bool:
        """Whether there are enough sure values to judge by them alone."""
        return self.sure_right + self.sure_wrong >= TOLD

    @property
    def is_good(self) -> bool:
        if self.right < LEAST or self.sure_right < SURE * (self.sure_right + self.sure_wrong):
            return False
        return self._told or self.right >= LIKELY * (self.right + self.wrong)

    @property
    def worth(self) -> tuple[int, int, int, int]:
        """The best first: one wrong answer outweighs three right ones; few matches are to the point."""
        told = 3 * self.sure_wrong - self.sure_right if self._told else 0
        return told, 3 * self.wrong - self.right, -self.wholly, self.matches


def _sure(rule: FieldRule, values: Mapping[PageSample, Any]) -> set[PageSample]:
    """Pages whose value is told by a source that does not tell the same of all."""
    told: dict[str, dict[PageSample, Any]] = {}
    for sample, known in values.items():
        source = sample.known.sources.get(rule.name, "")
        if source in _SURE and rule.is_told(sample):
            told.setdefault(source, {})[sample] = known
    found: set[PageSample] = set()
    for pages in told.values():
        most = max(Counter(map(repr, pages.values())).values())
        # A setting of the engine that stands on every page says nothing of one.
        if len(pages) < TOLD or most < SURE * len(pages):
            found.update(pages)
    return found


def _try(
    rule: FieldRule, css: str, values: Mapping[PageSample, Any], told: Collection[PageSample]
) -> _Trial:
    trial = _Trial()
    answered = []
    for sample, known in values.items():
        read = rule.read(sample, css)
        if not read:
            continue
        answered.append(sample)
        agreed = rule.agrees(read, known)
        sure = sample in told
        if agreed:
            trial.right += 1
            trial.sure_right += sure
            trial.wholly += agreed == 2
            trial.matches += len(sample.page.select(css))
        else:
            trial.wrong += 1
            trial.sure_wrong += sure
    trial.answered = frozenset(answered)
    return trial


# -- the fields ---------------------------------------------------------------------------------


def rules(zone: ZoneInfo) -> list[FieldRule]:
    """All fields that are learnt in this way; `zone` is the newsroom's own."""
    return [
        FieldRule("title", lambda s: letters(s.known.title or ""), _titles, read_line),
        FieldRule("authors", _known_authors, _authors, _read_authors),
        FieldRule(
            "published",
            lambda s: _moment(s.known.published),
            lambda s: _dates(s, zone),
            lambda s, css: _read_date(s, css, zone),
            lambda read, known: _same_day(read, known, zone),
        ),
        FieldRule(
            "section",
            lambda s: letters(s.known.section or ""),
            _sections,
            _read_section,
            is_told=lambda s: s.known.section not in s.page.metas.get("article:tag", []),
        ),
        FieldRule("tags", _known_tags, _tags, _read_tags),
    ]


def read_line(sample: PageSample, css: str) -> Hashable:
    """The letters of the first line that a selector yields."""
    return letters(sample.page.first([css]) or "")


def line_places(sample: PageSample, wanted: str) -> list[tuple[Element, str]]:
    """Elements that say nothing but a line, given as letters."""
    hits = [element for element, spelt in sample.spelt if spelt == wanted]
    return [(element, "") for element in sample.outermost(hits)] if wanted else []


def _titles(sample: PageSample) -> list[tuple[Element, str]]:
    return line_places(sample, letters(sample.known.title or ""))


def _known_authors(sample: PageSample) -> frozenset[str]:
    return frozenset(map(letters, sample.known.authors))


def _authors(sample: PageSample) -> list[tuple[Element, str]]:
    names = _known_authors(sample)
    hits = []
    for (element, text), (_, spelt) in zip(sample.texts, sample.spelt, strict=True):
        if any(name in spelt for name in names):
            read = frozenset(map(letters, people([text])))
            if read and read <= names:
                hits.append(element)
    return [(element, "") for element in sample.outermost(hits)]


def _read_authors(sample: PageSample, css: str) -> frozenset[str]:
    values = sample.page.strings(css)[:_MOST_VALUES]
    return frozenset(map(letters, people(values)))


def _sections(sample: PageSample) -> list[tuple[Element, str]]:
    known = letters(sample.known.section or "")
    hits = [
        element
        for (element, text), (_, spelt) in zip(sample.texts, sample.spelt, strict=True)
        if spelt == known or (known in spelt and letters(fields.section(text) or "") == known)
    ]
    return [(element, "") for element in sample.outermost(hits)]


def _read_section(sample: PageSample, css: str) -> str:
    return letters(fields.section(sample.page.first([css]) or "") or "")


def _known_tags(sample: PageSample) -> frozenset[str]:
    return _tag_set(sample, sample.known.tags)


def _tag_set(sample: PageSample, values: Iterable[str]) -> frozenset[str]:
    """Tags without the section, which some engines print among them."""
    section = letters(sample.known.section or "")
    return frozenset(spelt for tag in values if (spelt := letters(tag)) != section)


def _tags(sample: PageSample) -> list[tuple[Element, str]]:
    known = _known_tags(sample)
    hits = [e for e, spelt in sample.spelt if spelt in known and e.tag in ("a", "span", "li")]
    return [(element, "") for element in hits]


def _read_tags(sample: PageSample, css: str) -> frozenset[str]:
    return _tag_set(sample, fields.tags(sample.page.strings(css)))


# -- dates --------------------------------------------------------------------------------------


def _moment(value: str | None) -> date | datetime | None:
    if not value:
        return None
    try:
        return datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    except ValueError:
        return None


def _same_day(read: ParsedDate, known: date | datetime, zone: ZoneInfo) -> int:
    """2 where both are the same moment, as far as both tell one; 1 where only the day is."""
    value = read.value
    if isinstance(value, datetime) and isinstance(known, datetime) and known.tzinfo:
        return (
            2
            if abs((value - known).total_seconds()) < 60
            else _local(value, zone) == (_local(known, zone))
        )
    return 1 + (type(value) is type(known)) if _local(value, zone) == _local(known, zone) else 0


def _local(value: date | datetime, zone: ZoneInfo) -> date:
    if not isinstance(value, datetime):
        return value
    return (value.astimezone(zone) if value.tzinfo else value).date()


def _dates(sample: PageSample, zone: ZoneInfo) -> list[tuple[Element, str]]:
    known = _moment(sample.known.published)
    if known is None:
        return []
    found = [
        (element, f"::attr({name})")
        for element, name, value in sample.machine
        if (read := _parsed(value, zone, machine=True)) and _same_day(read, known, zone)
    ]
    lines = [
        element
        for element, text in sample.texts
        if any(map(str.isdigit, text))
        and (read := _parsed(text, zone))
        and _same_day(read, known, zone)
    ]
    around = {above for element in lines for above in element.iterancestors()}
    smallest = [element for element in lines if element not in around]
    return found + [(element, "") for element in sample.outermost(smallest)]


def _read_date(sample: PageSample, css: str, zone: ZoneInfo) -> ParsedDate | None:
    machine = "::attr(" in css
    for value in sample.page.strings(css)[:_MOST_VALUES]:
        read = _parsed(value, zone, machine=machine)
        if read:
            return read
    return None


@lru_cache(maxsize=65536)
def _parsed(text: str, zone: ZoneInfo, *, machine: bool = False) -> ParsedDate | None:
    """The date of a text; none where only its distance is printed, or its year is not."""
    if machine:
        return parse_machine(text, zone=zone)
    return next(iter(find_dates(text, zone=zone)), None)
