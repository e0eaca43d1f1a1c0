"""A Dask cluster on loopback: a real scheduler and real workers, as processes of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Self

from tests.conftest import ROOT, environment


class DaskCluster:
    """A scheduler and so many workers, each of them kept alive as a service manager would."""

    def __init__(self, folder: Path, workers: int = 3) -> None:
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self._port}"
        self.scheduler = self._start_scheduler()
        self.workers = [self._start_worker(number) for number in range(workers)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (*self.workers, self.scheduler):
            process.terminate()
        for process in (*self.workers, self.scheduler):
            process.wait(20)

    def _start_scheduler(self) -> subprocess.Popen[bytes]:
        options = "--host", "127.0.0.1", "--port", str(self._port), "--no-dashboard"
        return self._start("dask_scheduler", *options)

    def _start_worker(self, number: int) -> subprocess.Popen[bytes]:
        return self._start(
            "dask_worker", self.address, "--nthreads", "1", "--no-dashboard", "--death-timeout", "60",
            "--memory-limit", "0", "--local-directory", str(self._folder / f"worker-{number}"),
        )  # fmt: skip

    def _start(self, program: str, *options: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{program}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{program}", *options],
                cwd=ROOT, env=environment(), stderr=log, stdout=log,
            )  # fmt: skip

    def worker_pids(self) -> list[int]:
        """Of the processes that work, not of those that look after them."""
        found = []
        for process in self.workers:
            threads = Path(f"/proc/{process.pid}/task").glob("*/children")  # any may have begun it
            for pid in (int(child) for path in threads for child in path.read_text().split()):
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
                found += [pid] if b"spawn_main" in command else []
        return found

    def restart_scheduler(self) -> None:
        """Kill it, and start another; the workers end with it, and are started again."""
        self.scheduler.send_signal(signal.SIGKILL)
        self.scheduler.wait()
        for worker in self.workers:
            worker.wait(30)
        self.scheduler = self._start_scheduler()
        self.workers = [self._start_worker(number) for number in range(len(self.workers))]

    def kill_worker(self, pid: int | None = None) -> None:
        """Kill the process of a worker at once; the one that looks after it starts another."""
        os.kill(pid or self.worker_pids()[0], signal.SIGKILL)
