"""One small archive, for tests that only read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.archive.export.making import build


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive's folder."""
    folder = tmp_path_factory.mktemp("made") / "data"
    build(folder)
    return folder
