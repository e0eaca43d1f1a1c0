"""Dictionaries: files that standard tools open, smaller by far, and not lost with one flipped byte."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from archive.captures import dictionaries, training
from archive.captures.dictionaries import Dictionary
from archive.captures.writing import gzip_member

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from tests.archive.captures.making import SITE, record, response, site_page

PAGES = [
    record(response(site_page(number)), WARC_Record_ID=f"<urn:{number}>") for number in range(90)
]


@pytest.fixture(scope="module")
def known() -> Dictionary:
    found = dictionaries.train(PAGES[:80])
    assert found is not None
    return found


@pytest.fixture
def path(tmp_path: Path, known: Dictionary) -> Path:
    """A file with ten records that the dictionary was not trained on."""
    path = tmp_path / f"{SITE}-2026-11.warc.zst"
    path.write_bytes(known.frame + b"".join(known.compress(page) for page in PAGES[80:]))
    return path


def test_it_pays(known: Dictionary) -> None:
    packed = sum(len(known.compress(page)) for page in PAGES[80:])
    assert packed < 0.7 * sum(len(gzip_member(page)) for page in PAGES[80:])
    assert all(known.decompressor().decompress(known.compress(page)) == page for page in PAGES)


def test_few_pages_make_none() -> None:
    assert dictionaries.train(PAGES[:59]) is None
    assert dictionaries.train([]) is None
    dictionaries.train([b"x"] * 100)  # nothing in common but nothing: whatever comes, no error


def test_the_head_is_as_the_specification_says(known: Dictionary) -> None:
    magic, size = struct.unpack("<II", known.frame[:8])
    assert (magic, size) == (0x184D2A5D, len(known.frame) - 8)
    assert known.frame[8:12] == b"\x28\xb5\x2f\xfd", "packed"
    assert 32_768 <= known.number < 2**31
    frame = known.compress(PAGES[0])
    descriptor = frame[4]
    assert descriptor & 0b11 == 3, "the dictionary's number"
    assert descriptor & 0b100, "a checksum"
    assert descriptor >> 6 or descriptor & 0b100000, "the size of the content"
    assert (
        struct.unpack("<I", frame[5:9] if descriptor & 0b100000 else frame[6:10])[0] == known.number
    )


def test_a_dictionary_that_is_not_packed_is_read_too(tmp_path: Path, known: Dictionary) -> None:
    content = zstd.decompress(known.frame[8:])
    frame = struct.pack("<II", dictionaries.MAGIC, len(content)) + content
    (tmp_path / "x").write_bytes(frame + known.compress(PAGES[0]))
    with (tmp_path / "x").open("rb") as file:
        found, warning = dictionaries.of_file(file)
    assert (found and found.number, warning) == (known.number, None)


# -- other programs ------------------------------------------------------------------------------


def test_fastwarc_reads_it(path: Path) -> None:
    warc = pytest.importorskip("fastwarc.warc")
    with path.open("rb") as file:
        found = [(r.record_id, r.reader.read()) for r in warc.ArchiveIterator(file)]
    assert found == [(f"<urn:{n}>", site_page(n)) for n in range(80, 90)]


def test_zstd_and_warcio_read_it(path: Path, known: Dictionary) -> None:
    """The ordinary command unpacks it, given the copy that lies beside; warcio reads the result."""
    command = shutil.which("zstd")
    if not command:
        pytest.skip("no zstd command")
    dictionaries.keep_copy(path.parent, SITE, known)
    copy = path.parent / f"{SITE}-{known.number}.dict.zst"
    plain = path.parent / "dictionary"
    subprocess.run([command, "-dq", copy, "-o", plain], check=True)
    done = subprocess.run([command, "-dcq", "-D", plain, path], check=True, capture_output=True)
    assert done.stdout == b"".join(PAGES[80:])
    found = [r.raw_stream.read() for r in ArchiveIterator(io.BytesIO(done.stdout))]
    assert found == [site_page(n) for n in range(80, 90)]


def test_python_alone_reads_it(path: Path) -> None:
    """What docs/captures.md shows for the day when no WARC library is left."""
    data = path.read_bytes()
    (size,) = struct.unpack("<I", data[4:8])
    content = zstd.decompress(data[8 : 8 + size])
    with zstd.open(path, zstd_dict=zstd.ZstdDict(content)) as file:
        assert file.read() == b"".join(PAGES[80:])


# -- the copy ------------------------------------------------------------------------------------


def test_the_copy(tmp_path: Path, known: Dictionary) -> None:
    dictionaries.keep_copy(tmp_path, SITE, known)
    dictionaries.keep_copy(tmp_path, SITE, known)
    (copy,) = tmp_path.iterdir()
    assert dictionaries.read_copy(copy) == known
    data = copy.read_bytes()
    for place in (0, 5, 100, len(data) - 1):
        copy.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
        with pytest.raises(ValueError):
            dictionaries.read_copy(copy)
    other = tmp_path / f"{SITE}-1.dict.zst"
    other.write_bytes(data)
    with pytest.raises(ValueError, match="another"):
        dictionaries.read_copy(other)


# -- which one -----------------------------------------------------------------------------------


def test_the_newest_is_carried_on_and_renewed_in_time(
    tmp_path: Path, known: Dictionary, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert training.next_dictionary(tmp_path, SITE) is None
    monkeypatch.setattr(training, "SHARED_BY", 2)
    other = dictionaries.train([page.replace(b"menu", b"item") for page in PAGES])
    assert other is not None
    for month, used in (("2026-01", other), ("2026-02", known)):
        packed = used.frame + b"".join(used.compress(page) for page in PAGES)
        (tmp_path / f"{SITE}-{month}.warc.zst").write_bytes(packed)
        assert training.next_dictionary(tmp_path, SITE) == used
        assert training.newest_dictionary(tmp_path, SITE) == used
    (tmp_path / f"{SITE}-2026-03.warc.gz").write_bytes(gzip_member(PAGES[0]))
    assert training.next_dictionary(tmp_path, SITE) == known
    changed = [page.replace(b"menu", b"list") for page in PAGES]
    packed = known.frame + b"".join(known.compress(page) for page in changed)
    (tmp_path / f"{SITE}-2026-04.warc.zst").write_bytes(packed)
    fresh = training.next_dictionary(tmp_path, SITE)
    assert fresh is not None
    assert fresh not in (known, other)
    assert sum(len(fresh.compress(page)) for page in changed) < len(packed) - len(known.frame)


def test_pages_that_were_compressed_when_served_teach_nothing(tmp_path: Path) -> None:
    coded = [record(response(site_page(n), "Content-Encoding: gzip")) for n in range(90)]
    path = tmp_path / f"{SITE}-2026-11.warc.gz"
    path.write_bytes(b"".join(map(gzip_member, coded)))
    assert training.train([path]) is None


def test_samples_are_taken_from_all_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[bytes] = []
    monkeypatch.setattr(training, "SAMPLES", 10)
    monkeypatch.setattr(dictionaries, "train", taken.extend)
    path = tmp_path / "x.warc.gz"
    path.write_bytes(b"".join(map(gzip_member, PAGES)))
    training.train([path])
    numbers = [PAGES.index(page) for page in taken]
    assert len(numbers) == 10
    assert numbers == sorted(numbers)
    assert numbers[0] < 20
    assert numbers[-1] > 75
