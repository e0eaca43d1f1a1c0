"""Tasks of pools that do harm to their process. Imported in every process: kept small."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from typing import Any


class Odd(Exception):
    """Cannot be unpickled: it is made of one argument and pickled with none."""

    def __init__(self, word: str) -> None:
        super().__init__()


def act(number: int, harm: str = "") -> Any:
    match harm:
        case "exit":
            os._exit(3)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":  # in C code that never lets go of the interpreter
            re.match(r"(a+)+$", "a" * 60 + "b")
        case "quit":
            sys.exit(5)
        case "raise":
            raise ValueError("no page")
        case "odd":
            raise Odd("x")
        case "lambda":
            return lambda: number
        case "sleep":
            time.sleep(0.4)
    return number


def pid_of(_: int) -> int:
    return os.getpid()


def echo(body: bytes) -> bytes:
    return body
