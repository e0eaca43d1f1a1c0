"""reading: exchanges out of WARC files: one by its place, or all of a file of any size and origin.

A damaged record is reported where it lies, and reading carries on behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from archive.captures import grammar
from archive.captures.files import open_file
from archive.captures.grammar import Exchange, Headers, bracketed
from archive.captures.streams import Damage, Stream
from archive.errors import ArchiveError

MAX_BLOCK = 64 << 20
"""Bytes of a record's block that are read; larger ones are passed over."""
_MAX_HEAD = 1 << 16
_SLACK = 64
"""Bytes by which a record's length may be wrong where nothing but its end tells of it."""
_LENGTH = re.compile(rb"^(Content-Length:[ \t]*)\d+", re.I | re.M)

Resolve = Callable[[str], tuple[str, int] | None]
"""Record id → `warc` and offset of the record in the same archive, None where it is not known."""


@dataclass(slots=True)
class Raw:
    """One record as its bytes: head, block and what parts it from the next one."""

    offset: int
    """Byte of the file at which the member begins that holds it."""
    length: int = 0
    """Bytes of the file that are this record's alone; 0 where it has no member of its own."""
    data: bytes = b""
    head: int = 0
    """Length of the head with its empty line."""
    fields: dict[str, str] = field(default_factory=dict)
    error: str | None = None
    is_alone: bool = False
    """Whether it comes first in its member."""
    warning: str | None = None
    """What was wrong with it, and is put right in `data` and `fields`."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a WARC file.

    `offset` and `length` say where it lies in the file, compressed; a length of 0 means that it
    cannot be read alone. `headers` are the fields of its head by their names in the standard.
    `exchange` is None for what is no HTTP response; that of a `revisit` record has no body, and that
    of `metadata`, where it is ours, the status 0.
    `payload_digest` was computed (`sha1:` and Base32). With an `error`, nothing else is to be
    believed.
    """

    offset: int
    length: int
    type: str
    record_id: str
    url: str | None
    date: str
    headers: dict[str, str]
    exchange: Exchange | None
    payload_digest: str | None
    declared_digest: str | None
    error: str | None
    is_intact: bool | None = None
    """Whether the payload has the declared digest; None where none is declared that is known here."""
    warning: str | None = None
    """What was wrong with the record's own words, where it can be read all the same."""


def read_records(path: Path, folder: Path | None = None) -> Iterator[Record]:
    """All records of a plain, gzipped or zstd-packed WARC file, one after the other.

    Memory does not grow with the file. Nothing is raised for what is in the file: damaged records,
    and those with more than `MAX_BLOCK` bytes, come with an `error`. Raises OSError where the file
    cannot be opened, or, with a `folder`, does not lie in it (`open_file`).
    """
    with open_file(path, folder) as file:
        for raw in raw_records(Stream(file)):
            yield parse(raw)


def raw_records(stream: Stream) -> Iterator[Raw]:
    """All records from the stream's place on, unparsed; whatever is wrong stands in `error`."""
    if stream.warning:
        yield Raw(0, stream.place()[0], error=stream.warning)
    found = True
    while found:
        raw = Raw(stream.place()[0])
        try:
            if not _read(stream, raw):
                return
        except (Damage, ValueError) as error:
            if not _mend(stream, raw):
                found = _pass_over(stream, raw, error)
        if raw.error:
            raw.length = max(stream.place()[0] - raw.offset, 0)
        yield raw


def _pass_over(stream: Stream, raw: Raw, error: Exception) -> bool:
    """Say what is wrong with a record, and go to the one behind it; False where there is none."""
    if not isinstance(error, Damage):
        raw.error, raw.data = str(error), b""
        return _recover(stream, raw)
    prefix = stream.data[stream.at :]
    if not prefix.startswith(b"WARC/"):
        prefix = stream.salvage(error.member, _MAX_HEAD)
    found = stream.resume(error.member + 1)
    raw.offset = min(raw.offset, error.member)
    raw.error = f"damaged ({error})"
    _salvage(raw, prefix)
    return found


