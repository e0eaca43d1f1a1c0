"""An archive of two newspapers: a story, an article edited, one gone, one returned, one withheld, one hostile."""

from __future__ import annotations

from pathlib import Path

from archive.decisions import WITHHOLD, WITHHOLDING, decide
from archive.store.stories import link
from archive.store.withheld import act
from archive.times import utc
from tests.archive.building import HOME, START, Paper, article, open_paper
from tests.archive.test_duplicates import Press

STORY = "\n\n".join(Press(20).article(4))
HOSTILE = "<script>alert(1)</script> & «тырнақша»\u202e"


def build(folder: Path) -> None:
    """Make the archive."""
    first = open_paper(folder)
    other = Paper(first.store, "zhetisu")
    first.store.save_site(
        {"id": "zhetisu", "name": "Жетісу <b>үні</b>", "url": "https://zhetisu.example/", "region": "jetisu",
         "language": "kk", "timezone": "Asia/Almaty", "family": "generic"}
    )  # fmt: skip

    def visit(paper: Paper, number: int, text: str, **fields: object) -> None:
        url = f"{HOME}{paper.site}/{number}"
        result = str(fields.pop("result", "article"))
        read = article(url, text=text, site=paper.site, **fields) if text else None
        paper.visit(url, read, result)

    def pass_time(**distance: float) -> None:
        other.later(**distance).begin()
        first.later(**distance).begin()

    visit(first, 1, STORY, title="Көпір ашылды", published="2026-11-20T10:00:00+05:00")
    visit(other, 1, f"{STORY}\n\nБасқа сөз.", title="Көпір", published="2026-11-21")
    visit(first, 2, "Су тасқыны болды.", title="Су", published="2023-05-17", authors=["Ерлан Қасымов"],
          tags=["таза су"], section="Қоғам")  # fmt: skip
    visit(first, 3, "Су жоқ.", title="Кеткен", published="2024-02-01")
    visit(first, 4, "Су бар.", title="Қайтқан", published="2024-03")
    visit(first, 5, "Су құпиясы.", title="Жасырын", published="2024-04-01")
    visit(other, 6, "Су туралы.", title=HOSTILE, published=None, language="ru")
    for _ in range(2):
        pass_time(days=2)
        visit(first, 3, "", result="missing")
        visit(first, 4, "", result="missing")
    visit(first, 2, "Су тасқыны болған жоқ.", title="Су", published="2023-05-17",
          authors=["Ерлан Қасымов"], tags=["таза су"], section="Қоғам")  # fmt: skip
    pass_time(hours=1)
    visit(first, 4, "Су бар.", title="Қайтқан", published="2024-03")
    link(first.store)
    first.store.close()
    url = f"{HOME}aqbulaq/5"
    decide(
        folder, WITHHOLDING,
        {"url": url, "decision": WITHHOLD, "reason": "сот", "at": utc(START), "by": None},
    )  # fmt: skip
    act(folder)
