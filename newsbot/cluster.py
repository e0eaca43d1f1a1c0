"""cluster: workers on other machines instead of processes on this one: a Dask cluster behind the pool.

`open_pool` gives the one or the other, and whoever has pages read cannot tell them apart. Dask itself
is loaded where an address of a scheduler is given.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import re
import sys
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from functools import cache, partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from archive.errors import ArchiveUsageError
from newsbot import SOFTWARE
from newsbot.extraction import rules_version
from newsbot.pool import TaskFailed, answer_of, call_all, make, settle
from newsbot.pool import open_pool as open_processes

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    import distributed

logger = logging.getLogger(__name__)

PATIENCE = 600.0
"""Seconds for which a scheduler may be away, or be without workers, before a run gives up."""
_CONNECT = 15.0
_LOOK = 0.5
_ADDRESS = re.compile(r"(?:(?:tcp|tls|ucx|wss?)://)?[^/\s]+:\d+/?")
_LEVEL = 1
"""Of zstd: pages shrink to a fifth in a third of a millisecond."""

P = ParamSpec("P")
R = TypeVar("R")


class ClusterError(ArchiveUsageError):
    """The cluster cannot be used; what was stored before is stored, and the next run carries on."""


def open_pool(jobs: int | None = None, scheduler: str | None = None) -> Executor:
    """`pool.open_pool`; with the address of a Dask `scheduler`, its workers. Raises `ClusterError`."""
    return Cluster(scheduler, jobs) if scheduler else open_processes(jobs)


def near(pool: Executor) -> Executor:
    """The pool itself, or of a cluster one whose processes see the disks of this machine."""
    return pool.near if isinstance(pool, Cluster) else pool


class Cluster(Executor):
    """The workers of a Dask scheduler.

    A worker that dies costs its tasks another try, on another one; those over which several died fail
    (`TaskFailed`). A scheduler that is restarted gets anew what it was at. Whatever else a cluster can
    do wrong is a `ClusterError`.
    """

    batch_bytes = 1_000_000
    """`map_in_order` hands over so much at a time, before it is packed."""

    def __init__(self, scheduler: str, jobs: int | None = None, patience: float = PATIENCE) -> None:
        self._address = scheduler
        self._patience = patience
        self._lock = threading.Lock()
        self._under_way: set[_Task] = set()
        self._lost: set[_Task] = set()
        """Those of them that no scheduler has."""
        self._ended: ClusterError | None = None
        self._is_closed = threading.Event()
        self._client = self._connect()
        self._jobs = jobs
        self._near: Executor | None = None
        try:
            self.workers = self._check()
            """Threads of all workers."""
        except BaseException:
            self._client.close(timeout=_CONNECT)
            raise
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def ahead(self) -> int:
        """Tasks under way that keep all workers busy."""
        return 2 * max(self.workers, 1) + 2

    @property
    def near(self) -> Executor:
        """For what must see the disks of this machine."""
        with self._lock:
            self._near = self._near or open_processes(self._jobs)
        return self._near

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Have a function called that can be imported by a worker. Raises `ClusterError`."""
        task = _Task((fn, args, kwargs))
        with self._lock:
            if self._ended:
                raise self._ended
            self._under_way.add(task)
        self._send(task)
        return task.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = True) -> None:
        """Give up what is under way."""
        self._is_closed.set()
        self._fail(ClusterError("the pool was closed"))
        self._client.close(timeout=_CONNECT)
        if self._near:
            self._near.shutdown()

    # -- the connection -------------------------------------------------------------------------

    def _connect(self) -> distributed.Client:
        try:
            import dask
            from distributed import Client
        except ImportError:
            raise ClusterError(
                "--scheduler needs Dask: pip install 'newsbot[cluster]', here and for the workers"
            ) from None
        if not _ADDRESS.fullmatch(self._address):
            raise ClusterError(
                f"{self._address} is no address of a scheduler: tcp://HOST:PORT is one"
            )
        for name in [name for name in logging.root.manager.loggerDict if "distributed" in name]:
            logging.getLogger(name).setLevel(logging.CRITICAL)  # we say it in our words
        dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"})
        try:
            return Client(self._address, timeout=_CONNECT, set_as_default=False, name="newsbot")
        except (OSError, ValueError, ImportError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ClusterError(
                f"no Dask scheduler answers at {self._address} ({reason}): start one with "
                "`dask scheduler`, or name another with --scheduler"
            ) from None

    def _check(self) -> int:
        """Threads of the workers that are there. Raises `ClusterError` where one is not like us."""
        try:
            found = self._client.run(version, on_error="return")
            for worker, said in sorted(found.items()):
                if isinstance(said, Exception):
                    raise ClusterError(_without(f"worker {worker}", said))
                if said != version():
                    raise ClusterError(_other(f"worker {worker}", said, version()))
            return self._count()
        except (OSError, TimeoutError) as error:
            raise ClusterError(f"the scheduler at {self._address} went away: {error}") from None

    def _count(self) -> int:
        return sum(self._client.nthreads(callback_timeout=_CONNECT).values())

    def _watch(self) -> None:
        """Send again what was lost with a scheduler; give up where nobody works for too long."""
        alive, is_told = time.monotonic(), False
        while not self._is_closed.wait(_LOOK):
            self.workers = self._look()
            if self.workers:
                alive, is_told = time.monotonic(), False
                with self._lock:
                    lost, self._lost = self._lost, set()
                for task in lost:
                    self._send(task)
                continue
            away = time.monotonic() - alive
            if away > _CONNECT and not is_told:
                is_told = True
                logger.warning(
                    "the scheduler at %s has no worker now: waiting for %g seconds",
                    self._address,
                    self._patience,
                )
            if self._under_way and away > self._patience:
                self._fail(
                    ClusterError(
                        f"the scheduler at {self._address} has had no worker for "
                        f"{self._patience:g} seconds: start some with `dask worker {self._address}`; "
                        "the next run carries on"
                    )
                )

    def _look(self) -> int:
        """Threads of all workers; 0 where the scheduler does not answer. Connects anew if need be."""
        try:
            if self._client.status == "closed":
                self._client = self._connect()
                with self._lock:
                    self._lost = set(self._under_way)
                if self._is_closed.is_set():
                    self._client.close(timeout=_CONNECT)
            return self._count()
        except Exception:
            logger.debug("the scheduler is away", exc_info=True)
            return 0

    # -- tasks ----------------------------------------------------------------------------------

    def _send(self, task: _Task) -> None:
        try:
            name = f"newsbot-{uuid.uuid4().hex}"
            sent = self._client.submit(
                pickle.loads, task.call, key=name, pure=False, priority=task.priority
            )
            sent.add_done_callback(partial(self._end, task))
        except Exception:
            logger.debug("the scheduler is away", exc_info=True)
            self._lose(task)

    def _lose(self, task: _Task) -> None:
        with self._lock:
            if task in self._under_way:
                self._lost.add(task)

    def _end(self, task: _Task, sent: distributed.Future[Any]) -> None:
        """Take what came of a task; called in a thread of Dask's."""
        answer: bytes | Exception
        try:
            if sent.status in ("cancelled", "lost"):  # for the connection broke
                self._lose(task)
                return
            if sent.status == "error":
                answer = _explained(sent.exception())
            else:
                answer = zstd.decompress(sent.result())
        except (OSError, CancelledError, asyncio.CancelledError):
            self._lose(task)
            return
        except Exception as error:
            answer = ClusterError(f"an answer cannot be taken: {type(error).__name__}: {error}")
        with self._lock:
            if task not in self._under_way:  # it was sent twice
                return
            self._under_way.remove(task)
            self._lost.discard(task)
        settle(task.future, answer)

    def _fail(self, error: ClusterError) -> None:
        with self._lock:
            self._ended = error
            tasks, self._under_way, self._lost = self._under_way, set(), set()
        for task in tasks:
            task.future.set_exception(error)


class _Task:
    """A call, packed, and where its result goes."""

    def __init__(self, call: tuple[Any, ...]) -> None:
        self.future: Future[Any] = Future()
        self.future.set_running_or_notify_cancel()
        self.priority = int(call[0] is call_all)
        """A batch takes a moment, and somebody waits for it: it goes before what takes longer."""
        self.packed = zstd.compress(pickle.dumps(call, pickle.HIGHEST_PROTOCOL), _LEVEL)
        self.call = pickle.dumps(self, pickle.HIGHEST_PROTOCOL)

    def __reduce__(self) -> tuple[Callable[..., bytes], tuple[str, bytes]]:
        """Who unpickles it makes the call.

        So Dask sees nothing of newsbot: its scheduler does without, and where a worker does not know
        us, that is an error of the task. A function that Dask's own messages name kills the worker.
        """
        return work, (version(), self.packed)


def _other(worker: str, theirs: str, ours: str) -> str:
    return f"{worker} runs {theirs}, and this is {ours}: install the same in both places"


def _without(worker: str, why: BaseException | None) -> str:
    return f"{worker} cannot run newsbot: {why}; install {SOFTWARE} there"


def _explained(error: BaseException | None) -> Exception:
    """What Dask says of a task whose call did not end; what the call itself raises is in its answer."""
    if type(error).__name__ == "KilledWorker":
        return TaskFailed("several workers died over it")
    if isinstance(error, ClusterError):
        return error
    return ClusterError(_without("a worker", error))


# -- on a worker --------------------------------------------------------------------------------


@cache
def version() -> str:
    """What workers must have in common with us: newsbot, and the rules by which it reads pages."""
    return f"{SOFTWARE} with rules {rules_version(None)}"


def work(expected: str, call: bytes) -> bytes:
    """Make a call that was packed, and pack what `answer_of` says of it.

    Raises `ClusterError` on a worker that is not like the sender: it may have come after the check.
    """
    if expected != version():
        raise ClusterError(_other("a worker", version(), expected))
    return zstd.compress(answer_of(partial(make, zstd.decompress(call))), _LEVEL)
