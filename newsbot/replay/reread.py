"""reread: one visit of the archive, read again with today's rules, beside what was read before.

`reread` runs in other processes: a visit's rows and exchanges go out, what it is now comes back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archive.captures import Capture, Exchange, read_capture
from archive.visit import Visit
from newsbot.profiles import Site
from newsbot.replay.compare import Difference, compare, verdict
from newsbot.visit.builder import VisitBuilder
from newsbot.visit.reading import read

NO_PROFILE = "no profile"


@dataclass(frozen=True, slots=True)
class StoredVisit:
    """A visit as the archive has it: its rows, and where their payloads lie."""

    site: str
    page: int
    """Id of its page's row in `captures`."""
    url: str
    """Of the page."""
    article: int | None
    result: str
    reason: str | None
    values: Mapping[str, Any] | None
    """What was read before: the fields of a reading. None where it was no article."""
    captures: list[Capture]
    """In the order of fetching."""
    places: Mapping[str, tuple[str, int]]
    """Record id that a revisit refers to → WARC file and offset."""


@dataclass(slots=True)
class Rereading:
    """What reading a visit again came to."""

    stored: StoredVisit
    verdict: str = "unread"
    """`same`, `better`, `worse`, `mixed`, `other`, as `compare.verdict` says; `found` where an article is
    read that was refused before, `worse` where one is refused that was read; `unread` with `error`."""
    layout: str | None = None
    """The layout that read the page, of today's rules."""
    differences: list[Difference] = field(default_factory=list)
    refused: str | None = None
    """Why today's rules take the page of an article for none."""
    error: str | None = None
    """Why the visit could not be read at all."""
    visit: Visit | None = None
    """What is to be stored."""

    @property
    def is_damaged(self) -> bool:
        """Whether a capture is there and cannot be read."""
        return self.error is not None and self.error != NO_PROFILE


def exchanges(folder: Path, stored: StoredVisit) -> list[Exchange]:
    """What a visit's captures hold. Raises `ArchiveError` for a damaged one, and OSError."""
    return [
        read_capture(folder, capture.warc, capture.warc_offset, stored.places.get)
        for capture in stored.captures
    ]


def reread(
    site: Site, stored: StoredVisit, exchanges: Sequence[Exchange], said: Mapping[str, bytes]
) -> Rereading:
    """Read a visit's captures again and compare.

    `said` is what sources said of its page: record id → payload.
    """
    visit = rebuild(site, stored, exchanges, said)
    found = Rereading(stored, "same", visit=visit)
    article = visit.article
    if article:
        found.layout = article.layout
    if stored.values is None:
        found.verdict = "found" if article else "same"
    elif article is None or (stored.values["text"] and not article.text):
        found.refused = visit.reason or "no_text"
        found.verdict = "worse"
    else:
        found.differences = compare(stored.values, article)
        found.verdict = verdict(found.differences)
    return found


def rebuild(
    site: Site, stored: StoredVisit, exchanges: Sequence[Exchange], said: Mapping[str, bytes]
) -> Visit:
    """The visit as today's rules read it in its captures."""
    builder = VisitBuilder(site, stored.captures[0].url)
    for capture, exchange in zip(stored.captures, exchanges, strict=True):
        builder.add(exchange, capture, read(exchange, site, said))
    return builder.build()
