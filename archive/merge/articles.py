"""articles: an article of theirs joined to ours: fields, history, aliases, counters, tags.

The fields are those of the archive that saw the article last; the history is that of both.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from archive.merge.captures import capture_of, join_captures
from archive.merge.histories import History, Version, unite
from archive.merge.identity import Known, Pair, neighbourhood, pairs, settle
from archive.merge.sides import BATCH, Row, Sides, content, one_row, select
from archive.rows import insert, update
from archive.times import now, utc
from archive.visits import content_digest, set_tags

_FIELDS = (
    "site url title text authors modified section language image views comments captions editions "
    "layout charset sources flags"
).split()
"""Columns that one look at an article decides together."""
_DATES = ("published", "published_raw")
UNFINISHED = ("merge", "stories")
"""Kind and source of the row of `imports` that says: stories are still to be found anew."""

_TABLE = """
CREATE TEMP TABLE IF NOT EXISTS merged_articles (theirs INTEGER PRIMARY KEY, ours INTEGER NOT NULL)
"""


def merge_articles(sides: Sides) -> None:
    """All articles of theirs, in batches."""
    sides.ours.execute(_TABLE)
    sides.ours.execute("DELETE FROM merged_articles")
    last = 0
    while rows := select(
        sides.theirs, "SELECT id FROM articles WHERE id > ? ORDER BY id LIMIT ?", last, BATCH
    ):
        last = rows[-1]["id"]
        before = _changes(sides)
        with sides.batch(), sides.store.index.together():
            for row in rows:
                ours, theirs = neighbourhood(sides.ours, sides.theirs, row["id"])
                if row["id"] == min(theirs.urls):  # the others came with it
                    _merge(sides, ours, theirs)
            if _changes(sides) != before:
                sides.ours.execute(
                    "INSERT OR IGNORE INTO imports (kind, source, started_at) VALUES (?, ?, ?)",
                    (*UNFINISHED, utc(now())),
                )


def _changes(sides: Sides) -> int:
    return sides.summary.new["articles"] + sides.summary.changed["articles"]


@dataclass(slots=True)
class _Told:
    """What one archive tells of an article."""

    row: Row
    history: History
    tags: list[str]
    connection: sqlite3.Connection = field(repr=False)

    @property
    def rank(self) -> tuple[Any, ...]:
        """Who saw it last; then anything that is the same in any order."""
        return (
            self.row["last_seen"],
            content(self.row, _FIELDS),
            self.tags,
            content(self.row, _DATES),
        )


@dataclass(slots=True)
class _Merged:
    """What becomes of an article that both archives may have."""

    pair: Pair
    url: str
    row: dict[str, Any]
    versions: list[Version]
    tags: list[str]
    sources: list[_Told]
    """Ours first, where we have it."""

    @property
    def ours(self) -> _Told | None:
        """What we told of it before."""
        return self.sources[0] if self.pair.ours is not None else None


def _merge(sides: Sides, ours: Known, theirs: Known) -> None:
    """Articles that hang together by their addresses, all in one go."""
    urls: list[str] = []
    claims: dict[str, list[tuple[int, str]]] = {}
    ids: list[int] = []
    for number, pair in enumerate(pairs(ours, theirs)):
        merged = _merged(sides, pair)
        urls.append(merged.url)
        for connection, article in ((sides.ours, pair.ours), (sides.theirs, pair.theirs)):
            if article is not None:
                for row in select(connection, "SELECT * FROM aliases WHERE article = ?", article):
                    claims.setdefault(row["url"], []).append((number, row["first_seen"]))
        ids.append(_write(sides, merged))
        if pair.theirs is not None:
            sides.ours.execute(
                "INSERT OR REPLACE INTO merged_articles VALUES (?, ?)", (pair.theirs, ids[-1])
            )
            join_captures(sides, pair.theirs, ids[-1], merged.url)
    for url, (number, first_seen) in settle(claims, dict(enumerate(urls))).items():
        _alias(sides, url, ids[number], first_seen)


def _alias(sides: Sides, url: str, article: int, first_seen: str) -> None:
    known = one_row(sides.ours, "SELECT * FROM aliases WHERE url = ?", url)
    if known and (known["article"], known["first_seen"]) == (article, first_seen):
        return
    sides.summary.changed["aliases"] += known is not None
    sides.summary.new["aliases"] += known is None
    sides.ours.execute(
        "INSERT OR REPLACE INTO aliases (url, article, first_seen) VALUES (?, ?, ?)",
        (url, article, first_seen),
    )


# -- what both tell -----------------------------------------------------------------------------

_VERSIONS = """
SELECT r.seen_at, r.digest, r.kind, c.record_id FROM revisions r
  LEFT JOIN captures c ON c.id = r.capture WHERE r.article = ? ORDER BY r.number
