"""The image of `Containerfile` is built, and crawls into a folder of the machine.

It needs a container tool and Debian's image, which tests must not fetch unasked:
`CONTAINER_TOOL=podman pytest tests/test_container.py`.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from archive.query import Selection, articles
from archive.store import open_database
from tests.conftest import ROOT

TOOL = os.environ.get("CONTAINER_TOOL", "")


@pytest.mark.timeout(1800)
@pytest.mark.skipif(not TOOL, reason="CONTAINER_TOOL names no container tool (podman, docker)")
def test_the_image_crawls_and_keeps(tmp_path: Path) -> None:
    subprocess.run(
        [TOOL, "build", "-f", "Containerfile", "-t", "newsbot-test", "."], check=True, cwd=ROOT
    )
    (tmp_path / "data").mkdir(mode=0o777)
    (tmp_path / "data").chmod(0o777)  # for the user of the container
    image = [
        TOOL,
        "run",
        "--rm",
        "--network",
        "none",
        "-v",
        f"{tmp_path}/data:/data",
        "newsbot-test",
    ]
    subprocess.run([*image, "demo", "--data", "/data"], check=True, cwd=ROOT)
    subprocess.run([*image, "verify", "--full"], check=True, cwd=ROOT)
    with open_database(tmp_path / "data").conn as c:
        assert len(list(articles(c, Selection()))) > 40
