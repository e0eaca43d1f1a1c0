"""dates: the dates that people type, as the ISO 8601 prefixes that the archive compares."""

from __future__ import annotations

import re
from datetime import date

_ISO = re.compile(r"\d{4}(-\d\d){0,2}", re.ASCII)


def typed_date(text: str, *, today: date, end: bool = False) -> str:
    """A date as typed → `2023`, `2023-05` or `2023-05-17`. Raises ValueError with what is expected.

    `today` is the day that relative dates count from; `end` asks for the end of a span, not its
    beginning.
    """
    value = text.strip()
    if _ISO.fullmatch(value):
        try:
            date.fromisoformat(value + "0000-01-01"[len(value) :])
        except ValueError:
            pass
        else:
            return value
    raise ValueError(f"{text!r} is no date such as 2023, 2023-05 or 2023-05-17")
