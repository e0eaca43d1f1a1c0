"""What an archive tells, without ids and places in files: two archives that tell the same are equal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from archive.captures import read_record
from archive.store import Store

_REFERENCES = {
    "articles": {"capture": "captures"},
    "revisions": {"article": "articles", "capture": "captures"},
    "captures": {"crawl": "crawls", "article": "articles", "refers_to": "captures"},
    "frontier": {"source": "sources", "article": "articles", "changed_by": "sources"},
    "sources": {"parent": "sources"},
    "aliases": {"article": "articles"},
    "engagement": {"article": "articles"},
    "article_tags": {"article": "articles", "tag": "tags"},
    "editions": {"article": "articles", "other": "articles"},
    "replays": {"import": "imports"},
}
_NAMES = {
    "articles": "url",
    "captures": "record_id",
    "sources": "url",
    "tags": "name",
    "crawls": "started_at || site",
    "imports": "kind || source",
}
_HIDDEN = {
    "id", "warc", "warc_offset", "warc_length", "story", "first_article", "story_share"
}  # fmt: skip
TABLES = (
    "sites crawls sources articles revisions aliases engagement article_tags captures frontier "
    "editions imports replays"
).split()


def told(store: Store, *tables: str) -> dict[str, list[dict[str, Any]]]:
    """Rows of tables (of all where none is named) with names in the place of ids, sorted."""
    c = store.connection
    names = {
        table: dict(c.execute(f"SELECT id, {name} FROM {table}").fetchall())
        for table, name in _NAMES.items()
    }
    found: dict[str, list[dict[str, Any]]] = {}
    for table in tables or TABLES:
        rows = []
        for row in map(dict, c.execute(f"SELECT * FROM {table}")):
            if table == "captures":
                row["record"] = read_record(store.folder, row["warc"], row["warc_offset"])
            for column, target in _REFERENCES.get(table, {}).items():
                row[column] = row[column] and names[target][row[column]]
            rows.append({k: v for k, v in row.items() if k not in _HIDDEN})
        found[table] = sorted(rows, key=repr)
    return found


def state(store: Store) -> tuple[list[str], dict[str, bytes]]:
    """Everything an archive holds, to the byte."""
    store.connection.execute("PRAGMA wal_checkpoint")
    files = sorted(path for path in (store.folder / "warc").rglob("*") if path.is_file())
    return list(store.connection.iterdump()), {
        path.relative_to(store.folder).as_posix(): path.read_bytes() for path in files
    }


def copied(folder: Path, to: Path) -> Path:
    """A copy of an archive that nobody has open."""
    import shutil

    return Path(shutil.copytree(folder, to))
