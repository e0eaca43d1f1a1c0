"""searching: the search page: the query language and the answers of `newsbot search`, with facets and a histogram."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from archive.errors import ArchiveUsageError
from archive.plots import place, time_at
from archive.search import COUNTED, ORDERS, Hits, search
from archive.search.filters import EXCLUDED, FILTERS, Filters
from archive.search.syntax import Query, parse, without_filters
from newsbot.names import by_own_names, check_archived
from newsbot.web.room import MARKS, Asked, Page, page, query_string

ON_A_PAGE = 20
_MOST_PAGES = 500
_MOST_MONTHS = 180
"""Over a longer time the histogram has a bar for each year."""
_MOST_BARS = 200
_NAMES = [*FILTERS, *(EXCLUDED + name for name in FILTERS)]
_CHECKED = ("site", "region", "after", "before", "seen-after", "seen-before")
"""Filters whose values are checked; to tell which authors there are, all articles would be read."""
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def query_of(asked: Asked, named: Filters) -> tuple[str, Query]:
    """What the address asks for: words, and filters, those typed among the words and those of the page too.

    Raises `ArchiveUsageError` as `newsbot search` does.
    """
    text = asked.arg("q").strip()
    filters = {name: [v for v in asked.args.getlist(name) if v] for name in _NAMES}
    filters |= {name: [*values] for name, values in named.items()}
    query = parse(text, {name: values for name, values in filters.items() if values})
    by_own_names(query)
    known = {k: v for k, v in query.filters.items() if k.removeprefix(EXCLUDED) in _CHECKED}
    check_archived(asked.c, known)
    for name, values in query.filters.items():
        query.filters[name] = [*dict.fromkeys(values)]
    return without_filters(text), query


def find(asked: Asked, words: str, query: Query, offset: int, order: str) -> Hits:
    """A page of what `newsbot search` finds, with facets, which are kept for a minute."""
    known: list[Hits] = []

    def ask(*, facets: bool) -> Hits:
        return search(
            asked.c, words, asked=query, limit=ON_A_PAGE, offset=offset, order=order, facets=facets,
            marks=MARKS,
        )  # fmt: skip

    def facets() -> dict[str, dict[str, int]]:
        known.append(ask(facets=True))
        return known[0].facets

    counted = asked.room.kept(("facets", query_string({"q": words, **query.filters})), facets)
    hits = known[0] if known else ask(facets=False)
    hits.facets.update(counted)
    return hits


@page("/search")
def search_page(asked: Asked) -> Page:
    """Articles that match, and how many by newspaper, region, month, year and language."""
    return _results(asked, {})


@page("/(?P<kind>author|section|tag)/(?P<name>.+?)")
def named_page(asked: Asked) -> Page:
    """All of one author, section or tag: the search with that filter, under an address that is easily kept."""
    return _results(asked, {asked.vars["kind"]: [unquote(asked.vars["name"])]})


def _results(asked: Asked, named: Filters) -> Page:
    number = max(1, asked.number("page", 1, _MOST_PAGES))
    order = asked.arg("order") if asked.arg("order") in ORDERS else ORDERS[0]
    data: dict[str, Any] = {
        "q": asked.arg("q").strip(), "filters": named, "order": order, "page": number, "total": 0, "more": False,
        "results": [], "facets": {}, "suggestion": None, "notes": [], "error": None,
    }  # fmt: skip
    more: dict[str, Any] = {
        "pages": 0, "bars": [], "named": named, "base": {}, "chosen": [], "orders": ORDERS, "counted": COUNTED,
    }  # fmt: skip
    if not data["q"] and not named and not any(any(asked.args.getlist(name)) for name in _NAMES):
        return Page("search.html", data, more=more)
    try:
        words, query = query_of(asked, named)
        hits = find(asked, words, query, (number - 1) * ON_A_PAGE, order)
    except ArchiveUsageError as error:
        data["error"] = asked.gettext(error.args[0])
        return Page("search.html", data, status=400, more=more)
    filters = query.filters
    base = {"q": words, **filters, "order": order if order != ORDERS[0] else None}
    data |= {
        "filters": filters, "total": hits.total, "more": hits.more, "results": hits.rows, "facets": hits.facets,
        "suggestion": hits.suggestion, "notes": [*map(asked.gettext, hits.notes)],
    }  # fmt: skip
    more |= {
        "pages": -(-hits.total // ON_A_PAGE), "bars": bars(hits.facets["month"]), "base": base,
        "chosen": [
            (name, value, query_string(base, **{name: [v for v in values if v != value]}))
            for name, values in filters.items()
            for value in values
        ],
    }  # fmt: skip
    return Page("search.html", data, more=more)


def bars(months: Mapping[str, int]) -> list[tuple[str, int]]:
    """Each month, or each year where there are too many, from the first to the last, and its articles."""
    sound = {month: number for month, number in months.items() if _MONTH.fullmatch(month)}
    if not sound:
        return []
    size = 7 if place(max(sound)) - place(min(sound)) < _MOST_MONTHS else 4
    counted: Counter[str] = Counter()
    for month, number in sound.items():
        counted[month[:size]] += number
    times = range(place(min(counted)), place(max(counted)) + 1)[-_MOST_BARS:]
    return [(time_at(at, size), counted[time_at(at, size)]) for at in times]
