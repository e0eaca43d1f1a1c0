"""bench/room: how long readers wait for pages of the reading room while a crawl writes.

    python -m bench.room make FOLDER FILE.txt [--articles N]    an archive of N articles, made of a sentence a line
    python -m bench.room read FOLDER FILE.txt [--readers N] [--seconds S] [--rest S] [--processes N]

`read` runs `newsbot serve` on the archive, stores five new articles a second as a crawl does, and has N readers ask for one
page after another, each over a connection of its own, resting S seconds between two (0: never). It prints how long they
waited by kind of page, and what a page took of the processor: of that, the machine's load is no part.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import random
import re
import subprocess
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from urllib.parse import quote

from archive.article import Article
from archive.store import Store
from bench.search import SITES, WORD, archive_of, articles_of, visit_of

_AROUND = """
INSERT INTO captures (id, site, visit, url, fetched_at, status, payload_digest, payload_length, warc, warc_offset,
       warc_length, warc_crc, record_id, article, result, reading)
SELECT id, site, id, url, first_seen || 'T08:00:00Z', 200, 'sha1:X', 9, 'warc/' || site || '/x.warc.gz', id, 9, 9,
       printf('<urn:x:%d>', id), id, 'article', id FROM articles;
INSERT INTO readings (id, article, digest, rules, title, text, language, published, section, authors)
SELECT id, id, id, '1-0', title, text, language, published, section, authors FROM articles;
INSERT INTO revisions (article, number, seen_at, capture, reading) SELECT id, 1, first_seen || 'T08:00:00Z', id, id FROM articles;
INSERT INTO aliases SELECT url, id, first_seen || 'T08:00:00Z' FROM articles;
INSERT INTO engagement SELECT id, first_seen || 'T08:00:00Z', id % 999, id % 7 FROM articles;
INSERT INTO sources (site, kind, url, polled_at, found, discovered)
SELECT id, 'feed', url || 'feed', '2026-11-28T06:00:00Z', 20, 900 FROM sites;
INSERT INTO frontier (site, url, source, article, discovered_at, due, visited_at, outcome)
SELECT a.site, a.url, s.id, a.id, first_seen || 'T07:00:00Z', '2026-12-01T00:00:00Z', first_seen || 'T08:00:00Z', 'new'
  FROM articles a JOIN sources s ON s.site = a.site;
UPDATE articles SET capture = id, first_seen = first_seen || 'T08:00:00Z', last_seen = last_seen || 'T08:00:00Z';
WITH RECURSIVE days(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM days WHERE n < 364)
INSERT INTO crawls (site, started_at, ended_at, reason, version, requests, new, unchanged, failed)
SELECT id, strftime('%Y-%m-%dT05:00:00Z', '2025-11-28', n || ' days'), strftime('%Y-%m-%dT05:10:00Z', '2025-11-28', n || ' days'),
       'finished', 'newsbot', 120, n % 9, 90, n % 13 = 0 FROM sites, days ORDER BY n, id;
