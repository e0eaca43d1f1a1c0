"""Newspapers that nothing is wrong with raise no alarm: weekends, holidays, weekly papers, outages of a poll."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.watch.press import Press, any_paper

SITES, DAYS = int(os.environ.get("SIMULATED_SITES", "12")), 30
"""`SIMULATED_SITES=100 pytest -n 0 tests/watch/test_calm.py` takes some minutes."""


@pytest.mark.timeout(1800)
def test_thirty_calm_days(tmp_path: Path) -> None:
    press = Press(tmp_path, [any_paper(number, 1) for number in range(SITES)]).open().run(DAYS)
    press.store.close()
    assert press.begun == {}
    assert press.messages == []
