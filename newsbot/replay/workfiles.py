"""workfiles: the files of one import from a web archive, in `DATA/imports/`, until it is at its end.

`NAME.warc.gz`, an ordinary WARC file, holds what was fetched and not yet imported; `NAME.listing.jsonl`
what the index lists, a line for each of its answers; `NAME.refusals.jsonl` what it did not give out, and
stays. All are only appended to, so that a killed import carries on where it was.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from archive.captures import IDENTICAL, Exchange, Record, cut_torn_tail, grammar, read_records
from archive.captures.files import own_file, sync_folder
from archive.captures.grammar import plain_url
from archive.captures.writing import gzip_member
from archive.errors import ArchiveError
from archive.store import explained_errors
from newsbot.replay.servers import IndexQuery, IndexRow, timestamp_of

MAX_ATTEMPTS = 3
"""Runs in which a capture is asked for before it is given up."""

Key = tuple[str, str]
"""Timestamp and address of a capture, as WARC records spell it; sorts by age."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The record that holds a payload, for the `revisit` records that refer to it."""

    record_id: str
    url: str
    fetched_at: str
    payload_digest: str
    status: int


def key_of(row: IndexRow) -> Key:
    """What a capture is known by."""
    return row.timestamp, plain_url(row.url)


class WorkFiles:
    """The files of one site and one server, opened; one process at a time may do so."""

    def __init__(self, folder: Path, name: str) -> None:
        stem = re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")
        self.warc = folder / f"{stem}.warc.gz"
        self._listing = folder / f"{stem}.listing.jsonl"
        self._refusals = folder / f"{stem}.refusals.jsonl"
        self.rows: dict[Key, IndexRow] = {}
        """What the index lists, as far as it has been asked."""
        self.queries: list[IndexQuery] = []
        """Requests to the index that are still to be made."""
        self.held: dict[Key, Holder] = {}
        """What the WARC file holds."""
        self.refused: set[Key] = set()
        """What is not asked for again."""
        self._attempts: Counter[Key] = Counter()
        self._question: Any = None
        for line in _lines(self._listing):
            self._take(**line)
        for timestamp, url, _, is_final in _lines(self._refusals):
            self._count(timestamp, url, is_final)
        if self.warc.exists():
            self._read_warc()

    def _read_warc(self) -> None:
        cut_torn_tail(self.warc, 0)
        for record in read_records(self.warc):
            if record.exchange and record.url and not record.error:
                timestamp = timestamp_of(datetime.fromisoformat(record.date))
                self.held[timestamp, record.url] = _holder(record)
        if not self.held:
            self.warc.unlink()

    # -- what the index lists -------------------------------------------------------------------

    def begin(self, question: object, queries: Sequence[IndexQuery]) -> None:
        """Begin a listing, unless that of the same question is there, whole or in part."""
        if self._question != question:
            self.finish()
            self._list(question=question, queries=[asdict(query) for query in queries])

    def listed(self, rows: Iterable[IndexRow], queries: Sequence[IndexQuery]) -> None:
        """Keep what an answer of the index lists, and what is still to be asked."""
        self._list(
            rows=[astuple(row) for row in rows], queries=[asdict(query) for query in queries]
        )

    def _list(self, **line: Any) -> None:
        _append_line(self._listing, line)
        self._take(**line)

    def _take(self, queries: list[Any], rows: Sequence[Any] = (), question: Any = None) -> None:
        self._question = question or self._question
        self.queries = [IndexQuery(**query) for query in queries]
        found = (IndexRow(*row) for row in rows)
        self.rows.update((key_of(row), row) for row in found)

    def finish(self) -> None:
        """Forget the listing: the next import lists anew, and asks for what is new then."""
        self._listing.unlink(missing_ok=True)
        self._question = None
        self.rows.clear()

    # -- what came of it ------------------------------------------------------------------------

    def refuse(self, key: Key, reason: str, *, is_final: bool = True) -> bool:
        """Remember that a capture could not be fetched; returns whether it is given up."""
        _append_line(self._refusals, [*key, reason, is_final])
        self._count(*key, is_final)
        return key in self.refused

    def _count(self, timestamp: str, url: str, is_final: bool) -> None:
        self._attempts[timestamp, url] += MAX_ATTEMPTS if is_final else 1
        if self._attempts[timestamp, url] >= MAX_ATTEMPTS:
            self.refused.add((timestamp, url))

    def write(
        self, key: Key, exchange: Exchange, record_id: str, source: str, holder: Holder | None
    ) -> Holder:
        """Append a capture to the WARC file; returns the record that holds its payload."""
        _append(self.warc, gzip_member(_record(exchange, record_id, source, holder), 4))
        self.held[key] = holder or Holder(
            record_id, key[1], exchange.fetched_at, grammar.digest(exchange.body), exchange.status
        )
        return self.held[key]

    def imported(self, is_kept: Callable[[Key], bool]) -> None:
        """Remove the WARC file; what the archive did not keep is not asked for again."""
        for key in sorted(self.held):
            if not is_kept(key):
                self.refuse(key, "it was fetched, and the archive did not keep it")
        self.warc.unlink()
        sync_folder(self.warc.parent)


