"""Single monitors in hourly crawls, and thresholds of profiles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.store import Candidate
from archive.times import utc
from newsbot.profiles import ProfileError, Site, load_site
from newsbot.visit.schedule import next_poll
from newsbot.watch.monitors import kinds, look
from tests.archive.building import HOME, START, Paper, open_paper

HOUR = timedelta(hours=1)


@pytest.fixture
def paper(tmp_path: Path) -> Iterator[Paper]:
    paper = open_paper(tmp_path)
    yield paper
    paper.store.close()


def hours(
    paper: Paper, number: int, error: str | None = None, watch: dict[str, Any] | None = None
) -> list[str]:
    """Hourly crawls that poll a feed where it is due; the kinds of events that last at the end of each."""
    site = Site(id="aqbulaq", name="Ақбұлақ", url=HOME, watch=watch or {})
    found = []
    for _ in range(number):
        paper.later(hours=1).begin()
        row = paper.store.source("aqbulaq", f"{HOME}feed", "feed")
        if not row["due"] or row["due"] <= f"{paper.now:%Y-%m-%dT%H:%M:%SZ}":
            failures = row["failures"] + 1 if error else 0
            paper.store.save_poll(
                row["id"], paper.crawl, [] if error else [Candidate(f"{HOME}1")], polled_at=paper.now,
                status=None if error else 200, error=error, body_hash=None if error else "x",
                due=next_poll("feed", paper.now, failures=failures, distrust=None),
            )  # fmt: skip
        paper.store.finish_crawl(paper.crawl, paper.now, "finished", 2)
        look(paper.store, [site], paper.now)
        found.append(
            " ".join(event["kind"] for event in paper.store.lasting_events("aqbulaq", START))
        )
    return found


def test_a_server_that_rests_for_some_hours_is_no_alarm(paper: Paper) -> None:
    assert set(hours(paper, 5) + hours(paper, 5, "no connection") + hours(paper, 9)) == {""}


def test_a_server_that_is_down_is_one_from_the_first_poll_after_six_hours(paper: Paper) -> None:
    hours(paper, 5)
    assert hours(paper, 12, "no connection") == [""] * 7 + ["down"] * 5
    found = hours(paper, 24)
    assert found[-1] == "" and found[0] == "down", "over with the first answer"


def test_a_site_that_never_answered_is_down_from_its_first_crawl(paper: Paper) -> None:
    found = hours(paper, 12, "no connection")
    assert found == [""] * 5 + ["down"] * 7
    assert hours(paper, 24)[-1] == ""


def test_what_a_cause_explains_is_not_told_of_the_next_source(paper: Paper) -> None:
    """One feed has failed for days already when the whole site goes down."""
    site = Site(id="aqbulaq", name="Ақбұлақ", url=HOME)
    feeds = [f"{HOME}{name}" for name in ("feed", "b", "c")]
    found = []
    for hour in range(12 * 24):
        paper.later(hours=1).begin()
        for feed in feeds:
            row = paper.store.source("aqbulaq", feed, "feed")
            if row["due"] and row["due"] > utc(paper.now):
                continue
            error = "no answer" if hour > 24 * (1 if feed == feeds[0] else 6) else None
            failures = row["failures"] + 1 if error else 0
            paper.store.save_poll(
                row["id"], paper.crawl, [] if error else [Candidate(f"{feed}/1")], polled_at=paper.now,
                status=None if error else 200, error=error, body_hash=None if error else "x",
                due=next_poll("feed", paper.now, failures=failures, distrust=None),
            )  # fmt: skip
        paper.store.finish_crawl(paper.crawl, paper.now, "finished", 2)
        look(paper.store, [site], paper.now)
        lasting = paper.store.lasting_events("aqbulaq", START)
        found.append([(event["kind"], event.get("source")) for event in lasting])
    assert [("failing_source", feeds[0])] in found
    assert sorted(found[-1]) == sorted([("failing_source", feeds[0]), ("down", None)])


def test_sources_are_compared_in_one_pass(paper: Paper) -> None:
    """A sitemap that stands still among 200; the steps of SQLite grow as the addresses do."""
    c, step = paper.store.connection, [0]

    def count() -> int:
        step[0] += 1
        return 0

    def moment(number: int) -> str:
        return utc(START + number * timedelta(seconds=90))

    with paper.store.transaction():
        for n in range(200):
            c.execute(
                "INSERT INTO sources (id, site, url, kind, polled_at) VALUES (?, 'aqbulaq', ?, 'sitemap', ?)",
                (n + 1, f"{HOME}{n}.xml", utc(START + timedelta(days=9))),
            )
    steps = []
    for part in (0, 1):
        with paper.store.transaction():
            for n in range(3000 * part, 3000 * (part + 1)):
                source = 1 if n < 2900 else 2 + n % 199
                c.execute(
                    "INSERT INTO frontier (url, site, source, depth, discovered_at) VALUES (?, 'aqbulaq', ?, 0, ?)",
                    (f"{HOME}a{n}", source, moment(n)),
                )
        step[0] = 0
        c.set_progress_handler(count, 1000)
        values = {"site": "aqbulaq", "since": moment(0), "limit": 10}
        found = c.execute(kinds()["stale_source"].sql, values).fetchall()
        c.set_progress_handler(None, 0)
        steps.append(step[0])
    bad = [tuple(row)[:3] for row in found if row["bad"]]
    assert bad == [(f"{HOME}0.xml", moment(2899), 3100)]
    assert steps[1] < 4 * steps[0] and steps[1] < 2000


def test_a_profile_sets_another_threshold_or_none(paper: Paper) -> None:
    hours(paper, 5)
    assert set(hours(paper, 12, "no connection", {"down": 24})) == {""}
    assert hours(paper, 24, "no connection", {"down": 24})[-1] == "down"
    assert hours(paper, 1, "no connection", {"down": False}) == [""], "switched off, it ends"


@pytest.mark.parametrize("line", ["silence = 3", "silent = true", "silent = -1", 'silent = "x"'])
def test_a_threshold_that_is_none(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(f'name = "X"\nurl = "https://x.example/"\n[watch]\n{line}\n')
    with pytest.raises(ProfileError, match="watch"):
        load_site(path)
