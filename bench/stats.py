"""bench/stats: how long `newsbot stats` and `newsbot stats words` take over many articles.

    python -m bench.stats FILE.txt --articles 200000 --data DIR     one sentence a line; articles are made of them

The articles are those of `bench.search`, spread over newspapers of all regions.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path

from archive import stats
from archive.frequencies import count_words, frequent
from archive.query import EVERYTHING, selection
from archive.store import Store, open_database
from bench.search import archive_of, articles_of
from newsbot.profile_values import REGIONS

SECTIONS = ("Қоғам", "Мәдениет", "Спорт", "Білім", None)


def spread(folder: Path) -> None:
    """Give the articles newspapers, regions, sections; some are edited, gone, reprinted."""
    with Store(folder) as store, store.transaction() as c:
        sites = [(f"{region}{n}", region) for region in REGIONS for n in range(5)]
        c.executemany(
            "INSERT OR IGNORE INTO sites (id, name, url, region, timezone) VALUES (?1, ?1, ?1, ?2, 'Asia/Almaty')",
            sites,
        )
        c.execute(
            "UPDATE articles SET site = json_extract(?1, '$[' || (id % ?2) || ']'), "
            "section = json_extract(?3, '$[' || (id % ?4) || ']'), revision = 1 + (id % 11 = 0), "
            "gone_since = CASE WHEN id % 50 = 0 THEN '2026-01-01T00:00:00Z' END",
            (
                json.dumps([site for site, _ in sites]),
                len(sites),
                json.dumps(SECTIONS),
                len(SECTIONS),
            ),
        )


def main() -> None:
    """Build the archive where it is not there yet, and print times."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--articles", type=int, default=200_000)
    parser.add_argument("--data", type=Path, required=True)
    args = parser.parse_args()
    sentences = args.file.read_text("utf-8").splitlines()
    with archive_of(articles_of(sentences, args.articles, 1), args.data) as c:
        done = c.execute("SELECT count(*) FROM sites").fetchone()[0] > 1
    if not done:
        spread(args.data)
    c = open_database(args.data).conn
    one = selection(region="jambyl")
    fields = (*stats.USUAL, *stats.FIELDS)
    ways: dict[str, Callable[[], object]] = {
        "articles by month": lambda: stats.count(c, EVERYTHING, ["month"], ["articles"]),
        "the usual, by month and region": lambda: stats.count(c, EVERYTHING, ["month", "region"]),
        "all fields, by month and region": lambda: stats.count(c, EVERYTHING, ["month", "region"], fields),
        "the usual of one region, by month": lambda: stats.count(c, one, ["month"]),
        "words of one region, by month": lambda: stats.count(c, one, ["month"], ["words"]),
        "words, by year": lambda: stats.count(c, EVERYTHING, ["year"], ["words"]),
        "a word, by month and region": lambda: count_words(c, EVERYTHING, ["мектеп"], ["month", "region"]),
        "two words in a row, by month and region": lambda: count_words(c, EVERYTHING, ["су тасқыны"], ["month", "region"]),
        "the most frequent of one region": lambda: frequent(c, one, 30, "keyness"),
        "the most frequent": lambda: frequent(c, EVERYTHING, 30),
    }  # fmt: skip
    for name, way in ways.items():
        started = time.perf_counter(), time.thread_time()
        way()
        clock, processor = time.perf_counter() - started[0], time.thread_time() - started[1]
        print(f"{name}: {clock:.1f} s, {processor:.1f} s of the processor", flush=True)
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
