"""Exports of unlike articles, loaded by the programs that researchers use, as docs/export.md says.

`full` has a value in nearly every column, `bare` in as few as can be, `none` has no article at all: each is to load
with the documented types, and all together without a cast.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import archive
from archive import query
from archive.export import parquet
from archive.export.columns import COLUMNS
from archive.export.csv import as_printed, write_csv
from archive.export.jsonl import write_jsonl
from archive.export.rows import rows
from archive.export.subset import write_subset
from archive.store import DATABASE

pytestmark = pytest.mark.xdist_group("loading")  # each of these programs takes seconds to import
SAID = (Path(__file__).parents[3] / "docs" / "export.md").read_text("utf-8")
NAMES = [column.name for column in COLUMNS]
SETS: dict[str, dict[str, Any]] = {
    "full": {"id": "1"},
    "bare": {"id": ["2", "3"]},
    "none": {"after": "2030"},
}


class Exports(NamedTuple):
    folder: Path
    texts: list[str]

    def files(self, suffix: str) -> list[str]:
        return [str(self.folder / f"{name}.{suffix}") for name in SETS]


@pytest.fixture(scope="module")
def exports(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exports]:
    folder = tmp_path_factory.mktemp("exports")
    texts = []
    with archive.open(made) as papers:
        for name, options in SETS.items():
            chosen = query.selection(**options)
            numbers = query.ids(papers.connection, chosen)
            found = list(rows(papers.connection, numbers, chosen))
            texts += [row["text"] for row in found]
            with (folder / f"{name}.parquet").open("wb") as out:
                parquet.write_parquet(found, out)
            with (folder / f"{name}.jsonl").open("wb") as out:
                write_jsonl(found, out)
            with (folder / f"{name}.csv").open("wb") as out:
                write_csv(found, out)
            write_subset(papers.connection, numbers, folder / name)
    assert len(texts) == 3
    yield Exports(folder, texts)


def test_pandas(exports: Exports) -> None:
    pd = pytest.importorskip("pandas")
    frames = [pd.read_parquet(file, dtype_backend="pyarrow") for file in exports.files("parquet")]
    together = pd.concat(frames)
    for frame in (*frames, together):
        assert frame.dtypes.equals(frames[0].dtypes)
        assert [kind.pyarrow_dtype for kind in frame.dtypes] == parquet.schema().types
    assert together["text"].tolist() == exports.texts
    assert together["views"].sum() == 12
    assert together["published_at"].dt.year.dropna().tolist() == [2023]


def test_pandas_reads_csv(exports: Exports) -> None:
    pd = pytest.importorskip("pandas")
    types = {field.name: pd.ArrowDtype(field.type) for field in parquet.schema(flat=True)}
    frames = [pd.read_csv(file, dtype=types) for file in exports.files("csv")]
    together = pd.concat(frames)
    for frame in (*frames, together):
        assert frame.dtypes.to_dict() == types
    assert list(map(as_printed, together["text"])) == exports.texts
    assert together["views"].sum() == 12
    assert json.loads(together["tags"].iloc[0]) == ["1", "су"]


def test_polars(exports: Exports) -> None:
    pl = pytest.importorskip("polars")
    schema = pl.from_arrow(parquet.schema().empty_table()).schema
    from_parquet = [pl.read_parquet(file) for file in exports.files("parquet")]
    from_json = [pl.read_ndjson(file, schema=schema) for file in exports.files("jsonl")]
    flat = pl.from_arrow(parquet.schema(flat=True).empty_table()).schema
    from_csv = [pl.read_csv(file, schema=flat) for file in exports.files("csv")]
    assert {frame.schema == flat for frame in from_csv} == {True}
    together = pl.concat(from_csv)
    assert list(map(as_printed, together["text"])) == exports.texts
    assert together["published_at"].equals(pl.concat(from_parquet)["published_at"])
    for frames in (from_parquet, from_json):
        assert {frame.schema == schema for frame in frames} == {True}
        assert pl.concat(frames)["text"].to_list() == exports.texts
    assert pl.concat(from_parquet).equals(pl.concat(from_json))
    assert schema["published_at"] == pl.Datetime("us", "UTC")
    assert schema["published_date"] == pl.Date


def test_duckdb(exports: Exports) -> None:
    duckdb = pytest.importorskip("duckdb")
    db = duckdb.connect()
    files = exports.files("parquet")
    types = [db.read_parquet(file).dtypes for file in files]
    assert types[0] == types[1] == types[2]
    columns = dict(zip(NAMES, map(str, types[0]), strict=True))
    assert (columns["published_at"], columns["published_date"], columns["views"], columns["tags"]) == (
        "TIMESTAMP WITH TIME ZONE", "DATE", "BIGINT", "VARCHAR[]",
    )  # fmt: skip
    from_json = db.read_json(exports.files("jsonl"), columns=columns, format="newline_delimited")
    for found in (db.read_parquet(files), from_json):
        assert [text for (text,) in found.project("text").fetchall()] == exports.texts
    flat = {
        name: "VARCHAR" if "STRUCT" in kind or "[" in kind else kind
        for name, kind in columns.items()
    }
    from_csv = db.read_csv(exports.files("csv"), columns=flat, header=True)
    alike = "id, views, published_at, published_date, first_in_story, words, cyrillic"
    assert from_csv.project(alike).fetchall() == from_json.project(alike).fetchall()
    assert [as_printed(text) for (text,) in from_csv.project("text").fetchall()] == exports.texts
    assert db.read_parquet(files).fetchall() == from_json.fetchall()


def test_hugging_face(exports: Exports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    hf = pytest.importorskip("datasets")
    features = hf.Features.from_arrow_schema(parquet.schema())
    loaded = [
        hf.load_dataset(kind, data_files=files[:2], features=features, split="train", cache_dir=str(tmp_path))
        for kind, files in (("parquet", exports.files("parquet")), ("json", exports.files("jsonl")))
    ]  # fmt: skip
    for found in loaded:
        assert found.features == features
        assert list(found["text"]) == exports.texts
        assert found["published_at"][0].isoformat() == "2023-05-01T04:30:00+00:00"
    assert hf.concatenate_datasets(loaded).num_rows == 6
    pd = pytest.importorskip("pandas")
    flat = parquet.schema(flat=True)
    types = {field.name: pd.ArrowDtype(field.type) for field in flat}
    for file in exports.files("csv"):
        found = hf.Dataset.from_pandas(pd.read_csv(file, dtype=types), preserve_index=False)
        assert found.features == hf.Features.from_arrow_schema(flat)
    alone = hf.load_dataset(
        "parquet", data_files=exports.files("parquet")[1], split="train", cache_dir=str(tmp_path)
    )
    assert alone.features == features


def test_the_examples_of_the_documents(
    exports: Exports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pandas", "polars", "duckdb", "datasets"):
        pytest.importorskip(name)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for suffix in ("parquet", "jsonl", "csv"):
        for name in ("set", "2022", "2023"):
            shutil.copy(exports.folder / f"full.{suffix}", f"{name}.{suffix}")
    said = SAID.split("\n## Loading an export\n")[1].split("\n## ")[0]
    examples = re.findall(r"```python\n(.*?)```", said, re.S)
    assert len(examples) == 2
    known: dict[str, Any] = {}
    for example in examples:
        exec(example, known)  # ours
    assert known["columns"]["published_at"] == "TIMESTAMP WITH TIME ZONE"


def test_pyarrow(exports: Exports) -> None:
    pa = pytest.importorskip("pyarrow")
    ds = pytest.importorskip("pyarrow.dataset")
    found = ds.dataset(exports.files("parquet"), format="parquet").to_table()
    assert found.schema.equals(parquet.schema())
    assert found["text"].to_pylist() == exports.texts
    assert pa.concat_tables([found, parquet.table([])]).num_rows == 3


def test_sqlite(exports: Exports) -> None:
    pd = pytest.importorskip("pandas")
    frames = []
    for name in SETS:
        with closing(sqlite3.connect(exports.folder / name / DATABASE)) as c:
            frames.append(pd.read_sql("SELECT * FROM articles", c, dtype_backend="pyarrow"))
    assert [list(frame) for frame in frames] == [list(frames[0])] * 3
    assert sorted(pd.concat(frames)["text"]) == sorted(exports.texts)


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
def test_libreoffice(exports: Exports, tmp_path: Path) -> None:
    """Opened as a spreadsheet: UTF-8, every cell in its column, numbers are numbers, no formula."""
    utf_8 = "--infilter=CSV:44,34,76,1"  # what the window for opening a file fills in, by the mark at its beginning
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    wanted = ["--convert-to", "fods", "--outdir", str(tmp_path)]
    command = ["soffice", home, "--headless", utf_8, *wanted, *exports.files("csv")]
    subprocess.run(command, check=True, capture_output=True, timeout=200)
    sheets = [_sheet(tmp_path / f"{name}.fods") for name in SETS]
    assert [len(sheet) for sheet in sheets] == [2, 3, 1]
    for sheet in sheets:
        assert [value for _, value in sheet[0]] == NAMES
    kinds, values = zip(*sheets[0][1], strict=True)
    assert "formula" not in kinds
    row = dict(zip(NAMES, values, strict=False))
    assert as_printed(row["text"]) == exports.texts[0]
    assert row["title"] == "Көпір шайылды"
    assert (kinds[NAMES.index("section")], as_printed(row["section"])) == ("string", "=2+3")
    assert (kinds[NAMES.index("views")], row["views"]) == ("float", "12")


def _sheet(path: Path) -> list[list[tuple[str, str]]]:
    """Rows of a flat ODF spreadsheet: kind and value of each cell, `formula` where it is one."""
    office, table, text = (
        f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}"
        for name in ("office", "table", "text")
    )
    rows = []
    for row in ET.parse(path).iter(f"{table}table-row"):
        cells: list[tuple[str, str]] = []
        for cell in row.iter(f"{table}table-cell"):
            kind = (
                "formula"
                if f"{table}formula" in cell.attrib
                else cell.get(f"{office}value-type", "")
            )
            said = "\n".join("".join(one.itertext()) for one in cell.iter(f"{text}p"))
            value = cell.get(f"{office}value", said)
            cells += [(kind, value)] * min(int(cell.get(f"{table}number-columns-repeated", 1)), 200)
        while cells and not cells[-1][0]:
            cells.pop()
        if cells:
            rows.append(cells)
    return rows
