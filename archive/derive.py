"""derive: how an article's history follows from its captures. Pure: rows in, history out.

The one place that knows it. A crawl, an import, a merge, a repair and a reextraction append captures
and ask here what the article is now; the order in which captures arrived does not matter.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from archive.article import REVISED, SOURCES

DAY = timedelta(days=1)
"""Time between two misses that make an article `gone`."""
BELIEVED = timedelta(days=7)
"""The same where much of the site went missing together: the site's fault is likelier then."""
_MAY_VANISH = ("authors", "published", "section", "tags", "captions", "image", "language")
"""Fields that a page may stop to print though the article stays what it is."""
_CACHE_BUSTER = re.compile(
    r"^(?:v|ver|version|t|ts|time|timestamp|m|mtime|rnd|rand|random|_|cb|cache|w|h|width|height|resize"
    r"|fit|crop|quality|q|ssl|strip)(?:=|$)|^\d+$",
    re.IGNORECASE,
)
_WORD_CHARACTER = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Reading:
    """One state of an article as it was read. `values` are the fields of `archive.article.READ`."""

    id: int | None
    values: Mapping[str, Any]
    digest: str
    rules: str | None = None


@dataclass(frozen=True, slots=True)
class PageCapture:
    """The page of one visit to an article: when it was fetched and what came of it."""

    id: int
    record_id: str
    fetched_at: str
    """ISO 8601, UTC."""
    result: str
    """One of `archive.visit.RESULTS`; never `unchanged`: a 304 has that of what it refers to."""
    reading: int | None
    """Id of the reading, with the result `article`."""
    payloads: tuple[str, ...]
    """Digests of the page and of its further pages."""
    address: str
    """Where the article was seen: its believed canonical address."""
    layout: str | None = None
    """Layout whose rules read the page."""
    rules: str | None = None
    views: int | None = None
    comments: int | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """One state that the newspaper printed."""

    seen_at: str
    capture: int
    reading: Reading
    changed: tuple[str, ...] = ()
    """Fields that differ from the revision before."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """Field that the capture's page does not print → record id of the capture that its value is from."""


@dataclass(frozen=True, slots=True)
class History:
    """What an article is, by all of its captures. Without revisions it is none."""

    revisions: tuple[Revision, ...] = ()
    address: str = ""
    first_seen: str = ""
    last_seen: str = ""
    missed_at: str | None = None
    """First miss since it was last seen."""
    gone_since: str | None = None
    engagement: tuple[tuple[str, int | None, int | None], ...] = ()
    """Moment, views, comments: where they changed."""


PrintsElsewhere = Callable[[str, str, str], bool]
"""Layout, field, moment → whether other pages of that layout print the field at that time or later."""
InEvent = Callable[[str], bool]
"""Moment → whether much of the site was missing together then."""


def _by_age(captures: Iterable[PageCapture]) -> list[PageCapture]:
    """The pages as they were fetched; of one second by record, so that every copy agrees.

    Visits that ran side by side are stored in another order when captures are imported again.
    """
    return sorted(captures, key=lambda page: (page.fetched_at, page.record_id))


def history(
    captures: Iterable[PageCapture],
    readings: Mapping[int, Reading],
    prints_elsewhere: PrintsElsewhere = lambda *_: False,
    in_event: InEvent = lambda _: False,
) -> History:
    """An article's history out of the pages of all visits to it, in any order."""
    ordered = _by_age(captures)
    revisions: list[Revision] = []
    seen: dict[str, PageCapture] = {}
    misses: list[str] = []
    before: PageCapture | None = None
    for page in ordered:
        if page.result == "missing" and seen:
            misses.append(page.fetched_at)
        if page.result != "article" or page.reading is None:
            continue
        reading = readings[page.reading]
        if revisions and not reading.values["text"] and revisions[-1].reading.values["text"]:
            continue  # a page that lost its text is a fault of the server, and proves nothing
        seen[page.record_id] = page
        misses.clear()
        if before is None:
            revisions.append(Revision(page.fetched_at, page.id, reading))
        else:
            kept_from = {name: seen[record] for name, record in revisions[-1].kept.items()}
            _continue(revisions, page, reading, before, kept_from, prints_elsewhere)
        before = page
    if before is None:
        return History()
    missed_at = misses[0] if misses else None
    return History(
        revisions=tuple(revisions),
        address=before.address,
        first_seen=next(iter(seen.values())).fetched_at,
        last_seen=before.fetched_at,
        missed_at=missed_at,
        gone_since=missed_at if missed_at and _is_proven(misses, in_event) else None,
        engagement=tuple(_engagement(ordered)),
    )


