"""Many newspapers over HTTP, a loopback address each, from one process; what is wrong with one is data.

`Press.moment` is the day on which they print; `crawl` runs the real command with its clock set to that.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cached_property, lru_cache, partial
from hashlib import sha256
from pathlib import Path
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from archive.times import now
from tests.conftest import ROOT, environment

FIRST = datetime(2026, 12, 7, 3, tzinfo=UTC)
"""The first crawl, on a Monday."""
STEP = timedelta(days=1, minutes=20)
"""Between two crawls: what is due after a day is due then."""
_REST = timedelta(days=15)
"""Age of the youngest article that is no news at the first crawl: it is not visited again within a week."""
_ZONE = ZoneInfo("Asia/Almaty")
_WHO = ("Айгүл Сейітова", "Нұрлан Әбдіқадыров", "Гүлмира Асқарова", "Ерлан Жүнісбеков")
_WHERE = ("Ақсу", "Көктерек", "Сарыжаз", "Тасөткел", "Үшбұлақ", "Қызылағаш", "Жаңатұрмыс")
_WHAT = (
    "көпір салынды",
    "мектеп ашылды",
    "алма бағы гүлдеді",
    "жол жөнделді",
    "той өтті",
    "су келді",
)
_SECTIONS = ("Қоғам", "Білім", "Мәдениет", "Ауыл")
FIELDS = frozenset({"authors", "published", "section"})
Headers = tuple[str, ...]


@dataclass(frozen=True)
class Article:
    """One story of a newspaper; everything in it follows from its number."""

    paper: int
    number: int
    at: datetime

    @property
    def path(self) -> str:
        return f"/news/{1000 + self.number}-habar.html"

    @property
    def title(self) -> str:
        n = self.paper + 3 * self.number
        return f"{_WHERE[n % 7]} ауылында {_WHAT[n // 7 % 6]}: {self.number}-хабар"

    @property
    def author(self) -> str:
        return _WHO[(self.paper + self.number) % len(_WHO)]

    @property
    def section(self) -> str:
        return _SECTIONS[self.number % len(_SECTIONS)]

    @cached_property
    def paragraphs(self) -> list[str]:
        chance = random.Random(f"{self.paper} {self.number}")
        return [
            f"{chance.choice(_WHERE)} ауылының {chance.randint(20, 900)} тұрғыны күткен күн де жетті: "
            f"{chance.randint(1, 90)}-көшеде {chance.choice(_WHAT)}, оған көрші ауылдардан да жұрт жиналды. "
            f"Жұмысқа {chance.randint(5, 99)} адам қатысты, ал қаржыны {chance.choice(_WHO)} бастаған "
            "кәсіпкерлер берді."
            for _ in range(chance.randint(3, 7))
        ]


@lru_cache(512)
def _printed(paper: int, past: int, rate: int, until: datetime) -> list[Article]:
    moments = [FIRST - _REST - timedelta(days=n, hours=3) for n in range(past, 0, -1)]
    day = FIRST - timedelta(days=1)
    while day < until:
        chance = random.Random(f"{paper} {day:%j}")
        number = rate + chance.choice((-1, 0, 0, 1))
        moments += [day + timedelta(hours=2 + n * 20 / number) for n in range(number)]
        day += timedelta(days=1)
    return [Article(paper, n, at) for n, at in enumerate(moments) if at < until]


@dataclass(frozen=True)
class Reply:
    """What a newspaper answers."""

    body: bytes = b""
    status: int = 200
    headers: Headers = ()
    seconds: float = 0.0
    """Until it does."""


What = Article | str
"""What is asked for: an article, or `robots`, `feed`, `sitemap`, `front`, `other`."""
Fault = Callable[["Paper", What, Reply], Reply | None]
"""What becomes of a reply; None where all is as it was."""


@dataclass
class Paper:
    """One newspaper, of so many articles a day."""

    number: int
    rate: int = 5
    past: int = 44
    """Articles that it has printed before, one a day."""
    delay: float = 0.0
    crawl_delay: float = 0.0
    """What robots.txt asks for."""
    fault: Fault | None = None
    since: datetime = FIRST
    moment: datetime = FIRST
    origin: str = ""
    requests: list[tuple[float, str]] = field(default_factory=list)
    """When (monotonic) which path was asked for."""

    @property
    def id(self) -> str:
        return f"gazet{self.number:03}"

    @property
    def host(self) -> str:
        return f"127.0.{1 + self.number // 200}.{1 + self.number % 200}"

    def profile(self) -> str:
        """Its TOML file."""
        return f"""name = "Газет {self.number}"
