"""Years of a newspaper in which everything happens: the archive says what was shown, and no more."""

from __future__ import annotations

import os
import random
from pathlib import Path

from archive.store import Store
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
    for day in range(days):
        crawler.run_day(day)
        truth.check_day()
    truth.check_all()
    return crawler, truth


def test_years_of_a_newspaper(tmp_path: Path) -> None:
    crawler, _ = simulate(tmp_path, DAYS)
    with crawler.store as store:
        check_whole(store)
