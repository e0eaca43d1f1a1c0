"""repair: a new news.db equals the one that was lost; what captures do not tell is carried over."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from archive.captures import read_records
from archive.errors import ArchiveError, ArchiveLocked, ArchiveUsageError
from archive.integrity.finding import Finding
from archive.integrity.repair import repair
from archive.integrity.verify import verify
from archive.search import search
from archive.store import DATABASE, Store, open_database
from archive.store.stories import link
from tests.archive.building import HOME, SITE, Paper, article, tomorrow
from tests.archive.integrity.building import EVERYTHING, contents, import_in_place, rows

KEY = str(SITE["id"])
OWN = (
    "CREATE TABLE my_notes (note TEXT, article INTEGER REFERENCES articles(id))",
    "INSERT INTO my_notes VALUES ('оқу керек', 40), ('жоқ', 12345)",
    "CREATE TABLE my_words (word TEXT PRIMARY KEY, n) WITHOUT ROWID",
    "INSERT INTO my_words VALUES ('су', 5), ('жол', x'00ff')",
    "CREATE VIRTUAL TABLE my_index USING fts5(body)",
    "INSERT INTO my_index VALUES ('ауылға су келді')",
    "CREATE INDEX my_sections ON articles(section)",
    "CREATE VIEW my_view AS SELECT note, title FROM my_notes JOIN articles ON id = article",
    "CREATE TRIGGER my_trigger AFTER INSERT ON articles BEGIN "
    "INSERT INTO my_notes VALUES ('жаңа', new.id); END",
)


def sql(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as c:
        for statement in statements:
            c.execute(statement)


def check(folder: Path) -> list[Finding]:
    return list(verify(folder, full=True))


def mend(
    folder: Path,
    importer: Callable[[Store, str, list[Path]], object] = import_in_place,
    sites: Collection[str] = (KEY,),
) -> list[str]:
    """Repair what is wrong; returns what was said."""
    said: list[str] = []
    repair(
        folder, check(folder), importer, sites, software="newsbot/1", schedule=tomorrow,
        say=said.append,
    )  # fmt: skip
    return said


def kept(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("news.*") if "-" in path.stem)


def flip(folder: Path, table: str) -> int:
    """Change a letter of a text where SQLite does not notice."""
    sql(folder, f"UPDATE {table} SET text = text || 'ө' WHERE id = 40")
    return 40


# -- a new database -----------------------------------------------------------------------------


def test_a_sound_archive_is_left_alone(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert mend(folder) == []
    assert {
        p: p.read_bytes() for p in folder.rglob("*") if p.suffix != ".db-shm" and p in before
    } == before
    assert kept(folder) == []


def test_from_captures_alone(folder: Path) -> None:
    before = contents(folder, state=False)
    for path in folder.glob("news.*"):
        path.unlink()
    assert any("from warc/ alone" in said for said in mend(folder))
    assert contents(folder, state=False) == before
    assert check(folder) == []
    assert kept(folder) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE articles SET text = text || 'ө' WHERE id = 40",
        "UPDATE readings SET title = x'00' WHERE id = 40",
        "DELETE FROM aliases WHERE article = 40",
        "UPDATE captures SET article = 41 WHERE id = 40",
        "UPDATE captures SET warc_offset = warc_offset + 1 WHERE id = 40",
        "UPDATE engagement SET views = 9999 WHERE article = 40",
        "DELETE FROM captures WHERE id = 30",
        "DROP TABLE engagement",
    ],
)
def test_a_damaged_row(folder: Path, statement: str) -> None:
    sql(folder, *OWN)
    before = contents(folder)
    queries = (
        "SELECT note, article FROM my_notes",
        "SELECT * FROM my_words",
        "SELECT * FROM my_view",
    )
    own = [rows(folder, query) for query in queries]
    sql(folder, statement)
    said = mend(folder)
    after = contents(folder)
    if statement.startswith("DELETE FROM captures"):  # of which crawl it was, its row alone knew
        del before["crawls of captures"], after["crawls of captures"]
    assert after == before
    assert [rows(folder, query) for query in queries] == own
    assert len(rows(folder, "SELECT 1 FROM my_index WHERE my_index MATCH 'су'")) == 1
    names = {
        name for (name,) in rows(folder, "SELECT name FROM sqlite_schema WHERE name LIKE 'my%'")
    }
    assert {"my_sections", "my_trigger", "my_view"} <= names
    assert check(folder) == []
    (damaged,) = kept(folder)
    assert any(damaged.name in line for line in said)
    with closing(open_database(folder).conn) as c:
        assert search(c, "мектеп").total > 0


def test_an_event_that_cannot_be_read(folder: Path) -> None:
    insert = "INSERT INTO events (site, kind, began_at, evidence) VALUES (?, ?, ?, ?)"
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as c:
        for evidence in ('{"source": "x"}', "{"):
            c.execute(insert, (KEY, "empty_source", "2026-11-22T08:00:00Z", evidence))
    mend(folder)
    assert rows(folder, "SELECT evidence FROM events") == [('{"source": "x"}',)]
    assert check(folder) == []


def test_pages_of_rubbish(folder: Path) -> None:
    """Wherever the damage is, all articles come back, and most of the state."""
    before = contents(folder)
    path = folder / DATABASE
    whole = path.read_bytes()
    for page in range(3, len(whole) // 4096, 29):
        path.write_bytes(whole[: page * 4096] + b"\x07" * 4096 + whole[(page + 1) * 4096 :])
        if not [finding for finding in check(folder) if finding.severity != "note"]:
            continue  # a free page, or a part of the index that nothing needs
        mend(folder)
        after = contents(folder)
        assert {name: after[name] for name in EVERYTHING} == {n: before[n] for n in EVERYTHING}, (
            page
        )
        assert check(folder) == [], page


@pytest.mark.parametrize("data", [b"", b"no database" * 5000])
def test_a_file_that_is_no_database(folder: Path, data: bytes) -> None:
    before = contents(folder, state=False)
    (folder / DATABASE).write_bytes(data)
    mend(folder)
    assert contents(folder, state=False) == before


def test_stories_are_found_anew(folder: Path) -> None:
    with Store(folder, schedule=tomorrow) as store:
        paper = Paper(store)
        for number in (201, 202):
            text = "\n\n".join(
                f"Абзац {n} туралы ұзақ мәтін осында жазылған еді." for n in range(9)
            )
            read = article(f"{HOME}{number}", title="Бір тақырып", text=text)
            body = json.dumps({"result": "article", "article": read.to_dict()}).encode()
            paper.visit(read.url, read, captures=[paper.capture(read.url, body)])
        link(store)
    before = rows(folder, "SELECT id, story, story_share FROM articles WHERE story IS NOT NULL")
    flip(folder, "articles")
    mend(folder)
    assert (
        rows(folder, "SELECT id, story, story_share FROM articles WHERE story IS NOT NULL")
        == before
    )


# -- captures -----------------------------------------------------------------------------------


def spoil(folder: Path, article: int) -> list[str]:
    """Damage all records of an article; returns their ids."""
    found = rows(folder, f"SELECT warc, warc_offset, warc_length, record_id FROM captures WHERE article = {article}")  # fmt: skip
    for warc, offset, length, _ in found:
        with (folder / warc).open("r+b") as file:
            file.seek(offset + length // 2)
            file.write(b"\0" * 9)
    return [row[3] for row in found]


def test_damaged_records_alone_are_left(folder: Path) -> None:
    """No repair can bring them back; the articles that were read from them stay."""
    spoil(folder, 30)
    before = contents(folder)
    data = (folder / DATABASE).read_bytes()
    assert mend(folder) == []
    assert (folder / DATABASE).read_bytes() == data
    assert contents(folder) == before
    assert {finding.remedy for finding in check(folder)} == {"restore"}


def test_damaged_records_and_a_damaged_database(folder: Path) -> None:
    """Articles whose rows are sound keep what was read from records that are damaged now."""
    sql(folder, "UPDATE captures SET reason = 'listing' WHERE id = 21")
    spoiled = [record for number in (1, 30, 88, 17) for record in spoil(folder, number)]
    spoiled += spoil(folder, 7)[:1]
    before = contents(folder)
    flip(folder, "articles")
    said = mend(folder)
    assert contents(folder) == before
    findings = check(folder)
    assert {finding.remedy for finding in findings} == {"restore"}
    assert all(any(record in finding.where for finding in findings) for record in spoiled)
    assert any("carried over as they were" in line for line in said)


def test_an_article_that_is_lost_is_named(folder: Path) -> None:
    spoil(folder, flip(folder, "articles"))
    ((url,),) = rows(folder, "SELECT url FROM articles WHERE id = 40")
    said = mend(folder)
    assert f"article 40 did not come back: {url}" in said
    assert rows(folder, "SELECT 1 FROM articles WHERE id = 40") == []


def test_an_article_that_rules_refuse_today_stays(folder: Path) -> None:
    before = contents(folder)
    flip(folder, "articles")

    def strict(store: Store, site: str, paths: list[Path]) -> None:
        def refusing(visit: Any) -> str:
            if visit.url == f"{HOME}5":
                visit.result, visit.reason, visit.article = "refused", "listing", None
            return record(visit)

        record, store.record = store.record, refusing  # type: ignore[method-assign]
        try:
            import_in_place(store, site, paths)
        finally:
            store.record = record  # type: ignore[method-assign]

    mend(folder, strict)
    assert contents(folder) == before


def test_a_site_without_a_profile(folder: Path) -> None:
    """Its visits are carried over; where there is nothing to carry over, nothing is begun."""
    before = contents(folder)
    spoil(folder, flip(folder, "articles"))
    mend(folder, sites=())
    after = contents(folder)
    assert [row for row in before["ids"] if row[0] != 40] == after["ids"]
    assert set(after["articles"]) < set(before["articles"])
    (folder / DATABASE).unlink()
    with pytest.raises(ArchiveUsageError, match="no profile of aqbulaq"):
        mend(folder, sites=())
    assert not (folder / DATABASE).exists()


def test_records_without_rows_are_imported(folder: Path) -> None:
    with Store(folder) as store:
        body = b'{"result": "missing", "article": null}'
        Paper(store).capture(f"{HOME}new", body, 404)
    mend(folder)
    assert rows(folder, f"SELECT result FROM captures WHERE url = '{HOME}new'") == [("missing",)]
    assert check(folder) == []


@pytest.mark.parametrize("pattern", ["*[0-9].warc.zst", "*.dict.zst"])
def test_a_dictionary(folder: Path, pattern: str) -> None:
    (path,) = folder.rglob(pattern)
    whole = path.read_bytes()
    path.write_bytes(whole[:50] + b"rubbish" + whole[57:])
    database = (folder / DATABASE).stat().st_ino
    mend(folder)
    assert path.read_bytes() == whole
    assert (folder / DATABASE).stat().st_ino == database
    assert check(folder) == []


def test_a_byte_around_a_record(folder: Path) -> None:
    ((warc, offset),) = rows(folder, "SELECT warc, warc_offset FROM captures WHERE id = 3")
    with (folder / warc).open("r+b") as file:
        file.seek(offset + 5)  # MTIME of the gzip header
        file.write(b"\x01")
    assert any("read as they should" in said for said in mend(folder))
    assert check(folder) == []
    assert kept(folder) == []


# -- what needs no new database -----------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM articles_fts_docsize WHERE id = 9",
        "INSERT INTO articles_fts (rowid, title, text, stems) VALUES (999, 'a', 'b', 'c')",
        "DELETE FROM articles_fts_data WHERE rowid > 1000",
        "UPDATE vocabulary SET key = 'x' WHERE word = (SELECT min(word) FROM vocabulary)",
        "DELETE FROM frontier WHERE article = 9",
        "INSERT INTO stories VALUES (9, 9, 2, 1)",
        "INSERT INTO editions VALUES (9, 10, 'title')",
        "DROP INDEX captures_url",
        "DROP VIEW article_list",
    ],
)
def test_what_is_made_of_the_rest(folder: Path, statement: str) -> None:
    before, database = contents(folder, state=False), (folder / DATABASE).stat().st_ino
    sql(folder, statement)
    assert mend(folder)
    assert (folder / DATABASE).stat().st_ino == database
    assert kept(folder) == []
    assert check(folder) == []
    assert contents(folder, state=False) == before


# -- disasters ----------------------------------------------------------------------------------


@pytest.mark.parametrize("is_missing", [True, False])
def test_the_disk_is_full(folder: Path, is_missing: bool) -> None:
    sql(folder, *OWN)
    flip(folder, "articles")
    if is_missing:
        (folder / DATABASE).unlink()
    before = {
        p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.name != "newsbot.lock"
    }

    def full(store: Store, site: str, paths: list[Path]) -> None:
        store.connection.execute("PRAGMA max_page_count = 150")
        import_in_place(store, site, paths)

    with pytest.raises(ArchiveError, match="disk is full") as error:
        mend(folder, full)
    assert error.value.exit_code == 5
    after = {
        p
        for p in folder.rglob("*")
        if p.is_file() and "-shm" not in p.name and "-wal" not in p.name
    }
    assert {p: p.read_bytes() for p in after if p.name != "newsbot.lock"} == before


def test_the_disk_is_full_at_the_last_moment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flip(folder, "articles")
    before = (folder / DATABASE).read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("archive.store.opening.os.fsync", full)
    with pytest.raises(ArchiveError, match="disk is full"):
        mend(folder)
    assert (folder / DATABASE).read_bytes() == before
    assert kept(folder) == []


def test_what_a_killed_repair_left_is_removed(folder: Path) -> None:
    flip(folder, "articles")
    (folder / "news.repair-20261122T080000Z.db").write_bytes(b"half")
    mend(folder)
    assert [path.name[:12] for path in kept(folder)] == ["news.damaged"]
    assert check(folder) == []


def test_while_a_crawl_runs(folder: Path) -> None:
    flip(folder, "articles")
    with Store(folder), pytest.raises(ArchiveLocked):
        mend(folder)
    assert kept(folder) == []


# -- what one cannot be told by its own rows ---------------------------------------------------


@pytest.mark.parametrize("site", ["aqbulaqq", "", "../aqbulaq", "tobyl"])
def test_an_address_of_a_site_that_is_none(folder: Path, site: str) -> None:
    """Addresses with captures, and one that only a source has listed."""
    before = contents(folder)
    sql(
        folder,
        f"INSERT INTO frontier (site, url, source, discovered_at) SELECT site, '{HOME}new', id, "
        "'2026-11-22T08:00:00Z' FROM sources LIMIT 1",
    )
    waiting = len(rows(folder, "SELECT 1 FROM frontier"))
    sql(folder, "PRAGMA foreign_keys = OFF", f"UPDATE frontier SET site = '{site}' WHERE id > 3")
    assert check(folder)
    mend(folder)
    assert check(folder) == []
    assert len(rows(folder, "SELECT 1 FROM frontier")) == waiting
    sql(folder, f"DELETE FROM frontier WHERE url = '{HOME}new'")
    assert contents(folder) == before


@pytest.mark.parametrize(
    "name", ["old.warc.gz", "aqbulaq-2026-11-copy.warc.gz", "../tobyl/aqbulaq-1999-01.warc.gz"]
)
@pytest.mark.parametrize("lost", [False, True], ids=["with news.db", "without news.db"])
def test_a_renamed_file(folder: Path, name: str, lost: bool) -> None:
    """It gets its name back where rows know it; a new news.db takes it as it is."""
    before = contents(folder)
    path = folder / "warc" / KEY / "aqbulaq-2026-11.warc.gz"
    target = path.parent / name
    target.parent.mkdir(exist_ok=True)
    path.rename(target)
    if lost and ".." in name:
        pytest.skip("whose pages they are is told by the folder alone")
    if lost:
        (folder / DATABASE).unlink()
    mend(folder)
    assert [finding for finding in check(folder) if finding.severity != "note"] == []
    if lost:
        assert len(rows(folder, "SELECT 1 FROM captures")) == len(before["captures"])
        assert len(rows(folder, "SELECT 1 FROM articles")) == len(before["articles"])
    else:
        assert (path.is_file(), contents(folder)) == (True, before)


def test_another_file_is_not_taken_for_the_one_that_is_lost(folder: Path) -> None:
    path = folder / "warc" / KEY / "aqbulaq-2026-11.warc.gz"
    data = bytearray(path.read_bytes())
    path.unlink()
    data[len(data) // 2] ^= 1
    path.with_name("old.warc.gz").write_bytes(data)
    assert not any("name again" in line for line in mend(folder))
    assert any("the file is missing" in finding.what for finding in check(folder))


@pytest.mark.parametrize("status", [0, 7, 99, 1000, -5])
def test_a_status_that_is_none(tmp_path: Path, status: int) -> None:
    """`HTTP/1.1 000`: what a server said is kept, and can be read again."""
    from archive.captures import read_capture

    folder = tmp_path / "data"
    with Store(folder, schedule=tomorrow) as store:
        paper = Paper(store)
        capture = paper.capture(f"{HOME}1", b"<p>", status)
        paper.visit(result="failed", captures=[capture])
        assert read_capture(folder, capture.warc, capture.warc_offset).status == status
    assert check(folder) == []


# -- an archive of the time before 0.1.0 --------------------------------------------------------


def test_an_early_archive(folder: Path) -> None:
    """Its tables are others: all is read anew, ids and state are kept."""
    before = contents(folder)
    early = folder.parent / "early.db"
    with closing(sqlite3.connect(early, isolation_level=None)) as c:
        c.execute("ATTACH ? AS now", (str(folder / DATABASE),))
        for table, columns in (
            ("sites", "*"), ("crawls", "*"), ("sources", "*"), ("aliases", "*"),
            ("articles", "id, site, url, title, text, revision"), ("frontier", "*"),
            ("captures", "id, site, crawl, article, url, fetched_at, status, warc, warc_offset, record_id"),
        ):  # fmt: skip
            c.execute(f"CREATE TABLE {table} AS SELECT {columns} FROM now.{table}")
        c.execute("CREATE TABLE seals (warc TEXT, crc INTEGER)")
        c.execute("CREATE INDEX seals_warc ON seals(warc)")
        c.execute("CREATE TABLE my_notes (note TEXT)")
        c.execute("INSERT INTO my_notes VALUES ('менікі')")
        c.execute("PRAGMA user_version = 4")
    for path in folder.glob("news.*"):
        path.unlink()
    shutil.move(early, folder / DATABASE)
    with pytest.raises(ArchiveUsageError, match="verify --repair"):
        open_database(folder)
    (finding,) = check(folder)
    assert "early newsbot" in finding.what
    mend(folder)
    assert contents(folder) == before
    assert rows(folder, "SELECT * FROM my_notes") == [("менікі",)]
    assert rows(folder, "SELECT 1 FROM sqlite_schema WHERE name LIKE 'seals%'") == []
    assert check(folder) == []


@pytest.mark.parametrize(
    "statements",
    [
        ("DROP VIEW article_revisions", "ALTER TABLE readings DROP COLUMN section"),
        ("DROP INDEX captures_named", "ALTER TABLE captures DROP COLUMN named"),
        ("DROP TABLE articles_fts", "ALTER TABLE articles DROP COLUMN stems"),
    ],
)
def test_an_early_archive_with_a_damaged_record(folder: Path, statements: tuple[str, ...]) -> None:
    """What its record does not give back comes from the old database, or is named."""
    before = dict(rows(folder, "SELECT id, url FROM articles"))
    sql(folder, *statements)
    spoil(folder, 30)
    said = mend(folder)
    lost = before.items() - dict(rows(folder, "SELECT id, url FROM articles")).items()
    named = {line for line in said if "did not come back" in line}
    assert named == {f"article {number} did not come back: {url}" for number, url in lost}
    assert len(lost) <= 1
    assert any("is kept as news.damaged-" in line for line in said), "where its text is"


def test_evidence_is_not_touched(folder: Path) -> None:
    files = {path: path.read_bytes() for path in (folder / "warc").rglob("*") if path.is_file()}
    spoil(folder, 30)
    damaged = {path: path.read_bytes() for path in files}
    flip(folder, "articles")
    mend(folder)
    assert {path: path.read_bytes() for path in files} == damaged
    assert sum(1 for path in files if ".warc" in path.name for _ in read_records(path)) > 90
