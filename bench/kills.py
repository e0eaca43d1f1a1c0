"""Interrupts commands at random instants, and compares what they end with to undisturbed ones.

python bench/kills.py [--number 100] [--seed 1] [--only crawl] [--jobs 1]
python bench/kills.py --only crawl --every 0.1 --number 200     how it ends, at each tenth of a second

Each interruption is kill -9, `kill`, Ctrl+C or a file that must not grow beyond a random byte (what a full
disk does), in a crawl of the example newspaper, an import, a merge, a reextraction, a repair or a
backup. The command has to end within 20 seconds with its code and at most one line, no traceback; started
again it has to end with 0 in the same state as one that was left alone. Exit code 1 where one did not.
"""

from __future__ import annotations

import argparse
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
from newsbot.demo.server import ExampleNewspaper
from tests.conftest import environment, write_profile
from tests.crawl.state import state, write
from tests.replay.files import Archive, many

ROOT = Path(__file__).parent.parent

PATIENCE = 20
BEGINNING = 0.1
"""Seconds within which Python starts."""
HARMS = {
    "kill -9": signal.SIGKILL,
    "kill": signal.SIGTERM,
    "Ctrl+C": signal.SIGINT,
    "full disk": None,
}
COMMANDS = {
    "crawl": "crawl aqbulaq --data DATA --sites-dir SITES -q",
    "import": "import warc FILE --data DATA --sites-dir SITES -q",
    "merge": "merge OTHER --data DATA --sites-dir SITES --json",
    "reextract": "reextract --data DATA --sites-dir SITES --json",
    "repair": "verify --repair -q --data DATA --sites-dir SITES",
    "backup": "backup BAG --data DATA -q",
}
JOBS = ("crawl", "import", "merge", "reextract", "repair")


@contextmanager
def prepared(top: Path) -> Iterator[Callable[[str, Path], dict[str, str]]]:
    """What each command begins with: a function that puts it into a folder, and names the places."""
    with ExampleNewspaper() as paper:
        sites = write_profile(top / "sites", paper.origin)
        archive = Archive(top / "full")  # its profile goes beside, in top/sites
        warc = many(25).save(top / "w.warc.gz")
        archive.load(warc)

        def begin(command: str, folder: Path) -> dict[str, str]:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            data = folder / "data"
            if command in ("reextract", "repair", "backup"):
                shutil.copytree(archive.folder, data)
            if command == "reextract":
                write(data, "UPDATE captures SET rules = '0-old' WHERE rules IS NOT NULL")
            if command == "repair":
                (data / "news.db").unlink()
            return {
                "DATA": str(data), "SITES": str(sites), "FILE": str(warc),
                "OTHER": str(archive.folder), "BAG": str(folder / "bag"),
            }  # fmt: skip

        yield begin


def words_of(command: str, places: dict[str, str], jobs: int) -> list[str]:
    """A command line with the places that it is about."""
    words = [places.get(word, word) for word in COMMANDS[command].split()]
    more = ["--jobs", str(jobs)] if command in JOBS else []
    return [sys.executable, "-m", "newsbot", *words, *more]


def run(words: list[str], harm: str, moment: float, most: int) -> tuple[int | None, str]:
    """Exit code and stderr of a command that is interrupted after a time, or at a byte of a file."""
    process = subprocess.Popen(
        words, cwd=ROOT, env=environment(), text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    if harm == "full disk":
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
    number = HARMS.get(harm)
    try:
        try:
            _, said = process.communicate(timeout=moment if number else 300)
        except subprocess.TimeoutExpired:
            assert number is not None
            process.send_signal(number)
            _, said = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        _, said = process.communicate()
        return None, said
    return process.returncode, said


def codes(command: str, harm: str) -> tuple[int, ...]:
    """Exit codes that are right: that of the harm, or 0 where it came too late."""
    match harm:
        case "kill -9":
            return 0, -signal.SIGKILL
        case "full disk":
            return 0, 5
    return (0,) if command == "crawl" else (0, 143 if harm == "kill" else 130)


def final(command: str, places: dict[str, str]) -> dict[str, list[tuple[Any, ...]]]:
    """What an archive, or the backup of one, says in the end."""
    return state(Path(places["BAG"]) / "data" if command == "backup" else Path(places["DATA"]))


def ending(command: str, harm: str, moment: float, most: int, words: list[str]) -> str | None:
    """Interrupt a command, and say what is wrong with how it ended."""
    code, said = run(words, harm, moment, most)
    if moment < BEGINNING and code == -(HARMS[harm] or 0):
        return None  # Python had not begun to run us
    if code not in codes(command, harm):
        return f"ended with {code}: {said[-400:]}"
    if "Traceback" in said or (len(said.strip().splitlines()) > 1 and command != "repair"):
        return f"said {said[-800:]}"
    return None


def wrong(
    command: str, harm: str, moment: float, most: int, places: dict[str, str], calm: Any, jobs: int
) -> str | None:
    """Interrupt a command, let it carry on, and say what is not as it should be."""
    words = words_of(command, places, jobs)
    if fault := ending(command, harm, moment, most, words):
        return fault
    code, said = run(words, "none", 300, 0)
    if code != 0:
        return f"the next run ended with {code}: {said[-400:]}"
    ended = final(command, places)
    for name, rows in calm.items():
        if ended[name] != rows:
            lost, more = (
                [r for r in rows if r not in ended[name]],
                [r for r in ended[name] if r not in rows],
            )
            return f"another state of {name}: lacks {str(lost)[:300]}, has {str(more)[:300]}"
    return None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--number", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=COMMANDS)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument(
        "--every", type=float, help="Ctrl+C and kill in turns, one after so many seconds more"
    )
    args = parser.parse_args()
    chance, bad = random.Random(args.seed), 0
    calm: dict[str, tuple[float, Any]] = {}
    with tempfile.TemporaryDirectory() as scratch, prepared(Path(scratch)) as begin:
        for number in range(args.number):
            command = args.only or list(COMMANDS)[number % len(COMMANDS)]
            harm = chance.choice(list(HARMS))
            places = begin(command, Path(scratch) / "work")
            if args.every:
                moment, harm = args.every * (number + 1), ("Ctrl+C", "kill")[number % 2]
                fault = ending(command, harm, moment, 0, words_of(command, places, args.jobs))
                bad += fault is not None
                print(
                    f"{number} {command}, {harm} after {moment:.2f} s: {fault or 'ok'}", flush=True
                )
                continue
            if command not in calm:
                began = time.monotonic()
                code, said = run(words_of(command, places, args.jobs), "none", 300, 0)
                assert code == 0, said
                calm[command] = time.monotonic() - began, final(command, places)
                places = begin(command, Path(scratch) / "work")
            length, wanted = calm[command]
            moment = chance.uniform(0.0, length)
            most = int(2 ** chance.uniform(10, 20))
            fault = wrong(command, harm, moment, most, places, wanted, args.jobs)
            bad += fault is not None
            when = f"at byte {most}" if HARMS[harm] is None else f"after {moment:.2f} s"
            print(f"{number} {command}, {harm} {when}: {fault or 'ok'}", flush=True)
    print(f"{args.number} interruptions, {bad} faults")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
