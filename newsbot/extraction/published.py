"""published: when the article was published and last modified, from all that the page says of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from lxml.etree import _Element as Element

from archive.kazakh.letters import faithful
from newsbot import vocabulary
from newsbot.extraction.blocks import inline_text
from newsbot.extraction.context import Context
from newsbot.extraction.date_fallback import foreign_date
from newsbot.extraction.dates import ParsedDate, find_dates, parse_date, parse_machine

_PUBLISHED_METAS = vocabulary.entries("structured", "metas.published")
_MODIFIED_METAS = vocabulary.entries("structured", "metas.modified")
_MOST = 20
"""Matches of one selector that are looked at."""
_FOREIGN_TEXTS = 8
"""Texts that dateparser may be asked about; it is slow."""

Candidate = tuple[ParsedDate, str]
"""A date and where it came from."""


def read_dates(context: Context) -> None:
    """Fill `published`, `published_raw` and `modified` of the article, and flag what is doubtful."""
    article, fetched_at = context.article, context.fetched_at
    chosen = _choose(_published(context))
    if chosen:
        parsed, source = chosen
        article.published, article.published_raw = _iso(parsed, context.zone), parsed.raw
        article.sources["published"] = source
        if parsed.year_inferred or parsed.relative:
            article.flags.append("date_inferred")
        if fetched_at and _is_after(parsed.value, fetched_at + timedelta(days=1)):
            article.flags.append("future_date")
    chosen = _choose(_modified(context))
    if chosen:
        article.modified = _iso(chosen[0], context.zone)
        article.sources["modified"] = chosen[1]


def _published(context: Context) -> list[Candidate]:
    """Dates of publication, the surest first."""
    page, surroundings = context.page, context.surroundings
    candidates = _by_selectors(context, context.layout.published)
    if not _is_final(candidates):
        candidates = [
            *candidates,
            *_machine(context, "json-ld", [context.ld.get("datePublished")]),
            *_machine(context, "meta", [page.meta(name) for name in _PUBLISHED_METAS]),
            *_machine(context, "next-data", [context.data.get("datePublished")]),
        ]
    if not any(source in ("layout", "printed") for _, source in candidates):
        # A machine's word alone is checked against what is printed, and replaced where it fails.
        candidates += _machine(context, "printed", list(surroundings.machine_dates()[:1]))
        candidates += _printed(context, surroundings.dates(), 1)
    return candidates or _foreign(context, surroundings.dates())


def _modified(context: Context) -> list[Candidate]:
    """Dates of the last change, the surest first."""
    return [
        *_by_selectors(context, context.layout.modified),
        *_machine(context, "json-ld", [context.ld.get("dateModified")]),
        *_machine(context, "meta", [context.page.meta(name) for name in _MODIFIED_METAS]),
        *_machine(context, "next-data", [context.data.get("dateModified")]),
    ]


# --- candidates ----------------------------------------------------------------------------------


def _near(context: Context, css: str) -> Iterator[tuple[Element, str]]:
    """Matches of a selector with their text, those in sidebars and other articles left out."""
    base, _, attribute = css.partition("::attr(")
    attribute = attribute.rstrip(")")
    for element in context.page.select(base)[:_MOST]:
        value = faithful(element.get(attribute) or "") if attribute else inline_text(element)
        if value and context.surroundings.is_near(element):
            yield element, value


def _by_selectors(context: Context, selectors: list[str]) -> list[Candidate]:
    farther: list[Candidate] = []
    for css in selectors:
        machine = "::attr(" in css
        for element, value in _near(context, css):
            parsed = (
                parse_machine(value, zone=context.zone, fetched_at=context.fetched_at)
                if machine
                else _parse(context, value)
            )
            if not parsed:
                continue
            found = [(parsed, "layout" if machine else "printed")]
            shown = machine and not _is_final(found) and _parse(context, inline_text(element))
            if shown:
                found.append((shown, "printed"))
            # A selector as plain as `.date` may match a list beside the article first.
            if context.surroundings.in_core(element):
                return found
            farther = farther or found
    return farther


def _parse(context: Context, text: str) -> ParsedDate | None:
    return parse_date(
        text,
        zone=context.zone,
        fetched_at=context.fetched_at,
        day_first=context.layout.day_first,
    )


def _printed(context: Context, texts: Iterable[str], limit: int) -> list[Candidate]:
    found: list[Candidate] = []
    for text in texts:
        for parsed in find_dates(text, zone=context.zone, fetched_at=context.fetched_at)[:1]:
            found.append((parsed, "printed"))  # noqa: PERF401
        if len(found) >= limit:
            break
    return found


def _foreign(context: Context, texts: list[str]) -> list[Candidate]:
    """A date in a language beyond ours, where nothing else was found on the page."""
    for text in texts[:_FOREIGN_TEXTS]:
        parsed = foreign_date(text, context.zone)
        if parsed:
            return [(parsed, "printed")]
    return []


def _machine(context: Context, source: str, values: list[object]) -> list[Candidate]:
    parsed = (
        parse_machine(value, zone=context.zone, fetched_at=context.fetched_at)
        for value in values
        if isinstance(value, str)
    )
    return [(p, source) for p in parsed if p]


# --- choice --------------------------------------------------------------------------------------


def _is_final(candidates: list[Candidate]) -> bool:
    """Whether `_choose` takes the first candidate, whatever comes after it."""
    value = candidates[0][0].value if candidates else None
    return isinstance(value, datetime) and value.utcoffset() != timedelta(0)


def _choose(candidates: list[Candidate]) -> Candidate | None:
    """The first candidate, refined by the others.

    A bare date takes the time of day from a candidate of the same day. A machine value that claims
    UTC but shows the wall clock that the page prints is local time with a wrong offset.
    """
    if not candidates:
        return None
    chosen, source = candidates[0]
    printed = [p.value for p, s in candidates if s == "printed" and isinstance(p.value, datetime)]
    if not isinstance(chosen.value, datetime):
        for other, other_source in candidates[1:]:
            if isinstance(other.value, datetime) and abs(
                other.value.date() - chosen.value
            ) <= timedelta(days=1):
                chosen, source = other, other_source
                break
    value = chosen.value
    if isinstance(value, datetime) and value.utcoffset() == timedelta(0):
        for wall in printed:
            if wall.replace(tzinfo=None, second=0) == value.replace(tzinfo=None, second=0):
                return ParsedDate(wall, chosen.raw, False, False), source
    return chosen, source


def _iso(parsed: ParsedDate, zone: ZoneInfo) -> str:
    """ISO 8601 in the newsroom's own zone, where the page gave the moment in UTC."""
    value = parsed.value
    if isinstance(value, datetime):
        if value.utcoffset() == timedelta(0):
            value = value.astimezone(zone)
        return value.isoformat(timespec="seconds")
    return value.isoformat()


def _is_after(value: date | datetime, moment: datetime) -> bool:
    return value > moment if isinstance(value, datetime) else value > moment.date()
