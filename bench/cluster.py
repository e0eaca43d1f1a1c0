"""What a Dask cluster costs: processors and memory of all its processes, beside one process's.

python -m bench.cluster [--pages 3000 | --data FOLDER --sites-dir FOLDER] [--workers 3] [--rounds 3] [--latency 0.05]

An archive, of the example newspaper's pages if none is named, is read again (`reextract --all --dry-run`): by one process
with `--jobs 0`, and by a scheduler and workers on this machine, in turns; the best round of each counts.
Processor time of the cluster is that of the command, the scheduler and the workers while the command
ran. Then 600 tasks that only wait (`--latency` seconds each, as a far disk has a worker wait) show what part of the
workers' time is used.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from bench.importing import bodies, children, make_warc, resident
from newsbot.cluster import open_pool
from newsbot.pool import map_in_order
from tests.dask import DaskCluster

ROOT = Path(__file__).parent.parent
SITES = ["--sites-dir", str(ROOT / "newsbot/demo/sites")]
TASKS = 600


def run(*words: object) -> tuple[float, float, float]:
    """Seconds of processors and by the clock, and peak MB, of a command of newsbot's."""
    began, used, peak = time.monotonic(), os.times(), 0.0
    process = subprocess.Popen(
        [sys.executable, "-m", "newsbot", *map(str, words), *SITES],
        cwd=ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    while process.poll() is None:
        peak = max(peak, resident(process.pid))
        time.sleep(0.5)
    if process.returncode:
        sys.exit(f"{words}: exit code {process.returncode}")
    now = os.times()
    work = now.children_user + now.children_system - used.children_user - used.children_system
    return work, time.monotonic() - began, peak


def family(pids: Iterable[int]) -> list[int]:
    """Processes, and all that they have started."""
    return [one for pid in pids for one in (pid, *family(children(pid)))]


def worked(pids: Iterable[int]) -> float:
    """Seconds of processors that processes have used."""
    fields = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids)
    return sum(int(f[11]) + int(f[12]) for f in fields) / os.sysconf("SC_CLK_TCK")


def show(name: str, work: float, clock: float, memory: str) -> None:
    print(f"{name}: {work:.1f} s of processors, {clock:.1f} s by the clock; {memory}", flush=True)


def compare(data: Path, cluster: DaskCluster, rounds: int) -> None:
    """Print what one process takes, what the cluster takes, and how they compare."""
    command = ("reextract", "--all", "--dry-run", "--data", data)
    alone, together = [], []
    for _ in range(rounds):
        alone.append(run(*command, "--jobs", "0"))
        others = family(p.pid for p in (*cluster.workers, cluster.scheduler))
        before = worked(others)
        work, clock, peak = run(*command, "--scheduler", cluster.address)
        theirs = worked(others) - before
        workers = [resident(pid) for pid in others]
        together.append((work + theirs, clock, peak, work, max(workers)))
    best, other = min(alone), min(together)
    show("one process", best[0], best[1], f"{best[2]:.0f} MB")
    memory = f"command {other[2]:.0f} MB, largest other process {other[4]:.0f} MB"
    show(f"cluster (the command itself {other[3]:.1f} s)", other[0], other[1], memory)
    print(
        f"processors: {other[0] / best[0]:.2f} times one process; clock: {best[1] / other[1]:.2f} times as fast"
    )


def efficiency(cluster: DaskCluster, latency: float) -> None:
    """Print what part of the workers' time tasks take that only wait."""
    with open_pool(scheduler=cluster.address) as pool:
        began = time.monotonic()
        for _ in map_in_order(pool, time.sleep, ((n, (latency,)) for n in range(TASKS))):
            pass
        clock = time.monotonic() - began
    used = TASKS * latency / len(cluster.workers) / clock
    print(f"{TASKS} tasks of {latency:g} s: {clock:.1f} s by the clock, efficiency {used:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=3000)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sites-dir")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency", type=float, default=0.05)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        warc, data = folder / "p.warc.gz", arguments.data or folder / "data"
        if arguments.data:
            SITES[1:] = [arguments.sites_dir] if arguments.sites_dir else []
        else:
            make_warc(warc, bodies([], 0), arguments.pages)
            run("import", "warc", warc, "--data", data, "--jobs", 0)
        with DaskCluster(folder, arguments.workers) as cluster:
            with open_pool(scheduler=cluster.address) as pool:
                while getattr(pool, "workers", 0) < arguments.workers:
                    time.sleep(0.2)
            compare(data, cluster, arguments.rounds)
            efficiency(cluster, arguments.latency)


if __name__ == "__main__":
    main()
