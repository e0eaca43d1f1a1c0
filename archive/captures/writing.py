"""writing: appends exchanges to the WARC files of a site, one file a month.

A record is on disk before any row refers to it. A site's first file holds gzip members; as soon as
there is enough of it to train a dictionary on, the next one holds zstd frames (`dictionaries`).
"""

from __future__ import annotations

import io
import os
import re
import uuid
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from archive.captures import dictionaries, grammar
from archive.captures.dictionaries import Dictionary
from archive.captures.files import (
    STRANGE,
    month_of,
    number_of,
    open_file,
    own_file,
    site_files,
    sync_folder,
)
from archive.captures.grammar import (
    HTTP_RESPONSE,
    IDENTICAL,
    NOT_MODIFIED,
    knowledge_in,
)
from archive.captures.reading import Record, raw_records
from archive.captures.streams import GZIP_MAGIC, Stream
from archive.captures.training import dictionary_of, next_dictionary
from archive.errors import ArchiveError, ArchiveUsageError
from archive.times import now, utc

MAX_FILE = 1_000_000_000
"""Bytes after which a month's file is continued in the next one."""
MAX_LOOSE = 8_000_000
"""The same for a `.warc.gz`, where a dictionary can be had for the next one."""
_CONCURRENT = re.compile(rb"^WARC-Concurrent-To:[^\r\n]*\r?\n", re.I | re.M)


@dataclass(frozen=True, slots=True)
class Capture:
    """Where one exchange lies. `warc` is relative to the archive's folder; lengths are bytes.

    Of a `revisit` record, digest and length are those of the payload it refers to, and
    `refers_to_id` is the record that holds it.
    """

    url: str
    fetched_at: str
    status: int
    content_type: str | None
    payload_digest: str
    payload_length: int
    warc: str
    warc_offset: int
    warc_length: int
    warc_crc: int
    """CRC-32 of those bytes as they lie in the file: the formats' own sums leave gaps."""
    record_id: str
    refers_to_id: str | None = None
    part: str = "page"
    """What it is of its visit: a `redirect`, the `page`, or a `further` page of a divided article.

    Of what is no exchange, what kind of knowledge it holds.
    """


