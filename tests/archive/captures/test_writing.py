"""Writing: as served, readable by others, related to what came before, nothing half on a full disk."""

from __future__ import annotations

import gzip
import os
import resource
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from archive.captures import (
    IDENTICAL,
    NOT_MODIFIED,
    CaptureWriter,
    Exchange,
    payload_digest,
    read_capture,
    read_record,
    read_records,
    writing,
)
from archive.captures.dictionaries import Dictionary
from archive.captures.training import next_dictionary
from tests.archive.building import HOME, START
from tests.archive.captures.making import (
    PAGE,
    SERVED,
    members,
    read_all,
    record,
    response,
    site_page,
    warcio_records,
    write,
    write_site,
    writer,
)


def test_one_exchange(tmp_path: Path) -> None:
    to = writer(tmp_path)
    assert list(tmp_path.iterdir()) == [], "nothing is created before the first exchange"
    capture = to.write(f"{HOME}жаңалық?a=b%20с", 200, SERVED, PAGE, START)
    address = f"{HOME}%D0%B6%D0%B0%D2%A3%D0%B0%D0%BB%D1%8B%D2%9B?a=b%20%D1%81"  # RFC 3986
    assert capture.url == address
    assert capture.warc == "warc/aqbulaq/aqbulaq-2026-11.warc.gz"
    assert (capture.fetched_at, capture.status) == ("2026-11-22T08:00:00Z", 200)
    assert capture.content_type == "text/html; charset=utf-8"
    assert capture.payload_length == len(PAGE)
    assert capture.payload_digest.startswith("sha1:")
    assert capture.record_id.startswith("<urn:uuid:")
    # Readable at once: a record is on disk before any row refers to it.
    exchange = read_capture(tmp_path, capture.warc, capture.warc_offset)
    assert exchange == Exchange(address, capture.fetched_at, 200, SERVED, PAGE)
    assert exchange.header("content-TYPE") == capture.content_type
    assert exchange.header("ETag") is None
    to.close()


def test_files_are_warc_1_1(tmp_path: Path) -> None:
    written = write(tmp_path)
    path = tmp_path / written[0].warc
    assert path.stat().st_size == written[-1].warc_offset + written[-1].warc_length
    found = warcio_records(path)
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
    warcio_records(tmp_path / capture.warc)


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
    assert len(warcio_records(tmp_path / names[0])) == 3


def test_a_full_file_is_continued_in_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MAX_FILE", 2_000)
    written = write(tmp_path, 8) + write(tmp_path, 2)
    names = list(dict.fromkeys(capture.warc.rpartition("/")[2] for capture in written))
    assert names[:3] == [
        "aqbulaq-2026-11.warc.gz",
        "aqbulaq-2026-11-2.warc.gz",
        "aqbulaq-2026-11-3.warc.gz",
    ]
    for path in (tmp_path / "warc/aqbulaq").iterdir():
        assert warcio_records(path)[0][0] == "warcinfo"
        assert path.stat().st_size < 3_000
    for number, capture in enumerate(written):
        exchange = read_capture(tmp_path, capture.warc, capture.warc_offset)
        assert exchange.body == PAGE + b"%d" % (number % 8)


def test_sites_have_their_own_folders(tmp_path: Path) -> None:
    for site in ("aqbulaq", "qarasu"):
        CaptureWriter(tmp_path, site, "x").write(HOME, 200, [], PAGE, START)
    assert sorted(p.name for p in (tmp_path / "warc").iterdir()) == ["aqbulaq", "qarasu"]


# -- a dictionary --------------------------------------------------------------------------------