# -- files that are appended to -----------------------------------------------------------------


def _append(path: Path, data: bytes) -> None:
    """Add all bytes, onto the disk, or none."""
    with explained_errors(path.parent), own_file(path, "ab", buffering=0) as file:
        start = file.tell()
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except BaseException:
            file.truncate(start)
            raise
    if start == 0:
        sync_folder(path.parent)


def _append_line(path: Path, line: object) -> None:
    _append(path, json.dumps(line, ensure_ascii=False).encode() + b"\n")


def _lines(path: Path) -> Iterator[Any]:
    """The lines of a file, without one that a crash left half-written: that is cut off."""
    if not path.exists():
        return
    good = 0
    with own_file(path, "r+b") as file:
        for line in file:
            if not line.endswith(b"\n"):
                break
            good += len(line)
            try:
                found = json.loads(line)
            except ValueError:
                raise ArchiveError(
                    f"{path} is damaged: remove it, and what it says is asked for again"
                ) from None
            yield found
        file.truncate(good)


# -- records ------------------------------------------------------------------------------------


def _holder(record: Record) -> Holder:
    """The record itself, or of a revisit the one that it refers to."""
    fields = record.headers
    return Holder(
        fields.get("WARC-Refers-To", record.record_id),
        fields.get("WARC-Refers-To-Target-URI", record.url or ""),
        fields.get("WARC-Refers-To-Date", record.date),
        record.declared_digest or "",
        record.exchange.status if record.exchange else 0,
    )


def _record(exchange: Exchange, record_id: str, source: str, holder: Holder | None) -> bytes:
    """A capture as a WARC record, uncompressed; `source` is the address from which it was fetched.

    With a `holder` of its payload it is a `revisit` record of that one.
    """
    fields = [
        ("WARC-Record-ID", record_id),
        ("WARC-Date", exchange.fetched_at),
        ("WARC-Target-URI", plain_url(exchange.url)),
        ("WARC-Source-URI", plain_url(source)),
        (
            "WARC-Payload-Digest",
            holder.payload_digest if holder else grammar.digest(exchange.body),
        ),
        ("Content-Type", grammar.HTTP_RESPONSE),
    ]
    if holder:
        fields += [
            ("WARC-Profile", IDENTICAL),
            ("WARC-Refers-To", holder.record_id),
            ("WARC-Refers-To-Target-URI", holder.url),
            ("WARC-Refers-To-Date", holder.fetched_at),
            ("WARC-Truncated", "length"),
        ]
    # Bodies come with their chunks already joined, so the header may not say otherwise.
    headers = [(n, v) for n, v in exchange.headers if n.lower() != "transfer-encoding"]
    block = grammar.http_head(exchange.status, headers, exchange.protocol) + exchange.body
    return grammar.build("revisit" if holder else "response", fields, block)