def _is_proven(misses: Sequence[str], in_event: InEvent) -> bool:
    """Whether the misses make an article `gone`: twice, a day apart, and alone."""
    first, last = datetime.fromisoformat(misses[0]), datetime.fromisoformat(misses[-1])
    if last - first < DAY:
        return False
    return last - first >= BELIEVED or not any(in_event(moment) for moment in misses)


def _continue(
    revisions: list[Revision],
    page: PageCapture,
    reading: Reading,
    before: PageCapture,
    kept_from: Mapping[str, PageCapture],
    prints_elsewhere: PrintsElsewhere,
) -> None:
    """Add what one more page shows. `kept_from` are the pages that kept values are from."""
    latest = revisions[-1]
    if page.reading == before.reading and _are_alike(page, before):
        if not any(_are_alike(page, source) for source in kept_from.values()):
            return  # nothing new; but others of the layout may print by now what this one does not
    elif _is_same_page(page, before):
        # If the same bytes read otherwise, then because of other rules.
        if page.rules != before.rules:
            revisions[-1] = replace(latest, reading=reading, kept={})
        return
    if reading.digest == latest.reading.digest:
        revisions[-1] = replace(latest, reading=reading, kept={})
        return
    sources = {name: kept_from.get(name, before) for name in REVISED}
    state, changed, kept = _compare(latest, reading, page, sources, prints_elsewhere)
    if changed:
        revisions.append(Revision(page.fetched_at, page.id, state, changed, kept))
    else:
        revisions[-1] = replace(latest, reading=state, kept=kept)


def _are_alike(page: PageCapture, other: PageCapture) -> bool:
    """Whether two pages were read by the same rules in the same layout."""
    return (page.layout, page.rules) == (other.layout, other.rules)


def _is_same_page(page: PageCapture, before: PageCapture) -> bool:
    """Whether two visits got the same bytes. Other rules may have asked for one more further page."""
    if page.rules == before.rules:
        return page.payloads == before.payloads
    common = min(len(page.payloads), len(before.payloads))
    return page.payloads[:common] == before.payloads[:common]


def _compare(
    latest: Revision,
    reading: Reading,
    page: PageCapture,
    sources: Mapping[str, PageCapture],
    prints_elsewhere: PrintsElsewhere,
) -> tuple[Reading, tuple[str, ...], dict[str, str]]:
    """The state that a page shows, which fields changed, and which kept their value.

    `sources` are the pages that the fields' values are from. Where layout or rules differ from theirs,
    a field that came or went tells of them, not of the newspaper.
    """
    old, new = latest.reading.values, dict(reading.values)
    changed: list[str] = []
    kept: dict[str, str] = {}
    for name in REVISED:
        if _is_same(name, old, new):
            if _is_inferred(name, old) and _is_inferred(name, new):
                _keep(name, old, new)  # as it was first counted back
            continue
        is_alike = _are_alike(page, sources[name])
        if not _is_poorer(name, old, new, alike=is_alike):
            if _is_edit(name, old, new, alike=is_alike):
                changed.append(name)
        elif (
            is_alike
            and not new[name]
            and not _is_inferred(name, old)
            and page.layout
            and prints_elsewhere(page.layout, name, page.fetched_at)
        ):
            changed.append(name)
        else:
            _keep(name, old, new)
            kept[name] = sources[name].record_id
    if new == reading.values:
        return reading, tuple(changed), kept
    return Reading(None, new, digest(new)), tuple(changed), kept


def _is_inferred(name: str, values: Mapping[str, Any]) -> bool:
    """Whether a date was counted back from «three days ago»: then its loss says nothing."""
    return name == "published" and "date_inferred" in values["flags"]


def _is_told(name: str, values: Mapping[str, Any]) -> bool:
    """Whether a source of addresses told a field that the page does not print."""
    return values["sources"].get(name) in SOURCES


