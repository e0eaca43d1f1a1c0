"""stats: how much a selection holds and how often words occur in it, by time, place and kind.

Counts are of the rows that an export of the same selection has. docs/stats.md defines each measure.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from archive import plots, query
from archive.errors import ArchiveUsageError
from archive.kazakh import texts
from archive.query import Selection

# A foreign archive may hold what is no day: it is undated here.
_DAY = """CASE WHEN a.published GLOB '[0-9][0-9][0-9][1-9]-[01][0-9]-[0-3][0-9]*' OR a.published
 GLOB '[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]*' THEN date(substr(a.published, 1, 10)) END"""
BY = {
    "day": _DAY,
    "month": f"substr({_DAY}, 1, 7)",
    "year": f"substr({_DAY}, 1, 4)",
    "site": "a.site",
    "region": "(SELECT region FROM sites WHERE id = a.site)",
    "language": "a.language",
    "section": "a.section",
}
"""What counts are told apart by → its SQL on a row `a` of articles."""
TIMES = ("day", "month", "year")
MOST_BY = 2
_MOST_TIMES = 40_000
"""Days, months or years in a row, a century of days: where articles lie farther apart, no zeros are between them."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is counted: a sum over rows, or with `of` its share of another one, `per` so many."""

    label: str
    """With its unit, as an axis is labelled."""
    sql: str = ""
    share: str = ""
    of: str = ""
    per: int = 1


_TEXT, _LIST, _NUMBER = "coalesce(a.{0}, '') <> ''", "a.{0} <> '[]'", "a.{0} IS NOT NULL"
_FILLED = {
    "title": _TEXT, "published": _TEXT, "authors": _LIST, "section": _TEXT,
    "tags": "EXISTS (SELECT 1 FROM article_tags x WHERE x.article = a.id)",
    "image": _TEXT, "captions": _LIST, "language": _TEXT, "modified": _TEXT, "views": _NUMBER, "comments": _NUMBER,
}  # fmt: skip
FIELDS = tuple(_FILLED)
"""Fields of which the share of articles that have them is a measure."""
MEASURES = {
    "articles": Measure("articles", "count(*)"),
    "words": Measure("words", "sum(number_of_words(a.text))"),
    "sites": Measure("newspapers"),
    "edits": Measure("edits", "sum(a.revision - 1)"),
    "gone": Measure("articles gone from the site", "sum(a.gone_since IS NOT NULL)"),
    "reprints": Measure(
        "reprints",
        "total(a.id <> (SELECT first_article FROM stories WHERE id = a.story))",
    ),
    **{f"has_{name}": Measure("", f"sum({sql.format(name)})") for name, sql in _FILLED.items()},
    **{
        name: Measure(f"share of articles with {name} (0 to 1)", share=f"has_{name}", of="articles")
        for name in FIELDS
    },
    "all_words": Measure("", "sum(indexed_words(d.sz))"),
    "occurrences": Measure("occurrences"),
    "share": Measure("share of articles (0 to 1)", share="articles", of="all_articles"),
    "per_million": Measure(
        "occurrences per million words", share="occurrences", of="all_words", per=1_000_000
    ),
}
"""Name → what is counted."""
COUNTED = ("articles", "words", "sites", "edits", "gone", "reprints", *FIELDS)
"""Measures of articles."""
USUAL = ("articles", "sites", "edits", "gone", "reprints")
"""Those that need no text."""
OF_WORDS = ("articles", "share", "occurrences", "per_million")
"""Measures of words: articles that have one, their share of all, how often it occurs, and of a million words."""

Key = tuple[str | None, ...]
Row = dict[str, Any]


