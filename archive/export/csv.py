"""csv: a table for spreadsheets: RFC 4180, UTF-8 with the mark by which Excel knows it, no live formulas.

Texts stand in quotation marks, an empty one too; where nothing is known nothing stands. Lists and objects are JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, BinaryIO

from archive.export.columns import COLUMNS

MARK = "\ufeff"
"""At the beginning of the file: without it, Excel reads Kazakh letters as something else."""
_LIVE = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_MARKED = re.compile(f"'(?={_LIVE.pattern})")


def write_csv(rows: Iterable[dict[str, Any]], out: BinaryIO) -> int:
    """Write rows, the names of the columns above them, and return their number."""
    names = [column.name for column in COLUMNS]
    out.write((MARK + ",".join(names) + "\r\n").encode())
    number = 0
    for row in rows:
        out.write((",".join([_cell(row[name]) for name in names]) + "\r\n").encode())
        number += 1
    return number


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return '"' + harmless(value).replace('"', '""') + '"'


def harmless(text: str) -> str:
    """A text that a spreadsheet takes for no formula: one that could be one gets an apostrophe before it.

    >>> harmless("=1+1"), harmless("'=1+1"), harmless("Жаңалық")
    ("'=1+1", "''=1+1", 'Жаңалық')
    """
    return f"'{text}" if _LIVE.match(text) else text


def as_printed(text: str) -> str:
    """What `harmless` was given."""
    return text[1:] if _MARKED.match(text) else text
