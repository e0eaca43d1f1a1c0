"""A body comes out whole, comes out as it went in, or does not come out."""

from __future__ import annotations

import gzip
import sys
import tracemalloc
import zlib
from contextlib import suppress

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.visit.decoding import TooLarge, Undecodable, decode

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACKERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}
MAX = 1 << 20
TEXT = "<!DOCTYPE html><p>Өзен жағасындағы ауылда су тасқынына дайындық басталды.</p>".encode() * 40


@pytest.mark.parametrize("coding", PACKERS)
@given(body=st.binary(max_size=3000))
def test_round_trip(coding: str, body: bytes) -> None:
    if not body.startswith(b"\x1f\x8b\x08"):  # else it would be undeclared gzip
        assert decode(PACKERS[coding](body), [coding.upper()], max_size=MAX) == body


@pytest.mark.parametrize("coding", PACKERS)
def test_any_cut_is_noticed(coding: str) -> None:
    packed = PACKERS[coding](TEXT)
    for end in range(3, len(packed)):
        with pytest.raises(Undecodable):
            decode(packed[:end], [coding], max_size=MAX)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])  # those with a checksum
@given(place=st.integers(0), change=st.integers(1, 255))
def test_damage_is_never_a_page(coding: str, place: int, change: int) -> None:
    packed = bytearray(PACKERS[coding](TEXT))
    packed[place % len(packed)] ^= change
    with suppress(Undecodable):
        # Header bytes without meaning for the text may change; then the text is right.
        assert decode(bytes(packed), [coding], max_size=MAX) in (TEXT, bytes(packed))


@pytest.mark.parametrize("coding", [*PACKERS, "", "utf-8", "identity", "none", "compress, x"])
def test_plain_text_under_any_label(coding: str) -> None:
    assert decode(TEXT, [coding], max_size=MAX) == TEXT
    assert decode(b"", [coding], max_size=MAX) == b""


def test_members_layers_and_undeclared() -> None:
    packed = gzip.compress(TEXT, mtime=0)
    halves = gzip.compress(TEXT[:700], mtime=0) + gzip.compress(TEXT[700:])
    assert decode(halves, ["gzip"], max_size=MAX) == TEXT
    assert (
        decode(zstd.compress(TEXT[:700]) + zstd.compress(TEXT[700:]), ["zstd"], max_size=MAX)
        == TEXT
    )
    assert decode(packed + b"\0" * 512, ["gzip"], max_size=MAX) == TEXT
    assert decode(packed, [], max_size=MAX) == TEXT
    assert decode(gzip.compress(packed, mtime=0), ["gzip, gzip"], max_size=MAX) == TEXT
    assert decode(gzip.compress(packed, mtime=0), ["gzip", "gzip"], max_size=MAX) == TEXT
    assert decode(brotli.compress(packed), ["gzip, br"], max_size=MAX) == TEXT
    assert decode(zlib.compress(TEXT)[2:-4], ["deflate"], max_size=MAX) == TEXT
    with pytest.raises(Undecodable):
        decode(TEXT, ["gzip, " * 1000], max_size=MAX)
    with pytest.raises(Undecodable):
        decode(gzip.compress(b"", mtime=0) * 50_000, ["gzip"], max_size=MAX)


@pytest.mark.parametrize("coding", PACKERS)
def test_bombs(coding: str) -> None:
    packed = PACKERS[coding](bytes(60 * MAX))
    tracemalloc.start()
    with pytest.raises(TooLarge):
        decode(packed, [coding], max_size=MAX)
    with pytest.raises(TooLarge):
        decode(PACKERS[coding](packed), [coding, coding], max_size=MAX)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 * MAX
    assert len(decode(PACKERS[coding](bytes(MAX)), [coding], max_size=MAX)) == MAX


@given(st.binary(max_size=300), st.lists(st.sampled_from([*PACKERS, "x", ""]), max_size=5))
def test_anything_else_is_undecodable_or_bytes(body: bytes, codings: list[str]) -> None:
    with suppress(Undecodable):
        assert isinstance(decode(body, codings, max_size=MAX), bytes)
