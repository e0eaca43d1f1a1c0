"""app: the reading room as a plugin of Datasette, whose tables, facets, JSON and SQL stay underneath.

Hooks: https://docs.datasette.io/en/0.65/plugin_hooks.html
"""

from __future__ import annotations

import ipaddress
import json
import logging
import multiprocessing
import os
import re
import signal
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from operator import itemgetter
from pathlib import Path
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette
from datasette.plugins import pm
from datasette.utils.asgi import Request, Response

from archive.errors import ArchiveUsageError
from archive.search.filters import check_condition
from archive.store import DATABASE, open_database
from archive.store.opening import reading
from archive.store.views import hide
from newsbot.web import (  # noqa: F401 -- their pages
    about,
    article,
    captures,
    feeds,
    front,
    newspapers,
    notes,
    searching,
    story,
)
from newsbot.web.room import ROUTES, Room, View, answer, nothing, static_url

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "frame-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of every page that has none of its own (W3C CSP 3)."""
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "interest-cohort=()",
}
_HEADERS = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
SQL_MILLISECONDS = 1000
LARGEST_VALUE = 10_000_000
"""Bytes of a value or row that SQL makes: no article is as long, and a function that makes it cannot be given up."""
_HIDDEN = re.compile("vocabulary|withheld|articles_fts_")
_THEIRS = re.compile(r"/-/static/|/favicon[.]ico$|/news(?:[/.]|$)")
"""What of Datasette's own is shown: its tables and SQL, with the files that belong to them."""
_KEYS = "SELECT name, pk FROM pragma_table_info(?, 'main') WHERE pk"
_LOG = logging.getLogger(__name__)
ASGI = Callable[[Any, Any, Any], Awaitable[None]]


def app(room: Room) -> ASGI:
    """The room as an ASGI application."""
    path = str(room.folder / DATABASE)
    # On a disk that nobody can write to there is no writer to be waited for, and no file to be told of one by.
    is_fixed = reading(room.folder).endswith("immutable=1")
    datasette = Datasette(
        [] if is_fixed else [path],
        immutables=[path] if is_fixed else [],
        settings={
            "sql_time_limit_ms": SQL_MILLISECONDS, "allow_download": False, "default_page_size": 50,
            "truncate_cells_html": 200, "max_csv_mb": 50,
        },
        metadata={"title": "newsbot", "databases": {"news": {"title": "news.db"}}},
    )  # fmt: skip
    datasette.room = room
    with closing(open_database(room.folder).conn) as c:
        keys = {
            table: [name for name, _ in sorted(c.execute(_KEYS, (table,)), key=itemgetter(1))]
            for (table,) in c.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        }

    async def primary_keys(table: str) -> list[str]:
        return keys.get(table, [])

    # What hides the withheld are views, which have no keys; rows would have no page of their own.
    datasette.get_database("news").primary_keys = primary_keys
    return _guarded(room, datasette.app())


ROOM = "NEWSBOT_ROOM"
"""The variable of the environment by which the processes of `newsbot serve` know what to open: JSON of `Room`'s fields."""


def opened() -> ASGI:
    """The room that `ROOM` tells of, for a process that ends with the one that started it, however that ends."""

    def end() -> None:
        if parent := multiprocessing.parent_process():
            parent.join()
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end, daemon=True).start()
    options = json.loads(os.environ[ROOM])
    return app(Room(**{**options, "folder": Path(options["folder"])}))


class _Plugin:
    """The hooks; a Datasette that has no room is left as it is."""

    __name__ = "newsbot"

    @hookimpl
    def prepare_connection(self, conn: sqlite3.Connection, database: str, datasette: Any) -> None:
        """Nothing of what is withheld is in Datasette's tables; `check_condition` keeps SQL from what is behind them."""
        if database == "news" and hasattr(datasette, "room"):
            conn.execute("PRAGMA trusted_schema = OFF")
            conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
            hide(conn)

    @hookimpl
    def permission_allowed(self, datasette: Any, action: str, resource: Any) -> bool | None:
        """Tables that only the program needs are not shown."""
        is_table = hasattr(datasette, "room") and action == "view-table"
        return False if is_table and _HIDDEN.match(resource[1]) else None

    @hookimpl
    def extra_css_urls(self, datasette: Any) -> list[str]:
        """Datasette's pages look a little like the room's."""
        return [static_url("tables.css")] if hasattr(datasette, "room") else []

    @hookimpl
    def extra_js_urls(self, datasette: Any) -> list[str]:
        """What its pages have as an inline script, which the policy forbids."""
        return [static_url("tables.js")] if hasattr(datasette, "room") else []

    @hookimpl(hookwrapper=True)
    def handle_exception(
        self, datasette: Any, request: Request, exception: Exception
    ) -> Iterator[None]:
        """Where Datasette makes nothing of an address it would say 500, with its place in Datasette's code."""
        outcome: Any = yield
        if hasattr(datasette, "room") and getattr(exception, "status", 500) >= 500:
            _LOG.warning("%.500s: %.200r", request.full_path, exception)
            status = 503 if isinstance(exception, sqlite3.Error) else 400
            outcome.force_result([Response.text("nothing can be made of this address\n", status)])


pm.register(_Plugin(), "newsbot")
pm.get_plugin("datasette.handle_exception").rich = None
"""With it, each missing page would take a second, and a hundred lines of the log."""


def _guarded(room: Room, application: ASGI) -> ASGI:
    """The room's pages, the first whose pattern fits; and behind them what is shown of Datasette's own.

    Who may ask is looked at first, and everything goes out with `HEADERS`.
    """
    views: dict[str, dict[str, View]] = {}
    for method, pattern, view in ROUTES:
        views.setdefault(pattern, {})[method] = view
    routes = [(re.compile(f"{pattern}(?:\\.json)?"), own) for pattern, own in views.items()]

    async def answered(request: Request) -> Response | None:
        if not _is_own_name(room, request.host):
            return Response.text(
                "asked under a name that is not its own: start it with --url\n", 421
            )
        path = request.path
        for pattern, own in routes:
            if match := pattern.fullmatch(path):
                request.scope["url_route"] = {"kwargs": match.groupdict()}
                return await answer(own, room, request)
        if not _THEIRS.match(path) or request.method not in ("GET", "HEAD"):
            return await answer({"GET": nothing}, room, request)
        try:
            for name in ("sql", "_where"):
                for typed in request.args.getlist(name):
                    check_condition(typed)
        except ArchiveUsageError as error:
            return Response.text(f"{error}\n", status=403)
        return None

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                more = [pair for pair in _HEADERS if pair[0] not in there]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        response = None
        if scope["type"] == "http":
            response = await answered(Request({**scope, "url_route": {"kwargs": {}}}, receive))
        if response:
            await response.asgi_send(with_headers)
        else:
            await application(scope, receive, with_headers)

    return guarded


def _is_own_name(room: Room, host: str) -> bool:
    """Whether a host is this machine or the room's address: another one's page may not have us read (DNS rebinding)."""
    name = re.sub(r":\d+$", "", host).strip("[]").lower()
    if "%" in name:  # the zone of an address may be any text
        return False
    if name == "localhost" or (room.url and room.url.partition("://")[2].partition(":")[0] == name):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True  # an address is no name that somebody else could give
