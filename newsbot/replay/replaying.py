"""replaying: what the newspaper once sent, out of what a web archive sends of it now.

A replay has headers of its own beside the newspaper's and may undo or add a content encoding; an index
without replay gives out WARC records. Pure.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urljoin

from archive.captures import grammar
from newsbot.replay.servers import Kind, Server, is_stamp, stamp
from newsbot.visit import urls
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

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as it came over the network: neither decoded nor followed."""

    url: str
    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of that name, letter case ignored."""
        return _first(self.headers, name)


@dataclass(frozen=True, slots=True)
class Restored:
    """One exchange with the newspaper. `body` carries the content encoding that its headers say."""

    url: str
    timestamp: str
    status: int
    headers: Headers
    body: bytes
    source: str
    """Address from which it was had."""
    protocol: str = "HTTP/1.1"
    record_id: str | None = None
    """Of the WARC record, where that was given out."""

    def header(self, name: str) -> str | None:
        """The first header of that name, letter case ignored."""
        return _first(self.headers, name)


class NotGiven(Exception):
    """The server does not give the capture out; asking again would not help."""

    def __init__(self, outcome: str, error: str) -> None:
        super().__init__(error)
        self.outcome = outcome


class TryLater(Exception):
    """The server could not give the capture out this time."""


class Busy(TryLater):
    """The server gave nothing out this time, whatever it was asked for."""


def _first(headers: Headers, name: str) -> str | None:
    return next((v for n, v in headers if n.lower() == name.lower()), None)


# -- replays ------------------------------------------------------------------------------------


def replay_url(server: Server, url: str, timestamp: str) -> str:
    """Where a capture is had unchanged, not rewritten for viewing."""
    return f"{server.replay}{timestamp}id_/{url}"


def restore(
    server: Server, answer: Answer, url: str, timestamp: str, digest: str | None
) -> Restored:
    """The capture that a replay holds, of whatever moment. Raises `NotGiven` or `TryLater`.

    `digest` is that of the index; it proves a capture where the server does not say that it is one.
    """
    given = _moment_given(answer)
    marked = given is not None or any(n.lower().startswith(_ORIGINAL) for n, _ in answer.headers)
    body, encoding = _payload(server.kind, answer, digest)
    proven = bool(digest) and _is(digest or "", body)
    if not marked and not (answer.status == 200 and proven):
        _refuse(answer)
    original = _original(answer)
    if original and not proven and urls.canonical(original) != urls.canonical(url):
        raise NotGiven("excluded", f"the server gives the capture of {original} instead")
    headers = [
        (name, value)
        for name, value in original_headers(server.kind, answer.headers)
        if name.lower() != "content-encoding"
    ]
    if encoding:
        headers.append(("Content-Encoding", encoding))
    return Restored(url, given or timestamp, answer.status, headers, body, answer.url)


def _refuse(answer: Answer) -> None:
    status = answer.status
    if 300 <= status < 400:
        found = _IN_PATH.search(answer.header("Location") or "")
        where = f"of {found[1]} " if found else ""
        raise NotGiven("excluded", f"the server gives another capture {where}instead")
    if status in (401, 403, 451):
        raise NotGiven("blocked", f"the server refuses it: HTTP {status}")
    if status in (404, 410):
        raise NotGiven("failed", f"the server lists it but has it not: HTTP {status}")
    if status == 200:
        raise NotGiven("failed", "the server answers with something else than the capture")
    raise TryLater(f"HTTP {status} from the server")


def _moment_given(answer: Answer) -> str | None:
    """The moment of the capture that was given (RFC 7089 §2.1.1), or None."""
    try:
        return stamp(parsedate_to_datetime(answer.header("Memento-Datetime") or ""))
    except (ValueError, TypeError, OverflowError):
        pass
    found = _IN_PATH.search(answer.header("Content-Location") or "")
    return found[1] if found and is_stamp(found[1]) else None


def _original(answer: Answer) -> str | None:
    """The address of the capture that was given (RFC 7089 §2.2.1), or None."""
    for name, value in answer.headers:
        found = _LINK.search(value) if name.lower() == "link" else None
        if found:
            return found[1]
    return None


def _payload(kind: Kind, answer: Answer, digest: str | None) -> tuple[bytes, str | None]:
    """The newspaper's payload, and its content encoding.

    A server may unpack what was captured packed, or pack what was not; the index's digest tells.
    """
    packed_now = [v for n, v in answer.headers if n.lower() == "content-encoding"]
    packed_then = answer.header(f"{_ORIGINAL}content-encoding")
    now = ", ".join(packed_now) or None
    if digest and _is(digest, answer.body):
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
    if own or (digest and _is(digest, plain)):
        return plain, None
    return answer.body, now


def _is(digest: str, body: bytes) -> bool:
    return grammar.digest(body).removeprefix("sha1:") == digest


def original_headers(kind: Kind, headers: Iterable[tuple[str, str]]) -> Headers:
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


def record_request(server: Server, location: str, length: int | None) -> tuple[str, str]:
    """Address and `Range` (RFC 9110 §14.2) of one WARC record. Raises `NotGiven`."""
    name, _, offset = location.rpartition(" ")
    if not name or not offset.isdigit() or not length:
        raise NotGiven("failed", "the index does not say where the record lies")
    if length > DOWNLOAD_MAXSIZE:
        raise NotGiven("failed", f"the record has {length} bytes")
    start = int(offset)
    return urljoin(server.replay, quote(name)), f"bytes={start}-{start + length - 1}"


def restore_record(answer: Answer, url: str, timestamp: str) -> Restored:
    """The exchange in one WARC record in one gzip member. Raises `NotGiven` or `TryLater`."""
    if answer.status != 206:
        if answer.status in (200, 404, 410, 416):
            raise NotGiven("failed", f"the server gives no such record: HTTP {answer.status}")
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
        raise NotGiven("failed", f"the record cannot be read: {error}") from None
    held = fields.get("WARC-Target-URI", "").removeprefix("<").removesuffix(">")
    if fields.get("WARC-Type") != "response" or urls.canonical(held) != urls.canonical(url):
        raise NotGiven("failed", "the record holds another capture")
    if grammar.is_chunked(headers):
        joined = grammar.join_chunks(body)
        body = body if joined is None else joined
    return Restored(
        url, timestamp, status, headers, body, answer.url, protocol, fields.get("WARC-Record-ID")
    )


def _unpacked(data: bytes) -> bytes:
    member = zlib.decompressobj(wbits=31)
    record = member.decompress(data, DOWNLOAD_MAXSIZE)
    if not member.eof:
        raise ValueError("it is cut short or too large")
    return record
