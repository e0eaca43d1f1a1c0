"""pool: the one place that has pages read in other processes, so that reading holds up nothing else.

`open_pool` gives a `concurrent.futures.Executor`, and whoever has pages read takes any executor. A
task that raises, kills its process or takes too long costs itself alone.
"""

from __future__ import annotations

import atexit
import os
import pickle
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import suppress
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

TIMEOUT = 60.0
"""Seconds that one task may run; sound pages take milliseconds."""
_SENT = 2
"""Tasks with one process: while it works on the first, the next one is there already."""
_AHEAD = 128
"""Tasks under way in `map_in_order`, so that no process is idle while their results are stored."""
_AHEAD_BYTES = 16_000_000
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)

P = ParamSpec("P")
R = TypeVar("R")
Key = TypeVar("Key")


class TaskFailed(Exception):
    """The process died over the task, or the task took too long, or the pool was closed."""


def default_jobs() -> int:
    """Processes that read pages, one processor left to the process that stores.

    More than two leave it behind. 0 works in this process.
    """
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
    return min(processors - 1, 2)


def open_pool(jobs: int | None = None, timeout: float = TIMEOUT) -> Executor:
    """An executor of `jobs` processes, `default_jobs` of them by default; 0 works in this process.

    A task may run for `timeout` seconds; waiting for its turn does not count. In this process it
    may run for ever. `shutdown` gives up what is under way, and ends processes that hang.
    """
    jobs = default_jobs() if jobs is None else jobs
    return Processes(jobs, timeout) if jobs else InProcess()


def map_in_order(
    executor: Executor,
    function: Callable[..., R],
    tasks: Iterable[tuple[Key, tuple[Any, ...] | None]],
    size: Callable[[Key], int] = lambda _: 0,
) -> Iterator[tuple[Key, Future[R] | None]]:
    """Call `function` for each task's arguments, and give back finished futures in the tasks' order.

    A task is a key, which stays here, and arguments; without arguments nothing is called. Not more
    tasks are under way than are needed to keep processes at work; `size` says what one holds, in
    bytes.
    """
    waiting: deque[tuple[Key, Future[R] | None]] = deque()
    held = 0
    ahead = 0 if isinstance(executor, InProcess) else _AHEAD
    for key, arguments in tasks:
        future = None if arguments is None else executor.submit(function, *arguments)
        waiting.append((key, future))
        held += size(key)
        while len(waiting) > ahead or held > _AHEAD_BYTES:
            held -= size(waiting[0][0])
            yield _finished(*waiting.popleft())
    while waiting:
        yield _finished(*waiting.popleft())


def _finished(key: Key, future: Future[R] | None) -> tuple[Key, Future[R] | None]:
    if future is not None:
        future.exception()
    return key, future


class InProcess(Executor):
    """Works in this process, at once."""

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Call the function; its error is the future's."""
        future: Future[R] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class _Task:
    """A call, pickled, and where its result goes."""

    def __init__(self, call: tuple[Any, ...]) -> None:
        self.future: Future[Any] = Future()
        self.call = pickle.dumps(call, pickle.HIGHEST_PROTOCOL)

    def start(self) -> bool:
        """Whether it is to be run, and not cancelled."""
        return self.future.running() or self.future.set_running_or_notify_cancel()

    def end(self, answer: bytes) -> None:
        """Take the process's answer."""
        try:
            succeeded, value = pickle.loads(answer)  # noqa: S301 -- our own
        except Exception as error:
            succeeded, value = False, error
        if succeeded:
            self.future.set_result(value)
        else:
            self.future.set_exception(value)

    def fail(self, reason: str) -> None:
        """End without an answer."""
        if self.start():
            self.future.set_exception(TaskFailed(reason))


