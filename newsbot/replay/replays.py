"""replays: the queue of an import from a web archive: what it lists, and what became of each capture.

The tables `imports` and `replays` hold it, so an import that was interrupted carries on where it was.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from archive.rows import one
from archive.store import Store
from archive.times import utc
from newsbot.replay.servers import Listed, Question

MAX_ATTEMPTS = 3
"""Runs in which a capture is asked for before it counts as failed."""


@dataclass(frozen=True, slots=True)
class Replay:
    """One capture that waits, or has been dealt with."""

    url: str
    timestamp: str
    status: int | None
    digest: str | None
    length: int | None
    location: str | None
    outcome: str | None
    attempts: int

    @property
    def key(self) -> tuple[str, str]:
        """Its place in the order of an import: oldest first."""
        return self.timestamp, self.url


_COLUMNS = "url, timestamp, status, digest, length, location, outcome, attempts"


class Queue:
    """The queue of one import: one server, one site."""

    def __init__(self, store: Store, source: str, site: str, query: str, at: datetime) -> None:
        """Open the import of a source, or make it. `query` says what is asked for now.

        An import that came to its end, or that asked for something else, lists everything anew.
        """
        self._store = store
        self._site = site
        self._query = query
        with store.transaction() as c:
            c.execute(
                "INSERT OR IGNORE INTO imports (kind, source, started_at) VALUES ('cdx', ?, ?)",
                (source, utc(at)),
            )
            row = one(c, "SELECT * FROM imports WHERE kind = 'cdx' AND source = ?", (source,))
            self.id: int = row["id"]
            c.execute("UPDATE imports SET ended_at = NULL WHERE id = ?", (self.id,))
        saved = json.loads(row["cursor"]) if row["cursor"] else {}
        resumes = saved.get("query") == query and row["ended_at"] is None
        self.questions: list[Question] | None = (
            [Question(**question) for question in saved["questions"]] if resumes else None
        )
        """Questions to the index that are still to be asked; None before the first is."""

    def listed(self, rows: Iterable[Listed], questions: Sequence[Question]) -> int:
        """Keep what an answer listed and what is still to be asked; returns how much was new."""
        self.questions = list(questions)
        cursor = {"query": self._query, "questions": [q.to_dict() for q in questions]}
        with self._store.transaction() as c:
            before = c.total_changes
            c.executemany(
                "INSERT OR IGNORE INTO replays "
                "(import, site, url, timestamp, status, digest, length, location) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        self.id,
                        self._site,
                        r.url,
                        r.timestamp,
                        r.status,
                        r.digest,
                        r.length,
                        r.location,
                    )
                    for r in rows
                ],
            )
            new = c.total_changes - before
            c.execute("UPDATE imports SET cursor = ? WHERE id = ?", (json.dumps(cursor), self.id))
        return new

    def next(self, after: tuple[str, str] = ("", "")) -> Replay | None:
        """The oldest capture that waits, behind a place in the order."""
        return self._one(
            "outcome IS NULL AND (timestamp, url) > (?, ?) ORDER BY timestamp, url", *after
        )

    def waiting(self) -> int:
        """How many captures wait."""
        row = self._store.connection.execute(
            "SELECT count(*) FROM replays WHERE import = ? AND outcome IS NULL", (self.id,)
        ).fetchone()
        return int(row[0])

    def all_waiting(self) -> list[Replay]:
        """Every capture that waits, in order."""
        return self._some("outcome IS NULL ORDER BY timestamp, url", (), -1)

    def find(self, url: str, timestamp: str) -> Replay | None:
        """One capture."""
        return self._one("url = ? AND timestamp = ?", url, timestamp)

    def same_before(self, replay: Replay) -> list[Replay]:
        """Captures of the same address and digest before this one, dealt with; the last one first."""
        if replay.digest is None or replay.status not in (None, 200):
            return []
        return self._some(
            "url = ? AND timestamp < ? AND digest = ? AND outcome IS NOT NULL "
            "ORDER BY timestamp DESC",
            (replay.url, replay.timestamp, replay.digest),
            20,
        )

    def nearest(self, addresses: Sequence[str], since: str, until: str) -> Replay | None:
        """The first capture that waits, of one of some addresses, within a span of time."""
        return self._one(
            "url IN (SELECT value FROM json_each(?)) AND timestamp BETWEEN ? AND ? "
            "AND outcome IS NULL ORDER BY timestamp, url",
            json.dumps(list(addresses)), since, until,
        )  # fmt: skip

    def _one(self, where: str, *args: object) -> Replay | None:
        return next(iter(self._some(where, args, 1)), None)

    def _some(self, where: str, args: Sequence[object], most: int) -> list[Replay]:
        rows = self._store.connection.execute(
            f"SELECT {_COLUMNS} FROM replays WHERE import = ? AND {where} LIMIT {most}",  # noqa: S608 -- own words
            (self.id, *args),
        )
        return [Replay(*row) for row in rows]

    def close(
        self,
        c: sqlite3.Connection,
        replays: Collection[Replay],
        outcome: str,
        error: str | None,
        *,
        asked: bool = False,
    ) -> None:
        """What became of the captures of one visit, inside the transaction that stores it."""
        c.executemany(
            "UPDATE replays SET outcome = ?, error = ?, attempts = attempts + ? "
            "WHERE import = ? AND url = ? AND timestamp = ?",
            [(outcome, error, asked, self.id, r.url, r.timestamp) for r in replays],
        )
        c.execute(
            f"UPDATE imports SET {outcome} = {outcome} + 1, records = records + ? WHERE id = ?",  # noqa: S608 -- one of OUTCOMES
            (len(replays), self.id),
        )

    def missed(self, replay: Replay, error: str) -> str | None:
        """Remember that a capture could not be had; returns `failed` where that is the end of it."""
        outcome = "failed" if replay.attempts + 1 >= MAX_ATTEMPTS else None
        with self._store.transaction() as c:
            c.execute(
                "UPDATE replays SET attempts = attempts + 1, error = ? "
                "WHERE import = ? AND url = ? AND timestamp = ?",
                (error, self.id, replay.url, replay.timestamp),
            )
            if outcome:
                self.close(c, [replay], outcome, error)
        return outcome

    def end(self, at: datetime) -> bool:
        """Mark the import as ended where nothing is left to do; returns whether it is."""
        if self.questions or self.waiting():
            return False
        with self._store.transaction() as c:
            c.execute("UPDATE imports SET ended_at = ? WHERE id = ?", (utc(at), self.id))
        return True
