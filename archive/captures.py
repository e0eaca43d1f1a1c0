"""captures: HTTP exchanges as served, in WARC 1.1 files that standard tools read.

One gzip member per record (ISO 28500:2017, annex D), one file per site and month. A record is on
disk before any row refers to it; what a crash left half-written is cut off at the next start.
"""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO

from warcio.archiveiterator import ArchiveIterator
from warcio.recordbuilder import RecordBuilder
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.errors import ArchiveError
from archive.times import utc

MAX_FILE = 1_000_000_000
"""Bytes after which a month's file is continued in the next one."""
_CHUNK = 1 << 20
_BUILDER = RecordBuilder(warc_version="1.1")


@dataclass(frozen=True, slots=True)
class Capture:
    """Where one exchange lies. `warc` is relative to the archive's folder; lengths are bytes."""

    url: str
    fetched_at: str
    status: int
    content_type: str | None
    payload_digest: str
    payload_length: int
    warc: str
    warc_offset: int
    warc_length: int
    record_id: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange read back from a WARC. `body` still carries its content encoding.

    Headers are decoded as UTF-8 where they are, and as Latin-1 otherwise.
    """

    url: str
    fetched_at: str
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of that name, letter case ignored."""
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)


class _AsServed(StatusAndHeaders):  # type: ignore[misc]
    """HTTP headers with their own bytes; warcio percent-encodes what is not ASCII, or gives up."""

    def to_ascii_bytes(self, filter_func: Any = None) -> bytes:
        return bytes(self.to_str(filter_func).encode("latin-1", "replace")) + b"\r\n"


class CaptureWriter:
    """Appends exchanges of one site. Nothing is created before the first one is written."""

    def __init__(self, folder: Path, site: str, software: str) -> None:
        """`folder` is the archive's folder, `software` what the warcinfo record names."""
        self._folder = folder
        self._site = site
        self._software = software
        self._file: io.FileIO | None = None
        self._path = Path()

    def write(
        self,
        url: str,
        status: int,
        headers: Iterable[tuple[str, str]],
        body: bytes,
        fetched_at: datetime,
        protocol: str = "HTTP/1.1",
    ) -> Capture:
        """Append one response as served; `headers` are its bytes decoded as Latin-1.

        Raises OSError, and appends nothing, where the disk refuses.
        """
        file = self._open(fetched_at)
        try:
            phrase = HTTPStatus(status).phrase
        except ValueError:
            phrase = ""
        # The body arrives with its chunks already joined, so the header may not say otherwise.
        kept = [(n, v) for n, v in headers if n.lower() != "transfer-encoding"]
        record = _BUILDER.create_warc_record(
            url,
            "response",
            payload=io.BytesIO(body),
            length=len(body),
            http_headers=_AsServed(f"{status} {phrase}".strip(), kept, protocol=protocol),
            warc_headers_dict={"WARC-Date": utc(fetched_at)},
        )
        offset, length = _append(file, record)
        head = record.rec_headers
        content_type = next((v for n, v in kept if n.lower() == "content-type"), None)
        return Capture(
            url=url,
            fetched_at=utc(fetched_at),
            status=status,
            content_type=content_type,
            payload_digest=head.get_header("WARC-Payload-Digest"),
            payload_length=len(body),
            warc=self._path.relative_to(self._folder).as_posix(),
            warc_offset=offset,
            warc_length=length,
            record_id=head.get_header("WARC-Record-ID"),
        )

    def sync(self) -> None:
        """Force what was written onto the disk (before a row that refers to it is committed)."""
        if self._file:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file; the next write opens it again."""
        if self._file:
            self._file.close()
        self._file = None

    def _open(self, moment: datetime) -> io.FileIO:
        path = self._choose(moment)
        if self._file and path == self._path:
            return self._file
        self.close()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file, self._path = io.FileIO(path, "ab"), path
        if path.stat().st_size == 0:
            about = {"software": self._software, "format": "WARC File Format 1.1"}
            try:
                _append(self._file, _BUILDER.create_warcinfo_record(path.name, about))
            except OSError:
                self.close()
                raise
            for folder in (path.parent, path.parent.parent, self._folder):
                _sync_folder(folder)
        return self._file

    def _choose(self, moment: datetime) -> Path:
        stem = f"{self._site}-{moment.astimezone(UTC):%Y-%m}"
        folder = self._folder / "warc" / self._site
        for number in range(1, 10_000):
            name = f"{stem}.warc.gz" if number == 1 else f"{stem}-{number}.warc.gz"
            path = folder / name
            if not path.exists() or path.stat().st_size < MAX_FILE:
                return path
        raise ArchiveError(f"{folder}: more than 10,000 files for one month; move some away")


def _append(file: io.FileIO, record: ArcWarcRecord) -> tuple[int, int]:
    """Add one whole record, or nothing; returns its offset and length in bytes."""
    buffer = io.BytesIO()
    WARCWriter(buffer, gzip=True, warc_version="1.1").write_record(record)
    offset = file.seek(0, os.SEEK_END)
    rest = buffer.getbuffer()
    length = len(rest)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError:
        file.truncate(offset)
        raise
    return offset, length


def _sync_folder(folder: Path) -> None:
    """Make sure that a new file's name survives a power cut, not only its bytes."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def cut_torn_tail(path: Path, known_good: int) -> int:
    """Cut a record that a crash left half-written off the end of a WARC file.

    `known_good` is the offset up to which the database vouches for the file. Whole records after
    it stay. Returns the number of bytes cut.
    """
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(known_good)
        good = known_good
        while good < size:
            file.seek(good)
            length = _member_length(file)
            if length is None:
                file.truncate(good)
                return size - good
            good += length
    return 0


def _member_length(file: BinaryIO) -> int | None:
    """Bytes of the gzip member that begins here, or None where it is not whole."""
    inflate = zlib.decompressobj(wbits=31)
    length = 0
    while chunk := file.read(_CHUNK):
        try:
            inflate.decompress(chunk)
        except zlib.error:
            return None
        length += len(chunk)
        if inflate.eof:
            return length - len(inflate.unused_data)
    return None


def read_capture(folder: Path, warc: str, offset: int) -> Exchange:
    """Read one exchange back. Raises `ArchiveError` where the record is missing or damaged."""
    path = folder / warc
    try:
        with path.open("rb") as file:
            file.seek(offset)
            record = next(iter(ArchiveIterator(file, check_digests="raise")), None)
            if record is None or record.rec_type != "response" or not record.http_headers:
                raise ValueError("no response record here")
            body = record.raw_stream.read()
            if record.raw_stream.limit:
                raise ValueError("the record is cut short")
            return Exchange(
                url=record.rec_headers.get_header("WARC-Target-URI"),
                fetched_at=record.rec_headers.get_header("WARC-Date"),
                status=int(record.http_headers.get_statuscode()),
                headers=list(record.http_headers.headers),
                body=body,
            )
    except Exception as error:  # damaged bytes trip warcio's parsers in many ways
        reason = " ".join(str(error).split())[:200]
        raise ArchiveError(f"{path}: record at byte {offset} cannot be read: {reason}") from None
