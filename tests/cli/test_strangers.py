"""What lies in the place of news.db is not ours: one line, code 2 or 5, and nothing written."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from archive.errors import ArchiveError
from archive.integrity.verify import verify
from archive.store import Store
from newsbot import cli
from tests.archive.building import HOME, article, open_paper
from tests.conftest import write_profile


def empty(path: Path) -> None:
    path.touch()


def folder(path: Path) -> None:
    path.mkdir()


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link(path: Path) -> None:
    stranger(path.with_name("elsewhere.db"))
    path.symlink_to("elsewhere.db")


def loop(path: Path) -> None:
    path.symlink_to(path)


def zero(path: Path) -> None:
    path.symlink_to("/dev/zero")


def text(path: Path) -> None:
    path.write_text("no database", "utf-8")


def stranger(path: Path, version: int = 0) -> None:
    with closing(sqlite3.connect(path)) as c:
        c.execute("CREATE TABLE contacts (name TEXT)")
        c.execute(f"PRAGMA user_version = {version}")
        c.commit()


def stranger_of_version_1(path: Path) -> None:
    stranger(path, 1)


def endless(path: Path) -> None:
    """A view in the place of a table is code of others."""
    open_paper(path.parent).store.close()
    with closing(sqlite3.connect(path)) as c:
        c.execute("PRAGMA journal_mode = DELETE")
        c.execute("DROP TABLE engagement")
        c.execute(
            "CREATE VIEW engagement AS WITH RECURSIVE n(article) AS (SELECT 1 UNION ALL SELECT article "
            "FROM n) SELECT article FROM n"
        )
        c.commit()


def pipe_beside(path: Path) -> None:
    open_paper(path.parent).store.close()
    os.mkfifo(path.with_name("news.db-journal"))


def link_beside(path: Path) -> None:
    open_paper(path.parent).store.close()
    path.with_name("news.db-wal").symlink_to("/dev/zero")


IN_ITS_PLACE = (
    empty,
    folder,
    pipe,
    link,
    loop,
    zero,
    text,
    stranger,
    stranger_of_version_1,
    endless,
    pipe_beside,
    link_beside,
)
COMMANDS = (
    "status", "report aqbulaq --html -", "search су", "show 1", "export", "verify", "verify --repair", "stories", "stems --rebuild",
    "reextract --jobs 0", "crawl aqbulaq", "import warc {warc} --jobs 0", "merge {other} --jobs 0",
    "backup {bag}",
)  # fmt: skip


def contents(folder: Path) -> dict[str, object]:
    """Every file with its bytes; what is no file, with its kind."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else path.lstat().st_mode
        for path in folder.rglob("*")
        if "logs" not in path.parts
    }


def run(command: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """The exit code of a command on `folder`/data, `folder`/other beside it."""
    other, bag = folder / "other", folder / "bag"
    words = command.format(warc=_warc(folder), other=other, bag=bag).split()
    sites = write_profile(folder / "sites", "http://127.0.0.1:9")
    if words[0] in ("crawl", "import", "merge"):
        words += ["--sites-dir", str(sites)]
    monkeypatch.setattr(sys, "argv", ["newsbot", *words, "--data", str(folder / "data")])
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    return cli.main()


@pytest.mark.parametrize("put", IN_ITS_PLACE)
@pytest.mark.parametrize("command", COMMANDS)
def test_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
    put: Callable[[Path], None], command: str,
) -> None:  # fmt: skip
    data, other = tmp_path / "data", tmp_path / "other"
    data.mkdir()
    put(data / "news.db")
    if (data / "newsbot.lock").exists():
        (data / "newsbot.lock").unlink()
    open_paper(other).store.close()
    before = contents(data)
    assert run(command, tmp_path, monkeypatch) in (2, 5)
    said = capfd.readouterr()
    printed = said.out if command.startswith("verify") and said.out else said.err
    assert len(printed.strip().splitlines()) <= (3 if command.startswith("verify") else 1), printed
    assert "a bug" not in printed
    assert contents(data) == before


def _warc(folder: Path) -> Path:
    from tests.replay.files import Warc, page

    return Warc().add("/news/1", page("Бақ")).save(folder / "w.warc.gz")


@pytest.mark.parametrize("put", [pipe, link, zero, loop])
def test_a_lock_that_is_none(tmp_path: Path, put: Callable[[Path], None]) -> None:
    """What it leads to is not written to, and nothing waits for a pipe."""
    put(tmp_path / "newsbot.lock")
    before = contents(tmp_path)
    with pytest.raises(ArchiveError):
        Store(tmp_path)
    assert contents(tmp_path) == before
    with pytest.raises(ArchiveError):
        list(verify(tmp_path))


@pytest.mark.parametrize("put", [folder, pipe, link, loop, zero])
@pytest.mark.parametrize(  # crawls: tests/cli/test_links.py
    "command",
    [c for c in COMMANDS if "crawl" not in c] + ["verify --full --jobs 0", "status --json"],
)
def test_something_else_than_captures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
    put: Callable[[Path], None], command: str,
) -> None:  # fmt: skip
    data, other = tmp_path / "data", tmp_path / "other"
    for place in (data, other):
        paper = open_paper(place)
        paper.visit(read=article(f"{HOME}1"))
        paper.store.close()
        (warc,) = place.glob("warc/*/*.warc.gz")
        warc.unlink()
        put(warc)
    assert run(command, tmp_path, monkeypatch) in (0, 2, 3, 5)
    assert "a bug" not in "".join(capfd.readouterr())


# -- captures without their database ------------------------------------------------------------


@pytest.mark.parametrize("state", ["missing", "empty"])
@pytest.mark.parametrize("command", [c for c in COMMANDS if "verify" not in c])
def test_no_command_but_a_repair_begins_another_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
    state: str, command: str,
) -> None:  # fmt: skip
    data = tmp_path / "data"
    paper = open_paper(data)
    paper.visit(read=article(f"{HOME}1"))
    paper.store.close()
    for path in data.glob("news.db*"):
        path.unlink()
    if state == "empty":
        (data / "news.db").touch()
    other = tmp_path / "other"
    open_paper(other).store.close()
    before = contents(data)
    assert run(command, tmp_path, monkeypatch) == 5
    (line,) = capfd.readouterr().err.splitlines()
    assert f"news.db is {state}" in line
    assert "newsbot verify --repair" in line
    assert contents(data) == before
