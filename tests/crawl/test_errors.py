"""Everything a user can get wrong ends in one clear line and the documented exit code."""

from __future__ import annotations

import fcntl
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from archive.store import Store
from newsbot.demo.articles import load_articles
from newsbot.demo.server import ExampleNewspaper
from tests.conftest import ROOT, Run, environment, write_profile
from tests.crawl.state import everything, read


def one_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


def test_unknown_site(newsbot: Run, tmp_path: Path) -> None:
    done = newsbot("crawl", "aqjolgazeta", "--data", tmp_path)
    assert done.returncode == 2
    assert (
        one_line(done.stderr)
        == "newsbot: unknown site 'aqjolgazeta': did you mean 'aqjolgazet' (Ақ жол)?"
    )


def test_broken_profile(newsbot: Run, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(
        'name = "X"\nurl = "http://127.0.0.1:9/"\n[crawl]\ndelay = "two"\n'
    )
    done = newsbot("crawl", "x", "--sites-dir", tmp_path, "--data", tmp_path / "data")
    assert done.returncode == 2
    line = one_line(done.stderr)
    assert f"{tmp_path / 'x.toml'}: crawl.delay: expected" in line
    assert "'two'" in line
    assert not (tmp_path / "data").exists()


def test_sites_dir_that_is_none(newsbot: Run, tmp_path: Path) -> None:
    done = newsbot("sites", "list", "--sites-dir", tmp_path / "nowhere")
    assert done.returncode == 2
    assert "nowhere" in one_line(done.stderr)


def test_folder_that_cannot_be_written(newsbot: Run, profiles: Path, tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")
    done = newsbot("crawl", "aqbulaq", "--sites-dir", profiles, "--data", blocker / "data")
    assert done.returncode == 2
    assert "cannot be written" in one_line(done.stderr)


def test_host_that_does_not_answer(newsbot: Run, tmp_path: Path) -> None:
    sites = write_profile(tmp_path / "sites", "http://127.0.0.1:9")
    done = newsbot("crawl", "aqbulaq", "--sites-dir", sites, "--data", tmp_path / "data")
    assert done.returncode == 3
    line = one_line(done.stderr)
    assert line.startswith("newsbot: aqbulaq failed: ")
    assert "127.0.0.1:9" in line


def test_database_from_a_newer_version(newsbot: Run, profiles: Path, tmp_path: Path) -> None:
    Store(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "news.db")) as connection:
        connection.execute("PRAGMA user_version = 9999")
    for command in (("crawl", "aqbulaq", "--sites-dir", profiles), ("status",), ("search", "су")):
        done = newsbot(*command, "--data", tmp_path)
        assert done.returncode == 2
        assert "a newer newsbot" in one_line(done.stderr)


def test_damaged_database(newsbot: Run, profiles: Path, tmp_path: Path) -> None:
    (tmp_path / "news.db").write_bytes(b"this is no database, whatever its name says" * 100)
    for command in (("crawl", "aqbulaq", "--sites-dir", profiles), ("status",)):
        done = newsbot(*command, "--data", tmp_path)
        assert done.returncode == 5
        assert "damaged" in one_line(done.stderr)


@pytest.mark.parametrize("flipped", [0x80, 0x01])  # no UTF-8 any more; no SQL any more
def test_damaged_schema(newsbot: Run, profiles: Path, tmp_path: Path, flipped: int) -> None:
    with Store(tmp_path):
        pass
    path = tmp_path / "news.db"
    data = bytearray(path.read_bytes())
    data[data.index(b"CREATE TABLE articles") + 3] ^= flipped
    path.write_bytes(data)
    for command in (("crawl", "aqbulaq", "--sites-dir", profiles), ("status",), ("search", "су")):
        done = newsbot(*command, "--data", tmp_path)
        assert done.returncode == 5
        assert "newsbot verify --repair" in one_line(done.stderr)


def test_read_only_disk(
    newsbot: Run, paper: ExampleNewspaper, profiles: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    command = ["crawl", "aqbulaq", "--sites-dir", profiles, "--data", data]
    assert newsbot(*command, "--limit", 3).returncode == 0
    before = everything(data)
    script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    apart = ["unshare", "--mount", "--map-root-user", "sh", "-c", script, data]

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*apart, sys.executable, "-m", "newsbot", *map(str, words)],
            env=environment(), cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip

    if subprocess.run([*apart, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no user namespaces (unshare) on this machine to mount a disk read-only in")
    for writing in (command, ("stories", "--data", data)):
        done = run(*writing)
        assert done.returncode == 5
        assert "the disk is read-only" in one_line(done.stderr)
    assert everything(data) == before
    assert run("export", "--data", data).stdout.count("\n") == 3, "what is there can be read"


def test_second_crawl_at_the_same_time(newsbot: Run, profiles: Path, tmp_path: Path) -> None:
    with (tmp_path / "newsbot.lock").open("w") as lock:
        lock.write("process 1 since today")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = newsbot("crawl", "aqbulaq", "--sites-dir", profiles, "--data", tmp_path)
        data = newsbot("crawl", "aqbulaq", "--sites-dir", profiles, "--data", tmp_path, "--json")
    said = "another run is writing to this archive (process 1 since today)"
    assert (done.returncode, done.stderr) == (4, ""), "what cron would mail"
    assert said in one_line(done.stdout)
    assert (data.returncode, data.stdout) == (4, "")
    assert said in one_line(data.stderr)


def test_public_site_without_contact(newsbot: Run, tmp_path: Path) -> None:
    done = newsbot("crawl", "aqjolgazet", "--data", tmp_path / "data")
    assert done.returncode == 2
    assert "--contact" in one_line(done.stderr)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", [("status",), ("search", "су"), ("show", "1"), ("export",)])
def test_no_archive_yet(newsbot: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    done = newsbot(*command, "--data", tmp_path)
    assert done.returncode == 2
    assert "newsbot crawl" in one_line(done.stderr)


def test_article_that_is_not_there(
    newsbot: Run, paper: ExampleNewspaper, profiles: Path, tmp_path: Path
) -> None:
    newsbot("crawl", "aqbulaq", "--sites-dir", profiles, "--data", tmp_path, "--limit", 1)
    for key in ("77777", "99999999999999999999999", "http://example.kz/nothing", "' OR 1=1"):
        done = newsbot("show", key, "--data", tmp_path)
        assert done.returncode == 2, key
        assert "no article" in one_line(done.stderr)
    for query in ('"', "*", "- -", "()"):
        done = newsbot("search", "--data", tmp_path, "--", query)
        assert done.returncode == 2, query
        assert "nothing to search for" in one_line(done.stderr)


@pytest.mark.parametrize("most", [100_000, 900_000], ids=["at the start", "on the way"])
def test_full_disk(paper: ExampleNewspaper, tmp_path: Path, newsbot: Run, most: int) -> None:
    # No file may grow beyond a limit: what a full disk does, without one. Several commits come before.
    slow = write_profile(tmp_path / "sites", paper.origin, **{"delay = 0": "delay = 0.05"})
    command = ["crawl", "aqbulaq", "--sites-dir", str(slow), "--data", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "newsbot", *command],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
        capture_output=True, text=True, env=environment(), cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 5
    assert "news.db" in one_line(done.stderr)
    # What there was no room for as a whole is not there at all.
    assert (tmp_path / "news.db").exists() == (most > 500_000)
    if most > 500_000:
        assert read(tmp_path, "PRAGMA integrity_check") == [("ok",)]
        whole = "SELECT count(*) FROM articles JOIN revisions r ON r.article = articles.id JOIN "
        whole += "captures c ON c.id = r.capture JOIN frontier f ON f.article = articles.id"
        stored = read(tmp_path, "SELECT count(*) FROM articles")
        assert stored > [(0,)]
        assert read(tmp_path, whole) == stored
        for path in tmp_path.rglob("*.warc.gz"):
            with path.open("rb") as file:
                assert list(ArchiveIterator(file))
    # With space again the run carries on.
    assert newsbot(*command).returncode == 0
    assert read(tmp_path, "SELECT count(*) FROM articles") == [(len(load_articles()),)]


def test_extract_usage(newsbot: Run) -> None:
    assert newsbot("extract", "/nonexistent.html", "--url", "http://a.kz/").returncode == 2
    assert newsbot("extract", "-").returncode == 2
    bad = newsbot("extract", "-", "--url", "http://a.kz/", "--fetched-at", "yesterday", stdin=b"")
    assert bad.returncode == 2
