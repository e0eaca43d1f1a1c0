"""Plain numbers about an archive: per site, with the last crawl."""

from __future__ import annotations

from archive import status
from archive.store import OUTCOMES, Candidate
from archive.times import utc
from tests.archive.building import HOME, START, Paper, article


def test_a_site_without_a_crawl_and_one_with(paper: Paper) -> None:
    paper.find(f"{HOME}1", f"{HOME}2", f"{HOME}3")
    paper.visit(f"{HOME}1", article(f"{HOME}1"))
    paper.later(days=1).visit(f"{HOME}1", article(f"{HOME}1", text="Өзгерді."))
    for _ in range(2):
        paper.later(days=1).visit(f"{HOME}1", result="missing")
    paper.visit(f"{HOME}2", article(f"{HOME}2", published="2026-11-21"))
    paper.store.finish_crawl(paper.crawl, paper.later(minutes=1).now, "finished", 7)
    paper.store.save_site(
        {"id": "zzz", "name": "Жаңа", "url": "https://z.example/", "timezone": "Asia/Oral"}
    )
    first, second = status.sites(paper.store.connection)
    assert (first["site"], first["name"]) == ("aqbulaq", "Ақбұлақ тынысы")
    assert (first["articles"], first["gone"], first["revisions"], first["waiting"]) == (2, 1, 3, 1)
    assert first["newest"] == "2026-11-21"
    crawl = first["last_crawl"]
    assert (crawl["started_at"], crawl["ended_at"]) == (utc(START), utc(paper.now))
    assert (crawl["reason"], crawl["requests"], crawl["discovered"]) == ("finished", 7, 3)
    assert crawl["outcomes"] == {
        **dict.fromkeys(OUTCOMES, 0),
        "new": 2,
        "updated": 1,
        "deferred": 1,
        "gone": 1,
    }
    assert (second["site"], second["articles"], second["last_crawl"]) == ("zzz", 0, None)


def test_the_last_crawl_is_the_latest(paper: Paper) -> None:
    paper.visit(read=article())
    paper.later(days=1).begin()
    paper.visit(result="unchanged")
    (row,) = status.sites(paper.store.connection)
    assert row["last_crawl"]["id"] == paper.crawl == 2
    assert row["last_crawl"]["outcomes"]["unchanged"] == 1
    assert row["last_crawl"]["outcomes"]["new"] == 0
    assert row["last_crawl"]["ended_at"] is None


def test_sources_by_their_yield(paper: Paper) -> None:
    store = paper.store
    feed, sitemap = (
        store.source("aqbulaq", f"{HOME}{name}", kind)
        for name, kind in (("feed", "feed"), ("sitemap.xml", "sitemap"))
    )
    for source, pages in ((feed, 1), (sitemap, 3)):
        found = [Candidate(f"{HOME}{n}") for n in range(pages)]
        store.save_poll(
            source["id"], paper.crawl, found, polled_at=paper.now, status=200, body_hash="0"
        )
    rows = status.sources(store.connection)
    assert [(row["kind"], row["found"], row["discovered"]) for row in rows] == [
        ("sitemap", 3, 2),
        ("feed", 1, 1),
    ]
