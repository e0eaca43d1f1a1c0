"""Captures read again: what would change is told, what is applied is kept apart from edits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from archive.article import Article
from archive.captures import IDENTICAL, Capture
from archive.errors import ArchiveUsageError
from archive.search import search
from archive.store import Store, open_database
from newsbot.replay import reextract as reextraction
from newsbot.replay.reextract import Choice, Report, reextract
from newsbot.replay.reread import Result
from tests.archive.building import HOME, check_whole
from tests.conftest import Run
from tests.replay.paper import NOT_FOUND, ONE, TEXT, page, profile, remember

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


KINDS = "SELECT number, kind, text FROM revisions ORDER BY article, number"


# -- what is told and what is kept --------------------------------------------------------------


def test_a_rehearsal_tells_and_changes_nothing(store: Store) -> None:
    remember(store, page())
    remember(store, page(title="Жолға тас төселді"), TWO, rules=None)
    before = list(store.connection.iterdump())
    seen: list[Result] = []
    report = rehearse(store, seen=seen.append)
    assert list(store.connection.iterdump()) == before
    assert dict(report.articles) == {"better": 1, "same": 1, "refused": 0}
    assert report.fields.keys() == {"authors", "tags", "text"}
    assert report.fields["authors"] == {
        "changed": 1, "better": 1, "filled": 1, "emptied": 0
    }  # fmt: skip
    assert report.fields["text"] == {"changed": 1, "better": 1, "filled": 0, "emptied": 0}
    assert {name: c["better"] for name, c in report.sites.items()} == {"aqbulaq": 1}
    assert {name: c["same"] for name, c in report.layouts.items()} == {"wordpress/classic": 1}
    assert [result.verdict for result in seen] == ["better", "same"]
    (example,) = report.examples["authors"]
    assert example[0].url == ONE


def test_what_is_applied_is_no_edit(store: Store) -> None:
    remember(store, page())
    report = apply(store)
    assert (report.stored, report.revisions, report.left) == (1, 1, 0)
    whole = "\n\n".join(TEXT)
    assert rows(store, KINDS) == [
        (1, "first", f"{whole}\n\nFacebook Twitter WhatsApp"),
        (2, "reextraction", whole),
    ]
    assert rows(store, "SELECT text, authors, capture, last_seen FROM articles") == [
        (whole, '["Асан Үсенов"]', 1, "2026-11-22T08:00:00Z")
    ]
    assert rows(store, "SELECT t.name FROM tags t JOIN article_tags x ON x.tag = t.id") == [("су",)]
    assert rows(store, "SELECT * FROM article_edits") == []
    assert search(store.connection, "Facebook").total == 0


def test_a_second_run_changes_nothing(store: Store) -> None:
    remember(store, page())
    apply(store)
    before = list(store.connection.iterdump())
    report = apply(store)
    assert (report.stored, report.articles["same"]) == (0, 1)
    assert list(store.connection.iterdump()) == before


def test_a_later_crawl_sees_no_edit(store: Store) -> None:
    remember(store, page())
    apply(store)
    assert remember(store, page(), hours=5, rules=None) == "unchanged"
    assert remember(store, page(TEXT[:2]), hours=9, rules=None) == "updated"
    assert [row[1] for row in rows(store, KINDS)] == ["first", "reextraction", "edit"]
    (edit,) = rows(store, "SELECT text_before, text FROM article_edits")
    assert edit == ("\n\n".join(TEXT), "\n\n".join(TEXT[:2]))
    before = list(store.connection.iterdump())
    assert apply(store).stored == 0
    assert list(store.connection.iterdump()) == before


def test_only_fields_changed_is_no_revision(store: Store) -> None:
    remember(store, page(), rules=lambda article: article.authors.clear())
    report = apply(store)
    assert (report.stored, report.revisions) == (1, 0)
    assert [row[1] for row in rows(store, KINDS)] == ["first"]


def test_a_page_that_is_refused_stays(store: Store) -> None:
    article = Article(ONE, True, title="Бет табылмады", text="Ескі ереже мұны мақала деген.")
    remember(store, NOT_FOUND, article=article, rules=None)
    before = list(store.connection.iterdump())
    report = apply(store)
    assert (report.articles["worse"], report.articles["refused"]) == (1, 1)
    assert (report.stored, report.left, dict(report.refused)) == (0, 1, {"not_found": 1})
    assert list(store.connection.iterdump()) == before


def test_a_text_that_is_lost_stays(store: Store) -> None:
    remember(store, page([]), article=Article(ONE, True, title="Фото", text="Мәтін."), rules=None)
    assert apply(store).left == 1
    assert rows(store, "SELECT text FROM articles") == [("Мәтін.",)]


def test_skip_worse(store: Store) -> None:
    def bright(article: Article) -> None:
        article.section = "Қоғам"

    remember(store, page(), rules=bright)
    assert rehearse(store).articles["worse"] == 1
    assert apply(store, skip_worse=True).left == 1
    assert rows(store, "SELECT section FROM articles") == [("Қоғам",)]
    assert apply(store).stored == 1
    assert rows(store, "SELECT section FROM articles") == [(None,)]


# -- which capture ------------------------------------------------------------------------------


def test_the_newest_page_is_read(store: Store) -> None:
    """The text has stayed since the first visit; what else the newest page says, counts."""
    remember(store, page())
    remember(store, page(title="Ауылға су келді", more='<p class="x">Жаңа айдар</p>'), hours=9)
    tagged = page(more='<a href="/tag/jol" rel="tag">жол</a>')
    remember(store, tagged, hours=20)
    apply(store)
    assert rows(store, "SELECT capture FROM articles") == [(3,)]
    assert {row[0] for row in rows(store, "SELECT name FROM tags")} == {"су", "жол"}


def test_a_page_that_was_the_same_is_read_where_it_was_kept(store: Store) -> None:
    remember(store, page())
    (row,) = store.connection.execute("SELECT * FROM captures").fetchall()
    first = Capture(**{name: row[name] for name in Capture.__slots__ if name != "refers_to_id"})
    remember(store, page(), hours=9, refers_to=first, profile=IDENTICAL)
    assert rows(store, "SELECT refers_to FROM captures") == [(None,), (1,)]
    assert apply(store).articles["better"] == 1


def divided() -> tuple[bytes, list[tuple[str, int, bytes]]]:
    links = "".join(f'<a href="{ONE}{n}/">{n}</a>' for n in (2, 3))
    nav = f'<div class="page-links">{links}</div>'
    return page(TEXT[:1], more=nav), [
        (f"{ONE}2/", 200, page(TEXT[1:2], more=nav)),
        (f"{ONE}3/", 200, page(TEXT[2:], more=nav)),
    ]


@pytest.mark.parametrize("is_tied", [True, False])
def test_a_divided_article_is_read_whole(
    store: Store, is_tied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_tied:  # as other programs write them
        whole = type(store.captures("aqbulaq")).write
        monkeypatch.setattr(
            "archive.captures.CaptureWriter.write",
            lambda *args, concurrent_to=None, **how: whole(*args, **how),
        )
    first, rest = divided()
    remember(store, first, also=rest)
    remember(store, page(title="Жолға тас төселді"), TWO)
    report = apply(store)
    assert report.articles["better"] == 2
    assert rows(store, "SELECT text, capture FROM articles WHERE id = 1") == [
        ("\n\n".join(TEXT), 3)
    ]
    assert apply(store).articles["same"] == 2


def test_redirects_and_forwarding_pages_are_passed_over(store: Store) -> None:
    forward = f'<meta http-equiv="refresh" content="0; url={TWO}"><title>Көшті</title>'.encode()
    remember(
        store,
        forward,
        also=[(TWO, 301, b""), (f"{TWO}amp/", 200, page())],
        article=Article(TWO, True, canonical_url=TWO, title="Ауыл", text="Ескі мәтін."),
    )
    apply(store)
    assert rows(store, "SELECT text, capture FROM articles") == [("\n\n".join(TEXT), 3)]


def test_a_lost_date_is_looked_for_in_older_pages(store: Store) -> None:
    dated = page()
    bare = dated.replace(b"<time", b"<b").replace(b"</time", b"</b").replace(b"17.05", b"")
    remember(store, dated)
    remember(store, bare, hours=9)
    assert "published" not in rehearse(store).fields
    apply(store)
    assert rows(store, "SELECT published FROM articles") == [("2022-05-17T09:00:00+05:00",)]


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
    remember(store, page())
    remember(store, page(title="Жолға тас төселді"), TWO, hours=48)
    apply(store, toml=toml)
    assert rows(store, "SELECT layout, text FROM articles ORDER BY id") == [
        ("aqbulaq/old", TEXT[0]),
        ("aqbulaq/new", "\n\n".join(TEXT)),
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
    assert report.stored == 1
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
    read: list[int] = []

    def seen(result: Result) -> None:
        read.append(result.article)
        if len(read) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(store, seen=seen)
    assert rows(store, "SELECT count(*) FROM revisions WHERE kind = 'reextraction'") == [(3,)]
    other = apply(store, Choice(articles=(1,)))
    assert other.articles["same"] == 1, "another choice begins at its own beginning"
    fresh: list[int] = []
    apply(store, seen=lambda result: fresh.append(result.article))
    assert sorted({*read[:3], *fresh}) == list(range(1, 9))
    assert rows(store, "SELECT count(*) FROM revisions WHERE kind = 'reextraction'") == [(8,)]
    assert rows(store, "SELECT * FROM imports") == []


def test_processes_read_the_same(store: Store) -> None:
    fill(store, 20)
    alone, together = (rehearse(store, jobs=jobs) for jobs in (0, 2))
    assert together.to_dict() == alone.to_dict()
    assert together.articles["better"] == 20


def test_choices(store: Store) -> None:
    fill(store, 4)
    store.connection.execute("UPDATE articles SET published = '2019-03-01' WHERE id < 3")
    for choice, wanted in (
        (Choice(articles=(2, 3)), 2),
        (Choice(sites=("aqbulaq",)), 4),
        (Choice(before="2019"), 2),
        (Choice(after="2019-03-02", before="2022-05"), 2),
    ):
        assert rehearse(store, choice).articles.total() == wanted
        assert reextraction.count(store.connection, choice) == wanted
    for wrong in (Choice(sites=("aqbulak",)), Choice(articles=(99,))):
        with pytest.raises(ArchiveUsageError, match="has no"):
            rehearse(store, wrong)


# -- the command --------------------------------------------------------------------------------


def test_the_command(newsbot: Run, tmp_path: Path) -> None:
    with Store(tmp_path / "data") as store:
        remember(store, page())
        article = Article(TWO, True, title="Бет табылмады", text="Мәтін.")
        remember(store, NOT_FOUND, TWO, article=article, rules=None)
    profile(tmp_path / "sites")
    where = ("--data", tmp_path / "data", "--sites-dir", tmp_path / "sites")
    done = newsbot("reextract", "--dry-run", *where)
    assert (done.returncode, done.stderr) == (0, "")
    for line in (
        "  - Facebook Twitter WhatsApp",
        "authors, better: aqbulaq #1 wordpress/classic",
        '  + ["Асан Үсенов"]',
        "1 would be no articles any more (not_found) and are left as they are",
        "2 articles read: 1 would change, 1 for the better and 1 for the worse; nothing was changed",
    ):
        assert line in done.stdout.splitlines(), done.stdout
    done = newsbot("reextract", "--dry-run", "--json", *where)
    told = json.loads(done.stdout)
    assert [change["verdict"] for change in told["changes"]] == ["better", "worse"]
    assert told["changes"][0]["fields"]["authors"] == {
        "before": [], "after": ["Асан Үсенов"], "verdict": "better"
    }  # fmt: skip
    assert told["changes"][1]["refused"] == "not_found"
    assert told["articles"] == {"better": 1, "worse": 1, "refused": 1}
    done = newsbot("reextract", *where)
    assert "1 changed, 1 of them with a new revision" in done.stdout
    done = newsbot("reextract", "--site", "nobody", *where)
    assert done.returncode == 2
    assert "no site 'nobody'" in done.stderr
