"""Upgrade: an archive that the version before wrote becomes one of this, and keeps everything.

`former/schema-1.tar.xz` is an archive of newsbot 0.1.0 with eleven articles of the example newspaper, read
twice. Neighbours: a user's own tables, decisions made before, a database that is damaged or too large for
the disk, a newer one.
"""

from __future__ import annotations

import errno
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from archive.decisions import WITHHOLD, WITHHOLDING, decide
from archive.errors import ArchiveError, ArchiveUsageError
from archive.integrity.database import check_database
from archive.search import search
from archive.store import DATABASE, Store, open_database
from archive.store.schema import VERSION, objects, own_columns
from archive.store.version import OlderSchema
from tests.conftest import Run

FORMER = Path(__file__).parent / "former" / "schema-1.tar.xz"
OWN = """
CREATE TABLE my_notes (article INTEGER REFERENCES articles(id), note TEXT);
INSERT INTO my_notes SELECT id, 'менікі' FROM articles;
CREATE INDEX my_index ON articles(section);
CREATE VIEW my_view AS SELECT url FROM articles JOIN my_notes ON article = id;
CREATE TRIGGER my_trigger AFTER DELETE ON articles BEGIN DELETE FROM my_notes WHERE article = old.id; END;
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with tarfile.open(FORMER) as packed:
        packed.extractall(tmp_path / "data", filter="data")
    return tmp_path / "data"


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Table → its rows, without the index and what it decides anew."""
    with closing(sqlite3.connect(path)) as c:
        sql = "SELECT name FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        names = {name for (name,) in c.execute(sql)} - {"vocabulary"}
        return {name: c.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in names}


def findings(folder: Path) -> list[str]:
    with closing(open_database(folder, everything=True).conn) as c:
        return [str(found) for found in check_database(c) if found.severity != "note"]


