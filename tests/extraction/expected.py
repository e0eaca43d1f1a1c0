"""expected: digests of all that the recorded pages give, kept beside the number of the rules.

`python -m tests.extraction.expected` writes them down in expected.json: for new pages at any time, for
pages that give something else only when `RULES` was raised.
"""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from archive.article import Article
from newsbot.extraction import RULES, extract
from tests.sites import test_layouts as sites

FILE = Path(__file__).with_suffix(".json")
PAGES = Path(__file__).parents[1] / "pages"
RAISE = (
    "expected output changed: raise RULES in newsbot/extraction/rules.py, "
    "then run `python -m tests.extraction.expected`; changed: "
)


def recorded() -> dict[str, Any]:
    """What expected.json says: `rules`, and a digest for each page."""
    known: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return known


def current() -> dict[str, str]:
    """Digests of what the pages give today, by name."""
    found = {}
    for path in sorted(PAGES.glob("*.json")):
        said = json.loads(path.read_text("utf-8"))
        at = datetime.fromisoformat(said["fetched_at"]) if "fetched_at" in said else None
        body = path.with_suffix(".html").read_bytes()
        found[f"pages/{path.stem}"] = _digest(extract(body, said["url"], fetched_at=at))
    for name in sorted(sites.PAGES):
        found[f"sites/{name}"] = _digest(sites.read(name))
    return found


def _digest(article: Article) -> str:
    output = json.dumps(article.to_dict(), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(output.encode()).hexdigest()[:16]


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Names of the pages that give something else than before."""
    return [name for name, digest in after.items() if before.get(name, digest) != digest]


def main() -> int:
    """Write expected.json; 1 where RULES must be raised first."""
    pages = current()
    if FILE.exists():
        known = recorded()
        names = changed(known["pages"], pages)
        if names and known["rules"] == RULES:
            print(RAISE + ", ".join(names), file=sys.stderr)
            return 1
    FILE.write_text(json.dumps({"rules": RULES, "pages": pages}, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
