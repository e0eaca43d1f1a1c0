"""searching: the search page: the query language and the answers of `newsbot search`, with facets and a histogram."""

from __future__ import annotations

from typing import Any

from archive.errors import ArchiveUsageError
from archive.search import ORDERS, Hits, search
from archive.search.filters import FILTERS
from archive.search.syntax import parse
from newsbot.names import by_own_names, check_archived
from newsbot.web.room import MARKS, Asked, Page, page

ON_A_PAGE = 20
_MOST_PAGES = 500


def filters_of(asked: Asked) -> dict[str, list[str]]:
    """The filters that the address names, as the options of commands do."""
    found = {name: asked.args.getlist(name) for name in FILTERS if name in asked.args}
    return {name: values for name, values in found.items() if any(values)}


def find(asked: Asked, limit: int, offset: int, order: str, *, facets: bool) -> Hits:
    """What `newsbot search` finds. Raises `ArchiveUsageError` as it does."""
    text = asked.arg("q").strip()
    query = parse(text, filters_of(asked))
    by_own_names(query)
    check_archived(asked.c, query.filters)
    return search(
        asked.c, text, asked=query, limit=limit, offset=offset, order=order, facets=facets, marks=MARKS,
    )  # fmt: skip


@page("/search")
def search_page(asked: Asked) -> Page:
    """Articles that match, and how many by site, region, year and language."""
    number = max(1, asked.number("page", 1, _MOST_PAGES))
    order = asked.arg("order") if asked.arg("order") in ORDERS else ORDERS[0]
    q, filters = asked.arg("q").strip(), filters_of(asked)
    data: dict[str, Any] = {"q": q, "filters": filters, "order": order, "page": number}
    data |= {"total": 0, "more": False, "results": [], "facets": {}}
    data |= {"suggestion": None, "notes": [], "error": None}
    if not q and not filters:
        return Page("search.html", data)
    try:
        hits = find(asked, ON_A_PAGE, (number - 1) * ON_A_PAGE, order, facets=True)
    except ArchiveUsageError as error:
        return Page("search.html", {**data, "error": str(error)}, status=400)
    data |= {"total": hits.total, "more": hits.more, "results": hits.rows, "facets": hits.facets}
    data |= {"suggestion": hits.suggestion, "notes": hits.notes}
    return Page("search.html", data, more={"pages": -(-hits.total // ON_A_PAGE)})
