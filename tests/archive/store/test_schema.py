"""The schema: whole or not at all, and nothing that is not an archive of it is written to."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from archive.article import READ
from archive.errors import ArchiveUsageError
from archive.store import DATABASE, OUTCOMES, Store, open_database, schema
from archive.store.version import EarlySchema
from tests.archive.building import article, check_whole, open_paper

TABLES = {
    "sites", "sources", "frontier", "crawls", "captures", "articles", "aliases", "readings",
    "revisions", "engagement", "tags", "article_tags", "articles_fts", "vocabulary", "events",
}  # fmt: skip


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def test_a_new_archive(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        assert set(store.db.table_names()) >= TABLES
        pragmas = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
        for name, value in pragmas.items():
            assert store.connection.execute(f"PRAGMA {name}").fetchone()[0] == value
        assert store.connection.execute("PRAGMA busy_timeout").fetchone()[0] >= 30_000
        assert store.connection.execute("PRAGMA user_version").fetchone()[0] == schema.VERSION
        check_whole(store)


def test_tables_follow_the_lists_of_names(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        assert set(OUTCOMES) <= set(store.db["crawls"].columns_dict)
        assert set(READ) <= set(store.db["readings"].columns_dict)
        assert set(READ) - {"tags"} <= set(store.db["articles"].columns_dict)
        assert set(READ) <= set(store.db["article_revisions"].columns_dict)


def test_references_that_may_wait_have_an_index(tmp_path: Path) -> None:
    """Storing a row that others wait for is a scan without one, of a table that grows for ever."""
    with Store(tmp_path) as store:
        rows = {"captures", "articles", "readings", "tags"}  # stored while references wait
        references = [
            (table.name, key.column)
            for table in store.db.tables
            for key in table.foreign_keys
            if key.other_table in rows
        ]
        assert len(references) > 10
        for table, column in references:
            plan = store.connection.execute(
                f"EXPLAIN QUERY PLAN SELECT 1 FROM {table} WHERE {column} = 5"
            ).fetchall()
            assert all(" USING " in row["detail"] for row in plan), (table, column)


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    open_paper(tmp_path).store.close()
    before = dump(tmp_path / DATABASE)
    for _ in range(2):
        Store(tmp_path).close()
    assert dump(tmp_path / DATABASE) == before


def test_plain_sqlite_can_query_everything(tmp_path: Path) -> None:
    paper = open_paper(tmp_path)
    paper.visit(read=article(tags=["су"]))
    paper.store.close()
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        names = [
            row[0]
            for row in connection.execute(
                "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
            )
        ]
        for name in names:
            connection.execute(f'SELECT * FROM "{name}"').fetchall()
        (row,) = connection.execute("SELECT newspaper, region, tags FROM article_list").fetchall()
        assert row == ("Ақбұлақ тынысы", "jambyl", "су")
        (row,) = connection.execute("SELECT revision, status FROM article_evidence").fetchall()
        assert row == (1, 200)


@pytest.mark.parametrize(
    "change",
    [
        "DROP VIEW article_revisions; ALTER TABLE readings DROP COLUMN section",
        "ALTER TABLE sources DROP COLUMN location",
    ],
)
def test_an_archive_from_before_a_field_is_made_anew(tmp_path: Path, change: str) -> None:
    open_paper(tmp_path).store.close()
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.executescript(change)
    for opened in (Store, open_database):
        with pytest.raises(EarlySchema, match="verify --repair"):
            opened(tmp_path)


def test_a_schema_that_cannot_be_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "SCHEMA", schema.SCHEMA + "CREATE TABLE sites (id);\n")
    with pytest.raises(Exception, match="already exists"):
        Store(tmp_path)
    monkeypatch.undo()
    with Store(tmp_path) as store:  # the lock was given back
        check_whole(store)


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE notes (id)",
        "CREATE TABLE articles (id); PRAGMA user_version = 1",
        "PRAGMA user_version = 4",
    ],
)
def test_another_program_s_database_is_not_written_to(tmp_path: Path, script: str) -> None:
    path = tmp_path / DATABASE
    with closing(sqlite3.connect(path)) as c:
        c.executescript(script)
    before = path.read_bytes()
    for opened in (Store, open_database):
        with pytest.raises(ArchiveUsageError) as caught:
            opened(tmp_path)
        assert "\n" not in str(caught.value)
    assert path.read_bytes() == before
    assert not path.with_name(f"{DATABASE}-wal").exists()


def test_foreign_keys_hold(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        for statement in (
            "INSERT INTO crawls (site, started_at, version) VALUES ('nowhere', '', '')",
            "INSERT INTO aliases (url, article, first_seen) VALUES ('x', 99, '')",
            "INSERT INTO revisions (article, number, seen_at, capture, reading) VALUES (9, 1, '', 1, 1)",
        ):
            store.connection.execute("BEGIN")
            with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
                store.connection.execute(statement)
                store.connection.execute("COMMIT")
            store.connection.execute("ROLLBACK")


def test_no_table_and_no_view_tells_of_what_is_withheld(tmp_path: Path) -> None:
    """A new table with a column `article`, or a new view of `articles`, is hidden at the one place."""
    with Store(tmp_path) as store:
        c = store.connection
        shown = {name for (name,) in c.execute(
            "SELECT t.name FROM sqlite_schema t, pragma_table_info(t.name) i "
            "WHERE t.type = 'table' AND i.name = 'article'"
        )}  # fmt: skip
        views = dict(
            c.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'view'").fetchall()
        )
    notes = {"article_notes"}  # reads `aliases` as it is shown (tests/archive/test_notes.py)
    assert shown | {"articles", "tags"} == views_of_readers(tmp_path) - notes
    for name, sql in views.items():
        if name not in ("readable_articles", "withheld_articles"):
            assert "readable_articles" in sql, name
            assert not re.search(r"\b(FROM|JOIN) articles\b", sql), name


def views_of_readers(folder: Path) -> set[str]:
    with closing(open_database(folder).conn) as c:
        return {name for (name,) in c.execute("SELECT name FROM temp.sqlite_schema")}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM captures WHERE site = ''",
        "SELECT max(fetched_at) FROM captures WHERE site = ''",
        "SELECT count(*) FROM articles WHERE site = ''",
        "SELECT count(*) FROM readings",
        "SELECT count(*) FROM frontier WHERE source = 1",
    ],
)
def test_readers_count_by_indexes_alone(tmp_path: Path, sql: str) -> None:
    Store(tmp_path).close()
    with closing(open_database(tmp_path).conn) as c:
        plan = [row[3] for row in c.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert "COVERING INDEX" in plan[0], plan
