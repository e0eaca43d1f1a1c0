"""The only writer: what each visit leaves behind, the lock, and archives that cannot be opened."""

from __future__ import annotations

import itertools
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive import query
from archive.article import Article
from archive.captures import NOT_MODIFIED, read_stored, said_at
from archive.derive import DAY
from archive.errors import ArchiveError, ArchiveLocked, ArchiveUsageError
from archive.store import DATABASE, GROUP, LOCK, OUTCOMES, Candidate, Store, digests, open_database
from archive.store.index import rebuild
from archive.store.schema import VERSION
from archive.times import utc
from archive.visit import RESULTS, Visit
from tests.archive.building import HOME, SITE, START, Paper, article, check_whole, open_paper

ONE = f"{HOME}1"
TWO = f"{HOME}2"


# -- articles -----------------------------------------------------------------------------------


def test_a_new_article(paper: Paper) -> None:
    capture = paper.capture(ONE, b"<html>")
    read = article(ONE, authors=["Айгүл Сәбит"], tags=["су"], views=172, comments=0)
    assert paper.visit(read=read, captures=[capture]) == "new"
    row = paper.one("SELECT * FROM articles")
    assert (row["url"], row["title"], row["text"]) == (ONE, read.title, read.text)
    assert (row["first_seen"], row["last_seen"], row["gone_since"]) == (
        utc(START),
        utc(START),
        None,
    )
    assert (row["authors"], row["views"], row["comments"]) == ('["Айгүл Сәбит"]', 172, 0)
    assert row["published_raw"] == "20 қараша 2026, 09:30"
    revision = paper.one("SELECT * FROM revisions")
    assert (revision["number"], revision["seen_at"]) == (1, utc(START))
    assert paper.one("SELECT title FROM readings")["title"] == read.title
    assert revision["capture"] == row["capture"] is not None
    assert paper.one("SELECT article, url, payload_length, part, result FROM captures") == {
        "article": row["id"],
        "url": ONE,
        "payload_length": 6,
        "part": "page",
        "result": "article",
    }
    frontier = paper.one("SELECT * FROM frontier")
    assert (frontier["article"], frontier["outcome"], frontier["status"]) == (row["id"], "new", 200)
    assert (frontier["visited_at"], frontier["attempts"]) == (utc(START), 1)
    assert frontier["due"] == utc(START + timedelta(days=1))
    assert paper.counts() == {"new": 1}


def test_the_same_again_is_unchanged(paper: Paper) -> None:
    paper.visit(read=article(views=10))
    before = paper.one("SELECT * FROM articles")
    paper.later(days=1)
    assert paper.visit(read=article(views=12)) == "unchanged"
    after = paper.one("SELECT * FROM articles")
    assert after["revision"] == 1
    assert after["capture"] == before["capture"], "the capture that proves the text stays"
    assert (after["first_seen"], after["last_seen"]) == (utc(START), utc(paper.now))
    assert after["views"] == 12
    assert (
        len(paper.all("SELECT * FROM revisions")) == len(paper.all("SELECT * FROM readings")) == 1
    )
    assert len(paper.all("SELECT * FROM captures WHERE article = ?", after["id"])) == 2


def test_304_is_unchanged(paper: Paper) -> None:
    paper.visit(read=article(), etag='"a"', last_modified="Sun")
    paper.later(days=1)
    assert paper.visit(result="unchanged") == "unchanged"
    assert paper.one("SELECT last_seen FROM articles") == {"last_seen": utc(paper.now)}
    assert paper.one("SELECT etag, last_modified, status FROM frontier") == {
        "etag": '"a"',
        "last_modified": "Sun",
        "status": 304,
    }


EDITS: list[dict[str, Any]] = [
    {"text": "Басқа мәтін."},
    {"title": "Басқа тақырып"},
    {"authors": ["Айгүл Сәбит"]},
    {"published": "2026-11-19T09:30:00+05:00"},
    {"section": "Қоғам"},
    {"tags": ["су"]},
    {"captions": ["Су мұнарасы."]},
    {"image": f"{HOME}1.jpg"},
    {"language": "ru"},
]


@pytest.mark.parametrize("change", EDITS, ids=lambda change: next(iter(change)))
def test_an_edit_of_any_field_is_a_revision(paper: Paper, change: dict[str, Any]) -> None:
    (name,) = change
    paper.visit(read=article())
    paper.later(days=1)
    assert paper.visit(read=article(**change)) == "updated"
    row = paper.one("SELECT * FROM articles")
    assert row["revision"] == 2
    before, after = query.revisions(paper.store.connection, 1)
    assert (before["number"], after["number"]) == (1, 2)
    assert (before["changed"], after["changed"]) == ([], [name])
    assert (before[name], after[name]) == (getattr(article(), name), change[name])
    assert row["capture"] is not None
    assert after["warc_offset"] > before["warc_offset"]


