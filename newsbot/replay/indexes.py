"""indexes: in which files, and where in them, captures of known hosts lie, by an index of WARC files.

Two forms that Common Crawl has, and others too: its table in Parquet, and lines of CDXJ, plain or
gzipped, alone or as a cluster of packed blocks (ZipNum) that `cluster.idx` lists. An index of a whole
crawl has hundreds of gigabytes, sorted by host: of it only that is read which may be of these hosts.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from array import array
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any, BinaryIO, NamedTuple, TypeVar

from archive.captures.streams import GZIP_MAGIC
from archive.errors import ArchiveUsageError
from archive.export.cdxj import surt
from newsbot import urls
from newsbot.replay.places import BLOCK, opened, reason_of, resolved, retried
from newsbot.replay.servers import RECORDS, IndexRow, rows_of

T = TypeVar("T")

_AT_ONCE = 4
"""Parts of an index that are read at a time; a table of a million rows a group takes 60 MB."""
_BATCH = 16_384
_NAME, _OFFSET, _LENGTH = "warc_filename", "warc_record_offset", "warc_record_length"
_STATUS, _MIME, _HOST, _KEY = "fetch_status", "content_mime_type", "url_host_name", "url_surtkey"
"""Columns of https://github.com/commoncrawl/cc-index-table."""
_LEADS_AWAY = re.compile(r"^/|[:\\\0]|(?:^|/)\.\.(?:/|$)")


class Hosts:
    """The hosts of known sites, `www` or not, and the keys (SURT) that an index sorts them by."""

    def __init__(self, sites: Mapping[str, str]) -> None:
        """`sites`: the id of the site by `host[:port]`."""
        self.sites: dict[str, str] = {}
        for netloc, site in sites.items():
            host = netloc.removeprefix("www.")
            name = host.partition(":")[0]  # the table knows no more
            self.sites |= dict.fromkeys((host, f"www.{host}", name, f"www.{name}"), site)
        self._keys = sorted({surt(f"http://{host}/").removesuffix("/") for host in self.sites})

    def between(self, first: str, last: str) -> bool:
        """Whether a key of ours may lie among those from `first` to `last`."""
        at = bisect_right(self._keys, last)
        return at > 0 and (self._keys[at - 1] >= first or first.startswith(self._keys[at - 1]))


@dataclass
class Found:
    """What an index lists of known sites."""

    places: dict[str, array[int]] = field(default_factory=lambda: defaultdict(lambda: array("Q")))
    """Each file → offset, length, offset, length, … of its records; a length of 0 is not known."""
    sites: Counter[str] = field(default_factory=Counter)
    """Records by site."""


class _Part(NamedTuple):
    """A file of an index, or some bytes of it."""

    address: str
    start: int = 0
    length: int | None = None


class _Row(NamedTuple):
    host: str
    file: str
    offset: int
    length: int


def find(addresses: Iterable[str], hosts: Hosts, root: str | None = None) -> Found:
    """What indexes list of known sites' pages, redirects and missing pages.

    The files that they name lie below `root`; without one where the lines of a list in their place would
    lie, or, for a copy of an index of Common Crawl's, there. Raises `ArchiveUsageError` for what is no
    index or cannot be read.
    """
    found, lock = Found(), Lock()

    def read(part: _Part) -> None:
        for host, name, offset, length in _sure(part.address, partial(_rows, part, hosts)):
            file = _located(name, part.address, root)
            try:
                place = array("Q", (offset, length))
            except (TypeError, OverflowError):
                raise ArchiveUsageError(f"{part.address} has a row that tells no place") from None
            with lock:
                found.places[file].extend(place)
                found.sites[hosts.sites[host]] += 1

    parts = [
        part for address in addresses for part in _sure(address, partial(_parts, address, hosts))
    ]
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        list(threads.map(read, parts))
    return found


def _located(name: str, index: str, root: str | None = None) -> str:
    """The file of a name. Raises `ArchiveUsageError` where it leads elsewhere: an index is only data."""
    if not name or _LEADS_AWAY.search(name):
        raise ArchiveUsageError(
            f"{index} names {name!r}, which does not lie below the index's root"
        )
    if root is None and "://" not in index and name.startswith("crawl-data/"):
        root = RECORDS
    return resolved(name, index) if root is None else f"{root.rstrip('/')}/{name}"


@contextmanager
def _read(address: str, *, ahead: bool = True) -> Iterator[BinaryIO]:
    """A part of an index. Raises OSError where it cannot be read."""
    with opened(address, is_parts=not ahead) as file:
        yield io.BufferedReader(file) if ahead and isinstance(file, io.RawIOBase) else file


def _sure(address: str, read: Callable[[], Iterator[T]]) -> list[T]:
    """What is read of an index, tried again. Raises `ArchiveUsageError` where it cannot be."""
    try:
        return retried(lambda: list(read()))
    except OSError as error:
        raise ArchiveUsageError(f"{address} cannot be read: {reason_of(error)}") from None


