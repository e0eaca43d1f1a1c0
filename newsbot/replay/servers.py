"""servers: the dialects of web archives: what to ask for, and what their answers say.

Three kinds: `wayback` (the Internet Archive's server: JSON lists, resume keys), `pywb` (JSON lines;
pages, or one answer cut into spans of time) and `commoncrawl` (as pywb, but it gives out WARC records
instead of replaying them; see `replaying`). Pure: no network, no clock.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote, urlencode, urljoin, urlsplit

Kind = Literal["wayback", "pywb", "commoncrawl"]
KINDS: tuple[Kind, ...] = ("wayback", "pywb", "commoncrawl")
RECORDS = "https://data.commoncrawl.org/"
"""Where Common Crawl keeps its WARC files."""
LIMIT = 50_000
"""Captures asked for at once: a few megabytes of index."""
SHORTEST = timedelta(days=1)
"""Spans of time are not halved below this."""
_FIRST = datetime(1996, 1, 1, tzinfo=UTC)
_COLLECTION = re.compile(r"CC-(?:MAIN|NEWS|TEST)-(\d{4})-(\d\d)[^/]*-index$")
_STATUSES = r"filter=statuscode:(?:200|30[12378]|404|410|-)"
_MIMES = r"filter=mimetype:(?:text/html|application/xhtml.xml|warc/revisit|unk|-)"


@dataclass(frozen=True, slots=True)
class Server:
    """A web archive: where its index answers, and where its captures are had. URLs end as given."""

    kind: Kind
    index: str
    replay: str
    """Prefix before `TIMESTAMPid_/URL`; for Common Crawl the folder of its WARC files."""


@dataclass(frozen=True, slots=True)
class Listed:
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


@dataclass(frozen=True, slots=True)
class Question:
    """One request to an index that is still to be made. `since` and `until` are timestamps or empty."""

    index: str
    host: str
    step: Literal["count", "page", "span", "key"]
    since: str = ""
    until: str = ""
    page: int = 0
    pages: int = 1
    key: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For the cursor of an import."""
        return asdict(self)


class NotAnIndex(Exception):
    """The answer is none that an index server gives."""


# -- where to ask -------------------------------------------------------------------------------


def guesses(url: str, kind: Kind | None = None) -> list[tuple[Kind | None, str]]:
    """Index addresses to try for what a user gave as the server, the likeliest first.

    None instead of a kind means that the answer tells. `…/collinfo.json` is Common Crawl's list of
    its indexes.
    """
    base = url if url.endswith("/") else f"{url}/"
    path = urlsplit(url).path
    site = urljoin(url, "/")
    by_kind: dict[Kind, list[str]] = {
        "wayback": [f"{site}cdx/search/cdx"],
        "pywb": [f"{base}cdx", f"{base.rstrip('/')}-cdx"],
        "commoncrawl": [f"{base}collinfo.json"],
    }
    if path.endswith(("cdx", "-index", "/index", "collinfo.json")):
        return [(kind, url)]
    if kind:
        return [(kind, guess) for guess in by_kind[kind]]
    at_the_top = path in ("", "/", "/web", "/web/", "/wayback", "/wayback/")
    order: list[Kind] = ["pywb", "commoncrawl"]
    if at_the_top:
        order = ["wayback", "commoncrawl", "pywb"]
        if "commoncrawl" in (urlsplit(url).hostname or ""):
            order = ["commoncrawl"]
    return [(None, guess) for name in order for guess in by_kind[name]]


def probe(index: str, host: str) -> str:
    """The address of a question whose answer tells the kind of a server."""
    if index.endswith("collinfo.json"):
        return index
    return _ask(index, host, limit="1")


def recognise(index: str, status: int, body: bytes) -> Kind:
    """The kind of server that gave this answer. Raises `NotAnIndex`."""
    text = body.strip()
    if index.endswith("collinfo.json"):
        if status == 200 and collections(body, index):
            return "commoncrawl"
        raise NotAnIndex(f"{index} is no list of indexes")
    if _COLLECTION.search(index) and status in (200, 404):
        return "commoncrawl"
    if status != 200:
        raise NotAnIndex(f"{index} answers HTTP {status}")
    if not text:
        return "pywb"  # an index without captures of this host
    if text.startswith(b"[") and isinstance(_json(text), list):
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


def replay_of(kind: Kind, index: str) -> str:
    """Where captures are replayed, by the usual address beside the index."""
    if kind == "commoncrawl":
        own = urlsplit(index).hostname or ""
        return RECORDS if own.endswith("commoncrawl.org") else urljoin(index, "/")
    if kind == "wayback":
        return urljoin(index, "/web/")
    return re.sub(r"(?:/cdx|-cdx|/index|-index)$", "", index) + "/"


# -- listing ------------------------------------------------------------------------------------


