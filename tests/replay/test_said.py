"""What sources said, in WARC files: pages are read with it, in whatever order both arrive."""

from __future__ import annotations

import random
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.captures import listed_as
from archive.store import Store
from archive.store.said import unread_pages
from newsbot.discovery import MAX_ENTRY
from newsbot.replay.warc import import_warc
from newsbot.visit.schedule import next_due
from tests.replay.files import FED, START, Archive, Warc, page

PAGE = page("Бақ өсіп жатыр")
EDITED = PAGE.replace("көктемде".encode(), "күзде".encode())


def entry(author: str = "", day: int = 1, link: str = "/news/1") -> str:
    return (
        f"<item><link>{link}</link><author>{author}</author>"
        f"<pubDate>2024-02-0{day}T09:00:00+06:00</pubDate></item>"
    )


HISTORY: list[tuple[int, bytes | str, str]] = [
    (0, PAGE, ""),
    (2, entry("Айгүл Серікқызы"), "/feed"),
    (3, PAGE, ""),
    (4, entry("Асқар Әлиев", 2), "/feed"),
    (5, EDITED, ""),
    (6, entry("Асқар Әлиев", 3), "/rss"),
    (7, EDITED, ""),
]
"""Hour, a page or an entry, its source."""


def record(number: int) -> Warc:
    hour, what, source = HISTORY[number]
    warc = Warc().info("newsbot/1").later(hours=hour)
    if isinstance(what, bytes):
        return warc.add("/news/1", what)
    return warc.said("/news/1", what, source=source)


def derived(archive: Archive) -> list[object]:
    return [
        archive.rows("SELECT url, authors, published, sources, flags, revision FROM articles"),
        archive.rows("SELECT number, seen_at, changed, kept FROM revisions ORDER BY number"),
        archive.rows("SELECT digest, rules, authors, published FROM readings ORDER BY digest"),
        archive.rows("SELECT count(*) FROM captures WHERE reason = 'unread'"),
    ]


