"""WARC files: as served, readable by others, whole after any crash, and honest about damage."""

from __future__ import annotations

import gzip
import resource
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from archive import captures
from archive.captures import Capture, CaptureWriter, Exchange, cut_torn_tail, read_capture
from archive.errors import ArchiveError
from archive.store import Store
from tests.archive.building import HOME, START, Paper, article, check_whole, open_paper

PAGE = "<!doctype html><title>Ақбұлақ</title><p>Ауылға таза су келді".encode()
SERVED = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Set-Cookie", "a=1"),
    ("Set-Cookie", "b=2"),
    ("X-\xd2", "caf\xe9"),  # bytes of any kind, decoded as Latin-1 as HTTP clients do
]


def writer(folder: Path) -> CaptureWriter:
    return CaptureWriter(folder, "aqbulaq", "newsbot/0.1")


def write(folder: Path, number: int = 3, body: bytes = PAGE) -> list[Capture]:
    to = writer(folder)
    written = [to.write(f"{HOME}{n}", 200, SERVED, body + b"%d" % n, START) for n in range(number)]
    to.close()
    return written


def records(path: Path) -> list[tuple[str, str, bytes]]:
    """Every record as warcio reads it, digests verified."""
    with path.open("rb") as file:
        iterator = ArchiveIterator(file, check_digests="raise")
        return [
            (r.rec_type, r.rec_headers.get_header("WARC-Target-URI"), r.raw_stream.read())
            for r in iterator
        ]


# -- writing and reading ------------------------------------------------------------------------


def test_one_exchange(tmp_path: Path) -> None:
    to = writer(tmp_path)
    assert list(tmp_path.iterdir()) == [], "nothing is created before the first exchange"
    capture = to.write(f"{HOME}жаңалық", 200, SERVED, PAGE, START)
    assert capture.warc == "warc/aqbulaq/aqbulaq-2026-11.warc.gz"
    assert (capture.fetched_at, capture.status) == ("2026-11-22T08:00:00Z", 200)
    assert capture.content_type == "text/html; charset=utf-8"
    assert capture.payload_length == len(PAGE)
    assert capture.payload_digest.startswith("sha1:")
    assert capture.record_id.startswith("<urn:uuid:")
    # Readable at once: a record is on disk before any row refers to it.
    exchange = read_capture(tmp_path, capture.warc, capture.warc_offset)
    assert exchange == Exchange(f"{HOME}жаңалық", capture.fetched_at, 200, SERVED, PAGE)
    assert exchange.header("content-TYPE") == capture.content_type
    assert exchange.header("ETag") is None
    to.close()


def test_files_are_warc_1_1(tmp_path: Path) -> None:
    written = write(tmp_path)
    path = tmp_path / written[0].warc
    assert path.stat().st_size == written[-1].warc_offset + written[-1].warc_length
    found = records(path)
    assert [r[:2] for r in found] == [
        ("warcinfo", None),
        *(("response", f"{HOME}{n}") for n in range(3)),
    ]
    assert b"software: newsbot/0.1" in found[0][2]
    assert found[0][2].startswith(b"software")
    for number, capture in enumerate(written):
        # Each record is a gzip member of its own, so that it can be read alone.
        raw = path.read_bytes()[capture.warc_offset :][: capture.warc_length]
        text = gzip.decompress(raw)
        assert text.startswith(b"WARC/1.1\r\n")
        assert b"WARC-Block-Digest: sha1:" in text
        assert f"WARC-Record-ID: {capture.record_id}\r\n".encode() in text
        assert f"WARC-Payload-Digest: {capture.payload_digest}\r\n".encode() in text
        assert b"WARC-Date: 2026-11-22T08:00:00Z\r\n" in text
        assert text.endswith(PAGE + b"%d\r\n\r\n" % number)


def test_a_compressed_body_stays_as_served(tmp_path: Path) -> None:
    body = gzip.compress(PAGE * 100)
    to = writer(tmp_path)
    headers = [("Content-Type", "text/html"), ("Content-Encoding", "gzip")]
    capture = to.write(HOME, 200, headers, body, START)
    exchange = read_capture(tmp_path, capture.warc, capture.warc_offset)
    assert exchange.headers == headers
    assert exchange.body == body
    assert gzip.decompress(exchange.body) == PAGE * 100
    assert capture.payload_length == len(body)
    with (tmp_path / capture.warc).open("rb") as file:
        (record,) = [r for r in ArchiveIterator(file) if r.rec_type == "response"][:1] or [None]
    assert record is not None
    to.close()


