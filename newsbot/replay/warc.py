"""warc: imports WARC files, ours and other people's, as crawls of their time would have stored them.

`in_place` reads the archive's own files again: a lost `news.db` comes back from `warc/` alone.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from archive.captures.files import month_of, number_of
from archive.captures.reading import raw_records
from archive.captures.streams import Stream
from archive.errors import ArchiveUsageError
from archive.store import OUTCOMES, Store
from archive.times import now, utc
from newsbot.profiles import Site
from newsbot.replay.grouping import Event, Group, Grouper
from newsbot.replay.keeping import Keeper
from newsbot.replay.readers import Answer, Readers
from newsbot.replay.reading import Page
from newsbot.replay.records import Catalogue, Damaged, events

logger = logging.getLogger(__name__)

COUNTS = (*OUTCOMES, "records", "unknown_host", "known", "skipped", "unresolved", "damaged")
"""What is counted: visits by their outcome, and records that led to none."""
_CHUNK = 16
"""Pages that travel to a process together; reading one takes milliseconds, travelling tenths."""
_CHUNK_BYTES = 2_000_000
_AHEAD = 3
"""Chunks under way for each process, so that none is ever idle."""
_BATCH = 250
"""Visits that are stored in one transaction."""
_BATCH_BYTES = 16_000_000


def default_jobs() -> int:
    """Processes that read pages; more than two leave the one that stores behind."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
    return min(processors, 2) if processors > 1 else 0


def import_warc(
    store: Store,
    paths: Iterable[Path],
    sites: Mapping[str, Site],
    *,
    in_place: bool = False,
    site: str | None = None,
    jobs: int | None = None,
    progress: Callable[[int], object] = lambda _: None,
    damaged: Damaged = lambda *_: None,
) -> Counter[str]:
    """Store what WARC files hold of known sites, and return the `COUNTS`.

    Only records of `sites` are read, or of one `site` of them. Their bytes are copied into the
    archive's own files; with `in_place` the files are those already, below `warc/SITE/`, and rows
    refer to them. What the archive has is left as it is. `progress` is told of bytes read, `damaged`
    of each record that cannot be read (file, offset, reason). Killed at any instant, a second call
    carries on. Raises `ArchiveUsageError` where a file is none, `ArchiveError` where the disk is full.
    """
    files = [path.absolute() for path in paths]
    for path in files:
        _check(path)
    wanted = {key: known for key, known in sites.items() if site in (None, key)}
    counts: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
    readers = Readers(default_jobs() if jobs is None else jobs)
    try:
        if in_place:
            for own, folder in _by_site(store.folder, files, sites, site):
                catalogue = Catalogue(store.folder, store.connection, {own.id: own}, own=own)
                run = _Run(store, catalogue, readers, counts, progress, damaged)
                run.read(folder)
        else:
            catalogue = Catalogue(store.folder, store.connection, wanted)
            for path in files:
                source = f"{_digest(path)} {_fingerprint(wanted)}"
                run = _Run(store, catalogue, readers, counts, progress, damaged, source)
                run.read([path])
    finally:
        readers.close()
    if not in_place:
        for key in sorted(wanted):  # all of them: a killed run may have left one
            store.finish_captures(key)
    return counts


def _check(path: Path) -> None:
    """Raise `ArchiveUsageError` where a file is no WARC file."""
    try:
        with path.open("rb") as file:
            if any(raw.error is None for raw in raw_records(Stream(file))):
                return
    except OSError as error:
        raise ArchiveUsageError(f"{path}: cannot be read: {error.strerror}") from None
    raise ArchiveUsageError(f"{path}: no WARC file (no record in it can be read)")


def _by_site(
    folder: Path, files: Sequence[Path], sites: Mapping[str, Site], only: str | None
) -> Iterator[tuple[Site, list[Path]]]:
    """The archive's own files by their sites, those of each in the order of their months."""
    found: dict[str, list[Path]] = {}
    for path in files:
        if path.parent.parent != folder / "warc":
            raise ArchiveUsageError(f"{path}: not in a site's folder below {folder / 'warc'}")
        if only in (None, path.parent.name):
            found.setdefault(path.parent.name, []).append(path)
    missing = sorted(found.keys() - sites.keys())
    if missing:
        raise ArchiveUsageError(
            f"no profile of {', '.join(missing)}, whose captures are in {folder / 'warc'}: name the "
            "folder of the profiles with --sites-dir"
        )
    for key, own in sorted(found.items()):
        yield (
            sites[key],
            sorted(own, key=lambda path: (month_of(path), number_of(path), path.suffix)),
        )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _fingerprint(sites: Mapping[str, Site]) -> str:
    """Which sites were looked for, as they were: with others, the file is worth another look."""
    text = "\n".join(sites[key].model_dump_json() for key in sorted(sites))
    return f"sites:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


