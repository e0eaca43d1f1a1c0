"""Captures come in any order; the history of an article does not depend on it."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from archive.visits import Visit, spellings
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.store import Store
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


HOPPED = "https://www.aqbulaq.example/1"


def seen(
    store: Store,
    hour: int,
    body: str,
    text: str | None = None,
    *,
    url: str = URL,
    more: tuple[str, ...] = (),
    **fields: Any,
) -> str:
    """A look at a page with certain bytes, in which today's rules read `text`."""
    at = START + timedelta(hours=hour)
    writer = store.captures(str(SITE["id"]))
    captures = [
        writer.write(
            f"{url}{'' if n == 1 else f'/{n}'}", fields.get("status", 200), [], part.encode(), at
        )
        for n, part in enumerate((body, *more), 1)
    ]
    read = None if text is None else article(url, text=text)
    known: dict[str, Any] = {"frontier": None, "crawl": None, "status": 200, "urls": (url,)}
    return store.record(
        Visit(
            **{**known, **fields},
            site=str(SITE["id"]),
            fetched_at=at,
            article=read,
            captures=captures,
        )
    )


def kinds(store: Store) -> list[tuple[str, str]]:
    rows = store.connection.execute("SELECT kind, text FROM revisions ORDER BY number")
    return [tuple(row) for row in rows]


def test_the_same_bytes_under_newer_rules_are_no_edit(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.save_site(SITE)
        seen(store, 1, "<p>а", "Ескі оқу.")
        assert seen(store, 2, "<p>а", "Жаңа оқу.") == "unchanged"
        assert seen(store, 3, "<p>а", "Жаңа оқу.") == "unchanged"
        assert kinds(store) == [("first", "Ескі оқу."), ("reextraction", "Жаңа оқу.")]
        assert seen(store, 4, "<p>б", "Түзетілді.") == "updated"
        # The newspaper itself goes back, and the rules have changed as well: that is its edit.
        assert seen(store, 5, "<p>а", "Басқа оқу.") == "updated"
        assert [kind for kind, _ in kinds(store)] == ["first", "reextraction", "edit", "edit"]
        (row,) = store.connection.execute(ARTICLE).fetchall()
        assert (row["text"], row["last_seen"]) == ("Басқа оқу.", "2026-11-22T13:00:00Z")
        assert len(store.connection.execute("SELECT * FROM article_edits").fetchall()) == 2
        check_whole(store)


def test_another_page_of_a_divided_article_was_edited(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.save_site(SITE)
        seen(store, 1, "<p>а", "Бір. Екі.", more=("<p>б",))
        assert seen(store, 2, "<p>а", "Бір. Үш.", more=("<p>в",)) == "updated"
        # Newer rules find a third page that nobody has asked for before.
        assert seen(store, 3, "<p>а", "Бір. Үш. Төрт.", more=("<p>в", "<p>г")) == "unchanged"
        assert [kind for kind, _ in kinds(store)] == ["first", "edit", "reextraction"]
        check_whole(store)


def test_an_old_capture_of_the_same_bytes_tells_the_same_wording(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.save_site(SITE)
        seen(store, 5, "<p>а", "Ескі оқу.")
        seen(store, 9, "<p>а", "Ескі оқу.")
        for hour in (7, 3):  # an import by newer rules
            assert seen(store, hour, "<p>а", "Жаңа оқу.") == "unchanged"
        assert kinds(store) == [("first", "Ескі оқу.")]
        (row,) = store.connection.execute(ARTICLE).fetchall()
        assert (row["first_seen"], row["text"]) == ("2026-11-22T11:00:00Z", "Ескі оқу.")
        check_whole(store)


def test_seen_under_another_address_between_two_misses(tmp_path: Path) -> None:
    other = f"{HOME}?p=1"
    missing: dict[str, Any] = {"outcome": "gone", "status": 404}
    with Store(tmp_path) as store:
        store.save_site(SITE)
        seen(store, 1, "<p>а", "Мәтін.", urls=(other, URL))
        assert seen(store, 2, "", **missing) == "deferred"
        assert seen(store, 3, "<p>а", "Мәтін.", urls=(other, URL)) == "unchanged"
        assert seen(store, 26, "", **missing) == "deferred"
        assert seen(store, 50, "", **missing) == "gone"
        ((since, last),) = store.connection.execute("SELECT gone_since, last_seen FROM articles")
        assert (since, last) == ("2026-11-23T10:00:00Z", "2026-11-22T11:00:00Z")


def test_a_newspaper_that_moves_to_https_keeps_its_articles(tmp_path: Path) -> None:
    old, new = "http://aqbulaq.example/1", HOPPED
    with Store(tmp_path) as store:
        store.save_site(SITE)
        seen(store, 1, "<p>а", "Мәтін.", url=old)
        assert seen(store, 2, "<p>б", "Түзетілді.", url=new) == "updated"
        ((url, count),) = store.connection.execute("SELECT url, count(*) FROM articles")
        assert (url, count) == (new, 1)
        rows = store.connection.execute("SELECT url, outcome, error FROM frontier ORDER BY id")
        assert [tuple(row) for row in rows] == [(old, "excluded", "alias"), (new, "updated", None)]
        # The old address is missing now; it is not the one that counts.
        rows = store.connection.execute("SELECT url, first_seen FROM aliases ORDER BY first_seen")
        assert [tuple(row) for row in rows] == [
            (old, "2026-11-22T09:00:00Z"),
            (new, "2026-11-22T10:00:00Z"),
        ]
        check_whole(store)


def test_an_old_capture_of_the_old_address_leaves_the_new_one_alone(tmp_path: Path) -> None:
    old, new = "http://aqbulaq.example/1", HOPPED
    due = START + timedelta(days=9)
    with Store(tmp_path) as store:
        store.save_site(SITE)
        for hour, url in ((3, old), (5, new), (2, old)):
            seen(store, hour, "<p>а", "Мәтін.", url=url, due=due)
        rows = store.connection.execute("SELECT url FROM frontier WHERE due IS NOT NULL")
        assert [tuple(row) for row in rows] == [(new,)]


def test_articles_that_are_apart_already_stay_apart(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.save_site(SITE)
        seen(store, 1, "<p>а", "Мәтін.", url=URL)
        store.connection.execute("UPDATE aliases SET url = url || '-'")
        store.connection.execute("UPDATE articles SET url = url || '-'")
        seen(store, 2, "<p>а", "Мәтін.", url=HOPPED)
        store.connection.execute("UPDATE aliases SET url = rtrim(url, '-')")
        store.connection.execute("UPDATE articles SET url = rtrim(url, '-')")
        for hour, url in ((3, URL), (4, HOPPED)):
            assert seen(store, hour, "<p>а", "Мәтін.", url=url) == "unchanged"
        found = store.connection.execute("SELECT url, last_seen FROM articles ORDER BY id")
        assert [tuple(row) for row in found] == [
            (URL, "2026-11-22T11:00:00Z"),
            (HOPPED, "2026-11-22T12:00:00Z"),
        ]


def test_spellings() -> None:
    assert spellings("https://www.a.kz/b?c=1") == [
        "http://a.kz/b?c=1",
        "http://www.a.kz/b?c=1",
        "https://a.kz/b?c=1",
        "https://www.a.kz/b?c=1",
    ]
