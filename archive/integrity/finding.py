"""finding: one thing that `newsbot verify` has to say, and the words for how bad it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

SEVERITIES = ("damage", "inconsistency", "note")
"""Bytes that are not as they were written · tables that disagree · what one should merely know."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where, and what to do about it, each in one line."""

    severity: str
    check: str
    """Which check found it: `sqlite`, `schema`, `rows`, `digests`, `index`, `records`, `texts`."""
    where: str
    what: str
    remedy: str
    table: str | None = None
    """The table that holds what is damaged, where it is known."""
    rows: tuple[int, ...] = ()
    """Ids of its rows, where they are known."""
    file: str | None = None
    """The file, relative to the archive's folder."""
    offset: int | None = None
    """Byte of the file at which the record begins."""

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def exit_code(findings: Iterable[Finding]) -> int:
    """0 where nothing but notes was found, 5 otherwise."""
    return 5 if any(finding.severity != "note" for finding in findings) else 0
