"""Records that are a byte or some longer or shorter than they say, as wget, warcio and warcio.js wrote them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archive.captures import read_records
from archive.captures.writing import gzip_member
from archive.integrity.verify import verify
from tests.replay.files import HOME, Archive, Warc, articles, page

BODY = page("Ауылда бақ өсіп жатыр")


def record(number: int, off: int, *, declared: bool = True, body: bytes = BODY) -> bytes:
    """A record whose length is `off` by some bytes; `declared`: its server says how long the page is."""
    length = f"Content-Length: {len(body)}\r\n" if declared else ""
    http = (
        f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n{length}\r\n".encode() + body
    )
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{number}>\r\n"
        f"WARC-Date: 2024-03-01T08:00:0{number}Z\r\nWARC-Target-URI: {HOME}/news/{number}\r\n"
        f"Content-Type: application/http\r\nContent-Length: {len(http) + off}\r\n\r\n"
    )
    return head.encode() + http + b"\r\n\r\n"


def save(path: Path, records: list[bytes]) -> Path:
    is_plain = path.suffix == ".warc"
    path.write_bytes(b"".join(r if is_plain else gzip_member(r) for r in records))
    return path


@pytest.mark.parametrize("name", ["w.warc", "w.warc.gz"])
@pytest.mark.parametrize("declared", [True, False], ids=["HTTP says", "HTTP does not say"])
@pytest.mark.parametrize("off", [-40, -5, -2, -1, 1, 2, 3, 4, 5, 20, 60])
@pytest.mark.parametrize("place", [0, 1, 2], ids=["first", "middle", "last"])
def test_a_length_that_is_off(
    tmp_path: Path, name: str, declared: bool, off: int, place: int
) -> None:
    records = [record(n, off if n == place else 0, declared=declared) for n in range(3)]
    found = list(read_records(save(tmp_path / name, records)))
    assert [r.error for r in found] == [None] * 3
    assert [r.record_id for r in found] == ["<urn:uuid:0>", "<urn:uuid:1>", "<urn:uuid:2>"]
    bodies = [r.exchange.body if r.exchange else b"" for r in found]
    if 0 < off <= 4:  # the line ends behind it were taken for a part of it
        bodies[place] = bodies[place].rstrip(b"\r\n")
    assert bodies == [BODY] * 3
    if name == "w.warc.gz" and off not in (1, 2, 3, 4):
        assert [bool(r.warning) for r in found] == [n == place for n in range(3)]


@pytest.mark.parametrize("name", ["w.warc", "w.warc.gz"])
def test_far_off_where_nothing_agrees_is_damage(tmp_path: Path, name: str) -> None:
    records = [record(n, -900 if n == 1 else 0, declared=False) for n in range(3)]
    found = [r for r in read_records(save(tmp_path / name, records)) if not r.error]
    assert [r.record_id for r in found] == ["<urn:uuid:0>", "<urn:uuid:2>"]


def test_a_file_that_is_cut_short_is_not_mended(tmp_path: Path) -> None:
    path = save(tmp_path / "w.warc", [record(0, 0), record(1, 0, declared=False)])
    path.write_bytes(path.read_bytes()[:-20])
    assert [bool(r.error) for r in read_records(path)] == [False, True]


def test_a_digest_that_does_not_agree_is_damage(tmp_path: Path) -> None:
    one = record(0, -1).replace(
        b"WARC-Date", b"WARC-Payload-Digest: sha1:" + b"A" * 32 + b"\r\nWARC-Date"
    )
    (found,) = read_records(save(tmp_path / "w.warc.gz", [one]))
    assert found.is_intact is False


@pytest.mark.parametrize("name", ["w.warc", "w.warc.gz"])
def test_the_copy_has_the_right_length(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    archive = Archive(tmp_path / "data")
    path = save(tmp_path / name, [record(n, -1 if n == 1 else 0) for n in range(3)])
    assert archive.load(path) == {"new": 3}
    assert archive.broken == []
    (warning,) = caplog.messages
    assert re.search(
        rf"{name}: record at byte \d+: it says that it has \d+ bytes, and has \d+", warning
    )
    assert len(articles(archive)) == 3
    archive.check()
    for file in (archive.folder / "warc").rglob("*.warc.gz"):
        assert not any(r.error or r.warning for r in read_records(file))


def test_addresses_and_ids_are_kept_in_plain_characters(tmp_path: Path) -> None:
    """As crawls keep them: a name, a password, ESC, NUL or a turn of direction is none of an address."""
    archive = Archive(tmp_path / "data")
    records = []
    for number, uri in enumerate(
        ("https://user:password@gazet.example/news/0", f"{HOME}/news/1?x=\x1b]0;a\x07", f"{HOME}/news/2\x00",
         f"<{HOME}/news/3\u202e>", "https://user@gazet.example/news/4")
    ):  # fmt: skip
        data = record(number, 0).replace(f"{HOME}/news/{number}".encode(), uri.encode())
        records.append(data.replace(b"<urn:uuid:", b"<urn:uuid:\x1b["))
    archive.load(save(tmp_path / "w.warc.gz", records))
    kept = [
        value
        for row in archive.rows("SELECT url, record_id, address FROM captures")
        for value in row
    ]
    kept += [
        value
        for row in archive.rows("SELECT url FROM frontier UNION SELECT url FROM aliases")
        for value in row
    ]
    assert len(archive.rows("SELECT url FROM captures")) == 5
    assert all(value is None or value.isprintable() for value in kept), kept
    assert not any("password" in str(value) or "@" in str(value) for value in kept)
    again = Warc().add("https://user:password@gazet.example/news/0", BODY)
    assert archive.put(again)
    assert [
        finding for finding in verify(archive.folder, full=True) if finding.severity != "note"
    ] == []


@pytest.mark.parametrize(
    "date", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "1989-12-31T00:00:00Z"]
)
def test_dates_that_no_newspaper_had(tmp_path: Path, date: str) -> None:
    one = record(0, 0).replace(b"2024-03-01T08:00:00Z", date.encode())
    (found,) = read_records(save(tmp_path / "w.warc.gz", [one]))
    assert found.error
