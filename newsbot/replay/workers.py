"""workers: extraction in processes of its own, so that reading pages does not hold up the network.

A page that makes a worker die or hang costs that page, not the crawl.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from archive.captures import Exchange
from newsbot.profiles import Site
from newsbot.visit.reading import Reading, read

TIMEOUT = 60.0
"""Seconds after which a page is given up; sound pages take milliseconds."""
_ORPHAN_CHECK = 2.0


class ExtractionFailed(Exception):
    """A worker died or took too long over a page."""


class Workers:
    """A pool of `number` extraction processes; none means that pages are read in this process."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._pool: ProcessPoolExecutor | None = None

    async def read(self, exchange: Exchange, site: Site) -> Reading:
        """`newsbot.visit.reading.read` in a worker. Raises `ExtractionFailed`."""
        if not self._number:
            return read(exchange, site)
        if self._pool is None:
            self._pool = start(self._number)
        loop = asyncio.get_running_loop()
        call = loop.run_in_executor(self._pool, read, exchange, site)
        try:
            return await asyncio.wait_for(call, TIMEOUT)
        except (BrokenProcessPool, TimeoutError) as error:
            self.close()
            raise ExtractionFailed(f"{type(error).__name__} while reading the page") from error

    def close(self) -> None:
        """End the processes, also those that hang."""
        pool, self._pool = self._pool, None
        if pool is not None:
            end(pool)


def start(number: int) -> ProcessPoolExecutor:
    """A pool of processes that end with this one."""
    return ProcessPoolExecutor(
        number,
        # A forked Twisted reactor would share our sockets.
        mp_context=get_context("spawn"),
        initializer=_die_with_parent,
        initargs=(os.getpid(),),
    )


def end(pool: ProcessPoolExecutor) -> None:
    """End the processes of a pool, also those that hang."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()


def _die_with_parent(parent: int) -> None:
    """Workers of a killed crawl would wait for work for ever."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_ORPHAN_CHECK)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
