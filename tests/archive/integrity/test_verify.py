"""verify: every byte of a capture and every derived cell that is changed, lost or added is found and named."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from archive.captures import read_stored
from archive.errors import ArchiveError, ArchiveUsageError
from archive.integrity.database import check_database
from archive.integrity.finding import REMEDIES, Finding, exit_code
from archive.integrity.records import check_records
from archive.integrity.verify import verify
from archive.store import DATABASE, Store, open_database
from tests.archive.building import HOME, Paper, article
from tests.archive.integrity.building import WORDS


def found(folder: Path, *, full: bool = True) -> list[Finding]:
    """What there is to say, notes left out."""
    return [finding for finding in verify(folder, full=full) if finding.severity != "note"]


def flip(path: Path, offset: int, mask: int = 0x10) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        (byte,) = file.read(1)
        file.seek(offset)
        file.write(bytes([byte ^ mask]))


def sql(folder: Path, *statements: str) -> None:
    """As if another program had written."""
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as c:
        for statement in statements:
            c.execute(statement)


def captures(folder: Path) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(folder / DATABASE)) as c:
        c.row_factory = sqlite3.Row
        return c.execute("SELECT * FROM captures ORDER BY warc, warc_offset").fetchall()


def loose(folder: Path) -> list[sqlite3.Row]:
    return [row for row in captures(folder) if row["warc"].endswith(".gz")]


def test_a_sound_archive(folder: Path) -> None:
    names = [path for path in folder.rglob("*") if path.suffix in (".db", ".gz", ".zst")]
    before = {path: path.read_bytes() for path in names}
    assert list(verify(folder)) == []
    assert list(verify(folder, full=True)) == []
    assert {path: path.read_bytes() for path in names} == before, "nothing was changed"
    suffixes = {"".join(path.suffixes[-2:]) for path in before}
    assert {".warc.gz", ".warc.zst", ".dict.zst"} <= suffixes, "all kinds of files are tested"


# -- WARC files ---------------------------------------------------------------------------------


def test_any_byte_of_any_capture(folder: Path) -> None:
    """Two hundred changed bytes; each costs one record, which is named."""
    chance = random.Random(1)
    rows = captures(folder)
    with closing(open_database(folder).conn) as c:
        for _ in range(200):
            row = chance.choice(rows)
            path = folder / row["warc"]
            offset = row["warc_offset"] + chance.randrange(row["warc_length"])
            mask = chance.randrange(1, 256)
            flip(path, offset, mask)
            (finding,) = (f for f in check_records(c, folder, full=True) if f.severity == "damage")
            flip(path, offset, mask)
            assert (finding.rows, finding.offset) == ((row["id"],), row["warc_offset"])
            assert f"record {row['record_id']}" in finding.where


def test_any_byte_of_a_dictionary(folder: Path) -> None:
    chance = random.Random(1)
    with closing(open_database(folder).conn) as c:
        (packed,), (spare,) = folder.rglob("*[0-9].warc.zst"), folder.rglob("*.dict.zst")
        for path, size in ((packed, spare.stat().st_size + 8), (spare, spare.stat().st_size)):
            for _ in range(30):
                offset, mask = chance.randrange(size), chance.randrange(1, 256)
                flip(path, offset, mask)
                findings = [f for f in check_records(c, folder, full=False) if f.file]
                flip(path, offset, mask)
                name = path.relative_to(folder).as_posix()
                assert name in {f.file for f in findings}, (name, offset, mask)


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_damage_to_one_record_leaves_the_others_usable(folder: Path, suffix: str) -> None:
    rows = [row for row in captures(folder) if row["warc"].endswith(suffix)]
    row = next(row for row in rows[len(rows) // 2 :] if row["refers_to"] is None)
    flip(folder / row["warc"], row["warc_offset"] + row["warc_length"] // 2)
    (finding,) = found(folder)
    assert finding.rows == (row["id"],)
    assert row["url"] in finding.where
    with closing(open_database(folder).conn) as c:
        for other in captures(folder):
            if other["id"] == row["id"]:
                with pytest.raises(ArchiveError):
                    read_stored(c, folder, other["id"])
            elif other["status"] == 200:
                assert read_stored(c, folder, other["id"]).body


def test_a_header_byte_that_gzip_does_not_miss(folder: Path) -> None:
    row = loose(folder)[5]
    flip(folder / row["warc"], row["warc_offset"] + 5)  # MTIME
    (finding,) = found(folder)
    assert (finding.rows, finding.remedy) == ((row["id"],), "sum")


def test_the_ends_of_files_are_looked_at_quickly(folder: Path) -> None:
    rows = loose(folder)
    for row, is_end in ((rows[0], True), (rows[-1], True), (rows[4], False)):
        flip(folder / row["warc"], row["warc_offset"] + 40)
        findings = found(folder, full=False)
        flip(folder / row["warc"], row["warc_offset"] + 40)
        assert [f.rows for f in findings] == ([(row["id"],)] if is_end else [])


@pytest.mark.parametrize("full", [True, False])
def test_a_file_cut_short(folder: Path, full: bool) -> None:
    rows = loose(folder)
    with (folder / rows[0]["warc"]).open("r+b") as file:
        file.truncate(rows[-3]["warc_offset"] + 50)
    findings = found(folder, full=full)
    assert {row for f in findings for row in f.rows} == {row["id"] for row in rows[-3:]}


@pytest.mark.parametrize("full", [True, False])
def test_a_missing_file(folder: Path, full: bool) -> None:
    rows = loose(folder)
    (folder / rows[0]["warc"]).unlink()
    (finding,) = found(folder, full=full)
    assert sorted(finding.rows) == sorted(row["id"] for row in rows)
    assert f"{len(rows)} captures" in finding.what


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("warc_offset = warc_offset + 1", "its record begins at byte"),
        ("record_id = '<urn:uuid:0>'", "its record id is"),
        ("payload_digest = 'sha1:0'", "its payload's digest is"),
        ("payload_length = 1", "its row says 1"),
        ("url = 'https://aqbulaq.example/x'", "its address is"),
        ("status = 500", "its row says 500"),
        ("fetched_at = '2020-01-01T00:00:00Z'", "its date is"),
        ("warc_length = warc_length - 1", "its length is"),
        ("content_type = 'text/plain'", "its content type is"),
        ("warc_crc = 1", "not as they were written"),
    ],
)
def test_a_row_that_is_not_of_its_record(folder: Path, change: str, said: str) -> None:
    sql(folder, f"UPDATE captures SET {change} WHERE id = 20")
    assert any(said in finding.what for finding in found(folder) if 20 in finding.rows)


def test_records_without_rows(folder: Path) -> None:
    """A crash came between record and row: nothing is lost, and a repair imports it."""
    with Store(folder) as store:
        Paper(store).capture(f"{HOME}new")
    (note,) = verify(folder, full=True)
    assert note.severity == "note"
    assert "have no row" in note.what


def test_an_unfinished_record_at_the_end(folder: Path) -> None:
    with Store(folder) as store:
        capture = Paper(store).capture(f"{HOME}new", b"<p>" * 500)
    with (folder / capture.warc).open("r+b") as file:
        file.truncate(capture.warc_offset + capture.warc_length - 9)
    (note,) = verify(folder, full=True)
    assert (note.severity, "unfinished record" in note.what) == ("note", True)


def test_rubbish_between_records(folder: Path) -> None:
    row = captures(folder)[-1]
    with (folder / row["warc"]).open("ab") as file:
        file.write(b"rubbish" * 100)
    assert found(folder)[0].offset == row["warc_offset"] + row["warc_length"]


# -- the database -------------------------------------------------------------------------------

COVERED = ("articles", "readings", "revisions", "aliases", "engagement", "article_tags", "tags")
FREE = {"story", "story_share"}
"""Of stories, which `newsbot stories` finds anew."""


def test_any_derived_cell(original: Path, tmp_path: Path) -> None:
    """Two hundred cells with another value of any type."""
    chance = random.Random(3)
    with closing(sqlite3.connect(original / DATABASE)) as c:
        cells = [
            (table, name)
            for table in COVERED
            for (name,) in c.execute("SELECT name FROM pragma_table_info(?)", (table,))
            if name not in FREE
        ]
    for number in range(200):
        table, column = chance.choice(cells)
        path = tmp_path / f"{number}.db"
        shutil.copy(original / DATABASE, path)
        with closing(sqlite3.connect(path, isolation_level=None)) as c:
            changed = _change(c, chance, table, column)
            first = next((f for f in check_database(c) if exit_code([f])), None)
        assert first, (table, column, changed)
        assert first.remedy in REMEDIES
        path.unlink()


def _change(c: sqlite3.Connection, chance: random.Random, table: str, column: str) -> Any:
    """Give a cell another value, and return both."""
    key = ", ".join(
        n for (n,) in c.execute("SELECT name FROM pragma_table_info(?) WHERE pk", (table,))
    )
    (row,) = c.execute(f"SELECT count(*) FROM {table}").fetchone()
    at = f"({key}) = (SELECT {key} FROM {table} LIMIT 1 OFFSET {chance.randrange(row)})"
    (old,) = c.execute(f"SELECT {column} FROM {table} WHERE {at}").fetchone()
    while True:
        text = f"{old or ''}{chance.choice(WORDS)}"
        value = chance.choice((text, text[1:], None, chance.randrange(10**6), 0.5, b"\x00\xff", ""))
        c.execute("BEGIN")
        try:
            done = c.execute(
                f"UPDATE {table} SET {column} = ? WHERE {at} RETURNING {column}", (value,)
            )
            (new,) = done.fetchone()
        except sqlite3.IntegrityError:
            new = old
        if (type(new), new) != (type(old), old):
            c.execute("COMMIT")
            return old, new
        c.execute("ROLLBACK")


def test_a_letter_that_sqlite_does_not_miss(folder: Path) -> None:
    data = (folder / DATABASE).read_bytes()
    flip(folder / DATABASE, data.index("Тақырып 17".encode()) + 15, 1)
    with closing(sqlite3.connect(folder / DATABASE)) as c:
        assert c.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert [f.rows for f in found(folder, full=False)] == [(18,)]


def test_letters_that_are_none(folder: Path) -> None:
    data = (folder / DATABASE).read_bytes()
    flip(folder / DATABASE, data.index("Тақырып 17".encode()) + 1, 0x80)  # no UTF-8 any more
    assert [f.rows for f in found(folder, full=False)] == [(18,)]


ROWS = [
    ("UPDATE articles SET revision = 7 WHERE id = 9", "articles", 9, "one by one"),
    ("DELETE FROM aliases WHERE article = 9", "articles", 9, "aliases"),
    ("UPDATE frontier SET article = NULL WHERE article = 9", "articles", 9, "frontier"),
    ("UPDATE articles SET capture = 10 WHERE id = 9", "articles", 9, "of another article"),
    ("UPDATE captures SET reading = 10 WHERE id = 9", "captures", 9, "of another article"),
    ("UPDATE captures SET article = 999 WHERE id = 9", "captures", 9, "does not exist"),
    ("UPDATE captures SET result = 'x' WHERE id = 9", "captures", 9, "its result"),
    ("UPDATE captures SET part = 'x' WHERE id = 9", "captures", 9, "its result"),
    ("UPDATE captures SET visit = 10 WHERE id = 9", "captures", 9, "its visit"),
    ("UPDATE captures SET refers_to = 8 WHERE id = 9", "captures", 9, "or another one"),
    ("UPDATE captures SET warc_length = 1e6 WHERE id = 9", "captures", 10, "overlaps"),
    ("UPDATE frontier SET outcome = 'x' WHERE id = 9", "frontier", 9, "its outcome"),
    ("INSERT INTO stories VALUES (9, 9, 2, 1)", "stories", 9, "its numbers"),
    ("INSERT INTO editions VALUES (9, 10, 'title')", "articles", 9, "one direction"),
    ("UPDATE captures SET warc_length = 'long' WHERE id = 9", "captures", 9, "wrong type"),
    ("DELETE FROM articles_fts_docsize WHERE id = 9", "articles", 9, "other words than it has"),
    ("INSERT INTO articles_fts_docsize VALUES (999, x'010101')", "articles_fts", 999, "not exist"),
    ("UPDATE articles_fts_docsize SET sz = x'010109' WHERE id = 9", "articles", 9, "indexed with"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "table", "row", "said"), ROWS, ids=[r[0] for r in ROWS])
def test_tables_that_do_not_fit(
    folder: Path, statement: str, table: str, row: int, said: str
) -> None:
    sql(folder, statement)
    hits = [f for f in found(folder) if (f.table, row in f.rows) == (table, True)]
    assert any(said in f.what for f in hits), found(folder)
    assert all(f.remedy for f in hits)


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("DROP INDEX captures_url", "index captures_url"),
        ("DROP VIEW article_list", "view article_list"),
        ("DROP TABLE events", "table events"),
    ],
)
def test_a_schema_that_is_not_ours(folder: Path, statement: str, where: str) -> None:
    sql(folder, statement)
    assert where in {f.where for f in found(folder, full=False) if f.check == "schema"}


def test_a_users_own_tables_are_no_damage(folder: Path) -> None:
    sql(
        folder,
        "CREATE TABLE my_notes (note TEXT, article INTEGER REFERENCES articles(id))",
        "INSERT INTO my_notes VALUES (5, 12345)",
        "CREATE INDEX my_index ON articles(section)",
        "CREATE VIEW my_view AS SELECT * FROM nowhere",
        "CREATE TRIGGER my_trigger AFTER INSERT ON articles BEGIN SELECT 1; END",
    )
    assert list(verify(folder, full=True)) == []


def test_an_index_that_lacks_words(folder: Path) -> None:
    sql(folder, "DELETE FROM articles_fts_data WHERE rowid > 1000")
    assert any(f.table == "articles_fts" for f in found(folder))


def test_a_database_cut_short(folder: Path) -> None:
    with (folder / DATABASE).open("r+b") as file:
        file.truncate(file.seek(0, 2) - 3 * 4096)
    assert found(folder, full=False)


def test_a_database_that_is_none(folder: Path) -> None:
    (folder / DATABASE).write_bytes(b"not a database" * 9999)
    assert any(f.where == DATABASE and "cannot be read" in f.what for f in found(folder))


def test_no_database(folder: Path, tmp_path: Path) -> None:
    (folder / DATABASE).unlink()
    (finding,) = found(folder)
    assert "missing" in finding.what
    with pytest.raises(ArchiveUsageError, match="no archive"):
        list(verify(tmp_path / "nowhere"))


def test_while_it_is_written(folder: Path) -> None:
    """No false alarm, and neither writer nor readers have to wait."""
    with Store(folder) as store:
        paper = Paper(store)
        store.connection.execute("PRAGMA busy_timeout = 0")
        steps: list[str] = []

        def write(name: str) -> None:
            steps.append(name)
            for number in range(5):
                url = f"{HOME}{name}-{number}"
                paper.visit(url, article(url, title=url))
            paper.capture(f"{HOME}{name}-unfinished")

        findings = list(verify(folder, full=True, step=write, texts=lambda _: ()))
    assert steps == ["database", "records", "texts"]
    assert [f for f in findings if f.severity != "note"] == []


def test_an_archive_without_captures(tmp_path: Path) -> None:
    Store(tmp_path).close()
    assert list(verify(tmp_path, full=True)) == []