def test_everything_is_kept(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as c:
        c.executescript(OWN)
    before = rows(folder / DATABASE)
    assert len(before["articles"]) == 11
    with caplog.at_level(logging.WARNING):
        Store(folder).close()
    after = rows(folder / DATABASE)
    assert {name: after[name] for name in before} == before
    with closing(open_database(folder).conn) as c:
        present = objects(c)
        assert objects().items() <= present.items()
        assert {"my_notes", "my_index", "my_view", "my_trigger"} <= present.keys()
        assert len(c.execute("SELECT * FROM my_view").fetchall()) == 11
        assert c.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert search(c, "мектеп").total
    assert findings(folder) == []
    (kept,) = folder.glob("news.schema-1-*.db")
    assert rows(kept) == before, "the way back"
    assert kept.name in caplog.text
    assert not list(folder.glob("*.part*"))
    state = (folder / DATABASE).read_bytes()
    Store(folder).close()
    assert (folder / DATABASE).read_bytes() == state, "once"


def test_the_index_of_schema_5_is_made_anew(folder: Path) -> None:
    """Its statement is the same, its contents are not: other stems, and nothing of sites and dates."""
    Store(folder).close()
    with closing(sqlite3.connect(folder / DATABASE)) as c:
        c.executescript(
            "INSERT INTO articles_fts (articles_fts) VALUES ('delete-all'); "
            "INSERT INTO articles_fts (rowid, title, text, stems) SELECT id, title, text, '' FROM articles; "
            "DELETE FROM vocabulary; PRAGMA user_version = 5;"
        )
    Store(folder).close()
    with closing(open_database(folder).conn) as c:
        assert objects().items() <= objects(c).items()
        (site,) = c.execute("SELECT DISTINCT site FROM articles").fetchone()
        assert 0 < search(c, "мектептер").total == search(c, f"мектептер site:{site}").total
    assert findings(folder) == []
    assert list(folder.glob("news.schema-5-*.db")), "the way back"


def test_the_way_back_and_forth(folder: Path, newsbot: Run) -> None:
    """The old database in its place again knows nothing of what was captured since; a repair finds it."""
    Store(folder).close()
    before = rows(folder / DATABASE)
    (kept,) = folder.glob("news.schema-1-*.db")
    for path in folder.glob(f"{DATABASE}*"):
        path.unlink()
    kept.rename(folder / DATABASE)
    said = newsbot("verify", "--data", str(folder))
    assert (said.returncode, said.stdout.count("schema 1")) == (5, 1)
    said = newsbot("verify", "--repair", "--data", str(folder))
    assert said.returncode == 0, said.stdout + said.stderr
    assert rows(folder / DATABASE) == before


@pytest.mark.parametrize(
    "made",
    [
        "CREATE TABLE withheld (article INTEGER, note TEXT)",
        "CREATE TABLE withheld (url TEXT, since TEXT, reason TEXT, by TEXT)",
        "CREATE VIEW withheld AS SELECT 1",
        "CREATE TABLE withheld_articles (id INTEGER)",
        "CREATE VIEW readable_articles AS SELECT 1 AS id",
    ],
)
def test_a_users_own_table_of_a_new_name_is_not_taken(folder: Path, made: str) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as c:
        c.execute(made)
    before = rows(folder / DATABASE)
    with pytest.raises(
        ArchiveUsageError, match="which you made, has a name that newsbot needs now"
    ):
        Store(folder)
    assert rows(folder / DATABASE) == before
    assert not list(folder.glob("news.schema*"))


def test_what_others_write_and_read_meanwhile(folder: Path) -> None:
    """A user's program has it open: it sees the new state, and nothing that it commits is lost."""
    with closing(sqlite3.connect(folder / DATABASE)) as c:
        c.execute("PRAGMA journal_mode = WAL")
        c.executescript(OWN + "INSERT INTO my_notes VALUES (1, CAST(x'ff41' AS TEXT));")
        Store(folder).close()
        c.execute("INSERT INTO my_notes VALUES (1, 'later')")
        c.commit()
    with closing(sqlite3.connect(folder / DATABASE)) as c:
        found = c.execute("SELECT CAST(note AS BLOB) FROM my_notes WHERE article = 1").fetchall()
    assert found == [("менікі".encode(),), (b"\xffA",), (b"later",)]


@pytest.mark.parametrize("version", [-1, 0, 3])
def test_a_number_that_no_release_wrote(folder: Path, version: int) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as c:
        c.execute(f"PRAGMA user_version = {version}")
    for opened in (Store, open_database):
        with pytest.raises(ArchiveUsageError, match=r"no archive of newsbot|early newsbot"):
            opened(folder)


def test_readers_say_what_to_do(folder: Path, newsbot: Run) -> None:
    with pytest.raises(OlderSchema, match="newsbot crawl"):
        open_database(folder)
    said = newsbot("search", "мектеп", "--data", str(folder))
    assert (said.returncode, said.stderr.count("\n")) == (2, 1)
    assert "older newsbot" in said.stderr


def test_what_was_decided_before_holds(folder: Path) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as c:
        (url,) = c.execute("SELECT url FROM articles").fetchone()
    line = {"url": url, "decision": WITHHOLD, "reason": "сот", "at": "2026-11-20T00:00:00Z"}
    decide(folder, WITHHOLDING, line)
    Store(folder).close()
    with closing(open_database(folder).conn) as c:
        assert c.execute("SELECT count(*) FROM articles").fetchone() == (10,)
    assert findings(folder) == []


def test_a_full_disk_leaves_the_old_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows(folder / DATABASE)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("archive.store.upgrade.rebuild", full)
    with pytest.raises(ArchiveError, match="disk is full"):
        Store(folder)
    assert rows(folder / DATABASE) == before
    assert not [*folder.glob("*.part*"), *folder.glob("news.schema*")]
    monkeypatch.undo()
    Store(folder).close()
    assert findings(folder) == []


def test_a_damaged_one_is_made_anew(folder: Path, newsbot: Run) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as c:
        c.execute("PRAGMA writable_schema = ON")
        (page,) = c.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'readings'").fetchone()
        (size,) = c.execute("PRAGMA page_size").fetchone()
    with (folder / DATABASE).open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(bytes(size))
    example = Path(__file__).parents[3] / "newsbot" / "demo" / "sites"
    said = newsbot("verify", "--repair", "--data", str(folder), "--sites-dir", str(example))
    assert said.returncode == 0, said.stdout + said.stderr
    assert len(rows(folder / DATABASE)["articles"]) == 11


@pytest.mark.parametrize("version", [VERSION + 1, 99])
def test_a_newer_one_is_left_alone(folder: Path, version: int) -> None:
    Store(folder).close()
    with closing(sqlite3.connect(folder / DATABASE)) as c:
        c.execute(f"PRAGMA user_version = {version}")
        c.execute("ALTER TABLE sites ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'")
    for opened in (Store, open_database):
        with pytest.raises(ArchiveUsageError, match="newer newsbot"):
            opened(folder)


KILLED = """
import os, signal, sys
from pathlib import Path
from archive.store import Store, upgrade
real = getattr(upgrade, sys.argv[2])
def killed(*values):
    if sys.argv[3] == "after":
        real(*values)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(upgrade, sys.argv[2], killed)
Store(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ["_copy", "_alter", "restore_objects", "rebuild"])
def test_a_kill_at_any_step(folder: Path, step: str, when: str) -> None:
    before = rows(folder / DATABASE)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder), step, when], capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    Store(folder).close()
    after = rows(folder / DATABASE)
    assert {name: after[name] for name in before} == before
    assert findings(folder) == []
    assert not list(folder.glob("*.part*"))
    assert len(list(folder.glob("news.schema-1-*.db"))) == 1, "of the killed one nothing is left"


def test_it_needs_no_more_of_a_new_column_than_its_default(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next schema: a column with a default, an index and a table more, and no code for them."""
    Store(folder).close()
    from archive.store import schema, upgrade, version

    changed = schema.SCHEMA.replace(
        "    family TEXT\n) WITHOUT ROWID;",
        "    family TEXT,\n    mood TEXT NOT NULL DEFAULT 'calm'\n) WITHOUT ROWID;\n"
        "CREATE TABLE moods (mood TEXT);\nCREATE INDEX sites_mood ON sites(mood);",
    )
    assert changed != schema.SCHEMA
    for module in (schema, upgrade):
        monkeypatch.setattr(module, "SCHEMA", changed)
    for module in (schema, upgrade, version):
        monkeypatch.setattr(module, "VERSION", VERSION + 1)
    for known in (schema._own_objects, own_columns):
        known.cache_clear()
    try:
        Store(folder).close()
        assert findings(folder) == []
        with closing(open_database(folder).conn) as c:
            assert c.execute("SELECT mood FROM sites").fetchall() == [("calm",)]
            assert c.execute("SELECT count(*) FROM moods").fetchone() == (0,)
    finally:
        monkeypatch.undo()
        for known in (schema._own_objects, own_columns):
            known.cache_clear()
