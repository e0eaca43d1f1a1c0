"""servers: the dialects of web archives: what their indexes are asked, and what their answers list.

Three kinds: `wayback` (the Internet Archive's server: JSON tables, resume keys), `pywb` (JSON lines, in
pages or year by year) and `commoncrawl` (as pywb, but it gives out WARC records instead of replaying
them; see `originals`). Pure: no network, no clock.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote, urlencode, urljoin, urlsplit

Kind = Literal["wayback", "pywb", "commoncrawl"]
KINDS: tuple[Kind, ...] = ("wayback", "pywb", "commoncrawl")
RECORDS = "https://data.commoncrawl.org/"
"""Where Common Crawl keeps its WARC files."""
REDIRECTS = (301, 302, 303, 307, 308)
GONE = (404, 410)
_FIRST_YEAR = 1996
_LIMIT = 50_000
"""Captures that a `wayback` index is asked for at once: a few megabytes."""
_COLLECTION = re.compile(r"CC-(?:MAIN|NEWS|TEST)-(\d{4})-(\d\d)[^/]*-index$")
_STATUSES = r"filter=statuscode:(?:200|30[12378]|404|410|-)"
_MIMES = r"filter=mimetype:(?:text/html|application/xhtml.xml|warc/revisit|unk|-)"
_PAGE_TYPES = ("html", "warc/revisit", "unk", "-")


@dataclass(frozen=True, slots=True)
class Server:
    """A web archive: where its index answers, and where its captures are. URLs end as given."""

    kind: Kind
    index: str
    replay: str
    """Prefix before `TIMESTAMPid_/URL`; for Common Crawl the folder of its WARC files."""


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One capture as an index lists it."""

    url: str
    timestamp: str
    """`YYYYMMDDhhmmss`, UTC."""
    status: int | None = None
    """None for a revisit of which the index does not say it."""
    digest: str | None = None
    """SHA-1 of the payload in base 32."""
    length: int | None = None
    mime: str | None = None
    location: str | None = None
    """`FILE OFFSET` where records are given out."""

    @property
    def may_be_page(self) -> bool:
        """Whether it may be a page, a redirect to one, or say that a page is gone."""
        if self.status not in (None, 200, *REDIRECTS, *GONE):
            return False
        return not self.mime or any(kind in self.mime for kind in _PAGE_TYPES)


@dataclass(frozen=True, slots=True)
class IndexQuery:
    """One request to an index. `since` and `until` are prefixes of timestamps, or empty."""

    index: str
    host: str
    step: Literal["count", "page", "span", "key"]
    since: str = ""
    until: str = ""
    page: int = 0
    pages: int = 1
    key: str = ""


class NotAnIndex(Exception):
    """The answer is none that an index server gives."""


# -- where to ask -------------------------------------------------------------------------------


def index_addresses(url: str, kind: Kind | None = None) -> list[tuple[Kind | None, str]]:
    """Index addresses to try for what a user gave as the server, the likeliest first.

    None instead of a kind means that the answer tells. `…/collinfo.json` is Common Crawl's list of
    its indexes.
    """
    base = url if url.endswith("/") else f"{url}/"
    path = urlsplit(url).path
    by_kind: dict[Kind, list[str]] = {
        "wayback": [f"{urljoin(url, '/')}cdx/search/cdx"],
        # Behind a bare host «-cdx» would name another one.
        "pywb": [f"{base}cdx", *([f"{base.rstrip('/')}-cdx"] if path.strip("/") else [])],
        "commoncrawl": [f"{base}collinfo.json"],
    }
    if path.endswith(("cdx", "-index", "/index", "collinfo.json")):
        return [(kind, url)]
    if kind:
        return [(kind, address) for address in by_kind[kind]]
    order: list[Kind] = ["pywb", "commoncrawl"]
    if path in ("", "/", "/web", "/web/", "/wayback", "/wayback/"):
        order = ["wayback", "commoncrawl", "pywb"]
        if "commoncrawl" in (urlsplit(url).hostname or ""):
            order = ["commoncrawl"]
    return [(None, address) for name in order for address in by_kind[name]]


