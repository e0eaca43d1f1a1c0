"""upgrade: brings a database that an older newsbot wrote up to the schema of this one.

A copy is made, as the way back; then one transaction makes what is missing, and tables whose text has changed
anew with the rows that they hold. No schema needs a script of its own: what a new column holds for old rows
is its default, and a change that has none makes an archive early (`version.check_version`). What a user has made
stays as it is, and programs that read go on reading.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from archive.captures.files import sync_folder
from archive.errors import ArchiveError, ArchiveUsageError
from archive.store.index import rebuild
from archive.store.opening import BUSY_SECONDS, explained_errors, remove_database, stamp
from archive.store.schema import (
    ADDED,
    SCHEMA,
    VERSION,
    columns,
    objects,
    own_columns,
    restore_objects,
    statements,
)

_log = logging.getLogger(__name__)
_INDEX = "articles_fts"
_INDEXED_ANEW = 8
"""The version that the index's contents are of: an older one has other stems, and before 7 no facts."""
_MADE = re.compile(r"^CREATE (?:VIRTUAL )?TABLE (\w+)", re.M)


def upgrade(path: Path) -> None:
    """Upgrade a database of an older schema, whose writer's lock is held; nothing where it was done already.

    All of it is done, or nothing. Raises `ArchiveError` where the disk is full, the database damaged or
    locked by another program, or a row does not fit; `ArchiveUsageError` where a user's table has a name
    that is newsbot's now.
    """
    with (
        explained_errors(path.parent),
        closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as c,
    ):
        (version,) = c.execute("PRAGMA user_version").fetchone()
        if version == VERSION:
            return
        for name, since in ADDED.items():
            if version < since and name in objects(c):
                raise ArchiveUsageError(
                    f"{path}: {name}, which you made, has a name that newsbot needs now: rename it, "
                    "then run this again"
                )
        _log.warning("%s: schema %d becomes %d; this may take minutes", path, version, VERSION)
        kept = path.with_name(f"{path.stem}.schema-{version}-{stamp()}.db")
        part = kept.with_name(f"{kept.name}.part")
        _copy(c, part)
        c.execute("PRAGMA foreign_keys = OFF")
        c.execute("PRAGMA legacy_alter_table = ON")  # references and views name the new table
        c.execute("PRAGMA trusted_schema = OFF")
        c.execute("BEGIN IMMEDIATE")
        try:
            _alter(c, version)
            c.execute(f"PRAGMA user_version = {VERSION}")
            part.rename(
                kept
            )  # not before: where this is killed, the next one removes what is left of the copy
            sync_folder(kept.parent)
            c.execute("COMMIT")
        except BaseException as error:
            if c.in_transaction:
                c.execute("ROLLBACK")
            for copy in (part, kept):
                copy.unlink(missing_ok=True)
            if isinstance(error, sqlite3.IntegrityError):
                raise ArchiveError(
                    f"{path} cannot be brought up to date ({error}): move it away, and `newsbot verify "
                    "--repair` makes it anew from the captures"
                ) from None
            raise
    _log.warning("%s: as it was before, it is kept as %s", path, kept.name)


def _copy(c: sqlite3.Connection, part: Path) -> None:
    """Copy a database as it is at this moment; the copy is there whole or not at all."""
    for left in part.parent.glob("*.schema-*.db.part"):
        remove_database(left)
    try:
        with closing(sqlite3.connect(part)) as new:
            c.backup(new)
    except BaseException:
        remove_database(part)
        raise


def _alter(c: sqlite3.Connection, version: int) -> None:
    present, tables = objects(c), {}
    for statement in statements(SCHEMA):
        if found := _MADE.search(statement):
            tables[found[1]] = statement
    for name, statement in tables.items():
        if present.get(name) == objects()[name]:
            continue
        if name == _INDEX:
            c.execute(f"DROP TABLE IF EXISTS {name}")
        elif name in present:
            _make_anew(c, name, statement)
            continue
        c.execute(statement)
    restore_objects(c)
    if version < _INDEXED_ANEW or present.get(_INDEX) != objects()[_INDEX]:
        rebuild(c)


def _make_anew(c: sqlite3.Connection, table: str, statement: str) -> None:
    """Make a table as it is now, with the rows that it has, and with a user's indexes and triggers."""
    sql = "SELECT name, sql FROM sqlite_schema WHERE tbl_name = ? AND type IN ('index', 'trigger')"
    beside = [made for name, made in c.execute(sql, (table,)) if made and name not in objects()]
    known = columns(c, table)
    names = ", ".join(name for name in own_columns()[table] if name in known)
    c.execute(f"ALTER TABLE {table} RENAME TO newsbot_former")
    c.execute(statement)
    c.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM newsbot_former")  # noqa: S608
    c.execute("DROP TABLE newsbot_former")
    for made in beside:
        c.execute(made)
