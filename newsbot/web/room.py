"""room: asks the pages of the reading room, each in a thread with a connection of its own that only reads."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import sqlite3
import threading
import time
import tomllib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import quote, urlencode

import jinja2
from datasette.utils import MultiParams
from datasette.utils.asgi import Request, Response
from markupsafe import Markup, escape

from archive.errors import ArchiveError, Message
from archive.store import DATABASE, open_database
from newsbot import urls
from newsbot.watch.report import STYLE
from newsbot.web.languages import LANGUAGES, Language, chosen

MOST_SECONDS = 10.0
"""After which a page is given up."""
KEPT_SECONDS = 60.0
"""How old the numbers of `Room.kept` may be."""
_LOG = logging.getLogger(__name__)
_LARGEST_FORM = 64_000
_MOST_KEPT = 500
_STATIC = Path(__file__).with_name("static")
T = TypeVar("T")
QUERIES: dict[str, str] = tomllib.loads(Path(__file__).with_name("queries.toml").read_text("utf-8"))
"""Name → SQL, of all pages."""


@dataclass
class Room:
    """An archive that is open for reading, and how."""

    folder: Path
    url: str | None = None
    """Where the room is known as to others, without a slash at its end: `https://archive.example.kz`."""
    write: bool = False
    """Whether notes may be left."""
    user_header: str | None = None
    """The header by which a reverse proxy says who is reading."""
    indexed: bool = False
    """Whether search engines are let in."""
    contact: str | None = None
    """To whom readers write."""
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4, "room"))
    _own: threading.local = field(default_factory=threading.local)
    _kept: dict[Any, tuple[float, Any]] = field(default_factory=dict)

    def reader(self) -> sqlite3.Connection:
        """This thread's connection, without what is withheld; a new one where news.db is another file.

        Raises `ArchiveError` where there is none.
        """
        place = (self.folder / DATABASE).stat() if (self.folder / DATABASE).exists() else None
        known = place and (place.st_dev, place.st_ino)
        if getattr(self._own, "known", None) != known or known is None:
            self._own.connection = open_database(self.folder, spelling=urls.canonical).conn
            self._own.known = known
        connection: sqlite3.Connection = self._own.connection
        return connection

    def kept(self, key: Any, make: Callable[[], T]) -> T:
        """What was made of the archive within `KEPT_SECONDS`; while one reader makes it anew, others are given the former.

        For numbers about many articles: they cost too much to be counted for each reader while a crawl writes.
        """
        made_at, value = self._kept.get(key, (-KEPT_SECONDS, None))
        if time.monotonic() - made_at < KEPT_SECONDS:
            return cast("T", value)
        if key in self._kept:
            self._kept[key] = (time.monotonic(), value)
        elif len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        made = make()
        self._kept[key] = (time.monotonic(), made)
        return made


@dataclass(frozen=True)
class Asked:
    """What a page is asked for."""

    room: Room
    c: sqlite3.Connection
    language: Language
    path: str
    """The path as it was asked for, with its query."""
    vars: Mapping[str, str]
    """The named parts of the path."""
    args: MultiParams
    """The query's."""
    headers: Mapping[str, str]
    form: Mapping[str, str]
    origin: str
    """Scheme and host under which the room was asked."""

    def arg(self, name: str, otherwise: str = "") -> str:
        """A value of the query."""
        return str(self.args.get(name, otherwise))

    def number(self, name: str, otherwise: int, most: int = 10**9) -> int:
        """A natural number of the query; one that is none is `otherwise`."""
        typed = self.arg(name)
        is_number = typed.isascii() and typed.isdigit() and len(typed) < 10
        return min(int(typed), most) if is_number else otherwise

    def rows(self, name: str, args: Any = ()) -> list[dict[str, Any]]:
        """What one of `QUERIES` gives, by the names of its columns."""
        cursor = self.c.execute(QUERIES[name], args)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, values, strict=True)) for values in cursor]

    @property
    def user(self) -> str | None:
        """Who is reading, as the reverse proxy says."""
        said = self.headers.get((self.room.user_header or "").lower())
        return said and said.encode("latin-1").decode("utf-8", "replace")

    @property
    def may_write(self) -> bool:
        """Whether notes are taken: on this machine from everybody, else from whom the proxy names."""
        return self.room.write and bool(self.user or not self.room.user_header)

    def gettext(self, words: str) -> str:
        """The words in the reader's language."""
        own = self.language.words.gettext
        return words.translated(own) if isinstance(words, Message) else own(words)

    @cached_property
    def newspapers(self) -> dict[str, str]:
        """Site → name of the newspaper."""
        return dict(self.c.execute("SELECT id, name FROM sites"))


