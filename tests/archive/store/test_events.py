"""What befalls a site as a whole: when it begins, when it ends, and what is none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.captures import NOT_MODIFIED, previous_capture
from archive.store import Candidate, Store
from archive.times import utc
from archive.visit import Visit
from tests.archive.building import HOME, SITE, START, article, tomorrow

ID = str(SITE["id"])
STATUS = {"missing": 404, "blocked": 403, "failed": 500, "deferred": 503, "excluded": 301}


class Site:
    """A site whose articles are visited by their numbers."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._views = 0

    def visit(
        self, day: float, numbers: Any, result: str = "article", reason: str | None = None,
        *, settle: bool = True,
    ) -> Site:  # fmt: skip
        for n, number in enumerate(numbers):
            at = START + timedelta(days=day, seconds=n)
            url = f"{HOME}{number}"
            self._views += 1
            status = 304 if result == "unchanged" else STATUS.get(result, 200)
            whole = previous_capture(self.store.connection, url, proven=True)
            capture = self.store.captures(ID).write(
                url, status, [], b"" if status == 304 else f"{number} {self._views}".encode(), at,
                refers_to=whole if status == 304 else None,
                profile=NOT_MODIFIED if status == 304 else None,
            )  # fmt: skip
            read = article(url, title=f"Тақырып {number}", text=f"Мәтін {number}.")
            self.store.record(
                Visit(
                    site=ID, url=url, fetched_at=at, result=result, urls=(url,), status=status,
                    reason=reason, captures=[capture], rules="1-0",
                    article=read if result == "article" else None,
                )
            )  # fmt: skip
        if settle:
            self.store.settle(ID, START + timedelta(days=day))
        return self

    @property
    def events(self) -> list[tuple[str, str, str | None]]:
        rows = self.store.connection.execute(
            "SELECT kind, began_at, ended_at FROM events ORDER BY began_at, kind"
        )
        return [tuple(row) for row in rows]


def moment(day: float, seconds: int = 0) -> str:
    return utc(START + timedelta(days=day, seconds=seconds))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Store(tmp_path, schedule=tomorrow) as store:
        store.connection.execute("PRAGMA synchronous = OFF")
        store.save_site(SITE)
        yield Site(store).visit(0, range(20))


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        ("refused", "unreadable"),
        ("missing", "missing"),
        ("blocked", "blocked"),
        ("failed", "failing"),
        ("deferred", "failing"),
        ("excluded", "moved"),
    ],
)
def test_kinds(site: Site, result: str, kind: str) -> None:
    site.visit(3, range(8), result, "неге")
    assert site.events == [(kind, moment(3), None)]
    site.visit(5, range(8))
    assert site.events == [(kind, moment(3), moment(5))]


def test_the_evidence(site: Site) -> None:
    site.visit(3, range(2), "blocked", "challenge").visit(3.1, range(2, 8), "blocked", "login")
    (row,) = site.store.connection.execute("SELECT evidence FROM events").fetchall()
    assert json.loads(row[0]) == {
        "articles": 8,
        "reason": "login",
        "urls": [f"{HOME}0", f"{HOME}1", f"{HOME}2"],
        "last": moment(3.1, 5),
    }
    since = START + timedelta(days=3)
    (event,) = site.store.lasting_events(ID, since)
    assert (event["kind"], event["began_at"], event["articles"]) == ("blocked", moment(3), 8)
    assert site.store.lasting_events(ID, since + timedelta(days=1)) == [], "nothing new was seen"


def test_few_visits_of_some_days_count_together(site: Site) -> None:
    for day in (3, 4, 5):
        site.visit(day, range(2 * day, 2 * day + 2), "refused", "no_text")
        assert len(site.events) == (day == 5)
    assert site.events == [("unreadable", moment(3), None)]


def test_too_few_or_too_far_apart(site: Site) -> None:
    site.visit(3, range(4), "refused", "no_text")
    for number in range(4, 9):
        site.visit(3 * number, [number], "refused", "no_text")
    assert site.events == []


def test_a_minority_is_no_event(site: Site) -> None:
    site.visit(3, range(9), "missing", "HTTP 404", settle=False).visit(3.1, range(9, 20))
    assert site.events == []


