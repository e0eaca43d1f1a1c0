"""published: when the article was published and last modified, from all that the page says of it.

Every date is a candidate: its precision is that of its value, its role decides for which field it
speaks, its weight how far it is believed. Candidates of one day agree; the most precise of those that
agree is the value.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from zoneinfo import ZoneInfo

from lxml.etree import _Element as Element

from archive.kazakh.letters import faithful
from newsbot import vocabulary
from newsbot.extraction.blocks import inline_text
from newsbot.extraction.context import Context
from newsbot.extraction.date_fallback import foreign_date
from newsbot.extraction.date_lines import (
    EVENT,
    PUBLISHED,
    UPDATED,
    dates_of,
    is_date_line,
    role_beside,
)
from newsbot.extraction.dates import ParsedDate, parse_date
from newsbot.extraction.evidence import Candidate, weigh
from newsbot.extraction.printed_dates import (
    Found,
    day_first,
    day_of,
    is_ambiguous,
    machine_date,
    marked,
    place_of,
    printed,
    read_line,
)
from newsbot.extraction.surroundings import MAX_LINE

_METAS = {
    role: [re.compile(entry) for entry in vocabulary.entries("structured", f"metas.{role}")]
    for role in ("published", "perhaps_published", "modified")
}
_META_WEIGHTS = {"published": 0.55, "perhaps_published": 0.4, "modified": 0.55}
_JSON_LD = 0.6
_APPLICATION = 0.6
_TOLD = {"wordpress": 1.5}
"""Weight of what a source says: the REST API has the moment from the newspaper's own database."""
_TOLD_BY_OTHERS = 0.5
_CREATED = 0.3
"""Weight of the day on which a page was created, as machines say it."""
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
_UTC = timedelta(0)


def read_dates(context: Context) -> None:
    """Fill `published`, `published_raw` and `modified` of the article, and flag what is doubtful."""
    article, fetched_at = context.article, context.fetched_at
    found = _with_shown_changes(_mended(context, list(_found(context))))
    chosen, agreeing = _decided(context, "published", found)
    if chosen is None:
        found += _mended(context, list(_last_resorts(context)))
        chosen, agreeing = _decided(context, "published", found)
    if chosen:
        parsed = chosen.value
        article.published, article.published_raw = parsed.isoformat(), parsed.raw
        article.sources["published"] = chosen.source
        if all(map(_is_inferred, agreeing)):
            article.flags.append("date_inferred")
        if fetched_at and _is_after(parsed.value, fetched_at + timedelta(days=1)):
            article.flags.append("future_date")
    chosen, _ = _decided(context, "modified", found)
    if chosen:
        article.modified = chosen.value.isoformat()
        article.sources["modified"] = chosen.source


# --- candidates ----------------------------------------------------------------------------------


def _found(context: Context) -> Iterator[Found]:
    """Every date that somebody states, the surest first."""
    layout, surroundings = context.layout, context.surroundings
    structured = list(_structured(context))
    address = list(_of_address(context))
    known = frozenset(day_of(c.value) for _, c in (*structured, *address))
    first = [
        *_by_selectors(context, layout.published, known, None),
        *_by_selectors(context, layout.modified, known, UPDATED),
    ]
    yield from first
    yield from structured
    yield from address
    for name, role in (("published", PUBLISHED), ("modified", UPDATED)):
        for value, one in context.told(name):
            weight = _TOLD.get(one.source, _TOLD_BY_OTHERS)
            yield from _machine(
                context, value, role, Candidate(None, one.source, weight, one.address)
            )
    if any(role != UPDATED and c.weight >= _SURE and not _is_inferred(c) for role, c in first):
        return  # to look around costs time
    if _agree([c for role, c in structured if role == PUBLISHED]):
        return
    yield from marked(context, surroundings)
    yield from printed(context, surroundings, known)
    yield from _in_text(context, known)


