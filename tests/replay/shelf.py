"""A shelf of back-files for tests: a server that gives them out, whole or in parts, and an S3 beside it."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class _Handler(BaseHTTPRequestHandler):
    """`/NAME` with ranges, `/whole/NAME` without, `/moved/NAME` redirects, `/busy/NAME` refuses once."""

    protocol_version = "HTTP/1.1"
    folder = Path()
    asked: list[str]
    latency = 0.0

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        time.sleep(self.latency)
        kind, _, name = self.path.partition("?")[0].strip("/").rpartition("/")
        self.asked.append(f"{self.command} {self.path}")
        if kind == "moved":
            return self._answer(302, b"", Location=f"/{name}")
        if kind == "busy" and self.asked.count(f"{self.command} {self.path}") == 1:
            return self._answer(503, b"later")
        path = self.folder / name
        if not path.is_file():
            return self._answer(404, b"no such file")
        data = path.read_bytes()
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if kind == "whole" or not wanted:
            return self._answer(200, data)
        start, end = int(wanted[1]), min(int(wanted[2]) + 1, len(data))
        place = f"bytes {start}-{end - 1}/{len(data)}"
        return self._answer(206, data[start:end], Content_Range=place)

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def shelf(folder: Path, latency: float = 0.0) -> Iterator[tuple[str, list[str]]]:
    """Serve a folder, each answer after so many seconds; its address, and what has been asked for."""
    asked: list[str] = []
    handler = type("Handler", (_Handler,), {"folder": folder, "asked": asked, "latency": latency})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
