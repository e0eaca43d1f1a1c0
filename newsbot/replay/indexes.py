"""indexes: in which files, and where in them, captures of some hosts lie, by an index of WARC files.

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
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, BinaryIO

from archive.captures.streams import GZIP_MAGIC
from archive.errors import ArchiveUsageError
from archive.export.cdxj import surt
from newsbot import urls
from newsbot.replay.remote import opened
from newsbot.replay.servers import RECORDS, IndexRow, rows_of

_AT_ONCE = 8
"""Parts of an index that are asked for at a time: most of it is waiting."""
_BATCH = 65_536
"""Rows of a table in memory: some megabytes."""
_BLOCKS = 8 << 20
"""Bytes of lines, or of a cluster's neighbouring blocks, that are read by one request."""
_PLACE = ["warc_filename", "warc_record_offset", "warc_record_length"]
_KIND = ["fetch_status", "content_mime_type"]
_HOST, _KEY = "url_host_name", "url_surtkey"
"""Columns of https://github.com/commoncrawl/cc-index-table; the first four must be there."""
_SAFE_NAME = re.compile(r"(?!/)(?!.*(?:^|/)\.\.(?:/|$))[^:\\\0]+")


class Hosts:
    """Hosts that are looked for, `www` or not, and the keys (SURT) that an index sorts them by."""

    def __init__(self, netlocs: Iterable[str]) -> None:
        bare = {netloc.removeprefix("www.") for netloc in netlocs}
        self.netlocs = frozenset(chain(bare, (f"www.{netloc}" for netloc in bare)))
        self.names = sorted({netloc.partition(":")[0] for netloc in self.netlocs})
        self._keys = sorted(surt(f"http://{netloc}/").removesuffix("/") for netloc in bare)

    def between(self, first: str, last: str) -> bool:
        """Whether a key of ours may lie among those from `first` to `last`."""
        at = bisect_right(self._keys, last)
        return at > 0 and (self._keys[at - 1] >= first or first.startswith(self._keys[at - 1]))


@dataclass
class Found:
    """Records by the file that they lie in: offset, length, offset, length, …; a length of 0 is unknown."""

    places: dict[str, array[int]] = field(default_factory=lambda: defaultdict(lambda: array("Q")))
    hosts: Counter[str] = field(default_factory=Counter)
    """Records of each host."""
    refused: int = 0
    """Records whose file has a name that leads elsewhere."""

    def add(self, host: str, name: str, offset: int, length: int) -> None:
        """One record."""
        if not _SAFE_NAME.fullmatch(name):
            self.refused += 1
            return
        self.places[name].extend((offset, length))
        self.hosts[host.removeprefix("www.")] += 1

    def update(self, other: Found, root: str) -> None:
        """Take over what another part of an index lists, its files' names being relative to `root`."""
        for name, places in other.places.items():
            self.places[root + name].extend(places)
        self.hosts.update(other.hosts)
        self.refused += other.refused


@dataclass(frozen=True)
class _Part:
    """A file of an index, or some bytes of it."""

    address: str
    start: int = 0
    length: int | None = None


def find(addresses: Iterable[str], hosts: Hosts, root: str | None = None) -> Found:
    """What indexes list of some hosts' pages, redirects and missing pages.

    `root` is where the files are that they name (default: see `root_of`). Raises `ArchiveUsageError`
    for what is no index or cannot be read.
    """
    found = Found()
    parts = [part for address in addresses for part in _parts(address, hosts)]
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for part, listed in zip(
            parts, threads.map(lambda part: _read(part, hosts), parts), strict=True
        ):
            found.update(listed, root_of(part.address) if root is None else root)
    return found


def root_of(index: str) -> str:
    """What the names of files in an index are relative to, a slash at the end.

    Common Crawl's are relative to its own root, wherever copies of its indexes lie; others to the
    folder of the index.

    >>> root_of("s3://commoncrawl/cc-index/collections/CC-MAIN-2026-40/indexes/cdx-00001.gz")
    's3://commoncrawl/'
    >>> root_of("shelf/index.cdxj")
    'shelf/'
    """
    head, found, _ = index.partition("/cc-index/")
    if found:
        return f"{head}/" if "://" in head else RECORDS
    return index[: index.rfind("/") + 1]


def _parts(address: str, hosts: Hosts) -> Iterator[_Part]:
    """The files of an index; of a cluster the blocks that may hold a host, neighbours together."""
    if not address.endswith(".idx"):
        yield _Part(address)
        return
    blocks = None
    for name, start, length in _blocks(address, hosts):
        part = _Part(address[: address.rfind("/") + 1] + name, start, length)
        if blocks and blocks.length is not None:
            is_next = (blocks.address, blocks.start + blocks.length) == (part.address, start)
            if is_next and blocks.length + length <= _BLOCKS:
                blocks = replace(blocks, length=blocks.length + length)
                continue
            yield blocks
        blocks = part
    if blocks:
        yield blocks