def first_questions(
    kind: Kind, indexes: Iterable[str], hosts: Iterable[str], since: str, until: str
) -> list[Question]:
    """What to ask for the captures of some hosts. `since` and `until` are prefixes of timestamps."""
    step: Literal["key", "count"] = "key" if kind == "wayback" else "count"
    return [
        Question(index, host, step, since, until)
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


def address(question: Question) -> str:
    """The URL of a question."""
    more: dict[str, str] = {}
    if question.since:
        more["from"] = question.since
    if question.until:
        more["to"] = question.until
    if question.step == "count":
        more |= {"showNumPages": "true", "limit": "1"}
    elif question.step == "page":
        more["page"] = str(question.page)
    else:
        more["limit"] = str(LIMIT)
    url = _ask(question.index, question.host, **more)
    if question.step == "key":
        url += f"&showResumeKey=true&{quote(_STATUSES, safe='=')}&{quote(_MIMES, safe='=')}"
        if question.key:
            url += f"&resumeKey={quote(question.key, safe='')}"
    return url


def _ask(index: str, host: str, **more: str) -> str:
    query = {"url": host, "matchType": "host", "output": "json", **more}
    return f"{index}{'&' if '?' in index else '?'}{urlencode(query)}"


def understand(question: Question, status: int, body: bytes) -> tuple[list[Listed], list[Question]]:
    """What an answer lists, and the questions that follow from it. Raises `NotAnIndex`."""
    if status == 404 and question.step != "key":
        return [], []  # «No Captures found»
    if status != 200:
        raise NotAnIndex(f"HTTP {status} from {question.index}")
    if question.step == "key":
        rows, key = _wayback_rows(body)
        return rows, [replace(question, key=key)] if key else []
    objects = list(_objects(body))
    if question.step == "count":
        pages = objects[0].get("pages") if objects else None
        if isinstance(pages, int):
            return [], [replace(question, step="page", page=0, pages=pages)] if pages else []
        return [], [replace(question, step="span")] if objects else []
    rows = [row for item in objects if (row := _cdxj_row(item))]
    if question.step == "page":
        following = replace(question, page=question.page + 1)
        return rows, [following] if following.page < question.pages else []
    return rows, _halves(question) if len(objects) >= LIMIT else []


def _halves(question: Question) -> list[Question]:
    """A span whose answer was cut off, asked for again in two halves."""
    start = _moment(question.since, up=False) if question.since else _FIRST
    end = _moment(question.until, up=True) if question.until else datetime(2100, 1, 1, tzinfo=UTC)
    if end - start <= SHORTEST:
        return []
    middle = start + (end - start) / 2
    return [
        replace(question, since=stamp(start), until=stamp(middle)),
        replace(question, since=stamp(middle + timedelta(seconds=1)), until=stamp(end)),
    ]


def _wayback_rows(body: bytes) -> tuple[list[Listed], str]:
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
    rows = (dict(zip(names, map(str, row), strict=False)) for row in table[1:])
    return [listed for row in rows if (listed := _cdxj_row(row))], key


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


def _cdxj_row(item: dict[str, Any]) -> Listed | None:
    url = item.get("url") or item.get("original")
    moment = item.get("timestamp")
    if not isinstance(url, str) or not isinstance(moment, str) or not is_stamp(moment):
        return None
    location = None
    if "filename" in item and "offset" in item:
        location = f"{item['filename']} {item['offset']}"
    digest = str(item.get("digest") or "-")
    return Listed(
        url=url,
        timestamp=moment,
        status=_int(item.get("status") or item.get("statuscode")),
        digest=None if digest == "-" else digest.removeprefix("sha1:"),
        length=_int(item.get("length")),
        mime=item.get("mime") or item.get("mimetype"),
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


def is_stamp(text: str) -> bool:
    """Whether a text is a timestamp of 14 digits that names a moment."""
    if not re.fullmatch(r"\d{14}", text, re.ASCII):
        return False
    try:
        moment_of(text)
    except ValueError:
        return False
    return True


def moment_of(timestamp: str) -> datetime:
    """`20261122080000` as a moment. ValueError where it is none."""
    return datetime.strptime(timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def stamp(moment: datetime) -> str:
    """A moment as a timestamp."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")


def _moment(prefix: str, *, up: bool) -> datetime:
    """The first or last second that begins with a prefix of a timestamp."""
    if len(prefix) == 14:
        return moment_of(prefix)
    low = "00000101000000"
    start = moment_of(prefix + low[len(prefix) :])
    if not up:
        return start
    if len(prefix) == 4:
        end = start.replace(year=start.year + 1)
    elif len(prefix) == 6:
        end = (start + timedelta(days=32)).replace(day=1)
    else:
        end = start + timedelta(days=1)
    return end - timedelta(seconds=1)