def test_a_site_goes_on_with_a_dictionary_once_there_is_enough_to_learn_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MAX_LOOSE", 90_000)
    written = write_site(tmp_path, 90)
    names = [capture.warc.rpartition("/")[2] for capture in written]
    assert list(dict.fromkeys(names)) == ["aqbulaq-2026-11.warc.gz", "aqbulaq-2026-11-2.warc.zst"]
    last = tmp_path / written[-1].warc
    assert last.stat().st_size == written[-1].warc_offset + written[-1].warc_length
    loose, packed = written[0], written[-1]
    assert packed.warc_length < 0.7 * loose.warc_length, "most of a page is text of its own"
    for number, capture in enumerate(written):
        exchange = read_capture(tmp_path, capture.warc, capture.warc_offset)
        assert (exchange.url, exchange.body) == (capture.url, site_page(number))
    # Another run goes on in the same file, with the dictionary at its head.
    (more,) = write_site(tmp_path, 1, first=500)
    assert (more.warc, more.warc_offset) == (packed.warc, packed.warc_offset + packed.warc_length)
    assert read_capture(tmp_path, more.warc, more.warc_offset).body == site_page(500)
    first = read_all(tmp_path)[0]
    assert (first.type, first.error) == ("warcinfo", None)


def test_what_a_dictionary_cannot_pack_stays_in_gzip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers of a server that compresses whatever it is asked."""
    monkeypatch.setattr(writing, "MAX_LOOSE", 20_000)
    tried: list[Path] = []

    def ask(folder: Path, site: str) -> Dictionary | None:
        tried.append(folder)
        return next_dictionary(folder, site)

    monkeypatch.setattr(writing, "next_dictionary", ask)
    to = writer(tmp_path)
    headers = [("Content-Encoding", "gzip")]
    for number in range(70):
        capture = to.write(f"{HOME}{number}", 200, headers, gzip.compress(site_page(number)), START)
    assert capture.warc.endswith("aqbulaq-2026-11.warc.gz")
    assert 1 <= len(tried) <= 3, "looked for a dictionary again and again"
    to.close()


def test_a_month_begins_without_a_dictionary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few records would not pay for it; packing decides at the end of the crawl."""
    monkeypatch.setattr(writing, "MAX_LOOSE", 90_000)
    write_site(tmp_path, 90)
    to = writer(tmp_path)
    capture = to.write(HOME, 200, [], site_page(1), datetime(2026, 12, 1, tzinfo=UTC))
    assert capture.warc.endswith("aqbulaq-2026-12.warc.gz")
    to.close()


# -- relations -----------------------------------------------------------------------------------


def test_records_of_one_visit_name_its_first(tmp_path: Path) -> None:
    to = writer(tmp_path)
    first = to.write(f"{HOME}old", 301, [("Location", "/new")], b"", START)
    to.write(f"{HOME}new", 200, SERVED, PAGE, START, concurrent_to=first.record_id)
    to.close()
    _, one, other = read_all(tmp_path)
    assert "WARC-Concurrent-To" not in one.headers
    assert other.headers["WARC-Concurrent-To"] == first.record_id == one.record_id


def test_the_same_page_again(tmp_path: Path) -> None:
    to = writer(tmp_path)
    whole = to.write(HOME, 200, SERVED, PAGE * 50, START)
    headers = [("Content-Type", "text/html"), ("Date", "later")]
    again = to.write(
        HOME, 200, headers, PAGE * 50, START + timedelta(1), refers_to=whole, profile=IDENTICAL
    )
    assert again.refers_to_id == whole.record_id
    assert whole.refers_to_id is None
    assert (again.payload_digest, again.payload_length) == (
        whole.payload_digest,
        whole.payload_length,
    )
    assert again.warc_length < 600
    found = read_all(tmp_path)[-1]
    assert (found.type, found.error) == ("revisit", None)
    assert found.headers == {
        "WARC-Type": "revisit",
        "WARC-Record-ID": again.record_id,
        "WARC-Date": "2026-11-23T08:00:00Z",
        "WARC-Target-URI": HOME,
        "WARC-Profile": "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
        "WARC-Refers-To": whole.record_id,
        "WARC-Refers-To-Target-URI": HOME,
        "WARC-Refers-To-Date": "2026-11-22T08:00:00Z",
        "WARC-Truncated": "length",
        "WARC-Payload-Digest": whole.payload_digest,
        "WARC-Block-Digest": found.headers["WARC-Block-Digest"],
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": found.headers["Content-Length"],
    }
    exchange = read_capture(tmp_path, again.warc, again.warc_offset)
    assert exchange == Exchange(HOME, again.fetched_at, 200, headers, PAGE * 50)
    assert [r[0] for r in warcio_records(tmp_path / again.warc)] == [
        *("warcinfo", "response", "revisit")
    ]
    to.close()


