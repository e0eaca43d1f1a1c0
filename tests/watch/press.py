"""Many newspapers over many days, as rows that the store makes: no network, and pages of a few bytes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

from archive.article import Article
from archive.store import Candidate, Store
from archive.store.events import lasting
from archive.visit import Visit
from newsbot.profiles import Site
from newsbot.visit.schedule import next_due, next_poll
from newsbot.watch.alarms import Alarms, alarms, are_told
from newsbot.watch.monitors import look

FIRST = date(2026, 12, 10)
"""The first day that is crawled; the history before it is read on the day before."""
HISTORY = 80
HOLIDAYS = {
    date(2026, 10, 25),
    date(2026, 12, 16),
    date(2026, 12, 17),
    date(2027, 1, 1),
    date(2027, 1, 2),
    date(2027, 1, 7),
}
DAY = timedelta(days=1)
STATUS = {"missing": 404, "blocked": 403, "failed": 500, "excluded": 301}


@dataclass
class Look:
    """What a visit finds at an article's page; faults change it."""

    result: str = "article"
    reason: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    has_capture: bool = True


Fault = Callable[["Paper", Look], None]


@dataclass
class Paper:
    """One newspaper: how much it prints on which day, what its pages hold, and what goes wrong."""

    number: int
    random: random.Random
    rate: float = 6.0
    weekend: float = 0.2
    holiday: float = 0.1
    weekday: int | None = None
    """Of a paper that appears once a week."""
    shares: dict[str, float] = field(
        default_factory=lambda: {"authors": 1.0, "section": 1.0, "tags": 0.6, "image": 0.95}
    )
    noise: float = 0.05
    """Share of addresses that are no articles."""
    flaky: float = 0.02
    """Share of polls that fail for once."""
    layout: str = "wordpress/post"
    watch: dict[str, Any] = field(default_factory=dict)
    # -- what faults set
    fault: Fault | None = None
    prints: bool = True
    sources: dict[str, dict[str, Any]] = field(default_factory=lambda: {"feed": {}, "sitemap": {}})
    """Kind of a source → what is unusual about its polls: `error`, `distrust`, `frozen` (what it lists), `empty`."""
    pace: float = 2.5
    reason: str = "finished"
    old_again: bool = False
    """Articles are listed again at new addresses."""
    seen: Counter[str] = field(default_factory=Counter)
    """Faulty pages by the word that a fault gives them."""
    known: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    days: set[date] = field(default_factory=set)
    """Days of which articles could be found."""
    today: date = FIRST

    @property
    def id(self) -> str:
        return f"gazet{self.number}"

    @property
    def site(self) -> Site:
        return Site(id=self.id, name=self.id, url=f"https://{self.id}.example/", watch=self.watch)

    def printed_on(self, day: date) -> int:
        """How many articles the newsroom prints on a day."""
        rng = self.random
        mean = (
            self.rate
            * (self.weekend if day.weekday() > 4 else 1)
            * (self.holiday if day in HOLIDAYS else 1)
        )
        if self.weekday is not None:
            mean = 7 * self.rate * (day.weekday() == self.weekday) * (0 if day in HOLIDAYS else 1)
        mean *= rng.gammavariate(8, 1 / 8)
        found, rest = 0, mean
        while (rest := rest - rng.expovariate(1)) > 0:
            found += 1
        return found

    def article(self, day: date, number: int) -> tuple[str, dict[str, Any]]:
        """Address and fields of a new article."""
        rng, words = self.random, max(20, int(self.random.lognormvariate(5, 0.6)))
        values: dict[str, Any] = {
            "title": f"Тақырып {self.number} {number}",
            "text": "сөз " * words,
            "published": f"{day}T{rng.randint(9, 18):02}:{rng.randint(0, 59):02}:00+05:00",
            "layout": self.layout if rng.random() < 0.97 else "wordpress/video",
            "charset": "utf-8",
        }
        present = {name for name, share in self.shares.items() if rng.random() < share}
        values |= {"authors": ["А. Б."]} if "authors" in present else {}
        values |= {"tags": ["тег"]} if "tags" in present else {}
        values |= {name: "x" for name in ("section", "image") if name in present}
        return f"{self.site.url}{number}", values


