"""facts: what the index knows of an article beside its words, so that no filter needs to read rows.

Each fact is a word of the stems column that begins with a letter no language of the archive has: ѯs of the
site, ѯl of the language, ѯw of the script, ѯg of a flag, ѯt of a tag, ѯy, ѯm and ѯd of year, month and day of
publication, ѯi, ѯj and ѯk of the day it was first seen, ѯx of one that is gone, ѯc and ѯa of the words of section and authors.
FTS5 puts them together with the words of a query as it does with any others. A region is asked for by its
sites, as they are at the time. What is written here is part of what an index holds: a change needs a new schema version.
"""

from __future__ import annotations

import json
import re
import sqlite3
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from archive.kazakh.words import words
from archive.search.filters import SCRIPT

FACT_MARK = "ѯ"
_NO_LETTER = re.compile(r"[\W_]")
_ROWS = f"""
SELECT a.id, a.site, a.language, {SCRIPT} AS script, a.published, a.first_seen, a.section, a.authors, a.flags, a.gone_since,
       (SELECT json_group_array(t.name) FROM main.article_tags x JOIN main.tags t ON t.id = x.tag
         WHERE x.article = a.id) AS tags
  FROM main.articles a WHERE a.id IN (SELECT value FROM json_each(?))
"""  # noqa: S608 -- a constant
COLUMNS = frozenset("language published first_seen section authors flags gone_since".split())
"""Columns of `articles` that facts are of, but for the site, which stays."""
_GONE = f"{FACT_MARK}x"
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_WORDS: Mapping[str, str] = {
    "site": "s",
    "region": "s",
    "language": "l",
    "script": "w",
    "flag": "g",
    "tag": "t",
}
_SPELT: Mapping[str, str] = {"section": "c", "author": "a"}
_DATES: Mapping[str, tuple[str, str]] = {
    "after": ("published", "ymd"),
    "before": ("published", "ymd"),
    "seen-after": ("first_seen", "ijk"),
    "seen-before": ("first_seen", "ijk"),
}


def facts_of(c: sqlite3.Connection, articles: Iterable[int]) -> dict[int, str]:
    """Article → its facts as its row has them now; none of an article without a row."""
    cursor = c.execute(_ROWS, (json.dumps([*articles]),))
    names = [column[0] for column in cursor.description]
    return {row[0]: _facts(dict(zip(names, row, strict=True))) for row in cursor}


def _facts(row: dict[str, str | None]) -> str:
    found = [_fact("s", row["site"] or "")]
    if language := row["language"]:
        both = dict.fromkeys((language, language.partition("-")[0]))
        found += [_fact("l", name) for name in both]
        found.append(_fact("w", row["script"] or ""))
    for column, kinds in dict.fromkeys(_DATES.values()):
        if printed := _DATE.match(row[column] or ""):
            year, month, day = printed[1], printed[2] or "00", printed[3] or "00"
            parts = (year, year + month, year + month + day)
            found += [f"{FACT_MARK}{kind}{part}" for kind, part in zip(kinds, parts, strict=True)]
    found += _spelt("c", row["section"] or "")
    for author in _list(row["authors"]):
        found += [f"{FACT_MARK}a", *_spelt("a", author)]
    for kind, column in (("g", "flags"), ("t", "tags")):
        found += [_fact(kind, value) for value in sorted(_list(row[column]))]
    if row["gone_since"]:
        found.append(_GONE)
    return " ".join(found)


def _list(column: str | None) -> list[str]:
    return [] if column in (None, "[]") else list(map(str, json.loads(column or "[]")))


def _fact(kind: str, value: str) -> str:
    return f"{FACT_MARK}{kind}" + _NO_LETTER.sub(FACT_MARK, value.lower())


def _spelt(kind: str, value: str) -> list[str]:
    return [f"{FACT_MARK}{kind}{word}" for word in words(value)]


def in_index(c: sqlite3.Connection, name: str, values: Sequence[str]) -> str | None:
    """A filter as an FTS5 expression; None for one that the index knows nothing of.

    Of sections and authors it knows words: what is typed must begin one.
    """
    if name == "region":
        sql = "SELECT id FROM sites WHERE region IN (SELECT value FROM json_each(?))"
        values = [row[0] for row in c.execute(sql, (json.dumps([*values]),))]
    if name == "gone":
        terms = [_GONE]
    elif name in _DATES:
        terms = _days(c, name, values)
    elif name in _WORDS:
        terms = [_fact(_WORDS[name], value) for value in values]
    elif name in _SPELT:
        phrases = [_spelt(_SPELT[name], value) for value in values]
        return _either(f'"{" ".join(phrase)}" *' for phrase in phrases if phrase)
    else:
        return None
    return _either(f'"{term}"' for term in terms)


def _either(parts: Iterable[str]) -> str:
    """One of the facts; in the column where texts write nothing, so that none can claim one."""
    return f"({{stems}} : ({' OR '.join(parts) or _NOTHING}))"


_NOTHING = f'"{FACT_MARK}"'
"""A word that no article has."""


def month(published: str) -> str:
    """The FTS5 expression of articles of the month that a date is in."""
    found = _DATE.match(published)
    return _either([f'"{FACT_MARK}m{found[1]}{found[2] or "00"}"'] if found else [])


def published_in(year: str) -> str:
    """The FTS5 expression of articles of a year."""
    return _either([f'"{FACT_MARK}y{year}"'])


def _days(c: sqlite3.Connection, name: str, values: Sequence[str]) -> list[str]:
    """The days, months and years from a day on, or up to one, among those that the archive has."""
    column, kinds = _DATES[name]
    y, m, d = (kinds[part] for part in range(3))
    year, mon, day = map(int, (max(values) if "after" in name else min(values)).split("-"))
    first, last = _end(c, column, ""), _end(c, column, "DESC")
    if "after" in name:
        years, months, days = range(year + 1, last + 1), range(mon + 1, 13), range(day, 32)
        if day == 1:
            months, days = range(mon, 13), range(0)
        if (mon, day) == (1, 1):
            years, months = range(year, years.stop), range(0)
    else:
        # A date without day or month counts as the first: its parts are 00.
        years, months, days = range(first, year), range(mon), range(day + 1)
        if day == monthrange(year, mon)[1]:
            months, days = range(mon + 1), range(0)
        if (mon, day) == (12, 31):
            years, months = range(years.start, year + 1), range(0)
    return [
        *(
            f"{FACT_MARK}{y}{one}"
            for one in range(max(first, years.start), min(last + 1, years.stop))
        ),
        *(f"{FACT_MARK}{m}{year:04}{one:02}" for one in months),
        *(f"{FACT_MARK}{d}{year:04}{mon:02}{one:02}" for one in days),
    ]


def _end(c: sqlite3.Connection, column: str, way: str) -> int:
    """The first or the last year that a column may have."""
    if column == "first_seen":  # no index says which; the World Wide Web began then
        return date.today().year + 1 if way else 1990
    sql = f"SELECT published FROM main.articles WHERE published > '0' ORDER BY published {way} LIMIT 1"  # noqa: S608
    row = c.execute(sql).fetchone()
    found = _DATE.match(row[0]) if row else None
    return int(found[1]) if found else 2000
