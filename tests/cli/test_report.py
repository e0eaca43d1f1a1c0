"""`newsbot report`: where it writes, and where it does not."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.cli.conftest import run
from tests.conftest import Run, chromium

HEAD = "<!doctype html>"


def test_it_writes_a_file_or_prints(archive: Path, tmp_path: Path) -> None:
    file = tmp_path / "new" / "report.html"
    done = run("report", "aqbulaq", "--data", archive, "--html", file)
    assert (done.exit_code, done.output) == (0, "")
    written = file.read_text("utf-8")
    assert written.startswith(HEAD) and "Articles per day" in written
    assert [path.name for path in file.parent.iterdir()] == ["report.html"]
    printed = run("report", "aqbulaq", "--data", archive, "--html", "-").output
    clock = re.compile(r"\d\d:\d\d UTC")
    assert clock.sub("", printed) == clock.sub("", written)
    assert (
        "Күніне мақала"
        in run("report", "aqbulaq", "--data", archive, "--html", "-", "--language", "kk").output
    )


def test_it_writes_nowhere_into_the_archive(archive: Path, tmp_path: Path) -> None:
    before = (archive / "news.db").read_bytes()
    (tmp_path / "link").symlink_to(archive / "news.db")
    (tmp_path / "page.html").write_text("<p>Су</p>")
    for place in (
        archive / "news.db",
        archive / "x.html",
        archive / "new" / "x",
        tmp_path / "link",
    ):
        for command in (
            ("report", "aqbulaq", "--html"),
            ("status", "--prometheus"),
            ("export", "-o"),
            ("sites", "add", "http://127.0.0.1:9", "--html"),
            ("sites", "check", "aqbulaq", "--html"),
            ("extract", tmp_path / "page.html", "--url", "http://a.example/", "--explain-html"),
        ):
            done = run(*command, place, "--data", archive)
            assert done.exit_code == 2 and "lies in the archive's folder" in done.output
    assert (archive / "news.db").read_bytes() == before
    assert not (archive / "x.html").exists() and not (archive / "new").exists()


def test_what_was_there_stays_where_it_fails(newsbot: Run, archive: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text("ескі", "utf-8")
    done = newsbot("report", "joq", "--data", archive, "--html", file)
    assert (done.returncode, done.stdout) == (2, "") and "unknown site 'joq'" in done.stderr
    (tmp_path / "report.html.part").mkdir()  # nothing can be written beside it
    done = newsbot("report", "aqbulaq", "--data", archive, "--html", file)
    assert done.returncode == 2 and "cannot be written" in done.stderr
    assert file.read_text("utf-8") == "ескі"
    assert newsbot("report", "aqbulaq", "--data", archive).returncode == 2


def test_a_device_or_pipe_stays_one(newsbot: Run, archive: Path, tmp_path: Path) -> None:
    for name in ("/dev/null", "/dev/stdout"):
        done = newsbot("report", "aqbulaq", "--data", archive, "--html", name)
        assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(HEAD)
    assert Path("/dev/null").is_char_device()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    os.mkfifo(tmp_path / "pipe")
    for command in (("report", "aqbulaq", "--html"), ("export", "-o")):
        done = newsbot(*command, tmp_path / "pipe", "--data", archive, timeout=20)
        assert done.returncode == 2 and done.stderr.count("\n") == 1, "nobody reads it"
        for place in ("/dev/null", tmp_path / "link"):
            assert newsbot(*command, place, "--data", archive).returncode == 0
        assert Path("/dev/null").is_char_device()
        assert (tmp_path / "link").is_symlink() and (tmp_path / "target").stat().st_size
        (tmp_path / "target").unlink()
    with subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE) as reader:
        assert (
            newsbot("report", "aqbulaq", "--data", archive, "--html", tmp_path / "pipe").returncode
            == 0
        )
        assert reader.stdout and reader.stdout.read().decode().startswith(HEAD)


def test_a_browser_shows_it_by_day_by_night_and_small(archive: Path, tmp_path: Path) -> None:
    browser = chromium()
    file = tmp_path / "report.html"
    run("report", "aqbulaq", "--data", archive, "--html", file)
    colours = set()
    for night in (0, 1):
        done = subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr",
             f"--blink-settings=preferredColorScheme={night}", "--window-size=500,900",
             f"--screenshot={tmp_path / 'shot.png'}", file.as_uri()],
            capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        assert "CONSOLE" not in done.stderr.decode(), "it asks for what its policy forbids"
        colours.add((tmp_path / "shot.png").read_bytes())
    assert len(colours) == 2
