"""warc: imports WARC files, ours and other people's, as crawls of their time would have stored them.

`in_place` reads the archive's own files again: a lost `news.db` comes back from `warc/` alone.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from archive.captures import IDENTICAL, NOT_MODIFIED, SAID, Capture, read_said
from archive.captures.files import month_of, number_of, open_file, sha256_of, site_files
from archive.captures.grammar import STORED
from archive.captures.reading import Raw, parse, raw_records
from archive.captures.streams import Stream
from archive.errors import ArchiveUsageError
from archive.store import OUTCOMES, Store, known_article, knows_exchange
from archive.times import now
from archive.visit import Visit
from newsbot import urls
from newsbot.cluster import open_pool
from newsbot.pool import map_in_order
from newsbot.profiles import Site
from newsbot.replay.entries import source_of
from newsbot.replay.learning import all_learned, refresh, take_over, with_learned
from newsbot.replay.pending import PendingVisit, PendingVisits
from newsbot.replay.plan import Piece
from newsbot.replay.records import Captured, Damaged, KnownSites, RecordReader
from newsbot.replay.reextract import read_unread
from newsbot.replay.shelves import Fetched, fetch
from newsbot.replay.wacz import check_file, is_wacz, unpacked
from newsbot.visit.reading import is_costly, read, reading_of

logger = logging.getLogger(__name__)

COUNTS = (*OUTCOMES, "records", "unknown_host", "known", "skipped", "unresolved", "damaged")
"""What is counted: visits by their outcome, and records that led to none."""
_BATCH = 250
"""Visits that are stored in one transaction."""
_BATCH_BYTES = 16_000_000


def import_warc(
    store: Store,
    paths: Iterable[Path | Piece],
    sites: Mapping[str, Site],
    *,
    in_place: bool = False,
    site: str | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[int], object] = lambda _: None,
    damaged: Damaged = lambda *_: None,
    failed: Callable[[str, str], object] = lambda *_: None,
) -> Counter[str]:
    """Store what WARC files, or WACZ files, hold of known sites, and return the `COUNTS`.

    Only records of `sites` are read, or of one `site` of them. Their bytes are copied into the
    archive's own files; with `in_place` the files are those already, below `warc/SITE/`, and rows
    refer to them. What the archive has is left as it is. `jobs` is the number of processes that read
    pages; with the address of a `scheduler` the workers of its cluster do. A `Piece` they look through
    as well, and bring what is wanted of it: `fetch`, which says when `failed` is called. `progress` is
    called with bytes read, `damaged` with each record that cannot be read (file, offset, reason). Killed
    at any instant, a second call carries on. Raises `ArchiveUsageError` where a file is none,
    `ArchiveError` where the disk is full.
    """
    named = [path.absolute() if isinstance(path, Path) else path for path in paths]
    files = [path for path in named if isinstance(path, Path)]
    for path in files:
        check_file(path)
    wanted = {key: known for key, known in sites.items() if site in (None, key)}
    counts: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
    origin: Path | Fetched | None = None
    """Of what is read now: the member of a WACZ that it is, or the file of which it has a part."""

    def broken(path: Path | str, offset: int, reason: str) -> None:
        if isinstance(origin, Fetched):
            damaged(origin.piece.source, origin.origin(offset), reason)
        else:
            damaged(origin or path, offset, reason)

    def broken_member(name: Path | str, offset: int, reason: str) -> None:
        counts["damaged"] += 1
        damaged(name, offset, reason)

    with open_pool(jobs, scheduler) as executor:

        def run(known: KnownSites, files: Sequence[Path], source: str | None = None) -> None:
            reader = RecordReader(store.folder, store.connection, known, counts, broken)
            _Import(store, reader, executor, counts, in_place, source).run(files, progress)

        c = store.connection
        if in_place:
            for plain, folder in _by_site(store.folder, files, sites, site):
                take_over(store, KnownSites({plain.id: plain}, plain), folder)
                own = with_learned(c, store.folder, plain)
                run(KnownSites({own.id: own}, own), folder)
        else:
            known = KnownSites(all_learned(c, store.folder, wanted))
            sign = _fingerprint(wanted)
            pieces = [piece for piece in named if isinstance(piece, Piece)]
            hosts = known.hosts or frozenset()
            fetched = fetch(store, executor, pieces, hosts, sign, counts, damaged, failed, progress)
            with closing(fetched):
                for file in named:
                    for part, name, source in _parts(store.folder, file, fetched, broken_member):
                        origin = name
                        take_over(store, known, [part])
                        run(known, [part], source or f"sha256:{sha256_of(part)} {sign}")
        _settle(store, wanted, executor, in_place)
    return counts


def _settle(store: Store, sites: Mapping[str, Site], pool: Executor, in_place: bool) -> None:
    """Read what was read without what sources said, learn layouts, and close the files."""
    c = store.connection
    for (key,) in c.execute("SELECT id FROM sites ORDER BY id").fetchall():
        if key not in sites:
            continue
        read_unread(store, {key: with_learned(c, store.folder, sites[key])}, pool)
        if not in_place:
            refresh(store, sites[key], pool)
            store.finish_captures(key)  # also of a run that was killed
        store.settle(key)


def _parts(
    folder: Path, file: Path | Piece, fetched: Iterator[Fetched | None], damaged: Damaged
) -> Iterator[tuple[Path, Path | Fetched, str | None]]:
    """What is to be read of a file: each part, what it is of, and what is known of its row's name."""
    if isinstance(file, Piece):
        found = next(fetched)
        if found:
            yield found.path, found, found.source
    elif is_wacz(file):
        yield from ((part, name, None) for part, name in unpacked(file, folder, damaged))
    else:
        yield file, file, None


