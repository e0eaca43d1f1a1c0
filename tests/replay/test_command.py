"""`newsbot import warc` as a user types it: output, exit codes, and kill -9."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archive.store import Store
from tests.conftest import ROOT, Run, environment, peak_memory
from tests.replay.files import Archive, Warc, many, page


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "data")


def test_what_it_prints(newsbot: Run, archive: Archive, tmp_path: Path) -> None:
    warc = many(10).add("https://other.example/", page("Бөтен"))
    path = warc.save(tmp_path / "w.warc.gz")
    command = ("import", "warc", path, "--data", archive.folder, "--sites-dir", archive.sites_dir)
    done = newsbot(*command)
    assert done.returncode == 0, done.stderr
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["records", "new"],
        ["---------", "-----"],
        ["17", "12"],
    ]
    assert "1 records of unknown hosts" in done.stderr
    assert "1 pictures, feeds, lists" in done.stderr
    assert "%|" not in done.stderr  # no progress in a pipe
    again = newsbot(*command, "--json")
    assert json.loads(again.stdout) == {
        "records": 0,
        "outcomes": dict.fromkeys(json.loads(again.stdout)["outcomes"], 0),
        "known": 14, "unknown_host": 0, "skipped": 0, "unresolved": 0, "damaged": [],
        "failed": [],
    }  # fmt: skip
    assert (newsbot(*command, "-q").stdout, newsbot(*command, "-q").stderr) == ("", "")
    assert f"{path}: imported on 20" in newsbot(*command, "-v").stderr


def test_exit_codes(newsbot: Run, archive: Archive, tmp_path: Path) -> None:
    options = ("--data", archive.folder, "--sites-dir", archive.sites_dir)
    path = many(5).save(tmp_path / "w.warc.gz")
    missing = newsbot("import", "warc", tmp_path / "no.warc.gz", *options)
    assert missing.returncode == 2
    assert "does not exist" in missing.stderr
    none = tmp_path / "page.html"
    none.write_text("<html>")
    wrong = newsbot("import", "warc", none, *options)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == f"newsbot: {none}: no WARC file (no record in it can be read)\n"
    among = newsbot("import", "warc", none, path, "--json", *options)
    assert among.returncode == 3, "one that is none stops none of the others"
    assert json.loads(among.stdout)["outcomes"]["new"] == 6
    assert [one["file"] for one in json.loads(among.stdout)["failed"]] == [str(none)]
    shutil.rmtree(archive.folder)
    unknown = newsbot("import", "warc", path, "--site", "gazt", *options)
    assert unknown.returncode == 2
    assert "did you mean 'gazet' (Газет)?" in unknown.stderr
    data = bytearray(path.read_bytes())
    data[-200] ^= 0x55  # in the body of the last record
    path.write_bytes(data)
    broken = newsbot("import", "warc", path, *options)
    assert broken.returncode == 3
    assert f"newsbot: {path}: record at byte " in broken.stderr
    assert "1 damaged records" in broken.stderr
    with Store(archive.folder):
        locked = newsbot("import", "warc", path, *options)
    assert locked.returncode == 4


def command(archive: Archive, path: Path, jobs: int) -> list[str]:
    words = f"-m newsbot import warc {path} --jobs {jobs} --data {archive.folder}"
    return [sys.executable, *words.split(), "--sites-dir", str(archive.sites_dir)]


def test_a_full_disk(archive: Archive, tmp_path: Path) -> None:
    path = many(40).save(tmp_path / "w.warc.gz")

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    done = subprocess.run(
        command(archive, path, 0), preexec_fn=small_disk, env=environment(), cwd=ROOT,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 5, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert archive.load(path)["new"] == 51
    archive.check()


@pytest.mark.parametrize("moment", [0.0, 0.4, 0.9, 1.6])
def test_kill_9(newsbot: Run, archive: Archive, tmp_path: Path, moment: float) -> None:
    path = many(300).save(tmp_path / "w.warc.gz")
    with subprocess.Popen(
        command(archive, path, 1), env=environment(), cwd=ROOT, stdout=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + 60
        while not archive.files() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(moment)
        os.kill(process.pid, signal.SIGKILL)
    whole = Archive(tmp_path / "whole")
    for each in (archive, whole):
        assert newsbot(*command(each, path, 1)[3:]).returncode == 0
    assert archive.state() == whole.state()
    assert archive.recorded() == whole.recorded()
    archive.check()


def test_memory_does_not_grow_with_the_file(archive: Archive, tmp_path: Path) -> None:
    """A record that is too large to be an article, and a thousand redirects that lead nowhere."""
    warc = Warc().add("/news/1", page("Бақ"))
    warc.add("/film", bytes(60_000_000), headers=[("Content-Type", "video/mp4")])
    for n in range(1000):
        warc.redirect(f"/news/lost-{n}", f"/news/never-{n}")
    path = warc.add("/news/2", page("Бақ")).save(tmp_path / "w.warc.gz")
    assert peak_memory(command(archive, path, 0)) < 300_000
    assert archive.rows("SELECT count(*) FROM articles") == [(2,)]
