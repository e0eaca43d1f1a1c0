"""Exports of unlike articles, loaded together by other people's programs as docs/export.md says."""

from __future__ import annotations

import json
import re
import shlex
import sqlite3
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlite_utils.cli import cli as sqlite_utils

from archive.article import SOURCED
from archive.export.columns import COLUMNS
from archive.export.jsonl import write_jsonl
from archive.export.rows import rows
from archive.query import ids
from tests.archive.building import HOME, article, open_paper

SAID = (Path(__file__).parents[2] / "docs" / "export.md").read_text("utf-8")
SQLITE, PYARROW = re.findall(r"```(?:sh|python)\n(.*?)```", SAID.split("\n## Types\n")[1], re.S)[:2]
NAMES = [column.name for column in COLUMNS]
BARE = {"title": None, "authors": [], "tags": [], "section": None, "views": None, "comments": None}


@pytest.fixture
def exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """2022.jsonl: a bare date and else nothing. 2023.jsonl: all there is. 2024.jsonl: no date, one tag."""
    paper = open_paper(tmp_path / "data")
    full = {
        "views": 7, "comments": 0, "section": "Қоғам", "tags": ["су", "1"], "image": f"{HOME}i.jpg",
        "editions": [{"language": "ru", "url": f"{HOME}ru/2"}], "modified": "2023-05-02T10:00:00+05:00",
        "sources": {"title": "layout", "authors": "json-ld", "views": "layout"}, "captions": ["Сурет"],
    }  # fmt: skip
    for number, published, more in (
        (1, "2022-05-01", {**BARE, "sources": {"published": "printed"}}),
        (2, "2023-05-01T09:30:00+05:00", full),
        (3, None, {**BARE, "tags": ["су"], "modified": "2024-01-01"}),
    ):
        url = f"{HOME}{number}"
        paper.visit(url, article(url, published=published, **more))
    c = paper.store.connection
    for file, row in zip(("2022", "2023", "2024"), rows(c, ids(c)), strict=True):
        with (tmp_path / f"{file}.jsonl").open("wb") as out:
            assert write_jsonl([row], out) == 1
    paper.store.close()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_objects_have_the_same_keys_in_every_export(exports: Path) -> None:
    records = [json.loads(path.read_text("utf-8")) for path in sorted(exports.glob("*.jsonl"))]
    assert [list(record) for record in records] == [NAMES] * 3
    assert [list(record["sources"]) for record in records] == [SOURCED] * 3
    assert len({tuple(record["capture"]) for record in records}) == 1


@pytest.mark.parametrize("order", [("2022", "2023", "2024"), ("2024", "2023", "2022")])
def test_sqlite_utils(exports: Path, order: tuple[str, ...]) -> None:
    create, insert, _ = SQLITE.replace("\\\n", " ").strip().split("\n")
    for command in (create, *(insert.replace("2022", year) for year in order)):
        sqlite_utils(shlex.split(command)[1:], standalone_mode=False)
    with closing(sqlite3.connect("set.db")) as c:
        c.row_factory = sqlite3.Row
        loaded = {row["published"]: dict(row) for row in c.execute("SELECT * FROM articles")}
        declared = {row[1]: row[2] for row in c.execute("PRAGMA table_info(articles)")}
    assert list(declared) == NAMES
    bare, full = loaded["2022-05-01"], loaded["2023-05-01T09:30:00+05:00"]
    assert (full["views"], full["comments"], bare["views"]) == (7, 0, None)
    kinds = {"INTEGER": int, "TEXT": str, "FLOAT": float, "REAL": float}
    for row in loaded.values():
        assert all(type(v) in (kinds[declared[k]], type(None)) for k, v in row.items())
    assert json.loads(bare["sources"])["published"] == "printed"


@pytest.mark.skipif(not find_spec("pyarrow"), reason="pyarrow is not installed")
def test_pyarrow(exports: Path) -> None:
    found: dict[str, object] = {}
    exec(PYARROW, found)  # the example is ours
    table = found["articles"]
    assert table.column_names == NAMES  # type: ignore[attr-defined]
    rows = table.to_pylist()  # type: ignore[attr-defined]
    assert [row["published"] for row in rows] == ["2022-05-01", "2023-05-01T09:30:00+05:00"]
    assert [row["views"] for row in rows] == [None, 7]
    assert [row["sources"]["authors"] for row in rows] == [None, "json-ld"]
    lines = [json.loads(Path(f"{year}.jsonl").read_text("utf-8")) for year in ("2022", "2023")]
    assert rows == lines