url = "{self.origin}/"
sources = [{{ kind = "feed", url = "/feed.xml" }}, {{ kind = "sitemap", url = "/sitemap.xml" }}]
[crawl]
delay = {self.delay}
autothrottle = {"true" if self.delay else "false"}
[[layouts]]
id = "post"
when = "div.post"
title = ["h1.post-title"]
body = ["div.post-body"]
authors = [".post-meta .author"]
published = [".post-meta .date"]
section = [".post-meta .rubric"]
"""

    def articles(self, until: datetime | None = None) -> list[Article]:
        """All that it has printed up to now, or another moment, oldest first."""
        return _printed(self.number, self.past, self.rate, until or self.moment)

    # -- what it serves -----------------------------------------------------------------------------

    def respond(self, path: str, headers: str) -> Reply:
        """The answer to a request; `headers` are those of the request, lower-case."""
        what, reply = self._answer(path.partition("?")[0])
        if self.fault and self.moment >= self.since:
            reply = self.fault(self, what, reply) or reply
        if reply.status == 200 and isinstance(what, Article):
            etag = f'"{sha256(reply.body).hexdigest()[:16]}"'
            if f"if-none-match: {etag}" in headers:
                return Reply(status=304, headers=(f"ETag: {etag}",), seconds=reply.seconds)
            reply = Reply(reply.body, 200, (*reply.headers, f"ETag: {etag}"), reply.seconds)
        return reply

    def _answer(self, path: str) -> tuple[What, Reply]:
        match path:
            case "/robots.txt":
                rule = f"Crawl-delay: {self.crawl_delay}\n" if self.crawl_delay else ""
                return "robots", Reply(f"User-agent: *\nDisallow: /admin/\n{rule}".encode())
            case "/feed.xml":
                return "feed", self.feed(self.articles()[-20:])
            case "/sitemap.xml":
                return "sitemap", self.sitemap(self.articles())
            case "/":
                links = "".join(
                    f'<li><a href="{a.path}">{a.title}</a></li>' for a in self.articles()[-20:]
                )
                return "front", self.page(f"Газет {self.number}", f"<ul>{links}</ul>")
        for article in reversed(self.articles()):
            if article.path == path:
                return article, self.story(article)
        return "other", Reply(b"<h1>404</h1>", 404)

    def feed(
        self, articles: Sequence[Article], without: frozenset[str] = frozenset(), dated: datetime | None = None
    ) -> Reply:  # fmt: skip
        items = "".join(
            f"<item><title>{escape(a.title)}</title><link>{self.origin}{a.path}</link>"
            + ("" if "published" in without else f"<pubDate>{format_datetime(dated or a.at)}</pubDate>")
            + "</item>"
            for a in reversed(articles)
        )  # fmt: skip
        body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>{self.id}</title>{items}</channel></rss>'
        return Reply(body.encode(), headers=("Content-Type: application/rss+xml",))

    def sitemap(self, articles: Sequence[Article], without: frozenset[str] = frozenset()) -> Reply:
        rows = "".join(
            f"<url><loc>{self.origin}{a.path}</loc>"
            + ("" if "published" in without else f"<lastmod>{a.at.isoformat()}</lastmod>")
            + "</url>"
            for a in articles
        )
        body = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'
        return Reply(body.encode(), headers=("Content-Type: application/xml",))

    def story(
        self, article: Article, theme: str = "post", without: frozenset[str] = frozenset(), paragraphs: int = 99
    ) -> Reply:  # fmt: skip
        """The page of an article in one of two themes."""
        printed = f"{article.at.astimezone(_ZONE):%d.%m.%Y %H:%M}"
        parts = {
            "authors": f'<span class="author">{article.author}</span> ',
            "published": f'<span class="date">{printed}</span> ',
            "section": f'<span class="rubric">{article.section}</span>',
        }
        meta = "".join(part for name, part in parts.items() if name not in without)
        text = "".join(f"<p>{p}</p>" for p in article.paragraphs[:paragraphs])
        if theme == "post":
            body = (
                f'<div class="post"><h1 class="post-title">{article.title}</h1><div class="post-meta">{meta}</div>'
                f'<div class="post-body">{text}</div></div>'
            )
        else:
            body = f"<main><article><header><h1>{article.title}</h1><p>{meta}</p></header><section>{text}</section></article></main>"
        return self.page(f"{article.title} – Газет {self.number}", body)

    def page(self, title: str, body: str) -> Reply:
        menu = '<div class="menu"><a href="/">Басты бет</a> <a href="/redaksia.html">Редакция</a></div>'
        return Reply(
            f'<!doctype html><html lang="kk"><head><meta charset="utf-8"><title>{title}</title></head>'
            f'<body>{menu}{body}<div class="footer">© Газет {self.number}</div></body></html>'.encode()
        )


@dataclass
class Press:
    """All newspapers, on their addresses."""

    papers: list[Paper]
    alarms: list[bytes] = field(default_factory=list)
    """What was posted to `alarms_url`."""
    desk: Paper = field(default_factory=lambda: Paper(199 * 200))
    """No newspaper: its address takes the messages."""
    _servers: dict[str, asyncio.Server] = field(default_factory=dict)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    @property
    def alarms_url(self) -> str:
        """Of Apprise's."""
        return self.desk.origin.replace("http://", "json://") + "/"

    @property
    def moment(self) -> datetime:
        return self.papers[0].moment

    @moment.setter
    def moment(self, moment: datetime) -> None:
        for paper in self.papers:
            paper.moment = moment

    def write_profiles(self, folder: Path) -> None:
        """Into the archive's own folder."""
        (folder / "sites").mkdir(parents=True, exist_ok=True)
        for paper in self.papers:
            (folder / "sites" / f"{paper.id}.toml").write_text(paper.profile(), "utf-8")

    async def _open(self) -> None:
        for paper in (*self.papers, self.desk):
            server = await asyncio.start_server(partial(self._serve, paper), paper.host, 0)
            self._servers[paper.id] = server
            paper.origin = f"http://{paper.host}:{server.sockets[0].getsockname()[1]}"

    async def _serve(
        self, paper: Paper, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                method, path, _ = head.split(" ", 2)
                if method == "POST":
                    length = int(head.lower().partition("content-length:")[2].split()[0])
                    self.alarms.append(await reader.readexactly(length))
                    reply = Reply()
                else:
                    paper.requests.append((time.monotonic(), path))
                    reply = paper.respond(path, head.lower())
                await asyncio.sleep(reply.seconds)
                writer.write(_on_the_wire(reply))
                await writer.drain()
        writer.close()

    def close(self, paper: Paper) -> None:
        """From now on its connections are refused."""
        self._loop.call_soon_threadsafe(self._servers[paper.id].close)


def _on_the_wire(reply: Reply) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} X", *reply.headers, f"Content-Length: {len(reply.body)}"]
    if not any(header.startswith("Content-Type") for header in reply.headers):
        lines.append("Content-Type: text/html; charset=utf-8")
    if reply.status == 304:
        del lines[-2]
    return "\r\n".join([*lines, "", ""]).encode() + reply.body


