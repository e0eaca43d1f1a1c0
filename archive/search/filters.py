"""filters: what besides words chooses articles, as `name:value` in a query and as options of commands.

One table: search, export and stats know the same names, mean the same by them, and refuse the same values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from archive.errors import ArchiveUsageError, Message
from archive.typed_dates import typed_date


@dataclass(frozen=True, slots=True)
class Filter:
    """One way to choose articles.

    `sql` is a condition on the row `a` of `articles`; every `?` in it is the value. Several values of one
    filter are alternatives, but for dates, of which the narrowest counts.
    """

    sql: str
    example: str
    help: str
    kind: str = ""
    """`from` and `to`: a date; `number`; `choice`: one of `choices`; `spelt`: a pattern of GLOB, in any capitals;
    `begun`: the same, and an asterisk at its end says no more."""
    choices: tuple[str, ...] = ()
    past: str = ""
    """The condition on a row of `archive.histories.past`, where that is another one."""


SCRIPT = """CASE WHEN a.language LIKE '%-Latn%' THEN 'Latn' WHEN a.language LIKE '%-Arab%' THEN 'Arab'
 WHEN a.language LIKE '%-Cyrl%' OR a.language IN ('kk', 'ru', 'ky', 'tt', 'ba', 'mn', 'tg', 'uk', 'be', 'bg', 'sr')
 THEN 'Cyrl' WHEN a.language IN ('ar', 'fa', 'ug', 'ur') THEN 'Arab' WHEN a.language IS NOT NULL THEN 'Latn' END"""
_BEGINS = "GLOB '*[^0-9A-Za-zÀ-ӿء-ۿ]' || ? || '*'"
"""What is typed begins a word, as in the index."""
FILTERS: Mapping[str, Filter] = {
    "site": Filter("a.site = ?", "aqjolgazet", "Of this newspaper."),
    "region": Filter(
        "a.site IN (SELECT id FROM sites WHERE region = ?)",
        "jambyl",
        "Of newspapers of this region.",
    ),
    "language": Filter(
        "(a.language = ? OR a.language LIKE ? || '-%')",
        "kk",
        "In this language: kk (with kk-Latn and kk-Arab), kk-Latn, ru, …",
    ),
    "script": Filter(
        f"{SCRIPT} = ?", "Cyrl", "In this script: Cyrl, Latn or Arab.", "choice", ("Cyrl", "Latn", "Arab")
    ),
    "section": Filter(f"' ' || a.section {_BEGINS}", "Қоғам", "In this section, or a beginning of its words.", "spelt"),
    "author": Filter(
        f"EXISTS (SELECT 1 FROM json_each(a.authors) WHERE ' ' || value {_BEGINS})",  # noqa: S608 -- constants
        "Ерлан",
        "By this author, or one whose name has words that begin so.",
        "spelt",
    ),
    "tag": Filter(
        "a.id IN (SELECT x.article FROM article_tags x JOIN tags t ON t.id = x.tag WHERE t.name GLOB ?)",
        "мәдениет",
        "With this tag.",
        "spelt",
        past="EXISTS (SELECT 1 FROM json_each(a.tags) WHERE value GLOB ?)",
    ),
    "story": Filter("a.story = ?", "17", "Of this story.", "number"),
    "flag": Filter(
        "EXISTS (SELECT 1 FROM json_each(a.flags) WHERE value = ?)", "date_inferred", "With this flag."
    ),
    "note": Filter(
        f"a.id IN (SELECT id FROM article_notes WHERE ' ' || note {_BEGINS})",  # noqa: S608 -- constants
        "хат",
        "With a note that has words that begin so; * for any note.",
        "begun",
    ),
    "id": Filter("a.id = ?", "4711", "This article.", "number"),
    "url": Filter(
        "a.id IN (SELECT article FROM aliases WHERE url = ?)",
        "https://aqjolgazet.kz/1",
        "The article of this address.",
    ),
    "after": Filter(
        "a.published >= ?",
        "2023-05",
        "Published on or after this date (2023-05, 17.05.2023, '2 weeks ago').",
        "from",
    ),
    # «2023-05-31» includes the whole of the day: no ISO 8601 date has a letter behind «~».
    "before": Filter("a.published <= ? || '~'", "2023", "Published on or before this date.", "to"),
    "seen-after": Filter("a.first_seen >= ?", "2023-05", "First seen on or after this date.", "from"),
    "seen-before": Filter("a.first_seen <= ? || '~'", "2023", "First seen on or before this date.", "to"),
    "gone": Filter(
        "(a.gone_since IS NOT NULL) = (? = 'yes')", "yes", "Gone from the site, or not.", "choice", ("yes", "no")
    ),
}  # fmt: skip
"""Name → what it means."""
NO_FILTER = Message("{}: is no filter (there are {})")
SHORT = {"lang": "language"}
"""Other names that people type."""
EXCLUDED = "-"
"""Before a filter's name: articles of which it does not hold."""

