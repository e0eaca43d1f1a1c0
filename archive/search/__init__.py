"""search: one query finds a word in every form, script and spelling.

The query language is in `syntax`; docs/search.md tells it to users, with the plain SQL that any
SQLite can run on the same index.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from archive.kazakh.stems import Analysis
from archive.search.check import check
from archive.search.expand import Terms, expression, in_titles
from archive.search.filters import Filters
from archive.search.ranking import lacking, most_words, ranked
from archive.search.selection import Selected, dated, months_of, number, select, these
from archive.search.snippets import passages
from archive.search.suggestions import suggest
from archive.search.syntax import Query, parse
from archive.search.vocabulary import is_stem, readings_of

__all__ = ["FACETS", "ORDERS", "Hits", "check", "explain", "search"]

ORDERS = ("best", "newest", "oldest")
FACETS = ("site", "region", "year", "language")
COUNTED = 10_000
"""Results are counted up to here; beyond, `Hits.total` is this and `Hits.more` is true."""
_FACETED = 100_000
SENTENCE = 4
"""Words of a query that is a sentence: where fewer than `FULL` articles have all its words, others follow."""
FULL = 10
_NONE_HAS_ALL = "no article has all words; these have most, the first of them all but"


@dataclass(frozen=True, slots=True)
class Hits:
    """A page of results, and what else there is to say about the query."""

    total: int
    """Articles that match; where `more` is true there are more."""
    rows: list[dict[str, Any]]
    more: bool = False
    facets: dict[str, dict[str, int]] = field(default_factory=dict)
    """`site`, `region`, `year`, `language` → value → articles, most first."""
    suggestion: str | None = None
    """The query with misspelt words mended, where no article has all of them."""
    notes: list[str] = field(default_factory=list)
    """What in the query could not be taken as it was typed."""


def search(
    c: sqlite3.Connection,
    text: str,
    *,
    filters: Filters | None = None,
    limit: int = 10,
    offset: int = 0,
    order: str = "best",
    facets: bool = False,
    marks: tuple[str, str] = ("[", "]"),
    asked: Query | None = None,
) -> Hits:
    """Articles that match, best first, or by date (`order`: `best`, `newest`, `oldest`).

    Each row: id, site, published, title, url, language, gone_since, snippet, score (higher is
    better; None in date order), missing (words that it lacks: where no article has all words of three
    or more, those with most of them are found, and a note says so). `filters` are added to those of the
    query; `asked` is what was read of both already. `marks` enclose the found words of the snippet. Raises `ArchiveUsageError`, in plain words, for
    a query that says nothing to search for.
    """
    query = asked or parse(text, filters)
    terms = Terms()
    match = expression(c, query.tree, terms) if query.tree else None
    selected = select(c, query, match)
    total = number(c, selected, COUNTED + 1)
    titles = in_titles(terms) if query.tree else None
    with_most: list[int] = []
    is_answered = total > 0
    if total < (FULL if query.size >= SENTENCE else 1) and (with_most := most_words(c, query)):
        if not is_answered:
            (lacked,) = lacking(c, query, with_most[:1]).values()
            query.notes.append(f"{_NONE_HAS_ALL}: {', '.join(lacked)}")
        selected, match, total = these(with_most), None, len(with_most)
    if not total:
        page: list[tuple[int, float | None]] = []
    elif with_most and order == "best":
        page = [(article, None) for article in with_most[offset : offset + limit]]
    elif order == "best" and query.tree:
        page = ranked(c, query, selected, terms, titles, limit, offset)
    else:
        # Month by month, where there are many to be sorted.
        by_month = total > COUNTED and (match or not query.tree)
        months = months_of(c, query, match, order == "oldest") if by_month else [selected]
        page = [(n, None) for n in dated(c, months, order == "oldest", limit, offset)]
    return Hits(
        total=min(total, COUNTED),
        rows=_rows(c, page, terms, marks, query if with_most else None),
        more=total > COUNTED,
        facets=_facets(c, selected) if facets else {},
        suggestion=None if is_answered else suggest(c, text, query.tree),
        notes=query.notes + terms.notes,
    )


def explain(c: sqlite3.Connection | None, word: str) -> list[Analysis]:
    """How search reads a word, with the words of an archive as evidence where there is one."""
    return readings_of(word, lambda stem: c is not None and is_stem(c, stem))


def _rows(
    c: sqlite3.Connection,
    page: list[tuple[int, float | None]],
    terms: Terms,
    marks: tuple[str, str],
    incomplete: Query | None,
) -> list[dict[str, Any]]:
    cursor = c.execute(
        "SELECT id, site, published, title, url, language, gone_since, text FROM articles "
        "WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps([article for article, _ in page]),),
    )
    names = [column[0] for column in cursor.description]
    found = {row[0]: dict(zip(names, row, strict=True)) for row in cursor}
    rows = [found[article] for article, _ in page]
    texts = passages(c, [(row["title"] or "", row.pop("text")) for row in rows], terms, marks)
    missing = lacking(c, incomplete, [article for article, _ in page]) if incomplete else {}
    for row, snippet, (_, score) in zip(rows, texts, page, strict=True):
        row |= {"snippet": snippet, "score": score, "missing": missing.get(row["id"], [])}
    return rows


def _facets(c: sqlite3.Connection, selected: Selected) -> dict[str, dict[str, int]]:
    """How many of the matches each site, region, year and language has."""
    matches = f"SELECT {selected.id} {selected.source} ORDER BY {selected.id} DESC LIMIT {_FACETED}"
    rows = c.execute(
        "SELECT b.site, s.region, substr(b.published, 1, 4), b.language, count(*) "  # noqa: S608
        f"FROM articles b LEFT JOIN sites s ON s.id = b.site WHERE b.id IN ({matches}) GROUP BY 1, 2, 3, 4",
        selected.args,
    )
    counted: dict[str, dict[str, int]] = {name: {} for name in FACETS}
    for *values, articles in rows:
        for name, value in zip(FACETS, values, strict=True):
            if value is not None:
                counted[name][value] = counted[name].get(value, 0) + articles
    return {
        name: dict(sorted(values.items(), key=lambda item: (-item[1], item[0])))
        for name, values in counted.items()
    }
