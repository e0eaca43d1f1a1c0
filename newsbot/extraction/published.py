"""published: when the article was published and last modified, from all that the page says of it.

Every date is a candidate: its precision is that of its value, its role decides for which field it
speaks, its weight how far it is believed. Candidates of one day agree; the most precise of those that
agree is the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from archive.kazakh.letters import faithful
from newsbot import vocabulary
from newsbot.extraction.blocks import inline_text
from newsbot.extraction.context import Context
from newsbot.extraction.date_fallback import foreign_date
from newsbot.extraction.date_lines import (
    NOT_OF_ARTICLE,
    PUBLISHED,
    UPDATED,
    is_date_line,
    role_beside,
)
from newsbot.extraction.dates import ParsedDate, parse_date
from newsbot.extraction.evidence import Candidate, weigh
from newsbot.extraction.printed_dates import (
    Found,
    day_of,
    is_ambiguous,
    is_in_teaser,
    machine_date,
    near_dates,
    place_of,
    read_line,
)
from newsbot.extraction.surroundings import MAX_LINE

_METAS = {
    role: [re.compile(entry) for entry in vocabulary.entries("structured", f"metas.{role}")]
    for role in ("published", "perhaps_published", "modified")
}
_SOURCE_WEIGHTS = {"wordpress": 1.5, "feed": 0.5, "sitemap": 0.5}
"""Weight of what a source says: the REST API has the moment from the newspaper's own database."""
_META_ROLES = {
    "published": (PUBLISHED, 0.55),
    "perhaps_published": (None, 0.4),
    "modified": (UPDATED, 0.55),
}
_DATA_ROLES = {
    "datePublished": (PUBLISHED, 0.6),
    "dateCreated": (None, 0.3),
    "uploadDate": (None, 0.3),
    "dateModified": (UPDATED, 0.6),
}
"""Role and weight of what the page's data say under a name of schema.org."""
_SURE = 1.2
"""Weight of what a layout's selector finds: more than two sorts of data say together."""
_FARTHER = 0.7
"""Weight of what it finds outside of what holds headline and text."""
_ADDRESS = 0.3
_IN_TEXT = 0.4
"""Weight of a date line that was printed as a paragraph of the text; less, of a line with more in it."""
_SWAPPED = 0.5
"""A machine's 05/12/2022 keeps this share of its weight for the twelfth of May."""
_WIDE = 0.5
"""What stands farther from the article keeps this share of its weight."""
_FOREIGN = 0.2
_FUTURE = 0.1
"""A date later than the fetch keeps this share of its weight."""
_MOST = 20
"""Matches of one selector that are looked at."""
_FOREIGN_TEXTS = 8
"""Texts that dateparser may be asked about; it is slow."""
_ENDS = 3
"""Paragraphs at each end of the text that may be date lines."""
_DAY = timedelta(days=1)
_EVENING = 16
"""Hour from which what appears may be of the next day's edition, and dated so."""


def read_dates(context: Context) -> None:
    """Fill `published`, `published_raw` and `modified` of the article, and flag what is doubtful."""
    article, fetched_at = context.article, context.fetched_at
    found = _told(context, list(_found(context)))
    chosen, agreeing = _decided(context, "published", found)
    if chosen is None and context.body.blocks:
        found = _told(context, [*found, *_last_resorts(context)])
        chosen, agreeing = _decided(context, "published", found)
    if chosen:
        parsed = chosen.value
        article.published, article.published_raw = parsed.isoformat(), parsed.raw
        article.sources["published"] = chosen.source
        if all(map(_is_inferred, agreeing)):
            article.flags.append("date_inferred")
        if fetched_at and _is_after(parsed.value, fetched_at + _DAY):
            article.flags.append("future_date")
    chosen, _ = _decided(context, "modified", found)
    if chosen:
        article.modified = chosen.value.isoformat()
        article.sources["modified"] = chosen.source


# --- candidates ----------------------------------------------------------------------------------


def _found(context: Context) -> Iterator[Found]:
    """Every date that somebody states, the surest first."""
    stated = [*_structured(context), *_of_address(context)]
    known = frozenset(day_of(c.value) for _, c in stated)
    layout = context.layout
    first = [
        *_by_selectors(context, layout.published, known, None),
        *_by_selectors(context, layout.modified, known, UPDATED),
    ]
    yield from first
    yield from stated
    yield from _by_sources(context)
    sure = any(role != UPDATED and c.weight >= _SURE and not _is_inferred(c) for role, c in first)
    if sure or _agree([c for role, c in stated if role == PUBLISHED]):
        return  # to look around costs time
    yield from near_dates(context, context.surroundings, known)
    yield from _in_text(context, known)


