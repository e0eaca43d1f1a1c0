"""samples: pages of one site out of its captures, spread over its history, with what today's rules read.

Layouts are learnt from them. Which pages are taken follows from their times and addresses, not from the
order in which they came into the archive.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from archive.captures import Exchange, read_stored
from archive.errors import ArchiveError
from newsbot.extraction import read_page
from newsbot.extraction.learn import ID, PageSample
from newsbot.profiles import Site
from newsbot.visit.decoding import Undecodable, decode
from newsbot.visit.limits import DOWNLOAD_MAXSIZE
from newsbot.visit.outcomes import charset_of, may_be_html

_OTHERS = 0.2
"""Share of the pages that are none of articles, where there are so many."""


def choose(connection: sqlite3.Connection, site: str, pages: int) -> list[int]:
    """Ids of captures of a site: articles, and other pages as counter-examples, evenly over the time."""
    articles, others = (_captures(connection, site, result) for result in ("article", "refused"))
    counter = min(len(others), max(int(_OTHERS * pages), pages - len(articles)))
    return [*_spread(articles, pages - counter), *_spread(others, counter)]


def read_samples(
    connection: sqlite3.Connection, folder: Path, site: Site, captures: Sequence[int]
) -> Iterator[PageSample | None]:
    """Each capture as a page with what is read of it; None for one that cannot be read.

    The site's own learnt layouts stand aside: they must not prove themselves.
    """
    own = [layout for layout in site.layouts if not layout.id.startswith(ID)]
    plain = site.model_copy(update={"layouts": own})
    for capture in captures:
        try:
            exchange = read_stored(connection, folder, capture)
        except (ArchiveError, OSError):
            yield None
        else:
            yield _sample(exchange, plain)


def _sample(exchange: Exchange, site: Site) -> PageSample | None:
    encodings = [v for n, v in exchange.headers if n.lower() == "content-encoding"]
    try:
        body = decode(exchange.body, encodings, max_size=DOWNLOAD_MAXSIZE)
    except Undecodable:
        return None
    content_type = exchange.header("Content-Type")
    if not may_be_html(content_type, body):
        return None
    moment = datetime.fromisoformat(exchange.fetched_at)
    charset = charset_of(content_type)
    read = read_page(body, exchange.url, charset=charset, fetched_at=moment, site=site)
    return PageSample(read.page, read.article, moment)


def _captures(connection: sqlite3.Connection, site: str, result: str) -> list[int]:
    sql = """
        SELECT id FROM captures
         WHERE site = ? AND result = ? AND status = 200 AND part = 'page'
         ORDER BY fetched_at, url, record_id
    """
    return [row[0] for row in connection.execute(sql, (site, result))]


def _spread(captures: Sequence[int], count: int) -> list[int]:
    """So many of them, the first and the last among them, at equal distances."""
    if count >= len(captures):
        return list(captures)
    if count < 2:
        return list(captures[:count])
    step = (len(captures) - 1) / (count - 1)
    return [captures[round(number * step)] for number in range(count)]
