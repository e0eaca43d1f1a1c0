"""What a crawl finds: sections, further pages, other hosts; in which order, and after a breakdown."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from socket import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import ROOT, Run, environment
from tests.crawl.state import read, write
from tests.crawl.wire import Answer, Route, counted, http, page, wire

ARTICLES = [f"/{2024 + number // 12}/maqala-{number:03d}-turaly-khabar" for number in range(1, 9)]
PAGES: dict[str, Route] = {path: http(page(f"Хабар {path}")) for path in ARTICLES}


def profile(folder: Path, origin: str, *sources: str, hosts: str = "[]") -> list[str]:
    """Write a profile; return the arguments that crawl it."""
    sites = folder / "sites"
    sites.mkdir(exist_ok=True)
    listed = "".join(
        f'[[sources]]\nkind = "{kind}"\nurl = "{url}"\n'
        for kind, url in (source.split() for source in sources)
    )
    (sites / "x.toml").write_text(
        f'name = "X"\nurl = "{origin}/"\nhosts = {hosts}\n{listed}'
        "[crawl]\ndelay = 0\nautothrottle = false\n"
    )
    return ["crawl", "x", "--data", str(folder / "data"), "--sites-dir", str(sites)]


def stored(folder: Path) -> list[str]:
    """Paths of the articles in the archive."""
    rows = read(folder / "data", "SELECT url FROM articles")
    return sorted(urlsplit(url).path for (url,) in rows)


def links(*paths: str, more: str = "", title: str = "Жаңалықтар") -> bytes:
    """A page that lists articles."""
    items = "".join(
        f'<li><a href="{path}">Аудандағы жаңалық: {path} туралы хабар</a></li>' for path in paths
    )
    return http(
        f'<html lang="kk"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>'
        f"<ul>{items}</ul>{more}</html>".encode()
    )


def following(number: int) -> str:
    return f'<div class="pagination"><a rel="next" href="/tizim?page={number}">Келесі</a></div>'


def test_a_named_front_page_leads_to_sections_and_beyond(newsbot: Run, tmp_path: Path) -> None:
    menu = '<nav><a href="/qogam">Қоғам</a></nav>'
    cover = f'<meta charset="utf-8"><h1>Қор</h1><a href="{ARTICLES[2]}">оқу</a>'
    routes = PAGES | {
        "/": links(ARTICLES[0], "/kitap-qory-men-muragattar", more=menu),
        "/qogam": links(ARTICLES[1], title="Қоғам"),
        "/kitap-qory-men-muragattar": http(cover.encode()),
    }
    with wire(routes) as server:
        assert newsbot(*profile(tmp_path, server.origin, "listing /")).returncode == 0
    assert stored(tmp_path) == ARTICLES[:3]
    outcomes = dict(read(tmp_path / "data", "SELECT url, error FROM frontier"))
    assert outcomes[f"{server.origin}/kitap-qory-men-muragattar"] == "no_text"


def test_front_pages_of_all_hosts_where_no_source_is_named(newsbot: Run, tmp_path: Path) -> None:
    first = PAGES | {"/": links(*ARTICLES[:2])}
    second = PAGES | {"/": links(*ARTICLES[2:4])}
    with wire(first) as one, wire(second) as two:
        host = two.origin.removeprefix("http://")
        assert newsbot(*profile(tmp_path, one.origin, hosts=f'["{host}"]')).returncode == 0
    assert stored(tmp_path) == ARTICLES[:4]
    assert set(two.paths) == {"/robots.txt", "/", *ARTICLES[2:4]}


def test_what_sitemaps_list_comes_after_what_the_front_page_leads_to(
    newsbot: Run, tmp_path: Path
) -> None:
    entries = "".join(
        f"<url><loc>{path}</loc><lastmod>2099-01-01</lastmod></url>" for path in ARTICLES[2:]
    )
    sitemap = http(f"<urlset>{entries}</urlset>".encode(), "Content-Type: application/xml")
    routes = PAGES | {
        "/sitemap.xml": sitemap,
        "/": links("/suhbattar-men-pikirler-qory"),
        "/suhbattar-men-pikirler-qory": links(*ARTICLES[:2]),
    }
    with wire(routes) as server:
        command = profile(tmp_path, server.origin, "sitemap /sitemap.xml", "listing /")
        assert newsbot(*command, "--limit", "4").returncode == 0
    assert stored(tmp_path) == ARTICLES[:3]
    assert server.paths.index("/sitemap.xml") > server.paths.index(ARTICLES[1])


def atom(origin: str, number: int, last: bool) -> bytes:
    link = "" if last else f'<link rel="next" href="/feed?page={number + 1}"/>'
    entry = f'<entry><link href="{ARTICLES[number]}"/></entry>'
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{link}{entry}</feed>'.encode()


def json_feed(origin: str, number: int, last: bool) -> bytes:
    more = "" if last else f', "next_url": "{origin}/feed?page={number + 1}"'
    return (
        '{"version": "https://jsonfeed.org/version/1.1", '
        f'"items": [{{"url": "{ARTICLES[number]}"}}]{more}}}'
    ).encode()


@pytest.mark.parametrize("kind", [atom, json_feed])
def test_a_feed_that_names_its_next_page_is_read_on_while_it_brings_news(
    newsbot: Run, tmp_path: Path, kind: Callable[[str, int, bool], bytes]
) -> None:
    routes = dict(PAGES)
    with wire(routes) as server:
        for number in range(4):
            address = f"/feed?page={number}" if number else "/feed"
            routes[address] = http(kind(server.origin, number, number == 3))
        command = profile(tmp_path, server.origin, "feed /feed")
        assert newsbot(*command).returncode == 0
        assert stored(tmp_path) == ARTICLES[:4]
        server.requests.clear()
        assert newsbot(*command).returncode == 0
    assert server.paths == ["/robots.txt", "/feed"], "it brought nothing new"


def test_a_list_is_read_on_though_a_feed_has_shown_its_first_page(
    newsbot: Run, tmp_path: Path
) -> None:
    items = "".join(f"<item><link>{path}</link></item>" for path in ARTICLES[:2])
    routes = PAGES | {
        "/feed": http(f"<rss><channel>{items}</channel></rss>".encode()),
        "/tizim": links(*ARTICLES[:2], more=following(2)),
        "/tizim?page=2": links(*ARTICLES[2:4], more=following(3)),
        "/tizim?page=3": links(*ARTICLES[4:6]),
    }
    with wire(routes) as server:
        command = profile(tmp_path, server.origin, "feed /feed", "listing /tizim")
        assert newsbot(*command).returncode == 0
    assert stored(tmp_path) == ARTICLES[:6]


def lists(third: Route) -> dict[str, Route]:
    """A list of four pages, and how the third of them answers."""
    return PAGES | {
        "/tizim": links(*ARTICLES[:2], more=following(2)),
        "/tizim?page=2": links(*ARTICLES[2:4], more=following(3)),
        "/tizim?page=3": third,
        "/tizim?page=4": links(*ARTICLES[6:]),
    }


THIRD = links(*ARTICLES[4:6], more=following(4))


def test_a_page_that_fails_is_where_the_next_run_carries_on(newsbot: Run, tmp_path: Path) -> None:
    @counted
    def third(number: int) -> Answer:
        return http(b"", status="500 Internal Server Error") if number <= 3 else THIRD

    with wire(lists(third)) as server:
        command = profile(tmp_path, server.origin, "listing /tizim")
        newsbot(*command)
        assert stored(tmp_path) == ARTICLES[:4]
        write(tmp_path / "data", "UPDATE sources SET due = NULL")
        server.requests.clear()
        assert newsbot(*command).returncode == 0
        assert stored(tmp_path) == ARTICLES
        assert "/tizim?page=2" not in server.paths
    assert read(tmp_path / "data", "SELECT cursor FROM sources") == [(None,)]


def test_a_list_is_taken_up_again_where_the_run_was_killed(newsbot: Run, tmp_path: Path) -> None:
    @counted
    def third(number: int) -> Answer:
        def hang(connection: socket) -> None:
            time.sleep(60)

        return hang if number == 1 else THIRD

    with wire(lists(third)) as server:
        command = profile(tmp_path, server.origin, "listing /tizim")
        with subprocess.Popen(
            [sys.executable, "-m", "newsbot", *command],
            env=environment(), cwd=ROOT, stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            while "/tizim?page=3" not in server.paths:
                assert process.poll() is None
                time.sleep(0.05)
            os.kill(process.pid, signal.SIGKILL)
        assert newsbot(*command).returncode == 0
    assert stored(tmp_path) == ARTICLES


def test_a_sitemap_rests_while_its_index_says_that_it_is_as_it_was(
    newsbot: Run, tmp_path: Path
) -> None:
    today = time.strftime("%Y-%m-%d", time.gmtime())
    index = "".join(
        f"<sitemap><loc>/{name}.xml</loc><lastmod>{day}</lastmod></sitemap>"
        for name, day in (("old", "2020-01-01"), ("new", today))
    )

    def urlset(*paths: str) -> bytes:
        entries = "".join(f"<url><loc>{path}</loc></url>" for path in paths)
        return http(f"<urlset>{entries}</urlset>".encode())

    routes = PAGES | {
        "/sitemap.xml": http(f"<sitemapindex>{index}</sitemapindex>".encode()),
        "/old.xml": urlset(*ARTICLES[:2]),
        "/new.xml": urlset(*ARTICLES[2:4]),
    }
    with wire(routes) as server:
        command = profile(tmp_path, server.origin, "sitemap /sitemap.xml")
        assert newsbot(*command).returncode == 0
        assert stored(tmp_path) == ARTICLES[:4]
        server.requests.clear()
        assert newsbot(*command).returncode == 0
        assert server.paths == ["/robots.txt", "/sitemap.xml", "/new.xml"]
        server.requests.clear()
        # A day later; its own rest ends a little after that of the index.
        write(
            tmp_path / "data",
            "UPDATE sources SET due = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+1 hour')",
        )
        assert newsbot(*command).returncode == 0
        assert "/old.xml" in server.paths


def test_links_that_look_like_traps_are_reported_once_each(newsbot: Run, tmp_path: Path) -> None:
    traps = '<a href="/kuntizbe/2026/11">қараша</a> <a href="/a/b/a/b/a/b/">б</a>'
    routes = PAGES | {
        "/": links(ARTICLES[0], "/suhbattar-men-pikirler-qory", more=traps),
        "/suhbattar-men-pikirler-qory": links(*ARTICLES[:3], more=traps),
    }
    with wire(routes) as server:
        done = newsbot(*profile(tmp_path, server.origin, "listing /"), "--json")
    assert stored(tmp_path) == ARTICLES[:3]
    assert json.loads(done.stdout)[0]["traps"] == {"calendar": 1, "repeating_path": 1}
    assert not [path for path in server.paths if path.startswith(("/kuntizbe", "/a/"))]


def test_an_answer_about_changes_is_no_full_answer(newsbot: Run, tmp_path: Path) -> None:
    """What the API lists in all is not forgotten when it is later asked for changes only."""

    class Newspaper(dict[str, Route]):
        def get(self, path: str, default: Any = None) -> Any:
            if not path.startswith("/wp-json/"):
                return super().get(path, default)
            posts = [] if "modified_after=" in path else [post(origin[0], n) for n in range(3)]
            return http(json.dumps(posts).encode(), "Content-Type: application/json")

    origin: list[str] = []
    with wire(Newspaper(PAGES)) as server:
        origin.append(server.origin)
        command = profile(tmp_path, server.origin, "wordpress /wp-json/wp/v2/posts")
        for _ in range(2):
            assert newsbot(*command).returncode == 0
            found = read(tmp_path / "data", "SELECT found, discovered, error FROM sources")
            assert found == [(3, 3, None)]
            write(tmp_path / "data", "UPDATE sources SET due = NULL")
    assert stored(tmp_path) == ARTICLES[:3]
    assert sum("modified_after=" in path for path in server.paths) == 1


def post(origin: str, number: int) -> dict[str, object]:
    """A post as the WordPress REST API lists it."""
    dates = dict.fromkeys(("date_gmt", "modified_gmt"), f"2024-05-0{number + 1}T08:00:00")
    return {"id": number, "status": "publish", "link": origin + ARTICLES[number], **dates}
