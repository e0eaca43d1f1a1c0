"""What a crawl may conclude: real runs against a newspaper whose pages empty, hide and change."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from archive.times import now, utc
from newsbot.demo.articles import load_articles
from newsbot.demo.render import Page
from newsbot.demo.server import ExampleNewspaper
from tests.conftest import Run, write_profile
from tests.crawl.state import read, write

TOTAL = len(load_articles())
PATHS = [article.path for article in load_articles()]
NEW = "/2026/jana-habar.html"
PARAGRAPH = "Ақбұлақ өзенінің үстінен жаңа көпір салынды, оны ауыл тұрғындары екі жыл күткен еді."
LAYOUT = """
[[layouts]]
id = "next"
when = "section.next"
article = "section.next"
title = ["section.next h6"]
body = ["section.next p"]
"""
LOGIN = (
    "<html><head><title>Ақбұлақ тынысы</title></head><body><form action='/login' method='post'>"
    "<input name='user'><input type='password' name='word'></form></body></html>"
)


def page(html: str, **headers: str) -> Page:
    known = {"Content-Type": "text/html; charset=utf-8", "ETag": f'"{hash(html):x}"'}
    return Page(
        200, {**known, "Last-Modified": "Fri, 20 Nov 2026 05:00:00 GMT", **headers}, html.encode()
    )


def redesigned(title: str, paragraphs: list[str]) -> Page:
    """An article that the profile of today cannot read."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return page(
        "<html lang='kk'><head><title>Ақбұлақ тынысы</title></head><body>"
        f"<section class='next'><h6>{title}</h6>{text}</section></body></html>"
    )


@pytest.fixture
def crawl(
    newsbot: Run, paper: ExampleNewspaper, profiles: Path, tmp_path: Path
) -> Callable[..., tuple[int, dict[str, int], str]]:
    """Crawl the example newspaper: exit code, outcomes, and what is said on stderr."""

    def run(*options: object) -> tuple[int, dict[str, int], str]:
        command = ("crawl", "aqbulaq", "--data", tmp_path, "--sites-dir", profiles)
        paper.requests.clear()
        if (tmp_path / "news.db").exists():
            ((newest,),) = read(tmp_path, "SELECT max(fetched_at) FROM captures")
            while utc(now()) <= newest:  # what is seen is told by the second
                time.sleep(0.05)
        done = newsbot(*command, *options)
        assert done.returncode in (0, 3), done.stderr
        counts = read(tmp_path, "SELECT * FROM crawls ORDER BY id DESC LIMIT 1")
        names = [row[1] for row in read(tmp_path, "PRAGMA table_info(crawls)")]
        outcomes = dict(zip(names[8:], counts[0][8:], strict=True))
        return done.returncode, {name: n for name, n in outcomes.items() if n}, done.stderr

    assert run() == (0, {"new": TOTAL, "not_article": 1}, "")
    return run


def seen(folder: Path) -> list[tuple[object, ...]]:
    return read(folder, "SELECT url, last_seen, gone_since, revision FROM articles ORDER BY url")


def test_a_304_to_an_empty_shell_proves_nothing(
    crawl: Callable[..., tuple[int, dict[str, int], str]], paper: ExampleNewspaper, tmp_path: Path
) -> None:
    before = seen(tmp_path)
    shell = page("<html><head><title>Ақбұлақ тынысы</title></head><body></body></html>")
    whole = dict(paper.pages)
    paper.pages = {**whole, **dict.fromkeys(PATHS, shell)}
    for _ in range(2):
        code, outcomes, said = crawl("--revisit")
        assert (code, outcomes) == (3, {"deferred": TOTAL})
        assert f"{TOTAL} known articles cannot be read" in said
        assert seen(tmp_path) == before
    paper.pages = whole
    code, outcomes, said = crawl("--revisit")
    assert (code, outcomes, said) == (0, {"unchanged": TOTAL}, "")
    ((kind, ended_at),) = read(tmp_path, "SELECT kind, ended_at FROM events")
    assert kind == "unreadable"
    assert ended_at


