"""records: which records of a WARC file are read, as which site's, and what exchange each one holds.

A file may hold millions of records of thousands of hosts: a record's host is looked at before its
block is taken apart.
"""

from __future__ import annotations

import base64
import logging
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5
from weakref import WeakValueDictionary

from archive.captures import (
    Capture,
    Exchange,
    Record,
    payload_digest,
    read_capture,
)
from archive.captures.files import crc_of, open_file
from archive.captures.grammar import STORED, bracketed, clean_address, knowledge_in
from archive.captures.reading import Raw, parse, raw_records
from archive.captures.streams import Stream
from archive.errors import ArchiveError
from archive.store import knows_exchange, knows_record
from archive.store.said import is_full
from newsbot import urls
from newsbot.discovery import is_candidate
from newsbot.profiles import Site
from newsbot.replay.entries import leads_there, source_of
from newsbot.visit.limits import DOWNLOAD_MAXSIZE
from newsbot.visit.outcomes import may_be_html
from newsbot.visit.reading import Reading

logger = logging.getLogger(__name__)

Damaged = Callable[[Path | str, int, str], object]
"""Called with a file or its address, the offset of a damaged record in it, and what is wrong with it."""
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


@dataclass(eq=False, slots=True, weakref_slot=True)
class Captured:
    """One exchange out of a WARC file, with the record that holds it."""

    path: Path
    record: Record
    site: Site
    exchange: Exchange
    """With the payload, also that of a revisit."""
    whole: Capture | None = None
    """Of a revisit: the capture that holds the payload."""
    is_linked: bool = False
    """From a file of ours, where every record of a visit names the visit's first."""
    is_sought: bool = True
    """Whether a crawl would ask for the address by itself, and not only on its way to another."""
    reading: Reading | None = None
    """What was read in it, as soon as it is."""

    @property
    def address(self) -> str:
        """Its canonical spelling."""
        return urls.canonical(self.exchange.url) or self.exchange.url

    @property
    def first_record(self) -> str | None:
        """The first record of its visit, where it names another one."""
        return bracketed(self.record.headers.get("WARC-Concurrent-To", "")) or None

    def capture(self, warc: str = "") -> Capture:
        """What its row says, where the record lies in the file `warc` of the archive.

        Without one, it says what would be the same in any file.
        """
        record, exchange, whole = self.record, self.exchange, self.whole
        digest, length = record.payload_digest, len(exchange.body)
        if record.type == "revisit":
            digest = (
                whole.payload_digest if whole else record.declared_digest or payload_digest(b"")
            )
            length = whole.payload_length if whole else 0
        return Capture(
            url=exchange.url,
            fetched_at=record.date,
            status=exchange.status,
            content_type=record.exchange.header("Content-Type") if record.exchange else None,
            payload_digest=digest or "",
            payload_length=length,
            warc=warc,
            warc_offset=record.offset,
            warc_length=record.length,
            warc_crc=crc_of(self.path, record.offset, record.length) if warc else 0,
            record_id=record.record_id,
            refers_to_id=whole.record_id if whole else None,
        )


class KnownSites:
    """The sites whose records are wanted, by host."""

    def __init__(self, sites: Mapping[str, Site], own: Site | None = None) -> None:
        """With `own`, all records are of that site."""
        self.own = _with_www(own) if own else None
        self._hosts: dict[str, Site] = {}
        widened = {key: _with_www(site) for key, site in sites.items()}
        # A host that a profile names goes before one that is guessed.
        for known in (sites, widened):
            for key, site in known.items():
                for netloc in site.netlocs:
                    self._hosts.setdefault(netloc, widened[key])
        self.hosts = None if own else frozenset(self._hosts)
        """Hosts whose records are wanted; None for all."""
        # Today's patterns for articles say nothing about the addresses of earlier years.
        self._any_article = {
            key: site.model_copy(update={"article": []}) for key, site in widened.items()
        }

    def of(self, url: str) -> Site | None:
        """The site that an address belongs to, by its host."""
        return self.own or self._hosts.get(host_of(url, self._hosts) or "")

    def is_sought(self, site: Site, url: str) -> bool:
        """Whether a crawl might ask for an address by itself."""
        return is_candidate(self._any_article[site.id], url)


def _with_www(site: Site) -> Site:
    """A site with its hosts in both spellings: which one captures have was up to the years."""
    names = {netloc.removeprefix("www.") for netloc in site.netlocs}
    both = frozenset((*names, *(f"www.{name}" for name in names)))
    return site.model_copy(update={"netlocs": both})  # known from now on, as a cached property


def host_of(url: str, hosts: Container[str]) -> str | None:
    """The host of an address, where it is among `hosts` in this spelling or another."""
    netloc = urls.netloc(url)
    if netloc not in hosts and (":" in netloc or netloc.endswith(".") or not netloc.isascii()):
        netloc = urls.netloc(urls.canonical(url) or "")
    return netloc if netloc in hosts else None


