"""Web archives are asked politely, and trusted with neither our memory nor our time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from newsbot.replay import client as client_module
from newsbot.replay.client import Client, Ended, Refused, TryLater


class _Server(BaseHTTPRequestHandler):
    requests: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.requests.append(self.path)
        name = self.path.strip("/")
        body = b"x" * 100_000
        self.send_response(int(name) if name.isdigit() else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        if name == "429":
            self.send_header("Retry-After", "600")
        if name != "endless":
            self.send_header("Content-Length", str(len(body) + (name == "short")))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(client_module, "OWN_BACKOFF", 0.01)
    _Server.requests.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as running:
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


@pytest.fixture
def client(server: str) -> Client:
    return Client([server], 0.0, "us@example.org")


def test_an_answer_is_taken_as_it_is(client: Client, server: str) -> None:
    for status in (200, 302, 404, 451):
        answer = client.get(f"{server}{status}")
        assert (answer.status, len(answer.body)) == (status, 100_000)
        assert [v for n, v in answer.headers if n == "Set-Cookie"] == ["a=1", "b=2"]
    assert _Server.requests == ["/200", "/302", "/404", "/451"], "no redirect is followed"
    assert len(client.get(f"{server}endless").body) == 100_000


def test_what_is_no_whole_answer_is_tried_again(
    client: Client, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TryLater, match="cut short"):
        client.get(f"{server}short")
    assert _Server.requests == ["/short"] * 3
    with pytest.raises(TryLater, match="502"):
        client.get(f"{server}502")
    monkeypatch.setattr(client_module, "DOWNLOAD_MAXSIZE", 50_000)
    with pytest.raises(TryLater, match="more than 50000 bytes"):
        client.get(f"{server}endless")
    monkeypatch.setattr(client_module, "DOWNLOAD_TIMEOUT", 0.0001)
    with pytest.raises(TryLater):
        client.get(f"{server}200")


def test_nobody_else_is_asked(client: Client, server: str) -> None:
    for url in ("http://127.0.0.1:9/", "http://example.org/", "file:///etc/passwd", "ftp://x/"):
        with pytest.raises(TryLater, match="not on a server that was named"):
            client.get(url)
    assert _Server.requests == []


def test_a_server_that_keeps_refusing_is_left_alone(client: Client, server: str) -> None:
    for _ in range(2):
        with pytest.raises(Refused):
            client.get(f"{server}429")
    with pytest.raises(Ended, match="backing_off"):
        client.get(f"{server}429")
    assert _Server.requests == ["/429"] * 3, "ten minutes are not waited for within a run"


def test_a_silent_server_is_left_alone() -> None:
    client = Client(["http://127.0.0.1:9/"], 0.0, None)
    for _ in range(3):
        with pytest.raises(TryLater):
            client.get("http://127.0.0.1:9/")
    with pytest.raises(Ended, match="unreachable"):
        client.get("http://127.0.0.1:9/")
