"""Has newsbot read a million mutated pages, and says how many raised or took too long.

    python bench/fuzz.py [--inputs 1000000] [--seconds 0] [--seed 1] [--keep DIR]

The seeds are the recorded pages (tests/pages). An input that runs lines which no earlier one ran joins
them, as in coverage-guided fuzzers (Python 3.12 and later, where counting costs little; plain mutation
before). The same seed gives the same inputs. Ends with code 1 where one raised or was slow.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

from newsbot.extraction import extract

PAGES = Path(__file__).parents[1] / "tests" / "pages"
SLOW = 1.0
"""Seconds of processor time that no page of these sizes needs."""
CORPUS = 2000
"""Inputs that are mutated further."""
LONGEST = 60_000
"""Bytes of an input."""
WORDS = [
    b"<p>", b"</p>", b"<div>", b"</div>", b"<h1>", b"</h1>", b"<h2>", b"<a href='/x'>", b"</a>", b"<span class='date'>",
    b"<span class='author'>", b"<time datetime='", b"<meta property='og:title' content='", b"<title>", b"</title>",
    b"<script type='application/ld+json'>", b"</script>", b"<script id='__NEXT_DATA__'>", b'{"@type":"NewsArticle",',
    b'"headline":"', b'"author":{"@id":"', b'"datePublished":"', b"[", b"]", b"{", b"}", b'"', b"'", b"\\", b"<!--", b"-->",
    b"<table><tr><td>", b"<br>", b"<base href='", b"<link rel='canonical' href='", b"http://[::1", b"&#1;", b"&#xD800;",
    b"&#999999999999;", b"\x00", b"\x01", b"\x1e", b"\xff\xfe", b"\xed\xa0\x80", b" | ", b" - ", b"9" * 30, b"9" * 5000,
    b"0001-01-01T00:00:00+14:00", b"9999-12-31", b"31.12.2024 24:00", "22 желтоқсан 2022".encode(), "кеше 10:00".encode(),
    "2 жыл бұрын".encode(), "Қаралды: ".encode(), "пікір".encode(), "Автор: ".encode(), "Оқи отырыңыз:".encode(),
    "Сурет: ".encode(), "\u200d\u202e\u0301".encode(),
]  # fmt: skip
URLS = [
    "https://gazet.example.kz/2024/05/14/kopir/",
    "",
    "http://[",
    "https://қаз.example/?q=%ff",
    "x:y",
    "//",
    "http://a/ b",
]
CHARSETS = [None, None, None, "base64", "idna", "utf-16", "kz1048", "windows-1251", "\x00"]
ZONES = [timezone(timedelta(hours=hours)) for hours in (-12, 0, 5, 14)]


def mutated(body: bytes, corpus: list[bytes], chance: random.Random) -> bytes:
    """An input made of another one by a few changes."""
    data = bytearray(body)
    for _ in range(1 + int(chance.expovariate(0.4))):
        place = chance.randrange(len(data) + 1)
        size = int(chance.expovariate(0.02))
        match chance.randrange(7):
            case 0:
                del data[place : place + size]
            case 1:
                data[place:place] = chance.choice(WORDS)
            case 2:
                data[place:place] = chance.choice(WORDS) * chance.randrange(1, 400)
            case 3:
                data[place:place] = data[place : place + size] * chance.randrange(1, 30)
            case 4:
                data[place : place + 4] = chance.randbytes(4)
            case 5:
                other = chance.choice(corpus)
                start = chance.randrange(len(other) + 1)
                data[place : place + size] = other[start : start + 20 * size]
            case _:
                piece = data[place : place + size]
                del data[place : place + size]
                start = chance.randrange(len(data) + 1)
                data[start:start] = piece
    return bytes(data[:LONGEST])


class Lines:
    """Lines of the reader that were run for the first time since it was asked last."""

    def __init__(self) -> None:
        self.count = 0
        self.monitors = getattr(sys, "monitoring", None)
        if self.monitors:
            self.monitors.use_tool_id(self.monitors.COVERAGE_ID, "fuzz")
            self.monitors.register_callback(
                self.monitors.COVERAGE_ID, self.monitors.events.LINE, self._seen
            )
            self.monitors.set_events(self.monitors.COVERAGE_ID, self.monitors.events.LINE)

    def _seen(self, code: object, line: int) -> object:
        self.count += "newsbot" in getattr(code, "co_filename", "")
        return self.monitors.DISABLE  # each line costs once

    def new(self) -> int:
        """How many."""
        found, self.count = self.count, 0
        return found


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=0, help="end after so long; 0: never")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for the inputs that raised or were slow")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    seeds = [path.read_bytes()[:LONGEST] for path in sorted(PAGES.glob("*.html"))]
    corpus = list(seeds)
    for body in seeds:
        extract(body, URLS[0])
    lines, faults, slowest = Lines(), Counter[str](), 0.0
    began, done = time.monotonic(), 0
    while done < options.inputs:
        if options.seconds and time.monotonic() - began > options.seconds:
            break
        body = mutated(chance.choice(corpus), corpus, chance)
        url = chance.choice(URLS) if chance.random() < 0.1 else URLS[0]
        charset = chance.choice(CHARSETS)
        at = datetime(chance.choice([1, 2024, 2025, 9999]), 1, 1, tzinfo=chance.choice(ZONES))
        start, fault = time.process_time(), ""
        try:
            extract(body, url, charset=charset, fetched_at=at if chance.random() < 0.5 else None)
        except Exception as error:
            fault = f"{type(error).__name__}: {str(error)[:60]}"
        took = time.process_time() - start
        slowest = max(slowest, took)
        if not fault and took > SLOW:
            fault = "slow"
        if fault:
            if options.keep and faults[fault] < 3:
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / f"{done}.html").write_bytes(body)
                print(done, fault, repr(url), charset, at, f"{took:.2f} s", flush=True)
            faults[fault] += 1
        elif lines.new() and len(corpus) < CORPUS:
            corpus.append(body)
        done += 1
        if done % 10_000 == 0:
            print(
                f"{done:,} inputs, {sum(faults.values())} faults, {len(corpus)} seeds", flush=True
            )
    print(
        f"{done:,} inputs in {time.monotonic() - began:.0f} s; slowest {slowest:.2f} s of processor"
    )
    for fault, count in faults.most_common():
        print(f"{count:,} {fault}")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