def unwanted(raw: Raw, hosts: Container[str] | None) -> str | None:
    """What a record is counted as that need not be parsed, `""` where as nothing; None for the others.

    `hosts` are those wanted, None for all. Of a damaged record that may be one of them: `damaged`.
    """
    kind, url = raw.fields.get("WARC-Type", "").lower(), url_of(raw)
    is_known = hosts is None or host_of(url, hosts) is not None
    if raw.error:
        if url and not is_known:
            return "unknown_host"
        is_page = kind in (*STORED, "") and not raw.error.startswith("larger than")
        return "damaged" if is_page else "skipped"
    if kind not in STORED or (
        kind == "metadata" and knowledge_in(raw.fields.get("Content-Type")) is None
    ):
        return ""
    if not is_known:
        return "unknown_host"
    return "skipped" if urls.canonical(url) is None or len(raw.data) > _MAX_RECORD else None


def damage(raw: Raw) -> str:
    """What is wrong with a damaged record, and whose it is."""
    return ": ".join(filter(None, (raw.error, url_of(raw))))


class RecordReader:
    """Finds in WARC files what is of known sites and not in the archive yet.

    `counts` learns of all other records: `unknown_host`, `known`, `skipped`, `unresolved` (a revisit of
    a page that is not here) and `damaged`.
    """

    def __init__(
        self,
        folder: Path,
        connection: sqlite3.Connection,
        sites: KnownSites,
        counts: Counter[str],
        damaged: Damaged = lambda *_: None,
    ) -> None:
        self._folder = folder
        self._connection = connection
        self._sites = sites
        self._counts = counts
        self._damaged = damaged
        self._under_way: WeakValueDictionary[str, Captured] = WeakValueDictionary()
        """Captures that are not stored yet, by record id and by address and digest."""

    def captured(
        self, path: Path, start: int = 0, progress: Callable[[int], object] = lambda _: None
    ) -> Iterator[Captured]:
        """Exchanges in the order of the file, from a record at `start` on.

        `progress` is called with bytes of the file. A record that breaks this reader costs itself.
        """
        size = path.stat().st_size
        done = 0
        is_linked = self._sites.own is not None
        with open_file(path) as file:
            stream = Stream(file)
            if start:
                is_linked = is_linked or _is_ours(path)
                stream.start_at(start)
            for raw in raw_records(stream):
                self._counts["records"] += 1
                if raw.fields.get("WARC-Type", "").lower() == "warcinfo":
                    ours = bool(_OURS.search(raw.data[raw.head :]))
                    is_linked = self._sites.own is not None or ours
                try:
                    found = self._take(path, raw, is_linked)
                except (ArchiveError, OSError, sqlite3.Error):
                    raise
                except Exception as error:
                    self._report(
                        path, raw.offset, f"{type(error).__name__}: {error}: {url_of(raw)}"
                    )
                    found = None
                if found:
                    yield found
                # Before the file is read on: two large records at once would be one too many.
                raw.data = b""
                if found and raw.warning:
                    logger.warning("%s: record at byte %d: %s", path, raw.offset, raw.warning)
                progress(raw.offset - done)
                done = raw.offset
        progress(size - done)

    def knows(self, captured: Captured) -> bool:
        """Whether a record, or another one of the same exchange, is in the archive."""
        if self._sites.own:
            return knows_record(self._connection, captured.record.record_id)
        return knows_exchange(self._connection, captured.capture())

    def _report(self, path: Path, offset: int, reason: str) -> None:
        self._counts["damaged"] += 1
        self._damaged(path, offset, reason)

    def _take(self, path: Path, raw: Raw, is_linked: bool) -> Captured | None:
        """What one record holds; None, counted, where that is not wanted."""
        reason = unwanted(raw, self._sites.hosts)
        record_id = bracketed(raw.fields.get("WARC-Record-ID", ""))
        if reason is None and record_id and knows_record(self._connection, record_id):
            reason = "known"
        if reason == "damaged":
            self._report(path, raw.offset, damage(raw))
        elif reason:
            self._counts[reason] += 1
        if reason is not None:
            return None
        kind, url = raw.fields["WARC-Type"].lower(), url_of(raw)
        site, address = self._sites.of(url), urls.canonical(url)
        assert site and address  # or it were unwanted
        record = parse(raw)
        if record.error or record.is_intact is False:
            problem = record.error or "the payload has another digest"
            self._report(path, raw.offset, f"{problem}: {url}")
            return None
        is_sought = is_linked or self._sites.is_sought(site, address)
        if kind == "metadata" and not (
            is_sought
            and address == url
            and source_of(record, own=self._sites.own is not None)
            and (self._sites.own or (not is_full(self._connection, url) and leads_there(record)))
        ):
            self._counts["skipped"] += 1
            return None
        found = self.resolved(path, record, site) if is_sought or kind == "response" else None
        if found is None:
            self._counts["unresolved" if is_sought and kind == "revisit" else "skipped"] += 1
            return None
        if self.knows(found):
            self._counts["known"] += 1
            return None
        if kind == "metadata":
            found.reading = Reading()
            return found
        if not is_linked and not _is_page(found.exchange, address):
            self._counts["skipped"] += 1
            return None
        found.is_linked, found.is_sought = is_linked, is_sought
        found.reading = _needless(found)
        if not is_sought:
            self._counts["skipped"] += 1
        elif kind == "response":
            self._under_way[found.record.record_id] = found
            self._under_way[f"{found.exchange.url} {record.payload_digest}"] = found
        return found

    # -- revisits -------------------------------------------------------------------------------

    def resolved(self, path: Path, record: Record, site: Site) -> Captured | None:
        """The record's exchange, that of a revisit with the payload; None where that is not here."""
        exchange, whole = record.exchange, None
        if record.type == "revisit":
            found = self._referred(record)
            whole = found.capture() if isinstance(found, Captured) else found
            if _is_not_modified(record):
                exchange = exchange or Exchange(record.url or "", record.date, 304, [], b"")
            else:
                payload = self._payload(found) if found else None
                if payload:
                    exchange = _completed(record, payload)
                elif not self._sites.own:
                    exchange = None
        if exchange is None:
            return None
        if not record.record_id:
            name = f"{record.url} {record.date} {record.payload_digest or record.declared_digest}"
            record = replace(record, record_id=f"<urn:uuid:{uuid5(NAMESPACE_URL, name)}>")
        return Captured(path, record, site, exchange, whole)

    def _referred(self, record: Record) -> Captured | Capture | None:
        """What a revisit refers to, where it is here."""
        fields = record.headers
        known = bracketed(fields.get("WARC-Refers-To", ""))
        found = (
            known and (self._under_way.get(known) or self._row("record_id = ?", known))
        ) or None
        digest = _as_ours(record.declared_digest or "")
        url = clean_address(fields.get("WARC-Refers-To-Target-URI") or record.url or "")
        if found is None and digest:
            condition = "url = ? AND payload_digest = ? AND refers_to IS NULL"
            found = self._under_way.get(f"{url} {digest}") or self._row(condition, url, digest)
        return found

    def before(self, url: str, moment: str) -> Capture | None:
        """The page that was captured at an address before a server said that it has not changed."""
        condition = "url = ? AND fetched_at <= ? AND status = 200 AND refers_to IS NULL"
        return self._row(condition, url, moment, newest=True)

    def _payload(self, found: Captured | Capture) -> Exchange | None:
        """The exchange of what a revisit refers to; None where it is damaged."""
        if isinstance(found, Captured):
            return found.exchange
        try:
            return read_capture(self._folder, found.warc, found.warc_offset)
        except ArchiveError:
            return None

    def _row(self, condition: str, *values: str, newest: bool = False) -> Capture | None:
        columns = [n for n in Capture.__dataclass_fields__ if n not in ("refers_to_id", "part")]
        order = "fetched_at DESC, id DESC" if newest else "id"
        row = self._connection.execute(
            f"SELECT {', '.join(columns)} FROM captures WHERE {condition} ORDER BY {order} LIMIT 1",  # noqa: S608
            values,
        ).fetchone()
        return Capture(*row) if row else None


