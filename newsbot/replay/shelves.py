"""shelves: back-files, whose records are mostly not ours: workers read them where they lie, and keep what is wanted.

A task is a part of a file, looked through by `take`, which any worker can do. `fetch` has many files
looked through at once, and hands what was kept of each to the import in the order in which they were
named, as an ordinary WARC file that is there for as long as it is read.
"""

from __future__ import annotations

import hashlib
import io
import math
import shutil
import tempfile
import threading
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from archive.captures.files import check_inside, own_file
from archive.captures.reading import Raw, raw_records
from archive.captures.streams import Stream
from archive.captures.writing import gzip_member
from archive.errors import ArchiveError
from archive.store import Store, explained_errors
from archive.times import now
from newsbot import urls
from newsbot.cluster import near
from newsbot.pool import map_in_order, unlimited
from newsbot.replay.places import NoPartsError, downloaded, opened, reason_of, retried
from newsbot.replay.plan import Piece
from newsbot.replay.records import Damaged, damage, unwanted

_KEPT = 2 << 20
"""Bytes, packed, after which a worker hands over what it has kept."""
_KEPT_OF_ALL = 64 << 20
"""The same where the whole file has to be downloaded for each part."""
_SECONDS = 5.0
"""The same: pages that wait to be read come before the next part of a file, and no earlier."""
_LEAST_FILES = 4
"""Files under way where the pool does not say how many keep it busy."""

Place = tuple[int, int]
"""Where a member begins in a file, and how many records of it come before; or the number of a range, and 0."""


# -- on a worker --------------------------------------------------------------------------------


@dataclass(slots=True)
class Taken:
    """What a part of a file came to."""

    data: bytes = b""
    """Records that are wanted, whole, each as a gzip member."""
    places: list[tuple[int, int]] = field(default_factory=list)
    """Of each where it begins in `data`, and in the file."""
    counts: Counter[str] = field(default_factory=Counter)
    """Of all others: `RecordReader`."""
    damaged: list[tuple[int, str]] = field(default_factory=list)
    """Those that cannot be read: offset, reason."""
    bytes: int = 0
    """Of the file, looked through."""
    next: Place | None = None
    """Where the next part begins; None at the end."""
    is_cut: bool = False
    """Whether the file ends in the middle of a record."""


def take(piece: Piece, hosts: frozenset[str], start: Place = (0, 0)) -> Taken:
    """Look through a part of a file for records of `hosts`, so much that memory stays small.

    Raises OSError where the file cannot be read, ValueError where it is no WARC file.
    """
    try:
        with opened(piece.source, is_parts=piece.ranges is not None) as file:
            return _take(file, piece, hosts, start, _SECONDS, _KEPT)
    except NoPartsError:
        with downloaded(piece.source) as file:  # which is not to be repeated
            return _take(file, piece, hosts, start, math.inf, _KEPT_OF_ALL)


def _take(
    file: BinaryIO, piece: Piece, hosts: frozenset[str], start: Place, seconds: float, most: int
) -> Taken:
    taken, kept, size = Taken(), [], 0
    last, error, is_found = None, "", False
    until = time.monotonic() + seconds
    for place, raw in _records(file, piece, start):
        is_late = place[1] == 0 and time.monotonic() > until
        if last not in (None, place) and (size >= most or is_late):
            taken.next = place
            break
        taken.bytes += raw.length
        last, error, is_found = place, raw.error or "", is_found or raw.error is None
        reason = unwanted(raw, hosts)
        if reason is None or (not raw.error and _is_info(raw)):  # which says whose file it is
            taken.places.append((size, raw.offset))
            kept.append(gzip_member(raw.data, 1))
            size += len(kept[-1])
        else:
            taken.counts.update(["records", *filter(None, [reason])])
            taken.damaged += [(raw.offset, damage(raw))] if reason == "damaged" else []
        raw.data = b""
    if not is_found and start == (0, 0):
        file.seek(0)
        is_zip = file.read(2) == b"PK"
        raise ValueError(
            "a WACZ file: those are read from a disk of this machine only"
            if is_zip
            else "no WARC file (no record in it can be read)"
        )
    taken.is_cut = taken.next is None and "cut short" in error
    taken.data = b"".join(kept)
    return taken


def _is_info(raw: Raw) -> bool:
    return raw.fields.get("WARC-Type", "").lower() == "warcinfo"


def _records(file: BinaryIO, piece: Piece, start: Place) -> Iterator[tuple[Place, Raw]]:
    """Records from a place on, each with its own; of ranges after the record at the head of the file."""
    if piece.ranges is None:
        stream = Stream(file)
        if start[0]:
            stream.warning = None  # it was told
            stream.start_at(start[0])
        member, number = -1, 0
        for raw in raw_records(stream):
            number = number + 1 if raw.offset == member and not raw.is_alone else 0
            member = raw.offset
            if member != start[0] or number >= start[1]:
                yield (member, number), raw
        return
    if start == (0, 0) and (first := next(raw_records(Stream(file)), None)) and _is_info(first):
        yield start, first
    for index in range(start[0], len(piece.ranges)):
        offset, length = piece.ranges[index]
        file.seek(offset)
        part = io.BytesIO(file.read(length))
        for raw in raw_records(Stream(part)):
            raw.offset += offset
            yield (index, 0), raw


# -- fetching -----------------------------------------------------------------------------------


