"""changes: a transaction of the writer: its connection, the index, and the articles that it touched."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from archive.store import digests
from archive.store.index import Index


@dataclass(slots=True)
class Changes:
    """What a transaction needs, and what is to be done before it ends."""

    c: sqlite3.Connection
    index: Index
    articles: set[int] = field(default_factory=set)
    """Those whose rows have changed."""

    def finish(self) -> None:
        """Bring what is kept beside the changed articles up to date; call it before the commit."""
        if self.articles:
            digests.write(self.c, self.articles)
            self.articles.clear()

    def forget(self) -> None:
        """Drop what is remembered of rows that a rollback has taken back."""
        self.index.forget()
        self.articles.clear()