def _agree(stated: list[Candidate]) -> bool:
    """Whether two sorts of data give one day, and a moment not in UTC: print cannot refute that."""
    moments = [c for c in stated if isinstance(c.value.value, datetime)]
    if any(c.value.value.utcoffset() == _UTC for c in moments):
        return False
    return any(
        a.source != b.source and day_of(a.value) == day_of(b.value) for a in moments for b in stated
    )


def _structured(context: Context) -> Iterator[Found]:
    """What the page's data say: JSON-LD, `<meta>`, the state of an application."""
    for data, source, weight in (
        (context.ld, "json-ld", _JSON_LD),
        (context.data, "next-data", _APPLICATION),
    ):
        for key, role, share in (
            ("datePublished", PUBLISHED, weight),
            ("dateCreated", None, _CREATED),
            ("uploadDate", None, _CREATED),
            ("dateModified", UPDATED, weight),
        ):
            yield from _machine(context, data.get(key), role, Candidate(None, source, share, key))
    for name, contents in context.page.metas.items():
        kind = _meta_kind(name)
        if kind:
            role = {"published": PUBLISHED, "modified": UPDATED}.get(kind)
            stated = Candidate(None, "meta", _META_WEIGHTS[kind], name)
            yield from _machine(context, contents[0], role, stated)


def _machine(
    context: Context, value: object, role: str | None, stated: Candidate
) -> Iterator[Found]:
    """A value of the page's data as a candidate; read both ways where it may be 5 December or May."""
    parsed = machine_date(context, value)
    if parsed:
        yield Found(role, replace(stated, value=parsed))
        if isinstance(value, str) and is_ambiguous(value):
            swapped = machine_date(context, value, first=False)
            weight = stated.weight * _SWAPPED
            yield Found(role, replace(stated, value=swapped, weight=weight, why="month first"))


@lru_cache(maxsize=1024)
def _meta_kind(name: str) -> str | None:
    """What a `<meta>` of this name tells: a key of `_METAS`, or None."""
    plain = _NO_LETTERS.sub("", name.lower())
    found = (kind for kind, names in _METAS.items() if any(n.fullmatch(plain) for n in names))
    return next(found, None)


_NO_LETTERS = re.compile(r"[^a-z]+")


def _near(context: Context, css: str) -> Iterator[tuple[Element, str]]:
    """Matches of a selector with their text, those in sidebars and other articles left out."""
    base, _, attribute = css.partition("::attr(")
    attribute = attribute.rstrip(")")
    for element in context.page.select(base)[:_MOST]:
        value = faithful(element.get(attribute) or "") if attribute else inline_text(element)
        if value and context.surroundings.is_near(element):
            yield element, value


def _by_selectors(
    context: Context, selectors: list[str], known: frozenset[date], role: str | None
) -> list[Found]:
    """What a layout's selectors find, where headline and text are or else farther away.

    `role`: what the selectors are for; without one the element may turn out to be a change's.
    """
    farther: list[Found] = []
    for css in selectors:
        for element, value in _near(context, css):
            # A selector as plain as `.date` may match a list beside the article first.
            inside = context.surroundings.in_core(element)
            stated = Candidate(None, "printed", _SURE if inside else _FARTHER, css)
            found: list[Found] = []
            if "::attr(" not in css:
                found = _shown(context, value, stated, known)
            elif parsed := machine_date(context, value):
                is_change = role or place_of(element, context.surroundings).role
                machine = replace(stated, value=parsed, source="layout")
                found = [Found(UPDATED if is_change == UPDATED else None, machine)]
                if not _is_settled(machine):
                    found += _shown(context, inline_text(element), stated, known)
            if role:
                found = [Found(role, candidate) for _, candidate in found]
            if inside and any(said != UPDATED or role for said, _ in found):
                return found
            farther = farther or found
    return farther


