"""cdxj: an index of captures as replay tools read it: sorted lines, in compressed blocks (ZipNum).

CDXJ: `urlkey timestamp {json}` a line, as pywb and the WACZ specification have it. The key is a SURT
(Sort-friendly URI Reordering Transform) in the spelling of the Internet Archive's tools.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Self
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

BLOCK = 1024
"""Lines in one compressed block."""
FILENAME = "index.cdx.gz"
_WWW = re.compile(r"^www\d*\.(?=.)")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) != "#")
_SESSION = re.compile(
    r"^(?:jsessionid|phpsessid|sid|aspsessionid[a-z]{8})=[0-9a-z]{24,32}$|^cfid=[^&]+$", re.I
)


def surt(url: str) -> str:
    """The sort key of an address: `https://www.gazet.kz/A/?b=2&a` → `kz,gazet)/a?a&b=2`.

    Scheme, `www`, letter case, the order of parameters and a slash at the end do not count. What is
    no web address comes back as it is.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
        if parts.scheme not in _DEFAULT_PORTS or not host:
            return url
    except ValueError:
        return url
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return url
    host = _WWW.sub("", host.rstrip("."))
    key = ",".join(reversed(host.split("."))) if ":" not in host else host
    if port not in (None, _DEFAULT_PORTS[parts.scheme]):
        key += f":{port}"
    path = _plain_path(_unescaped(parts.path)).lower()
    pairs = sorted(
        pair for pair in _unescaped(parts.query).lower().split("&") if not _SESSION.match(pair)
    )
    query = "&".join(pairs)
    return f"{key}){path}" + (f"?{query}" if query else "")


def _unescaped(text: str) -> str:
    """Percent-encoding undone until nothing changes, then put back where it has to be."""
    raw = text.encode("utf-8", "surrogateescape")
    while (again := unquote_to_bytes(raw)) != raw:
        raw = again
    return quote_from_bytes(raw, safe=_SAFE)


def _plain_path(path: str) -> str:
    out: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            out = out[:-1]
        elif segment not in ("", "."):
            out.append(segment)
    return "/" + "/".join(out)


def timestamp(moment: str) -> str:
    """`2026-11-22T08:00:00Z` as 14 digits."""
    return re.sub(r"\D", "", moment)[:14]


class Lines:
    """Lines of an index, sorted by their bytes on disk rather than in memory."""

    def __init__(self) -> None:
        # An empty name makes SQLite keep the table in a temporary file of its own.
        self._db = sqlite3.connect("")
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("CREATE TABLE lines (line TEXT NOT NULL)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def add(self, url: str, moment: str, fields: Mapping[str, Any]) -> None:
        """One capture. `fields` are those of CDXJ: url, mime, status, digest, length, offset, …"""
        # A byte that is no UTF-8 cannot be written, and no address of ours has one.
        line = f"{surt(url)} {timestamp(moment)} {json.dumps(fields)}"
        self._db.execute(
            "INSERT INTO lines VALUES (?)", (line.encode("ascii", "replace").decode(),)
        )

    def __iter__(self) -> Iterator[str]:
        """All lines in the order of their bytes."""
        for (line,) in self._db.execute("SELECT line FROM lines ORDER BY line"):
            yield line


def write_blocks(lines: Lines, out: BinaryIO) -> bytes:
    """Write the compressed index and return its secondary index (`index.idx`)."""
    head = json.dumps({"format": "cdxj-gzip-1.0", "filename": FILENAME})
    idx = [f"!meta 0 {head}"]
    block: list[str] = []
    offset = 0

    def flush() -> None:
        nonlocal offset
        packed = gzipped("".join(f"{line}\n" for line in block).encode())
        out.write(packed)
        where = {"offset": offset, "length": len(packed), "digest": f"sha256:{_sha256(packed)}"}
        idx.append(f"{block[0].partition(' {')[0]} {json.dumps(where)}")
        offset += len(packed)
        block.clear()

    for line in lines:
        block.append(line)
        if len(block) == BLOCK:
            flush()
    if block:
        flush()
    return "".join(f"{line}\n" for line in idx).encode()


def gzipped(data: bytes) -> bytes:
    """One gzip member, without the time of its making."""
    packer = zlib.compressobj(wbits=31)
    return packer.compress(data) + packer.flush()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
