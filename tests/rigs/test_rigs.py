"""Real publishing engines on loopback, crawled whole and compared with what was put into them.

The rigs are started apart from the tests (three WordPress sites, Ghost, Hexo); where one does not
run, its tests skip. Their gold lies in $RIG_HOME/gold, their norm() beside their loaders.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import sys
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.conftest import ROOT, Run
from tests.crawl.state import everything, read

PORTS = {"wp1": 8081, "wp2": 8082, "wp3": 8086, "ghost": 8083, "hexo": 8085}
RIGS = Path(os.environ.get("RIGS_DIR", ROOT.parent / "shared" / "rigs"))
GOLD = Path(os.environ.get("RIG_HOME", "/var/lib/kkrig")) / "gold"
PROFILES = Path(__file__).parent / "sites"
pytestmark = [pytest.mark.rig, pytest.mark.timeout(1500)]


def _runs(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module", params=PORTS)
def rig(request: pytest.FixtureRequest) -> str:
    """The name of a rig site that is up."""
    name: str = request.param
    if not _runs(PORTS[name]):
        pytest.skip(f"rig {name} is not running on 127.0.0.1:{PORTS[name]}")
    if not (GOLD / f"{name}.gold.jsonl").exists() or not (RIGS / "lib" / "mkgold.py").exists():
        pytest.skip(f"gold of rig {name} not found: set RIG_HOME and RIGS_DIR")
    return name


@cache
def norm() -> Callable[[str], str]:
    """The gold's own comparison form."""
    sys.path.insert(0, str(RIGS / "lib"))
    spec = importlib.util.spec_from_file_location("mkgold", RIGS / "lib" / "mkgold.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    result: Callable[[str], str] = module.norm
    return result


def key(url: str) -> str:
    return unquote(url).split("#")[0].rstrip("/").lower()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def gold(name: str, kind: str = "") -> list[dict[str, Any]]:
    """The newest round of a site's gold, or of its `absent` file."""
    rounds = sorted(
        GOLD.glob(f"{name}.gold*{kind}.jsonl"),
        key=lambda path: int(path.name.split(".")[1].removeprefix("gold") or 1),
    )
    rounds = [path for path in rounds if ("absent" in path.name) == bool(kind)]
    return lines(rounds[-1]) if rounds else []


def share(right: int, total: int) -> float:
    return right / total if total else 1.0


@pytest.fixture(scope="module")
def archive(rig: str, newsbot: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the whole rig site."""
    data = tmp_path_factory.mktemp(rig) / "data"
    done = newsbot("crawl", f"rig-{rig}", "--data", data, "--sites-dir", PROFILES, timeout=1400)
    assert done.returncode == 0, done.stderr
    return data


@pytest.fixture(scope="module")
def records(newsbot: Run, archive: Path) -> dict[str, dict[str, Any]]:
    out = archive.parent / "all.jsonl"
    assert newsbot("export", "--data", archive, "-o", out).returncode == 0
    return {key(record["url"]): record for record in lines(out)}


def test_every_published_article_and_nothing_else(
    rig: str, records: dict[str, dict[str, Any]]
) -> None:
    everything_published = gold(rig)
    articles = {key(g["url"]) for g in everything_published if g["kind"] == "article"}
    pages = {key(g["url"]) for g in everything_published if g["kind"] == "page"}
    absent = {key(a["url"]) for a in gold(rig, ".absent")}
    found = articles & records.keys()
    assert share(len(found), len(articles)) >= 0.995, sorted(articles - found)[:5]
    assert not records.keys() & pages
    assert not records.keys() & absent
    assert not records.keys() - articles, "stored as an article, but is none"


def test_hidden_texts_are_nowhere(rig: str, records: dict[str, dict[str, Any]]) -> None:
    probes = [norm()(a["probe"]) for a in gold(rig, ".absent") if len(a.get("probe") or "") > 40]
    texts = "\n".join(norm()(record["text"]) for record in records.values())
    assert not [probe for probe in probes if probe in texts]


def test_titles_dates_and_people_are_exact(rig: str, records: dict[str, dict[str, Any]]) -> None:
    articles = [g for g in gold(rig) if g["kind"] == "article" and key(g["url"]) in records]
    right = dict.fromkeys(("title", "published", "author", "category", "language", "tags"), 0)
    for truth in articles:
        record = records[key(truth["url"])]
        categories = set(map(norm(), truth["categories"] or [truth["category"] or ""]))
        shown = {norm()(record["section"] or "")}
        tags = set(map(norm(), truth["tags"]))
        if rig == "ghost":  # Ghost has only tags: a second category is one of them
            tags |= categories - shown
        right["title"] += norm()(record["title"] or "") == norm()(truth["title"])
        right["published"] += datetime.fromisoformat(record["published"]) == datetime.fromisoformat(
            truth["published"]
        )
        right["author"] += [norm()(a) for a in record["authors"]] == [norm()(truth["author"])]
        right["category"] += bool(categories & shown)
        right["language"] += record["language"] == truth["lang"]
        right["tags"] += set(map(norm(), record["tags"])) == tags
    shares = {name: share(number, len(articles)) for name, number in right.items()}
    assert min(shares["title"], shares["published"]) >= 0.995, shares
    assert min(shares.values()) >= 0.99, shares


def test_bodies_are_exact(rig: str, records: dict[str, dict[str, Any]]) -> None:
    """All paragraphs in order, and nothing but the article's own text besides."""
    articles = [g for g in gold(rig) if g["kind"] == "article" and key(g["url"]) in records]
    exact, wrong = 0, []
    for truth in articles:
        text = [norm()(p) for p in records[key(truth["url"])]["text"].split("\n\n")]
        flat = "\n".join(text)
        position, complete = -1, True
        for paragraph in map(norm(), truth["paragraphs"]):
            found = flat.find(paragraph, position + 1)
            complete &= found > position
            position = max(found, position)
        rest = " ".join(text)
        own = {norm()(b["text"]) for b in truth["blocks"] if b["text"]} | {norm()(truth["title"])}
        for piece in sorted(own, key=len, reverse=True):
            rest = rest.replace(piece, "")
        good = complete and not rest.strip()
        exact += good
        if not good:
            wrong.append((truth["url"], rest.strip()[:80]))
    assert share(exact, len(articles)) >= 0.99, wrong[:5]


def test_a_second_crawl_changes_nothing(rig: str, newsbot: Run, archive: Path) -> None:
    before = everything(archive)
    done = newsbot(
        "crawl", f"rig-{rig}", "--data", archive, "--sites-dir", PROFILES, "--json", timeout=600
    )
    assert done.returncode == 0, done.stderr
    (report,) = json.loads(done.stdout)
    assert report["discovered"] == 0
    assert sum(report["outcomes"].values()) == 0
    assert everything(archive) == before
    assert read(archive, "PRAGMA foreign_key_check") == []
