"""A guest: as slow as robots.txt asks, away as long as a refusal says, and gone when unwelcome."""

from __future__ import annotations

import time
from contextlib import ExitStack
from email.utils import formatdate
from itertools import pairwise
from pathlib import Path
from socket import socket

import pytest

from tests.crawl.state import read
from tests.crawl.wire import Answer, Wire, counted, http, outcomes, page, prepare, scrapy, wire

PAGE = http(page())
QUICK = "import newsbot.crawl.middlewares.backoff as b; b.OWN_BACKOFF = 0.2; b.FIRST_DELAY = 0.1"
FOUR = [f"/{number}" for number in range(4)]


def refusal(*headers: str, status: str = "429 Too Many Requests") -> bytes:
    return http(b"", *headers, status=status)


def crawled(server: Wire, folder: Path, paths: list[str], *options: str) -> dict[str, str]:
    """Path → outcome of a crawl whose own back-off is a fiftieth of the real one."""
    scrapy(prepare(server.origin, folder, paths), *options, before=QUICK)
    return {path: outcome for path, (outcome, _) in outcomes(folder).items()}


def test_crawl_delay_is_obeyed_by_all_requests_of_the_host(tmp_path: Path) -> None:
    robots = http(b"User-agent: *\nCrawl-delay: 30\n\nUser-agent: newsbot\nCrawl-delay: 0.6\n")
    with wire(dict.fromkeys(FOUR, PAGE), robots) as server:
        # AutoThrottle would like to speed up after every quick answer.
        found = crawled(server, tmp_path, FOUR, "-s", "AUTOTHROTTLE_ENABLED=True")
    assert found == dict.fromkeys(FOUR, "new")
    assert len(server.gaps()) == 5
    assert min(server.gaps()) >= 0.5


@pytest.mark.parametrize(
    ("robots", "profile", "options"),
    [
        (b"User-agent: *\nCrawl-delay: 0.3\n", "concurrency = 4", []),
        (b"", "concurrency = 1", ["-s", "DOWNLOAD_DELAY=0.3"]),
    ],
    ids=["robots.txt", "profile"],
)
def test_a_delay_counts_from_the_answer_and_closes_all_connections_but_one(
    tmp_path: Path, robots: bytes, profile: str, options: list[str]
) -> None:
    answered: list[float] = []
    busy, most = [0], [0]

    def slow(connection: socket) -> None:
        busy[0] += 1
        most[0] = max(most[0], busy[0])
        time.sleep(0.2)
        busy[0] -= 1
        answered.append(time.monotonic())
        connection.sendall(PAGE)

    with wire(dict.fromkeys(FOUR, slow), http(robots)) as server:
        scrapy(prepare(server.origin, tmp_path, FOUR, profile), *options, before=QUICK)
        asked = [moment for moment, path in server.requests if path in FOUR]
    assert most == [1]
    gaps = [later - sooner for sooner, later in zip(answered, asked[1:], strict=False)]
    assert len(gaps) == 3
    # The server could not see a shorter gap, however late it got a request that we thought sent.
    assert min(gaps) >= 0.29


def test_request_rate_is_a_delay_too(tmp_path: Path) -> None:
    robots = http(b"User-agent: *\nRequest-rate: 2/1 0600-0845\nCrawl-delay: 0.1\n")
    with wire(dict.fromkeys(FOUR, PAGE), robots) as server:
        assert crawled(server, tmp_path, FOUR) == dict.fromkeys(FOUR, "new")
    assert min(server.gaps()) >= 0.45


def test_the_hosts_of_a_site_take_turns(tmp_path: Path) -> None:
    paths = [f"/{number}" for number in range(40)]
    robots = http(b"User-agent: *\nCrawl-delay: 0.1\n")
    routes = dict.fromkeys(paths, PAGE)
    with wire(routes, robots) as slow, wire(routes) as quick:
        # All that is due at the slow host was found before what is due at the other.
        other = quick.origin.replace("127.0.0.1", "localhost")
        command = prepare(slow.origin, tmp_path, paths, others=[other])
        scrapy(command, "-s", "CONCURRENT_REQUESTS=4")
    assert set(slow.paths) >= set(paths)
    assert set(quick.paths) >= set(paths)
    assert quick.requests[-1] < slow.requests[38]


def test_short_appointments_are_kept_in_the_same_run(tmp_path: Path) -> None:
    @counted
    def burst(number: int) -> Answer:
        return (
            refusal("Retry-After: 0.2", status="503 Service Unavailable") if number <= 5 else PAGE
        )

    with wire({"/0": burst, "/1": PAGE}) as server:
        assert crawled(server, tmp_path, ["/0", "/1"]) == {"/0": "new", "/1": "new"}
    assert len(server.times("/0")) == 6


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


