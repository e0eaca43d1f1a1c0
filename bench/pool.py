"""The pool beside pebble and the pools of the standard library: speed, memory, and faults.

python bench/pool.py [--pages 2000] [--rounds 3]     (needs `pip install pebble`)

Speed: `extract` of the example newspaper's pages, one or 16 to a task, at one and two processes, the
pools in turn and the best round of each; beside it the same pages in one process. Faults: each pool
in a process of its own has 26 tasks at one worker, of which one does harm; what became of the others?
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pebble

from bench.importing import bodies, children, resident
from newsbot.extraction import extract
from newsbot.pool import open_pool
from newsbot.profiles import EXAMPLE_DIR, Site, load_sites

ROOT = Path(__file__).parent.parent
MOMENT = datetime(2024, 1, 1, tzinfo=UTC)
Page = tuple[bytes, str, Site]
Submit = Callable[..., Any]


def read(pages: list[Page]) -> list[Any]:
    return [extract(body, url, fetched_at=MOMENT, site=site) for body, url, site in pages]


def open_ours(jobs: int, timeout: float) -> tuple[Submit, Callable[[], object]]:
    pool = open_pool(jobs, timeout)
    return pool.submit, pool.shutdown


def open_pebble(jobs: int, timeout: float) -> tuple[Submit, Callable[[], object]]:
    pool = pebble.ProcessPool(jobs, context=get_context("spawn"))

    def close() -> None:
        pool.stop()
        pool.join()

    return lambda fn, *args: pool.schedule(fn, args, timeout=timeout), close


def open_executor(jobs: int, _: float) -> tuple[Submit, Callable[[], object]]:
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    return pool.submit, lambda: pool.shutdown(wait=False, cancel_futures=True)


def open_multiprocessing(jobs: int, _: float) -> tuple[Submit, Callable[[], object]]:
    pool = get_context("spawn").Pool(jobs)

    def submit(fn: Any, *args: Any) -> Future[Any]:
        future: Future[Any] = Future()
        pool.apply_async(fn, args, {}, future.set_result, future.set_exception)
        return future

    return submit, pool.terminate


POOLS = {
    "newsbot.pool": open_ours,
    "pebble": open_pebble,
    "ProcessPoolExecutor": open_executor,
    "multiprocessing.Pool": open_multiprocessing,
}


# -- speed --------------------------------------------------------------------------------------


def pages_of_demo(number: int) -> list[Page]:
    site = load_sites(EXAMPLE_DIR)["aqbulaq"]
    return [(body, url, site) for url, body in islice(cycle(bodies([], 0)), number)]


def speed(submit: Submit, pages: list[Page], batch: int, storing: float) -> tuple[float, float]:
    """Pages a second, and seconds of this process's processor a thousand pages.

    This process is at work for `storing` seconds a page, as one that stores is.
    """
    under_way: deque[Any] = deque()
    began, used = time.monotonic(), time.process_time()

    def take() -> None:
        for _ in under_way.popleft().result():
            until = time.perf_counter() + storing
            while time.perf_counter() < until:
                pass

    for start in range(0, len(pages), batch):
        under_way.append(submit(read, pages[start : start + batch]))
        if len(under_way) * batch > 128:
            take()
    while under_way:
        take()
    work = time.process_time() - used - storing * len(pages)
    return len(pages) / (time.monotonic() - began), work / len(pages) * 1000


def measure(number: int, rounds: int, storing: float) -> None:
    pages = pages_of_demo(number)
    best: dict[tuple[Any, ...], tuple[float, float, float]] = {}
    for _ in range(rounds):
        began = time.monotonic()
        read(pages)
        key: tuple[Any, ...] = ("this process", "", "")
        best[key] = max(best.get(key, (0, 0, 0)), (number / (time.monotonic() - began), 0, 0))
        for jobs in (1, 2):
            for name, opened in POOLS.items():
                submit, close = opened(jobs, 60)
                for future in [submit(read, pages[:40]) for _ in range(2 * jobs)]:
                    future.result()
                for batch in (1, 16):
                    rate, work = speed(submit, pages, batch, storing)
                    memory = sum(map(resident, children(os.getpid())))
                    key = (name, jobs, batch)
                    best[key] = max(best.get(key, (0, 0, 0)), (rate, work, memory))
                close()
                time.sleep(1)
    alone = best["this process", "", ""][0]
    print(f"{storing * 1000:g} ms of storing a page")
    print("pool, processes, pages a task: pages/s, of one process, ms of the parent a page, MB")
    for key, (rate, work, memory) in best.items():
        print(*key, f"{rate:.0f}", f"{rate / alone:.2f}", f"{work:.2f}", f"{memory:.0f}", sep="\t")


# -- faults -------------------------------------------------------------------------------------


def task(number: int, harm: str) -> int:
    if number == 7:
        if harm == "exit":
            os._exit(3)
        if harm == "hang":
            re.match(r"(a+)+$", "a" * 60 + "b")  # C code that never lets go of the interpreter
        if harm == "raise":
            raise ValueError("no page")
    time.sleep(0.01)
    return number


def run_harm(name: str, harm: str) -> None:
    """In a process of its own: 26 tasks, one of which does harm."""
    submit, close = POOLS[name](1, 2)
    if harm == "start":
        signal.signal(signal.SIGINT, lambda *_: None)  # as a crawl ends in order
        submit(task, 0, harm)
        time.sleep(0.03)
        os.killpg(0, signal.SIGINT)
    if harm == "idle":
        submit(task, 0, harm).result()
        for pid in children(os.getpid()):
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
        time.sleep(1)
    good, errors = 0, set()
    futures = []
    for number in range(26):
        try:
            futures.append(submit(task, number, harm))
        except Exception as error:
            errors.add(type(error).__name__)
    for future in futures:
        try:
            future.result(10)
            good += 1
        except Exception as error:
            errors.add(type(error).__name__)
    began = time.monotonic()
    close()
    print(
        f"{good} of 26 good",
        *sorted(errors),
        f"closed in {time.monotonic() - began:.1f} s",
        sep=", ",
    )
    sys.stdout.flush()


def orphans(name: str) -> str:
    """What is left when the parent was killed and the time of its hanging task is over."""
    code = f"import time; from bench.pool import POOLS, task; s, _ = POOLS[{name!r}](2, 10); "
    code += "s(task, 7, 'hang'); s(task, 1, '').result(); time.sleep(1); print(flush=True); time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout
    parent.stdout.readline()
    before = children(parent.pid)
    parent.kill()
    parent.wait()
    time.sleep(12)
    left = [pid for pid in before if Path(f"/proc/{pid}/stat").exists()]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    return f"{len(left)} of {len(before)} processes left"


def try_faults() -> None:
    for harm in ("raise", "exit", "hang", "idle", "start"):
        for name in POOLS:
            command = [sys.executable, "-m", "bench.pool", "--harm", name, harm]
            process = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                start_new_session=True,
            )  # fmt: skip
            try:
                output, noise = process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                output, noise = "hangs", process.communicate()[1]
            print(harm, name, output.strip() or f"exit code {process.returncode}",
                  f"{len(noise.splitlines())} lines on stderr", sep="\t", flush=True)  # fmt: skip
    for name in POOLS:
        print("parent killed", name, orphans(name), sep="\t", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--storing", type=float, default=0.0, help="milliseconds a page")
    parser.add_argument("--harm", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.harm:
        run_harm(*arguments.harm)
        return
    measure(arguments.pages, arguments.rounds, arguments.storing / 1000)
    try_faults()


if __name__ == "__main__":
    main()
