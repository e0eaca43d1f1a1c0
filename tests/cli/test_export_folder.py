"""`newsbot export --folder`, `--check` and `--against`: what is said, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archive.captures.files import sha256_of
from archive.errors import ArchiveError
from archive.export.belongings import MANIFEST
from tests.cli.conftest import run


def ended(*options: object) -> tuple[int, str]:
    """The exit code of `newsbot export …`, and the last thing that it says."""
    done = run("export", *options)
    if isinstance(done.exception, ArchiveError):
        return done.exception.exit_code, str(done.exception)
    return done.exit_code, done.output


def test_a_folder_is_made_checked_and_compared(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    made = run("export", "--data", archive, "--folder", folder, "--format", "jsonl", "--split", "hash:1/1", "--made-by", "А. Зерттеуші")  # fmt: skip
    assert made.exit_code == 0
    assert "2 rows in" in made.stderr
    assert sha256_of(folder / MANIFEST) in made.stderr
    assert "А. Зерттеуші" in (folder / "CITATION.cff").read_text()

    lines = run("export", "--data", archive, "--split", "hash:1/1").stdout.splitlines()
    assert {json.loads(line)["split"] for line in lines} <= {"train", "test"}

    checked = run("export", "--check", folder, "--json")
    assert (checked.exit_code, json.loads(checked.stdout)["problems"]) == (0, [])

    shared = run("export", "--check", folder, "--against", archive)
    assert shared.exit_code == 3
    assert all(line.partition("\t")[0] == line.partition("\t")[2] for line in shared.stdout.splitlines())  # fmt: skip
    (tmp_path / "other.csv").write_text("text\nмүлде басқа мәтін\n")
    assert ended("--check", folder, "--against", tmp_path / "other.csv")[0] == 0

    (folder / "README.md").write_text("")
    assert run("export", "--check", folder).stdout.startswith("README.md: 0 bytes, ")
    assert ended("--check", folder)[0] == 5


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--made-by", "А. Б."), "name it with --folder"),
        (
            ("--split", "hash:1/1", "--format", "wacz", "-o", "{set}.wacz"),
            "columns that this format does not",
        ),
        (("--split", "by chance", "--folder", "{set}"), "is no way to split"),
        (("--against", "{set}"), "--against compares with the folder of --check"),
        (("--format", "csv", "--format", "jsonl"), "several formats are for a data-set folder"),
        (("--folder", "{set}", "-o", "{set}.csv"), "neither written to a file nor"),
        (("--folder", "{set}", "--check", "{set}"), "leave --folder out"),
        (("--folder", "{archive}/set"), "lies in the archive's folder"),
        (("--check", "{archive}"), "no data-set folder of newsbot"),
        (("--folder", "{set}", "--site", "aqbulak"), "aqbulaq"),
        (("--folder", "{set}", "--before", "1990"), "no article fits"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    archive: Path, tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    typed = [option.format(set=tmp_path / "set", archive=archive) for option in options]
    code, said = ended("--data", archive, *typed)
    assert (code, told in said) == (2, True), said
