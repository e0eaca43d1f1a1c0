"""A small archive of two newspapers, for commands that only read."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archive.errors import ArchiveError
from newsbot.cli import newsbot
from tests.archive.building import HOME, Paper, article, open_paper

LONG = "\n\n".join(f"{n}-абзац: ауылда су тасқыны болды, көпір шайылып кетті." for n in range(2000))
"""More than a pipe holds."""


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive's folder; `aqbulaq` has two articles, `tobyl` none."""
    folder = tmp_path_factory.mktemp("cli") / "data"
    paper = open_paper(folder)
    paper.visit(f"{HOME}1", article(f"{HOME}1", text=LONG, published="2026-11-20"))
    paper.visit(f"{HOME}2", article(f"{HOME}2", published="2025-03-01", language="kk-Latn"))
    Paper(paper.store, "tobyl")
    paper.store.close()
    return folder


def run(*args: object) -> Result:
    """`newsbot ARGS…` in this process."""
    done = CliRunner().invoke(newsbot, [str(arg) for arg in args])
    if isinstance(done.exception, ArchiveError):  # `newsbot.cli.main` says it in one line
        done.exit_code = done.exception.exit_code
        line = f"newsbot: {done.exception}\n".encode()
        done.stderr_bytes, done.output_bytes = done.stderr_bytes + line, done.output_bytes + line
    return done