def test_without_a_usable_retry_after_we_back_off_by_ourselves(tmp_path: Path) -> None:
    @counted
    def bad(number: int) -> Answer:
        return (
            PAGE
            if number > 3
            else refusal(*[f"Retry-After: {'soon' if number == 1 else -5}"][: 3 - number])
        )

    with wire({"/0": bad}) as server:
        assert crawled(server, tmp_path, ["/0"]) == {"/0": "new"}
    gaps = [later - sooner for sooner, later in pairwise(server.times("/0"))]
    assert [gap > least for gap, least in zip(gaps, (0.2, 0.4, 0.8), strict=True)] == [True] * 3


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
            before="import newsbot.crawl.middlewares.backoff as b; b.OWN_BACKOFF = 0.2",
        )
    assert len([path for path in server.paths if path in paths]) == 3
    assert read(tmp_path / "data", "SELECT reason FROM crawls ORDER BY id DESC LIMIT 1") == [
        ("backing_off",)
    ]


def test_a_site_that_never_answers_is_left_alone(tmp_path: Path) -> None:
    def hang_up(connection: socket) -> None:
        connection.close()

    paths = [f"/{number}" for number in range(30)]
    with wire(dict.fromkeys(paths, hang_up)) as server:
        scrapy(prepare(server.origin, tmp_path, paths))
    assert len(server.paths) <= 10 + 4
    assert read(tmp_path / "data", "SELECT reason FROM crawls ORDER BY id DESC LIMIT 1") == [
        ("unreachable",)
    ]


def test_robots_txt_in_every_shape(tmp_path: Path) -> None:
    paths = ["/1", "/2", "/%D0%B6%D0%B0%D0%B1%D1%8B%D2%9B/3"]
    everything = set(paths)
    away = [f"/hop{number}" for number in range(30)]
    shapes = [
        ("html", http(b"<html>\nUser-agent: *\nDisallow: /\n</html>"), everything),
        ("case", http("\ufeffUSER-AGENT: NewsBot\r\ndisallow: /1 # yes\r\nDISALLOW: /2\r\n".encode()), {paths[2]}),
        ("raw letters", http("User-agent: *\nDisallow: /жабық\n".encode()), {"/1", "/2"}),
        ("lower-case hex", http(b"User-agent: *\nDisallow: /%d0%b6%d0%b0\n"), {"/1", "/2"}),
        ("loop", http(b"", "Location: /robots.txt", status="302 Found"), everything),
        ("long way", http(b"", "Location: /hop0", status="302 Found"), everything),
        ("elsewhere", http(b"", "Location: http://127.0.0.2:9/robots.txt", status="302 Found"), everything),
        ("10 MB", http(b"User-agent: *\nDisallow: /1\n" + b"# filler\n" * 1_100_000), {"/2", paths[2]}),
        ("403", http(b"User-agent: *\nDisallow: /\n", status="403 Forbidden"), everything),
        ("503", http(b"", status="503 Service Unavailable"), set()),
        ("cut", http(b"User-agent: *\n").replace(b"Content-Length: ", b"Content-Length: 9"), set()),
    ]  # fmt: skip
    routes = dict.fromkeys(paths, PAGE) | {
        hop: http(b"", f"Location: {following}", status="302 Found")
        for hop, following in pairwise(away)
    }
    with ExitStack() as stack:
        servers = [stack.enter_context(wire(routes, robots)) for _, robots, _ in shapes]
        first, *others = [server.origin for server in servers]
        scrapy(prepare(first, tmp_path, paths, others=others), before=QUICK)
        for (name, _, allowed), server in zip(shapes, servers, strict=True):
            assert {path for path in server.paths if path in everything} == allowed, name
            assert len([path for path in server.paths if path in away]) <= 5, name
            assert server.paths.count("/robots.txt") <= 2, name
    # Pages alike at one path of several hosts are one article: its other addresses are aliases.
    sql = "SELECT outcome, count(*) FROM frontier WHERE error IS NOT 'alias' GROUP BY 1"
    counts = dict(read(tmp_path / "data", sql))
    assert counts["deferred"] == 6, "those of the two whose robots.txt cannot be had"
    assert counts["excluded"] == 5


def test_robots_txt_that_never_comes_closes_the_site_within_half_a_minute(tmp_path: Path) -> None:
    def hang(connection: socket) -> None:
        time.sleep(60)

    with wire({"/1": PAGE}, hang) as server:
        started = time.monotonic()
        command = prepare(server.origin, tmp_path, ["/1"])
        scrapy(
            command,
            before="import newsbot.crawl.middlewares.robots as m; m.ROBOTS_TIMEOUT = 1.0",
        )
        assert time.monotonic() - started < 30
    assert server.paths == ["/robots.txt"]
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
