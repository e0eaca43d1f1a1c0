"""A newspaper that exists in memory: what it prints on which day, and what goes wrong there.

It answers requests the way a server does; its pages are JSON, and `Rules` reads them in place of
extraction. The calendar repeats itself every `SEASON` days, each time with another template and host.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit
from zlib import crc32

from archive.article import REVISED, Article
from archive.captures import Exchange
from newsbot.discovery import Entry
from newsbot.profiles import Site
from newsbot.replay import reextract, reread
from newsbot.visit import builder
from newsbot.visit.reading import Reading

START = datetime(2024, 1, 1, 8, tzinfo=UTC)
SEASON = 150
WALL, BROKEN, EMPTY, LYING = range(10, 17), range(24, 27), range(32, 37), range(40, 50)
UNREADABLE, TO_HTTPS, UNKNOWN_HOST = range(55, 60), 75, range(90, 93)
OUTAGE, SHELLS = range(108, 111), range(120, 130)
_CALM = (
    range(3, 7), range(18, 22), range(28, 31), range(38, 39), range(64, 73), range(77, 87),
    range(96, 105), range(114, 118), range(133, 147),
)  # fmt: skip
"""Days on which articles are edited and taken down, so that what happens can be told apart."""
_RESTORED_AFTER = (20, 60)


@dataclass(frozen=True)
class Answer:
    """What the server sends, and what that means for the article that was asked for."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
    shows: str | None = None
    """`printed`, `missing`, `unreadable`, `blocked`, `failed`, `elsewhere`; None for other pages."""


@dataclass
class Original:
    """One article as the newspaper has it."""

    number: int
    born: datetime
    fields: dict[str, Any]
    has_validators: bool
    counts_views: bool
    edited: datetime
    missing: str | None = None
    """How the server says that it was taken down: `404`, `410`, `soft`, `front`."""
    still_listed: bool = False
    views: int = 10

    @property
    def path(self) -> str:
        return f"/news/{self.number}-habar.html"


