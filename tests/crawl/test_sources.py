"""Sources as they come: what cannot be read or is cut is told, what has nothing new costs little."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socket
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from newsbot.discovery.xml import MAX_BYTES
from tests.conftest import ROOT, Run, environment
from tests.crawl.state import read, write
from tests.crawl.test_discovery import ARTICLES, PAGES, links, profile, stored
from tests.crawl.wire import Answer, Route, counted, http, page, wire


def moved(path: str, status: str = "301 Moved Permanently") -> bytes:
    return http(b"", f"Location: {path}", status=status)


def rss(*paths: str) -> bytes:
    items = "".join(f"<item><link>{path}</link></item>" for path in paths)
    return http(f"<rss><channel>{items}</channel></rss>".encode(), "Content-Type: text/xml")


def urlset(*paths: str) -> bytes:
    pages = "".join(f"<url><loc>{path}</loc></url>" for path in paths)
    return http(f"<urlset>{pages}</urlset>".encode(), "Content-Type: text/xml")


# --- what cannot be read --------------------------------------------------------------------------


def hang(connection: socket) -> None:
    time.sleep(5)


def too_large(connection: socket) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {MAX_BYTES + 1}\r\n\r\n"
    connection.sendall(head.encode())


WAYS: dict[str, tuple[Route, str]] = {
    "bad XML": (http(b"<rss <channel <<"), "not a feed"),
    "wrong type": (http(b"\x89PNG\r\n\x1a\n\0\0", "Content-Type: image/png"), "not a feed"),
    "a video for a feed": (http(bytes(range(256)) * 9, "Content-Type: video/mp4"), "not a feed"),
    "empty": (http(b""), "an empty answer"),
    "no content": (http(b"", status="204 No Content"), "HTTP 204"),
    "an error page": (http(b"<!doctype html><h1>500</h1>"), "an HTML page, not a feed"),
    "a log-in": (moved("/login"), "an HTML page, not a feed"),
    "an error": (http(b"", status="404 Not Found"), "HTTP 404"),
    "a redirect to another site": (moved("http://127.0.0.1:9/feed"), "leads to another site"),
    "a redirect to itself": (moved("/feed-9"), "redirects lead back"),
    "a redirect to nowhere": (http(b"", status="302 Found"), "HTTP 302"),
    "time-out": (hang, "Timeout"),
    "cut off": (http(b"<rss/>").replace(b"Length: 6", b"Length: 60"), "DataLoss"),
    "damaged gzip": (http(b"\x1f\x8b\x08\0\0", "Content-Encoding: gzip"), "damaged"),
    "too large": (too_large, "larger than"),
}
LOGIN = http(b"<html><form><input type=password></form></html>")


def test_each_source_that_cannot_be_read_is_counted_and_told(newsbot: Run, tmp_path: Path) -> None:
    feeds = {f"/feed-{number}": way for number, way in enumerate(WAYS)}
    routes = {path: WAYS[way][0] for path, way in feeds.items()}
    routes |= {"/closed/feed": rss(ARTICLES[1]), "/s.xml": urlset(ARTICLES[0]), "/login": LOGIN}
    said = {path: WAYS[way][1] for path, way in feeds.items()}
    said["/closed/feed"] = "Forbidden by robots.txt"
    with wire(routes | PAGES, robots=http(b"User-agent: *\nDisallow: /closed/\n")) as server:
        sources = [*(f"feed {path}" for path in said), "sitemap /s.xml"]
        command = profile(tmp_path, server.origin, *sources)
        toml = tmp_path / "sites" / "x.toml"
        toml.write_text(toml.read_text() + "timeout = 1\n")
        done = newsbot(*command)
        assert "/closed/feed" not in server.paths
    assert done.returncode == 0, "another source was read"
    (line,) = [line for line in done.stderr.splitlines() if "could not be read" in line]
    assert line.startswith(f"x: {len(said)} sources could not be read: ")
    assert stored(tmp_path) == [ARTICLES[0]]
    shown = json.loads(newsbot("status", "--sources", "--json", "--data", command[3]).stdout)
    errors = {urlsplit(row["url"]).path: row["error"] for row in shown if row["kind"] == "feed"}
    for path, reason in said.items():
        assert reason in errors[path], feeds.get(path)
        assert f"{server.origin}{path} ({errors[path]})" in line
    assert {row["failures"] for row in shown} == {0, 1}


def test_addresses_that_a_family_tries_are_not_missed(newsbot: Run, tmp_path: Path) -> None:
    """Neighbours: one that it had once is, and one that its own front page names."""
    feed = '<link rel="alternate" type="application/rss+xml" href="/zhanalyqtar.rss">'
    routes = {"/": links(ARTICLES[0], more=feed), "/sitemap.xml": urlset(ARTICLES[1]), **PAGES}
    with wire(routes) as server:
        command = [*profile(tmp_path, server.origin), "--json"]
        assert list(json.loads(newsbot(*command).stdout)[0]["unread"]) == [
            f"{server.origin}/zhanalyqtar.rss"
        ]
        write(tmp_path / "data", "UPDATE sources SET due = NULL")
        tried = [path for path in server.paths if "sitemap" in path]
        assert len(tried) > 1 or tried == ["/sitemap.xml"]
        routes.pop("/sitemap.xml")
        unread = json.loads(newsbot(*command).stdout)[0]["unread"]
    assert unread[f"{server.origin}/sitemap.xml"] == "HTTP 404"


# --- limits ------------------------------------------------------------------------------------


def limited(limit: str, *command: str) -> str:
    """What a crawl says on stderr where a limit is lower."""
    start = f"import runpy; {limit}; runpy.run_module('newsbot', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", start, *command],
        env=environment(), cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stderr


class Endless(dict[str, Route]):
    """A list of ten pages, an article each, and no page behind them."""

    def get(self, path: str, default: Any = None) -> Any:
        if not path.startswith("/tizim"):
            return http(page(f"Хабар {path}")) if "maqala" in path else default
        number = int(parse_qs(urlsplit(path).query).get("page", ["1"])[0])
        more = f'<a rel="next" href="/tizim?page={number + 1}">Келесі</a>' if number < 10 else ""
        return links(f"/2024/maqala-{number:03d}-turaly-khabar", more=more)


def test_a_run_carries_on_behind_the_last_page_of_the_one_before(
    newsbot: Run, tmp_path: Path
) -> None:
    limit = "from newsbot.crawl import polling; polling.MAX_PAGES = 4"
    data = tmp_path / "data"
    with wire(Endless()) as server:
        command = [*profile(tmp_path, server.origin, "listing /tizim"), "--limit", "1"]
        said = "4 pages are read in one run: the next one carries on"
        assert f"x: {server.origin}/tizim: {said}" in limited(limit, *command)
        assert said in " ".join(newsbot("status", "--sources", "--data", data).stdout.split())
        for pages in (7, 10):
            write(data, "UPDATE sources SET due = NULL")
            assert said not in limited(limit, *command), "once, not at each poll"
            assert read(data, "SELECT count(*) FROM frontier") == [(pages,)]
        write(data, "UPDATE sources SET due = NULL")
        limited(limit, *command)
    assert read(data, "SELECT cursor, left_out FROM sources") == [(None, None)]


def test_entries_beyond_the_limit_are_told_once(tmp_path: Path) -> None:
    limit = "from newsbot.discovery import documents; documents._MOST['entries'] = 3"
    sitemap = urlset(*ARTICLES)

    @counted
    def answer(number: int) -> Answer:
        return sitemap if number != 2 else http(b"", status="304 Not Modified")

    with wire({"/s.xml": answer}) as server:
        command = [*profile(tmp_path, server.origin, "sitemap /s.xml"), "--limit", "1"]
        said = "lists 8 entries: those beyond 3 are left out"
        for times in (1, 0, 0):
            assert limited(limit, *command).count(f"x: {server.origin}/s.xml: {said}") == times
            assert read(tmp_path / "data", "SELECT left_out FROM sources") == [(said,)]
            write(tmp_path / "data", "UPDATE sources SET due = NULL")
        limited("pass", *command)
    assert read(tmp_path / "data", "SELECT left_out FROM sources") == [(None,)]


def test_sources_beyond_those_of_one_run_are_told_and_asked_in_the_next(tmp_path: Path) -> None:
    limit = "from newsbot.crawl import polling; polling.MAX_SOURCES = 5"
    children = [f"/s{number}.xml" for number in range(8)]
    index = "".join(f"<sitemap><loc>{path}</loc></sitemap>" for path in children)
    routes: dict[str, Route] = dict.fromkeys(children, urlset())
    routes["/s.xml"] = http(f"<sitemapindex>{index}</sitemapindex>".encode())
    with wire(routes) as server:
        command = profile(tmp_path, server.origin, "sitemap /s.xml")
        said = "x: further sources: 5 sources are asked in one run: the next one carries on"
        assert said in limited(limit, *command)
        assert said not in limited(limit, *command)
    assert set(children) <= set(server.paths)


# --- an idle site --------------------------------------------------------------------------------

FRONT = links(*ARTICLES[:3], title="Басты бет")
KINDS = ["feed /feed", "feed /sport/feed", "sitemap /s.xml", "listing /qogam"]
SITE: dict[str, Route] = {
    "/feed": rss(*ARTICLES[:3]), "/sport/feed": rss(ARTICLES[3]), "/s.xml": urlset(*ARTICLES[:5]),
    "/qogam": links(*ARTICLES[:2]), **PAGES,
}  # fmt: skip


def elsewhere(status: str) -> dict[str, Route]:
    """Every source redirects, in two steps."""
    places = {path: SITE[path] for path in ("/feed", "/sport/feed", "/s.xml", "/qogam")}
    routes = dict(SITE)
    for path, answer in places.items():
        routes[path] = moved(f"{path}-1", status)
        routes[f"{path}-1"] = moved(f"{path}-2", status)
        routes[f"{path}-2"] = answer
    return routes


@pytest.mark.parametrize(
    ("routes", "robots"),
    [
        (SITE, http(b"")),
        (elsewhere("301 Moved Permanently"), http(b"", status="404 Not Found")),
        (elsewhere("302 Found"), moved("/kk/robots.txt", "302 Found")),
    ],
    ids=["plain", "sources moved, no robots.txt", "robots.txt moved too, for a while"],
)
def test_an_idle_site_costs_three_requests_a_run_and_all_sources_have_their_turn(
    newsbot: Run, tmp_path: Path, routes: dict[str, Route], robots: bytes
) -> None:
    """After an hour, seven hours and a day, again and again; as if no week began meanwhile."""
    with wire({"/kk/robots.txt": http(b""), **routes}, robots=robots) as server:
        command = profile(tmp_path, server.origin, *KINDS)
        assert newsbot(*command).returncode == 0
        assert stored(tmp_path) == ARTICLES[:5]
        write(tmp_path / "data", "UPDATE frontier SET due = '2099-01-01T00:00:00Z'")
        asked: list[str] = []
        # Of four sources the best takes every other turn where a run affords one.
        for hours in (1, 7, *[24] * 7):
            pass_by(tmp_path / "data", hours)
            server.requests.clear()
            assert newsbot(*command).returncode == 0
            assert len(server.paths) <= 3, server.paths
            asked += [path for path in server.paths if "robots" not in path]
    for path in ("/feed", "/sport/feed", "/s.xml", "/qogam"):
        assert [one for one in asked if one.startswith(path)], f"{path} has no turn"


def pass_by(data: Path, hours: int) -> None:
    """Let so many hours go by since the last polls, all of which were in this week."""
    monday = datetime.now(UTC) - timedelta(days=datetime.now(UTC).weekday())
    for number, polled_at, due in read(data, "SELECT id, polled_at, due FROM sources"):
        earlier = [datetime.fromisoformat(x) - timedelta(hours=hours) for x in (polled_at, due)]
        earlier[0] = max(earlier[0], monday.replace(hour=0, minute=0) + timedelta(seconds=number))
        texts = [moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in earlier]
        write(
            data,
            f"UPDATE sources SET polled_at = '{texts[0]}', due = '{texts[1]}' WHERE id = {number}",
        )


# --- edits that WordPress tells -------------------------------------------------------------------


class WordPress(dict[str, Route]):
    """A site whose API tells a hundred posts at a time, in the order asked for, as WordPress does.

    Those of one moment come in another order on each page: MySQL promises none.
    """

    edited: list[str]
    origin = ""
    knows_modified_after = True

    def get(self, path: str, default: Any = None) -> Any:
        if not path.startswith("/wp-json/"):
            return http(page(f"Хабар {path}")) if path.startswith("/n/") else default
        asked = {key: values[0] for key, values in parse_qs(urlsplit(path).query).items()}
        since = asked.get("modified_after", "") if self.knows_modified_after else ""
        number = int(asked.get("page", 1))
        start = 100 * (number - 1)
        by_edit = asked["orderby"] == "modified"
        found = sorted(
            ((moment, n) for n, moment in enumerate(self.edited) if moment > since),
            key=lambda post: (post[0] * by_edit, post[1] * (-1) ** (number * by_edit)),
            reverse=True,
        )
        posts = [
            {
                "id": n, "status": "publish", "link": f"{self.origin}/n/{n}",
                "date_gmt": f"2024-05-01T08:{n // 60:02d}:{n % 60:02d}", "modified_gmt": moment.rstrip("Z"),
            }
            for moment, n in found[start : start + 100]
        ]  # fmt: skip
        if start and not posts:
            return http(b'{"code": "rest_post_invalid_page_number"}', status="400 Bad Request")
        return http(json.dumps(posts).encode(), "Content-Type: application/json")


def test_posts_of_one_moment_are_all_found(newsbot: Run, tmp_path: Path) -> None:
    """As after an import, or a plug-in that changed every post at once."""
    site = WordPress()
    site.edited = ["2024-05-02T08:00:00Z"] * 250
    with wire(site) as server:
        site.origin = server.origin
        command = profile(tmp_path, server.origin, "wordpress /wp-json/wp/v2/posts")
        newsbot(*command, "--limit", "1")
    assert read(tmp_path / "data", "SELECT count(*) FROM frontier") == [(250,)]


@pytest.mark.parametrize(
    ("knows_modified_after", "back"),
    [(True, timedelta(hours=10, minutes=2)), (False, timedelta(0))],
    ids=["backdated", "an old WordPress"],
)
def test_more_edits_than_a_page_holds_are_all_seen(
    newsbot: Run, tmp_path: Path, knows_modified_after: bool, back: timedelta
) -> None:
    """Backdated ones stand between those that were known and are as they were."""
    site = WordPress()
    site.knows_modified_after = knows_modified_after
    moment = datetime.now(UTC)
    old = [moment - timedelta(hours=10, seconds=n) for n in range(360)]
    site.edited = [f"{m:%Y-%m-%dT%H:%M:%SZ}" for m in old]
    with wire(site) as server:
        site.origin = server.origin
        command = profile(tmp_path, server.origin, "wordpress /wp-json/wp/v2/posts")
        newsbot(*command, "--limit", "1")
        assert read(tmp_path / "data", "SELECT count(*) FROM frontier") == [(360,)]
        seen = "UPDATE frontier SET outcome = 'new', visited_at = '2020-01-01T00:00:00Z', "
        write(tmp_path / "data", seen + "due = '2099-01-01T00:00:00Z'")
        edits = [moment - back + timedelta(seconds=n) for n in range(1, 251)]
        site.edited[110:] = [f"{m:%Y-%m-%dT%H:%M:%SZ}" for m in edits]
        newsbot(*command, "--limit", "1")
        due = read(tmp_path / "data", "SELECT count(*) FROM frontier WHERE due < '2099'")
        server.requests.clear()
        newsbot(*command, "--limit", "1")
        polls = [path for path in server.paths if path.startswith("/wp-json/")]
        assert len(polls) == 1, "what is known is not read twice"
    assert abs(due[0][0] - 250) <= 1
