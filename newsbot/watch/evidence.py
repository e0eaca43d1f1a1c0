"""evidence: pages before and after a newspaper changed its layout, and the selectors that no longer match."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from archive.captures.grammar import Exchange
from archive.captures.stored import read_stored
from archive.errors import ArchiveError
from newsbot.extraction.decode import decode as to_text
from newsbot.extraction.page import Page
from newsbot.profiles import LISTS, Layout, Site, families
from newsbot.replay.learning import with_learned
from newsbot.visit.decoding import Undecodable, decode
from newsbot.visit.limits import DOWNLOAD_MAXSIZE
from newsbot.visit.outcomes import charset_of

_FIRST = ("when", "article", "body", "title", "published")
_PAGES = 2
_MOST = 4
"""Selectors that a message names."""
_BEFORE = """
SELECT id, url, fetched_at, layout FROM captures
 WHERE site = ?1 AND fetched_at < substr(?2, 1, 10) AND result = 'article' AND refers_to IS NULL
   AND (?3 IS NULL OR layout = ?3) ORDER BY fetched_at DESC, id DESC LIMIT ?4
"""
_AFTER = """
SELECT id, url, fetched_at, layout FROM captures
 WHERE site = ?1 AND fetched_at >= ?2 AND part = 'page' AND result = ?3 AND (layout IS NOT ?4) = ?5
   AND refers_to IS NULL ORDER BY fetched_at, id LIMIT ?6
"""


def evidence(
    c: sqlite3.Connection, folder: Path, site: Site | None, event: Mapping[str, Any]
) -> dict[str, list[str]]:
    """`before` and `after`: addresses of pages with the day of each; `selectors` that matched before alone.

    What cannot be read is left out.
    """
    place = (event["site"], event["began_at"])
    before = c.execute(_BEFORE, (*place, event.get("layout"), _PAGES)).fetchall()
    layout = event.get("layout") or (before[0][3] if before else None)
    result = "refused" if event["kind"] in ("unreadable", "unread_pages") else "article"
    is_another = event["kind"] not in ("field_lost", "text_length")
    after = c.execute(_AFTER, (*place, result, layout, is_another, _PAGES)).fetchall()
    lost: list[str] = []
    if site and before and after:
        with suppress(ArchiveError, Undecodable, KeyError, OSError):
            known = _layout(with_learned(c, folder, site), layout or "")
            pages = [as_page(read_stored(c, folder, row[0])) for row in (before[0], after[0])]
            lost = [
                f"{name}: {css}" for name, css in _selectors(known)
                if pages[0].has(css) and not pages[1].has(css)
            ]  # fmt: skip
    return {
        "before": [f"{url} ({moment[:10]})" for _, url, moment, _ in before],
        "after": [f"{url} ({moment[:10]})" for _, url, moment, _ in after],
        "selectors": lost[:_MOST],
    }


def as_page(exchange: Exchange) -> Page:
    """The page that a capture holds, decoded. Raises `Undecodable` where it is damaged or too large."""
    encodings = [value for name, value in exchange.headers if name.lower() == "content-encoding"]
    body = decode(exchange.body, encodings, max_size=DOWNLOAD_MAXSIZE)
    return Page(to_text(body, charset_of(exchange.header("Content-Type"))).text, exchange.url)


def _layout(site: Site, name: str) -> Layout | None:
    """A layout by its full name: of the profile, learnt, or of a family."""
    owner, _, part = name.partition("/")
    own = [*site.layouts, *site.learned] if owner == site.id else []
    family = families().get(owner)
    found = [layout for layout in (*own, *(family.layouts if family else ())) if layout.id == part]
    return found[0] if found else None


def _selectors(layout: Layout | None) -> Iterator[tuple[str, str]]:
    """Key and selector, what finds the page itself first."""
    for name in dict.fromkeys((*_FIRST, *sorted(LISTS - {"remove", "pages", "editions"}))):
        value = getattr(layout, name, None)
        yield from ((name, css) for css in ([value] if isinstance(value, str) else value or ()))
