"""records: which records of a WARC file are read, as which site's, and what each one stands for.

A file may hold millions of records of thousands of hosts: a record's host is looked at before its
block is taken apart.
"""

from __future__ import annotations

import base64
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5
from weakref import WeakValueDictionary

from archive.visits import knows_capture

from archive.captures import Capture, Exchange, Record, payload_digest, read_capture
from archive.captures.grammar import bracketed
from archive.captures.reading import Raw, parse, raw_records
from archive.captures.streams import Stream
from archive.errors import ArchiveError
from newsbot.discovery import is_candidate
from newsbot.profiles import Site
from newsbot.replay.grouping import Event
from newsbot.replay.reading import Page, Reading, is_costly, read
from newsbot.visit import urls
from newsbot.visit.limits import DOWNLOAD_MAXSIZE
from newsbot.visit.outcomes import may_be_html

Damaged = Callable[[Path, int, str], object]
"""Told of a file, the offset of a damaged record in it, and what is wrong with it."""
_SHA1_HEX = 40
_MAX_RECORD = DOWNLOAD_MAXSIZE + (1 << 16)
_OURS = re.compile(rb"^software:\s*newsbot\b", re.I | re.M)
_NO_PAGE = re.compile(
    r"/robots\.txt$|/feed/?$|\.(?:css|m?js|json|map|png|jpe?g|gif|webp|avif|svg|ico|bmp|woff2?|ttf|"
    r"eot|otf|mp[34]|m4a|ogg|webm|avi|flv|swf|pdf|docx?|xlsx?|pptx?|rtf|zip|rar|7z|gz|txt|xml|rss|atom)$",
    re.IGNORECASE,
)
"""Paths of what surrounds articles."""
_FEED = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?.{0,200}?\?>\s*|<!--.{0,2000}?-->\s*){0,9}"
    rb"<(?:\w+:)?(?:rss|feed|rdf|urlset|sitemapindex|opml)\b",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(eq=False)
class Kept:
    """A record beside the exchange that it holds, or that it refers to."""

    path: Path
    record: Record
    exchange: Exchange
    """With the payload, also that of a revisit."""
    page: Page
    whole: Capture | None = None
    """Of a revisit: the capture that holds the payload."""


class Catalogue:
    """The sites whose records are wanted, by host, and the captures that the archive has."""

    def __init__(
        self,
        folder: Path,
        connection: sqlite3.Connection,
        sites: Mapping[str, Site],
        *,
        own: Site | None = None,
    ) -> None:
        """With `own`, the files are the archive's own, all of that site."""
        self.folder = folder
        self.own = _with_www(own) if own else None
        self._connection = connection
        self._hosts: dict[str, Site] = {}
        widened = {key: _with_www(site) for key, site in sites.items()}
        for known in (
            sites,
            widened,
        ):  # a host that a profile names goes before one that is guessed
            for key, site in known.items():
                for netloc in site.netlocs:
                    self._hosts.setdefault(netloc, widened[key])
        # Today's patterns for articles say nothing about the addresses of earlier years.
        self._any_article = {
            key: site.model_copy(update={"article": []}) for key, site in widened.items()
        }
        self._under_way: WeakValueDictionary[str, Kept] = WeakValueDictionary()

    def site_of(self, url: str) -> Site | None:
        """The site that an address belongs to, by its host."""
        if self.own:
            return self.own
        netloc = urls.netloc(url)
        site = self._hosts.get(netloc)
        if site is None and (":" in netloc or netloc.endswith(".") or not netloc.isascii()):
            site = self._hosts.get(urls.netloc(urls.canonical(url) or ""))
        return site

    def is_wanted(self, site: Site, url: str) -> bool:
        """Whether a crawl might ask for an address by itself."""
        return is_candidate(self._any_article[site.id], url)

    def has_record(self, record_id: str) -> bool:
        """Whether a record is in the archive."""
        sql = "SELECT 1 FROM captures WHERE record_id = ?"
        return self._connection.execute(sql, (record_id,)).fetchone() is not None

    def has(self, kept: Kept) -> bool:
        """Whether a record, or another one of the same exchange, is in the archive."""
        return knows_capture(self._connection, draft(kept), by_id=self.own is not None)

    def lend(self, kept: Kept) -> None:
        """Remember a capture, as long as somebody holds it, for the revisits that refer to it."""
        if kept.record.type == "response":
            self._under_way[kept.record.record_id] = kept
            self._under_way[f"{kept.exchange.url} {kept.record.payload_digest}"] = kept

    def referred(self, record: Record) -> Kept | Capture | None:
        """What a revisit refers to, where it is here."""
        fields = record.headers
        known = bracketed(fields.get("WARC-Refers-To", ""))
        found = self._under_way.get(known) or (self._row("record_id = ?", known) if known else None)
        digest = _as_ours(record.declared_digest or "")
        if found is None and digest:
            url = _bare(fields.get("WARC-Refers-To-Target-URI") or record.url or "")
            condition = "url = ? AND payload_digest = ? AND refers_to IS NULL"
            found = self._under_way.get(f"{url} {digest}") or self._row(condition, url, digest)
        return found

    def payload(self, found: Kept | Capture) -> Exchange | None:
        """The exchange of what a revisit refers to; None where it is damaged."""
        if isinstance(found, Kept):
            return found.exchange
        try:
            return read_capture(self.folder, found.warc, found.warc_offset)
        except ArchiveError:
            return None

    def _row(self, condition: str, *values: str) -> Capture | None:
        columns = [name for name in Capture.__dataclass_fields__ if name != "refers_to_id"]
        row = self._connection.execute(
            f"SELECT {', '.join(columns)} FROM captures WHERE {condition} ORDER BY id LIMIT 1",  # noqa: S608
            values,
        ).fetchone()
        return Capture(*row) if row else None