class _Run:
    """One pass over one file, or over the files of one site."""

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        readers: Readers,
        counts: Counter[str],
        progress: Callable[[int], object],
        damaged: Damaged,
        source: str | None = None,
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._readers = readers
        self._counts = counts
        self._progress = progress
        self._damaged = damaged
        self._source = source
        self._keeper = Keeper(store, catalogue)
        self._grouper = Grouper()
        self._batch = ExitStack()
        """The transaction that is under way, if any."""
        self._stored: Counter[str] = Counter()
        """What it has stored: visits by outcome, records, bytes."""
        self._started = utc(now())

    def read(self, paths: Sequence[Path]) -> None:
        """Store all visits of the files."""
        start = 0
        if self._source:
            row = self._row()
            if row and row["ended_at"]:
                logger.info("%s: imported on %s", paths[0], row["ended_at"])
                self._counts["known"] += row["records"]
                self._progress(paths[0].stat().st_size)
                return
            start = int(row["cursor"] or 0) if row else 0
        for path in paths:
            logger.info("%s: reading%s", path, f" from byte {start} on" if start else "")
        unresolved = self._counts["unresolved"]
        with self._batch:
            for event in self._read_ahead(self._events(paths, start)):
                for group in self._grouper.add(event):
                    self._store_visit(group)
                if self._stored["visits"] >= _BATCH or self._stored["bytes"] > _BATCH_BYTES:
                    held = self._grouper.position
                    self._commit(event.position if held is None else held)
            for group in self._grouper.flush():
                self._store_visit(group)
            self._commit(None)
        self._end(self._counts["unresolved"] > unresolved)

    def _events(self, paths: Sequence[Path], start: int) -> Iterator[tuple[Event, Page | None]]:
        for path in paths:
            yield from events(
                path,
                self._catalogue,
                self._counts,
                self._damaged,
                start=start,
                progress=self._progress,
            )

    def _read_ahead(self, found: Iterator[tuple[Event, Page | None]]) -> Iterator[Event]:
        """The events in their order, each one read."""
        waiting: deque[tuple[list[Event], list[Event], Answer | None]] = deque()
        for chunk, pages in _chunks(found):
            costly = [event for event, page in zip(chunk, pages, strict=True) if page]
            asked = [(page, event.site) for event, page in zip(chunk, pages, strict=True) if page]
            waiting.append((chunk, costly, self._readers.read(asked) if asked else None))
            if len(waiting) > _AHEAD * self._readers.number:
                yield from _answered(*waiting.popleft())
        while waiting:
            yield from _answered(*waiting.popleft())

    # -- storing --------------------------------------------------------------------------------

    def _store_visit(self, group: Group) -> None:
        """Store a visit at once, so that this process is at work while others read."""
        if not self._keeper.is_news(group):
            self._counts["known"] += len(group.events)
            return
        if not self._stored:
            self._batch.enter_context(self._store.batch())
            self._batch.enter_context(self._store.index.together())
        self._stored[self._keeper.keep(group)] += 1
        self._stored["visits"] += 1
        self._stored["records"] += len(group.events)
        self._stored["bytes"] += sum(event.size for event in group.events)

    def _commit(self, cursor: int | None) -> None:
        """End the transaction under way; what lies before `cursor` need not be read again."""
        if not self._stored:
            return
        if self._source:
            self._note(cursor)
        self._batch.close()
        for name in OUTCOMES:
            self._counts[name] += self._stored[name]
        self._stored.clear()

    def _row(self) -> Mapping[str, Any] | None:
        row: Mapping[str, Any] | None = self._store.connection.execute(
            "SELECT * FROM imports WHERE kind = 'warc' AND source = ?", (self._source,)
        ).fetchone()
        return row

    def _note(self, cursor: int | None) -> None:
        """Add to the import's row, in the same transaction as its visits."""
        with self._store.transaction() as c:
            c.execute(
                "INSERT OR IGNORE INTO imports (kind, source, started_at) VALUES ('warc', ?, ?)",
                (self._source, self._started),
            )
            added = ", ".join(f"{name} = {name} + ?" for name in OUTCOMES)
            c.execute(
                f"UPDATE imports SET records = records + ?, {added}, "  # noqa: S608 -- own names
                "cursor = coalesce(?, cursor) WHERE kind = 'warc' AND source = ?",
                (
                    self._stored["records"], *(self._stored[name] for name in OUTCOMES), cursor,
                    self._source,
                ),
            )  # fmt: skip

    def _end(self, is_open: bool) -> None:
        """Close the import's row; revisits of pages that are not here may be resolved another time."""
        row = self._row() if self._source else None
        if row is None or (is_open and row["cursor"] is None):
            return
        with self._store.transaction() as c:
            c.execute(
                "UPDATE imports SET cursor = NULL, ended_at = ? WHERE kind = 'warc' AND source = ?",
                (None if is_open else utc(now()), self._source),
            )


def _chunks(
    found: Iterable[tuple[Event, Page | None]],
) -> Iterator[tuple[list[Event], list[Page | None]]]:
    """What travels together."""
    chunk: list[Event] = []
    pages: list[Page | None] = []
    size = 0
    for event, page in found:
        chunk.append(event)
        pages.append(page)
        size += event.size
        if len(chunk) >= _CHUNK or size > _CHUNK_BYTES:
            yield chunk, pages
            chunk, pages, size = [], [], 0
    if chunk:
        yield chunk, pages


def _answered(chunk: list[Event], costly: list[Event], answer: Answer | None) -> list[Event]:
    """The events of a chunk with their readings."""
    if answer:
        for event, reading in zip(costly, answer.result(), strict=True):
            event.reading = reading
    return chunk
