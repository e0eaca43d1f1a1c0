"""Captures → visits, whatever lies between them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.article import Article
from newsbot.profiles import Site
from newsbot.replay.grouping import NEARBY, Event, Group, Grouper
from newsbot.replay.reading import Page, Reading

HOME = "https://gazet.example"
SITE = Site(id="gazet", name="Газет", url=f"{HOME}/")
OTHER = Site(id="other", name="Өзге", url=f"{HOME}/")
START = datetime(2024, 3, 1, tzinfo=UTC)
_numbers = count(1)


def event(path: str, leads_to: str | None = None, *, pages: Any = None, **fields: Any) -> Event:
    """A page (an article where `pages` is given), or a redirect to another one."""
    number = next(_numbers)
    reading = Reading(leads_to=leads_to and HOME + leads_to)
    if pages is not None:
        reading.article = Article(
            url=HOME + path,
            is_article=True,
            text=f"мәтін {path}",
            pages=[HOME + url for url in pages],
        )
    known: dict[str, Any] = {
        "site": SITE,
        "url": HOME + path,
        "fetched_at": START + timedelta(seconds=number),
        "status": 301 if leads_to else 200,
        "record_id": f"<{number}>",
        "position": number,
        "reading": reading,
    }
    return Event(**{**known, **fields})


def paths(groups: list[Group]) -> list[list[str]]:
    return [[e.url.removeprefix(HOME) for e in group.events] for group in groups]


def run(*events: Event, **limits: int) -> list[Group]:
    grouper = Grouper(**limits)
    done = [group for item in events for group in grouper.add(item)]
    return done + grouper.flush()


def test_addresses_bring_a_visit_together() -> None:
    groups = run(
        event("/a", "/b"), event("/x", pages=[]), event("/b", "/c"), event("/c", pages=["/c2"]),
        event("/y", pages=[]), event("/c2", pages=[]),
    )  # fmt: skip
    assert paths(groups) == [["/x"], ["/y"], ["/a", "/b", "/c", "/c2"]]
    item = groups[-1].finish()
    assert item.urls == [f"{HOME}/{name}" for name in ("a", "b", "c", "c2")]
    assert item.parts[0].text == "мәтін /c\n\nмәтін /c2"
    assert item.fetched_at == groups[-1].events[2].fetched_at


def test_our_files_are_believed_and_not_the_addresses() -> None:
    first = event("/a", "/b", is_linked=True)
    own = event("/b", pages=[], is_linked=True, concurrent_to=first.record_id)
    other = event("/b", pages=[], is_linked=True)
    assert paths(run(first, other, own)) == [["/b"], ["/a", "/b"]]


def test_retries_of_a_crawl_are_one_visit() -> None:
    first = event("/a", is_linked=True, status=500)
    again = event("/a", pages=[], is_linked=True, concurrent_to=first.record_id)
    groups = run(first, event("/x", pages=[], is_linked=True), again)
    assert paths(groups) == [["/x"], ["/a", "/a"]]
    assert groups[1].finish().outcome is None
    (alone,) = run(event("/a", is_linked=True, status=500))
    assert (alone.finish().outcome, alone.item.error) == ("failed", "HTTP 500")


def test_other_sites_and_other_days_are_no_neighbours() -> None:
    assert len(run(event("/a", "/b"), event("/b", pages=[], site=OTHER))) == 2
    late = event("/b", pages=[], fetched_at=START + NEARBY + timedelta(hours=1))
    assert len(run(event("/a", "/b"), late)) == 2


def test_only_so_many_wait() -> None:
    waiting = [event(f"/{n}", f"/to-{n}") for n in range(10)]
    grouper = Grouper(max_held=4)
    released = [group for item in waiting for group in grouper.add(item)]
    assert paths(released) == [[f"/{n}"] for n in range(6)]
    assert grouper.position == waiting[6].position
    big = [event(f"/{n}", f"/to-{n}", size=100) for n in range(10)]
    grouper = Grouper(max_bytes=350)
    assert len([group for item in big for group in grouper.add(item)]) == 7
    assert released[0].finish().error == "the page it leads to was not captured"


def test_what_no_crawl_asks_for_is_read_only_on_the_way() -> None:
    page = Page(f"{HOME}/b", 200, b"<h1>x</h1>", START, "text/html")
    alone = event("/b", unread=page)
    assert run(alone) == []
    (group,) = run(event("/a", "/b"), event("/b", unread=page))
    assert (group.finish().outcome, group.item.error) == ("not_article", "no_text")


def test_a_page_that_forwards_in_circles_is_a_page() -> None:
    forward = event("/b", "/a", pages=[])
    forward.reading.is_forward, forward.status = True, 200
    (group,) = run(event("/a", "/b"), forward)
    assert group.finish().parts[0].url == f"{HOME}/b"


def test_endless_redirects_end() -> None:
    chain = [event(f"/{n}", f"/{n + 1}") for n in range(12)]
    groups = run(*chain)
    assert paths(groups)[0] == [f"/{n}" for n in range(9)]
    assert groups[0].finish().error == "RedirectLoop: too many redirects"


@pytest.mark.parametrize(
    ("status", "outcome"), [(404, "gone"), (403, "blocked"), (503, "deferred"), (418, "failed")]
)
def test_statuses_are_outcomes(status: int, outcome: str) -> None:
    (group,) = run(event("/a", status=status))
    assert group.finish().outcome == outcome


@st.composite
def crawls(draw: st.DrawFn) -> list[list[Event]]:
    """Visits of one crawl: redirects, a page, its further pages, some of them missing."""
    visits = []
    for n in range(draw(st.integers(1, 6))):
        hops, parts = draw(st.integers(0, 3)), draw(st.integers(0, 3))
        lost = draw(st.booleans()) and parts > 0
        more = [f"/v{n}/part{k}" for k in range(parts)]
        # Different visits may well lead to the same page.
        page = draw(st.sampled_from([f"/v{n}", "/same"]))
        names = [f"/v{n}/hop{k}" for k in range(hops)] + [page]
        events = [event(a, b, is_linked=True) for a, b in pairwise(names)]
        events.append(event(page, pages=more, is_linked=True))
        events += [event(url, pages=[], is_linked=True) for url in more[: parts - lost]]
        for later in events[1:]:
            later.concurrent_to = events[0].record_id
        visits.append(events)
    return visits


@given(crawls(), st.randoms(use_true_random=False))
def test_visits_side_by_side_come_apart(visits: list[list[Event]], random: Any) -> None:
    order = [n for n, events in enumerate(visits) for _ in events]
    random.shuffle(order)
    left = [iter(events) for events in visits]
    groups = run(*(next(left[n]) for n in order))
    got = {group.first.record_id: [e.record_id for e in group.events] for group in groups}
    assert got == {events[0].record_id: [e.record_id for e in events] for events in visits}
    assert all(group.finish().urls for group in groups)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.booleans()), max_size=40))
def test_nothing_is_lost_or_doubled(records: list[tuple[int, int, bool]]) -> None:
    events = [
        event(f"/{a}", None if is_page else f"/{b}", pages=[f"/{b}"] if is_page else None)
        for a, b, is_page in records
    ]
    groups = run(*events, max_held=3)
    assert sorted(e.position for g in groups for e in g.events) == [e.position for e in events]
    for group in groups:
        item = group.finish()
        assert item.urls
        assert bool(item.parts) != bool(item.outcome)