def test_what_was_missing_long_before_says_nothing(site: Site) -> None:
    for number in range(8):
        site.visit(10 * number + 1, [number], "missing", "HTTP 404")
        site.visit(10 * number + 3, [number], "missing", "HTTP 404")
    assert site.events == []
    site.visit(
        120, range(8), "missing", "HTTP 404"
    )  # those that are gone are looked at now and then
    assert site.events == []
    site.store.settle(ID)
    assert site.events == []


def test_passwords_are_the_newspapers_own_doing(site: Site) -> None:
    site.visit(3, range(8), "blocked", "password")
    assert site.events == []


def test_an_event_lasts_over_days_without_many_visits(site: Site) -> None:
    site.visit(3, range(8), "blocked", "login")
    for day in (4, 9, 20):
        site.visit(day, [day], "blocked", "login")
    site.visit(21, range(5), "unchanged")
    assert site.events == [("blocked", moment(3), moment(21))]


def test_a_second_event_of_the_kind(site: Site) -> None:
    for day in (3, 30):
        site.visit(day, range(8), "failed", "HTTP 500").visit(day + 1, range(8))
    assert site.events == [("failing", moment(3), moment(4)), ("failing", moment(30), moment(31))]
    ids = site.store.connection.execute("SELECT id FROM events").fetchall()
    site.store.settle(ID)
    assert site.store.connection.execute("SELECT id FROM events").fetchall() == ids
    assert len(site.events) == 2


def test_looking_at_some_days_finds_what_looking_at_all_does(site: Site) -> None:
    for day, numbers, result in (
        (2, [1], "missing"), (3, range(8), "missing"), (4, range(6), "missing"), (5, range(9), "article"),
        (6, range(7), "blocked"), (7, [8], "blocked"), (9, range(3), "blocked"), (12, range(9), "article"),
    ):  # fmt: skip
        site.visit(day, numbers, result)
    found = site.events
    assert [kind for kind, *_ in found] == ["missing", "blocked"]
    with site.store.transaction() as c:
        c.execute("DELETE FROM events")
    site.store.settle(ID)
    assert site.events == found


def test_an_event_stays_when_rules_read_its_pages(site: Site) -> None:
    site.visit(3, range(8), "refused", "no_text")
    c = site.store.connection
    for number in range(8):
        (page,) = c.execute(
            "SELECT id FROM captures WHERE url = ? AND result = 'refused'", (f"{HOME}{number}",)
        ).fetchone()
        read = article(f"{HOME}{number}", title=f"Тақырып {number}", text=f"Мәтін {number}.")
        visit = Visit(
            site=ID, url=read.url, urls=(read.url,), fetched_at=START + timedelta(days=3), status=200,
            result="article", article=read, rules="2-0",
        )  # fmt: skip
        site.store.reread(page, visit)
    site.store.settle(ID)
    assert site.events == [("unreadable", moment(3), None)]
    site.visit(5, range(8))
    assert site.events == [("unreadable", moment(3), moment(5))]


# -- sources ----------------------------------------------------------------------------------------


def poll(site: Site, day: int, *urls: str, kind: str = "feed", **fields: Any) -> None:
    source = site.store.source(ID, f"{HOME}{kind}", kind)
    crawl = site.store.start_crawl(ID, START)
    known: dict[str, Any] = {"body_hash": f"{urls}{fields}", "status": 200, **fields}
    site.store.save_poll(
        source["id"], crawl, map(Candidate, urls), polled_at=START + timedelta(days=day), **known
    )


def test_a_source_that_empties(site: Site) -> None:
    poll(site, 0)
    assert site.events == [], "it never listed anything"
    poll(site, 1, f"{HOME}1")
    for day in (2, 3):
        poll(site, day)
        assert site.events == [("empty_source", moment(2), None)]
    poll(site, 4, status=500, body_hash=None, error="HTTP 500")
    assert site.events == [("empty_source", moment(2), None)]
    poll(site, 5, f"{HOME}1")
    assert site.events == [("empty_source", moment(2), moment(5))]


@pytest.mark.parametrize(("distrust", "lies"), [("always_today", 1), ("uniform", 1), ("frozen", 0)])
def test_a_source_whose_dates_lie(site: Site, distrust: str, lies: int) -> None:
    poll(site, 1, f"{HOME}1", kind="sitemap", distrust=distrust)
    assert site.events == [("lying_source", moment(1), None)] * lies
    poll(site, 2, f"{HOME}1", kind="sitemap")
    assert site.events == [("lying_source", moment(1), moment(2))] * lies
