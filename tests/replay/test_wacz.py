"""WACZ files: our own, other people's, and such as only somebody hostile makes."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

import pytest

from archive.errors import ArchiveUsageError
from archive.export.wacz import write_wacz
from archive.query import Selection
from archive.store import open_database
from newsbot.replay import wacz
from tests.conftest import Run
from tests.replay.files import Archive, Warc, articles, many, page


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "data")


def package(path: Path, **members: bytes) -> Path:
    """A WACZ with these members; `__` in a keyword stands for a slash, `_` before `warc` for a dot."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name.replace("__", "/").replace("_", "."), data)
        file.writestr("datapackage.json", "{}")
    return path


def packed(warc: Warc) -> bytes:
    return warc.packed.getvalue()


def left(archive: Archive) -> list[str]:
    """What is left in the folder of imports."""
    return [path.name for path in archive.folder.glob("imports/*")]


def test_two_members_and_again(archive: Archive, tmp_path: Path) -> None:
    one, two = Warc().info().add("/news/1", page("Бір")), Warc().info().add("/news/2", page("Екі"))
    path = package(
        tmp_path / "x.wacz", archive__a_warc_gz=packed(one), archive__b_warc_gz=packed(two),
        indexes__index_cdx=b"not believed", archive__c_txt=b"no WARC",
    )  # fmt: skip
    assert archive.load(path) == {"new": 2}
    assert [title for _, title in articles(archive)] == ["Бір", "Екі"]
    assert left(archive) == []
    before = archive.dump(), archive.files()
    assert archive.load(path)["known"] == 2
    assert (archive.dump(), archive.files()) == before
    archive.check()


def test_our_own_export_comes_back(archive: Archive, tmp_path: Path) -> None:
    archive.put(many(12))
    path = tmp_path / "ours.wacz"
    c = open_database(archive.folder).conn
    with path.open("wb") as out:
        write_wacz(c, archive.folder, Selection(), out)
    c.close()
    (tmp_path / "again").mkdir()
    other = Archive(tmp_path / "again" / "data")
    other.load(path)
    assert articles(other) == articles(archive)
    own = "SELECT record_id FROM captures WHERE article IS NOT NULL ORDER BY record_id"
    assert other.rows(own) == archive.rows(own)
    other.check()


def test_both_commands(newsbot: Run, archive: Archive, tmp_path: Path) -> None:
    path = package(
        tmp_path / "x.wacz", archive__a_warc_gz=packed(Warc().add("/news/1", page("Бір")))
    )
    for word, records in (("wacz", 1), ("warc", 0)):
        done = newsbot(
            "import",
            word,
            path,
            "--json",
            "--data",
            archive.folder,
            "--sites-dir",
            archive.sites_dir,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout)["records"] == records


def test_names_lead_nowhere(archive: Archive, tmp_path: Path) -> None:
    """`..`, absolute names and folders in a name: such members are none of a WACZ."""
    outside = tmp_path / "outside.warc.gz"
    data = packed(Warc().add("/news/1", page("Бір")))
    path = tmp_path / "x.wacz"
    with zipfile.ZipFile(path, "w") as file:
        for name in (
            f"archive/../../{outside.name}",
            str(outside),
            "archive/a/b.warc.gz",
            "a.warc.gz",
        ):
            file.writestr(name, data)
        file.writestr("archive/..warc.gz", data)
    before = {p for p in tmp_path.rglob("*") if archive.folder not in p.parents}
    assert archive.load(path) == {"new": 1}
    assert {p for p in tmp_path.rglob("*") if archive.folder not in p.parents} - {
        archive.folder
    } == before
    assert left(archive) == []


def bomb(folder: Path) -> Path:
    return package(folder / "bomb.wacz", archive__a_warc=bytes(50_000_000))


def locked(folder: Path) -> Path:
    path = package(folder / "locked.wacz", archive__a_warc_gz=b"x" * 99)
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1  # encrypted
    path.write_bytes(data)
    return path


def odd_packing(folder: Path, method: int = 77) -> Path:
    path = package(folder / "odd.wacz", archive__a_warc_gz=b"x" * 99)
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        struct.pack_into("<H", data, data.index(mark) + at, method)
    path.write_bytes(data)
    return path


def no_bzip2(folder: Path) -> Path:
    return odd_packing(folder, zipfile.ZIP_BZIP2)


def no_lzma(folder: Path) -> Path:
    return odd_packing(folder, zipfile.ZIP_LZMA)


def flipped(folder: Path) -> Path:
    path = package(folder / "flipped.wacz", archive__a_warc_gz=packed(many(3)))
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("make", [bomb, locked, odd_packing, no_bzip2, no_lzma, flipped])
def test_a_member_that_cannot_be_unpacked_is_named(
    archive: Archive, tmp_path: Path, make: object
) -> None:
    assert callable(make)
    path = make(tmp_path)
    counts = archive.load(path)
    assert counts["damaged"] == 1
    assert archive.broken[0][1]
    assert left(archive) == []
    assert not articles(archive)


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04", b"PK\x03\x04" + bytes(500), None],
    ids=["cut", "zeros", "no WARC file"],
)
def test_no_wacz_at_all(archive: Archive, tmp_path: Path, content: bytes | None) -> None:
    path = package(tmp_path / "x.wacz") if content is None else tmp_path / "x.wacz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ArchiveUsageError, match="no WACZ file"):
        archive.load(path)


def test_a_full_disk(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from archive.errors import ArchiveError

    path = package(tmp_path / "x.wacz", archive__a_warc_gz=packed(many(3)))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(wacz.shutil, "copyfileobj", full)
        with pytest.raises(ArchiveError, match="disk is full"):
            archive.load(path)
    assert left(archive) == []
    assert archive.load(path)["new"]


def test_a_stream_of_zeros_is_no_zip(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no ordinary file"):
        wacz.is_wacz(Path("/dev/zero"))