@dataclass
class Fetched:
    """What was kept of a file, as a file of ours."""

    piece: Piece
    path: Path
    source: str
    """What its row in `imports` is known by."""
    counts: Counter[str] = field(default_factory=Counter)
    damaged: list[tuple[int, str]] = field(default_factory=list)
    bytes: int = 0
    is_cut: bool = False
    _places: tuple[list[int], list[int]] = field(default_factory=lambda: ([], []))

    def add(self, taken: Taken, file: BinaryIO) -> None:
        """Append a part."""
        begin = file.tell()
        file.write(taken.data)
        for ours, theirs in taken.places:
            self._places[0].append(begin + ours)
            self._places[1].append(theirs)
        self.counts += taken.counts
        self.damaged += taken.damaged
        self.bytes += taken.bytes
        self.is_cut = taken.is_cut

    def origin(self, offset: int) -> int:
        """Where in the file lies what is at this place of ours."""
        return self._places[1][bisect_right(self._places[0], offset) - 1]


class _Threads(ThreadPoolExecutor):
    """One thread waits for the parts of one file."""

    def __init__(self, pool: Executor) -> None:
        super().__init__(max_workers=512)
        self._pool = pool

    @property
    def ahead(self) -> int:
        """Files under way, or waiting for their turn to be imported."""
        return 2 * int(getattr(self._pool, "ahead", _LEAST_FILES))


def fetch(
    store: Store,
    pool: Executor,
    pieces: Iterable[Piece],
    hosts: frozenset[str],
    fingerprint: str,
    counts: Counter[str],
    damaged: Damaged,
    failed: Callable[[str, str], object],
    progress: Callable[[int], object],
) -> Generator[Fetched | None, None, None]:
    """What is wanted of each file, in their order; None of one that was imported before, or failed.

    Its file is there until the next one is asked for, and then counts as imported, unless it is cut
    short or has revisits of what is not here: those are looked through again by the next run, as are
    those for which `failed` was called, with the address and the reason. `fingerprint` tells for which
    sites that holds. Raises `ArchiveError` where the pool or the disk of the archive fails.
    """
    folder = store.folder / "imports" / "pieces"
    with explained_errors(store.folder):
        check_inside(folder, store.folder)
        shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed: nothing that counts
        folder.mkdir(parents=True)
        # Threads of a run that was given up end when they can, and write into no other's files.
        own = Path(tempfile.mkdtemp(dir=folder))
    ended = threading.Event()

    def tasks() -> Iterator[tuple[Fetched, tuple[Any, ...] | None]]:
        for number, piece in enumerate(pieces):
            source = f"{_identity(piece)} {fingerprint}"
            fetched = Fetched(piece, own / f"{number}.warc.gz", source)
            row = store.find_import("warc", source)
            if row and row["ended_at"]:
                counts["known"] += row["records"]
                yield fetched, None
                continue
            if row:
                store.end_import("warc", source, None)  # its place was one in a copy that is gone
            yield fetched, (pool, fetched, hosts, ended)

    threads = _Threads(pool)
    try:
        for fetched, future in map_in_order(threads, _fetch, tasks()):
            error = future.exception() if future else None
            if isinstance(error, ArchiveError):
                raise error
            if error:
                failed(fetched.piece.source, reason_of(error))
            if future is None or error:
                fetched.path.unlink(missing_ok=True)
                yield None
                continue
            unresolved = counts["unresolved"]
            counts.update(fetched.counts)
            for offset, reason in fetched.damaged:
                damaged(fetched.piece.source, offset, reason)
            progress(fetched.bytes)
            yield fetched
            fetched.path.unlink()
            if fetched.is_cut:
                store.end_import("warc", fetched.source, None)
                failed(fetched.piece.source, "cut short")
            elif counts["unresolved"] == unresolved:
                _note(store, fetched.source)
    finally:
        ended.set()
        threads.shutdown(wait=False, cancel_futures=True)
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # something else is in it
            folder.parent.rmdir()


def _note(store: Store, source: str) -> None:
    """Have a file count as imported of which nothing was new, too."""
    if store.find_import("warc", source) is None:
        store.note_import("warc", source, now(), {}, None)
        store.end_import("warc", source, now())


def _identity(piece: Piece) -> str:
    """What a file is known by without reading it: its address, or its name, size and time."""
    identity = urls.masked(piece.source)
    if "://" not in identity:
        with suppress(OSError):
            state = Path(identity).stat()
            identity = f"{identity} {state.st_size} {state.st_mtime_ns}"
    if piece.ranges is not None:
        digest = hashlib.sha256(repr(piece.ranges).encode()).hexdigest()
        identity = f"{identity} ranges:{digest[:16]}"
    return identity


def _fetch(
    pool: Executor, fetched: Fetched, hosts: frozenset[str], ended: threading.Event
) -> Fetched:
    """Have a file looked through, part by part, and what is kept of it written. Runs in a thread."""
    start: Place | None = (0, 0)
    while start is not None and not ended.is_set():
        taken = _asked(pool, fetched.piece, hosts, start, ended)
        if ended.is_set():
            break
        with explained_errors(fetched.path.parent), own_file(fetched.path, "ab") as file:
            fetched.add(taken, file)
        start = taken.next
    return fetched


def _asked(
    pool: Executor, piece: Piece, hosts: frozenset[str], start: Place, ended: threading.Event
) -> Taken:
    """The next part of a file, asked for again where the network may be at fault."""

    def ask(pool: Executor) -> Taken:
        return pool.submit(unlimited, take, piece, hosts, start).result()

    try:
        return retried(partial(ask, pool), ended.wait)
    except (FileNotFoundError, PermissionError):
        if "://" in piece.source or near(pool) is pool:
            raise
        return ask(near(pool))  # a file that this machine sees alone
