"""search: one query finds a word in every form, script and spelling.

The query language is `language`; docs/search.md tells it to users, with the plain SQL that any
SQLite can run on the same index.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from itertools import islice
from math import log
from typing import Any

from archive._search.expand import Terms, expression, in_titles, suggest
from archive._search.index import Index, check, rebuild
from archive._search.language import Query, parse
from archive._search.snippets import mark

__all__ = ["FACETS", "ORDERS", "Hits", "Index", "check", "rebuild", "search"]

ORDERS = ("best", "newest", "oldest")
FACETS = ("site", "region", "year", "language")
COUNTED = 10_000
"""Results are counted up to here; beyond, `Hits.total` is this and `Hits.more` is true."""
_RANKED = 300
"""Newest matches that are ranked; another as many that have all words in the title are, too."""
_FACETED = 100_000
_READ = 20_000
"""Characters of an article that ranking looks at."""
_TITLE = 2.0
_TOGETHER = 0.5
_FRESH = 0.6
_HALF_LIFE = 3.0
"""Years after which an article's freshness counts half."""
_SATURATION = 1.5


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
    """The query with misspelt words mended, where nothing was found."""
    notes: list[str] = field(default_factory=list)
    """What in the query could not be taken as it was typed."""


@dataclass(frozen=True, slots=True)
class _Selection:
    """The SQL of what a query selects, without SELECT."""

    source: str
    args: tuple[Any, ...]
    id: str


def search(
    c: sqlite3.Connection,
    text: str,
    *,
    site: str | None = None,
    limit: int = 20,
    offset: int = 0,
    order: str = "best",
    facets: bool = False,
    marks: tuple[str, str] = ("[", "]"),
) -> Hits:
    """Articles that match, best first, or by date (`order`: `best`, `newest`, `oldest`).

    Each row: id, site, published, title, url, language, gone_since, snippet, score (higher is
    better; None in date order). `marks` enclose the found words of the snippet. Raises
    `ArchiveUsageError`, in plain words, for a query that says nothing to search for.
    """
    query = parse(text)
    if site:
        query.filters["site"] = [site]
    terms = Terms()
    selected = _select(query, expression(c, query.tree, terms) if query.tree else None)
    total = _number(c, selected, COUNTED + 1)
    titles = in_titles(terms) if query.tree else None
    if not total:
        page: list[tuple[int, float | None]] = []
    elif order == "best" and query.tree:
        page = _ranked(c, query, selected, terms, titles, limit, offset)
    else:
        page = _dated(c, selected, total, order == "oldest", limit, offset)
    return Hits(
        total=min(total, COUNTED),
        rows=[_row(c, article, score, terms, marks) for article, score in page],
        more=total > COUNTED,
        facets=_facets(c, selected) if facets else {},
        suggestion=suggest(c, text, _unknown(c, terms)) if not total else None,
        notes=query.notes,
    )


def _select(query: Query, match: str | None) -> _Selection:
    """Join only the tables that the filters need: the index alone is many times faster."""
    clauses: list[str] = []
    args: list[Any] = []
    if match is not None:
        clauses.append("articles_fts MATCH ?")
        args.append(match)
    for name, values in query.filters.items():
        clause, value_args = _filter(name, values)
        clauses.append(clause)
        args += value_args
    where = " AND ".join(clauses) or "1"
    if match is None:
        return _Selection(f"FROM articles a WHERE {where}", tuple(args), "a.id")
    join = " JOIN articles a ON a.id = articles_fts.rowid" if query.filters else ""
    return _Selection(f"FROM articles_fts{join} WHERE {where}", tuple(args), "articles_fts.rowid")


