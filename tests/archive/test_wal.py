"""The write-ahead log: SQLite drops what comes after damage without a word; we say so."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from archive.wal import FRAME, HEADER, Tail, read_log


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The log of three transactions, after an earlier one that was longer."""
    path = tmp_path_factory.mktemp("log") / "a.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as c:
        c.execute("PRAGMA journal_mode = WAL")
        c.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)")
        c.execute("INSERT INTO t (text) VALUES (?)", ("x" * 100_000,))
        c.execute("PRAGMA wal_checkpoint(PASSIVE)")
        for number in range(3):
            c.execute("INSERT INTO t (text) VALUES (?)", (str(number) * 9000,))
        return path.with_name("a.db-wal").read_bytes()


def test_a_whole_log(tmp_path: Path, log: bytes) -> None:
    path = tmp_path / "wal"
    path.write_bytes(log)
    found = read_log(path)
    assert found.damage is None
    assert found.page_size == 4096
    assert 6 <= found.frames < (len(log) - HEADER) // (FRAME + 4096), "stale frames do not count"
    assert found.size >= max(found.pages)


def test_no_log(tmp_path: Path) -> None:
    assert read_log(tmp_path / "none").frames == 0
    (tmp_path / "empty").touch()
    assert read_log(tmp_path / "empty").damage is None


def test_every_byte_of_it_counts(tmp_path: Path, log: bytes) -> None:
    path = tmp_path / "wal"
    path.write_bytes(log)
    end = HEADER + read_log(path).frames * (FRAME + 4096)
    chance = random.Random(1)
    heads = [*range(HEADER + FRAME), *range(end - FRAME - 4096, end - 4096)]
    for offset in [*heads, *(chance.randrange(end) for _ in range(60))]:
        data = bytearray(log)
        data[offset] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
        assert read_log(path).damage, offset


def test_a_log_that_a_crash_cut_off_is_not_damaged(tmp_path: Path, log: bytes) -> None:
    path = tmp_path / "wal"
    path.write_bytes(log)
    whole = read_log(path)
    step = FRAME + 4096
    for end in (HEADER, HEADER + 10, HEADER + step, HEADER + whole.frames * step - 1):
        path.write_bytes(log[:end])
        found = read_log(path)
        assert found.damage is None
        assert found.frames < whole.frames


def test_the_tail_sees_each_page_once(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as c:
        c.execute("PRAGMA journal_mode = WAL")
        tail = Tail(path.with_name("a.db-wal"))
        c.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)")
        assert set(tail.news()) == {1, 2}
        assert tail.news() == {}
        for _ in range(2):
            c.execute("INSERT INTO t (text) VALUES ('a')")
            assert set(tail.news()) == {2}
            c.execute("PRAGMA wal_checkpoint(PASSIVE)")
            assert tail.news() == {}
