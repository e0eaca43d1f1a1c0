"""jsonl: one JSON object a line, UTF-8, keys in the documented order (jsonlines.org)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, TextIO


def write_jsonl(records: Iterable[dict[str, Any]], out: TextIO) -> int:
    """Write records and return their number. The same records give the same bytes."""
    number = 0
    for record in records:
        out.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
        number += 1
    return number
