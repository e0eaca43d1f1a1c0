"""`newsbot` and `python -m newsbot`: the command, with Ctrl+C and `kill` in order from its first moment."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from contextlib import suppress

# typing says the same, but takes its time to be imported; until main() no interrupt is in order.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

_AGAIN = 0.1
"""Seconds after which an interrupt that came to nothing is raised once more."""


class Terminated(KeyboardInterrupt):
    """Ended by `kill`: cleaned up like Ctrl+C."""


def main() -> None:
    """Run the command and exit with its code."""
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, _raise)
    atexit.register(_ignore)  # the first registered runs last
    sys.unraisablehook = _unraisable
    _open_closed()
    try:
        from newsbot.cli import main as command

        code = command()
    except KeyboardInterrupt as error:
        code = _interrupted(error)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)

    def leave(*_: object) -> None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        os._exit(code)

    # Nothing is left to be cleaned up: another signal ends whatever hangs, with the same code.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    sys.exit(code)


def _ignore() -> None:
    """Let no signal change the exit code any more: Python is about to put its own handlers away."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _open_closed() -> None:
    """Let what was closed (`>&-`) lead nowhere: the next file opened, the database, would take its place."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8"))


_kinds: list[type[KeyboardInterrupt]] = [KeyboardInterrupt]
"""How the command was interrupted last."""


def _raise(number: int, frame: FrameType | None) -> None:
    if number == signal.SIGTERM:
        _kinds.append(Terminated)
    raise _kinds[-1]


def _unraisable(lost: Any) -> None:
    """Raise an interrupt again that struck where Python can raise nothing, as while an object is freed."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, _AGAIN)
    else:
        sys.__unraisablehook__(lost)


def _interrupted(error: KeyboardInterrupt) -> int:
    """Say so; an interrupted crawl is all well, as the next one carries on."""
    # Met inside an exec() of text, as dataclasses use it, an interrupt makes Python end by SIGINT
    # whatever the exit code, until the next exec() of text (CPython's pythonrun.c).
    exec("")  # noqa: S102
    if sys.argv[1:2] == ["crawl"]:
        sys.stderr.write("newsbot: interrupted; the next run carries on from here\n")
        return 0
    terminated = isinstance(error, Terminated)
    sys.stderr.write(f"newsbot: {'terminated' if terminated else 'interrupted'}\n")
    return 143 if terminated else 130


if __name__ == "__main__":
    main()