def _mend(stream: Stream, raw: Raw) -> bool:
    """Read a record whose length is a byte or some off, where its end shows; False where it does not.

    It ends with its member, or in a plain file where the next record begins. The server's own
    `Content-Length` has to agree; without one, the two may differ by `_SLACK` bytes. Seen in files of
    wget, warcio and warcio.js.
    """
    if not raw.head or (stream.kind != "plain" and not raw.is_alone):
        return False
    said, data = -1, b""
    with suppress(Damage, ValueError):
        said = grammar.content_length(raw.fields)
        stream.start_at(raw.offset)
        data = stream.rest_of_record(raw.head, min(said, MAX_BLOCK) + _MAX_HEAD)
    block = data[raw.head :]
    for _ in range(2):
        block = block.removesuffix(b"\n").removesuffix(b"\r")
    is_cut = stream.kind == "plain" and not data.endswith(grammar.END)
    if is_cut or said == len(block) or not _is_whole(block, abs(len(block) - said)):
        stream.start_at(raw.offset)
        with suppress(Damage):
            stream.has(raw.head)
        return False
    raw.fields["Content-Length"] = str(len(block))
    head = _LENGTH.sub(rb"\g<1>%d" % len(block), data[: raw.head], count=1)
    raw.head, raw.data = len(head), head + block + grammar.END
    raw.length = stream.place()[0] - raw.offset
    raw.error = None
    raw.warning = f"it says that it has {said} bytes, and has {len(block)}"
    return True


def _is_whole(block: bytes, off: int) -> bool:
    """Whether a block that is some bytes longer or shorter than its record says is a whole answer."""
    try:
        _, _, headers, payload = grammar.parse_http(block)
    except ValueError:
        return False
    lengths = {value for name, value in headers if name.lower() == "content-length"}
    return lengths == {str(len(payload))} if lengths else off <= _SLACK


def _recover(stream: Stream, raw: Raw) -> bool:
    """Find the next record behind one whose head or length is wrong."""
    if stream.kind == "plain":
        stream.start_at(raw.offset)
    try:
        return stream.find_record()
    except Damage as damage:
        return stream.resume(damage.member + 1)


def _read(stream: Stream, raw: Raw) -> bool:
    """Fill in the next record; False at the end. Raises `Damage` and ValueError."""
    while stream.has(1) and stream.data[stream.at] in b"\r\n":
        stream.at += 1
    if not stream.has(1):
        return False
    raw.offset, raw.is_alone = stream.place()
    raw.head = _head_length(stream)
    raw.fields = grammar.parse_head(stream.data[stream.at : stream.at + raw.head])
    block = grammar.content_length(raw.fields)
    if block > MAX_BLOCK:
        raw.error = f"larger than {MAX_BLOCK >> 20} MB"
        if stream.skip(raw.head + block) < raw.head + block:
            raise ValueError("cut short")
        _blank(stream)
    else:
        raw.data = _take(stream, raw.offset, raw.head + block)
    end, is_border = stream.place()
    raw.length = end - raw.offset if raw.is_alone and is_border else 0
    return True


def _head_length(stream: Stream) -> int:
    if not stream.has(5) or not stream.data.startswith(b"WARC/", stream.at):
        raise ValueError("no WARC record here")
    while True:
        end = grammar.head_end(stream.data, stream.at)
        if end:
            return end - stream.at
        size = len(stream.data) - stream.at
        if size > _MAX_HEAD:
            raise ValueError("a head without an end")
        if not stream.has(size + 1):
            raise ValueError("cut short")


