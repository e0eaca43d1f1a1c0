"""Notes that people put beside the archive: shown with their article, and never lost."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.archive.building import HOME
from tests.cli.conftest import run
from tests.conftest import Run

NOTES = [
    {
        "url": f"{HOME}2",
        "note": "Редакторға хат жаздым",
        "at": "2026-11-28T10:00:00Z",
        "by": "Әсел",
    },
    {"url": f"{HOME}2?utm_source=x", "note": "екінші\u001b[31m"},
    {"url": f"{HOME}9", "note": "of another article"},
]


@pytest.fixture
def noted(archive: Path, tmp_path: Path) -> Path:
    """A copy of the archive with notes."""
    folder = tmp_path / "data"
    shutil.copytree(archive, folder)
    write(folder, *map(json.dumps, NOTES))
    return folder


def write(folder: Path, *lines: str, name: str = "notes.jsonl") -> None:
    path = folder / "decisions" / name
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))


def test_show_has_them(noted: Path, newsbot: Run) -> None:
    shown = newsbot("show", "2", "--data", noted).stdout
    assert "note (2026-11-28T10:00:00Z Әсел): Редакторға хат жаздым\n" in shown
    assert "note: екінші\n" in shown
    printed = newsbot("show", "2", "--json", "--data", noted).stdout
    assert "\x1b" not in shown + printed, "nothing that steers a terminal"
    record = json.loads(printed)
    # As it was written, for programs: JSON has it escaped.
    assert [note["note"] for note in record["notes"]] == ["Редакторға хат жаздым", "екінші\x1b[31m"]
    assert record["notes"][1] == {
        "url": NOTES[1]["url"],
        "note": "екінші\x1b[31m",
        "at": None,
        "by": None,
    }
    assert "notes" not in json.loads(run("show", "1", "--json", "--data", noted).stdout)


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "7",
        '{"url": "x"}',
        '{"note": "x"}',
        '{"url": "x", "note": 7}',
        "[" * 9999,
        "\ufffd",
        r'{"url": "https://x.kz/\ud800", "note": "x"}',
    ],
)
def test_a_line_that_is_none_is_told(noted: Path, line: str) -> None:
    write(noted, line, name="notes-2.jsonl")
    done = run("show", "2", "--data", noted)
    assert done.exit_code == 0
    assert "notes-2.jsonl:1: no note" in done.stderr
    assert done.stdout.count("note") == 2


@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "folder that is a link", "endless"])
def test_a_file_that_is_none_is_told(noted: Path, tmp_path: Path, kind: str) -> None:
    outside = tmp_path / "outside"
    (noted / "decisions").rename(outside)
    path = noted / "decisions" / "notes.jsonl"
    if kind == "folder that is a link":
        path.parent.symlink_to(outside)
    else:
        path.parent.mkdir()
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "folder":
            path.mkdir()
        elif kind == "endless":
            path.touch()
            os.truncate(path, 10**13)
        else:
            path.symlink_to(outside / path.name)
    done = run("show", "2", "--data", noted)
    assert done.exit_code == 0
    assert f"notes.jsonl: {'larger than' if kind == 'endless' else 'cannot be read'}" in done.stderr
    assert "note" not in done.stdout


def test_they_outlive_backup_and_merge(newsbot: Run, noted: Path, tmp_path: Path) -> None:
    bag, copy = tmp_path / "bag", tmp_path / "copy"
    assert newsbot("backup", bag, "--data", noted).returncode == 0
    assert newsbot("restore", bag, "--data", copy).returncode == 0
    assert "хат жаздым" in run("show", "2", "--data", copy).stdout
    write(copy, json.dumps({"url": f"{HOME}2", "note": "a colleague's"}))
    for _ in range(2):
        done = newsbot("merge", copy, "--data", noted)
        assert "notes" not in done.stderr
    notes = (noted / "decisions" / "notes.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["note"] for line in notes] == [
        *(note["note"] for note in NOTES), "a colleague's",
    ]  # fmt: skip