def test_headers_in_utf8(tmp_path: Path) -> None:
    headers = [("X-Section", "Қоғам".encode().decode("latin-1"))]
    capture = writer(tmp_path).write(HOME, 200, headers, PAGE, START)
    exchange = read_capture(tmp_path, capture.warc, capture.warc_offset)
    assert exchange.headers == [("X-Section", "Қоғам")]
    assert "Қоғам".encode() in gzip.decompress(
        (tmp_path / capture.warc).read_bytes()[capture.warc_offset :]
    )


def test_chunks_are_joined_and_not_announced(tmp_path: Path) -> None:
    headers = [("Transfer-Encoding", "chunked"), ("Server", "nginx")]
    capture = writer(tmp_path).write(HOME, 200, headers, PAGE, START)
    exchange = read_capture(tmp_path, capture.warc, capture.warc_offset)
    assert (exchange.headers, exchange.body) == ([("Server", "nginx")], PAGE)


@pytest.mark.parametrize("status", [200, 301, 404, 410, 503, 599, 999])
@pytest.mark.parametrize("body", [b"", b"\r\n\r\n", b"\0" * 100_000, bytes(range(256)) * 20_000])
def test_any_status_and_body(tmp_path: Path, status: int, body: bytes) -> None:
    capture = writer(tmp_path).write(HOME, status, [], body, START, "HTTP/1.0")
    exchange = read_capture(tmp_path, capture.warc, capture.warc_offset)
    assert (exchange.status, exchange.body, capture.content_type) == (status, body, None)
    records(tmp_path / capture.warc)


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=300),
    st.lists(
        st.tuples(
            st.from_regex(r"[A-Za-z-]{1,12}", fullmatch=True).filter(
                lambda name: name.lower() != "transfer-encoding"
            ),
            st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E)),
        ),
        max_size=5,
    ),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, headers: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("warc")
    capture = writer(folder).write(HOME, 200, headers, body, START)
    exchange = read_capture(folder, capture.warc, capture.warc_offset)
    assert (exchange.headers, exchange.body) == (headers, body)


def test_a_month_has_its_own_file(tmp_path: Path) -> None:
    to = writer(tmp_path)
    moments = [
        datetime(2026, 11, 30, 23, 59, tzinfo=UTC),
        datetime(2026, 12, 1, tzinfo=UTC),
        datetime(2026, 11, 30, 23, 59, tzinfo=UTC),
    ]
    names = [to.write(HOME, 200, [], PAGE, moment).warc for moment in moments]
    assert [name[-14:-8] for name in names] == ["026-11", "026-12", "026-11"]
    assert len(records(tmp_path / names[0])) == 3


def test_a_full_file_is_continued_in_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captures, "MAX_FILE", 2_000)
    written = write(tmp_path, 8) + write(tmp_path, 2)
    names = list(dict.fromkeys(capture.warc.rpartition("/")[2] for capture in written))
    assert names[:3] == [
        "aqbulaq-2026-11.warc.gz",
        "aqbulaq-2026-11-2.warc.gz",
        "aqbulaq-2026-11-3.warc.gz",
    ]
    for path in (tmp_path / "warc/aqbulaq").iterdir():
        assert records(path)[0][0] == "warcinfo"
        assert path.stat().st_size < 3_000
    for number, capture in enumerate(written):
        exchange = read_capture(tmp_path, capture.warc, capture.warc_offset)
        assert exchange.body == PAGE + b"%d" % (number % 8)


def test_sites_have_their_own_folders(tmp_path: Path) -> None:
    for site in ("aqbulaq", "qarasu"):
        CaptureWriter(tmp_path, site, "x").write(HOME, 200, [], PAGE, START)
    assert sorted(p.name for p in (tmp_path / "warc").iterdir()) == ["aqbulaq", "qarasu"]


# -- crashes ------------------------------------------------------------------------------------


def test_cut_at_every_byte(tmp_path: Path) -> None:
    """Whatever part of the last record reached the disk, the file is whole after mending."""
    written = write(tmp_path, 2)
    path = tmp_path / written[0].warc
    raw, last = path.read_bytes(), written[1].warc_offset
    for size in range(last, len(raw)):
        path.write_bytes(raw[:size])
        assert cut_torn_tail(path, 0) == size - last
        assert path.read_bytes() == raw[:last]
    path.write_bytes(raw)
    assert cut_torn_tail(path, 0) == 0
    assert path.read_bytes() == raw


