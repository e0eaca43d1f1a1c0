"""Captures come in any order; what an article is does not depend on it."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import query
from archive.captures import NOT_MODIFIED, previous_capture, spellings
from archive.store import Store
from archive.visit import Visit
from tests.archive.building import HOME, SITE, START, article, check_whole, tomorrow

URL = f"{HOME}1"
HOPPED = "https://www.aqbulaq.example/1"
TABLES = (
    "SELECT r.number, r.seen_at, r.changed, c.record_id, g.digest, r.kept FROM revisions r "
    "JOIN captures c ON c.id = r.capture JOIN readings g ON g.id = r.reading ORDER BY r.article, r.number",
    "SELECT url, title, text, authors, published, section, views, comments, revision, first_seen, "
    "last_seen, gone_since, (SELECT record_id FROM captures WHERE id = articles.capture) FROM articles",
    "SELECT seen_at, views, comments FROM engagement ORDER BY seen_at",
    "SELECT url, first_seen FROM aliases ORDER BY url",
    "SELECT t.name FROM article_tags x JOIN tags t ON t.id = x.tag ORDER BY t.name",
)


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with Store(tmp_path, schedule=tomorrow) as store:
        store.connection.execute("PRAGMA synchronous = OFF")
        store.save_site(SITE)
        yield store
        check_whole(store)


def look(
    store: Store,
    hour: float,
    text: str | None = None,
    result: str = "article",
    *,
    body: str | None = None,
    url: str = URL,
    urls: tuple[str, ...] = (),
    more: tuple[str, ...] = (),
    elsewhere: tuple[str, ...] = (),
    rules: str = "1-0",
    **fields: Any,
) -> str:
    """An imported look at a page, `hour` hours after the start."""
    at = START + timedelta(hours=hour)
    writer = store.captures(str(SITE["id"]))
    status = {"missing": 404, "unchanged": 304, "excluded": 301}.get(result, 200)
    identity = f"<urn:test:{hour}:{body}:{text}:{result}:{fields}>"
    whole = previous_capture(store.connection, url, proven=True) if status == 304 else None
    captures = [
        writer.write(
            url, status, [], (body or repr((text, fields))).encode(), at, record_id=identity,
            refers_to=whole, profile=NOT_MODIFIED if whole else None,
        )
    ]  # fmt: skip
    for n, part in enumerate(more, 2):
        capture = writer.write(f"{url}/{n}", 200, [], part.encode(), at, record_id=f"{identity}{n}")
        captures.append(replace(capture, part="further"))
    read = article(url, text=text, **fields) if result == "article" else None
    return store.record(
        Visit(
            site=str(SITE["id"]), url=url, urls=urls or (url,), elsewhere=elsewhere, fetched_at=at, status=status,
            result=result, article=read, captures=captures, rules=rules,
        )
    )  # fmt: skip


def tables(store: Store) -> list[list[tuple[Any, ...]]]:
    return [[tuple(row) for row in store.connection.execute(sql)] for sql in TABLES]


def revisions(store: Store, *names: str) -> list[Any]:
    found = query.revisions(store.connection, 1)
    return [
        tuple(row[name] for name in names) if len(names) > 1 else row[names[0]] for row in found
    ]


LOOKS = st.dictionaries(
    st.integers(0, 200),
    st.one_of(
        st.fixed_dictionaries(
            {
                "text": st.sampled_from(["Мәтін а.", "Мәтін б.", "Мәтін а.\n\nТағы."]),
                "authors": st.sampled_from([[], ["Асан Үсенов"]]),
                "published": st.sampled_from(
                    [None, "2026-11-20", "2026-11-20T09:30:00+05:00", "2026-11-21T09:30:00+05:00"]
                ),
                "layout": st.sampled_from(["ескі/а", "жаңа/а"]),
                "views": st.sampled_from([None, 1, 2]),
                "tags": st.sampled_from([[], ["су"], ["су", "жол"]]),
            }
        ),
        st.sampled_from([{"result": "missing"}, {"result": "refused"}]),
    ),
    min_size=1,
    max_size=8,
)


@given(
    LOOKS.flatmap(
        lambda known: st.tuples(
            st.just(sorted(known.items())), st.permutations(sorted(known.items()))
        )
    )
)
@settings(max_examples=40, deadline=None)
def test_the_order_of_arrival_does_not_matter(
    looks: tuple[list[tuple[int, dict[str, Any]]], list[tuple[int, dict[str, Any]]]],
) -> None:
    told = []
    for order in looks:
        with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
            store.connection.execute("PRAGMA synchronous = OFF")
            store.save_site(SITE)
            for hour, fields in order:
                look(store, hour, **fields)
            # What is seen before the first article does not belong to it yet.
            look(store, 999, "Мәтін соңғы.")
            for hour, fields in order:
                look(store, hour, **fields)
            store.settle(str(SITE["id"]))
            check_whole(store)
            told.append(tables(store))
    assert told[0] == told[1]


def test_an_old_wording_goes_before_the_new_one(store: Store) -> None:
    assert look(store, 10, "жаңа") == "new"
    assert look(store, 5, "ескі") == "updated"
    assert look(store, 7, "ескі") == "unchanged"
    assert look(store, 8, "жаңа") == "unchanged"
    assert revisions(store, "number", "seen_at", "text") == [
        (1, "2026-11-22T13:00:00Z", "ескі"),
        (2, "2026-11-22T16:00:00Z", "жаңа"),
    ]
    (row,) = store.connection.execute("SELECT * FROM articles").fetchall()
    assert (row["text"], row["revision"]) == ("жаңа", 2)
    assert (row["first_seen"], row["last_seen"]) == ("2026-11-22T13:00:00Z", "2026-11-22T18:00:00Z")


def test_a_capture_that_is_known_changes_nothing(store: Store) -> None:
    look(store, 1, "а")
    look(store, 2, "б")
    before = list(store.connection.iterdump())
    assert look(store, 1, "а") == "unchanged"
    assert look(store, 2, "б") == "unchanged"
    assert list(store.connection.iterdump()) == before


def test_counters_that_came_and_went_between_equal_ones(store: Store) -> None:
    for hour, views in ((1, 5), (3, 5), (2, 7)):
        look(store, hour, "а", views=views)
    series = store.connection.execute("SELECT views FROM engagement ORDER BY seen_at")
    assert [row[0] for row in series] == [5, 7, 5]


def test_a_batch_is_stored_whole_or_not_at_all(store: Store) -> None:
    with pytest.raises(ValueError, match="broke"), store.batch():
        look(store, 1, "а")
        raise ValueError("the import broke")
    assert not store.connection.execute("SELECT * FROM articles").fetchall()
    with store.batch():
        look(store, 1.5, "а")
    assert store.connection.execute("SELECT count(*) FROM articles").fetchone()[0] == 1


# -- rules ----------------------------------------------------------------------------------------


def test_the_same_bytes_under_other_rules_are_no_edit(store: Store) -> None:
    look(store, 1, "Ескі оқу.", body="<p>а")
    assert look(store, 2, "Жаңа оқу.", body="<p>а", rules="2-0") == "unchanged"
    assert revisions(store, "text", "changed") == [("Жаңа оқу.", [])]
    told = [(r["text"], r["rules"], r["revisions"]) for r in query.readings(store.connection, 1)]
    assert told == [("Ескі оқу.", "1-0", []), ("Жаңа оқу.", "2-0", [1])]
    assert look(store, 4, "Түзетілді.", body="<p>б", rules="2-0") == "updated"
    assert revisions(store, "changed") == [[], ["text"]]
    assert store.connection.execute("SELECT count(*) FROM article_edits").fetchone()[0] == 1


def test_another_page_of_a_divided_article_was_edited(store: Store) -> None:
    look(store, 1, "Бір. Екі.", body="<p>а", more=("<p>б",))
    assert look(store, 2, "Бір. Үш.", body="<p>а", more=("<p>в",)) == "updated"
    # Newer rules find a third page that nobody has asked for before.
    further = ("<p>в", "<p>г")
    third = "Бір. Үш. Төрт."
    assert look(store, 3, third, body="<p>а", more=further, rules="2-0") == "unchanged"
    assert revisions(store, "text") == ["Бір. Екі.", third]
    parts = store.connection.execute("SELECT part, visit FROM captures ORDER BY id").fetchall()
    assert [tuple(row) for row in parts[:2]] == [("page", 1), ("further", 1)]


def test_reading_again(store: Store) -> None:
    look(store, 1, "Ескі оқу.", body="<p>а")
    look(store, 2, "Түзетілді.", body="<p>б")
    better = article(URL, text="Жаңа оқу.", authors=["Асан Үсенов"])
    visit = Visit(
        site="aqbulaq", url=URL, urls=(URL,), fetched_at=START + timedelta(hours=1), status=200,
        result="article", article=better, rules="2-0",
    )  # fmt: skip
    assert store.reread(1, visit) == "unchanged"
    assert revisions(store, "text", "authors") == [
        ("Жаңа оқу.", ["Асан Үсенов"]),
        ("Түзетілді.", ["Асан Үсенов"]),
    ]
    before = list(store.connection.iterdump())
    assert store.reread(1, visit) == "unchanged"
    assert list(store.connection.iterdump()) == before
    assert len(query.readings(store.connection, 1)) >= 3, "the earlier reading is kept"
    # Rules that refuse what was an article leave it as it is.
    refused = Visit("aqbulaq", URL, START, "refused", "listing", rules="3-0")
    assert store.reread(1, refused) == "unchanged"
    assert list(store.connection.iterdump()) == before


def test_reading_again_brings_what_is_no_part_of_a_state(store: Store) -> None:
    look(store, 1, "Мәтін.", body="<p>а", image=f"{HOME}1.jpg?v=1", flags=["short_text"])
    look(store, 2, result="unchanged")
    better = article(
        URL, text="Мәтін.", image=f"{HOME}1.jpg?v=2", published_raw="20.11.2026 09:30", layout="ж/а"
    )
    visit = Visit(
        site="aqbulaq", url=URL, urls=(URL,), fetched_at=START + timedelta(hours=1), status=200,
        result="article", article=better, rules="2-0",
    )  # fmt: skip
    assert store.reread(1, visit) == "unchanged"
    columns = "image, published_raw, layout, flags"
    row = store.connection.execute(f"SELECT {columns} FROM articles").fetchone()
    assert tuple(row) == (better.image, better.published_raw, "ж/а", "[]")
    rules = store.connection.execute("SELECT rules FROM readings").fetchall()
    assert [tuple(row) for row in rules] == [("2-0",)]


def test_a_new_article_costs_the_same_beside_many_captures(store: Store) -> None:
    steps: list[int] = []

    def cost(hour: float) -> int:
        steps.clear()
        store.connection.set_progress_handler(lambda: steps.append(1), 50)
        assert look(store, hour, "Мәтін.", url=f"{HOME}{hour}") == "new"
        store.connection.set_progress_handler(None, 0)
        return len(steps)

    look(store, 1, result="refused", url=f"{HOME}p")
    look(store, 2, "Мәтін.", url=f"{HOME}2")
    alone = cost(3)
    for number in range(300):
        look(store, 4, result="refused", body=str(number), url=f"{HOME}p{number}")
    assert cost(5) < alone + 60


def test_a_refused_page_is_read_again(store: Store) -> None:
    look(store, 1, result="refused", body="<p>а")
    look(store, 2, result="unchanged")
    assert store.connection.execute("SELECT count(*) FROM articles").fetchone()[0] == 0
    visit = Visit(
        site="aqbulaq", url=URL, urls=(URL,), fetched_at=START + timedelta(hours=1), status=200,
        result="article", article=article(URL), rules="2-0",
    )  # fmt: skip
    assert store.reread(1, visit) == "new"
    row = store.connection.execute("SELECT * FROM articles").fetchone()
    assert (row["title"], row["first_seen"]) == (article().title, "2026-11-22T09:00:00Z")
    frontier = store.connection.execute("SELECT article, due FROM frontier").fetchone()
    assert (frontier["article"], frontier["due"]) == (row["id"], "2026-11-22T09:00:00Z")


# -- layouts ----------------------------------------------------------------------------------------


def test_a_poorer_reading_keeps_what_was_known(store: Store) -> None:
    full = {"authors": ["Асан Үсенов"], "tags": ["су"], "section": "Қоғам", "layout": "ескі/а"}
    look(store, 1, "Бір.\n\nЕкі.", **full)
    poor = {"published": "2026-11-20", "layout": "жаңа/а", "image": f"{HOME}1.jpg"}
    assert look(store, 2, "Бір.", **poor) == "unchanged"
    assert look(store, 3, "Бір.", **poor, views=4) == "unchanged"
    row = store.connection.execute("SELECT * FROM articles").fetchone()
    assert (row["authors"], row["section"], row["text"]) == (
        '["Асан Үсенов"]', "Қоғам", "Бір.\n\nЕкі.",
    )  # fmt: skip
    assert row["published"] == article().published, "the time of day is kept"
    assert row["image"] == f"{HOME}1.jpg", "what the new layout prints more is taken"
    (kept,) = revisions(store, "kept")
    assert set(kept) == {"authors", "tags", "section", "text", "published"}
    first = store.connection.execute("SELECT record_id FROM captures WHERE id = 1").fetchone()[0]
    assert set(kept.values()) == {first}


def test_a_field_that_its_layout_prints_elsewhere_was_taken_away(store: Store) -> None:
    byline = {"authors": ["Асан Үсенов"], "layout": "а/а"}
    look(store, 1, "Бір.", **byline)
    look(store, 1, "Екі.", url=f"{HOME}2", **byline)
    assert look(store, 30, "Бір.", layout="а/а") == "unchanged", "it may be the layout's doing"
    look(store, 31, "Екі.", url=f"{HOME}2", **byline, views=1)
    store.settle("aqbulaq", START)
    assert revisions(store, "changed", "authors") == [
        ([], ["Асан Үсенов"]),
        (["authors"], []),
    ]


def test_a_layout_that_prints_a_field_nowhere_takes_nothing_away(store: Store) -> None:
    for number in range(8):
        look(store, 1, f"Мәтін {number}.", url=f"{HOME}{number}", authors=["А"], layout="а/а")
    for number in range(8):
        look(store, 30, f"Мәтін {number}.", url=f"{HOME}{number}", layout="а/а")
    store.settle("aqbulaq", START)
    assert store.connection.execute("SELECT count(*) FROM revisions").fetchone()[0] == 8
    authors = {row[0] for row in store.connection.execute("SELECT authors FROM articles")}
    assert authors == {'["А"]'}


# -- addresses --------------------------------------------------------------------------------------


def test_seen_under_another_address_between_two_misses(store: Store) -> None:
    other = f"{HOME}?p=1"
    look(store, 1, "Мәтін.", urls=(other, URL))
    assert look(store, 2, result="missing") == "deferred"
    assert look(store, 3, "Мәтін.", urls=(other, URL)) == "unchanged"
    assert look(store, 26, result="missing") == "deferred"
    assert look(store, 50, result="missing") == "gone"
    ((since, last),) = store.connection.execute("SELECT gone_since, last_seen FROM articles")
    assert (since, last) == ("2026-11-23T10:00:00Z", "2026-11-22T11:00:00Z")


def test_a_newspaper_that_moves_to_https_keeps_its_articles(store: Store) -> None:
    old, new = "http://aqbulaq.example/1", HOPPED
    look(store, 1, "Мәтін.", url=old)
    assert look(store, 2, "Түзетілді.", url=new) == "updated"
    ((url, count),) = store.connection.execute("SELECT url, count(*) FROM articles")
    assert (url, count) == (new, 1)
    rows = store.connection.execute("SELECT url, outcome, error, due IS NULL FROM frontier")
    assert sorted(tuple(row) for row in rows) == [(old, "updated", None, 0)]
    rows = store.connection.execute("SELECT url, first_seen FROM aliases ORDER BY first_seen")
    assert [tuple(row) for row in rows] == [
        (old, "2026-11-22T09:00:00Z"),
        (new, "2026-11-22T10:00:00Z"),
    ]


def test_a_newspaper_that_moves_to_another_host_keeps_its_articles(store: Store) -> None:
    old, new = "http://old.example/1", "https://new.example/1"
    look(store, 1, "Мәтін.", url=old, image="http://old.example/1.jpg")
    moved = {"image": "https://new.example/1.jpg", "elsewhere": (old,)}
    assert look(store, 2, "Мәтін.", url=new, **moved) == "unchanged"
    assert look(store, 3, "Басқа.", url=f"{new}2", title="Басқа мақала", elsewhere=(old,)) == "new"
    rows = store.connection.execute("SELECT url FROM articles ORDER BY id").fetchall()
    assert [url for (url,) in rows] == [new, f"{new}2"]
    # One of the two addresses is visited from now on.
    rows = store.connection.execute("SELECT url FROM frontier WHERE due IS NOT NULL ORDER BY id")
    assert len([url for (url,) in rows]) == 2


def test_an_article_that_leads_to_another_site_waits(store: Store) -> None:
    look(store, 1, "Мәтін.")
    assert look(store, 2, result="excluded") == "deferred"
    (due,) = store.connection.execute("SELECT due FROM frontier").fetchone()
    assert due is not None
    assert look(store, 3, result="excluded", url=f"{HOME}unknown") == "excluded"


def test_a_state_is_kept_as_its_first_capture_printed_it(store: Store) -> None:
    for hour, image in ((2, f"{HOME}1.jpg?v=2"), (1, f"{HOME}1.jpg?v=1"), (3, f"{HOME}1.jpg?v=3")):
        look(store, hour, "Мәтін.", image=image)
        (stored,) = store.connection.execute("SELECT image FROM articles").fetchone()
        assert stored == f"{HOME}1.jpg?v={2 if hour == 2 else 1}"
    assert store.connection.execute("SELECT count(*) FROM readings").fetchone()[0] == 1


def test_what_was_missing_before_it_was_known_is_the_articles_own(store: Store) -> None:
    look(store, 30, result="missing")
    look(store, 5, result="missing")
    look(store, 1, "Мәтін.")
    (since,) = store.connection.execute("SELECT gone_since FROM articles").fetchone()
    assert since == "2026-11-22T13:00:00Z"


def test_spellings() -> None:
    assert spellings("https://www.a.kz/b?c=1") == [
        "http://a.kz/b?c=1",
        "http://www.a.kz/b?c=1",
        "https://a.kz/b?c=1",
        "https://www.a.kz/b?c=1",
    ]
    assert spellings("urn:x") == ["urn:x"]


# -- a site as a whole --------------------------------------------------------------------------------


def test_a_redesign_is_an_event_and_no_deletion(store: Store) -> None:
    for number in range(8):
        look(store, 1, f"Мәтін {number}.", url=f"{HOME}{number}")
    for day in (2, 3, 4):
        for number in range(8):
            look(store, 24 * day, result="refused", url=f"{HOME}{number}", body=f"{day}{number}")
        store.settle("aqbulaq", START + timedelta(days=day))
    (event,) = store.connection.execute("SELECT kind, began_at, ended_at FROM events").fetchall()
    assert tuple(event) == ("unreadable", "2026-11-24T08:00:00Z", None)
    for number in range(8):
        look(store, 24 * 5, f"Мәтін {number}.", url=f"{HOME}{number}", views=1)
    store.settle("aqbulaq", START + timedelta(days=5))
    (event,) = store.connection.execute("SELECT kind, began_at, ended_at FROM events").fetchall()
    assert tuple(event) == ("unreadable", "2026-11-24T08:00:00Z", "2026-11-27T08:00:00Z")
    assert store.connection.execute("SELECT count(*) FROM revisions").fetchone()[0] == 8


def test_a_mass_disappearance_waits_a_week(store: Store) -> None:
    for number in range(8):
        look(store, 1, f"Мәтін {number}.", url=f"{HOME}{number}")
    gone = []
    for day in range(2, 11):
        for number in range(8):
            look(store, 24 * day, result="missing", url=f"{HOME}{number}", body=f"{day}{number}")
        store.settle("aqbulaq", START + timedelta(days=day))
        count = store.connection.execute(
            "SELECT count(*) FROM articles WHERE gone_since IS NOT NULL"
        )
        gone.append(count.fetchone()[0])
    assert gone == [0, 0, 0, 0, 0, 0, 0, 8, 8]
