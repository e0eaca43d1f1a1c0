"""decoding: Content-Encoding undone: whole or not at all, and never beyond the size limit."""

from __future__ import annotations

import codecs
import re
import sys
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import brotli  # type: ignore[import-untyped]

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ACCEPTED = "gzip, deflate, br, zstd"
"""What can be undone, as `Accept-Encoding` says it."""
MAX_LAYERS = 3
"""Encodings on top of each other; nobody honest needs more than two."""
MAX_MEMBERS = 1000
"""Gzip members or zstd frames in one body."""
_SLICE = 1 << 16
_ZSTD_WINDOW = 23
"""log2 of the memory a zstd frame may ask for: 8 MB, the limit for HTTP (RFC 9659)."""
_GZIP_MAGIC = b"\x1f\x8b\x08"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


class Undecodable(Exception):
    """The body is cut short or damaged; what could be read of it is no page."""


class TooLarge(Undecodable):
    """The body unpacks to more than the limit."""


def decode(body: bytes, encodings: Sequence[str] = (), *, max_size: int) -> bytes:
    """Undo `Content-Encoding` (RFC 9110 §8.4), and gzip that was not declared.

    `encodings` are the header's values, in the order they were applied. A plain body that calls
    itself compressed comes back as it is. Raises `Undecodable` for damage, and `TooLarge` beyond
    `max_size` bytes.
    """
    names = [name.strip().lower() for value in encodings for name in value.split(",")]
    codings = [_DECODERS[name] for name in names if name in _DECODERS]
    if len(codings) > MAX_LAYERS:
        raise Undecodable(f"{len(codings)} content encodings on top of each other")
    for coding in reversed(codings):
        body = _undo(coding, body, max_size)
    for _ in range(MAX_LAYERS):
        if not body.startswith(_GZIP_MAGIC):
            break
        body = _undo(_gunzip, body, max_size)
    return body


def _undo(coding: Callable[[bytes, int], bytes], body: bytes, max_size: int) -> bytes:
    if not body:
        return body
    try:
        return coding(body, max_size)
    except TooLarge:
        raise
    except (zlib.error, brotli.error, zstd.ZstdError, Undecodable) as error:
        # A server that labels everything it sends: browsers fail, but the text is all there.
        if _is_plain(body[:1024]):
            return body
        raise Undecodable(f"damaged or cut short ({error})") from None


def _is_plain(head: bytes) -> bool:
    if _BINARY.search(head) or head.startswith(_ZSTD_MAGIC):
        return False
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"{", b"[")):
        return True
    with suppress(UnicodeDecodeError):
        codecs.getincrementaldecoder("utf-8")().decode(head)
        return True
    return False


def _gunzip(body: bytes, max_size: int) -> bytes:
    return _unpack(body, partial(zlib.decompressobj, 31), max_size, _GZIP_MAGIC)


def _inflate(body: bytes, max_size: int) -> bytes:
    try:
        return _unpack(body, zlib.decompressobj, max_size)
    except zlib.error:  # some servers leave the zlib header out (RFC 9110 §8.4.1.2)
        return _unpack(body, partial(zlib.decompressobj, -15), max_size)


def _unzstd(body: bytes, max_size: int) -> bytes:
    options: Any = {zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW}
    return _unpack(body, partial(zstd.ZstdDecompressor, options=options), max_size, _ZSTD_MAGIC)


def _unpack(
    body: bytes, decompressor: Callable[[], Any], max_size: int, magic: bytes = b""
) -> bytes:
    """Every member that begins with `magic`; junk behind the last one is ignored, as gzip(1) does."""
    out = bytearray()
    at = 0
    for _ in range(MAX_MEMBERS):
        member = decompressor()
        while not member.eof:
            if at >= len(body):
                raise Undecodable("the end is missing")
            # In slices: what is left over is copied, so one long piece would cost its square.
            piece = body[at : at + _SLICE]
            at += len(piece)
            out += member.decompress(piece, max_length=max_size - len(out) + 1)
            _check(out, max_size)
        at -= len(member.unused_data)
        if not magic or not body.startswith(magic, at):
            return bytes(out)
    raise Undecodable(f"more than {MAX_MEMBERS} parts")


def _unbrotli(body: bytes, max_size: int) -> bytes:
    decompressor = brotli.Decompressor()
    out = bytearray()
    piece = body
    while not decompressor.is_finished():
        unpacked = decompressor.process(piece, output_buffer_limit=_SLICE)
        if not unpacked and not decompressor.is_finished():
            raise Undecodable("the end is missing")
        out += unpacked
        _check(out, max_size)
        piece = b""
    return bytes(out)


def _check(out: bytearray, max_size: int) -> None:
    if len(out) > max_size:
        raise TooLarge(f"unpacks to more than {max_size} bytes")


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
