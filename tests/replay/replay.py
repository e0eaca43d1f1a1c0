"""A real pywb on loopback, and a browser: where this machine has them, or the test is skipped."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.conftest import ROOT, chromium, environment

_VENV = Path(os.environ.get("REPLAY_VENV", ROOT / ".venv-replay"))
"""Where `make replay` installs pywb and wacz: apart from newsbot, which does without their needs."""


def tool(name: str) -> str:
    """A program of the replay environment, or of this machine; skips the test where there is none."""
    found = shutil.which(name, path=f"{_VENV / 'bin'}{os.pathsep}{os.environ['PATH']}")
    if not found:
        pytest.skip(f"{name} is not installed: `make replay` puts it into {_VENV.name}")
    return found


@contextmanager
def pywb(folder: Path, files: Sequence[Path]) -> Iterator[str]:
    """Replay WARC or WACZ files; yields the address of the collection."""
    manager, server = tool("wb-manager"), tool("wayback")
    folder.mkdir(parents=True, exist_ok=True)
    # Without its frame, what a browser shows is the page itself.
    (folder / "config.yaml").write_text("framed_replay: false\n")
    _run(folder, manager, "init", "coll")
    for file in files:
        unpack = ["--unpack-wacz"] if file.suffix == ".wacz" else []
        _run(folder, manager, "add", *unpack, "coll", str(file))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [server, "-b", "127.0.0.1", "-p", str(port)],
            cwd=folder, env=environment(), stdout=log, stderr=log,
        )  # fmt: skip
    try:
        _wait(f"http://127.0.0.1:{port}/", process, folder / "log")
        yield f"http://127.0.0.1:{port}/coll/"
    finally:
        process.kill()
        process.wait()


def asked(folder: Path) -> list[str]:
    """Paths that a pywb running in `folder` was asked for."""
    lines = (folder / "log").read_text("utf-8", "replace").splitlines()
    return [line.split('"GET ')[1].split(" ")[0] for line in lines if '"GET ' in line]


def browse(url: str) -> str:
    """The page that a browser shows, as HTML after its scripts have run."""
    done = subprocess.run(
        [
            chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--virtual-time-budget=5000", "--dump-dom", url,
        ],
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    return done.stdout.decode()


def _run(folder: Path, *command: str) -> None:
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(log.read_text())
