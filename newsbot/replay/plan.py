"""plan: which files of a back-file are fetched, and which ranges of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """A WARC file, or what is wanted of it: `ranges` are (offset, length) in bytes, in the file's order.

    `source` is a path, or an address that fsspec opens. None for `ranges` means the whole file.
    """

    source: str
    ranges: tuple[tuple[int, int], ...] | None = None
