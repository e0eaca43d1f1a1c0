"""A Dask cluster on loopback: a real scheduler and real workers, as processes of their own."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from bench.importing import children
from tests.conftest import ROOT, environment

_ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",  # 3 by default: workers take time to begin
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
}


class DaskCluster:
    """A scheduler and so many workers, each of them kept alive as a service manager would."""

    def __init__(self, folder: Path, workers: int = 3, **variables: str) -> None:
        self._folder = folder
        self._variables = variables
        """Of the scheduler's environment, that are others than a worker's."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self._port}"
        self.scheduler = self._start_scheduler()
        self.workers: list[subprocess.Popen[bytes]] = []
        for _ in range(workers):
            self.add_worker()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end(*self.workers, self.scheduler)

    def _start_scheduler(self) -> subprocess.Popen[bytes]:
        options = "--host", "127.0.0.1", "--port", str(self._port), "--no-dashboard"
        return self._start("dask_scheduler", *options, **self._variables)

    def add_worker(self, *options: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start a worker; it has a processor, and no limit of memory, if `options` say nothing else."""
        folder = self._folder / f"worker-{len(list(self._folder.glob('worker-*')))}"
        folder.mkdir()
        worker = self._start(
            "dask_worker", self.address, "--nthreads", "1", "--no-dashboard", "--death-timeout", "60",
            "--memory-limit", "0", "--local-directory", str(folder), *options, **variables,
        )  # fmt: skip
        self.workers.append(worker)
        return worker

    def end(self, *processes: subprocess.Popen[bytes]) -> None:
        """End processes of the cluster for good."""
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:  # one that is just beginning may not hear
                process.kill()
                process.wait()
        self.workers = [worker for worker in self.workers if worker not in processes]

    def _start(self, program: str, *options: str, **variables: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{program}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{program}", *options],
                cwd=self._folder, env=environment() | _ENVIRONMENT | variables,
                stderr=log, stdout=log,
            )  # fmt: skip

    def restart_scheduler(self) -> None:
        """Kill it, and start another; the workers end with it, and are started again."""
        self.scheduler.kill()
        self.scheduler.wait()
        for worker in self.workers:
            worker.kill()  # one that had not found it yet would wait for its time
            worker.wait(30)
        self.scheduler = self._start_scheduler()
        self.revive()

    def kill_worker(self) -> None:
        """Kill the process of a worker at once; the one that looks after it starts another."""
        while not (found := self._worker_pids()):
            self.revive()
            time.sleep(0.05)
        os.kill(random.choice(found), signal.SIGKILL)

    def revive(self) -> None:
        """Start again what has ended: a worker with its scheduler, or as it died while it began."""
        for worker in [worker for worker in self.workers if worker.poll() is not None]:
            self.workers.remove(worker)
            self.add_worker()

    def _worker_pids(self) -> list[int]:
        """Of the processes that work, not of those that look after them."""
        found = []
        for process in self.workers:
            for pid in children(process.pid):
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
                found += [pid] if b"spawn_main" in command else []
        return found
