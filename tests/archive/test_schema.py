"""Migrations: run by themselves, once, whole or not at all, with a copy of what was there before."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from archive.schema import OUTCOMES, SCHEMA_VERSION
from sqlite_utils import Database, Migrations

from archive import schema
from archive.errors import ArchiveError
from archive.store import DATABASE, Store, open_database
from tests.archive.building import article, check_whole, open_paper

TABLES = {
    "sites", "sources", "frontier", "crawls", "captures", "articles", "aliases", "revisions",
    "engagement", "tags", "article_tags", "articles_fts", "vocabulary",
}  # fmt: skip


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_a_new_archive(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        assert set(store.db.table_names()) >= TABLES
        assert store.connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert store.connection.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert store.connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1
        assert store.connection.execute("PRAGMA busy_timeout").fetchone()[0] >= 30_000
        check_whole(store)
    assert version(tmp_path / DATABASE) == SCHEMA_VERSION
    assert list(tmp_path.glob("*before*")) == [], "there was nothing to copy"


def test_crawls_have_a_column_for_every_outcome(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        columns = set(store.db["crawls"].columns_dict)
    assert set(OUTCOMES) <= columns


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    open_paper(tmp_path).store.close()
    before = dump(tmp_path / DATABASE)
    for _ in range(2):
        Store(tmp_path).close()
    assert dump(tmp_path / DATABASE) == before


def test_plain_sqlite_can_query_everything(tmp_path: Path) -> None:
    paper = open_paper(tmp_path)
    paper.visit(read=article(tags=["су"]), captures=[paper.capture("https://aqbulaq.example/1")])
    paper.store.close()
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        names = [
            row[0]
            for row in connection.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
            )
        ]
        for name in names:
            connection.execute(f'SELECT * FROM "{name}"').fetchall()
        (row,) = connection.execute("SELECT newspaper, region, tags FROM article_list").fetchall()
        assert row == ("Ақбұлақ тынысы", "jambyl", "су")
        (row,) = connection.execute("SELECT revision, status FROM article_evidence").fetchall()
        assert row == (1, 200)


def upgrade(monkeypatch: pytest.MonkeyPatch, script: str, error: Exception | None = None) -> None:
    """As if the next release had one more migration."""
    later = Migrations("newsbot")
    for known in schema.migrations._migrations:
        later(name=known.name)(known.fn)

    @later()
    def next_schema(db: Database) -> None:
        schema._run(db, script)
        if error:
            raise error

    monkeypatch.setattr(schema, "migrations", later)
    monkeypatch.setattr(schema, "SCHEMA_VERSION", SCHEMA_VERSION + 1)


def test_an_upgrade_keeps_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paper = open_paper(tmp_path)
    paper.visit(read=article())
    paper.store.close()
    before = dump(tmp_path / DATABASE)
    upgrade(monkeypatch, "ALTER TABLE articles ADD COLUMN mood TEXT;\n")
    with Store(tmp_path) as store:
        assert store.connection.execute("SELECT mood, title FROM articles").fetchone()[1]
        check_whole(store)
    assert version(tmp_path / DATABASE) == SCHEMA_VERSION + 1
    (backup,) = tmp_path.glob("news.before-*.db")
    assert backup.name == f"news.before-{SCHEMA_VERSION + 1}.db"
    assert dump(backup) == before
    assert version(backup) == SCHEMA_VERSION
    # Once upgraded, it is left alone; and the older program notices.
    stamp = backup.stat().st_mtime_ns
    Store(tmp_path).close()
    assert backup.stat().st_mtime_ns == stamp
    monkeypatch.undo()
    with pytest.raises(ArchiveError, match="newer newsbot"):
        open_database(tmp_path)


@pytest.mark.parametrize("error", [sqlite3.OperationalError("boom"), OSError("boom")])
def test_a_failed_upgrade_leaves_the_archive_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    paper = open_paper(tmp_path)
    paper.visit(read=article())
    paper.store.close()
    before = dump(tmp_path / DATABASE)
    upgrade(monkeypatch, "UPDATE articles SET title = NULL;\nCREATE TABLE moods (id);\n", error)
    with pytest.raises((ArchiveError, OSError), match="boom"):
        Store(tmp_path)
    assert version(tmp_path / DATABASE) == SCHEMA_VERSION
    assert dump(tmp_path / DATABASE) == before
    monkeypatch.undo()
    with Store(tmp_path) as store:  # the lock was given back
        check_whole(store)


def test_a_crash_between_migration_and_version_is_mended(tmp_path: Path) -> None:
    open_paper(tmp_path).store.close()
    before = dump(tmp_path / DATABASE)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("PRAGMA user_version = 0")
    Store(tmp_path).close()
    assert version(tmp_path / DATABASE) == SCHEMA_VERSION
    assert dump(tmp_path / DATABASE) == before


def test_foreign_keys_hold(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        for statement in (
            "INSERT INTO crawls (site, started_at, version) VALUES ('nowhere', '', '')",
            "INSERT INTO aliases (url, article, first_seen) VALUES ('x', 99, '')",
            "INSERT INTO revisions (article, number, text, digest, seen_at) VALUES (9, 1, '', '', '')",
        ):
            store.connection.execute("BEGIN")
            with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
                store.connection.execute(statement)
                store.connection.execute("COMMIT")
            store.connection.execute("ROLLBACK")
