"""A hundred newspapers with a day's news, crawled in one run: memory, pace, and what a kill in the middle leaves.

python bench/hundred.py [--sites 100] [--data DIR] [--jobs N]

One process serves them on addresses of the loopback network (tests/watch/served.py). The first crawl, with no
delay, fills the archive; then comes a day's news at each site's own delay, and another day whose crawl is killed
(kill -9) when half of its requests are done, and run again. Linux: memory is that of the command and all its
children, from /proc, ten times a second. Exit code 1 where a site was asked too fast, anything is lost or
doubled, `newsbot verify` finds fault, or memory exceeds 500 MB.
"""

from __future__ import annotations

import argparse
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.conftest import environment
from tests.crawl.state import read
from tests.watch.served import FIRST, STEP, Paper, Press, command, served

DELAYS = ((0.25, 0.0), (0.5, 0.0), (1.0, 0.0), (2.0, 0.0), (0.25, 1.5))
"""Seconds between two requests by the profile, and by robots.txt."""
MOST = 500
"""MB."""
TOLERANCE = 0.95
"""Of a delay: what the server sees also depends on how busy both sides are."""


@dataclass
class Run:
    """How a command went."""

    code: int
    seconds: float
    rss: int
    """Most memory of all its processes together, in bytes; pages that they share count for each."""
    pss: int
    """The same, each shared page once."""
    cpu: float
    """Seconds of processor time, of the children that have ended too."""
    said: str


def memory(pid: int) -> tuple[int, int]:
    """Bytes of a process and of its children: resident, and proportional."""
    rss = pss = 0
    for line in _lines(pid, "smaps_rollup"):
        name, _, rest = line.partition(":")
        if name in ("Rss", "Pss"):
            number = int(rest.split()[0]) * 1024
            rss, pss = (rss + number, pss) if name == "Rss" else (rss, pss + number)
    for task in Path(f"/proc/{pid}/task").glob("*"):
        for child in " ".join(_lines(pid, f"task/{task.name}/children")).split():
            more = memory(int(child))
            rss, pss = rss + more[0], pss + more[1]
    return rss, pss


def _lines(pid: int, name: str) -> list[str]:
    try:
        return Path(f"/proc/{pid}/{name}").read_text().splitlines()
    except OSError:  # it has ended
        return []


def crawl(
    press: Press, data: Path, jobs: list[str], kill_after: int | None = None, later: int = 0
) -> Run:
    """One run over all sites, some hours after the news; killed where so many requests have been served."""
    words = command(
        press.moment + timedelta(hours=later),
        "crawl",
        *(p.id for p in press.papers),
        "--data",
        data,
        *jobs,
    )
    began, most, before_it = time.monotonic(), [0, 0], resource.getrusage(resource.RUSAGE_CHILDREN)
    before = sum(len(paper.requests) for paper in press.papers)
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(words, env=environment(), stdout=said, stderr=said)
        while process.poll() is None:
            most = [max(pair) for pair in zip(most, memory(process.pid), strict=True)]
            asked = sum(len(paper.requests) for paper in press.papers) - before
            if kill_after is not None and asked >= kill_after:
                process.send_signal(signal.SIGKILL)
                process.wait()
            time.sleep(0.1)
        said.seek(0)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = used.ru_utime + used.ru_stime - before_it.ru_utime - before_it.ru_stime
        seconds = time.monotonic() - began
        return Run(process.returncode, seconds, most[0], most[1], cpu, said.read())


def too_fast(press: Press) -> Counter[str]:
    """Prints the pace of each kind of site, and returns how many gaps were too short by site."""
    found: Counter[str] = Counter()
    kinds: dict[tuple[float, float], list[tuple[float, int]]] = defaultdict(list)
    for paper in press.papers:
        moments = [moment for moment, _ in paper.requests]
        gaps = [later - sooner for sooner, later in pairwise(moments)]
        # The first gap follows robots.txt, which is yet to be read when it is asked for.
        wanted = [max(paper.delay, paper.crawl_delay)] * len(gaps)
        found[paper.id] = sum(g < TOLERANCE * w for g, w in zip(gaps, wanted, strict=True))
        kinds[paper.delay, paper.crawl_delay].append((min(gaps, default=9.0), len(moments)))
    for (delay, asked), rows in sorted(kinds.items()):
        requests = sorted(number for _, number in rows)
        by = f" (robots.txt: {asked} s)" if asked else ""
        print(
            f"  delay {delay} s{by}: {len(rows)} sites, {requests[0]} to {requests[-1]} requests each, "
            f"smallest gap {min(gap for gap, _ in rows):.3f} s"
        )
    return +found