def _take(stream: Stream, offset: int, size: int) -> bytes:
    """The record that begins here, and the line ends behind it."""
    if not stream.has(size):
        raise ValueError("cut short")
    for border in stream.borders_before(stream.position + size):
        # A record may go over several members, but not over the beginning of another record.
        if stream.data.startswith(b"WARC/", stream.at + border - stream.position):
            raise Damage(offset, "cut short")
    is_usual = stream.data.startswith(grammar.END, stream.at + size)
    size += len(grammar.END) * is_usual
    record = stream.data[stream.at : stream.at + size]
    stream.at += size
    blank = _blank(stream)
    if not blank and not is_usual and stream.has(1, here=True):
        raise ValueError("not of the length it says")
    return record + blank if blank else record  # which is large: a copy less


def _blank(stream: Stream) -> bytes:
    """The line ends that part a record from the next one; the sum of a member that ends with them."""
    blank = b""
    while stream.has(1, here=True) and stream.data[stream.at] in b"\r\n":
        blank += stream.data[stream.at : stream.at + 1]
        stream.at += 1
    return blank


def _salvage(raw: Raw, prefix: bytes) -> None:
    """What the readable part of a damaged record says of it."""
    raw.data, raw.head = b"", 0
    end = grammar.head_end(prefix) or len(prefix)
    try:
        raw.fields = grammar.parse_head(prefix[:end])
    except ValueError:
        raw.fields = {}


# -- what a record says -------------------------------------------------------------------------


def parse(raw: Raw) -> Record:
    """A record's meaning. Never raises for what is in it."""
    fields = raw.fields
    kind = fields.get("WARC-Type", "").lower()
    url = grammar.clean_address(fields.get("WARC-Target-URI", "")) or None
    error = raw.error
    date = fields.get("WARC-Date", "")
    exchange = None
    payload = raw.data[raw.head : raw.head + _block_length(raw)]
    try:
        date = grammar.moment(date)
        if error is None and not kind:
            raise ValueError("it does not say what it is")
        if error is None and "WARC-Segment-Number" in fields:
            raise ValueError("one piece of a record that was cut into several")
        if error is None and url and url.startswith(("http:", "https:")):
            exchange, payload = _exchange(kind, fields, url, date, payload)
    except ValueError as problem:
        error = error or str(problem)
    declared = fields.get("WARC-Payload-Digest")
    if kind == "metadata":  # whose block is its payload
        declared = fields.get("WARC-Block-Digest")
    computed = intact = None
    if exchange and kind != "revisit":
        computed = grammar.digest(exchange.body)
        if declared:
            # With the sizes of its chunks or without: programs differ in what they take the sum of.
            intact = (
                declared == computed
                or grammar.agrees(declared, exchange.body)
                or grammar.agrees(declared, payload)
            )
    return Record(
        offset=raw.offset,
        length=raw.length,
        type=kind,
        record_id=bracketed(fields.get("WARC-Record-ID", "")),
        url=url,
        date=date,
        headers=fields,
        exchange=exchange,
        payload_digest=computed,
        declared_digest=declared,
        error=error,
        is_intact=intact,
        warning=raw.warning,
    )


def _block_length(raw: Raw) -> int:
    return grammar.content_length(raw.fields) if raw.data else 0


def _exchange(
    kind: str, fields: dict[str, str], url: str, date: str, block: bytes
) -> tuple[Exchange | None, bytes]:
    """The exchange a block holds, and its payload as it lies there. Raises ValueError for none."""
    content_type = fields.get("Content-Type")
    if kind == "resource":
        # A page without its headers: what some programs keep.
        headers = [("Content-Type", content_type)] if content_type else []
        return Exchange(url, date, 200, headers, block), block
    if kind == "metadata" and content_type and grammar.knowledge_in(content_type):
        return Exchange(url, date, 0, [("Content-Type", content_type)], block), block
    if kind not in ("response", "revisit"):
        return None, block
    if kind == "revisit" and not block:
        return None, block
    protocol, status, headers, payload = grammar.parse_http(block)
    body = payload
    if grammar.is_chunked(headers):
        joined = grammar.join_chunks(payload)
        body = payload if joined is None else joined
        headers = [(n, v) for n, v in headers if n.lower() != "transfer-encoding"]
    if kind == "revisit":
        body = b""
    return Exchange(url, date, status, headers, body, protocol), payload


