"""Captured pages read again: what would change is told, what is applied is kept apart from edits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from archive.article import Article
from archive.captures import IDENTICAL, previous_capture
from archive.errors import ArchiveUsageError
from archive.search import search
from archive.store import Store, open_database
from newsbot.extraction import rules_version
from newsbot.pool import open_pool
from newsbot.replay import reextract as reextraction
from newsbot.replay.reextract import Choice, Report, reextract
from newsbot.replay.reread import Rereading
from newsbot.visit.schedule import next_due
from tests.archive.building import HOME, check_whole
from tests.conftest import Run
from tests.replay.paper import NOT_FOUND, OLD, ONE, TEXT, page, profile, refuse, remember

TWO = f"{HOME}2/"
EVERYTHING = Choice()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "data") as store:
        store.connection.execute("PRAGMA synchronous = OFF")
        yield store
        check_whole(store)


def apply(store: Store, choice: Choice = EVERYTHING, **how: Any) -> Report:
    sites = profile(store.folder.parent / "sites", how.pop("toml", ""))
    return reextract(store.connection, store.folder, sites, choice, store=store, **how)


def rehearse(store: Store, choice: Choice = EVERYTHING, **how: Any) -> Report:
    sites = profile(store.folder.parent / "sites", how.pop("toml", ""))
    with closing(open_database(store.folder).conn) as reader:
        return reextract(reader, store.folder, sites, choice, **how)


def rows(store: Store, sql: str, *args: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in store.connection.execute(sql, args)]


REVISIONS = """
SELECT v.number, r.text FROM revisions v JOIN readings r ON r.id = v.reading ORDER BY v.article, v.number
"""
WHOLE = "\n\n".join(TEXT)
DULL = f"{WHOLE}\n\nFacebook Twitter WhatsApp"


def today(store: Store) -> str:
    (site,) = profile(store.folder.parent / "sites").values()
    return rules_version(site)


# -- what is told and what is kept --------------------------------------------------------------


def test_a_rehearsal_tells_and_changes_nothing(store: Store) -> None:
    remember(store, page())
    remember(store, page(title="Жолға тас төселді"), TWO, rules=lambda _: None)
    before = list(store.connection.iterdump())
    seen: list[Rereading] = []
    report = rehearse(store, seen=seen.append)
    assert list(store.connection.iterdump()) == before
    assert +report.verdicts == {"better": 1, "same": 1}
    assert report.fields.keys() == {"authors", "tags", "text"}
    assert report.fields["authors"] == {
        "changed": 1, "better": 1, "filled": 1, "emptied": 0
    }  # fmt: skip
    assert report.fields["text"] == {"changed": 1, "better": 1, "filled": 0, "emptied": 0}
    assert {name: c["better"] for name, c in report.sites.items()} == {"aqbulaq": 1}
    assert {name: c["same"] for name, c in report.layouts.items()} == {"wordpress/classic": 1}
    assert [found.verdict for found in seen] == ["better", "same"]
    ((found, difference),) = report.examples["authors"]
    assert (found.stored.url, difference.field) == (ONE, "authors")


def test_what_is_applied_is_no_edit(store: Store) -> None:
    remember(store, page())
    report = apply(store)
    assert (dict(report.outcomes), report.left) == ({"unchanged": 1}, 0)
    assert rows(store, REVISIONS) == [(1, WHOLE)]
    assert rows(store, "SELECT text, authors, capture, last_seen FROM articles") == [
        (WHOLE, '["Асан Үсенов"]', 1, "2026-11-22T08:00:00Z")
    ]
    assert rows(store, "SELECT text, rules FROM readings ORDER BY id") == [
        (DULL, OLD), (WHOLE, today(store))
    ]  # fmt: skip
    assert rows(store, "SELECT t.name FROM tags t JOIN article_tags x ON x.tag = t.id") == [("су",)]
    assert search(store.connection, "Facebook").total == 0


def test_nothing_is_read_again_for_nothing(store: Store) -> None:
    remember(store, page())
    apply(store)
    before = list(store.connection.iterdump())
    assert not apply(store).verdicts.total()
    again = apply(store, Choice(everything=True))
    assert +again.verdicts == {"same": 1}
    assert list(store.connection.iterdump()) == before


def test_a_later_crawl_sees_no_edit(store: Store) -> None:
    remember(store, page())
    apply(store)
    assert remember(store, page(), hours=5, rules=None) == "unchanged"
    assert remember(store, page(TEXT[:2]), hours=9, rules=None) == "updated"
    assert rows(store, REVISIONS) == [(1, WHOLE), (2, "\n\n".join(TEXT[:2]))]
    assert not apply(store).verdicts.total()


def test_every_visit_is_read_and_edits_stay_edits(store: Store) -> None:
    remember(store, page())
    remember(store, page(title="Ауылға таза су келді"), hours=9)
    remember(store, page(title="Ауылға таза су келді"), hours=20, rules=None)
    assert apply(store).verdicts["better"] == 2
    titles = (
        "SELECT r.title, v.changed, r.text FROM revisions v JOIN readings r ON r.id = v.reading "
        "ORDER BY v.number"
    )
    assert rows(store, titles) == [
        ("Ауылға су келді", "[]", WHOLE), ("Ауылға таза су келді", '["title"]', WHOLE)
    ]  # fmt: skip


def test_a_page_that_is_refused_stays(store: Store) -> None:
    def believe(article: Article) -> None:
        article.is_article, article.title, article.text = True, "Бет табылмады", "Ескі мәтін."

    remember(store, NOT_FOUND, rules=believe)
    before = list(store.connection.iterdump())
    report = apply(store)
    assert (report.verdicts["worse"], report.verdicts["refused"]) == (1, 1)
    assert (report.outcomes.total(), report.left, dict(report.refused)) == (0, 1, {"not_found": 1})
    assert list(store.connection.iterdump()) == before


def test_a_text_that_is_lost_stays(store: Store) -> None:
    def believe(article: Article) -> None:
        article.is_article, article.text = True, "Мәтін."

    remember(store, page([]), rules=believe)
    assert apply(store).left == 1
    assert rows(store, "SELECT text FROM articles") == [("Мәтін.",)]


def test_skip_worse(store: Store) -> None:
    def bright(article: Article) -> None:
        article.image = "https://aqbulaq.example/1.jpg"

    remember(store, page(), rules=bright)
    assert rehearse(store).verdicts["worse"] == 1
    assert apply(store, skip_worse=True).left == 1
    assert rows(store, "SELECT rules FROM readings") == [(OLD,)]
    assert apply(store).left == 0
    assert rows(store, "SELECT max(rules) FROM readings") == [(today(store),)]


# -- second chances -----------------------------------------------------------------------------


def test_a_refused_page_becomes_an_article(store: Store) -> None:
    assert remember(store, page(), rules=refuse) == "not_article"
    assert rehearse(store).verdicts["found"] == 1
    assert apply(store).outcomes == {"new": 1}
    assert rows(store, "SELECT url, text, first_seen FROM articles") == [
        (ONE, WHOLE, "2026-11-22T08:00:00Z")
    ]
    assert rows(store, "SELECT result, reason, rules FROM captures") == [
        ("article", None, today(store))
    ]
    assert not apply(store).verdicts.total()


def test_a_refused_page_of_a_known_article_is_its_revision(store: Store) -> None:
    remember(store, page(), rules=None)
    remember(store, page(title="Ауылға таза су келді"), hours=30, rules=refuse)
    assert rows(store, "SELECT title FROM articles") == [("Ауылға су келді",)]
    assert apply(store).outcomes == {"updated": 1}
    assert rows(store, "SELECT title, revision FROM articles") == [("Ауылға таза су келді", 2)]


def test_a_page_that_reads_at_last_is_not_fetched_again_soon(tmp_path: Path) -> None:
    with Store(tmp_path / "data", "newsbot/test", next_due) as store:
        remember(store, page(), rules=None)
        remember(store, page(title="Ауылға таза су келді"), hours=30, rules=refuse)
        remember(store, page(), url=TWO, rules=refuse)
        frontier = "SELECT outcome, error, failures, due FROM frontier ORDER BY url"
        assert rows(store, frontier) == [
            ("deferred", "cannot be read: no_title", 1, "2026-11-23T15:00:00Z"),
            ("not_article", "no_title", 0, None),
        ]
        apply(store)
        # As the schedule has it for an article of 2022, after the visits that read it.
        assert rows(store, frontier) == [
            ("updated", None, 0, "2027-05-22T14:00:00Z"),
            ("new", None, 0, "2027-05-21T08:00:00Z"),
        ]
        check_whole(store)


def test_what_is_refused_still_is_the_same(store: Store) -> None:
    remember(store, NOT_FOUND, rules=lambda _: None)
    assert +apply(store).verdicts == {"same": 1}
    assert rows(store, "SELECT count(*) FROM articles") == [(0,)]
    assert not apply(store).verdicts.total()


def test_a_further_page_that_came_alone_is_no_article(store: Store) -> None:
    remember(store, page(), rules=refuse)
    why = "a further page of an article"
    store.connection.execute("UPDATE captures SET result = 'excluded', reason = ?", (why,))
    assert not apply(store).verdicts.total()


# -- which captures -----------------------------------------------------------------------------


def test_a_page_that_was_the_same_is_read_where_it_was_kept(store: Store) -> None:
    remember(store, page())
    first = previous_capture(store.connection, ONE)
    remember(store, page(), hours=9, refers_to=first, profile=IDENTICAL)
    assert rows(store, "SELECT refers_to FROM captures") == [(None,), (1,)]
    assert apply(store).verdicts["better"] == 2
    assert rows(store, REVISIONS) == [(1, WHOLE)]


def divided() -> tuple[bytes, list[tuple[str, int, bytes]]]:
    links = "".join(f'<a href="{ONE}{n}/">{n}</a>' for n in (2, 3))
    nav = f'<div class="page-links">{links}</div>'
    return page(TEXT[:1], more=nav), [
        (f"{ONE}2/", 200, page(TEXT[1:2], more=nav)),
        (f"{ONE}3/", 200, page(TEXT[2:], more=nav)),
    ]


def test_a_divided_article_is_read_whole(store: Store) -> None:
    first, rest = divided()
    remember(store, first, also=rest)
    assert apply(store).verdicts["better"] == 1
    assert rows(store, "SELECT text FROM articles") == [(WHOLE,)]
    assert rows(store, "SELECT part, article FROM captures") == [
        ("page", 1), ("further", 1), ("further", 1)
    ]  # fmt: skip


def test_redirects_lead_to_the_page(store: Store) -> None:
    forward = f'<meta http-equiv="refresh" content="0; url={TWO}"><title>Көшті</title>'.encode()
    remember(store, forward, also=[(TWO, 200, page())])
    assert apply(store).verdicts["better"] == 1
    assert rows(store, "SELECT url, text FROM articles") == [(TWO, WHOLE)]


def test_layouts_are_chosen_by_the_day_of_the_capture(store: Store) -> None:
    toml = """
