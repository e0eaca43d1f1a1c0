"""grammar: WARC records (ISO 28500:2017) put together and taken apart. Pure: bytes in, bytes out.

Reads what other programs write as well: WARC 0.17 to 1.1, bare line feeds, chunked bodies.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote

from archive.times import utc

IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
"""Profile of a `revisit` record: the payload is the same as that of an earlier record."""
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
"""Profile of a `revisit` record: the server said so (HTTP 304)."""
END = b"\r\n\r\n"
"""What follows every record's block."""
HTTP_RESPONSE = "application/http; msgtype=response"
STORED = ("response", "revisit", "metadata")
"""Types of records that the archive's rows are about."""
_KNOWLEDGE = "application/x-newsbot-"
_IMPORTED = "; origin=import"
"""At the end of the content type of what somebody else was told."""

Headers = list[tuple[str, str]]

_NAMES = {
    name.lower(): name
    for name in (
        "WARC-Type", "WARC-Record-ID", "WARC-Date", "Content-Length", "Content-Type",
        "WARC-Concurrent-To", "WARC-Block-Digest", "WARC-Payload-Digest", "WARC-IP-Address",
        "WARC-Refers-To", "WARC-Refers-To-Target-URI", "WARC-Refers-To-Date", "WARC-Target-URI",
        "WARC-Truncated", "WARC-Warcinfo-ID", "WARC-Filename", "WARC-Profile",
        "WARC-Identified-Payload-Type", "WARC-Segment-Number", "WARC-Segment-Origin-ID",
        "WARC-Segment-Total-Length",
    )
}  # fmt: skip
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS_LINE = re.compile(rb"(HTTP/\d(?:\.\d)?) +(-?\d{1,9})(?: |$)", re.I)
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z")
_SIGNED_IN = re.compile(r"^(https?://)[^/?#]*@", re.I)
"""The beginning of an address with a user's name, and perhaps the password."""
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange read back from a WARC. `body` still carries its content encoding.

    Headers are decoded as UTF-8 where they are, and as Latin-1 otherwise.
    """

    url: str
    fetched_at: str
    status: int
    headers: Headers
    body: bytes
    protocol: str = "HTTP/1.1"

    def header(self, name: str) -> str | None:
        """The first header of that name, letter case ignored."""
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)


# -- digests ------------------------------------------------------------------------------------


def digest(data: bytes) -> str:
    """SHA-1 as WARC tools write it: `sha1:` and Base32."""
    found = hashlib.sha1(data, usedforsecurity=False).digest()
    return "sha1:" + base64.b32encode(found).decode("ascii")


def agrees(declared: str, data: bytes) -> bool | None:
    """Whether data has the digest that a record declares; None for an algorithm unknown here."""
    algorithm, _, value = declared.partition(":")
    try:
        found = hashlib.new(algorithm.strip().lower().replace("-", ""), usedforsecurity=False)
        found.update(data)
        raw = found.digest()
    except (ValueError, TypeError):
        return None
    value = value.strip().rstrip("=")
    return (
        value.lower() == raw.hex()
        or value.upper() == base64.b32encode(raw).decode("ascii").rstrip("=")
        or value == base64.b64encode(raw).decode("ascii").rstrip("=")
    )


# -- putting together ---------------------------------------------------------------------------


def build(kind: str, fields: Iterable[tuple[str, str]], block: bytes) -> bytes:
    """A whole record, uncompressed."""
    lines = ["WARC/1.1", f"WARC-Type: {kind}", *(f"{name}: {value}" for name, value in fields)]
    head = "\r\n".join([*lines, f"Content-Length: {len(block)}", "", ""]).encode()
    return b"".join((head, block, END))


def http_head(status: int, headers: Iterable[tuple[str, str]], protocol: str) -> bytes:
    """Status line and headers as bytes; `headers` are bytes decoded as Latin-1, or as UTF-8."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    lines = [f"{protocol} {status:03d} {phrase}".rstrip(), *(f"{n}: {v}" for n, v in headers)]
    # A line break inside of a value would begin another header, or end them all.
    return b"\r\n".join(_bytes(re.sub(r"[\r\n]+", " ", line)) for line in lines) + END


def _bytes(line: str) -> bytes:
    try:
        return line.encode("latin-1")
    except UnicodeEncodeError:
        return line.encode("utf-8", "replace")


def plain_url(url: str) -> str:
    """An address as a WARC may hold it: RFC 3986, in ASCII."""
    return url if url.isascii() and url.isprintable() else quote(url, safe=_PRINTABLE)


def knowledge_type(part: str, *, imported: bool = False) -> str:
    """The content type of a `metadata` record of ours, by what kind of knowledge it holds, and whose."""
    return f"{_KNOWLEDGE}{part}{_IMPORTED if imported else ''}"


