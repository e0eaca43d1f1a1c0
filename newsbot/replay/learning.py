"""learning: layouts of a site learnt from its captures, between runs, and kept with them.

What is learnt follows from captures, profile and rules alone: not from the order in which captures came,
nor from what was learnt before. It is kept as a `metadata` record in the site's WARC files, which has its
row in `captures` like any other; the newest one holds.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict, TypeVar

from archive.captures import Exchange, read_said, read_stored
from archive.captures.grammar import knowledge_in
from archive.captures.reading import parse, raw_records
from archive.captures.streams import Stream
from archive.errors import ArchiveError
from archive.store import UNREAD, Store, knows_record, open_database
from archive.times import now
from newsbot import urls
from newsbot.cluster import near
from newsbot.extraction import read_page
from newsbot.extraction.context import Context
from newsbot.extraction.layouts import fallbacks
from newsbot.extraction.learn import ENOUGH_PAGES, PageSample, learn
from newsbot.extraction.said import read_said as said_in
from newsbot.profiles import Layout, Site
from newsbot.replay.records import Captured, KnownSites
from newsbot.replay.reextract import FALLBACK, LEARNED, Choice, reextract
from newsbot.visit.decoding import Undecodable, decode
from newsbot.visit.limits import DOWNLOAD_MAXSIZE
from newsbot.visit.outcomes import charset_of, may_be_html

logger = logging.getLogger(__name__)
T = TypeVar("T")

PART = "layouts"
"""Part of a capture that holds what was learnt of its site."""
PAGES = 200
"""Captured pages that are looked at."""
_FIRST = 24
"""Articles that only fallbacks have read from which layouts are learnt."""
_MOST = 64
"""Records of a site that are taken over from one file of others."""
_GROWTH = 2
"""How many times as many there must be until they are learnt again, as long as pages fit."""


class Learning(TypedDict):
    """What was learnt of a site: the payload of the record, as JSON."""

    known: int
    """Articles of the site that fallbacks and learned layouts had read by then."""
    layouts: list[dict[str, Any]]
    """`LearnedLayout.to_dict` of each."""


# -- what is kept -------------------------------------------------------------------------------


def kept(c: sqlite3.Connection, folder: Path, site: str) -> tuple[int, Learning]:
    """What was learnt of a site last and can be read, with the id of its capture; 0 for none."""
    sql = "SELECT id FROM captures WHERE site = ? AND part = 'layouts' ORDER BY id DESC"
    for (capture,) in c.execute(sql, (site,)).fetchall():
        with suppress(ArchiveError, OSError, ValueError, KeyError, TypeError):
            found: Learning = json.loads(read_stored(c, folder, capture).body)
            int(found["known"])
            _layouts(found["layouts"])
            return capture, found
    return 0, {"known": 0, "layouts": []}


def with_learned(c: sqlite3.Connection, folder: Path, site: Site) -> Site:
    """A profile with the layouts that the archive has learnt."""
    return _with(site, kept(c, folder, site.id)[1]["layouts"])


def all_learned(c: sqlite3.Connection, folder: Path, sites: Mapping[str, Site]) -> dict[str, Site]:
    """The same for many."""
    return {key: with_learned(c, folder, site) for key, site in sites.items()}


def _with(site: Site, found: list[dict[str, Any]]) -> Site:
    return site.model_copy(update={"learned": _layouts(found)}) if found else site


def _layouts(found: list[dict[str, Any]]) -> list[Layout]:
    """Raises ValueError, KeyError or TypeError for what are no layouts."""
    return [Layout.model_validate_json(json.dumps(one["layout"])) for one in found]


def take_over(store: Store, known: KnownSites, paths: Iterable[Path]) -> None:
    """Keep what was learnt of sites by the archive that wrote WARC files.

    The records are copied, and theirs hold until the next `refresh`. Where the files are this
    archive's, and all of one site's `own`, they stay in their place. Damaged ones are passed over.
    """
    for path in paths:
        taken = Counter[str]()
        for found in _learnings(path, known):
            site, record = found.site, found.record
            if knows_record(store.connection, record.record_id):
                continue
            taken[site.id] += 1
            if taken[site.id] > _MOST and not known.own:
                continue
            store.save_site(site.row)
            if known.own:
                warc = path.relative_to(store.folder.absolute()).as_posix()
                capture = replace(found.capture(warc), part=PART)
            else:
                capture = store.captures(site.id).copy(path, record, filed_at=now())
            store.add_knowledge(site.id, capture, unread=not known.own)


def _learnings(path: Path, known: KnownSites) -> Iterator[Captured]:
    with path.open("rb") as file:
        for number, raw in enumerate(raw_records(Stream(file))):
            is_ours = number or known.own or b"newsbot" in raw.data[raw.head :]
            if not is_ours:  # another program's
                return
            if knowledge_in(raw.fields.get("Content-Type")) == PART:
                record = parse(raw)
                site = known.of(record.url or "")
                if site and record.exchange and record.length and record.is_intact:
                    yield Captured(path, record, site, record.exchange)


# -- learning -----------------------------------------------------------------------------------


def refresh(store: Store, site: Site, pool: Executor) -> Counter[str]:
    """Learn anew where that is due, and read what fits no layout of people's again.

    As crawls and imports end. So it is, too, where layouts came from another archive, or where this
    was interrupted. Returns the outcomes of what was read.
    """
    c, folder = store.connection, store.folder
    sql = "SELECT 1 FROM captures WHERE site = ? AND part = 'layouts' AND reason = ?"
    is_open = c.execute(sql, (site.id, UNREAD)).fetchone() is not None
    before = with_learned(c, folder, site)
    after = learn_anew(c, folder, site, pool, store=store, wanted=is_open)
    outcomes = Counter[str]()
    if is_open or after.learned != before.learned:
        choice = Choice(sites=(site.id,), astray=True)
        report = reextract(c, folder, {site.id: after}, choice, store=store, pool=pool)
        outcomes = report.outcomes
    store.knowledge_is_used(site.id)
    return outcomes


def learn_anew(
    c: sqlite3.Connection,
    folder: Path,
    site: Site,
    pool: Executor,
    *,
    store: Store | None = None,
    wanted: bool = False,
) -> Site:
    """Learn a site's layouts where that is due, or `wanted`; returns the profile with them.

    With a `store` they are kept. Takes a few seconds, in another process.
    """
    last, before = kept(c, folder, site.id)
    known = _count(c, site.id)
    is_due = _is_due(c, site.id, last, before, known)
    found = before["layouts"]
    if is_due or (wanted and (known >= _FIRST or found)):
        future = near(pool).submit(look, folder, site)  # which reads the archive itself
        if error := future.exception():
            logger.warning("%s: no layouts could be learnt: %s", site.id, error)
        else:
            found = future.result()
    if store and (is_due or found != before["layouts"]):
        payload = json.dumps(Learning(known=known, layouts=found), ensure_ascii=False)
        writer = store.captures(site.id)
        capture = writer.write_metadata(site.url, PART, payload.encode(), now())
        store.add_knowledge(site.id, capture, unread=True)
        logger.info("%s: %d layouts learnt of %d articles", site.id, len(found), known)
    return _with(site, found)


def _is_due(c: sqlite3.Connection, site: str, capture: int, before: Learning, known: int) -> bool:
    """Whether enough articles are new since the last time, or most of the new ones fit no layout."""
    if known >= max(_FIRST, _GROWTH * before["known"]):
        return True
    astray = _count(c, site, after=capture, astray=True)
    return (
        bool(before["layouts"])
        and astray >= ENOUGH_PAGES
        and 2 * astray >= _count(c, site, after=capture)
    )


def _count(c: sqlite3.Connection, site: str, *, after: int = 0, astray: bool = False) -> int:
    """Pages of articles behind a row that fallbacks have read, or learned layouts, if not `astray`."""
    read_by = FALLBACK if astray else f"({FALLBACK} OR {LEARNED})"
    (count,) = c.execute(
        "SELECT count(*) FROM captures c WHERE site = ? AND id > ? AND result = 'article' "  # noqa: S608
        f"AND status = 200 AND {read_by}",
        (site, after, json.dumps(sorted(fallbacks()))),
    ).fetchone()
    return int(count)


def look(folder: Path, site: Site) -> list[dict[str, Any]]:
    """The layouts that a site's captures show. Runs in other processes.

    Learned layouts stand aside: they must not prove themselves.
    """
    site = site.model_copy(update={"learned": []})
    with closing(open_database(folder).conn) as connection:
        samples = list(_samples(connection, folder, site, choose(connection, site.id, PAGES)))
    return [found.to_dict() for found in learn(samples, site.zone)]


# -- which pages --------------------------------------------------------------------------------

# Each state of a page once, as it was served last.
_PAGES = """
SELECT id, max(fetched_at) AS moment FROM captures
 WHERE site = ? AND status = 200 AND part = 'page' AND result IS NOT NULL AND result <> 'failed'
 GROUP BY url, payload_digest ORDER BY moment, url, payload_digest
