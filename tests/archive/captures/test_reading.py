"""Reading: one record by its place, or whole files of any origin; honest about damage."""

from __future__ import annotations

import gzip
import random
import tracemalloc
import zlib
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.captures import (
    IDENTICAL,
    NOT_MODIFIED,
    Record,
    dictionaries,
    payload_digest,
    read_capture,
    read_record,
    read_records,
    reading,
)
from archive.captures.dictionaries import Dictionary
from archive.errors import ArchiveError
from tests.archive.building import HOME, START
from tests.archive.captures.making import (
    PAGE,
    SERVED,
    SITE,
    members,
    record,
    response,
    site_page,
    write,
    write_site,
    writer,
)


def test_a_capture_that_is_not_there(tmp_path: Path) -> None:
    written = write(tmp_path, 1)[0]
    with pytest.raises(ArchiveError, match="No such file"):
        read_capture(tmp_path, "warc/aqbulaq/none.warc.gz", 0)
    for offset in (0, 7, written.warc_offset + 1, 10**9):  # 0 is the warcinfo record
        with pytest.raises(ArchiveError, match=f"record at byte {offset} cannot be read") as caught:
            read_capture(tmp_path, written.warc, offset)
        assert "\n" not in str(caught.value)
        assert caught.value.exit_code == 5


def test_a_capture_cut_short_is_never_half_read(tmp_path: Path) -> None:
    written = write(tmp_path, 1, body=bytes(n * n % 251 for n in range(3_000)))[0]
    path = tmp_path / written.warc
    raw = path.read_bytes()
    whole = read_capture(tmp_path, written.warc, written.warc_offset)
    for size in range(written.warc_offset, len(raw), 3):
        path.write_bytes(raw[:size])
        try:
            assert read_capture(tmp_path, written.warc, written.warc_offset) == whole
        except ArchiveError:
            continue


def test_a_damaged_capture_is_never_believed(tmp_path: Path) -> None:
    written = write(tmp_path, 1)[0]
    path = tmp_path / written.warc
    raw = path.read_bytes()
    whole = read_capture(tmp_path, written.warc, written.warc_offset)
    noticed = 0
    places = range(written.warc_offset, len(raw), 2)
    for position in places:
        damaged = bytearray(raw)
        damaged[position] ^= 0x55
        path.write_bytes(damaged)
        try:
            assert read_capture(tmp_path, written.warc, written.warc_offset).body == whole.body
        except ArchiveError:
            noticed += 1
    assert noticed > 0.9 * len(places)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.booleans(), st.integers(0, 50))
def test_reading_noise_gives_an_archive_error(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, packed: bool, offset: int
) -> None:
    folder = tmp_path_factory.mktemp("noise")
    head = b"WARC/1.1\r\nWARC-Type: response\r\nContent-Length: 20\r\n\r\n" if packed else b""
    (folder / "x").write_bytes(gzip.compress(head + noise) if packed else noise)
    try:
        exchange = read_capture(folder, "x", 0 if packed else offset)
    except ArchiveError:
        return
    assert exchange.status  # noise that happens to be a response


# -- revisits ------------------------------------------------------------------------------------


def test_a_revisit_is_resolved_by_whoever_knows(tmp_path: Path) -> None:
    to = writer(tmp_path)
    whole = to.write(HOME, 200, SERVED, PAGE, START)
    later = START + timedelta(days=40)
    again = to.write(HOME, 200, SERVED, PAGE, later, refers_to=whole, profile=IDENTICAL)
    to.close()
    asked: list[str] = []

    def resolve(record_id: str) -> tuple[str, int]:
        asked.append(record_id)
        return whole.warc, whole.warc_offset

    assert read_capture(tmp_path, again.warc, again.warc_offset, resolve).body == PAGE
    assert asked == [whole.record_id]
    # Without a database the site's own files tell.
    assert again.warc != whole.warc
    assert read_capture(tmp_path, again.warc, again.warc_offset).body == PAGE