def _shown(context: Context, text: str, stated: Candidate, known: frozenset[date]) -> list[Found]:
    """The dates that a layout's element prints; the first of publication, and those of a change."""
    dates = _read_line(context, text, known)
    if not dates:
        parsed = parse_date(text, zone=context.zone, fetched_at=context.fetched_at)
        dates = [(parsed, None)] if parsed else []
    found: list[tuple[ParsedDate, str | None]] = [d for d in dates if d[1] == UPDATED]
    others = [(parsed, role) for parsed, role in dates if role != UPDATED]
    # What is labelled goes before what is printed in full, and that before all else.
    found += sorted(others, key=lambda d: (d[1] != PUBLISHED, d[0].year_inferred, d[0].relative))[
        :1
    ]
    return [Found(role, replace(stated, value=parsed)) for parsed, role in found]


def _read_line(
    context: Context, text: str, known: frozenset[date]
) -> list[tuple[ParsedDate, str | None]]:
    first = day_first(context, text, known)
    return dates_of(text, partial(read_line, context, first=first))


def _in_text(context: Context, known: frozenset[date]) -> Iterator[Found]:
    """Dates of lines that were printed as first or last paragraphs of the text."""
    blocks = context.body.blocks
    for position, block in enumerate((*blocks[:_ENDS], *blocks[_ENDS:][-_ENDS:])):
        if len(block.text) > MAX_LINE or not any(map(str.isdigit, block.text)):
            continue
        alone = is_date_line(block.text, context.zone, context.fetched_at)
        if not alone and (position >= _ENDS or block.kind == "caption"):
            continue
        for parsed, role in _read_line(context, block.text, known):
            sure = alone or role == PUBLISHED
            weight = 0.0 if role == EVENT else _IN_TEXT if sure else _IN_TEXT / 2
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
    if not context.body.blocks:
        return
    for _, text, _ in near.dates()[:_FOREIGN_TEXTS]:
        for piece in _PIECES.split(text):
            parsed = foreign_date(piece, context.zone)
            if parsed:
                role = role_beside(*text.partition(piece)[::2])
                yield Found(role, Candidate(parsed, "printed", _FOREIGN, text[:60]))
    wider = near.wider()
    for role, candidate in (
        *marked(context, wider),
        *printed(context, wider, frozenset()),
        *_in_scripts(context),
    ):
        yield Found(role, replace(candidate, weight=candidate.weight * _WIDE))


_PIECES = re.compile(r"\s*[|•·/(),]\s+|\s+[–—(-]\s*")
_IN_SCRIPT = re.compile(
    r"\"(?P<key>datePublished|dateModified)\\?\"\s*:\s*\\?\"(?P<value>[^\"\\]{8,40})\\?\""
)


def _in_scripts(context: Context) -> Iterator[Found]:
    """Dates under the names of schema.org in scripts that are no JSON-LD: that was read, or is of others."""
    for script in context.page.index.tags.get("script", []):
        if "ld+json" in (script.get("type") or ""):
            continue
        for found in _IN_SCRIPT.finditer(script.text or ""):
            parsed = machine_date(context, found["value"])
            if parsed:
                role = PUBLISHED if found["key"] == "datePublished" else UPDATED
                yield Found(role, Candidate(parsed, "json-ld", _JSON_LD, found["key"]))


# --- choice --------------------------------------------------------------------------------------


def _is_settled(candidate: Candidate) -> bool:
    """Whether a layout's word needs no witness: a moment in full, in the newsroom's own time."""
    value = candidate.value.value
    sure = candidate.weight >= _SURE and not candidate.value.year_inferred
    return sure and isinstance(value, datetime) and value.utcoffset() != _UTC


def _mended(context: Context, found: list[Found]) -> list[Found]:
    """The same with every moment of UTC in the newsroom's own time, as the printed dates tell it.

    A machine value that claims UTC but shows the wall clock, or the day, that the page prints is
    local time with a wrong offset; so are then the other values that claim it.
    """
    shown = [c.value.value for _, c in found if c.source in ("printed", "layout") and c.weight > 0]
    moments = [v for v in shown if isinstance(v, datetime) and v.utcoffset() != _UTC]
    walls = {_minute(moment) for moment in moments}
    days = {v.date() if isinstance(v, datetime) else v for v in shown}
    claims = {v for _, c in found if isinstance(v := c.value.value, datetime) and not v.utcoffset()}
    is_false = any(_minute(value) in walls for value in claims)
    mended = []
    for role, candidate in found:
        value = candidate.value.value
        if value in claims and isinstance(value, datetime):
            day, why = _newsroom_time(value, context.zone, walls, days, is_false=is_false)
            parsed = replace(candidate.value, value=day)
            mended.append(Found(role, replace(candidate, value=parsed, why=why or candidate.why)))
        else:
            mended.append(Found(role, candidate))
    return mended


