"""Tables and marks as a person sees them: at narrow terminals, without colours."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import run
from tests.conftest import ROOT, environment


def at_terminal(*command: object, **variables: str) -> str:
    """What a command prints at a terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "newsbot", *map(str, command)],
        env={**environment(), "COLUMNS": "200", **variables}, cwd=ROOT, stdout=slave,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(slave)
    shown = b""
    try:
        while more := os.read(master, 65536):
            shown += more
    except OSError:  # Linux: the other side has closed
        pass
    os.close(master)
    assert process.wait(60) == 0
    return shown.decode()


@pytest.mark.parametrize("command", ["status", "status --sources", "sites list", "stories --list"])
def test_tables_fit(archive: Path, command: str) -> None:
    shown = at_terminal(*command.split(), "--data", archive, COLUMNS="60")
    for line in shown.splitlines():
        assert len(line) <= 60 or " " not in line.strip(" ·"), line


def test_nothing_is_lost_in_a_narrow_table(archive: Path) -> None:
    wide = run("sites", "list", "--data", archive).stdout
    narrow = at_terminal("sites", "list", "--data", archive, COLUMNS="60")
    assert "aqjolgazet" in narrow.splitlines()
    assert set(wide.split()) - {"id"} <= {*narrow.split(), *(["-" * n for n in range(80)])}


def test_one_site_in_the_table_of_status(archive: Path) -> None:
    done = run("status", "aqbulaq", "--data", archive)
    head, _, row, *_ = done.stdout.splitlines()
    names = ("newest", "days ago", "state", "pages")
    assert [name for name in names if name in head] == list(names)
    assert "did not end" in row
    assert "free on this disk" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("command", "bold", "plain"),
    [
        ("search көпір --limit 1", "\x1b[1mкөпір\x1b[0m", "[көпір]"),
        ("show 2", "\x1b[1mАуылға", "Ауылға"),
    ],
)
@pytest.mark.parametrize("no_color", ["", "1"])
def test_colours(archive: Path, command: str, bold: str, plain: str, no_color: str) -> None:
    shown = at_terminal(*command.split(), "--data", archive, NO_COLOR=no_color)
    assert (bold in shown) is (not no_color)
    assert ("\x1b" in shown) is (not no_color)
    if no_color:
        assert plain in shown
