"""Grammar: records put together and taken apart; nothing but ValueError for what is none."""

from __future__ import annotations

import hashlib
from base64 import b32encode, b64encode
from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.captures import grammar

BODY = "Ауылға таза су келді".encode()


def test_digest() -> None:
    assert grammar.digest(b"") == "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"


@pytest.mark.parametrize("algorithm", ["sha1", "SHA-1", "sha256", "sha-512", "md5", "blake2b"])
def test_declared_digests(algorithm: str) -> None:
    raw = hashlib.new(algorithm.lower().replace("-", ""), BODY).digest()
    for spelt in (raw.hex(), raw.hex().upper(), b32encode(raw).decode(), b64encode(raw).decode()):
        assert grammar.agrees(f"{algorithm}:{spelt}", BODY) is True
        assert grammar.agrees(f"{algorithm}:{spelt}", BODY + b"!") is False
    assert grammar.agrees(f"{algorithm}:", BODY) is False


@pytest.mark.parametrize("declared", ["", "sha1", "crc99:1", "shake_128:00", ":x"])
def test_unknown_algorithms(declared: str) -> None:
    assert grammar.agrees(declared, BODY) in (None, False)


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://a.kz/?q=%D0%B0&b=«»", "https://a.kz/?q=%D0%B0&b=%C2%AB%C2%BB"),
        ("https://a.kz/a b\r\nX: y", "https://a.kz/a%20b%0D%0AX:%20y"),
        ("https://a.kz/[1]|{2}%", "https://a.kz/[1]|{2}%"),
    ],
)
def test_addresses_are_ascii(url: str, plain: str) -> None:
    assert grammar.plain_url(url) == plain


def test_headers_cannot_begin_other_headers() -> None:
    head = grammar.http_head(200, [("A", "1\r\n\r\n<html>"), ("B", "\n2")], "HTTP/1.1")
    assert head == b"HTTP/1.1 200 OK\r\nA: 1 <html>\r\nB:  2\r\n\r\n"


def test_headers_keep_their_bytes() -> None:
    given = [("A", BODY.decode("latin-1")), ("B", "caf\xe9"), ("C", BODY.decode())]
    head = grammar.http_head(299, given, "HTTP/2")
    assert head == b"HTTP/2 299\r\nA: " + BODY + b"\r\nB: caf\xe9\r\nC: " + BODY + b"\r\n\r\n"
    protocol, status, headers, body = grammar.parse_http(head + b"x")
    assert (protocol, status, body) == ("HTTP/2", 299, b"x")
    assert headers == [("A", BODY.decode()), ("B", "caf\xe9"), ("C", BODY.decode())]


names = st.from_regex(r"[A-Za-z][A-Za-z-]{0,12}", fullmatch=True)
values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20)


@given(st.lists(st.tuples(names, values), max_size=6), st.binary(max_size=200))
def test_what_is_built_is_parsed(fields: list[tuple[str, str]], block: bytes) -> None:
    record = grammar.build("metadata", [(f"X-{name}", value) for name, value in fields], block)
    end = grammar.head_end(record)
    parsed = grammar.parse_head(record[:end])
    length = grammar.content_length(parsed)
    assert record[end:] == block + grammar.END
    assert length == len(block)
    assert parsed["WARC-Type"] == "metadata"
    first = dict(reversed([(f"X-{name}", value) for name, value in fields]))
    assert {n: v for n, v in parsed.items() if n.startswith("X-")} == first


@given(st.binary(max_size=200), st.text(max_size=30))
def test_nothing_but_value_errors(data: bytes, text: str) -> None:
    for head in (data, b"WARC/1.1\r\n" + data, b"HTTP/1.1 200 OK\r\n" + data):
        with suppress(ValueError):
            grammar.parse_head(head)
        with suppress(ValueError):
            grammar.parse_http(head)
    with suppress(ValueError):
        assert datetime.fromisoformat(grammar.moment(text)).tzinfo
    with suppress(ValueError):
        assert grammar.content_length({"Content-Length": text}) >= 0
    grammar.agrees(text, data)
    joined = grammar.join_chunks(data)
    assert joined is None or len(joined) < len(data)


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=5))
def test_chunks_are_joined(chunks: list[bytes]) -> None:
    sent = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    assert grammar.join_chunks(sent + b"0\r\nTrailer: x\r\n\r\n") == b"".join(chunks)
    assert grammar.join_chunks(sent) is None
