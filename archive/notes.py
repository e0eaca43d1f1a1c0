"""notes: what people remark on articles, or on one revision: written, and read by whatever address they name.

The files in decisions/ are what counts, and nothing of them is in news.db: `offer` gives a connection the view
`article_notes`, which reads them when it is asked. So a note is seen at once, by connections that are older than it, too.
"""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from archive.decisions import DECISIONS, NOTE, decide, read_decisions
from archive.errors import ArchiveUsageError
from archive.query import article
from archive.times import now, utc

Spelling = Callable[[str], str | None]
"""What gives an address its one spelling; None where it is none."""
NOTED = ("url", "revision", "at", "by", "note")
"""What is told of a note; `revision` is a number."""
# CROSS: the few notes first. Of the files' lines those that are texts say why they are no notes.
_VIEW = """
CREATE TEMP VIEW article_notes AS
SELECT x.article AS id, n.key AS number, n.value ->> 'url' AS url, CAST(n.value ->> 'revision' AS INTEGER) AS revision,
       n.value ->> 'at' AS at, n.value ->> 'by' AS by, n.value ->> 'note' AS note
  FROM json_each(lines_of_notes()) n CROSS JOIN aliases x ON x.url =
       CASE WHEN EXISTS (SELECT 1 FROM main.aliases WHERE url = n.value ->> 'url') THEN n.value ->> 'url'
       ELSE n.value ->> 'address' END
 WHERE n.type = 'object'
"""
_TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""Characters that turn the direction of writing, by their Unicode class; marks such as RLM are letters' own."""


def offer(c: sqlite3.Connection, folder: Path, spelling: Spelling) -> None:
    """Give a connection the view `article_notes`, of the articles that its `aliases` lead to."""
    c.create_function("lines_of_notes", 0, lambda: _lines(folder, spelling))
    c.execute(_VIEW)


def _lines(folder: Path, spelling: Spelling) -> str:
    """A list in JSON of all notes, and of why lines are none; read anew where a file has changed."""
    try:
        found = [(path, path.lstat()) for path in (folder / DECISIONS).glob(NOTE.files)]
    except OSError:  # somebody takes one away just now
        found = []
    state = [(path, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns) for path, s in found]
    return _read(folder, spelling, tuple(sorted(state))) if state else "[]"


@lru_cache(maxsize=4)
def _read(folder: Path, spelling: Spelling, _: object) -> str:
    lines = [
        line | {"address": spelling(line["url"])}
        if isinstance(line, dict)
        else line.encode("utf-8", "backslashreplace").decode()  # names of files may be anything
        for line in read_decisions(folder, NOTE)
    ]
    return json.dumps(lines, ensure_ascii=False)


def notes(c: sqlite3.Connection, of: int | None = None) -> list[dict[str, Any]]:
    """The notes on one article, or on all that may be read, as they stand in the files: `id` and `NOTED`."""
    which = "" if of is None else "WHERE id = ?"
    return _told(c, f"{which} ORDER BY number", () if of is None else (of,))


def newest(c: sqlite3.Connection, limit: int, offset: int = 0) -> list[dict[str, Any]]:
    """The same of all articles, a page of them, newest first; those without a time stand at the end."""
    return _told(c, "ORDER BY at DESC, number DESC LIMIT ? OFFSET ?", (limit, offset))


def _told(c: sqlite3.Connection, which: str, args: tuple[int, ...]) -> list[dict[str, Any]]:
    names = ("id", *NOTED)
    rows = c.execute(f"SELECT {', '.join(names)} FROM article_notes {which}", args)  # noqa: S608
    return [dict(zip(names, row, strict=True)) for row in rows]


def no_notes(c: sqlite3.Connection) -> list[str]:
    """Of each line that is no note, and each file that cannot be read, where it is and why."""
    sql = "SELECT value FROM json_each(lines_of_notes()) WHERE type = 'text'"
    return [line for (line,) in c.execute(sql)]


def add(
    c: sqlite3.Connection, folder: Path, key: str, text: str, *, revision: int | None = None, by: str | None = None
) -> dict[str, Any]:  # fmt: skip
    """Append a note on the article with this id or address, in lines of plain text; returns what is kept.

    Needs no lock. Raises `ArchiveUsageError`, in plain words, where there is no such article or revision, it is
    withheld, the text or name is empty, too long or steers a terminal, or the file cannot be written.
    """
    record = article(c, key)
    if revision is not None and not 0 < revision <= record["revisions"]:
        raise ArchiveUsageError(
            f"no revision {revision} of this article: it has {record['revisions']}"
        )
    said = {"note": text.replace("\r\n", "\n").strip(), "by": (by or "").strip()}
    if not said["note"]:
        raise ArchiveUsageError("no note: it says nothing")
    for letter in f"{said['note']}{said['by']}":
        is_control = (
            unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") and letter not in "\n\t"
        )
        if is_control or unicodedata.bidirectional(letter) in _TURNING:
            raise ArchiveUsageError(f"no note: it holds {letter!r}, which is no part of a text")
    number = None if revision is None else str(revision)
    decision = {
        "url": record["url"],
        "revision": number,
        "note": said["note"],
        "at": utc(now()),
        "by": said["by"] or None,
    }
    decide(folder, NOTE, decision)
    return decision