@pytest.fixture(scope="module")
def warcs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One file for each record, so that its id is the same in every archive."""
    folder = tmp_path_factory.mktemp("warcs")
    return [record(n).save(folder / f"{n}.warc.gz") for n in range(len(HISTORY))]


@pytest.fixture(scope="module")
def in_order(warcs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    archive = Archive(tmp_path_factory.mktemp("ordered") / "data", FED)
    archive.load(*warcs)
    archive.check()
    return derived(archive)


def test_each_page_is_read_with_what_was_said_of_it(in_order: list[object]) -> None:
    (articles, revisions, readings, unread) = in_order
    assert articles == [
        (
            "https://gazet.example/news/1", '["Асқар Әлиев"]', "2024-02-02T09:00:00+06:00",
            '{"title": "layout", "text": "layout", "authors": "feed", "published": "feed"}', "[]", 2,
        )
    ]  # fmt: skip
    assert [row[2] for row in revisions] == ["[]", '["text"]'], "no entry makes a revision"  # type: ignore[attr-defined]
    assert len(readings) == 2  # type: ignore[arg-type]
    assert unread == [(0,)]


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(
    warcs: list[Path], in_order: list[object], chance: random.Random
) -> None:
    shuffled = chance.sample(warcs, len(warcs))
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive(Path(folder) / "data", FED)
        first = chance.randrange(len(warcs))
        archive.load(*shuffled[:first])
        archive.load(*shuffled[first:])
        assert derived(archive) == in_order
        archive.check()


def test_a_redirect_has_what_was_said_of_the_address_before_it(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "data", FED)
    warc = Warc().info("newsbot/1").said("/news/1", entry("Айгүл Серікқызы"))
    warc.redirect("/news/1", "/news/one").add("/news/one", PAGE, Concurrent_To=f"{warc.ids[0]}")
    archive.put(warc)
    assert archive.rows("SELECT authors FROM articles") == [('["Айгүл Серікқызы"]',)]
    archive.check()


def test_what_is_no_entry_of_the_site_is_passed_over(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "data", FED)
    warc = (
        Warc()
        .info()
        .add("/news/1", PAGE)
        .said("https://other.example/1", entry(link="https://other.example/1"))
        .said("/news/1", entry(), kind="oracle")
        .said("/news/1", "<item><link>/news/1</link>" + "a" * MAX_ENTRY)
        .said("/news/1?utm_source=x", entry())
        .said("/tag/1", entry(link="/tag/1"))
        .other("metadata", content="application/warc-fields")
    )
    archive.put(warc)
    assert archive.rows("SELECT part FROM captures") == [("page",)]
    archive.check()
    archive.put(Warc(START).info().said("/news/1", entry("Айгүл Серікқызы")))
    assert archive.rows("SELECT authors FROM articles") == [('["Айгүл Серікқызы"]',)]


TITLE = "Ауылда жаңа мектеп ашылды"
PARAGRAPH = f"<p>{'Мектеп ашылды. ' * 13}</p>"
SHORT = (
    f"<!DOCTYPE html><html><head><title>{TITLE}</title></head><body><h1>{TITLE}</h1>"
    f'<div class="text">{PARAGRAPH * 3}</div></body></html>'
).encode()
LISTED = f"<item><title>{TITLE}</title><link>/news/1</link></item>"


@pytest.mark.parametrize("spelling", ["https://gazet.example", "http://www.gazet.example"])
@pytest.mark.parametrize("asked", ["/news/1", "/news/1?utm_source=x", "/short/1"])
def test_a_page_that_was_refused_is_read_with_what_is_said_later(
    tmp_path: Path, asked: str, spelling: str
) -> None:
    archive = Archive(tmp_path / "data", FED)
    warc = Warc().info("newsbot/1")
    if asked.startswith("/short"):
        warc.redirect("/news/1", "/news/one").add("/news/one", SHORT, Concurrent_To=warc.ids[0])
    else:
        warc.add(asked, SHORT)
    archive.put(warc)
    assert archive.rows("SELECT result FROM captures WHERE part = 'page'") == [("refused",)]
    archive.put(Warc().later(days=1).info().said(f"{spelling}/news/1", LISTED))
    assert archive.rows("SELECT title FROM articles") == [(TITLE,)]
    assert archive.rows("SELECT reason FROM captures WHERE part = 'said'") == [(None,)]
    archive.check()


def test_what_was_seen_before_the_pages_that_are_read_again_is_not_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Archive(tmp_path / "data", FED)
    archive.put(Warc().info("newsbot/1").add("/news/2", PAGE).later(days=40).add("/news/1", PAGE))
    since: list[datetime | None] = []
    with Store(archive.folder, schedule=next_due) as store:
        warc = tmp_path / "late.warc.gz"
        Warc().later(days=50).info("newsbot/1").said("/news/1", entry("Айгүл Серікқызы")).save(warc)
        monkeypatch.setattr(store, "settle", lambda _, moment=None: since.append(moment))
        import_warc(store, [warc], archive.sites)
    assert since == [START + timedelta(days=40, seconds=1), None], "of the reading, of the import"


def test_what_is_no_web_page_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsbot.replay.warc.read_unread", lambda *_: None)
    archive = Archive(tmp_path / "data", FED)
    kind = [("Content-Type", "application/pdf")]
    with Store(archive.folder, schedule=next_due) as store:
        warc = (
            Warc().info("newsbot/1").said("/news/1", LISTED).add("/news/1", b"%PDF", headers=kind)
        )
        import_warc(store, [warc.save(tmp_path / "a.warc.gz")], archive.sites)
        assert unread_pages(store.connection, "gazet") == []


def test_an_entry_of_a_further_page_is_not_the_article_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsbot.replay.warc.read_unread", lambda *_: None)
    archive = Archive(tmp_path / "data", FED)
    first, second = page("Бақ өсіп жатыр", more=["/news/1/2"]), page("Бақ өсіп жатыр", "су")
    told = entry("Бөтен Біреу", link="/news/1/2")
    warc = Warc().info("newsbot/1").said("/news/1/2", told, source="/rss")
    warc.said("/news/1", entry("Айгүл Серікқызы"))
    warc.add("/news/1", first).add("/news/1/2", second, Concurrent_To=warc.ids[0])
    archive.put(warc)
    assert archive.rows("SELECT authors FROM articles") == [('["Айгүл Серікқызы"]',)]
    with Store(archive.folder) as store:
        assert unread_pages(store.connection, "gazet") == []
        (number,) = store.connection.execute(
            "SELECT id FROM captures WHERE result = 'article'"
        ).fetchone()
        assert listed_as(store.connection, number) == {"https://gazet.example/news/1"}