@dataclass(frozen=True)
class Page:
    """A page: what it shows, which is its JSON, and the template that shows it to people."""

    template: str
    data: Mapping[str, Any]
    status: int = 200
    more: Mapping[str, Any] = field(default_factory=dict)
    """What the template needs besides, of which there is no JSON."""


class Refused(Exception):
    """What is asked for is not shown; `words` say why, in English, as a key of the languages."""

    def __init__(self, status: int, words: str, said: str = "") -> None:
        super().__init__(words)
        self.status, self.words, self.said = status, words, said


View = Callable[[Asked], Page | Response]
ROUTES: list[tuple[str, str, View]] = []
"""Method, pattern of the path, and the function that answers."""


def page(pattern: str, method: str = "GET") -> Callable[[View], View]:
    """A function as the answer to paths of a pattern; a page's path with `.json` behind it is its data."""

    def register(view: View) -> View:
        ROUTES.append((method, pattern, view))
        return view

    return register


def nothing(asked: Asked) -> Page:
    """The answer to paths that nothing is at."""
    raise Refused(404, "There is no such page.")


# -- answering ------------------------------------------------------------------------------------


async def answer(views: Mapping[str, View], room: Room, request: Request) -> Response:
    """The answer to a request of a path with these views, by method."""
    form: dict[str, str] = {}
    method = "GET" if request.method == "HEAD" else request.method
    if method not in views:
        return Response.text("", status=405, headers={"allow": ", ".join(views)})
    if method == "POST":
        if int(request.headers.get("content-length") or _LARGEST_FORM + 1) > _LARGEST_FORM:
            return Response.text("", status=413)
        if not _is_ours(room, request):
            return Response.text("another site's form\n", status=403)
        try:
            form = await request.post_vars()
        except (AssertionError, UnicodeDecodeError):  # who sends it went away, or sends no UTF-8
            return Response.text("", status=400)
    run = asyncio.get_running_loop().run_in_executor
    return await run(room.threads, _answer, views[method], room, request, form)


def _is_ours(room: Room, request: Request) -> bool:
    """Whether a form that is sent is of a page of ours, as browsers say (Fetch Metadata, or RFC 6454)."""
    site, origin = (request.headers.get(name) for name in ("sec-fetch-site", "origin"))
    own = (None, room.url, f"http://{request.host}", f"https://{request.host}")
    return site in ("same-origin", "none") if site else origin in own


def _answer(view: View, room: Room, request: Request, form: dict[str, str]) -> Response:
    own = chosen(request.cookies, request.headers.get("accept-language", ""))
    as_json = request.path.endswith(".json")
    origin = room.url or f"{request.scheme}://{request.host}"
    try:
        c = room.reader()
    except (ArchiveError, OSError) as error:
        return Response.text(f"{error}\n".replace(str(room.folder), ""), status=503)
    asked = Asked(
        room, c, own, request.full_path, request.url_vars, request.args, request.headers, form, origin
    )  # fmt: skip
    until = time.monotonic() + MOST_SECONDS
    c.set_progress_handler(lambda: time.monotonic() > until, 50_000)
    try:
        found = view(asked)
        return found if isinstance(found, Response) else _response(asked, found, as_json=as_json)
    except Refused as refused:
        status, words, said = refused.status, refused.words, refused.said
    except sqlite3.DatabaseError as error:  # given up, damaged, or of another schema by now
        status, words, said = 503, _TOO_LONG if "interrupted" in str(error) else _OUR_FAULT, ""
        _LOG.error("%s %.500s: %s", request.method, request.full_path, error)
    except Exception:
        status, words, said = 500, _OUR_FAULT, ""
        _LOG.exception("%s %.500s", request.method, request.full_path)
    finally:
        c.set_progress_handler(None, 0)
    data = {"error": asked.gettext(words), "said": said}
    return _response(asked, Page("refused.html", data, status), as_json=as_json)


