"""Years of a newspaper in which everything happens: the archive says what was shown, and no more.

`SIMULATED_DAYS=1000 pytest tests/simulation` takes its time; docs/decisions.md has the last result.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from archive.store import Store, knows_record
from archive.store.articles import derive
from archive.visit import Visit
from newsbot import discovery
from newsbot.discovery import trust
from newsbot.extraction.dates import parse_machine
from newsbot.profiles import Site
from newsbot.visit.builder import VisitBuilder
from newsbot.visit.schedule import next_due
from tests.archive.building import check_whole
from tests.simulation.crawling import Crawler
from tests.simulation.newspaper import Newspaper, Rules
from tests.simulation.truth import Truth

DAYS = int(os.environ.get("SIMULATED_DAYS", "150"))
SEED = int(os.environ.get("SIMULATED_SEED", "1"))
TABLES = (
    "SELECT a.url, r.number, r.seen_at, r.changed, c.record_id, g.digest, r.kept FROM revisions r "
    "JOIN articles a ON a.id = r.article JOIN captures c ON c.id = r.capture "
    "JOIN readings g ON g.id = r.reading ORDER BY 1, 2",
    "SELECT url, title, text, authors, published, section, image, views, revision, first_seen, "
    "last_seen, gone_since, (SELECT record_id FROM captures WHERE id = articles.capture) "
    "FROM articles ORDER BY 1",
    "SELECT a.url, g.digest, g.rules, g.image, g.tags, g.layout FROM readings g "
    "JOIN articles a ON a.id = g.article ORDER BY 1, 2",
    "SELECT a.url, e.seen_at, e.views, e.comments FROM engagement e JOIN articles a ON a.id = e.article "
    "ORDER BY 1, 2",
    "SELECT l.url, l.first_seen, a.url FROM aliases l JOIN articles a ON a.id = l.article ORDER BY 1",
    "SELECT a.url, t.name FROM article_tags x JOIN tags t ON t.id = x.tag "
    "JOIN articles a ON a.id = x.article ORDER BY 1, 2",
)


def simulate(folder: Path, days: int, seed: int = 1) -> tuple[Crawler, Truth]:
    """An archive of so many days, checked at the end of each."""
    store = Store(folder, schedule=next_due)
    store.connection.execute("PRAGMA synchronous = OFF")
    newspaper = Newspaper(random.Random(seed))
    site = Site(id="gazet", name="Газет", url=f"{newspaper.origin}/")
    crawler = Crawler(store, newspaper, site)
    truth = Truth(crawler)
    # Sitemaps are read anew every day, and most of their dates are those of the day before.
    cached = lru_cache(100_000)(parse_machine)
    with (
        patch.object(discovery, "parse_machine", cached),
        patch.object(trust, "parse_machine", cached),
    ):
        for day in range(days):
            crawler.run_day(day)
            truth.check_day()
    truth.check_all()
    return crawler, truth


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Crawler, Truth]]:
    crawler, truth = simulate(tmp_path_factory.mktemp("simulated"), DAYS, SEED)
    with crawler.store:
        yield crawler, truth


def tables(store: Store) -> list[list[tuple[Any, ...]]]:
    """What is derived of the captures, without numbers that depend on the order of arrival."""
    return [[tuple(row) for row in store.connection.execute(sql)] for sql in TABLES]


# What simulates the days is slow: all that looks at the result runs in one process.
pytestmark = [pytest.mark.xdist_group("simulation"), pytest.mark.timeout(1800)]


def test_the_archive_is_whole(simulated: tuple[Crawler, Truth]) -> None:
    check_whole(simulated[0].store)


def test_the_database_grows_with_what_changed(simulated: tuple[Crawler, Truth]) -> None:
    crawler, truth = simulated
    c = crawler.store.connection
    expected = [found for n in list(crawler.sightings) if (found := truth.expected(n))]
    states = sum(len(found.states) for found in expected)
    # A state that was put together of two layouts is one more.
    (readings,) = c.execute("SELECT count(*) FROM readings").fetchone()
    assert readings <= states + sum(len(found.revisions) for found in expected)
    (events,) = c.execute("SELECT count(*) FROM events").fetchone()
    assert events <= 7 * (DAYS // 150 + 1)


def test_deriving_anew_changes_nothing(simulated: tuple[Crawler, Truth]) -> None:
    store = simulated[0].store
    before = list(store.connection.iterdump())
    store.settle("gazet")
    assert list(store.connection.iterdump()) == before
    with store.transaction() as c:
        for (article,) in c.execute("SELECT id FROM articles").fetchall():
            derive(store.changes, article)
    assert list(store.connection.iterdump()) == before


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_arrival_does_not_matter(
    simulated: tuple[Crawler, Truth], tmp_path: Path, seed: int
) -> None:
    """The same visits, the days shuffled, as an import of several files brings them."""
    crawler, _ = simulated
    days = [list(day) for day in crawler.visits]
    random.Random(seed).shuffle(days)
    waiting = [_today(crawler, visit) for day in days for visit in day]
    with Store(tmp_path, schedule=next_due) as store:
        store.connection.execute("PRAGMA synchronous = OFF")
        store.save_site(crawler.site.row)
        with store.batch():
            while waiting:
                left = [visit for visit in waiting if not _is_here(store, visit)]
                for visit in waiting:
                    if _is_here(store, visit):
                        store.record(visit)
                waiting = left
        store.settle("gazet")
        assert tables(store) == tables(crawler.store)


def _is_here(store: Store, visit: Visit) -> bool:
    """Whether what the visit's captures refer to was recorded."""
    return all(
        capture.refers_to_id is None or knows_record(store.connection, capture.refers_to_id)
        for capture in visit.captures
    )


def _today(crawler: Crawler, visit: Visit) -> Visit:
    """A visit as an import makes it of its captures: today's profile, the rules that read it last."""
    page = visit.page
    assert page is not None
    (rules,) = crawler.store.connection.execute(
        "SELECT rules FROM captures WHERE record_id = ?", (page.record_id,)
    ).fetchone()
    known = Rules(frozenset(range(int((rules or "1-0").partition("-")[0]))))
    builder = VisitBuilder(crawler.site, visit.url)
    for exchange, capture in crawler.exchanges[page.record_id]:
        builder.add(exchange, capture, known.read(exchange, crawler.site))
    with known.in_force():
        return builder.build()
