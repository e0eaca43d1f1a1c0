"""Commands on a subset, which is an archive without captures: those that read work, none writes to it."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from archive.errors import ArchiveUsageError
from archive.export.subset import write_subset
from archive.query import ids
from archive.store import DATABASE, open_database
from tests.archive.building import HOME
from tests.cli.conftest import run


@pytest.fixture(scope="module")
def subset(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("subset") / "set"
    with closing(open_database(archive).conn) as c:
        write_subset(c, ids(c), folder)
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ("search", "тасқын", "--json"), ("show", "1", "--json"), ("show", f"{HOME}2", "--revisions"),
        ("export",), ("stories", "--list"), ("stems", "тасқынның"), ("alarms",),
    ],
    ids=lambda command: command[0],
)  # fmt: skip
def test_what_reads_says_the_same(archive: Path, subset: Path, command: tuple[str, ...]) -> None:
    whole, part = (run(*command, "--data", data) for data in (archive, subset))
    assert (part.exit_code, part.stdout) == (whole.exit_code, whole.stdout)
    assert part.exit_code == 0


def test_verify(subset: Path) -> None:
    for options in ((), ("--full",), ("--repair",)):
        done = run("verify", *options, "--json", "--data", subset)
        assert done.exit_code == 0, done.output
        (note,) = json.loads(done.stdout)["findings"]
        assert (note["severity"], note["where"]) == ("note", DATABASE)
    assert "without their captures" in run("verify", "--data", subset).output


@pytest.mark.parametrize("command", ["stories", "reextract --all"])
def test_nothing_writes_to_it(subset: Path, command: str) -> None:
    before = (subset / DATABASE).read_bytes()
    done = run(*command.split(), "--data", subset)
    assert isinstance(done.exception, ArchiveUsageError)
    assert "exported from an archive" in str(done.exception)
    assert (subset / DATABASE).read_bytes() == before


def test_what_needs_captures_says_that_they_are_missing(subset: Path, tmp_path: Path) -> None:
    done = run("export", "--format", "warc", "-o", tmp_path / "a.warc.gz", "--data", subset)
    assert "2 captures cannot be read" in str(done.exception)
