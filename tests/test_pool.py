"""Whatever a task does to its process costs that task alone, and no process outlives its parent."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from newsbot import pool as pools
from newsbot.pool import TaskFailed, default_jobs, map_in_order, open_pool
from tests.conftest import ROOT
from tests.harm import act, echo, pid_of


def run(pool: Executor, harms: dict[int, str], number: int = 26) -> dict[int, BaseException]:
    """Errors by task; checks the others' results and the order."""
    errors = {}
    tasks = ((n, (n, harms.get(n, ""))) for n in range(number))
    found = list(map_in_order(pool, act, tasks))
    assert [key for key, _ in found] == list(range(number))
    for key, future in found:
        assert future is not None
        error = future.exception()
        if error:
            errors[key] = error
        else:
            assert future.result() == key
    return errors


@pytest.fixture
def one() -> Iterator[Executor]:
    with open_pool(1, timeout=1.5) as pool:
        yield pool


def is_alive(pid: int) -> bool:
    """Also while one of its threads is: it holds the files still."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z" or len(list(Path(f"/proc/{pid}/task").iterdir())) > 1
    except OSError:
        return False


def wait_for(pids: list[int], seconds: float = 8) -> list[int]:
    """Those that still live after so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and any(map(is_alive, pids)):
        time.sleep(0.05)
    return [pid for pid in pids if is_alive(pid)]


# -- one task's harm ----------------------------------------------------------------------------


def test_a_killing_and_a_hanging_page_cost_themselves(one: Executor) -> None:
    errors = run(one, {3: "exit", 4: "kill", 11: "hang", 20: "raise", 21: "odd", 22: "quit"})
    assert {key: f"{type(e).__name__}: {e}" for key, e in errors.items()} == {
        3: "TaskFailed: its process died (exit code 3)",
        4: "TaskFailed: its process died (SIGKILL)",
        11: "TaskFailed: took longer than 1.5 seconds",
        20: "ValueError: no page",
        21: "TaskFailed: Odd: ",
        22: "TaskFailed: SystemExit: 5",
    }
    assert "in act" in "".join(errors[20].__notes__)


def test_harm_at_two_processes() -> None:
    with open_pool(2, timeout=1.5) as pool:
        assert run(pool, {5: "kill", 6: "kill", 17: "hang", 25: "exit"}).keys() == {5, 6, 17, 25}


def test_waiting_for_a_turn_does_not_count(one: Executor) -> None:
    assert not run(one, dict.fromkeys(range(6), "sleep"), 6)


def test_a_result_that_cannot_travel(one: Executor) -> None:
    assert run(one, {0: "lambda"}, 2).keys() == {0}
    with pytest.raises(Exception, match="pickle"):
        one.submit(lambda: 1)


def test_a_process_that_is_killed_while_it_has_nothing_to_do(one: Executor) -> None:
    for _ in range(2):
        pid = one.submit(pid_of, 0).result(20)
        os.kill(pid, signal.SIGKILL)
        assert not wait_for([pid])
        assert not run(one, {}, 5)


def test_large_pages_both_ways(one: Executor) -> None:
    bodies = [bytes([n]) * 3_000_000 for n in range(6)]
    assert [future.result(20) for future in [one.submit(echo, body) for body in bodies]] == bodies


# -- the interface ------------------------------------------------------------------------------


def test_in_this_process() -> None:
    with open_pool(0) as pool:
        errors = run(pool, {3: "raise"})
        assert pool.submit(pid_of, 1).result() == os.getpid()
    assert list(errors) == [3]


def test_any_executor_will_do() -> None:
    with ThreadPoolExecutor(2) as pool:
        assert list(run(pool, {3: "raise"})) == [3]


@pytest.mark.parametrize("jobs", [0, 1])
def test_tasks_without_arguments_keep_their_place(jobs: int) -> None:
    tasks = [("a", (1,)), ("b", None), ("c", (3,))]
    with open_pool(jobs) as pool:
        found = [(key, f and f.result()) for key, f in map_in_order(pool, act, tasks)]
    assert found == [("a", 1), ("b", None), ("c", 3)]


