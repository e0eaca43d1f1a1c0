"""robots.txt: nothing slips through while it is on its way, and silence is no permission.

Stock Scrapy 2.14–2.19 lets requests through that wait for a slow robots.txt; the first test fails
with its middleware, and the second says when ours may go.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from archive.store import Candidate, Store
from archive.times import now
from tests.conftest import ROOT, environment
from tests.crawl.state import read

ARTICLES = 30
STOCK = "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware"
OURS = "newsbot.crawl.middlewares.robots.RobotsMiddleware"


@contextmanager
def server(status: int, robots: str) -> Iterator[tuple[str, list[str]]]:
    """A host whose robots.txt takes half a second; yields its origin and the paths asked for."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            paths.append(self.path)
            code, body = 200, b"<html><title>x</title><p>x</p></html>"
            if self.path == "/robots.txt":
                time.sleep(0.5)
                code, body = status, robots.encode()
            self.send_response(code)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{httpd.server_address[1]}", paths
    finally:
        httpd.shutdown()
        httpd.server_close()


def crawl(origin: str, tmp_path: Path, *options: str) -> Path:
    """Crawl a site whose frontier already holds URLs, so that all of them wait for robots.txt."""
    sites, data = tmp_path / "sites", tmp_path / "data"
    sites.mkdir()
    (sites / "x.toml").write_text(
        f'name = "X"\nurl = "{origin}/"\n[crawl]\ndelay = 0\nconcurrency = 16\nautothrottle = false\n'
    )
    with Store(data) as store:
        store.save_site({"id": "x", "name": "X", "url": origin, "timezone": "Asia/Almaty"})
        source = store.source("x", f"{origin}/feed/", "feed")
        crawl_id = store.start_crawl("x", now())
        store.save_poll(
            source["id"],
            crawl_id,
            [Candidate(f"{origin}/closed/{number}") for number in range(ARTICLES)],
            polled_at=now(),
            status=200,
        )
    subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "x", "-s", f"NEWSBOT_SITES_DIRS={sites}",
         "-s", f"NEWSBOT_DATA={data}", "-s", "CONCURRENT_REQUESTS=32", *options],
        env=environment(), cwd=ROOT, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return data


DISALLOW = "User-agent: *\nDisallow: /closed/\n"


def test_no_request_slips_through_while_robots_txt_is_on_its_way(tmp_path: Path) -> None:
    with server(200, DISALLOW) as (origin, paths):
        data = crawl(origin, tmp_path)
    assert [path for path in paths if path.startswith("/closed/")] == []
    assert paths.count("/robots.txt") == 1
    assert read(data, "SELECT outcome, count(*) FROM frontier GROUP BY 1") == [
        ("excluded", ARTICLES)
    ]


def test_stock_scrapy_still_leaks(tmp_path: Path) -> None:
    """When this fails, Scrapy is mended: delete our override of robot_parser."""
    swapped = f'{{"{OURS}": null, "{STOCK}": 100, "newsbot.crawl.middlewares.own_site.OwnSiteMiddleware": 50}}'
    with server(200, DISALLOW) as (origin, paths):
        crawl(origin, tmp_path, "-s", f"DOWNLOADER_MIDDLEWARES={swapped}")
    assert [path for path in paths if path.startswith("/closed/")]


@pytest.mark.parametrize("status", [500, 503, 429])
def test_an_unavailable_robots_txt_closes_the_site_for_now(tmp_path: Path, status: int) -> None:
    with server(status, "") as (origin, paths):
        data = crawl(origin, tmp_path, "-s", "RETRY_TIMES=0")
    assert set(paths) == {"/robots.txt"}
    rows = read(data, "SELECT outcome, count(*), min(due IS NOT NULL) FROM frontier GROUP BY 1")
    assert rows == [("deferred", ARTICLES, 1)]


def test_a_missing_robots_txt_allows_everything(tmp_path: Path) -> None:
    with server(404, "User-agent: *\nDisallow: /\n") as (origin, paths):
        crawl(origin, tmp_path)
    assert len([path for path in paths if path.startswith("/closed/")]) == ARTICLES
