"""One address, one article: what is asked for, what a page says of its own address, and gates of cookies.

Neighbours of each case stand in its parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from socket import socket
from urllib.parse import unquote, urlsplit

import pytest

from tests.conftest import Run
from tests.crawl.state import read
from tests.crawl.test_discovery import profile
from tests.crawl.wire import PARAGRAPHS, Route, Wire, http, wire


def article(number: int, head: str = "") -> bytes:
    """An article with a text of its own."""
    title = f"{number}-хабар бүгін жарияланды"
    text = "".join(f"<p>{number}-мақала. {paragraph}</p>" for paragraph in PARAGRAPHS)
    return http(
        f'<!DOCTYPE html><html lang="kk"><head><meta charset="utf-8"><title>{title}</title>{head}'
        f'<meta property="og:type" content="article"></head><body><article><h1>{title}</h1>{text}'
        "</article></body></html>".encode()
    )


def feed(*paths: str) -> bytes:
    items = "".join(
        f"<item><title>Х</title><link>{path.replace('&', '&amp;')}</link></item>" for path in paths
    )
    return http(
        f'<rss version="2.0"><channel>{items}</channel></rss>'.encode(),
        "Content-Type: application/rss+xml",
    )


def crawl(newsbot: Run, folder: Path, running: Wire) -> dict[str, str]:
    """Crawl the feed; path and query of each stored article → its title."""
    done = newsbot(*profile(folder, running.origin, "feed /feed"))
    assert done.returncode == 0, done.stderr
    rows = read(folder / "data", "SELECT url, title FROM articles")
    return {unquote(urlsplit(url)._replace(scheme="", netloc="").geturl()): t for url, t in rows}


@pytest.mark.parametrize(
    "listed",
    [
        ["/modules.php?name=News&file=article&sid=1", "/modules.php?name=News&file=article&sid=2"],
        ["/read.php?1423", "/read.php?1424"],
        ["/show?sessionid=7", "/show?sessionid=8"],
        ["/p?news&id=5"],
        ["/p?item,12"],
        ["/index.php?page=news/2024/maqala"],
        ["/a?x=a%20b", "/a?x=%d0%b6"],
        ["/a?b=2&a=(1)!"],
        ["/bir%2dnews/1"],
        ["/a?z&&y=1"],
    ],
)
def test_what_is_asked_for_is_what_was_listed(
    newsbot: Run, tmp_path: Path, listed: list[str]
) -> None:
    routes: dict[str, Route] = {path: article(i) for i, path in enumerate(listed)}
    # A robots.txt that forbids the address in another order than it was listed in.
    robots = http(
        b"User-agent: *\nDisallow: /p?id=\nDisallow: /a?a=\nDisallow: /modules.php?file\n"
    )
    with wire(routes | {"/feed": feed(*listed)}, robots) as running:
        stored = crawl(newsbot, tmp_path, running)
        assert sorted(running.paths[2:]) == sorted(listed)
        assert len(stored) == len(listed)
        # Seen again in another order or encoding, it is the same article.
        assert len(crawl(newsbot, tmp_path, running)) == len(listed)


def test_tracking_and_sessions_are_left_out(newsbot: Run, tmp_path: Path) -> None:
    token = "5f3a9c0177de42ab5f3a9c0177de42ab"
    listed = [f"/n?sid={token}&b=2&a=1&utm_source=rss", "/n?a=1&b=2", "/n?a=1&b=2&PHPSESSID=ab"]
    with wire({"/n?b=2&a=1": article(1), "/feed": feed(*listed)}) as running:
        assert crawl(newsbot, tmp_path, running) == {"/n?a=1&b=2": "1-хабар бүгін жарияланды"}
        assert running.paths[2:] == ["/n?b=2&a=1"]


NAMED: dict[str, Callable[[str], str]] = {
    "a section": lambda path: '<link rel="canonical" href="/news/qogam/">',
    "a section, by og:url": lambda path: '<meta property="og:url" content="/news/qogam/">',
    "the first article": lambda path: '<link rel="canonical" href="/news/1-habar">',
    "the last article": lambda path: '<link rel="canonical" href="/news/4-habar">',
    "the script": lambda path: '<link rel="canonical" href="/news">',
    "several": lambda path: f'<link rel="canonical" href="{path},/video/1,/video/2">',
    "several, with blanks": lambda path: f'<link rel="canonical" href="{path} | /video/2">',
    "the front page": lambda path: '<link rel="canonical" href="/">',
    "another for each two": lambda path: f'<link rel="canonical" href="/n/{int(path[6]) // 2}">',
}


@pytest.mark.parametrize("named", NAMED)
def test_an_address_that_many_pages_name_is_none_of_theirs(
    newsbot: Run, tmp_path: Path, named: str
) -> None:
    listed = [f"/news/{number}-habar" for number in range(1, 5)]
    routes: dict[str, Route] = {
        path: article(number, NAMED[named](path)) for number, path in enumerate(listed, 1)
    }
    if (
        named == "another for each two"
    ):  # 2 and 3 share one; 1 and 4 have their own, which are believed
        listed = [*listed[1:3]]
    with wire(routes | {"/feed": feed(*listed)}) as running:
        stored = crawl(newsbot, tmp_path, running)
    assert stored == {path: f"{path[6]}-хабар бүгін жарияланды" for path in listed}


def gate(running: list[Wire], page: bytes, target: str, status: str) -> Callable[[socket], object]:
    """A page for who brings the cookie; others are sent to `target`."""

    def answer(connection: socket) -> None:
        told = b"ok=1" in running[0].heads[-1]
        away = http(b"", "Set-Cookie: ok=1; path=/", f"Location: {target}", status=status)
        connection.sendall(page if told else away)

    return answer


@pytest.mark.parametrize("status", ["302 Found", "307 Temporary Redirect", "301 Moved"])
@pytest.mark.parametrize("by", ["itself", "a gate"])
def test_the_page_behind_a_cookie_is_read(
    newsbot: Run, tmp_path: Path, status: str, by: str
) -> None:
    running: list[Wire] = []
    routes: dict[str, Route] = {"/feed": gate(running, feed("/n/1", "/n/2"), "/feed", status)}
    for number in (1, 2):
        path = f"/n/{number}"
        way = "/gate" + path if by == "a gate" else path
        routes[path] = gate(running, article(number), way, status)
        routes["/gate" + path] = http(
            b"", "Set-Cookie: ok=1; path=/", f"Location: {path}", status="302 Found"
        )
    with wire(routes) as served:
        running.append(served)
        stored = crawl(newsbot, tmp_path, served)
        assert stored.keys() == {"/n/1", "/n/2"}
        # Each visit begins without a cookie: none is kept between them.
        asked = [head for head in served.heads if head.startswith(b"GET /n/1 ")]
        assert [b"ok=1" in head for head in asked] == [False, True]
    aliases = {urlsplit(url).path for (url,) in read(tmp_path / "data", "SELECT url FROM aliases")}
    assert aliases == {"/n/1", "/n/2"}, "a gate is the address of no article"


def test_a_gate_that_never_opens_ends(newsbot: Run, tmp_path: Path) -> None:
    shut = http(b"", "Set-Cookie: no=1", "Location: /n/1", status="302 Found")
    with wire({"/feed": feed("/n/1"), "/n/1": shut}) as running:
        newsbot(*profile(tmp_path, running.origin, "feed /feed"))
        assert running.paths.count("/n/1") == 2
    rows = read(tmp_path / "data", "SELECT outcome, error FROM frontier")
    assert rows[0][0] == "failed"
    assert rows[0][1].startswith("RedirectLoop")
