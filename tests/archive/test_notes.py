"""Notes of people: found by every address, seen at once, read only when a file has changed, the same in every export."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import archive
from archive import decisions, query
from archive.decisions import NOTE, WITHHOLD, WITHHOLDING, decide
from archive.errors import ArchiveUsageError
from archive.export.folder import Wanted, write_folder
from archive.export.parquet import table
from archive.export.rows import rows
from archive.notes import add, newest, no_notes, notes
from archive.query import selection
from archive.store import open_database
from archive.store.withheld import act
from tests.archive.building import HOME, article, open_paper

AT = "2026-11-28T10:00:00Z"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two articles; the first, of two revisions, has an old address."""
    folder = tmp_path / "data"
    paper = open_paper(folder)
    paper.visit(f"{HOME}1", article(f"{HOME}1"), urls=(f"{HOME}old", f"{HOME}1"))
    paper.later(days=1).visit(f"{HOME}1", article(f"{HOME}1", title="Басқа тақырып"))
    paper.visit(f"{HOME}2", article(f"{HOME}2"))
    paper.store.close()
    return folder


@pytest.fixture
def c(data: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_database(data, spelling=lambda url: url.partition("#")[0]).conn) as c:
        yield c


def texts(found: list[dict[str, object]]) -> list[object]:
    return [one["note"] for one in found]


def test_they_are_found_by_every_address_and_told_in_their_order(
    c: sqlite3.Connection, data: Path
) -> None:
    assert (notes(c), newest(c, 9), no_notes(c)) == ([], [], [])
    decide(data, NOTE, {"url": f"{HOME}old", "note": "бірінші", "at": AT})
    decide(data, NOTE, {"url": f"{HOME}1#x", "note": "екінші", "revision": "2", "by": "Әсел"})
    decide(data, NOTE, {"url": f"{HOME}9", "note": "of nothing here"})
    decide(data, NOTE, {"url": f"{HOME}2", "note": "үшінші", "at": AT})
    second = {"url": f"{HOME}1#x", "revision": 2, "at": None, "by": "Әсел", "note": "екінші"}
    assert notes(c, 1)[1] == {"id": 1, **second}
    assert texts(notes(c, 1)) == ["бірінші", "екінші"]
    assert texts(notes(c)) == ["бірінші", "екінші", "үшінші"]
    assert texts(newest(c, 9)) == ["үшінші", "бірінші", "екінші"]
    assert texts(newest(c, 1, 1)) == ["бірінші"]


def test_one_is_written_with_what_is_checked(c: sqlite3.Connection, data: Path) -> None:
    said = add(c, data, f"{HOME}old", " Екі\r\nжол\u200f ", revision=2, by=" Әсел ")
    assert {**said, "at": ""} == {
        "url": f"{HOME}1", "revision": "2", "note": "Екі\nжол\u200f", "at": "", "by": "Әсел",
    }  # fmt: skip
    assert notes(c, 1) == [{"id": 1, **said, "revision": 2}]
    for key, text, more in (
        ("7", "x", {}), ("1", " \n", {}), ("1", "x\0", {}), ("1", "\x9bm", {}), ("1", "\u202ex", {}),
        ("1", "\ud800", {}), ("1", "x", {"revision": 3}), ("1", "x", {"revision": 0}), ("1", "x", {"by": "a\x07b"}), ("1", "x" * 20_001, {}),
    ):  # fmt: skip
        with pytest.raises(ArchiveUsageError):
            add(c, data, key, text, **more)  # type: ignore[arg-type]
    assert len(notes(c)) == 1


