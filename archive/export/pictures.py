"""pictures: the plots of a data-set folder: its articles over time, by newspaper and by language."""

from __future__ import annotations

from collections import Counter
from importlib.util import find_spec
from pathlib import Path

from archive import plots
from archive.export.dataset import UNKNOWN, Dataset

PLOTS = {
    "published": "plots/articles-a-month.svg",
    "site": "plots/articles-by-newspaper.svg",
    "language": "plots/articles-by-language.svg",
}
"""What is counted → the name of its plot."""


def pictures(known: Dataset) -> tuple[str, ...]:
    """Names of the plots that can be drawn: none where matplotlib is missing."""
    there = [kind for kind in PLOTS if find_spec("matplotlib") and set(known.counts[kind]) - {UNKNOWN}]  # fmt: skip
    return tuple(PLOTS[kind] for kind in there)


def draw(known: Dataset, name: str, path: Path) -> None:
    """Draw one of them into a file, by nothing but the counts."""
    kind = next(kind for kind, its in PLOTS.items() if its == name)
    counts = {value: n for value, n in known.counts[kind].items() if value != UNKNOWN}
    source = f"{known.title}; {known.rows:,} rows, as of {known.as_of}"
    if kind == "published":
        months = Counter[str]()
        for day, number in counts.items():
            months[day[:7]] += number
        span = range(plots.place(min(months)), plots.place(max(months)) + 1)
        series = {
            "articles": {month: months[month] for month in (plots.time_at(at, 7) for at in span)}
        }
        plots.lines(
            series,
            path,
            title="Articles a month",
            x="month of publication",
            y="articles",
            source=source,
        )
        return
    if kind == "site":
        named = {site["id"]: f"{site['name']} ({site['id']})" for site in known.sites}
        counts = {named[site]: n for site, n in counts.items()}
    y = {"site": "newspaper", "language": "language"}[kind]
    plots.bars(counts, path, title=f"Articles by {y}", x="articles", y=y, source=source)
