"""Commands on a subset, which is an archive without captures: those that read work, none writes to it."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from archive.errors import ArchiveUsageError
from archive.store import DATABASE
from tests.archive.building import HOME
from tests.cli.conftest import run


@pytest.fixture(scope="module")
def subset(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("subset") / "set"
    done = run("export", "--format", "sqlite", "-o", folder, "--data", archive)
    assert (done.exit_code, done.stderr) == (0, "2 articles\n")
    return folder


def test_another_export_replaces_it_and_nothing_else(
    archive: Path, subset: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(subset, tmp_path / "set")
    options = ("export", "--format", "sqlite", "--after", "2026", "--data", archive, "-o")
    assert run(*options, folder).stderr == "1 articles\n"
    assert (folder / DATABASE).read_bytes() != (subset / DATABASE).read_bytes()
    other = shutil.copytree(archive, tmp_path / "other")
    assert "is an archive" in str(run(*options, other).exception)
    assert (run(*options, archive).exit_code, run(*options, "-").exit_code) == (2, 2)
    assert run(*options, folder, "--with", "stems").exit_code == 2


def test_parquet(archive: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "set.parquet"
    done = run("export", "-o", file, "--data", archive, "--with", "text_latin")
    assert (done.exit_code, done.stderr) == (0, "2 articles\n"), done.output
    assert parquet.read_table(file)["text_latin"].null_count == 0
    assert run("export", "-o", tmp_path, "--data", archive).exit_code == 2


def test_one_line_where_pyarrow_is_missing(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    done = run("export", "-o", tmp_path / "set.parquet", "--data", archive)
    assert "pip install 'newsbot[datasets]'" in str(done.exception)
    assert list(tmp_path.iterdir()) == []


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
