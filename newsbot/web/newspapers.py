"""newspapers: the pages that watch over newspapers: all of them, one with its history, and how each fares."""

from __future__ import annotations

import shutil
from itertools import groupby
from operator import itemgetter
from typing import Any
from urllib.parse import unquote

from markupsafe import Markup

from archive import status
from archive.times import now, utc
from newsbot.watch import report
from newsbot.watch.alarms import WELL, judged
from newsbot.watch.monitors import kinds, said
from newsbot.web.room import Asked, Page, Refused, page

_YEARS = 2
"""That the calendar of a newspaper shows at first."""
_SAMPLE = 5_000


def fared(asked: Asked) -> list[dict[str, Any]]:
    """How each newspaper fares, the worst first: `archive.status.sites` and `judged`, with what its profile says."""
    folder = asked.room.folder

    def made() -> list[dict[str, Any]]:
        about = {row["site"]: row for row in asked.rows("sites")}
        rows = judged(status.sites(asked.c, folder, now()), folder, now())
        return [{**row, **about[row["site"]]} for row in rows]

    return asked.room.kept("fared", made)


@page("/newspapers")
def newspapers(asked: Asked) -> Page:
    """All newspapers of the archive, by region."""
    names = ("site", "name", "url", "region", "language", "articles", "gone", "newest", "severity")
    rows = [{name: row[name] for name in names} for row in fared(asked)]
    rows.sort(key=lambda row: (row["region"] or "~", row["name"]))
    regions = [(region, list(some)) for region, some in groupby(rows, itemgetter("region"))]
    return Page("newspapers.html", {"newspapers": rows}, more={"regions": regions, "well": WELL})


@page("/health")
def health(asked: Asked) -> Page:
    """How each newspaper fares, those in trouble first, as `newsbot status`."""
    rows = fared(asked)
    told = {
        row["site"]: [
            said(event, asked.language.code) for event in row["events"] if event["kind"] in kinds()
        ]
        for row in rows
    }
    titles = {name: kind.title[asked.language.code] for name, kind in kinds().items()}
    data = {
        "at": utc(now()),
        "newspapers": rows,
        "wrong": sum(row["severity"] < WELL for row in rows),
        "database_bytes": status.database_bytes(asked.room.folder),
        "free_bytes": shutil.disk_usage(asked.room.folder).free,
    }
    return Page("health.html", data, more={"told": told, "titles": titles, "well": WELL})


@page(r"/newspaper/(?P<site>[^/.]+)")
def newspaper(asked: Asked) -> Page:
    """One newspaper: how it fares, its newest articles, and its history as `newsbot report` draws it."""
    site, language = unquote(asked.vars["site"]), asked.language.code
    if not asked.c.execute("SELECT 1 FROM sites WHERE id = ?", (site,)).fetchone():
        raise Refused(404, "There is no such newspaper here.")
    found = asked.room.kept(
        ("newspaper", site),
        lambda: report.gathered(asked.c, asked.room.folder, site, now(), _SAMPLE),
    )
    years = asked.number("years", _YEARS, report.YEARS) or 1
    drawn = asked.room.kept(
        ("drawn", site, language, years), lambda: report.drawn(found, language, years)
    )
    # It has escaped what is the archive's.
    head, *plots = map(Markup, drawn)
    more = {
        "head": head, "plots": plots, "all_years": report.YEARS,
        "is_cut": len({day[:4] for day in found["days"]}) > years,
    }  # fmt: skip
    return Page(
        "newspaper.html",
        {"history": found, "newest": asked.rows("newest_of_a_site", (site,))},
        more=more,
    )
