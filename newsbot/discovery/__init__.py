"""discovery: feeds and sitemaps → candidate URLs of one site, each in its one spelling."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from urllib.parse import urljoin

import regex

from archive.store import Candidate
from archive.times import utc
from newsbot import urls
from newsbot.extraction.dates import parse_machine
from newsbot.profiles import Site, families

MAX_ENTRY = 64 << 10
"""Bytes of one entry that are kept; of longer ones the whole text is left out."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a source says of one article: its address as printed, and a date where it gives one."""

    url: str
    date: str | None = None
    changed: str | None = None
    """When the source says the article was last edited, as printed."""
    served: bytes | None = field(default=None, compare=False, repr=False)
    """The entry itself, where it says more than that: an XML element or a JSON object."""


@dataclass(slots=True)
class Feed:
    """What one document of a feed lists."""

    entries: list[Entry] = field(default_factory=list)
    next: str | None = None
    """Address of the feed's next, older page, as printed."""


_PATIENCE = 0.1
"""Seconds that one pattern gets for one address; what takes longer would take for ever."""


@lru_cache(maxsize=1024)
def _compiled(patterns: tuple[str, ...]) -> tuple[regex.Pattern[str], ...]:
    return tuple(regex.compile(pattern, regex.IGNORECASE) for pattern in patterns)


def matches_any(patterns: Iterable[str], text: str, undecided: bool = False) -> bool:
    """Whether a pattern of a profile is found in an address; `undecided` where that takes too long."""
    # One by one: joined, their flags, groups and back-references would get in each other's way.
    for pattern in _compiled(tuple(patterns)):
        try:
            if pattern.search(text, timeout=_PATIENCE):
                return True
        except TimeoutError:
            warnings.warn(f"the pattern {pattern.pattern!r} takes too long: mend it", stacklevel=2)
            return undecided
    return False


def is_candidate(site: Site, url: str) -> bool:
    """Whether a canonical address may be an article of the site, by host and patterns alone."""
    if urls.netloc(url) not in site.netlocs:
        return False
    path = urls.path_and_query(url)
    if path == "/":
        return False
    if matches_any(
        (*site.exclude, *families()[site.family].discovery.exclude), path, undecided=True
    ):
        return False
    return not site.article or matches_any(site.article, path)


def skips_sitemap(site: Site, url: str) -> bool:
    """Whether a sitemap lists no articles, by its address."""
    return matches_any(families()[site.family].discovery.skip_sitemaps, url)


def candidates(
    site: Site, base: str, entries: Iterable[Entry], depth: int = 0
) -> Iterator[Candidate]:
    """Entries → frontier candidates: absolute, canonical, once each, and of this site only."""
    seen = set()
    for entry in entries:
        try:
            printed = urljoin(base, entry.url.strip())
            url, listed = urls.canonical(printed), urls.as_listed(printed)
        except ValueError:
            continue
        if url and url not in seen and is_candidate(site, url):
            seen.add(url)
            date = sortable(entry.date, site)
            changed = date if entry.changed == entry.date else sortable(entry.changed, site)
            other = listed if listed != url else None
            yield Candidate(url, date, changed, depth, entry.served, other)


def sortable(printed: str | None, site: Site) -> str | None:
    """A source's date in one spelling that sorts: UTC, or a bare date."""
    parsed = parse_machine(printed, zone=site.zone) if printed else None
    if parsed is None:
        return None
    return utc(parsed.value) if isinstance(parsed.value, datetime) else parsed.value.isoformat()