@dataclass(frozen=True)
class Rules:
    """What our rules can read: pages of these templates."""

    templates: frozenset[int] = frozenset({0})

    @property
    def version(self) -> str:
        return f"{len(self.templates)}-0"

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Let the builder and reextraction take these for the rules of the site."""
        with (
            patch.object(builder, "rules_version", lambda _: self.version),
            patch.object(reextract, "rules_version", lambda _: self.version),
            patch.object(reread, "read", self.read),
        ):
            yield

    def read(self, exchange: Exchange, site: Site, said: object = None) -> Reading:
        """In place of `newsbot.visit.reading.read`."""
        if exchange.status in (301, 302):
            return Reading(leads_to=exchange.header("Location"))
        if exchange.status != 200:
            return Reading()
        page = json.loads(exchange.body)
        kind, fields = page["kind"], page.get("fields", {})
        article = Article(url=exchange.url, site=site.id)
        if kind == "article" and page["template"] in self.templates:
            article = replace(
                article, **fields, is_article=True, canonical_url=page["canonical"],
                layout=f"generic/{page['template']}", views=page["views"],
            )  # fmt: skip
        else:
            article.reason = "no_text" if kind == "article" else kind
        return Reading(article=article)


def printed_by(template: int) -> frozenset[str]:
    """Fields that a template prints: every second one has no byline, no section and no time of day."""
    return frozenset(REVISED) - ({"authors", "section"} if template % 2 else set())


@dataclass
class Newspaper:
    """The server, its articles and the newsroom behind it."""

    random: random.Random
    originals: dict[str, Original] = field(default_factory=dict)
    """By their paths."""
    day: int = 0
    template: int = 0
    origin: str = "http://gazet0.example"
    former: set[str] = field(default_factory=set)
    plans: dict[int, list[Callable[[], None]]] = field(default_factory=dict)
    """Day → what the newsroom will do then."""
    _count: int = 0

    def __post_init__(self) -> None:
        for age in range(100, 0, -5):
            self.publish(START - timedelta(days=age, hours=2))
            self.publish(START - timedelta(days=age, hours=5))

    @property
    def season_day(self) -> int:
        return self.day % SEASON

    @property
    def now(self) -> datetime:
        """Begin of the day's crawl."""
        return START + timedelta(days=self.day)

    # -- the newsroom ---------------------------------------------------------------------------

    def publish(self, moment: datetime) -> Original:
        number = len(self.originals) + 1
        original = Original(
            number, moment, {}, number % 3 > 0, number % 4 == 0, moment.replace(microsecond=0)
        )
        original.fields = {name: self._value(name, original) for name in REVISED}
        self.originals[original.path] = original
        return original

    def _value(self, name: str, original: Original) -> Any:
        """Another value of a field than any before."""
        self._count += 1
        n = self._count
        return {
            "title": f"Тақырып {n}",
            "text": f"Мәтін {n} басталды.\n\nМәтін {n} жалғасты.\n\nМәтін {n} бітті.",
            "captions": [f"Сурет {n}"],
            "authors": [f"Автор А{n}"],
            "published": (original.born + timedelta(minutes=n % 50)).isoformat(),
            "section": f"Айдар {n}",
            "tags": [f"белгі {n}", "су", "жол"],
            "language": "kk" if n % 2 else "ru",
            "image": f"/img/{original.number}-{n}.jpg",
        }[name]

    def begin_day(self, day: int, may_edit: Callable[[Original], bool]) -> None:
        """What happens until the day's crawl. `may_edit` says of which articles edits can be told."""
        self.day = day
        self._follow_calendar()
        for plan in self.plans.pop(day, []):
            plan()
        chance = self.random
        if chance.random() < 0.25:
            self.publish(self.now - timedelta(hours=chance.randrange(1, 9)))
        if not any(self.season_day in days for days in _CALM):
            return
        if chance.random() < 0.5:
            self._edit(may_edit)
        if chance.random() < 0.15:
            self._take_down()

    def _follow_calendar(self) -> None:
        day = self.season_day
        number = self.day // SEASON
        if day == UNREADABLE.start:
            self.template += 1
        if day == TO_HTTPS:
            self._move(f"https://www.gazet{number}.example")
        if day == UNKNOWN_HOST.start:
            self._move(f"http://gazet{number + 1}.example")

    def _move(self, origin: str) -> None:
        self.former.add(self.origin)
        self.origin = origin

    def _edit(self, may_edit: Callable[[Original], bool]) -> None:
        printed = printed_by(self.template)
        known = [o for o in self.originals.values() if not o.missing and may_edit(o)]
        if not known:
            return
        original = self.random.choice(known[-60:])
        names = sorted(printed - ({"published"} if self.template % 2 else set()))
        name = self.random.choice(names)
        value = self._value(name, original)
        is_young = self.now - original.born < timedelta(days=10)
        if name == "authors" and original.fields["authors"] and is_young:
            value = []  # the layout prints bylines elsewhere
        original.fields = {**original.fields, name: value}
        original.edited = self.now

    def _take_down(self) -> None:
        there = [
            o for o in self.originals.values()
            if not o.missing and self.now - o.born > timedelta(days=3)
        ]  # fmt: skip
        original = self.random.choice(there)
        original.missing = self.random.choice(["404", "410", "soft", "front"])
        original.still_listed = self.random.random() < 0.5
        if self.random.random() < 0.4:

            def restore() -> None:
                original.missing = None

            self.plans.setdefault(self.day + self.random.randint(*_RESTORED_AFTER), []).append(
                restore
            )

    # -- the sources ----------------------------------------------------------------------------

    def feed(self) -> list[Entry]:
        if self.season_day in EMPTY:
            return []
        newest = sorted(self._listed(), key=lambda o: o.born, reverse=True)[:15]
        return [Entry(self.origin + o.path, o.born.isoformat()) for o in newest]

    def sitemap(self) -> list[Entry]:
        is_lying = self.season_day in LYING
        return [
            Entry(self.origin + o.path, changed=(self.now if is_lying else o.edited).isoformat())
            for o in self._listed()
        ]

    def _listed(self) -> list[Original]:
        return [o for o in self.originals.values() if not o.missing or o.still_listed]

    # -- the server -----------------------------------------------------------------------------

    def respond(self, url: str, etag: str | None) -> Answer:
        """The answer to a request with these validators."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        day = self.season_day
        original = self.originals.get(parts.path)
        if origin != self.origin:
            assert origin in self.former
            return self._redirect(self.origin + parts.path, "elsewhere", 301)
        if original is None:
            return self._page("login" if parts.path == "/login" else "listing", None)
        if day in BROKEN:
            return Answer(500, [], b"500", "failed")
        if day in OUTAGE:
            return Answer(404, [], b"404", "missing")
        if day in WALL:
            if original.number % 2:
                return self._redirect(f"{self.origin}/login", "blocked")
            return self._page("login", "blocked")
        if original.missing:
            return self._missing(original.missing)
        if day in SHELLS and original.number % 9 == 0:
            if etag == '"shell"':
                return Answer(304, [("ETag", etag)], b"", "unreadable")
            return self._page("no_text", "unreadable", [("ETag", '"shell"')])
        return self._article(original, etag)

    def _missing(self, how: str) -> Answer:
        if how == "front":
            return self._redirect(f"{self.origin}/", "missing")
        if how == "soft":
            return self._page("not_found", "missing")
        return Answer(int(how), [], b"", "missing")

    def _article(self, original: Original, etag: str | None) -> Answer:
        headers = []
        if original.has_validators:
            state = crc32(repr((original.fields, self.template, self.origin)).encode())
            own = f'"{original.number}-{state:x}"'
            headers = [("ETag", own)]
            if etag == own:
                return Answer(304, headers, b"", "printed")
        original.views += self.random.choice([0, 3])
        printed = printed_by(self.template)
        fields = {name: value for name, value in original.fields.items() if name in printed}
        buster = self.random.choice(["", f"?v={self.random.randrange(99)}"])
        tags = list(fields["tags"])
        self.random.shuffle(tags)
        published = fields["published"]
        fields |= {
            "image": f"{self.origin}{fields['image']}{buster}",
            "tags": tags,
            "published": published[:10] if self.template % 2 else published,
            "published_raw": published,
        }
        return self._page(
            "article", "printed", headers, fields=fields, template=self.template,
            canonical=self.origin + original.path,
            views=original.views if original.counts_views else None,
        )  # fmt: skip

    def _page(self, kind: str, shows: str | None, headers: Any = (), **more: Any) -> Answer:
        body = json.dumps({"kind": kind, **more}, ensure_ascii=False).encode()
        return Answer(200, [("Content-Type", "text/html"), *headers], body, shows)

    def _redirect(self, target: str, shows: str, status: int = 302) -> Answer:
        return Answer(status, [("Location", target)], b"", shows)