def _by_sources(context: Context) -> Iterator[Found]:
    """What sources say of the page."""
    for name, role in (("published", PUBLISHED), ("modified", UPDATED)):
        for value, one in context.told(name):
            weight = _SOURCE_WEIGHTS[one.source]
            yield from _machine(context, value, role, one.source, weight, one.address)


def _agree(stated: list[Candidate]) -> bool:
    """Whether two sorts of data give one day, and a moment not in UTC: print cannot refute that."""
    moments = [c for c in stated if isinstance(c.value.value, datetime)]
    if any(map(_is_utc, moments)):
        return False
    return any(
        a.source != b.source and day_of(a.value) == day_of(b.value) for a in moments for b in stated
    )


def _structured(context: Context) -> Iterator[Found]:
    """What the page's data say: JSON-LD, the state of an application, `<meta>`."""
    for data, source in ((context.ld, "json-ld"), (context.data, "next-data")):
        for key, (role, weight) in _DATA_ROLES.items():
            yield from _machine(context, data.get(key), role, source, weight, key)
    for name, contents in context.page.metas.items():
        kind = _meta_kind(name)
        if kind:
            role, weight = _META_ROLES[kind]
            yield from _machine(context, contents[0], role, "meta", weight, name)


def _machine(
    context: Context, value: object, role: str | None, source: str, weight: float, where: str
) -> Iterator[Found]:
    """A value of the page's data as a candidate; read both ways where it may be 5 December or May."""
    if not isinstance(value, str):
        return
    parsed = machine_date(context, value)
    if parsed:
        yield Found(role, Candidate(parsed, source, weight, where))
    if parsed and is_ambiguous(value):
        swapped = machine_date(context, value, first=False)
        yield Found(role, Candidate(swapped, source, weight * _SWAPPED, where, "month first"))


@lru_cache(maxsize=1024)
def _meta_kind(name: str) -> str | None:
    """What a `<meta>` of this name tells: a key of `_METAS`, or None."""
    plain = re.sub(r"[^a-z]+", "", name.lower())
    found = (kind for kind, names in _METAS.items() if any(n.fullmatch(plain) for n in names))
    return next(found, None)


def _by_selectors(
    context: Context, selectors: list[str], known: frozenset[date], role: str | None
) -> list[Found]:
    """What a layout's selectors find, where headline and text are or else farther away.

    `role`: what the selectors are for; without one the element may turn out to be a change's.
    """
    near, farther = context.surroundings, list[Found]()
    for css in selectors:
        base, _, attribute = css.partition("::attr(")
        attribute = attribute.removesuffix(")")
        for element in filter(near.is_near, context.page.select(base)[:_MOST]):
            if is_in_teaser(element, near):
                continue
            # A selector as plain as `.date` may match a list beside the article first.
            weight = _SURE if near.in_core(element) else _FARTHER
            text = faithful(element.get(attribute) or "") if attribute else inline_text(element)
            parsed, dates = machine_date(context, text) if attribute else None, []
            if parsed:
                is_change = role == UPDATED or place_of(element, near)[0] == UPDATED
                dates.append((parsed, UPDATED if is_change else None, "layout"))
            if not attribute or (parsed and not (weight == _SURE and _is_settled(parsed))):
                dates += [
                    (*shown, "printed") for shown in _shown(context, inline_text(element), known)
                ]
            found = [Found(role or told, Candidate(d, s, weight, css)) for d, told, s in dates]
            if weight == _SURE and any(told != UPDATED or role for told, _ in found):
                return found
            farther = farther or found
    return farther


def _shown(
    context: Context, text: str, known: frozenset[date]
) -> list[tuple[ParsedDate, str | None]]:
    """The dates that a layout's element prints; the first of publication, and those of a change."""
    dates = read_line(context, text, known)
    if not dates:
        parsed = parse_date(text, zone=context.zone, fetched_at=context.fetched_at)
        dates = [(parsed, None)] if parsed else []
    # What is labelled goes before what is printed in full, and that before all else.
    others = sorted(
        (date for date in dates if date[1] != UPDATED),
        key=lambda d: (d[1] != PUBLISHED, d[0].year_inferred, d[0].relative),
    )
    return [*(date for date in dates if date[1] == UPDATED), *others[:1]]


