"""Editions: one article in several scripts and languages, linked by what the site itself says."""

from __future__ import annotations

import random
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.kazakh.transliterate import to_arabic, to_latin
from archive.stories.editions import Edition, link, unmarked

TITLE = "Ауыл шаруаларына таза ауыз су келді"
HOME = "https://paper.example"


def page(number: int, path: str = "", **fields: Any) -> Edition:
    known: dict[str, Any] = {
        "url": f"{HOME}/{path or f'x{number}'}",
        "title": f"{number}",
        "published": "2026-11-20T09:30:00+05:00",
        "language": "kk",
    }
    return Edition(id=number, site=fields.pop("site", "paper"), **{**known, **fields})


def test_alternate_links_link_both_ways() -> None:
    pages = [page(1, alternates=(2,)), page(2, language="ru"), page(3, language="ru")]
    assert link(pages) == {(1, 2): "alternate"}


def test_alternates_in_one_language_or_of_another_site_are_no_editions() -> None:
    assert link([page(1, alternates=(2,)), page(2)]) == {}
    assert link([page(1, alternates=(2,)), page(2, language="ru", site="other")]) == {}
    assert link([page(1, alternates=(1, 7))]) == {}


def test_a_page_that_all_others_name_as_their_alternate_is_nobodys() -> None:
    others = [page(n, alternates=(9,)) for n in (1, 2, 3)]
    assert link([*others, page(9, language="ru")]) == {}
    assert link([*others, page(9, language="ru", alternates=(2,))]) == {(2, 9): "alternate"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("kz/news/123", "ru/news/123"),
        ("news/123", "latyn/news/123"),
        ("tt/post/123", "index.php/post/123"),
        ("article/suv-keldi.html", "latyn/article/suv-keldi.html"),
        ("news/123?lang=kz", "news/123?lang=ru"),
        ("?p=123&ln=lat", "?p=123"),
        ("news/su-keldi-kz", "news/su-keldi-ru"),
        ("news/su-keldi_kz.html", "news/su-keldi_qz.html"),
        ("kz/qogam/20417-su-keldi", "ru/obshestvo/20417-voda-prishla"),
        ("https://kaz.paper.example/a/1", "https://qz.paper.example/a/1"),
        ("https://www.paper.example/a/1", "https://lat.paper.example/a/1"),
    ],
)
def test_addresses_that_differ_by_a_mark_of_language(one: str, other: str) -> None:
    addresses = [path if path.startswith("http") else f"{HOME}/{path}" for path in (one, other)]
    a, b = page(1, url=addresses[0]), page(2, url=addresses[1], language="kk-Latn")
    assert link([a, b]) == {(1, 2): "shared_id"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("kz/news/123", "ru/news/124"),
        ("news/123", "blog/123"),
        ("kz/news/123", "kz/photo/123"),
        ("kz/2026/11/su", "ru/2026/11/voda"),
        ("qogam/20417-su", "sport/20417-dop"),  # a number alone, and no mark of language
        ("kz/20261120/su", "ru/20261120/voda"),  # a date is no id
    ],
)
def test_other_addresses_are_no_editions(one: str, other: str) -> None:
    assert link([page(1, one), page(2, other, language="ru")]) == {}


def test_a_shared_id_counts_within_days_only() -> None:
    late = "2026-12-20"
    assert link([page(1, "kz/a/1"), page(2, "ru/a/1", language="ru", published=late)]) == {}
    assert link([page(1, "kz/a/1"), page(2, "ru/a/1", language="ru", published=None)])
    long = page(1, "kz/a/12345-su"), page(2, "ru/b/12345-voda", language="ru", published=None)
    assert link(long) == {}


def test_languages_that_count_for_themselves_share_no_ids() -> None:
    kazakh = [page(n, f"kz/a/{n}", published=f"2026-11-{n:02}") for n in range(1, 29)]
    russian = [
        page(n + 50, f"ru/a/{n}", language="ru", published=f"2026-11-{n // 3 + 6:02}")
        for n in range(1, 29)
    ]  # they meet on the 9th: numbers 7 to 11 were given within days of one another
    assert link([*kazakh, *russian]) == {}
    assert link([kazakh[8], russian[8]]) == {(9, 59): "shared_id"}


