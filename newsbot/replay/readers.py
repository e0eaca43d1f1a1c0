"""readers: reads captured pages in processes of its own, in chunks, answers in the order asked.

A page that makes a process die or hang costs that page, not the import.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from newsbot.profiles import Site
from newsbot.replay.reading import Page, Reading, read_all
from newsbot.replay.workers import TIMEOUT, end, start

Pages = Sequence[tuple[Page, Site]]


class Answer:
    """The readings of a chunk of pages, when they are there."""

    def __init__(self, readers: Readers, pages: Pages) -> None:
        self._readers = readers
        self._pages = pages
        self._future = readers.ask(pages)

    def result(self) -> list[Reading]:
        """Wait for them. A page that cannot be read has an error instead of an article."""
        readings = self._readers.wait(self._future, self._pages)
        if readings is None:  # one of them is the culprit, or another chunk's was
            readings = [self._readers.read_alone(page) for page in self._pages]
        return readings


class Readers:
    """A pool of `number` processes; none means that pages are read in this process."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._pool: ProcessPoolExecutor | None = None

    def read(self, pages: Pages) -> Answer:
        """Hand over a chunk of pages."""
        return Answer(self, pages)

    def ask(self, pages: Pages) -> Future[list[Reading]] | None:
        """What `read` does; None where nobody but the caller reads."""
        if not self.number:
            return None
        if self._pool is None:
            self._pool = start(self.number)
        try:
            return self._pool.submit(read_all, pages)
        except BrokenProcessPool:
            self.close()
            return self.ask(pages)

    def wait(self, future: Future[list[Reading]] | None, pages: Pages) -> list[Reading] | None:
        """The readings of one chunk, None where its process died or hangs."""
        if future is None:
            return read_all(pages)
        try:
            return future.result(TIMEOUT)
        except (BrokenProcessPool, CancelledError):
            return None
        except TimeoutError:
            self.close()
            return None

    def read_alone(self, page: tuple[Page, Site]) -> Reading:
        """Read one page that was in bad company."""
        future = self.ask([page])
        readings = self.wait(future, [page])
        if readings is None:
            self.close()
            return Reading(error="a process died or took too long while reading the page")
        return readings[0]

    def close(self) -> None:
        """End the processes, also those that hang."""
        pool, self._pool = self._pool, None
        if pool is not None:
            end(pool)
