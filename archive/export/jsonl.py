"""jsonl: one JSON object a line, UTF-8, keys in the documented order (jsonlines.org)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, BinaryIO


def write_jsonl(rows: Iterable[dict[str, Any]], out: BinaryIO) -> int:
    """Write rows and return their number. The same rows give the same bytes."""
    encode = json.JSONEncoder(
        ensure_ascii=False, separators=(",", ":"), check_circular=False
    ).encode
    number = 0
    for row in rows:
        out.write((encode(row) + "\n").encode())
        number += 1
    return number