"""
_LOOKS = """
SELECT fetched_at, CASE status WHEN 200 THEN record_id END AS record_id FROM captures
 WHERE article = ? AND status IN (200, 304)
"""
_TAGS = """
SELECT t.name FROM article_tags x JOIN tags t ON t.id = x.tag WHERE x.article = ? ORDER BY t.name
"""


def _told(c: sqlite3.Connection, article: int) -> _Told:
    row = one_row(c, "SELECT * FROM articles WHERE id = ?", article)
    assert row is not None
    versions = [
        Version(v["seen_at"], v["digest"], v["kind"], v["record_id"])
        for v in select(c, _VERSIONS, article)
    ] or [Version(row["first_seen"], content_digest(row["title"], row["text"]), "first")]
    looks = [(look["fetched_at"], look["record_id"]) for look in select(c, _LOOKS, article)]
    tags = [tag["name"] for tag in select(c, _TAGS, article)]
    return _Told(row, History(versions, row["last_seen"], looks), tags, c)


def _merged(sides: Sides, pair: Pair) -> _Merged:
    sources = [
        _told(c, article)
        for c, article in ((sides.ours, pair.ours), (sides.theirs, pair.theirs))
        if article is not None
    ]
    versions = list(sources[0].history.versions)
    if len(sources) == 2:
        versions = unite(sources[0].history, sources[1].history)
    # The fields go with the wording: whoever has read the page anew has read all of it anew.
    present = [s for s in sources if s.history.digest == versions[-1].digest]
    last = max(present, key=lambda told: told.rank)
    dates = max(
        (s for s in sources if s.row["published"]),
        key=lambda told: (told is last, told.rank),
        default=last,
    )
    row = {
        **{name: last.row[name] for name in _FIELDS},
        **{name: dates.row[name] for name in _DATES},
        "first_seen": min(s.row["first_seen"] for s in sources),
        "last_seen": max(s.row["last_seen"] for s in sources),
        "gone_since": _gone_since(s.row for s in sources),
        "revision": len(versions),
    }
    return _Merged(pair, row["url"], row, versions, last.tags, sources)


def _gone_since(rows: Iterable[Row]) -> str | None:
    """The first time it was missed after it was last seen by anyone."""
    told = list(rows)
    last_seen = max(row["last_seen"] for row in told)
    # Who holds it to be gone has missed it after the own last look, whatever the first miss was.
    missed = (
        row["gone_since"]
        for row in told
        if row["gone_since"] and max(row["gone_since"], row["last_seen"]) >= last_seen
    )
    return min(missed, default=None)


# -- what is written ----------------------------------------------------------------------------


def _write(sides: Sides, merged: _Merged) -> int:
    """Store what both tell; returns our id. An article of ours alone is not touched."""
    ours = merged.ours
    if merged.pair.theirs is None:
        assert merged.pair.ours is not None
        return merged.pair.ours
    history_differs = ours is None or list(ours.history.versions) != merged.versions
    captures = [_capture(sides, merged, v) for v in merged.versions] if history_differs else []
    row = merged.row | ({"capture": captures[-1]} if captures else {})
    article = _row(sides, ours, row)
    if history_differs:
        _revisions(sides, merged, article, captures)
    _engagement(sides, merged, article)
    if ours is None or ours.tags != merged.tags:
        sides.summary.changed["article_tags"] += ours is not None
        set_tags(sides.ours, article, merged.tags)
    return article


def _row(sides: Sides, ours: _Told | None, row: dict[str, Any]) -> int:
    printed = (row["title"], row["text"], row["language"])
    if ours is None:
        sides.summary.new["articles"] += 1
        article = insert(sides.ours, "articles", row)
        sides.store.index.add(article, *printed)
        return article
    article = int(ours.row["id"])
    different = {name: value for name, value in row.items() if ours.row[name] != value}
    if different:
        sides.summary.changed["articles"] += 1
        indexed = (ours.row["title"], ours.row["text"], ours.row["language"])
        if printed != indexed:
            sides.store.index.remove(article, *indexed)
            sides.store.index.add(article, *printed)
        update(sides.ours, "articles", article, different)
    return article


def _capture(sides: Sides, merged: _Merged, version: Version) -> int | None:
    """Our id of the capture of a version."""
    if version.capture is None:
        return None
    for told in merged.sources:
        row = one_row(
            told.connection, "SELECT * FROM captures WHERE record_id = ?", version.capture
        )
        known = capture_of(sides, row) if row else None
        if known:
            return int(known["id"])
    return None


_KEPT = "SELECT number, title, text, digest, seen_at, capture, kind FROM revisions WHERE article = ? ORDER BY number"


def _revisions(sides: Sides, merged: _Merged, article: int, captures: list[int | None]) -> None:
    kept = select(sides.ours, _KEPT, article)
    texts: dict[str, tuple[str | None, str]] = {}
    for told in merged.sources:
        rows = select(told.connection, _KEPT, told.row["id"]) or [
            {**told.row, "digest": told.history.digest}
        ]
        texts.update({row["digest"]: (row["title"], row["text"]) for row in rows})
    wanted = [
        {
            "number": number,
            "title": texts[version.digest][0],
            "text": texts[version.digest][1],
            "digest": version.digest,
            "seen_at": version.at,
            "capture": capture,
            "kind": version.kind,
        }
        for number, (version, capture) in enumerate(zip(merged.versions, captures, strict=True), 1)
    ]
    if kept == wanted:
        return
    sides.summary.new["revisions"] += max(len(wanted) - len(kept), 0)
    sides.summary.changed["revisions"] += sum(row not in wanted for row in kept)
    sides.ours.execute("DELETE FROM revisions WHERE article = ?", (article,))
    for row in wanted:
        insert(sides.ours, "revisions", {"article": article, **row})


def _engagement(sides: Sides, merged: _Merged, article: int) -> None:
    """Counters of both by time; where they stay the same the first row is enough."""
    sql = "SELECT seen_at, views, comments FROM engagement WHERE article = ? ORDER BY seen_at"
    told = [
        [(r["seen_at"], r["views"], r["comments"]) for r in select(s.connection, sql, s.row["id"])]
        for s in merged.sources
    ]
    seen: dict[str, tuple[int | None, int | None]] = {}
    for at, *counters in sorted((row for rows in told for row in rows), key=_counted):
        seen[at] = (counters[0], counters[1])  # of two at one moment the higher
    wanted: list[tuple[str, int | None, int | None]] = []
    for at, (views, comments) in seen.items():
        if not wanted or wanted[-1][1:] != (views, comments):
            wanted.append((at, views, comments))
    known = told[0] if merged.ours else []
    if wanted == known:
        return
    sides.summary.new["engagement"] += max(len(wanted) - len(known), 0)
    sides.ours.execute("DELETE FROM engagement WHERE article = ?", (article,))
    sides.ours.executemany(
        "INSERT INTO engagement (article, seen_at, views, comments) VALUES (?, ?, ?, ?)",
        [(article, *row) for row in wanted],
    )


def _counted(row: tuple[str, int | None, int | None]) -> tuple[Any, ...]:
    at, views, comments = row
    return at, -1 if views is None else views, -1 if comments is None else comments