def test_a_page_that_the_server_calls_unchanged(tmp_path: Path) -> None:
    to = writer(tmp_path)
    body = gzip.compress(PAGE)
    served = [("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("ETag", '"1"')]
    whole = to.write(HOME, 200, served, body, START)
    again = to.write(
        HOME, 304, [("ETag", '"1"')], b"", START, refers_to=whole, profile=NOT_MODIFIED
    )
    assert (again.status, again.refers_to_id) == (304, whole.record_id)
    assert (again.payload_digest, again.payload_length) == (whole.payload_digest, len(body))
    found = read_all(tmp_path)[-1]
    assert found.headers["WARC-Profile"].endswith("/1.1/revisit/server-not-modified")
    assert "WARC-Truncated" not in found.headers
    exchange = read_capture(tmp_path, again.warc, again.warc_offset)
    assert (exchange.status, exchange.body, exchange.header("ETag")) == (304, body, '"1"')
    assert exchange.header("Content-Encoding") == "gzip", "or the payload could not be read"
    unknown = to.write(HOME, 304, [], b"", START, profile=NOT_MODIFIED)
    assert (unknown.refers_to_id, unknown.payload_length) == (None, 0)
    assert read_capture(tmp_path, unknown.warc, unknown.warc_offset).body == b""
    to.close()


def test_no_payload_is_left_out_that_is_nowhere_else(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="somewhere"):
        writer(tmp_path).write(HOME, 200, [], PAGE, START, profile=IDENTICAL)
    assert list(tmp_path.iterdir()) == []


# -- out of other files --------------------------------------------------------------------------


def test_an_imported_record_keeps_its_id_and_may_lie_in_the_month_of_the_import(
    tmp_path: Path,
) -> None:
    to = writer(tmp_path)
    old = datetime(2016, 12, 3, 5, 6, 7, tzinfo=UTC)
    capture = to.write(HOME, 200, [], PAGE, old, record_id="<urn:uuid:x>", filed_at=START)
    assert capture.record_id == "<urn:uuid:x>"
    assert (capture.warc[-15:], capture.fetched_at) == ("2026-11.warc.gz", "2016-12-03T05:06:07Z")
    assert to.write(HOME, 200, [], PAGE, old).warc.endswith("2016-12.warc.gz")
    to.close()


@pytest.mark.parametrize("form", ["gz", "plain"])
def test_a_record_is_copied_byte_for_byte(tmp_path: Path, form: str) -> None:
    foreign = record(
        response(PAGE, "Server: nginx", status="200 Fine"),
        version="1.0",
        WARC_IP_Address="10.0.0.1",
    )
    other = tmp_path / "other.warc"
    other.write_bytes(members([foreign]) if form == "gz" else foreign)
    (found,) = read_records(other)
    to = writer(tmp_path)
    capture = to.copy(other, found, filed_at=START)
    assert read_record(tmp_path, capture.warc, capture.warc_offset) == foreign
    if form == "gz":
        raw = (tmp_path / capture.warc).read_bytes()
        assert raw[capture.warc_offset :] == other.read_bytes()
    assert (capture.record_id, capture.payload_length) == (found.record_id, len(PAGE))
    assert capture.payload_digest == payload_digest(PAGE)
    exchange = read_capture(tmp_path, capture.warc, capture.warc_offset)
    assert (exchange.url, exchange.body) == (f"{HOME}1", PAGE)
    to.close()


def test_a_copied_record_may_be_told_which_visit_it_belongs_to(tmp_path: Path) -> None:
    foreign = record(response(PAGE), WARC_Concurrent_To="<urn:old>", X_Own="kept")
    other = tmp_path / "other.warc.gz"
    other.write_bytes(members([foreign]))
    (found,) = read_records(other)
    to = writer(tmp_path)
    capture = to.copy(other, found, concurrent_to="<urn:first>")
    copied = read_all(tmp_path)[-1]
    assert copied.headers == {**found.headers, "WARC-Concurrent-To": "<urn:first>"}
    assert copied.exchange == found.exchange
    assert read_record(tmp_path, capture.warc, capture.warc_offset).count(b"Concurrent") == 1
    to.close()


def test_a_copied_record_goes_beside_a_packed_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MAX_LOOSE", 90_000)
    assert write_site(tmp_path, 90)[-1].warc.endswith("-2.warc.zst")
    other = tmp_path / "other.warc"
    other.write_bytes(record(response(PAGE)))
    (found,) = read_records(other)
    to = writer(tmp_path)
    copied = to.copy(other, found, filed_at=START)
    assert copied.warc.endswith("-3.warc.gz")
    assert to.write(HOME, 200, [], PAGE, START).warc == copied.warc
    to.close()


def test_only_whole_responses_are_copied(tmp_path: Path) -> None:
    other = tmp_path / "other.warc"
    other.write_bytes(record(b"x: 1", "metadata") + record(b"no HTTP at all"))
    for found in read_records(other):
        with pytest.raises(ValueError, match="no whole response"):
            writer(tmp_path).copy(other, found)


def test_a_file_that_is_left_is_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sync` before the commit knows the open file only; the one before it must be safe already."""
    synced: list[str] = []
    fsync = os.fsync

    def remember(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    to = writer(tmp_path)
    first = to.write(HOME, 200, [], PAGE, START)
    monkeypatch.setattr(os, "fsync", remember)
    to.write(HOME, 200, [], PAGE, START + timedelta(days=30))
    assert str(tmp_path / first.warc) in synced
    to.close()


# -- a full disk ---------------------------------------------------------------------------------


def test_a_full_disk_leaves_no_half_record(tmp_path: Path) -> None:
    code = """
import resource, sys
from pathlib import Path
from tests.archive.building import HOME, START
from tests.archive.captures.making import *
from tests.archive.captures.making import warcio_records as records
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
from tests.archive.building import HOME, START
from tests.archive.captures.making import *
from tests.archive.captures.making import warcio_records as records
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


def test_knowledge_is_kept_beside_the_exchanges(tmp_path: Path) -> None:
    """As a `metadata` record of one kind; packed and copied like any other, and no page."""
    to = writer(tmp_path)
    kept = to.write_metadata(f"{HOME}1.html", "said", b"<item>\r\n\r\n</item>", START)
    assert (kept.part, kept.status, kept.url) == ("said", 0, f"{HOME}1.html")
    (found,) = (record for record in read_all(tmp_path) if record.type == "metadata")
    assert (found.record_id, found.is_intact, found.error) == (kept.record_id, True, None)
    again = read_capture(tmp_path, kept.warc, kept.warc_offset)
    assert (again.status, again.body) == (0, b"<item>\r\n\r\n</item>")
    assert again.header("Content-Type") == "application/x-newsbot-said"
    other = CaptureWriter(tmp_path / "other", "aqbulaq", "test")
    copied = other.copy(tmp_path / kept.warc, found)
    assert (copied.part, copied.payload_digest) == ("said", kept.payload_digest)
    with (tmp_path / kept.warc).open("rb") as file:
        (theirs,) = (r for r in ArchiveIterator(file) if r.rec_type == "metadata")
        assert theirs.rec_headers.get_header("WARC-Target-URI") == f"{HOME}1.html"


@pytest.mark.parametrize("kind", ["application/warc-fields", "application/x-newsbot-", "x-y/said"])
def test_knowledge_of_other_programs_is_none_of_ours(tmp_path: Path, kind: str) -> None:
    (tmp_path / "other.warc").write_bytes(record(b"via: x", "metadata", Content_Type=kind))
    assert [found.exchange for found in read_records(tmp_path / "other.warc")] == [None]
