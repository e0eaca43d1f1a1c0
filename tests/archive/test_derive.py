"""An article's history out of its captures, in plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.article import READ, REVISED
from archive.derive import History, PageCapture, Reading, digest, history, letters, plain
from archive.store.articles import values_of
from archive.times import utc
from tests.archive.building import HOME, START, article

AUTHORS = ["Асан Үсенов"]
PUBLISHED = "2026-11-20T09:30:00+05:00"


def values(**fields: Any) -> dict[str, Any]:
    return values_of(article(**fields))


class Pages:
    """Captures of one article, a line each."""

    def __init__(self) -> None:
        self.captures: list[PageCapture] = []
        self.readings: dict[int, Reading] = {}
        self.elsewhere: set[tuple[str, str]] = set()
        """Layout and field that other pages print."""
        self.in_event: Callable[[str], bool] = lambda _: False

    def add(
        self, day: float, result: str = "article", *, body: str = "", layout: str = "а/а",
        rules: str = "1-0", views: int | None = None, **fields: Any,
    ) -> Pages:  # fmt: skip
        number = len(self.captures) + 1
        reading = None
        if result == "article":
            read = values(layout=layout, **fields)
            same = next((r.id for r in self.readings.values() if r.digest == digest(read)), None)
            reading = same or number
            self.readings.setdefault(reading, Reading(reading, read, digest(read), rules))
        self.captures.append(
            PageCapture(
                number, f"<{number}>", utc(START + timedelta(days=day)), result, reading,
                (body or f"{number}",), f"{HOME}1", layout, rules, views,
            )
        )  # fmt: skip
        return self

    def derive(self) -> History:
        return history(
            self.captures, self.readings, lambda layout, name, _: (layout, name) in self.elsewhere,
            self.in_event,
        )  # fmt: skip

    def changes(self) -> list[tuple[str, ...]]:
        return [revision.changed for revision in self.derive().revisions]

    def latest(self, name: str) -> Any:
        return self.derive().revisions[-1].reading.values[name]


def moment(day: float) -> str:
    return utc(START + timedelta(days=day))


# -- one state ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("tags", ["су", "жол"], ["жол", "су"]),
        ("image", f"{HOME}1.jpg", f"{HOME}1.jpg?v=7"),
        ("image", f"{HOME}1.jpg?ver=6&w=100", f"{HOME}1.jpg?1700000000"),
        ("image", "http://www.gazet.example/1.jpg", "https://cdn.gazet.example/1.jpg"),
        ("published", PUBLISHED, "2026-11-20T04:30:00+00:00"),
    ],
)
def test_what_the_newspaper_did_not_change(name: str, one: Any, other: Any) -> None:
    a, b = values(**{name: one}), values(**{name: other})
    assert plain(name, a) == plain(name, b)
    assert digest(a) == digest(b)


@pytest.mark.parametrize("name", REVISED)
def test_every_revised_field_is_in_the_digest(name: str) -> None:
    changed = ["б"] if isinstance(values()[name], list) else "б"
    assert digest(values()) != digest(values(**{name: changed}))


@pytest.mark.parametrize("name", sorted(set(READ) - set(REVISED) - {"flags"}))
def test_other_fields_are_not(name: str) -> None:
    assert digest(values()) == digest({**values(), name: "б"})


@pytest.mark.parametrize(
    ("one", "other"),
    [("/a.jpg?id=5", "/a.jpg?id=6"), ("/2024/a.jpg", "/2025/a.jpg"), ("http://[", "http://]")],
)
def test_other_images(one: str, other: str) -> None:
    assert plain("image", values(image=one)) != plain("image", values(image=other))


def test_a_date_that_was_counted_back_is_none() -> None:
    assert plain("published", values(flags=["date_inferred"])) is None


def test_letters() -> None:
    assert letters("«Су келді!» –\n\nдеді") == letters("су  келді, деді")
    assert letters(None) == ""


# -- revisions ------------------------------------------------------------------------------------


def test_without_a_capture_that_proves_it_there_is_none() -> None:
    assert Pages().derive() == History()
    assert Pages().add(0, "refused").add(1, "missing").derive() == History()


@pytest.mark.parametrize("name", REVISED)
def test_an_edit_of_each_field(name: str) -> None:
    one, other = (
        ("2026-11-20T09:30:00+05:00", "2026-11-20T10:30:00+05:00") if name == "published"
        else (["а"], ["б"]) if isinstance(values()[name], list)
        else ("а", "б")
    )  # fmt: skip
    pages = Pages().add(0, **{name: one}).add(1, **{name: one}).add(2, **{name: other})
    assert pages.changes() == [(), (name,)]
    assert pages.derive().revisions[1].seen_at == moment(2)


def test_back_and_forth_are_three_states() -> None:
    pages = Pages().add(0, title="а").add(1, title="б").add(2, title="а")
    assert pages.changes() == [(), ("title",), ("title",)]


def test_the_same_bytes_read_by_other_rules_are_the_same_state() -> None:
    pages = Pages().add(0, title="а", body="x").add(1, title="б", body="x", rules="2-0")
    assert pages.changes() == [()]
    assert pages.latest("title") == "б"


@given(st.permutations(range(5)))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    pages = Pages().add(0, title="а").add(1, "missing").add(2, title="б").add(3, "missing")
    expected = pages.add(5, "missing").derive()
    pages.captures = [pages.captures[number] for number in order]
    assert pages.derive() == expected


@given(st.permutations(range(3)))
def test_pages_of_one_second_do_not_depend_on_who_came_first(arrived: list[int]) -> None:
    """Visits side by side, by redirects: an import stores them in another order, with other ids."""
    pages = Pages().add(0, title="а", body="p").add(0, title="а", body="p").add(0, title="б")
    records = [
        pages.captures[revision.capture - 1].record_id for revision in pages.derive().revisions
    ]
    ids = {1 + number: page.record_id for number, page in zip(arrived, pages.captures, strict=True)}
    pages.captures = [
        replace(page, id=1 + number) for number, page in zip(arrived, pages.captures, strict=True)
    ]
    assert [ids[revision.capture] for revision in pages.derive().revisions] == records


# -- poorer readings --------------------------------------------------------------------------------


def test_another_layout_prints_less() -> None:
    full = {"authors": AUTHORS, "section": "Қоғам", "tags": ["су"], "image": "/1.jpg"}
    pages = Pages().add(0, **full)
    for day in (1, 2, 3):
        pages.add(day, layout="а/б", published="2026-11-20")
    pages.elsewhere = {("а/а", "authors"), ("а/б", "title")}
    (revision,) = pages.derive().revisions
    assert {name: revision.reading.values[name] for name in full} == full
    assert revision.reading.values["published"] == PUBLISHED
    assert revision.kept == dict.fromkeys((*full, "published"), "<1>")
    assert pages.add(4, title="б", layout="а/б").changes() == [(), ("title",)]
    assert pages.latest("authors") == AUTHORS, "what was kept is kept through an edit"


@pytest.mark.parametrize("name", ["authors", "section", "tags", "captions", "image", "published"])
def test_a_field_that_is_taken_away(name: str) -> None:
    known = ["а"] if isinstance(values()[name], list) else PUBLISHED
    empty: Any = [] if isinstance(known, list) else None
    pages = Pages().add(0, **{name: known}).add(1, **{name: empty})
    assert pages.changes() == [()], "nobody else prints it: the layout may have changed"
    assert pages.latest(name) == known
    pages.elsewhere = {("а/а", name)}
    assert pages.changes() == [(), (name,)]
    assert pages.latest(name) == empty


def test_the_proof_that_a_field_was_taken_away_may_come_later() -> None:
    pages = Pages().add(0, authors=AUTHORS).add(1).add(1.5).add(9)
    late = history(
        pages.captures,
        pages.readings,
        lambda layout, name, at: name == "authors" and at >= moment(9),
    )
    assert [(r.seen_at, r.changed) for r in late.revisions] == [
        (moment(0), ()),
        (moment(9), ("authors",)),
    ]


def test_a_field_that_another_layout_prints_more_of_is_no_edit() -> None:
    pages = Pages().add(0, published="2026-11-20")
    pages.add(1, layout="а/б", authors=AUTHORS, section="Қоғам", tags=["су"])
    assert pages.changes() == [()]
    assert (pages.latest("authors"), pages.latest("published")) == (AUTHORS, PUBLISHED)


def test_edits_are_told_across_layouts_by_their_letters() -> None:
    pages = Pages().add(0, text="Су келді.", authors=AUTHORS)
    assert pages.add(1, text="«Су келді».", layout="а/б", authors=AUTHORS).changes() == [()]
    pages.add(2, text="Су кетті.", layout="а/в", authors=["Айгүл Сәбит"])
    assert pages.changes() == [(), ("text", "authors")]


def test_a_byline_found_by_other_means_in_another_layout_is_poorer() -> None:
    pages = Pages().add(0, authors=AUTHORS, sources={"authors": "layout"})
    pages.add(1, layout="а/б", authors=["Мақала Кейіпкері"], sources={"authors": "text"})
    assert pages.changes() == [()]
    assert pages.latest("authors") == AUTHORS
    pages.add(2, layout="а/в", authors=["Айгүл Сәбит"], sources={"authors": "layout"})
    assert pages.changes() == [(), ("authors",)]


def test_a_page_that_lost_its_text_proves_nothing() -> None:
    found = Pages().add(0).add(1, text="").derive()
    assert (len(found.revisions), found.last_seen) == (1, moment(0))


# -- dates ------------------------------------------------------------------------------------------


def test_a_date_that_is_counted_back_stays_as_it_was_first() -> None:
    pages = Pages().add(0, published="2026-11-20", flags=["date_inferred"])
    pages.add(1, published="2026-11-21", flags=["date_inferred", "short_text"])
    pages.add(2, published=None)
    assert pages.changes() == [()]
    assert pages.latest("published") == "2026-11-20"
    assert pages.add(3, published="2026-11-19").changes() == [()], "the day itself, at last"
    assert pages.latest("published") == "2026-11-19"
    assert pages.add(4, published="2026-11-18").changes() == [(), ("published",)]


# -- gone -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("misses", "gone_since"),
    [
        ([1], None),
        ([1, 1.9], None),
        ([1, 2], 1),
        ([1, 1.5, 2.5], 1),
        ([-2, 1], None),  # it was not known yet
    ],
)
def test_gone_is_missing_twice_a_day_apart(misses: list[float], gone_since: float | None) -> None:
    pages = Pages().add(0)
    for day in misses:
        pages.add(day, "missing")
    found = pages.derive()
    assert found.gone_since == (None if gone_since is None else moment(gone_since))
    assert found.last_seen == moment(0)


@pytest.mark.parametrize("result", ["refused", "blocked", "failed", "deferred", "excluded"])
def test_nothing_else_makes_an_article_gone(result: str) -> None:
    pages = Pages().add(0)
    for day in range(1, 40):
        pages.add(day, result)
    assert pages.derive().gone_since is None
    assert pages.derive().missed_at is None


def test_an_article_that_comes_back() -> None:
    pages = Pages().add(0).add(1, "missing").add(2, "missing").add(30)
    found = pages.derive()
    assert (found.gone_since, found.missed_at, found.last_seen) == (None, None, moment(30))
    assert pages.add(40, "missing").derive().missed_at == moment(40)


def test_what_went_missing_with_much_of_the_site_waits_a_week() -> None:
    pages = Pages().add(0).add(1, "missing").add(2, "missing").add(7.5, "missing")
    pages.in_event = lambda at: at < moment(3)
    assert pages.derive().gone_since is None
    assert pages.add(8, "missing").derive().gone_since == moment(1)


# -- counters ---------------------------------------------------------------------------------------


def test_counters_where_they_change() -> None:
    pages = Pages().add(0, views=5).add(1, views=5).add(2).add(3, views=9).add(4, views=5)
    assert pages.derive().engagement == (
        (moment(0), 5, None), (moment(3), 9, None), (moment(4), 5, None),
    )  # fmt: skip