def test_an_edit_taken_back_is_a_third_revision(paper: Paper) -> None:
    for text in ("а", "б", "а"):
        paper.visit(read=article(text=text))
        paper.later(days=1)
    assert paper.outcomes == ["new", "updated", "updated"]
    assert [r["text"] for r in query.revisions(paper.store.connection, 1)] == list("аба")
    assert len(paper.all("SELECT * FROM readings")) == 2, "each state is kept once"


def test_an_empty_text_never_replaces_a_text(paper: Paper) -> None:
    paper.visit(read=article(tags=["су"], views=1))
    paper.later(days=1)
    assert paper.visit(read=article(text="", title="Қате")) == "deferred"
    row = paper.one("SELECT * FROM articles")
    assert (row["text"], row["title"], row["revision"]) == (article().text, article().title, 1)
    assert "without its text" in paper.one("SELECT error FROM frontier")["error"]
    assert paper.one("SELECT count(*) AS n FROM article_tags") == {"n": 1}
    # A photo report has no text from the start, and may get one.
    paper.visit(TWO, article(TWO, text=""))
    paper.later(days=1)
    paper.visit(TWO, article(TWO, text="Мәтін."))
    assert paper.outcomes[-2:] == ["new", "updated"]


def test_a_lost_date_does_not_replace_a_date(paper: Paper) -> None:
    paper.visit(read=article())
    paper.visit(read=article(published=None, published_raw=None))
    row = paper.one("SELECT published, published_raw FROM articles")
    assert row == {"published": article().published, "published_raw": article().published_raw}
    paper.visit(read=article(published="2026-11-20", published_raw="20.11.2026"))
    assert paper.one("SELECT published FROM articles")["published"] == article().published
    paper.visit(read=article(published="2026-11-21", published_raw="21.11.2026"))
    assert paper.one("SELECT published FROM articles") == {"published": "2026-11-21"}


def test_tags_follow_the_page(paper: Paper) -> None:
    paper.visit(read=article(tags=["су", "ауыл", "су"]))
    paper.visit(TWO, article(TWO, tags=["су"]))
    paper.visit(read=article(tags=["ауыл", "жол"]))
    query = """SELECT a.url, t.name FROM article_tags x JOIN articles a ON a.id = x.article
               JOIN tags t ON t.id = x.tag ORDER BY a.url, t.name"""
    assert [(r["url"], r["name"]) for r in paper.all(query)] == [
        (ONE, "ауыл"),
        (ONE, "жол"),
        (TWO, "су"),
    ]
    assert len(paper.all("SELECT * FROM tags")) == 3


def test_engagement_is_a_series(paper: Paper) -> None:
    for views, comments in ((10, 0), (10, 0), (15, 0), (15, 1), (None, None), (15, 1)):
        paper.visit(read=article(views=views, comments=comments))
        paper.later(hours=6)
    series = paper.all("SELECT seen_at, views, comments FROM engagement ORDER BY seen_at")
    assert [(r["views"], r["comments"]) for r in series] == [(10, 0), (15, 0), (15, 1)]
    assert [r["seen_at"] for r in series] == [utc(START + timedelta(hours=h)) for h in (0, 12, 18)]


def test_engagement_is_kept_when_the_text_is_unchanged(paper: Paper) -> None:
    paper.visit(read=article(views=1))
    paper.later(hours=1).visit(read=article(views=2))
    assert paper.outcomes == ["new", "unchanged"]
    assert len(paper.all("SELECT * FROM engagement")) == 2


# -- gone, refused, failed ----------------------------------------------------------------------


def test_gone_at_the_second_look(paper: Paper) -> None:
    paper.visit(read=article())
    first = paper.later(days=1).now
    assert paper.visit(result="missing") == "deferred"
    assert paper.one("SELECT gone_since FROM articles") == {"gone_since": None}
    assert paper.one("SELECT due FROM frontier") == {"due": utc(first + DAY)}
    paper.now = first + timedelta(seconds=5)
    assert paper.visit(result="missing") == "deferred", "a second look is a day later"
    paper.now = first + DAY
    assert paper.visit(result="missing") == "gone"
    row = paper.one("SELECT * FROM articles")
    assert row["gone_since"] == utc(first), "gone since the first look that missed it"
    assert (row["text"], row["last_seen"]) == (article().text, utc(START)), "nothing is deleted"
    assert paper.one("SELECT due, outcome FROM frontier") == {"due": None, "outcome": "gone"}


@pytest.mark.parametrize("result", ["refused", "blocked", "failed", "excluded", "deferred"])
def test_nothing_but_a_miss_makes_an_article_gone(paper: Paper, result: str) -> None:
    paper.visit(read=article(), etag='"a"')
    for _ in range(9):
        paper.later(days=1)
        expected = "deferred" if result == "refused" else result
        assert paper.visit(result=result, etag='"shell"', reason="no_text") == expected
    assert paper.one("SELECT gone_since, last_seen FROM articles") == {
        "gone_since": None,
        "last_seen": utc(START),
    }
    assert paper.one("SELECT etag FROM frontier") == {"etag": '"a"'}, "the shell proves nothing"


