"""Speed and memory of `newsbot import warc`, beside extraction alone of the same pages in the same run.

python bench/importing.py [--urls FILE...] [--pages 10000] [--jobs N...] [--sites-dir DIR] [--keep WARC]

--urls are lists of addresses, a line each, or JSON Lines with a `url`; each is fetched once. Without
them the pages of the example newspaper are taken. They are repeated under new addresses, put into a
WARC file of one gzip member a record (--keep keeps it for the next run), and imported: by way of the
command, with each number of --jobs into a new archive, then a second time, then from an uncompressed
copy. Extraction alone reads the same bodies from memory in one process, before and after each import.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.captures import read_records
from newsbot import urls
from newsbot.demo.articles import load_articles
from newsbot.demo.render import render_site
from newsbot.pool import default_jobs
from newsbot.profiles import Site, load_sites
from newsbot.visit.reading import read

ORIGIN = "http://127.0.0.1:8765"
ROOT = Path(__file__).parent.parent
START = datetime(2024, 1, 1, tzinfo=UTC)
COMMAND = "from newsbot.cli.import_ import import_; import sys; sys.exit(import_.main(standalone_mode=False))"


def addresses(lists: list[Path]) -> Iterator[str]:
    for path in lists:
        for line in path.read_text("utf-8").splitlines():
            if line.strip():
                yield json.loads(line)["url"] if line.startswith("{") else line.strip()


def bodies(lists: list[Path], most: int) -> list[tuple[str, bytes]]:
    """Addresses and pages, fetched or rendered."""
    if not lists:
        everything = load_articles()
        rendered = render_site(ORIGIN, everything)
        return [(f"{ORIGIN}{a.path}", rendered[a.path].body) for a in everything]
    found = []
    for url in addresses(lists):
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                found.append((url, answer.read()))
        except OSError as error:
            print(f"{url}: {error}", file=sys.stderr)
        if len(found) == most:
            break
    return found


def make_warc(path: Path, pages: list[tuple[str, bytes]], number: int) -> None:
    """A WARC of so many records, as other programs write them."""
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for n, (url, body) in zip(range(number), repeated(pages), strict=False):
            writer.write_record(
                writer.create_warc_record(
                    url,
                    "response",
                    payload=io.BytesIO(body),
                    http_headers=StatusAndHeaders(
                        "200 OK",
                        [("Content-Type", "text/html; charset=utf-8")],
                        protocol="HTTP/1.1",
                    ),
                    warc_headers_dict={
                        "WARC-Date": (START + timedelta(seconds=n)).strftime("%Y-%m-%dT%H:%M:%SZ")
                    },
                )
            )


def repeated(pages: list[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """The pages again and again, each time under new addresses."""
    yield from pages
    for turn in count(2):
        for url, body in pages:
            other = f"{url.rstrip('/')}-{turn}"
            yield other, body.replace(url.rstrip("/").encode(), other.encode())


def unpack(packed: Path, plain: Path) -> None:
    with gzip.open(packed) as file, plain.open("wb") as out:
        shutil.copyfileobj(file, out, 1 << 20)


def timed(command: list[str]) -> tuple[float, float, float, str]:
    """Seconds by the clock and of processors, peak MB of all processes, and standard output."""
    peak = 0.0
    began = time.monotonic()
    used = os.times()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def watch() -> None:
        nonlocal peak
        while process.poll() is None:
            peak = max(peak, sum(map(resident, [process.pid, *children(process.pid)])))
            time.sleep(0.2)

    thread = threading.Thread(target=watch)
    thread.start()
    output, _ = process.communicate()
    thread.join()
    if process.returncode:
        sys.exit(f"{command}: exit code {process.returncode}")
    seconds, now = time.monotonic() - began, os.times()
    work = now.children_user + now.children_system - used.children_user - used.children_system
    return seconds, work, peak, output


def resident(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, ValueError, IndexError):
        return 0.0


def children(pid: int) -> list[int]:
    """Processes that any of its threads has started."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += path.read_text().split()
    return [int(child) for child in found]


