"""Samples of the soaks in bench/: interruptions of every command, mutations of a foreign archive."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT, environment


@pytest.mark.parametrize(
    "command",
    [
        ("kills.py", "--number", "4", "--seed", "3"),
        ("mutations.py", "--number", "6", "--seed", "5"),
    ],
    ids=["interruptions", "mutations"],
)
def test_a_sample(command: tuple[str, ...]) -> None:
    script, *options = command
    done = subprocess.run(
        [sys.executable, f"bench/{script}", *options],
        env=environment(), cwd=ROOT, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