def test_a_304_proves_what_the_page_proved_that_it_refers_to(paper: Paper) -> None:
    paper.visit(read=article())
    paper.later(days=1)
    shell = paper.capture(ONE, b"<shell>")
    assert paper.visit(read=None, reason="no_text", captures=[shell]) == "deferred"
    paper.later(days=1)
    writer = paper.store.captures(paper.site)
    same = writer.write(ONE, 304, [], b"", paper.now, refers_to=shell, profile=NOT_MODIFIED)
    assert paper.visit(result="unchanged", captures=[same]) == "deferred"
    assert paper.one("SELECT last_seen FROM articles") == {"last_seen": utc(START)}


@pytest.mark.parametrize("read", [article(), article(text="Жаңа мәтін."), None])
def test_gone_and_back(paper: Paper, read: Article | None) -> None:
    paper.visit(read=article())
    for _ in range(2):
        paper.later(days=1).visit(result="missing")
    row = paper.row(ONE)
    paper.later(days=1).visit(ONE, read, "article" if read else "unchanged", frontier=row)
    after = paper.one("SELECT gone_since, last_seen FROM articles")
    assert after == {"gone_since": None, "last_seen": utc(paper.now)}


def test_one_miss_between_two_looks_is_forgotten(paper: Paper) -> None:
    paper.visit(read=article())
    for result in ("missing", "unchanged", "missing"):
        paper.later(days=1).visit(result=result)
    assert paper.outcomes == ["new", "deferred", "unchanged", "deferred"]
    assert paper.one("SELECT gone_since FROM articles") == {"gone_since": None}


def test_a_page_that_never_was_an_article(paper: Paper) -> None:
    assert paper.visit(result="refused") == "not_article"
    assert paper.visit(TWO, result="missing") == "gone"
    assert (
        paper.visit(f"{HOME}3", result="missing", status=200, reason="not_found") == "not_article"
    )
    assert paper.all("SELECT * FROM articles") == []
    rows = paper.all("SELECT outcome, error, due FROM frontier ORDER BY id")
    assert rows == [
        {"outcome": "not_article", "error": "listing", "due": None},
        {"outcome": "gone", "error": "HTTP 404", "due": None},
        {"outcome": "not_article", "error": "not_found", "due": None},
    ]
    told = paper.all("SELECT result, reason, rules FROM captures ORDER BY id")
    assert [(r["result"], r["reason"]) for r in told] == [
        ("refused", "listing"),
        ("missing", "HTTP 404"),
        ("missing", "not_found"),
    ]


def test_failures_are_counted_until_success(paper: Paper) -> None:
    paper.visit(read=article())
    for result in ("failed", "blocked", "failed", "unchanged"):
        paper.visit(result=result)
    assert paper.one("SELECT failures, attempts FROM frontier") == {"failures": 0, "attempts": 5}
    paper.visit(result="failed")
    paper.visit(result="failed")
    assert paper.one("SELECT failures FROM frontier") == {"failures": 2}


def test_the_counts_of_a_crawl_add_up(paper: Paper) -> None:
    names = ["blocked", "excluded", "failed", "deferred", "refused", "missing"]
    for number, result in enumerate(names):
        paper.visit(f"{HOME}{number}", result=result)
    paper.visit(f"{HOME}a", article(f"{HOME}a"))
    paper.visit(f"{HOME}a", article(f"{HOME}a", text="Өзгерді."))
    paper.visit(f"{HOME}a", result="unchanged")
    assert paper.counts() == dict.fromkeys(OUTCOMES, 1)
    assert sorted(paper.outcomes) == sorted(OUTCOMES)
    row = paper.one("SELECT discovered FROM crawls")
    assert row == {"discovered": len(names) + 1}
    # The next crawl counts from nothing.
    paper.begin()
    paper.visit(f"{HOME}a", result="unchanged")
    assert paper.counts() == {"unchanged": 1}


def test_a_result_that_is_none_is_refused_whole(paper: Paper) -> None:
    with pytest.raises(AssertionError):
        paper.visit(result="vanished")
    assert paper.one("SELECT attempts, outcome FROM frontier") == {"attempts": 0, "outcome": None}
    assert paper.all("SELECT * FROM captures") == []


def test_an_article_needs_a_capture(paper: Paper) -> None:
    with pytest.raises(ValueError, match="capture"):
        paper.visit(read=article(), captures=[])
    assert paper.all("SELECT * FROM articles") == []


def test_a_crawl_has_a_beginning_and_an_end(paper: Paper) -> None:
    paper.later(minutes=5)
    paper.store.finish_crawl(paper.crawl, paper.now, "finished", 12)
    row = paper.one("SELECT started_at, ended_at, reason, requests, version FROM crawls")
    assert row == {
        "started_at": utc(START),
        "ended_at": utc(START + timedelta(minutes=5)),
        "reason": "finished",
        "requests": 12,
        "version": "newsbot",
    }


