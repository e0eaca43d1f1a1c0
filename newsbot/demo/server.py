"""The example newspaper on loopback: `with ExampleNewspaper() as paper: crawl(paper.origin)`.

By hand: `python -m newsbot.demo.server --port 8800`.
"""

import contextlib
import sys
import threading
from collections.abc import Iterable
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import quote, unquote

import click

from newsbot.demo.articles import ZONE, Article, load_articles
from newsbot.demo.render import NOT_FOUND, Page, render_site


class ExampleNewspaper:
    """Serves the newspaper in a background thread, for as long as the `with` block lasts.

    `port` 0 takes any free port. OSError if the port is taken. `articles` are the bundled ones
    unless others are given. After entry `origin` is the address, `requests` grows by one (method,
    path) for each request, and `pages` may be replaced to let the newspaper change.
    """

    def __init__(self, port: int = 0, articles: Iterable[Article] | None = None) -> None:
        self.articles = load_articles() if articles is None else tuple(articles)
        self.requests: list[tuple[str, str]] = []
        self._port = port

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", self._port), self)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        today = datetime.now(ZONE).date()
        self.pages: dict[str, Page] = render_site(self.origin, self.articles, today=today)
        # The default poll of half a second would be felt at the end of every test.
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], paper: ExampleNewspaper) -> None:
        super().__init__(address, _Handler)
        self.paper = paper

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet about clients that hang up; everything else is a bug and is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "ExampleNewspaper"
    timeout = 30  # seconds that a kept-alive connection may idle
    # Header and body are two writes: with Nagle's algorithm each page would cost 40 ms.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer with the page, or 304 where the client already holds it."""
        paper = self.server.paper
        paper.requests.append((self.command, self.path))
        page = _find(paper.pages, self.path)
        known = page.status == 200 and _unchanged(
            page, self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since")
        )
        self.send_response(304 if known else page.status)
        for name, value in page.headers.items():
            if not (known and name == "Content-Type"):
                self.send_header(name, value)
        if not known:
            self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        if not known and self.command != "HEAD":
            self.wfile.write(page.body)

    def do_HEAD(self) -> None:
        """Answer as to GET, without the body."""
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: `ExampleNewspaper.requests` is the log."""


def _find(pages: dict[str, Page], target: str) -> Page:
    """The page a request target names; queries are ignored, any percent-encoding is accepted."""
    # http.server decodes the request line as Latin-1; some clients send raw UTF-8.
    path = target.partition("?")[0].encode("latin-1", "replace").decode("utf-8", "replace")
    return pages.get(quote(unquote(path), safe="/"), pages[NOT_FOUND])


def _unchanged(page: Page, etags: str | None, since: str | None) -> bool:
    """Whether the client's copy is good (RFC 9110, 13.1.2 and 13.1.3: the ETag has precedence)."""
    if etags is not None:
        given = {tag.strip().removeprefix("W/") for tag in etags.split(",")}
        return "*" in given or page.headers["ETag"] in given
    if since is not None:
        with contextlib.suppress(ValueError, TypeError):  # a broken or zoneless date is ignored
            return parsedate_to_datetime(page.headers["Last-Modified"]) <= parsedate_to_datetime(
                since
            )
    return False


@click.command()
@click.option("--port", default=8800, show_default=True, help="Port on 127.0.0.1; 0 for any.")
def main(port: int) -> None:
    """Serve the example newspaper until Ctrl-C."""
    try:
        with ExampleNewspaper(port) as paper:
            click.echo(f"{paper.origin}/ – Ctrl-C ends")
            with contextlib.suppress(KeyboardInterrupt):
                _wait()
    except OSError as error:
        raise click.UsageError(f"port {port}: {error.strerror}") from None


def _wait() -> None:
    threading.Event().wait()


if __name__ == "__main__":
    main()
