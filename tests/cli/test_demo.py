"""`newsbot demo` where its port is another program's; what it prints is read in tests/docs."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

from newsbot.cli.demo import PORT
from tests.conftest import Run


def test_a_port_that_is_in_use_is_told(newsbot: Run, tmp_path: Path) -> None:
    with socket.socket() as other:
        with suppress(OSError):  # somebody has it already
            other.bind(("127.0.0.1", PORT))
            other.listen()
        done = newsbot("demo", "--data", tmp_path / "data")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert f"port {PORT} of this machine is in use" in done.stderr
    assert not (tmp_path / "data").exists()
