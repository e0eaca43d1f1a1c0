"""What sources say of articles, in a real crawl: it fills what pages lack, and survives every copy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from archive.captures import read_records
from tests.conftest import Run
from tests.crawl.state import read, state, write
from tests.crawl.test_discovery import ARTICLES, links, profile
from tests.crawl.wire import Route, counted, http, page, wire

MOMENT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
XML = "Content-Type: application/rss+xml"


def item(number: int, author: str = "Айгүл Серікқызы") -> str:
    return (
        f"<item><title>Хабар {ARTICLES[number]}</title><link>{ARTICLES[number]}</link>"
        f"<dc:creator>{author}</dc:creator><category>Қоғам</category>"
        f"<pubDate>{format_datetime(MOMENT + timedelta(days=number))}</pubDate></item>"
    )


def feed(*items: str) -> bytes:
    head = '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
    return http(f"{head}{''.join(items)}</channel></rss>".encode(), XML)


def routes(*items: str, more: str = "") -> dict[str, Route]:
    """A newspaper whose pages say neither when nor by whom."""
    pages: dict[str, Route] = {path: http(page(f"Хабар {path}")) for path in ARTICLES}
    return pages | {"/feed": feed(*items), "/": links(*ARTICLES)}


def later(folder: Path, hours: float) -> None:
    """Let an archive have been made so many hours earlier."""
    for table, columns in (("sources", "polled_at due"), ("frontier", "visited_at due")):
        for name in columns.split():
            moved = f"strftime('%Y-%m-%dT%H:%M:%SZ', {name}, '-{hours} hours')"
            write(folder / "data", f"UPDATE {table} SET {name} = {moved}")


def test_a_feed_tells_what_pages_do_not_print(newsbot: Run, tmp_path: Path) -> None:
    items = [item(number) for number in range(4)]
    with wire(routes(*items)) as server:
        command = profile(tmp_path, server.origin, "feed /feed")
        assert newsbot(*command).returncode == 0
        assert newsbot(*command).returncode == 0
    told = read(
        tmp_path / "data",
        "SELECT published, authors, section, json_extract(sources, '$.published'), "
        "json_extract(sources, '$.title'), revision FROM articles ORDER BY url",
    )
    assert told == [
        (f"2026-03-0{day}T14:30:00+05:00", '["Айгүл Серікқызы"]', "Қоғам", "feed", "layout", 1)
        for day in (2, 3, 4, 5)
    ]
    rows = "SELECT url, address, status, result, reason, article FROM captures WHERE part = 'said'"
    assert sorted(read(tmp_path / "data", rows)) == [
        (server.origin + path, f"{server.origin}/feed", 0, None, None, None)
        for path in ARTICLES[:4]
    ], "once, though asked twice"
    (warc,) = (tmp_path / "data/warc").glob("*/*.warc.*z*")
    entries = [r for r in read_records(warc) if r.type == "metadata"]
    assert [r.url for r in entries] == [server.origin + path for path in ARTICLES[:4]]
    assert entries[0].exchange is not None
    assert entries[0].exchange.body.startswith(f"via: {server.origin}/feed\r\nkind: feed".encode())


def test_copies_know_what_was_said(newsbot: Run, tmp_path: Path) -> None:
    """Also of pages that were read before anybody had said anything of them."""

    @counted
    def growing(number: int) -> bytes:
        return feed(*(item(n) for n in range(2 if number == 1 else 6)))

    with wire(routes() | {"/feed": growing}) as server:
        command = profile(tmp_path, server.origin, "feed /feed", "listing /")
        assert newsbot(*command).returncode == 0
        assert newsbot(*command).returncode == 0
    whole = state(tmp_path / "data")
    dates = "SELECT count(published), sum(revision), count(*) FROM articles"
    assert read(tmp_path / "data", dates) == [(6, 8, 8)], "which came later than the page"
    where = command[2:]
    assert newsbot("verify", *where).returncode == 0
    (tmp_path / "data/news.db").unlink()
    assert newsbot("verify", "--repair", *where).returncode == 0
    again = state(tmp_path / "data")
    for table in ("articles", "revisions", "aliases", "tags", "captures"):
        assert again[table] == whole[table], table
    other = tmp_path / "other"
    assert newsbot("merge", tmp_path / "data", "--data", other, *where[2:]).returncode == 0
    for table in ("articles", "revisions", "aliases", "tags"):
        assert state(other)[table] == whole[table], table


@pytest.mark.parametrize("hours", [1, 7, 24])
def test_an_idle_site_costs_three_requests(newsbot: Run, tmp_path: Path, hours: int) -> None:
    children = "".join(f"<sitemap><loc>/sitemap-{n}.xml</loc></sitemap>" for n in range(5))
    entries = "".join(f"<url><loc>{path}</loc></url>" for path in ARTICLES)
    known: dict[str, Route] = {
        f"/sitemap-{n}.xml": http(f"<urlset>{entries}</urlset>".encode()) for n in range(5)
    }
    index = http(f"<sitemapindex>{children}</sitemapindex>".encode())
    feeds = {f"/feed-{n}": feed(*map(item, range(8))) for n in range(4)}
    with wire(routes() | known | feeds | {"/sitemap.xml": index}) as server:
        command = profile(
            tmp_path, server.origin,
            "sitemap /sitemap.xml", "listing /", *(f"feed {path}" for path in feeds),
        )  # fmt: skip
        assert newsbot(*command).returncode == 0
        later(tmp_path, hours)
        before = len(server.paths)
        assert newsbot(*command).returncode == 0
        assert len(server.paths) - before <= 3, server.paths[before:]
