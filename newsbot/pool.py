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
from functools import partial
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from queue import Empty, SimpleQueue
from typing import Any, Generic, ParamSpec, TypeVar

TIMEOUT = 60.0
"""Seconds that one task may run; sound pages take milliseconds."""
_SENT = 2
"""Tasks with one process: while it works on the first, the next one is there already."""
_AHEAD = 128
"""Tasks under way in `map_in_order`, so that no process is idle while their results are stored."""
_AHEAD_BYTES = 16_000_000
_BATCH = 100
"""Tasks in a batch at most."""
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)
_ALARM = threading.Lock()
"""A process has one timer, so that of several threads one works at a time."""

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
    bytes. An executor with `batch_bytes` is handed so much at a time, as one task of its own. Raises
    what the executor itself says of a batch, but `TaskFailed`: then each of its tasks is tried alone.
    """
    batch_bytes = getattr(executor, "batch_bytes", 0)
    waiting: deque[_Batch[Key, R]] = deque()
    batch = _Batch[Key, R]()
    held = 0
    for key, arguments in tasks:
        batch.add(key, arguments, size(key))
        if batch.bytes >= batch_bytes or len(batch.calls) >= _BATCH:
            batch.send(executor, function)
            waiting.append(batch)
            held += batch.bytes
            batch = _Batch()
        ahead = _ahead(executor)
        while len(waiting) > ahead or held > max(_AHEAD_BYTES, ahead * batch_bytes):
            held -= waiting[0].bytes
            yield from waiting.popleft().finished(executor, function, waiting)
    batch.send(executor, function)
    waiting.append(batch)
    while waiting:
        yield from waiting.popleft().finished(executor, function, waiting)


def _ahead(executor: Executor) -> int:
    return 0 if isinstance(executor, InProcess) else getattr(executor, "ahead", _AHEAD)


class _Batch(Generic[Key, R]):
    """Tasks that an executor is handed at once; mostly it is one."""

    def __init__(self) -> None:
        self.bytes = 0
        self.calls: list[tuple[Any, ...]] = []
        self._items: list[tuple[Key, Future[R] | None]] = []
        self._sent: Future[Any] | None = None

    def add(self, key: Key, arguments: tuple[Any, ...] | None, size: int) -> None:
        """Take a task."""
        self._items.append((key, None if arguments is None else Future()))
        self.bytes += size
        if arguments is not None:
            self.calls.append(arguments)

    def send(self, executor: Executor, function: Callable[..., R]) -> None:
        """Have the tasks worked at."""
        if hasattr(executor, "batch_bytes") and self.calls:
            self._sent = executor.submit(call_all, function, self.calls)
        elif self.calls:
            (key, _), arguments = self._items[0], self.calls[0]
            self._items = [(key, executor.submit(function, *arguments))]

    def finished(
        self, executor: Executor, function: Callable[..., R], others: Iterable[_Batch[Key, R]]
    ) -> Iterator[tuple[Key, Future[R] | None]]:
        """The tasks when they are done.

        Where a worker died over them it may have been another one's fault: what it was also sent. So
        each is tried alone, when all `others` are done.
        """
        answers: Iterator[bytes | TaskFailed] = iter(())
        if self._sent and isinstance(self._sent.exception(), TaskFailed):
            for other in others:
                other.wait()
            answers = (_alone(executor, function, call) for call in self.calls)
        elif self._sent:
            answers = iter(self._sent.result())
        for key, future in self._items:
            if future is not None and self._sent:
                settle(future, next(answers))
            elif future is not None:
                future.exception()
            yield key, future

    def wait(self) -> None:
        """Until nothing of it is under way."""
        if self._sent:
            self._sent.exception()


def _alone(
    executor: Executor, function: Callable[..., R], call: tuple[Any, ...]
) -> bytes | TaskFailed:
    try:
        answer: bytes = executor.submit(call_all, function, [call]).result()[0]
    except TaskFailed as error:
        return error
    return answer


def settle(future: Future[Any], answer: bytes | Exception) -> None:
    """End a future with what `answer_of` came to in another process, or with why there is no answer."""
    if isinstance(answer, Exception):
        future.set_exception(answer)
        return
    try:
        succeeded, value = pickle.loads(answer)  # noqa: S301 -- our own
    except Exception as error:
        succeeded, value = False, error
    if succeeded:
        future.set_result(value)
    else:
        future.set_exception(value)


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
                settle(sent.popleft().future, answer)

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
        connection.send_bytes(answer_of(partial(make, calls.get()), timeout))


def _receive(connection: Connection, calls: SimpleQueue[bytes]) -> None:
    """Take calls while one is at work: who sends them never waits, and who is gone is noticed."""
    try:
        while True:
            calls.put(connection.recv_bytes())
    except (EOFError, OSError):
        os._exit(1)


def make(call: bytes) -> Any:
    """Make a call that was pickled: function, arguments, arguments by name."""
    function, args, kwargs = pickle.loads(call)  # noqa: S301 -- our own
    return function(*args, **kwargs)


def call_all(function: Callable[..., Any], calls: Iterable[tuple[Any, ...]]) -> list[bytes]:
    """What `function` came to with each of the arguments: `answer_of`."""
    with _ALARM:
        return [answer_of(partial(function, *arguments), TIMEOUT) for arguments in calls]


def answer_of(call: Callable[[], Any], timeout: float | None = None) -> bytes:
    """Pickled: whether a call succeeded, and its value or its error, as it can travel.

    The kernel ends this process in time, also where C code never lets go of the interpreter and
    nobody is left to watch; without a `timeout` the process's one timer is left alone.
    """
    try:
        if timeout:
            signal.setitimer(signal.ITIMER_REAL, timeout)
        try:
            value = call()
        finally:
            if timeout:
                signal.setitimer(signal.ITIMER_REAL, 0)
        return pickle.dumps((True, value), pickle.HIGHEST_PROTOCOL)
    except BaseException as error:  # also of a task that wants to end the process
        return _error(error)


def unlimited(function: Callable[..., R], *arguments: Any) -> R:
    """Call what may take longer than a page does, in a process of a pool."""
    if threading.current_thread() is threading.main_thread():  # no page is read beside it
        signal.setitimer(signal.ITIMER_REAL, 0)
    return function(*arguments)


def _error(error: BaseException) -> bytes:
    """An error as it can travel, with where it came from."""
    error.add_note("".join(traceback.format_exception(error)))
    if isinstance(error, Exception):
        with suppress(Exception):
            answer = pickle.dumps((False, error), pickle.HIGHEST_PROTOCOL)
            pickle.loads(answer)  # noqa: S301 -- our own
            return answer
    return pickle.dumps((False, TaskFailed(f"{type(error).__name__}: {error}")))
