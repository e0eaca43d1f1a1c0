"""The ways to crawl beside the ordinary one, and the ways to find articles, on the example paper."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote

import pytest

from newsbot.demo.articles import load_articles
from newsbot.demo.render import Page
from newsbot.demo.server import ExampleNewspaper
from newsbot.urls import canonical
from tests.conftest import Run, write_profile
from tests.crawl.state import age, everything, read, write

TOTAL = len(load_articles())


def profile(
    folder: Path, origin: str, *, sources: str = "", crawl: str = "", extra: str = ""
) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "x.toml").write_text(
        f'name = "X"\nurl = "{origin}/"\nfamily = "generic"\n{sources}\n{extra}\n'
        f"[crawl]\ndelay = 0\nconcurrency = 4\nautothrottle = false\n{crawl}\n"
    )
    return folder


def outcomes(done_stdout: str) -> dict[str, int]:
    (report,) = json.loads(done_stdout)
    return {name: number for name, number in report["outcomes"].items() if number}


@pytest.mark.parametrize(
    "sources",
    [
        'sources = [{ kind = "sitemap", url = "/sitemap.xml" }]',
        'sources = [{ kind = "listing", url = "/" }]',
        "",
    ],
    ids=["sitemap alone", "listings alone", "nothing named"],
)
def test_every_way_of_discovery_finds_every_article(
    newsbot: Run, paper: ExampleNewspaper, tmp_path: Path, sources: str
) -> None:
    sites = profile(tmp_path / "sites", paper.origin, sources=sources)
    data = tmp_path / "data"
    done = newsbot("crawl", "x", "--full", "--data", data, "--sites-dir", sites)
    assert done.returncode == 0, done.stderr
    found = {url for (url,) in read(data, "SELECT url FROM articles")}
    assert found == {canonical(paper.origin + article.path) for article in load_articles()}
    assert not [path for _, path in paper.requests if path.startswith(("/admin", "/search"))]
    # Once more: what has not changed costs next to nothing.
    paper.requests.clear()
    done = newsbot("crawl", "x", "--data", data, "--sites-dir", sites, "--json")
    assert (done.returncode, outcomes(done.stdout)) == (0, {})
    assert len(paper.requests) <= 3, paper.requests


def test_dry_run_tells_and_touches_nothing(
    newsbot: Run, paper: ExampleNewspaper, profiles: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    command = ("crawl", "aqbulaq", "--data", data, "--sites-dir", profiles)
    done = newsbot(*command, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert not data.exists()
    planned = done.stdout.splitlines()
    assert len(planned) == TOTAL + 1  # and «About us», which nobody can tell from its address
    assert {unquote(paper.origin + article.path) for article in load_articles()} <= set(planned)
    newsbot(*command, "--limit", 3)
    before = everything(data)
    assert len(newsbot(*command, "--dry-run").stdout.splitlines()) == TOTAL + 1 - 3
    assert everything(data) == before


def test_since_and_oldest_first(
    newsbot: Run, paper: ExampleNewspaper, profiles: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    command = ("crawl", "aqbulaq", "--data", data, "--sites-dir", profiles)
    assert (
        newsbot(*command, "--since", "2024-01-01", "--oldest-first", "--limit", 2).returncode == 0
    )
    wanted = sorted(a.published.isoformat() for a in load_articles() if a.published.year >= 2024)
    assert sorted(p for (p,) in read(data, "SELECT published FROM articles")) == wanted[:2]
    assert newsbot(*command, "--since", "2024-01-01").returncode == 0
    assert len(read(data, "SELECT 1 FROM articles")) == len(wanted)


def test_revisit_looks_at_everything_again(
    newsbot: Run, paper: ExampleNewspaper, profiles: Path, tmp_path: Path
) -> None:
    command = ("crawl", "aqbulaq", "--data", tmp_path, "--sites-dir", profiles, "--json")
    newsbot(*command)
    paper.requests.clear()
    assert outcomes(newsbot(*command, "--revisit").stdout) == {"unchanged": TOTAL}
    assert len(paper.requests) >= TOTAL


def test_daily_limit(newsbot: Run, paper: ExampleNewspaper, tmp_path: Path) -> None:
    sites = profile(tmp_path / "sites", paper.origin, crawl="daily_limit = 7")
    command = ("crawl", "x", "--data", tmp_path, "--sites-dir", sites, "--json")
    assert sum(outcomes(newsbot(*command).stdout).values()) == 7
    assert sum(outcomes(newsbot(*command).stdout).values()) == 0
    write(
        tmp_path,
        "UPDATE frontier SET visited_at = '2020-01-01T00:00:00Z' WHERE visited_at IS NOT NULL",
    )
    assert sum(outcomes(newsbot(*command).stdout).values()) == 7


@pytest.mark.parametrize("more", ["", '{ kind = "sitemap", url = "/sitemap_index.xml" },'])
def test_an_article_that_leaves_the_sitemap_is_looked_at_and_gone(
    newsbot: Run, paper: ExampleNewspaper, tmp_path: Path, more: str
) -> None:
    """Also where a family's default address is tried that the newspaper never had."""
    known = '{ kind = "sitemap", url = "/sitemap.xml" },'
    profiles = write_profile(tmp_path / "sites", paper.origin, **{known: known + more})
    command = ("crawl", "aqbulaq", "--data", tmp_path, "--sites-dir", profiles, "--json")
    newsbot(*command)
    article = next(a for a in load_articles() if a.classic)
    pages = dict(paper.pages)
    del pages[article.path]
    sitemap = pages["/sitemap-classic.xml"]
    entry = sitemap.body.split(article.path.encode())
    start, end = entry[0].rindex(b"<url>"), entry[1].index(b"</url>") + len(b"</url>")
    body = entry[0][:start] + entry[1][end:]
    headers = {k: v for k, v in sitemap.headers.items() if k not in ("ETag", "Last-Modified")}
    pages["/sitemap-classic.xml"] = Page(
        200, {**headers, "ETag": '"2"', "Last-Modified": "x"}, body
    )
    paper.pages = pages
    assert outcomes(newsbot(*command).stdout) == {}, "sitemaps rest for a day"
    write(tmp_path, "UPDATE sources SET due = NULL")
    whole = pages.pop("/sitemap-modern.xml.gz")
    assert outcomes(newsbot(*command).stdout) == {}, "a sitemap failed: it may be listed there"
    pages["/sitemap-modern.xml.gz"] = whole
    write(tmp_path, "UPDATE sources SET due = NULL")
    assert outcomes(newsbot(*command).stdout) == {"deferred": 1}
    age(tmp_path, 2)
    write(
        tmp_path, "UPDATE frontier SET due = '2020-01-01T00:00:00Z' WHERE error LIKE 'missing: %'"
    )
    assert outcomes(newsbot(*command).stdout) == {"gone": 1}
    assert len(read(tmp_path, "SELECT 1 FROM articles WHERE gone_since IS NULL")) == TOTAL - 1


def test_pages_are_read_alike_with_and_without_workers(
    newsbot: Run, paper: ExampleNewspaper, profiles: Path, tmp_path: Path
) -> None:
    for jobs in ("0", "2"):
        newsbot(
            "crawl", "aqbulaq", "--data", tmp_path / jobs, "--sites-dir", profiles, "--jobs", jobs
        )
    sql = "SELECT url, title, text, published FROM articles ORDER BY url"
    assert read(tmp_path / "0", sql) == read(tmp_path / "2", sql)