@pytest.mark.parametrize("command", ["crawl", "reextract"])
def test_a_redesign_is_told_and_its_pages_are_read_when_the_profile_is_mended(
    newsbot: Run,
    crawl: Callable[..., tuple[int, dict[str, int], str]],
    paper: ExampleNewspaper,
    tmp_path: Path,
    command: str,
) -> None:
    pages = {
        urlsplit(url).path: redesigned(title, escape(text).split("\n\n"))
        for url, title, text in read(tmp_path, "SELECT url, title, text FROM articles")
    }
    ((newest,),) = read(tmp_path, "SELECT max(last_seen) FROM articles")
    while utc(now()) <= newest:  # what is seen is told by the second
        time.sleep(0.05)
    known = paper.pages
    first = load_articles()[0]
    feed = known["/feed/"]
    body = feed.body.replace(first.path.encode(), NEW.encode(), 1)
    new = redesigned("Жаңа көпір ашылды", [f"{n}. {PARAGRAPH}" for n in range(6)])
    paper.pages = {
        **known,
        **pages,
        NEW: new,
        "/feed/": Page(200, {**feed.headers, "ETag": '"2"'}, body),
    }
    code, outcomes, said = crawl("--revisit")
    assert code == 3
    assert outcomes == {"deferred": TOTAL, "not_article": 1}
    (line,) = said.splitlines()
    assert line.startswith(
        f"newsbot: aqbulaq failed: {TOTAL} known articles cannot be read (no_title)"
    )
    assert read(tmp_path, "SELECT count(*) FROM articles WHERE gone_since IS NOT NULL") == [(0,)]
    assert read(tmp_path, "SELECT kind, ended_at FROM events") == [("unreadable", None)]

    profile = tmp_path / "sites" / "aqbulaq.toml"
    profile.write_text(profile.read_text("utf-8") + LAYOUT, "utf-8")
    if command == "reextract":
        done = newsbot("reextract", "--data", tmp_path, "--sites-dir", tmp_path / "sites")
        assert done.returncode == 0, done.stderr
    code, _, said = crawl()
    assert code == 0, said
    assert ("read again from the archive" in said) == (command == "crawl")
    asked = Counter(path for _, path in paper.requests)
    assert not {*PATHS, NEW} & asked.keys(), "what the archive has is not asked for"
    refused = "SELECT count(*) FROM captures WHERE result = 'refused' AND article IS NOT NULL"
    assert read(tmp_path, refused) == [(0,)]
    titles = read(tmp_path, "SELECT title FROM articles WHERE url LIKE '%jana-habar%'")
    assert titles == [("Жаңа көпір ашылды",)]
    edits = "SELECT text, text_before, changed FROM article_edits"
    assert read(tmp_path, edits) == []
    assert read(tmp_path, "SELECT count(*) FROM articles WHERE last_seen = first_seen") == [(1,)]
    # The next visit finds them well, and the event ends.
    code, outcomes, said = crawl("--revisit")
    assert (code, outcomes, said) == (0, {"unchanged": TOTAL + 1}, "")
    ((ended_at,),) = read(tmp_path, "SELECT ended_at FROM events")
    assert ended_at


def test_looking_twice_within_seconds_makes_nothing_gone(
    crawl: Callable[..., tuple[int, dict[str, int], str]], paper: ExampleNewspaper, tmp_path: Path
) -> None:
    paper.pages = {path: page for path, page in paper.pages.items() if path not in PATHS[:2]}
    for _ in range(3):
        code, outcomes, _ = crawl("--revisit")
        assert (code, outcomes) == (0, {"deferred": 2, "unchanged": TOTAL - 2})
    errors = read(tmp_path, "SELECT error, count(*) FROM frontier WHERE outcome = 'deferred'")
    assert errors == [("missing: HTTP 404", 2)]
    # A day later it is.
    for table, column in (("captures", "fetched_at"), ("articles", "first_seen")):
        write(
            tmp_path,
            f"UPDATE {table} SET {column} = replace({column}, substr({column}, 1, 4), '2020')",
        )
    assert crawl("--revisit")[:2] == (0, {"gone": 2, "unchanged": TOTAL - 2})


def test_a_log_in_wall_is_named(
    crawl: Callable[..., tuple[int, dict[str, int], str]], paper: ExampleNewspaper, tmp_path: Path
) -> None:
    before = seen(tmp_path)
    whole = dict(paper.pages)
    moved = Page(302, {"Location": f"{paper.origin}/kiru"}, b"")
    walls = {path: page(LOGIN) if n % 2 else moved for n, path in enumerate(PATHS)}
    paper.pages = {**whole, **walls, "/kiru": page(LOGIN)}
    code, outcomes, said = crawl("--revisit", "--limit", 3)
    assert (code, outcomes) == (3, {"blocked": 3})
    assert said == "newsbot: aqbulaq failed: 3 of 3 pages ask for a log-in\n"
    code, outcomes, said = crawl("--revisit")
    assert (code, outcomes) == (3, {"blocked": TOTAL})
    (line,) = said.splitlines()
    assert line.startswith(
        f"newsbot: aqbulaq failed: {TOTAL} known articles ask for a log-in since"
    )
    assert seen(tmp_path) == before
    paper.pages = whole
    assert crawl("--revisit") == (0, {"unchanged": TOTAL}, "")


def test_passwords_that_the_newspaper_set_are_no_failure(
    newsbot: Run, paper: ExampleNewspaper, tmp_path: Path
) -> None:
    hidden = page(
        "<html lang='kk'><head><title>Қорғалған</title></head><body><article><h1>Қорғалған: есеп</h1>"
        "<form class='post-password-form' action='/wp-login.php?action=postpass' method='post'>"
        "<p>Бұл жазба құпиясөзбен қорғалған.</p><input name='post_password' type='password'></form>"
        "</article></body></html>"
    )
    profiles = write_profile(
        tmp_path / "sites", paper.origin, **{'family = "generic"': 'family = "wordpress"'}
    )
    command = ("crawl", "aqbulaq", "--data", tmp_path, "--sites-dir", profiles, "--json")
    whole = dict(paper.pages)
    paper.pages = {**whole, **dict.fromkeys(PATHS[:8], hidden)}
    for due in ("blocked", "new"):  # posts that were never seen open, and some that were
        assert newsbot(*command).returncode == 0
        paper.pages = {**whole, **dict.fromkeys(PATHS[:8] if due == "blocked" else PATHS, hidden)}
        write(tmp_path, f"UPDATE frontier SET due = '2020-01-01T00:00:00Z' WHERE outcome = '{due}'")
        done = newsbot(*command)
        (report,) = json.loads(done.stdout)
        outcomes = {name: number for name, number in report["outcomes"].items() if number}
        assert outcomes.keys() == {"blocked"}
        assert (done.returncode, done.stderr, report["events"]) == (0, "", [])
