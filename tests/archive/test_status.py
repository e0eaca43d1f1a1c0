"""Plain numbers about an archive: per site, with the last crawl."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archive import status
from archive.store import OUTCOMES, Candidate
from archive.times import now, utc
from tests.archive.building import HOME, START, Paper, article, open_paper


def sites(paper: Paper) -> list[dict[str, Any]]:
    return status.sites(paper.store.connection, paper.store.folder, paper.now)


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
    first, second = sites(paper)
    assert (first["site"], first["name"]) == ("aqbulaq", "Ақбұлақ тынысы")
    assert (first["articles"], first["gone"], first["revisions"], first["waiting"]) == (2, 1, 3, 1)
    assert (first["newest"], first["days"], second["days"]) == ("2026-11-21", 4, None)
    assert first["warc_bytes"] > 0 == second["warc_bytes"]
    assert first["trouble"] is None is second["trouble"]
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
    (row,) = sites(paper)
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


# -- what is wrong with a site --------------------------------------------------------------------


def poll(paper: Paper, name: str, error: str | None = None) -> None:
    source = paper.store.source("aqbulaq", f"{HOME}{name}", "feed")
    paper.store.save_poll(
        source["id"], paper.crawl, [], polled_at=paper.now, status=None, error=error
    )


def idle(paper: Paper, reason: str = "finished") -> dict[str, Any]:
    """The site after this crawl has ended, and another that found nothing due."""
    for _ in range(2):
        paper.store.finish_crawl(paper.crawl, paper.now, reason, 0)
        paper.later(minutes=10).begin()
        reason = "finished"
    paper.store.finish_crawl(paper.crawl, paper.now, reason, 0)
    return sites(paper)[0]


def test_a_site_that_is_down_is_in_trouble_until_a_source_answers(paper: Paper) -> None:
    poll(paper, "feed")
    paper.store.finish_crawl(paper.crawl, paper.now, "finished", 0)
    paper.later(days=1).begin()
    poll(paper, "feed", "no connection")
    poll(paper, "feed2", "HTTP 500")
    assert "none of its sources answers" in idle(paper)["trouble"]
    paper.later(days=1).begin()
    poll(paper, "feed")
    assert idle(paper)["trouble"] is None


@pytest.mark.parametrize(
    ("reasons", "trouble"),
    [
        (["login", "login", "HTTP 403"], "2 of 3 pages ask for a log-in"),
        (["HTTP 403"], "1 of 1 pages are forbidden (HTTP 403)"),
        (["password", "password"], None),
        (["login", None], None),
    ],
)
def test_a_site_that_refuses(paper: Paper, reasons: list[str | None], trouble: str | None) -> None:
    for number, reason in enumerate(reasons, 1):
        url = f"{HOME}{number}"
        if reason:
            paper.visit(url, result="blocked", reason=reason)
        else:
            paper.visit(url, article(url))
    assert idle(paper)["trouble"] == trouble


def test_a_crawl_that_gave_up(paper: Paper) -> None:
    paper.store.finish_crawl(paper.crawl, paper.now, "unreachable", 0)
    assert "stopped answering" in sites(paper)[0]["trouble"]


def test_what_befell_it_as_a_whole(paper: Paper) -> None:
    for number in range(12):
        paper.visit(f"{HOME}{number}", article(f"{HOME}{number}"))
    paper.later(days=2)
    for number in range(12):
        paper.visit(f"{HOME}{number}", result="blocked", reason="login")
    (event,) = idle(paper)["events"]
    assert (event["kind"], event["articles"], event["reason"]) == ("blocked", 12, "login")


def test_a_crawl_that_runs_and_one_that_was_killed(tmp_path: Path) -> None:
    paper = open_paper(tmp_path)
    assert not sites(paper)[0]["last_crawl"]["running"], "it began before this process wrote"
    paper.now = now()
    paper.begin()
    assert sites(paper)[0]["last_crawl"]["running"]
    paper.store.close()
    assert status.writing_since(tmp_path) is None, "the process lives, and has given back the lock"


@pytest.mark.parametrize(
    "words", ["", "process 4194999 since 2026-01-01", f"process {10**30} since x", "?"]
)
def test_a_lock_without_a_holder(tmp_path: Path, words: str) -> None:
    (tmp_path / "newsbot.lock").write_text(words)
    assert status.writing_since(tmp_path) is None
