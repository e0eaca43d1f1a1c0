"""Speed and memory of looking through back-files, and how the clock falls with the number of workers.

python -m bench.shelves [--records 4000] [--kilobytes 90] [--large 1000] [--files 150] [--latency 0.05]

A WARC file like those of CC-NEWS (gzip members, one a record, of hosts that no profile names) is made
and looked through in one process, with records of --kilobytes and of 3; then one of --large MB, for the
memory of a worker; then --files small ones behind an HTTP server that takes --latency seconds for each
request, imported with one worker of a Dask cluster on loopback, and with three.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from archive.captures import grammar
from newsbot.replay.plan import Piece
from newsbot.replay.shelves import take
from tests.dask import DaskCluster
from tests.replay.files import Archive
from tests.replay.shelf import shelf

WORDS = ["".join(random.Random(n).choices("abcdeiklmnorstu", k=2 + n % 8)) for n in range(5000)]
WEIGHTS = [1 / (n + 1) ** 1.25 for n in range(5000)]
"""Packs to a quarter, as pages do."""
TAKE = "import sys; from bench.shelves import looked_through; looked_through(sys.argv[1])"


def html(size: int, seed: int) -> bytes:
    drawn, text = random.Random(seed), ""
    while len(text) < size:
        words = " ".join(drawn.choices(WORDS, WEIGHTS, k=40))
        text += f'<div class="c{drawn.randint(0, 50)}"><p>{words}</p></div>\n'
    return text[:size].encode()


def make(path: Path, records: int, size: int, host: str = "other") -> None:
    """A WARC file in which each record is of another host."""
    bodies = [html(int(size * (0.5 + n / 30)), n) for n in range(30)]
    with path.open("wb") as file:
        for n in range(records):
            body = bodies[n % 30]
            fields = [
                ("WARC-Record-ID", f"<urn:uuid:{n:032x}>"),
                ("WARC-Date", f"2024-01-06T00:{n // 60 % 60:02}:{n % 60:02}Z"),
                ("WARC-Target-URI", f"https://{host}{n % 500}.example/2024/01/{n}.html"),
                ("WARC-IP-Address", "192.0.2.1"),
                ("WARC-Payload-Digest", grammar.digest(body)),
                ("Content-Type", grammar.HTTP_RESPONSE),
            ]
            head = [("Content-Type", "text/html; charset=utf-8"), ("Server", "nginx")]
            block = grammar.http_head(200, head, "HTTP/1.1") + body
            file.write(gzip.compress(grammar.build("response", fields, block), 6))


def looked_through(name: str) -> None:
    """Prints records, seconds of the processor, and peak MB of this process."""
    began, records, place = time.process_time(), 0, (0, 0)
    while place is not None:
        taken = take(Piece(name), frozenset({"gazet.example"}), place)
        records, place = records + taken.counts["records"], taken.next
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([records, time.process_time() - began, peak]))


def speed(path: Path) -> str:
    command = [sys.executable, "-c", TAKE, str(path)]
    records, seconds, peak = json.loads(subprocess.check_output(command))
    return (
        f"{records} records, {records / seconds:.0f} a second of the processor, peak {peak:.0f} MB"
    )


def imported(folder: Path, address: str, files: int, workers: int) -> float:
    """Seconds by the clock, once all workers have read a file."""
    archive = Archive(folder / f"{workers}" / "data")
    names = [f"{address}/{n}.warc.gz" for n in range(files)]
    with DaskCluster(folder, workers) as cluster:
        time.sleep(10)
        archive.load(*(Piece(f"{name}?") for name in names[:8]), scheduler=cluster.address)
        began = time.monotonic()
        archive.load(*map(Piece, names), scheduler=cluster.address)
        return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--records", type=int, default=4000)
    parser.add_argument("--kilobytes", type=int, default=90)
    parser.add_argument("--large", type=int, default=1000)
    parser.add_argument("--files", type=int, default=150)
    parser.add_argument("--latency", type=float, default=0.05)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "w.warc.gz"
        for size in (arguments.kilobytes * 1000, 3000):
            make(path, arguments.records, size)
            print(f"{size / 1000:.0f} kB a record: {speed(path)}", flush=True)
        make(path, 1000, arguments.kilobytes * 1000)
        data = path.read_bytes()
        with path.open("wb") as file:
            for _ in range(arguments.large * 1_000_000 // len(data) + 1):
                file.write(data)
        print(f"{path.stat().st_size / 1e6:.0f} MB: {speed(path)}", flush=True)
        path.unlink()
        folder = Path(scratch) / "shelf"
        folder.mkdir()
        for n in range(arguments.files):
            make(folder / f"{n}.warc.gz", 20, 20_000, "gazet" if n == 0 else "other")
        with shelf(folder, arguments.latency) as (address, _):
            clocks = {}
            for workers in (1, 3):
                (Path(scratch) / f"{workers}").mkdir()
                clocks[workers] = imported(Path(scratch), address, arguments.files, workers)
                print(f"{workers} workers: {clocks[workers]:.1f} s", flush=True)
            print(f"efficiency {clocks[1] / clocks[3] / 3:.2f}")


if __name__ == "__main__":
    main()