# -- aliases ------------------------------------------------------------------------------------


def test_many_addresses_are_one_article(paper: Paper) -> None:
    short, slug = f"{HOME}?p=1", f"{HOME}auylga-su/"
    paper.find(short, slug)
    assert paper.visit(short, article(short, canonical_url=slug)) == "new"
    assert paper.one("SELECT url FROM articles") == {"url": slug}
    rows = {r["url"]: r for r in paper.all("SELECT * FROM frontier")}
    assert rows[slug]["due"], "what a page says of its address is looked at once"
    assert paper.counts() == {"new": 1}, "what was never visited is not counted"
    # Found again in a feed, it is not fetched again; seen again, it is the same article.
    assert paper.find(short, slug) == 0
    assert paper.visit(short, article(short, canonical_url=slug)) == "unchanged"
    assert paper.visit(slug, article(slug), frontier=rows[slug]["id"]) == "unchanged"
    assert len(paper.all("SELECT * FROM aliases")) == 2
    rows = {r["url"]: r for r in paper.all("SELECT * FROM frontier")}
    assert rows[slug]["due"]
    assert rows[short]["due"] is None, "one address of an article is visited again"
    assert (rows[short]["outcome"], rows[short]["error"]) == ("excluded", "alias")


def _named(at: str, number: int, name: str) -> Article:
    text = "\n\n".join(f"{number}-хабардың {line}-абзацы." for line in range(4))
    return article(at, title=f"{number}-хабар", text=text, canonical_url=name)


@pytest.mark.parametrize("order", [*itertools.permutations(range(4))])
def test_an_address_that_several_pages_name_is_believed_of_none(
    paper: Paper, order: tuple[int, ...]
) -> None:
    # The page at ONE is an article of its own; all others name it, and so does it.
    addresses = [ONE, f"{HOME}b", f"{HOME}c", f"{HOME}d"]
    paper.find(*addresses)
    for number in order:
        at = addresses[number]
        assert paper.visit(at, _named(at, number, ONE)) in ("new", "updated"), number
    stored = {r["url"]: r["title"] for r in paper.all("SELECT url, title FROM articles")}
    assert stored == {at: f"{number}-хабар" for number, at in enumerate(addresses)}
    owners = paper.all(
        "SELECT a.url, x.url AS alias FROM aliases x JOIN articles a ON a.id = x.article"
    )
    assert {r["alias"]: r["url"] for r in owners} == {at: at for at in addresses}
    assert all(r["due"] and r["visited_at"] for r in paper.all("SELECT * FROM frontier"))


def test_an_address_that_is_no_article_is_left_by_all_that_name_it(paper: Paper) -> None:
    section = f"{HOME}qogam/"
    for number, at in enumerate((ONE, TWO, f"{HOME}three")):
        paper.visit(at, _named(at, number, section))
    stored = {r["url"] for r in paper.all("SELECT url FROM articles")}
    assert stored == {ONE, TWO, f"{HOME}three"}
    assert not paper.all("SELECT * FROM aliases WHERE url = ?", section)


def test_a_redirected_address_is_an_alias(paper: Paper) -> None:
    old, new = f"{HOME}old", f"{HOME}new"
    paper.visit(old, article(new), urls=(old, f"{HOME}middle", new))
    assert {r["url"] for r in paper.all("SELECT url FROM aliases")} == {old, f"{HOME}middle", new}
    assert paper.find(f"{HOME}middle") == 0


def test_a_moved_article_keeps_its_history(paper: Paper) -> None:
    old, new = f"{HOME}old", f"{HOME}new"
    paper.visit(old, article(old))
    assert paper.visit(old, article(old, canonical_url=new), urls=(old, new)) == "unchanged"
    assert paper.one("SELECT url FROM articles") == {"url": new}
    paper.later(seconds=1)
    assert paper.visit(new, article(new, text="Жаңа."), frontier=1) == "updated"
    assert paper.one("SELECT revision FROM articles") == {"revision": 2}


def test_an_address_of_another_article_is_not_believed(paper: Paper) -> None:
    paper.visit(ONE, article(ONE))
    paper.visit(TWO, article(TWO, title="Екінші", text="Басқа."))
    paper.visit(TWO, article(TWO, canonical_url=ONE, title="Екінші", text="Басқа."))
    assert [r["url"] for r in paper.all("SELECT url FROM articles ORDER BY id")] == [ONE, TWO]
    assert paper.one("SELECT article FROM aliases WHERE url = ?", TWO) == {"article": 2}
    # A page that is new calls it its own, too: it is another article all the same.
    paper.visit(f"{HOME}3", article(f"{HOME}3", canonical_url=ONE, title="Үшінші", text="Тағы."))
    assert len(paper.all("SELECT * FROM articles")) == 3


