"""Fixtures that several test folders share: the command in a real process, and the example paper."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from newsbot.demo.server import ExampleNewspaper
from tests import forked

# In the background of a shell Ctrl+C is ignored, and children inherit that; the tests send it.
with suppress(ValueError):  # in a thread of its own
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parent.parent
Run = Callable[..., subprocess.CompletedProcess[str]]
_READING = (["crawl"], ["merge"], ["reextract"])
"""Commands that read pages in other processes."""


def pytest_xdist_auto_num_workers() -> int:
    """A worker more than there are processors: many tests wait for a network."""
    return len(os.sched_getaffinity(0)) + 1


def environment() -> dict[str, str]:
    """The tests' own environment without what a user of this machine may have set."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("NEWSBOT_")}
    return {**kept, "PYTHONIOENCODING": "utf-8", "NO_PROXY": "*"}


def chromium() -> str:
    """The system's Chromium or Chrome; where there is none, the test is skipped."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no browser here: install the system's chromium package")


def peak_memory(command: Sequence[str]) -> int:
    """Run a command that must succeed; the most memory it held, in KiB.

    A process counts what its parent held when it was forked (getrusage(2), Linux), and a test worker
    holds a lot: a small process in between asks instead.
    """
    between = "import resource, subprocess, sys; code = subprocess.call(sys.argv[1:])\n"
    between += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", between, *command],
        env=environment(),
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def run_forked() -> Iterator[forked.Run]:
    """Run `newsbot ARGS…` as a user does and return the finished process, its output as bytes."""
    with forked.forking(ROOT, environment()) as run:
        yield run


@pytest.fixture(scope="session")
def newsbot(run_forked: forked.Run) -> Run:
    """The same with output as text.

    Pages are read in the command's own process, where a test says nothing else of `--jobs`: they are read
    alike in others (tests/crawl/test_modes.py), of which each takes a second to begin.
    """

    def run(
        *args: object, stdin: bytes | None = None, timeout: float = 240
    ) -> subprocess.CompletedProcess[str]:
        words = [*map(str, args)]
        if words[:1] in _READING and "--jobs" not in words:
            words[1:1] = ["--jobs", "0"]
        done = run_forked(words, stdin=stdin, timeout=timeout)
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    return run


@pytest.fixture
def paper() -> Iterator[ExampleNewspaper]:
    """The example newspaper on a free port."""
    with ExampleNewspaper() as running:
        yield running


@pytest.fixture
def profiles(paper: ExampleNewspaper, tmp_path: Path) -> Path:
    """A folder with the example newspaper's profile, for the port it runs on."""
    return write_profile(tmp_path / "sites", paper.origin)


def write_profile(folder: Path, origin: str, **changes: str) -> Path:
    """The example profile under another address; `changes` replace text in it."""
    folder.mkdir(exist_ok=True)
    text = (ROOT / "newsbot/demo/sites/aqbulaq.toml").read_text("utf-8")
    text = text.replace("http://127.0.0.1:8765", origin)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "aqbulaq.toml").write_text(text, "utf-8")
    return folder
