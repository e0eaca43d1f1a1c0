"""imports: how far the import of a file has come, so that a killed one carries on."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from archive.store.schema import OUTCOMES
from archive.store.sources import Sources
from archive.times import utc


class Imports(Sources):
    """The table `imports`."""

    def find_import(self, kind: str, source: str) -> sqlite3.Row | None:
        """The row of an import, where it has begun."""
        row: sqlite3.Row | None = self.connection.execute(
            "SELECT * FROM imports WHERE kind = ? AND source = ?", (kind, source)
        ).fetchone()
        return row

    def note_import(
        self,
        kind: str,
        source: str,
        started_at: datetime,
        counts: Mapping[str, int],
        cursor: int | None,
    ) -> None:
        """Add `records` and outcomes to an import's row; None leaves the cursor where it is.

        Belongs into the batch that stores what is counted.
        """
        with self.transaction() as c:
            c.execute(
                "INSERT OR IGNORE INTO imports (kind, source, started_at) VALUES (?, ?, ?)",
                (kind, source, utc(started_at)),
            )
            names = ("records", *OUTCOMES)
            c.execute(
                f"UPDATE imports SET {', '.join(f'{name} = {name} + ?' for name in names)}, "  # noqa: S608 -- own names
                "cursor = coalesce(?, cursor) WHERE kind = ? AND source = ?",
                (*(counts.get(name, 0) for name in names), cursor, kind, source),
            )

    def end_import(self, kind: str, source: str, ended_at: datetime | None) -> None:
        """Close an import; with None it is read from its beginning the next time."""
        with self.transaction() as c:
            c.execute(
                "UPDATE imports SET cursor = NULL, ended_at = ? WHERE kind = ? AND source = ?",
                (utc(ended_at) if ended_at else None, kind, source),
            )
