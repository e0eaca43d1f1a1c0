"""plan: which files of a back-file are fetched, which ranges of them, and what that will cost.

Pure, but for `measure` and `pieces_of`, which ask how large files are and how fast they come.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import ceil
from statistics import median
from typing import Any

from archive.errors import ArchiveUsageError
from newsbot.replay.remote import opened, size_of

BLOCK = 8 << 20
"""Bytes that a worker asks for at a time."""
LATENCY = 0.05
"""Seconds between a request and its answer, where bytes are weighed against requests."""
UNPACK = 80e6
"""Packed bytes a second that a worker looks through; `bench/RESULTS.md`, «Back-files»."""
GAP = LATENCY / (1 / UNPACK + LATENCY / BLOCK)
"""Bytes that take as long as another request."""
READ = 0.0070
"""Seconds of a worker for a page of ours; `bench/RESULTS.md`, «Import, merge, reextract»."""
STORE = 0.0045
"""Seconds of the one process that stores, for a page of ours; the same section."""
_ASKED = 200
"""Files whose size is asked for, where there are more."""
_TRIED = 3
_TRIAL = 4 << 20
_AT_ONCE = 16


@dataclass(frozen=True)
class Piece:
    """A WARC file, or what is wanted of it: `ranges` are (offset, length) in bytes, in the file's order.

    `source` is a path, or an address that fsspec opens. None for `ranges` means the whole file. A range
    is one record, or some that follow each other; foreign ones may be among them.
    """

    source: str
    ranges: tuple[tuple[int, int], ...] | None = None


@dataclass(frozen=True)
class Speed:
    """How fast files come: seconds a request, bytes a second."""

    latency: float = LATENCY
    rate: float = UNPACK
    is_measured: bool = False

    def seconds(self, requests: int, size: int) -> float:
        """Of one worker, to fetch so many bytes and to look through them."""
        return requests * self.latency + size / min(self.rate, UNPACK)


@dataclass
class Plan:
    """What will be fetched."""

    pieces: list[Piece] = field(default_factory=list)
    whole: int = 0
    """Files that are fetched whole."""
    requests: int = 0
    size: int = 0
    """Bytes to be fetched."""
    records: int | None = None
    """Records of known sites; None where no index tells."""
    sites: Counter[str] = field(default_factory=Counter)
    """The same by site."""
    asked: int = 0
    """Files whose size was asked for; those of the others are guessed by them."""
    unknown: list[str] = field(default_factory=list)
    """Files that did not tell their size."""

    def add(self, piece: Piece, size: int) -> None:
        """One piece, of so many bytes."""
        self.pieces.append(piece)
        self.whole += piece.ranges is None
        self.size += size
        parts = [length for _, length in piece.ranges] if piece.ranges else [size]
        self.requests += sum(ceil(length / BLOCK) for length in parts)

    def seconds(self, workers: int, speed: Speed) -> float:
        """By the clock: workers fetch and read side by side while one process stores."""
        pages = self.records or 0
        work = speed.seconds(self.requests, self.size) + pages * READ
        return max(work / workers, pages * STORE)

    def to_dict(self, workers: int, speed: Speed, price: float) -> dict[str, Any]:
        """For `--json`. `price` is in euros for 10^9 bytes."""
        return {
            "files": len(self.pieces), "whole": self.whole, "requests": self.requests,
            "bytes": self.size, "records": self.records, "sites": dict(self.sites),
            "workers": workers, "hours": round(self.seconds(workers, speed) / 3600, 3),
            "euros": round(self.size / 1e9 * price, 2),
            "asked": self.asked, "unknown": self.unknown,
            "rests_on": {
                "measured": speed.is_measured, "latency": round(speed.latency, 4),
                "bytes_a_second": round(min(speed.rate, UNPACK)), "read": READ, "store": STORE,
            },
        }  # fmt: skip


def joined(places: Iterable[tuple[int, int]], gap: float) -> tuple[tuple[int, int], ...]:
    """Offsets and lengths in order, neighbours together where not more than `gap` bytes lie between.

    >>> joined([(700, 50), (0, 100), (110, 40)], 10)
    ((0, 150), (700, 50))
    """
    ranges: list[tuple[int, int]] = []
    for offset, length in sorted(places):
        start, end = offset, offset + length
        if ranges and offset - sum(ranges[-1]) <= gap:
            start, before = ranges.pop()
            end = max(end, start + before)
        ranges.append((start, end - start))
    return tuple(ranges)


def plan_of_places(
    places: Mapping[str, Sequence[int]], size: Callable[[str], int | None] = size_of
) -> Plan:
    """What is fetched for the records that an index lists (`indexes.Found.places`), by files in order.

    Records become one range where what lies between takes no longer than another request, so that no file
    takes longer than it would as a whole. That is weighed by constants: a run that was interrupted finds
    its pieces again. Where the index says no lengths the file is fetched whole.
    """
    plan = Plan(records=0)
    for source in sorted(places):
        numbers = iter(places[source])
        pairs = set(zip(numbers, numbers, strict=True))
        plan.records = (plan.records or 0) + len(pairs)
        if all(length for _, length in pairs):
            ranges = joined(pairs, GAP)
            plan.add(Piece(source, ranges), sum(length for _, length in ranges))
        else:
            whole = size(source)
            plan.add(Piece(source), whole or 0)
            plan.unknown += [source] if whole is None else []
    return plan


def plan_of_files(sources: Sequence[str], size: Callable[[str], int | None] = size_of) -> Plan:
    """What is fetched of files that are taken whole. Of many, a sample is asked for its size."""
    asked = sources
    if len(sources) > _ASKED:
        asked = random.Random(len(sources)).sample(sources, _ASKED)
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        sizes = dict(zip(asked, threads.map(size, asked), strict=True))
    told = [known for known in sizes.values() if known is not None]
    plan = Plan(asked=len(told), unknown=[source for source in asked if sizes[source] is None])
    mean = round(sum(told) / len(told)) if told else 0
    for source in sources:
        plan.add(Piece(source), sizes.get(source) or mean)
    return plan


def measure(pieces: Sequence[Piece]) -> Speed:
    """How fast some of the files come to this machine now; the constants where none does."""
    latencies, rates = [], []
    for piece in pieces[:: max(1, len(pieces) // _TRIED)][:_TRIED]:
        try:
            with opened(piece.source) as file:
                file.read(1)  # the connection
                start = time.perf_counter()
                file.read(1)
                begun = time.perf_counter()
                got = len(file.read(_TRIAL))
        except ArchiveUsageError:
            continue
        latencies.append(begun - start)
        seconds = time.perf_counter() - begun - latencies[-1]
        rates.append(got / max(seconds, 1e-6))
    if not rates:
        return Speed()
    return Speed(median(latencies), median(rates), is_measured=True)
