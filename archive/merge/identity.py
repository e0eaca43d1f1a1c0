"""identity: which article of one archive is which of the other, told by their addresses.

Articles that one archive keeps apart stay apart: an id, once given, is for good. So each article has
at most one counterpart, and the answer is the same whichever archive comes first.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from archive.merge.sides import select
from archive.visits import spellings

Addresses = dict[int, frozenset[str]]
"""Article → its address and its aliases."""


@dataclass(frozen=True, slots=True)
class Known:
    """One archive's articles that a group of addresses leads to."""

    urls: dict[int, str]
    """Article → its canonical address."""
    addresses: Addresses


@dataclass(frozen=True, slots=True)
class Pair:
    """An article of ours, one of theirs, or the same one in both archives."""

    ours: int | None
    theirs: int | None


def neighbourhood(
    ours: sqlite3.Connection, theirs: sqlite3.Connection, article: int
) -> tuple[Known, Known]:
    """All articles that hang together with one of theirs by common addresses, in both archives.

    Addresses are the same with `http` and `https`, with `www` and without, as for crawls.
    """
    known = (Known({}, {}), Known({}, {}))
    fresh = _load(theirs, [article], known[1])
    side = 0
    while fresh:
        connection = (ours, theirs)[side]
        found = _owners(connection, fresh) - known[side].urls.keys()
        fresh = _load(connection, found, known[side])
        side = 1 - side
    return known


def _owners(c: sqlite3.Connection, urls: Iterable[str]) -> set[int]:
    rows = select(
        c,
        "WITH wanted AS (SELECT value AS url FROM json_each(?)) "
        "SELECT article FROM aliases WHERE url IN wanted "
        "UNION SELECT id FROM articles WHERE url IN wanted",
        json.dumps(sorted({spelling for url in urls for spelling in spellings(url)})),
    )
    return {row["article"] for row in rows}


def _load(c: sqlite3.Connection, articles: Iterable[int], known: Known) -> set[str]:
    """Add articles to what is known; returns all their addresses."""
    fresh: set[str] = set()
    for article in articles:
        (row,) = select(c, "SELECT url FROM articles WHERE id = ?", article)
        aliases = select(c, "SELECT url FROM aliases WHERE article = ?", article)
        known.urls[article] = row["url"]
        known.addresses[article] = frozenset(alias["url"] for alias in (row, *aliases))
        fresh |= known.addresses[article]
    return fresh


def pairs(ours: Known, theirs: Known) -> Iterator[Pair]:
    """Which articles are the same: those of one canonical address, then those that share most others.

    Every article comes exactly once.
    """
    by_url = {url: article for article, url in ours.urls.items()}
    same = {by_url[url]: article for article, url in theirs.urls.items() if url in by_url}
    taken = set(same.values())
    here, there = (
        {article: {spellings(url)[0] for url in urls} for article, urls in known.addresses.items()}
        for known in (ours, theirs)
    )
    shared = [
        (-len(common), sorted((ours.urls[one], theirs.urls[other])), one, other)
        for one in ours.urls.keys() - same.keys()
        for other in theirs.urls.keys() - taken
        if (common := here[one] & there[other])
    ]
    for _, _, one, other in sorted(shared):
        if one not in same and other not in taken:
            same[one] = other
            taken.add(other)
    yield from (Pair(one, same.get(one)) for one in sorted(ours.urls))
    yield from (Pair(None, other) for other in sorted(theirs.urls.keys() - taken))


def settle(
    claims: Mapping[str, list[tuple[int, str]]], urls: Mapping[int, str]
) -> dict[str, tuple[int, str]]:
    """Which article each address belongs to, and since when.

    `claims` says for each address which merged articles (numbered) claim it since when, `urls` what
    their canonical addresses will be. An article's own address is its own; otherwise who had it first.
    """
    return {
        url: min(
            claimants,
            key=lambda claim: (urls[claim[0]] != url, claim[1], urls[claim[0]]),
        )
        for url, claimants in claims.items()
    }
