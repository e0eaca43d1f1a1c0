"""parquet: the columns of every export as Arrow types, and rows written with them (parquet.apache.org).

The only module that knows pyarrow. Types, order, row groups and options of the writer are fixed, and no moment
stands in the file: the same rows give the same bytes, as long as pyarrow is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from archive.article import SOURCED
from archive.captures.files import open_file
from archive.errors import ArchiveUsageError
from archive.export.columns import COLUMNS, Column

_TOGETHER = 500
"""Rows that become Arrow arrays at once: as Python objects they are several times as large."""
_GROUP_ROWS, _GROUP_BYTES = 20_000, 32 << 20
"""A row group ends with the first of the two: a reader, as the writer, holds one of them in memory."""
_REPEATED = [
    *"site newspaper region newspaper_url language section layout charset split capture.warc".split(),
    *(f"{name}.list.element" for name in ("authors", "tags", "flags")),
    "editions.list.element.language",
    *(f"sources.{name}" for name in SOURCED),
]
"""Columns, and parts of columns, with few values: each value stands once in a row group."""


def _arrow() -> Any:
    """Pyarrow, which is large and seldom needed."""
    try:
        import pyarrow as pa
    except ImportError:
        raise ArchiveUsageError(
            "Parquet and Arrow need the extra `datasets`: pip install 'newsbot[datasets]'"
        ) from None
    return pa


def types() -> dict[str, Any]:
    """Each key of `archive.export.columns.TYPES` → its Arrow type."""
    pa = _arrow()
    text, instant = pa.string(), pa.timestamp("us", "UTC")
    return {
        "string": text,
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "instant": instant,
        "date": pa.date32(),
        "strings": pa.list_(text),
        "editions": pa.list_(pa.struct({"language": text, "url": text})),
        "notes": pa.list_(
            pa.struct({"url": text, "revision": pa.int64(), "at": text, "by": text, "note": text})
        ),
        "sources": pa.struct(dict.fromkeys(SOURCED, text)),
        "capture": pa.struct(
            {
                "url": text, "fetched_at": instant, "warc": text, "offset": pa.int64(),
                "record_id": text, "digest": text,
            }
        ),
    }  # fmt: skip


def schema(*, flat: bool = False) -> Any:
    """The `pyarrow.Schema` of every export; what a column means is in the metadata of its field.

    `flat` is that of a CSV file, in which lists and objects are texts in JSON.
    """
    pa, known = _arrow(), types()
    if flat:
        known = {
            name: pa.string() if pa.types.is_nested(kind) else kind for name, kind in known.items()
        }
    return pa.schema(
        [pa.field(column.name, known[column.type], metadata=_said(column)) for column in COLUMNS]
    )


def _said(column: Column) -> dict[str, str]:
    said = {"description": column.meaning, "schema.org": column.schema_org.replace("`", "")}
    return {name: words for name, words in said.items() if words}


def table(rows: Iterable[dict[str, Any]]) -> Any:
    """Rows of `archive.export.rows` as a `pyarrow.Table`."""
    return _arrow().Table.from_batches(_batches(rows), schema())


def write_parquet(rows: Iterable[dict[str, Any]], out: BinaryIO) -> int:
    """Write rows of `archive.export.rows` as one Parquet file; returns how many there were.

    None at all make a file that has the columns and no rows. Raises `ArchiveUsageError` where pyarrow is missing.
    """
    pa = _arrow()
    import pyarrow.parquet as pq

    number = 0
    with pq.ParquetWriter(
        out,
        schema(),
        version="2.6",
        compression="zstd",
        compression_level=3,
        use_dictionary=_REPEATED,
    ) as writer:
        for group in _groups(_batches(rows)):
            number += sum(batch.num_rows for batch in group)
            writer.write_table(pa.Table.from_batches(group), row_group_size=_GROUP_ROWS)
    return number


def read_parquet(path: Path, columns: Collection[str] | None = None) -> Iterator[dict[str, Any]]:
    """Rows of a Parquet file, of those columns that it has. Raises `ValueError` for one that is damaged."""
    _arrow()
    import pyarrow.parquet as pq

    with open_file(path) as file:
        try:
            parquet = pq.ParquetFile(file)
            there = parquet.schema_arrow.names
            wanted = [name for name in there if columns is None or name in columns]
            for batch in parquet.iter_batches(_TOGETHER, columns=wanted):
                yield from batch.to_pylist()
        except OSError as error:
            if error.errno is None:  # Arrow's own, of what it read
                raise ValueError(str(error)) from None
            raise


def schema_of(path: Path) -> Any:
    """The `pyarrow.Schema` of a Parquet file. Raises as `read_parquet` does."""
    _arrow()
    import pyarrow.parquet as pq

    try:
        return pq.read_schema(path)
    except OSError as error:
        if error.errno is None:
            raise ValueError(str(error)) from None
        raise


def version() -> str:
    """Of pyarrow: with another one, the same rows may give other bytes."""
    return str(_arrow().__version__)


def _groups(batches: Iterable[Any]) -> Iterator[list[Any]]:
    """Batches that make a row group together."""
    group: list[Any] = []
    for batch in batches:
        group.append(batch)
        rows, size = sum(one.num_rows for one in group), sum(one.nbytes for one in group)
        if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
            yield group
            group = []
    if group:
        yield group


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[Any]:
    """Rows as `pyarrow.RecordBatch`es."""
    pa, wanted = _arrow(), schema()
    columns = [(field.name, _arrays(field.type)) for field in wanted]
    left = iter(rows)
    while some := list(islice(left, _TOGETHER)):
        arrays = [made([row[name] for row in some]) for name, made in columns]
        yield pa.RecordBatch.from_arrays(arrays, schema=wanted)


def _arrays(kind: Any) -> Callable[[list[Any]], Any]:
    """What makes an Arrow array of this type out of values as JSON has them."""
    pa = _arrow()
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return lambda values: pa.array(values, pa.string()).cast(kind)
    if not pa.types.is_struct(kind):
        return lambda values: pa.array(values, kind)
    parts = [(part.name, _arrays(part.type)) for part in kind]

    def objects(values: list[Any]) -> Any:
        arrays = [made([value and value[name] for value in values]) for name, made in parts]
        missing = pa.array([value is None for value in values], pa.bool_())
        return pa.StructArray.from_arrays(arrays, fields=[*kind], mask=missing)

    return objects
