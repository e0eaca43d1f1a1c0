"""The archive in programs of others: `articles` is searchable as it stands, and the metadata fits."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from archive.decisions import WITHHOLD, WITHHOLDING, decide
from archive.store.withheld import act
from tests.archive.building import HOME, article, open_paper
from tests.conftest import ROOT, environment

METADATA = ROOT / "archive" / "datasette.json"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("elsewhere")
    paper = open_paper(folder)
    texts = ("Мектептерімізде сабақ басталды.", "Көпір жөнделді.", "Мектеп ашылды.")
    for number, text in enumerate(texts, 1):
        paper.visit(f"{HOME}{number}", article(f"{HOME}{number}", title=text[:9], text=text))
    paper.store.close()
    return folder / "news.db"


def program(*arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        env=environment(), cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize(
    ("words", "ids"),
    [("мектеп", {1, 3}), ("мектептерімізде", {1}), ("көпір", {2}), ("өзен", set())],
)
def test_sqlite_utils_searches_articles(database: Path, words: str, ids: set[int]) -> None:
    found = json.loads(program("sqlite_utils", "search", database, "articles", words, "-c", "id"))
    assert {row["id"] for row in found} == ids


def test_any_sqlite_shows_what_it_has_found(database: Path) -> None:
    sql = (
        "SELECT rowid, title, stems, snippet(articles_fts, 1, '[', ']', '', 9) FROM articles_fts "
        "WHERE articles_fts MATCH 'stems:мектеп' ORDER BY rowid"
    )
    rows = sqlite3.connect(database).execute(sql).fetchall()
    assert rows == [
        (1, "Мектептер", None, "Мектептерімізде сабақ басталды."),
        (3, "Мектеп аш", None, "Мектеп ашылды."),
    ]


def datasette(database: Path, path: str) -> str:
    return program("datasette", database, "--metadata", METADATA, "--get", path)


@pytest.mark.skipif(not find_spec("datasette"), reason="datasette is not installed")
def test_datasette(database: Path) -> None:
    page = datasette(database, f"/news/articles?_search={quote('мектеп')}")
    assert 'type="search"' in page
    assert "finds all its forms" in page, "the description"
    assert "Мектеп ашылды" in page
    assert "Көпір" not in page
    tables = {t["name"]: t for t in json.loads(datasette(database, "/news.json"))["tables"]}
    assert tables["articles"]["fts_table"] == "articles_fts"
    assert tables["frontier"]["hidden"]
    assert "Мектептер" in datasette(database, "/news/revisions"), "an article is named by its title"


@pytest.mark.skipif(not find_spec("datasette"), reason="datasette is not installed")
def test_no_search_box_finds_what_is_withheld(tmp_path: Path) -> None:
    paper = open_paper(tmp_path)
    for number, text in enumerate(("Мектеп ашылды.", "Мектеп жабылды."), 1):
        paper.visit(f"{HOME}{number}", article(f"{HOME}{number}", title=text, text=text))
    paper.store.close()
    said = {"url": f"{HOME}2", "decision": WITHHOLD, "reason": "сот", "at": "2024-11-28T10:00:00Z"}
    decide(tmp_path, WITHHOLDING, said)
    act(tmp_path)
    database = tmp_path / "news.db"
    for path in (
        f"/news/articles?_search={quote('мектеп')}",
        "/news/readable_articles",
        "/news/article_list",
    ):
        page = datasette(database, path)
        assert "ашылды" in page
        assert "жабылды" not in page


def test_the_metadata_names_what_there_is(database: Path) -> None:
    known: dict[str, Any] = json.loads(METADATA.read_text("utf-8"))["databases"]["news"]["tables"]
    connection = sqlite3.connect(database)
    for table, facts in known.items():
        rows = connection.execute("SELECT name FROM pragma_table_xinfo(?)", (table,))
        columns = {name for (name,) in rows}
        assert columns, table
        named = {*facts.get("facets", ()), *facts.get("columns", ())}
        named |= {facts[key] for key in ("label_column", "sort_desc") if key in facts}
        assert named <= columns, table
