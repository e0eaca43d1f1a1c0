"""Sites of engines and themes that no rule was written for: built, served, crawled, scored.

python bench/engines/run.py ENGINE... [--work DIR] [--tools DIR] [--build-only] [--hide PATTERN]

The profile has a name and an address, nothing else. See README.md for what must be installed.
"""

from __future__ import annotations

import argparse
import functools
import json
import re
import shutil
import sys
import threading
from dataclasses import asdict
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from content import ROOT, norm, stories
from fill import FILL, NAME, TOLD, run
from lxml import html
from score import score, shown

PORTS = {name: 8711 + number for number, name in enumerate(FILL)}
PROFILE = """name = "{name}"
url = "{origin}/"
[crawl]
delay = 0
concurrency = 4
autothrottle = false
ignore_crawl_delay = true
"""


def build(engine: str, folder: Path, tools: Path) -> None:
    """Build the site, and its gold, checked against the pages that the engine made."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    told = stories(engine, PORTS[engine])
    origin = f"http://127.0.0.1:{PORTS[engine]}"
    gold = []
    for story, path in zip(told, FILL[engine](told, folder, origin, tools), strict=True):
        page = folder / "OUTPUT" / path.lstrip("/")
        markup = (page / "index.html" if page.is_dir() else page).read_text("utf-8")
        text = norm(html.document_fromstring(markup).text_content())
        for expected in (story.title, *story.paragraphs):
            if norm(expected) not in text:
                raise SystemExit(f"{page}: the engine does not print: {expected[:80]}")
        gold.append({**asdict(story), "url": origin + path, "told": TOLD[engine]})
    written = json.dumps(gold, ensure_ascii=False, indent=1, default=str)
    (folder / "gold.json").write_text(written, "utf-8")


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and notes what was asked for instead of printing it."""

    asked: list[str]
    hidden: str

    def send_head(self) -> Any:
        if self.hidden and re.search(self.hidden, self.path):
            return self.send_error(404)
        return super().send_head()

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        self.asked.append(f"{getattr(code, 'value', code)} {self.path}")

    log_message = log_error = lambda self, *args: None


def crawl(engine: str, folder: Path, hidden: str) -> tuple[list[dict[str, Any]], list[str]]:
    """What newsbot has kept of the site, and what it asked for."""
    Quiet.asked, Quiet.hidden = [], hidden
    handler = functools.partial(Quiet, directory=str(folder / "OUTPUT"))
    server = ThreadingHTTPServer(("127.0.0.1", PORTS[engine]), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    data, profiles, out = folder / "data", folder / "profiles", folder / "out.jsonl"
    shutil.rmtree(data, ignore_errors=True)
    profiles.mkdir(exist_ok=True)
    profile = PROFILE.format(name=NAME, origin=f"http://127.0.0.1:{PORTS[engine]}")
    (profiles / f"{engine}.toml").write_text(profile, "utf-8")
    try:
        newsbot = (sys.executable, "-m", "newsbot")
        crawled = (*newsbot, "crawl", engine, "--data", data, "--sites-dir", profiles)
        run(ROOT, *crawled, allowed=(0, 3))
        run(ROOT, *newsbot, "export", "--data", data, "-o", out)
    finally:
        server.shutdown()
        server.server_close()
    (folder / "asked.txt").write_text("\n".join(Quiet.asked) + "\n", "utf-8")
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()], Quiet.asked


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engines", nargs="+", choices=list(FILL))
    parser.add_argument("--work", type=Path, default="/tmp/engines", help="sites and archives")
    parser.add_argument("--tools", type=Path, help="where the engines are installed (WORK)")
    parser.add_argument("--build-only", action="store_true", help="do not crawl")
    parser.add_argument("--hide", default="", help="paths to answer with 404, as in sitemap|rss")
    parser.add_argument("--faults", type=int, default=3, help="cases shown of each fault")
    options = parser.parse_args()
    for engine in options.engines:
        folder = options.work / f"site-{engine}"
        if options.build_only or not (folder / "gold.json").exists():
            build(engine, folder, options.tools or options.work)
        if not options.build_only:
            records, asked = crawl(engine, folder, options.hide)
            gold = json.loads((folder / "gold.json").read_text("utf-8"))
            print(f"\n{engine}: {len(asked)} requests, {len(set(asked))} different")
            print(shown(score(gold, records), options.faults))


if __name__ == "__main__":
    main()
