"""Scrapy's own commands, as its users know them: items are articles, and only a crawl keeps anything."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from archive.query import EXTRA_FIELDS
from newsbot.demo.server import ExampleNewspaper
from tests.cli.conftest import run
from tests.conftest import ROOT, environment, write_profile

FIRST = "/2026/06/zhuz-zhasagan-kulpash-azhe/"
TITLE = "Жүз жасаған Күлпаш әже: «Шайды асықпай ішіңдер»"


def scrapy(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`scrapy ARGUMENTS…` in the repository, with this folder as the archive."""
    return subprocess.run(
        [sys.executable, "-m", "scrapy", *arguments, "-s", f"NEWSBOT_DATA={folder}"],
        env=environment(), cwd=ROOT, check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.fixture
def folder(paper: ExampleNewspaper, tmp_path: Path) -> Path:
    write_profile(tmp_path / "sites", paper.origin)
    return tmp_path


def test_a_feed_of_a_crawl_holds_what_the_export_does(folder: Path) -> None:
    feeds = [folder / "items.jsonl", folder / "items.csv"]
    done = scrapy(
        folder, "crawl", "aqbulaq", *(part for feed in feeds for part in ("-o", str(feed)))
    )
    assert done.returncode == 0, done.stderr
    items = [json.loads(line) for line in feeds[0].read_text("utf-8").splitlines()]
    exported = [json.loads(line) for line in run("export", "--data", folder).stdout.splitlines()]
    assert len(items) == len(exported) == 48, "the one page that is no article is no item"
    by_id = {item["id"]: item for item in items}
    assert {record["id"]: record for record in exported} == by_id
    assert "Күлпаш" in feeds[0].read_text("utf-8"), "letters, not escapes"
    with feeds[1].open(encoding="utf-8") as file:
        assert {*EXTRA_FIELDS, "title", "text"} <= set(next(csv.reader(file)))
    again = scrapy(folder, "crawl", "aqbulaq", "-O", str(feeds[0]))
    assert again.returncode == 0
    assert feeds[0].read_text() == "", "nothing was due"


def test_parse(paper: ExampleNewspaper, folder: Path) -> None:
    done = scrapy(folder, "parse", "--spider", "aqbulaq", "--nocolour", paper.origin + FIRST)
    assert f"'title': '{TITLE}'" in done.stdout, done.stderr
    assert (
        "# Requests  -----------------------------------------------------------------\n[]"
        in done.stdout
    )
    assert len(paper.requests) == 2, "robots.txt and the page"
    assert not (folder / "news.db").exists()
    front = scrapy(folder, "parse", "--spider", "aqbulaq", "--nocolour", paper.origin + "/")
    assert (
        "# Scraped Items  ------------------------------------------------------------\n[]"
        in front.stdout
    )


def test_parse_visits_nothing_that_is_due(paper: ExampleNewspaper, folder: Path) -> None:
    assert scrapy(folder, "crawl", "aqbulaq", "-s", 'NEWSBOT_OPTIONS={"limit": 1}').returncode == 0
    paper.requests.clear()
    assert TITLE in scrapy(folder, "parse", "--spider", "aqbulaq", paper.origin + FIRST).stdout
    assert len(paper.requests) == 2


def test_shell(paper: ExampleNewspaper, folder: Path) -> None:
    code = "(response.status, [item['title'] for item in spider.parse(response)])"
    done = scrapy(folder, "shell", paper.origin + FIRST, "-c", code)
    assert f"(200, ['{TITLE}'])" in done.stdout, done.stderr
    elsewhere = scrapy(folder, "shell", "http://127.0.0.1:1/", "-c", "response")
    assert "127.0.0.1 is 127.0.0.1, not a public address" in elsewhere.stderr
    assert not (folder / "news.db").exists()


def test_check(paper: ExampleNewspaper, folder: Path) -> None:
    done = scrapy(folder, "check", "aqbulaq")
    assert "Ran 3 contracts" in done.stderr
    assert done.stderr.rstrip().endswith("OK")
    assert scrapy(folder, "check", "--list").stdout.split() == ["aqbulaq", "*", "parse"]
    paper.pages[FIRST] = paper.pages["/"]
    assert "FAILED" in scrapy(folder, "check", "aqbulaq").stderr
    assert not (folder / "news.db").exists()


def test_an_archive_that_is_in_use_is_told(folder: Path) -> None:
    from archive.store import Store

    with Store(folder):
        done = scrapy(folder, "crawl", "aqbulaq")
    assert "another run is writing to this archive" in done.stderr
    assert "Traceback" not in done.stderr
