"""What the archive must say, by what the crawler was shown; checked at the end of every day."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from archive.article import REVISED
from tests.simulation.crawling import Crawler, Sighting
from tests.simulation.newspaper import (
    BROKEN,
    EMPTY,
    LYING,
    OUTAGE,
    SEASON,
    START,
    UNKNOWN_HOST,
    UNREADABLE,
    WALL,
    printed_by,
)

DAY = timedelta(days=1)
EPISODES = {
    "blocked": (WALL, "blocked"),
    "failing": (BROKEN, "failed"),
    "unreadable": (UNREADABLE, "printed"),
    "moved": (UNKNOWN_HOST, "elsewhere"),
    "missing": (OUTAGE, "missing"),
}
"""Kind of an event → days of a season, and what visits show then."""
SOURCES = {"empty_source": EMPTY, "lying_source": LYING}
LEAST = 5
"""Articles that must show what befalls the site before anybody can know it."""


@dataclass
class Expected:
    """One article as the archive must have it."""

    first_seen: str = ""
    last_seen: str = ""
    misses: list[str] = field(default_factory=list)
    revisions: list[tuple[str, set[str]]] = field(default_factory=list)
    """When it was first seen, and which fields changed."""
    values: dict[str, Any] = field(default_factory=dict)
    engagement: list[tuple[str, int]] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    """Where it was first visited and read; a miss elsewhere could be that of another article."""
    states: set[str] = field(default_factory=set)
    """Every state that a page ever printed."""


class Truth:
    """Compares an archive with what its crawler was shown."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.c = crawler.store.connection
        self._bylines: list[tuple[str, int, int]] = []
        """Moment, template and article of every whole page with a byline."""
        self._counted: dict[int, int] = {}
        self._shown: dict[tuple[str, int], dict[int, set[int]]] = {}
        """Kind and season of an event → day → known articles that showed it."""

    # -- what must be ---------------------------------------------------------------------------

    def expected(self, number: int) -> Expected | None:
        """What must be known of an article; None where it was never read."""
        found = Expected()
        for seen in self.crawler.sightings[number]:
            if seen.shows == "missing" and seen.host in found.hosts:
                found.misses.append(seen.moment)
            if seen.shows == "printed" and seen.template in self.crawler.rules.templates:
                found.misses.clear()
                found.last_seen = seen.moment
                found.hosts |= {"", seen.host}
                self._fold(found, number, seen)
        return found if found.last_seen else None

    def _fold(self, found: Expected, number: int, seen: Sighting) -> None:
        fields, values = dict(seen.fields), found.values
        printed = {name: fields[name] for name in printed_by(seen.template)}
        if seen.template % 2:
            printed["published"] = fields["published"][:10]
        found.states.add(repr(sorted(printed.items())))
        if seen.views is not None and (
            not found.engagement or found.engagement[-1][1] != seen.views
        ):
            found.engagement.append((seen.moment, seen.views))
        if not found.first_seen:
            found.first_seen = seen.moment
            found.values = {
                **{name: [] if name == "authors" else None for name in REVISED},
                **printed,
            }
            found.revisions.append((seen.moment, set()))
            return
        if values["published"][:10] == printed["published"]:
            printed["published"] = values["published"]  # the day alone, where the time was known
        changed = {name for name, value in printed.items() if values[name] != value}
        if values["published"] == printed["published"][:10]:
            changed.discard("published")  # the time as well, where the day was known
        for name in ("authors", "section"):
            if not values[name]:
                changed.discard(name)  # a layout that prints more
        if "authors" in changed and not printed["authors"] and not self._has_byline(number, seen):
            changed.discard("authors")
            printed["authors"] = values["authors"]
        values.update(printed)
        if changed:
            found.revisions.append((seen.moment, changed))

    def _has_byline(self, number: int, seen: Sighting) -> bool:
        """Whether other articles had a byline in this layout, then or in the two days after."""
        until = (datetime.fromisoformat(seen.moment) + 2 * DAY).isoformat()
        return any(
            seen.moment <= moment <= until and template == seen.template and other != number
            for moment, template, other in self._bylines
        )

    # -- what is --------------------------------------------------------------------------------

    def check_day(self) -> None:
        """Everything that the day's visits touched, and what befell the site."""
        touched = set()
        for number, sightings in self.crawler.sightings.items():
            for seen in sightings[self._counted.get(number, 0) :]:
                touched.add(number)
                self._note(number, seen)
            self._counted[number] = len(sightings)
        for number in sorted(touched):
            self.check_article(number)
        self._check_events()

    def check_all(self) -> None:
        """Every article, and that there are no others."""
        known = [n for n in list(self.crawler.sightings) if self.expected(n)]
        for number in known:
            self.check_article(number)
        assert self._one("SELECT count(*) FROM articles") == len(known)

    def _note(self, number: int, seen: Sighting) -> None:
        day = self.crawler.newspaper.day
        if (
            seen.shows == "printed"
            and seen.is_whole
            and "authors" in printed_by(seen.template)
            and seen.fields["authors"]
        ):
            self._bylines.append((seen.moment, seen.template, number))
        if self.expected(number) is None:
            return
        for kind, (days, shows) in EPISODES.items():
            if day % SEASON in days and seen.shows == shows:
                by_day = self._shown.setdefault((kind, day // SEASON), {})
                by_day.setdefault(day, set()).add(number)

    def check_article(self, number: int) -> None:
        path = f"/news/{number}-habar.html"
        ids = {
            row[0]
            for row in self.c.execute("SELECT article FROM aliases WHERE url LIKE ?", (f"%{path}",))
        }
        wanted = self.expected(number)
        where = f"day {self.crawler.newspaper.day}, article {number}"
        if wanted is None:
            assert not ids, where
            return
        assert len(ids) == 1, f"{where}: {ids}"
        (article,) = ids
        row = dict(self.c.execute("SELECT * FROM articles WHERE id = ?", (article,)).fetchone())
        seen = (row["first_seen"], row["last_seen"])
        assert seen == (wanted.first_seen, wanted.last_seen), f"{where}: {seen}, {wanted}"
        self._check_gone(row["gone_since"], wanted, where)
        stored = [
            (moment, set(json.loads(changed)))
            for moment, changed in self.c.execute(
                "SELECT seen_at, changed FROM revisions WHERE article = ? ORDER BY number",
                (article,),
            )
        ]
        assert stored == wanted.revisions, f"{where}: {stored}, {wanted.revisions}"
        self._check_values(row, wanted, where)
        engagement = self.c.execute(
            "SELECT seen_at, views FROM engagement WHERE article = ? ORDER BY seen_at", (article,)
        )
        assert [tuple(r) for r in engagement] == wanted.engagement, where

    def _check_gone(self, gone_since: str | None, wanted: Expected, where: str) -> None:
        misses = [datetime.fromisoformat(moment) for moment in wanted.misses]
        if gone_since is not None:
            assert wanted.misses and gone_since == wanted.misses[0], f"{where}: false gone"
            assert misses[-1] - misses[0] >= DAY, f"{where}: gone too soon"
            if any(_is_in(OUTAGE, moment) for moment in misses):
                assert misses[-1] - misses[0] >= 7 * DAY, f"{where}: gone by an outage"
        elif misses:
            waits = 7 if any(_is_near(OUTAGE, moment) for moment in misses) else 1
            assert misses[-1] - misses[0] < waits * DAY, f"{where}: gone since {wanted.misses}"

    def _check_values(self, row: dict[str, Any], wanted: Expected, where: str) -> None:
        for name in ("title", "text", "published", "section", "language"):
            assert row[name] == wanted.values[name], f"{where}: {name} {row[name]}, {wanted}"
        for name in ("authors", "captions"):
            assert json.loads(row[name]) == wanted.values[name], f"{where}: {name}"
        assert wanted.values["image"] in row["image"], where
        tags = self.c.execute(
            "SELECT t.name FROM article_tags x JOIN tags t ON t.id = x.tag WHERE x.article = ?",
            (row["id"],),
        )
        assert sorted(name for (name,) in tags) == sorted(wanted.values["tags"]), where

    # -- what befalls the site ------------------------------------------------------------------

    def _check_events(self) -> None:
        today = self.crawler.newspaper.day
        stored = [dict(row) for row in self.c.execute("SELECT * FROM events ORDER BY began_at")]
        for event in stored:
            days = SOURCES.get(event["kind"]) or EPISODES[event["kind"]][0]
            began = datetime.fromisoformat(event["began_at"])
            assert _is_in(days, began), f"day {today}: false event {event}"
            if event["ended_at"] is None:
                last = (began - START).days // SEASON * SEASON + days.stop
                assert today < last + 3, f"day {today}: lasts still: {event}"
            else:
                ended = datetime.fromisoformat(event["ended_at"])
                assert (ended - START).days % SEASON >= days.stop, f"day {today}: {event}"
        for kind, season in self._due_events(today):
            found = [
                e for e in stored
                if e["kind"] == kind and _season(datetime.fromisoformat(e["began_at"])) == season
            ]  # fmt: skip
            assert len(found) == 1, f"day {today}: {kind} of season {season}: {found}"

    def _due_events(self, today: int) -> Iterator[tuple[str, int]]:
        """Events that must stand in the archive by the end of a day: kind and season."""
        for (kind, season), by_day in self._shown.items():
            articles: set[int] = set()
            for day in sorted(by_day):
                articles |= by_day[day]
                if len(articles) >= LEAST:
                    if today >= day + 1:
                        yield kind, season
                    break
        for kind, days in SOURCES.items():
            for season in range(today // SEASON + 1):
                if today >= season * SEASON + days.start:
                    yield kind, season

    def _one(self, sql: str) -> Any:
        return self.c.execute(sql).fetchone()[0]


def _season(moment: datetime) -> int:
    return (moment - START).days // SEASON


def _is_in(days: Sequence[int], moment: datetime) -> bool:
    return (moment - START).days % SEASON in days


def _is_near(days: range, moment: datetime) -> bool:
    return days.start - 4 <= (moment - START).days % SEASON < days.stop + 4
