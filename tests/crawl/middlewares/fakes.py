"""A crawler as middlewares see it: settings, signals, a spider and an engine, and no network."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from scrapy import Request
from scrapy.http import Response
from scrapy.settings import Settings
from scrapy.signalmanager import SignalManager

URL = "http://gazet.kz/1"


class FakeDownloader:
    """Notes how hosts are held back."""

    def __init__(self) -> None:
        self.paused: list[float] = []
        self.slowed: list[float] = []

    def get_slot_key(self, request: Request) -> str:
        return request.url.split("/")[2]

    def pause(self, request: Request, seconds: float) -> None:
        self.paused.append(seconds)

    def slow_down(self, request: Request, delay: float) -> None:
        self.slowed.append(delay)

    def delay(self, request: Request) -> float:
        return 2.0


class FakeCrawler:
    """What `from_crawler` needs; `fetch` answers the engine's downloads, `reasons` notes its end."""

    def __init__(
        self,
        fetch: Callable[[Request], Response] | None = None,
        *,
        site: dict[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        self.settings = Settings({"ROBOTSTXT_USER_AGENT": "newsbot", **settings})
        self.signals = SignalManager(self)
        self.reasons: list[str] = []
        self.downloader = FakeDownloader()
        self.spider = SimpleNamespace(name="gazet", site=SimpleNamespace(**(site or {})))
        self.spidercls = self.spider

        async def download_async(request: Request) -> Response:
            assert fetch is not None
            return fetch(request)

        async def close_spider_async(*, reason: str) -> None:
            self.reasons.append(reason)

        self.engine = SimpleNamespace(
            downloader=self.downloader,
            download_async=download_async,
            close_spider_async=close_spider_async,
        )
