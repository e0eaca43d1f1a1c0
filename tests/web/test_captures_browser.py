"""A captured page in a real browser: each wall by itself keeps it from asking anybody for anything."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from archive.decisions import NOTE, decide
from newsbot.extraction.harmless import harmless
from newsbot.extraction.page import Page
from newsbot.web import captures
from tests.archive.building import HOME, article, open_paper
from tests.web.conftest import axe, shot
from tests.web.hostile import FOREIGN, PAGE
from tests.web.rooms import serving

BARE = "a connection by which nothing is asked"
MEMENTO = "/memento/20261122080000"


@pytest.fixture
def foreign() -> Iterator[tuple[str, list[str]]]:
    """An address elsewhere, and who has connected to it."""
    callers: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        open_ = [True]

        def listen() -> None:
            while open_[0]:
                try:
                    caller, _ = listening.accept()
                except TimeoutError:
                    continue
                caller.settimeout(1)
                try:
                    callers.append(caller.recv(200).decode("latin-1"))
                except TimeoutError:
                    callers.append(BARE)
                caller.close()

        thread = Thread(target=listen)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", callers
        finally:
            open_[0] = False
            thread.join()


@pytest.fixture
def room(tmp_path: Path, foreign: tuple[str, list[str]]) -> Iterator[str]:
    paper = open_paper(tmp_path / "data")
    body = PAGE.replace(FOREIGN, foreign[0]).encode()
    paper.visit(f"{HOME}1", article(f"{HOME}1"), captures=[paper.capture(f"{HOME}1", body)])
    paper.later(days=1)
    read = article(
        f"{HOME}1", text="Бірінші абзац.\n\nБасқа абзац.", authors=["Серік Әлі"], tags=["су"]
    )
    paper.visit(f"{HOME}1", read, captures=[paper.capture(f"{HOME}1", "<p>Басқа".encode())])
    paper.store.close()
    note = {
        "url": f"{HOME}1",
        "note": "Күні тексерілді.",
        "at": "2026-11-24T08:00:00Z",
        "by": "Серік",
    }
    decide(tmp_path / "data", NOTE, note)
    with serving(tmp_path / "data", write=True) as url:
        yield url


def test_a_capture_asks_nobody_for_anything(
    page: Any, room: str, foreign: tuple[str, list[str]]
) -> None:
    page.goto(f"{room}/article/1/page?revision=1", wait_until="networkidle")
    frame = page.frames[1]
    assert frame.title() == "Ән" and "соңы" in frame.locator("body").inner_text()
    colour = "getComputedStyle(document.querySelector('p')).color"
    assert frame.url.startswith(f"{room}{MEMENTO}/") and frame.evaluate(colour) == "rgb(1, 2, 3)"
    frame.locator("#away").click()
    frame.wait_for_url(f"{room}{MEMENTO}/{foreign[0]}/away")
    assert page.url == f"{room}/article/1/page?revision=1", "a click leads nobody away"
    page.goto(f"{room}{MEMENTO}/{HOME}1", wait_until="networkidle")
    assert page.title() == "Ән"
    assert all(asked.startswith((room, "data:")) for asked in page.seen.requests), (
        page.seen.requests
    )
    assert foreign[1] == []


def test_the_policy_alone_holds(
    page: Any, room: str, foreign: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = PAGE.replace(FOREIGN, foreign[0]).encode()
    monkeypatch.setattr(captures, "harmless", lambda *_: raw)
    page.goto(f"{room}/article/1/page?revision=1", wait_until="networkidle")
    page.wait_for_timeout(300)
    assert page.frames[1].title() == "Ән"
    page.goto(f"{room}{MEMENTO}/{HOME}1", wait_until="networkidle")
    page.wait_for_timeout(300)
    assert page.title() == "Ән", "scripts, forms and refreshes do nothing"
    assert {*foreign[1]} <= {BARE}, "of `preconnect` no policy speaks: the list of elements does"


def test_the_list_of_elements_alone_holds(page: Any, foreign: tuple[str, list[str]]) -> None:
    raw = PAGE.replace(FOREIGN, foreign[0])
    with bare(harmless(Page(raw, f"{HOME}1"), lambda address: f"/to/{address}")) as url:
        page.goto(url, wait_until="networkidle")
        page.wait_for_timeout(500)
        assert page.title() == "Ән" and page.url == url and foreign[1] == []
    with bare(raw.encode()) as url:  # without any wall, the page does what it tries
        page.goto(url, wait_until="commit")
        page.wait_for_timeout(1500)
    assert foreign[1]


@contextmanager
def bare(body: bytes) -> Iterator[str]:
    """A page without any header that protects its reader."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body if self.path == "/" else b"")

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.parametrize("language", ["kk-KZ", "ru-RU"])
def test_pages_about_an_article_are_for_everybody(
    open_page: Callable[..., Any], room: str, language: str
) -> None:
    for scheme in ("light", "dark"):
        page = open_page(locale=language, color_scheme=scheme)
        for path in ("/article/1", "/article/1/revisions", "/article/1/page", "/notes"):
            page.goto(room + path, wait_until="networkidle")
            assert axe(page) == [], path
            name = path.removeprefix("/").replace("/1", "").replace("/", "-")
            shot(page, name)
        assert page.seen.violations == page.seen.errors == [], page.seen.requests
