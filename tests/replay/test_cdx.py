"""A dead newspaper gets its archive back: from Wayback, pywb and Common Crawl, whatever interrupts."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from archive.captures import Exchange
from archive.store import Store
from newsbot.demo.articles import expected, load_articles
from newsbot.demo.render import render_site
from newsbot.demo.server import ExampleNewspaper
from newsbot.replay import originals, servers
from newsbot.replay.client import TryLater
from newsbot.replay.download import hosts_to_ask
from newsbot.replay.originals import NotGiven
from newsbot.replay.servers import IndexQuery, IndexRow, NotAnIndex, Server
from tests.archive.building import check_whole
from tests.conftest import ROOT, Run, environment, write_profile
from tests.crawl.state import everything, read, state
from tests.replay.archives import HTML, Kept, WebArchive
from tests.replay.replay import asked, pywb

HOME = "http://gazet.example"
ARTICLES = load_articles()[:10]
PAGES = render_site(HOME, load_articles())


def body_of(number: int) -> bytes:
    return PAGES[ARTICLES[number].path].body


def url_of(number: int) -> str:
    return HOME + ARTICLES[number].path


def history() -> list[Kept]:
    """What a web archive has of a newspaper that is no more: ten articles, captured in 2019."""
    kept = [
        Kept(url_of(n), f"20190{n % 6 + 1}03040506", body_of(n), headers=(HTML, ("ETag", f'"{n}"')))
        for n in range(10)
        if n not in (4, 5)
    ]
    edited = body_of(1).replace(b"</h1>", " (түзетілді)</h1>".encode())
    moved = body_of(3).replace(HOME.encode(), b"https://www.gazet.example")
    return [
        *kept,
        # The same again, as an index says it of a revisit record, and of a whole one.
        Kept(url_of(0), "20200101000000", body_of(0), listed_as="warc/revisit"),
        Kept(url_of(0), "20200201000000", body_of(0)),
        # An edit, and back to the first wording.
        Kept(url_of(1), "20200101000001", edited),
        Kept(url_of(1), "20200601000001", body_of(1)),
        # Taken down.
        Kept(url_of(2), "20210101000000", b"none", 404),
        Kept(url_of(2), "20210401000000", b"none still", 404),
        # Moved to https and www.
        Kept(url_of(3).replace("http://", "https://www."), "20210101000000", moved),
        # Reached through a redirect.
        Kept(f"{HOME}/?p=4", "20200301000000", b"", 301, (("Location", url_of(4)),)),
        Kept(url_of(4), "20200301000002", body_of(4)),
        # As it was packed.
        Kept(
            url_of(5), "20200401000000", gzip.compress(body_of(5), mtime=0),
            headers=(HTML, ("Content-Encoding", "gzip")),
        ),
        # Listed, but another capture is given instead.
        Kept(url_of(6), "20220101000000", body_of(6) + b" ", given=False),
        # Nothing that an archive of articles wants.
        Kept(f"{HOME}/", "20190101000000", b"<h1>Home"),
        Kept(f"{HOME}/media/2604.svg", "20190101000000", b"<svg>", headers=(("Content-Type", "image/svg+xml"),)),
        Kept(f"{HOME}/never-there.html", "20190101000000", b"none", 404),
        Kept(url_of(7), "20220101000000", b"broken", 500),
        Kept("http://other.example/a.html", "20190101000000", body_of(7)),
    ]  # fmt: skip


@pytest.fixture
def sites(tmp_path: Path) -> Path:
    return write_profile(
        tmp_path / "sites",
        HOME,
        **{'region = "jambyl"': 'region = "jambyl"\nhosts = ["www.gazet.example"]'},
    )


def command(data: Path, sites: Path, server: str, *options: object) -> list[str]:
    words = ["import", "cdx", "--server", server, "--site", "aqbulaq", "--data", data]
    words += ["--sites-dir", sites, "--jobs", 0, *options]
    return [sys.executable, "-m", "newsbot", *map(str, words)]


def run(data: Path, sites: Path, server: str, *options: object) -> dict[str, Any]:
    """Import and return the report."""
    done = subprocess.run(
        command(data, sites, server, "--json", *options),
        capture_output=True, env=environment(), cwd=ROOT, timeout=240, check=False,
    )  # fmt: skip
    reports = json.loads(done.stdout or b"[{}]")
    return {**reports[0], "code": done.returncode, "stderr": done.stderr.decode()}


def counts(report: dict[str, Any]) -> dict[str, int]:
    return {name: number for name, number in report["outcomes"].items() if number}


def check(data: Path) -> None:
    with Store(data) as store:
        check_whole(store)


def _work_files(data: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (data / "imports").iterdir()}


def records(data: Path) -> list[tuple[str, Any]]:
    """Id and record of all exchanges in the WARC files, read by another program."""
    found = []
    for warc in sorted((data / "warc" / "aqbulaq").glob("*.warc.gz")):
        with warc.open("rb") as file:
            for record in ArchiveIterator(file, check_digests="raise"):
                if record.rec_type != "warcinfo":
                    record.body = record.raw_stream.read()
                    found.append((record.rec_headers["WARC-Record-ID"], record))
    return found


# -- Wayback ------------------------------------------------------------------------------------


def test_a_history_comes_back(tmp_path: Path, sites: Path) -> None:
    data = tmp_path / "data"
    with WebArchive(history()) as archive:
        report = run(data, sites, archive.url)
        assert (report["code"], report["reason"]) == (0, "finished"), report
        assert counts(report) == {
            "new": 10, "updated": 2, "unchanged": 3, "deferred": 1, "gone": 1,
        }  # fmt: skip
        assert report["refused"] == 1
        # Neither the revisits nor what is no article was asked for.
        assert len(archive.asked) == report["fetched"] == 16
        assert archive.agents == {next(iter(archive.agents))}
        assert "newsbot/" in next(iter(archive.agents))
    check(data)

    # Each article as a crawl of its day would have found it.
    rows = read(data, "SELECT url, title, text, published FROM articles")
    truths = {unquote(urlsplit(truth["url"]).path): truth for truth in expected(HOME)}
    assert len(rows) == 10
    for url, title, text, published in rows:
        truth = truths[unquote(urlsplit(url).path)]
        assert text.split("\n\n") == [p.replace(" | ", "\t") for p in truth["paragraphs"]]
        assert (title, published) == (truth["title"], truth["published"])
    assert read(data, "SELECT min(first_seen), max(last_seen) FROM articles") == [
        ("2019-01-03T04:05:06Z", "2021-01-01T00:00:00Z")
    ]
    one = f"WHERE id = (SELECT article FROM aliases WHERE url = '{url_of(1)}') ORDER BY revision"
    assert read(
        data, f"SELECT revision, seen_at, title LIKE '%түзетілді%' FROM article_revisions {one}"
    ) == [
        (1, "2019-02-03T04:05:06Z", 0),
        (2, "2020-01-01T00:00:01Z", 1),
        (3, "2020-06-01T00:00:01Z", 0),
    ]
    assert read(
        data,
        "SELECT first_seen, last_seen, gone_since FROM articles "
        f"WHERE url IN ('{url_of(0)}', '{url_of(2)}') ORDER BY first_seen",
    ) == [
        ("2019-01-03T04:05:06Z", "2020-02-01T00:00:00Z", None),
        ("2019-03-03T04:05:06Z", "2019-03-03T04:05:06Z", "2021-01-01T00:00:00Z"),
    ]
    # One article under both schemes, and under the address that led to it.
    assert read(
        data, f"SELECT count(DISTINCT article) FROM aliases WHERE url LIKE '%{ARTICLES[3].path}'"
    ) == [(1,)]
    assert read(data, f"SELECT count(*) FROM aliases WHERE url = '{HOME}/?p=4'") == [(1,)]
    # Of the work files stays what need not be asked for again.
    (left,) = (data / "imports").iterdir()
    (line,) = left.read_text().splitlines()
    assert json.loads(line) == [
        "20220101000000", url_of(6),
        "the server gives another capture of 20190103040506 instead", True,
    ]  # fmt: skip


def test_captures_are_those_of_the_newspaper(tmp_path: Path, sites: Path) -> None:
    data = tmp_path / "data"
    with WebArchive(history()) as archive:
        run(data, sites, archive.url)
    kept = {(k.url, k.timestamp): k for k in history()}
    for _, record in records(data):
        head = record.rec_headers
        moment = "".join(filter(str.isdigit, head["WARC-Date"]))
        one = kept[head["WARC-Target-URI"], moment]
        if record.rec_type == "revisit":
            assert head["WARC-Refers-To-Date"] < head["WARC-Date"]
            continue
        assert head["WARC-Source-URI"].startswith(archive.url)
        headers = {n.lower(): v for n, v in record.http_headers.headers}
        # Of a redirect that had none, the web archive invents the type.
        assert headers == {
            **({"content-type": "text/html"} if one.status == 301 else {}),
            **{n.lower(): v for n, v in one.headers},
        }
        assert record.http_headers.get_statuscode() == str(one.status)
        assert record.body == one.body
    assert read(data, "SELECT count(*), sum(refers_to IS NOT NULL) FROM captures") == [(18, 3)]


def test_a_second_import_asks_for_nothing_and_changes_nothing(tmp_path: Path, sites: Path) -> None:
    data = tmp_path / "data"
    with WebArchive(history()) as archive:
        run(data, sites, archive.url)
        before = everything(data)
        archive.requests.clear()
        report = run(data, sites, archive.url)
        assert (report["code"], report["fetched"], counts(report)) == (0, 0, {})
        assert archive.asked == []
        assert everything(data) == before
        # What is new since then is had.
        archive.kept = [
            *archive.kept,
            Kept(url_of(8), "20230101000000", body_of(8) + b"<!-- -->"),
            Kept(url_of(8), "20230201000000", body_of(8)),  # as it was in 2019
        ]
        report = run(data, sites, archive.url)
        assert (report["fetched"], counts(report)) == (1, {"unchanged": 2})


@pytest.mark.parametrize("fetched", [1, 6, 13])
def test_kill_9_loses_nothing_and_doubles_nothing(
    tmp_path: Path, sites: Path, fetched: int
) -> None:
    whole, data = tmp_path / "whole", tmp_path / "killed"
    with WebArchive(history()) as archive:
        run(whole, sites, archive.url)
        total = len(archive.asked)
        archive.requests.clear()
        with subprocess.Popen(
            command(data, sites, archive.url, "--delay", "0.15"),
            env=environment(), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            deadline = time.monotonic() + 60
            while len(archive.asked) < fetched and time.monotonic() < deadline:
                assert process.poll() is None, "it ended before it could be killed"
                time.sleep(0.005)
            os.kill(process.pid, signal.SIGKILL)
        # Half a record, as a power cut leaves it.
        for file in sorted((data / "imports").iterdir()):
            torn = file.read_bytes()[:60]
            assert torn.count(b"\n") == 0 or file.suffix == ".gz"
            with file.open("ab") as half:
                half.write(torn)
        report = run(data, sites, archive.url)
        assert (report["code"], report["reason"]) == (0, "finished")
        assert total <= len(archive.asked) <= total + 1, (
            "only what was under way is asked for twice"
        )
    check(data)
    assert state(data) == state(whole)
    ids = [record_id for record_id, _ in records(data)]
    assert len(ids) == len(set(ids)), "a record that was written before the crash is not doubled"
    assert _work_files(data) == _work_files(whole)


def test_interrupted_it_imports_what_has_come(tmp_path: Path, sites: Path) -> None:
    data = tmp_path / "data"
    with WebArchive(history()) as archive:
        with subprocess.Popen(
            command(data, sites, archive.url, "--delay", "0.5", "--json"),
            env=environment(), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            deadline = time.monotonic() + 60
            while len(archive.asked) < 6 and time.monotonic() < deadline:
                time.sleep(0.005)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        assert process.returncode == 130, err
        (report,) = json.loads(out)
        assert report["reason"] == "interrupted" and report["waiting"] > 5
        assert b"carries on" in err
        assert read(data, "SELECT count(*) FROM articles") == [(counts(report)["new"],)]
        assert [name for name in _work_files(data) if name.endswith(".warc.gz")] == []
        before = len(archive.asked)
        report = run(data, sites, archive.url)
        assert (report["code"], report["listed"], report["reason"]) == (0, 0, "finished")
        assert 16 <= len(archive.asked) <= 17 and len(archive.asked) - before == report["fetched"]
    assert read(data, "SELECT count(*) FROM articles") == [(10,)]
    check(data)


def test_a_crawl_may_run_while_captures_are_downloaded(tmp_path: Path, sites: Path) -> None:
    data = tmp_path / "data"
    with WebArchive(history()) as archive:
        with Store(data):
            report = run(data, sites, archive.url)
        assert report["code"] == 4, report
        assert [name for name in _work_files(data) if name.endswith(".warc.gz")]
        before = len(archive.asked)
        report = run(data, sites, archive.url)
        assert (report["code"], report["fetched"], counts(report)["new"]) == (0, 0, 10)
        assert len(archive.asked) == before
    check(data)


def test_one_import_at_a_time(tmp_path: Path, sites: Path) -> None:
    data = tmp_path / "data"
    (data / "imports").mkdir(parents=True)
    descriptor = os.open(data / "imports", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with WebArchive(history()) as archive:
        report = run(data, sites, archive.url)
    os.close(descriptor)
    assert report["code"] == 4
    assert "another import is under way" in report["stderr"]
    assert archive.requests == []


def test_interrupted_in_the_listing_it_goes_on_from_there(tmp_path: Path, sites: Path) -> None:
    def trouble(number: int) -> tuple[int, list[tuple[str, str]]] | None:
        return (403, []) if number == 4 else None  # the third page of the index

    data = tmp_path / "data"
    with WebArchive(history(), page=5, trouble=trouble) as archive:
        report = run(data, sites, archive.url)
        assert (report["code"], report["reason"], report["listed"]) == (3, "failed", 10)
        assert "HTTP 403" in report["stderr"] and archive.asked == []
        archive.requests[:] = ["no trouble"] * 9
        report = run(data, sites, archive.url)
        assert report["reason"] == "finished"
        assert [r for r in archive.requests if "resumeKey=10" in r]
        assert not [r for r in archive.requests[9:] if "resumeKey=5" in r]
    assert read(data, "SELECT count(*) FROM articles") == [(10,)]


def test_limit_dates_and_dry_run(tmp_path: Path, sites: Path) -> None:
    data = tmp_path / "data"
    with WebArchive(history()) as archive:
        report = run(data, sites, archive.url, "--dry-run", "--from", "2020", "--to", "2020-03-01")
        assert archive.asked == [] and not (data / "news.db").exists()
        assert [line[:6] for line in report["planned"]] == [
            "202001",
            "202001",
            "202002",
            "202003",
            "202003",
        ]
        report = run(data, sites, archive.url, "--limit", "3")
        assert (report["reason"], report["fetched"], counts(report)["new"]) == ("limit", 3, 3)
        report = run(data, sites, archive.url)
        assert (report["reason"], report["waiting"]) == ("finished", 0)
        assert len(archive.asked) == 16
    assert read(data, "SELECT count(*) FROM articles") == [(10,)]


def test_a_server_that_asks_for_patience_gets_it(tmp_path: Path, sites: Path) -> None:
    def trouble(number: int) -> tuple[int, list[tuple[str, str]]] | None:
        return (429, [("Retry-After", "2")]) if number == 7 else None

    with WebArchive(history(), page=100, trouble=trouble) as archive:
        report = run(tmp_path / "data", sites, archive.url, "--limit", 6)
        assert (report["code"], report["fetched"]) == (0, 6)
        assert archive.requests[6] == archive.requests[7]
        assert archive.times[7] - archive.times[6] >= 1.9


def test_a_server_that_refuses_is_left_alone_until_the_next_run(
    tmp_path: Path, sites: Path
) -> None:
    def trouble(number: int) -> tuple[int, list[tuple[str, str]]] | None:
        return (503, [("Retry-After", "86400")]) if number > 5 else None

    data = tmp_path / "data"
    with WebArchive(history(), page=100, trouble=trouble) as archive:
        report = run(data, sites, archive.url)
        assert (report["code"], report["reason"]) == (3, "backing_off")
        assert "left alone until the next run" in report["stderr"]
        assert report["waiting"] > 10
        assert len(archive.requests) <= 9
        archive.trouble = lambda _: None
        assert [name for name in _work_files(data) if "refusals" in name] == [], (
            "what it said was not about them"
        )
        report = run(data, sites, archive.url)
        assert (report["code"], report["waiting"]) == (0, 0)
    assert read(data, "SELECT count(*) FROM articles") == [(10,)]


def test_a_capture_that_never_comes_is_given_up_after_three_runs(
    tmp_path: Path, sites: Path
) -> None:
    kept = [Kept(url_of(n), f"2019010{n + 1}000000", body_of(n)) for n in range(3)]
    data = tmp_path / "data"
    with WebArchive(kept, broken=frozenset({"20190102000000"})) as archive:
        for waiting, code in ((1, 3), (1, 3), (0, 0)):
            report = run(data, sites, archive.url)
            assert (report["waiting"], report["code"]) == (waiting, code)
        assert (report["refused"], report["missed"]) == (1, 0)
        before = len(archive.asked)
        assert run(data, sites, archive.url)["fetched"] == 0
        assert len(archive.asked) == before
    (lines,) = _work_files(data).values()
    assert [json.loads(line)[3] for line in lines.splitlines()] == [False] * 3


# -- Common Crawl -------------------------------------------------------------------------------


def test_common_crawl_gives_out_records(tmp_path: Path, sites: Path) -> None:
    kept = [one for one in history() if one.given and one.listed_as is None]
    data = tmp_path / "data"
    with WebArchive(kept) as archive:
        report = run(data, sites, f"{archive.url}", "--kind", "commoncrawl", "--from", "2019")
        assert (report["code"], report["reason"]) == (0, "finished"), report
        assert counts(report)["new"] == 10
        assert all(r.startswith("/crawl-data/CC-MAIN/a.warc.gz") for r in archive.asked)
        before = len(archive.asked)
        report = run(data, sites, f"{archive.url}CC-MAIN-2020-05-index")
        assert report["code"] == 0
        assert len(archive.asked) == before, "what another import brought is there already"
    check(data)
    ids = {row[0] for row in read(data, "SELECT record_id FROM captures WHERE refers_to IS NULL")}
    theirs = {r.rec_headers["WARC-Record-ID"] for r in ArchiveIterator(_file(archive.records))}
    assert ids <= theirs, "the same records as in a WARC file of theirs"


def _file(data: bytes) -> Any:
    import io

    return io.BytesIO(data)


# -- pywb ---------------------------------------------------------------------------------------


@pytest.fixture
def replayed(
    newsbot: Run, paper: ExampleNewspaper, profiles: Path, tmp_path: Path
) -> tuple[Path, Path]:
    """A crawl of the example newspaper, and its captures as a WARC file."""
    data, file = tmp_path / "crawled", tmp_path / "crawled.warc.gz"
    assert newsbot("crawl", "aqbulaq", "--data", data, "--sites-dir", profiles).returncode == 0
    done = newsbot("export", "--data", data, "--format", "warc", "-o", file)
    assert done.returncode == 0, done.stderr
    return data, file


def test_out_of_a_real_pywb_come_the_same_articles(
    replayed: tuple[Path, Path], profiles: Path, tmp_path: Path
) -> None:
    crawled, file = replayed
    data, killed = tmp_path / "data", tmp_path / "killed"
    with pywb(tmp_path / "pywb", [file]) as collection:
        report = run(data, profiles, collection)
        assert (report["code"], report["reason"], report["waiting"]) == (0, "finished", 0), report
        replays = [path for path in asked(tmp_path / "pywb") if "id_/" in path]
        assert len(replays) == report["fetched"] == len(read(crawled, "SELECT 1 FROM articles"))
        with subprocess.Popen(
            command(killed, profiles, collection),
            env=environment(), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and process.poll() is None:
                if len(asked(tmp_path / "pywb")) > len(replays) + 25:
                    break
                time.sleep(0.02)
            os.kill(process.pid, signal.SIGKILL)
        assert not (killed / "news.db").exists()
        assert run(killed, profiles, collection)["code"] == 0
        before = len(asked(tmp_path / "pywb"))
        assert run(killed, profiles, collection)["fetched"] == 0
        assert not [p for p in asked(tmp_path / "pywb")[before:] if "id_/" in p]
    check(data)
    # Sources and the frontier are a crawl's own; the rest is equal, and so are both imports.
    ours, theirs = state(data), state(crawled)
    for table in ("articles", "revisions", "aliases", "tags", "captures"):
        assert ours[table] == theirs[table], table
    assert state(killed) == ours


# -- the command --------------------------------------------------------------------------------


def test_a_public_server_is_told_who_asks(tmp_path: Path, sites: Path) -> None:
    report = run(tmp_path / "data", sites, "https://web.archive.invalid/")
    assert report["code"] == 2
    assert "--contact" in report["stderr"]


def test_what_is_no_web_archive(tmp_path: Path, sites: Path) -> None:
    with WebArchive(history()) as archive:
        report = run(tmp_path / "data", sites, f"{archive.url}nothing/here/")
    assert report["code"] == 2
    assert "is no web archive" in report["stderr"]
    report = run(tmp_path / "data", sites, "http://127.0.0.1:9/")
    assert report["code"] == 3
    assert "stopped answering" in report["stderr"]


# -- dialects -----------------------------------------------------------------------------------


def test_recognised_by_the_answer() -> None:
    table = b'[["urlkey","timestamp"],["a","b"]]'
    line = b'{"urlkey": "x", "timestamp": "2019", "url": "http://x/", "filename": "a.warc.gz"}\n'
    assert servers.recognise("http://x/cdx/search/cdx", 200, table) == "wayback"
    assert servers.recognise("http://x/cdx/search/cdx", 200, b"[]") == "wayback"
    assert servers.recognise("http://x/coll/cdx", 200, line) == "pywb"
    assert servers.recognise("http://x/coll/cdx", 200, b"") == "pywb"
    common = line.replace(b"a.warc", b"crawl-data/CC-MAIN/a.warc")
    assert servers.recognise("http://x/cdx", 200, common) == "commoncrawl"
    assert servers.recognise("http://x/CC-MAIN-2020-05-index", 404, b"{}") == "commoncrawl"
    for status, body in ((404, b"[]"), (200, b"<html>"), (200, b"{"), (200, b"null")):
        with pytest.raises(NotAnIndex):
            servers.recognise("http://x/cdx", status, body)


@pytest.mark.parametrize(
    ("url", "first"),
    [
        ("https://web.archive.org/", "https://web.archive.org/cdx/search/cdx"),
        ("https://web.archive.org", "https://web.archive.org/cdx/search/cdx"),
        ("https://web.archive.org/web/", "https://web.archive.org/cdx/search/cdx"),
        ("http://localhost:8080/coll", "http://localhost:8080/coll/cdx"),
        ("http://localhost:8080/coll/", "http://localhost:8080/coll/cdx"),
        ("http://localhost:8080/coll/cdx", "http://localhost:8080/coll/cdx"),
        ("https://index.commoncrawl.org/", "https://index.commoncrawl.org/collinfo.json"),
        ("https://index.commoncrawl.org/CC-MAIN-2020-05-index",) * 2,
    ],
)
def test_where_the_index_is(url: str, first: str) -> None:
    assert servers.index_addresses(url)[0][1] == first


@pytest.mark.parametrize("url", ["http://x:8080", "http://x:8080/", "https://archive.example/"])
def test_no_other_host_is_asked(url: str) -> None:
    for kind in (None, *servers.KINDS):
        for _, address in servers.index_addresses(url, kind):
            assert urlsplit(address).netloc == urlsplit(url).netloc


def test_where_captures_are_had() -> None:
    for kind, index, replay in (
        ("wayback", "https://web.archive.org/cdx/search/cdx", "https://web.archive.org/web/"),
        ("pywb", "http://x:8080/coll/cdx", "http://x:8080/coll/"),
        ("pywb", "http://x:8080/coll-cdx", "http://x:8080/coll/"),
        ("commoncrawl", "https://index.commoncrawl.org/collinfo.json", servers.RECORDS),
    ):
        assert servers.replay_prefix(kind, index) == replay  # type: ignore[arg-type]


def test_an_index_without_pages_is_asked_year_by_year() -> None:
    first = b'{"url": "http://x/a", "timestamp": "20190101000000"}'
    for since, until, spans in (
        ("", "1998", [("1996", "1996"), ("1997", "1997"), ("1998", "1998")]),
        ("2024-06".replace("-", ""), "", [("202406", "2024"), ("2025", "2025"), ("2026", "2026")]),
        ("201903", "20190317", [("201903", "20190317")]),
        ("2020", "2019", []),
    ):
        query = IndexQuery("http://x/cdx", "x", "count", since, until)
        rows, more = servers.parse_answer(query, 200, first, 2026)
        assert rows == []
        assert [(q.step, q.since, q.until) for q in more] == [("span", *span) for span in spans]
    assert servers.parse_answer(IndexQuery("http://x/cdx", "x", "count"), 200, b"", 2026)[1] == []


@given(
    st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)),
    st.sampled_from(["count", "page", "span", "key"]),
    st.sampled_from([200, 404, 500]),
)
def test_no_answer_breaks_the_import(body: bytes, step: Any, status: int) -> None:
    try:
        rows, more = servers.parse_answer(IndexQuery("http://x/cdx", "x", step), status, body, 2026)
    except NotAnIndex:
        return
    assert all(servers.is_timestamp(row.timestamp) for row in rows)
    assert len(more) <= 31


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_no_json_breaks_the_import(value: Any) -> None:
    body = json.dumps(value).encode()
    for step in ("count", "page", "span", "key"):
        try:
            servers.parse_answer(IndexQuery("http://x/cdx", "x", step), 200, body, 2026)
        except NotAnIndex:
            continue
    servers.collections(body, "http://x/")


def test_collections_by_their_year() -> None:
    indexes = [f"http://x/CC-MAIN-{year}-05-index" for year in (2015, 2018, 2019, 2020, 2024)]
    asked = servers.first_queries("commoncrawl", indexes, ["x"], "2019", "201906")
    assert [query.index[-13:-9] for query in asked] == ["2018", "2019", "2020"]


# -- replays ------------------------------------------------------------------------------------

WAYBACK = Server("wayback", "http://w/cdx/search/cdx", "http://w/web/")
PYWB = Server("pywb", "http://p/coll/cdx", "http://p/coll/")
AT = "20190102030405"
MEMENTO = ("Memento-Datetime", "Wed, 02 Jan 2019 03:04:05 GMT")


def given_by(
    server: Server,
    headers: list[tuple[str, str]],
    body: bytes = b"x",
    status: int = 200,
    digest: str | None = None,
) -> Exchange:
    answer = Exchange("http://w/", "2026-11-22T08:00:00Z", status, headers, body)
    row = IndexRow("http://gazet.example/a", AT, status, digest)
    return originals.from_replay(server.kind, answer, row)


def digest_of(body: bytes) -> str:
    return Kept("http://x/", AT, body).digest


def test_headers_of_the_web_archive_are_left_out() -> None:
    got = given_by(
        WAYBACK,
        [
            ("Server", "nginx"), ("Date", "today"), MEMENTO, ("X-App-Server", "w"), HTML,
            ("X-Archive-Orig-Server", "Apache"), ("X-Archive-Orig-Set-Cookie", "a=1"),
            ("X-Archive-Orig-Set-Cookie", "b=2"), ("Cache-Control", "max-age=9"),
        ],
    )  # fmt: skip
    assert got.headers == [("Server", "Apache"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), HTML]
    got = given_by(
        PYWB,
        [
            MEMENTO, ("Link", '<http://gazet.example/a>; rel="original"'), ("X-Powered-By", "PHP"),
            ("X-Archive-Orig-Date", "then"), ("Date", "today"), HTML, ("Content-Location", "x"),
        ],
    )  # fmt: skip
    assert got.headers == [("Date", "then"), ("X-Powered-By", "PHP"), HTML]


def test_what_was_packed_stays_packed_and_what_was_not_does_not() -> None:
    packed = gzip.compress(b"page")
    how = ("Content-Encoding", "gzip")
    then = ("X-Archive-Orig-Content-Encoding", "gzip")
    for server, headers, body, digest, want in (
        (WAYBACK, [MEMENTO, how, then], packed, None, (packed, "gzip")),
        (WAYBACK, [MEMENTO, how], packed, None, (b"page", None)),
        (WAYBACK, [MEMENTO, then], b"page", None, (b"page", None)),
        (WAYBACK, [MEMENTO, then], packed, digest_of(packed), (packed, "gzip")),
        (PYWB, [MEMENTO, how], packed, None, (packed, "gzip")),
        (PYWB, [MEMENTO, then], b"page", None, (b"page", None)),
        (PYWB, [MEMENTO, how], packed, digest_of(b"page"), (b"page", None)),
        (PYWB, [MEMENTO, how], packed[:9], None, (packed[:9], "gzip")),
    ):
        got = given_by(server, headers, body, digest=digest)
        assert (got.body, got.header("Content-Encoding")) == want, headers


def test_a_transfer_that_was_cut_short_is_tried_again() -> None:
    with pytest.raises(TryLater):
        given_by(WAYBACK, [MEMENTO, ("Content-Encoding", "gzip")], gzip.compress(b"page")[:9])


def test_another_capture_is_not_taken_for_this_one() -> None:
    with pytest.raises(NotGiven, match="of 20160101000000 instead"):
        given_by(PYWB, [("Memento-Datetime", "Fri, 01 Jan 2016 00:00:00 GMT")])
    with pytest.raises(NotGiven, match="of 20160101000000 instead"):
        given_by(
            WAYBACK, [("Location", "/web/20160101000000id_/http://gazet.example/a")], status=302
        )
    other = ("Link", '<https://www.gazet.example/a>; rel="original"')
    with pytest.raises(NotGiven, match=r"www\.gazet\.example/a instead"):
        given_by(PYWB, [MEMENTO, other])
    assert given_by(PYWB, [MEMENTO, other], b"x", digest=digest_of(b"x")).body == b"x"


def test_what_does_not_call_itself_a_capture_is_none() -> None:
    with pytest.raises(NotGiven):
        given_by(WAYBACK, [HTML], b"<h1>Log in to this proxy")
    assert given_by(WAYBACK, [HTML], b"page", digest=digest_of(b"page")).body == b"page"
    for status in (404, 403, 451):
        with pytest.raises(NotGiven, match=f"HTTP {status}"):
            given_by(WAYBACK, [], status=status)
    with pytest.raises(TryLater):
        given_by(WAYBACK, [], status=502)
    assert given_by(WAYBACK, [MEMENTO], status=404).status == 404


def test_redirects_lead_where_they_led() -> None:
    location = ("Location", "https://w/web/20190102030405id_/http://gazet.example/b?x=1")
    got = given_by(WAYBACK, [MEMENTO, location], b"", 301)
    assert got.header("Location") == "http://gazet.example/b?x=1"


@given(st.binary(max_size=300), st.sampled_from([200, 206, 404, 500]))
def test_no_record_breaks_the_import(body: bytes, status: int) -> None:
    for data in (body, gzip.compress(body)):
        with pytest.raises((NotGiven, TryLater)):
            originals.from_record(
                Exchange("http://w/", "", status, [], data), IndexRow("http://x/", AT)
            )


def test_www_makes_no_difference_to_an_index(sites: Path) -> None:
    from newsbot.profiles import load_site

    assert hosts_to_ask(load_site(sites / "aqbulaq.toml")) == ["gazet.example"]
