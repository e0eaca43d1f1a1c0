"""Years of a newspaper in which everything happens: the archive says what was shown, and no more."""

from __future__ import annotations

import os
import random
from functools import lru_cache
from pathlib import Path
from unittest.mock import patch

from archive.store import Store
from newsbot import discovery
from newsbot.discovery import trust
from newsbot.extraction.dates import parse_machine
from newsbot.profiles import Site
from newsbot.visit.schedule import next_due
from tests.archive.building import check_whole
from tests.simulation.crawling import Crawler
from tests.simulation.newspaper import Newspaper
from tests.simulation.truth import Truth

DAYS = int(os.environ.get("SIMULATED_DAYS", "150"))


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


def test_years_of_a_newspaper(tmp_path: Path) -> None:
    crawler, _ = simulate(tmp_path, DAYS)
    with crawler.store as store:
        check_whole(store)
