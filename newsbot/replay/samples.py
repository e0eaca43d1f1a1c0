"""samples: pages of one site out of its captures, spread over its history, with what today's rules read.

Layouts are learnt from them. Which pages are taken follows from their times and addresses, not from the
order in which they came into the archive, nor from what earlier rules read in them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from archive.captures import read_stored
from archive.errors import ArchiveError
from newsbot.extraction import read_page
from newsbot.extraction.learn import PageSample
from newsbot.profiles import Site
from newsbot.visit.decoding import Undecodable, decode
from newsbot.visit.limits import DOWNLOAD_MAXSIZE
from newsbot.visit.outcomes import charset_of, may_be_html

# Each state of a page once, as it was served last.
_PAGES = """
SELECT id, max(fetched_at) AS moment FROM captures
 WHERE site = ? AND status = 200 AND part = 'page' AND result IS NOT NULL AND result <> 'failed'
 GROUP BY url, payload_digest ORDER BY moment, url, payload_digest
"""


def choose(connection: sqlite3.Connection, site: str, pages: int) -> list[int]:
    """Ids of captures of a site: as many of each month as there are, or as is fair."""
    months: dict[str, list[int]] = {}
    for capture, moment in connection.execute(_PAGES, (site,)):
        months.setdefault(moment[:7], []).append(capture)
    chosen: list[int] = []
    for left, month in zip(
        range(len(months), 0, -1), sorted(months.values(), key=len), strict=True
    ):
        chosen += _spread(month, (pages - len(chosen)) // left)
    return chosen


def read_samples(
    connection: sqlite3.Connection, folder: Path, site: Site, captures: Sequence[int]
) -> Iterator[PageSample]:
    """Captures as pages with what is read of them; those that cannot be read are left out."""
    for capture in captures:
        with suppress(ArchiveError, OSError, Undecodable):
            exchange = read_stored(connection, folder, capture)
            encodings = [v for n, v in exchange.headers if n.lower() == "content-encoding"]
            body = decode(exchange.body, encodings, max_size=DOWNLOAD_MAXSIZE)
            content_type = exchange.header("Content-Type")
            if may_be_html(content_type, body):
                charset, at = charset_of(content_type), datetime.fromisoformat(exchange.fetched_at)
                read = read_page(body, exchange.url, charset=charset, fetched_at=at, site=site)
                yield PageSample(read.page, read.article, at)


def _spread(captures: Sequence[int], count: int) -> list[int]:
    """So many of them, the first and the last among them, at equal distances."""
    if count >= len(captures):
        return list(captures)
    if count < 2:
        return list(captures[:count])
    step = (len(captures) - 1) / (count - 1)
    return [captures[round(number * step)] for number in range(count)]
