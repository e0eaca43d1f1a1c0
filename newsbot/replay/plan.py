"""plan: which files of a back-file are fetched, which ranges of them, and what that will cost."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil
from statistics import median
from typing import Any, NamedTuple

from newsbot import urls
from newsbot.replay.places import BLOCK, opened, reason_of
from newsbot.replay.places import size_of as ask_size

LATENCY = 0.05
"""Seconds between a request and its answer, where bytes are weighed against requests."""
UNPACK = 80e6
"""Packed bytes a second that a worker looks through; `bench/RESULTS.md`, «Indexes and plans»."""
GAP = LATENCY / (1 / UNPACK + LATENCY / BLOCK)
"""Bytes that take as long as another request."""
READ = 0.0070
"""Seconds of a worker for a page of ours; `bench/RESULTS.md`, «Import, merge, reextract»."""
STORE = 0.0045
"""Seconds of the one process that stores, for a page of ours; the same section."""
_EACH = 2
"""Requests for a file beside those for its bytes: for its size, and for the record at its head."""
_ASKED = 200
"""Files whose size is asked for, where there are more."""
_TRIED = 3
_TRIAL = 4 << 20
_AT_ONCE = 16

SizeOf = Callable[[str], int]
"""Bytes of a file; OSError where nobody tells."""


@dataclass(frozen=True)
class Piece:
    """A WARC file, or what is wanted of it: `ranges` are (offset, length) in bytes, in the file's order.

    `source` is a path, or an address that fsspec opens. None for `ranges` means the whole file. A range
    is one record, or some that follow each other; foreign ones may be among them.
    """

    source: str
    ranges: tuple[tuple[int, int], ...] | None = None


class Speed(NamedTuple):
    """How fast files come: seconds a request, bytes a second."""

    latency: float = LATENCY
    rate: float = UNPACK


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
    guessed: int = 0
    """Files whose size is not known: that of the others is taken."""
    lost: dict[str, str] = field(default_factory=dict)
    """Those of them that were asked for and did not answer, and why."""

    def add(self, piece: Piece, size: int) -> None:
        """One piece, of so many bytes."""
        self.pieces.append(piece)
        self.whole += piece.ranges is None
        self.size += size
        self.requests += _EACH + (len(piece.ranges) if piece.ranges else ceil(size / BLOCK))

    def seconds(self, workers: int, speed: Speed) -> float:
        """By the clock: workers fetch and read side by side while one process stores."""
        pages = self.records or 0
        work = self.requests * speed.latency + self.size / min(speed.rate, UNPACK) + pages * READ
        return max(work / workers, pages * STORE)

    def to_dict(self, workers: int, speed: Speed, price: float) -> dict[str, Any]:
        """For `--json`. `price` is in euros for 10^9 bytes."""
        return {
            "files": len(self.pieces), "whole": self.whole, "requests": self.requests,
            "bytes": self.size, "records": self.records, "sites": dict(self.sites),
            "workers": workers, "hours": round(self.seconds(workers, speed) / 3600, 6),
            "euros": round(self.size / 1e9 * price, 6),
            "guessed": self.guessed, "lost": self.lost,
            "rests_on": {
                "latency": round(speed.latency, 4), "bytes_a_second": round(speed.rate),
                "looked_through_a_second": round(UNPACK), "read": READ, "store": STORE,
            },
        }  # fmt: skip


def joined(
    places: Iterable[tuple[int, int]], gap: float = GAP, most: int = BLOCK
) -> tuple[tuple[int, int], ...]:
    """Offsets and lengths in order, neighbours together where not more than `gap` bytes lie between.

    A range of several records has not more than `most` bytes: a worker holds it in memory.

    >>> joined([(700, 50), (0, 100), (110, 40)], 10)
    ((0, 150), (700, 50))
    """
    ranges: list[tuple[int, int]] = []
    for offset, length in sorted(places):
        start, before = ranges[-1] if ranges else (offset, 0)
        end = max(offset + length, start + before)
        between = offset - start - before
        if ranges and (between < 0 or (between <= gap and end - start <= most)):
            ranges[-1] = (start, end - start)
        else:
            ranges.append((offset, length))
    return tuple(ranges)


def plan_of_places(places: Mapping[str, Sequence[int]], size_of: SizeOf = ask_size) -> Plan:
    """What is fetched for the records that an index lists (`indexes.Found.places`), by files in order.

    Records become one range where what lies between takes no longer than another request, so that no file
    takes longer than it would as a whole. That is weighed by constants: a run that was interrupted finds
    its pieces again. Where the index says no lengths the file is fetched whole.
    """
    plan, whole = Plan(records=0, sites=Counter()), []
    for source in sorted(places):
        numbers = iter(places[source])
        pairs = set(zip(numbers, numbers, strict=True))
        plan.records = (plan.records or 0) + len(pairs)
        if all(length for _, length in pairs):
            ranges = joined(pairs)
            plan.add(Piece(source, ranges), sum(length for _, length in ranges))
        else:
            whole.append(Piece(source))
    _add_whole(plan, whole, size_of)
    plan.pieces.sort(key=lambda piece: piece.source)
    return plan


def plan_of_files(sources: Iterable[str], size_of: SizeOf = ask_size) -> Plan:
    """What is fetched of files that are taken whole."""
    plan = Plan()
    _add_whole(plan, [Piece(source) for source in sources], size_of)
    return plan


def _add_whole(plan: Plan, pieces: Sequence[Piece], size_of: SizeOf) -> None:
    """Files with their sizes; of many, a sample is asked, and the others are taken to be as large."""

    def size(piece: Piece) -> int | None:
        try:
            return size_of(piece.source)
        except OSError as error:
            plan.lost[urls.masked(piece.source)] = reason_of(error)
            return None

    asked = pieces
    if len(pieces) > _ASKED:
        asked = random.Random(len(pieces)).sample(pieces, _ASKED)
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        sizes = dict(zip(asked, threads.map(size, asked), strict=True))
    told = [known for known in sizes.values() if known is not None]
    mean = round(sum(told) / len(told)) if told else 0
    plan.guessed += len(pieces) - len(told)
    for piece in pieces:
        known = sizes.get(piece)
        plan.add(piece, mean if known is None else known)


def measure(pieces: Sequence[Piece]) -> Speed:
    """How fast some of the files come to this machine now; the constants where none does."""
    found = []
    for piece in pieces[:: max(1, len(pieces) // _TRIED)][:_TRIED]:
        with suppress(OSError), opened(piece.source, is_parts=True) as file:
            file.seek(1)
            file.read(1)  # the connection
            times = [time.perf_counter()]
            for size in (1, _TRIAL):
                got = len(file.read(size))
                times.append(time.perf_counter())
            latency, seconds = times[1] - times[0], times[2] - times[1]
            if got:
                found.append((latency, got / max(seconds - latency, seconds / 2)))
    return Speed(*map(median, zip(*found, strict=True))) if found else Speed()
