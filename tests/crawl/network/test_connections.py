"""The end of connections; what comes over them is tested with whole crawls."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from twisted.internet.defer import Deferred

from newsbot.crawl.network import connections


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_crawl_waits_for_its_connections_but_not_for_ever(is_answered: bool) -> None:
    closed: Deferred[None] = Deferred()
    handler = object.__new__(connections.Handler)
    handler._pool = SimpleNamespace(closeCachedConnections=lambda: closed)  # type: ignore[assignment]
    handler._disconnect_timeout = 30 if is_answered else 0.05  # type: ignore[assignment]

    async def end() -> None:
        if is_answered:
            asyncio.get_running_loop().call_later(0.05, closed.callback, None)
        await asyncio.wait_for(handler.close(), 5)
        if not is_answered:
            closed.callback(None)  # late, and nobody minds

    asyncio.run(end())
