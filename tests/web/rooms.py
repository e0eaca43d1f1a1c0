"""Reading rooms for tests: a real server on loopback over an archive's folder."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from newsbot.web.app import app
from newsbot.web.room import Room


@contextmanager
def serving(folder: Path, **options: Any) -> Iterator[str]:
    """A room, open while the context lasts; yields its address without a slash at the end."""
    server = uvicorn.Server(
        uvicorn.Config(app(Room(folder, **options)), port=0, log_level="warning", lifespan="on")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
