"""serve: opens the reading room: the archive in a browser."""

from __future__ import annotations

import ipaddress
import json
import os
import signal
import socket
from pathlib import Path
from typing import Any

import click

from archive.store import open_database
from newsbot.cli.common import WrongUsage, address, data_option

_MOST_CONNECTIONS = 400
"""Of one process; whoever comes then is told to come later (503)."""


@click.command()
@data_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address that it listens at.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True, help="0: any that is free.")  # fmt: skip
@click.option("--url", callback=address, help="Its address for others, where a reverse proxy hands requests on.")  # fmt: skip
@click.option("--write", is_flag=True, help="Let readers leave notes: on this machine alone, or with --user-header.")  # fmt: skip
@click.option("--user-header", metavar="NAME", help="The header by which the reverse proxy says who is reading.")  # fmt: skip
@click.option("--index", "indexed", is_flag=True, help="Let search engines in; robots.txt keeps them out otherwise.")  # fmt: skip
@click.option("--contact", metavar="TEXT", envvar="NEWSBOT_CONTACT", show_envvar=True, help="To whom readers write: an e-mail address or web page, shown on the page about this archive.")  # fmt: skip
@click.option("--processes", type=click.IntRange(1, 32), default=lambda: min(2, os.cpu_count() or 1), show_default="2, or 1 on one processor", help="That answer readers at the same time, about 100 MB each.")  # fmt: skip
def serve(data: Path, host: str, port: int, write: bool, processes: int, **options: Any) -> None:
    """Open the archive in a browser: read, search, compare revisions, see how newspapers fare.

    Only this machine can reach it unless --host says otherwise, and nobody can change anything without --write.
    Needs the extra `serve`: pip install 'newsbot[serve]'.

    \b
    newsbot serve                         then open http://127.0.0.1:8001/
    newsbot serve --write                 and leave notes
    """
    try:
        from uvicorn import Config, Server
        from uvicorn.supervisors import Multiprocess

        from newsbot.web.app import ROOM
    except ImportError as error:
        if (error.name or "").partition(".")[0] == "newsbot":
            raise
        raise WrongUsage("serve needs the extra `serve`: pip install 'newsbot[serve]'") from None
    open_database(data).close()
    is_private = host == "localhost" or _is_loopback(host)
    if write and not is_private and not options["user_header"]:
        raise WrongUsage(
            "--write where others can reach it needs --user-header, set by a reverse proxy"
        )
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise WrongUsage(
            f"{host}:{port}: {str(error.strerror).partition(' (while')[0]}: name another --port or --host"
        ) from None
    # Inherited by what it accepts: a page's head and its body would wait for each other, 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not is_private:
        click.echo(f"newsbot: everyone who reaches {host}:{port} can read this archive", err=True)
    url = options["url"] = options["url"] and options["url"].rstrip("/")
    shown = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"
    click.echo(f"The reading room is open at {url or shown}/ (end it with Ctrl-C)")
    os.environ[ROOM] = json.dumps({**options, "folder": os.fspath(data), "write": write})
    config = Config(
        "newsbot.web.app:opened", factory=True, workers=processes, log_level="warning", server_header=False,
        timeout_graceful_shutdown=3, limit_concurrency=_MOST_CONNECTIONS,
    )  # fmt: skip
    if processes == 1:
        Server(config).run([listening])
        return
    told: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    servers = Multiprocess(config, [listening])

    def end(number: int, _: object) -> None:
        told.append(number)
        servers.signal_queue.append(number)

    for number in before:
        signal.signal(number, end)
    servers.run()
    for number, handler in before.items():
        signal.signal(number, handler)
    if told:  # so that it ends with the code that says so, as one process does
        signal.raise_signal(told[0])


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