def probe_url(index: str, host: str) -> str:
    """The address of a request whose answer tells the kind of a server."""
    return index if index.endswith("collinfo.json") else _index_url(index, host, limit="1")


def recognise(index: str, status: int, body: bytes) -> Kind:
    """The kind of server that gave this answer. Raises `NotAnIndex`."""
    if index.endswith("collinfo.json"):
        if status == 200 and collections(body, index):
            return "commoncrawl"
        raise NotAnIndex(f"{index} is no list of indexes")
    if _COLLECTION.search(index) and status in (200, 404):
        return "commoncrawl"
    if status != 200:
        raise NotAnIndex(f"{index} answers HTTP {status}")
    if not body.strip():
        return "pywb"  # an index without captures of this host
    if isinstance(_json(body), list):
        return "wayback"
    rows = list(_objects(body))
    if rows:
        return "commoncrawl" if rows[0].get("filename", "").startswith("crawl-data/") else "pywb"
    raise NotAnIndex(f"{index} does not answer as an index of captures")


def collections(body: bytes, base: str) -> list[str]:
    """Addresses of the indexes that `collinfo.json` names, oldest first."""
    listed = _json(body)
    if not isinstance(listed, list):
        return []
    found = [
        urljoin(base, item["cdx-api"])
        for item in listed
        if isinstance(item, dict) and isinstance(item.get("cdx-api"), str)
    ]
    return sorted(dict.fromkeys(found))


def replay_prefix(kind: Kind, index: str) -> str:
    """Where captures are replayed, by the usual address beside the index."""
    if kind == "commoncrawl":
        own = urlsplit(index).hostname or ""
        return RECORDS if own.endswith("commoncrawl.org") else urljoin(index, "/")
    if kind == "wayback":
        return urljoin(index, "/web/")
    return re.sub(r"(?:/cdx|-cdx|/index|-index)$", "", index) + "/"


# -- listing ------------------------------------------------------------------------------------


def first_queries(
    kind: Kind, indexes: Iterable[str], hosts: Iterable[str], since: str, until: str
) -> list[IndexQuery]:
    """What to ask for the captures of some hosts. `since` and `until` are prefixes of timestamps."""
    step: Literal["key", "count"] = "key" if kind == "wayback" else "count"
    return [
        IndexQuery(index, host, step, since, until)
        for index in indexes
        if _overlaps(index, since, until)
        for host in hosts
    ]


def _overlaps(index: str, since: str, until: str) -> bool:
    """Whether a Common Crawl index may hold captures of a span of time, by the year in its name."""
    match = _COLLECTION.search(index)
    if not match:
        return True
    year = int(match[1])
    # A crawl around New Year counts to one of the two years.
    return (not since or year + 1 >= int(since[:4])) and (not until or year - 1 <= int(until[:4]))


def query_url(query: IndexQuery) -> str:
    """The address of a request to an index."""
    more: dict[str, str] = {}
    if query.since:
        more["from"] = query.since
    if query.until:
        more["to"] = query.until
    if query.step == "count":
        more |= {"showNumPages": "true", "limit": "1"}
    elif query.step == "page":
        more["page"] = str(query.page)
    elif query.step == "key":
        more["limit"] = str(_LIMIT)
    url = _index_url(query.index, query.host, **more)
    if query.step == "key":
        url += f"&showResumeKey=true&{quote(_STATUSES, safe='=')}&{quote(_MIMES, safe='=')}"
        if query.key:
            url += f"&resumeKey={quote(query.key, safe='')}"
    return url


def _index_url(index: str, host: str, **more: str) -> str:
    query = {"url": host, "matchType": "host", "output": "json", **more}
    return f"{index}{'&' if '?' in index else '?'}{urlencode(query)}"


