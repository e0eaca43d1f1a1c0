"""Whatever a server sends: half a page is no page, nothing hangs, and nothing private is reached."""

from __future__ import annotations

import gzip
import socket
import struct
import subprocess
import sys
import time
import zlib
from contextlib import ExitStack
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest

from tests.conftest import ROOT, environment
from tests.crawl.wire import PARAGRAPHS, http, outcomes, page, prepare, scrapy, texts, wire

PAGE = page()
PACKED = gzip.compress(PAGE, mtime=0)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"


def encoded(body: bytes, coding: str) -> bytes:
    return http(body, f"Content-Encoding: {coding}")


def drip(start: bytes):  # type: ignore[no-untyped-def]
    def answer(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            time.sleep(0.5)
            connection.sendall(b"a")

    return answer


def flood(start: bytes, more: bytes):  # type: ignore[no-untyped-def]
    def answer(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(more)

    return answer


def reset(start: bytes):  # type: ignore[no-untyped-def]
    def answer(connection: socket.socket) -> None:
        connection.sendall(start)
        time.sleep(0.1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    return answer


def chunked(*chunks: bytes) -> bytes:
    return (
        HEAD
        + b"Transfer-Encoding: chunked\r\n\r\n"
        + b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks)
    )


WHOLE = {
    "/plain": http(PAGE),
    "/gzip": encoded(PACKED, "gzip"),
    "/x-gzip": encoded(PACKED, "x-gzip"),
    "/gzip-twice": encoded(gzip.compress(PACKED, mtime=0), "gzip, gzip"),
    "/gzip-members": encoded(
        gzip.compress(PAGE[:900], mtime=0) + gzip.compress(PAGE[900:]), "gzip"
    ),
    "/gzip-undeclared": http(PACKED),
    "/gzip-lie": encoded(PAGE, "gzip"),
    "/br": encoded(brotli.compress(PAGE), "br"),
    "/br-lie": encoded(PAGE, "br"),
    "/deflate": encoded(zlib.compress(PAGE), "deflate"),
    "/deflate-raw": encoded(zlib.compress(PAGE)[2:-4], "deflate"),
    "/chunked": chunked(PAGE[:700], PAGE[700:], b""),
    "/close-delimited": HEAD + b"\r\n" + PAGE,
    "/lf-only": http(PAGE).replace(b"\r\n", b"\n"),
    "/early-hints": b"HTTP/1.1 103 Early Hints\r\nLink: </x.css>\r\n\r\n" + http(PAGE),
}
BROKEN = {
    "/gzip-cut": encoded(PACKED[:-30], "gzip"),
    "/gzip-without-trailer": encoded(PACKED[:-8], "gzip"),
    "/gzip-corrupt": encoded(PACKED[:200] + b"\0" * 40 + PACKED[240:], "gzip"),
    "/deflate-cut": encoded(zlib.compress(PAGE)[:-30], "deflate"),
    "/br-cut": encoded(brotli.compress(PAGE)[:-30], "br"),
    "/gzip-bomb": encoded(gzip.compress(bytes(300_000_000), 1, mtime=0), "gzip"),
    "/br-bomb": encoded(brotli.compress(bytes(300_000_000), quality=3), "br"),
    "/layers": encoded(PAGE, ", ".join(["gzip"] * 50)),
    "/length-too-long": http(PAGE).replace(b"Content-Length: ", b"Content-Length: 9"),
    "/length-too-short": HEAD + b"Content-Length: 1500\r\n\r\n" + PAGE,
    "/chunk-cut": chunked(PAGE[:700], PAGE[700:])[:-900],
    "/chunks-without-end": chunked(PAGE[:700], PAGE[700:]),
    "/reset": reset(HEAD + b"Content-Length: %d\r\n\r\n" % len(PAGE) + PAGE[:1500]),
    "/reset-close-delimited": reset(HEAD + b"\r\n" + PAGE[:1500]),
    "/bad-status": b"HTTP/1.1 abc\r\n\r\n" + PAGE,
    "/no-http": PAGE,
    "/one-long-header": HEAD + b"X: " + b"a" * 2_000_000 + b"\r\n\r\n" + PAGE,
    "/many-headers": HEAD + b"X-Header: 12345678\r\n" * 100_000 + b"\r\n" + PAGE,
    "/endless-headers": flood(HEAD, b"X-Header: 12345678\r\n" * 1000),
    "/endless-hints": flood(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000),
    "/endless-body": flood(HEAD + b"\r\n", b"a" * 65536),
    "/endless-chunks": flood(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10\r\n0123456789abcdef\r\n" * 4000),
    "/slow-headers": drip(HEAD + b"X: "),
    "/slow-body": drip(HEAD + b"Content-Length: 100000\r\n\r\n" + PAGE),
    "/hang": lambda connection: time.sleep(60),
    "/loop": http(b"", "Location: /loop", status="302 Found"),
    "/to-b": http(b"", "Location: /to-a", status="302 Found"),
    "/to-a": http(b"", "Location: /to-b", status="302 Found"),
    "/redirect-nowhere": http(b"", status="302 Found"),
    "/502": http(PAGE, status="502 Bad Gateway"),
}  # fmt: skip


def test_whole_pages_are_stored_and_broken_ones_fail(tmp_path: Path) -> None:
    routes = {**WHOLE, **BROKEN}
    with wire(routes) as server:
        command = prepare(server.origin, tmp_path, list(routes), "concurrency = 8\ntimeout = 3")
        started = time.monotonic()
        memory = scrapy(command, "-s", "RETRY_TIMES=0")
        assert time.monotonic() - started < 60
    found = outcomes(tmp_path)
    stored = texts(tmp_path)
    expected = "\n\n".join(PARAGRAPHS)
    assert {path: found[path] for path in WHOLE} == dict.fromkeys(WHOLE, ("new", ""))
    assert {path: stored.get(path) for path in WHOLE} == dict.fromkeys(WHOLE, expected)
    assert {path: found[path][0] for path in BROKEN} == dict.fromkeys(BROKEN, "failed")
    assert all(found[path][1] for path in BROKEN), "every failure says why"
    assert stored.keys() == WHOLE.keys()
    assert server.paths.count("/loop") == 1
    assert b"Traceback" not in (tmp_path / "log").read_bytes()
    assert memory < 400_000, "KiB"


def test_only_the_web_and_only_the_own_site(tmp_path: Path) -> None:
    with wire({}) as other:
        port = other.origin.rpartition(":")[2]
        targets = [
            "file:///etc/passwd",
            "javascript:alert(1)",
            "data:text/html,<p>x",
            "ftp://127.0.0.1/x",
            "gopher://127.0.0.1/x",
            "http://169.254.169.254/latest/meta-data/",
            f"http://127.0.0.1:{port}/",
            f"//127.0.0.1:{port}/",
            f"http://localhost:{port}/",
            f"http://2130706433:{port}/",
            f"http://0x7f.1:{port}/",
            f"http://0177.0.0.1:{port}/",
            f"http://[::1]:{port}/",
            f"http://[::ffff:127.0.0.1]:{port}/",
            f"http://x@127.0.0.1:{port}/",
        ]
        routes = {
            f"/{number}": http(b"", f"Location: {target}", status="302 Found")
            for number, target in enumerate(targets)
        }
        refresh = f'<meta http-equiv="refresh" content="0;url={other.origin}/">'
        with wire({**routes, "/refresh": http(refresh.encode())}) as server:
            scrapy(prepare(server.origin, tmp_path, [*routes, "/refresh"]))
    assert other.requests == []
    assert {outcome for outcome, _ in outcomes(tmp_path).values()} == {"excluded"}


def test_a_meta_refresh_is_followed_within_the_site(tmp_path: Path) -> None:
    stub = '<meta http-equiv="refresh" content="{}; url={}">'
    reloading = PAGE.replace(b"<title>", stub.format(1, "/reloading").encode() + b"<title>")
    routes = {
        "/moved": http(stub.format(0, "/target").encode()),
        "/target": http(PAGE),
        "/reloading": http(reloading),
    }
    with wire(routes) as server:
        scrapy(prepare(server.origin, tmp_path, ["/moved", "/reloading"]))
    assert texts(tmp_path).keys() == {"/target", "/reloading"}
    assert server.paths.count("/reloading") == 1


def test_a_name_that_leads_into_a_private_network_is_not_connected_to(tmp_path: Path) -> None:
    with wire({"/1": http(PAGE)}) as server:
        origin = server.origin.replace("127.0.0.1", "gazet.example")
        command = prepare(origin, tmp_path, ["/1"])
        scrapy(
            command, "-s", "NEWSBOT_CONTACT=test@example.kz",
            before="import socket; socket.gethostbyname = lambda name: '127.0.0.1'",
        )  # fmt: skip
    assert server.requests == []
    assert outcomes(tmp_path)["/1"][0] in ("deferred", "failed")
    assert "gazet.example is 127.0.0.1, not a public address" in (tmp_path / "log").read_text()


def test_an_ipv6_address_is_a_host_like_others(tmp_path: Path) -> None:
    with ExitStack() as stack:
        try:
            other = stack.enter_context(wire({}, host="::1"))
        except OSError:
            pytest.skip("no IPv6 here")
        private = [f"{other.origin}/", "http://[::ffff:127.0.0.1]/", "http://[fd00:ec2::254]/"]
        routes = {
            f"/{number}": http(b"", f"Location: {target}", status="302 Found")
            for number, target in enumerate(private, 2)
        }
        with wire({"/1": http(PAGE), **routes}, host="::1") as own:
            scrapy(prepare(own.origin, tmp_path, ["/1", *routes]))
    assert other.requests == []
    found = {path: outcome for path, (outcome, _) in outcomes(tmp_path).items()}
    assert found == {"/1": "new"} | dict.fromkeys(routes, "excluded")


def test_credentials_and_cookies_are_never_sent(tmp_path: Path) -> None:
    routes = {
        "/401": http(b"", 'WWW-Authenticate: Basic realm="x"', status="401 Unauthorized"),
        "/cookie": http(PAGE, "Set-Cookie: a=1; Path=/"),
        "/after": http(PAGE),
    }
    with wire(routes) as server:
        scrapy(prepare(server.origin, tmp_path, list(routes)))
    assert server.paths.count("/401") == 1
    heads = b"".join(server.heads).lower()
    assert b"\r\ncookie:" not in heads
    assert b"authorization" not in heads
    assert b"accept-language: kk" in heads


def test_sigterm_does_not_wait_for_pauses_queues_and_slow_servers(tmp_path: Path) -> None:
    routes = {f"/{number}": http(PAGE) for number in range(9)} | {
        "/hang": lambda connection: time.sleep(60)
    }
    robots = http(b"User-agent: *\nCrawl-delay: 50\n")
    for busy, rules in (("/robots.txt", robots), ("/hang", b"")):
        folder = tmp_path / busy[1:]
        folder.mkdir()
        with wire(routes, rules) as server:
            command = prepare(server.origin, folder, ["/hang", *routes])
            with subprocess.Popen(
                [sys.executable, "-m", "scrapy", *command],
                env=environment(), cwd=ROOT, stderr=subprocess.DEVNULL,
            ) as process:  # fmt: skip
                while busy not in server.paths:
                    assert process.poll() is None
                    time.sleep(0.1)
                time.sleep(1)
                process.terminate()
                started = time.monotonic()
                assert process.wait(30) == 0
        assert time.monotonic() - started < 10
