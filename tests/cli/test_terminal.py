"""Nothing that is printed can steer a terminal, whoever wrote it."""

from __future__ import annotations

import io
import json
import os
import pty
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.cli.terminal import BOLD, PLAIN, STEERING, Terminal, clean, styled
from tests.archive.building import HOME, article, open_paper
from tests.conftest import ROOT, environment

ESCAPES = "\x1b]0;owned\x07\x1b[2J\x1b[31m\x9b1m\u202e\u2066\x7f\x08\x00"
"""Neighbours of an OSC: CSI in 7 and 8 bits, a bell, overrides and isolates, delete, backspace, NUL."""


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@given(st.text())
def test_clean_text_has_no_controls_and_stays_what_it_says(text: str) -> None:
    cleaned = clean(text)
    assert not STEERING.search(cleaned)
    assert clean(cleaned) == cleaned
    if cleaned == text:
        assert not STEERING.search(text)


def test_what_is_written_out() -> None:
    assert clean("a\x1b[2Jb\u202ec\td\nқ\u200f") == "a\\x1b[2Jb\\u202ec\td\nқ\u200f"
    assert styled("\x1bТақырып", "bold") == f"{BOLD}\\x1bТақырып{PLAIN}"


@pytest.mark.parametrize(
    ("is_terminal", "printed"), [(True, "\x1b[1mа\\x1b[8m\x1b[0m\n"), (False, "а\\x1b[8m\n")]
)
def test_only_our_own_styles_reach_a_terminal(is_terminal: bool, printed: str) -> None:
    stream = Screen() if is_terminal else io.StringIO()
    Terminal(stream).write(styled("а\x1b[8m", "bold") + "\n")
    assert stream.getvalue() == printed


def test_a_bar_of_progress_goes_over_itself_on_a_terminal_alone() -> None:
    for stream, printed in ((Screen(), "\r50%"), (io.StringIO(), "\\x0d50%")):
        Terminal(stream).write("\r50%")
        assert stream.getvalue() == printed


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive that is sound, and whose newspaper prints escapes wherever it can."""
    folder = tmp_path_factory.mktemp("hostile") / "data"
    paper = open_paper(folder)
    read = article(
        title=f"Тақырып{ESCAPES}", authors=[f"Асан{ESCAPES}"], tags=[f"су{ESCAPES}"],
        text=f"ауыл {ESCAPES} су", section=ESCAPES, published=None, published_raw=ESCAPES,
    )  # fmt: skip
    paper.visit(read=read)
    source = paper.store.source(paper.site, f"{HOME}feed{ESCAPES}", "feed")
    paper.store.connection.execute(
        "UPDATE sources SET error = ? WHERE id = ?", (ESCAPES, source["id"])
    )
    paper.store.close()
    (folder / "sites").mkdir()
    return folder


def on_terminal(*args: object) -> tuple[int, str]:
    """Exit code and what a terminal is sent."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "newsbot", *map(str, args)], env={**environment(), "TERM": "xterm"},
        cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs,
    ) as process:  # fmt: skip
        os.close(theirs)
        said = b""
        with suppress(OSError):
            while piece := os.read(ours, 65536):
                said += piece
        os.close(ours)
        code = process.wait(60)
    return code, said.decode("utf-8", "replace")


@pytest.mark.parametrize(
    "command", ["show 1", "show 1 --revisions", "show 1 --json", "search ауыл", "search ауыл --json",
                "status --sources", "verify", "show \x1b]0;x\x07", "search site:\x1b[2J"],
)  # fmt: skip
def test_commands_on_a_terminal(hostile: Path, command: str) -> None:
    code, said = on_terminal(*command.split(" "), "--data", hostile)
    assert code in (0, 2)
    for style in ("\x1b[1m", "\x1b[0m", "\x1b[31m", "\x1b[33m", "\x1b[90m"):
        said = said.replace(style, "")
    found = STEERING.search(said.replace("\r\n", "\n").replace("\r", ""))
    assert found is None, said


def test_names_of_files_of_others(tmp_path: Path, hostile: Path) -> None:
    other = tmp_path / f"o{chr(27)}]0;x{chr(7)}"
    (other / "warc").mkdir(parents=True)
    (other / "sites").mkdir()
    (other / "sites" / "x.toml").write_text(f'name = "{chr(0x9B)}2J"\nurl = "\u202e"\n', "utf-8")
    code, said = on_terminal("merge", other, "--data", tmp_path / "data")
    assert code == 5
    assert not STEERING.search(said.replace("\r", ""))
    assert "left out" in said


def test_json_on_a_terminal_says_the_same(hostile: Path) -> None:
    _, said = on_terminal("show", 1, "--json", "--data", hostile)
    with closing(sqlite3.connect(hostile / "news.db")) as c:
        assert (json.loads(said)["title"],) == c.execute("SELECT title FROM articles").fetchone()
