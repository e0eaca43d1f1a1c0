"""A guest: as slow as robots.txt asks, away as long as a refusal says, and gone when unwelcome."""

from __future__ import annotations

import time
from email.utils import formatdate
from itertools import count
from pathlib import Path
from socket import socket

from tests.crawl.state import read
from tests.crawl.wire import Answer, Wire, counted, http, outcomes, page, prepare, scrapy, wire

PAGE = http(page())
FOUR = [f"/{number}" for number in range(4)]


def refusal(*headers: str, status: str = "429 Too Many Requests") -> bytes:
    return http(b"", *headers, status=status)


def crawled(server: Wire, folder: Path, paths: list[str], *options: str) -> dict[str, str]:
    """Path → outcome of a crawl whose own back-off is a fiftieth of the real one."""
    quick = "import newsbot.downloading.backoff as b; b.OWN_BACKOFF = 0.2; b.FIRST_DELAY = 0.1"
    scrapy(prepare(server.origin, folder, paths), *options, before=quick)
    return {path: outcome for path, (outcome, _) in outcomes(folder).items()}


def test_crawl_delay_is_obeyed_by_all_requests_of_the_host(tmp_path: Path) -> None:
    robots = http(b"User-agent: *\nCrawl-delay: 30\n\nUser-agent: newsbot\nCrawl-delay: 0.6\n")
    with wire(dict.fromkeys(FOUR, PAGE), robots) as server:
        # AutoThrottle would like to speed up after every quick answer.
        found = crawled(server, tmp_path, FOUR, "-s", "AUTOTHROTTLE_ENABLED=True")
    assert found == dict.fromkeys(FOUR, "new")
    assert len(server.gaps()) == 5
    assert min(server.gaps()) >= 0.59


def test_retry_after_pauses_the_whole_host_and_the_url_is_tried_again(tmp_path: Path) -> None:
    @counted
    def twice(number: int) -> Answer:
        return refusal("Retry-After: 1") if number <= 2 else PAGE

    routes = dict.fromkeys(FOUR, PAGE) | {"/0": twice}
    with wire(routes) as server:
        found = crawled(server, tmp_path, FOUR)
    assert found == dict.fromkeys(FOUR, "new")
    for refused in server.times("/0")[:2]:
        following = [moment for moment, _ in server.requests if moment > refused]
        assert min(following) - refused >= 1.0
    # What was refused leaves no trace in the archive.
    assert read(tmp_path / "data", "SELECT count(*) FROM captures WHERE status <> 200") == [(0,)]


def test_a_host_that_minds_our_pace_gets_a_slower_one(tmp_path: Path) -> None:
    last = [0.0]

    def touchy(connection: socket) -> None:
        soon = time.monotonic() - last[0] < 0.15
        last[0] = time.monotonic()
        connection.sendall(refusal("Retry-After: 1") if soon else PAGE)

    paths = [f"/{number}" for number in range(12)]
    with wire(dict.fromkeys(paths, touchy)) as server:
        found = crawled(server, tmp_path, paths)
    assert found == dict.fromkeys(paths, "new")
    assert len(server.requests) <= len(paths) + 2 + 3, "it was refused again and again"


def test_unusable_retry_after_falls_back_to_our_own(tmp_path: Path) -> None:
    odd = ["soon", "-5", "", "0", "1e3", formatdate(0, usegmt=True), "Mon, 99 Foo 2026 25:61:61"]

    def route(value: str) -> object:
        return counted(lambda number: refusal(f"Retry-After: {value}") if number == 1 else PAGE)

    routes = {f"/{number}": route(value) for number, value in enumerate(odd)}
    with wire(routes | {"/none": counted(lambda n: refusal() if n == 1 else PAGE)}) as server:  # type: ignore[arg-type]
        found = crawled(server, tmp_path, [*routes, "/none"])
    assert found == dict.fromkeys([*routes, "/none"], "new")
    for path in routes:
        first, again = server.times(path)
        assert again - first >= 0.2


def test_a_date_is_read_against_the_servers_own_clock(tmp_path: Path) -> None:
    @counted
    def slow_clock(number: int) -> Answer:
        then = time.time() - 3600
        dates = (
            f"Date: {formatdate(then, usegmt=True)}",
            f"Retry-After: {formatdate(then + 2, usegmt=True)}",
        )
        return refusal(*dates) if number == 1 else PAGE

    with wire({"/0": slow_clock}) as server:
        assert crawled(server, tmp_path, ["/0"]) == {"/0": "new"}
    first, again = server.times("/0")
    assert 2 <= again - first < 10