@dataclass(slots=True)
class Table:
    """Counts of groups of articles."""

    by: tuple[str, ...]
    """What each part of a group's key is: names of `BY`, and `word`."""
    measures: tuple[str, ...]
    """What is shown."""
    sums: tuple[str, ...]
    """What is summed up, behind the set of sites, a bit each."""
    groups: dict[Key, list[int]] = field(default_factory=dict)

    def add(self, key: Key, counts: Sequence[int]) -> None:
        """Add counts to a group."""
        known = self.groups.setdefault(key, [0] * len(counts))
        known[0] |= counts[0]
        for place in range(1, len(counts)):
            known[place] += counts[place]

    def values(self, counts: Sequence[int]) -> Row:
        """The measures of a group; a share of nothing is None."""
        sums = dict(zip(("sites", *self.sums), counts, strict=True))
        sums["sites"] = counts[0].bit_count()
        return {name: _value(name, sums) for name in self.measures}

    def total(self) -> Row:
        """The measures of all articles together."""
        everything = self.merged(lambda _: ())
        return self.values(everything.groups.get((), [0] * (1 + len(self.sums))))

    def merged(self, key: Callable[[Key], Key]) -> Table:
        """The same counts in wider groups."""
        found = Table(self.by, self.measures, self.sums)
        for old, counts in self.groups.items():
            found.add(key(old), counts)
        return found

    def rows(self) -> Iterator[Row]:
        """A row for each group, in order; of times also those in between that have no articles, with zeros."""
        zeros = [0] * (1 + len(self.sums))
        for key in self._keys():
            yield {**dict(zip(self.by, key, strict=True)), **self.values(self.groups.get(key, zeros))}  # fmt: skip

    def _keys(self) -> Iterator[Key]:
        """The groups in order: words as they were asked for, all else by name, what has none last."""
        if not self.by or not self.groups:
            yield from self.groups
            return
        parts = [[*dict.fromkeys(part)] for part in zip(*self.groups, strict=True)]
        ordered = [
            part if name == "word" else sorted(part, key=_order)
            for name, part in zip(self.by, parts, strict=True)
        ]
        time = next((place for place, name in enumerate(self.by) if name in TIMES), None)
        dated = [part for part in ordered[time] if part] if time is not None else []
        if time is not None and dated:
            ordered[time] = [*(_span(str(dated[0]), str(dated[-1])) or dated), None]
        for key in product(*ordered):
            if key in self.groups or (time is not None and key[time]):
                yield key


def _order(part: str | None) -> tuple[bool, bool, str]:
    return part is None, part == plots.OTHERS, part or ""


def _span(first: str, last: str) -> list[str]:
    """All times from one to another; none where they are too many."""
    ends = range(plots.place(first), plots.place(last) + 1)
    return [] if len(ends) > _MOST_TIMES else [plots.time_at(place, len(first)) for place in ends]


def _value(name: str, sums: dict[str, int]) -> float | int | None:
    measure = MEASURES[name]
    if not measure.of:
        return sums[name]
    whole = sums[measure.of]
    return round(measure.per * sums[measure.share] / whole, 4) if whole else None


def checked_by(by: Sequence[str]) -> tuple[str, ...]:
    """What is told apart, each once. Raises `ArchiveUsageError` for more than can be shown."""
    found = tuple(dict.fromkeys(by))
    if len(found) > MOST_BY or len([name for name in found if name in TIMES]) > 1:
        raise ArchiveUsageError(
            f"by {', '.join(found)}: one or two of {', '.join(BY)}, and of {', '.join(TIMES)} one"
        )
    return found


def count(
    c: sqlite3.Connection,
    chosen: Selection,
    by: Sequence[str] = (),
    measures: Sequence[str] = USUAL,
) -> Table:
    """Counts of the selected articles, told apart `by` none, one or two of `BY`."""
    needed = dict.fromkeys(["articles"])
    for name in measures:
        needed |= dict.fromkeys(filter(None, (MEASURES[name].share, MEASURES[name].of)))
        needed |= {name: None} if MEASURES[name].sql else {}
    found = Table(checked_by(by), tuple(measures), tuple(needed))
    c.create_function("number_of_words", 1, lambda text: texts.counts(text)[0], deterministic=True)
    c.create_function("indexed_words", 1, _indexed_words, deterministic=True)
    aggregates = [_sql(name, chosen) for name in needed]
    groups = select(c, chosen, [*(BY[name] for name in found.by), "a.site", *aggregates], grouped=1 + len(found.by))  # fmt: skip
    number: dict[str, int] = {}
    for row in groups:
        key, site, counts = row[: len(found.by)], row[len(found.by)], row[len(found.by) + 1 :]
        bit = 1 << number.setdefault(site, len(number))
        found.add(tuple(key), [bit, *map(int, counts)])
    return found


def _sql(name: str, chosen: Selection) -> str:
    if name == "edits" and chosen.revisions:
        return "sum(a.revision > 1)"  # each state is a row
    if is_past(chosen) and name == "has_tags":
        return "sum(a.tags <> '[]')"
    if is_past(chosen) and name == "all_words":  # the index has the present states alone
        return "sum(number_of_words(coalesce(a.title, '') || ' ' || a.text))"
    return MEASURES[name].sql


