"""upgrade: brings a database that an older newsbot wrote up to the schema of this one.

A new database is made beside it, filled with its rows as they are, and put in its place; the old one is
kept under another name, as the way back. No schema needs a script of its own: what a new column holds for
old rows is its default, and a change that has none makes an archive early (`version.check_version`).
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from archive.errors import ArchiveError
from archive.store.carry_over import carry_own
from archive.store.index import rebuild
from archive.store.opening import explained_errors, remove_database, replace_database
from archive.store.schema import (
    VERSION,
    columns,
    create,
    objects,
    own_columns,
)

_log = logging.getLogger(__name__)


def upgrade(path: Path) -> None:
    """Upgrade a database of an older schema, whose writer's lock is held; nothing where it was done already.

    Whatever stops it, the old database stays as it is. Raises `ArchiveError` where the disk is full,
    the database damaged, or a row does not fit.
    """
    part = path.with_name(f"{path.name}.part")
    with explained_errors(path.parent):
        remove_database(part)
        try:
            with (
                closing(sqlite3.connect(path, isolation_level=None)) as old,
                closing(sqlite3.connect(part, isolation_level=None)) as new,
            ):
                (version,) = old.execute("PRAGMA user_version").fetchone()
                if version == VERSION:
                    return
                _log.warning(
                    "%s: schema %d becomes %d; this may take minutes", path, version, VERSION
                )
                create(new)
                _fill(new, old, path)
            kept = replace_database(path.parent, part.name, f"schema-{version}")
        finally:
            remove_database(part)
    _log.warning("%s: the one of schema %d is kept as %s", path, version, kept)


def _fill(new: sqlite3.Connection, old: sqlite3.Connection, path: Path) -> None:
    new.execute("PRAGMA synchronous = OFF")  # it is on disk before it counts
    new.execute("ATTACH ? AS old", (str(path),))
    new.execute("BEGIN")
    for table, own in own_columns().items():
        present = columns(old, table)
        names = ", ".join(name for name in own if name in present)
        if not names:
            continue
        try:
            new.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM old.{table}")  # noqa: S608
        except sqlite3.IntegrityError as error:
            raise ArchiveError(
                f"{path} cannot be brought up to date ({table}: {error}): `newsbot verify --repair` "
                "makes it anew from the captures"
            ) from None
    rebuild(new)
    for problem in carry_own(old, new, objects()):
        _log.warning("could not be carried over: %s", problem)
    new.execute("COMMIT")
