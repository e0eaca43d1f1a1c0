"""originals: what the newspaper once sent, out of what a web archive sends of it now.

A replay has headers of its own beside the newspaper's and may undo or add a content encoding; an index
without replay gives out WARC records. Pure.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urljoin

from archive.captures import Exchange, grammar
from archive.times import utc
from newsbot import urls
from newsbot.replay.client import TryLater
from newsbot.replay.servers import IndexRow, Kind, Server, is_timestamp, moment_of, timestamp_of
from newsbot.visit.decoding import Undecodable, decode
from newsbot.visit.limits import DOWNLOAD_MAXSIZE

_ORIGINAL = "x-archive-orig-"
_OF_THE_SERVER = frozenset(
    "memento-datetime link content-location date transfer-encoding connection keep-alive server "
    "preference-applied vary".split()
)
_REWRITTEN = re.compile(r"^.*?/\d{14}(?:id_)?/(?=https?:)")
"""What a replay puts before an address in `Location`."""
_LINK = re.compile(r"<([^<>]+)>;\s*rel=[\"']?original")
_IN_PATH = re.compile(r"/(\d{14})(?:id_)?/")


class NotGiven(Exception):
    """The server does not give the capture out; asking again would not help."""


def request_for(server: Server, row: IndexRow) -> tuple[str, dict[str, str]]:
    """Address and headers with which a capture is asked for as it was sent. Raises `NotGiven`."""
    if server.kind != "commoncrawl":
        return f"{server.replay}{row.timestamp}id_/{row.url}", {}
    name, _, offset = (row.location or "").rpartition(" ")
    if not name or not offset.isdigit() or not row.length:
        raise NotGiven("the index does not say where the record lies")
    if row.length > DOWNLOAD_MAXSIZE:
        raise NotGiven(f"the record has {row.length} bytes")
    span = f"bytes={int(offset)}-{int(offset) + row.length - 1}"  # RFC 9110 §14.2
    return urljoin(server.replay, quote(name)), {"Range": span, "Accept-Encoding": "identity"}


# -- replays ------------------------------------------------------------------------------------


def from_replay(kind: Kind, answer: Exchange, row: IndexRow) -> Exchange:
    """The exchange that a replay holds. Raises `NotGiven` or `TryLater`.

    The index's digest proves a capture where the server does not say that it is one.
    """
    given = _moment_given(answer)
    marked = given is not None or any(n.lower().startswith(_ORIGINAL) for n, _ in answer.headers)
    body, encoding = _payload(kind, answer, row.digest)
    proven = _has_digest(body, row.digest)
    if not marked and not (answer.status == 200 and proven):
        _refuse(answer)
    original = _original(answer)
    if original and not proven and urls.canonical(original) != urls.canonical(row.url):
        raise NotGiven(f"the server gives the capture of {original} instead")
    if given not in (None, row.timestamp):
        raise NotGiven(f"the server gives the capture of {given} instead")
    headers = [
        (name, value)
        for name, value in original_headers(kind, answer.headers)
        if name.lower() != "content-encoding"
    ]
    if encoding:
        headers.append(("Content-Encoding", encoding))
    return Exchange(row.url, utc(moment_of(row.timestamp)), answer.status, headers, body)


def _refuse(answer: Exchange) -> None:
    status = answer.status
    if 300 <= status < 400:
        found = _IN_PATH.search(answer.header("Location") or "")
        where = f"of {found[1]} " if found else ""
        raise NotGiven(f"the server gives another capture {where}instead")
    if status in (401, 403, 451):
        raise NotGiven(f"the server refuses it: HTTP {status}")
    if status in (404, 410):
        raise NotGiven(f"the server lists it but has it not: HTTP {status}")
    if status == 200:
        raise NotGiven("the server answers with something else than the capture")
    raise TryLater(f"HTTP {status} from the server")


def _moment_given(answer: Exchange) -> str | None:
    """The moment of the capture that was given (RFC 7089 §2.1.1), or None."""
    try:
        return timestamp_of(parsedate_to_datetime(answer.header("Memento-Datetime") or ""))
    except (ValueError, TypeError, OverflowError):
        pass
    found = _IN_PATH.search(answer.header("Content-Location") or "")
    return found[1] if found and is_timestamp(found[1]) else None


def _original(answer: Exchange) -> str | None:
    """The address of the capture that was given (RFC 7089 §2.2.1), or None."""
    for name, value in answer.headers:
        found = _LINK.search(value) if name.lower() == "link" else None
        if found:
            return found[1]
    return None


def _payload(kind: Kind, answer: Exchange, digest: str | None) -> tuple[bytes, str | None]:
    """The newspaper's payload, and its content encoding.

    A server may unpack what was captured packed, or pack what was not; the index's digest tells.
    """
    packed_now = [v for n, v in answer.headers if n.lower() == "content-encoding"]
    packed_then = answer.header(f"{_ORIGINAL}content-encoding")
    now = ", ".join(packed_now) or None
    if _has_digest(answer.body, digest):
        return answer.body, packed_then or now
    if not packed_now:
        return answer.body, None
    own = kind == "wayback" and packed_then is None
    try:
        plain = decode(answer.body, packed_now, max_size=DOWNLOAD_MAXSIZE)
    except Undecodable as error:
        if own:
            raise TryLater(f"the answer cannot be unpacked: {error}") from None
        return answer.body, now
    if own or _has_digest(plain, digest):
        return plain, None
    return answer.body, now


def _has_digest(body: bytes, digest: str | None) -> bool:
    return digest is not None and grammar.digest(body).removeprefix("sha1:") == digest


def original_headers(kind: Kind, headers: Iterable[tuple[str, str]]) -> grammar.Headers:
    """The newspaper's headers out of a replay's; those of the web archive itself are left out."""
    received = list(headers)
    restored = [
        (name[len(_ORIGINAL) :], value)
        for name, value in received
        if name.lower().startswith(_ORIGINAL)
    ]
    known = {name.lower() for name, _ in restored}
    rest = [
        (name, value)
        for name, value in received
        if not name.lower().startswith(_ORIGINAL) and name.lower() not in known
    ]
    if kind == "wayback":
        rest = [(n, v) for n, v in rest if n.lower() in ("content-type", "location")]
        return restored + [(n, _REWRITTEN.sub("", v)) for n, v in rest]
    return restored + [(n, v) for n, v in rest if n.lower() not in _OF_THE_SERVER]


# -- records ------------------------------------------------------------------------------------


def from_record(answer: Exchange, row: IndexRow) -> tuple[Exchange, str]:
    """The exchange in one WARC record in one gzip member, and the record's id, or "".

    Raises `NotGiven` or `TryLater`.
    """
    if answer.status != 206:
        if answer.status in (200, 404, 410, 416):
            raise NotGiven(f"the server gives no such record: HTTP {answer.status}")
        raise TryLater(f"HTTP {answer.status} from the server")
    try:
        record = _unpacked(answer.body)
        end = grammar.head_end(record)
        fields = grammar.parse_head(record[:end])
        block = record[end : end + grammar.content_length(fields)]
        head = grammar.head_end(block)
        # As Latin-1, so that the headers' bytes stay what they were.
        block = block[:head].decode("latin-1").encode() + block[head:]
        protocol, status, headers, body = grammar.parse_http(block)
    except (ValueError, zlib.error) as error:
        raise NotGiven(f"the record cannot be read: {error}") from None
    held = fields.get("WARC-Target-URI", "").removeprefix("<").removesuffix(">")
    if fields.get("WARC-Type") != "response" or urls.canonical(held) != urls.canonical(row.url):
        raise NotGiven("the record holds another capture")
    if grammar.is_chunked(headers):
        joined = grammar.join_chunks(body)
        body = body if joined is None else joined
    exchange = Exchange(row.url, utc(moment_of(row.timestamp)), status, headers, body, protocol)
    return exchange, fields.get("WARC-Record-ID", "")


def _unpacked(data: bytes) -> bytes:
    member = zlib.decompressobj(wbits=31)
    record = member.decompress(data, DOWNLOAD_MAXSIZE)
    if not member.eof:
        raise ValueError("it is cut short or too large")
    return record