def knowledge_in(content_type: str | None) -> str | None:
    """What kind of knowledge a `metadata` record holds; None where it is none of ours."""
    found = (content_type or "").removeprefix(_KNOWLEDGE)
    part = found.removesuffix(_IMPORTED)
    return part if found != content_type and part.isalpha() else None


def with_fields(fields: Iterable[tuple[str, str]], content: bytes) -> bytes:
    """A payload of knowledge: `name: value` a line, an empty line, the content as it came."""
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return head.encode() + b"\r\n" + content


# -- taking apart -------------------------------------------------------------------------------


def head_end(data: bytes, start: int = 0) -> int:
    """Where the first empty line behind `start` ends, which ends a head; 0 for none."""
    found = _HEAD_END.search(data, start)
    return found.end() if found else 0


def parse_head(head: bytes) -> dict[str, str]:
    """Fields of a record's head by name, in the standard's spelling; the first of several.

    Raises ValueError where it is none.
    """
    lines = head.splitlines()
    if not lines or not lines[0].startswith(b"WARC/"):
        raise ValueError("no WARC record here")
    fields: dict[str, str] = {}
    for name, value in _pairs(lines[1:]):
        fields.setdefault(_NAMES.get(name.lower(), name), value)
    return fields


def fields_of(payload: bytes) -> tuple[dict[str, str], bytes]:
    """Fields and content of a payload of knowledge."""
    end = head_end(payload) or len(payload)
    return dict(_pairs(payload[:end].splitlines())), payload[end:]


def content_length(fields: dict[str, str]) -> int:
    """Bytes of a record's block. Raises ValueError where the field is missing or no number."""
    value = fields.get("Content-Length", "")
    if not (value.isascii() and value.isdigit() and len(value) < 16):
        raise ValueError("it does not say how long it is")
    return int(value)


def moment(date: str) -> str:
    """`WARC-Date` in the archive's spelling of moments. Raises ValueError for what is no date."""
    found = _MOMENT.fullmatch(date)
    parsed = datetime.fromisoformat(f"{found[1]}+00:00" if found else date)
    if parsed.tzinfo is None:
        raise ValueError("a date without a time zone")
    if not 1990 <= parsed.year < 9999:  # others cannot be told in every time zone
        raise ValueError("a date of no time that had newspapers in the web")
    return f"{found[1]}Z" if found else utc(parsed)


def bracketed(record_id: str) -> str:
    """A record's id in angle brackets, which not every program writes, in plain characters."""
    record_id = printable(record_id)
    return record_id if record_id.startswith("<") or not record_id else f"<{record_id}>"


def printable(text: str) -> str:
    """A text of one line whose other characters (controls, marks of direction) are percent-encoded."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else quote(c, errors="surrogatepass") for c in text)


def clean_address(uri: str) -> str:
    """`WARC-Target-URI` as an address may be kept: no brackets, control characters or password."""
    url = printable(uri.removeprefix("<").removesuffix(">"))
    return _SIGNED_IN.sub(r"\1", url)


def parse_http(block: bytes) -> tuple[str, int, Headers, bytes]:
    """Protocol, status, headers and payload of an HTTP response. Raises ValueError for anything else."""
    end = head_end(block) or len(block)
    lines = block[:end].splitlines()
    found = _STATUS_LINE.match(lines[0]) if lines else None
    if not found:
        raise ValueError("no HTTP response in it")
    return found[1].decode().upper(), int(found[2]), list(_pairs(lines[1:])), block[end:]


def _pairs(lines: list[bytes]) -> Iterable[tuple[str, str]]:
    pairs: Headers = []
    for line in lines:
        if line[:1] in (b" ", b"\t") and pairs:  # a folded line (RFC 9112 §5.2)
            name, value = pairs[-1]
            pairs[-1] = (name, f"{value} {_text(line).strip()}".strip())
            continue
        name, colon, value = _text(line).partition(":")
        if colon:
            pairs.append((name.strip(), value.strip()))
    return pairs


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def is_chunked(headers: Headers) -> bool:
    """Whether the body was kept with its chunk sizes in between (RFC 9112 §7.1)."""
    return any(n.lower() == "transfer-encoding" and "chunked" in v.lower() for n, v in headers)


def join_chunks(body: bytes) -> bytes | None:
    """A chunked body in one piece; None where it is not chunked, whatever its headers say."""
    pieces: list[bytes] = []
    at = 0
    while found := _CHUNK_SIZE.match(body, at):
        size = int(found[1], 16)
        at = found.end()
        if size == 0:
            return b"".join(pieces)
        pieces.append(body[at : at + size])
        if len(pieces[-1]) < size:
            return None
        at += size
        at += 2 if body.startswith(b"\r\n", at) else 1
    return None
