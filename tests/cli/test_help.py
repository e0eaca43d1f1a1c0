"""Man pages and completion, as programs that know nothing of ours make them."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from newsbot.cli import newsbot
from tests.conftest import ROOT, environment

START = "import sys; sys.argv[0] = 'newsbot'; from newsbot.__main__ import main; sys.exit(main())"


def complete(words: str) -> list[str]:
    asked = {
        "_NEWSBOT_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    done = subprocess.run(
        [sys.executable, "-c", START],
        env={**environment(), **asked}, cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "newsbot s",
            ["sites", "schedule", "search", "serve", "show", "stories", "stems", "stats", "status"],
        ),
        ("newsbot show --re", ["--revisions", "--revision"]),
        ("newsbot export --format wa", ["warc", "wacz"]),
        ("newsbot import c", ["cdx"]),
    ],
)
def test_completion(words: str, expected: list[str]) -> None:
    assert sorted(complete(words)) == sorted(expected)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell(shell: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START], env={**environment(), "_NEWSBOT_COMPLETE": f"{shell}_source"},
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert f"_NEWSBOT_COMPLETE={shell}_complete" in done.stdout


@pytest.mark.skipif(not find_spec("click_man"), reason="click-man is not installed")
def test_man_pages(tmp_path: Path) -> None:
    (command,) = [
        line.split("-c '", 1)[1].rstrip("'")
        for line in (ROOT / "Makefile").read_text().splitlines()
        if "click_man" in line
    ]
    (tmp_path / "man").mkdir()
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", command], env={**environment(), "PYTHONPATH": path}, cwd=tmp_path,
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    pages = {page.stem for page in (tmp_path / "man").glob("*.1")}
    assert {"newsbot", *(f"newsbot-{name}" for name in newsbot.commands)} <= pages
    assert "\\-\\-revision" in (tmp_path / "man" / "newsbot-show.1").read_text()
