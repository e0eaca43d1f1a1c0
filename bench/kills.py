"""Kills a crawl with SIGKILL again and again, and compares what it ends with to an undisturbed one.

python bench/kills.py SITE --sites-dir DIR [--kills 50] [--seed 1]

The site must be on loopback. Prints how many kills struck, and whether articles, revisions, aliases,
tags, captures and frontier are the same; exit code 1 where they are not.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.crawl.state import read, state


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("site")
    parser.add_argument("--sites-dir", required=True)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    chance = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as scratch:
        calm, killed = Path(scratch) / "calm", Path(scratch) / "killed"
        command = [
            sys.executable,
            "-m",
            "newsbot",
            "crawl",
            args.site,
            "--sites-dir",
            args.sites_dir,
            "-q",
        ]
        began = time.monotonic()
        subprocess.run([*command, "--data", calm], check=True)
        length = time.monotonic() - began
        struck = 0
        while True:
            process = subprocess.Popen([*command, "--data", killed], stderr=subprocess.DEVNULL)
            # Long enough to get somewhere, short enough for all the kills to strike one crawl.
            patience = chance.uniform(0.2, 2.0 + 2.0 * length / args.kills)
            try:
                process.wait(patience if struck < args.kills else None)
                break
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                struck += 1
        same = state(calm) == state(killed)
        articles = read(killed, "SELECT count(*), count(DISTINCT url) FROM articles")[0]
        print(
            f"{struck} kills; {articles[0]} articles, {articles[1]} addresses; same state: {same}"
        )
        if not same:
            for name, rows in state(calm).items():
                other = state(killed)[name]
                if rows != other:
                    print(
                        name,
                        [r for r in rows if r not in other][:3],
                        [r for r in other if r not in rows][:3],
                    )
            sys.exit(1)


if __name__ == "__main__":
    main()