def _is_ours(path: Path) -> bool:
    """Whether a file says at its beginning that newsbot wrote it."""
    with open_file(path) as file:
        first = next(raw_records(Stream(file)), None)
        return first is not None and bool(_OURS.search(first.data[first.head :]))


def url_of(raw: Raw) -> str:
    """The address that a record is about, empty where it does not say."""
    return clean_address(raw.fields.get("WARC-Target-URI", ""))


def _as_ours(digest: str) -> str:
    """A SHA-1 as our rows have it: `sha1:` and Base32. Others are left as they are."""
    algorithm, _, value = digest.partition(":")
    if algorithm.lower().replace("-", "") != "sha1":
        return digest
    with suppress(ValueError):
        if len(value) == _SHA1_HEX:
            value = base64.b32encode(bytes.fromhex(value)).decode()
    return f"sha1:{value.upper()}"


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


def _needless(found: Captured) -> Reading | None:
    """What is known of an exchange without reading it."""
    record = found.record
    if found.exchange.status == 304:
        return Reading()
    if record.type == "revisit":  # of our own, where what it refers to is damaged
        is_empty = not found.exchange.body
        return Reading(error="the capture that it refers to cannot be read") if is_empty else None
    if "WARC-Truncated" in record.headers:
        why = record.headers["WARC-Truncated"]
        return Reading(error=f"the capture is cut short ({why})")
    return None


def _is_page(exchange: Exchange, address: str) -> bool:
    """Whether an exchange is about a page, and not a picture, a feed or robots.txt."""
    if _NO_PAGE.search(urlsplit(address).path):
        return False
    if exchange.status != 200:
        return True
    declared = (exchange.header("Content-Type") or "").lower()
    if not may_be_html(declared, exchange.body) or "rss" in declared or "atom" in declared:
        return False
    return not _FEED.match(exchange.body[:8192])
