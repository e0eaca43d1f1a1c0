"""times: one spelling for the archive's own moments: ISO 8601, UTC, whole seconds, `Z`."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=256)
def utc(moment: datetime) -> str:
    """`2026-11-22T08:00:00Z` for an aware datetime."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def now() -> datetime:
    """The present moment, aware."""
    return datetime.now(UTC)
