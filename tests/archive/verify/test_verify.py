"""verify: every byte of an archive that is changed, lost or added is found and named."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from archive.captures import read_stored
from archive.errors import ArchiveError, ArchiveUsageError
from archive.search import search
from archive.store import DATABASE, Store, open_database
from archive.verify import Finding, exit_code, verify
from tests.archive.building import HOME, Paper
from tests.archive.verify.building import ARTICLES, copy, flip, found, read_page, seal

SEAL = "news.seal"


def files(folder: Path) -> list[Path]:
    names = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(path for path in names if not path.name.endswith((".lock", "-shm", "-wal")))


def sql(folder: Path, *statements: str) -> None:
    """As if another program had written, with newsbot's seals made to agree."""
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as c:
        for statement in statements:
            c.execute(statement)
    (folder / SEAL).unlink()
    seal(folder)


def captures(folder: Path) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(folder / DATABASE)) as c:
        c.row_factory = sqlite3.Row
        return c.execute("SELECT * FROM captures ORDER BY warc, warc_offset").fetchall()


def test_a_sound_archive(folder: Path) -> None:
    before = {path: path.read_bytes() for path in files(folder)}
    assert list(verify(folder)) == []
    assert list(verify(folder, full=True)) == []
    assert {path: path.read_bytes() for path in files(folder)} == before, "nothing was changed"
    suffixes = {"".join(path.suffixes[-2:]) for path in before}
    assert {".warc.gz", ".warc.zst", ".dict.zst"} <= suffixes, "all kinds of files are tested"


