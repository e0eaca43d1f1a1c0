"""Counts of a selection: the sums of what an export of it has, with nothing left out and nothing invented."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive import query, stats
from archive.errors import ArchiveUsageError
from archive.kazakh.words import words
from archive.query import Selection, selection
from tests.archive.building import HOME, START, Paper, article

TEXTS = [
    "Ауылға таза су келді.",
    "Су тасқыны – су тасқыны!",
    "бiлім күні 2023",
    "Сельский праздник.",
]
DATES = ["2023-01-31T23:59:59+06:00", "2023-04-01", "2023-04-02", None]


@pytest.fixture
def full(paper: Paper) -> Paper:
    """Two newspapers; articles dated and not, edited, gone, reprinted, with fields and without."""
    other = Paper(paper.store, "qarasu")
    paper.store.save_site({**paper.one("SELECT * FROM sites WHERE id = 'aqbulaq'"), "id": "qarasu", "region": "abai"})  # fmt: skip
    for number in range(12):
        of = (paper, other)[number % 3 == 0]
        url = f"{HOME}{number}"
        fields: dict[str, Any] = {
            "title": f"Тақырып {number}" if number % 5 else None,
            "text": TEXTS[number % 4], "published": DATES[number % 4], "site": of.site,
            "language": ("kk", "ru", None)[number % 3], "section": ("Қоғам", None)[number % 2],
            "tags": ["су"] * (number % 2), "authors": ["Ерлан"] * (number % 3 > 1),
            "image": f"{HOME}{number}.jpg" if number % 4 else None, "views": number or None,
        }  # fmt: skip
        of.visit(url, article(url, **fields))
        for edit in range(number % 3):
            of.later(days=1)
            of.visit(url, article(url, **{**fields, "text": f"{TEXTS[number % 4]} Тағы {edit}."}))
    for _ in range(2):
        paper.later(days=2)
        paper.visit(f"{HOME}5", result="missing")
    c = paper.store.connection
    c.execute("INSERT INTO stories (id, first_article, articles, sites) VALUES (2, 3, 3, 2)")
    c.execute("UPDATE articles SET story = 2 WHERE id IN (2, 3, 4)")
    return paper


def has(value: object) -> bool:
    return value not in (None, "", [])


KEYS: dict[str, Callable[[dict[str, Any]], str | None]] = {
    "day": lambda r: r["published"] and r["published"][:10],
    "month": lambda r: r["published"] and r["published"][:7],
    "year": lambda r: r["published"] and r["published"][:4],
    **{name: lambda r, name=name: r[name] for name in ("site", "region", "language", "section")},
}
SELECTIONS = {
    "everything": Selection(),
    "a word": selection("тасқын"),
    "a region": selection(region="abai"),
    "since": selection(after="2023-02"),
    "a condition": selection(where="views > 3 AND language = 'ru'"),
    "a sample": selection(sample=5, seed=1),
    "the past": selection(as_of=(START + timedelta(days=2)).date().isoformat()),
    "all states": selection(revisions=True),
    "all states of some": selection(revisions=True, sample=4),
}


@pytest.mark.parametrize("name", SELECTIONS)
def test_sums_are_those_of_the_exported_rows(full: Paper, name: str) -> None:
    c, chosen = full.store.connection, SELECTIONS[name]
    rows = list(query.articles(c, chosen))
    assert rows
    total = stats.count(c, chosen, (), stats.COUNTED).total()
    assert total["articles"] == len(rows)
    assert total["words"] == sum(len(words(row["text"])) for row in rows)
    assert total["sites"] == len({row["site"] for row in rows})
    edits = [r["revision"] > 1 if chosen.revisions else r["revision"] - 1 for r in rows]
    assert total["edits"] == sum(edits)
    assert total["gone"] == sum(row["gone_since"] is not None for row in rows)
    assert total["reprints"] == sum(row["story"] == 2 and row["id"] != 3 for row in rows)
    for field in stats.FIELDS:
        assert total[field] == round(sum(has(row[field]) for row in rows) / len(rows), 4), field
    for by in (("day",), ("year",), ("site",), ("month", "region"), ("language", "section")):
        counted = stats.count(c, chosen, by, ("articles",)).rows()
        found = {tuple(row[n] for n in by): row["articles"] for row in counted if row["articles"]}
        assert found == Counter(tuple(KEYS[n](row) for n in by) for row in rows), by


def test_times_without_articles_are_zeros_and_the_undated_come_last(full: Paper) -> None:
    c = full.store.connection
    months = [(r["month"], r["articles"]) for r in stats.count(c, Selection(), ["month"]).rows()]
    assert months == [("2023-01", 3), ("2023-02", 0), ("2023-03", 0), ("2023-04", 6), (None, 3)]
    rows = [*stats.count(c, selection(after="2023"), ["region", "month"]).rows()]
    assert [(r["region"], r["month"]) for r in rows] == [
        (region, f"2023-0{month}") for region in ("abai", "jambyl") for month in range(1, 5)
    ]


def test_a_share_of_nothing_is_none(full: Paper) -> None:
    table = stats.count(full.store.connection, Selection(), ["month"], ["authors"])
    assert [row["authors"] for row in table.rows()][1] is None
    assert stats.count(full.store.connection, selection("жоқ")).total()["articles"] == 0
    assert not [*stats.count(full.store.connection, selection("жоқ"), ["month"]).rows()]


@pytest.mark.parametrize("by", [("day", "year"), ("site", "region", "month")])
def test_more_cannot_be_told_apart(full: Paper, by: tuple[str, ...]) -> None:
    with pytest.raises(ArchiveUsageError, match="one or two of day"):
        stats.count(full.store.connection, Selection(), by)


def test_plots_say_what_they_leave_out(full: Paper, tmp_path: Path) -> None:
    c, path = full.store.connection, tmp_path / "a.svg"
    told = {"title": "T", "source": "S"}

    def drawn(*by: str) -> str:
        stats.draw(stats.count(c, Selection(), by), "articles", path, **told)
        return path.read_text("utf-8")

    assert "S; articles without a date are not drawn" in drawn("year", "region")
    assert "jambyl" in drawn("region")
    assert "Қоғам" in drawn("region", "section")
    with pytest.raises(ArchiveUsageError, match="--by"):
        drawn()


def test_of_many_lines_the_rest_is_counted_together() -> None:
    table = stats.Table(("month", "site"), ("sites",), ("articles",))
    for number in range(20):
        table.add(("2023-01", f"s{number:02}"), (1 << number, 20 - number))
    fewer = [*stats._fewer(table, [1], 8).rows()]
    assert [row["site"] for row in fewer] == [*(f"s{n:02}" for n in range(7)), "others"]
    assert fewer[-1]["sites"] == 13


def test_dates_of_a_foreign_archive_that_are_none(full: Paper) -> None:
    """What is no day is undated, and a year 9999 brings no million of empty days."""
    c = full.store.connection
    c.execute("SAVEPOINT as_it_was")
    for number, published in enumerate(
        ("0001-01-01", "9999-12-31", "now", "2023-13-01", "0000-00-00"), 1
    ):
        c.execute("UPDATE articles SET published = ? WHERE id = ?", (published, number))
    for by in ("day", "month", "year"):
        rows = list(stats.count(c, Selection(), (by,), ("articles",)).rows())
        assert sum(row["articles"] for row in rows) == 12
        assert len(rows) < 130_000
        assert rows[-1][by] is None
    c.execute("ROLLBACK TO as_it_was")
    c.execute("RELEASE as_it_was")
