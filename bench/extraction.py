"""Generic extraction beside its peers: precision, recall, F1, pages a second, peak memory.

Usage: python bench/extraction.py [--data DIR] [--pages DIR] [--peers NAME,NAME] [--repeats N]
Data: the Article Extraction Benchmark (https://github.com/scrapinghub/article-extraction-benchmark)
and, with --pages, theme pages beside a gold.json. Every extractor runs in a process of its own.
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import json
import re
import resource
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import peers

Extractor = Callable[[str, str], str]

DEFAULT_DATA = Path(__file__).resolve().parents[2] / "shared" / "bench" / "article-extraction"
NO_DATA = (
    "no benchmark data: `git clone https://github.com/scrapinghub/article-extraction-benchmark DIR`, "
    "then run this with --data DIR"
)
SHINGLE = 4
_TOKEN = re.compile(r"\w+")


# --- Extractors: HTML and URL in, text out ---------------------------------------------------


def _newsbot() -> Extractor:
    generic = importlib.import_module("newsbot.extraction.generic")
    page = importlib.import_module("newsbot.extraction.page")

    def run(html: str, url: str) -> str:
        found = generic.main_blocks(page.Page(html, url))
        return "\n".join(block.text for block in found if block.kind != "caption")

    return run


def _trafilatura(**options: Any) -> Extractor:
    extract = importlib.import_module("trafilatura").extract

    def run(html: str, url: str) -> str:
        return extract(html, include_comments=False, **options) or ""

    return run


def _newspaper4k() -> Extractor:
    article = importlib.import_module("newspaper").Article

    def run(html: str, url: str) -> str:
        one = article(url, fetch_images=False)
        one.download(input_html=html)
        one.parse()
        return str(one.text)

    return run


def _readability() -> Extractor:
    document = importlib.import_module("readability").Document
    fromstring = importlib.import_module("lxml.html").fromstring

    def run(html: str, url: str) -> str:
        return "\n".join(fromstring(document(html).summary()).itertext())

    return run


def _resiliparse() -> Extractor:
    extract = importlib.import_module("resiliparse.extract.html2text").extract_plain_text

    def run(html: str, url: str) -> str:
        return str(extract(html, main_content=True, comments=False, alt_texts=False))

    return run


EXTRACTORS: dict[str, tuple[str, Callable[[], Extractor]]] = {
    "newsbot": ("newsbot", _newsbot),
    "trafilatura": ("trafilatura", _trafilatura),
    "trafilatura-fast": ("trafilatura", lambda: _trafilatura(fast=True)),
    "newspaper4k": ("newspaper4k", _newspaper4k),
    "readability": ("readability-lxml", _readability),
    "resiliparse": ("Resiliparse", _resiliparse),
}
"""By name: the distribution whose version is printed, and what makes the extractor."""


# --- Scores ----------------------------------------------------------------------------------


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Multiset of the runs of four tokens; a shorter text is one shingle."""
    tokens = _TOKEN.findall(text)
    if 0 < len(tokens) < SHINGLE:
        return Counter([tuple(tokens)])
    return Counter(
        tuple(tokens[start : start + SHINGLE]) for start in range(len(tokens) - SHINGLE + 1)
    )


def outcome(prediction: str, truth: str) -> tuple[float, float, float]:
    """True positives, false positives, false negatives of a page; they add up to 1 (or are 0)."""
    found, wanted = shingles(prediction), shingles(truth)
    true = sum((found & wanted).values())
    false, missed = sum(found.values()) - true, sum(wanted.values()) - true
    total = true + false + missed
    return (true / total, false / total, missed / total) if total else (0.0, 0.0, 0.0)


