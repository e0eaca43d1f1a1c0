"""A lost news.db comes back from warc/ alone, equal to what crawls made."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.errors import ArchiveUsageError
from archive.store import Store
from newsbot.demo.articles import load_articles
from newsbot.demo.render import Page, render_site
from newsbot.demo.server import ExampleNewspaper
from newsbot.profiles import load_site
from newsbot.replay.warc import import_warc
from newsbot.visit.schedule import next_due
from tests.conftest import Run
from tests.crawl.state import read, write
from tests.crawl.wire import PARAGRAPHS, Route, counted, http, page, prepare, scrapy, wire
from tests.replay.files import HOME, START, Archive, Warc, exported, lose_database
from tests.replay.files import page as page_of

QUERIES = {
    "articles": """SELECT url, site, title, text, authors, published, published_raw, modified, section,
        language, image, views, comments, captions, editions, layout, charset, sources, flags,
        first_seen, last_seen, gone_since, revision, digest FROM articles""",
    "revisions": """SELECT a.url, r.number, r.seen_at, r.changed, r.kept, g.digest, g.title, g.text, g.tags,
        g.rules, c.record_id FROM revisions r JOIN articles a ON a.id = r.article
        JOIN readings g ON g.id = r.reading JOIN captures c ON c.id = r.capture""",
    "readings": "SELECT a.url, g.digest, g.rules FROM readings g JOIN articles a ON a.id = g.article",
    "aliases": "SELECT l.url, a.url, l.first_seen FROM aliases l JOIN articles a ON a.id = l.article",
    "engagement": """SELECT a.url, e.seen_at, e.views, e.comments
        FROM engagement e JOIN articles a ON a.id = e.article""",
    "tags": """SELECT a.url, t.name FROM article_tags x JOIN articles a ON a.id = x.article
        JOIN tags t ON t.id = x.tag""",
    "captures": """SELECT c.site, a.url, c.url, c.fetched_at, c.status, c.content_type, c.payload_digest,
        c.payload_length, c.warc, c.warc_offset, c.warc_length, c.warc_crc, c.record_id, w.record_id,
        v.record_id, c.part, c.result, c.reason, c.rules, c.layout, g.digest, c.address, c.views, c.comments
        FROM captures c JOIN captures v ON v.id = c.visit LEFT JOIN articles a ON a.id = c.article
        LEFT JOIN captures w ON w.id = c.refers_to LEFT JOIN readings g ON g.id = c.reading""",
    "frontier": """SELECT f.url, a.url, f.visited_at, f.outcome, f.status, f.due, f.etag, f.last_modified,
        f.error FROM frontier f LEFT JOIN articles a ON a.id = f.article
        WHERE f.visited_at IS NOT NULL""",
}  # fmt: skip


def known(data: Path) -> dict[str, list[tuple[Any, ...]]]:
    return {name: sorted(read(data, sql), key=repr) for name, sql in QUERIES.items()}


def rebuild(data: Path, profile: Path, **how: Any) -> Counter[str]:
    """Throw news.db away and make it again."""
    lose_database(data)
    return repair(data, profile, **how)


def repair(data: Path, profile: Path, **how: Any) -> Counter[str]:
    site = load_site(profile)
    files = list((data / "warc").glob("*/*.warc.*"))
    with Store(data, schedule=next_due) as store:
        return import_warc(store, files, {site.id: site}, in_place=True, **{"jobs": 1, **how})


def test_the_example_newspaper_with_edits_and_deletions(
    newsbot: Run, paper: ExampleNewspaper, profiles: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"

    def crawl() -> dict[str, int]:
        done = newsbot("crawl", "aqbulaq", "--data", data, "--sites-dir", profiles, "--json")
        assert done.returncode == 0, done.stderr
        outcomes: dict[str, int] = json.loads(done.stdout)[0]["outcomes"]
        time.sleep(1.1)  # moments are whole seconds
        write(data, "UPDATE frontier SET due = '2020-01-01T00:00:00Z' WHERE article IS NOT NULL")
        return {name: number for name, number in outcomes.items() if number}

    articles = load_articles()
    edited, deleted = articles[0], articles[1]
    first = crawl()
    before = dict(paper.pages)
    pages = dict(render_site(paper.origin, articles))
    old = pages[edited.path]
    body = old.body.replace(b"</h1>", " (жаңартылды)</h1>".encode(), 1)
    pages[edited.path] = Page(old.status, {**old.headers, "ETag": '"edited"'}, body)
    del pages[deleted.path]
    paper.pages = pages
    assert crawl() == {"updated": 1, "deferred": 1, "unchanged": first["new"] - 2}
    assert crawl()["deferred"] == 1  # the second look is not a day after the first
    paper.pages = before  # the edit is taken back, and the article restored
    assert crawl()["updated"] == 1
    # What frontier rows say of due dates was changed by this test; visits are what is compared.
    write(data, "UPDATE frontier SET due = NULL")
    want, rows = known(data), exported(data)
    assert len(want["revisions"]) == first["new"] + 2
    counts = rebuild(data, profiles / "aqbulaq.toml")
    write(data, "UPDATE frontier SET due = NULL")
    assert known(data) == want
    assert exported(data) == rows
    assert (counts["damaged"], counts["failed"]) == (0, 0)
    assert read(data, "PRAGMA foreign_key_check") == []
    # Nothing is left to do, and nothing lies in warc/ without a row.
    dump = read(data, "SELECT * FROM captures")
    again = repair(data, profiles / "aqbulaq.toml")
    assert again["known"] == len(dump) == again["records"] - 1
    assert read(data, "SELECT * FROM captures") == dump


def divided(number: int, link: str) -> bytes:
    """A page of a divided article in the markup of WordPress."""
    links = f'<div class="page-links"><a href="{link}">2</a></div>' if link else ""
    text = "".join(f"<p>{number}. {p}</p>" for p in PARAGRAPHS)
    return (
        '<!DOCTYPE html><html><head><meta name="generator" content="WordPress 6.4">'
        '<meta property="og:type" content="article"><title>Ұзақ әңгіме</title></head><body>'
        f'<article><h1 class="entry-title">Ұзақ әңгіме</h1><div class="entry-content">{text}{links}'
        "</div></article></body></html>"
    ).encode()


def test_redirects_parts_retries_and_unchanged_pages(tmp_path: Path) -> None:
    def second_part(n: int) -> bytes:
        return http(divided(2 if n < 2 else 3, ""))

    def stumbling(n: int) -> bytes:
        return http(b"", status="500 Oops") if n == 1 else http(page("Сүрінді"))

    def moved(path: str) -> bytes:
        return http(b"", f"Location: {path}", status="301 Moved")

    def missing(n: int) -> bytes:
        return http(page("Болған")) if n == 1 else http(b"", status="404 Not Found")

    routes: dict[str, Route] = {
        "/plain": http(page("Жай")),
        "/short-a": moved("/target"),
        "/short-b": moved("/hop"),
        "/hop": moved("/target"),
        "/target": http(page("Көшкен")),
        "/long": http(divided(1, "/long/2")),
        "/long/2": counted(second_part),
        "/half": http(divided(1, "/half/2")),
        "/stumbling": counted(stumbling),
        "/about": http(b"<h1>Login</h1>"),
        "/file": http(b"%PDF", "Content-Type: application/pdf"),
        "/forward": http(b'<meta http-equiv="refresh" content="0;url=/there">'),
        "/there": http(page("Осында")),
        "/off": moved("http://127.0.0.2/"),
        "/missing": counted(missing),
    }
    asked = [path for path in routes if path not in ("/hop", "/long/2", "/there")]
    with wire(routes) as running:
        command = prepare(running.origin, tmp_path, asked, crawl="concurrency = 8")
        data = tmp_path / "data"
        for _ in range(3):
            scrapy(command)
            time.sleep(1.1)
            write(data, "UPDATE frontier SET due = '2020-01-01T00:00:00Z' WHERE due IS NOT NULL")
    write(data, "UPDATE frontier SET due = NULL")
    want = known(data)
    assert {row[0] for row in read(data, "SELECT title FROM articles")} == {
        "Жай", "Көшкен", "Ұзақ әңгіме", "Сүрінді", "Осында", "Болған",
    }  # fmt: skip
    assert read(data, "SELECT count(*) FROM captures WHERE refers_to IS NOT NULL")[0][0] > 5
    rebuild(data, tmp_path / "sites" / "x.toml")
    write(data, "UPDATE frontier SET due = NULL")
    got = known(data)
    asked_for, found = want.pop("frontier"), got.pop("frontier")
    assert got == want
    # Which of an article's addresses is looked at next depends on which ones a source listed.
    assert [row for row in found if not row[1]] == [row for row in asked_for if not row[1]]
    assert {row[1] for row in found} == {row[1] for row in asked_for}
    (text,) = read(data, "SELECT text FROM articles WHERE url LIKE '%/long'")
    assert re.findall(r"^\d", text[0], re.M) == ["1"] * 6 + ["3"] * 6


def test_a_newspaper_that_moved_to_https(tmp_path: Path) -> None:
    """Captures of both addresses are of one article, whoever reads them, in whatever order."""
    archive = Archive(tmp_path / "data")
    for days, origin in ((0, "http://www.gazet.example"), (1, HOME), (2, "http://gazet.example")):
        warc = Warc(START + timedelta(days=days)).info()
        for n in (1, 2):
            warc.add(f"{origin}/news/{n}", page_of(f"Хабар {n}", f"{n}, {days}-күн"))
        archive.put(warc)
    tables = ("articles", "revisions", "aliases", "captures")
    want = known(archive.folder)
    assert len(want["articles"]) == 2
    assert [row[1] for row in want["revisions"]] == [1, 2, 3] * 2
    assert len(want["aliases"]) == 6
    rebuild(archive.folder, archive.sites_dir / "gazet.toml")
    got = known(archive.folder)
    for name in tables:
        assert got[name] == want[name], name
    # One address of each is left to be looked at.
    waiting = read(archive.folder, "SELECT article FROM frontier WHERE due IS NOT NULL")
    assert sorted(waiting) == [(1,), (2,)]


def test_a_damaged_page_costs_its_own_visits_only(tmp_path: Path) -> None:
    routes: dict[str, Route] = {f"/{n}": http(page(f"Хабар {n}")) for n in range(5)}
    with wire(routes) as running:
        command = prepare(running.origin, tmp_path, list(routes))
        data = tmp_path / "data"
        for _ in range(2):
            scrapy(command)
            time.sleep(1.1)
            write(data, "UPDATE frontier SET due = '2020-01-01T00:00:00Z' WHERE due IS NOT NULL")
    want = known(data)
    ((warc, offset, length),) = read(
        data,
        "SELECT warc, warc_offset, warc_length FROM captures WHERE url LIKE '%/2' AND refers_to IS NULL",
    )
    content = bytearray((data / warc).read_bytes())
    content[offset + length // 2] ^= 1
    (data / warc).write_bytes(content)
    counts = rebuild(data, tmp_path / "sites" / "x.toml")
    assert (counts["damaged"], counts["failed"], counts["new"]) == (1, 1, 4)
    got = known(data)
    for name in ("articles", "revisions", "aliases"):
        assert got[name] == [row for row in want[name] if not row[0].endswith("/2")], name
    assert len(got["captures"]) == len(want["captures"]) - 1


def test_files_of_strangers_are_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    stray = data / "warc" / "nobody" / "nobody-2024-01.warc"
    with Store(data) as store:
        stray.parent.mkdir(parents=True)
        stray.write_bytes(b"WARC/1.1\r\nWARC-Type: warcinfo\r\nContent-Length: 0\r\n\r\n\r\n\r\n")
        with pytest.raises(ArchiveUsageError, match="no profile of nobody"):
            import_warc(store, [stray], {}, in_place=True)
        with pytest.raises(ArchiveUsageError, match="not in a site's folder"):
            import_warc(store, [stray.rename(tmp_path / "a.warc")], {}, in_place=True)
