"""bench/insertion: how many articles a second one batch after the other stores, and what readers wait.

    python -m bench.insertion FILE.txt [--articles 20000] [--words 110]

FILE has a sentence a line; articles are made of them. Each comes as an import would bring it, without a
capture: article, revision, alias and full-text index with stems. The peer is a bare FTS5 table of
title and text, without any other row. A reader in a process of its own asks all the while.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from archive.visits import Visit

from archive.article import Article
from archive.store import DATABASE, Store
from bench.crawl import Reader, milliseconds
from bench.search import articles_of

BATCH = 1000
SEEN = datetime(2026, 1, 1, tzinfo=UTC)
SITE = {"id": "x", "name": "X", "url": "https://x.example/", "timezone": "Asia/Almaty"}
Made = list[tuple[str, str]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--words", type=int, default=110)
    args = parser.parse_args()
    sentences = [line for line in args.file.read_text("utf-8").splitlines() if line.strip()]
    made = list(articles_of(sentences, args.articles, 1, args.words))
    with tempfile.TemporaryDirectory() as folder:
        _report("bare FTS5", _bare(Path(folder), made))
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = multiprocessing.Pipe()
        reader = multiprocessing.Process(target=_read, args=(Path(folder) / DATABASE, theirs))
        reader.start()
        rates = list(_store(Path(folder), made))
        ours.send("done")
        waited = ours.recv()
        reader.join()
        _report("newsbot", rates)
        print(f"a reader meanwhile, ms (median / p99 / longest): {milliseconds(waited)}")


def _report(name: str, rates: list[tuple[float, float]]) -> None:
    """Over all batches, and over the second half, which brings few new words."""
    for part, some in (("all", rates), ("second half", rates[len(rates) // 2 :])):
        clock, processor = (len(some) * BATCH / sum(column) for column in zip(*some, strict=True))
        print(f"{name:10} {part:12} {clock:7.0f} articles/s, {processor:7.0f} by processor time")


def _store(folder: Path, made: Made) -> Iterator[tuple[float, float]]:
    """Seconds of each batch, by the clock and by the processor."""
    with Store(folder) as store:
        store.save_site(SITE)
        for start in range(0, len(made), BATCH):
            clock, processor = time.perf_counter(), time.process_time()
            with store.batch():
                for number, (title, text) in enumerate(made[start : start + BATCH], start):
                    url = f"https://x.example/{number}"
                    article = Article(
                        is_article=True, url=url, canonical_url=url, title=title, text=text,
                        language="kk",
                    )  # fmt: skip
                    store.record(
                        Visit(
                            frontier=None, crawl=None, site="x", fetched_at=SEEN, article=article,
                            urls=(url,),
                        )
                    )  # fmt: skip
            yield time.perf_counter() - clock, time.process_time() - processor


def _bare(folder: Path, made: Made) -> list[tuple[float, float]]:
    seconds = []
    c = sqlite3.connect(folder / "bare.db", isolation_level=None)
    c.execute("PRAGMA journal_mode = WAL")
    c.execute(
        "CREATE VIRTUAL TABLE f USING fts5(title, text, content='', tokenize='unicode61 remove_diacritics 0')"
    )
    for start in range(0, len(made), BATCH):
        clock, processor = time.perf_counter(), time.process_time()
        c.execute("BEGIN")
        c.executemany("INSERT INTO f (title, text) VALUES (?, ?)", made[start : start + BATCH])
        c.execute("COMMIT")
        seconds.append((time.perf_counter() - clock, time.process_time() - processor))
    c.close()
    return seconds


def _read(database: Path, pipe: Connection) -> None:
    reader = Reader(database)
    reader.start()
    pipe.recv()
    reader.done.set()
    reader.join()
    pipe.send(reader.seconds)


if __name__ == "__main__":
    main()