@pytest.mark.parametrize("seed", range(4))
def test_any_byte_of_any_file(folder: Path, seed: int) -> None:
    """Fifty changed bytes a seed, half of them in small files."""
    chance = random.Random(seed)
    everything = files(folder)
    sizes = [path.stat().st_size for path in everything]
    for number in range(50):
        path = chance.choice(everything) if number % 2 else chance.choices(everything, sizes)[0]
        offset, mask = chance.randrange(path.stat().st_size), chance.randrange(1, 256)
        flip(path, offset, mask)
        findings = found(folder)
        flip(path, offset, mask)
        assert exit_code(findings) == 5, (path.name, offset)
        named = [
            f for f in findings if (f.file or f.where).startswith(str(path.relative_to(folder)))
        ]
        assert named or path.name == SEAL, (path.name, offset, findings)
        if ".warc" in path.name:
            first = next(f for f in named if f.offset is not None)
            assert (first.offset or 0) <= offset
            row = next((r for r in captures(folder) if (r["id"],) == first.rows), None)
            if row:
                assert f"record {row['record_id']}" in first.where
                assert row["warc_offset"] <= offset < row["warc_offset"] + row["warc_length"]
        elif path.name == DATABASE:
            pages = [f.offset for f in findings if f.check == "pages" and f.offset is not None]
            assert pages == [offset // 4096 * 4096]


@pytest.mark.parametrize("name", ["*.gz", "*[0-9].warc.zst"])
def test_damage_to_one_record_leaves_the_others_usable(folder: Path, name: str) -> None:
    (path,) = folder.rglob(name)
    row = captures(folder)[3] if name == "*.gz" else None
    rows = [r for r in captures(folder) if r["warc"].endswith(path.name)]
    row = rows[len(rows) // 2]
    flip(path, row["warc_offset"] + row["warc_length"] // 2)
    (finding,) = found(folder)
    assert finding.rows == (row["id"],)
    assert row["url"] in finding.where
    c = open_database(folder).conn
    for other in captures(folder):
        if other["id"] == row["id"]:
            with pytest.raises(ArchiveError):
                read_stored(c, folder, other["id"])
        elif other["status"] == 200:
            assert read_page(read_stored(c, folder, other["id"]).body)
    assert search(c, "мектеп").total > ARTICLES / 2
    c.close()


def test_a_letter_that_sqlite_does_not_miss(folder: Path) -> None:
    data = (folder / DATABASE).read_bytes()
    offset = data.index("Тақырып 17".encode())
    flip(folder / DATABASE, offset + 15, 1)
    findings = list(verify(folder))
    page = next(finding for finding in findings if finding.check == "pages")
    assert page.table in ("articles", "revisions")
    assert len(page.rows) == 1 or 18 in page.rows
    assert str(page.rows[0]) in page.where
    with closing(sqlite3.connect(folder / DATABASE)) as c:
        assert c.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_a_header_byte_that_gzip_does_not_miss(folder: Path) -> None:
    row = captures(folder)[5]
    flip(folder / row["warc"], row["warc_offset"] + 5)  # MTIME
    (finding,) = found(folder)
    assert finding.rows == (row["id"],)
    assert "not as they were written" in finding.what


def test_the_ends_of_files_are_looked_at_quickly(folder: Path) -> None:
    rows = [row for row in captures(folder) if row["warc"].endswith(".gz")]
    for row, is_end in ((rows[0], True), (rows[-1], True), (rows[4], False)):
        flip(folder / row["warc"], row["warc_offset"] + 40)
        findings = found(folder, full=False)
        flip(folder / row["warc"], row["warc_offset"] + 40)
        assert [f.rows for f in findings] == ([(row["id"],)] if is_end else [])


@pytest.mark.parametrize("full", [True, False])
def test_a_file_cut_short(folder: Path, full: bool) -> None:
    rows = [row for row in captures(folder) if row["warc"].endswith(".gz")]
    path = folder / rows[0]["warc"]
    with path.open("r+b") as file:
        file.truncate(rows[-3]["warc_offset"] + 50)
    findings = found(folder, full=full)
    assert {row for f in findings for row in f.rows} == {row["id"] for row in rows[-3:]}


@pytest.mark.parametrize("full", [True, False])
def test_a_missing_file(folder: Path, full: bool) -> None:
    row = captures(folder)[-1]
    lost = [other["id"] for other in captures(folder) if other["warc"] == row["warc"]]
    (folder / row["warc"]).unlink()
    (finding,) = found(folder, full=full)
    assert (finding.where, finding.file) == (row["warc"], row["warc"])
    assert sorted(finding.rows) == sorted(lost)
    assert f"{len(lost)} captures" in finding.what


def test_a_file_that_is_no_more(folder: Path) -> None:
    """Packed files leave seals behind until the next crawl; their absence is no damage."""
    sql(folder, "INSERT INTO seals VALUES ('warc/aqbulaq/aqbulaq-2020-01.warc.gz', 0, 5, 1)")
    assert found(folder) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("warc_offset = warc_offset + 1", "no record begins there"),
        ("record_id = '<urn:uuid:0>'", "its record id is"),
        ("payload_digest = 'sha1:0'", "digest of its row"),
        ("payload_length = 1", "its row says 1"),
        ("url = 'https://aqbulaq.example/x'", "its address is"),
        ("status = 500", "its row says 500"),
        ("fetched_at = '2020-01-01T00:00:00Z'", "its date is"),
        ("warc_length = warc_length - 1", "its length is"),
    ],
)
def test_a_row_that_is_not_of_its_record(folder: Path, change: str, said: str) -> None:
    sql(folder, f"UPDATE captures SET {change} WHERE id = 20")
    findings = [finding for finding in found(folder) if 20 in finding.rows]
    assert any(said in finding.what for finding in findings)


def test_records_without_rows(folder: Path) -> None:
    """A crash came between record and row: nothing is lost, and a repair imports it."""
    with Store(folder) as store:
        Paper(store).capture(f"{HOME}new")
    seal(folder)
    assert found(folder) == []
    notes = list(verify(folder, full=True))
    assert [note.severity for note in notes] == ["note"]
    assert "have no row" in notes[0].what
    assert "--repair" in notes[0].remedy


def test_an_unfinished_record_at_the_end(folder: Path) -> None:
    with Store(folder) as store:
        capture = Paper(store).capture(f"{HOME}new", b"<p>" * 500)
    with (folder / capture.warc).open("r+b") as file:
        file.truncate(capture.warc_offset + capture.warc_length - 9)
    seal(folder)
    assert found(folder) == []
    (note,) = verify(folder, full=True)
    assert "unfinished record" in note.what


def test_rubbish_between_records(folder: Path) -> None:
    row = captures(folder)[-1]
    with (folder / row["warc"]).open("ab") as file:
        file.write(b"rubbish" * 100)
    findings = found(folder)
    assert findings
    assert findings[0].offset == row["warc_offset"] + row["warc_length"]


ROWS = [
    ("UPDATE articles SET text = text || '.' WHERE id = 9", "articles", 9, "current revision"),
    ("UPDATE revisions SET title = 'x' WHERE id = 100", "revisions", 100, "digest"),
    ("UPDATE articles SET revision = 7 WHERE id = 9", "articles", 9, "no current revision"),
    ("UPDATE revisions SET kind = 'x' WHERE id = 9", "revisions", 9, "its kind"),
    ("DELETE FROM aliases WHERE article = 9", "articles", 9, "aliases"),
    ("UPDATE frontier SET article = NULL WHERE article = 9", "articles", 9, "frontier"),
    ("UPDATE articles SET capture = 10 WHERE id = 9", "articles", 9, "of another article"),
    ("UPDATE captures SET article = 999 WHERE id = 9", "captures", 9, "does not exist"),
    ("UPDATE articles SET authors = '[' WHERE id = 9", "articles", 9, "no JSON"),
    ("UPDATE articles SET last_seen = '2020' WHERE id = 9", "articles", 9, "first seen"),
    ("UPDATE captures SET refers_to = 8 WHERE id = 9", "captures", 9, "not that of the capture"),
    ("UPDATE frontier SET outcome = 'x' WHERE id = 9", "frontier", 9, "its outcome"),
    ("INSERT INTO stories VALUES (9, 9, 2, 1)", "stories", 9, "its numbers"),
    ("INSERT INTO editions VALUES (9, 10, 'title')", "articles", 9, "one direction"),
    ("UPDATE captures SET warc_length = 'long' WHERE id = 9", "captures", 9, "wrong type"),
    ("DELETE FROM articles_fts_docsize WHERE id = 9", "articles", 9, "not in the full-text"),
    ("INSERT INTO articles_fts_docsize VALUES (999, x'010101')", "articles_fts", 999, "not exist"),
    ("UPDATE articles_fts_docsize SET sz = x'010109' WHERE id = 9", "articles_fts", 9, "indexed with"),
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
        ("DROP TABLE replays", "table replays"),
    ],
)
def test_a_schema_that_is_not_ours(folder: Path, statement: str, where: str) -> None:
    sql(folder, statement)
    assert where in {f.where for f in found(folder, full=False) if f.check == "schema"}