def _parts(address: str, hosts: Hosts) -> Iterator[_Part]:
    """The file of an index; of a cluster the blocks in which keys of ours may lie.

    A line of `cluster.idx` is `KEY TIMESTAMP<tab>FILE<tab>OFFSET<tab>LENGTH<tab>NUMBER`; a block has
    the keys from its own up to that of the next one.
    """
    if not address.endswith(".idx"):
        yield _Part(address)
        return
    key, block = "", None
    with _read(address) as file:
        for line in _lines(file):
            try:
                head, name, offset, length = line.decode().split("\t")[:4]
                before, key = key, head.split(" ")[0]
                span = int(offset), int(length)
            except ValueError:
                raise ArchiveUsageError(f"{address} is no index of a cluster") from None
            if block and hosts.between(before, key):
                yield block
            block = _Part(_located(name, address), *span)
    if block and hosts.between(key, "\U0010ffff"):
        yield block


def _rows(part: _Part, hosts: Hosts) -> Iterator[_Row]:
    """What is of known hosts in a part of an index."""
    is_table = part.address.endswith(".parquet")
    with _read(part.address, ahead=not is_table and part.length is None) as file:
        if is_table:
            yield from _rows_of_table(part.address, file, hosts)
        elif part.length is None:
            yield from _rows_of_lines(part.address, file, hosts)
        else:
            file.seek(part.start)
            block = io.BytesIO(file.read(part.length))
            yield from _rows_of_lines(part.address, block, hosts)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines of a file, which may be gzipped."""
    is_packed = file.read(3) == GZIP_MAGIC
    file.seek(0)
    return iter(gzip.GzipFile(fileobj=file) if is_packed else file)


def _rows_of_lines(address: str, file: BinaryIO, hosts: Hosts) -> Iterator[_Row]:
    """`KEY TIMESTAMP {…}` a line, or the objects alone, as an index server gives them."""
    try:
        for line in _lines(file):
            head, brace, _ = line.partition(b"{")
            if not brace and line.strip():
                raise ArchiveUsageError(
                    f"{address} is neither lines of CDXJ nor a table in Parquet"
                )
            key = head.partition(b" ")[0].decode("utf-8", "replace")
            if key and not hosts.between(key, key):
                continue
            for row in rows_of(line):
                host = urls.netloc(urls.canonical(row.url) or "")
                name, _, offset = (row.location or "").rpartition(" ")
                if host in hosts.sites and row.may_be_page and name and offset.isdigit():
                    yield _Row(host, name, int(offset), row.length or 0)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ArchiveUsageError(f"{address} is damaged: {error}") from None


def _rows_of_table(address: str, file: BinaryIO, hosts: Hosts) -> Iterator[_Row]:
    """Of each row group whose keys may be ours the hosts, and where one is ours, where its records lie."""
    try:
        import pyarrow as pa
        import pyarrow.compute as pc
        import pyarrow.parquet as pq
    except ImportError:
        raise ArchiveUsageError(
            "an index in Parquet needs the extra `datasets`: pip install 'newsbot[datasets]'"
        ) from None
    names = pa.array(sorted(hosts.sites))
    try:
        metadata = pq.read_metadata(file)
        there = set(metadata.schema.names)
        if missing := {_HOST, _NAME, _OFFSET, _LENGTH} - there:
            raise ArchiveUsageError(f"{address} has no column {min(missing)}: it is no index")
        columns = [_HOST, _NAME, _OFFSET, _LENGTH, *({_STATUS, _MIME} & there)]
        table = pq.ParquetFile(file, metadata=metadata, pre_buffer=False, buffer_size=BLOCK)
        for group in range(metadata.num_row_groups):
            if not _may_hold(metadata.row_group(group), hosts):
                continue
            listed = table.iter_batches(_BATCH, [group], [_HOST])
            if not any(pc.any(pc.is_in(batch[_HOST], names)).as_py() for batch in listed):
                continue
            for batch in table.iter_batches(_BATCH, [group], columns):
                for row in batch.filter(pc.is_in(batch[_HOST], names)).to_pylist():
                    if IndexRow("", "", row.get(_STATUS), mime=row.get(_MIME)).may_be_page:
                        yield _Row(row[_HOST], row[_NAME] or "", row[_OFFSET], row[_LENGTH] or 0)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise ArchiveUsageError(f"{address} is damaged, or no Parquet: {error}") from None


def _may_hold(group: Any, hosts: Hosts) -> bool:
    """Whether keys of ours may lie in a row group, by its least and its greatest key."""
    for column in map(group.column, range(group.num_columns)):
        if column.path_in_schema == _KEY and (known := column.statistics) and known.has_min_max:
            return hosts.between(known.min, known.max)
    return True
