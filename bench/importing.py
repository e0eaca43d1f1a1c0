"""Speed and memory of `newsbot import warc`, beside extraction alone of the same pages in the same run.

python bench/importing.py [--urls FILE...] [--pages 10000] [--jobs N] [--sites-dir DIR]

--urls are lists of addresses, a line each, or JSON Lines with a `url`; each is fetched once. Without
them the pages of the example newspaper are taken. They are repeated under new addresses, put into a
WARC file of one gzip member a record, and imported: by way of the command, then a second time, then
from an uncompressed copy. Extraction alone reads the same bodies from memory, before and after the
import, in one process and in as many as the import has.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.captures import read_records
from newsbot import urls
from newsbot.demo.articles import load_articles
from newsbot.demo.render import render_site
from newsbot.importing.readers import Readers
from newsbot.importing.reading import Page, read
from newsbot.importing.warc import default_jobs
from newsbot.profiles import Site, load_sites

ORIGIN = "http://127.0.0.1:8765"
ROOT = Path(__file__).parent.parent
START = datetime(2024, 1, 1, tzinfo=UTC)
COMMAND = "from newsbot.cli.importing import import_; import sys; sys.exit(import_.main(standalone_mode=False))"


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
    data, out = packed.read_bytes(), plain.open("wb")
    with out:
        while data:
            member = zlib.decompressobj(31)
            out.write(member.decompress(data))
            data = member.unused_data


def timed(command: list[str]) -> tuple[float, float, str]:
    """Seconds, peak MB of all processes together, and standard output."""
    peak = 0.0
    began = time.monotonic()
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
    return time.monotonic() - began, peak, output


def resident(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, ValueError, IndexError):
        return 0.0


def children(pid: int) -> list[int]:
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [int(child) for child in found]


def extraction_alone(path: Path, sites: dict[str, Site], jobs: int) -> float:
    """Pages a second of extraction in one process (`jobs` 0) or several, out of memory."""
    hosts = {netloc: site for site in sites.values() for netloc in site.netlocs}
    pages = [
        (
            Page(e.url, e.status, e.body, datetime.fromisoformat(e.fetched_at), "text/html"),
            hosts[urls.netloc(e.url)],
        )
        for e in (record.exchange for record in read_records(path))
        if e
    ]
    if not jobs:
        began = time.monotonic()
        for page, site in pages:
            read(page, site)
        return len(pages) / (time.monotonic() - began)
    readers = Readers(jobs)
    readers.read(pages[:1]).result()
    began = time.monotonic()
    for answer in [readers.read(pages[n : n + 16]) for n in range(0, len(pages), 16)]:
        answer.result()
    rate = len(pages) / (time.monotonic() - began)
    readers.close()
    return rate


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--urls", type=Path, nargs="*", default=[])
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=default_jobs())
    parser.add_argument("--sites-dir", type=Path)
    parser.add_argument("--alone", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    folder = arguments.sites_dir or (ROOT / "tests/rigs/sites" if arguments.urls else None)
    folder = folder or ROOT / "newsbot/demo/sites"
    if arguments.alone:
        path, jobs = arguments.alone
        print(extraction_alone(Path(path), load_sites(folder), int(jobs)))
        return

    def alone(jobs: int) -> float:
        """In a process of its own, whose memory is its own."""
        again = [sys.executable, __file__, "--alone", str(packed), str(jobs)]
        return float(timed([*again, "--sites-dir", str(folder)])[2])

    with tempfile.TemporaryDirectory() as scratch:
        packed, plain, data = (Path(scratch) / name for name in ("p.warc.gz", "p.warc", "data"))
        make_warc(packed, bodies(arguments.urls, arguments.pages), arguments.pages)
        unpack(packed, plain)
        size = f"{packed.stat().st_size / 1e6:.0f} MB packed, {plain.stat().st_size / 1e6:.0f} MB"
        print(f"{arguments.pages} records, {size}; {arguments.jobs} jobs", flush=True)

        def imported(path: Path) -> tuple[float, float, dict[str, int]]:
            command = [sys.executable, "-c", COMMAND, "warc", str(path), "--data", str(data)]
            options = ["--jobs", str(arguments.jobs), "--sites-dir", str(folder), "--json"]
            seconds, peak, output = timed([*command, *options])
            found = json.loads(output)
            return seconds, peak, {**found["outcomes"], "known": found["known"]}

        before = alone(0), alone(arguments.jobs)
        seconds, peak, outcomes = imported(packed)
        after = alone(0), alone(arguments.jobs)
        single, several = ((a + b) / 2 for a, b in zip(before, after, strict=True))
        rate = arguments.pages / seconds
        print({name: number for name, number in outcomes.items() if number})
        print(f"extraction alone: {single:.1f} pages/s in one process, {several:.1f} in as many")
        print(f"import: {rate:.1f} pages/s, {rate / single:.2f} and {rate / several:.2f} of that")
        print(f"peak resident memory of all processes: {peak:.0f} MB")
        for name, path in (
            ("second import", packed),
            ("the same from an uncompressed file", plain),
        ):
            seconds, _, outcomes = imported(path)
            changed = {k: v for k, v in outcomes.items() if v and k != "known"}
            print(f"{name}: {seconds:.1f} s, changed: {changed or 'nothing'}")


if __name__ == "__main__":
    main()