def test_two_articles_that_are_proved_to_be_one(paper: Paper) -> None:
    paper.visit(ONE, article(ONE, views=1))
    paper.later(days=1).visit(TWO, article(TWO, text="Түзетілді.", views=2))
    assert len(paper.all("SELECT * FROM articles")) == 2
    paper.later(days=1)
    # ONE redirects to TWO now.
    assert paper.visit(ONE, article(TWO, text="Түзетілді.", views=3), urls=(ONE, TWO)) == "updated"
    assert paper.one("SELECT id, url, revision, first_seen FROM articles") == {
        "id": 1,
        "url": TWO,
        "revision": 2,
        "first_seen": utc(START),
    }
    assert [r["views"] for r in paper.all("SELECT views FROM engagement ORDER BY seen_at")] == [
        1,
        2,
        3,
    ]
    assert {r["article"] for r in paper.all("SELECT article FROM captures")} == {1}
    assert {r["url"] for r in paper.all("SELECT url FROM aliases")} == {ONE, TWO}


def test_a_redirect_to_another_article_joins_nothing(paper: Paper) -> None:
    """So WordPress guesses at what was meant where a post is gone."""
    paper.visit(ONE, article(ONE))
    other = article(TWO, title="Екінші", text="Басқа.")
    paper.visit(TWO, other)
    for url in (TWO, f"{HOME}3"):  # known, or not
        paper.later(days=1)
        guessed = article(url, title="Екінші", text="Басқа.")
        assert paper.visit(ONE, guessed, urls=(ONE, url)) == "excluded"
    rows = paper.all("SELECT url, revision, last_seen, gone_since FROM articles ORDER BY id")
    assert rows == [
        {"url": url, "revision": 1, "last_seen": utc(START), "gone_since": None}
        for url in (ONE, TWO)
    ]
    assert paper.one("SELECT error FROM frontier WHERE url = ?", ONE) == {
        "error": "leads to another article"
    }
    assert paper.visit(TWO, other) == "unchanged"


def test_an_article_without_canonical_address(paper: Paper) -> None:
    assert paper.visit(read=article(canonical_url=None)) == "new"
    assert paper.visit(read=article(canonical_url=None)) == "unchanged"
    assert paper.one("SELECT url FROM articles") == {"url": ONE}


# -- frontier and sources -----------------------------------------------------------------------


def test_due_in_order(paper: Paper) -> None:
    source = paper.store.source(paper.site, f"{HOME}feed", "feed")["id"]
    hints = ((1, "2020-01-01"), (2, None), (3, "2022-01-01"), (5, "2099-01-01"))
    listed = [Candidate(f"{HOME}{n}", hint) for n, hint in hints]
    paper.store.save_poll(source, paper.crawl, listed, polled_at=paper.now, status=200)
    paper.visit(f"{HOME}4", article(f"{HOME}4"))
    paper.store.connection.execute("UPDATE frontier SET due = ? WHERE id = 5", (utc(START),))

    def order(**kwargs: object) -> list[str]:
        rows = paper.store.due(paper.site, paper.now, 10, **kwargs)  # type: ignore[arg-type]
        return [row.url.removeprefix(HOME) for row in rows]

    assert order() == ["2", "5", "3", "1", "4"], "new ones first; undated and future: found today"
    assert order(oldest_first=True) == ["1", "3", "2", "5", "4"]
    assert order(skip=[2]) == ["5", "3", "1", "4"]
    assert paper.store.count_due(paper.site, paper.now) == 5
    assert paper.store.due(paper.site, START - timedelta(seconds=1), 10) == []
    assert len(paper.store.due(paper.site, paper.now, 2)) == 2
    assert paper.store.due("another", paper.now, 10) == []


def test_a_poll_is_remembered(paper: Paper) -> None:
    source = paper.store.source(paper.site, f"{HOME}feed", "feed")
    assert (source["etag"], source["polled_at"], source["found"]) == (None, None, 0)
    paper.store.save_poll(
        source["id"], paper.crawl, [], polled_at=START, status=200, etag='"e"', body_hash="h"
    )
    paper.store.save_poll(source["id"], paper.crawl, [], polled_at=START, status=304)
    paper.store.save_poll(
        source["id"], paper.crawl, [], polled_at=START, status=None, error="timeout"
    )
    row = paper.store.source(paper.site, f"{HOME}feed", "feed")
    assert row["id"] == source["id"]
    assert (row["etag"], row["body_hash"], row["status"], row["error"]) == (
        '"e"',
        "h",
        None,
        "timeout",
    )


def test_discovered_counts_what_was_not_known(paper: Paper) -> None:
    assert paper.find(ONE, TWO, ONE) == 2
    assert paper.find(ONE, f"{HOME}3") == 1
    assert paper.one("SELECT found, discovered FROM sources") == {"found": 2, "discovered": 3}
    assert paper.one("SELECT discovered FROM crawls") == {"discovered": 3}


# -- transactions -------------------------------------------------------------------------------


