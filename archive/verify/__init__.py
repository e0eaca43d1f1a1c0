"""verify: whether an archive is as it was written: what is damaged, what disagrees, what to do.

`pages` the bytes of news.db · `database` what its tables say · `records` the WARC files ·
`btree` which rows a page holds · `finding` one thing found · `repairing` mends it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from archive.errors import ArchiveError, ArchiveUsageError
from archive.store import DATABASE, open_database
from archive.verify.btree import Tree
from archive.verify.database import (
    check_digests,
    check_index,
    check_rows,
    check_schema,
    check_sqlite,
    check_types,
    unreadable,
)
from archive.verify.finding import SEVERITIES, Finding
from archive.verify.pages import RawDatabase, check_pages, is_being_written
from archive.verify.records import check_records, files

__all__ = ["SEVERITIES", "Finding", "exit_code", "verify"]

_DAMAGED = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What SQLite raises over damaged pages; its own messages may be no UTF-8 then."""
_MISREAD = (TypeError, AttributeError, ValueError)
"""What becomes of values of the wrong type, where damage was found before."""
Texts = Callable[[sqlite3.Connection], Iterable[Finding]]


def verify(
    folder: Path,
    *,
    full: bool = False,
    texts: Texts | None = None,
    step: Callable[[str], object] = lambda _: None,
    progress: Callable[[int], object] = lambda _: None,
) -> Iterator[Finding]:
    """Check an archive and say what is wrong with it, thing by thing.

    The quick check reads all of news.db and both ends of each WARC file. With `full`, every byte of
    every WARC file is read, every digest and the full-text index are compared, and `texts`, where
    given, is asked whether the articles can be read from their captures again. Nothing is changed,
    and nobody is kept from reading or writing meanwhile. `step` is told the name of each check,
    `progress` of bytes read from WARC files.

    Raises `ArchiveUsageError` where there is no archive, or a newer one.
    """
    path = folder / DATABASE
    if not path.is_file():
        if not next(files(folder), None):
            raise ArchiveUsageError(f"{folder}: no archive here: name another folder with --data")
        yield Finding(
            "damage", "sqlite", DATABASE, "the file is missing",
            "restore it from a copy, or let `newsbot verify --repair` make it anew from warc/",
        )  # fmt: skip
        return
    with ExitStack() as stack:
        raw = stack.enter_context(RawDatabase(path))
        try:
            c = stack.enter_context(closing(open_database(folder).conn))
            c.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except ArchiveUsageError:
            raise
        except (ArchiveError, *_DAMAGED) as error:
            step("pages")
            yield from check_pages(raw, ())
            yield unreadable(DATABASE, error)
            return
        checks: tuple[tuple[str, Callable[[], Iterable[Finding]]], ...] = (
            ("pages", lambda: check_pages(raw, list(_trees(c)))),
            ("sqlite", lambda: check_sqlite(c, full=full)),
            ("schema", lambda: check_schema(c)),
            ("rows", lambda: check_rows(c)),
            ("types", lambda: check_types(c)),
            ("digests", lambda: check_digests(c) if full else ()),
            ("index", lambda: check_index(c) if full else ()),
            (
                "records",
                lambda: check_records(
                    c, folder, full=full, is_written=is_being_written(folder), progress=progress
                ),
            ),
            ("texts", lambda: texts(c) if full and texts else ()),
        )
        expected: tuple[type[Exception], ...] = _DAMAGED
        for name, check in checks:
            step(name)
            try:
                for finding in check():
                    if finding.severity == "damage":
                        expected = _DAMAGED + _MISREAD
                    yield finding
            except expected as error:
                yield unreadable(DATABASE, error)


def exit_code(findings: Iterable[Finding]) -> int:
    """0 where nothing but notes was found, 5 otherwise."""
    return 5 if any(finding.severity != "note" for finding in findings) else 0


def _trees(c: sqlite3.Connection) -> Iterator[Tree]:
    yield Tree("the schema", "sqlite_schema", 1)
    try:
        for name, table, root in c.execute(
            "SELECT name, tbl_name, rootpage FROM sqlite_schema WHERE rootpage > 0"
        ):
            yield Tree(name, table, root)
    except sqlite3.DatabaseError:
        return
