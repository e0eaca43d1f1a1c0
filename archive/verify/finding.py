"""finding: one thing that `newsbot verify` has to say, and the words for how bad it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

SEVERITIES = ("damage", "inconsistency", "note")
"""Bytes that are not as they were written · tables that disagree · what one should merely know."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where, and what to do about it, each in one line."""

    severity: str
    check: str
    """Which check found it: `pages`, `sqlite`, `schema`, `rows`, `index`, `records`, `texts`."""
    where: str
    what: str
    remedy: str
    table: str | None = None
    """The table that holds what is damaged, where it is known."""
    rows: tuple[int, ...] = ()
    """Ids of its rows, where they are known."""
    articles: tuple[int, ...] = ()
    """Ids of articles whose rows they are, where the table has no ids of its own."""
    file: str | None = None
    """The file, relative to the archive's folder."""
    offset: int | None = None
    """Byte of the file at which the page or record begins."""

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)
