"""The example newspaper on loopback: links, validators, redirects, what it remembers."""

import http.client
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote, unquote, urljoin

import pytest
from click.testing import CliRunner
from lxml import html

from newsbot.demo import server
from newsbot.demo.articles import load_articles
from newsbot.demo.render import render_site
from newsbot.demo.server import ExampleNewspaper


@pytest.fixture(scope="module")
def paper() -> Iterator[ExampleNewspaper]:
    with ExampleNewspaper() as paper:
        yield paper


class Client:
    """One kept-alive connection."""

    def __init__(self, paper: ExampleNewspaper) -> None:
        self.connection = http.client.HTTPConnection(paper.origin.removeprefix("http://"))

    def __call__(
        self, path: str, method: str = "GET", **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, headers=named)
        response = self.connection.getresponse()
        return response.status, response.headers, response.read()


@pytest.fixture
def get(paper: ExampleNewspaper) -> Iterator[Client]:
    client = Client(paper)
    yield client
    client.connection.close()


def test_all_links_resolve(paper: ExampleNewspaper, get: Client) -> None:
    seen, queue = {"/"}, ["/"]
    while queue:
        path = queue.pop()
        status, headers, body = get(path)
        if status == 301:
            links = [headers["Location"]]
        else:
            assert status == 200, path
            if not headers["Content-Type"].startswith("text/html"):
                continue
            page = html.document_fromstring(body.decode())
            links = page.xpath("//@href | //@src | //form/@action")
        for found in links:
            url = urljoin(paper.origin + path, found).partition("#")[0]
            local = url.removeprefix(paper.origin)
            if local != url and local not in seen:
                seen.add(local)
                queue.append(local)
    assert {article.path for article in paper.articles} < seen
    assert "/archives/1802/" in seen
    # Everything is reachable by links but what only machines read.
    hidden = {"/robots.txt", "/sitemap.xml", "/sitemap-classic.xml", "/sitemap-modern.xml.gz"}
    assert set(paper.pages) - seen == hidden | {"/404.html"}


def test_conditional_requests(get: Client) -> None:
    status, headers, body = get("/feed/")
    etag, modified = headers["ETag"], headers["Last-Modified"]
    assert (status, len(body) > 1000) == (200, True)
    for condition in (
        {"If_None_Match": etag},
        {"If_None_Match": f'"old", W/{etag}'},
        {"If_None_Match": "*"},
        {"If_Modified_Since": modified},
        {"If_Modified_Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
        {"If_None_Match": etag, "If_Modified_Since": "Sun, 01 Jan 2012 00:00:00 GMT"},
    ):
        status, headers, body = get("/feed/", **condition)
        assert (status, body, headers["ETag"]) == (304, b"", etag), condition
    for condition in (
        {"If_None_Match": '"old"'},
        {"If_None_Match": '"old"', "If_Modified_Since": modified},
        {"If_Modified_Since": "Sun, 01 Jan 2012 00:00:00 GMT"},
        {"If_Modified_Since": "кеше".encode().decode("latin-1")},
    ):
        assert get("/feed/", **condition)[0] == 200, condition


def test_redirect_and_not_found(paper: ExampleNewspaper, get: Client) -> None:
    article = next(a for a in paper.articles if a.id == 1802)
    status, headers, _ = get("/archives/1802/")
    assert (status, headers["Location"]) == (301, paper.origin + article.path)
    assert get("/no/such/page", If_None_Match="*")[0] == 404
    assert get("/page/99/")[0] == 404


def test_any_spelling_of_a_cyrillic_path(paper: ExampleNewspaper, get: Client) -> None:
    path = next(a.path for a in paper.articles if a.id == 2202)
    lower = quote(unquote(path)).replace("%D", "%d")
    assert lower != path
    assert get(path)[2] == get(lower)[2] == get(path + "?utm_source=rss")[2]
    raw = unquote(path).encode().decode("latin-1")
    assert server._find(paper.pages, raw) is paper.pages[path]


def test_head_has_no_body(get: Client) -> None:
    status, headers, body = get("/about/", "HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) == len(get("/about/")[2])


def test_requests_are_remembered_and_the_paper_can_change() -> None:
    first, *others = load_articles()
    with ExampleNewspaper(articles=[first, *others]) as paper:
        get = Client(paper)
        before = get(first.path)[1]["ETag"]
        edited = replace(first, title="Жаңа тақырып")
        paper.pages = render_site(paper.origin, [edited, *others])
        status, _, body = get(first.path, If_None_Match=before)
        assert status == 200
        assert "Жаңа тақырып" in body.decode()
        assert paper.requests == [("GET", first.path), ("GET", first.path)]
    with pytest.raises(OSError):
        Client(paper)("/")


def test_a_taken_port_is_an_error(paper: ExampleNewspaper) -> None:
    port = int(paper.origin.rpartition(":")[2])
    with pytest.raises(OSError), ExampleNewspaper(port):
        pass


def test_command_serves_until_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "_wait", interrupt)
    result = CliRunner().invoke(server.main, ["--port", "0"])
    assert result.exit_code == 0
    assert result.output.startswith("http://127.0.0.1:")
