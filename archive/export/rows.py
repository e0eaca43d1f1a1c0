"""rows: complete rows of an export: every column of `archive.export.columns`, in its order, for any format."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice
from typing import Any

from archive import query
from archive.errors import ArchiveUsageError
from archive.export.columns import COLUMNS
from archive.kazakh import texts as forms
from archive.notes import notes
from archive.query import EVERYTHING, Selection

TEXTS: dict[str, Callable[[str, str | None], Any]] = {
    "text_normalised": forms.normalised,
    "text_cyrillic": forms.cyrillic,
    "text_latin": forms.latin,
    "stems": forms.stems,
    "sentences": forms.sentences,
}
"""Column that is filled where it is asked for → what it makes of a text and its language."""
ASKED = (*TEXTS, "notes")
"""All columns that are filled where they are asked for."""
_NAMES = [column.name for column in COLUMNS]
_EMPTY = dict.fromkeys(_NAMES)
_BLOCK = 500
"""Articles whose stories and editions are looked up together."""


def rows(
    c: sqlite3.Connection,
    ids: Sequence[int],
    chosen: Selection = EVERYTHING,
    texts: Collection[str] = (),
) -> Iterator[dict[str, Any]]:
    """Rows of articles in the order of their ids: every column, values as JSON has them, null where nothing is known.

    `ids` are what `archive.query.ids` gives for `chosen`; `texts` are the columns of `ASKED` to be filled. Instants and
    dates are ISO 8601. Raises `ArchiveUsageError` for a column that is none of them.
    """
    if unknown := [name for name in texts if name not in ASKED]:
        raise ArchiveUsageError(f"{unknown[0]!r} is no text column: there are {', '.join(ASKED)}")
    noted: dict[int, list[dict[str, Any]]] = {}
    for one in notes(c) if "notes" in texts else ():
        noted.setdefault(one.pop("id"), []).append(one)
    left = iter(ids)
    while some := list(islice(left, _BLOCK)):
        others = _editions(c, some, chosen)
        found = list(query.records(c, some, chosen))
        told = {record["story"] for record in found} - {None}
        stories = query.stories(c, chosen, told) if told else {}
        for record in found:
            record["other_editions"] = others.get(record["id"], [])
            if "notes" in texts:
                record["notes"] = noted.get(record["id"], [])
            yield _row(record, stories.get(record["story"], ()), texts)


def _row(
    record: dict[str, Any], members: Sequence[tuple[int, str]], texts: Collection[str]
) -> dict[str, Any]:
    row = {**_EMPTY, **record}
    first = members[0] if members else (row["id"], row["url"])
    row["first_in_story"] = first[0] == row["id"]
    row["reprint_of"] = None if row["first_in_story"] else first[1]
    row["printed_by"] = [url for number, url in members if number != row["id"]]
    text = row["text"]
    row["words"], row["cyrillic"], row["latin"], row["arabic"] = forms.counts(text)
    for name in TEXTS.keys() & texts:
        row[name] = TEXTS[name](text, row["language"])
    return row


def _editions(c: sqlite3.Connection, numbers: list[int], chosen: Selection) -> dict[int, list[str]]:
    """Article → addresses of its editions that may be read and were there by then."""
    there = f"({query.rows_of(c, chosen)})" if chosen.as_of else "articles"
    found: dict[int, list[str]] = {}
    for number, url in c.execute(
        f"SELECT e.article, a.url FROM editions e JOIN {there} a ON a.id = e.other "  # noqa: S608
        "WHERE e.article IN (SELECT value FROM json_each(?)) ORDER BY a.url",
        (json.dumps(numbers),),
    ):
        found.setdefault(number, []).append(url)
    return found
