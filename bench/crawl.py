"""Throughput and memory of a crawl, beside a Scrapy spider that only downloads the same pages.

python bench/crawl.py [--pages 20000] [--runs 1] [--news-please PROGRAM]

Makes a static newspaper of that many pages in a temporary folder, serves it with nginx on loopback,
and crawls it twice: with a bare Scrapy spider, then with newsbot (extraction, WARC, SQLite, fsync).
news-please, where it is named, reads 500 of the pages. Needs nginx. Prints pages a second, their ratio, newsbot's memory as it went along,
and how long a reader of its archive waited meanwhile.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

from newsbot.demo.articles import load_articles
from newsbot.demo.render import render_site

PORT = 8799
ORIGIN = f"http://127.0.0.1:{PORT}"
BARE = """
import scrapy
class Bare(scrapy.Spider):
    name = "bare"
    custom_settings = dict(CONCURRENT_REQUESTS=16, CONCURRENT_REQUESTS_PER_DOMAIN=16, DOWNLOAD_DELAY=0,
        LOG_LEVEL="ERROR", ROBOTSTXT_OBEY=True, TELNETCONSOLE_ENABLED=False, REMOTE_CONTROL_ENABLED=False)
    async def start(self):
        yield scrapy.Request("{origin}/sitemap.xml", self.listed)
    def listed(self, response):
        response.selector.remove_namespaces()
        for url in response.xpath("//loc/text()").getall():
            yield scrapy.Request(url, self.page)
    def page(self, response):
        yield None
"""
PROFILE = """
name = "Bench"
url = "{origin}/"
family = "generic"
sources = [{{ kind = "sitemap", url = "/sitemap.xml" }}]
[crawl]
delay = 0
concurrency = 16
autothrottle = false
"""


def make_site(root: Path, pages: int) -> None:
    """Copies of the modern example articles under new addresses and titles."""
    everything = load_articles()
    articles = [a for a in everything if not a.classic]
    rendered = render_site(ORIGIN, everything)
    bodies = [rendered[a.path].body for a in articles]
    paths = [a.path for a in articles]
    locations = []
    for number in range(pages):
        pick = number % len(bodies)
        path = f"/a/{number}.html"
        body = bodies[pick].replace(f"{ORIGIN}{paths[pick]}".encode(), f"{ORIGIN}{path}".encode())
        body = body.replace(b"</h1>", f" {number}</h1>".encode())
        target = root / path[1:]
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(body)
        locations.append(f"<url><loc>{ORIGIN}{path}</loc></url>")
    (root / "sitemap.xml").write_text(
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        + "".join(locations)
        + "</urlset>"
    )
    (root / "robots.txt").write_text("User-agent: *\nDisallow:\n")


def serve(root: Path) -> subprocess.Popen[bytes]:
    conf = root.parent / "nginx.conf"
    conf.write_text(
        f"""user root; worker_processes 1; pid {root.parent}/nginx.pid; error_log {root.parent}/error.log;
        events {{ worker_connections 256; }}
        http {{ types {{ text/html html; application/xml xml; text/plain txt; }} access_log off; gzip on;
          server {{ listen 127.0.0.1:{PORT}; root {root}; charset utf-8; }} }}"""
    )
    process = subprocess.Popen(["nginx", "-c", str(conf), "-g", "daemon off;"])
    time.sleep(1)
    return process


def timed(command: list[str], cwd: Path, samples: list[tuple[float, float]]) -> float:
    """Seconds a command takes; `samples` gets (seconds, MB resident)."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def watch() -> None:
        while process.poll() is None:
            try:
                pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
                samples.append((time.monotonic() - began, pages * os.sysconf("SC_PAGE_SIZE") / 1e6))
            except (OSError, ValueError, IndexError):
                pass
            time.sleep(0.5)

    thread = threading.Thread(target=watch)
    thread.start()
    _, errors = process.communicate()
    thread.join()
    if process.returncode:
        sys.exit(errors.decode())
    return time.monotonic() - began


