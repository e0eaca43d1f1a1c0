"""said: keeps what sources said of addresses, and knows which pages were read without it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from archive.captures import (
    SAID,
    Capture,
    CaptureWriter,
    payload_digest,
    said_at,
    with_fields,
)
from archive.store.aliases import known_article
from archive.store.frontier import Candidate
from archive.store.rows import insert
from archive.times import utc
from archive.visit import Visit

UNREAD = "unread"
"""Reason of an entry that pages of its address were read without, until they are read again."""


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
    head += [("dates", distrust)] if distrust else []
    said = {item.url: item.said for item in listed if item.said}
    for url, entry in said.items():
        payload = with_fields(head, entry)
        last = c.execute(
            "SELECT payload_digest FROM captures WHERE url = ? AND part = 'said' AND address = ? "
            "ORDER BY fetched_at DESC, record_id DESC LIMIT 1",
            (url, source["url"]),
        ).fetchone()
        if last is None or last[0] != payload_digest(payload):
            capture = writer.write_metadata(url, SAID, payload, at)
            add(c, source["site"], capture, source["url"], crawl)
    if said:
        writer.sync()


def add(
    c: sqlite3.Connection, site: str, capture: Capture, source: str, crawl: int | None = None
) -> None:
    """Give an entry of a source its row."""
    article = known_article(c, (capture.url,))
    # Pages that this is the newest entry before, or that no entry came before.
    is_news = c.execute(
        "SELECT 1 FROM captures p WHERE p.article = ?1 AND p.result = 'article' AND p.status = 200 "
        "AND NOT EXISTS (SELECT 1 FROM captures o WHERE o.url = ?2 AND o.part = 'said' "
        "AND o.address = ?3 AND CASE WHEN ?4 > p.fetched_at THEN o.fetched_at < ?4 "
        "ELSE o.fetched_at BETWEEN ?4 AND p.fetched_at END) LIMIT 1",
        (article, capture.url, source, capture.fetched_at),
    ).fetchone()
    (number,) = c.execute("SELECT coalesce(max(id), 0) + 1 FROM captures").fetchone()
    row = {
        name: getattr(capture, name) for name in Capture.__slots__ if name != "refers_to_id"
    } | {
        "id": number, "visit": number, "site": site, "crawl": crawl, "address": source,
        "reason": UNREAD if is_news else None,
    }  # fmt: skip
    insert(c, "captures", row)


def note_unread(c: sqlite3.Connection, visit: Visit) -> None:
    """Mark the entries that a visit's page should have been read with, and was not."""
    if visit.result != "article":
        return
    known = said_at(c, {visit.url, *visit.urls}, utc(visit.fetched_at))
    if known and set(known) != set(visit.said):
        c.executemany(
            "UPDATE captures SET reason = ? WHERE id = ?", [(UNREAD, n) for n in known.values()]
        )
