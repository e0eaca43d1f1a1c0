"""A newspaper that sends exactly the bytes a test gives it, and a crawl of chosen addresses there."""

from __future__ import annotations

import socketserver
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from socket import AF_INET, AF_INET6, socket
from urllib.parse import urlsplit

from archive.store import Candidate, Store
from archive.times import now
from tests.conftest import peak_memory
from tests.crawl.state import read

Answer = bytes | Callable[[socket], object]
"""What goes over the wire: the bytes, or a function that writes them itself."""
Route = Answer | Callable[[int], Answer]

PARAGRAPHS = [
    f"{number}-бөлім: ауыл мектебінің оқушылары көктемде жүз түп алма ағашын отырғызды, "
    "су жүйесін жөндеді және кітапхана қорын ауыл тұрғындарымен бірге толықтырды."
    for number in range(1, 7)
]


def page(title: str = "Ауыл мектебінде бақ өсіп жатыр") -> bytes:
    """An article, as any engine would print it."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    return (
        f'<!DOCTYPE html><html lang="kk"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta property="og:type" content="article"></head><body><article><h1>{title}</h1>{text}'
        "</article></body></html>"
    ).encode()


def http(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A response with its Content-Length; the connection closes behind it."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close"]
    if not any(header.startswith("Content-Type") for header in headers):
        lines.append("Content-Type: text/html; charset=utf-8")
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Wire:
    """The running server."""

    origin: str
    requests: list[tuple[float, str]] = field(default_factory=list)
    """When (monotonic) which path was asked for."""
    heads: list[bytes] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [path for _, path in self.requests]

    def times(self, path: str) -> list[float]:
        return [moment for moment, asked in self.requests if asked == path]

    def gaps(self) -> list[float]:
        """Seconds between requests, robots.txt included."""
        moments = [moment for moment, _ in self.requests]
        return [later - sooner for sooner, later in pairwise(moments)]


@contextmanager
def wire(
    routes: Mapping[str, Route], robots: Route = b"", host: str = "127.0.0.1"
) -> Iterator[Wire]:
    """Serve `routes`; a function of one int gets the number of requests to its path so far."""
    seen: Counter[str] = Counter()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = self.request.recv(65536)
                if not piece:
                    return
                head += piece
            path = head.split(b" ")[1].decode()
            running.requests.append((time.monotonic(), path))
            running.heads.append(head)
            seen[path] += 1
            route = robots if path == "/robots.txt" else routes.get(path, b"")
            if callable(route) and getattr(route, "counted", False):
                route = route(seen[path])  # type: ignore[assignment, arg-type]
            with suppress(OSError):
                if callable(route):
                    route(self.request)
                else:
                    self.request.sendall(route or http(b"", status="404 Not Found"))

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True
        address_family = AF_INET6 if ":" in host else AF_INET

    with Server((host, 0), Handler) as server:
        name = f"[{host}]" if ":" in host else host
        running = Wire(f"http://{name}:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield running
        finally:
            server.shutdown()


def counted(route: Callable[[int], Answer]) -> Callable[[int], Answer]:
    """Mark a route that depends on how often it was asked."""
    route.counted = True  # type: ignore[attr-defined]
    return route


def prepare(
    origin: str, folder: Path, paths: list[str], crawl: str = "", others: list[str] | None = None
) -> list[str]:
    """An archive whose frontier holds `paths`, and the Scrapy command that crawls them.

    `others` are further origins of the site, where the same paths are due.
    """
    sites, data = folder / "sites", folder / "data"
    sites.mkdir()
    hosts = [other.removeprefix("http://") for other in others or []]
    (sites / "x.toml").write_text(
        f'name = "X"\nurl = "{origin}/"\nhosts = {hosts}\n'
        f"[crawl]\ndelay = 0\nautothrottle = false\n{crawl}\n"
        f'[[sources]]\nkind = "feed"\nurl = "/feed"\n'
    )
    with Store(data) as store:
        store.save_site({"id": "x", "name": "X", "url": origin, "timezone": "Asia/Almaty"})
        source = store.source("x", f"{origin}/feed", "feed")
        store.save_poll(
            source["id"],
            store.start_crawl("x", now()),
            # Those listed first are asked for first.
            [
                Candidate(base + path, f"2024-01-01T00:00:{59 - i:02d}Z")
                for base in [origin, *(others or [])]
                for i, path in enumerate(paths)
            ],
            polled_at=now(),
            status=200,
        )
    return [
        *("crawl", "x", "-s", f"NEWSBOT_SITES_DIRS={sites}", "-s", f"NEWSBOT_DATA={data}"),
        *("-s", f"LOG_FILE={folder / 'log'}"),
    ]


def scrapy(command: list[str], *options: str, before: str = "pass") -> int:
    """Run Scrapy in its own process, `before` (Python) ahead of it; the most memory it held, in KiB."""
    start = f"import sys; {before}; from scrapy.cmdline import execute; execute()"
    return peak_memory([sys.executable, "-c", start, *command, *options])


def outcomes(folder: Path) -> dict[str, tuple[str, str]]:
    """Path → outcome and error of every URL in the frontier."""
    rows = read(folder / "data", "SELECT url, outcome, coalesce(error, '') FROM frontier")
    return {urlsplit(url).path: (outcome, error) for url, outcome, error in rows}


def texts(folder: Path) -> dict[str, str]:
    """Path → stored text of every article."""
    rows = read(folder / "data", "SELECT url, text FROM articles")
    return {urlsplit(url).path: text for url, text in rows}