def _response(asked: Asked, found: Page, *, as_json: bool) -> Response:
    headers = {"vary": "Accept-Language, Cookie"}
    if not as_json:
        return Response.html(render(asked, found), found.status, headers)
    body = json.dumps(found.data, ensure_ascii=False, default=repr)
    return Response(body, found.status, headers, "application/json; charset=utf-8")


_OUR_FAULT = Message("This page failed, which is a fault of newsbot's; its log says more.")
_TOO_LONG = Message("This took too long and was given up: ask for less.")


def render(asked: Asked, found: Page) -> str:
    """The page in HTML; a template knows `asked`, `languages`, and the page's data by their names."""
    template = _templates(asked.language).get_template(found.template)
    return template.render(asked=asked, languages=LANGUAGES, **found.data, **found.more)


@cache
def _templates(language: Language) -> jinja2.Environment:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"], auto_reload=False,
    )  # fmt: skip
    env.install_gettext_translations(language.words, newstyle=True)  # type: ignore[attr-defined]
    env.filters |= {
        "day": language.day, "moment": language.moment, "number": language.number,
        "ago": language.ago, "after": language.after, "tongue": language.tongue, "region": language.region,
        "marked": marked, "path": lambda text: quote(str(text), safe=""),
    }  # fmt: skip
    env.globals |= {
        "static": static_url, "query": query_string,
        # As Jinja's, which looks into the page's context twice for each of a page's words.
        "_": lambda words, **values: Markup(language.words.gettext(words)) % values,  # noqa: S704 -- ours
    }  # fmt: skip
    return env


MARKS = ("\x02", "\x03")
"""Around found words: no text of an article holds these."""


def marked(text: str) -> Markup:
    """A snippet as HTML, its found words as <mark>."""
    return escape(text).replace(MARKS[0], Markup("<mark>")).replace(MARKS[1], Markup("</mark>"))


def query_string(args: Mapping[str, Any], **changed: Any) -> str:
    """A query with values changed, or left out where they are None."""
    names = dict.fromkeys([*args, *changed])
    found: list[tuple[str, Any]] = []
    for name in names:
        value = changed[name] if name in changed else args[name]
        values = value if isinstance(value, list | tuple) else [value]
        found += [(name, one) for one in values if one not in (None, "")]
    return urlencode(found)


# -- files that belong to the pages ---------------------------------------------------------------

_TYPES = {
    ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
    ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8",
}  # fmt: skip


@cache
def _files() -> dict[str, tuple[bytes, str, str]]:
    """Name → bytes, type and digest of each file: nobody climbs out of the folder."""
    found = {}
    for path in (*_STATIC.iterdir(), STYLE):
        body = path.read_bytes()
        found[path.name] = body, _TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:12]
    return found


def static_url(name: str) -> str:
    """Where a file of `static/` is; another one when its bytes are others."""
    return f"/static/{name}?{_files()[name][2]}"


@page(r"/static/(?P<name>[\w.-]+)")
def static(asked: Asked) -> Page | Response:
    """A file of `static/`."""
    if asked.vars["name"] not in _files():
        return nothing(asked)
    body, kind, _ = _files()[asked.vars["name"]]
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(body, headers=headers, content_type=kind)


@page(r"/language/(?P<code>kk|ru|en)")
def choose_language(asked: Asked) -> Response:
    """Keep the language that a reader has chosen, and go back."""
    back = asked.arg("back", "/")
    if not back.startswith("/") or back.startswith("//") or "\\" in back or not back.isprintable():
        back = "/"
    response = Response.redirect(quote(back, safe="/?&=%+:;,@~!$'()*-._"), status=303)
    response.set_cookie("language", asked.vars["code"], max_age=31_536_000)
    return response
