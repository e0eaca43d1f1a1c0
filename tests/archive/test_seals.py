"""Seals: kept up commit by commit, whatever happens in between, and without a false alarm."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archive.seals import BLOCK, PER_BLOCK, Block, PageSeals, log_path, seal_path, seal_records
from archive.store import Store
from archive.verify.pages import RawDatabase
from tests.archive.building import HOME, SITE, article, open_paper

NAME = "news.db"


class Writer:
    """A connection that keeps its seals, as the store's does."""

    def __init__(self, folder: Path) -> None:
        self.c = sqlite3.connect(folder / NAME, isolation_level=None)
        self.c.execute("PRAGMA journal_mode = WAL")
        self.c.execute("PRAGMA synchronous = OFF")
        self.seals = PageSeals(self.c, folder / NAME)
        self.c.execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, text TEXT)")
        self.seals.settle()

    def write(self, number: int, length: int = 3000) -> None:
        self.c.execute("BEGIN")
        text = os.urandom(length).hex()
        self.c.executemany("INSERT INTO t (text) VALUES (?)", [(text,)] * number)
        self.c.execute("COMMIT")
        self.seals.settle()

    def close(self, *, finish: bool = True) -> None:
        if finish:
            self.seals.finish()
        self.c.close()
        self.seals.close()


def wrong(folder: Path) -> list[int]:
    """Pages that are not as they were sealed; all have a seal."""
    with RawDatabase(folder / NAME) as raw:
        assert raw.blocks is not None
        assert raw.log.damage is None
        assert raw.unsealed() == 0
        return list(raw.differing())


