"""pictures: the plots of a data-set folder: its articles over time, by newspaper and by language."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from archive import plots
from archive.export.facts import UNKNOWN, Facts

PLOTS = {
    "published": "plots/articles-a-month.svg",
    "site": "plots/articles-by-newspaper.svg",
    "language": "plots/articles-by-language.svg",
}
"""What is counted → the name of its plot."""


def pictures(facts: Facts) -> tuple[str, ...]:
    """Names of the plots that can be drawn: none where matplotlib is missing."""
    there = [
        kind for kind in PLOTS if find_spec("matplotlib") and set(facts.counts[kind]) - {UNKNOWN}
    ]
    return tuple(PLOTS[kind] for kind in there)


def draw(facts: Facts, name: str, path: Path) -> None:
    """Draw one of them into a file, by nothing but the counts."""
    kind = next(kind for kind, its in PLOTS.items() if its == name)
    counts = {value: n for value, n in facts.counts[kind].items() if value != UNKNOWN}
    source = f"{facts.title}; {facts.rows:,} rows, as of {facts.as_of}"
    if kind == "published":
        series = {"articles": _months(counts)}
        plots.lines(series, path, title="Articles a month", x="month of publication", y="articles", source=source)  # fmt: skip
        return
    if kind == "site":
        named = {site["id"]: f"{site['name']} ({site['id']})" for site in facts.sites}
        counts = {named[site]: n for site, n in counts.items()}
    y = {"site": "newspaper", "language": "language"}[kind]
    plots.bars(counts, path, title=f"Articles by {y}", x="articles", y=y, source=source)


def _months(days: dict[str, int]) -> dict[str, float | None]:
    """Month → articles, those without any included."""
    first, last = (12 * int(day[:4]) + int(day[5:7]) - 1 for day in (min(days), max(days)))
    months: dict[str, float | None] = {
        f"{at // 12:04}-{at % 12 + 1:02}": 0 for at in range(first, last + 1)
    }
    for day, number in days.items():
        months[day[:7]] = (months[day[:7]] or 0) + number
    return months
