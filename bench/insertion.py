"""bench/insertion: how many articles a second one batch after the other stores, and what readers wait.

    python -m bench.insertion FILE.txt [--articles 20000] [--words 110]

FILE has a sentence a line; articles are made of them. Each comes as an import would bring it: capture,
reading, article, revision, alias, frontier and full-text index with stems; its WARC record is taken for
written. The peer is a bare FTS5 table of
title and text, without any other row. Beside the whole, its halves are measured, each in an archive of
its own: the index alone, and the rows alone. All take turns, batch by batch, so that what else the
machine does falls on all of them. A reader in a process of its own asks all the while.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from archive.article import Article
from archive.store import DATABASE, Store
from archive.store.index import Index
from bench.crawl import Reader, milliseconds
from bench.search import articles_of, visit_of

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
        whole = Path(folder) / "whole"
        ours, theirs = multiprocessing.Pipe()
        reader = multiprocessing.Process(target=_read, args=(whole / DATABASE, theirs))
        reader.start()
        _report(_take_turns(Path(folder), made))
        ours.send("done")
        waited = ours.recv()
        reader.join()
        print(f"a reader meanwhile, ms (median / p99 / longest): {milliseconds(waited)}")


Seconds = tuple[float, float]
"""By the clock and by the processor."""


def _take_turns(folder: Path, made: Made) -> dict[str, list[Seconds]]:
    """Name of each way → seconds of each batch."""
    with ExitStack() as stack:
        whole, index, rows = (
            stack.enter_context(Store(folder / name)) for name in ("whole", "index", "rows")
        )
        rows.changes.index = _NoIndex(rows.connection)
        for store in (whole, index, rows):
            store.save_site(SITE)
        bare = stack.enter_context(closing(_bare_table(folder)))
        ways: dict[str, Callable[[int, Made], None]] = {
            "bare FTS5": lambda _, batch: _store_bare(bare, batch),
            "newsbot": lambda start, batch: _store_articles(whole, start, batch),
            "its index": lambda start, batch: _store_words(index, start, batch),
            "its rows": lambda start, batch: _store_articles(rows, start, batch),
        }
        seconds: dict[str, list[Seconds]] = {name: [] for name in ways}
        for start in range(0, len(made), BATCH):
            for name, way in ways.items():
                clock, processor = time.perf_counter(), time.process_time()
                way(start, made[start : start + BATCH])
                seconds[name].append((time.perf_counter() - clock, time.process_time() - processor))
    return seconds


def _report(seconds: dict[str, list[Seconds]]) -> None:
    """Over all batches, and over the second half, which brings few new words."""
    for part in ("all", "second half"):
        print(f"{part}: articles/s by the clock, by processor time; of the bare table")
        bare: Seconds = (0, 0)
        for name, batches in seconds.items():
            some = batches if part == "all" else batches[len(batches) // 2 :]
            clock, processor = map(sum, zip(*some, strict=True))
            bare = bare if any(bare) else (clock, processor)
            number = len(some) * BATCH
            print(
                f"  {name:10} {number / clock:7.0f} {number / processor:7.0f}"
                f"   {bare[0] / clock:.2f} {bare[1] / processor:.2f}"
            )


class _NoIndex(Index):
    """Leaves the words of articles alone."""

    def add(self, article: int, title: str | None, text: str, language: str | None) -> None:
        """Do nothing."""


def _store_articles(store: Store, start: int, batch: Made) -> None:
    with store.batch():
        for number, (title, text) in enumerate(batch, start):
            url = f"https://x.example/{number}"
            article = Article(
                is_article=True, url=url, canonical_url=url, title=title, text=text, language="kk"
            )
            store.record(visit_of(url, article))


def _store_words(store: Store, start: int, batch: Made) -> None:
    with store.batch():
        for number, (title, text) in enumerate(batch, start):
            store.changes.index.add(number, title, text, "kk")


def _bare_table(folder: Path) -> sqlite3.Connection:
    c = sqlite3.connect(folder / "bare.db", isolation_level=None)
    c.execute("PRAGMA journal_mode = WAL")
    c.execute(
        "CREATE VIRTUAL TABLE f USING fts5(title, text, content='', tokenize='unicode61 remove_diacritics 0')"
    )
    return c


def _store_bare(c: sqlite3.Connection, batch: Made) -> None:
    c.execute("BEGIN")
    c.executemany("INSERT INTO f (title, text) VALUES (?, ?)", batch)
    c.execute("COMMIT")


def _read(database: Path, pipe: Connection) -> None:
    reader = Reader(database)
    reader.start()
    pipe.recv()
    reader.done.set()
    reader.join()
    pipe.send(reader.seconds)


if __name__ == "__main__":
    main()
