"""Twenty-odd faults over real HTTP, crawled day by day: each is named rightly, in time, in one message."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from archive.store import Store
from newsbot.watch.monitors import kinds
from tests.crawl.state import read
from tests.watch.served import FIRST, STEP, Article, Fault, Paper, Press, Reply, What, run, served

pytestmark = [pytest.mark.xdist_group("served"), pytest.mark.timeout(900)]
DAYS = 4
"""Crawls, the first of which is undisturbed."""
HEALTHY = 6


def of_articles(change: Callable[[Paper, Article, Reply], Reply | None]) -> Fault:
    """A fault of article pages."""

    def fault(paper: Paper, what: What, reply: Reply) -> Reply | None:
        return change(paper, what, reply) if isinstance(what, Article) else None

    return fault


def of(name: str, change: Callable[[Paper, Reply], Reply]) -> Fault:
    """A fault of a source, or of robots.txt."""

    def fault(paper: Paper, what: What, reply: Reply) -> Reply | None:
        return change(paper, reply) if what == name else None

    return fault


def undated(paper: Paper, what: What, reply: Reply) -> Reply | None:
    """No date anywhere: not on pages, not in feed and sitemap."""
    without = frozenset({"published"})
    if isinstance(what, Article):
        return paper.story(what, without=without)
    if what == "feed":
        return paper.feed(paper.articles()[-20:], without)
    return paper.sitemap(paper.articles(), without) if what == "sitemap" else None


def redirected(target: Callable[[Paper, Article], str]) -> Fault:
    return of_articles(lambda p, a, r: Reply(status=302, headers=(f"Location: {target(p, a)}",)))


def moved(paper: Paper, what: What, reply: Reply) -> Reply | None:
    """All of it is at another address."""
    if what in ("robots", "other"):
        return None
    path = (
        what.path
        if isinstance(what, Article)
        else {"feed": "/feed.xml", "sitemap": "/sitemap.xml"}.get(what, "/")
    )
    return Reply(
        status=301, headers=(f"Location: {paper.origin.replace('127.0.', '127.1.')}{path}",)
    )


def double_encoded(paper: Paper, article: Article, reply: Reply) -> Reply:
    """UTF-8 taken for ISO 8859-1 and written as windows-1251, in which most letters are lost."""
    return Reply(reply.body.decode().encode("windows-1251", "replace"))


SHELL = (
    '<!doctype html><html><head><meta charset="utf-8"><title>Газет</title></head><body><div id="app"></div>'
    '<script src="/app.js"></script></body></html>'
).encode()
LOGIN = (
    '<!doctype html><html lang="kk"><head><meta charset="utf-8"><title>Кіру</title></head><body>'
    '<h1>Кіру</h1><form action="/login" method="post"><input name="login"><input type="password" name="password">'
    "<button>Кіру</button></form></body></html>"
).encode()
CHALLENGE = (
    b'<!DOCTYPE html><html><head><title>Just a moment...</title><meta name="robots" content="noindex"></head><body>'
    b'<script>window._cf_chl_opt={cType:"managed"};</script><noscript>Enable JavaScript and cookies to continue'
    b'</noscript><script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script></body></html>'
)
WAIT = Reply(status=503, headers=("Retry-After: 86400",))
START = FIRST + STEP


def login(paper: Paper, what: What, reply: Reply) -> Reply | None:
    """Whoever asks for an article is sent to a log-in page."""
    if isinstance(what, Article):
        return Reply(status=302, headers=("Location: /login",))
    return Reply(LOGIN) if what == "other" else None


def half_deleted(paper: Paper, what: What, reply: Reply) -> Reply | None:
    """Every second article of the past is gone, from the sources as well."""

    def is_gone(article: Article) -> bool:
        return article.number % 2 == 1 and article.at < START - STEP

    if isinstance(what, Article):
        return Reply(b"<h1>404</h1>", 404) if is_gone(what) else None
    left = [article for article in paper.articles() if not is_gone(article)]
    if what == "feed":
        return paper.feed(left[-20:])
    return paper.sitemap(left) if what == "sitemap" else None


def old_only(articles: list[Article]) -> list[Article]:
    return [article for article in articles if article.at < START - timedelta(days=1)]


@dataclass
class Case:
    """A fault, what it is to be called, and in the crawl of which day after its beginning."""

    kind: str
    fault: Fault | None = None
    day: int = 0
    starts: int = 1
    over: int | None = None
    """On which day, where what is left is well."""
    rate: int = 8


CASES = {
    "theme that generic rules read": Case("layout_changed", of_articles(lambda p, a, r: p.story(a, "main"))),
    "theme that nothing reads": Case("unreadable", of_articles(lambda p, a, r: Reply(SHELL))),
    "empty pages": Case("unreadable", of_articles(lambda p, a, r: Reply())),
    "new pages hold nothing": Case(
        "unread_pages", of_articles(lambda p, a, r: Reply(SHELL) if a.at > START - STEP else None)
    ),
    "log-in": Case("blocked", login),
    "log-in in place": Case("blocked", of_articles(lambda p, a, r: Reply(LOGIN))),
    "challenge": Case("blocked", of_articles(lambda p, a, r: Reply(CHALLENGE, 403, ("Server: cloudflare",)))),
    "refused": Case("blocked", of_articles(lambda p, a, r: Reply(b"<h1>403 Forbidden</h1>", 403))),
    "server errors": Case("failing", of_articles(lambda p, a, r: Reply(b"<h1>Error</h1>", 500))),
    "half of the articles deleted": Case("missing", half_deleted, over=3),
    "all lead to the front page": Case("missing", redirected(lambda p, a: "/")),
    "address moved": Case("moved", moved),
    "dates removed": Case("field_lost", undated),
    "authors removed": Case("field_lost", of_articles(lambda p, a, r: p.story(a, without=frozenset({"authors"})))),
    "charset changed": Case("encoding", of_articles(double_encoded)),
    "teasers only": Case("text_length", of_articles(lambda p, a, r: p.story(a, paragraphs=1))),
    "feed emptied": Case("empty_source", of("feed", lambda p, r: p.feed([]))),
    "feed lies": Case("lying_source", of("feed", lambda p, r: p.feed(p.articles()[-20:], dated=p.moment))),
    "sitemap gone": Case("failing_source", of("sitemap", lambda p, r: Reply(b"<h1>404</h1>", 404)), day=2),
    "sitemap frozen": Case("stale_source", of("sitemap", lambda p, r: p.sitemap(old_only(p.articles()))), day=2),
    "robots closed": Case("closed", of("robots", lambda p, r: Reply(b"User-agent: *\nDisallow: /\n"))),
    "pages put off": Case("refusing", of_articles(lambda p, a, r: WAIT), day=1, starts=DAYS - 2),
    "all put off": Case("down", lambda p, w, r: WAIT, day=1),
    "connections refused": Case("down", day=1),
    "slowed": Case("slow", starts=DAYS - 1, rate=2),
}  # fmt: skip


@dataclass
class Seen:
    """What a person got to see: site → kind or title → days, from status and from messages."""

    events: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    """Kind → day of the first crawl after which `newsbot status` had it."""
    health: dict[str, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    told: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    """Day and title of each line in a message."""
    messages: list[tuple[int, dict[str, str]]] = field(default_factory=list)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """A newspaper for each fault and some that are well, over some days."""
    data = tmp_path_factory.mktemp("served")
    papers = [
        Paper(n, rate=case.rate, fault=case.fault, since=FIRST + case.starts * STEP)
        for n, case in enumerate(CASES.values())
    ]
    papers += [Paper(len(papers) + n, rate=2 + n) for n in range(HEALTHY)]
    found = Seen()
    with served(papers) as press:
        press.write_profiles(data)
        slow, down = (papers[list(CASES).index(name)] for name in ("slowed", "connections refused"))
        earlier_crawls(data, slow)
        for day in range(DAYS):
            press.moment = FIRST + day * STEP
            if day == 1:
                press.close(down)
            if day == DAYS - 1:
                slow.fault = slower(data, slow)
            crawl(press, data, found, day)
    yield found


def earlier_crawls(data: Path, paper: Paper) -> None:
    """The pace of a paper in the days before: with it, that of the last day alone can be judged."""
    with Store(data) as store:
        store.save_site(
            {"id": paper.id, "name": "x", "url": paper.origin, "timezone": "Asia/Almaty"}
        )
        for day in range(7, 0, -1):
            began = FIRST - day * STEP
            crawl = store.start_crawl(paper.id, began)
            store.finish_crawl(crawl, began + timedelta(seconds=12), "finished", 12)


def slower(data: Path, paper: Paper) -> Fault:
    """More than three times as slow as it ever was, on however busy a machine."""
    sql = "SELECT max((julianday(ended_at) - julianday(started_at)) * 86400 / requests) FROM crawls WHERE site = "
    seconds = 3.3 * max(1.0, read(data, f"{sql}'{paper.id}'")[0][0])
    return lambda paper, what, reply: replace(reply, seconds=seconds)


def crawl(press: Press, data: Path, found: Seen, day: int) -> None:
    """A day's crawl, what `status` says after it, and the message that came."""
    ids = [paper.id for paper in press.papers]
    before = len(press.alarms)
    done = run(press.moment, "crawl", *ids, "--data", data, "--alarms", press.alarms_url, "-q")
    assert done.returncode in (0, 3), done.stderr
    assert "Traceback" not in done.stderr
    shown = run(press.moment + timedelta(minutes=10), "status", "--json", "--data", data)
    for row in json.loads(shown.stdout):
        found.health[row["site"]][day] = row["health"]
        for event in row["events"]:
            found.events[row["site"]].setdefault(event["kind"], day)
    for body in press.alarms[before:]:
        message = json.loads(body)
        found.messages.append((day, message))
        title = ""
        for line in message["message"].splitlines():
            if line.isupper():
                title = line
            elif told := re.match(r"(gazet\d+): ", line):
                found.told[told[1]].append((day, title))


@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_named_once_and_early(seen: Seen, name: str) -> None:
    case, site = CASES[name], f"gazet{list(CASES).index(name):03}"
    day = case.starts + case.day
    title: str = kinds()[case.kind].title["en"]
    assert seen.events[site] == {case.kind: day}
    assert seen.health[site][day] == title
    over = [] if case.over is None else [(case.over, "OVER")]
    assert seen.told[site] == [(day, title.upper()), *over]


def test_a_day_has_one_message_and_the_others_their_peace(seen: Seen) -> None:
    well = {f"gazet{n:03}" for n in range(len(CASES), len(CASES) + HEALTHY)}
    assert {health for site in well for health in seen.health[site].values()} == {"ok"}
    assert not well & seen.told.keys()
    days = [day for day, _ in seen.messages]
    assert sorted(set(days)) == days
