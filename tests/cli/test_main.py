"""The command as a process: closed pipes, terminals without Kazakh letters, interrupts, full disks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from newsbot import cli
from tests.conftest import ROOT, Run, environment


def start(
    *args: object, code: str | None = None, **how: str | int | None
) -> subprocess.Popen[bytes]:
    """`newsbot ARGS…`, or Python code with these arguments, in a process of its own."""
    program = ["-c", code] if code else ["-m", "newsbot"]
    encoding = str(how.pop("encoding", "utf-8"))
    return subprocess.Popen(
        [sys.executable, *program, *map(str, args)],
        env={**environment(), "PYTHONIOENCODING": encoding},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **how,  # type: ignore[call-overload]
    )


# -- output -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    ["export", "show 1", "show 1 --json", "export --format wacz", "search су", "status", "--help"],
)
@pytest.mark.parametrize("both", [False, True], ids=["stdout", "stderr, too"])
def test_a_reader_may_close_the_pipe(archive: Path, command: str, both: bool) -> None:
    data = [] if command == "--help" else ["--data", archive]
    read, write = os.pipe()
    os.close(read)
    process = subprocess.run(
        [sys.executable, "-m", "newsbot", *command.split(), *map(str, data)],
        env=environment(), cwd=ROOT, check=False, stdout=write,
        stderr=subprocess.STDOUT if both else subprocess.PIPE,
    )  # fmt: skip
    os.close(write)
    assert process.returncode == 0
    assert b"Traceback" not in (process.stderr or b"")
    assert b"Exception" not in (process.stderr or b"")


def test_a_reader_may_close_the_pipe_in_the_middle(archive: Path) -> None:
    process = start("export", "--data", archive)
    assert process.stdout
    assert process.stdout.read(10) == b'{"id":2,"i'
    process.stdout.close()
    assert process.wait(60) == 0
    assert process.stderr
    assert process.stderr.read() in (b"", b"2 articles\n"), "all was written before it was closed"


def test_a_broken_pipe_that_is_not_the_readers_is_a_bug(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise BrokenPipeError("a worker")

    monkeypatch.setattr(cli.newsbot.commands["status"], "callback", fail)
    monkeypatch.setattr(sys, "argv", ["newsbot", "status"])
    assert cli.main() == 1
    assert "a bug: BrokenPipeError: a worker" in capfd.readouterr().err


@pytest.mark.parametrize("command", ["show 1", "search су", "stems мектептер", "sites list"])
def test_a_terminal_without_kazakh_letters(archive: Path, command: str) -> None:
    data = ["--data", archive]
    process = start(*command.split(), *data, encoding="latin-1")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert b"?" in out


def test_json_is_whole_in_any_encoding(archive: Path) -> None:
    process = start("show", "2", "--json", "--data", archive, encoding="latin-1")
    out, _ = process.communicate(timeout=60)
    assert json.loads(out)["title"] == "Ауылға таза су келді"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this machine")
@pytest.mark.parametrize("command", ["show 1", "export"])
def test_output_to_a_full_disk(archive: Path, command: str) -> None:
    with Path("/dev/full").open("wb") as full:
        process = subprocess.run(
            [sys.executable, "-m", "newsbot", *command.split(), "--data", str(archive)],
            env=environment(), cwd=ROOT, check=False, stdout=full, stderr=subprocess.PIPE,
        )  # fmt: skip
    assert process.returncode == 5
    assert process.stderr.startswith(b"newsbot: the disk is full")


# -- one line and a code ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("serch су", "No such command 'serch'. (Did you mean one of: 'search', 'serve'?)"),
        ("export --formatt x", "No such option '--formatt'. Did you mean '--format'?"),
        ("export --format csvv", "'csvv' is not one of"),
        ("export -o /nonexistent/file", "No such file or directory"),
        ("search", "Missing argument 'QUERY...'."),
        ("crawl --limit none", "'none' is not a valid integer range"),
    ],
)
def test_wrong_usage_is_one_line(newsbot: Run, archive: Path, command: str, message: str) -> None:
    done = newsbot(*command.split(), *(["--data", archive] if "-o" in command else []))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("newsbot: ")
    assert message in line


def test_no_command_prints_the_help(newsbot: Run) -> None:
    done = newsbot()
    assert done.returncode == 2
    assert "Gather:" in done.stderr


# -- interrupts ---------------------------------------------------------------------------------

# Inside an exec() of text, an interrupt would make Python end by the signal, whatever the code.
_WAITING = """
from newsbot import __main__, cli
import sys
def wait(**_):
    exec("import time; print('ready', flush=True); time.sleep(60)")
cli.newsbot.commands[sys.argv[1]].callback = wait
__main__.main()
"""


@pytest.mark.parametrize(
    ("command", "number", "code", "message"),
    [
        ("status", signal.SIGINT, 130, "newsbot: interrupted"),
        ("status", signal.SIGTERM, 143, "newsbot: terminated"),
        ("crawl", signal.SIGINT, 0, "newsbot: interrupted; the next run carries on from here"),
        ("crawl", signal.SIGTERM, 0, "newsbot: interrupted; the next run carries on from here"),
    ],
)
def test_interrupted(command: str, number: int, code: int, message: str) -> None:
    process = start(command, code=_WAITING)
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert err.decode().split("\n") == ["", message, ""]


def test_interrupted_before_the_command_is_loaded() -> None:
    code = """
import os, signal, sys
class Interrupt:
    def find_spec(self, name, *_):
        if name == "newsbot.cli":
            os.kill(os.getpid(), signal.SIGTERM)
sys.meta_path.insert(0, Interrupt())
from newsbot.__main__ import main
main()
"""
    process = start("status", code=code)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 143
    assert err == b"newsbot: terminated\n"
