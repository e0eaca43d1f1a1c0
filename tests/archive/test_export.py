"""JSON Lines: one object a line, documented keys, and the same bytes for the same selection."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import query
from archive.export.columns import COLUMNS
from archive.export.jsonl import write_jsonl
from archive.export.rows import rows
from archive.query import Selection
from archive.store import open_database
from tests.archive.building import HOME, Paper, article, open_paper


def exported(folder: Path, selection: Selection = query.EVERYTHING) -> str:
    out = io.BytesIO()
    database = open_database(folder)
    write_jsonl(rows(database.conn, query.ids(database.conn, selection), selection), out)
    database.conn.close()
    return out.getvalue().decode()


def fill(paper: Paper, order: list[int]) -> None:
    for number in order:
        url = f"{HOME}{number}"
        tags = [f"тег {n}" for n in (order if number % 2 else reversed(order))]
        paper.visit(url, article(url, tags=tags, published=f"2026-11-0{number % 3 + 1}"))


def test_the_same_selection_gives_the_same_bytes(paper: Paper) -> None:
    fill(paper, [1, 2, 3, 4, 5])
    first = exported(paper.store.folder)
    assert exported(paper.store.folder) == first
    assert exported(paper.store.folder, query.selection(site="aqbulaq")) == first
    paper.store.connection.execute("VACUUM")
    paper.store.connection.execute("ANALYZE")
    assert exported(paper.store.folder) == first


def test_two_archives_of_one_history_give_the_same_bytes(tmp_path: Path) -> None:
    texts = []
    for name in ("a", "b"):
        paper = open_paper(tmp_path / name)
        fill(paper, [3, 1, 2])
        paper.store.close()
        texts.append(exported(tmp_path / name))
    # But for the captures' own ids, and what follows from their lengths.
    records = [[json.loads(line) for line in text.splitlines()] for text in texts]
    for record in (*records[0], *records[1]):
        del record["capture"]
    assert records[0] == records[1]


def test_one_object_a_line_with_the_documented_keys(paper: Paper) -> None:
    nasty = 'Бір\u2028екі\u0085үш\n\nтөрт\t"бес" \\ \u0000 <script> =1+1'
    fill(paper, [1, 2])
    paper.visit(f"{HOME}9", article(f"{HOME}9", text=nasty, published=None))
    text = exported(paper.store.folder)
    lines = text.split("\n")
    assert lines.pop() == ""
    records = [json.loads(line) for line in lines]
    assert [r["url"] for r in records] == [f"{HOME}1", f"{HOME}2", f"{HOME}9"]
    assert records[-1]["text"] == nasty
    for record in records:
        assert list(record) == [column.name for column in COLUMNS]
    assert "қ" in text.lower(), "letters are letters, not escapes"


def test_nothing_selected(paper: Paper) -> None:
    fill(paper, [1])
    assert exported(paper.store.folder, query.selection(after="2030")) == ""


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.text(max_size=5), st.one_of(st.none(), st.integers(), st.text(), st.booleans())
        ),
        max_size=5,
    )
)
def test_what_is_written_is_read(records: list[dict[str, object]]) -> None:
    out = io.BytesIO()
    assert write_jsonl(records, out) == len(records)
    lines = out.getvalue().decode().split("\n")[:-1]
    assert [json.loads(line) for line in lines] == records


def test_the_number_written_is_returned(paper: Paper) -> None:
    fill(paper, [1, 2, 3])
    assert write_jsonl(query.articles(paper.store.connection), io.BytesIO()) == 3


@pytest.mark.parametrize("language", ["ru", "kk-Latn"])
def test_a_selection_is_a_subset_of_everything(paper: Paper, language: str) -> None:
    for number in range(4):
        url = f"{HOME}{number}"
        paper.visit(url, article(url, language=("ru", "kk-Latn")[number % 2]))
    everything = exported(paper.store.folder).splitlines()
    part = exported(paper.store.folder, query.selection(language=language)).splitlines()
    assert part == [line for line in everything if json.loads(line)["language"] == language]
    assert len(part) == 2