def _filter(name: str, values: list[str]) -> tuple[str, list[Any]]:
    """One filter; several values of one name are alternatives."""
    if name in ("after", "before"):
        # The narrowest of several; «2023» includes the whole of 2023.
        value = max(values) if name == "after" else min(values)
        compare = ">=" if name == "after" else "<="
        return f"substr(a.published, 1, {len(value)}) {compare} ?", [value]
    if name == "gone":
        gone = values[-1].lower() == "yes"
        return f"a.gone_since IS {'NOT ' if gone else ''}NULL", []
    either = {
        "site": "a.site = ?",
        "region": "a.site IN (SELECT id FROM sites WHERE region = ?)",
        "section": "instr(lower(a.section), lower(?))",
        "author": "instr(a.authors, ?)",
        "lang": "(a.language = ?1 OR a.language LIKE ?1 || '-%')",
    }[name]
    if name == "lang":
        either = "(a.language = ? OR a.language LIKE ? || '-%')"
        return "(" + " OR ".join([either] * len(values)) + ")", [v for v in values for _ in "ab"]
    if name in ("author", "section"):
        # SQLite's lower() knows ASCII only: try the spellings that people type.
        column = "a.authors" if name == "author" else "a.section"
        spelt = [
            s for v in values for s in dict.fromkeys((v, v.lower(), v.capitalize(), v.title()))
        ]
        return "(" + " OR ".join([f"instr({column}, ?)"] * len(spelt)) + ")", spelt
    return "(" + " OR ".join([either] * len(values)) + ")", list(values)


# `source` is put together from this module's own words; what a user typed goes in as parameters.
def _number(c: sqlite3.Connection, selected: _Selection, most: int) -> int:
    sql = f"SELECT count(*) FROM (SELECT 1 {selected.source} LIMIT {most})"  # noqa: S608
    return int(c.execute(sql, selected.args).fetchone()[0])


def _newest(c: sqlite3.Connection, selected: _Selection, most: int, offset: int = 0) -> list[int]:
    """Ids of matches, the last stored first: FTS5 reads its lists backwards as fast as forwards."""
    sql = f"SELECT {selected.id} {selected.source} ORDER BY {selected.id} DESC LIMIT ? OFFSET ?"
    return [row[0] for row in c.execute(sql, (*selected.args, most, offset))]


def _ranked(
    c: sqlite3.Connection,
    query: Query,
    selected: _Selection,
    terms: Terms,
    titles: str | None,
    limit: int,
    offset: int,
) -> list[tuple[int, float | None]]:
    """A page of the ranking. Beyond the candidates, matches follow the last stored first."""
    newest = _newest(c, selected, _RANKED)
    candidates = dict.fromkeys(newest)
    if len(newest) == _RANKED and titles:
        candidates |= dict.fromkeys(_newest(c, _select(query, titles), _RANKED))
    scores = _scores(c, list(candidates), terms)
    ordered: list[tuple[int, float | None]] = sorted(
        ((article, score) for article, score in scores.items()), key=lambda hit: (-hit[1], -hit[0])
    )
    page = ordered[offset : offset + limit]
    if len(newest) == _RANKED and len(page) < limit:
        skipped = max(0, offset - len(ordered))
        rest = _newest(c, selected, skipped + limit + len(ordered), _RANKED)
        later = (article for article in rest if article not in candidates)
        page += [(article, None) for article in islice(later, skipped, skipped + limit - len(page))]
    return page


def _scores(c: sqlite3.Connection, articles: list[int], terms: Terms) -> dict[int, float]:
    """How well each article answers: words in the title, how often in the text, how fresh.

    A word's part of the text counts as in BM25 (it saturates, and long texts count less), with the
    candidates as the collection; counts are of a stem's beginning, which is quick and near enough.
    """
    # The last letter may be voiced before a vowel (мектеп, мектебі).
    probes = [
        tuple(dict.fromkeys([word, *(s[:-1] if len(s) > 3 else s for s in stems)]))
        for word, stems in terms.words.items()
    ]
    probes += [(prefix,) for prefix in terms.prefixes] + [(" ".join(p),) for p in terms.phrases]
    together = " ".join(terms.words) if len(terms.words) > 1 else None
    counts: dict[int, tuple[list[int], list[bool], bool, int, float]] = {}
    for article, title, text, year in c.execute(
        "SELECT id, title, substr(text, 1, ?), substr(published, 1, 4) + "
        "coalesce(substr(published, 6, 2), 0) / 12.0 FROM articles "
        f"WHERE id IN ({','.join(map(str, articles))})",
        (_READ,),
    ):
        heading, body = (title or "").lower(), text.lower()
        told = [max(body.count(probe) for probe in group) for group in probes]
        named = [any(probe in heading for probe in group) for group in probes]
        near = bool(together and (together in heading or together in body))
        counts[article] = (told, named, near, len(body) + 1, year or 0.0)
    if not counts:
        return {}
    mean = sum(size for *_, size, _ in counts.values()) / len(counts)
    latest = max(year for *_, year in counts.values())
    holding = [1 + sum(told[i] > 0 for told, *_ in counts.values()) for i in range(len(probes))]
    weights = [log(1 + (len(counts) + 1) / number) for number in holding]
    scores = {}
    for article, (told, named, near, size, year) in counts.items():
        saturation = _SATURATION * (0.25 + 0.75 * size / mean)
        score = sum(
            weight * ((_TITLE if is_named else 0) + 2 * number / (number + saturation))
            for weight, number, is_named in zip(weights, told, named, strict=True)
        )
        score += _TOGETHER * near + _FRESH * 0.5 ** ((latest - year) / _HALF_LIFE)
        scores[article] = round(score, 4)
    return scores


