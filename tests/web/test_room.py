"""The room as a whole: who is let in, what is refused, and with which headers."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from datasette.utils.asgi import Request

from newsbot.web import room as web
from newsbot.web.app import _is_own_name
from newsbot.web.room import Asked, Room
from tests.archive.building import HOME, article, open_paper
from tests.web.conftest import Page, axe
from tests.web.rooms import serving


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("room") / "data"
    paper = open_paper(folder)
    paper.visit(
        f"{HOME}1",
        article(f"{HOME}1", title="Су тасқыны", text="Су тасқынынан көпір шайылып кетті."),
    )
    paper.store.close()
    return folder


@pytest.fixture(scope="module")
def room(folder: Path) -> Iterator[str]:
    with serving(folder) as url:
        yield url


def test_a_word_leads_to_its_article_and_json_says_the_same(room: str) -> None:
    page = httpx.get(f"{room}/search?q=тасқынға").text
    assert "<mark>" in page and 'href="/article/1"' in page
    found = httpx.get(f"{room}/search.json?q=тасқынға").json()
    assert [row["id"] for row in found["results"]] == [1]
    assert "көпір шайылып кетті." in httpx.get(f"{room}/article/1").text


def test_search_leads_to_an_article_set_in_the_shipped_font(page: Page, room: str) -> None:
    page.goto(f"{room}/search?q=тасқынға")
    assert axe(page) == []
    page.click("main a[href='/article/1']")
    page.evaluate("document.fonts.ready.then(() => true)")
    used = page.evaluate("[...document.fonts].filter(f => f.status == 'loaded').map(f => f.family)")
    assert used and {family.strip('"') for family in used} == {"Noto Serif"}, (
        "Arabic is not asked for"
    )
    assert axe(page) == [] == page.seen.errors == page.seen.violations
    assert all(request.startswith(room) for request in page.seen.requests)


def test_a_host_that_is_not_its_own_is_refused(room: str) -> None:
    assert httpx.get(room, headers={"host": "evil.example"}).status_code == 421


def test_sql_leads_to_nothing_behind_the_views(room: str) -> None:
    def asked(sql: str) -> int:
        return httpx.get(f"{room}/news.json", params={"sql": sql}).status_code

    assert asked("select count(*) from articles") == 200
    for sql in (
        "select * from main.articles",
        'select * from "MAIN" . articles',
        "with readable_articles as (select * from main.articles) select * from readable_articles",
        "select * from withheld",
        "select * from vocabulary",
        "select block from articles_fts_data",
    ):
        assert asked(sql) == 403
    assert httpx.get(f"{room}/-/databases.json").status_code == 404


def test_what_is_not_there_is_said_at_once_and_logs_are_a_line(
    room: str, capfd: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    for path in ("/nope", "/-/versions", "/%6Eews", "/news.db", "/news/nope", "/-/logout", "/static/..%2Fapp.py", "/_memory",
                 "/static/%2e%2e/room.py", "/article/1%0Aevil", "/article/" + "9" * 18):  # fmt: skip
        answer = httpx.get(f"{room}{path}")
        assert answer.status_code in (403, 404), path
        assert "default-src 'none'" in answer.headers["content-security-policy"], path
    assert time.monotonic() - began < 5
    assert not capfd.readouterr().err


def test_other_methods_and_large_forms_are_refused(room: str) -> None:
    assert httpx.post(f"{room}/article/1").status_code == 405
    assert httpx.request("DELETE", f"{room}/article/1").status_code == 405
    assert httpx.post(f"{room}/nope", data={"x": "y"}).status_code in (404, 405)
    head = httpx.head(f"{room}/article/1")
    assert head.status_code == 200 and not head.content


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1", 200), ("localhost:99", 200), ("[::1]:8001", 200), ('[::1%"><b>]', 421), ("archive.example.kz", 200), ("evil.example", 421),
     ("archive.example.kz.evil.example", 421), ("localhost.evil.example", 421)],
)  # fmt: skip
def test_hosts(tmp_path: Path, host: str, status: int) -> None:
    request = Request.fake("/", url_vars={})
    request.scope["headers"] = [(b"host", host.encode())]
    room = Room(tmp_path, url="https://archive.example.kz")
    assert _is_own_name(room, request.host) == (status == 200)


def test_a_page_that_fails_says_so(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    def fails(asked: Asked) -> web.Page:
        return web.Page("none.html", {"x": 1})

    views = {"GET": fails}
    request = Request.fake("/x?" + "y" * 9000, url_vars={})
    request.scope["headers"] = [(b"accept-language", b"ru")]
    answer = asyncio.run(web.answer(views, Room(folder), request))
    assert answer.status == 500 and "вине newsbot" in answer.body
    (record,) = caplog.records
    assert len(record.getMessage()) < 600


@pytest.mark.parametrize(
    "path",
    ["/news.csv", "/news/articles.blob", "/news/articles?_through=x", "/news/articles?_sort=x", "/news/articles.json?_timelimit=x", "/news.atom",
     "/-/static/" + "a" * 999, "/search?q=су+-tag:x", "/search?-site=aqbulaq", "/search?note=x", "/search?-gone=yes"],
)  # fmt: skip
def test_no_address_is_a_fault(room: str, path: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert httpx.get(f"{room}{path}").status_code < 500
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("method", ["POST", "PUT", "TRACE", "OPTIONS", "DELETE"])
@pytest.mark.parametrize("path", ["/news", "/news/articles", "/-/static/app.css", "/nope"])
def test_what_is_datasettes_is_only_read(room: str, path: str, method: str) -> None:
    assert httpx.request(method, f"{room}{path}").status_code == 405


def test_forms_that_are_broken_off_or_no_text_are_no_fault(
    room: str, capfd: pytest.CaptureFixture[str]
) -> None:
    form = {
        "content": b"note=\xff",
        "headers": {"content-type": "application/x-www-form-urlencoded"},
    }
    assert httpx.post(f"{room}/article/1/notes", **form).status_code == 400
    host = room.removeprefix("http://")
    with socket.create_connection(host.split(":")) as broken:
        broken.sendall(
            f"POST /article/1/notes HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99\r\n\r\nnote".encode()
        )
    assert httpx.get(f"{room}/about").status_code == 200
    assert not capfd.readouterr().err


def test_sql_makes_no_value_that_fills_the_memory(room: str) -> None:
    for sql in ("select hex(zeroblob(400000000))", "select randomblob(900000000)"):
        assert httpx.get(f"{room}/news.json", params={"sql": sql}).status_code == 400


def test_a_database_that_gets_damaged_is_said_in_a_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "data"
    open_paper(folder).store.close()

    def fails(asked: Asked) -> web.Page:
        raise sqlite3.DatabaseError("database disk image is malformed")

    answer = asyncio.run(web.answer({"GET": fails}, Room(folder), Request.fake("/x", url_vars={})))
    (record,) = caplog.records
    assert answer.status == 503 and not record.exc_info


def test_who_reads_is_told_in_utf_8(folder: Path) -> None:
    sent = "Ә. Серік".encode().decode("latin-1")
    asked = Asked(
        Room(folder, user_header="X-User"), None, None, "/", {}, None, {"x-user": sent}, {}, ""
    )  # type: ignore[arg-type]
    assert asked.user == "Ә. Серік"


def test_sql_that_takes_too_long_is_given_up(room: str) -> None:
    sql = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n"
    began = time.monotonic()
    assert httpx.get(f"{room}/news.json", params={"sql": sql}, timeout=60).status_code == 400
    assert time.monotonic() - began < 10


def test_an_archive_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    open_paper(folder).store.close()
    with serving(folder) as url:
        assert httpx.get(f"{url}/newspapers").status_code == 200
        (folder / "news.db").rename(folder / "away")
        gone = httpx.get(f"{url}/health")
        assert gone.status_code == 503 and str(tmp_path) not in gone.text
        (folder / "away").rename(folder / "news.db")
        assert httpx.get(f"{url}/health").status_code == 200
