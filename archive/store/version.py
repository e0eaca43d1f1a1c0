"""version: whether a database is newsbot's, and of this schema."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from archive.errors import ArchiveError, ArchiveUsageError
from archive.store.schema import ADDED, VERSION, columns, objects, own_columns

_UNRELEASED = (2, 3, 4)
_SINCE_0_1 = (("captures", "named"), ("sources", "location"), ("articles", "stems"))
"""Tables and columns that databases of version 1 lack which were written before 0.1.0."""
_KNOWN = "SELECT 1 FROM sqlite_schema WHERE name IN ('articles', 'captures', 'frontier')"


class OlderSchema(ArchiveUsageError):
    """The database is of an older schema; who opens it for writing brings it up to this one."""

    def __init__(self, path: Path, version: int) -> None:
        self.what = (
            f"it was written by an older newsbot (schema {version}, this one writes {VERSION})"
        )
        super().__init__(
            f"{path}: {self.what}: the next `newsbot crawl` brings it up to date, or `newsbot verify "
            "--repair` now"
        )


class EarlySchema(ArchiveUsageError):
    """The database is of a schema that was never released; `newsbot verify --repair` makes it anew."""


def stranger(path: Path) -> ArchiveUsageError:
    """What to say of another program's database."""
    return ArchiveUsageError(f"{path} is no archive of newsbot's: name another folder with --data")


def check_version(c: sqlite3.Connection, path: Path) -> None:
    """Raise `ArchiveUsageError` where a database is none of this schema.

    `OlderSchema` for an older one, `EarlySchema` for one without what a table needs now; `ArchiveError`
    where a view stands for a table.
    """
    version = c.execute("PRAGMA user_version").fetchone()[0]
    is_empty = c.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if is_empty and not version:
        return
    if not (version > 0 and c.execute(_KNOWN).fetchone()):
        raise stranger(path)
    _check_tables(c, path, version)
    if version > VERSION:
        raise ArchiveUsageError(
            f"{path} was written by a newer newsbot (schema {version}, this one knows {VERSION}): "
            "use that one, or move news.db away and run `newsbot verify --repair`, which makes it "
            "anew from warc/"
        )
    if version in _UNRELEASED or _is_early(c, version):
        raise EarlySchema(
            f"{path} was written by an early newsbot: run `newsbot verify --repair`, which makes it "
            "anew from warc/"
        )
    if version < VERSION:
        raise OlderSchema(path, version)


def _check_tables(c: sqlite3.Connection, path: Path, version: int) -> None:
    """Raise `ArchiveError` where something else has the name of a table: a view is code of others."""
    kinds = dict(c.execute("SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view')"))
    for name, (kind, _) in objects().items():
        is_ours = kind == "table" and version >= ADDED.get(name, 0)
        if is_ours and kinds.get(name, "table") != "table":
            raise ArchiveError(
                f"{path} is damaged ({name} is no table): `newsbot verify --repair` makes it anew from "
                "the captures"
            )


def _is_early(c: sqlite3.Connection, version: int) -> bool:
    """Whether tables lack what no upgrade gives them: fields that pages tell, what each row must bring.

    Of this very version nothing may be missing.
    """
    for table, own in own_columns().items():
        present = columns(c, table)
        is_strict = version == VERSION or table == "readings"
        needed = {name for name, is_needed in own.items() if is_strict or is_needed}
        is_ours = present and version >= ADDED.get(table, 0)
        if is_ours and not needed <= present.keys():
            return True
    first = "SELECT 1 FROM pragma_table_xinfo(?) WHERE name = ?"
    return not all(c.execute(first, pair).fetchone() for pair in _SINCE_0_1)
