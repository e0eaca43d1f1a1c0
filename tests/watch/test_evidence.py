"""A redesign is told with pages from before and after, and the selectors that no longer match."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from newsbot.profiles import Layout, Site
from newsbot.watch.alarms import alarms, message
from newsbot.watch.evidence import evidence
from newsbot.watch.monitors import look
from tests.archive.building import HOME, Paper, article, open_paper

OLD = '<html><body class="story"><h1 class="t">{0}</h1><div class="text"><p>{0}</p></div></body></html>'
NEW = "<html><body><main><h1>{0}</h1><p>{0}</p></main></body></html>"
SITE = Site(
    id="aqbulaq", name="Ақбұлақ тынысы", url=HOME,
    layouts=[Layout(id="old", when=".story", title=["h1.t"], body=[".story .text"])],
)  # fmt: skip


@pytest.fixture
def paper(tmp_path: Path) -> Iterator[Paper]:
    """Thirty pages of the old theme."""
    paper = open_paper(tmp_path)
    for number in range(30):
        show(paper, number, OLD, layout="aqbulaq/old")
    finish(paper)
    paper.later(days=1).begin()
    yield paper
    paper.store.close()


def show(paper: Paper, number: int, theme: str, **fields: Any) -> None:
    url = f"{HOME}{number}"
    paper.later(seconds=3)
    read = article(url, title=f"Тақырып {number}", published=paper.now.isoformat(), **fields)
    body = theme.format(f"Тақырып {number}").encode()
    paper.visit(url, read if fields else None, reason=None if fields else "no_text",
                result="article" if fields else "refused", captures=[paper.capture(url, body)])  # fmt: skip


def finish(paper: Paper) -> None:
    paper.store.finish_crawl(paper.crawl, paper.later(minutes=1).now, "finished", 40)
    look(paper.store, [SITE], paper.now)


def test_another_theme_that_generic_rules_read(paper: Paper) -> None:
    for number in range(30, 35):
        show(paper, number, NEW, layout="generic/article")
    finish(paper)
    c, folder = paper.store.connection, paper.store.folder
    assert not alarms(c, folder, paper.now), "five pages are too few"
    show(paper, 35, NEW, layout="generic/article")
    finish(paper)
    (event,) = alarms(c, folder, paper.now).new
    assert (event["kind"], event["layout"], event["reads_now"]) == (
        "layout_changed",
        "aqbulaq/old",
        "generic/article",
    )
    head, text = message(c, folder, {"aqbulaq": SITE}, alarms(c, folder, paper.now), "en")
    assert head == "newsbot: aqbulaq needs a look: layout has changed"
    assert text.splitlines()[2:] == [
        f"  before: {HOME}29 (2026-11-22)",
        f"  before: {HOME}28 (2026-11-22)",
        f"  after: {HOME}30 (2026-11-23)",
        f"  after: {HOME}31 (2026-11-23)",
        "  no longer matches: when: .story",
        "  no longer matches: body: .story .text",
        "  no longer matches: title: h1.t",
    ]


def test_another_theme_that_nothing_reads(paper: Paper) -> None:
    for number in range(6):
        show(paper, number, NEW)
    finish(paper)
    (event,) = alarms(paper.store.connection, paper.store.folder, paper.now).new
    assert event["kind"] == "unreadable"
    found = evidence(paper.store.connection, paper.store.folder, SITE, event)
    assert found["selectors"][0] == "when: .story"
    assert found["after"] == [f"{HOME}0 (2026-11-23)", f"{HOME}1 (2026-11-23)"]
    gone = evidence(paper.store.connection, paper.store.folder, None, event)
    assert gone == {**found, "selectors": []}, "no profile any more"
