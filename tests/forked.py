"""forked: the `newsbot` command in a fork of a process that has loaded its modules already.

A command is a process of its own, as a user's is, without the second that Python takes to load Scrapy for
each. `python -m tests.forked SOCKET` is the process that forks; `run` asks it. What tests the start of the
command itself, closed streams or other encodings starts a Python of its own.
"""

from __future__ import annotations

import gc
import io
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

Run = Callable[..., subprocess.CompletedProcess[bytes]]
_MOST = 1 << 20
"""Bytes of one request."""


@contextmanager
def forking(cwd: Path, env: Mapping[str, str]) -> Iterator[Run]:
    """A function that runs a command, like `subprocess.run` with captured output, as long as this lasts."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/socket"
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.forked", path],
            cwd=cwd, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert server.stdout
        assert server.stdout.readline() == b"ready\n"
        try:
            yield lambda arguments, **how: _ask(path, arguments, **{"cwd": cwd, "env": env, **how})
        finally:
            server.terminate()
            server.communicate()


def _ask(
    path: str, arguments: Sequence[str], *, stdin: bytes | None = None, timeout: float,
    cwd: Path, env: Mapping[str, str], broken: Sequence[int] = (), closed: Sequence[int] = (),
) -> subprocess.CompletedProcess[bytes]:  # fmt: skip
    """Of the streams 0, 1 and 2 those that are `broken` are pipes that nobody reads; those `closed` are none."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        asked = json.dumps([[*arguments], str(cwd), dict(env), [*closed]]).encode()
        assert len(asked) < _MOST
        pipes = [os.pipe() for _ in range(3)]
        theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
        for number in broken:
            os.close(pipes[number][0])
            pipes[number] = (os.open(os.devnull, os.O_RDONLY), pipes[number][1])
        socket.send_fds(connection, [asked + b"\n"], theirs)
        for descriptor in theirs:
            os.close(descriptor)
        output: list[bytes] = [b"", b""]

        def write() -> None:
            with os.fdopen(pipes[0][1], "wb") as file:
                try:
                    file.write(stdin or b"")
                    file.flush()
                except BrokenPipeError:
                    pass

        def read(number: int) -> None:
            with os.fdopen(pipes[number + 1][0], "rb") as file:
                output[number] = file.read()

        threads = [Thread(target=write), *(Thread(target=read, args=(n,)) for n in (0, 1))]
        for thread in threads:
            thread.start()
        answers = connection.makefile("rb")
        pid = int(answers.readline())
        connection.settimeout(timeout)
        try:
            status = int(answers.readline())
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(["newsbot", *arguments], timeout) from None
        for thread in threads:
            thread.join()
    code = os.waitstatus_to_exitcode(status)
    return subprocess.CompletedProcess(["newsbot", *arguments], code, *output)


# -- the process that forks -------------------------------------------------------------------------


def _load() -> None:
    from scrapy.settings import default_settings
    from scrapy.utils.misc import load_object

    for package in ("archive", "newsbot"):
        found = import_module(package)
        for module in pkgutil.walk_packages(found.__path__, f"{package}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    for name, listed in vars(default_settings).items():
        if name.endswith("_BASE"):  # what Scrapy loads when a crawl begins
            for component in listed:
                if component.startswith("scrapy."):
                    load_object(component)
    gc.collect()
    gc.freeze()  # a fork shares what is never looked through
    assert "twisted.internet.reactor" not in sys.modules  # each command installs its own


def _serve(path: str) -> tuple[list[str], str, dict[str, str], list[int]]:
    """Fork for each request; returns, in the fork, what is to be run."""
    _load()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(64)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        os.write(1, b"ready\n")
        while True:
            if 0 in select.select([listening, 0], [], [])[0]:
                sys.exit()  # the tests are gone, however they ended
            connection, _ = listening.accept()
            if os.fork():
                connection.close()
                continue
            break
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with connection:
        data, descriptors, _, _ = socket.recv_fds(connection, _MOST, 3)
        while not data.endswith(b"\n"):
            data += connection.recv(_MOST)
        ours, pid = os.pipe(), os.fork()
        if pid:  # waits, and says how it ended
            for descriptor in descriptors:
                os.close(descriptor)
            os.close(ours[0])
            connection.sendall(b"%d\n" % pid)
            os.close(ours[1])  # it may begin
            connection.sendall(b"%d\n" % os.waitpid(pid, 0)[1])
            os._exit(0)
    os.close(ours[1])
    os.read(ours[0], 1)
    os.close(ours[0])
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    arguments, cwd, env, closed = json.loads(data)
    for number in closed:
        os.close(number)
    return arguments, cwd, env, closed


def _stream(descriptor: int, mode: str) -> Any:
    """A standard stream as Python opens it."""
    raw = os.fdopen(descriptor, mode, closefd=False)
    errors = "backslashreplace" if descriptor == 2 else "strict"
    encoding = os.environ.get("PYTHONIOENCODING", "utf-8")
    return io.TextIOWrapper(raw, encoding, errors, line_buffering=descriptor == 2)


def main() -> None:
    """Serve until terminated; in a fork, run the command as `python -m newsbot` does."""
    arguments, cwd, env, closed = _serve(sys.argv[1])
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdin, sys.stdout, sys.stderr = (
        None if number in closed else _stream(number, mode)
        for number, mode in enumerate(("rb", "wb", "wb"))
    )
    sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr
    sys.argv = ["newsbot", *arguments]
    runpy.run_module("newsbot", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