def is_past(chosen: Selection) -> bool:
    """Whether other states than the newest of each article are meant."""
    return chosen.revisions or chosen.as_of is not None


def select(
    c: sqlite3.Connection, chosen: Selection, columns: Sequence[str], grouped: int = 0, more: str = "", **named: Any
) -> sqlite3.Cursor:  # fmt: skip
    """Columns of the rows `a` that an export of the selection has."""
    source = "articles"
    if is_past(chosen):
        source = f"({query.rows_of(c, chosen, every=chosen.revisions)})"
    if chosen not in (query.EVERYTHING, Selection(revisions=True)):
        more += " AND a.id IN (SELECT value FROM json_each(:ids))"
        named["ids"] = json.dumps(query.ids(c, chosen))
    joined = "LEFT JOIN articles_fts_docsize d ON d.id = a.id" if "d.sz" in " ".join(columns) else ""  # fmt: skip
    ends = f"GROUP BY {', '.join(str(n + 1) for n in range(grouped))}" if grouped else ""
    return c.execute(
        f"SELECT {', '.join(columns)} FROM {source} a {joined} WHERE 1 {more} {ends}",  # noqa: S608 -- own words
        named,
    )


def _indexed_words(sizes: bytes | None) -> int:
    """Words of title and text, out of what FTS5 notes of an article: variable-length integers of SQLite."""
    total = value = columns = 0
    for byte in sizes or b"":
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            total, value, columns = total + value, 0, columns + 1
            if columns == 2:
                break
    return total


# -- plots ------------------------------------------------------------------------------------------


def draw(table: Table, measure: str, path: Path, *, title: str, source: str) -> None:
    """Draw a measure: lines over time, else bars, or shades where two are told apart.

    Raises as `archive.plots.lines` does; undated articles are not drawn, and said to be.
    """
    label = MEASURES[measure].label
    by = [n for n, name in enumerate(table.by) if name in TIMES]
    one_word = table.by[:1] == ("word",) and len({key[0] for key in table.groups}) == 1
    others = [n for n in range(len(table.by)) if n not in by and not (one_word and n == 0)]
    table = Table(table.by, (measure,), table.sums, table.groups)
    if not by and not others:
        raise ArchiveUsageError(f"{path}: a plot needs something to tell apart: --by month, …")
    series: dict[str, dict[str, float | None]] = {}
    undated = 0
    if by or len(others) == 1:
        table = _fewer(table, others, plots.MOST_LINES if by else plots.MOST_ROWS)
    else:
        table = _fewer(table, others[:1], plots.MOST_ROWS)
        table = _fewer(table, others[1:], plots.MOST_COLUMNS)
    for row in table.rows():
        key = [row[name] for name in table.by]
        parts = [str(key[n] or "none") for n in others]
        name = plots.OTHERS if {*parts} == {plots.OTHERS} else ", ".join(parts) or label
        if by and key[by[0]] is None:
            undated += 1
        elif by:
            series.setdefault(name, {})[key[by[0]]] = row[measure]
        elif len(others) == 1:
            series.setdefault("", {})[name] = row[measure]
        else:
            series.setdefault(", ".join(parts[:-1]), {})[parts[-1]] = row[measure]
    if undated:
        source += "; articles without a date are not drawn"
    told = {"title": title, "source": source}
    names = [table.by[n] for n in others]
    if by:
        plots.lines(series, path, x=f"{table.by[by[0]]} of publication", y=label, **told)
    elif len(others) == 1:
        plots.bars(series.get("", {}), path, x=label, y=names[0], **told)
    else:
        plots.heat(series, path, x=names[-1], y=names[0], z=label, **told)


def _fewer(table: Table, parts: Sequence[int], most: int) -> Table:
    """With no more groups of these parts of a key: the least are counted together, so that shares stay shares."""
    sizes: dict[Key, int] = {}
    for key, counts in table.groups.items():
        name = tuple(key[n] for n in parts)
        sizes[name] = sizes.get(name, 0) + counts[-1 if "word" in table.by else 1]
    if len(sizes) <= most:
        return table
    kept = sorted(sizes, key=lambda name: (-sizes[name], [_order(part) for part in name]))
    largest = set(kept[: most - 1])

    def wider(key: Key) -> Key:
        if tuple(key[n] for n in parts) in largest:
            return key
        return tuple(plots.OTHERS if n in parts else part for n, part in enumerate(key))

    return table.merged(wider)