# -- one record ---------------------------------------------------------------------------------


def read_record(folder: Path, warc: str, offset: int) -> bytes:
    """One record as it was written: head, block and the blank lines behind it.

    `warc` is relative to the archive's folder. Raises `ArchiveError` where the record is missing or
    damaged.
    """
    return _raw(folder, warc, offset).data


def _raw(folder: Path, warc: str, offset: int) -> Raw:
    path = folder / str(warc)  # what a row says, whatever that is
    if not isinstance(offset, int) or offset < 0:
        raise _unreadable(path, 0, f"no record begins at {offset!r:.50}")
    try:
        with open_file(path, folder) as file:
            raw = next(raw_records(_stream_at(file, offset)), None)
    except OSError as error:
        raise _unreadable(path, offset, error.strerror or str(error)) from None
    if raw is None:
        raise _unreadable(path, offset, "the file ends before it")
    if raw.error or raw.offset != offset:
        raise _unreadable(path, offset, raw.error or "no record begins here")
    return raw


def _stream_at(file: BinaryIO, offset: int) -> Stream:
    stream = Stream(file)
    stream.warning = None  # of another part of the file
    stream.start_at(offset)
    return stream


def _unreadable(path: Path, offset: int, reason: str) -> ArchiveError:
    reason = " ".join(reason.split())[:200]
    return ArchiveError(f"{path}: record at byte {offset} cannot be read: {reason}")


def read_capture(folder: Path, warc: str, offset: int, resolve: Resolve | None = None) -> Exchange:
    """Read one exchange back, that of a `revisit` record with the payload it refers to.

    `resolve` tells where the record lies that a revisit refers to; without it, the site's files are
    searched, which is slow. Raises `ArchiveError` where a record is missing or damaged.
    """
    record = _response(folder, warc, offset)
    exchange = record.exchange
    assert exchange is not None
    if record.type != "revisit":
        return exchange
    known = record.headers.get("WARC-Refers-To")
    if known is None:
        return exchange
    place = (resolve or partial(_search, folder, warc))(bracketed(known))
    if place is None:
        raise _unreadable(folder / warc, offset, f"{known}, which it refers to, is not here")
    whole = _response(folder, *place)
    assert whole.exchange is not None
    if whole.type == "revisit" or record.declared_digest not in (None, whole.payload_digest):
        raise _unreadable(folder / warc, offset, f"{known}, which it refers to, has other content")
    return replace(
        exchange,
        body=whole.exchange.body,
        headers=[*exchange.headers, *_missing(exchange, whole.exchange)],
    )


def _missing(exchange: Exchange, whole: Exchange) -> Headers:
    """What a 304 does not repeat, and the payload cannot be read without (RFC 9110 §15.4.5)."""
    return [
        (name, value)
        for name, value in whole.headers
        if name.lower() in ("content-type", "content-encoding") and exchange.header(name) is None
    ]


def _response(folder: Path, warc: str, offset: int) -> Record:
    path, record = folder / warc, parse(_raw(folder, warc, offset))
    if record.error is None and record.exchange is None:
        raise _unreadable(path, offset, "no response record here")
    if record.error or record.is_intact is False:
        raise _unreadable(path, offset, record.error or "the payload has another digest")
    return record


def _search(folder: Path, warc: str, record_id: str) -> tuple[str, int] | None:
    """Where a record lies in the folder of this file."""
    for path in sorted((folder / warc).parent.glob("*.warc*")):
        with open_file(path, folder) as file:
            for raw in raw_records(Stream(file)):
                if bracketed(raw.fields.get("WARC-Record-ID", "")) == record_id:
                    return path.relative_to(folder).as_posix(), raw.offset
    return None