@contextmanager
def served(papers: Sequence[Paper]) -> Iterator[Press]:
    """The newspapers on free ports of their addresses, and one more address for alarms."""
    press = Press(list(papers))
    threading.Thread(target=press._loop.run_forever, daemon=True).start()
    asyncio.run_coroutine_threadsafe(press._open(), press._loop).result()
    try:
        yield press
    finally:
        press._loop.call_soon_threadsafe(press._loop.stop)


# -- the command ----------------------------------------------------------------------------------

_MOVED = """
import sys, archive.times as times
from datetime import datetime, timedelta
class Moved(datetime):
    @classmethod
    def now(cls, tz=None): return datetime.now(tz) + timedelta(seconds=SHIFT)
SHIFT = float(sys.argv.pop(1))
times.datetime = Moved
from newsbot.__main__ import main
main()
"""


def command(moment: datetime, *args: object) -> list[str]:
    """`newsbot ARGS…`, begun at a moment by its own clock."""
    shift = (moment - now()).total_seconds()
    return [sys.executable, "-c", _MOVED, str(shift), *map(str, args)]


def run(moment: datetime, *args: object) -> subprocess.CompletedProcess[str]:
    """The same, at its end."""
    return subprocess.run(
        command(moment, *args), capture_output=True, text=True, env=environment(), cwd=ROOT, check=False,
        timeout=600,
    )  # fmt: skip
