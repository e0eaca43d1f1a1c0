"""Compares an archive of a whole site with what its copies come to.

python bench/copies.py SITE --sites-dir DIR

Crawls the site once whole and in two halves (articles of even and of odd days, by the day in their
addresses), merges the halves in either order, and rebuilds the whole from its warc/ without its
database. Articles, revisions, aliases, tags and counters must be the same; exit code 1 where not.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.crawl.state import read, state

HALVES = {"even": "[13579]", "odd": "[02468]"}
"""Last digits of the days that each half leaves out."""


def newsbot(*arguments: object) -> None:
    command = [sys.executable, "-m", "newsbot", *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def derived(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What is derived from captures, without what is of a crawl or of a profile's wording."""
    found = state(folder)
    revisions = [
        (url, number, changed, digest) for url, number, changed, digest, _ in found["revisions"]
    ]
    seen = "SELECT a.url, e.views, e.comments FROM engagement e JOIN articles a ON a.id = e.article"
    return {
        "articles": found["articles"],
        "aliases": found["aliases"],
        "tags": found["tags"],
        "revisions": sorted(revisions, key=repr),
        "engagement": sorted(read(folder, seen), key=repr),
    }


def halves(profile: Path, folder: Path) -> dict[str, Path]:
    """Profiles folders, each of which leaves out the articles of the other half."""
    text = profile.read_text("utf-8")
    for name, digits in HALVES.items():
        (folder / name).mkdir()
        rule = f"exclude = ['^/\\d{{4}}/\\d\\d/\\d{digits}/']\n"
        (folder / name / profile.name).write_text(rule + text, "utf-8")
    return {name: folder / name for name in HALVES}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("site")
    parser.add_argument("--sites-dir", required=True, type=Path)
    args = parser.parse_args()
    site, profiles = args.site, args.sites_dir
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        whole = folder / "whole"
        newsbot("crawl", site, "-q", "--sites-dir", profiles, "--data", whole)
        parts = halves(profiles / f"{site}.toml", folder)
        for name, own in parts.items():
            newsbot("crawl", site, "-q", "--sites-dir", own, "--data", folder / f"half-{name}")
        copies: dict[str, Path] = {}
        for first, second in (("even", "odd"), ("odd", "even")):
            merged = copies[f"{first} and {second}"] = folder / f"{first}-{second}"
            for half in (first, second):
                newsbot(
                    "merge", folder / f"half-{half}", "--data", merged, "--sites-dir", profiles
                )  # fmt: skip
        copies["rebuilt"] = folder / "rebuilt"
        shutil.copytree(whole, copies["rebuilt"], ignore=shutil.ignore_patterns("news.db*"))
        newsbot("verify", "--repair", "--data", copies["rebuilt"], "--sites-dir", profiles)
        wrong = False
        right = derived(whole)
        print({name: len(rows) for name, rows in right.items()})
        for name, copy in copies.items():
            found = derived(copy)
            newsbot("verify", "--data", copy)
            print(f"{name}: {'equal' if found == right else 'differs'}")
            for table in right:
                if found[table] != right[table]:
                    wrong = True
                    print(" ", table, [r for r in right[table] if r not in found[table]][:3])
                    print(" ", table, [r for r in found[table] if r not in right[table]][:3])
    sys.exit(wrong)


if __name__ == "__main__":
    main()
