"""bench/export: articles to JSON Lines, CSV and Parquet, beside bare loops over the same rows: speed, and memory.

    python -m bench.export --articles 50000 [--keep FOLDER]

The bare loop asks SQLite for the same columns of the same articles in the same order, and writes each row with
`json.dumps`; it knows nothing of stories, types or counts. That of pyarrow takes the rows of an export, makes their dates
with `datetime.fromisoformat`, and writes batches of 5,000 by `from_pylist` with the same schema and compression. All run in processes of their own, in turns.
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
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime
from itertools import islice
from pathlib import Path

from archive.derive import digest
from archive.export.columns import COLUMNS
from archive.export.formats import FORMATS
from archive.export.parquet import schema
from archive.export.rows import rows
from archive.query import Selection, ids
from archive.store import Store, open_database
from archive.store.rows import insert, to_json

STEMS = "су тасқын ауыл мектеп жол облыс әкім бала үй көлік егін мал дәрігер қала өзен көпір жаңа үлкен биыл көмек".split()
ENDINGS = ",ы,ға,да,дан,лар,ларға,лардың,мен,сыз".split(",")
BARE = "SELECT a.*, s.name, s.region, s.url, c.url, c.fetched_at, c.warc, c.warc_offset, c.record_id, c.payload_digest FROM articles a JOIN sites s ON s.id = a.site LEFT JOIN captures c ON c.id = a.capture ORDER BY a.site, a.published IS NULL, a.published, a.url"


def fill(folder: Path, number: int) -> None:
    """An archive of so many articles of about 3,000 letters, every tenth reprinted; made row by row, without index."""
    words = [stem + ending for stem in STEMS for ending in ENDINGS]
    chosen = random.Random(1)
    with Store(folder) as store, store.transaction() as c:
        for site in range(20):
            c.execute(
                "INSERT INTO sites (id, name, url, region, timezone) VALUES (?, ?, ?, 'jambyl', 'Asia/Almaty')",
                (f"site{site}", f"Газет {site}", f"https://site{site}.example/"),
            )
        for n in range(1, number + 1):
            _article(c, n, words, chosen)


def _article(c: sqlite3.Connection, n: int, words: list[str], chosen: random.Random) -> None:
    site, moment = f"site{n % 20}", f"2026-{1 + n % 12:02}-{1 + n % 28:02}T08:00:00Z"
    url = f"https://{site}.example/{n}"
    text = "\n\n".join(" ".join(chosen.choices(words, k=60)).capitalize() + "." for _ in range(7))
    fields = {
        "title": text[:60], "text": text, "captions": "[]", "authors": '["Асан Үсенов"]',
        "published": moment.replace("Z", "+05:00"), "published_raw": "20 қараша", "section": "Қоғам", "language": "kk",
        "image": url + ".jpg", "editions": "[]", "layout": "a/b", "charset": "utf-8", "flags": "[]",
        "sources": to_json({"title": "layout", "text": "layout", "published": "json-ld"}),
    }  # fmt: skip
    c.execute(
        "INSERT INTO captures (id, site, visit, url, fetched_at, status, payload_digest, payload_length, warc, warc_offset, "
        "warc_length, warc_crc, record_id, article, result, reading) "
        "VALUES (?1, ?2, ?1, ?3, ?4, 200, 'sha1:X', 9, 'w', ?1, 9, 9, ?5, ?1, 'article', ?1)",
        (n, site, url, moment, f"<urn:uuid:{n:036}>"),
    )
    if n % 10 == 1:
        c.execute("INSERT INTO stories VALUES (?, ?, 2, 2)", (n, n))
    insert(c, "articles", fields | {
        "id": n, "site": site, "url": url, "first_seen": moment, "last_seen": moment, "capture": n, "views": n % 999,
        "story": n - (n - 1) % 10 if n % 10 in (1, 2) else None,
    })  # fmt: skip
    values = {name: json.loads(v) if v[:1] in "[{" else v for name, v in fields.items()}
    insert(c, "readings", fields | {
        "id": n, "article": n, "digest": digest(values | {"tags": []}), "tags": "[]",
    })  # fmt: skip
    c.execute(
        "INSERT INTO revisions (article, number, seen_at, capture, reading) VALUES (?1, 1, ?2, ?1, ?1)",
        (n, moment),
    )
    c.execute("INSERT INTO aliases VALUES (?, ?, ?)", (url, n, moment))


def bare(folder: Path, to: Path) -> None:
    """The bare loop."""
    with closing(sqlite3.connect(folder / "news.db")) as c, to.open("w", encoding="utf-8") as out:
        cursor = c.execute(BARE)
        names = [column[0] for column in cursor.description]
        for row in cursor:
            out.write(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n")


def export(folder: Path, to: Path, kind: str = "jsonl") -> None:
    """What `newsbot export` does."""
    with closing(open_database(folder).conn) as c, to.open("wb") as out:
        c.execute("BEGIN")
        FORMATS[kind].write(rows(c, ids(c)), out)


def csv(folder: Path, to: Path) -> None:
    """The same as CSV."""
    export(folder, to, "csv")


def parquet(folder: Path, to: Path) -> None:
    """The same as Parquet."""
    export(folder, to, "parquet")


def bare_parquet(folder: Path, to: Path) -> None:
    """The bare loop of pyarrow."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    instants = [column.name for column in COLUMNS if column.type == "instant"]
    with closing(open_database(folder).conn) as c, to.open("wb") as out:
        left = rows(c, ids(c))
        with pq.ParquetWriter(out, schema(), compression="zstd", compression_level=3) as writer:
            while some := list(islice(left, 5000)):
                for row in some:
                    for of, name in (
                        *((row, name) for name in instants),
                        (row["capture"], "fetched_at"),
                    ):
                        of[name] = of[name] and datetime.fromisoformat(of[name])
                    row["published_date"] = date.fromisoformat(row["published_date"])
                writer.write_batch(pa.RecordBatch.from_pylist(some, schema()))


def past(folder: Path, to: Path) -> None:
    """The articles as of the middle of the year."""
    chosen = Selection(as_of="2026-07-01T00:00:00Z")
    with closing(open_database(folder).conn) as c, to.open("wb") as out:
        FORMATS["jsonl"].write(rows(c, ids(c, chosen), chosen), out)


def measured(what: Callable[[Path, Path], None], folder: Path, to: Path) -> tuple[float, float]:
    """Seconds of the processor, and megabytes at most."""
    queue: multiprocessing.Queue[tuple[float, float]] = multiprocessing.Queue()

    def work() -> None:
        started = time.process_time()
        what(folder, to)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        queue.put((time.process_time() - started, peak))

    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    found = queue.get()
    process.join()
    return found


def main() -> None:
    """Print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary) / "data"
        if not (folder / "news.db").exists():
            fill(folder, asked.articles)
        found: dict[str, list[tuple[float, float]]] = {}
        for _ in range(asked.rounds):
            for what in (bare, export, csv, past, bare_parquet, parquet):
                to = Path(temporary) / what.__name__
                found.setdefault(what.__name__, []).append(measured(what, folder, to))
        medians = {name: statistics.median(one for one, _ in runs) for name, runs in found.items()}
        for name, runs in found.items():
            seconds = medians[name]
            base = medians["bare_parquet" if name == "parquet" else "bare"]
            size = (Path(temporary) / name).stat().st_size / 1e6
            print(f"{name:12} {seconds:6.1f} s of CPU, {base / seconds:4.2f} of the bare loop, "
                  f"{max(peak for _, peak in runs):4.0f} MB, file {size:.0f} MB", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