def extraction_alone(path: Path, sites: dict[str, Site]) -> tuple[float, float]:
    """Pages a second of extraction in this process, out of memory: by the clock, of the processor."""
    hosts = {netloc: site for site in sites.values() for netloc in site.netlocs}
    pages = [
        (e, hosts[urls.netloc(e.url)])
        for e in (record.exchange for record in read_records(path))
        if e
    ]
    began, used = time.monotonic(), time.process_time()
    for exchange, site in pages:
        read(exchange, site)
    return len(pages) / (time.monotonic() - began), len(pages) / (time.process_time() - used)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--urls", type=Path, nargs="*", default=[])
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, nargs="*", default=[0, default_jobs()])
    parser.add_argument("--sites-dir", type=Path)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    folder = arguments.sites_dir or (ROOT / "tests/rigs/sites" if arguments.urls else None)
    folder = folder or ROOT / "newsbot/demo/sites"
    if arguments.alone:
        print(*extraction_alone(Path(arguments.alone), load_sites(folder)))
        return

    with tempfile.TemporaryDirectory() as scratch:
        packed = arguments.keep or Path(scratch) / "p.warc.gz"
        if not packed.exists():
            make_warc(packed, bodies(arguments.urls, arguments.pages), arguments.pages)
        plain = Path(scratch) / "p.warc"
        unpack(packed, plain)
        size = f"{packed.stat().st_size / 1e6:.0f} MB packed, {plain.stat().st_size / 1e6:.0f} MB"
        print(f"{arguments.pages} records, {size}", flush=True)

        def alone() -> tuple[float, float]:
            """In a process of its own, whose memory is its own."""
            again = [sys.executable, __file__, "--alone", str(packed), "--sites-dir", str(folder)]
            clock, processor = timed(again)[3].split()
            return float(clock), float(processor)

        def imported(
            path: Path, data: Path, jobs: int
        ) -> tuple[float, float, float, dict[str, int]]:
            command = [sys.executable, "-c", COMMAND, "warc", str(path), "--data", str(data)]
            options = ["--jobs", str(jobs), "--sites-dir", str(folder), "--json"]
            *figures, output = timed([*command, *options])
            found = json.loads(output)
            return *figures, {**found["outcomes"], "known": found["known"]}  # type: ignore[return-value]

        before = alone()
        for jobs in arguments.jobs:
            data = Path(scratch) / f"data{jobs}"
            seconds, work, peak, outcomes = imported(packed, data, jobs)
            after = alone()
            clock, processor = ((a + b) / 2 for a, b in zip(before, after, strict=True))
            before = after
            print(f"--jobs {jobs}: { ({k: v for k, v in outcomes.items() if v}) }")
            print(
                f"  by the clock: {arguments.pages / seconds:.1f} pages/s, extraction alone "
                f"{clock:.1f}: {arguments.pages / seconds / clock:.2f} of that"
            )
            print(
                f"  a processor second: {arguments.pages / work:.1f} pages, extraction alone "
                f"{processor:.1f}: {arguments.pages / work / processor:.2f} of that"
            )
            print(f"  peak resident memory of all processes: {peak:.0f} MB", flush=True)
        dump = digest(data)
        for name, path in (("again", packed), ("from an uncompressed file", plain)):
            seconds, work, _, outcomes = imported(path, data, jobs)
            changed = {k: v for k, v in outcomes.items() if v and k != "known"}
            same = "equal" if digest(data) == dump else "NOT equal"
            print(
                f"{name}: {seconds:.1f} s, {work:.1f} s of processors; changed: "
                f"{changed or 'nothing'}; all rows but those of `imports` {same}"
            )


def digest(data: Path) -> str:
    """SHA-256 of everything in news.db but the list of imports."""
    with closing(sqlite3.connect(data / "news.db")) as connection:
        summed = hashlib.sha256()
        for line in connection.iterdump():
            if not line.startswith('INSERT INTO "imports"'):
                summed.update(line.encode())
        return summed.hexdigest()


if __name__ == "__main__":
    main()
