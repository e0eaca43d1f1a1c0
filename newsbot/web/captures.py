"""captures: pages as they were served: shown harmless beside their evidence, as WARC, and by the Memento protocol.

Memento: RFC 7089. Its TimeMaps are link-format, RFC 6690.
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urljoin

from datasette.utils.asgi import Response

from archive import query
from archive.captures import read_stored, spellings
from archive.errors import ArchiveError
from archive.export.warc import write_warc
from archive.query import Selection
from newsbot import urls
from newsbot.extraction.harmless import harmless
from newsbot.visit.decoding import Undecodable
from newsbot.visit.outcomes import may_be_html
from newsbot.watch.evidence import as_page
from newsbot.web.article import numbered, record_of, refuse_withheld
from newsbot.web.room import Asked, Page, Refused, page

_LOG = logging.getLogger(__name__)
SANDBOX = {
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'",
    "referrer-policy": "no-referrer",
    "x-dns-prefetch-control": "off",
}
"""With which a captured page goes out, however harmless it was made."""
Row = dict[str, Any]


def memento(row: Row) -> str:
    """Where a capture is shown."""
    return f"/memento/{re.sub('[^0-9]', '', row['fetched_at'])}/{_plain(row['url'])}"


def _plain(url: str) -> str:
    """An address as it may stand in a path, a header or a link."""
    return quote(url, safe="%:/?#[]@!$&'()*+,;=~")


# -- beside the evidence --------------------------------------------------------------------------


@page(r"/article/(?P<id>\d{1,18})/page")
def served(asked: Asked) -> Page:
    """The page that a revision was read from, as it was served, and the proof of it."""
    record = record_of(asked, asked.vars["id"])
    number = asked.number("revision", record["revision"])
    numbered(query.revisions(asked.c, record["id"]), number)
    rows = asked.rows("captures_of_a_revision", (record["id"], number))
    if not rows:
        raise Refused(404, "Of this article there is no capture here.")
    for row in rows:
        row["memento"] = memento(row)
    shown = next(row for row in reversed(rows) if row["part"] == "page")
    data = {name: record[name] for name in ("id", "title", "language", "site", "newspaper", "url")}
    data |= {"revision": number, "revisions": record["revisions"]}
    return Page("served.html", {**data, "captures": rows, "shown": shown["memento"]})


@page(r"/article/(?P<id>\d{1,18})\.warc")
def as_warc(asked: Asked) -> Response:
    """The captures of a revision, byte for byte, with what they refer to."""
    record = record_of(asked, asked.vars["id"])
    number = asked.number("revision", record["revision"])
    numbered(query.revisions(asked.c, record["id"]), number)
    file = io.BytesIO()
    chosen = Selection(listed=(str(record["id"]),))
    summary = write_warc(asked.c, asked.room.folder, chosen, file, revision=number)
    if not summary.captures:
        _LOG.warning("%s: %s", asked.path, summary.unreadable)
        raise Refused(404, "This capture cannot be read here.")
    name = f"{record['site']}-{record['id']}-{number}.warc.gz"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(file.getvalue(), headers=headers, content_type="application/warc")


# -- Memento --------------------------------------------------------------------------------------


def _typed(asked: Asked) -> str:
    """The address that a path ends in; servers in front of us may have merged its slashes."""
    typed = re.sub(r"^/(?:timemap/link|timegate|memento/\d+)/", "", asked.path)
    typed = re.sub(r"^(https?):/+", r"\1://", typed)
    return typed if "://" in typed else f"http://{typed}"


def _captures(asked: Asked, typed: str) -> list[Row]:
    """Captures at an address, oldest first, one a second; raises `Refused` where it is withheld."""
    keys = [typed, urls.canonical(typed) or typed]
    every = [*dict.fromkeys(one for key in keys for one in spellings(key))]
    refuse_withheld(asked, every)
    own, its = "captures", "captures_of_its_article"
    for which, values in ((own, keys), (own, every), (its, every)):
        if rows := asked.rows(which, {"urls": json.dumps(values)}):
            return [*{memento(row): row for row in rows}.values()]
    return []


def _nearest(rows: list[Row], moment: datetime) -> int:
    def distance(at: int) -> float:
        return abs((datetime.fromisoformat(rows[at]["fetched_at"]) - moment).total_seconds())

    return min(range(len(rows)), key=distance)


def _date(row: Row) -> str:
    """As HTTP writes a moment."""
    return format_datetime(datetime.fromisoformat(row["fetched_at"]).astimezone(UTC), usegmt=True)


def _links(
    asked: Asked, url: str, names: str, rows: Sequence[Row] = (), at: int = -9, places: Iterable[int] = ()
) -> list[str]:  # fmt: skip
    """Links of an address to what is named of itself, its TimeGate and TimeMap, and to captures at these places of its list.

    `at` is the place of the one that is asked for.
    """
    address, last = _plain(url), len(rows) - 1
    known = {
        "original": f'<{address}>; rel="original"',
        "timegate": f'<{asked.origin}/timegate/{address}>; rel="timegate"',
        "timemap": f'<{asked.origin}/timemap/link/{address}>; rel="timemap"; type="application/link-format"',
    }
    links = [known[name] for name in names.split()]
    for place in sorted({*places} & {*range(len(rows))}):
        said = {"first": place == 0, "last": place == last, "prev": place == at - 1, "next": place == at + 1}  # fmt: skip
        rel = " ".join([*(name for name, holds in said.items() if holds), "memento"])
        row = rows[place]
        links.append(f'<{asked.origin}{memento(row)}>; rel="{rel}"; datetime="{_date(row)}"')
    return links


def _around(asked: Asked, url: str, rows: list[Row], at: int, names: str) -> dict[str, str]:
    places = (0, at - 1, at, at + 1, len(rows) - 1)
    return {"link": ", ".join(_links(asked, url, names, rows, at, places))}


@page(r"/timemap/link/(?P<url>.+)")
def timemap(asked: Asked) -> Response:
    """All captures of an address (RFC 7089, 5)."""
    url = _typed(asked)
    rows = _captures(asked, url)
    if not rows:
        return _nothing(asked)
    address = f"{asked.origin}/timemap/link/{_plain(url)}"
    own = f'<{address}>; rel="self"; type="application/link-format"; '
    own += f'from="{_date(rows[0])}"; until="{_date(rows[-1])}"'
    links = [
        *_links(asked, url, "original timegate"),
        own,
        *_links(asked, url, "", rows, places=range(len(rows))),
    ]
    return Response(",\n".join(links) + "\n", content_type="application/link-format; charset=utf-8")


@page(r"/timegate/(?P<url>.+)")
def timegate(asked: Asked) -> Response:
    """To the capture of an address that is nearest to `Accept-Datetime`, the newest without it (RFC 7089, 4.1)."""
    url = _typed(asked)
    rows = _captures(asked, url)
    vary = {"vary": "accept-datetime"}
    if not rows:
        return _nothing(asked, vary)
    at = len(rows) - 1
    if typed := asked.headers.get("accept-datetime"):
        try:
            at = _nearest(rows, parsedate_to_datetime(typed).astimezone(UTC))
        except (ValueError, OverflowError):
            return Response.text("Accept-Datetime: no date of HTTP\n", 400, vary)
    headers = _around(asked, url, rows, at, "original timemap")
    return Response.redirect(f"{asked.origin}{memento(rows[at])}", headers={**vary, **headers})


@page(r"/memento/(?P<moment>\d{14})/(?P<url>.+)")
def captured(asked: Asked) -> Response:
    """One capture, harmless; a moment at which there is none leads to the nearest one, as a link inside of it does."""
    url = _typed(asked)
    try:
        moment = datetime.strptime(asked.vars["moment"], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return _nothing(asked)
    rows = _captures(asked, url)
    if not rows:
        return _nothing(asked)
    at = _nearest(rows, moment)
    row = rows[at]
    if datetime.fromisoformat(row["fetched_at"]) != moment:
        return Response.redirect(memento(row), headers=SANDBOX)
    headers = {"memento-datetime": _date(row), **SANDBOX}
    headers |= _around(asked, row["url"], rows, at, "original timegate timemap")
    return _shown(asked, row, headers)


def _shown(asked: Asked, row: Row, headers: dict[str, str]) -> Response:
    """As it was answered: a page harmless, a redirect within the archive, anything else to be saved."""
    own = memento(row)

    def archived(address: str) -> str:
        return memento({**row, "url": address})

    try:
        exchange = read_stored(asked.c, asked.room.folder, row["id"])
        if 300 <= row["status"] < 400 and (target := exchange.header("location")):
            with suppress(ValueError):
                if (place := archived(urljoin(row["url"], target))) != own:
                    return Response.redirect(place, row["status"], headers)
        status = row["status"] if 400 <= row["status"] < 600 else 200
        if not may_be_html(exchange.header("content-type"), b""):
            headers = {**headers, "content-disposition": "attachment"}
            return Response(exchange.body, status, headers, "application/octet-stream")
        body = harmless(as_page(exchange), archived)
    except (ArchiveError, Undecodable) as error:
        _LOG.warning("%s: %s", asked.path, error)
        return _nothing(asked, words="This capture cannot be read here.")
    return Response(body, status, headers, "text/html; charset=utf-8")


def _nothing(
    asked: Asked,
    headers: dict[str, str] | None = None,
    words: str = "Of this address there is no capture here.",
) -> Response:
    return Response.text(f"{asked.gettext(words)}\n", 404, {**SANDBOX, **(headers or {})})