def test_a_revisit_of_what_is_not_there_or_has_changed(tmp_path: Path) -> None:
    to = writer(tmp_path)
    whole = to.write(HOME, 200, SERVED, PAGE, START)
    other = to.write(HOME, 200, SERVED, PAGE + b"!", START)
    again = to.write(HOME, 200, SERVED, PAGE, START, refers_to=whole, profile=IDENTICAL)
    to.close()
    with pytest.raises(ArchiveError, match="is not here"):
        read_capture(tmp_path, again.warc, again.warc_offset, lambda _: None)
    with pytest.raises(ArchiveError, match="other content"):
        read_capture(
            tmp_path, again.warc, again.warc_offset, lambda _: (other.warc, other.warc_offset)
        )
    with pytest.raises(ArchiveError, match="other content"):  # never around in circles
        read_capture(
            tmp_path, again.warc, again.warc_offset, lambda _: (again.warc, again.warc_offset)
        )
    assert whole.warc == again.warc


# -- whole files ---------------------------------------------------------------------------------


@cache
def dictionary() -> Dictionary:
    found = dictionaries.train([record(response(site_page(n))) for n in range(80)])
    assert found is not None
    return found


def packed(records: list[bytes]) -> bytes:
    """A `.warc.zst` as the IIPC's specification has it."""
    known = dictionary()
    return known.frame + b"".join(known.compress(one) for one in records)


FORMS: dict[str, Callable[[list[bytes]], bytes]] = {
    "x.warc": b"".join,
    "x.warc.gz": members,
    "whole.warc.gz": lambda records: gzip.compress(b"".join(records)),
    "blocks.warc.gz": lambda records: members(_slices(b"".join(records), 700)),
    "dictionary.warc.zst": packed,
    "none.warc.zst": lambda records: b"".join(dictionaries.compress(one) for one in records),
    "frames.warc.zst": lambda records: packed([s for one in records for s in _slices(one, 300)]),
    "extension.warc.zst": lambda records: (
        packed(records[:1])
        + b"\x50\x2a\x4d\x18\x03\0\0\0abc"
        + packed(records[1:])[len(dictionary().frame) :]
    ),
}
ALONE = ["x.warc", "x.warc.gz", "dictionary.warc.zst", "none.warc.zst", "frames.warc.zst"]
"""Forms in which each record can be read by itself."""


