"""A page that kills its process, or the one that is read beside it, costs that page only."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from newsbot.profiles import Site
from newsbot.replay import spread as pool
from newsbot.replay.reread import Result, Task


def task(number: int) -> Task:
    return Task(number, f"https://aqbulaq.example/{number}", "aqbulaq", {}, [], [], 0)


def dangerous(_: Path, chunk: list[tuple[Task, Site | None]]) -> list[Result]:
    for one, _site in chunk:
        if one.article in (11, 30):
            os.kill(os.getpid(), signal.SIGKILL)
    return [Result(one.article, one.url, one.site, "same") for one, _site in chunk]


def test_a_page_that_kills_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_reread", dangerous)
    found = list(pool.spread(Path(), {}, map(task, range(40)), 2))
    assert [result.article for result in found] == list(range(40))
    bad = {result.article: result for result in found if result.verdict == "unread"}
    assert sorted(bad) == [11, 30]
    assert bad[11].is_damaged
    assert "died" in (bad[11].reason or "")


def test_nothing_to_do() -> None:
    assert list(pool.spread(Path(), {}, [], 2)) == []
    (result,) = pool.spread(Path(), {}, [task(1)], 0)
    assert result.reason == "no profile"
