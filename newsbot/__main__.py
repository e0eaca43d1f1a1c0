"""`newsbot` and `python -m newsbot`: the command, with Ctrl+C and `kill` in order from its first moment."""

from __future__ import annotations

import signal
import sys
from types import FrameType


class Terminated(KeyboardInterrupt):
    """Ended by `kill`: cleaned up like Ctrl+C."""


def main() -> None:
    """Run the command and exit with its code."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        from newsbot.cli import main as command

        code = command()
    except KeyboardInterrupt as error:
        code = _interrupted(error)
    finally:  # nothing is left to be cleaned up; a second one ends whatever hangs
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
    sys.exit(code)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


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
