"""The harness itself, against a page that does all that it has to notice."""

import asyncio
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.web import conftest
from tests.web.conftest import PHONE, Page, axe, shot

STRICT = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; script-src 'self'"
GOOD = "<!doctype html><html lang=kk><title>Оқу залы</title><main><h1>Оқу залы</h1><p>Ән.</main>"
PAGES = {
    "/good": GOOD,
    "/bad": f"{GOOD}<p style='color:#aaa'>a</p><script>document.title = 'x'</script><img src=/no.png>"
    "<iframe title=f sandbox=allow-scripts src=/inner></iframe><script src=/throw.js></script>",
    "/inner": "<img src=/inner.png alt=''><img src=http://127.0.0.2:9/foreign.png alt=''>",
    "/wide": f"{GOOD}<div class=w>x</div><link rel=stylesheet href=/wide.css>",
    "/favicon.ico": " ",
    "/wide.css": ".w { width: 700px }",
    "/throw.js": "document.title = matchMedia('(prefers-color-scheme: dark)').matches; throw Error('oh')",
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        text = PAGES.get(self.path)
        kind = {"css": "text/css", "js": "text/javascript"}.get(self.path.rpartition(".")[2])
        self.send_response(200 if text else 404)
        self.send_header("Content-Type", f"{kind or 'text/html'}; charset=utf-8")
        self.send_header("Content-Security-Policy", STRICT)
        self.end_headers()
        self.wfile.write((text or "").encode())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_good_page_has_nothing_to_complain_of(page: Page, origin: str) -> None:
    assert page.goto(f"{origin}/good").status == 200
    assert page.locator("h1").inner_text() == "Оқу залы"
    assert page.seen.requests == [f"{origin}/good"]
    assert axe(page) == [] == page.seen.errors == page.seen.violations


def test_requests_errors_and_violations_are_seen(page: Page, origin: str) -> None:
    page.goto(f"{origin}/bad")
    asked = {request.removeprefix(origin) for request in page.seen.requests}
    assert asked >= {"/bad", "/no.png", "/inner", "/inner.png", "/throw.js"}, "frames' too"
    told = "\n".join(page.seen.violations)
    assert "style" in told and "inline script" in told and "127.0.0.2" in told
    assert any("404" in error for error in page.seen.errors)
    assert "oh" in page.seen.errors and page.title() == "false", "the inline script did not run"


def test_axe_finds_what_hinders_people(page: Page, origin: str) -> None:
    page.goto(f"{origin}/bad")
    assert [found.partition(":")[0] for found in axe(page)] == ["image-alt"]
    assert page.seen.violations and not any("eval" in each for each in page.seen.violations)


def test_pages_are_opened_as_people_have_them(open_page: Callable[..., Page], origin: str) -> None:
    dark = open_page(color_scheme="dark", viewport=PHONE)
    dark.goto(f"{origin}/bad")
    assert dark.title() == "true" and dark.viewport_size == PHONE
    plain = open_page(java_script_enabled=False)
    plain.goto(f"{origin}/bad")
    assert plain.title() == "Оқу залы" and not any("oh" in error for error in plain.seen.errors)


def test_pictures_are_made_when_asked_for(
    page: Page, origin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conftest, "PICTURES", tmp_path / "pictures")
    page.goto(f"{origin}/good")
    monkeypatch.delenv("SCREENSHOTS", raising=False)
    shot(page, "good")
    assert not (tmp_path / "pictures").exists()
    monkeypatch.setenv("SCREENSHOTS", "1")
    shot(page, "good")
    files = sorted((tmp_path / "pictures").iterdir())
    assert [file.name for file in files] == ["good-phone.webp", "good.webp"]
    assert all(b"WEBP" in file.read_bytes()[:16] for file in files)
    page.goto(f"{origin}/wide")
    with pytest.raises(AssertionError, match=r"wide: 7\d\d pixels wide on a screen of 390"):
        shot(page, "wide")


def test_other_tests_can_run_loops_of_their_own(page: Page) -> None:
    assert asyncio.run(asyncio.sleep(0, "done")) == "done"
    with pytest.raises(Exception, match="ERR_"):
        page.goto("http://127.0.0.2:9/")