def _slices(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def some_records(number: int = 4) -> list[bytes]:
    info = record(b"software: x\r\n", "warcinfo", None, Content_Type="application/warc-fields")
    return [
        info,
        *(
            record(
                response(site_page(n), "Server: x"), url=f"{HOME}{n}", WARC_Record_ID=f"<urn:{n}>"
            )
            for n in range(number)
        ),
    ]


def read_bytes(folder: Path, data: bytes, name: str = "x.warc") -> list[Record]:
    (folder / name).write_bytes(data)
    return list(read_records(folder / name))


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_file(tmp_path: Path, name: str) -> None:
    records = some_records()
    info, *found = read_bytes(tmp_path, FORMS[name](records), name)
    assert (info.type, info.url, info.exchange, info.error) == ("warcinfo", None, None, None)
    assert [r.error for r in found] == [None] * 4
    for number, one in enumerate(found):
        assert (one.type, one.url, one.record_id) == (
            "response",
            f"{HOME}{number}",
            f"<urn:{number}>",
        )
        assert one.date == "2016-12-03T05:06:07Z"
        assert one.exchange is not None
        assert one.exchange.body == site_page(number)
        assert one.exchange.headers == [("Server", "x")]
        assert (one.payload_digest, one.is_intact) == (payload_digest(site_page(number)), None)
        if name in ALONE:
            assert read_record(tmp_path, name, one.offset) == records[number + 1]
            assert read_capture(tmp_path, name, one.offset) == one.exchange
    if name in ALONE:
        places = [(r.offset, r.length) for r in [info, *found]]
        ends = [offset + length for offset, length in places]
        assert [offset for offset, _ in places[1:]] == ends[:-1]
        assert ends[-1] == (tmp_path / name).stat().st_size
    elif name != "extension.warc.zst":
        assert [r.length for r in found[:-1]] == [0] * 3


def test_what_newsbot_writes(tmp_path: Path) -> None:
    written = write_site(tmp_path, 5)
    info, *found = read_records(tmp_path / written[0].warc)
    assert info.type == "warcinfo"
    for capture, one in zip(written, found, strict=True):
        assert (one.offset, one.length, one.record_id, one.url, one.date) == (
            capture.warc_offset,
            capture.warc_length,
            capture.record_id,
            capture.url,
            capture.fetched_at,
        )
        assert one.payload_digest == one.declared_digest == capture.payload_digest
        assert one.is_intact is True


def test_an_empty_file(tmp_path: Path) -> None:
    assert read_bytes(tmp_path, b"") == []
    assert read_bytes(tmp_path, b"", "x.warc.gz") == []
    with pytest.raises(OSError, match="No such file"):
        list(read_records(tmp_path / "none"))


# -- what other programs write -------------------------------------------------------------------


def only(folder: Path, data: bytes) -> Record:
    (found,) = read_bytes(folder, data)
    return found


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"WARC_Target_URI": "<https://a.kz/1>"}, ("url", "https://a.kz/1")),  # wget
        ({"WARC_Record_ID": "urn:uuid:1"}, ("record_id", "<urn:uuid:1>")),
        ({"WARC_Date": "2016-12-03T05:06:07.123456Z"}, ("date", "2016-12-03T05:06:07Z")),
        ({"WARC_Date": "2016-12-03T11:06:07+06:00"}, ("date", "2016-12-03T05:06:07Z")),
        ({"WARC_Date": "yesterday"}, ("error", "Invalid isoformat string: 'yesterday'")),
        ({"WARC_Date": "2016-12-03T05:06:07"}, ("error", "a date without a time zone")),
        (
            {"WARC_Segment_Number": "1"},
            ("error", "one piece of a record that was cut into several"),
        ),
        ({"WARC_Payload_Digest": payload_digest(PAGE)}, ("is_intact", True)),
        ({"WARC_Payload_Digest": payload_digest(PAGE)[:-1] + "="}, ("is_intact", False)),
        ({"WARC_Payload_Digest": "sha3:abc"}, ("is_intact", None)),
        ({"version": "0.18"}, ("error", None)),
        ({"warc_date": "2001-01-01T00:00:00Z"}, ("date", "2016-12-03T05:06:07Z")),  # the first
    ],
)
def test_fields(tmp_path: Path, fields: dict[str, str], expected: tuple[str, object]) -> None:
    found = only(tmp_path, record(response(PAGE), **fields))  # type: ignore[arg-type]
    assert getattr(found, expected[0]) == expected[1]


