"""Two newspapers with all that an export can hold: a full article and a bare one, edits, counters, a story, editions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from archive.decisions import append
from archive.store.stories import link
from archive.store.withheld import act
from archive.times import utc
from tests.archive.building import HOME, START, Paper, article, open_paper
from tests.archive.test_duplicates import Press

REPRINT = "\n\n".join(Press(20).article(4))
WITHHELD = "құпиятас"
"""A word that stands in the withheld article alone."""
FULL: dict[str, Any] = {
    "text": REPRINT, "title": "Су тасқыны: =1+1, «көпір»", "views": 7, "comments": 0, "section": "=2+3",
    "authors": ["Ерлан Қасым"], "tags": ["су", "1"], "image": f"{HOME}i.jpg", "captions": ["Сурет"],
    "editions": [{"language": "ru", "url": f"{HOME}ru/1"}], "modified": "2023-05-02T10:00:00+05:00",
    "sources": {"title": "layout", "authors": "json-ld", "views": "layout"}, "published": "2023-05-01T09:30:00+05:00",
    "flags": ["date_inferred"], "layout": "generic/a", "charset": "utf-8",
}  # fmt: skip
BARE: dict[str, Any] = {
    "title": None, "authors": [], "tags": [], "section": None, "views": None, "comments": None,
    "published": "2022-05-01", "published_raw": None, "language": None,
}  # fmt: skip


def build(folder: Path) -> None:
    """`aqbulaq` has articles 1 (full, edited), 2 (bare), 3 (undated) and 4 (withheld); `tobyl` reprints 1, and has 6."""
    paper = open_paper(folder)
    tobyl = Paper(paper.store, "tobyl")
    for number, fields in ((1, FULL), (2, BARE), (3, {**BARE, "published": None, "tags": ["су"]})):
        paper.visit(f"{HOME}{number}", article(f"{HOME}{number}", **fields))
    paper.visit(f"{HOME}4", article(f"{HOME}4", text=f"{WITHHELD} сөз", tags=[WITHHELD]))
    paper.later(days=1)
    edited = {**FULL, "title": "Көпір шайылды", "views": 12}
    paper.visit(f"{HOME}1", article(f"{HOME}1", **edited))
    tobyl.later(days=2)
    ru = article(
        f"{HOME}ru/1",
        text="Мост через реку смыло водой.",
        language="ru",
        published="2023-05-01T10:00:00+05:00",
    )
    paper.visit(f"{HOME}ru/1", ru)
    tobyl.visit(
        f"{HOME}t/1", article(f"{HOME}t/1", text=REPRINT, site="tobyl", published="2023-05-03")
    )
    tobyl.visit(
        f"{HOME}t/2", article(f"{HOME}t/2", text="Егін жиналды.", site="tobyl", language="kk-Latn")
    )
    assert link(paper.store).stories == 1
    paper.store.close()
    line = {
        "url": f"{HOME}4",
        "decision": "withheld",
        "reason": "сот шешімі",
        "at": utc(START),
        "by": "",
    }
    append(folder / "decisions" / "withheld.jsonl", folder, json.dumps(line).encode() + b"\n")
    act(folder)
