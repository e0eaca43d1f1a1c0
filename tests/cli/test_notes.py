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
        "revision": None,
        "note": "екінші\x1b[31m",
        "at": None,
        "by": None,
    }
    assert json.loads(run("show", "1", "--json", "--data", noted).stdout)["notes"] == []


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
        r'{"url": "https://x.kz/", "note": "x\u0000y"}',
        '{"url": "x", "note": "x", "revision": "0"}',
        '{"url": "x", "note": "x", "revision": 3}',
        '{"url": "x", "note": "%s"}' % ("ә" * 20_001),
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


def test_the_command_writes_one(noted: Path, newsbot: Run) -> None:
    done = newsbot(
        "note", f"{HOME}1?utm_source=x", "Редакция", "жауап бермеді", "--revision", "1",
        "--by", "Әсел", "--data", noted,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{HOME}1: noted\n", "")
    line = json.loads((noted / "decisions" / "notes.jsonl").read_text("utf-8").splitlines()[-1])
    at = line.pop("at")
    assert at.endswith("Z")
    assert line == {
        "url": f"{HOME}1", "revision": "1", "note": "Редакция жауап бермеді", "by": "Әсел",
    }  # fmt: skip
    shown = run("show", "1", "--data", noted).stdout
    assert f"note ({at} Әсел on revision 1): Редакция жауап бермеді\n" in shown


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("99", "x"), "no article '99'"),
        (("1",), "Missing argument"),
        (("1", " "), "a value is empty"),
        (("1", "\u00a0"), "a value is empty"),
        (("1", "x", "--revision", "2"), "no revision 2 of this article: it has 1"),
        (("1", "x", "--revision", "0"), "Invalid value for '--revision'"),
        (("1", "\x1b[31m"), "is no part of a text"),
        (("1", "\u202eabc"), "is no part of a text"),
        (("1", "x", "--by", "\u2066"), "is no part of a text"),
        (("1", "ә" * 20_001), "expected at most 20,000 characters as note"),
        (("1", "x", "--by", "ә" * 201), "expected at most 200 characters as by"),
    ],
)
def test_what_is_no_note_is_refused(noted: Path, args: tuple[str, ...], said: str) -> None:
    before = (noted / "decisions" / "notes.jsonl").read_bytes()
    done = run("note", *args, "--data", noted)
    assert getattr(done.exception, "exit_code", done.exit_code) == 2
    assert said in done.output + str(done.exception)
    assert (noted / "decisions" / "notes.jsonl").read_bytes() == before


def test_a_withheld_article_takes_none_and_hides_its_own(noted: Path) -> None:
    run("withhold", "2", "--reason", "сот", "--data", noted)
    done = run("note", "2", "x", "--data", noted)
    assert str(done.exception).startswith("article 2 is withheld since 20")
    assert run("search", "note:хат", "--data", noted).exit_code == 2
    printed = run("export", "--with", "notes", "--data", noted).stdout
    assert [json.loads(line)["notes"] for line in printed.splitlines()] == [[]]
    run("withhold", "2", "--revoke", "--reason", "қате", "--data", noted)
    assert "хат жаздым" in run("show", "2", "--data", noted).stdout


def test_they_choose_articles(noted: Path) -> None:
    write(noted, "{", name="notes-2.jsonl")
    run("note", "1", "ХАТ келмеді", "--data", noted)
    for typed, expected in {"хат": [2, 1], "ХАТ": [2, 1], "жаз*": [2], "*": [2, 1]}.items():
        found = run("search", f"note:{typed}", "--json", "--order", "oldest", "--data", noted)
        assert [row["id"] for row in json.loads(found.stdout)["results"]] == expected, typed
        assert found.stderr.count("notes-2.jsonl:1: no note") == 1
        exported = run("export", "--note", typed, "--data", noted)
        rows = [json.loads(line) for line in exported.stdout.splitlines()]
        assert [(row["id"], row["notes"]) for row in rows] == [(n, None) for n in expected]
    assert json.loads(run("stats", "--note", "хат", "--json", "--data", noted).stdout)["rows"]
    both = run("search", "су", 'note:"хат жаз"', "--json", "--data", noted)
    assert [row["id"] for row in json.loads(both.stdout)["results"]] == [2]
    for way in (("search", "note:тамас"), ("export", "--note", "тамас")):
        done = run(*way, "--data", noted)
        assert done.exit_code == 2
        assert "no article in this archive is of note:тамас" in done.stderr
    done = run("export", "--with", "notes", "--data", noted)
    assert done.stderr.count("notes-2.jsonl:1: no note") == 1
    assert [len(json.loads(line)["notes"]) for line in done.stdout.splitlines()] == [2, 1]
