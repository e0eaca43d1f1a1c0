"""Whose page is it: every page of a database has an owner, and damaged ones raise nothing."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.verify.btree import Owner, Pages, Tree

SIZE = 4096


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows short and long, an index, a table that is its own index, and free pages."""
    path = tmp_path_factory.mktemp("pages") / "a.db"
    with closing(sqlite3.connect(path)) as c:
        c.execute("CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT)")
        c.execute("CREATE INDEX texts_text ON texts(text)")
        c.execute("CREATE TABLE aliases (url TEXT PRIMARY KEY, article INTEGER) WITHOUT ROWID")
        c.execute("CREATE TABLE gone (text)")
        for number in range(1, 1500):
            length = 20_000 if number % 50 == 0 else 150
            c.execute("INSERT INTO texts VALUES (?, ?)", (3 * number, f"{number}" + "x" * length))
            c.execute("INSERT INTO aliases VALUES (?, ?)", (f"https://a.example/{number}", number))
        c.execute("INSERT INTO gone VALUES (?)", ("y" * 50_000,))
        c.commit()
        c.execute("DROP TABLE gone")
        c.commit()
    return path


def trees(path: Path) -> list[Tree]:
    with closing(sqlite3.connect(path)) as c:
        rows = c.execute("SELECT name, tbl_name, rootpage FROM sqlite_schema WHERE rootpage > 0")
        return [Tree(*row) for row in rows]


def owners(data: bytes, known: list[Tree]) -> dict[int, Owner]:
    pages = Pages(lambda n: data[(n - 1) * SIZE : n * SIZE] if n > 0 else b"", SIZE)
    return pages.owners(range(1, len(data) // SIZE + 1), known)


def test_every_page_has_an_owner(path: Path) -> None:
    found = owners(path.read_bytes(), trees(path))
    assert len(found) == path.stat().st_size // SIZE
    counts = Counter(owner.name for owner in found.values())
    with closing(sqlite3.connect(path)) as c:
        try:
            sizes = dict(c.execute("SELECT name, count(*) FROM dbstat GROUP BY name"))
        except sqlite3.OperationalError:  # SQLite may be built without it
            sizes = {}
    for name, number in sizes.items():
        assert counts["the schema" if name == "sqlite_schema" else name] == number
    assert counts[""] >= 13, "pages of the table that was dropped"
    rows = {row for owner in found.values() if owner.name == "texts" for row in owner.rows}
    assert rows == {3 * number for number in range(1, 1500)}
    articles = {row for owner in found.values() for row in owner.articles}
    assert articles == set(range(1, 1500))
    assert {str(owner) for owner in found.values()} >= {"free page", "the schema"}


def test_a_changed_letter_is_on_the_page_of_its_row(path: Path) -> None:
    data = path.read_bytes()
    found = owners(data, trees(path))
    for number in (7, 300, 1400):
        needle = f"{number}".encode() + b"x" * 50
        at = {
            offset // SIZE + 1
            for offset in range(len(data))
            if data.startswith(needle, offset) and not data[offset - 1 : offset].isdigit()
        }
        assert any(3 * number in found[page].rows for page in at)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 2**32), st.integers(1, 60))
def test_nothing_in_a_file_raises(path: Path, seed: int, number: int) -> None:
    chance = random.Random(seed)
    data = bytearray(path.read_bytes()[: 60 * SIZE])
    for _ in range(number):
        page = chance.randrange(60)
        data[page * SIZE + chance.randrange(120)] = chance.randrange(256)
    owners(bytes(data), trees(path))


def test_rubbish() -> None:
    chance = random.Random(1)
    data = chance.randbytes(20 * SIZE)
    assert owners(data, [Tree("t", "t", 2), Tree("u", "u", 99)])
    assert owners(b"", [Tree("t", "t", 1)]) == {}