@dataclass
class Press:
    """All newspapers, their archive, and the messages that a person would have got."""

    folder: Path
    papers: list[Paper]
    hour: int = 3
    history: int = HISTORY
    messages: list[tuple[date, Alarms]] = field(default_factory=list)
    begun: dict[tuple[str, str], date] = field(default_factory=dict)
    """Site and kind of each event → day of the crawl that named it."""
    numbers: Any = field(default_factory=lambda: count(1))

    def open(self) -> Press:
        self.store = Store(self.folder, schedule=next_due)
        self.store.connection.execute("PRAGMA synchronous = OFF")
        return self

    def run(
        self, days: int, before: Callable[[Press, date], None] = lambda press, day: None
    ) -> Press:
        """Crawl the history, then every newspaper on every day; `before` each, something may go wrong."""
        with patch("archive.store.pack"):
            for number in range(-1, days):
                day = FIRST + number * DAY
                before(self, day)
                self.crawl_all(day, self.history if number < 0 else 1)
        return self

    def crawl_all(self, day: date, back: int = 1) -> None:
        self.now = datetime(day.year, day.month, day.day, self.hour, tzinfo=UTC)
        c = self.store.connection
        crawls = []
        with self.store.batch():
            for paper in self.papers:
                paper.today = day
                self.store.save_site(paper.site.row)
                crawls.append((paper, self.store.start_crawl(paper.id, self.now)))
                self.crawl(paper, crawls[-1][1], [day - n * DAY for n in range(back, 0, -1)])
        for paper, crawl in crawls:
            requests = self.requests.get(paper.id, 0) + 10
            took = paper.pace * paper.random.lognormvariate(0, 0.2) * requests
            self.store.finish_crawl(
                crawl, self.now + timedelta(seconds=took), paper.reason, requests
            )
        self.now += timedelta(hours=2)
        look(self.store, [paper.site for paper in self.papers], self.now)
        for paper, _ in crawls:
            for event in lasting(c, paper.id):
                self.begun.setdefault((paper.id, event["kind"]), day)
        found = alarms(c, self.folder, self.now)
        if found:
            self.messages.append((day, found))
            are_told(self.folder, found)

    requests: Counter[str] = field(default_factory=Counter)

    def crawl(self, paper: Paper, crawl: int, days: list[date]) -> None:
        new = []
        for day in days:
            number = paper.printed_on(day) if paper.prints else 0
            new += [paper.article(day, next(self.numbers)) for _ in range(number)]
        if paper.old_again:
            new += [(f"{url}?v=2", values) for url, values in paper.known[-12:]]
        junk = [
            f"{paper.site.url}list/{next(self.numbers)}"
            for _ in new
            if paper.random.random() < paper.noise
        ]
        listed = self.poll(paper, crawl, [url for url, _ in new] + junk)
        self.requests[paper.id] = len(new)
        for n, url in enumerate(junk):
            if url in listed:
                self.visit(paper, crawl, url, {}, n, Look("refused", "listing"))
        for n, (url, values) in enumerate(new):
            if url in listed:
                self.visit(paper, crawl, url, values, n)
                paper.known.append((url, values))
                paper.days.add(date.fromisoformat(values["published"][:10]))
        for n, (url, values) in enumerate(paper.known[-len(new) - 6 : -len(new) or None]):
            if len(days) == 1:
                self.visit(paper, crawl, url, values, 1000 + n, is_new=False)

    def poll(self, paper: Paper, crawl: int, urls: list[str]) -> set[str]:
        """Feed and sitemap list what is new; returns what was listed."""
        told: set[str] = set()
        for kind, odd in paper.sources.items():
            row = self.store.source(paper.id, f"{paper.site.url}{kind}", kind)
            error = odd.get("error") or (
                "HTTP 500" if paper.random.random() < paper.flaky and not odd else None
            )
            has_news = not (error or "frozen" in odd or odd.get("empty"))
            if "frozen" in odd:
                odd["frozen"] = odd["frozen"] or [url for url, _ in paper.known[-10:]]
            old = (
                []
                if odd.get("empty") or error
                else odd.get("frozen") or [url for url, _ in paper.known[-10:]]
            )
            self.store.save_poll(
                row["id"], crawl, [Candidate(url) for url in [*(urls if has_news else []), *old]], polled_at=self.now,
                status=None if error else 200, error=error, distrust=odd.get("distrust"),
                body_hash=None if error else f"{self.now}", due=next_poll(kind, self.now, failures=0, distrust=None),
            )  # fmt: skip
            told |= set(urls) if has_news else set()
        return told

    def visit(
        self, paper: Paper, crawl: int, url: str, values: dict[str, Any], n: int, shows: Look | None = None,
        *, is_new: bool = True,
    ) -> None:  # fmt: skip
        shows = shows or Look(fields=dict(values))
        if paper.fault and "list" not in url:
            paper.fault(paper, shows)
        at = self.now + timedelta(seconds=n)
        row = self.store.connection.execute(
            "SELECT id FROM frontier WHERE url = ?", (url,)
        ).fetchone()
        status = STATUS.get(shows.result, 200)
        if not is_new and shows.fields == values and shows.result == "article":
            return  # HTTP 304 tells nothing new
        body = f"{url} {shows.result} {shows.fields} {self.now:%j}".encode()
        captures = (
            [self.store.captures(paper.id).write(url, status, [], body, at)]
            if shows.has_capture
            else []
        )
        read = Article(url=url, is_article=True, canonical_url=url, site=paper.id, **shows.fields)
        self.store.record(
            Visit(
                site=paper.id, url=url, urls=(url,), fetched_at=at, result=shows.result, reason=shows.reason,
                frontier=row and row["id"], crawl=crawl, status=status if captures else None, rules="1-0",
                captures=captures, article=read if shows.result == "article" else None,
            )
        )  # fmt: skip


def any_paper(number: int, seed: int) -> Paper:
    """A newspaper as there are many: daily, slow, weekly, with habits of its own."""
    rng = random.Random(f"{seed} {number}")
    return Paper(
        number, rng,
        rate=rng.choice([0.15, 0.4, 1, 1, 2, 3, 5, 8, 12]),
        weekend=rng.choice([0, 0.1, 0.3, 1]),
        holiday=rng.choice([0, 0, 0.2, 0.5]),
        weekday=rng.choice([None, None, None, 2, 4]),
        shares={name: rng.choice([0, 0.3, 0.9, 0.97, 1]) for name in ("authors", "section", "tags", "image")},
        noise=rng.choice([0, 0.05, 0.15, 0.5]),
        pace=rng.choice([1.0, 2.5, 6.0]),
    )  # fmt: skip