def _with_www(site: Site) -> Site:
    """A site with its hosts in both spellings: which one captures have was up to the years."""
    names = {netloc.removeprefix("www.") for netloc in site.netlocs}
    both = frozenset((*names, *(f"www.{name}" for name in names)))
    return site.model_copy(update={"netlocs": both})  # known from now on, as a cached property


def _bare(url: str) -> str:
    """An address without the brackets that some programs put around it."""
    return url.removeprefix("<").removesuffix(">")


def _as_ours(digest: str) -> str:
    """A SHA-1 as our rows have it: `sha1:` and Base32. Others are left as they are."""
    algorithm, _, value = digest.partition(":")
    if algorithm.lower().replace("-", "") != "sha1":
        return digest
    with suppress(ValueError):
        if len(value) == _SHA1_HEX:
            value = base64.b32encode(bytes.fromhex(value)).decode()
    return f"sha1:{value.upper()}"


def draft(kept: Kept) -> Capture:
    """What the row of a record will say, but for where it lies in another archive's file."""
    record, exchange = kept.record, kept.exchange
    digest, length = record.payload_digest, len(exchange.body)
    if record.type == "revisit":
        whole = kept.whole
        digest = whole.payload_digest if whole else record.declared_digest or payload_digest(b"")
        length = whole.payload_length if whole else 0
    return Capture(
        url=exchange.url,
        fetched_at=record.date,
        status=exchange.status,
        content_type=record.exchange.header("Content-Type") if record.exchange else None,
        payload_digest=digest or "",
        payload_length=length,
        warc="",
        warc_offset=record.offset,
        warc_length=record.length,
        record_id=record.record_id,
        refers_to_id=kept.whole.record_id if kept.whole else None,
    )


def events(
    path: Path,
    catalogue: Catalogue,
    counts: Counter[str],
    damaged: Damaged,
    *,
    start: int = 0,
    progress: Callable[[int], object] = lambda _: None,
) -> Iterator[tuple[Event, Page | None]]:
    """Records of known sites that the archive does not have, in the order of the file.

    With each goes the page that is still to be read, where that takes long. `counts` learns of the
    others: `unknown_host`, `known`, `skipped`, `unresolved` (a revisit of a page that is not here) and
    `damaged`. `progress` is told of bytes of the file.
    """
    size = path.stat().st_size
    done = 0
    is_linked = catalogue.own is not None
    with path.open("rb") as file:
        stream = Stream(file)
        if start:
            is_linked = is_linked or _is_ours(path)
            stream.start_at(start)
        for raw in raw_records(stream):
            counts["records"] += 1
            kind = raw.fields.get("WARC-Type", "").lower()
            if raw.error:
                _report(raw, kind, catalogue, counts, lambda o, e: damaged(path, o, e))
            elif kind == "warcinfo":
                is_linked = catalogue.own is not None or bool(_OURS.search(raw.data[raw.head :]))
            elif kind in ("response", "revisit"):
                event = _event(path, raw, catalogue, counts, is_linked, damaged)
                if event:
                    yield event
            # Before the file is read on: two large records at once would be one too many.
            raw.data = b""
            progress(raw.offset - done)
            done = raw.offset
    progress(size - done)


def _is_ours(path: Path) -> bool:
    """Whether a file says at its beginning that newsbot wrote it."""
    with path.open("rb") as file:
        first = next(raw_records(Stream(file)), None)
        return first is not None and bool(_OURS.search(first.data[first.head :]))


def _report(
    raw: Raw,
    kind: str,
    catalogue: Catalogue,
    counts: Counter[str],
    tell: Callable[[int, str], object],
) -> None:
    """Count a record that could not be read, where nothing says that it is none of ours."""
    url = _url(raw)
    if url and catalogue.site_of(url) is None:
        counts["unknown_host"] += 1
    elif raw.error and raw.error.startswith("larger than"):
        counts["skipped"] += 1
    elif kind in ("response", "revisit", ""):
        counts["damaged"] += 1
        tell(raw.offset, f"{raw.error}: {url}" if url else raw.error or "")
    else:
        counts["skipped"] += 1


def _url(raw: Raw) -> str:
    return _bare(raw.fields.get("WARC-Target-URI", ""))


