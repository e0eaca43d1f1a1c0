"""reading: reads the captures of an article's newest visit again, with today's rules.

Everything here may run in another process: a task goes out, a small result comes back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from archive.article import Article
from archive.captures import read_capture, read_record
from archive.errors import ArchiveError
from newsbot import urls
from newsbot.profiles import Site
from newsbot.replay.compare import Difference, compare, verdict
from newsbot.visit.builder import VisitBuilder
from newsbot.visit.reading import read

_CONCURRENT = re.compile(rb"^WARC-Concurrent-To:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
NO_PROFILE = "no profile"
NO_CAPTURE = "no capture"
_MAX_DATES = 5
"""Earlier visits that are asked for a date that the newest page does not print."""


@dataclass(frozen=True, slots=True)
class Look:
    """One capture of an article, and where the body lies that it showed: here, or in another one."""

    id: int
    crawl: int | None
    url: str
    status: int
    warc: str
    offset: int
    record_id: str
    fetched_at: str
    body: tuple[str, int]
    """WARC file and offset of the payload."""


@dataclass(frozen=True, slots=True)
class Task:
    """One article to read again."""

    article: int
    url: str
    site: str
    before: dict[str, Any]
    """The article as it is kept: the fields of `judging.FIELDS`."""
    looks: list[Look]
    """Its captures in the order in which they were stored."""
    pages: list[int]
    """Places in `looks` of pages to try: the newest, the current revision's, then older ones."""
    readable: int
    """How many of `pages` may stand for the article; the others are asked for its date only."""


@dataclass(slots=True)
class Result:
    """What reading one article again came to."""

    article: int
    url: str
    site: str
    verdict: str
    """As `judging.verdict` says; `worse` with `refused`; `unread` with `reason`."""
    layout: str | None = None
    """The layout that read the page, of today's rules."""
    differences: list[Difference] | None = None
    refused: str | None = None
    """Why today's rules take the page for no article."""
    reason: str | None = None
    """Why the page could not be read at all."""
    capture: int | None = None
    """The capture that was read, or the last one of a divided article."""
    read: Article | None = None
    """What is to be stored; None where nothing differs, or nothing was read."""

    @property
    def is_damaged(self) -> bool:
        """Whether a capture is there and cannot be read."""
        return self.reason not in (None, NO_PROFILE, NO_CAPTURE)


def reread(folder: Path, site: Site | None, task: Task) -> Result:
    """Read one article again and compare. Never raises for what is in its captures."""
    result = Result(task.article, task.url, task.site, "unread")
    if site is None:
        result.reason = NO_PROFILE
        return result
    if not task.pages:
        result.reason = NO_CAPTURE
        return result
    chosen = None
    for position in task.pages[: task.readable]:
        try:
            article, capture = _read_visit(folder, task.looks, position, site)
        except (ArchiveError, OSError) as error:
            result.reason = result.reason or str(error)
            continue
        result.layout = result.layout or article.layout
        if not article.is_article:
            result.refused = result.refused or article.reason
        elif task.before["text"] and not article.text:
            result.refused = result.refused or "no_text"
        else:
            chosen, result.capture = article, capture
            break
    if chosen is None:
        if result.refused:
            result.verdict = "worse"
        return result
    result.refused = result.reason = None
    result.layout = chosen.layout
    _settle_date(folder, site, task, chosen)
    result.differences = compare(task.before, chosen)
    result.verdict = verdict(result.differences)
    if result.differences:
        result.read = chosen
    return result


def _settle_date(folder: Path, site: Site, task: Task, article: Article) -> None:
    """The date that a crawl would have kept: the last that was printed, as first counted back."""
    before = task.before
    if article.published is None and before["published"]:
        for position in task.pages[1:_MAX_DATES]:
            try:
                older, _ = _read_visit(folder, task.looks, position, site)
            except (ArchiveError, OSError):
                continue
            if older.is_article and older.published:
                article.published, article.published_raw = older.published, older.published_raw
                break
    counted = "date_inferred" in before["flags"] and "date_inferred" in article.flags
    if (
        counted
        and before["published"]
        and article.published
        and article.published_raw == before["published_raw"]
    ):
        article.published = before["published"]


def _read_visit(
    folder: Path, looks: Sequence[Look], position: int, site: Site
) -> tuple[Article, int]:
    """The whole article of the visit to which a capture belongs, and the visit's last capture.

    Raises `ArchiveError` where a capture of it cannot be read.
    """
    group = visit_of(folder, looks, position)
    builder = VisitBuilder(site, group[0].url)
    refused = Article(url=group[0].url)

    def add(look: Look) -> None:
        nonlocal refused
        exchange = replace(
            read_capture(folder, *look.body), url=look.url, fetched_at=look.fetched_at, status=200
        )
        reading = read(exchange, site)
        builder.add(exchange, None, reading)
        if reading.article and not reading.article.is_article:
            refused = reading.article

    for look in group:
        add(look)
    for look in _further(looks, position, builder.needs):
        group.append(look)
        add(look)
    visit = builder.build()
    if visit.article:
        return visit.article, group[-1].id
    if visit.result == "failed":
        raise ArchiveError(visit.reason or "")
    return replace(refused, reason=visit.reason), group[-1].id


def visit_of(folder: Path, looks: Sequence[Look], position: int) -> list[Look]:
    """The pages of one visit: what `WARC-Concurrent-To` ties to the capture at `position`."""
    chosen = looks[position]
    near = [
        look
        for number, look in enumerate(looks)
        if look.crawl == chosen.crawl and look.id - number == chosen.id - position
    ]
    if len(near) == 1:  # nothing was stored beside it
        return near
    first = _first_record(folder, chosen)
    return [look for look in near if look.status == 200 and _first_record(folder, look) == first]


def _first_record(folder: Path, look: Look) -> str:
    """Record id of the first exchange of the visit that a record belongs to."""
    head = read_record(folder, look.warc, look.offset).partition(b"\r\n\r\n")[0]
    named = _CONCURRENT.search(head)
    return named[1].decode("ascii", "replace") if named else look.record_id


def _further(looks: Sequence[Look], position: int, pages: Sequence[str]) -> list[Look]:
    """Further pages of a divided article that nothing but their addresses and their place tell."""
    found = []
    for number, look in enumerate(looks[position + 1 :], 1):
        if look.id != looks[position].id + number or look.crawl != looks[position].crawl:
            break
        if look.status == 200 and urls.canonical(look.url) in pages:
            found.append(look)
    return found