def wrong(press: Press, data: Path) -> list[str]:
    """What is lost or doubled."""
    stored: dict[str, Counter[str]] = defaultdict(Counter)
    for site, url in read(data, "SELECT site, url FROM articles"):
        stored[site][url] += 1
    found = []
    for paper in press.papers:
        printed = Counter(f"{paper.origin}{article.path}" for article in paper.articles())
        lacks, more = printed - stored[paper.id], stored[paper.id] - printed
        if lacks or more:
            found.append(f"{paper.id}: lacks {list(lacks)[:3]}, has too many: {list(more)[:3]}")
    firsts = read(
        data,
        "SELECT a.url FROM articles a JOIN revisions r ON r.article = a.id GROUP BY a.id HAVING count(*) <> 1",
    )
    return found + [f"{url}: more than one revision" for (url,) in firsts]


def say(title: str, done: Run) -> None:
    print(
        f"{title}: exit code {done.code}, {done.seconds:.0f} s, {done.cpu:.0f} s of CPU; memory {done.rss / 1e6:.0f} MB resident "
        f"({done.pss / 1e6:.0f} MB with shared pages once)",
        flush=True,
    )


def measure(press: Press, data: Path, jobs: list[str]) -> list[str]:
    """All of it; what is not as it should be."""
    bad = []
    delays = [(paper.delay, paper.crawl_delay) for paper in press.papers]
    for paper in press.papers:
        paper.delay = paper.crawl_delay = 0
    press.write_profiles(data)
    first = crawl(press, data, jobs)
    say("first crawl", first)
    for paper, (delay, asked) in zip(press.papers, delays, strict=True):
        paper.delay, paper.crawl_delay = delay, asked
    press.write_profiles(data)

    press.moment += STEP
    _forget(press)
    day = crawl(press, data, jobs)
    say("a day's news", day)
    bad += [f"{site}: {number} gaps too short" for site, number in too_fast(press).items()]
    lines = day.said.splitlines()
    print("\n".join(["  the summary begins:", *(f"  {line}" for line in lines[:5])]))
    if not all(any(line.startswith(paper.id) for line in lines) for paper in press.papers):
        bad.append("the summary lacks a site")
    bad += wrong(press, data)

    requests = sum(len(paper.requests) for paper in press.papers)
    press.moment += STEP
    _forget(press)
    killed = crawl(press, data, jobs, kill_after=requests // 2)
    say("another day, killed", killed)
    (known,) = read(data, "SELECT count(*) FROM articles")[0]
    printed = sum(len(paper.articles()) for paper in press.papers)
    print(f"  {known} of {printed} articles were stored")
    _forget(press)
    again = crawl(press, data, jobs, later=3)
    say("the next run", again)
    requests = sum(len(paper.requests) for paper in press.papers)
    print(f"  {requests} requests")
    bad += [f"{site}: {number} gaps too short" for site, number in too_fast(press).items()]
    bad += wrong(press, data)
    verified = subprocess.run(
        command(press.moment + STEP, "verify", "--data", data), env=environment(), check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    print(f"newsbot verify: exit code {verified.returncode}")
    bad += [] if verified.returncode == 0 else [verified.stdout + verified.stderr]
    for name, done in (("first", first), ("day", day), ("killed", killed), ("again", again)):
        if done.code != (-9 if name == "killed" else 0):
            bad.append(f"{name}: exit code {done.code}: {done.said[-800:]}")
        if done.rss > MOST * 1e6:
            bad.append(f"{name}: more than {MOST} MB")
    return bad


def _forget(press: Press) -> None:
    for paper in press.papers:
        paper.requests.clear()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sites", type=int, default=100)
    parser.add_argument(
        "--data", type=Path, help="the archive, which must not exist; else none is kept"
    )
    parser.add_argument("--jobs")
    args = parser.parse_args()
    papers = []
    for number in range(args.sites):
        delay, asked = DELAYS[number % len(DELAYS)]
        papers.append(Paper(number, rate=3 + number % 6, past=5, delay=delay, crawl_delay=asked))
    with tempfile.TemporaryDirectory() as scratch, served(papers) as press:
        press.moment = FIRST
        jobs = ["--jobs", args.jobs] if args.jobs else []
        bad = measure(press, args.data or Path(scratch) / "data", jobs)
    print("\n".join(bad) or "nothing wrong")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
