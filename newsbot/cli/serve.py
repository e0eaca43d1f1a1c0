"""serve: opens the reading room: the archive in a browser."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path

import click

from archive.store import open_database
from newsbot.cli.common import WrongUsage, address, data_option


@click.command()
@data_option
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="The address that it listens at."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8001,
    show_default=True,
    help="0: any that is free.",
)
@click.option(
    "--url",
    callback=address,
    help="Its address for others, where a reverse proxy hands requests on.",
)
@click.option(
    "--write",
    is_flag=True,
    help="Let readers leave notes: on this machine alone, or with --user-header.",
)
@click.option(
    "--user-header",
    metavar="NAME",
    help="The header by which the reverse proxy says who is reading.",
)
@click.option(
    "--index",
    "indexed",
    is_flag=True,
    help="Let search engines in; robots.txt keeps them out otherwise.",
)
def serve(
    data: Path,
    host: str,
    port: int,
    url: str | None,
    write: bool,
    user_header: str | None,
    indexed: bool,
) -> None:
    """Open the archive in a browser: read, search, compare revisions, see how newspapers fare.

    Only this machine can reach it unless --host says otherwise, and nobody can change anything without --write.
    Needs the extra `serve`: pip install 'newsbot[serve]'.

    \b
    newsbot serve                         then open http://127.0.0.1:8001/
    newsbot serve --write                 and leave notes
    """
    try:
        import uvicorn

        from newsbot.web.app import app
        from newsbot.web.room import Room
    except ImportError as error:
        if (error.name or "").partition(".")[0] == "newsbot":
            raise
        raise WrongUsage("serve needs the extra `serve`: pip install 'newsbot[serve]'") from None
    open_database(data).close()
    is_private = host == "localhost" or _is_loopback(host)
    if write and not is_private and not user_header:
        raise WrongUsage(
            "--write on an address that others reach needs --user-header, set by a reverse proxy"
        )
    if not is_private:
        click.echo(f"newsbot: everyone who reaches {host}:{port} can read this archive", err=True)
    try:
        listening = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=128
        )
    except OSError as error:
        raise WrongUsage(
            f"{host}:{port}: {error.strerror}: name another --port or --host"
        ) from None
    shown = f"[{host}]" if ":" in host else host
    click.echo(
        f"The reading room is open at {url or f'http://{shown}:{listening.getsockname()[1]}/'} (end it with Ctrl-C)"
    )
    room = Room(
        data, url=url and url.rstrip("/"), write=write, user_header=user_header, indexed=indexed
    )
    config = uvicorn.Config(
        app(room), log_level="warning", server_header=False, timeout_graceful_shutdown=3
    )
    uvicorn.Server(config).run([listening])


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
