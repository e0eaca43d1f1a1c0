"""article: the page of one article: its text to be read, and each field with where it came from and since when."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from datasette.utils.asgi import Response

from archive import query, stories
from archive.article import READ, REVISED
from archive.errors import ArchiveUsageError
from archive.notes import notes
from archive.wording import changes
from newsbot import urls
from newsbot.web import citing
from newsbot.web.room import QUERIES, Asked, Page, Refused, page

_PLOT = (560, 120)
"""Width and height of a plot, in its own units."""


def refuse_withheld(asked: Asked, keys: Sequence[str | int]) -> None:
    """Raises `Refused` (451) where one of these ids and addresses is of an article that is withheld."""
    for since, reason in asked.c.execute(QUERIES["withheld"], (json.dumps(keys),)):
        raise Refused(451, "This article is withheld.", f"{reason} ({since[:10]})")


def record_of(asked: Asked, key: str) -> dict[str, Any]:
    """The record of an article by id or address. Raises `Refused`: 451 where it is withheld, 404 where there is none."""
    try:
        return query.article(asked.c, key)
    except ArchiveUsageError:
        refuse_withheld(asked, [int(key) if key.isdigit() and len(key) < 19 else key])
        raise Refused(404, "There is no such article here.") from None


def numbered(versions: list[dict[str, Any]], number: int | None) -> dict[str, Any]:
    """The revision of a number; the newest without one. Raises `Refused` where there is none."""
    found = versions[-1:] if number is None else [v for v in versions if v["number"] == number]
    if not found:
        raise Refused(404, "There is no such revision.")
    return found[0]


def since_when(versions: list[dict[str, Any]]) -> dict[str, str]:
    """Field → the moment of the first revision from which on it has been as it is."""
    found = {}
    for name in READ:
        for version in reversed(versions):
            if version[name] != versions[-1][name]:
                break
            found[name] = version["seen_at"]
    return found


def plot(counters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each counter that is known at two moments at least: its `name`, its line's `points` and what is `most`."""
    found = []
    for name in ("views", "comments"):
        known = [(datetime.fromisoformat(row["seen_at"]).timestamp(), row[name]) for row in counters if row[name] is not None]  # fmt: skip
        if len(known) < 2:
            continue
        first, span = known[0][0], known[-1][0] - known[0][0] or 1
        most = max(n for _, n in known) or 1
        points = [
            f"{_PLOT[0] * (at - first) / span:.1f},{_PLOT[1] * (1 - n / most):.1f}"
            for at, n in known
        ]
        found.append({"name": name, "points": " ".join(points), "most": most})
    return found


@page(r"/article/(?P<id>\d{1,18})")
def article(asked: Asked) -> Page:
    """One article, whole; with `?beside=ID` one of its editions beside it."""
    record = record_of(asked, asked.vars["id"])
    number = record["id"]
    editions = stories.editions_of(asked.c, number)
    beside = asked.number("beside", 0)
    if beside and beside not in [edition["id"] for edition in editions]:
        raise Refused(404, "There is no such edition.")
    data = {
        **record,
        "since": since_when(query.revisions(asked.c, number)),
        "aliases": asked.rows("aliases", (number,)),
        "counters": asked.rows("counters", (number,)),
        "other_editions": editions,
        "notes": notes(asked.c, number),
        "beside": query.article(asked.c, str(beside)) if beside else None,
        "story_articles": stories.members(asked.c, record["story"]) if record["story"] else [],
    }
    more = {
        "plots": plot(data["counters"]),
        "citation": citing.gost(record),
        "structured": citing.news_article(record, asked.origin),
    }
    return Page("article.html", data, more=more)


@page(r"/article/(?P<id>\d{1,18})\.(?P<form>bib|ris)")
def citation(asked: Asked) -> Response:
    """An article as a citation, to be saved."""
    record, form = record_of(asked, asked.vars["id"]), asked.vars["form"]
    kinds = {"bib": "x-bibtex", "ris": "x-research-info-systems"}
    text = citing.bibtex if form == "bib" else citing.ris
    name = f"{record['site']}-{record['id']}.{form}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(
        text(record), headers=headers, content_type=f"application/{kinds[form]}; charset=utf-8"
    )


@page(r"/article/(?P<id>\d{1,18})/revisions")
def revisions(asked: Asked) -> Page:
    """The states that the newspaper printed, those that other rules read apart, and word by word what differs of two.

    `from` and `to` are numbers of revisions, or digests of what other rules read.
    """
    record = record_of(asked, asked.vars["id"])
    versions = query.revisions(asked.c, record["id"])
    ours = [one for one in query.readings(asked.c, record["id"]) if not one["revisions"]]
    states = {str(one["number"]): one for one in versions} | {one["digest"]: one for one in ours}
    newest = versions[-1]["number"]
    chosen = [asked.arg("from", str(max(1, newest - 1))), asked.arg("to", str(newest))]
    if not states.keys() >= {*chosen}:
        raise Refused(404, "There is no such revision.")
    before, after = (states[name] for name in chosen)
    data = {
        **{name: record[name] for name in ("id", "title", "language", "site", "newspaper", "url")},
        "from": chosen[0], "to": chosen[1], "revisions": versions, "other_readings": ours,
        "changes": changes({name: before[name] for name in READ}, after),
    }  # fmt: skip
    return Page("revisions.html", data, more={"printed": REVISED})


@page(r"/at/(?P<url>.+)")
def at(asked: Asked) -> Response:
    """The article of an address: an address of ours that outlives every number of a database."""
    typed = asked.path.removeprefix("/at/")
    record = record_of(asked, urls.canonical(typed) or typed)
    return Response.redirect(f"/article/{record['id']}")