def test_all_or_nothing(paper: Paper) -> None:
    frontier = paper.row(ONE)
    broken = article(tags=["су"])
    broken.modified = object()  # type: ignore[assignment]  # SQLite refuses it
    with pytest.raises((ArchiveError, TypeError)):
        paper.visit(read=broken, frontier=frontier)
    for table in ("articles", "readings", "revisions", "aliases", "tags", "captures", "engagement"):
        assert paper.all(f"SELECT * FROM {table}") == [], table
    assert paper.counts() == {}
    assert paper.visit(read=article()) == "new", "and the store works on"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1", "2", "?p=1"]),
            st.one_of(
                st.sampled_from(
                    [result for result in RESULTS if result not in ("article", "unchanged")]
                ),
                st.builds(
                    article,
                    st.sampled_from([ONE, TWO]),
                    text=st.sampled_from(["а", "б", ""]),
                    title=st.sampled_from(["т", None]),
                    views=st.sampled_from([None, 1, 2]),
                    tags=st.lists(st.sampled_from(["су", "жол"])),
                ),
            ),
        ),
        max_size=12,
    )
)
def test_any_history_leaves_a_whole_archive(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[str, str | Article]]
) -> None:
    paper = open_paper(tmp_path_factory.mktemp("archive"))
    # What was put together of two captures may be put together otherwise as soon as there is a third.
    printed = "SELECT digest, text FROM readings WHERE rules IS NOT NULL"
    try:
        seen: list[str] = []
        for path in ("1", "2", "?p=1"):
            paper.find(HOME + path)
        rows = {r["url"]: r["id"] for r in paper.all("SELECT id, url FROM frontier")}
        for path, what in history:
            before = paper.all(printed)
            result, read = (what, None) if isinstance(what, str) else ("article", what)
            url = HOME + path
            paper.later(days=1)
            seen.append(paper.visit(url, read, result, frontier=rows[url]))
            after = paper.all(printed)
            assert [r for r in before if r not in after] == [], "a reading was lost"
        assert set(seen) <= set(OUTCOMES)
        assert sum(paper.counts().values()) == len(history)
        check_whole(paper.store)
    finally:
        paper.store.close()


# -- lock ---------------------------------------------------------------------------------------


def test_second_writer_is_refused(tmp_path: Path) -> None:
    with Store(tmp_path), pytest.raises(ArchiveLocked) as caught:
        Store(tmp_path)
    assert str(os.getpid()) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 4
    Store(tmp_path).close()


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from archive.store import Store\n"
        "store = Store(Path(sys.argv[1])); print('open', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(ArchiveLocked, match=str(holder.pid)):
            Store(tmp_path)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with Store(tmp_path) as store:
            assert store.connection.execute("SELECT count(*) FROM articles").fetchone()[0] == 0
        assert str(holder.pid) not in (tmp_path / LOCK).read_text()
    finally:
        holder.kill()
        holder.wait()
        if holder.stdout:
            holder.stdout.close()


