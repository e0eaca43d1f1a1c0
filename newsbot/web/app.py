"""app: the reading room as a plugin of Datasette, whose tables, facets, JSON and SQL stay underneath.

Hooks: https://docs.datasette.io/en/0.65/plugin_hooks.html
"""

from __future__ import annotations

import ipaddress
import re
import sqlite3
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette
from datasette.plugins import pm
from datasette.utils.asgi import Request, Response

from archive.errors import ArchiveUsageError
from archive.search.filters import check_condition
from archive.store import DATABASE
from archive.store.views import hide
from newsbot.web import article, searching  # noqa: F401 -- their pages
from newsbot.web.room import ROUTES, Room, View, answer

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
SQL_MILLISECONDS = 1000
_HIDDEN = re.compile("vocabulary|withheld|articles_fts_")
_OWN_PATHS = re.compile(r"/-/static/|/news(?:[/.?]|$)")
"""What of Datasette's own is shown: its tables and SQL, with the files that belong to them."""
ASGI = Callable[[Any, Any, Any], Awaitable[None]]


def app(room: Room) -> ASGI:
    """The room as an ASGI application."""
    datasette = Datasette(
        [str(room.folder / DATABASE)],
        settings={
            "sql_time_limit_ms": SQL_MILLISECONDS,
            "allow_download": False,
            "default_page_size": 50,
            "max_csv_mb": 50,
        },
        metadata={"title": "newsbot", "databases": {"news": {"title": "news.db"}}},
    )
    datasette.room = room
    application: ASGI = datasette.app()
    return application


class _Plugin:
    """The hooks; a Datasette that has no room is left as it is."""

    __name__ = "newsbot"

    @hookimpl
    def register_routes(self, datasette: Any) -> list[tuple[str, Any]]:
        """Every page, in the order in which they are written down."""
        if not hasattr(datasette, "room"):
            return []
        views: dict[str, dict[str, View]] = {}
        for method, pattern, view in ROUTES:
            views.setdefault(pattern, {})[method] = view
        return [
            (f"^{pattern}(?:\\.json)?$", _asked(own, datasette.room))
            for pattern, own in views.items()
        ]

    @hookimpl
    def prepare_connection(self, conn: sqlite3.Connection, database: str, datasette: Any) -> None:
        """Nothing of what is withheld is in Datasette's tables; `_check_sql` keeps SQL from what is behind them."""
        if database == "news" and hasattr(datasette, "room"):
            conn.execute("PRAGMA trusted_schema = OFF")
            hide(conn)

    @hookimpl
    def permission_allowed(self, datasette: Any, action: str, resource: Any) -> bool | None:
        """Tables that only the program needs are not shown."""
        is_table = hasattr(datasette, "room") and action == "view-table"
        return False if is_table and _HIDDEN.match(resource[1]) else None

    @hookimpl
    def asgi_wrapper(self, datasette: Any) -> Callable[[ASGI], ASGI]:
        """Who may ask, and with which headers everything goes out."""
        if not hasattr(datasette, "room"):
            return lambda application: application
        return partial(_guarded, datasette.room)


pm.register(_Plugin(), "newsbot")


def _asked(views: dict[str, View], room: Room) -> Callable[..., Awaitable[Response]]:
    async def view(request: Request) -> Response:
        return await answer(views, room, request)

    return view


def _guarded(room: Room, application: ASGI) -> ASGI:
    own = [re.compile(f"{pattern}(?:\\.json)?") for _, pattern, _ in ROUTES]

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        request = Request(scope, receive)
        path = scope["path"]
        if not _is_own_name(room, request.host):
            refusal = "asked under a name that is not its own: start it with --url\n"
            await Response.text(refusal, status=421).asgi_send(send)
            return
        try:
            for name in ("sql", "_where"):
                for typed in request.args.getlist(name) if _OWN_PATHS.match(path) else ():
                    check_condition(typed)
        except ArchiveUsageError as error:
            await Response.text(f"{error}\n", status=403).asgi_send(send)
            return
        if not (_OWN_PATHS.match(path) or any(one.fullmatch(path) for one in own)):
            scope = {**scope, "path": "/nothing", "raw_path": b"/nothing"}

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                more = [
                    (k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in there
                ]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        await application(scope, receive, with_headers)

    return guarded


def _is_own_name(room: Room, host: str) -> bool:
    """Whether a host is this machine or the room's address: another one's page may not have us read (DNS rebinding)."""
    name = re.sub(r":\d+$", "", host).strip("[]").lower()
    if name == "localhost" or (room.url and room.url.partition("://")[2].partition(":")[0] == name):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True  # an address is no name that somebody else could give
