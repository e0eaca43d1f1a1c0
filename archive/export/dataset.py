"""dataset: what is known of a data set, counted row by row, of which all that describes it is made. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from archive.article import SOURCED
from archive.export.splits import SPLITS

WORDS = tomllib.loads(files("archive.export").joinpath("dataset.toml").read_text("utf-8"))
OBJECTS: dict[str, dict[str, str]] = WORDS["objects"] | {
    "sources": dict.fromkeys(SOURCED, "string")
}
LISTS = ("editions", "notes")
"""Those of them of which a column has several."""
SUFFIXES = {"parquet": ".parquet", "jsonl": ".jsonl.gz", "csv": ".csv"}
"""Format of rows → how the names of its files end in a folder."""
UNKNOWN = "unknown"
"""Key of a count for what has no value."""
COUNTED = ("split", "site", "year", "language", "flag", "filled")
"""What the manifest counts."""
Counts = dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Dataset:
    """All that is told of a set."""

    query: dict[str, list[str]]
    options: dict[str, Any]
    as_of: str
    software: str
    rules: dict[str, int]
    withheld: dict[str, Any]
    counts: Counts
    """By `COUNTED`, and the days of publication and of being seen."""
    sites: list[dict[str, Any]]
    """Of each newspaper in the set `id, name, url, region`."""
    files: list[dict[str, Any]]
    """Of each file of data `path, bytes, sha256`, of one with rows `format, split, rows` too."""
    plots: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    contact: str | None = None

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(self.counts["split"].values())

    @property
    def years(self) -> str:
        """`2019–2023`; empty where no date is known."""
        known = sorted(year for year in self.counts["year"] if year != UNKNOWN)
        return "–".join(dict.fromkeys((known[0], known[-1]))) if known else ""

    @property
    def splits(self) -> list[str]:
        """Splits that have rows, in their order."""
        return [split for split in SPLITS if split in self.counts["split"]]

    @property
    def title(self) -> str:
        """Whose articles they are, and of which years."""
        names = [site["name"] for site in self.sites]
        whose = ", ".join(names) if len(names) <= 3 else f"{len(names)} newspapers of Kazakhstan"
        return f"Articles of {whose}" + (f", {self.years}" if self.years else "")

    @property
    def languages(self) -> list[str]:
        """Those that are known."""
        return [name for name in self.counts["language"] if name != UNKNOWN]

    @property
    def preferred(self) -> tuple[str, list[dict[str, Any]]]:
        """The format that is loaded first, and its files of rows."""
        found = [file for file in self.files if "rows" in file]
        return found[0]["format"], [file for file in found if file["format"] == found[0]["format"]]

    @property
    def creators(self) -> list[str]:
        """Who is cited: who made the set, or the newspapers whose texts it holds."""
        return list(self.authors or [site["name"] for site in self.sites])

    @property
    def selected(self) -> str:
        """The query in a line."""
        found = (f"{name}: {', '.join(values)}" for name, values in self.query.items())
        return "; ".join(found) or "all articles"

    @property
    def in_a_sentence(self) -> str:
        """How many articles, which, and as of when."""
        return f"{self.rows:,} articles. Query: {self.selected}. As of {self.as_of}."


def counted(counts: Counts, row: Mapping[str, Any]) -> None:
    """Count one row."""
    published = row["published"] or ""
    seen = (row["first_seen"][:10], row["last_seen"][:10])
    values = {
        "split": [row["split"]],
        "site": [row["site"]],
        "year": [published[:4]],
        "language": [row["language"]],
        "flag": row["flags"],
        "filled": [name for name, value in row.items() if value not in (None, [], "")],
        "published": [published[:10]],
        "seen": dict.fromkeys(seen),
    }
    for kind, found in values.items():
        into = counts.setdefault(kind, {})
        for value in found:
            into[value or UNKNOWN] = into.get(value or UNKNOWN, 0) + 1


def added(several: Iterable[Counts]) -> Counts:
    """Counts of several files together, in one order."""
    total: Counts = {kind: {} for kind in (*COUNTED, "published", "seen")}
    for counts in several:
        for kind, found in counts.items():
            for value, number in found.items():
                total[kind][value] = total[kind].get(value, 0) + number
    return {kind: dict(sorted(found.items())) for kind, found in total.items()}


def many(number: int, one: str, more: str = "") -> str:
    """A number with the word for what is counted."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"
