"""The archive from Python: objects with typed fields, tables of Arrow and pandas, and the handbook that shows them."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import archive
from archive.errors import ArchiveUsageError
from archive.export.columns import COLUMNS
from archive.python import ArticleRow
from tests.archive.building import HOME
from tests.archive.export.making import build

HINTS = {
    "string": str, "integer": int, "number": float, "boolean": bool, "instant": datetime, "date": date,
    "strings": list[str], "editions": list[dict[str, str]], "sources": dict[str, str | None],
    "capture": dict[str, Any], "notes": list[dict[str, Any]],
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("python") / "data"
    build(folder)
    return folder


def test_a_row_has_the_columns_of_every_export() -> None:
    hints = get_type_hints(ArticleRow)
    assert list(hints) == [column.name for column in COLUMNS]
    for column in COLUMNS:
        assert hints[column.name] in (HINTS[column.type], HINTS[column.type] | None)


def test_articles_are_objects_with_typed_fields(data: Path) -> None:
    with archive.open(data) as papers:
        first, *others = papers.articles()
        assert len(others) == 5
        assert not any("құпиятас" in one.text for one in (first, *others))
    (full,) = (one for one in (first, *others) if one.url == f"{HOME}1")
    assert full.published_at == datetime(2023, 5, 1, 4, 30, tzinfo=UTC)
    assert full.published_date == date(2023, 5, 1)
    assert full.capture
    assert full.capture["fetched_at"] == full.revised_at
    assert (full.title, full.views, full.revision) == ("Көпір шайылды", 12, 2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        full.title = "басқа"  # type: ignore[misc]


def test_they_are_chosen_as_an_export_chooses(data: Path) -> None:
    with archive.open(str(data)) as papers:

        def found(*words: str, **chosen: object) -> list[str]:
            return [one.url.removeprefix(HOME) for one in papers.articles(*words, **chosen)]

        assert found("көпірдің") == ["1"]
        assert found(site=["aqbulaq", "tobyl"], before=date(2022, 12, 31)) == ["2"]
        assert found(where="views > 10") == ["1"]
        assert found(listed=[2, f"{HOME}1"]) == ["2", "1"]
        assert found(gone=True) == []
        assert len(found(gone=False)) == 6
        assert found(listed=[1], revisions=True) == ["1", "1"]
        assert found(sample=2, seed=1) == found(sample=2, seed=1)
        hits = papers.search("көпір", site="aqbulaq", facets=True)
        assert [row["id"] for row in hits.rows] == [1]
        assert hits.facets["site"] == {"aqbulaq": 1}


def test_what_cannot_be_chosen_is_said(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ArchiveUsageError, match="no archive here"):
        archive.open(tmp_path)
    with archive.open(data) as papers:
        with pytest.raises(ArchiveUsageError, match="did you mean 'tobyl'"):
            papers.articles(site="tobil")
        with pytest.raises(ArchiveUsageError, match="regoin: is no filter"):
            papers.articles(regoin="jambyl")
        with pytest.raises(ArchiveUsageError, match="filters alone"):
            papers.search("көпір", where="views > 1")
        with pytest.raises(ArchiveUsageError, match="is no condition in SQL"):
            papers.articles(where="viws > 1")


def test_tables(data: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    with archive.open(data) as papers:
        arrow, frame = papers.to_arrow(), papers.to_pandas()
        urls = [one.url for one in papers.articles()]
        nothing = papers.to_pandas(after="2030")
    assert arrow["url"].to_pylist() == frame["url"].tolist() == urls
    assert arrow.schema.field("published_at").type == pyarrow.timestamp("us", "UTC")
    assert len(nothing) == 0
    assert nothing.dtypes.equals(frame.dtypes)
    both = pandas.concat([frame, nothing, frame[frame["views"].isna()]])
    assert both.dtypes.equals(frame.dtypes)


def test_importing_it_is_light() -> None:
    program = "import archive, sys; print(sorted(m for m in sys.modules if m.split('.')[0] in ('pyarrow', 'sqlite3', 'pandas') or m.startswith('archive.')))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.replace("'", '"')) == []


def test_one_line_where_the_extra_is_missing(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with archive.open(data) as papers:
        assert len(list(papers.articles())) == 6
        with pytest.raises(ArchiveUsageError, match=r"pip install 'newsbot\[datasets\]'"):
            papers.to_pandas()
