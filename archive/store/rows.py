"""rows: single rows in and out of tables. Table and column names are the program's own, never input."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from archive.captures import Capture

to_json = json.JSONEncoder(ensure_ascii=False).encode
"""JSON as the columns keep it: readable letters."""


def one(c: sqlite3.Connection, sql: str, args: tuple[Any, ...]) -> dict[str, Any]:
    """The first row of a query, which must have one."""
    cursor = c.execute(sql, args)
    row = cursor.fetchone()
    return {d[0]: value for d, value in zip(cursor.description, row, strict=True)}


def insert(c: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> int:
    """Add a row and return its id."""
    marks = ", ".join("?" * len(row))
    sql = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"  # noqa: S608
    return int(c.execute(sql, tuple(row.values())).lastrowid or 0)


def insert_knowledge(c: sqlite3.Connection, site: str, capture: Capture, **more: object) -> None:
    """Give its row to a record that is no exchange: it is a visit of its own."""
    (number,) = c.execute("SELECT coalesce(max(id), 0) + 1 FROM captures").fetchone()
    told = {name: getattr(capture, name) for name in Capture.__slots__ if name != "refers_to_id"}
    insert(c, "captures", told | {"id": number, "visit": number, "site": site} | more)


def update(c: sqlite3.Connection, table: str, key: int, row: Mapping[str, Any]) -> None:
    """Change columns of the row with that id."""
    columns = ", ".join(f"{name} = ?" for name in row)
    c.execute(f"UPDATE {table} SET {columns} WHERE id = ?", (*row.values(), key))  # noqa: S608


def upsert(c: sqlite3.Connection, table: str, key: str, row: Mapping[str, Any]) -> None:
    """Add a row, or change the one with the same key."""
    columns = ", ".join(f"{name} = excluded.{name}" for name in row if name != key)
    marks = ", ".join("?" * len(row))
    c.execute(
        f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks}) "  # noqa: S608
        f"ON CONFLICT ({key}) DO UPDATE SET {columns}",
        tuple(row.values()),
    )
