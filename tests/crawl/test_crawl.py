"""The whole way of an article: a real Scrapy process, a real newspaper on loopback, a real archive."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from warcio.archiveiterator import ArchiveIterator

from archive.captures import read_records
from newsbot.demo.articles import expected, load_articles
from newsbot.demo.render import Page, render_site
from newsbot.demo.server import ExampleNewspaper
from newsbot.urls import canonical
from tests.conftest import ROOT, Run, environment, write_profile
from tests.crawl.state import age, everything, read, state, write


class Whole(NamedTuple):
    """The example newspaper, crawled once for all tests, each of which has a copy."""

    paper: ExampleNewspaper
    pages: Mapping[str, Page]
    requests: Sequence[tuple[str, str]]
    """Of the crawl."""
    sites: Path
    data: Path


@pytest.fixture(scope="module")
def whole(newsbot: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    folder = tmp_path_factory.mktemp("whole")
    with ExampleNewspaper() as paper:
        sites, data = write_profile(folder / "sites", paper.origin), folder / "data"
        pages = dict(paper.pages)
        command = ("crawl", "aqbulaq", "--data", data, "--sites-dir", sites, "--jobs", 1)
        done = newsbot(*command)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        yield Whole(paper, pages, tuple(paper.requests), sites, data)


@pytest.fixture
def paper(whole: Whole) -> ExampleNewspaper:
    """The newspaper as it was."""
    whole.paper.pages, whole.paper.requests = dict(whole.pages), []
    return whole.paper


@pytest.fixture
def profiles(whole: Whole) -> Path:
    return whole.sites


@pytest.fixture
def crawled(whole: Whole, paper: ExampleNewspaper, tmp_path: Path) -> Path:
    """An archive of the whole example newspaper, and of the requests those by which it came."""
    shutil.copytree(whole.data, tmp_path / "data")
    paper.requests = [*whole.requests]
    return tmp_path / "data"


def export(newsbot: Run, data: Path) -> dict[str, dict[str, object]]:
    done = newsbot("export", "--format", "jsonl", "--data", data)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    return {record["url"]: record for record in records}


def test_every_article_is_stored_exactly_as_printed(
    newsbot: Run, paper: ExampleNewspaper, crawled: Path
) -> None:
    got = export(newsbot, crawled)
    want = {canonical(truth["url"]) or "": truth for truth in expected(paper.origin)}
    assert got.keys() == want.keys()
    for url, truth in want.items():
        record = got[url]
        paragraphs = [p.replace(" | ", "\t") for p in truth["paragraphs"]]
        assert str(record["text"]).split("\n\n") == paragraphs, url
        assert sorted(record["tags"]) == sorted(truth["tags"])  # type: ignore[call-overload]
        for field in "title authors published section views comments language captions".split():
            assert record[field] == truth[field], (url, field)


def test_robots_txt_and_hosts_are_respected(paper: ExampleNewspaper, crawled: Path) -> None:
    paths = [path for _, path in paper.requests]
    assert paths[0] == "/robots.txt"
    assert not [path for path in paths if path.startswith(("/admin", "/search"))]
    assert {method for method, _ in paper.requests} == {"GET"}
    articles = [path for path in paths if not path.endswith((".xml", ".gz", ".txt", "/feed/"))]
    assert len(articles) == len(set(articles)), "something was fetched twice"


def test_captures_hold_the_bytes_as_served(
    newsbot: Run, paper: ExampleNewspaper, crawled: Path
) -> None:
    rows = read(
        crawled, "SELECT url, warc, warc_offset, payload_digest FROM captures WHERE status = 200"
    )
    assert len(rows) >= len(load_articles())
    for url, warc, offset, digest in rows:
        with (crawled / warc).open("rb") as file:
            file.seek(offset)
            record = next(iter(ArchiveIterator(file, check_digests="raise")))
            assert record.rec_headers["WARC-Target-URI"] == url
            assert record.rec_headers["WARC-Payload-Digest"] == digest
            body = record.raw_stream.read()
        assert body == paper.pages[urlsplit(url).path].body
    one = newsbot("show", rows[0][0], "--raw", "--data", crawled)
    assert one.stdout.startswith("<!DOCTYPE html>")


def test_a_second_crawl_stores_nothing_and_changes_nothing(
    newsbot: Run, paper: ExampleNewspaper, profiles: Path, crawled: Path
) -> None:
    before = everything(crawled)
    paper.requests.clear()
    done = newsbot("crawl", "aqbulaq", "--data", crawled, "--sites-dir", profiles, "--json")
    assert done.returncode == 0
    (report,) = json.loads(done.stdout)
    assert (report["ok"], report["discovered"], sum(report["outcomes"].values())) == (True, 0, 0)
    assert everything(crawled) == before
    assert len(paper.requests) <= 3, paper.requests


def test_counts_add_up(crawled: Path) -> None:
    (row,) = read(
        crawled,
        "SELECT new, updated + unchanged + gone + blocked + excluded + failed + deferred, not_article, "
        "requests, reason, ended_at IS NOT NULL FROM crawls",
    )
    articles = len(load_articles())
    assert row[:3] == (articles, 0, 1)  # the one other page in the sitemap is «About»
    assert row[4:] == ("finished", 1)
    visited = read(crawled, "SELECT count(*) FROM frontier WHERE outcome IS NOT NULL")
    assert visited == [(articles + 1,)]
    assert read(crawled, "PRAGMA foreign_key_check") == []
    assert read(crawled, "PRAGMA integrity_check") == [("ok",)]


def test_the_log_says_how_the_crawl_ended_and_little_else(crawled: Path) -> None:
    (log,) = (crawled / "logs").glob("*.log")
    lines = log.read_text("utf-8").splitlines()
    assert [line for line in lines if "aqbulaq finished: " in line and "48 new" in line]
    assert not [line for line in lines if "Scrapy stats" in line or "Enabled" in line]


def test_scrapys_own_stats_agree(
    newsbot: Run, paper: ExampleNewspaper, profiles: Path, tmp_path: Path
) -> None:
    # A page that fails, one that is missing, one that moved: more requests than visits.
    articles = load_articles()
    pages = dict(paper.pages)
    pages[articles[0].path] = Page(500, {}, b"")
    del pages[articles[1].path]
    pages[articles[2].path] = Page(301, {"Location": articles[3].path}, b"")
    paper.pages = pages
    done = newsbot("crawl", "aqbulaq", "--data", tmp_path, "--sites-dir", profiles, "--json", "-v")
    (report,) = json.loads(done.stdout)
    (told,) = re.findall(r" aqbulaq statistics (.*)", done.stderr)
    stats = json.loads(told)
    outcomes = {name: number for name, number in report["outcomes"].items() if number}
    assert outcomes.keys() >= {"new", "failed", "gone", "not_article"}
    assert stats["item_scraped_count"] == sum(outcomes.values())
    assert {name: stats[f"newsbot/outcome/{name}"] for name in outcomes} == outcomes
    columns = ", ".join(outcomes)
    (row,) = read(tmp_path, f"SELECT requests, discovered, {columns} FROM crawls")
    assert row == (len(paper.requests), report["discovered"], *outcomes.values())
    assert stats["downloader/request_count"] == len(paper.requests)


def test_limit_is_kept_and_the_rest_follows(
    newsbot: Run, paper: ExampleNewspaper, profiles: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    command = ("crawl", "aqbulaq", "--data", data, "--sites-dir", profiles)
    assert newsbot(*command, "--limit", 5).returncode == 0
    assert read(data, "SELECT count(*) FROM articles") == [(5,)]
    newest = read(data, "SELECT min(published) FROM articles")[0][0]
    assert newsbot(*command).returncode == 0
    rest = read(
        data, "SELECT count(*), sum(published > ?) FROM articles".replace("?", f"'{newest}'")
    )
    assert rest == [(len(load_articles()), 4)], "the newest come first"


@pytest.mark.parametrize("asked", [6, 15, 24, 40])  # before, at and behind a commit
def test_kill_9_loses_nothing_and_doubles_nothing(
    newsbot: Run, paper: ExampleNewspaper, crawled: Path, tmp_path: Path, asked: int
) -> None:
    data = tmp_path / "killed"
    slow = write_profile(tmp_path / "slow", paper.origin, **{"delay = 0": "delay = 0.05"})
    command = ["crawl", "aqbulaq", "--data", str(data), "--sites-dir", str(slow)]
    paper.requests.clear()  # of the crawl that was let be
    with subprocess.Popen(
        [sys.executable, "-m", "newsbot", *command],
        env=environment(),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + 120
        # What is kept follows what is asked for, on a busy machine at some distance.
        while time.monotonic() < deadline and (
            len(paper.requests) < asked or not any((data / "warc").rglob("*.warc.gz"))
        ):
            time.sleep(0.01)
        assert process.poll() is None, "the crawl ended before it could be killed"
        os.kill(process.pid, signal.SIGKILL)
    assert _stored(data) < len(load_articles())
    # What a power cut leaves behind: half a record at the end of the WARC file.
    (warc,) = (data / "warc" / "aqbulaq").glob("*.warc.gz")
    with warc.open("ab") as file:
        file.write(warc.read_bytes()[:200])
    again = newsbot(*command)
    assert again.returncode == 0, again.stderr
    assert state(data) == state(crawled)
    (warc,) = (data / "warc" / "aqbulaq").glob("*-[0-9][0-9].warc.*")  # packed, if large enough
    records = list(read_records(warc))
    assert not [record.error for record in records if record.error]
    assert len(records) > len(load_articles())


def _stored(data: Path) -> int:
    try:
        return int(read(data, "SELECT count(*) FROM articles")[0][0])
    except Exception:  # the tables are being made
        return 0


def test_sigterm_ends_in_order(newsbot: Run, paper: ExampleNewspaper, tmp_path: Path) -> None:
    data = tmp_path / "data"
    slow = write_profile(tmp_path / "slow", paper.origin, **{"delay = 0": "delay = 0.1"})
    with subprocess.Popen(
        [sys.executable, "-m", "newsbot", "crawl", "aqbulaq", "--data", data, "--sites-dir", slow],
        env=environment(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        while _stored(data) < 2 and process.poll() is None:
            time.sleep(0.05)
        process.terminate()
        started = time.monotonic()
        _, errors = process.communicate(timeout=30)
    assert time.monotonic() - started < 10
    assert process.returncode == 0, errors
    assert b"interrupted; the next run carries on" in errors
    assert read(data, "SELECT reason, failed FROM crawls") == [("shutdown", 0)]
    assert read(data, "SELECT count(*) FROM frontier WHERE failures > 0") == [(0,)]
    assert newsbot("crawl", "aqbulaq", "--data", data, "--sites-dir", slow).returncode == 0
    assert _stored(data) == len(load_articles())


def test_edits_become_revisions_and_deletions_gone_at_the_second_look(
    newsbot: Run, paper: ExampleNewspaper, profiles: Path, crawled: Path
) -> None:
    command = ("crawl", "aqbulaq", "--data", crawled, "--sites-dir", profiles, "--json")
    articles = load_articles()
    edited, deleted = articles[0], articles[1]
    path = {a.id: a.path for a in (edited, deleted)}
    pages = dict(render_site(paper.origin, articles))
    page = pages[path[edited.id]]
    body = page.body.replace(b"</h1>", " (жаңартылды)</h1>".encode(), 1)
    pages[path[edited.id]] = Page(page.status, {**page.headers, "ETag": '"edited"'}, body)
    del pages[path[deleted.id]]
    paper.pages = pages

    def revisit() -> dict[str, int]:
        write(crawled, "UPDATE frontier SET due = '2020-01-01T00:00:00Z' WHERE article IS NOT NULL")
        done = newsbot(*command)
        assert done.returncode == 0, done.stderr
        outcomes: dict[str, int] = json.loads(done.stdout)[0]["outcomes"]
        return {name: number for name, number in outcomes.items() if number}

    total = len(articles)
    assert revisit() == {"updated": 1, "deferred": 1, "unchanged": total - 2}
    assert revisit() == {"deferred": 1, "unchanged": total - 1}, "not a day has passed"
    age(crawled, 2)
    assert revisit() == {"gone": 1, "unchanged": total - 1}
    rows = read(
        crawled,
        "SELECT revision, title FROM article_revisions WHERE id IN (SELECT article FROM revisions WHERE number = 2) ORDER BY revision",
    )
    assert [number for number, _ in rows] == [1, 2]
    assert rows[1][1] == rows[0][1] + " (жаңартылды)"
    gone = read(crawled, "SELECT url, text <> '' FROM articles WHERE gone_since IS NOT NULL")
    assert gone == [(canonical(paper.origin + path[deleted.id]), 1)]


def test_a_redesign_is_told_in_that_run_and_read_from_the_archive_later(
    newsbot: Run, paper: ExampleNewspaper, profiles: Path, crawled: Path
) -> None:
    command = ("crawl", "aqbulaq", "--data", crawled, "--sites-dir", profiles)
    shell = (
        b'<html lang="kk"><head><title>A</title></head><body><div id="new">%s</div></body></html>'
    )
    for path in [urlsplit(url).path for (url,) in read(crawled, "SELECT url FROM articles")]:
        page = paper.pages[path]
        words = re.sub(rb"<[^>]+>", b" ", page.body.partition(b"<h1")[2])
        body = shell % b"<i>%s</i>".replace(b"%s", path.encode()) + words
        paper.pages[path] = Page(200, {**page.headers, "ETag": f'"{path}"'}, body)
    done = newsbot(*command, "--revisit")
    total = len(load_articles())
    assert done.returncode == 3
    assert f"{total} known articles cannot be read" in done.stderr
    assert "read again when the rules change" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert read(crawled, "SELECT count(*) FROM articles WHERE gone_since IS NOT NULL") == [(0,)]


def test_scrapy_sees_the_same_sites(profiles: Path) -> None:
    def scrapy(*args: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "scrapy", *args, "-s", f"NEWSBOT_SITES_DIRS={profiles}"],
            capture_output=True, text=True, env=environment(), cwd=ROOT, check=True,
        ).stdout  # fmt: skip

    listed = scrapy("list").split()
    assert "aqjolgazet" in listed
    assert "aqbulaq" in listed


def test_scrapy_crawl_is_the_same_crawl(crawled: Path, profiles: Path, tmp_path: Path) -> None:
    data = tmp_path / "scrapy"
    subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "aqbulaq", "-s", f"NEWSBOT_SITES_DIRS={profiles}",
         "-s", f"NEWSBOT_DATA={data}"],
        capture_output=True, env=environment(), cwd=ROOT, check=True,
    )  # fmt: skip
    assert state(data) == state(crawled)


def test_ports_that_run_code_stay_closed(crawled: Path) -> None:
    log = "".join(path.read_text("utf-8") for path in (crawled / "logs").glob("*.log"))
    assert "scrapy.extensions.telnet" not in log
    assert "remote_control" not in log.lower().replace("remote_control_enabled", "")
