"""bench/captures: what an archive's captures take on disk: gzip members, zstd, zstd with a dictionary.

    python -m bench.captures DATA [--try]

The pages of DATA are written again as if they had been served without a content encoding, because
that is how newsbot asks for them. `--try` compares levels and sizes of dictionaries, on records that
the dictionary was trained on and on others.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archive.captures import dictionaries, pack, read_records
from archive.captures.dictionaries import Dictionary
from archive.captures.files import site_files
from archive.captures.grammar import Exchange
from archive.captures.reading import raw_records
from archive.captures.streams import Stream
from archive.captures.writing import gzip_member
from archive.store import Store
from newsbot.visit.decoding import Undecodable, decode
from newsbot.visit.limits import DOWNLOAD_MAXSIZE

GOAL = 0.25


def as_served_plain(exchange: Exchange) -> Exchange | None:
    """An exchange without its content encoding; None where that cannot be undone."""
    encodings = [v for n, v in exchange.headers if n.lower() == "content-encoding"]
    try:
        body = decode(exchange.body, encodings, max_size=DOWNLOAD_MAXSIZE)
    except Undecodable:
        return None
    left_out = ("content-encoding", "content-length") if encodings else ()
    headers = [
        (n, v.encode().decode("latin-1")) for n, v in exchange.headers if n.lower() not in left_out
    ]
    return Exchange(exchange.url, exchange.fetched_at, exchange.status, headers, body)


def exchanges(data: Path, site: str) -> list[Exchange]:
    """All whole pages of a site, plain."""
    records = (r for path in site_files(data / "warc" / site, site) for r in read_records(path))
    found = (
        as_served_plain(record.exchange)
        for record in records
        if record.type == "response" and record.exchange and not record.error
    )
    return [exchange for exchange in found if exchange]


@dataclass
class Written:
    """What newsbot made of a site's pages."""

    records: list[bytes]
    loose: int
    """Bytes as .warc.gz."""
    packed: int
    """Bytes of all files after packing, dictionary and its copy included."""
    write_ms: float
    pack_ms: float
    read_ms: float


def write(data: Path, site: str, pages: Sequence[Exchange]) -> Written:
    """Crawl's end: pages into a new archive, packed; each record compared with what it was."""
    with Store(data, "bench") as store:
        writer = store.captures(site)
        start = time.process_time()
        for page in pages:
            moment = datetime.fromisoformat(page.fetched_at)
            writer.write(page.url, page.status, page.headers, page.body, moment)
        write_ms = (time.process_time() - start) * 1000 / len(pages)
        folder = data / "warc" / site
        before = list(all_records(folder, site))
        start = time.process_time()
        pack(store, site)
        pack_ms = (time.process_time() - start) * 1000 / len(pages)
    start = time.process_time()
    digests = [r.is_intact for path in site_files(folder, site) for r in read_records(path)]
    read_ms = (time.process_time() - start) * 1000 / len(digests)
    assert list(all_records(folder, site)) == before, "a record changed"
    return Written(
        before,
        sum(len(gzip_member(record)) for record in before),
        sum(path.stat().st_size for path in folder.iterdir()),
        write_ms,
        pack_ms,
        read_ms,
    )


def all_records(folder: Path, site: str) -> Iterable[bytes]:
    for path in site_files(folder, site):
        with path.open("rb") as file:
            for raw in raw_records(Stream(file)):
                assert raw.error is None, (path, raw)
                yield raw.data


def table(rows: Iterable[Sequence[object]], *heads: str) -> None:
    print(f"\n| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for row in rows:
        print(f"| {' | '.join(f'{c:.3f}' if isinstance(c, float) else str(c) for c in row)} |")


def measure(pack_one: Callable[[bytes], bytes], records: Sequence[bytes]) -> tuple[int, float]:
    """Bytes, and milliseconds a record."""
    start = time.process_time()
    size = sum(len(pack_one(record)) for record in records)
    return size, (time.process_time() - start) * 1000 / len(records)


def try_ways(site: str, records: Sequence[bytes]) -> None:
    """Levels without a dictionary, and with dictionaries trained on every other record."""
    seen, unseen = records[::2][: dictionaries.SAMPLES], records[1::2]
    loose, _ = measure(gzip_member, unseen)
    rows: list[Sequence[object]] = []

    def one(name: str, level: int, dictionary: Dictionary | None) -> None:
        pack_one = dictionary.compress if dictionary else dictionaries.compress
        size, ms = measure(lambda record: pack_one(record, level), unseen)
        head = 2 * len(dictionary.frame) if dictionary else 0
        rows.append((name, level, head, size / loose, (size + head) / loose, ms))

    for level in (3, 12, 19):
        one("none", level, None)
    for kilobytes in (64, 112, 256, 512):
        dictionary = dictionaries.train(seen, kilobytes << 10)
        for level in (3, 9, 12, 15, 19):
            if dictionary:
                one(f"{kilobytes} kB", level, dictionary)
    print(f"\n{site}: {len(unseen)} records that no dictionary was trained on, gzip {loose} bytes")
    table(rows, "dictionary", "level", "its bytes, twice", "of gzip", "with dictionary", "ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--try", action="store_true", dest="tries")
    args = parser.parse_args()
    rows: list[Sequence[object]] = []
    for folder in sorted((args.data / "warc").iterdir()):
        pages = exchanges(args.data, folder.name)
        if not pages:
            continue
        with tempfile.TemporaryDirectory() as place:
            done = write(Path(place), folder.name, pages)
        share = done.packed / done.loose
        verdict = "yes" if share <= GOAL else "no"
        times = (f"{ms:.2f}" for ms in (done.write_ms, done.pack_ms, done.read_ms))
        rows.append(
            (folder.name, len(done.records), done.loose, done.packed, share, verdict, *times)
        )
        if args.tries:
            try_ways(folder.name, done.records)
    table(
        rows, "site", "records", ".warc.gz, bytes", "as newsbot keeps them", "share", "≤ ¼",
        "writing, ms", "packing, ms", "reading, ms",
    )  # fmt: skip


if __name__ == "__main__":
    main()