def test_cut_within_the_first_record(tmp_path: Path) -> None:
    written = write(tmp_path, 1)
    path = tmp_path / written[0].warc
    raw = path.read_bytes()
    for size in range(written[0].warc_offset):
        path.write_bytes(raw[:size])
        assert cut_torn_tail(path, 0) == size
        assert path.read_bytes() == b""
    again = write(tmp_path, 1)
    assert [r[0] for r in records(path)] == ["warcinfo", "response"]
    assert read_capture(tmp_path, again[0].warc, again[0].warc_offset).url == f"{HOME}0"


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 4), st.floats(0, 1), st.one_of(st.binary(max_size=40), st.just(b"\0" * 5_000))
)
def test_torn_and_dirty_tails(
    tmp_path_factory: pytest.TempPathFactory, number: int, part: float, dirt: bytes
) -> None:
    """A power cut may leave part of a record and blocks of anything; whole records stay."""
    folder = tmp_path_factory.mktemp("warc")
    written = write(folder, number)
    path = folder / written[0].warc
    raw = path.read_bytes()
    size = int(part * len(raw))
    path.write_bytes(raw[:size] + dirt)
    cut_torn_tail(path, 0)
    ends = [0, *(c.warc_offset for c in written), len(raw)]
    kept = max(end for end in ends if end <= size)
    left = path.read_bytes()
    assert left[:kept] == raw[:kept]
    # The file may be appended to, and every record in it read.
    more = write(folder, 1)[0]
    assert read_capture(folder, more.warc, more.warc_offset).body == PAGE + b"0"
    assert records(path)[-1][1] == f"{HOME}0"


def test_what_the_database_vouches_for_is_not_read_again(tmp_path: Path) -> None:
    written = write(tmp_path)
    path = tmp_path / written[0].warc
    raw = path.read_bytes()
    path.write_bytes(
        b"\0" * 10 + raw[10:]
    )  # damage is for `newsbot verify` to find, not to cut off
    assert cut_torn_tail(path, written[-1].warc_offset) == 0
    assert path.stat().st_size == len(raw)


def test_a_crawl_mends_what_a_crash_left(tmp_path: Path) -> None:
    paper = open_paper(tmp_path)
    kept = paper.capture(f"{HOME}1", PAGE)
    paper.visit(read=article(), captures=[kept])
    paper.capture(f"{HOME}2", PAGE)  # whole on disk, but the crash came before its row
    torn = paper.capture(f"{HOME}3", PAGE)
    paper.store.close()
    path = tmp_path / kept.warc
    path.write_bytes(path.read_bytes()[:-7])
    with Store(tmp_path) as store:
        store.start_crawl(paper.site, START)
        assert path.stat().st_size == torn.warc_offset
        again = Paper(store)
        again.visit(f"{HOME}3", article(f"{HOME}3"), captures=[again.capture(f"{HOME}3", PAGE)])
        check_whole(store)
        rows = store.connection.execute("SELECT url, warc, warc_offset FROM captures").fetchall()
    assert [read_capture(tmp_path, r[1], r[2]).url for r in rows] == [f"{HOME}1", f"{HOME}3"]
    assert [r[1] for r in records(path)] == [None, f"{HOME}1", f"{HOME}2", f"{HOME}3"]


def test_a_full_disk_leaves_no_half_record(tmp_path: Path) -> None:
    code = """
import resource, sys
from pathlib import Path
from tests.archive.test_captures import *
folder, to = Path(sys.argv[1]), writer(Path(sys.argv[1]))
first = to.write(HOME + "0", 200, SERVED, PAGE, START)
whole = (folder / first.warc).stat().st_size
for more in (0, 1, 100, 9_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (whole + more, resource.RLIM_INFINITY))
    try:
        to.write(HOME + "1", 200, SERVED, random_body, START)
    except OSError as error:
        assert (folder / first.warc).stat().st_size == whole, more
    else:
        raise AssertionError("it was written")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
second = to.write(HOME + "2", 200, SERVED, random_body, START)
assert second.warc_offset == whole
to.close()
assert [r[1] for r in records(folder / first.warc)] == [None, HOME + "0", HOME + "2"]
""".replace("random_body", "bytes(hash((7, n)) % 251 for n in range(20_000))")
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_full_disk_at_the_first_record(tmp_path: Path) -> None:
    code = """
import resource, sys
from pathlib import Path
from tests.archive.test_captures import *
folder, to = Path(sys.argv[1]), writer(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (50, resource.RLIM_INFINITY))
try:
    to.write(HOME, 200, SERVED, PAGE, START)
except OSError:
    pass
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
done = to.write(HOME, 200, SERVED, PAGE, START)
to.close()
assert [r[0] for r in records(folder / done.warc)] == ["warcinfo", "response"]
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_limit_of_this_process_is_untouched() -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


# -- damage -------------------------------------------------------------------------------------


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
