"""facts: what the index knows of an article beside its words, so that no filter needs to read rows.

Each fact is a word of the stems column that begins with a letter no language of the archive has: ѯs of the
site, ѯl of the language, ѯw of the script, ѯy, ѯm and ѯd of year, month and day, ѯc and ѯa of the words of
section and authors. FTS5 puts them together with the words of a query as it does with any others.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from archive.kazakh.words import words
from archive.search.filters import SCRIPT

_MARK = "ѯ"
_NO_LETTER = re.compile(r"[\W_]")
_ROWS = f"""
SELECT a.id, a.site, a.language, {SCRIPT} AS script, a.published, a.section, a.authors
  FROM main.articles a WHERE a.id IN (SELECT value FROM json_each(?))
"""  # noqa: S608 -- a constant
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")


def facts_of(c: sqlite3.Connection, articles: Iterable[int]) -> dict[int, str]:
    """Article → its facts as its row has them now; none of an article without a row."""
    return {row[0]: _facts(*row[1:]) for row in c.execute(_ROWS, (json.dumps([*articles]),))}


def _facts(
    site: str, language: str | None, script: str | None, published: str | None, section: str | None, authors: str
) -> str:  # fmt: skip
    found = [_fact("s", site)]
    if language:
        found += [
            _fact("l", name) for name in dict.fromkeys((language, language.partition("-")[0]))
        ]
        found.append(_fact("w", script or ""))
    if date := _DATE.match(published or ""):
        year, month, day = date[1], date[2] or "00", date[3] or "00"
        found += [f"{_MARK}y{year}", f"{_MARK}m{year}{month}", f"{_MARK}d{year}{month}{day}"]
    if section:
        found += _spelt("c", section)
    for author in json.loads(authors) if authors != "[]" else ():
        found += [f"{_MARK}a", *_spelt("a", author)]
    return " ".join(found)


def _fact(kind: str, value: str) -> str:
    return f"{_MARK}{kind}" + _NO_LETTER.sub(_MARK, value.lower())


def _spelt(kind: str, value: str) -> list[str]:
    return [f"{_MARK}{kind}{word}" for word in words(value)]


def in_index(c: sqlite3.Connection, name: str, values: Sequence[str]) -> str | None:
    """A filter as an FTS5 expression; None for one that the index knows nothing of.

    Of sections and authors it knows words: what is typed must begin one.
    """
    if name == "region":
        sql = "SELECT id FROM sites WHERE region IN (SELECT value FROM json_each(?))"
        values = [row[0] for row in c.execute(sql, (json.dumps([*values]),))]
    if name in ("after", "before"):
        terms = _days(c, name, values)
    elif name in _KINDS:
        terms = [_fact(_KINDS[name], value) for value in values]
    elif name in _SPELT:
        phrases = [_spelt(_SPELT[name], value) for value in values]
        return _either(f'"{" ".join(phrase)}" *' for phrase in phrases if phrase)
    else:
        return None
    return _either(f'"{term}"' for term in terms)


_KINDS: Mapping[str, str] = {"site": "s", "region": "s", "language": "l", "script": "w"}
_SPELT: Mapping[str, str] = {"section": "c", "author": "a"}


def _either(parts: Iterable[str]) -> str:
    return f"({' OR '.join(parts) or _NOTHING})"


_NOTHING = f'"{_MARK}"'
"""A word that no article has."""


def month(published: str) -> str:
    """The FTS5 expression of articles of the month that a date is in."""
    date = _DATE.match(published)
    return f'"{_MARK}m{date[1]}{date[2] or "00"}"' if date else _NOTHING


def _days(c: sqlite3.Connection, name: str, values: Sequence[str]) -> list[str]:
    """The days, months and years from a day on, or up to one, among those that the archive has."""
    year, mon, day = (
        int(part) for part in (max(values) if name == "after" else min(values)).split("-")
    )
    if name == "after":
        years, months, days = (
            range(year + 1, _end(c, "DESC") + 1),
            range(mon + 1, 13),
            range(day, 32),
        )
        if (mon, day) == (1, 1):
            years, months, days = range(year, years.stop), range(0), range(0)
        elif day == 1:
            months, days = range(mon, 13), range(0)
    else:
        years, months, days = range(_end(c, ""), year), range(mon), range(day + 1)
        if (mon, day) == (12, 31):
            years, months, days = range(years.start, year + 1), range(0), range(0)
        elif day >= 31 or (day >= 28 and mon == 2):
            months, days = range(mon + 1), range(0)
    return [
        *(f"{_MARK}y{one:04}" for one in years),
        *(f"{_MARK}m{year:04}{one:02}" for one in months),
        *(f"{_MARK}d{year:04}{mon:02}{one:02}" for one in days),
    ]


def _end(c: sqlite3.Connection, way: str) -> int:
    """The first or the last year that an article was published in."""
    sql = f"SELECT published FROM main.articles WHERE published > '0' ORDER BY published {way} LIMIT 1"  # noqa: S608
    row = c.execute(sql).fetchone()
    date = _DATE.match(row[0]) if row else None
    return int(date[1]) if date else 2000