"""
"""What a crawl leaves beside articles: captures, revisions, addresses, a crawl a day for a year."""


def make(folder: Path, sentences: list[str], number: int) -> None:
    """An archive of so many articles with what belongs to them."""
    with archive_of(articles_of(sentences, number, 1), folder) as c:
        c.execute("BEGIN")
        for statement in filter(str.strip, _AROUND.split(";\n")):
            c.execute(statement)
        c.execute("COMMIT")


def write(folder: Path, texts: list[tuple[str, str]]) -> None:
    """Store five new articles a second until somebody ends it."""
    with Store(folder) as store:
        store.save_site({"id": "x", "name": "x", "url": "x", "timezone": "Asia/Almaty"})
        number = int(time.time() * 10)
        for title, text in texts:
            number += 1
            url = f"https://x.example/{number}"
            store.record_soon(
                visit_of(
                    url, Article(url=url, is_article=True, title=title, text=text, language="kk")
                )
            )
            time.sleep(0.2)


KINDS = (
    "search",
    "search",
    "search",
    "search",
    "article",
    "article",
    "article",
    "article",
    "newspaper",
)
"""What readers ask for, in these shares."""


def path_of(kind: str, words: list[str], articles: int, chosen: random.Random) -> str:
    """A page of a kind."""
    if kind == "search":
        return f"/search?q={quote(' '.join(chosen.sample(words, chosen.choice((1, 2)))))}"
    if kind == "article":
        return f"/article/{chosen.randint(1, articles)}"
    return f"/newspaper/x{chosen.randrange(SITES)}"


class Reader(threading.Thread):
    """Asks for one page after another."""

    def __init__(self, port: int, until: float, rest: float, paths: list[tuple[str, str]]) -> None:
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.until, self.rest, self.paths = until, rest, paths
        self.waits: dict[str, list[float]] = defaultdict(list)
        self.sizes: dict[str, int] = defaultdict(int)
        self.bad = 0

    def run(self) -> None:
        """Until the time is over."""
        time.sleep(random.random() * self.rest)
        for kind, path in self.paths:
            if time.monotonic() > self.until:
                break
            began = time.perf_counter()
            self.connection.request(
                "GET", path, headers={"Accept-Language": random.choice(("kk", "ru", "en"))}
            )
            answer = self.connection.getresponse()
            self.sizes[kind] += len(answer.read())
            self.waits[kind].append(time.perf_counter() - began)
            self.bad += answer.status not in (
                200,
                400,
            )  # 400: a word that stands everywhere is asked alone
            if self.rest:
                time.sleep(self.rest * 2 * random.random())


def seconds_of(pid: int) -> float:
    """Seconds of processor time of a process and those it has begun."""
    own = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (int(own[11]) + int(own[12])) / 100 + sum(seconds_of(int(child)) for child in children)


def read(folder: Path, sentences: list[str], args: argparse.Namespace) -> None:
    """Serve, write and read, and say how it went."""
    chosen = random.Random(args.seed)
    words = [w for s in chosen.sample(sentences, 2000) for w in WORD.findall(s) if len(w) > 3]
    command = [sys.executable, "-m", "newsbot", "serve", "--data", str(folder), "--port", "0"]
    command += ["--processes", str(args.processes)] if args.processes else []
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout
    said = re.search(r":(\d+)/", server.stdout.readline())
    assert said
    port = int(said[1])
    writer = multiprocessing.Process(
        target=write, args=(folder, list(articles_of(sentences, 5 * args.seconds + 100, args.seed)))
    )
    writer.start()
    try:
        with_kinds = [
            [
                (kind, path_of(kind, words, args.articles, chosen))
                for kind in chosen.choices(args.kinds, k=20_000)
            ]
            for _ in range(args.readers)
        ]
        first = Reader(port, time.monotonic() + 60, 0, with_kinds[0][:60])
        first.run()  # what is read once is read from memory then
        before, until = seconds_of(server.pid), time.monotonic() + args.seconds
        readers = [Reader(port, until, args.rest, paths) for paths in with_kinds]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        taken = seconds_of(server.pid) - before
    finally:
        writer.terminate()
        server.terminate()
    pages = sum(len(waits) for reader in readers for waits in reader.waits.values())
    print(
        f"{args.readers} readers, resting {args.rest:g} s: {pages} pages, {pages / args.seconds:.0f} a second, "
        f"{1e3 * taken / pages:.1f} ms of the server's processor time each; {sum(r.bad for r in readers)} failed"
    )
    for kind in dict.fromkeys(args.kinds):
        waits = sorted(1e3 * wait for reader in readers for wait in reader.waits[kind])
        at = {share: waits[int(len(waits) * share)] for share in (0.5, 0.95, 0.99)}
        size = sum(reader.sizes[kind] for reader in readers) / len(waits) / 1e3
        print(
            f"  {kind:9} {len(waits):6}: median {at[0.5]:4.0f} ms, p95 {at[0.95]:4.0f}, p99 {at[0.99]:4.0f}; {size:.0f} KB"
        )


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=("make", "read"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rest", type=float, default=0)
    parser.add_argument("--kinds", nargs="+", default=KINDS)
    parser.add_argument("--processes", type=int, help="of `newsbot serve`")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    sentences = [s for s in args.file.read_text("utf-8").splitlines() if s]
    if args.what == "make":
        make(args.folder, sentences, args.articles)
    else:
        read(args.folder, sentences, args)


if __name__ == "__main__":
    main()