def _event(
    path: Path,
    raw: Raw,
    catalogue: Catalogue,
    counts: Counter[str],
    is_linked: bool,
    damaged: Damaged,
) -> tuple[Event, Page | None] | None:
    url = _url(raw)
    site = catalogue.site_of(url)
    if site is None:
        counts["unknown_host"] += 1
        return None
    address = urls.canonical(url)
    if address is None or len(raw.data) > _MAX_RECORD:
        counts["skipped"] += 1
        return None
    record_id = bracketed(raw.fields.get("WARC-Record-ID", ""))
    if record_id and catalogue.has_record(record_id):
        counts["known"] += 1
        return None
    record = parse(raw)
    if record.error or record.is_intact is False:
        counts["damaged"] += 1
        damaged(path, raw.offset, f"{record.error or 'the payload has another digest'}: {url}")
        return None
    is_asked_for = is_linked or catalogue.is_wanted(site, address)
    if record.type == "revisit" and not is_asked_for:
        counts["skipped"] += 1
        return None
    kept = kept_of(path, record, catalogue)
    if kept is None:
        counts["unresolved" if record.type == "revisit" else "skipped"] += 1
        return None
    if catalogue.has(kept):
        counts["known"] += 1
        return None
    page = kept.page
    if not is_linked and not _is_page(page, address):
        counts["skipped"] += 1
        return None
    event = _described(kept, site, is_linked)
    if event.unchanged:
        return event, None
    if record.type == "revisit" and not page.body:  # of our own, where what it refers to is damaged
        event.reading = Reading(error="the capture that it refers to cannot be read")
        return event, None
    if "WARC-Truncated" in record.headers and record.type == "response":
        event.reading = Reading(
            error=f"the capture is cut short ({record.headers['WARC-Truncated']})"
        )
        return event, None
    if not is_asked_for:
        counts["skipped"] += 1
        event.unread = page
        return event, None
    catalogue.lend(kept)
    if is_costly(page):
        return event, page
    event.reading = read(page, site)
    return event, None


def kept_of(path: Path, record: Record, catalogue: Catalogue) -> Kept | None:
    """The record with its exchange, that of a revisit with the payload; None where that is not here."""
    exchange, whole = record.exchange, None
    if record.type == "revisit":
        found = catalogue.referred(record)
        whole = draft(found) if isinstance(found, Kept) else found
        if _is_not_modified(record):
            exchange = exchange or Exchange(record.url or "", record.date, 304, [], b"")
        else:
            payload = catalogue.payload(found) if found else None
            if payload:
                exchange = _completed(record, payload)
            elif not catalogue.own:
                exchange = None
    if exchange is None:
        return None
    if not record.record_id:
        name = f"{record.url} {record.date} {record.payload_digest or record.declared_digest}"
        record = replace(record, record_id=f"<urn:uuid:{uuid5(NAMESPACE_URL, name)}>")
    page = Page(
        url=exchange.url,
        status=exchange.status,
        body=exchange.body,
        fetched_at=datetime.fromisoformat(record.date),
        content_type=exchange.header("Content-Type"),
        encodings=tuple(v for n, v in exchange.headers if n.lower() == "content-encoding"),
        location=exchange.header("Location"),
    )
    return Kept(path, record, exchange, page, whole)


def _is_not_modified(record: Record) -> bool:
    """Whether it was the server that said so (HTTP 304)."""
    if record.exchange:
        return record.exchange.status == 304
    return "not-modified" in record.headers.get("WARC-Profile", "")


def _completed(record: Record, whole: Exchange) -> Exchange:
    """A revisit's own exchange with the payload that it refers to."""
    own = record.exchange or Exchange(record.url or "", record.date, whole.status, [], b"")
    known = {name.lower() for name, _ in own.headers}
    missing = [(name, value) for name, value in whole.headers if name.lower() not in known]
    return replace(own, headers=[*own.headers, *missing], body=whole.body)


def _described(kept: Kept, site: Site, is_linked: bool) -> Event:
    record, exchange = kept.record, kept.exchange
    concurrent_to = bracketed(record.headers.get("WARC-Concurrent-To", "")) or None
    return Event(
        site=site,
        url=exchange.url,
        fetched_at=kept.page.fetched_at,
        status=exchange.status,
        record_id=record.record_id,
        position=record.offset,
        unchanged=record.type == "revisit" and _is_not_modified(record),
        is_linked=is_linked,
        concurrent_to=concurrent_to,
        etag=exchange.header("ETag"),
        last_modified=exchange.header("Last-Modified"),
        size=len(exchange.body),
        source=kept,
    )


def _is_page(page: Page, address: str) -> bool:
    """Whether an exchange is about a page, and not a picture, a feed or robots.txt."""
    if _NO_PAGE.search(urlsplit(address).path):
        return False
    if page.status != 200:
        return True
    declared = (page.content_type or "").lower()
    if not may_be_html(declared, page.body) or "rss" in declared or "atom" in declared:
        return False
    return not _FEED.match(page.body[:8192])
