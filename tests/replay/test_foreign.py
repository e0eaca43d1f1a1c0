"""Archives of others are input: what they hold is read as far as it goes, and never followed or run."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from archive.errors import ArchiveError
from archive.store import Store
from newsbot.replay.merge import merge
from newsbot.visit.schedule import next_due
from tests.conftest import ROOT, Run, environment
from tests.replay.files import PROFILE, Archive, Warc, page


@pytest.fixture
def other(tmp_path: Path) -> Archive:
    """An archive as somebody sends it, with its profile inside."""
    (tmp_path / "other").mkdir()
    archive = Archive(tmp_path / "other" / "data")
    archive.put(Warc().info().add("/news/1", page("Бақ")))
    for name in ("sites", "decisions"):
        (archive.folder / name).mkdir()
    (archive.folder / "sites" / "gazet.toml").write_text(PROFILE, "utf-8")
    (archive.folder / "decisions" / "notes.jsonl").write_text("{}\n")
    (tmp_path / "secret").write_text("құпия")
    return archive


def place(other: Archive, kind: str) -> Path:
    return {
        "file": next((other.folder / "warc").rglob("*.warc.gz")),
        "site": other.folder / "warc" / "gazet",
        "warc": other.folder / "warc",
        "profile": other.folder / "sites" / "gazet.toml",
        "profiles": other.folder / "sites",
        "decision": other.folder / "decisions" / "notes.jsonl",
    }[kind]


def pipe(path: Path) -> None:
    os.mkfifo(path)


def zero(path: Path) -> None:
    path.symlink_to("/dev/zero")


def secret(path: Path) -> None:
    path.symlink_to(next(p for p in path.parents if (p / "secret").exists()) / "secret")


def loop(path: Path) -> None:
    path.symlink_to(path)


def folder(path: Path) -> None:
    path.mkdir()


def huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 10**12)


@pytest.mark.parametrize("put", [pipe, zero, secret, loop, folder, huge])
@pytest.mark.parametrize("kind", ["file", "site", "warc", "profile", "profiles", "decision"])
@pytest.mark.timeout(60)
def test_something_else_in_the_place_of_a_file(
    other: Archive, tmp_path: Path, kind: str, put: Callable[[Path], None]
) -> None:
    path = place(other, kind)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    put(path)
    (tmp_path / "own").mkdir()
    own = Archive(tmp_path / "own" / "data")
    with Store(own.folder, schedule=next_due) as store:
        report = merge(store, other.folder, own.sites, jobs=0)
    for line in report.problems:
        assert "құпия" not in line
    assert report.exit_code in (0, 5)
    copied = [
        p for p in own.folder.rglob("*") if p.is_file() and p.suffix in (".toml", ".jsonl", ".gz")
    ]
    assert not any("құпия".encode() in p.read_bytes() for p in copied)
    if kind == "file":
        assert report.records == 0
    if kind in ("profile", "profiles", "decision"):
        assert report.records == 1, "the rest is merged"


@pytest.mark.parametrize(
    ("warc", "offset"),
    [
        ("../../secret", 0), ("/etc/hostname", 0), ("warc/../../../secret", 0), ("warc/gazet/link", 0),
        ("warc/gazet", 0), ("warc/gazet/pipe", 0), ("warc/\0", 0), (b"\xff", 0), (7, 0),
        (None, -1), (None, 2**62), (None, "x"), (None, 1.5),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["show --raw 1", "export --format warc"])
def test_places_that_rows_name(
    other: Archive, tmp_path: Path, warc: object, offset: object, command: str
) -> None:
    (other.folder / "warc" / "gazet" / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(other.folder / "warc" / "gazet" / "pipe")
    with closing(sqlite3.connect(other.folder / "news.db")) as c:
        c.execute("UPDATE captures SET warc = coalesce(?, warc), warc_offset = ?", (warc, offset))
        c.commit()
    more = [] if "show" in command else ["-o", tmp_path / "out"]
    done = newsbot_bytes(*command.split(), *more, "--data", other.folder)
    assert done.returncode == 5, done.stderr
    assert "құпия".encode() not in done.stdout
    assert b"a bug" not in done.stderr
    out = tmp_path / "out"
    assert not out.exists() or "құпия".encode() not in out.read_bytes()


def newsbot_bytes(*words: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "newsbot", *map(str, words)],
        env=environment(), cwd=ROOT, capture_output=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_damaged_value_is_no_bug(other: Archive, newsbot: Run) -> None:
    """A blob for a list, broken JSON, JSON that is too deep, half a letter: code 5, one line."""
    for value in ("x'ff00'", "'{'", "'" + "[" * 50_000 + "'", "CAST(x'EDA080' AS TEXT)", "'7'"):
        with closing(sqlite3.connect(other.folder / "news.db")) as c:
            c.execute(f"UPDATE articles SET authors = {value}")
            c.commit()
        done = newsbot("show", 1, "--data", other.folder)
        assert done.returncode == 5, (value[:20], done.stderr)
        # Before it, that what the fixture keeps beside the database is no note.
        *_, line = done.stderr.splitlines()
        assert len(done.stderr.splitlines()) <= 2
        assert "is damaged" in line
        assert "newsbot verify --repair" in line


def test_own_folder_is_no_other(other: Archive) -> None:
    with Store(other.folder) as store, pytest.raises(ArchiveError, match="this archive itself"):
        merge(store, other.folder, {})
