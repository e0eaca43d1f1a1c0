"""`newsbot serve`: where it listens, what it refuses, how it ends; the pages are tests/web's."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import run


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--host", "0.0.0.0", "--write"), "needs --user-header"),
        (("--host", "::", "--write"), "needs --user-header"),
        (("--host", "no.such.host.invalid"), "name another --port or --host"),
        (("--url", "archive.example"), "is no http"),
        (("--port", "70000"), "--port"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(archive: Path, args: tuple[str, ...], said: str) -> None:
    done = run("serve", "--data", archive, *args)
    assert done.exit_code == 2
    assert said in done.output, done.output


def test_a_port_that_is_in_use_is_told(archive: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        done = run("serve", "--data", archive, "--port", other.getsockname()[1])
    assert done.exit_code == 2
    assert "name another --port" in done.output


def test_no_archive_is_told(tmp_path: Path) -> None:
    done = run("serve", "--data", tmp_path)
    assert done.exit_code == 2 and "no archive here" in done.output
    assert not list(tmp_path.iterdir())


def test_two_processes_answer_and_end_together(archive: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "newsbot",
        "serve",
        "--data",
        str(archive),
        "--port",
        "0",
        "--processes",
        "2",
    ]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert server.stdout and server.stderr
    children: list[int] = []
    try:
        assert select.select([server.stdout], [], [], 110)[0]
        said = re.search(r"http://127\.0\.0\.1:\d+/", server.stdout.readline())
        assert said
        assert httpx.get(f"{said[0]}search?q=су", timeout=60).status_code == 200
        children = [
            *map(int, Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split())
        ]
        assert len(children) >= 2  # spawned, beside what follows their resources
    finally:
        server.send_signal(signal.SIGTERM if children else signal.SIGKILL)
        _, errors = server.communicate(timeout=60)
    assert server.returncode == 143
    assert errors.strip() == "newsbot: terminated"
    for _ in range(100):
        with suppress(ProcessLookupError):
            os.kill(children[0], 0)
            time.sleep(0.1)
            continue
        break
    else:
        pytest.fail("the other process lives on")