def _keep(name: str, old: Mapping[str, Any], new: dict[str, Any]) -> None:
    new[name] = old[name]
    if name == "published":
        new["published_raw"] = old["published_raw"]
        flags = [flag for flag in new["flags"] if not flag.startswith("date_")]
        new["flags"] = flags + [flag for flag in old["flags"] if flag.startswith("date_")]
    if name in old["sources"]:
        new["sources"] = {**new["sources"], name: old["sources"][name]}


def _is_poorer(name: str, old: Mapping[str, Any], new: Mapping[str, Any], *, alike: bool) -> bool:
    """Whether a page tells less of a field than one before it did."""
    if name in ("title", "text"):
        if not new[name]:
            return bool(old[name])
        return name == "text" and not alike and _is_part(new["text"], old["text"])
    if name not in _MAY_VANISH or not old[name]:
        return False
    if not new[name] or (_is_told(name, new) and not _is_told(name, old)):
        return True
    if name == "published":
        # The day alone where the time was known, or «three days ago» where the day was.
        is_vaguer = len(new[name]) == 10 < len(old[name]) and old[name][:10] == new[name]
        return is_vaguer or "date_inferred" in new["flags"]
    # Another layout's byline that was found by other means may be somebody whom the text names.
    is_found_alike = old["sources"].get(name) == new["sources"].get(name)
    return name == "authors" and not (alike or is_found_alike or _is_told(name, old))


def _is_part(new: str, old: str) -> bool:
    """Whether a text is an older one with paragraphs left out."""
    left, there = map(set, (new.split("\n\n"), old.split("\n\n")))
    return left < there


def _is_edit(name: str, old: Mapping[str, Any], new: Mapping[str, Any], *, alike: bool) -> bool:
    """Whether a difference is the newspaper's doing: both values were printed."""
    if _is_told(name, old) or _is_told(name, new):
        return False
    if name == "published":
        more_precise = len(old[name] or "") == 10 < len(new[name]) and new[name][:10] == old[name]
        if more_precise or _is_inferred(name, old):
            return False
        return alike or (bool(old[name]) and old[name][:10] != new[name][:10])
    if alike:
        return True
    if name in ("title", "text"):
        return letters(old[name]) != letters(new[name])
    if name == "authors":
        return bool(old[name]) and {*map(letters, old[name])} != {*map(letters, new[name])}
    return False


def _is_same(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return bool(old[name] == new[name] or plain(name, old) == plain(name, new))


def letters(text: str | None) -> str:
    """A text without what layouts differ in: spacing, paragraphs, punctuation, capitals."""
    return "".join(_WORD_CHARACTER.findall(text or "")).casefold()


# -- one state ----------------------------------------------------------------------------------


def plain(name: str, values: Mapping[str, Any]) -> Any:
    """A field without what changes from one look to the next though the newspaper changed nothing.

    Hosts and cache-busters in image addresses, the order of tags, dates that were counted back from
    the look.
    """
    value = values[name]
    if name == "tags":
        return sorted(value)
    if name == "image" and value:
        return _plain_image(value)
    if name == "published" and value:
        if "date_inferred" in values["flags"]:
            return None
        return _instant(value)
    return value


def _plain_image(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    query = "&".join(p for p in parts.query.split("&") if p and not _CACHE_BUSTER.match(p))
    return urlunsplit(("", "", parts.path, query, ""))


def _instant(published: str) -> str:
    if len(published) <= 10:
        return published
    try:
        return str(datetime.fromisoformat(published).timestamp())
    except (ValueError, OverflowError):
        return published


def digest(values: Mapping[str, Any]) -> str:
    """What tells one state of an article from another: SHA-256 of its plain fields, 32 hex digits."""
    text = json.dumps([plain(name, values) for name in REVISED], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _engagement(
    captures: Iterable[PageCapture],
) -> Iterable[tuple[str, int | None, int | None]]:
    """Counters where they differ from those before; of one second the last."""
    printed = {
        page.fetched_at: (page.views, page.comments)
        for page in captures
        if page.result == "article" and (page.views, page.comments) != (None, None)
    }
    last: tuple[int | None, int | None] | None = None
    for moment, counters in printed.items():
        if counters != last:
            yield moment, *counters
            last = counters
