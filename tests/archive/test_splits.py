"""Splits: no story and no editions in two of them, whatever is selected, and the same in every copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import ArchiveUsageError
from archive.export.splits import checked, splits
from archive.kazakh.transliterate import to_latin
from tests.archive.building import HOME, check_whole
from tests.archive.test_duplicates import Press
from tests.archive.test_stories import Papers

TEXTS = ["\n\n".join(Press(seed).article(4)) for seed in range(40, 52)]


@pytest.fixture
def papers(tmp_path: Path) -> Iterator[Papers]:
    papers = Papers(tmp_path / "data")
    yield papers
    check_whole(papers.first.store)
    papers.first.store.close()


def places(papers: Papers, how: str, seed: int = 0) -> dict[str, str]:
    """Name of an article → its split."""
    c = papers.first.store.connection
    named = dict(c.execute("SELECT id, url FROM articles"))
    return {named[n].removeprefix(HOME): split for n, split in splits(c, how, seed).items()}


def test_a_chain_of_stories_and_editions_goes_with_its_first_article(papers: Papers) -> None:
    papers.add("a/first-123456", TEXTS[0], published="2021-12-31", language="kk")
    papers.add("b/reprint", TEXTS[0], published="2022-06-01")
    # An edition of the first by its address, whose text another newspaper has printed.
    papers.add("a/first-123456-lat", to_latin(TEXTS[1]), published="2022-01-02", language="kk-Latn")
    papers.add("c/reprint", TEXTS[1], published="2023-03-01")
    papers.add("c/other", TEXTS[2], published="2022-06-01")
    papers.link()
    assert places(papers, "time:2022,2023") == {
        "a/first-123456": "train", "b/reprint": "train", "a/first-123456-lat": "train",
        "c/reprint": "train", "c/other": "validation",
    }  # fmt: skip
    for how in ("hash:1/1/1", "site:1/1/1", "hash:1/1"):
        for seed in range(8):
            found = places(papers, how, seed)
            assert len({found[name] for name in found if name != "c/other"}) == 1


def test_an_article_without_a_date_is_no_later_than_it_was_seen(papers: Papers) -> None:
    papers.add("a/1", TEXTS[0], published=None)
    assert places(papers, "time:2026-11-22") == {"a/1": "test"}
    assert places(papers, "time:2026-11-23") == {"a/1": "train"}


def test_days_divide_where_they_begin(papers: Papers) -> None:
    for number, published in enumerate(("2021-12-31T23:59:00+05:00", "2022-01-01", "2022-12-31", "2023")):  # fmt: skip
        papers.add(f"a/{number}", TEXTS[number], published=published)
    found = places(papers, "time:2022-01-01,2023-01-01")
    assert list(found.values())[:3] == ["train", "validation", "validation"]


def test_shares_are_kept_and_sites_stay_together(papers: Papers) -> None:
    for site in "abcdef":
        for number in range(8):
            papers.add(f"{site}/{number}", f"{site} {number} мәтін.")
    found = places(papers, "hash:50/25/25")
    assert found == places(papers, "hash:50/25/25") == places(papers, "hash:2/1/1")
    assert found != places(papers, "hash:50/25/25", seed=1)
    assert set(found.values()) == {"train", "validation", "test"}
    by_site = places(papers, "site:50/50", seed=3)
    assert all(len({by_site[f"{site}/{n}"] for n in range(8)}) == 1 for site in "abcdef")


@pytest.mark.parametrize(
    "how",
    ["", "random", "time", "time:", "time:2023,2022", "time:2022,2022", "time:1,2,3", "time:soon",
     "hash:80", "hash:80/0/20", "hash:80/10/10/0", "site:80/x", "hash:8e1/2", "hash:-1/2", "Hash"],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_in_plain_words(how: str) -> None:
    with pytest.raises(ArchiveUsageError, match=r"expected|is no way to split"):
        checked(how)


@settings(deadline=None, max_examples=50)
@given(st.text("0123456789-/,:.", max_size=12))
def test_any_text_is_a_way_to_split_or_refused(text: str) -> None:
    for how in (text, f"time:{text}", f"hash:{text}"):
        try:
            assert checked(checked(how)) == checked(how)
        except ArchiveUsageError as error:
            assert "\n" not in str(error)