def scores(outcomes: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Precision, recall and F1 of the means over pages, as the benchmark publishes them."""
    true, false, missed = (sum(column) for column in zip(*outcomes, strict=True))
    if not true:
        return 0.0, 0.0, 0.0
    precision, recall = true / (true + false), true / (true + missed)
    return precision, recall, 2 * precision * recall / (precision + recall)


# --- One extractor, in this process ----------------------------------------------------------


def _attempt(extract: Extractor, html: str, url: str) -> str:
    try:
        return extract(html, url)
    except Exception:  # a peer that fails on a page found nothing there
        return ""


def measure(name: str, data: Path, pages: Path | None, repeats: int) -> dict[str, Any]:
    """Scores, CPU seconds of each repeat and peak resident memory in MiB of one extractor."""
    truth = json.loads((data / "ground-truth.json").read_text("utf-8"))
    corpus = [
        (gzip.decompress((data / "html" / f"{key}.html.gz").read_bytes()).decode("utf-8", "replace"),
         entry["url"], entry["articleBody"])
        for key, entry in sorted(truth.items())
    ]  # fmt: skip
    extract = EXTRACTORS[name][1]()
    texts = [_attempt(extract, html, url) for html, url, _ in corpus]
    seconds = []
    for _ in range(repeats):
        started = time.process_time()
        for html, url, _ in corpus:
            _attempt(extract, html, url)
        seconds.append(time.process_time() - started)
    result = {
        "scores": scores(
            [outcome(text, body) for text, (*_, body) in zip(texts, corpus, strict=True)]
        ),
        "pages": len(corpus),
        "seconds": seconds,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "version": version(EXTRACTORS[name][0]),
    }
    if pages is not None:
        result["themes"] = _themes(extract, pages)
    return result


def _themes(extract: Extractor, pages: Path) -> tuple[int, int, int]:
    """Paragraphs found whole, paragraphs there are, and kinds of leaks, over all theme pages."""
    gold = json.loads((pages / "gold.json").read_text("utf-8"))
    found = wanted = leaks = 0
    for path in sorted(pages.glob("*.html")):
        raw = _attempt(extract, path.read_text("utf-8"), "https://example.org/a")
        text = " ".join(raw.replace("\xad", "").split())
        found += sum(paragraph in text for paragraph in gold["paras"])
        wanted += len(gold["paras"])
        for phrases in gold["leaks"].values():
            leaks += any(p in text for p in ([phrases] if isinstance(phrases, str) else phrases))
    return found, wanted, leaks


# --- All of them -----------------------------------------------------------------------------


def _row(name: str, measured: dict[str, Any], themes: bool) -> str:
    precision, recall, f1 = measured["scores"]
    rate = measured["pages"] / statistics.median(measured["seconds"])
    cells = [name, measured["version"], f"{f1:.3f}", f"{precision:.3f}", f"{recall:.3f}"]
    cells += [f"{rate:,.0f}", f"{measured['memory']:,.0f}"]
    if themes:
        found, wanted, leaks = measured["themes"]
        cells += [f"{found}/{wanted}", str(leaks)]
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Print the table; 2 where there is no data."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="benchmark directory")
    parser.add_argument("--pages", type=Path, help="theme pages beside a gold.json")
    peers.options(parser, EXTRACTORS, 3)
    options = parser.parse_args()
    if not (options.data / "ground-truth.json").is_file():
        print(NO_DATA, file=sys.stderr)
        return 2
    if options.pages and not (options.pages / "gold.json").is_file():
        print("no theme pages: --pages wants a directory with a gold.json", file=sys.stderr)
        return 2
    names = peers.chosen(options.peers, EXTRACTORS)
    if names is None:
        return 2
    if options.measure:
        print(json.dumps(measure(options.measure, options.data, options.pages, options.repeats)))
        return 0
    head = ["extractor", "version", "F1", "precision", "recall", "pages/s (CPU)", "peak MiB"]
    head += ["theme paragraphs", "theme leaks"] if options.pages else []
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}", flush=True)
    arguments = ["--repeats", str(options.repeats), "--data", str(options.data)]
    if options.pages:
        arguments += ["--pages", str(options.pages)]
    for name in names:
        measured = peers.measured(__file__, name, arguments)
        if measured:
            print(_row(name, measured, bool(options.pages)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