def test_files_are_read_when_they_have_changed_and_not_at_all_where_none_are(
    c: sqlite3.Connection, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    read = decisions.read_decisions

    def counted(*args: object) -> object:
        reads.append(args)
        return read(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("archive.notes.read_decisions", counted)
    assert query.ids(c, selection("note:*")) == []
    assert reads == []
    path = data / "decisions" / "notes-theirs.jsonl"
    path.parent.mkdir()
    lines = [json.dumps({"url": f"{HOME}2", "note": f"сөз{n}"}) + "\n" for n in range(10_000)]
    path.write_text("".join(lines), "utf-8")
    for _ in range(3):
        assert query.ids(c, selection("note:сөз9999")) == [2]
        assert len(notes(c, 2)) == 10_000
    assert len(reads) == 1
    with path.open("a", encoding="utf-8") as file:
        file.write(lines[0] + "}\n")
    assert len(notes(c)) == 10_001
    assert no_notes(c)[0].startswith(f"{path}:10002: no note: ")
    assert len(reads) == 2


def test_the_withheld_have_none_and_no_condition_leads_to_them(
    c: sqlite3.Connection, data: Path
) -> None:
    for number in (1, 2):
        decide(data, NOTE, {"url": f"{HOME}{number}", "note": f"сөз{number}", "at": AT})
    decide(
        data,
        WITHHOLDING,
        {"url": f"{HOME}2", "decision": WITHHOLD, "reason": "сот", "at": AT},
    )
    act(data)
    assert texts(notes(c)) == ["сөз1"] == texts(newest(c, 9))
    assert query.ids(c, selection("note:сөз*")) == [1]
    assert query.ids(c, selection(where="id IN (SELECT id FROM article_notes)")) == [1]
    with pytest.raises(ArchiveUsageError, match="is withheld since"):
        add(c, data, "2", "x")
    with pytest.raises(ArchiveUsageError, match="nothing that a condition may name"):
        query.ids(c, selection(where="instr(Lines_of_notes(), 'сөз2')"))


def test_hostile_files(c: sqlite3.Connection, data: Path, tmp_path: Path) -> None:
    decide(data, NOTE, {"url": f"{HOME}1", "note": "бар", "at": AT})
    folder = data / "decisions"
    (folder / "notes-1.jsonl").write_bytes(
        b'{"url": "x", "note": "' + b"a" * 5_000_000 + b'"}\n\xff\n\0\n'
        b'{"url": "x", "note": "\\u0000"}\n{"url": "x", "note": "\\ud800"}\n'
        b'{"url": "https://aqbulaq.example/2", "note": "\'); DROP TABLE \xd3\x99"}\n'
    )
    (folder / "notes-2.jsonl").symlink_to("/etc/passwd")
    (folder / "notes-3.jsonl").mkdir()
    name = b"notes-\xff.jsonl".decode("utf-8", "surrogateescape")
    (folder / name).write_text("{\n")
    assert sorted(texts(notes(c))) == ["'); DROP TABLE ә", "бар"]
    told = no_notes(c)
    assert [line.partition("notes-")[2][:3] for line in told] == [
        "1.j", "1.j", "1.j", "1.j", "1.j", "2.j", "3.j", "\\ud",
    ]  # fmt: skip
    assert all(len(line) < 500 for line in told)


def test_a_table_of_the_users_own_is_left_alone(data: Path) -> None:
    with closing(sqlite3.connect(data / "news.db")) as own:
        own.execute("CREATE TABLE notes (note TEXT)")
        own.execute("INSERT INTO notes VALUES ('менікі')")
        own.commit()
    with closing(open_database(data).conn) as c:
        assert c.execute("SELECT * FROM notes").fetchall() == [("менікі",)]


def test_every_format_has_them_where_they_are_asked_for(
    c: sqlite3.Connection, data: Path, tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    add(c, data, "1", "=1+1", revision=1, by="Әсел")
    noted = [
        {name: one[name] for name in ("url", "revision", "at", "by", "note")} for one in notes(c)
    ]
    expected = {1: noted, 2: []}
    found = list(rows(c, [1, 2], texts=("notes",)))
    assert {row["id"]: row["notes"] for row in found} == expected
    assert [row["notes"] for row in rows(c, [1, 2])] == [None, None]
    assert dict(zip([1, 2], table(found).column("notes").to_pylist(), strict=True)) == expected
    with archive.open(data) as papers:
        assert {one.id: one.notes for one in papers.articles(texts=["notes"])} == expected
        assert [one.id for one in papers.articles(note="1")] == [1]
    wanted = Wanted(selection(), ("jsonl", "csv"), ("notes",))
    write_folder(c, data, tmp_path / "set", wanted)
    manifest = json.loads((tmp_path / "set" / "manifest.json").read_text("utf-8"))
    assert manifest["options"]["with"] == ["notes"]
    text = (tmp_path / "set" / "data" / "train-00000-of-00001.csv").read_text("utf-8-sig")
    cells = {int(row["id"]): row["notes"] for row in csv.DictReader(io.StringIO(text))}
    assert {number: json.loads(cell) for number, cell in cells.items()} == expected