def _in_text(context: Context, known: frozenset[date]) -> Iterator[Found]:
    """Dates of lines that were printed as first or last paragraphs of the text."""
    blocks = context.body.blocks
    for position, block in enumerate((*blocks[:_ENDS], *blocks[_ENDS:][-_ENDS:])):
        if len(block.text) > MAX_LINE or not any(map(str.isdigit, block.text)):
            continue
        alone = is_date_line(block.text, context.zone, context.fetched_at)
        if not alone and (position >= _ENDS or block.kind == "caption"):
            continue
        for parsed, role in read_line(context, block.text, known):
            sure = alone or role == PUBLISHED
            weight = 0.0 if role in NOT_OF_ARTICLE else _IN_TEXT if sure else _IN_TEXT / 2
            yield Found(role, Candidate(parsed, "printed", weight, block.text[:60]))


_IN_PATH = re.compile(
    r"/(?P<y>(?:19|20)\d\d)(?P<s>[/_.-]?)(?P<m>0\d|1[0-2]|(?<=[/_.-])\d)(?P=s)"
    r"(?P<d>[0-2]\d|3[01]|(?<=[/_.-])\d)(?=[/_.-]|$)"
)


def _of_address(context: Context) -> Iterator[Found]:
    """The day in the path of the page's address: `/2024/05/14/`, `/2024-05-14-`, `/20240514/`."""
    found = _IN_PATH.search(context.page.url.partition("://")[2])
    if found:
        try:
            day = date(int(found["y"]), int(found["m"]), int(found["d"]))
        except ValueError:
            return
        parsed = ParsedDate(day, found[0].strip("/"), False, False)
        yield Found(None, Candidate(parsed, "address", _ADDRESS, found[0]))


def _last_resorts(context: Context) -> Iterator[Found]:
    """Where nothing else was found: farther places, scripts, languages beyond ours."""
    near = context.surroundings
    for _, text, _ in near.dates()[:_FOREIGN_TEXTS]:
        for piece in _PIECES.split(text):
            parsed = foreign_date(piece, context.zone)
            if parsed:
                role = role_beside(*text.partition(piece)[::2])
                yield Found(role, Candidate(parsed, "printed", _FOREIGN, text[:60]))
    farther = near_dates(context, near.wider(), frozenset())
    for role, candidate in (*farther, *_in_scripts(context)):
        yield Found(role, replace(candidate, weight=candidate.weight * _WIDE))


_PIECES = re.compile(r"\s*[|•·/(),]\s+|\s+[–—(-]\s*")
_IN_SCRIPT = re.compile(
    r"\"(?P<key>datePublished|dateModified)\\?\"\s*:\s*\\?\"(?P<value>[^\"\\]{8,40})\\?\""
)


def _in_scripts(context: Context) -> Iterator[Found]:
    """Dates under the names of schema.org in scripts that are no JSON-LD: that was read, or is of others."""
    for script in context.page.index.tags.get("script", []):
        if "ld+json" not in (script.get("type") or ""):
            for found in _IN_SCRIPT.finditer(script.text or ""):
                role, weight = _DATA_ROLES[found["key"]]
                yield from _machine(context, found["value"], role, "json-ld", weight, found["key"])


# --- choice --------------------------------------------------------------------------------------


def _told(context: Context, found: list[Found]) -> list[Found]:
    """The same, with what the printed dates tell of those for machines, and these of the printed.

    Every moment of UTC is given in the newsroom's own time. An unlabelled moment that the page's
    data give for the change is one of it.
    """
    shown = [c.value.value for _, c in found if c.source in ("printed", "layout") and c.weight > 0]
    walls = {_shows(v) for v in shown if isinstance(v, datetime) and v.utcoffset()}
    days = {v.date() if isinstance(v, datetime) else v for v in shown}
    claims = {c.value.value for _, c in found if _is_utc(c)}
    is_false = any(_shows(value) in walls for value in claims)
    told = []
    for role, candidate in found:
        if candidate.value.value in claims:
            own, why = _newsroom_time(context, candidate.value.value, walls, days, is_false)
            parsed = replace(candidate.value, value=own)
            mended = replace(candidate, value=parsed, why=why or candidate.why)
            told.append(Found(role, mended))
        else:
            told.append(Found(role, candidate))
    stated, changed = (
        {_instant(c.value.value) for role, c in told if role == wanted and c.source != "printed"}
        for wanted in (PUBLISHED, UPDATED)
    )
    only_changed = changed - stated if stated else set()
    return [
        Found(UPDATED if role is None and _instant(c.value.value) in only_changed else role, c)
        for role, c in told
    ]


