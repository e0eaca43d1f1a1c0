"""A subset is an archive of its own: newsbot reads and verifies it, and it holds nothing else."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from archive import query, stories
from archive.decisions import append
from archive.errors import ArchiveUsageError
from archive.export.subset import write_subset
from archive.integrity.finding import Finding
from archive.integrity.verify import verify
from archive.query import Selection, selection
from archive.search import search
from archive.store import DATABASE, Store, open_database
from archive.store.schema import own_columns
from archive.store.upgrade import upgrade
from archive.times import utc
from tests.archive.building import HOME, START
from tests.archive.export.making import WITHHELD


def subset(data: Path, folder: Path, chosen: Selection = query.EVERYTHING) -> Path:
    with closing(open_database(data).conn) as c:
        numbers = query.ids(c, chosen)
        assert write_subset(c, numbers, folder, chosen) == len(numbers)
    return folder


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / DATABASE)) as c:
        return c.execute(sql).fetchall()


def found(folder: Path, *, full: bool = False) -> list[Finding]:
    return list(verify(folder, full=full))


def test_it_reads_as_the_archive_does(made: Path, tmp_path: Path) -> None:
    folder = subset(made, tmp_path / "set")
    with closing(open_database(made).conn) as whole, closing(open_database(folder).conn) as part:
        assert list(query.articles(part)) == list(query.articles(whole))
        for words in ("көпірдің", "су тасқыны", "егін", "author:ерлан"):
            assert search(part, words) == search(whole, words)
        for number in query.ids(whole):
            assert query.revisions(part, number) == query.revisions(whole, number)
            assert query.readings(part, number) == query.readings(whole, number)
        assert stories.listed(part) == stories.listed(whole)
        sql = "SELECT * FROM editions"
        assert part.execute(sql).fetchall() == whole.execute(sql).fetchall() != []


def test_it_verifies(made: Path, tmp_path: Path) -> None:
    for full in (False, True):
        (note,) = found(subset(made, tmp_path / "set"), full=full)
        assert (note.severity, note.remedy) == ("note", "evidence")


def test_damage_is_found_and_repaired_by_another_export(made: Path, tmp_path: Path) -> None:
    folder = subset(made, tmp_path / "set")
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as c:
        c.execute("UPDATE articles SET text = text || ' жаңа' WHERE id = 1")
    damage = [one for one in found(folder) if one.severity != "note"]
    assert {one.check for one in damage} == {"digests", "index"}
    assert {one.remedy for one in damage} == {"export"}
    assert [one.severity for one in found(subset(made, folder))] == ["note"]


def test_it_holds_nothing_of_others(made: Path, tmp_path: Path) -> None:
    folder = subset(made, tmp_path / "set", selection(site="aqbulaq", before="2023"))
    assert rows(folder, "SELECT id FROM articles ORDER BY id") == [(1,), (2,), (5,)]
    assert rows(folder, "SELECT id FROM sites") == [("aqbulaq",)]
    assert rows(folder, "SELECT name FROM tags ORDER BY name") == [("1",), ("су",)]
    assert rows(folder, "SELECT articles, sites, first_article FROM stories") == [(1, 1, 1)]
    for table in ("crawls", "frontier", "sources", "events", "imports", "withheld"):
        assert rows(folder, f"SELECT * FROM {table}") == []
    for table, columns in own_columns().items():
        if "article" in columns:
            assert rows(folder, f"SELECT 1 FROM {table} WHERE article NOT IN (1, 2, 5)") == []
    assert rows(folder, "SELECT 1 FROM vocabulary WHERE word = 'егін'") == []
    assert rows(folder, "PRAGMA foreign_key_check") == []
    assert [one.severity for one in found(folder)] == ["note"]


def test_what_is_withheld_is_not_in_it(made: Path, tmp_path: Path) -> None:
    folder = subset(made, tmp_path / "set")
    with closing(open_database(made).conn) as c:
        write_subset(c, [3, 4], tmp_path / "asked")
    for data in (folder, tmp_path / "asked"):
        content = (data / DATABASE).read_bytes()
        assert WITHHELD.encode() not in content
        assert f"{HOME}4".encode() not in content
    assert rows(tmp_path / "asked", "SELECT id FROM articles") == [(3,)]


def test_what_was_withheld_in_a_subset_stays_so(made: Path, tmp_path: Path) -> None:
    folder = subset(made, tmp_path / "set")
    line = {"url": f"{HOME}2", "decision": "withheld", "reason": "сот", "at": utc(START), "by": ""}
    append(folder / "decisions" / "withheld.jsonl", folder, json.dumps(line).encode() + b"\n")
    with closing(open_database(subset(made, folder)).conn) as c:
        assert 2 not in query.ids(c)


def test_the_first_of_a_story_is_the_earliest_that_is_there(made: Path, tmp_path: Path) -> None:
    folder = subset(made, tmp_path / "set", selection(site="tobyl"))
    assert rows(folder, "SELECT first_article FROM stories") == rows(
        folder, "SELECT id FROM articles WHERE story IS NOT NULL"
    )
    assert [one.severity for one in found(folder)] == ["note"]


def test_the_same_articles_give_the_same_bytes(made: Path, tmp_path: Path) -> None:
    first = subset(made, tmp_path / "a")
    copy = shutil.copytree(made, tmp_path / "copy")
    with closing(sqlite3.connect(copy / DATABASE, isolation_level=None)) as c:
        c.execute("PRAGMA journal_mode = DELETE")
        c.execute("PRAGMA page_size = 8192")
        c.execute("VACUUM")
    second = subset(copy, tmp_path / "b")
    assert (first / DATABASE).read_bytes() == (second / DATABASE).read_bytes()
    assert [path.name for path in first.iterdir()] == [DATABASE]
    assert (subset(first, tmp_path / "c") / DATABASE).read_bytes() == (
        first / DATABASE
    ).read_bytes()


def test_nobody_writes_to_it(made: Path, tmp_path: Path) -> None:
    folder = subset(made, tmp_path / "set")
    with pytest.raises(ArchiveUsageError, match="exported from an archive"):
        Store(folder)
    before = (folder / DATABASE).read_bytes()
    upgrade(folder / DATABASE)
    assert (folder / DATABASE).read_bytes() == before


def test_an_archive_is_not_overwritten(made: Path, tmp_path: Path) -> None:
    before = (made / DATABASE).read_bytes()
    with closing(open_database(made).conn) as c:
        with pytest.raises(ArchiveUsageError, match="is an archive"):
            write_subset(c, [1], made)
        with pytest.raises(ArchiveUsageError, match="as-of"):
            write_subset(c, [1], tmp_path / "set", selection(as_of="2026"))
    assert (made / DATABASE).read_bytes() == before
    assert not (tmp_path / "set").exists()


def test_nothing_half_is_left(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.export.subset.fill", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        subset(made, tmp_path / "set")
    assert list((tmp_path / "set").iterdir()) == []


def test_no_articles(made: Path, tmp_path: Path) -> None:
    folder = subset(made, tmp_path / "set", selection(after="2030"))
    assert rows(folder, "SELECT * FROM sites") == []
    assert [one.severity for one in found(folder)] == ["note"]
