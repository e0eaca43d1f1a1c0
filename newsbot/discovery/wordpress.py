"""wordpress: addresses and answers of the WordPress REST API's list of posts (/wp/v2/posts).

Only what `ASKED` names is asked for, because full posts of a whole site are gigabytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from newsbot.discovery import Entry
from newsbot.discovery.jsonfeed import address, load, objects_of, served, text_of

ASKED = {
    "_fields": "id,link,status,date_gmt,modified_gmt,title,_links,_embedded",
    "_embed": "author,wp:term",
}
"""Parameters that have an answer say what we need, names of authors and terms included."""
_ROUTE = "/wp/v2/posts"
_FIRST_POST = re.compile(rb'\[\s*\{\s*"(?:id|date|link)')


@dataclass(frozen=True, slots=True)
class Posts:
    """What one answer lists."""

    entries: list[Entry]
    """Published posts in its order; moments are ISO 8601 with offset, None where WordPress gives none."""
    objects: int
    """How many it held, whatever they are."""


def parse_posts(body: bytes) -> Posts | None:
    """Posts of one answer; None for errors and whatever is no such list."""
    found = load(body)
    if found is None and (start := _FIRST_POST.search(body)):
        found = load(body[start.start() :])  # PHP prints its warnings before the JSON
    objects = objects_of(found)
    if objects is None:
        return None
    entries = [entry for item in objects if (entry := _entry(item))]
    # A list of something else, as of names, is no answer of ours; an empty page is the last one.
    is_ours = entries or not found or any("link" in item for item in objects)
    return Posts(entries, len(found)) if is_ours else None


def _entry(item: dict[str, Any]) -> Entry | None:
    url = address(item.get("link"))
    if not url or item.get("status", "publish") != "publish":
        return None
    return Entry(
        url, _moment(item.get("date_gmt")), _moment(item.get("modified_gmt")), served(item)
    )


def _moment(value: object) -> str | None:
    """`date_gmt` is UTC without saying so; drafts have the year 0."""
    try:
        moment = datetime.fromisoformat(text_of(value) or "")
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return None


def endpoint(root: str) -> str:
    """Address of the list of posts, below a site's address or a `https://api.w.org/` link.

    At sites with plain permalinks only `?rest_route=` works; their link says so
    (`/index.php?rest_route=/`).

    >>> endpoint("https://gazet.kz/wp-json/")
    'https://gazet.kz/wp-json/wp/v2/posts'
    """
    parts = urlsplit(root)
    path, query = parts.path, parse_qsl(parts.query)
    if "rest_route" in dict(query):
        others = [(key, value) for key, value in query if key != "rest_route"]
        # A slash in a query needs no encoding, and some firewalls refuse encoded ones.
        encoded = urlencode([("rest_route", _ROUTE), *others], safe="/")
        return urlunsplit((parts.scheme, parts.netloc, path or "/", encoded, ""))
    if _ROUTE not in path:
        folder = path.rstrip("/")
        path = folder + _ROUTE if "wp-json" in path else folder + "/wp-json" + _ROUTE
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))