def test_what_was_written_is_sealed(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    for _ in range(3):
        writer.write(5)
        assert wrong(tmp_path) == [], "while it is written"
    writer.close()
    assert not log_path(tmp_path / NAME).exists()
    assert wrong(tmp_path) == []


def test_every_byte_counts(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.write(20)
    writer.close()
    data = (tmp_path / NAME).read_bytes()
    for offset in range(0, len(data), 997):
        (tmp_path / NAME).write_bytes(
            data[:offset] + bytes([data[offset] ^ 1]) + data[offset + 1 :]
        )
        assert wrong(tmp_path) == [offset // 4096 + 1]
    (tmp_path / NAME).write_bytes(data[:-4096])
    assert wrong(tmp_path) == [len(data) // 4096]


def test_the_log_is_copied_when_it_is_long(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    for _ in range(12):
        writer.write(80)
    size = (tmp_path / NAME).stat().st_size
    assert size > 1_000_000
    assert log_path(tmp_path / NAME).stat().st_size < 12_000_000
    assert wrong(tmp_path) == []
    writer.close()
    assert wrong(tmp_path) == []


def test_a_rolled_back_transaction_leaves_no_trace(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.c.execute("PRAGMA cache_size = 5")  # so that pages are in the log before the end
    for _ in range(3):
        writer.write(10)
        writer.c.execute("BEGIN")
        writer.c.executemany("INSERT INTO t (text) VALUES (?)", [("x" * 5000,)] * 300)
        writer.c.execute("DELETE FROM t WHERE id < 5")
        writer.c.execute("ROLLBACK")
        writer.seals.settle()
        assert wrong(tmp_path) == []
    writer.close()
    assert wrong(tmp_path) == []


def test_pages_that_were_never_written(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.c.execute("BEGIN")  # pages that are taken and given back in one transaction
    writer.c.executemany("INSERT INTO t (text) VALUES (?)", [("x" * 9000,)] * 100)
    writer.c.execute("DELETE FROM t")
    writer.c.execute("INSERT INTO t (text) VALUES ('a')")
    writer.c.execute("COMMIT")
    writer.seals.settle()
    writer.close()
    assert wrong(tmp_path) == []


def test_a_reader_that_holds_the_log(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.write(5)
    reader = sqlite3.connect(f"file:{tmp_path / NAME}?mode=ro", uri=True, isolation_level=None)
    reader.execute("BEGIN")
    before = reader.execute("SELECT count(*) FROM t").fetchone()
    writer.write(50)
    writer.close()
    assert reader.execute("SELECT count(*) FROM t").fetchone() == before
    assert wrong(tmp_path) == []
    started = time.monotonic()
    again = Writer(tmp_path)  # does not wait for the reader
    assert time.monotonic() - started < 3
    again.write(5)
    assert wrong(tmp_path) == []
    reader.close()
    again.close()
    assert wrong(tmp_path) == []


_CRASH = """
import sys
from pathlib import Path
from tests.archive.test_seals import Writer
writer = Writer(Path(sys.argv[1]))
while True:
    writer.write(7)
    print(".", end="", flush=True)
"""


@pytest.mark.parametrize("moment", [0.0, 0.05, 0.2])
def test_a_crash_costs_no_seal(tmp_path: Path, moment: float) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _CRASH, str(tmp_path)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.read(3)
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
    assert wrong(tmp_path) == []
    writer = Writer(tmp_path)
    assert wrong(tmp_path) == []
    writer.write(3)
    writer.close()
    assert wrong(tmp_path) == []


def test_a_crash_before_the_seal(tmp_path: Path) -> None:
    """The log vouches for what was committed and not yet sealed."""
    writer = Writer(tmp_path)
    writer.write(3)
    writer.c.execute("INSERT INTO t (text) VALUES ('not sealed')")
    copied = tmp_path / "copy"
    copied.mkdir()
    for name in (NAME, f"{NAME}-wal", "news.seal"):
        (copied / name).write_bytes((tmp_path / name).read_bytes())
    writer.close()
    assert wrong(copied) == []
    again = Writer(copied)
    assert again.c.execute("SELECT count(*) FROM t").fetchone() == (4,)
    again.close()
    assert wrong(copied) == []


def test_older_archives_are_sealed_when_they_are_opened(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.write(2 * PER_BLOCK, 1000)
    writer.close()
    seals = seal_path(tmp_path / NAME)
    sealed = seals.read_bytes()
    seals.unlink()
    Writer(tmp_path).close()
    assert seals.read_bytes() == sealed
    damaged = bytearray(sealed)
    damaged[BLOCK + 5] ^= 1
    seals.write_bytes(damaged)
    Writer(tmp_path).close()
    assert seals.read_bytes() == sealed, "a damaged block of seals is made anew"


def test_a_database_that_was_deleted_leaves_no_seals(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.write(50)
    writer.close()
    (tmp_path / NAME).unlink()
    writer = Writer(tmp_path)
    writer.write(1)
    writer.close()
    assert wrong(tmp_path) == []


def test_blocks() -> None:
    block = Block.empty(4096)
    block[7] = 12345
    data = block.pack()
    assert len(data) == BLOCK
    assert Block(data).sums[7] == 12345
    assert Block(data).page_size == 4096
    for damaged in (data[:-1], b"", bytes([data[0] ^ 1]) + data[1:]):
        with pytest.raises(ValueError, match="damaged"):
            Block(damaged)


# -- records ------------------------------------------------------------------------------------


def rows(store: Store) -> list[tuple[str, int, int]]:
    sql = "SELECT warc, start, length FROM seals ORDER BY warc, start"
    return [tuple(row) for row in store.connection.execute(sql)]


def test_every_byte_of_a_warc_file_is_sealed_once(tmp_path: Path) -> None:
    paper = open_paper(tmp_path)
    site = str(SITE["id"])
    with paper.store.transaction() as c:
        assert seal_records(c, tmp_path, site) == 0
    for number in range(3):
        url = f"{HOME}{number}"
        paper.visit(url, article(url), captures=[paper.capture(url)])
        with paper.store.transaction() as c:
            seal_records(c, tmp_path, site)
            assert seal_records(c, tmp_path, site) == 0, "nothing new"
        (path,) = (tmp_path / "warc").rglob("*.warc.*")
        sealed = rows(paper.store)
        assert len(sealed) == number + 2, "the warcinfo record and one a capture"
        ends = [start + length for _, start, length in sealed]
        assert [start for _, start, _ in sealed] == [0, *ends[:-1]]
        assert ends[-1] == path.stat().st_size
    paper.capture(f"{HOME}9")  # a record that never gets a row is not vouched for
    with paper.store.transaction() as c:
        assert seal_records(c, tmp_path, site) == 0
        # A file that was packed leaves no seals behind.
        c.execute("UPDATE captures SET warc = warc || 'x'")
        path.rename(path.with_name(path.name + "x"))
        seal_records(c, tmp_path, site)
    assert {warc[-1] for warc, _, _ in rows(paper.store)} == {"x"}
    paper.store.close()