def _by_site(
    folder: Path, files: Sequence[Path], sites: Mapping[str, Site], only: str | None
) -> Iterator[tuple[Site, list[Path]]]:
    """The archive's own files by their sites, those of each in the order of their months."""
    found: dict[str, list[Path]] = {}
    for path in files:
        if path.parent.parent != folder.absolute() / "warc":
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
        own.sort(key=lambda path: (month_of(path), number_of(path), path.suffix))
        yield sites[key], own


def _fingerprint(sites: Mapping[str, Site]) -> str:
    """Which sites were looked for, as they were: with others, the file is worth another look."""
    text = "\n".join(sites[key].model_dump_json() for key in sorted(sites))
    return f"sites:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


class _Import:
    """One pass over one file, or over the archive's own files of one site."""

    def __init__(
        self,
        store: Store,
        reader: RecordReader,
        executor: Executor,
        counts: Counter[str],
        in_place: bool,
        source: str | None,
    ) -> None:
        self._store = store
        self._reader = reader
        self._executor = executor
        self._counts = counts
        self._in_place = in_place
        self._source = source
        """What the row in `imports` is known by; None for the archive's own files."""
        self._pending = PendingVisits()
        self._batch = ExitStack()
        """The transaction that is under way, if any."""
        self._stored: Counter[str] = Counter()
        """What it has stored: visits by outcome, records, bytes."""
        self._started_at = now()
        self._rowless: dict[str, dict[str, Capture]] = {}
        """Site → record id → capture that a run that was killed has written, and no row tells of."""

    def run(self, paths: Sequence[Path], progress: Callable[[int], object]) -> None:
        """Store all visits of the files."""
        start = 0
        row = self._store.find_import("warc", self._source) if self._source else None
        if row and row["ended_at"]:
            logger.info("%s: imported on %s", paths[0], row["ended_at"])
            self._counts["known"] += row["records"]
            progress(paths[0].stat().st_size)
            return
        if row:
            start = int(row["cursor"] or 0)
        for path in paths:
            logger.info("%s: reading%s", path, f" from byte {start} on" if start else "")
        unresolved = self._counts["unresolved"]
        captured = (c for path in paths for c in self._reader.captured(path, start, progress))
        with self._batch:
            for item in self._read(captured):
                if item.record.type == "metadata":
                    continue
                for visit in self._pending.add(item):
                    self._store_visit(visit)
                if self._stored["visits"] >= _BATCH or self._stored["bytes"] > _BATCH_BYTES:
                    held = self._pending.position
                    self._commit(item.record.offset if held is None else held)
            for visit in self._pending.flush():
                self._store_visit(visit)
            self._commit(None)
        self._end(is_open=self._counts["unresolved"] > unresolved)

    def _read(self, captured: Iterable[Captured]) -> Iterator[Captured]:
        """The exchanges in their order, each one read where a visit begins with it."""
        for item, future in map_in_order(
            self._executor, read, map(self._task, captured), lambda item: len(item.exchange.body)
        ):
            if future is not None:
                item.reading = reading_of(future)
            yield item

    def _task(self, captured: Captured) -> tuple[Captured, tuple[object, ...] | None]:
        """What another process has to do with an exchange; what takes no time is done here.

        So is the keeping of what a source said: the pages behind it in the file are read with it.
        """
        if captured.record.type == "metadata":
            self._store_said(captured)
        elif captured.reading is None and captured.is_sought:
            if is_costly(captured.exchange):
                c, folder = self._store.connection, self._store.folder
                said = read_said(c, folder, {captured.address}, captured.record.date)
                return captured, (captured.exchange, captured.site, said)
            captured.reading = read(captured.exchange, captured.site)
        return captured, None

    # -- storing --------------------------------------------------------------------------------

    def _begin(self, site: Site) -> None:
        """Have a transaction, and the row of a site."""
        if not self._stored:
            self._batch.enter_context(self._store.batch())
        if site.id not in self._rowless:
            self._store.save_site(site.row)
            for source in site.candidate_sources():  # whose entries count
                self._store.source(site.id, source.url, source.kind)
            self._rowless[site.id] = {} if self._in_place else self._find_rowless(site)

    def _store_said(self, captured: Captured) -> None:
        """Store what a source said."""
        if self._reader.knows(captured):  # twice in the file
            return
        self._begin(captured.site)
        capture = replace(self._placed(captured, captured, is_new=True), part=SAID)
        source, kind = source_of(captured.record, own=self._in_place) or ("", "")
        self._store.add_said(captured.site.id, capture, source, kind)
        self._stored["records"] += 1
        self._stored["bytes"] += len(captured.exchange.body)

    def _store_visit(self, pending: PendingVisit) -> None:
        """Store a visit at once, so that this process is at work while others read."""
        if self._reader.knows(pending.captured[-1]):
            self._counts["known"] += len(pending.captured)
            return
        self._begin(pending.first.site)
        self._stored[self._store.record(self._visit(pending))] += 1
        self._stored["visits"] += 1
        self._stored["records"] += len(pending.captured)
        self._stored["bytes"] += pending.size

    def _visit(self, pending: PendingVisit) -> Visit:
        """The visit with its captures where they lie, and with what the archive knows of it."""
        visit = pending.builder.build()
        c, leads_to = self._store.connection, pending.builder.leads_to
        if visit.result == "failed" and leads_to and known_article(c, [leads_to]) is not None:
            # The page itself is not among the captures, but it need not be.
            visit.result, visit.reason = "excluded", "alias"
            visit.urls = (*visit.urls, leads_to)
        elif self._is_left_over(pending, visit):
            visit.result, visit.reason = "excluded", "a further page of an article"
            visit.article = None
        visit.captures = [
            # The last one is not known, or the visit would be.
            replace(
                self._placed(captured, pending.first, is_new=captured is pending.captured[-1]),
                part=capture.part,
            )
            for captured, capture in zip(pending.captured, visit.captures, strict=True)
        ]
        return visit

    def _is_left_over(self, pending: PendingVisit, visit: Visit) -> bool:
        """Whether a page is a further one of an article that is stored: alone it would replace it."""
        c, first = self._store.connection, pending.first
        if first.is_linked and first.first_record:
            row = c.execute(
                "SELECT article FROM captures WHERE record_id = ?", (first.first_record,)
            ).fetchone()
            return row is not None and row["article"] is not None
        page = pending.builder.article
        if page is None or not page.pages:
            return False
        address = visit.urls[-1]
        article = known_article(c, [address])
        if article is None:
            return False
        (url,) = c.execute("SELECT url FROM articles WHERE id = ?", (article,)).fetchone()
        return urls.path_and_query(url) != urls.path_and_query(address)

    def _placed(self, captured: Captured, first: Captured, *, is_new: bool) -> Capture:
        """The capture of a record, whose bytes are in the archive's files afterwards.

        `first` is the first one of its visit; `is_new`: the archive is known to lack it.
        """
        if captured.exchange.status == 304 and captured.whole is None:
            captured.whole = self._reader.before(captured.exchange.url, captured.record.date)
        if self._in_place:
            return captured.capture(
                captured.path.relative_to(self._store.folder.absolute()).as_posix()
            )
        capture = captured.capture()
        if not is_new and knows_exchange(self._store.connection, capture):
            return capture
        left = self._rowless[captured.site.id].pop(capture.record_id, None)
        if left and left.payload_digest == capture.payload_digest:
            return left
        return self._write(captured, None if captured is first else first.record.record_id)

    def _write(self, captured: Captured, first_record: str | None) -> Capture:
        """Copy a record into this month's file: those of earlier ones are finished."""
        record, exchange, whole = captured.record, captured.exchange, captured.whole
        writer = self._store.captures(captured.site.id)
        whole_record = record.length and "WARC-Record-ID" in record.headers
        if record.type not in ("revisit", "metadata") and whole_record:
            capture = writer.copy(
                captured.path, record, filed_at=self._started_at, concurrent_to=first_record
            )
            return replace(capture, refers_to_id=whole.record_id) if whole else capture
        if record.type == "metadata":
            return writer.write_metadata(
                exchange.url,
                SAID,
                exchange.body,
                datetime.fromisoformat(record.date),
                record_id=record.record_id,
                filed_at=self._started_at,
                imported=True,
            )
        profile = None
        if record.type == "revisit":
            profile = NOT_MODIFIED if exchange.status == 304 else IDENTICAL
        return writer.write(
            exchange.url,
            exchange.status,
            record.exchange.headers if record.exchange else [],
            exchange.body,
            datetime.fromisoformat(record.date),
            exchange.protocol,
            record_id=record.record_id,
            concurrent_to=first_record,
            refers_to=whole,
            profile=profile,
            filed_at=self._started_at,
        )

    # -- one transaction after the other --------------------------------------------------------

    def _commit(self, cursor: int | None) -> None:
        """End the transaction under way; what lies before `cursor` need not be read again."""
        if not self._stored:
            return
        if self._source:
            self._store.note_import("warc", self._source, self._started_at, self._stored, cursor)
        self._batch.close()
        for name in OUTCOMES:
            self._counts[name] += self._stored[name]
        self._stored.clear()

    def _end(self, *, is_open: bool) -> None:
        """Close the import's row; revisits of pages that are not here may be resolved another time."""
        row = self._store.find_import("warc", self._source) if self._source else None
        if row is None or (is_open and row["cursor"] is None):
            return
        self._store.end_import("warc", row["source"], None if is_open else now())

    def _find_rowless(self, site: Site) -> dict[str, Capture]:
        """Whole records in a site's files that a killed run has written before it had their rows."""
        self._store.captures(site.id)  # mends them
        folder, found = self._store.folder.absolute(), {}
        for path in site_files(folder / "warc" / site.id, site.id):
            warc = path.relative_to(folder).as_posix()
            for raw in _between_rows(self._store.connection, path, warc):
                record = parse(raw)
                if record.error or record.type not in STORED or not record.length:
                    continue
                captured = self._reader.resolved(path, record, site)
                if captured:
                    found[record.record_id] = captured.capture(warc)
        return found


def _between_rows(c: sqlite3.Connection, path: Path, warc: str) -> Iterator[Raw]:
    """Records where no row says that there is one."""
    rows = c.execute(
        "SELECT warc_offset, warc_length FROM captures WHERE warc = ? ORDER BY warc_offset", (warc,)
    ).fetchall()
    at = 0
    for offset, length in [*rows, (path.stat().st_size, 0)]:
        if at < offset:
            yield from _records_from(path, at, offset)
        at = max(at, offset + length)


def _records_from(path: Path, start: int, end: int) -> Iterator[Raw]:
    with open_file(path) as file:
        stream = Stream(file)
        stream.start_at(start)
        for raw in raw_records(stream):
            if raw.offset >= end:
                return
            yield raw
