"""The index must hold each article with its words in their places, and the check says where not."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archive.search.check import MISSING, OTHER_WORDS, SUPERFLUOUS, Problem, check
from archive.store import DATABASE, open_database
from tests.archive.building import HOME, Paper, article, open_paper


@pytest.fixture
def paper(tmp_path: Path) -> Iterator[Paper]:
    paper = open_paper(tmp_path)
    for number, text in enumerate(("Ауылға су келді.", "Мектеп ашылды.", "Жаңа жол."), 1):
        url = f"{HOME}{number}"
        paper.visit(url, article(url, title="Хабар", text=text))
    yield paper
    paper.store.close()


DAMAGE = [
    # FTS5's own check finds none of these.
    ("UPDATE articles SET text = 'Ауылға жол келді.' WHERE id = 1", Problem(1, OTHER_WORDS)),
    ("UPDATE articles SET text = 'Келді су ауылға.' WHERE id = 1", Problem(1, OTHER_WORDS)),
    ("UPDATE articles SET title = 'Жол' WHERE id = 2", Problem(2, OTHER_WORDS)),
    ("UPDATE articles SET language = 'en' WHERE id = 2", Problem(2, OTHER_WORDS)),
    ("UPDATE vocabulary SET stems = 'мектепт' WHERE word = 'мектеп'", Problem(2, OTHER_WORDS)),
    ("UPDATE articles_fts_docsize SET sz = x'010105' WHERE id = 3", Problem(3, OTHER_WORDS)),
    ("DELETE FROM articles_fts_docsize WHERE id = 3", Problem(3, OTHER_WORDS)),
    ("DELETE FROM vocabulary WHERE word = 'жол'", Problem(3, "the vocabulary lacks its words жол")),
    (
        "UPDATE vocabulary SET key = 'jal' WHERE word = 'жол'",
        Problem(None, "the vocabulary has a wrong key for жол"),
    ),
    (
        "INSERT INTO articles_fts (articles_fts, rowid, title, text, stems) "
        "VALUES ('delete', 3, 'Хабар', 'Жаңа жол.', 'ѫхабар хабар жаңа жол ѯsaqbulaq ѯlkk ѯwcyrl ѯy2026 ѯm202611 ѯd20261120 ѯi2026 ѯj202611 ѯk20261122')",
        Problem(3, MISSING),
    ),
    (
        "INSERT INTO articles_fts (rowid, title, text, stems) VALUES (9, 'Су', '', '')",
        Problem(9, SUPERFLUOUS),
    ),
]


@pytest.mark.parametrize(("statement", "problem"), DAMAGE, ids=[d[0] for d in DAMAGE])
def test_what_is_wrong_is_found_and_named(paper: Paper, statement: str, problem: Problem) -> None:
    assert check(paper.store.connection) == []
    with paper.store.transaction() as c:
        c.execute("PRAGMA foreign_keys = OFF")
        c.execute(statement)
    found = check(paper.store.connection)
    assert found == [problem]
    with closing(open_database(paper.store.folder).conn) as read_only:
        assert check(read_only) == found


def test_an_index_that_cannot_be_read(paper: Paper) -> None:
    paper.store.close()
    with closing(sqlite3.connect(paper.store.folder / DATABASE, isolation_level=None)) as c:
        c.execute("UPDATE articles_fts_data SET block = x'00' WHERE id > 10")
        (problem,) = check(c)
    assert problem.article is None
    assert "damaged" in problem.what
