"""columns: the one schema of every export: what each column is called, of which type, and what it means.

Every format has all of them, in this order and with these types, whatever the articles are like: two exports can
be laid together without a cast. Where nothing is known, or a column was not asked for, it is null.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `type` is a key of `TYPES`."""

    name: str
    type: str
    meaning: str
    schema_org: str = ""
    """The property of a schema.org NewsArticle that means the same."""


TYPES = {
    "string": "text in UTF-8",
    "integer": "a whole number of 64 bits",
    "number": "a number of 64 bits",
    "boolean": "true or false",
    "instant": "a moment in UTC, to the second",
    "date": "a day",
    "strings": "a list of texts",
    "editions": "a list of objects with `language` and `url`, texts",
    "notes": "a list of objects with `url`, `revision` (integer), `at`, `by` and `note`, texts",
    "sources": "an object: each field of `archive.article.SOURCED` → text or null",
    "capture": "an object: `url`, `fetched_at` (instant), `warc`, `offset` (integer), `record_id`, `digest`",
}
"""Type → what it is."""

COLUMNS = tuple(
    Column(name, *said)
    for name, said in tomllib.loads(
        files("archive.export").joinpath("columns.toml").read_text("utf-8")
    ).items()
)
"""In their order."""