[[layouts]]
id = "old"
valid_until = 2026-11-22
article = ".post"
title = ["h1"]
body = [".entry-content p:first-child"]
[[layouts]]
id = "new"
title = ["h1"]
body = [".entry-content"]
"""
    remember(store, page(), rules=refuse)
    remember(store, page(title="Жолға тас төселді"), TWO, hours=48)
    apply(store, toml=toml)
    assert rows(store, "SELECT layout, text FROM articles ORDER BY url") == [
        ("aqbulaq/old", TEXT[0]),
        ("aqbulaq/new", WHOLE),
    ]


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(store: Store) -> None:
    remember(store, page())
    remember(store, page(title="Жолға тас төселді"), TWO)
    place = store.connection.execute("SELECT warc, warc_offset FROM captures").fetchone()
    path = store.folder / place[0]
    raw = bytearray(path.read_bytes())
    raw[place[1] + 80 : place[1] + 84] = b"\0\0\0\0"
    store.captures("aqbulaq").close()
    path.write_bytes(raw)
    report = apply(store)
    assert dict(report.unread) == {"damaged": 1}
    assert f"record at byte {place[1]}" in report.damaged[0]
    assert report.outcomes.total() == 1
    without = reextract(store.connection, store.folder, {})
    assert dict(without.unread) == {"no profile": 2}


# -- the run ------------------------------------------------------------------------------------


def fill(store: Store, number: int) -> None:
    with store.batch():
        for n in range(number):
            remember(store, page(title=f"Ауылға су келді, {n}"), f"{HOME}a{n}/", hours=n)


def test_an_interrupted_run_carries_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reextraction, "BATCH", 3)
    fill(store, 8)
    pages: list[int] = []

    def seen(found: Rereading) -> None:
        pages.append(found.stored.page)
        if len(pages) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(store, seen=seen)
    done = "SELECT count(*) FROM captures WHERE rules <> '0-old'"
    assert rows(store, done) == [(3,)]
    fresh: list[int] = []
    apply(store, seen=lambda found: fresh.append(found.stored.page))
    assert fresh == [4, 5, 6, 7, 8]
    assert rows(store, done) == [(8,)]


def test_processes_read_the_same(store: Store) -> None:
    fill(store, 20)
    alone = rehearse(store)
    with open_pool(2) as pool:
        together = rehearse(store, pool=pool)
    assert together.to_dict() == alone.to_dict()
    assert together.verdicts["better"] == 20


def test_choices(store: Store) -> None:
    for n, date in enumerate((b"2019-03-01", b"2019-03-01", b"2022-05-17", b"2022-05-17")):
        body = page(title=f"Ауылға су келді, {n}").replace(b"2022-05-17", date)
        remember(store, body, f"{HOME}a{n}/", hours=n)
    remember(store, page(), f"{HOME}b/", rules=refuse)
    for choice, wanted in (
        (Choice(articles=(2, 3)), 2),
        (Choice(sites=("aqbulaq",)), 5),
        (Choice(before="2019"), 2),
        (Choice(after="2019-03-02", before="2022-05"), 2),
        (Choice(after="2026-11-22"), 1),
    ):
        assert rehearse(store, choice).verdicts.total() == wanted
        sites = profile(store.folder.parent / "sites")
        assert reextraction.count(store.connection, sites, choice) == wanted
    for wrong in (Choice(sites=("aqbulak",)), Choice(articles=(99,))):
        with pytest.raises(ArchiveUsageError, match="has no"):
            rehearse(store, wrong)


# -- the command --------------------------------------------------------------------------------


def test_the_command(newsbot: Run, tmp_path: Path) -> None:
    with Store(tmp_path / "data") as store:
        remember(store, page())
        remember(store, page(title="Жолға тас төселді"), TWO, rules=refuse)
    profile(tmp_path / "sites")
    where = ("--data", tmp_path / "data", "--sites-dir", tmp_path / "sites")
    done = newsbot("reextract", "--dry-run", *where)
    assert (done.returncode, done.stderr) == (0, "")
    for line in (
        "  - Facebook Twitter WhatsApp",
        "authors, better: aqbulaq #1 wordpress/classic",
        '  + ["Асан Үсенов"]',
        "2 pages read: 1 differ, 1 for the better and 0 for the worse; 1 refused before are articles; "
        "nothing was changed",
    ):
        assert line in done.stdout.splitlines(), done.stdout
    done = newsbot("reextract", "--dry-run", "--json", *where)
    told = json.loads(done.stdout)
    assert [change["verdict"] for change in told["changes"]] == ["better", "found"]
    assert told["changes"][0]["fields"]["authors"] == {
        "before": [], "after": ["Асан Үсенов"], "verdict": "better"
    }  # fmt: skip
    assert told["verdicts"] == {"better": 1, "found": 1}
    done = newsbot("reextract", *where)
    assert "1 refused before are articles; 0 left as they are" in done.stdout
    assert "nothing to read" in newsbot("reextract", *where).stdout
    done = newsbot("reextract", "--site", "nobody", *where)
    assert done.returncode == 2
    assert "unknown site 'nobody'" in done.stderr
