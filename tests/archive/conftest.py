"""The archive of one newspaper, checked for wholeness after every test that used it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.archive.building import Paper, check_whole, open_paper


@pytest.fixture
def paper(tmp_path: Path) -> Iterator[Paper]:
    paper = open_paper(tmp_path / "data")
    yield paper
    check_whole(paper.store)
    paper.store.close()
