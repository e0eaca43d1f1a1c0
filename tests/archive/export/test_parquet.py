"""Parquet: the documented types whatever the rows, the same bytes for the same rows, and bounded row groups."""

from __future__ import annotations

import io
from typing import Any

import pytest

from archive.article import SOURCED
from archive.export import parquet
from archive.export.columns import COLUMNS

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
pq = pytest.importorskip("pyarrow.parquet")

INSTANT = "2026-11-22T08:00:00Z"
VALUES: dict[str, Any] = {
    "string": 'Бір\u2028екі\n\nүш "төрт" \x00 =1+1', "integer": 2**62, "number": 0.5, "boolean": False,
    "instant": INSTANT, "date": "2026-11-22", "strings": ["а", ""],
    "editions": [{"language": None, "url": "u"}],
    "notes": [{"url": "u", "revision": 2, "at": None, "by": "Ә", "note": "n"}], "sources": dict.fromkeys(SOURCED, "layout"),
    "capture": {"url": "u", "fetched_at": INSTANT, "warc": "w", "offset": 0, "record_id": "r", "digest": None},
}  # fmt: skip
FULL = {column.name: VALUES[column.type] for column in COLUMNS}
NULL = dict.fromkeys(FULL)


def written(*rows: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    assert parquet.write_parquet(rows, out) == len(rows)
    return out.getvalue()


def read(data: bytes) -> Any:
    return pq.read_table(io.BytesIO(data))


def as_json(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, dict):
        return {name: as_json(one) for name, one in value.items()}
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else value


def test_every_value_comes_back() -> None:
    rows = [FULL, NULL, {**FULL, "tags": [], "editions": [], "notes": []}]
    assert [as_json(row) for row in read(written(*rows)).to_pylist()] == rows
    assert [as_json(row) for row in parquet.table(rows).to_pylist()] == rows


def test_types_are_the_same_whatever_the_rows() -> None:
    tables = [read(written(*rows)) for rows in ([FULL], [NULL], [], [NULL, FULL])]
    assert all(table.schema.equals(parquet.schema()) for table in tables)
    assert pa.concat_tables([*tables, parquet.table([FULL])]).num_rows == 5


def test_each_column_says_what_it_means() -> None:
    for field, column in zip(read(written()).schema, COLUMNS, strict=True):
        assert field.name == column.name
        assert field.metadata[b"description"].decode() == column.meaning


def test_the_same_rows_give_the_same_bytes() -> None:
    assert written(FULL, NULL) == written(FULL, NULL)
    assert parquet.table([FULL]).schema.equals(parquet.schema(), check_metadata=True)


def test_repeated_values_stand_once_and_row_groups_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parquet, "_TOGETHER", 10)
    monkeypatch.setattr(parquet, "_GROUP_BYTES", 4000)
    data = pq.ParquetFile(io.BytesIO(written(*[FULL] * 30))).metadata
    assert (data.num_rows, data.num_row_groups) == (30, 3)
    group = data.row_group(0)
    parts = {part.path_in_schema: part for part in map(group.column, range(group.num_columns))}
    assert set(parquet._REPEATED) < parts.keys()
    assert {part.compression for part in parts.values()} == {"ZSTD"}
    for name, part in parts.items():
        assert part.has_dictionary_page == (name in parquet._REPEATED), name