def test_bare_line_feeds(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(
        b"WARC/1.0\nwarc-type: RESPONSE\nWARC-Target-URI: http://a.kz/\n"
        b"WARC-Date: 2016-12-03T05:06:07Z\nContent-Length: 28\n\n"
        b"http/1.0 200\nA: 1\n  2\n\nabcde\n\n"
    )
    (found,) = read_records(tmp_path / "x")
    assert (found.type, found.error) == ("response", None)
    assert found.exchange is not None
    assert (found.exchange.headers, found.exchange.body) == ([("A", "1 2")], b"abcde")
    assert found.exchange.protocol == "HTTP/1.0"


@pytest.mark.parametrize("declared", ["abc\r\nde", "joined", "4;x=y\r\nabc\r\n"])
def test_chunks(tmp_path: Path, declared: str) -> None:
    chunked = b"5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    block = response(chunked, "Transfer-Encoding: chunked", "A: b")
    both = [payload_digest(chunked), payload_digest(b"hello world")]
    for digest in both:
        found = only(tmp_path, record(block, WARC_Payload_Digest=digest))
        assert found.exchange is not None
        assert (found.exchange.headers, found.exchange.body) == ([("A", "b")], b"hello world")
        assert (found.payload_digest, found.is_intact) == (both[1], True)
    # Chunked in name only.
    found = only(tmp_path, record(response(declared.encode(), "Transfer-Encoding: chunked")))
    assert found.exchange is not None
    assert found.exchange.body == declared.encode()


def test_records_that_hold_no_exchange(tmp_path: Path) -> None:
    blocks = [
        record(b"GET / HTTP/1.1\r\n\r\n", "request"),
        record(b"a: b", "metadata"),
        record(b"x", "conversion"),
        record(b"127.0.0.1", "response", "dns:a.kz"),
        record(b"", "revisit"),
    ]
    found = read_bytes(tmp_path, b"".join(blocks))
    assert [(r.exchange, r.error) for r in found] == [(None, None)] * 5
    page = only(tmp_path, record(PAGE, "resource", Content_Type="text/html"))
    assert page.exchange is not None
    assert (page.exchange.status, page.exchange.body) == (200, PAGE)
    assert page.exchange.header("content-type") == "text/html"
    assert only(tmp_path, record(b"what?")).error == "no HTTP response in it"


def test_a_revisit_has_no_payload_of_its_own(tmp_path: Path) -> None:
    block = response(b"", "ETag: 1", status="304 Not Modified")
    found = only(tmp_path, record(block, "revisit", WARC_Profile=NOT_MODIFIED))
    assert found.exchange is not None
    assert (found.exchange.status, found.exchange.body, found.payload_digest) == (304, b"", None)


# -- too large -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["x.warc", "x.warc.gz", "whole.warc.gz", "none.warc.zst"])
def test_a_record_that_is_too_large_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(reading, "MAX_BLOCK", 5_000_000)
    huge = record(response(bytes(6_000_000)), url=f"{HOME}huge")
    records = [*some_records(1), huge, *some_records(2)]
    found = read_bytes(tmp_path, FORMS[name](records), name)
    assert [r.error for r in found] == [None, None, "larger than 4 MB", None, None, None]
    assert (found[2].url, found[2].exchange) == (f"{HOME}huge", None)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """300 MB in one gzip member, and a record of 200 MB."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    with (tmp_path / "x.warc.gz").open("wb") as out:
        for _ in range(100):
            out.write(packer.compress(record(response(bytes(1_000_000)))))
        head = record(b"", length=200_000_000)[:-4]
        out.write(packer.compress(head + bytes(200_000_000) + b"\r\n\r\n") + packer.flush())
    tracemalloc.start()
    errors = [record.error for record in read_records(tmp_path / "x.warc.gz")]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert errors == [None] * 100 + ["larger than 64 MB"]
    assert peak < 12_000_000


# -- damage in files -----------------------------------------------------------------------------


def bodies(found: list[Record]) -> list[bytes]:
    return [r.exchange.body for r in found if r.exchange and not r.error]


@pytest.mark.parametrize("name", ["x.warc", "x.warc.gz", "dictionary.warc.zst"])
def test_a_damaged_record_is_named_and_the_others_are_read(tmp_path: Path, name: str) -> None:
    data = FORMS[name](some_records(5))
    whole = read_bytes(tmp_path, data, name)
    chosen = random.Random(5)
    for damaged in range(1, 6):
        victim = whole[damaged]
        for _ in range(40):
            changed = bytearray(data)
            place = victim.offset + chosen.randrange(victim.length)
            changed[place] ^= chosen.randrange(1, 256)
            found = read_bytes(tmp_path, bytes(changed), name)
            others = [r for r in found if not r.error and r.offset != victim.offset]
            assert len(others) >= 5 - (name == "x.warc"), place
            assert [r.offset for r in found] == sorted(r.offset for r in found)
            wrong = [r for r in found if r.error]
            if name != "x.warc":
                # What verify cannot see here (headers of members), the seals see.
                assert len(wrong) <= 1
                assert all((r.offset, r.length) == (victim.offset, victim.length) for r in wrong)
    assert bodies(whole) == [site_page(n) for n in range(5)]


def test_a_damaged_record_tells_its_address_where_it_can(tmp_path: Path) -> None:
    for name in ("x.warc.gz", "dictionary.warc.zst"):
        data = bytearray(FORMS[name](some_records()))
        victim = read_bytes(tmp_path, bytes(data), name)[2]
        data[victim.offset + victim.length - 3] ^= 0xFF
        found = read_bytes(tmp_path, bytes(data), name)
        (wrong,) = [r for r in found if r.error]
        assert wrong.exchange is None
        assert (wrong.record_id, wrong.url) in [(victim.record_id, victim.url), ("", None)]
        if name == "x.warc.gz":
            assert wrong.url == victim.url
        with pytest.raises(ArchiveError, match="damaged"):
            read_capture(tmp_path, name, victim.offset)


@pytest.mark.parametrize("name", FORMS)
def test_a_file_cut_anywhere(tmp_path: Path, name: str) -> None:
    data = FORMS[name](some_records())
    whole = read_bytes(tmp_path, data, name)
    start = len(dictionary().frame) if name.endswith("zst") and name != "none.warc.zst" else 0
    for size in range(start, len(data), 97):
        found = read_bytes(tmp_path, data[:size], name)
        sound = [r for r in found if not r.error]
        assert sound == whole[: len(sound)]
        assert len(found) <= len(sound) + 1


@pytest.mark.parametrize("change", [b"Content-Length: 9", b"Content-Length: 1", b"X"])
def test_a_wrong_length_costs_one_record(tmp_path: Path, change: bytes) -> None:
    records = some_records()
    at = records[2].index(b"Content-Length: ")
    records[2] = records[2][:at] + change + records[2][at + len(change) :]
    found = read_bytes(tmp_path, b"".join(records))
    assert [r.url for r in found if r.exchange] == [f"{HOME}0", f"{HOME}2", f"{HOME}3"]
    assert [r.error for r in found if r.error]


def test_junk_before_between_and_behind(tmp_path: Path) -> None:
    a, b, c = some_records(2)
    found = read_bytes(
        tmp_path, b"junk" + a + b"\r\n\r\n\r\n" + b + b"more junk\r\n" + c + b"\0" * 99
    )
    assert [(r.type, r.url) for r in found if not r.error] == [
        ("warcinfo", None),
        ("response", f"{HOME}0"),
        ("response", f"{HOME}1"),
    ]
    assert len([r for r in found if r.error]) == 3
    for name in ("x.warc.gz", "dictionary.warc.zst"):
        pieces = [FORMS[name]([one]) for one in (a, b)]
        junk = bytes(range(256)) * 40
        found = read_bytes(tmp_path, pieces[0] + junk + pieces[1], name)
        assert [r.error is None for r in found] == [True, False, True]


def test_a_damaged_dictionary_is_replaced_by_its_copy(tmp_path: Path) -> None:
    name = f"{SITE}-2026-11.warc.zst"
    data = packed(some_records())
    dictionaries.keep_copy(tmp_path, SITE, dictionary())
    whole = read_bytes(tmp_path, data, name)
    for place in [*range(9), 12, 13, 500, len(dictionary().frame) - 1]:
        changed = bytearray(data)
        changed[place] ^= 0x41
        first, *found = read_bytes(tmp_path, bytes(changed), name)
        assert first.error is not None, place
        assert "dictionary at its head is damaged" in first.error
        assert (first.offset, first.length) == (0, len(dictionary().frame))
        assert found == whole
        for one in whole[1:]:
            assert read_capture(tmp_path, name, one.offset) == one.exchange
    for copy in tmp_path.glob("*.dict.zst"):
        copy.unlink()
    lost = read_bytes(tmp_path, bytes(changed), name)
    assert all(r.error for r in lost)
    with pytest.raises(ArchiveError):
        read_capture(tmp_path, name, whole[1].offset)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(FORMS)), st.data())
def test_nothing_in_a_file_raises(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("any")
    content = bytearray(FORMS[name](some_records(2)))
    for _ in range(data.draw(st.integers(0, 5))):
        start = data.draw(st.integers(0, len(content)))
        end = start + data.draw(st.integers(0, 200))
        content[start:end] = data.draw(st.binary(max_size=100))
    found = read_bytes(folder, bytes(content), name)
    assert all(r.error or r.exchange or r.type for r in found)
    for one in found:
        try:
            read_capture(folder, name, one.offset)
        except ArchiveError:
            continue


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        [b"", b"WARC/1.0\r\n", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\x5d\x2a\x4d\x18"]
    ),
    st.binary(max_size=300),
)
def test_noise(tmp_path_factory: pytest.TempPathFactory, head: bytes, noise: bytes) -> None:
    folder = tmp_path_factory.mktemp("noise")
    for name in ("x.warc", "x.warc.gz", "x.warc.zst"):
        found = read_bytes(folder, head + noise, name)
        assert len(found) <= 2 + noise.count(b"WARC/")
