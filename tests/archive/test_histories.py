"""The past: what an archive says it held at a moment is what one holds that was given the captures up to then."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive import query
from archive.article import READ
from archive.query import selection
from archive.store.articles import derive
from archive.times import utc
from tests.archive.building import HOME, START, Paper, article, check_whole, open_paper

LATER = ("modified", "editions", "layout", "charset", "sources", "flags")
"""What a state was last read as: the archive keeps no more of it."""
BODY = {
    "plain": {"text": "Бірінші абзац.\n\nЕкінші абзац."},
    "edited": {"text": "Бірінші абзац.\n\nБасқа абзац.", "section": "Қоғам", "tags": ["су"]},
    "renamed": {"title": "Басқа тақырып", "authors": ["Асан Үсенов"], "views": 7},
    "signed": {"authors": ["Асан Үсенов"], "image": f"{HOME}i.jpg", "layout": "а/а", "views": 9},
    "unsigned": {"authors": [], "image": None, "layout": "а/а", "comments": 3},
    "other layout": {"authors": [], "layout": "б/б", "published": "2026-11-20"},
}
VISITS = st.lists(
    st.tuples(st.sampled_from((0.2, 1, 2, 8)), st.integers(1, 3), st.sampled_from((*BODY, "missing", "blocked"))),
    min_size=2, max_size=8,
)  # fmt: skip


def visited(folder: Path, visits: list[tuple[float, int, str]], moment: str = "9") -> Paper:
    """An archive of these visits, those up to a moment, fully derived."""
    paper = open_paper(folder)
    for days, number, what in visits:
        paper.later(days=days)
        if utc(paper.now) > moment:
            break
        url = f"{HOME}{number}"
        if what in BODY:
            paper.visit(url, article(url, **{"layout": "а/а", **BODY[what]}))
        elif paper.all("SELECT 1 FROM aliases WHERE url = ?", url):
            paper.visit(url, result=what)
    with paper.store.transaction() as c:
        for (number,) in c.execute("SELECT id FROM articles").fetchall():
            derive(paper.store.changes, number)
    check_whole(paper.store)
    return paper


def told(paper: Paper, **options: Any) -> list[dict[str, Any]]:
    chosen = selection(**options)
    found = list(query.articles(paper.store.connection, chosen))
    for row in found:
        row["capture"] = row["capture"]["fetched_at"]  # ids of records are made up
    return [{name: value for name, value in row.items() if name not in LATER} for row in found]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(VISITS, st.integers(0, 30), st.booleans())
def test_the_past_is_what_was_there(
    visits: list[tuple[float, int, str]], days: int, revisions: bool
) -> None:
    moment = utc(START + timedelta(days=days, hours=1))
    with tempfile.TemporaryDirectory() as place:
        now = visited(Path(place) / "now", visits)
        then = visited(Path(place) / "then", visits, moment)
        for words in (
            "",
            "басқа",
            "бірінші",
            "section:қоғам",
            "tag:СУ",
            "author:үсенов",
            "gone:yes",
        ):
            found = told(now, text=words, as_of=moment, revisions=revisions)
            assert found == told(then, text=words, revisions=revisions), words
        now.store.close()
        then.store.close()


@pytest.fixture
def edited(paper: Paper) -> Paper:
    """An article that was edited, went, and came back; another that came later."""
    paper.visit(read=article(text="Ескі мәтін.", section="ҚОҒАМ", views=1))
    paper.later(days=10).visit(read=article(text="Жаңа мәтін.", section="Спорт", views=5))
    paper.later(days=10).visit(result="missing")
    paper.later(days=2).visit(result="missing")
    paper.visit(f"{HOME}2", article(f"{HOME}2", text="Басқа мәтін."))
    paper.later(days=2).visit(read=article(text="Соңғы мәтін.", section="Спорт"))
    return paper


@pytest.mark.parametrize(
    ("as_of", "words", "found"),
    [
        ("2026-11-21", "", []),
        ("2026-11-22", "", [("Ескі мәтін.", 1, 1, 1, None)]),
        ("2026-11-22", "ескі", [("Ескі мәтін.", 1, 1, 1, None)]),
        ("2026-11-22", "жаңа", []),
        ("2026-11-22", "section:қоғам", [("Ескі мәтін.", 1, 1, 1, None)]),
        ("2026-12-05", "section:қоғам", []),
        ("2026-12-05", "жаңа", [("Жаңа мәтін.", 2, 2, 5, None)]),
        ("2026-12-14T08:00:00Z", "gone:yes", [("Жаңа мәтін.", 2, 2, 5, "2026-12-12T08:00:00Z")]),
        ("2026-12-30", "gone:yes", []),
        ("2026-12-30", "соңғы", [("Соңғы мәтін.", 3, 3, 5, None)]),
    ],
)
def test_as_of(edited: Paper, as_of: str, words: str, found: list[tuple[object, ...]]) -> None:
    rows = told(edited, text=words, as_of=as_of)
    names = ("text", "revision", "revisions", "views", "gone_since")
    assert [tuple(row[name] for name in names) for row in rows] == found


def test_conditions_ask_the_past(edited: Paper) -> None:
    asked = {"where": "views < 3 AND tags = '[]'", "as_of": "2026-11-22"}
    assert len(told(edited, **asked)) == 1
    assert told(edited, where="views < 3") == []


def test_revisions_up_to_then(edited: Paper) -> None:
    rows = told(edited, as_of="2026-12-05", revisions=True)
    assert [(row["text"], row["revision"]) for row in rows] == [
        ("Ескі мәтін.", 1),
        ("Жаңа мәтін.", 2),
    ]
    assert len(told(edited, revisions=True)) == 4


def test_what_was_captured_meanwhile_counts(edited: Paper) -> None:
    assert len(told(edited, as_of="2027-01-01")) == 2
    edited.visit(f"{HOME}3", article(f"{HOME}3"))
    assert len(told(edited, as_of="2027-01-01")) == 3


def test_fields_are_those_of_the_present(edited: Paper) -> None:
    now, then = told(edited), told(edited, as_of="2027-01-01")
    assert now == then and {*READ} - {*LATER} <= set(now[0])
