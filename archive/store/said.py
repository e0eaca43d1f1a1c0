"""said: keeps what sources said of addresses, and knows which pages were read without it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from archive.captures import (
    OWN_WORD,
    SAID,
    Capture,
    CaptureWriter,
    known_source,
    listed_as,
    payload_digest,
    said_at,
    spellings,
    with_fields,
)
from archive.store.frontier import Candidate
from archive.store.rows import insert_knowledge
from archive.times import utc
from archive.visit import Visit

UNREAD = "unread"
"""Reason of an entry that pages of its address were read without, until they are read again.

An imported one keeps it until the site knows its source.
"""
MOST_ENTRIES = 64
"""Imported entries that are kept of one address."""


def keep(
    c: sqlite3.Connection,
    writer: CaptureWriter,
    source: Mapping[str, Any],
    crawl: int | None,
    listed: Sequence[Candidate],
    at: datetime,
    distrust: str | None,
) -> None:
    """Keep what a source says of addresses, where it is new or not what it said last."""
    head = [("via", source["url"]), ("kind", source["kind"])]
    head += [("index", url) for (url,) in c.execute(_INDEX, (source["id"],))]
    head += [("dates", distrust)] if distrust else []
    said = {item.url: item.said for item in listed if item.said}
    for url, entry in said.items():
        payload = with_fields(head, entry)
        last = c.execute(
            "SELECT payload_digest FROM captures WHERE url = ? AND part = 'said' AND address = ? "
            "AND content_type = ? ORDER BY fetched_at DESC, record_id DESC LIMIT 1",
            (url, source["url"], OWN_WORD),
        ).fetchone()
        if last is None or last[0] != payload_digest(payload):
            capture = writer.write_metadata(url, SAID, payload, at)
            add(c, source["site"], capture, source["url"], crawl)
    if said:
        writer.sync()


_INDEX = """
WITH RECURSIVE above(id) AS (
    SELECT parent FROM sources WHERE id = ?
    UNION SELECT s.parent FROM above JOIN sources s ON s.id = above.id
)
SELECT s.url FROM above JOIN sources s ON s.id = above.id WHERE s.parent IS NULL
"""
"""The sitemap index by which a sitemap was found, which others know."""


def is_full(c: sqlite3.Connection, url: str) -> bool:
    """Whether as many entries of an address were imported as are kept."""
    rows = c.execute(
        "SELECT 1 FROM captures WHERE url IN (SELECT value FROM json_each(?)) AND part = 'said' "
        "AND content_type <> ? LIMIT ?",
        (json.dumps(spellings(url)), OWN_WORD, MOST_ENTRIES),
    )
    return len(rows.fetchall()) == MOST_ENTRIES


def add(
    c: sqlite3.Connection, site: str, capture: Capture, source: str, crawl: int | None = None
) -> None:
    """Give an entry of a source its row."""
    # Pages that this is the newest entry before, or that no entry came before.
    is_news = c.execute(
        "SELECT 1 FROM captures p WHERE p.id IN (SELECT value FROM json_each(?1)) "
        "AND NOT EXISTS (SELECT 1 FROM captures o WHERE o.url IN (SELECT value FROM json_each(?2)) "
        "AND o.part = 'said' AND o.address = ?3 AND o.content_type = ?5 AND CASE WHEN ?4 > p.fetched_at "
        "THEN o.fetched_at < ?4 ELSE o.fetched_at BETWEEN ?4 AND p.fetched_at END) LIMIT 1",
        (
            json.dumps(_pages(c, capture.url)), json.dumps(spellings(capture.url)),
            source, capture.fetched_at, capture.content_type,
        ),
    ).fetchone()  # fmt: skip
    waits = capture.content_type != OWN_WORD and not known_source(c, site, source)
    reason = UNREAD if is_news or waits else None
    insert_knowledge(c, site, capture, crawl=crawl, address=source, reason=reason)


def note_unread(c: sqlite3.Connection, visit: Visit) -> None:
    """Mark the entries that a visit's page should have been read with, and was not."""
    if visit.said is None or visit.result == "excluded" or visit.page is None:
        return
    (page,) = c.execute(
        "SELECT id FROM captures WHERE record_id = ?", (visit.page.record_id,)
    ).fetchone()
    known = said_at(c, listed_as(c, page), utc(visit.fetched_at))
    if known and set(known) != set(visit.said):
        c.executemany(
            "UPDATE captures SET reason = ? WHERE id = ?", [(UNREAD, n) for n in known.values()]
        )


def unread(c: sqlite3.Connection, site: str) -> Iterator[tuple[int, str]]:
    """Entries that count and that pages were read without: ids and addresses."""
    known: dict[str, bool] = {}
    for capture, url, source, content_type in c.execute(
        # As the index says it, which a mark would not reach.
        "SELECT id, url, address, content_type FROM captures "  # noqa: S608
        f"WHERE site = ? AND part = 'said' AND reason = '{UNREAD}'",
        (site,),
    ):
        if content_type != OWN_WORD and source not in known:
            known[source] = known_source(c, site, source) is not None
        if content_type == OWN_WORD or known[source]:
            yield capture, url


def note_read(c: sqlite3.Connection, site: str) -> None:
    """Take the marks from entries whose pages are read again: not from those of what is withheld."""
    sql = "SELECT id FROM captures WHERE article IN (SELECT id FROM withheld_articles)"
    left = {page for (page,) in c.execute(sql)}
    read = [(n,) for n, url in list(unread(c, site)) if left.isdisjoint(_pages(c, url))]
    c.executemany("UPDATE captures SET reason = NULL WHERE id = ?", read)


def unread_pages(c: sqlite3.Connection, site: str) -> list[int]:
    """Ids of pages that were read without what sources had said of them."""
    return sorted({page for _, url in list(unread(c, site)) for page in _pages(c, url)})


def _pages(c: sqlite3.Connection, url: str) -> list[int]:
    """Ids of pages that were read, refused ones among them, and that an entry of an address is about."""
    rows = c.execute(
        "SELECT id FROM captures WHERE status = 200 AND result <> 'excluded' AND visit IN ("
        "SELECT visit FROM captures WHERE url IN (SELECT value FROM json_each(?1)) "
        "AND part IN ('page', 'redirect') UNION ALL "
        "SELECT visit FROM captures WHERE address IN (SELECT value FROM json_each(?1)) "
        "AND address IS NOT NULL AND part <> 'said')",
        (json.dumps(spellings(url)),),
    )
    return [page for (page,) in rows]