def parse_answer(
    query: IndexQuery, status: int, body: bytes, this_year: int
) -> tuple[list[IndexRow], list[IndexQuery]]:
    """What an answer lists, and the requests that follow from it. Raises `NotAnIndex`."""
    if status == 404 and query.step != "key":
        return [], []  # «No Captures found»
    if status != 200:
        raise NotAnIndex(f"HTTP {status} from {query.index}")
    if query.step == "key":
        rows, key = _wayback_rows(body)
        return rows, [replace(query, key=key)] if key else []
    objects = list(_objects(body))
    if query.step == "count":
        if not objects:
            return [], []
        pages = objects[0].get("pages")
        if not isinstance(pages, int):  # an index without pages has given its first capture
            return [], list(_years(query, this_year))
        return [], [replace(query, step="page", pages=pages)] if pages else []
    rows = _rows(objects)
    if query.step == "page" and query.page + 1 < query.pages:
        return rows, [replace(query, page=query.page + 1)]
    return rows, []


def _years(query: IndexQuery, this_year: int) -> Iterator[IndexQuery]:
    """The same for each year, so that no answer is too large."""
    first = int(query.since[:4] or _FIRST_YEAR)
    last = int(query.until[:4] or this_year)
    for year in range(first, last + 1):
        since = query.since if year == first and query.since else str(year)
        until = query.until if year == last and query.until else str(year)
        yield replace(query, step="span", since=since, until=until)


def _wayback_rows(body: bytes) -> tuple[list[IndexRow], str]:
    """Rows below their header, and the key with which to go on, or none."""
    if not body.strip():
        return [], ""
    table = _json(body)
    if not isinstance(table, list) or not all(isinstance(row, list) for row in table):
        raise NotAnIndex("the index answers with something else than a table")
    key = ""
    if len(table) > 2 and table[-2] == [] and len(table[-1]) == 1:
        key = str(table[-1][0])
        table = table[:-2]
    if not table:
        return [], key
    names = [str(name) for name in table[0]]
    items = (dict(zip(names, map(str, row), strict=False)) for row in table[1:])
    return _rows(items), key


def _objects(body: bytes) -> Iterator[dict[str, Any]]:
    """The JSON object of every line; lines of CDXJ carry key and timestamp before it."""
    for raw in body.splitlines():
        head, brace, rest = raw.partition(b"{")
        item = _json(brace + rest)
        if isinstance(item, dict):
            words = head.decode("utf-8", "replace").split()
            if len(words) == 2:
                item.setdefault("timestamp", words[1])
            yield item


def rows_of(lines: bytes) -> list[IndexRow]:
    """The captures that lines of CDXJ list, or JSON objects one a line."""
    return _rows(_objects(lines))


def _rows(items: Iterable[dict[str, Any]]) -> list[IndexRow]:
    return [row for item in items if (row := _row(item))]


def _row(item: dict[str, Any]) -> IndexRow | None:
    url = item.get("url") or item.get("original")
    timestamp = item.get("timestamp")
    if not isinstance(url, str) or not isinstance(timestamp, str) or not is_timestamp(timestamp):
        return None
    location = None
    if "filename" in item and "offset" in item:
        location = f"{item['filename']} {item['offset']}"
    digest = str(item.get("digest") or "-")
    mime = item.get("mime") or item.get("mimetype")
    return IndexRow(
        url=url,
        timestamp=timestamp,
        status=_int(item.get("status") or item.get("statuscode")),
        digest=None if digest == "-" else digest.removeprefix("sha1:"),
        length=_int(item.get("length")),
        mime=str(mime) if mime else None,
        location=location,
    )


def _int(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


# -- timestamps ---------------------------------------------------------------------------------


def is_timestamp(text: str) -> bool:
    """Whether a text has 14 digits that name a moment."""
    try:
        return bool(re.fullmatch(r"\d{14}", text, re.ASCII)) and bool(moment_of(text))
    except ValueError:
        return False


def moment_of(timestamp: str) -> datetime:
    """`20261122080000` as a moment. ValueError where it is none."""
    return datetime.strptime(timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def timestamp_of(moment: datetime) -> str:
    """A moment as a timestamp."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")