def _blocks(address: str, hosts: Hosts) -> Iterator[tuple[str, int, int]]:
    """File, offset and length of the blocks in which keys of ours may lie.

    A line of `cluster.idx` is `KEY TIMESTAMP<tab>FILE<tab>OFFSET<tab>LENGTH<tab>NUMBER`; a block has
    the keys from its own up to that of the next one.
    """
    before: tuple[str, tuple[str, int, int]] | None = None
    with opened(address, _BLOCKS) as file:
        for line in _lines(file):
            try:
                head, name, offset, length = line.decode().split("\t")[:4]
                key, block = head.split(" ")[0], (name, int(offset), int(length))
            except ValueError:
                raise ArchiveUsageError(f"{address} is no index of a cluster") from None
            if not _SAFE_NAME.fullmatch(name):
                raise ArchiveUsageError(f"{address} names {name}, which leads elsewhere")
            if before and hosts.between(before[0], key):
                yield before[1]
            before = key, block
    if before and hosts.between(before[0], "\U0010ffff"):
        yield before[1]


def _read(part: _Part, hosts: Hosts) -> Found:
    found = Found()
    is_table = part.address.endswith(".parquet")
    with opened(part.address, 0 if is_table or part.length else _BLOCKS) as file:
        if is_table:
            _read_table(part.address, file, hosts, found)
        elif part.length is None:
            _read_lines(part.address, file, hosts, found)
        else:
            file.seek(part.start)
            _read_lines(part.address, io.BytesIO(file.read(part.length)), hosts, found)
    return found


# -- lines --------------------------------------------------------------------------------------


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines of a file, which may be gzipped."""
    is_packed = file.read(3) == GZIP_MAGIC
    file.seek(0)
    return iter(gzip.GzipFile(fileobj=file) if is_packed else file)


def _read_lines(address: str, file: BinaryIO, hosts: Hosts, found: Found) -> None:
    """`KEY TIMESTAMP {…}` a line, or the objects alone, as an index server gives them."""
    try:
        for line in _lines(file):
            key, brace, _ = line.partition(b"{")
            if not brace and line.strip():
                raise ArchiveUsageError(f"{address} is neither lines of CDXJ nor Parquet")
            text = key.split(b" ")[0].decode("utf-8", "replace")
            if text and not hosts.between(text, text):
                continue
            for row in rows_of(line):
                _add_row(row, hosts, found)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ArchiveUsageError(f"{address} is damaged: {error}") from None


def _add_row(row: IndexRow, hosts: Hosts, found: Found) -> None:
    host = urls.netloc(urls.canonical(row.url) or "")
    name, _, offset = (row.location or "").rpartition(" ")
    if host in hosts.netlocs and row.may_be_page and name and offset.isdigit():
        found.add(host, name, int(offset), row.length or 0)


# -- the table ----------------------------------------------------------------------------------


def _read_table(address: str, file: BinaryIO, hosts: Hosts, found: Found) -> None:
    """Of each row group whose keys may be ours the hosts, and where one is ours, where its records lie."""
    try:
        import pyarrow as pa
        import pyarrow.compute as pc
        import pyarrow.parquet as pq
    except ImportError:
        raise ArchiveUsageError(
            "an index in Parquet needs the extra `datasets`: pip install 'newsbot[datasets]'"
        ) from None
    names = pa.array(hosts.names)
    try:
        metadata = pq.read_metadata(file)
        there = set(metadata.schema.names)
        if missing := {_HOST, *_PLACE} - there:
            raise ArchiveUsageError(f"{address} has no column {min(missing)}: it is no index")
        columns = [_HOST, *_PLACE, *(name for name in _KIND if name in there)]
        few = [name for name in (_HOST, _PLACE[0], _KIND[1]) if name in there]
        table = pq.ParquetFile(file, metadata=metadata, read_dictionary=few, pre_buffer=True)
        for group in range(metadata.num_row_groups):
            if not _may_hold(metadata.row_group(group), hosts):
                continue
            listed = table.iter_batches(_BATCH, [group], [_HOST])
            if not any(pc.any(pc.is_in(batch[_HOST], names)).as_py() for batch in listed):
                continue
            for batch in table.iter_batches(_BATCH, [group], columns):
                ours = batch.filter(pc.is_in(batch[_HOST], names))
                for row in ours.to_pylist():
                    _add_table_row(row, found)
    except (pa.ArrowException, ValueError) as error:
        raise ArchiveUsageError(f"{address} is damaged, or no Parquet: {error}") from None


def _may_hold(group: Any, hosts: Hosts) -> bool:
    """Whether keys of ours may lie in a row group, by its least and its greatest key."""
    for number in range(group.num_columns):
        column = group.column(number)
        if column.path_in_schema == _KEY:
            known = column.statistics
            return not (known and known.has_min_max) or hosts.between(known.min, known.max)
    return True


def _add_table_row(row: dict[str, Any], found: Found) -> None:
    told = IndexRow("", "", row.get(_KIND[0]), mime=row.get(_KIND[1]))
    name, offset, length = (row[column] for column in _PLACE)
    if told.may_be_page and name and offset is not None:
        found.add(row[_HOST], name, offset, length or 0)