"""


def choose(connection: sqlite3.Connection, site: str, pages: int) -> list[int]:
    """Ids of captures, spread over a site's history: half of them evenly, half as fair to each month."""
    every = connection.execute(_PAGES, (site,)).fetchall()
    chosen = dict.fromkeys(spread([row[0] for row in every], pages // 2))
    months: dict[str, list[int]] = {}
    for capture, moment in every:
        if capture not in chosen:
            months.setdefault(moment[:7], []).append(capture)
    for left, month in zip(
        range(len(months), 0, -1), sorted(months.values(), key=len), strict=True
    ):
        chosen |= dict.fromkeys(spread(month, (pages - len(chosen)) // left))
    return list(chosen)


def spread(items: Sequence[T], count: int) -> list[T]:
    """So many of them, the first and the last among them, at equal distances."""
    if count >= len(items):
        return list(items)
    if count < 2:
        return list(items[:count])
    step = (len(items) - 1) / (count - 1)
    return [items[round(number * step)] for number in range(count)]


def _samples(
    connection: sqlite3.Connection, folder: Path, site: Site, captures: Sequence[int]
) -> Iterator[PageSample]:
    """Captures as pages with what is read of them: articles that fit no layout, and what is none."""
    for read, exchange, _ in read_captures(connection, folder, site, captures):
        if not read.article.is_article or read.layout_name in fallbacks():
            yield PageSample(read.page, read.article, datetime.fromisoformat(exchange.fetched_at))


def read_captures(
    connection: sqlite3.Connection, folder: Path, site: Site, captures: Iterable[int]
) -> Iterator[tuple[Context, Exchange, bytes]]:
    """Captured pages as a profile reads them, as served, and unpacked; what cannot be read is left out."""
    for capture in captures:
        with suppress(ArchiveError, OSError, Undecodable):
            exchange = read_stored(connection, folder, capture)
            encodings = [v for n, v in exchange.headers if n.lower() == "content-encoding"]
            body = decode(exchange.body, encodings, max_size=DOWNLOAD_MAXSIZE)
            content_type = exchange.header("Content-Type")
            if not may_be_html(content_type, body):
                continue
            at, address = exchange.fetched_at, urls.canonical(exchange.url) or exchange.url
            said = read_said(connection, folder, {address}, at)
            read = read_page(
                body,
                exchange.url,
                charset=charset_of(content_type),
                fetched_at=datetime.fromisoformat(at),
                site=site,
                said=list(map(said_in, said.values())),
            )
            yield read, exchange, body
