"""reading: rows read back out of the files of an export, and of files that others made."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from archive.captures.files import open_file
from archive.errors import ArchiveError, ArchiveUsageError
from archive.export.columns import COLUMNS
from archive.export.parquet import read_parquet, schema, schema_of

SUFFIXES = (".parquet", ".jsonl.gz", ".jsonl", ".csv")
_PYTHON: dict[str, type | tuple[type, ...]] = {
    "integer": int, "number": (int, float), "boolean": bool, "strings": list, "editions": list,
    "notes": list, "sources": dict, "capture": dict,
}  # fmt: skip
"""What a value of JSON is, by the type of its column; all others are texts."""


def read_rows(path: Path, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Rows of a Parquet, JSON Lines or CSV file, of Parquet those columns alone.

    Values of a CSV are the texts that stand there. Raises `ArchiveUsageError` for a file of another kind, where
    pyarrow is missing or a column is; `ArchiveError` for one that is damaged.
    """
    kind = next((kind for kind in SUFFIXES if path.name.endswith(kind)), None)
    if kind is None:
        raise ArchiveUsageError(f"{path}: expected a file that ends in {', '.join(SUFFIXES)}")
    try:
        if kind == ".parquet":
            yield from read_parquet(path, columns)
            return
        with open_file(path) as file:
            plain = gzip.GzipFile(fileobj=file) if kind.endswith(".gz") else file
            with io.TextIOWrapper(plain, "utf-8-sig", newline="") as text:
                yield from _csv(text) if kind == ".csv" else _jsonl(text)
    except (ValueError, KeyError, RecursionError, EOFError, gzip.BadGzipFile, csv.Error) as error:
        raise ArchiveError(f"{path} is damaged: {error}") from None


def _jsonl(text: TextIO) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text, 1):
        row = json.loads(line)
        if not isinstance(row, dict):
            raise ValueError(f"line {number} is no object")
        yield row


def _csv(text: TextIO) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    yield from csv.DictReader(text)


def misfit(path: Path, row: dict[str, Any] | None) -> str | None:
    """What of a file's columns is not as `archive.export.columns` says; `row` is one of it, read back."""
    names = [column.name for column in COLUMNS]
    if path.name.endswith(".parquet"):
        found, wanted = schema_of(path), schema()
        if not found.equals(wanted):
            return next(
                (
                    f"column {want.name}: {want.type} expected"
                    for want in wanted
                    if want.name not in found.names or found.field(want.name).type != want.type
                ),
                "other columns, or in another order",
            )
        return None
    if row is None:
        return None
    if list(row) != names:
        odd = sorted(map(str, set(names) ^ set(row)))
        return f"other columns: {', '.join(odd)}" if odd else "columns in another order"
    if path.name.endswith(".csv"):
        return None
    return next(
        (
            f"column {c.name}: {c.type} expected"
            for c in COLUMNS
            if row[c.name] is not None and not isinstance(row[c.name], _PYTHON.get(c.type, str))
        ),
        None,
    )
