"""sites add: served newspapers become profiles with which a full crawl finds all; what is none is told."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from newsbot.cli import newsbot as command
from newsbot.demo.articles import expected
from newsbot.demo.server import ExampleNewspaper
from newsbot.profiles import Site, load_site
from newsbot.replay.profile_text import PROVISIONAL
from tests.cli.static_paper import NAME, paragraphs, path, routes
from tests.conftest import ROOT, Run, environment
from tests.crawl.state import read
from tests.crawl.wire import Route, http, page, wire


def profile(data: Path) -> Site:
    (written,) = (data / "sites").glob("*.toml")
    return load_site(written)


def test_the_example_newspaper(newsbot: Run, paper: ExampleNewspaper, tmp_path: Path) -> None:
    report = tmp_path.with_suffix(".html")
    done = newsbot("sites", "add", paper.origin, "--data", tmp_path, "--html", report)
    assert done.returncode == 0, done.stderr
    assert "127-0-0-1-" in done.stderr
    assert ".toml is written" in done.stderr
    site = profile(tmp_path)
    assert (site.name, site.language, site.confirmed, site.enabled) == (
        "Ақбұлақ тынысы",
        "kk",
        None,
        True,
    )
    assert len(site.layouts) == 2, "no family fits, and each of its two themes is learnt"
    days = [day for (day,) in read(tmp_path, "SELECT published FROM articles ORDER BY published")]
    assert len(days) == 20
    assert {day[:4] for day in days} >= {"2017", "2019", "2021", "2023", "2025", "2026"}
    header, _, *rows = done.stdout.splitlines()
    assert header.split()[:3] == ["address", "title", "date"]
    assert sum("Дина Оспан" in row and "authors layout" in row for row in rows) > 2
    told = report.read_text("utf-8")
    assert "://" not in told.split("<details>", 1)[0].replace(paper.origin, "")
    assert told.count("<details>") == 20
    assert "<script" not in told
    crawled = newsbot("crawl", site.id, "--full", "--data", tmp_path)
    assert crawled.returncode == 0, crawled.stderr
    known = dict(read(tmp_path, "SELECT url, title FROM articles"))
    assert known == {truth["url"]: truth["title"] for truth in expected(paper.origin)}
    again = newsbot("sites", "add", f"{paper.origin}/", "--data", tmp_path)
    assert again.returncode == 2
    assert "already: `newsbot sites check 127-0-0-1-" in again.stderr


@pytest.mark.parametrize("full", [[], ["--full"]])
def test_a_static_site_without_a_feed(newsbot: Run, tmp_path: Path, full: list[str]) -> None:
    with wire(routes(60)) as server:
        done = newsbot("sites", "add", server.origin, "--data", tmp_path, "--json")
        assert done.returncode == 0, done.stderr
        asked = Counter(server.paths)
        crawled = newsbot("crawl", profile(tmp_path).id, *full, "--data", tmp_path)
        assert crawled.returncode == 0, crawled.stderr
    assert len(asked) <= 1 + 20 + 10
    assert "/bet/4/" not in asked, (
        "a look asks few pages of a list, and the next crawl goes on behind them"
    )
    site, told = profile(tmp_path), json.loads(done.stdout)
    assert site.name == NAME
    assert told["patterns"] == {r"^/maqala/[0-9]{4}/[^/]+\.html$": 20}
    assert (told["family"], told["language"]) == ({"generic": 20}, {"kk": 20})
    (layout,) = site.layouts
    assert (layout.body, layout.published) == ([".matin"], [".kuni"])
    assert len({article["published"][:4] for article in told["articles"]}) >= 3
    texts = {
        urlsplit(url).path: text for url, text in read(tmp_path, "SELECT url, text FROM articles")
    }
    assert texts == {path(n): "\n\n".join(paragraphs(n)) for n in range(60)}


def test_robots_and_its_sitemap(newsbot: Run, tmp_path: Path) -> None:
    """What robots.txt names is found, what it forbids is left alone."""
    entries = "".join(f"<url><loc>{path(n)}</loc></url>" for n in range(30))
    kept = {p: route for p, route in routes(30).items() if p.startswith("/maqala/")}
    sitemap = http(f"<urlset>{entries}</urlset>".encode(), "Content-Type: application/xml")
    rules = b"User-agent: *\nDisallow: /*3.html$\nSitemap: /kesteler/s.xml\n"
    with wire(kept | {"/kesteler/s.xml": sitemap}, robots=http(rules)) as server:
        done = newsbot("sites", "add", server.origin, "--data", tmp_path)
        assert done.returncode == 0, done.stderr
        assert newsbot("crawl", profile(tmp_path).id, "--full", "--data", tmp_path).returncode == 0
    assert not any(asked.endswith("3.html") for asked in server.paths)
    assert read(tmp_path, "SELECT count(*) FROM articles") == [(27,)]


def articles(data: Path) -> int:
    with suppress(sqlite3.Error):  # whose tables are being made
        return int(read(data, "SELECT count(*) FROM articles")[0][0])
    return 0


def test_killed_and_taken_up_again(newsbot: Run, tmp_path: Path) -> None:
    def slowly(answer: Route) -> Route:
        assert isinstance(answer, bytes)
        return lambda sock: (time.sleep(pace[0]), sock.sendall(answer))

    pace = [1.5]
    slow = {
        p: slowly(route) if p.startswith("/maqala/") else route for p, route in routes(30).items()
    }
    with wire(slow) as server:
        arguments = ["sites", "add", server.origin, "--data", str(tmp_path)]
        running = subprocess.Popen(
            [sys.executable, "-m", "newsbot", *arguments],
            env=environment(), cwd=ROOT, stderr=subprocess.PIPE,
        )  # fmt: skip
        deadline = time.monotonic() + 120
        while not (tmp_path / "news.db").exists() or articles(tmp_path) < 4:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        os.kill(running.pid, signal.SIGKILL)
        running.communicate()
        (begun,) = (tmp_path / "sites").glob("*.toml")
        assert begun.read_text("utf-8").startswith(PROVISIONAL)
        assert not load_site(begun).enabled
        assert 4 <= articles(tmp_path) < 20
        kept = {urlsplit(url).path for (url,) in read(tmp_path, "SELECT url FROM articles")}
        server.requests.clear()
        pace[0] = 0
        done = newsbot(*arguments)
    assert done.returncode == 0, done.stderr
    assert articles(tmp_path) == 20
    assert profile(tmp_path).enabled
    assert not kept & set(server.paths), "what is kept is not asked for again"


def add(newsbot: Run, data: Path, url: str, *options: str) -> tuple[int, str]:
    done = newsbot("sites", "add", url, *options, "--data", data)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("newsbot: ")
    return done.returncode, done.stderr


def nothing_is_written(data: Path) -> bool:
    known = (data / "news.db").exists() and read(data, "SELECT id FROM sites")
    return not (known or list((data / "sites").glob("*")))


def test_a_host_that_does_not_answer(newsbot: Run, tmp_path: Path) -> None:
    code, told = add(newsbot, tmp_path, "http://127.0.0.1:9")
    assert code == 3
    assert "http://127.0.0.1:9/: " in told
    assert "refused" in told
    assert nothing_is_written(tmp_path)


def test_a_robots_txt_that_forbids(newsbot: Run, tmp_path: Path) -> None:
    with wire(routes(3), robots=http(b"User-agent: *\nDisallow: /\n")) as server:
        code, told = add(newsbot, tmp_path, server.origin)
    assert code == 3
    assert "Forbidden by robots.txt" in told
    assert set(server.paths) == {"/robots.txt"}
    assert nothing_is_written(tmp_path)


def test_a_private_address(newsbot: Run, tmp_path: Path) -> None:
    code, told = add(newsbot, tmp_path, "http://10.0.0.7/", "--contact", "a@example.org")
    assert code == 3
    assert "10.0.0.7, not a public address" in told
    assert nothing_is_written(tmp_path)


def test_a_host_that_leads_elsewhere(newsbot: Run, tmp_path: Path) -> None:
    moved = http(b"", "Location: http://127.0.0.1:1/kz/", status="301 Moved Permanently")
    with wire({"/": moved}) as server:
        code, told = add(newsbot, tmp_path, server.origin)
    assert code == 3
    assert "leads to another site: http://127.0.0.1:1/kz/" in told
    assert nothing_is_written(tmp_path)


def test_no_password_is_told(newsbot: Run, tmp_path: Path) -> None:
    moved = http(
        b"", "Location: http://aqyn:QUPIYA@127.0.0.1:1/kz/", status="301 Moved Permanently"
    )
    with wire({"/": moved}) as server:
        for url, code, said in (
            (server.origin, 3, "leads to another site: http://…@127.0.0.1:1/kz/"),
            ("http://aqyn:QUPIYA@127.0.0.1:9", 3, "http://127.0.0.1:9/: "),
            ("aqyn:QU@PIYA@127.0.0.1:x", 2, "'https://…@127.0.0.1:x' is no web address"),
        ):
            told = add(newsbot, tmp_path, url)
            assert (told[0], said in told[1], "PIYA" in told[1]) == (code, True, False), told
    (tmp_path / "sites").mkdir(exist_ok=True)
    (tmp_path / "sites" / "a.toml").write_text('name = "А"\nurl = "http://aqyn:QUPIYA@a.example/"')
    listed = newsbot("sites", "list", "--data", tmp_path)
    assert listed.returncode == 3
    assert "without name and password, got 'http://…@a.example/'" in listed.stderr
    assert "QUPIYA" not in listed.stdout + listed.stderr


def test_a_host_that_is_no_newspaper(newsbot: Run, tmp_path: Path) -> None:
    shop = '<meta charset="utf-8"><title>Дүкен</title><h1>Дүкен</h1><a href="/tauar-1001.html">Ет, 1 кг</a>'
    with wire({"/": http(shop.encode()), "/tauar-1001.html": http(shop.encode())}) as server:
        code, told = add(newsbot, tmp_path, server.origin)
    assert code == 3
    assert "no newspaper is to be seen" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ftp://gazet.example"], "is no web address"),
        (["aqjolgazet.kz"], "is aqjolgazet already: `newsbot sites check aqjolgazet`"),
        (["http://www.aqjolgazet.kz/"], "is aqjolgazet already"),
        (["http://gazet.example", "--id", "aqjolgazet"], "at another address: choose an --id"),
        (["http://gazet.example", "--id", "А/б"], "--id: expected small letters"),
        (["http://gazet.example"], "say who is crawling it with --contact"),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: list[str], told: str) -> None:
    done = CliRunner().invoke(command, ["sites", "add", *arguments, "--data", str(tmp_path)])
    assert told in f"{done.exception} {done.stderr}"
    assert done.exit_code != 0
    assert nothing_is_written(tmp_path)


def test_one_article(newsbot: Run, tmp_path: Path) -> None:
    front = '<meta charset="utf-8"><h2><a href="/2026/05/bir-maqala-bar/">Ауыл мектебінде бақ өсіп жатыр</a></h2>'
    article = http(page())
    with wire({"/": http(front.encode()), "/2026/05/bir-maqala-bar/": article}) as server:
        done = newsbot("sites", "add", server.origin, "--data", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "published: on 0 of 1 pages" in done.stdout
