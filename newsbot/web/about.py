"""about: what this archive holds, what its fields mean, whose the articles are, and how it is cited."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from archive.export.columns import COLUMNS
from archive.times import now, utc
from newsbot import __version__
from newsbot.web.room import QUERIES, Asked, Page, page


def counted(asked: Asked) -> dict[str, Any]:
    """How many articles there are by newspaper and year; those without a date have the year ''."""

    def made() -> dict[str, Any]:
        by_site: dict[str, dict[str, int]] = {}
        for site, year, n in asked.c.execute(QUERIES["by_year"]):
            by_site.setdefault(site, {})[year or ""] = n
        by_year: Counter[str] = sum(map(Counter, by_site.values()), Counter())
        names = dict(asked.c.execute("SELECT id, name FROM sites"))
        return {
            "at": utc(now()), "articles": by_year.total(), "newspapers": names,
            "by_year": dict(sorted(by_year.items(), reverse=True)), "by_site": by_site,
        }  # fmt: skip

    return asked.room.kept("counted", made)


@page("/about")
def about(asked: Asked) -> Page:
    """The archive as a whole."""
    columns = [asdict(column) for column in COLUMNS]
    data = {
        **counted(asked), "columns": columns, "version": __version__, "contact": asked.room.contact,
        "url": f"{asked.origin}/",
    }  # fmt: skip
    return Page("about.html", data)
