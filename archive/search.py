"""search: full-text queries on articles_fts, which any SQLite with FTS5 can run too.

Words are all required; "quoted words" form a phrase; a word ending in * stands for its beginnings;
a leading - excludes. Everything else a user types is text, never FTS5 syntax.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from dataclasses import dataclass
from typing import Any

from archive.errors import ArchiveUsageError

_TERM = re.compile(r'(?P<minus>-)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_SOFT = {0x00AD: None, 0x200B: None, 0xFEFF: None}


@dataclass(frozen=True, slots=True)
class Hits:
    """A page of results and how many there are in all."""

    total: int
    rows: list[dict[str, Any]]


def fts_query(text: str) -> str:
    """What the user typed as an FTS5 expression. Raises `ArchiveUsageError` where nothing is left.

    >>> fts_query('су тасқыны -футбол "қызыл кітап" мект*')
    '"су" AND "тасқыны" AND "қызыл кітап" AND "мект"* NOT "футбол"'
    """
    wanted: list[str] = []
    excluded: list[str] = []
    for match in _TERM.finditer(unicodedata.normalize("NFC", text).translate(_SOFT)):
        raw = match["phrase"] if match["phrase"] is not None else match["word"]
        words = re.sub(r"[^\w]+", " ", raw.replace("_", " ")).strip()
        if not words:
            continue
        star = "*" if match["word"] and raw.endswith("*") else ""
        (excluded if match["minus"] else wanted).append(f'"{words}"{star}')
    if not wanted:
        raise ArchiveUsageError(
            f"nothing to search for in {text!r}: give at least one word, for example "
            '`newsbot search "су тасқыны"`'
        )
    return " NOT ".join([" AND ".join(wanted), *excluded])


def search(
    c: sqlite3.Connection,
    text: str,
    *,
    site: str | None = None,
    limit: int = 20,
    offset: int = 0,
    marks: tuple[str, str] = ("[", "]"),
) -> Hits:
    """Articles that match, best first (bm25, a word in the title counting five times).

    Each row: id, site, published, title, url, language, gone_since, snippet, score (higher is
    better). `marks` enclose the matched words of the snippet. Raises `ArchiveUsageError` for a
    query without words.
    """
    query = fts_query(text)
    where = "articles_fts MATCH ?" + (" AND a.site = ?" if site else "")
    args = [query, site] if site else [query]
    # `where` is one of two constants; what the user typed goes in as a parameter.
    source = f"FROM articles_fts JOIN articles a ON a.id = articles_fts.rowid WHERE {where}"
    total = c.execute(f"SELECT count(*) {source}", args).fetchone()[0]
    cursor = c.execute(
        f"""
        SELECT a.id, a.site, a.published, a.title, a.url, a.language, a.gone_since,
               snippet(articles_fts, -1, ?, ?, ' … ', 24) AS snippet,
               round(-bm25(articles_fts, 5.0, 1.0), 4) AS score
        {source}
        ORDER BY bm25(articles_fts, 5.0, 1.0), a.published DESC, a.id LIMIT ? OFFSET ?
        """,
        [*marks, *args, limit, offset],
    )
    names = [d[0] for d in cursor.description]
    return Hits(total, [dict(zip(names, row, strict=True)) for row in cursor])
