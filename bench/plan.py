"""Reading an index as large as one file of Common Crawl's table: bytes, requests, memory, processor time.

`python -m bench.plan --files 8 --table FILE`: a table of three million rows of 60,000 hosts in three row groups is made
where there is none, and asked for one newspaper as `newsbot import warc --index` does: on the disk, and once over HTTP.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from newsbot.replay.indexes import Hosts, find
from tests.replay.shelf import shelf

ROWS = 1_000_000


def group(first: str, rng: np.random.Generator) -> pa.Table:
    """Rows in the order of their keys, as wide as those of the table."""
    hosts = sorted(
        {f"kz,{first}{n:05}" for n in rng.integers(0, 99_999, 20_000)} | {f"kz,{first}ours"}
    )
    keys = [hosts[n] for n in np.sort(rng.integers(0, len(hosts), ROWS))]
    names = [".".join(reversed(key.split(","))) for key in keys]
    ids = [f"/news/{n:x}/title-of-an-article-{n % 9999}" for n in rng.integers(0, 10**9, ROWS)]
    files = [
        f"crawl-data/CC-MAIN-2026-40/segments/{n}/warc/CC-MAIN-20260901-{n:05}.warc.gz"
        for n in range(90_000)
    ]
    return pa.table(
        {
            "url_surtkey": [f"{key}){path}" for key, path in zip(keys, ids, strict=True)],
            "url": [f"https://{name}{path}" for name, path in zip(names, ids, strict=True)],
            "url_host_name": names,
            "fetch_status": np.full(ROWS, 200, np.int16),
            "content_digest": [f"{n:032X}" for n in rng.integers(0, 2**62, ROWS)],
            "content_mime_type": ["text/html"] * ROWS,
            "warc_filename": [files[n] for n in rng.integers(0, len(files), ROWS)],
            "warc_record_offset": rng.integers(0, 10**9, ROWS).astype(np.int32),
            "warc_record_length": rng.integers(2_000, 60_000, ROWS).astype(np.int32),
        }
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--files", type=int, default=1, help="Read it so many times, four at once."
    )
    options.add_argument(
        "--table", type=Path, help="A table that was made before, or is kept there."
    )
    args = options.parse_args()
    with TemporaryDirectory() as folder:
        path = args.table or Path(folder, "part-0.parquet")
        if not path.exists():
            rng = np.random.default_rng(1)
            first = group("a", rng)
            with pq.ParquetWriter(path, first.schema, compression="gzip") as writer:
                for table in (first, group("m", rng), group("t", rng)):
                    writer.write_table(table, row_group_size=ROWS)
            print("made; run again with --table for figures of memory")
        hosts, begun = Hosts({"mours.kz": "ours"}), time.process_time()
        found = find([str(path)] * args.files, hosts)
        print(
            f"{args.files} files of {path.stat().st_size / 1e6:.0f} MB: {sum(found.sites.values())} records, "
            f"{time.process_time() - begun:.1f} s of the processor, at most "
            f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB"
        )
        with shelf(path.parent) as (address, asked):
            find([f"{address}/{path.name}"], hosts)
            print(f"one of them behind HTTP: {len(asked)} requests")


if __name__ == "__main__":
    main()
