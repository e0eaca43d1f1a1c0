"""changes: a transaction of the writer: its connection, the index, and the articles that it touched."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

from archive.store import digests
from archive.store.index import Index
from archive.store.withheld import enforce


@dataclass(slots=True)
class Changes:
    """What a transaction needs, and what is to be done before it ends."""

    c: sqlite3.Connection
    index: Index
    articles: set[int] = field(default_factory=set)
    """Those whose rows have changed."""

    former_id: Callable[[str], int | None] | None = None
    """Address → id that its article had in a database that this one is to replace."""
    last_id: int = 0
    """The highest of those ids."""

    def new_id(self, address: str) -> int:
        """An id for an article that has none; the one that it had before, where it is known."""
        known = self.former_id(address) if self.former_id else None
        if known and not self.c.execute("SELECT 1 FROM articles WHERE id = ?", (known,)).fetchone():
            return known
        (last,) = self.c.execute("SELECT coalesce(max(id), 0) FROM articles").fetchone()
        return int(max(last, self.last_id)) + 1

    def finish(self) -> None:
        """Bring what is kept beside the changed articles up to date; call it before the commit."""
        if self.articles:
            enforce(self.c, self.index, self.articles)
            digests.write(self.c, self.articles)
            self.articles.clear()

    def forget(self) -> None:
        """Drop what is remembered of rows that a rollback has taken back."""
        self.index.forget()
        self.articles.clear()