def test_other_peoples_tables_are_left_alone(folder: Path) -> None:
    sql(folder, "CREATE TABLE my_notes (text)", "CREATE INDEX my_index ON articles(section)")
    assert found(folder) == []
    assert {f.where for f in verify(folder)} == {"table my_notes", "index my_index"}


def test_an_index_that_lacks_words(folder: Path) -> None:
    """FTS5's tables can be read, and hold less than they should."""
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as c:
        number = c.execute("SELECT max(rowid) FROM articles_fts_data").fetchone()[0]
        c.execute("DELETE FROM articles_fts_data WHERE rowid = ?", (number,))
    (folder / SEAL).unlink()
    seal(folder)
    findings = [f for f in found(folder) if f.table == "articles_fts"]
    assert findings


def test_what_another_program_wrote_is_found(folder: Path) -> None:
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as c:
        c.execute("UPDATE articles SET section = 'қоғам' WHERE id = 9")
    findings = found(folder)
    assert {f.check for f in findings} == {"pages"}
    assert any(9 in f.rows for f in findings)


def test_seals(folder: Path, damaged: Callable[[], Path]) -> None:
    (folder / SEAL).unlink()
    (note,) = verify(folder)
    assert (note.severity, note.where) == ("note", SEAL)
    other = damaged()
    flip(other / SEAL, 100)
    (finding,) = found(other)
    assert (finding.severity, finding.where) == ("inconsistency", f"{SEAL} at byte 0")
    Store(other).close()
    seal(other)
    assert list(verify(other)) == []


def test_a_database_cut_short(folder: Path) -> None:
    with (folder / DATABASE).open("r+b") as file:
        file.truncate(file.seek(0, 2) - 3 * 4096)
    findings = found(folder)
    assert any("should have" in f.what for f in findings)
    assert len([f for f in findings if f.check == "pages" and f.offset]) == 3


def test_a_database_that_is_none(folder: Path) -> None:
    (folder / DATABASE).write_bytes(b"not a database" * 9999)
    assert any(f.where == DATABASE and "cannot be read" in f.what for f in found(folder))


def test_no_database(folder: Path, tmp_path: Path) -> None:
    (folder / DATABASE).unlink()
    (finding,) = found(folder)
    assert "missing" in finding.what
    with pytest.raises(ArchiveUsageError, match="no archive"):
        list(verify(tmp_path / "nowhere"))


def test_a_log_that_lost_a_transaction(folder: Path, tmp_path: Path) -> None:
    with Store(folder) as store:
        Paper(store)
        crashed = copy(folder, tmp_path / "crashed")
    for name in ("news.db-shm", SEAL):
        (crashed / name).unlink(missing_ok=True)
    log = crashed / "news.db-wal"
    if not log.exists() or not log.stat().st_size:
        pytest.fail("nothing in the log")
    assert found(crashed) == []
    (crashed / "news.db-shm").unlink(missing_ok=True)
    flip(log, 200)
    assert "news.db-wal" in {f.where for f in found(crashed)}


def test_while_it_is_written(folder: Path) -> None:
    """No false alarm, and neither writer nor readers have to wait."""
    with Store(folder) as store:
        paper = Paper(store)
        store.connection.execute("PRAGMA busy_timeout = 0")
        findings: list[Finding] = []
        checks = verify(folder, full=True)
        for number in range(4):
            paper.row(f"{HOME}while-{number}")
            finding = next(checks, None)
            findings += [finding] if finding else []
        findings += checks
    assert [f for f in findings if f.severity != "note"] == []


def test_an_archive_without_captures(tmp_path: Path) -> None:
    Store(tmp_path).close()
    seal(tmp_path)
    assert list(verify(tmp_path, full=True)) == []
    shutil.rmtree(tmp_path / "warc", ignore_errors=True)
    assert list(verify(tmp_path)) == []
