"""bench/parquet: how fast an archive becomes Parquet, beside a bare loop of pyarrow over the same rows, and its memory.

    python -m bench.parquet [--articles 200000] [--words 200] [--repeats 3]

The archive is made of words by chance, by SQL alone. Each way runs in a process of its own, in turns, and tells the
seconds of the processor that it took and the most memory that it held:
  rows     the rows of an export, thrown away
  newsbot  the same rows written by `archive.export.parquet`
  bare     the same rows, their dates made by datetime.fromisoformat, in batches of 5,000 through
           `RecordBatch.from_pylist` and `ParquetWriter.write_batch`, with the same schema and compression
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, BinaryIO

from archive.export.columns import COLUMNS
from archive.export.parquet import schema, write_parquet
from archive.export.rows import rows
from archive.query import ids
from archive.store import DATABASE, open_database
from archive.store.schema import create

_SITES = 30
_BATCH = 5000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=200_000)
    parser.add_argument("--words", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, args.articles, args.words)
        times: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(args.repeats):
            for way, taken in times.items():
                seconds, memory = _apart(folder, way)
                taken.append(seconds)
                print(f"{way:8} {seconds:7.1f} s {memory:6.0f} MB", flush=True)
    took = {way: statistics.median(taken) for way, taken in times.items()}
    print(f"newsbot / bare, whole: {took['bare'] / took['newsbot']:.2f} of its speed")
    ours, bare = took["newsbot"] - took["rows"], took["bare"] - took["rows"]
    print(f"newsbot / bare, writing alone: {bare / ours:.2f} of its speed")


def make(folder: Path, articles: int, words: int) -> None:
    """An archive of so many articles, without index, frontier and WARC files."""
    chance = random.Random(1)
    letters = "аәбвгғдежзийкқлмнңоөпрстуұүфхһшыі"
    known = ["".join(chance.choices(letters, k=chance.randint(2, 11))) for _ in range(50_000)]
    day = datetime(2019, 1, 1, 9)
    sources = json.dumps(
        {"title": "layout", "text": "layout", "published": "json-ld", "authors": "layout"}
    )
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as c:
        create(c)
        c.execute("PRAGMA synchronous = OFF")
        c.execute("BEGIN")
        for site in range(_SITES):
            row = (
                f"site{site}",
                f"Газет {site}",
                f"https://site{site}.example/",
                "jambyl",
                "Asia/Almaty",
            )
            c.execute(
                "INSERT INTO sites (id, name, url, region, timezone) VALUES (?, ?, ?, ?, ?)", row
            )
        for number in range(1, articles + 1):
            site = f"site{number % _SITES}"
            url = f"https://{site}.example/{number}"
            at = f"{day + timedelta(minutes=15 * number):%Y-%m-%dT%H:%M:%S}"
            text = "\n\n".join(" ".join(chance.choices(known, k=words // 4)) for _ in range(4))
            read = (
                " ".join(chance.choices(known, k=8)), text, json.dumps(["Ерлан Қасым"]), f"{at}+05:00", at,
                "Қоғам", "kk", f"{url}.jpg", "generic/post", "utf-8", sources,
            )  # fmt: skip
            digest = f"{number:064x}"
            c.execute(
                "INSERT INTO captures (id, site, visit, url, fetched_at, status, payload_digest, payload_length, warc, "
                "warc_offset, warc_length, warc_crc, record_id, article, result) "
                "VALUES (?1, ?2, ?1, ?3, ?4, 200, ?5, 1, ?6, ?1, 1, 0, ?7, ?1, 'article')",
                (
                    number,
                    site,
                    url,
                    f"{at}Z",
                    f"sha1:{digest[:32]}",
                    f"warc/{site}/{site}-2026-01.warc.gz",
                    f"<urn:uuid:{digest}>",
                ),
            )
            fields = "title, text, authors, published, published_raw, section, language, image, layout, charset, sources"
            marks = ", ".join("?" * len(read))
            c.execute(
                f"INSERT INTO articles (id, site, url, first_seen, last_seen, capture, {fields}) VALUES (?, ?, ?, ?, ?, ?, {marks})",
                (number, site, url, f"{at}Z", f"{at}Z", number, *read),
            )
            c.execute(
                f"INSERT INTO readings (id, article, digest, {fields}) VALUES (?, ?, ?, {marks})",
                (number, number, f"sha256:{digest}", *read),
            )
            c.execute(
                "INSERT INTO revisions (article, number, seen_at, capture, reading) VALUES (?1, 1, ?2, ?1, ?1)",
                (number, f"{at}Z"),
            )
        c.execute("COMMIT")


def _rows(found: Iterator[dict[str, Any]], _: BinaryIO) -> None:
    for _row in found:
        pass


def _bare(found: Iterator[dict[str, Any]], out: BinaryIO) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    parse = {c.name: datetime.fromisoformat for c in COLUMNS if c.type == "instant"}
    parse["published_date"] = date.fromisoformat  # type: ignore[assignment]
    with pq.ParquetWriter(out, schema(), compression="zstd", compression_level=3) as writer:
        while some := list(islice(found, _BATCH)):
            for row in some:
                for name, made in parse.items():
                    if row[name] is not None:
                        row[name] = made(row[name])
                row["capture"]["fetched_at"] = datetime.fromisoformat(row["capture"]["fetched_at"])
            writer.write_batch(pa.RecordBatch.from_pylist(some, schema()))


WAYS = {"rows": _rows, "newsbot": write_parquet, "bare": _bare}


def _apart(folder: Path, way: str) -> tuple[float, float]:
    """Seconds and MB of one way, in a process of its own."""
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_run, args=(folder, way, theirs))
    process.start()
    process.join()
    seconds, memory = ours.recv()
    return seconds, memory


def _run(folder: Path, way: str, told: Connection) -> None:
    c = open_database(folder).conn
    with (folder / f"{way}.parquet").open("wb") as out:
        begun = time.process_time()
        WAYS[way](rows(c, ids(c)), out)
        seconds = time.process_time() - begun
    told.send((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000))


if __name__ == "__main__":
    main()