class Processes(Executor):
    """Works in `jobs` processes that end with this one, however it ends.

    A thread for each of them hands over tasks and takes results, and starts another process where
    one has died.
    """

    def __init__(self, jobs: int, timeout: float = TIMEOUT) -> None:
        self._jobs = jobs
        self._timeout = timeout
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._processes: set[SpawnProcess] = set()
        self._lock = threading.Lock()
        self._is_closed = False

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Have a function called that can be imported. Raises where the call cannot be pickled."""
        task = _Task((fn, args, kwargs))
        with self._lock:
            if self._is_closed:
                raise RuntimeError("the pool is closed")
            self._tasks.put(task)
            if not self._threads:
                atexit.register(self.shutdown)
            if len(self._threads) < self._jobs:
                thread = threading.Thread(target=self._serve, daemon=True)
                self._threads.append(thread)
                thread.start()
        return task.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = True) -> None:
        """End the processes, also those that hang; what is under way or waits is given up."""
        with self._lock:
            self._is_closed = True
        for process in list(self._processes):
            process.kill()
        self._tasks.put(None)
        for thread in self._threads:
            thread.join()
        atexit.unregister(self.shutdown)

    def _serve(self) -> None:
        """Keep one process at work; where it dies, the task that it was at fails."""
        # Ctrl-C and a service that is stopped signal all processes at once; this one decides how to
        # end. A process starts with those signals blocked that the thread blocks that starts it.
        resource_tracker.ensure_running()  # which unblocks them
        signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
        while not self._is_closed:
            sent: deque[_Task] = deque()
            reason = self._run_process(sent)
            if sent and not self._is_closed:
                sent.popleft().fail(reason)
            for task in sent:
                self._tasks.put(task)
        with suppress(Empty):
            while True:
                if task_left := self._tasks.get_nowait():
                    task_left.fail("the pool was closed")
        self._tasks.put(None)

    def _run_process(self, sent: deque[_Task]) -> str:
        """Start a process and keep it at work until it is gone; why it is.

        `sent` is filled with the tasks that it has not answered; it was at the first of them.
        """
        # A forked Twisted reactor would share our sockets.
        context = get_context("spawn")
        connection, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, self._timeout), daemon=True)
        with connection:
            try:
                with theirs:
                    process.start()
            except OSError as error:
                if task := self._take(wait=True):
                    sent.append(task)
                return f"no process can be started: {error.strerror}"
            self._processes.add(process)
            if self._is_closed:
                process.kill()
            with suppress(EOFError, OSError):
                self._exchange(connection, sent)
        process.join()
        self._processes.discard(process)
        return self._why(process.exitcode)

    def _exchange(self, connection: Connection, sent: deque[_Task]) -> None:
        """Hand over tasks and take results. Raises `EOFError` or `OSError` when the process is gone."""
        while not self._is_closed:
            while len(sent) < _SENT and (task := self._take(wait=not sent)):
                if not sent and connection.poll():  # it died over nothing
                    self._tasks.put(task)
                    raise EOFError
                sent.append(task)
                connection.send_bytes(task.call)
            if sent:
                answer = connection.recv_bytes()
                sent.popleft().end(answer)

    def _take(self, *, wait: bool) -> _Task | None:
        """The next task that was not cancelled; None where there is none, or the pool is closed."""
        with suppress(Empty):
            while task := self._tasks.get(block=wait):
                if task.start():
                    return task
            self._tasks.put(None)  # for the other threads
        return None

    def _why(self, code: int | None) -> str:
        if code == -signal.SIGALRM:
            return f"took longer than {self._timeout:g} seconds"
        how = signal.Signals(-code).name if code and code < 0 else f"exit code {code}"
        return f"its process died ({how})"


# -- in the other process -----------------------------------------------------------------------


def _work(connection: Connection, timeout: float) -> None:
    """Call what is sent, one call after the other, until the other side is gone."""
    for interrupt in _INTERRUPTS:
        signal.signal(interrupt, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    calls: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_receive, args=(connection, calls), daemon=True).start()
    while True:
        connection.send_bytes(_call(calls.get(), timeout))


def _receive(connection: Connection, calls: SimpleQueue[bytes]) -> None:
    """Take calls while one is at work: who sends them never waits, and who is gone is noticed."""
    try:
        while True:
            calls.put(connection.recv_bytes())
    except (EOFError, OSError):
        os._exit(1)


def _call(call: bytes, timeout: float) -> bytes:
    try:
        function, args, kwargs = pickle.loads(call)  # noqa: S301 -- our own
        # The kernel ends this process in time, also where C code never lets go of the interpreter
        # and nobody is left to watch.
        signal.setitimer(signal.ITIMER_REAL, timeout)
        try:
            value = function(*args, **kwargs)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        return pickle.dumps((True, value), pickle.HIGHEST_PROTOCOL)
    except BaseException as error:  # also of a task that wants to end the process
        return _error(error)


def _error(error: BaseException) -> bytes:
    """An error as it can travel, with where it came from."""
    error.add_note("".join(traceback.format_exception(error)))
    if isinstance(error, Exception):
        with suppress(Exception):
            answer = pickle.dumps((False, error), pickle.HIGHEST_PROTOCOL)
            pickle.loads(answer)  # noqa: S301 -- our own
            return answer
    return pickle.dumps((False, TaskFailed(f"{type(error).__name__}: {error}")))
