"""serve: opens the reading room: the archive in a browser."""

from __future__ import annotations

import ipaddress
import multiprocessing
import os
import signal
import socket
import threading
from pathlib import Path
from typing import Any

import click

from archive.store import open_database
from newsbot.cli.common import WrongUsage, address, data_option

_MOST_CONNECTIONS = 400
"""Of one process; whoever comes then is told to come later (503)."""


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
@click.option(
    "--contact",
    metavar="TEXT",
    envvar="NEWSBOT_CONTACT",
    show_envvar=True,
    help="To whom readers write: an e-mail address or web page, shown on the page about this archive.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 32),
    default=lambda: min(2, os.cpu_count() or 1),
    show_default="2, or 1 on one processor",
    help="That answer readers at the same time, about 100 MB each.",
)
def serve(data: Path, host: str, port: int, write: bool, processes: int, **options: Any) -> None:
    """Open the archive in a browser: read, search, compare revisions, see how newspapers fare.

    Only this machine can reach it unless --host says otherwise, and nobody can change anything without --write.
    Needs the extra `serve`: pip install 'newsbot[serve]'.

    \b
    newsbot serve                         then open http://127.0.0.1:8001/
    newsbot serve --write                 and leave notes
    """
    try:
        import newsbot.web.app  # noqa: F401
    except ImportError as error:
        if (error.name or "").partition(".")[0] == "newsbot":
            raise
        raise WrongUsage("serve needs the extra `serve`: pip install 'newsbot[serve]'") from None
    open_database(data).close()
    is_private = host == "localhost" or _is_loopback(host)
    if write and not is_private and not options["user_header"]:
        raise WrongUsage(
            "--write on an address that others reach needs --user-header, set by a reverse proxy"
        )
    if not is_private:
        click.echo(f"newsbot: everyone who reaches {host}:{port} can read this archive", err=True)
    try:
        with _listen(host, port) as free:  # a port that is shared would be taken for free
            port = free.getsockname()[1]
        sockets = [_listen(host, port, shared=True) for _ in range(processes)]
    except OSError as error:
        raise WrongUsage(
            f"{host}:{port}: {error.strerror}: name another --port or --host"
        ) from None
    url = options["url"] = options["url"] and options["url"].rstrip("/")
    shown = f"[{host}]" if ":" in host else host
    click.echo(
        f"The reading room is open at {url or f'http://{shown}:{port}'}/ (end it with Ctrl-C)"
    )
    options |= {"folder": data, "write": write}
    fork = multiprocessing.get_context("fork")
    others = [fork.Process(target=_other, args=(one, options)) for one in sockets[1:]]
    try:
        for other in others:
            other.start()
        _answer(sockets[0], options)
    finally:
        for other in others:
            other.terminate()
            other.join()


def _listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket at an address; where it is shared, others that are shared may be there, and each gets a part."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=128, reuse_port=shared)
    # Inherited by what it accepts: a page's head and its body would wait for each other, 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _answer(listening: socket.socket, options: dict[str, Any]) -> None:
    """Answer readers until told to end."""
    import uvicorn

    from newsbot.web.app import app
    from newsbot.web.room import Room

    config = uvicorn.Config(
        app(Room(**options)), log_level="warning", server_header=False, timeout_graceful_shutdown=3,
        limit_concurrency=_MOST_CONNECTIONS,
    )  # fmt: skip
    uvicorn.Server(config).run([listening])


def _other(listening: socket.socket, options: dict[str, Any]) -> None:
    """Answer readers in a process beside the first, and end with it, however that ends."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        parent = multiprocessing.parent_process()
        if parent:
            parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
    _answer(listening, options)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
