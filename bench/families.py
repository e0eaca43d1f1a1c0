"""Recorded pages beside the peers: pages a second of CPU time, of known families and of none.

Usage: python bench/families.py [--pages DIR]... [--peers NAME,NAME] [--repeats N]
Ours gives a whole article (title, text, date, author, counters …); each peer gives its text.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import peers

Extractor = Callable[[bytes, str], object]

ROOT = Path(__file__).resolve().parents[1]
DEFAULT_PAGES = [ROOT / "tests" / "pages", ROOT.parent / "shared" / "pages"]
URL = "https://example.org/2022/12/22/p77/"
"""Address of a page that has no record of its own beside it."""


# --- Extractors: bytes and URL in --------------------------------------------------------------


def _newsbot() -> Extractor:
    extract = importlib.import_module("newsbot.extraction").extract
    forget = importlib.import_module("newsbot.urls").canonical.cache_clear

    def run(body: bytes, url: str) -> object:
        forget()  # a crawl meets each page once
        return extract(body, url)

    return run


def _trafilatura(**options: Any) -> Extractor:
    extract = importlib.import_module("trafilatura").extract
    return lambda body, url: extract(body.decode("utf-8", "replace"), **options)


def _newspaper4k() -> Extractor:
    article = importlib.import_module("newspaper").Article

    def run(body: bytes, url: str) -> str:
        one = article(url, fetch_images=False)
        one.download(input_html=body.decode("utf-8", "replace"))
        one.parse()
        return str(one.text)

    return run


def _readability() -> Extractor:
    document = importlib.import_module("readability").Document
    return lambda body, url: document(body.decode("utf-8", "replace")).summary()


def _resiliparse() -> Extractor:
    extract = importlib.import_module("resiliparse.extract.html2text").extract_plain_text
    return lambda body, url: extract(body.decode("utf-8", "replace"), main_content=True)


EXTRACTORS: dict[str, tuple[str, Callable[[], Extractor]]] = {
    "newsbot": ("newsbot", _newsbot),
    "trafilatura": ("trafilatura", _trafilatura),
    "trafilatura-fast": ("trafilatura", lambda: _trafilatura(fast=True)),
    "trafilatura-metadata": ("trafilatura", lambda: _trafilatura(with_metadata=True)),
    "newspaper4k": ("newspaper4k", _newspaper4k),
    "readability": ("readability-lxml", _readability),
    "resiliparse": ("Resiliparse", _resiliparse),
}
"""By name: the distribution whose version is printed, and what makes the extractor."""


# --- One extractor, in this process ------------------------------------------------------------


def groups_of(folder: Path) -> dict[str, list[tuple[bytes, str]]]:
    """Body and URL of every recorded article of a folder: of known families, and of none if it has any."""
    found: dict[str, list[tuple[bytes, str]]] = {}
    for path in sorted(folder.glob("*.html")):
        record = path.with_suffix(".json")
        known = json.loads(record.read_text("utf-8")) if record.is_file() else {"url": URL}
        generic = str(known.get("layout", "")).startswith("generic/")
        if known.get("is_article", True):
            group = f"{folder.parent.name}/{folder.name}{', generic' if generic else ''}"
            found.setdefault(group, []).append((path.read_bytes(), known["url"]))
    return dict(sorted(found.items()))


def measure(name: str, folders: list[Path], repeats: int) -> dict[str, Any]:
    """Version of one extractor, and pages a second (median of the repeats) for each group of pages."""
    extract = EXTRACTORS[name][1]()
    rates = []
    for pages in (pages for folder in folders for pages in groups_of(folder).values()):
        seconds = []
        for _ in range(repeats + 1):  # the first run only warms up
            started = time.process_time()
            for body, url in pages:
                extract(body, url)
            seconds.append(time.process_time() - started)
        rates.append(len(pages) / statistics.median(seconds[1:]))
    return {"version": version(EXTRACTORS[name][0]), "rates": rates}


# --- All of them -------------------------------------------------------------------------------


def main() -> int:
    """Print the table; 2 where there are no pages."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--pages", type=Path, action="append", help="folder of recorded pages; may be repeated"
    )
    peers.options(parser, EXTRACTORS, 9)
    options = parser.parse_args()
    options.pages = options.pages or [folder for folder in DEFAULT_PAGES if folder.is_dir()]
    groups = {k: v for folder in options.pages for k, v in groups_of(folder).items()}
    if not groups:
        print("no recorded pages: give their folder with --pages", file=sys.stderr)
        return 2
    names = peers.chosen(options.peers, EXTRACTORS)
    if names is None:
        return 2
    if options.measure:
        print(json.dumps(measure(options.measure, options.pages, options.repeats)))
        return 0
    head = ["extractor", "version"]
    for group, pages in groups.items():
        head += [f"{group} ({len(pages)}), pages/s", "ours ×"]
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}", flush=True)
    arguments = ["--repeats", str(options.repeats)]
    for folder in options.pages:
        arguments += ["--pages", str(folder)]
    ours: list[float] = []
    for name in names:
        measured = peers.measured(__file__, name, arguments)
        if measured:
            ours = ours or measured["rates"]
            cells = [name, measured["version"]]
            for rate, own in zip(measured["rates"], ours, strict=True):
                cells += [f"{rate:,.0f}", f"{own / rate:.1f}"]
            print(f"| {' | '.join(cells)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