def _newsroom_time(
    context: Context, value: datetime, walls: set[date], days: set[date], is_false: bool
) -> tuple[datetime | date, str]:
    """A moment of UTC as the newsroom writes it, and what told so.

    A machine value that claims UTC but shows the wall clock, or the day, that the page prints is
    local time with a wrong offset; so are then the other values that claim it.
    """
    moment = value.astimezone(context.zone)
    if is_false or (value.date() in days and moment.date() not in days):
        return value.replace(tzinfo=context.zone), "the printed clock, not UTC"
    if value.date() - _DAY in days and moment.date() not in days:
        return value.date() - _DAY, "the printed day, of a newsroom behind UTC"
    return moment, ""


def _decided(
    context: Context, name: str, found: list[Found]
) -> tuple[Candidate | None, list[Candidate]]:
    """The date that the evidence decides for, and all that agree with it on the day."""
    limit = context.fetched_at + _DAY if context.fetched_at else None
    candidates = []
    for role, candidate in found:
        if (role == UPDATED) != (name == "modified"):
            continue
        is_future = limit and _is_after(candidate.value.value, limit)
        weight = candidate.weight * (_FUTURE if is_future else 1)
        why = ": ".join(filter(None, (role, candidate.why, "in the future" if is_future else "")))
        candidates.append(replace(candidate, weight=weight, why=why))
    context.heard[name] = [replace(c, value=c.value.isoformat()) for c in candidates]
    # One source is one witness of a day, however often it says it.
    witnesses: dict[tuple[str, date], Candidate] = {}
    for candidate in sorted(candidates, key=lambda c: -c.weight):
        witnesses.setdefault((candidate.source, day_of(candidate.value)), candidate)
    eves = _eves([c for c in candidates if c.source != "printed"])
    best, _ = weigh([witnesses.values], lambda parsed: eves.get(parsed.value, day_of(parsed)))
    if best is None:
        return None, []
    day = eves.get(best.value.value, day_of(best.value))
    agreeing = [c for c in candidates if c.weight > 0 and day_of(c.value) == day]
    best_precision = max(map(_precision, agreeing))
    finest = [c for c in agreeing if _precision(c) == best_precision]
    backing = {c: _backing(c, finest) for c in finest}
    return max(finest, key=lambda c: (backing[c], c.weight)), agreeing


def _eves(stated: list[Candidate]) -> dict[date, date]:
    """The day before, for each day whose edition appeared at a moment of the evening before."""
    moments = {day_of(c.value): c.value.value for c in stated if _precision(c) == 3}
    return {
        day + _DAY: day
        for day, moment in moments.items()
        if moment.hour >= _EVENING and day + _DAY not in moments
    }


def _backing(candidate: Candidate, finest: list[Candidate]) -> float:
    """The weight of all sources that state the same instant, or the same clock in whatever zone."""
    value, weights = candidate.value.value, dict[str, float]()
    for other in finest:
        if _instant(other.value.value) == _instant(value) or _shows(other.value.value) == _shows(
            value
        ):
            weights[other.source] = max(other.weight, weights.get(other.source, 0.0))
    return sum(weights.values())


def _precision(candidate: Candidate) -> int:
    """How exact a date is: a moment, a day, a moment or a day that was counted back."""
    parsed = candidate.value
    return 2 * isinstance(parsed.value, datetime) + (not parsed.relative)


def _is_settled(parsed: ParsedDate) -> bool:
    """Whether a layout's word needs no witness: a moment in full, in the newsroom's own time."""
    return isinstance(parsed.value, datetime) and bool(
        parsed.value.utcoffset() and not parsed.year_inferred
    )


def _is_utc(candidate: Candidate) -> bool:
    value = candidate.value.value
    return isinstance(value, datetime) and not value.utcoffset()


def _shows(value: datetime | date) -> datetime | date:
    """What calendar and wall clock show, to the minute."""
    if not isinstance(value, datetime):
        return value
    return value.replace(second=0, microsecond=0, tzinfo=None)


def _instant(value: datetime | date) -> datetime | date:
    """A moment in UTC, to the minute; a day as it is."""
    return _shows(value.astimezone(UTC)) if isinstance(value, datetime) else value


def _is_inferred(candidate: Candidate) -> bool:
    parsed = candidate.value
    return parsed.year_inferred or parsed.relative or candidate.source == "address"


def _is_after(value: date | datetime, moment: datetime) -> bool:
    return value > moment if isinstance(value, datetime) else value > moment.date()
