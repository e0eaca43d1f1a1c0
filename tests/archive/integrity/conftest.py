"""The archive that is damaged, and a copy of it for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from archive.captures import writing
from tests.archive.integrity.building import build


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive as it was written: a loose file, a packed one and a dictionary."""
    folder = tmp_path_factory.mktemp("original") / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "MAX_LOOSE", 75_000)
        patch.setattr("archive.store.pack", lambda *_: 0)
        build(folder)
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """A copy to be damaged."""
    return shutil.copytree(original, tmp_path / "data")
