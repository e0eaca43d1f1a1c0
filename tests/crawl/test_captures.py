"""What a crawl keeps of its exchanges: related to each other, and nothing twice."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from archive.captures import IDENTICAL, NOT_MODIFIED, read_records, read_stored
from tests.crawl.state import read
from tests.crawl.wire import Route, counted, http, outcomes, page, prepare, scrapy, wire

PAGE = page()
REVISIT = ("-s", 'NEWSBOT_OPTIONS={"revisit": true}')


def test_redirects_revisits_and_what_is_asked_for(tmp_path: Path) -> None:
    changing = [
        http(PAGE, 'ETag: "1"'),
        http(b"", 'ETag: "1"', status="304 Not Modified"),
    ]
    routes: dict[str, Route] = {
        "/old": http(b"", "Location: /new", status="301 Moved Permanently"),
        "/new": counted(lambda number: changing[min(number, 2) - 1]),
        "/same": http(page("Ауылға таза су келді")),
        "/edited": counted(lambda number: http(page(f"{number}-рет өзгерген жаңалық"))),
    }
    with wire(routes) as server:
        command = prepare(server.origin, tmp_path, ["/old", "/same", "/edited"])
        scrapy(command)
        assert set(outcomes(tmp_path).values()) == {("new", "")}
        scrapy(command, *REVISIT)
        heads = server.heads
    # Plain pages are what the archive packs best; sources are not kept.
    for head in heads:
        asked = head.split(b" ")[1].decode()
        is_page = asked in routes
        assert (b"\r\nAccept-Encoding: identity\r\n" in head) is is_page, asked
        assert (b"gzip" in head) is not is_page
    data = tmp_path / "data"
    rows = read(
        data,
        "SELECT c.id, c.url, c.status, o.url, o.status FROM captures c "
        "LEFT JOIN captures o ON o.id = c.refers_to ORDER BY c.id",
    )
    found = {
        (urlsplit(url).path, status, before and urlsplit(before).path, before_status)
        for _, url, status, before, before_status in rows
    }
    assert found == {
        ("/old", 301, None, None),
        ("/new", 200, None, None),
        ("/new", 304, "/new", 200),
        ("/same", 200, None, None),
        ("/same", 200, "/same", 200),
        ("/edited", 200, None, None),
    }
    assert len(rows) == 8, "the redirect and the edit are whole each time"
    (path,) = (data / "warc" / "x").glob("*.warc.*")
    records = [record for record in read_records(path) if record.type != "warcinfo"]
    assert [record.error for record in records if record.error] == []
    by_id = {record.record_id: record for record in records}
    for record in records:
        first = by_id.get(record.headers.get("WARC-Concurrent-To", ""))
        is_page_behind_redirect = urlsplit(record.url or "").path == "/new"
        assert (first is not None) is is_page_behind_redirect
        if first:
            assert first.url == f"{server.origin}/old"
    profiles = {urlsplit(r.url or "").path: r.headers.get("WARC-Profile") for r in records}
    assert profiles == {"/old": None, "/new": NOT_MODIFIED, "/same": IDENTICAL, "/edited": None}
    with closing(sqlite3.connect(data / "news.db")) as connection:
        for capture, url, status, _, _ in rows:
            exchange = read_stored(connection, data, capture)
            assert (exchange.url, exchange.status) == (url, status)
            assert (b"<h1>" in exchange.body) is (status != 301)


def test_a_304_that_nobody_asked_for_is_no_capture(tmp_path: Path) -> None:
    with wire({"/a": http(b"", status="304 Not Modified")}) as server:
        scrapy(prepare(server.origin, tmp_path, ["/a"]))
    assert outcomes(tmp_path)["/a"][0] == "failed"
    assert read(tmp_path / "data", "SELECT count(*) FROM captures") == [(0,)]
