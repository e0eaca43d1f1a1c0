"""Fixtures that look at the reading room with a real browser: the system's Chromium, driven by Playwright."""

from __future__ import annotations

import asyncio
import inspect
import os
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import ConsoleMessage, async_playwright

from tests.conftest import ROOT, chromium

PICTURES = ROOT / "docs/pictures"
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests with a browser run in one process, so that it starts once."""
    for item in (item for item in items if "browser" in getattr(item, "fixturenames", ())):
        item.add_marker(pytest.mark.xdist_group("browser"))


class Waiting:
    """An object of Playwright's asynchronous interface whose every call is waited for.

    Used like its blocking one, which would keep an event loop running in the tests' thread, where no
    other test could start its own (`asyncio.run`). This loop has a thread to itself.
    """

    def __init__(self, thing: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.thing, self.loop = thing, loop

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.thing, name)
        if inspect.isroutine(value):
            return lambda *args, **options: self.wait(value, *args, **options)
        return self._wrapped(value)

    def wait(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """What `function` returns or raises when it is called, and awaited, in the loop's thread."""

        async def call() -> Any:
            result = function(*(getattr(arg, "thing", arg) for arg in args), **options)
            return await result if inspect.isawaitable(result) else result

        return self._wrapped(asyncio.run_coroutine_threadsafe(call(), self.loop).result())

    def _wrapped(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._wrapped(each) for each in value]
        theirs = type(value).__module__.startswith("playwright.")
        return Waiting(value, self.loop) if theirs else value


@dataclass
class Seen:
    """Addresses a page asked for, errors in its console, violations of its Content-Security-Policy."""

    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.violations.append(message.text)
        elif message.type == "error":
            self.errors.append(message.text)


class Page(Waiting):
    """Playwright's Page, with what it did."""

    def __init__(self, page: Waiting) -> None:
        super().__init__(page.thing, page.loop)
        self.seen = Seen()
        page.context.on("request", lambda request: self.seen.requests.append(request.url))
        page.context.on("console", self.seen.hear)
        page.on("pageerror", lambda error: self.seen.errors.append(str(error)))


@pytest.fixture(scope="session")
def browser() -> Iterator[Waiting]:
    """Chromium, started once."""
    program = chromium()
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        driver = Waiting(async_playwright(), loop).start()
        # Root may not use Chromium's sandbox, and a container has little shared memory.
        args = ["--no-sandbox", "--disable-dev-shm-usage"]
        running = driver.chromium.launch(executable_path=program, args=args)
        yield running
        running.close()
        driver.stop()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def open_page(browser: Waiting) -> Iterator[Callable[..., Page]]:
    """Opens an empty page of a reader of its own; options are those of `Browser.new_context`:
    `java_script_enabled=False`, `color_scheme="dark"`, `locale="kk-KZ"`, `viewport=PHONE`."""
    contexts = []

    def opened(**options: Any) -> Page:
        contexts.append(browser.new_context(**{"viewport": DESKTOP, **options}))
        contexts[-1].set_default_timeout(20_000)
        return Page(contexts[-1].new_page())

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """An empty page of a desktop's size, that nobody has used before."""
    return open_page()


def axe(page: Page) -> list[str]:
    """What hinders people, as axe-core finds it: its serious and critical violations."""
    found = page.wait(Axe().run, page).response["violations"]
    grave = [each for each in found if each["impact"] in {"serious", "critical"}]
    return [f"{e['id']}: {e['help']}: {[node['html'] for node in e['nodes']]}" for e in grave]


def shot(page: Page, name: str) -> None:
    """The page at a phone's and a desktop's width, where nothing may need sideways scrolling.

    With SCREENSHOTS=1 they are kept as docs/pictures/NAME-phone.webp and NAME.webp.
    """
    for suffix, size in (("-phone", PHONE), ("", DESKTOP)):
        page.set_viewport_size(size)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size["width"], f"{name}: {wide} pixels wide on a screen of {size['width']}"
        if os.environ.get("SCREENSHOTS"):
            session = page.context.new_cdp_session(page)
            taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": 80})
            picture = b64decode(taken["data"])
            assert len(picture) < 150_000, f"{name}: a picture of {len(picture)} bytes"
            PICTURES.mkdir(exist_ok=True)
            (PICTURES / f"{name}{suffix}.webp").write_bytes(picture)