class CaptureWriter:
    """Appends exchanges of one site. Nothing is created before the first one is written."""

    def __init__(self, folder: Path, site: str, software: str) -> None:
        """`folder` is the archive's folder, `software` what the warcinfo record names."""
        self._folder = folder
        self._site = site
        self._software = software
        self._file: io.FileIO | None = None
        self._path = Path()
        self._month = ""
        self._dictionary: Dictionary | None = None
        """Of the open file."""
        self._max_loose = MAX_LOOSE
        """Grows where no dictionary can be had yet."""

    def write(
        self,
        url: str,
        status: int,
        headers: Iterable[tuple[str, str]],
        body: bytes,
        fetched_at: datetime,
        protocol: str = "HTTP/1.1",
        *,
        record_id: str | None = None,
        concurrent_to: str | None = None,
        refers_to: Capture | None = None,
        profile: str | None = None,
        filed_at: datetime | None = None,
    ) -> Capture:
        """Append one response as served; `headers` are its bytes decoded as Latin-1.

        With a `profile` (`IDENTICAL` or `NOT_MODIFIED`) it is a `revisit` record without the
        payload, which lies in the whole capture `refers_to`. `record_id` keeps the id that the
        record had in another file, `concurrent_to` is the id of the first record of the visit.
        The record goes into the file of the month of `filed_at`, which is `fetched_at` where it is
        not given. Raises OSError, and appends nothing, where the disk refuses.
        """
        if profile == IDENTICAL and refers_to is None:
            raise ValueError("the payload has to be somewhere")
        # The body arrives with its chunks already joined, so the header may not say otherwise.
        kept = [(n, v) for n, v in headers if n.lower() != "transfer-encoding"]
        url, moment = grammar.plain_url(url), utc(fetched_at)
        digest, length = grammar.digest(body), len(body)
        if profile == NOT_MODIFIED and refers_to:
            digest, length = refers_to.payload_digest, refers_to.payload_length
        head = grammar.http_head(status, kept, protocol)
        block = head if profile == IDENTICAL else head + body
        identity = record_id or new_id()
        fields = [
            ("WARC-Record-ID", identity),
            ("WARC-Date", moment),
            ("WARC-Target-URI", url),
            *_relations(concurrent_to, refers_to, profile),
            ("WARC-Payload-Digest", digest),
            ("WARC-Block-Digest", grammar.digest(block)),
            ("Content-Type", HTTP_RESPONSE),
        ]
        kind = "revisit" if profile else "response"
        return Capture(
            url=url,
            fetched_at=moment,
            status=status,
            content_type=next((v for n, v in kept if n.lower() == "content-type"), None),
            payload_digest=digest,
            payload_length=length,
            **self._add(kind, fields, block, filed_at or fetched_at),
            record_id=identity,
            refers_to_id=refers_to.record_id if refers_to and profile else None,
        )

    def write_metadata(
        self,
        target: str,
        part: str,
        payload: bytes,
        at: datetime,
        *,
        record_id: str | None = None,
        filed_at: datetime | None = None,
        imported: bool = False,
    ) -> Capture:
        """Append knowledge of an address that is no exchange with it: the `payload`, learnt `at`.

        `part` is one word for its kind, which the row and the content type say; the type says, too,
        whether it was `imported` or is our own. The record is a
        `metadata` record (WARC 1.1, section 6.5); read back, it is an exchange of the status 0.
        Raises OSError as `write` does.
        """
        content_type = grammar.knowledge_type(part, imported=imported)
        target, moment, digest = grammar.plain_url(target), utc(at), grammar.digest(payload)
        identity = record_id or new_id()
        fields = [
            ("WARC-Record-ID", identity),
            ("WARC-Date", moment),
            ("WARC-Target-URI", target),
            ("WARC-Block-Digest", digest),
            ("Content-Type", content_type),
        ]
        return Capture(
            url=target,
            fetched_at=moment,
            status=0,
            content_type=content_type,
            payload_digest=digest,
            payload_length=len(payload),
            **self._add("metadata", fields, payload, filed_at or at),
            record_id=identity,
            part=part,
        )

    def _add(
        self, kind: str, fields: list[tuple[str, str]], block: bytes, filed_at: datetime
    ) -> dict[str, Any]:
        file = self._open(filed_at)
        return self._append(file, self._pack(grammar.build(kind, fields, block)))

    def _append(self, file: io.FileIO, member: bytes) -> dict[str, Any]:
        """Add a record; returns where it lies now, as fields of `Capture`."""
        offset, size = _append(file, member)
        return {
            "warc": self._path.relative_to(self._folder).as_posix(),
            "warc_offset": offset,
            "warc_length": size,
            "warc_crc": zlib.crc32(member),
        }

    def copy(
        self,
        path: Path,
        record: Record,
        *,
        filed_at: datetime | None = None,
        concurrent_to: str | None = None,
    ) -> Capture:
        """Append a whole response, or knowledge, of another WARC file as it stands, every byte of it.

        It goes into a `.warc.gz`, and from a gzipped file costs no packing. With `concurrent_to`, the
        first record of its visit, that is the one field that changes. Raises ValueError where
        the record is none that could be read alone, OSError as `write` does.
        """
        exchange = record.exchange
        if record.error or record.type == "revisit" or exchange is None or not record.length:
            raise ValueError("no whole response with a member of its own")
        assert record.payload_digest is not None
        member = _member(path, record, concurrent_to)
        file = self._open(filed_at or datetime.fromisoformat(record.date), loose=True)
        return Capture(
            url=exchange.url,
            fetched_at=record.date,
            status=exchange.status,
            content_type=exchange.header("Content-Type"),
            payload_digest=record.payload_digest,
            payload_length=len(exchange.body),
            **self._append(file, member),
            record_id=record.record_id,
            part=knowledge_in(exchange.header("Content-Type")) or "page",
        )

    def sync(self) -> None:
        """Force what was written onto the disk (before a row that refers to it is committed)."""
        if self._file:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Sync and close the file; the next write opens it again."""
        if self._file:
            file, self._file = self._file, None
            with file:
                os.fsync(file.fileno())

    def _pack(self, record: bytes) -> bytes:
        return (
            # Loose records are packed better before long; until then the crawl should not wait.
            self._dictionary.compress(record) if self._dictionary else gzip_member(record, 4)
        )

    def _open(self, filed_at: datetime, *, loose: bool = False) -> io.FileIO:
        month = f"{filed_at.astimezone(UTC):%Y-%m}"
        if (
            self._file
            and month == self._month
            and self._file.tell() < self._limit(self._path, loose)
            and not (loose and self._dictionary)
        ):
            return self._file
        self.close()
        self._path, self._dictionary = self._choose(month, loose)
        folder = self._path.parent
        folder.mkdir(parents=True, exist_ok=True)
        try:
            file = own_file(self._path, "ab", self._folder, buffering=0)
        except OSError as error:
            if error.errno in STRANGE:
                raise ArchiveUsageError(f"{error.filename}: {error.strerror}") from None
            raise
        self._file, self._month = cast("io.FileIO", file), month
        if self._file.tell() == 0:
            try:
                self._begin()
            except OSError:
                self.close()
                self._path.unlink()
                raise
            for above in (folder, folder.parent, self._folder):
                sync_folder(above)
        return self._file

    def _begin(self) -> None:
        """The head of a new file: its dictionary and the warcinfo record, all or nothing."""
        assert self._file is not None
        head = b""
        if self._dictionary:
            dictionaries.keep_copy(self._path.parent, self._site, self._dictionary)
            head = self._dictionary.frame
        about = f"software: {self._software}\r\nformat: WARC File Format 1.1\r\n".encode()
        fields = [
            ("WARC-Record-ID", new_id()),
            ("WARC-Date", utc(now())),
            ("WARC-Filename", self._path.name),
            ("WARC-Block-Digest", grammar.digest(about)),
            ("Content-Type", "application/warc-fields"),
        ]
        _append(self._file, head + self._pack(grammar.build("warcinfo", fields, about)))

    def _choose(self, month: str, loose: bool) -> tuple[Path, Dictionary | None]:
        """The month's last file, or where that is full the next one, and its dictionary.

        A month begins with a `.warc.gz`, because few records do not pay for a dictionary.
        """
        folder = self._folder / "warc" / self._site
        files = [path for path in site_files(folder, self._site) if month_of(path) == month]
        if not files:
            return folder / f"{self._site}-{month}.warc.gz", None
        last = files[-1]
        is_packed = last.suffix == ".zst"
        if last.stat().st_size < self._limit(last, loose):
            if not is_packed:
                return last, None
            dictionary = dictionary_of(last)
            if dictionary and not loose:
                return last, dictionary
        dictionary = None if loose else next_dictionary(folder, self._site)
        if not is_packed and dictionary is None:
            size = last.stat().st_size
            self._max_loose = max(self._max_loose, 2 * size)
            if size < MAX_FILE:
                return last, None
        number = number_of(last) + 1
        if number >= 10_000:
            raise ArchiveError(f"{folder}: more than 10,000 files for one month; move some away")
        return (
            folder / f"{self._site}-{month}-{number}.warc.{'zst' if dictionary else 'gz'}",
            dictionary,
        )

    def _limit(self, path: Path, loose: bool) -> int:
        return MAX_FILE if loose or path.suffix == ".zst" else min(self._max_loose, MAX_FILE)


def _relations(
    concurrent_to: str | None, refers_to: Capture | None, profile: str | None
) -> Iterator[tuple[str, str]]:
    if concurrent_to:
        yield "WARC-Concurrent-To", concurrent_to
    if profile:
        yield "WARC-Profile", profile
        if refers_to:
            yield "WARC-Refers-To", refers_to.record_id
            yield "WARC-Refers-To-Target-URI", refers_to.url
            yield "WARC-Refers-To-Date", refers_to.fetched_at
    if profile == IDENTICAL:
        yield "WARC-Truncated", "length"


def new_id() -> str:
    """An id for a record that no other record has."""
    return f"<urn:uuid:{uuid.uuid4()}>"


def gzip_member(record: bytes, level: int = 9) -> bytes:
    """A record as a gzip member of its own (ISO 28500:2017, annex D)."""
    packer = zlib.compressobj(level, zlib.DEFLATED, 31)
    return packer.compress(record) + packer.flush()


def _member(path: Path, record: Record, concurrent_to: str | None) -> bytes:
    with open_file(path) as file:
        file.seek(record.offset)
        member = file.read(record.length)
        if member.startswith(GZIP_MAGIC) and concurrent_to is None and not record.warning:
            return member
        raw = next(raw_records(Stream(file, record.offset)))
    if concurrent_to is None:
        return gzip_member(raw.data, 1)
    head = _CONCURRENT.sub(b"", raw.data[: raw.head]).rstrip()
    link = f"\r\nWARC-Concurrent-To: {concurrent_to}\r\n\r\n".encode()
    return gzip_member(b"".join((head, link, raw.data[raw.head :])), 1)


def _append(file: io.FileIO, data: bytes) -> tuple[int, int]:
    """Add all bytes or none; returns offset and length."""
    offset = file.seek(0, os.SEEK_END)
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError:
        file.truncate(offset)
        raise
    return offset, len(data)
