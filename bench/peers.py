"""peers: runs each extractor of a benchmark in a process of its own, so that none pays for another."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Collection, Iterable
from typing import Any


def options(parser: argparse.ArgumentParser, known: Iterable[str], repeats: int) -> None:
    """The options that all such benchmarks share."""
    parser.add_argument(
        "--peers",
        default=",".join(name for name in known if name != "newsbot"),
        help="extractors to run beside ours (default: %(default)s)",
    )
    parser.add_argument(
        "--repeats", type=int, default=repeats, help="timed runs; the median counts"
    )
    parser.add_argument("--measure", help=argparse.SUPPRESS)


def chosen(peers: str, known: Collection[str]) -> list[str] | None:
    """Ours and the peers asked for; None, said on stderr, where one of them is unknown."""
    names = ["newsbot", *filter(None, peers.split(","))]
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"unknown extractor: {', '.join(unknown)}", file=sys.stderr)
        return None
    return names


def measured(script: str, name: str, arguments: Iterable[str]) -> dict[str, Any] | None:
    """What `script --measure name` prints as JSON; None, said on stderr, where it is not installed."""
    command = [sys.executable, script, "--measure", name, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["?"])[-1]
        print(f"{name}: left out ({reason.split(':')[0]})", file=sys.stderr)
        return None
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result
