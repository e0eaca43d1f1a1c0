"""A link in the data folder leads to somebody else's file: nothing is written, cut or removed there."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from archive.captures.files import check_inside, fresh_file, own_file, whole_file
from archive.errors import ArchiveUsageError
from archive.store import log_file
from newsbot.demo.server import ExampleNewspaper
from tests.cli.static_paper import path, routes
from tests.cli.test_sites_check import profile
from tests.conftest import Run
from tests.crawl.wire import wire
from tests.replay.files import Archive, Warc, page


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def put_link(path: Path, elsewhere: Path, content: bytes = "бөтен\n".encode()) -> None:
    """Let a path lead to what lay there, or to a file of somebody's."""
    elsewhere.mkdir(exist_ok=True)
    target = elsewhere / path.name
    if os.path.lexists(path):
        path.rename(target)
        if target.is_file():
            with target.open("ab") as file:
                file.write(content)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    path.symlink_to(target)


@pytest.mark.parametrize("place", ["logs/*.log", "logs", "warc/*/*.warc.*", "warc/*", "warc"])
def test_a_crawl(
    newsbot: Run, paper: ExampleNewspaper, profiles: Path, tmp_path: Path, place: str
) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    command = ("crawl", "aqbulaq", "--data", data, "--sites-dir", profiles, "--limit", 3)
    assert newsbot(*command).returncode == 0
    (path,) = data.glob(place)
    put_link(path, elsewhere)
    before = contents(elsewhere)
    done = newsbot(*command, "--revisit")
    assert done.returncode == 2, done.stderr
    assert f"{path.relative_to(tmp_path)}" in done.stderr
    assert "a link, which is not followed" in done.stderr or "symbolic link" in done.stderr
    assert "a bug" not in done.stderr
    assert contents(elsewhere) == before


@pytest.mark.parametrize("place", ["imports", "imports/member.warc.gz"])
def test_an_import_of_a_wacz(tmp_path: Path, place: str) -> None:
    archive, elsewhere = Archive(tmp_path / "data"), tmp_path / "elsewhere"
    archive.put(Warc().info().add("/news/1", page("Бақ")))
    with zipfile.ZipFile(tmp_path / "x.wacz", "w") as package:
        warc = Warc().info().add("/news/2", page("Су")).save(tmp_path / "y.warc.gz")
        package.write(warc, "archive/y.warc.gz")
    if place == "imports":
        (archive.folder / "imports").mkdir()
        (archive.folder / "imports" / "member.warc.gz").write_text("бөтен")
    put_link(archive.folder / place, elsewhere)
    before = contents(elsewhere)
    if place == "imports":
        with pytest.raises(ArchiveUsageError, match="a link, which is not followed"):
            archive.load(tmp_path / "x.wacz")
    else:  # a name that is ours alone
        assert archive.load(tmp_path / "x.wacz") == {"new": 1}
    assert contents(elsewhere) == before


def test_files_that_are_made_whole(tmp_path: Path) -> None:
    """What bears the name of a file in the making is replaced, a link on the way is refused."""
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    put_link(data / "sites" / "a.toml.part", elsewhere)
    (data / "decisions").mkdir()
    (data / "decisions" / "x.part").write_text("бөтен")
    put_link(data / "decisions", elsewhere)
    before = contents(elsewhere)
    with whole_file(data / "sites" / "a.toml", data) as file:
        file.write("біздікі".encode())
    assert (data / "sites" / "a.toml").read_text() == "біздікі"
    for write in (whole_file, fresh_file):
        with pytest.raises(OSError, match="a link"), write(data / "decisions" / "x", data):
            pass
    assert contents(elsewhere) == before
    assert [p.name for p in data.rglob("*.part")] == []
    check_inside(Path("../data/sites"), Path("../data"))  # the folder itself may be anywhere
    with pytest.raises(OSError, match="leads out"):
        check_inside(Path("../data/../sites"), Path("../data"))


@pytest.mark.parametrize("mode", ["ab", "r+b", "xb"])
def test_what_is_no_file_of_ours(tmp_path: Path, mode: str) -> None:
    put_link(tmp_path / "link", tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("link", "pipe", "folder", "../x"):
        with pytest.raises(OSError):
            own_file(tmp_path / name, mode, tmp_path)
    assert (tmp_path / "elsewhere" / "link").read_text() == "бөтен\n"


def test_logs(tmp_path: Path) -> None:
    path = log_file(tmp_path, "import-2026-11.log")
    assert path == tmp_path / "logs" / "import-2026-11.log"
    path.write_text("бірінші\n")
    assert log_file(tmp_path, path.name).read_text() == "бірінші\n"
    for put in (lambda: path.symlink_to("nowhere"), lambda: os.mkfifo(path), path.mkdir):
        path.unlink()
        put()
        with pytest.raises(ArchiveUsageError):
            log_file(tmp_path, path.name)


@pytest.mark.parametrize("place", ["sites", "fixtures"])
def test_profiles_and_fixtures(newsbot: Run, tmp_path: Path, place: str) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    with wire(routes(12)) as server:
        (data / place).mkdir(parents=True)
        profile(data, server.origin)
        put_link(data / place, elsewhere)
        before = contents(elsewhere)
        commands = [("record", "kokjiek", server.origin + path(1))]
        if place == "sites":
            commands = [("check", "kokjiek", "--confirm"), ("add", "http://127.0.0.1:9")]
        for command in commands:
            done = newsbot("sites", *command, "--data", data)
            assert done.returncode == 2, done.stderr
            assert "a link, which is not followed" in done.stderr.splitlines()[-1]
    assert contents(elsewhere) == before