def test_a_number_that_several_of_one_language_have_links_nothing() -> None:
    pages = [page(1, "kz/a/20417-su"), page(2, "ru/b/20417-x", language="ru")]
    assert link(pages) == {(1, 2): "shared_id"}
    assert link([*pages, page(3, "ru/c/20417-y", language="ru")]) == {}


def test_unmarked_addresses() -> None:
    assert unmarked("https://qz.inform.example/kz/tasqyn_a3456789") == (
        "inform.example/tasqyn_a3456789", "qz kz", {"3456789"},
    )  # fmt: skip
    assert unmarked("https://kz/")[0] == "kz/"


@pytest.mark.parametrize("write", [to_latin, to_arabic, lambda t: to_latin(t, year=2021)])
def test_titles_in_other_scripts(write: Any) -> None:
    twin = page(2, title=write(TITLE), language="kk-Latn", published="2026-11-21")
    others = [page(3, title=TITLE, published="2026-10-20"), page(4, title="Басқа тақырып болды")]
    assert link([page(1, title=TITLE), twin, *others]) == {(1, 2): "title"}


def test_titles_that_recur_link_the_nearest_in_time() -> None:
    cyrillic = [page(n, title=TITLE, published=f"2026-11-{n:02}") for n in (1, 2, 8)]
    latin = [
        page(n + 50, title=to_latin(TITLE), language="kk-Latn", published=f"2026-11-{n:02}")
        for n in (2, 20)
    ]
    assert link([*cyrillic, *latin]) == {(2, 52): "title"}
    latin.append(page(60, title=to_latin(TITLE), language="kk-Latn", published="2026-11-02"))
    assert link([*cyrillic, *latin]) == {}  # two as near: nobody knows which


def test_titles_in_one_script_or_too_short_link_nothing() -> None:
    assert link([page(1, title=TITLE), page(2, title=TITLE, language="ru")]) == {}
    assert link([page(1, title="Су"), page(2, title="Sý", language="kk-Latn")]) == {}


def test_near_duplicate_texts_in_other_scripts() -> None:
    pages = [
        page(1, title=TITLE, text="t"),
        page(2, title="Sý keldi", language="kk-Latn", text="t"),
        page(3, title="Тағы бір", text="u"),
    ]
    assert link(pages) == {(1, 2): "text"}


def test_groups_are_closed_and_say_the_least_sure_way() -> None:
    pages = [
        page(1, "a/1", title=TITLE, alternates=(2,)),
        page(2, language="ru"),
        page(3, title=to_latin(TITLE), language="kk-Latn"),
    ]
    assert link(pages) == {(1, 2): "alternate", (1, 3): "title", (2, 3): "title"}


def test_a_group_has_every_language_once() -> None:
    pages = [
        page(1, "kz/a/1"),
        page(2, "ru/a/1", language="ru", alternates=(3,)),
        page(3, "kz/b/7", alternates=(2,)),
    ]
    assert link(pages) == {(2, 3): "alternate"}


PAGES = st.lists(
    st.tuples(
        st.sampled_from(
            [f"{mark}{n}" for mark in ("kz/a/", "ru/a/", "a/", "lt/a/") for n in (1, 2)]
        ),
        st.sampled_from(["kk", "kk-Latn", "ru", None]),
        st.sampled_from([TITLE, to_latin(TITLE), None]),
        st.sampled_from([None, "2026-11-20", "2026-11-22", "?"]),
        st.lists(st.integers(0, 8), max_size=2),
    ),
    max_size=8,
    unique_by=lambda drawn: drawn[0],
)


@settings(max_examples=100, deadline=None)
@given(PAGES, st.randoms(use_true_random=False))
def test_any_order_gives_the_same_closed_groups(
    drawn: list[tuple[str, str | None, str | None, str | None, list[int]]], order: random.Random
) -> None:
    pages = [
        page(n, path, language=language, title=title, published=published, alternates=tuple(links))
        for n, (path, language, title, published, links) in enumerate(drawn)
    ]
    expected = link(pages)
    for (a, b), (c, d) in combinations(sorted(expected), 2):
        if a == c:
            assert (min(b, d), max(b, d)) in expected
    order.shuffle(pages)
    assert link(pages) == expected


@given(st.text(), st.text())
def test_no_address_is_too_strange(host: str, path: str) -> None:
    address, marks, numbers = unmarked(f"https://{host}/{path}")
    assert isinstance(address + marks, str)
    assert all(number.isdigit() for number in numbers)
