"""pool: articles read again in processes of their own, results in the order of the tasks.

A page that makes a process die or hang costs that page, not the run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path

from newsbot.profiles import Site
from newsbot.replay.reread import Result, Task, reread
from newsbot.replay.workers import TIMEOUT, end, start

CHUNK = 8
"""Tasks that travel together; reading takes milliseconds, travelling tenths of one."""
_WAITING = 4
"""Chunks to a process that are under way, so that none is ever idle."""
_BROKEN = (BrokenProcessPool, CancelledError, TimeoutError)

Chunk = list[tuple[Task, Site | None]]


def spread(
    folder: Path, sites: Mapping[str, Site], tasks: Iterable[Task], jobs: int
) -> Iterator[Result]:
    """What reading each article again comes to, in the tasks' order; 0 jobs read in this process."""
    paired = ((task, sites.get(task.site)) for task in tasks)
    if not jobs:
        for task, site in paired:
            yield reread(folder, site, task)
        return
    pool = _Pool(folder, jobs)
    try:
        while chunk := list(islice(paired, CHUNK)):
            pool.give(chunk)
            if pool.is_busy:
                yield from pool.take()
        while pool.has_work:
            yield from pool.take()
    finally:
        pool.close()


class _Pool:
    """Processes, and the chunks under way in the order in which they were given."""

    def __init__(self, folder: Path, jobs: int) -> None:
        self._folder = folder
        self._jobs = jobs
        self._executor: ProcessPoolExecutor | None = None
        self._chunks: deque[tuple[Chunk, Future[list[Result]]]] = deque()

    @property
    def has_work(self) -> bool:
        return bool(self._chunks)

    @property
    def is_busy(self) -> bool:
        return len(self._chunks) >= _WAITING * self._jobs

    def give(self, chunk: Chunk) -> None:
        self._chunks.append((chunk, self._submit(chunk)))

    def take(self) -> list[Result]:
        """The results of the first chunk."""
        chunk, future = self._chunks.popleft()
        try:
            return future.result(TIMEOUT * len(chunk))
        except _BROKEN:  # by one of its articles, or by another chunk's
            self.close()
            results = [self._alone(task, site) for task, site in chunk]
            waiting = [other for other, _ in self._chunks]
            self._chunks.clear()
            for other in waiting:
                self.give(other)
            return results

    def _alone(self, task: Task, site: Site | None) -> Result:
        try:
            return self._submit([(task, site)]).result(TIMEOUT)[0]
        except _BROKEN:
            self.close()
            reason = "a process died or took too long while reading the page"
            return Result(task.article, task.url, task.site, "unread", reason=reason)

    def _submit(self, chunk: Chunk) -> Future[list[Result]]:
        if self._executor is None:
            self._executor = start(self._jobs)
        try:
            return self._executor.submit(_reread, self._folder, chunk)
        except BrokenProcessPool as error:  # it broke meanwhile; waiting for it tells
            broken: Future[list[Result]] = Future()
            broken.set_exception(error)
            return broken

    def close(self) -> None:
        """End the processes, also those that hang."""
        executor, self._executor = self._executor, None
        if executor is not None:
            end(executor)


def _reread(folder: Path, chunk: Chunk) -> list[Result]:
    return [reread(folder, site, task) for task, site in chunk]
