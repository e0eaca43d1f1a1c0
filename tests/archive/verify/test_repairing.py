"""--repair: what was damaged is made anew from what is sound, and nothing is thrown away."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from archive import salvage
from archive.errors import ArchiveLocked
from archive.store import DATABASE, Store
from archive.verify import verify
from archive.verify.repairing import needs_new_database, repair
from tests.archive.building import HOME, Paper, check_whole
from tests.archive.verify.building import (
    SITES,
    contents,
    copy,
    flip,
    found,
    importer,
    mend,
    seal,
)


def ids(folder: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(folder / DATABASE)) as c:
        return c.execute("SELECT id, url FROM articles ORDER BY id").fetchall()


def find(folder: Path, sql: str, *args: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / DATABASE)) as c:
        return c.execute(sql, args).fetchall()


def change(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as c:
        for statement in statements:
            c.execute(statement)


def check_sound(folder: Path, original: Path) -> None:
    """Everything is as it was; ids, too."""
    assert found(folder) == []
    assert contents(folder) == contents(original)
    assert ids(folder) == ids(original)
    with Store(folder) as store:
        check_whole(store)


def test_a_lost_database_comes_back_from_the_captures(folder: Path, original: Path) -> None:
    (folder / DATABASE).unlink()
    said = mend(folder)
    assert any("from warc/ alone" in line for line in said)
    check_sound(folder, original)
    assert not list(folder.glob("*damaged*"))
    articles = find(folder, "SELECT count(*) FROM frontier WHERE article IS NOT NULL")
    assert articles == find(original, "SELECT count(*) FROM articles")


def test_a_database_that_is_none(folder: Path, original: Path) -> None:
    (folder / DATABASE).write_bytes(b"not a database" * 9999)
    mend(folder)
    check_sound(folder, original)
    (kept,) = folder.glob("news.damaged-*.db")
    assert kept.read_bytes() == b"not a database" * 9999, "evidence is not thrown away"


@pytest.mark.parametrize("seed", range(4))
def test_any_damage_to_the_database_is_mended(original: Path, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for number in range(4):
        folder = copy(original, tmp_path / str(number))
        flip(folder / DATABASE, chance.randrange((folder / DATABASE).stat().st_size))
        assert found(folder)
        mend(folder)
        check_sound(folder, original)


def test_many_damaged_pages(folder: Path, original: Path) -> None:
    chance = random.Random(9)
    size = (folder / DATABASE).stat().st_size
    with (folder / DATABASE).open("r+b") as file:
        for page in chance.sample(range(1, size // 4096), 40):
            file.seek(page * 4096)
            file.write(chance.randbytes(4096))
    mend(folder)
    check_sound(folder, original)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE articles SET text = 'x' WHERE id = 9",
        "UPDATE revisions SET text = 'x' WHERE article = 9",
        "DELETE FROM revisions WHERE article = 9",
        "DELETE FROM articles WHERE id = 9",
        "DELETE FROM captures WHERE id BETWEEN 9 AND 20",
        "DELETE FROM aliases",
        "DROP INDEX captures_url",
        "DROP TABLE article_tags",
        "DELETE FROM articles_fts_data WHERE id > 10",
    ],
)
def test_what_another_program_broke(folder: Path, original: Path, statement: str) -> None:
    change(folder, statement)
    mend(folder)
    check_sound(folder, original)


def test_what_is_not_in_the_captures_is_carried_over(folder: Path) -> None:
    sql = "SELECT * FROM crawls ORDER BY id", "SELECT * FROM sources", "SELECT * FROM sites"
    before = [find(folder, query) for query in sql]
    change(folder, "UPDATE articles SET text = 'x' WHERE id = 9")
    said = mend(folder)
    assert [find(folder, query) for query in sql] == before
    assert any("kept as news.damaged-" in line for line in said)
    assert any("1 articles were read again" in line for line in said)


def test_damaged_rows_that_nothing_can_replace_are_kept(folder: Path) -> None:
    data = (folder / DATABASE).read_bytes()
    change(folder, "UPDATE crawls SET version = 'changed' WHERE id = 2")
    assert (folder / DATABASE).read_bytes() != data
    said = mend(folder)
    assert any("kept as they can be read" in line and "crawls" in line for line in said)
    assert find(folder, "SELECT version FROM crawls WHERE id = 2") == [("changed",)]
    assert found(folder) == []


def test_an_article_whose_capture_is_damaged_too_is_kept(folder: Path) -> None:
    ((offset, length, warc, article),) = find(
        folder, "SELECT warc_offset, warc_length, warc, article FROM captures WHERE id = 30"
    )
    flip(folder / warc, offset + length // 2)
    change(folder, f"UPDATE articles SET section = 'қоғам' WHERE id = {article}")
    before = find(folder, "SELECT title, text FROM articles WHERE id = ?", article)
    mend(folder)
    assert find(folder, "SELECT title, text FROM articles WHERE id = ?", article) == before
    assert {finding.rows for finding in found(folder)} == {(30,)}, "the record stays damaged"


def test_a_damaged_record_is_left_as_it_is(folder: Path, original: Path) -> None:
    ((offset, length, warc),) = find(
        folder, "SELECT warc_offset, warc_length, warc FROM captures WHERE id = 30"
    )
    flip(folder / warc, offset + length // 2)
    damaged = (folder / warc).read_bytes()
    mend(folder)
    assert (folder / warc).read_bytes() == damaged
    (finding,) = found(folder)
    assert finding.rows == (30,)
    assert contents(folder) == contents(original), "its row and its article stay"


def test_a_byte_that_means_nothing_is_sealed_as_it_is(folder: Path, original: Path) -> None:
    ((offset, warc),) = find(
        folder, "SELECT warc_offset, warc FROM captures WHERE warc LIKE '%.gz' LIMIT 1"
    )
    flip(folder / warc, offset + 5)
    said = mend(folder)
    assert any("sealed as it is now" in line for line in said)
    check_sound(folder, original)


@pytest.mark.parametrize("name", ["*.warc.zst", "*.dict.zst"])
def test_a_dictionary_is_copied_from_the_other_place(folder: Path, name: str) -> None:
    (path,) = folder.rglob(name)
    before = path.read_bytes()
    flip(path, 200)
    assert found(folder)
    mend(folder)
    assert path.read_bytes() == before
    assert found(folder) == []


def test_records_without_rows_are_imported(folder: Path) -> None:
    with Store(folder) as store:
        Paper(store).capture(f"{HOME}new")
    seal(folder)
    notes = list(verify(folder, full=True))
    said: list[str] = []
    repair(folder, notes, importer, SITES, software="newsbot", say=said.append)
    assert find(folder, "SELECT count(*) FROM captures WHERE url = ?", f"{HOME}new") == [(1,)]
    assert list(folder.glob("news.before-repair-*.db")), "a copy is kept"
    seal(folder)
    assert list(verify(folder, full=True)) == []


def test_a_site_without_a_profile_is_left_alone(folder: Path, original: Path) -> None:
    change(folder, "UPDATE articles SET text = 'x' WHERE id = 9")
    said: list[str] = []
    repair(folder, found(folder), importer, (), software="newsbot", say=said.append)
    assert any("article 9 cannot be read again" in line for line in said)
    assert len(contents(folder)["articles"]) == len(contents(original)["articles"])


def test_a_repair_does_not_run_beside_a_crawl(folder: Path) -> None:
    findings = found(folder)
    change(folder, "UPDATE articles SET text = 'x' WHERE id = 9")
    with Store(folder):
        for seen in (findings, found(folder)):
            with pytest.raises(ArchiveLocked):
                repair(folder, seen, importer, SITES, software="newsbot")
    assert not list(folder.glob("*damaged*"))


def test_a_sound_archive_needs_no_new_database(folder: Path) -> None:
    assert not needs_new_database(verify(folder, full=True))


# -- salvage ------------------------------------------------------------------------------------


def test_reading_around_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as c:
        c.execute("CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT)")
        c.execute("CREATE TABLE aliases (url TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID")
        for number in range(1, 2000):
            c.execute("INSERT INTO texts VALUES (?, ?)", (number, f"{number} " * 30))
            c.execute("INSERT INTO aliases VALUES (?, ?)", (f"{number:05} " * 10, number))
        c.commit()
        roots = dict(c.execute("SELECT name, rootpage FROM sqlite_schema"))
    data = bytearray(path.read_bytes())
    broken = [page for page in range(30, len(data) // 4096, 37) if page not in roots.values()]
    for page in broken:
        data[page * 4096 : page * 4096 + 8] = b"\xff" * 8
    path.write_bytes(data)
    old = salvage.open_damaged(path)
    assert old is not None
    texts = [row["id"] for row in salvage.read_table(old, "texts")]
    assert texts == sorted(set(texts))
    assert 1200 < len(texts) < 1999
    aliases = [row["n"] for row in salvage.read_table(old, "aliases")]
    assert len(aliases) == len(set(aliases)) > 5
    assert list(salvage.read_table(old, "nothing")) == []
    old.close()
    path.write_bytes(b"x" * 5000)
    assert salvage.open_damaged(path) is None