Filters = Mapping[str, Sequence[str]]


def checked(filters: Filters) -> dict[str, list[str]]:
    """Filters by their own names, dates as ISO 8601; a minus before a name excludes.

    Raises `ArchiveUsageError`, in plain words, for a value that cannot be.
    """
    found: dict[str, list[str]] = {}
    for typed, values in filters.items():
        bare = typed.removeprefix(EXCLUDED)
        name = SHORT.get(bare, bare)
        if name not in FILTERS:
            raise ArchiveUsageError(Message(NO_FILTER, name, ", ".join(FILTERS)))
        known = [_checked(name, FILTERS[name], str(one)) for one in values]
        if typed != bare and name == "gone":
            known = [{"yes": "no", "no": "yes"}[value] for value in known]
        elif typed != bare:
            name = EXCLUDED + name
        found.setdefault(name, []).extend(known)
    return found


def _checked(name: str, one: Filter, value: str) -> str:
    if not value:
        raise ArchiveUsageError(Message("{0}: needs a value, as in {0}:{1}", name, one.example))
    if one.kind == "choice":
        meant = {choice.lower(): choice for choice in one.choices}
        if value.lower() not in meant:
            choices = ", ".join(f"{name}:{choice}" for choice in one.choices)
            raise ArchiveUsageError(Message("{}:{} is none of {}", name, value, choices))
        return meant[value.lower()]
    if one.kind == "number" and not (value.isascii() and value.isdigit() and len(value) < 19):
        raise ArchiveUsageError(
            Message("{0}:{1}: expected a number, as in {0}:{2}", name, value, one.example)
        )
    if one.kind in ("from", "to"):
        try:
            return typed_date(value, today=date.today(), end=one.kind == "to")
        except ValueError as error:
            raise ArchiveUsageError(Message("{}:{}: {}", name, value, error.args[0])) from None
    return value


def condition(name: str, values: Sequence[str], *, past: bool = False) -> tuple[str, list[Any]]:
    """The SQL of one filter with its arguments; with `past` on a row of `archive.histories.past`."""
    if name.startswith(EXCLUDED):
        sql, args = condition(name.removeprefix(EXCLUDED), values, past=past)
        return f"NOT coalesce({sql}, 0)", args
    one = FILTERS[name]
    if one.kind in ("from", "to"):
        values = [max(values) if one.kind == "from" else min(values)]
    if one.kind == "begun":
        values = [value.removesuffix("*") for value in values]
    if one.kind in ("spelt", "begun"):
        values = [in_any_capitals(value) for value in values]
    typed = [int(value) if one.kind == "number" else value for value in values]
    sql = (past and one.past) or one.sql
    args = [value for value in typed for _ in range(sql.count("?"))]
    return "(" + " OR ".join([sql] * len(values)) + ")", args


def in_any_capitals(text: str) -> str:
    """A pattern of GLOB for a text in small letters and capitals alike: SQLite's lower() knows ASCII only.

    >>> in_any_capitals("Қоғам?")
    '[Ққ][оО][ғҒ][аА][мМ][?]'
    """
    found = ""
    for letter in text:
        spelt = dict.fromkeys((letter, letter.lower(), letter.upper()))
        alike = [one for one in spelt if len(one) == 1]
        found += f"[{''.join(alike)}]" if len(alike) > 1 or letter in "*?[" else letter
    return found


_WORDS_OF_SQL = re.compile(
    r"--[^\n]*|/\*.*?(?:\*/|$)|'((?:[^']|'')*)'|\"((?:[^\"]|\"\")*)\"|`([^`]*)`|\[([^\]]*)\]|(\w+)|(\.)"
    r"|([$@#:](?:[\w$:]|[^\x00-\x7f])+\()|.",
    re.DOTALL,
)


def check_condition(where: str) -> None:
    """Refuse a condition of a user's that leads behind the views by which withheld articles are hidden.

    SQLite reads `$x(…)` as the name of a variable, whatever is in it, a quotation mark, too: it is refused as a whole.
    """
    said = [
        match[match.lastindex].lower() for match in _WORDS_OF_SQL.finditer(where) if match.lastindex
    ]
    for name, after in zip(said, [*said[1:], ""], strict=False):
        behind = name.startswith(("withheld", "articles_fts_")) or name in (
            "vocabulary",
            "lines_of_notes",
            "pragma_database_list",
        )
        if behind or name.endswith("(") or (name == "main" and after == "."):
            raise ArchiveUsageError(f"{where!r}: {name!r} is nothing that a condition may name")