def news_please(program: Path, base: Path, pages: int) -> float:
    """Seconds that news-please says it took to download, read and store some of the pages."""
    config = base / "news-please"
    config.mkdir()
    found = subprocess.run(
        [program.with_name("python"), "-c", "import newsplease; print(newsplease.__path__[0])"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    shipped = Path(found.stdout.splitlines()[-1], "config", "config.cfg").read_text()
    shipped = shipped.replace("~/news-please-repo/", f"{base}/news-please/stored/")
    (config / "config.cfg").write_text(shipped)
    urls = [f"{ORIGIN}/a/{number}.html" for number in range(pages)]
    sites = json.dumps({"base_urls": [{"crawler": "Download", "url": urls}]})
    (config / "sitelist.hjson").write_text(sites)
    done = subprocess.run(
        [program, "-c", config], check=True, capture_output=True, text=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    stored = sum(1 for _ in (config / "stored").rglob("*.html"))
    elapsed = re.search(r"'elapsed_time_seconds': ([\d.]+)", done.stdout + done.stderr)
    if stored != pages or not elapsed:
        sys.exit(f"news-please stored {stored} of {pages} pages")
    return float(elapsed[1])


QUERIES = (
    "SELECT title, text FROM articles ORDER BY id DESC LIMIT 20",
    "SELECT title, text FROM article_revisions WHERE id = (SELECT max(id) FROM articles)",
    "SELECT a.title FROM articles_fts f JOIN articles a ON a.id = f.rowid "
    "WHERE articles_fts MATCH 'мектеп' ORDER BY f.rowid DESC LIMIT 20",
)


class Reader(threading.Thread):
    """Asks an archive again and again, as a researcher does, and keeps how long each answer took."""

    def __init__(self, database: Path) -> None:
        super().__init__()
        self.database, self.seconds, self.done = database, list[float](), threading.Event()

    def run(self) -> None:
        while not self.database.exists() and not self.done.wait(0.1):
            pass
        time.sleep(1)  # the tables are being made
        uri = f"file:{self.database}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=1)) as connection:
            for query in itertools.cycle(QUERIES):
                if self.done.wait(0.02):
                    return
                began = time.monotonic()
                connection.execute(query).fetchall()
                self.seconds.append(time.monotonic() - began)


def milliseconds(seconds: list[float]) -> str:
    """Median, 99th percentile and longest."""
    ordered = sorted(seconds)
    p99 = ordered[len(ordered) * 99 // 100]
    return " / ".join(f"{1000 * t:.1f}" for t in (ordered[len(ordered) // 2], p99, ordered[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--news-please", type=Path, metavar="PROGRAM", help="measure it, too")
    args = parser.parse_args()
    if not shutil.which("nginx"):
        sys.exit("bench/crawl.py needs nginx (Debian: nginx-light)")
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch)
        base.chmod(0o755)
        root = base / "site"
        root.mkdir()
        make_site(root, args.pages)
        (base / "bare.py").write_text(BARE.format(origin=ORIGIN))
        (base / "sites").mkdir()
        (base / "sites" / "bench.toml").write_text(PROFILE.format(origin=ORIGIN))
        server = serve(root)
        try:
            if args.news_please:
                some = min(args.pages, 500)
                speed = some / news_please(args.news_please, base, some)
                print(f"news-please  {speed:7.1f} pages/s, of {some}")
            for run in range(args.runs):
                bare = timed([sys.executable, "-m", "scrapy", "runspider", "bare.py"], base, [])
                memory: list[tuple[float, float]] = []
                data = base / f"data{run}"
                reader = Reader(data / "news.db")
                reader.start()
                ours = timed(
                    [sys.executable, "-m", "newsbot", "crawl", "bench", "--data", str(data),
                     "--sites-dir", str(base / "sites"), "--quiet"], base, memory,
                )  # fmt: skip
                reader.done.set()
                reader.join()
                calm = Reader(data / "news.db")
                threading.Timer(10, calm.done.set).start()
                calm.run()
                early = [mb for seconds, mb in memory if seconds <= ours * 2_000 / args.pages]
                print(f"bare Scrapy  {args.pages / bare:7.1f} pages/s")
                print(f"newsbot      {args.pages / ours:7.1f} pages/s   ratio {bare / ours:.2f}")
                print(
                    f"memory       {early[-1] if early else 0:.0f} MB after 2,000 pages, "
                    f"{memory[-1][1]:.0f} MB at the end"
                )
                print("a reader meanwhile, ms (median / p99 / longest):", end=" ")
                print(f"{milliseconds(reader.seconds)}; afterwards {milliseconds(calm.seconds)}")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