def test_kill_at_any_instant_loses_nothing(tmp_path: Path) -> None:
    """A writer that prints what it has stored is killed; all that was printed must be there."""
    code = (
        "import sys; from pathlib import Path; from tests.archive.building import *\n"
        "paper = open_paper(Path(sys.argv[1]))\n"
        "for n in range(10_000):\n"
        "    url = f'{HOME}{n}'; paper.visit(url, article(url))\n"
        "    print(n, flush=True)"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    with writer.stdout:
        for line in writer.stdout:
            if line == "25\n":
                writer.kill()
                break
        rest = writer.stdout.read().split()
    writer.wait()
    last = int(rest[-1]) if rest else 25
    with Store(tmp_path) as store:
        check_whole(store)
        rows = store.connection.execute("SELECT count(*), count(capture) FROM articles").fetchone()
        assert rows[0] in (last + 1, last + 2)
        assert rows[0] == rows[1]


def test_a_failed_start_gives_the_lock_back(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"no database" * 500)
    with pytest.raises(ArchiveError):
        Store(tmp_path)
    (tmp_path / DATABASE).unlink()
    Store(tmp_path).close()


# -- archives that cannot be opened -------------------------------------------------------------


def test_no_archive(tmp_path: Path) -> None:
    with pytest.raises(ArchiveUsageError, match="no archive here") as caught:
        open_database(tmp_path)
    assert caught.value.exit_code == 2


def test_database_from_a_newer_version(tmp_path: Path) -> None:
    open_paper(tmp_path).store.close()
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = (tmp_path / DATABASE).read_bytes()
    for opened in (Store, open_database):
        with pytest.raises(ArchiveUsageError, match="a newer newsbot") as caught:
            opened(tmp_path)
        assert caught.value.exit_code == 2
    assert (tmp_path / DATABASE).read_bytes()[100:] == before[100:], "it was not touched"


def test_damaged_database(tmp_path: Path) -> None:
    open_paper(tmp_path).store.close()
    path = tmp_path / DATABASE
    path.write_bytes(b"\xff" * 4096 + path.read_bytes()[4096:])
    for opened in (Store, open_database):
        with pytest.raises(ArchiveError, match="is damaged") as caught:
            opened(tmp_path)
        assert caught.value.exit_code == 5
        assert "\n" not in str(caught.value)


def test_damage_found_later(tmp_path: Path) -> None:
    paper = open_paper(tmp_path)
    for number in range(50):
        paper.visit(f"{HOME}{number}", article(f"{HOME}{number}", text="мәтін " * 500))
    paper.store.close()
    path = tmp_path / DATABASE
    raw = path.read_bytes()
    path.write_bytes(raw[: 4096 * 4] + b"\xa5" * (len(raw) - 4096 * 4))
    with pytest.raises(ArchiveError) as caught:
        open_paper(tmp_path).visit(read=article())
    assert caught.value.exit_code == 5
    assert "damaged" in str(caught.value)


@pytest.mark.parametrize("where", ["", "data", "data/deep"])
def test_folder_that_cannot_be_written(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("a file in the folder's place")  # root may write to any folder
    with pytest.raises(ArchiveUsageError, match="cannot be written") as caught:
        Store(tmp_path / "file" / where)
    assert caught.value.exit_code == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ArchiveUsageError, match="cannot be written"):
        Store(tmp_path)


def test_full_disk_is_said_plainly(paper: Paper) -> None:
    pages = paper.one("PRAGMA page_count")["page_count"]
    paper.store.connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(ArchiveError, match="the disk is full") as caught:
        paper.visit(read=article(text="мәтін " * 50_000))
    assert caught.value.exit_code == 5
    paper.store.connection.execute("PRAGMA max_page_count = 1000000")
    assert paper.visit(read=article()) == "new"


# -- readers ------------------------------------------------------------------------------------


def test_readers_are_not_blocked_by_a_writer(paper: Paper) -> None:
    paper.visit(read=article())
    with closing(open_database(paper.store.folder).conn) as reader:
        with paper.store.transaction() as writer:
            writer.execute("UPDATE articles SET title = 'half-way'")
            started = time.monotonic()
            assert reader.execute("SELECT title FROM articles").fetchone()[0] == article().title
            found = reader.execute(
                "SELECT count(*) FROM articles_fts WHERE articles_fts MATCH 'таза'"
            )
            assert found.fetchone()[0] == 1
            assert time.monotonic() - started < 10
        assert reader.execute("SELECT title FROM articles").fetchone()[0] == "half-way"
    paper.store.connection.execute("UPDATE readings SET title = 'half-way'")
    digests.write(paper.store.connection, [1])
    rebuild(paper.store.connection)


def test_a_writer_is_not_blocked_by_readers(paper: Paper) -> None:
    paper.visit(read=article())
    with closing(open_database(paper.store.folder).conn) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM articles").fetchone()[0] == 1
        paper.visit(TWO, article(TWO))
        assert reader.execute("SELECT count(*) FROM articles").fetchone()[0] == 1, "its snapshot"
        reader.execute("COMMIT")
        assert reader.execute("SELECT count(*) FROM articles").fetchone()[0] == 2


def test_many_readers_at_once(paper: Paper) -> None:
    stop, errors, reads = threading.Event(), [], []

    def read() -> None:
        with closing(open_database(paper.store.folder).conn) as reader:
            while not stop.is_set():
                try:
                    row = reader.execute(
                        "SELECT (SELECT count(*) FROM articles), (SELECT count(*) FROM revisions)"
                    ).fetchone()
                    reads.append(row[0] == row[1])
                except sqlite3.Error as error:
                    errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(30):
        paper.visit(f"{HOME}{number}", article(f"{HOME}{number}"))
    stop.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert reads
    assert all(reads), "a transaction was seen half-way"


def test_a_reader_cannot_write(paper: Paper) -> None:
    reader = open_database(paper.store.folder).conn
    with closing(reader), pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM sites")


def test_the_folder_can_be_copied(paper: Paper, tmp_path: Path) -> None:
    import shutil

    paper.visit(read=article(), captures=[paper.capture(ONE)])
    paper.store.close()
    copy = shutil.copytree(paper.store.folder, tmp_path / "қос ?#%20 көшірме")
    with closing(open_database(copy).conn) as reader:
        assert reader.execute("SELECT url FROM articles").fetchone()[0] == ONE
    paper.store = Store(copy)
    assert paper.all("SELECT id FROM sites") == [{"id": SITE["id"]}]


def test_visits_that_share_a_commit(paper: Paper) -> None:
    """Readers see them when it has come; a crash before it undoes them, each whole."""
    store = paper.store

    def visit(number: int, **fields: Any) -> Visit:
        url = f"{HOME}{number}"
        known: dict[str, Any] = {"article": article(url), "result": "article"}
        return Visit(
            site=paper.site,
            url=url,
            urls=(url,),
            fetched_at=START,
            frontier=paper.row(url),
            crawl=paper.crawl,
            captures=[paper.capture(url)],
            **{**known, **fields},
        )

    def seen() -> int:
        with closing(open_database(store.folder).conn) as c:
            return int(c.execute("SELECT count(*) FROM articles").fetchone()[0])

    visits = [visit(number) for number in range(GROUP + 4)]
    broken = visit(99, article=None, result="nonsense")
    assert [store.record_soon(each) for each in visits[:2]] == ["new", "new"]
    assert seen() == 0
    store.commit()
    assert seen() == 2
    store.record_soon(visits[2])
    with pytest.raises(AssertionError):  # a bug in one visit leaves the others as they are
        store.record_soon(broken)
    store.record_soon(visits[3])
    assert seen() == 2
    store.save_site({**SITE, "name": "Басқа атау"})  # any other write brings the commit
    assert seen() == 4
    for each in visits[4:-1]:
        store.record_soon(each)
    assert seen() == 4
    store.record_soon(visits[-1])
    assert seen() == 4 + GROUP
    with pytest.raises(AssertionError):
        store.record_soon(broken)
    assert not store.connection.in_transaction
    check_whole(store)


def test_an_unfinished_select_does_no_harm(paper: Paper) -> None:
    source = paper.store.source(paper.site, f"{HOME}sitemap.xml", "sitemap")["id"]
    paper.find(*(f"{HOME}{n}" for n in range(50)))
    unfinished = paper.store.connection.execute("SELECT url FROM frontier")
    assert unfinished.fetchone()
    listed = [Candidate(f"{HOME}a/{n}") for n in range(12_000)]
    with closing(open_database(paper.store.folder).conn) as reader:
        reading = reader.execute("SELECT url FROM frontier")
        assert reading.fetchone()
        found = paper.store.save_poll(
            source, paper.crawl, listed, polled_at=paper.now, status=200, body_hash="y"
        )
    assert found == 12_000
    assert paper.one("SELECT count(*) AS n FROM frontier") == {"n": 12_050}


def test_the_date_of_a_source_tells_how_old_an_undated_article_is(tmp_path: Path) -> None:
    """Or every page of a site that dates nothing would be asked again in its first hours."""
    seen: list[str | None] = []

    def remember(outcome: str, *, dated: str | None, **_: Any) -> None:
        seen.append(dated)

    with Store(tmp_path, schedule=remember) as store:
        paper = Paper(store)
        source = store.source(paper.site, f"{HOME}sitemap.xml", "sitemap")
        for number, (hint, published, distrust) in enumerate(
            [
                ("2020-05-01", None, None), (None, None, None), ("2099-01-01", None, None),
                ("2020-05-01", "2021-01-01", None), ("2020-05-01", None, "frozen"),
                ("2020-05-01", None, "uniform"), ("2020-05-01", None, "always_today"),
            ]
        ):  # fmt: skip
            url = f"{HOME}{number}"
            store.save_poll(
                source["id"], paper.crawl, [Candidate(url, hint)], polled_at=paper.now, status=200,
                distrust=distrust,
            )  # fmt: skip
            paper.visit(url, article(url, published=published, title=url, text=url))
        first = utc(paper.now)
    assert seen == ["2020-05-01", first, first, "2021-01-01", "2020-05-01", first, first]


def test_what_a_source_says_is_kept_when_it_is_new_or_changed(paper: Paper) -> None:
    store, c = paper.store, paper.store.connection
    source = store.source(paper.site, f"{HOME}feed", "feed")

    def poll(
        *entries: tuple[str, bytes | None, str | None], distrust: str | None = None
    ) -> list[bytes]:
        paper.later(hours=1)
        listed = [Candidate(f"{HOME}{name}", hint, said=said) for name, said, hint in entries]
        store.save_poll(
            source["id"], paper.crawl, listed, polled_at=paper.now, status=200, distrust=distrust
        )
        rows = c.execute(
            "SELECT id FROM captures WHERE fetched_at = ? ORDER BY id", (utc(paper.now),)
        )
        return [read_stored(c, store.folder, row[0]).body for row in rows.fetchall()]

    head = f"via: {HOME}feed\r\nkind: feed\r\n".encode()
    assert poll(("1", b"<a/>", None), ("2", None, None)) == [head + b"\r\n<a/>"]
    assert poll(("1", b"<a/>", None)) == []
    assert poll(("1", b"<b/>", None), ("3", b"<c/>", None)) == [
        head + b"\r\n<b/>", head + b"\r\n<c/>",
    ]  # fmt: skip
    alike = [(str(n), b"<d/>", "2026-11-20") for n in range(10, 16)]
    assert poll(*alike) == [head + b"\r\n<d/>"] * 6, "a daily paper prints them on one day"
    assert poll(*alike[:2], distrust="uniform") == [head + b"dates: uniform\r\n\r\n<d/>"] * 2
    assert said_at(c, {f"{HOME}1"}, "2020-01-01") != said_at(c, {f"{HOME}1"}, utc(paper.now))
