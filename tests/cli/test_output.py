"""The output of every command where it is read by programs, by poor terminals, partly, or by nobody.

Commands are taken from click, so that a new one is tried without a word.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_wrong_values import COMMANDS, NEEDS, Places, places, words
from tests.conftest import ROOT, environment
from tests.forked import Run

__all__ = ["places"]


WAYS: dict[str, tuple[str, tuple[int, ...], tuple[int, ...]]] = {
    "latin-1": ("", (), ()), "ascii": ("", (), ()), "cp1251": ("", (), ()), "utf-8": ("", (), ()),
    "no input": ("<&-", (0,), ()), "no output": (">&-", (1,), ()), "no messages": ("2>&-", (2,), ()),
    "neither": (">&- 2>&-", (1, 2), ()), "head": ("", (), (1,)), "head of both": ("", (), (1, 2)),
}  # fmt: skip
"""Kind, or encoding → what the shell does with the streams, which are closed, which are pipes that nobody reads."""
MORE = {
    "search": ["--facets"], "show": ["--revisions"], "extract": ["--explain"], "status": ["--sources"],
    "stories": ["--list"], "crawl": ["--dry-run"], "withhold": ["--list"],
}  # fmt: skip

ENDS_WITH = {"import cdx": 2, "serve": 2, "sites check": 3}
"""Commands of which the code is not 0: no web archive is there; the port is in use; the page of the only article is none."""


def outcome(line: list[str], kind: str, forked: Run | None) -> tuple[int, bytes, bytes]:
    """Code, output and messages of a command: in a Python that starts so, or in a fork whose streams are made so."""
    encoding = kind if kind in ("latin-1", "ascii", "cp1251") else "utf-8"
    env = {
        **environment(), "PYTHONPATH": str(ROOT), "TERM": "dumb", "PYTHONIOENCODING": encoding,
    }  # fmt: skip
    shell, closed, broken = WAYS[kind]
    if forked:
        done = forked(line, timeout=60, env=env, closed=closed, broken=broken)
        return done.returncode, done.stdout, done.stderr
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {shell}', "sh", sys.executable, "-m", "newsbot", *line], check=False,
        stdout=theirs if 1 in broken else subprocess.PIPE,
        stderr=theirs if 2 in broken else subprocess.PIPE, timeout=60, env=env,
    )  # fmt: skip
    os.close(theirs)
    return done.returncode, done.stdout or b"", done.stderr or b""


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "demo"])
def test_every_way_of_reading(name: str, places: Places, tmp_path: Path, run_forked: Run) -> None:
    parameter = next(p for p in COMMANDS[name].params if max(p.opts, key=len) == "--data")
    can_be_json = any("--json" in p.opts for p in COMMANDS[name].params)
    lines = (
        [["--json", *MORE["withhold"]] if name == "withhold" else ["--json"]]
        if can_be_json
        else [[]]
    )
    lines += [MORE[name]] if name in MORE else [[]] if can_be_json else []
    first = list(COMMANDS).index(name)
    for turn, kind in [*enumerate(WAYS, first)][first % 2 :: 2]:
        more = lines[turn % len(lines)]
        here = tmp_path / str(turn)
        shutil.copytree(places["data"].parent, here)
        at = {key: here / path.name for key, path in places.items() if isinstance(path, Path)}
        at |= {
            "server": places["server"],
            "port": places["port"],
            "missing": here / "missing",
            "new": here / "new",
        }
        data = "{missing}" if name == "restore" else "{data}"
        head, *rest = words(name, parameter, data, at)
        depth = len(name.split()) - 1
        line = [head, *rest[:depth], *more, *rest[depth:]]
        # A Python of its own takes a second: each command has one, each kind several.
        is_own = kind == list(WAYS)[first % len(WAYS)]
        code, out, err = outcome(line, kind, None if is_own else run_forked)
        told = f"{kind}: newsbot {' '.join(line)}: {code}\n{out[:300]!r}\n{err[:600]!r}"
        # Whoever stops reading has had enough of what is printed: no trouble of the site is told then.
        is_cut = kind.startswith("head") and name == "sites check"
        assert code == (0 if is_cut else ENDS_WITH.get(name, 0)), told
        assert b"Traceback" not in err and b"a bug" not in err, told
        assert b"Exception ignored" not in err, told
        if (
            "--json" in more
            and code != 2
            and kind not in ("no output", "neither", "head", "head of both")
        ):
            json.loads(out)
        shutil.rmtree(here)


assert set(NEEDS) <= set(COMMANDS), "a command that is gone"
