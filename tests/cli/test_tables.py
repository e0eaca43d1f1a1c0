"""Tables and marks as a person sees them: at narrow terminals, without colours."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
import time
from pathlib import Path
from socket import socket

import pytest

from tests.cli.conftest import run
from tests.conftest import ROOT, environment
from tests.crawl.wire import http, page, prepare, wire


def printed(*command: object, watch: str = "stdout", **variables: str) -> list[tuple[float, str]]:
    """What a command prints at a terminal, on stdout or stderr, each piece with its moment."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 100))
    process = subprocess.Popen(
        [sys.executable, "-m", "newsbot", *map(str, command)],
        env={**environment(), "COLUMNS": "200", **variables}, cwd=ROOT,
        **{"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, watch: slave},
    )  # fmt: skip
    os.close(slave)
    shown = []
    try:
        while more := os.read(master, 65536):
            shown.append((time.monotonic(), more))
    except OSError:  # Linux: the other side has closed
        pass
    os.close(master)
    assert process.wait(60) == 0
    return [(moment, more.decode(errors="replace")) for moment, more in shown]


def at_terminal(*command: object, **variables: str) -> str:
    """All that a command prints on stdout at a terminal."""
    return "".join(text for _, text in printed(*command, **variables))


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
    head, row, *_ = done.stdout.splitlines()
    assert head.split() == ["site", "health", "days", "ok", "wait", "due", "disk"]
    assert "crawl did not end" in row
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


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_progress_names_the_site_and_moves_while_it_waits(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    answered = []

    def slow(connection: socket) -> None:
        time.sleep(4)
        answered.append(time.monotonic())
        connection.sendall(http(b"User-agent: *\n"))

    feed = http(b"<rss version='2.0'><channel/></rss>", "Content-Type: application/rss+xml")
    with wire({"/1": http(page()), "/feed": feed}, slow) as server:
        prepare(server.origin, tmp_path, ["/1"])
        folders = ("--data", tmp_path / "data", "--sites-dir", tmp_path / "sites")
        shown = printed("crawl", "x", *folders, *options, watch="stderr")
        asked = server.requests[0][0]
    meanwhile = [text for moment, text in shown if moment < answered[0] and "x: " in text]
    assert meanwhile, "the site is named before it answers"
    assert len(set(meanwhile)) >= 3, "and the line moves"
    assert shown[0][0] < asked + 2
