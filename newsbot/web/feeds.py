"""feeds: what programs ask the room for: Atom of any search, OpenSearch, the sitemap and robots.txt."""

from __future__ import annotations

import json
import re
from typing import Any

from datasette.utils.asgi import Response

from archive.errors import ArchiveUsageError
from archive.search import search
from archive.search.filters import Filters
from archive.times import now, utc
from newsbot.web.room import QUERIES, Asked, Page, Refused, page, query_string, render
from newsbot.web.searching import query_of

IN_A_FEED = 50
IN_A_SITEMAP = 10_000
"""Articles of one part of the sitemap."""
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _xml(asked: Asked, template: str, kind: str, data: dict[str, Any]) -> Response:
    text = render(asked, Page(template, {"origin": asked.origin, **data}))
    return Response(_NOT_IN_XML.sub("", text), content_type=f"{kind}; charset=utf-8")


def _feed(asked: Asked, named: Filters) -> Response:
    try:
        words, query = query_of(asked, named)
        hits = search(asked.c, words, asked=query, limit=IN_A_FEED, order="newest", marks=("", ""))
    except ArchiveUsageError as error:
        raise Refused(400, error.args[0]) from None
    ids = json.dumps([row["id"] for row in hits.rows])
    seen = dict(asked.c.execute(QUERIES["last_seen"], (ids,)))
    rows = [{**row, "updated": seen.get(row["id"]) or utc(now())} for row in hits.rows]
    papers = [asked.newspapers.get(site, site) for site in query.filters.get("site", [])]
    data = {
        "rows": rows, "title": " · ".join([*papers, words] if words else papers or ["newsbot"]),
        "page": f"{asked.origin}/search?{query_string({'q': words, **query.filters})}",
        "updated": max((row["updated"] for row in rows), default=utc(now())),
    }  # fmt: skip
    return _xml(asked, "feed.xml", "application/atom+xml", data)


@page(r"/search\.atom")
def search_feed(asked: Asked) -> Response:
    """The newest articles of a search (Atom, RFC 4287)."""
    return _feed(asked, {})


@page(r"/newspaper/(?P<site>[^/]+)\.atom")
def newspaper_feed(asked: Asked) -> Response:
    """The newest articles of a newspaper."""
    return _feed(asked, {"site": [asked.vars["site"]]})


@page(r"/opensearch\.xml")
def opensearch(asked: Asked) -> Response:
    """How a browser asks this archive from its address bar (OpenSearch 1.1)."""
    return _xml(asked, "opensearch.xml", "application/opensearchdescription+xml", {})


@page(r"/sitemap\.xml")
def sitemap(asked: Asked) -> Response:
    """The parts of the sitemap (sitemaps.org 0.9)."""
    (last,) = asked.c.execute("SELECT coalesce(max(article), 0) FROM revisions").fetchone()
    parts = [f"{asked.origin}/sitemap-{n}.xml" for n in range(last // IN_A_SITEMAP + 1)]
    return _xml(asked, "sitemap.xml", "application/xml", {"parts": parts, "rows": []})


@page(r"/sitemap-(?P<part>\d{1,6})\.xml")
def sitemap_part(asked: Asked) -> Response:
    """The addresses of so many articles, by their ids, and when they changed last."""
    first = int(asked.vars["part"]) * IN_A_SITEMAP
    rows = asked.c.execute(
        "SELECT article, max(seen_at) FROM revisions WHERE article BETWEEN ? AND ? GROUP BY article",
        (first, first + IN_A_SITEMAP - 1),
    )
    return _xml(asked, "sitemap.xml", "application/xml", {"parts": [], "rows": rows.fetchall()})


@page(r"/robots\.txt")
def robots(asked: Asked) -> Response:
    """Keeps search engines out, unless the room is meant to be found; then out of what has no end."""
    endless = ("/search", "/news", "/language/", "/author/", "/tag/", "/section/", "/memento/", "/timegate/", "/timemap/")  # fmt: skip
    closed = endless if asked.room.indexed else ("/",)
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed)]
    lines += [f"Sitemap: {asked.origin}/sitemap.xml"] if asked.room.indexed else []
    return Response.text("\n".join([*lines, ""]))