def _newsroom_time(
    value: datetime, zone: ZoneInfo, walls: set[datetime], days: set[date], *, is_false: bool
) -> tuple[datetime | date, str]:
    """A moment of UTC as the newsroom writes it, and what told so."""
    moment = value.astimezone(zone)
    if _minute(moment) in walls:
        return moment, "the printed clock"
    if is_false or (value.date() in days and moment.date() not in days):
        return value.replace(tzinfo=zone), "the printed clock, not UTC"
    before = value.date() - timedelta(days=1)
    if before in days and moment.date() not in days:
        return before, "the printed day, of a newsroom behind UTC"
    return moment, ""


def _with_shown_changes(found: list[Found]) -> list[Found]:
    """The same, an unlabelled moment that the page's data give for the change being one of it."""
    stated = {
        wanted: {_instant(c.value) for role, c in found if role == wanted and c.source != "printed"}
        for wanted in (PUBLISHED, UPDATED)
    }
    only_changed = stated[UPDATED] - stated[PUBLISHED]
    if not stated[PUBLISHED] or not only_changed:
        return found
    return [
        Found(UPDATED if role is None and _instant(c.value) in only_changed else role, c)
        for role, c in found
    ]


def _minute(moment: datetime) -> datetime:
    """What the wall clock shows."""
    return moment.replace(second=0, microsecond=0, tzinfo=None)


def _decided(
    context: Context, name: str, found: list[Found]
) -> tuple[Candidate | None, list[Candidate]]:
    """The date that the evidence decides for, and all that agree with it on the day."""
    limit = context.fetched_at + timedelta(days=1) if context.fetched_at else None
    candidates = []
    for role, candidate in found:
        if (role == UPDATED) != (name == "modified"):
            continue
        why = ": ".join(filter(None, (role, candidate.why)))
        is_future = limit and _is_after(candidate.value.value, limit)
        weight = candidate.weight * (_FUTURE if is_future else 1)
        why = f"{why}, in the future" if is_future else why
        candidates.append(replace(candidate, weight=weight, why=why))
    context.heard[name] = [replace(c, value=c.value.isoformat()) for c in candidates]
    # One source is one witness of a day, however often it says it.
    witnesses: dict[tuple[str, date], Candidate] = {}
    for candidate in candidates:
        key = candidate.source, day_of(candidate.value)
        if key not in witnesses or candidate.weight > witnesses[key].weight:
            witnesses[key] = candidate
    best, _ = weigh([witnesses.values], day_of)
    if best is None:
        return None, []
    agreeing = [c for c in candidates if c.weight > 0 and day_of(c.value) == day_of(best.value)]
    finest = max(map(_precision, agreeing))
    chosen, _ = weigh([lambda: [c for c in agreeing if _precision(c) == finest]], _instant)
    return chosen, agreeing


def _precision(candidate: Candidate) -> int:
    """How exact a date is: a moment, a day, a moment or a day that was counted back."""
    parsed = candidate.value
    return 2 * isinstance(parsed.value, datetime) + (not parsed.relative)


def _instant(parsed: ParsedDate) -> Hashable:
    value = parsed.value
    return value.astimezone(UTC).replace(second=0) if isinstance(value, datetime) else value


def _is_inferred(candidate: Candidate) -> bool:
    parsed = candidate.value
    return parsed.year_inferred or parsed.relative or candidate.source == "address"


def _is_after(value: date | datetime, moment: datetime) -> bool:
    return value > moment if isinstance(value, datetime) else value > moment.date()
