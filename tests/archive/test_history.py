"""Captures come in any order; the history of an article does not depend on it."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from archive.store import Store
from archive.visits import Visit
from tests.archive.building import HOME, SITE, START, article, check_whole

URL = f"{HOME}1"
HISTORY = "SELECT number, kind, seen_at, text FROM revisions ORDER BY article, number"
ARTICLE = (
    "SELECT url, text, revision, first_seen, last_seen, gone_since, published, "
    "(SELECT fetched_at FROM captures WHERE id = articles.capture) AS captured FROM articles"
)


def look(store: Store, hour: int, wording: str) -> str:
    """An imported look at the page, `hour` hours after the start."""
    at = START + timedelta(hours=hour)
    page = store.captures(str(SITE["id"])).write(URL, 200, [], wording.encode(), at)
    return store.record(
        Visit(
            frontier=None,
            crawl=None,
            site=str(SITE["id"]),
            fetched_at=at,
            status=200,
            article=article(URL, text=f"Мәтін {wording}."),
            urls=(URL,),
            captures=[page],
        )
    )


def told(looks: list[tuple[int, str]]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
        store.connection.execute("PRAGMA synchronous = OFF")
        store.save_site(SITE)
        with store.batch():
            for hour, wording in looks:
                look(store, hour, wording)
        check_whole(store)
        return tuple(  # type: ignore[return-value]
            [tuple(row) for row in store.connection.execute(sql)] for sql in (HISTORY, ARTICLE)
        )


@given(
    st.dictionaries(st.integers(0, 30), st.sampled_from("абв"), min_size=1, max_size=8).flatmap(
        lambda known: st.tuples(
            st.just(sorted(known.items())), st.permutations(sorted(known.items()))
        )
    )
)
@settings(max_examples=60, deadline=None)
def test_the_order_of_arrival_does_not_matter(
    looks: tuple[list[tuple[int, str]], list[tuple[int, str]]],
) -> None:
    in_order, shuffled = looks
    assert told(shuffled) == told(in_order)


def test_an_old_wording_goes_before_the_new_one(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.save_site(SITE)
        assert look(store, 10, "жаңа") == "new"
        assert look(store, 5, "ескі") == "updated"
        assert look(store, 7, "ескі") == "unchanged"
        assert look(store, 8, "жаңа") == "unchanged"
        rows = [tuple(row) for row in store.connection.execute(HISTORY)]
        assert rows == [
            (1, "first", "2026-11-22T13:00:00Z", "Мәтін ескі."),
            (2, "edit", "2026-11-22T16:00:00Z", "Мәтін жаңа."),
        ]
        (row,) = store.connection.execute(ARTICLE).fetchall()
        assert (row["text"], row["revision"]) == ("Мәтін жаңа.", 2)
        assert row["first_seen"] == "2026-11-22T13:00:00Z"
        assert row["last_seen"] == "2026-11-22T18:00:00Z"
        assert row["captured"] == "2026-11-22T16:00:00Z"
        check_whole(store)


def test_a_capture_that_is_known_changes_nothing(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.save_site(SITE)
        for wording in ("а", "б"):
            look(store, 1 if wording == "а" else 2, wording)
        before = list(store.connection.iterdump())
        assert look(store, 1, "а") == "unchanged"
        assert look(store, 2, "б") == "unchanged"
        assert list(store.connection.iterdump()) == before


def test_better_rules_are_no_edit(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.save_site(SITE)
        look(store, 1, "а")
        better = article(URL, text="Мәтін а, жақсы оқылған.", authors=["Асан Үсенов"])
        at = START + timedelta(days=9)
        assert store.reextracted(1, better, at)
        assert not store.reextracted(1, better, at)
        kinds = store.connection.execute("SELECT kind, text FROM revisions ORDER BY number")
        assert [tuple(row) for row in kinds] == [
            ("first", "Мәтін а."),
            ("reextraction", "Мәтін а, жақсы оқылған."),
        ]
        row = store.connection.execute("SELECT text, authors, last_seen FROM articles").fetchone()
        assert tuple(row) == (better.text, '["Асан Үсенов"]', "2026-11-22T09:00:00Z")
        assert not store.connection.execute("SELECT * FROM article_edits").fetchall()
        # What the old rules read in the page is no news, and neither is an older look at it.
        assert look(store, 0, "а") == "unchanged"
        check_whole(store)


def test_a_batch_is_stored_whole_or_not_at_all(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.save_site(SITE)
        try:
            with store.batch():
                look(store, 1, "а")
                raise ValueError("the import broke")
        except ValueError:
            pass
        assert not store.connection.execute("SELECT * FROM articles").fetchall()
        with store.batch():
            look(store, 1, "а")
        assert store.connection.execute("SELECT count(*) FROM articles").fetchone()[0] == 1
        check_whole(store)
