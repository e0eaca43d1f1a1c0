"""python: an archive from Python: `archive.open(folder)`, its articles as objects, tables of Arrow and of pandas.

docs/python.md tells it to users.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import query, search
from archive.errors import ArchiveUsageError
from archive.export import parquet
from archive.export.columns import COLUMNS
from archive.export.rows import rows
from archive.query import Selection
from archive.search.filters import EXCLUDED, FILTERS
from archive.store import open_database

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRow:
    """One article with the columns of every export, in their order; docs/export.md says what each means.

    Instants are datetimes in UTC, `published_date` is a date, `published` and `modified` are ISO 8601 as printed.
    What is not known is None; so is a column that was not asked for with `texts`.
    """

    id: int
    is_article: bool
    reason: str | None
    url: str
    canonical_url: str
    title: str | None
    text: str
    captions: list[str]
    authors: list[str]
    published: str | None
    published_raw: str | None
    modified: str | None
    section: str | None
    tags: list[str]
    language: str | None
    image: str | None
    views: int | None
    comments: int | None
    editions: list[dict[str, str]]
    pages: list[str]
    site: str
    layout: str | None
    charset: str | None
    sources: dict[str, str | None]
    flags: list[str]
    newspaper: str | None
    region: str | None
    newspaper_url: str | None
    published_at: datetime | None
    published_date: date | None
    first_seen: datetime
    last_seen: datetime
    gone_since: datetime | None
    revision: int
    revisions: int
    revised_at: datetime
    digest: str
    story: int | None
    first_in_story: bool
    reprint_of: str | None
    printed_by: list[str]
    other_editions: list[str]
    split: str | None
    words: int
    cyrillic: float | None
    latin: float | None
    arabic: float | None
    text_normalised: str | None
    text_cyrillic: str | None
    text_latin: str | None
    stems: str | None
    sentences: list[str] | None
    notes: list[dict[str, Any]] | None
    capture: dict[str, Any] | None


_PARSED = {"instant": datetime.fromisoformat, "date": date.fromisoformat}


def _typed(row: dict[str, Any]) -> ArticleRow:
    """A row of `archive.export.rows` as an object."""
    for column in COLUMNS:
        if (parse := _PARSED.get(column.type)) and row[column.name] is not None:
            row[column.name] = parse(row[column.name])
    if found := row["capture"]:
        row["capture"] = found | {"fetched_at": datetime.fromisoformat(found["fetched_at"])}
    return ArticleRow(**row)


class Archive:
    """An archive opened for reading, without what is withheld. A context manager; one thread uses it.

    Articles are chosen as by `newsbot export`: words of a query, `region="jambyl"` and so on for each filter,
    `where="views > 100"`, `listed=[4711, "https://…"]`, `sample=100, seed=1`, `as_of="2024"`, `revisions=True`.
    A value may be several; dates may be `datetime.date`, yes and no booleans. Their order is that of every export.
    `texts` fills the columns that it names (`text_latin`, `stems`, `notes`, …). All raise `ArchiveUsageError` for what
    cannot be chosen, and `ArchiveError` where the archive is damaged.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.connection = open_database(self.folder).conn
        """For SQL of one's own (docs/schema.md); it only reads."""

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

    def articles(
        self, words: str = "", *, texts: Sequence[str] = (), **chosen: Any
    ) -> Iterator[ArticleRow]:
        """The selected articles, one at a time."""
        return map(_typed, self._rows(words, texts, chosen))

    def search(
        self, words: str, *, limit: int = 10, offset: int = 0, order: str = "best", facets: bool = False,
        **filters: Any,
    ) -> search.Hits:  # fmt: skip
        """A page of results with snippets, best first, as `newsbot search` finds them."""
        chosen = self._selection("", filters)
        if chosen != Selection(chosen.query):
            raise ArchiveUsageError("a search takes filters alone: .articles() takes the rest")
        return search.search(
            self.connection, words, filters=chosen.query.filters, limit=limit, offset=offset,
            order=order, facets=facets,
        )  # fmt: skip

    def to_arrow(self, words: str = "", *, texts: Sequence[str] = (), **chosen: Any) -> pa.Table:
        """The selected articles as a `pyarrow.Table`, with the types of the Parquet file. Needs pyarrow."""
        return parquet.table(self._rows(words, texts, chosen))

    def to_pandas(
        self, words: str = "", *, texts: Sequence[str] = (), **chosen: Any
    ) -> pd.DataFrame:
        """The same as a `pandas.DataFrame` with the types of Arrow, whatever is missing. Needs pyarrow and pandas."""
        found = self.to_arrow(words, texts=texts, **chosen)
        try:
            from pandas import ArrowDtype
        except ImportError:
            raise ArchiveUsageError("a DataFrame needs pandas: pip install pandas") from None
        frame: pd.DataFrame = found.to_pandas(types_mapper=ArrowDtype)
        return frame

    def _selection(self, words: str, typed: dict[str, Any]) -> Selection:
        chosen = query.selection(
            words, **{name: _value(name, value) for name, value in typed.items()}
        )
        for typed_as, asked in chosen.query.filters.items():
            kind = typed_as.removeprefix(EXCLUDED)
            if FILTERS[kind].kind in ("from", "to", "choice"):
                continue
            for name in asked:
                if not query.holds(self.connection, kind, name, chosen):
                    known = query.names(self.connection, kind, chosen)
                    near = difflib.get_close_matches(name, known, n=1)
                    hint = f": did you mean {near[0]!r}?" if near else ""
                    raise ArchiveUsageError(f"unknown {kind} {name!r} in this archive{hint}")
        return chosen

    def _rows(
        self, words: str, texts: Sequence[str], typed: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        c, chosen = self.connection, self._selection(words, typed)
        return rows(c, query.ids(c, chosen), chosen, texts)


def _value(name: str, value: Any) -> Any:
    """What an option of `archive.query.selection` is given, as people type it there."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool) and name in FILTERS:
        return "yes" if value else "no"
    return value if value is None or isinstance(value, (str, int)) else tuple(map(str, value))
