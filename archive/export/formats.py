"""formats: the formats that hold rows: how a file is named by them, and how they are written."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, BinaryIO, cast

from archive.export.csv import write_csv
from archive.export.jsonl import write_jsonl
from archive.export.parquet import write_parquet

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Write = Callable[[Iterable[dict[str, Any]], BinaryIO], int]
"""Writes rows of `archive.export.rows` and returns their number."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format of rows."""

    suffix: str
    """At the end of a file's name, with its full stop."""
    write: Write
    binary: bool = False
    """Whether it is nothing for a terminal, and packed already."""


FORMATS: dict[str, Format] = {
    "jsonl": Format(".jsonl", write_jsonl),
    "csv": Format(".csv", write_csv),
    "parquet": Format(".parquet", write_parquet, binary=True),
}
"""Name → what it is."""
PACKED = (".gz", ".zst")
"""What may follow the suffix of a format that is text."""


def format_of(name: str) -> str | None:
    """The format that a file's name asks for, `set.jsonl.gz` for one; None where it asks for none."""
    bare = name.lower()
    for ending in PACKED:
        bare = bare.removesuffix(ending)
    is_packed = bare != name.lower()
    for kind, one in FORMATS.items():
        if bare.endswith(one.suffix) and not (is_packed and one.binary):
            return kind
    return None


@contextmanager
def packed(out: BinaryIO, name: str) -> Iterator[BinaryIO]:
    """What to write to, packed as the file's name says. The same bytes again: neither time nor name is in it."""
    ending = PurePath(name.lower()).suffix
    if ending == ".gz":
        with gzip.GzipFile("", "wb", 6, out, mtime=0) as file:
            yield cast("BinaryIO", file)
    elif ending == ".zst":
        with zstd.ZstdFile(out, "wb", level=9) as file:
            yield cast("BinaryIO", file)
    else:
        yield out
