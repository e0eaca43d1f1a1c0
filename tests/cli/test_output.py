"""The output of every command where it is read by programs, by poor terminals, partly, or by nobody.

Commands are taken from click, so that a new one is tried without a word.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from newsbot import __main__ as program
from tests.cli.test_wrong_values import COMMANDS, NEEDS, Places, places, words

__all__ = ["places"]


def encoded(name: str) -> Callable[[], None]:
    def use() -> None:
        for number, stream in ((1, "stdout"), (2, "stderr")):
            setattr(
                sys, stream, io.TextIOWrapper(io.FileIO(number, "w", closefd=False), encoding=name)
            )

    return use


def closed(*numbers: int) -> Callable[[], None]:
    """As a shell's `>&-` starts a program: Python finds no stream."""

    def use() -> None:
        for number in numbers:
            os.close(number)
            setattr(sys, ("stdin", "stdout", "stderr")[number], None)

    return use


def unread(*numbers: int) -> Callable[[], None]:
    """As `| head` leaves it."""

    def use() -> None:
        for number in numbers:
            ours, theirs = os.pipe()
            os.close(ours)
            os.dup2(theirs, number)
        encoded("utf-8")()

    return use


WAYS = {
    "latin-1": encoded("latin-1"), "ascii": encoded("ascii"), "cp1251": encoded("cp1251"), "no input": closed(0),
    "no output": closed(1), "no messages": closed(2), "neither": closed(1, 2), "head": unread(1),
    "head of both": unread(1, 2), "plain": lambda: None,
}  # fmt: skip
MORE = {
    "search": ["--facets"], "show": ["--revisions"], "extract": ["--explain"], "status": ["--sources"],
    "stories": ["--list"], "crawl": ["--dry-run"],
}  # fmt: skip


def outcome(line: list[str], way: Callable[[], None], at: Path) -> tuple[int, bytes, bytes]:
    """Code, output and messages of a command in a child of this process that begins in a certain way."""
    out, err = at / "out", at / "err"
    child = os.fork()
    if not child:
        code = 99
        try:
            for number, path in ((1, out), (2, err)):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
            encoded("utf-8")()
            way()
            sys.argv = ["newsbot", *line]
            program.main()
        except SystemExit as end:
            code = int(end.code or 0)
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
        except BaseException:
            traceback.print_exc(file=(at / "why").open("w"))
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code, out.read_bytes(), err.read_bytes()


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "demo"])
def test_every_way_of_reading(
    name: str, places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    parameter = next(p for p in COMMANDS[name].params if max(p.opts, key=len) == "--data")
    can_be_json = any("--json" in p.opts for p in COMMANDS[name].params)
    lines = [["--json"]] if can_be_json else [[]]
    lines += [MORE[name]] if name in MORE else [[]] if can_be_json else []
    first = list(COMMANDS).index(name)
    for turn, (kind, way) in enumerate(WAYS.items(), first):
        more = lines[turn % len(lines)]
        here = tmp_path / str(turn)
        shutil.copytree(places["data"].parent, here)
        at = {key: here / path.name for key, path in places.items() if isinstance(path, Path)}
        at |= {"server": places["server"], "missing": here / "missing", "new": here / "new"}
        data = "{missing}" if name == "restore" else "{data}"
        head, *rest = words(name, parameter, data, at)
        depth = len(name.split()) - 1
        line = [head, *rest[:depth], *more, *rest[depth:]]
        code, out, err = outcome(line, way, here)
        why = (here / "why").read_text() if code == 99 else ""
        told = f"{why}{kind}: newsbot {' '.join(line)}: {code}\n{out[:300]!r}\n{err[:600]!r}"
        assert code == (2 if name == "import cdx" else 0), told
        assert b"Traceback" not in err and b"a bug" not in err, told
        assert b"Exception ignored" not in err, told
        if (
            more == ["--json"]
            and code == 0
            and kind not in ("no output", "neither", "head", "head of both")
        ):
            json.loads(out)
        shutil.rmtree(here)


assert set(NEEDS) <= set(COMMANDS), "a command that is gone"
