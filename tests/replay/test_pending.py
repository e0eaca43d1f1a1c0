"""Captured exchanges → visits, whatever lies between them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from archive.article import Article
from archive.captures import Exchange, Record
from newsbot.profiles import Site
from newsbot.replay.pending import NEARBY, PendingVisit, PendingVisits
from newsbot.replay.records import Captured
from newsbot.visit.reading import Reading

HOME = "https://gazet.example"
SITE = Site(id="gazet", name="Газет", url=f"{HOME}/")
OTHER = Site(id="other", name="Өзге", url=f"{HOME}/")
START = datetime(2024, 3, 1, tzinfo=UTC)
_numbers = count(1)


def captured(
    path: str,
    leads_to: str | None = None,
    *,
    pages: Any = None,
    at: datetime | None = None,
    status: int | None = None,
    body: bytes = b"",
    visit: Captured | None = None,
    site: Site = SITE,
    **fields: Any,
) -> Captured:
    """A page (an article where `pages` is given), or a redirect to another one."""
    number = next(_numbers)
    moment = (at or START + timedelta(seconds=number)).isoformat()
    reading = Reading(leads_to=leads_to and HOME + leads_to)
    if pages is not None:
        reading.article = Article(
            url=HOME + path,
            is_article=True,
            text=f"мәтін {path}",
            pages=[HOME + url for url in pages],
        )
    exchange = Exchange(HOME + path, moment, status or (301 if leads_to else 200), [], body)
    headers = {"WARC-Concurrent-To": visit.record.record_id} if visit else {}
    record = Record(
        number, 1, "response", f"<{number}>", HOME + path, moment, headers, exchange, "", None, None
    )
    return Captured(Path(), record, site, exchange, **{"reading": reading, **fields})


def linked(*args: Any, **fields: Any) -> Captured:
    return captured(*args, is_linked=True, **fields)


def paths(visits: list[PendingVisit]) -> list[list[str]]:
    return [[c.exchange.url.removeprefix(HOME) for c in visit.captured] for visit in visits]


def run(*items: Captured, **limits: int) -> list[PendingVisit]:
    pending = PendingVisits(**limits)
    done = [visit for item in items for visit in pending.add(item)]
    return done + pending.flush()


def test_addresses_bring_a_visit_together() -> None:
    visits = run(
        captured("/a", "/b"), captured("/x", pages=[]), captured("/b", "/c"),
        captured("/c", pages=["/c2"]), captured("/y", pages=[]), captured("/c2", pages=[]),
    )  # fmt: skip
    assert paths(visits) == [["/x"], ["/y"], ["/a", "/b", "/c", "/c2"]]
    visit = visits[-1].builder.build()
    assert visit.article is not None
    assert visit.article.text == "мәтін /c\n\nмәтін /c2"
    assert [c.record_id for c in visit.captures] == [
        c.record.record_id for c in visits[-1].captured
    ]


def test_our_files_are_believed_and_not_the_addresses() -> None:
    first = linked("/a", "/b")
    own = linked("/b", pages=[], visit=first)
    other = linked("/b", pages=[])
    assert paths(run(first, other, own)) == [["/b"], ["/a", "/b"]]


def test_retries_of_a_crawl_are_one_visit() -> None:
    first = linked("/a", status=500)
    again = linked("/a", pages=[], visit=first)
    visits = run(first, linked("/x", pages=[]), again)
    assert paths(visits) == [["/x"], ["/a", "/a"]]
    assert visits[1].builder.build().result == "article"
    (alone,) = run(linked("/a", status=500))
    assert alone.builder.build().reason == "HTTP 500"
    pending = PendingVisits()
    third = [linked("/a", status=500, visit=first) for _ in range(2)]
    assert [len(pending.add(item)) for item in (first, *third)] == [0, 0, 1]


def test_other_sites_and_other_days_are_no_neighbours() -> None:
    assert len(run(captured("/a", "/b"), captured("/b", pages=[], site=OTHER))) == 2
    late = captured("/b", pages=[], at=START + NEARBY + timedelta(hours=1))
    assert len(run(captured("/a", "/b"), late)) == 2


def test_only_so_many_wait() -> None:
    waiting = [captured(f"/{n}", f"/to-{n}") for n in range(10)]
    pending = PendingVisits(max_held=4)
    released = [visit for item in waiting for visit in pending.add(item)]
    assert paths(released) == [[f"/{n}"] for n in range(6)]
    assert pending.position == waiting[6].record.offset
    big = [captured(f"/{n}", f"/to-{n}", body=b"x" * 100) for n in range(10)]
    pending = PendingVisits(max_bytes=350)
    assert len([visit for item in big for visit in pending.add(item)]) == 7
    assert released[0].builder.build().reason == "the page it leads to was not captured"


def test_what_no_crawl_asks_for_is_read_only_on_the_way() -> None:
    def page() -> Captured:
        return captured("/b", body=b"<h1>x</h1>", reading=None, is_sought=False)

    assert run(page()) == []
    (visit,) = run(captured("/a", "/b"), page())
    assert visit.builder.build().reason == "no_text"


@st.composite
def crawls(draw: st.DrawFn) -> list[list[Captured]]:
    """Visits of one crawl: redirects, a page, its further pages, some of them missing."""
    visits = []
    for n in range(draw(st.integers(1, 6))):
        hops, parts = draw(st.integers(0, 3)), draw(st.integers(0, 3))
        lost = draw(st.booleans()) and parts > 0
        more = [f"/v{n}/part{k}" for k in range(parts)]
        # Different visits may well lead to the same page.
        page = draw(st.sampled_from([f"/v{n}", "/same"]))
        names = [f"/v{n}/hop{k}" for k in range(hops)] + [page]
        items = [linked(a, b) for a, b in pairwise(names)]
        items.append(linked(page, pages=more))
        items += [linked(url, pages=[]) for url in more[: parts - lost]]
        for later in items[1:]:
            later.record.headers["WARC-Concurrent-To"] = items[0].record.record_id
        visits.append(items)
    return visits


@given(crawls(), st.randoms(use_true_random=False))
def test_visits_side_by_side_come_apart(visits: list[list[Captured]], random: Any) -> None:
    order = [n for n, items in enumerate(visits) for _ in items]
    random.shuffle(order)
    left = [iter(items) for items in visits]
    done = run(*(next(left[n]) for n in order))
    got = {v.first.record.record_id: [c.record.record_id for c in v.captured] for v in done}
    assert got == {
        items[0].record.record_id: [c.record.record_id for c in items] for items in visits
    }


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.booleans()), max_size=40))
def test_nothing_is_lost_or_doubled(records: list[tuple[int, int, bool]]) -> None:
    items = [
        captured(f"/{a}", None if is_page else f"/{b}", pages=[f"/{b}"] if is_page else None)
        for a, b, is_page in records
    ]
    visits = run(*items, max_held=3)
    offsets = sorted(c.record.offset for visit in visits for c in visit.captured)
    assert offsets == [item.record.offset for item in items]
    for pending in visits:
        visit = pending.builder.build()
        assert visit.urls
        assert len(visit.captures) == len(pending.captured)