def _dated(
    c: sqlite3.Connection,
    selected: _Selection,
    total: int,
    oldest: bool,
    limit: int,
    offset: int,
) -> list[tuple[int, float | None]]:
    """A page by date; articles without one come last."""
    way = "" if oldest else "DESC"
    by = f"ORDER BY b.published IS NULL, b.published {way}, b.id {way} LIMIT ? OFFSET ?"
    matches = f"SELECT {selected.id} {selected.source}"
    if total <= COUNTED or "MATCH" not in selected.source:
        sql = f"SELECT b.id FROM articles b WHERE b.id IN ({matches}) {by}"  # noqa: S608
        rows = c.execute(sql, (*selected.args, limit, offset))
    else:
        # Many articles match: walking by date and asking each is quicker than sorting them all.
        sql = (
            "SELECT b.id FROM articles b INDEXED BY articles_published "  # noqa: S608
            f"WHERE EXISTS ({matches} AND articles_fts.rowid = b.id) AND b.published IS NOT NULL "
            f"ORDER BY b.published {way} LIMIT ? OFFSET ?"
        )
        rows = c.execute(sql, (*selected.args, limit, offset))
    return [(row[0], None) for row in rows]


def _row(
    c: sqlite3.Connection,
    article: int,
    score: float | None,
    terms: Terms,
    marks: tuple[str, str],
) -> dict[str, Any]:
    cursor = c.execute(
        "SELECT id, site, published, title, url, language, gone_since, text FROM articles WHERE id = ?",
        (article,),
    )
    row = dict(zip([d[0] for d in cursor.description], cursor.fetchone(), strict=True))
    _, row["snippet"] = mark(c, row["title"], row.pop("text"), terms, marks)
    row["score"] = score
    return row


def _unknown(c: sqlite3.Connection, terms: Terms) -> list[str]:
    """Words of the query that no article has in any form."""
    unknown = []
    for word, stems in terms.words.items():
        found = expression_of(word, stems)
        if not c.execute(
            "SELECT 1 FROM articles_fts WHERE articles_fts MATCH ? LIMIT 1", (found,)
        ).fetchone():
            unknown.append(word)
    return unknown


def expression_of(word: str, stems: tuple[str, ...]) -> str:
    """FTS5 expression of one word with its stems."""
    return " OR ".join(f'"{form}"' for form in dict.fromkeys((word, *stems)))


def _facets(c: sqlite3.Connection, selected: _Selection) -> dict[str, dict[str, int]]:
    """How many of the matches each site, region, year and language has."""
    matches = f"SELECT {selected.id} {selected.source} ORDER BY {selected.id} DESC LIMIT {_FACETED}"
    rows = c.execute(
        "SELECT b.site, s.region, substr(b.published, 1, 4), b.language, count(*) "  # noqa: S608
        f"FROM articles b LEFT JOIN sites s ON s.id = b.site WHERE b.id IN ({matches}) GROUP BY 1, 2, 3, 4",
        selected.args,
    )
    counted: dict[str, dict[str, int]] = {name: {} for name in FACETS}
    for *values, number in rows:
        for name, value in zip(FACETS, values, strict=True):
            if value is not None:
                counted[name][value] = counted[name].get(value, 0) + number
    return {
        name: dict(sorted(values.items(), key=lambda item: (-item[1], item[0])))
        for name, values in counted.items()
    }
