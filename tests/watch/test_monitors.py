"""Single monitors in hourly crawls, and thresholds of profiles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.store import Candidate
from newsbot.profiles import ProfileError, Site, load_site
from newsbot.visit.schedule import next_poll
from newsbot.watch.monitors import look
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
