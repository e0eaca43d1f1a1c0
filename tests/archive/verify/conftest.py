"""One archive, built once and copied for every test that damages it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.archive.verify.building import build, copy, pack_early


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive as it was written. Look, do not touch."""
    folder = tmp_path_factory.mktemp("original") / "data"
    with pytest.MonkeyPatch.context() as patch:
        pack_early(patch)
        build(folder)
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """A copy to be damaged."""
    return copy(original, tmp_path / "data")


@pytest.fixture
def damaged(original: Path, tmp_path: Path) -> Callable[[], Path]:
    """Makes further copies."""
    made = iter(range(1000))
    return lambda: copy(original, tmp_path / f"data-{next(made)}")
