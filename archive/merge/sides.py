"""sides: the two archives of a merge: ours, open for writing, and theirs, which is only read."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archive.rows import insert, update
from archive.store import Store, explained_errors

Row = Mapping[str, Any]

BATCH = 500
"""Rows of theirs to a transaction of ours."""


@dataclass(slots=True)
class Summary:
    """What a merge brought."""

    new: Counter[str] = field(default_factory=Counter)
    """Table → rows that were added."""
    changed: Counter[str] = field(default_factory=Counter)
    """Table → rows that were changed."""
    bytes: int = 0
    """Of records that were copied."""
    unreadable: list[str] = field(default_factory=list)
    """Why captures of theirs were left out, one sentence each."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was changed."""
        return not (self.new.total() or self.changed.total())

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "tables": {
                name: {"new": self.new[name], "changed": self.changed[name]} for name in self.tables
            },
            "bytes": self.bytes,
            "unreadable": self.unreadable,
        }

    @property
    def tables(self) -> list[str]:
        """Tables in which something was added or changed."""
        return sorted(name for name, number in (self.new + self.changed).items() if number)


@dataclass(slots=True)
class Sides:
    """What every step of a merge needs."""

    store: Store
    theirs: sqlite3.Connection
    folder: Path
    """Of the other archive."""
    is_rehearsal: bool = False
    """All is done in one transaction that will be rolled back, and no file is written."""
    summary: Summary = field(default_factory=Summary)

    @property
    def ours(self) -> sqlite3.Connection:
        """Our connection: reads, and writes inside a batch."""
        return self.store.connection

    def batch(self) -> AbstractContextManager[None]:
        """One transaction of ours."""
        return nullcontext() if self.is_rehearsal else self.store.batch()

    def put(self, table: str, known: Row | None, wanted: Row) -> int:
        """Add a row, or change what differs in the one that is known; returns its id."""
        if known is None:
            self.summary.new[table] += 1
            return insert(self.ours, table, wanted)
        different = {name: value for name, value in wanted.items() if known[name] != value}
        if different:
            self.summary.changed[table] += 1
            update(self.ours, table, known["id"], different)
        return int(known["id"])


def select(c: sqlite3.Connection, sql: str, *args: Any) -> list[Row]:
    """All rows of a query. Raises `ArchiveError` that names the right one of the two databases."""
    try:
        cursor = c.execute(sql, args)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, values, strict=True)) for values in cursor]
    except sqlite3.DatabaseError:
        path = Path(c.execute("PRAGMA database_list").fetchone()[2])
        with explained_errors(path.parent):
            raise


def one_row(c: sqlite3.Connection, sql: str, *args: Any) -> Row | None:
    """The first row of a query, if it has any."""
    return next(iter(select(c, sql, *args)), None)


def content(row: Row, names: Iterable[str]) -> tuple[Any, ...]:
    """Values of a row in a form that can be compared with any other row's: who wins a tie."""
    return tuple((row[name] is not None, str(row[name])) for name in names)