def test_a_url_that_is_always_refused_is_put_off(tmp_path: Path) -> None:
    routes = {
        "/day": refusal("Retry-After: 86400"),
        "/1": PAGE,
        "/busy": refusal(status="503 Service Unavailable"),
        "/2": PAGE,
    }
    with wire(routes) as server:
        found = crawled(server, tmp_path, list(routes))
    assert found == {"/day": "deferred", "/1": "new", "/busy": "deferred", "/2": "new"}
    assert len(server.times("/day")) == 1, "nobody sleeps for a day"
    first, second, third, fourth = server.times("/busy")
    assert (second - first, third - second, fourth - third) >= (0.2, 0.4, 0.8)
    due = read(
        tmp_path / "data",
        "SELECT due > strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+23 hours') FROM frontier WHERE url LIKE '%/day'",
    )
    assert due == [(1,)]


def test_three_urls_given_up_in_a_row_end_the_crawl(tmp_path: Path) -> None:
    paths = [f"/{number}" for number in range(8)]
    with wire(dict.fromkeys(paths, refusal("Retry-After: 3600"))) as server:
        scrapy(
            prepare(server.origin, tmp_path, paths),
            before="import newsbot.downloading.backoff as b; b.OWN_BACKOFF = 0.2",
        )
    assert len([path for path in server.paths if path in paths]) == 3
    assert read(tmp_path / "data", "SELECT reason FROM crawls ORDER BY id DESC LIMIT 1") == [
        ("backing_off",)
    ]


def test_robots_txt_in_every_shape(tmp_path: Path) -> None:
    hops = count()
    shapes = {
        "html": http(b"<html>\nUser-agent: *\nDisallow: /\n</html>"),
        "bom-crlf-case": http("\ufeffUSER-AGENT: NewsBot\r\ndisallow: /1 # yes\r\nDISALLOW: /2\r\n".encode()),
        "kazakh": http("User-agent: *\nDisallow: /жабық\n".encode()),
        "loop": http(b"", "Location: /robots.txt", status="302 Found"),
        "long-way": counted(lambda n: http(b"", f"Location: /hop{next(hops)}", status="302 Found")),
        "elsewhere": http(b"", "Location: http://127.0.0.2:9/robots.txt", status="302 Found"),
        "10 MB": http(b"User-agent: *\nDisallow: /1\n" + b"# filler\n" * 1_100_000),
        "403": http(b"User-agent: *\nDisallow: /\n", status="403 Forbidden"),
        "503": http(b"", "Retry-After: 60", status="503 Service Unavailable"),
        "cut": http(b"User-agent: *\n").replace(b"Content-Length: ", b"Content-Length: 9"),
    }  # fmt: skip
    paths = ["/1", "/2", "/%D0%B6%D0%B0%D0%B1%D1%8B%D2%9B/3"]
    all_three = set(paths)
    allowed = {
        "html": all_three,
        "bom-crlf-case": {paths[2]},
        "kazakh": {"/1", "/2"},
        "loop": all_three,
        "long-way": all_three,
        "elsewhere": all_three,
        "10 MB": {"/2", paths[2]},
        "403": all_three,
        "503": set(),
        "cut": set(),
    }
    for name, robots in shapes.items():
        folder = tmp_path / name
        folder.mkdir()
        hop = http(b"", "Location: /hop-again", status="302 Found")
        routes = dict.fromkeys(paths, PAGE) | {
            "/hop0": http(b"", "Location: /hop1", status="302 Found")
        }
        routes |= {
            f"/hop{i}": http(b"", f"Location: /hop{i + 1}", status="302 Found") for i in range(30)
        } | {"/hop-again": hop}
        with wire(routes, robots) as server:  # type: ignore[arg-type]
            scrapy(prepare(server.origin, folder, paths), "-s", "RETRY_TIMES=0")
        assert {path for path in server.paths if path in all_three} == allowed[name], name
        assert len(server.paths) <= 3 + 1 + 1 + 5, name
        assert set(outcomes(folder)) == all_three


def test_robots_txt_that_never_comes_closes_the_site_within_half_a_minute(tmp_path: Path) -> None:
    def hang(connection: socket) -> None:
        time.sleep(60)

    with wire({"/1": PAGE}, hang) as server:
        started = time.monotonic()
        command = prepare(server.origin, tmp_path, ["/1"])
        scrapy(command, before="import newsbot.middlewares as m; m.ROBOTS_TIMEOUT = 1.0")
        assert time.monotonic() - started < 30
    assert set(server.paths) == {"/robots.txt"}
    assert len(server.paths) <= 2
    assert outcomes(tmp_path)["/1"][0] == "deferred"


def test_one_connection_at_a_time_even_without_a_delay(tmp_path: Path) -> None:
    busy, most = [0], [0]

    def route(connection: socket) -> None:
        busy[0] += 1
        most[0] = max(most[0], busy[0])
        time.sleep(0.05)
        busy[0] -= 1
        connection.sendall(PAGE)

    paths = [f"/{number}" for number in range(12)]
    with wire(dict.fromkeys(paths, route)) as server:
        found = crawled(server, tmp_path, paths)
    assert found == dict.fromkeys(paths, "new")
    assert most == [1]