def test_tasks_are_taken_as_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "_AHEAD", 5)
    monkeypatch.setattr(pools, "_AHEAD_BYTES", 100)
    taken = 0

    def tasks() -> Iterator[tuple[int, tuple[int]]]:
        nonlocal taken
        for taken in range(1, 51):
            yield taken, (taken,)

    with ThreadPoolExecutor(1) as pool, open_pool(0) as here:
        for executor, size, ahead in ((pool, 0, 6), (pool, 30, 4), (here, 0, 1)):
            assert next(map_in_order(executor, act, tasks(), lambda _, s=size: s))[0] == 1  # type: ignore[misc]
            assert taken == ahead


def test_awaited(one: Executor) -> None:
    async def ask() -> list[Any]:
        calls = [asyncio.wrap_future(one.submit(act, n, "raise" if n == 1 else "")) for n in (0, 1)]
        return await asyncio.gather(*calls, return_exceptions=True)

    good, bad = asyncio.run(ask())
    assert good == 0
    assert str(bad) == "no page"


def test_what_is_cancelled_is_not_run(one: Executor) -> None:
    first = one.submit(act, 1, "sleep")
    futures = [one.submit(act, n) for n in range(10)]
    assert futures[9].cancel()
    assert [future.result(20) for future in (first, *futures[:9])] == [1, *range(9)]
    with pytest.raises(CancelledError):
        futures[9].result()


def test_default_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    for processors, jobs in ((1, 0), (2, 1), (4, 2), (64, 2)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, n=processors: set(range(n)))
        assert default_jobs() == jobs


# -- the end ------------------------------------------------------------------------------------


def test_closing_ends_what_hangs() -> None:
    pool = open_pool(2)
    pids = [pool.submit(pid_of, n).result(20) for n in range(2)]
    futures = [pool.submit(act, n, "hang") for n in range(8)]
    time.sleep(0.2)
    began = time.monotonic()
    pool.shutdown()
    assert time.monotonic() - began < 2
    assert not wait_for(pids)
    for future in futures:
        with pytest.raises(TaskFailed, match="closed"):
            future.result(1)
    with pytest.raises(RuntimeError):
        pool.submit(act, 1)
    pool.shutdown()


def test_closing_while_a_process_starts() -> None:
    for wait in (0, 0.02, 0.1):
        pool = open_pool(2)
        futures = [pool.submit(act, n) for n in range(4)]
        time.sleep(wait)
        pool.shutdown()
        assert all(isinstance(f.exception(1), TaskFailed) or f.result() < 4 for f in futures)


def parent(code: str) -> subprocess.Popen[str]:
    """A process of its own with a pool of two."""
    start = "import os, signal, time\nfrom newsbot.pool import open_pool\nfrom tests.harm import act, pid_of\n"
    return subprocess.Popen(
        [sys.executable, "-c", start + code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_processes_end_with_a_killed_parent() -> None:
    """The one that has nothing to do at once, the one that hangs when its time is over."""
    process = parent(
        "pool = open_pool(2, 2)\n"
        "pids = {pool.submit(pid_of, 0).result() for _ in range(400)}\n"
        "pool.submit(act, 0, 'hang')\n"
        "time.sleep(0.5)\n"
        "print(*pids, flush=True)\n"
        "time.sleep(60)\n"
    )
    assert process.stdout
    pids = [int(pid) for pid in process.stdout.readline().split()]
    assert pids
    process.kill()
    process.communicate(timeout=10)
    assert not wait_for(pids)


@pytest.mark.parametrize("interrupt", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("wait", [0.0, 0.05, 0.3])
def test_interrupted_while_processes_start(wait: float, interrupt: str) -> None:
    """Ctrl-C goes to all processes of the terminal; here the parent goes on to its end in order."""
    process = parent(
        f"signal.signal(signal.{interrupt}, lambda *_: None)\n"
        "pool = open_pool(2)\n"
        "futures = [pool.submit(act, n) for n in range(6)]\n"
        f"time.sleep({wait})\n"
        f"os.killpg(0, signal.{interrupt})\n"
        "print([future.result() for future in futures])\n"
        "pool.shutdown()\n"
    )
    assert process.communicate(timeout=30) == ("[0, 1, 2, 3, 4, 5]\n", "")
    assert process.returncode == 0


def test_a_pool_that_nobody_closes_keeps_no_program_from_ending() -> None:
    process = parent(
        "pool = open_pool(2)\npool.submit(act, 1).result()\npool.submit(act, 0, 'hang')\n"
    )
    assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 0
