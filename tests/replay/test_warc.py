"""What becomes of the records of a WARC file: articles, aliases, revisions, dates, counts."""

from __future__ import annotations

import base64
import gzip
import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from archive.captures import NOT_MODIFIED, Record, payload_digest, read_capture, read_records
from archive.captures.reading import Raw, raw_records
from archive.captures.streams import Stream
from archive.errors import ArchiveUsageError
from archive.times import now
from newsbot.profiles import load_site
from tests.replay.files import (
    HOME,
    HTML,
    LISTING,
    START,
    Archive,
    Warc,
    articles,
    lines,
    many,
    page,
    paragraphs,
)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "data")


def test_a_page_becomes_an_article_of_its_time(archive: Archive) -> None:
    body = page("Бақ", views=17)
    warc = Warc().info().add("/news/1", body, headers=[HTML, ("ETag", '"a"')])
    assert archive.put(warc) == {"new": 1}
    assert articles(archive) == [(f"{HOME}/news/1", "Бақ")]
    ((text, first, last, views),) = archive.rows(
        "SELECT text, first_seen, last_seen, views FROM articles"
    )
    assert (text, first, last, views) == (
        lines(paragraphs("Бақ")), "2024-03-01T08:00:00Z", "2024-03-01T08:00:00Z", 17,
    )  # fmt: skip
    ((place, offset, fetched_at, record_id),) = archive.rows(
        "SELECT warc, warc_offset, fetched_at, record_id FROM captures"
    )
    assert (fetched_at, record_id) == (first, warc.ids[0])
    assert place == f"warc/gazet/gazet-{now():%Y-%m}.warc.gz"
    exchange = read_capture(archive.folder, place, offset)
    assert (exchange.body, exchange.header("ETag")) == (body, '"a"')
    ((url, due, etag, outcome),) = archive.rows("SELECT url, due, etag, outcome FROM frontier")
    # Six hours later, as a crawl would have come back.
    assert (url, due, etag, outcome) == (
        f"{HOME}/news/1", "2024-03-01T14:00:00Z", '"a"', "new",
    )  # fmt: skip
    assert archive.rows("SELECT count(*) FROM crawls") == [(0,)]
    archive.check()


@pytest.mark.parametrize("suffix", [".warc", ".warc.gz", ".warc.zst"])
@pytest.mark.parametrize("jobs", [0, 1])
def test_every_packing_gives_the_same(tmp_path: Path, suffix: str, jobs: int) -> None:
    warc = many(20)
    want, got = Archive(tmp_path / "want"), Archive(tmp_path / "got")
    want.load(warc.save(tmp_path / "w.warc.gz"))
    got.load(warc.save(tmp_path / f"g{suffix}"), jobs=jobs)
    expected, found = want.state(), got.state()
    del expected["imports"], found["imports"]
    assert found == expected
    assert len(articles(got)) == 26
    got.check()


def test_bodies_are_decoded_as_in_a_crawl(archive: Archive) -> None:
    body = page("Бақ")
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    cyrillic = body.decode().replace("utf-8", "windows-1251")
    for letter, other in {"і": "i", "ң": "н", "ғ": "г", "ұ": "у", "қ": "к", "ө": "о"}.items():
        cyrillic = cyrillic.replace(letter, other)
    warc = (
        Warc()
        .add("/news/gzip", gzip.compress(body), headers=[HTML, ("Content-Encoding", "gzip")])
        .add("/news/says-so", body, headers=[HTML, ("Content-Encoding", "gzip")])
        .add("/news/chunked", chunked, headers=[HTML, ("Transfer-Encoding", "chunked")])
        .add("/news/joined", body, headers=[HTML, ("Transfer-Encoding", "chunked")])
        .add(
            "/news/old",
            cyrillic.encode("cp1251", "replace"),
            headers=[("Content-Type", "text/html; charset=windows-1251")],
        )
        .add("/news/broken", gzip.compress(body)[:90], headers=[HTML, ("Content-Encoding", "gzip")])
    )
    assert archive.put(warc) == {"new": 5, "failed": 1}
    texts = dict(archive.rows("SELECT url, text FROM articles"))
    for name in ("gzip", "says-so", "chunked", "joined"):
        assert texts[f"{HOME}/news/{name}"] == lines(paragraphs("Бақ")), name
    assert "мектебi" in texts[f"{HOME}/news/old"]
    archive.check()


def test_redirects_become_aliases(archive: Archive) -> None:
    warc = (
        Warc()
        .redirect("/?p=1", "/news/one/")
        .add("/news/between", page("Арада"))
        .redirect("/news/one/", "http://www.gazet.example/news/one", 302)
        .add("http://www.gazet.example/news/one", page("Бір"))
        # Fetched long before, or again: the page itself is not there twice.
        .redirect("/news/first", "http://www.gazet.example/news/one")
    )
    assert archive.put(warc) == {"new": 2, "excluded": 1}
    assert archive.rows("SELECT url FROM aliases ORDER BY url") == [
        ("http://www.gazet.example/news/one",),
        (f"{HOME}/?p=1",),
        (f"{HOME}/news/between",),
        (f"{HOME}/news/first",),
        (f"{HOME}/news/one/",),
    ]
    archive.check()


def test_redirects_that_lead_nowhere(archive: Archive) -> None:
    warc = (
        Warc()
        .redirect("/news/off", "https://other.example/")
        .redirect("/news/loop", "/news/pool")
        .redirect("/news/pool", "/news/loop")
        .redirect("/news/lost", "/news/never")
        .redirect("/news/odd", "javascript:void(0)")
        .add("/news/forward", b'<meta http-equiv="refresh" content="0; url=/news/there">')
        .add("/news/there", page("Осында"))
    )
    assert archive.put(warc) == {"excluded": 2, "failed": 2, "new": 1}
    errors = dict(archive.rows("SELECT url, error FROM frontier WHERE error IS NOT NULL"))
    assert errors == {
        f"{HOME}/news/off": "leads to another site",
        f"{HOME}/news/odd": "leads to another site",
        f"{HOME}/news/loop": f"RedirectLoop: redirects lead back to {HOME}/news/loop",
        f"{HOME}/news/lost": "the page it leads to was not captured",
    }
    assert len(archive.rows("SELECT url FROM aliases")) == 2
    ((due,),) = archive.rows("SELECT due FROM frontier WHERE url = ?", f"{HOME}/news/lost")
    assert due == "2024-03-01T09:00:03Z"  # a later crawl tries


def test_divided_articles_are_joined(archive: Archive) -> None:
    warc = (
        Warc()
        .add("/news/1", page("Ұзақ", "бір", more=["/news/1/2", "/news/1/3"]))
        .add("/news/2", page("Басқа"))
        .add("/news/1/3", page("Ұзақ", "үш"))
        .redirect("/news/1/2", "/news/1/2/")
        .add("/news/1/2/", page("Ұзақ", "екі"))
        .add("/news/3", page("Жарты", more=["/news/3/2"]))
        .add("/news/4", page("Сынық", more=["/news/4/2"]))
        .add("/news/4/2", b"", status=500)
    )
    assert archive.put(warc) == {"new": 2, "failed": 2}
    texts = dict(archive.rows("SELECT url, text FROM articles"))
    whole = [*paragraphs("бір"), *paragraphs("екі"), *paragraphs("үш")]
    assert texts[f"{HOME}/news/1"] == lines(whole)
    errors = archive.rows("SELECT url, error FROM frontier WHERE outcome = 'failed' ORDER BY url")
    assert errors == [
        (f"{HOME}/news/3", "a further page of the article is missing: it was not captured"),
        (f"{HOME}/news/4", "a further page of the article is missing: HTTP 500"),
    ]
    archive.check()


def test_a_further_page_alone_does_not_replace_the_article(archive: Archive) -> None:
    more = ["/news/1/2", "/news/1/3"]
    warc = Warc().add("/news/1", page("Ұзақ", "бір", more=more))
    for n in (2, 3):
        warc.add(f"/news/1/{n}", page("Ұзақ", f"бет {n}"))
    archive.put(warc)
    before = archive.rows("SELECT text, revision, last_seen FROM articles")
    again = Warc(START + timedelta(days=9)).add("/news/1/2", page("Ұзақ", "өзге", more=["/news/1"]))
    assert archive.put(again) == {"excluded": 1}
    assert archive.rows("SELECT text, revision, last_seen FROM articles") == before


def test_layouts_are_those_of_the_date(archive: Archive) -> None:
    old = Warc(START.replace(year=2014)).add("/news/old", page("Ескі"))
    assert archive.put(old) == {"new": 1}
    assert archive.put(Warc().add("/news/new", page("Жаңа"))) == {"new": 1}
    titles = dict(archive.rows("SELECT title, layout FROM articles"))
    assert titles == {"Ескі": "gazet/once", "Жаңа": "gazet/today"}


def test_redirects_to_the_front_page_are_misses(archive: Archive) -> None:
    """As soft 404s are; and none of the front page's addresses becomes one of the article."""
    warc = Warc().add("/news/1", page("Бақ")).add("/news/2", page("Екі")).later(days=2)
    missed = warc.at
    warc.redirect("/news/1", "/").add("/news/2", b"<h1>404 Not Found</h1>")
    assert archive.put(warc) == {"new": 2, "deferred": 2}
    again = Warc(missed + timedelta(days=1, hours=1)).info("newsbot/1.0").redirect("/news/1", "/")
    again.add("/", LISTING, Concurrent_To=again.ids[0])
    again.redirect("/news/9", "https://www.gazet.example/index.php")
    assert archive.put(again) == {"gone": 1, "not_article": 1}
    gone = "SELECT url, gone_since FROM articles ORDER BY id"
    moment = missed.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert archive.rows(gone) == [(f"{HOME}/news/1", moment), (f"{HOME}/news/2", None)]
    assert archive.rows("SELECT count(*) FROM aliases") == [(2,)]
    assert archive.rows("SELECT part, result, reason FROM captures WHERE id > 4") == [
        ("redirect", None, None),
        ("page", "missing", "front_page"),
        ("page", "missing", "front_page"),
    ]


def test_a_304_proves_what_the_page_before_it_proved(archive: Archive) -> None:
    def unchanged(warc: Warc, url: str) -> Warc:
        return warc.add(url, status=304, kind="revisit", Profile=f"{_REVISIT}server-not-modified")

    warc = Warc().add("/news/1", page("Бақ")).add("/news/2", LISTING).later(days=1)
    unchanged(unchanged(unchanged(warc, "/news/1"), "/news/2"), "/news/3")
    assert archive.put(warc) == {"new": 1, "not_article": 2, "unchanged": 1, "failed": 1}
    assert archive.rows("SELECT result, reason, refers_to FROM captures WHERE status = 304") == [
        ("article", None, 1),
        ("refused", "listing", 2),
        ("failed", "HTTP 304, and the page that it refers to is not here", None),
    ]


_REVISIT = "http://netpreserve.org/warc/1.1/revisit/"


def test_what_is_excluded_leaves_the_article_due(archive: Archive) -> None:
    more = ["/news/1/2"]
    archive.put(
        Warc().add("/news/1", page("Ұзақ", "бір", more=more)).add(more[0], page("Ұзақ", "екі"))
    )
    due = "SELECT due FROM frontier WHERE url LIKE '%/news/1'"
    before = archive.rows(due)
    later = Warc(START + timedelta(days=9)).redirect("/short", "/news/1")
    later.add(more[0], page("Ұзақ", "өзге", more=["/news/1"]))
    assert archive.put(later) == {"excluded": 2}
    assert archive.rows(due) == before != [(None,)]
    assert archive.rows("SELECT due FROM frontier WHERE outcome = 'excluded'") == [(None,)] * 2


def test_missing_pages_are_gone_at_the_second_look(archive: Archive) -> None:
    warc = Warc().add("/news/1", page("Бақ")).later(days=2)
    missing = warc.at
    warc.add("/news/1", b"<h1>404</h1>", status=404).later(days=3)
    assert archive.put(warc) == {"new": 1, "deferred": 1}
    assert archive.rows("SELECT gone_since FROM articles") == [(None,)]
    again = Warc(warc.at).add("/news/1", b"<h1>404</h1>", status=410)
    assert archive.put(again) == {"gone": 1}
    assert archive.rows("SELECT gone_since FROM articles") == [
        (missing.strftime("%Y-%m-%dT%H:%M:%SZ"),)
    ]


def test_revisits_count_as_seen(archive: Archive) -> None:
    body = page("Бақ", views=3)
    first = Warc().info().add("/news/1", body)
    assert archive.put(first) == {"new": 1}
    warc = Warc(START + timedelta(days=1))
    warc.add(
        "/news/1",
        headers=[("ETag", '"b"')],
        status=304,
        kind="revisit",
        Profile="http://netpreserve.org/warc/1.1/revisit/server-not-modified",
    ).later(days=1)
    moment = warc.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    warc.add(
        "/news/1",
        kind="revisit",
        Profile="http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
        Refers_To=first.ids[0],
    )
    assert archive.put(warc) == {"unchanged": 2}
    ((last, revisions),) = archive.rows("SELECT last_seen, revision FROM articles")
    assert (last, revisions) == (moment, 1)
    assert archive.rows(
        "SELECT status, refers_to IS NULL, payload_length FROM captures ORDER BY id"
    ) == [(200, 1, len(body)), (304, 0, len(body)), (200, 0, len(body))]
    archive.check()


@pytest.mark.parametrize("spelt", [str, str.lower, lambda digest: _hex(digest)])
def test_a_revisit_that_names_address_and_digest(
    archive: Archive, spelt: Callable[[str], str]
) -> None:
    """As Heritrix does (WARC 1.1 §6.7.2): the page is a moment older, in the same file."""
    body = page("Бақ")
    warc = Warc().info().add("/news/1", body).add("/news/2", page("Екі"))
    warc.add(
        "/news/1",
        kind="revisit",
        Profile="http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
        Refers_To_Target_URI=f"<{HOME}/news/1>",
        Refers_To_Date="2024-03-01T08:00:00Z",
        Payload_Digest=spelt(payload_digest(body)),
    )
    assert archive.put(warc) == {"new": 2, "unchanged": 1}
    assert archive.rows("SELECT last_seen FROM articles ORDER BY id") == [
        ("2024-03-01T08:00:02Z",), ("2024-03-01T08:00:01Z",),
    ]  # fmt: skip
    assert archive.rows("SELECT refers_to FROM captures ORDER BY id") == [(None,), (None,), (1,)]
    archive.check()


def _hex(digest: str) -> str:
    return "sha1:" + base64.b32decode(digest.removeprefix("sha1:")).hex()


def test_a_revisit_of_what_is_not_here_waits_for_it(archive: Archive, tmp_path: Path) -> None:
    whole = Warc().add("/news/1", page("Бақ"))
    again = Warc(START + timedelta(days=1)).add(
        "/news/1",
        kind="revisit",
        Profile="http://netpreserve.org/warc/1.0/revisit/identical-payload-digest",
        Refers_To=whole.ids[0],
    )
    again.add("/news/2", page("Басқа"))
    path = again.save(tmp_path / "again.warc.gz")
    assert archive.load(path) == {"unresolved": 1, "new": 1}
    before = archive.dump()
    assert archive.load(path) == {"unresolved": 1, "known": 1}
    assert archive.dump() == before
    assert archive.put(whole) == {"new": 1}
    assert archive.load(path) == {"unchanged": 1, "known": 1}
    assert archive.rows("SELECT last_seen FROM articles ORDER BY id LIMIT 1") != []
    before = archive.dump()
    assert archive.load(path) == {"known": 2}
    assert archive.dump() == before


def test_older_captures_find_their_place(archive: Archive) -> None:
    for days, word in ((0, "екінші"), (-10, "бірінші"), (10, "үшінші")):
        archive.put(Warc(START + timedelta(days=days)).add("/news/1", page("Бақ", word)))
    assert archive.rows(
        "SELECT revision, changed, text LIKE '%үшінші%' FROM article_revisions ORDER BY 1"
    ) == [(1, "[]", 0), (2, '["text"]', 0), (3, '["text"]', 1)]
    assert archive.rows("SELECT first_seen, last_seen, text LIKE '%үшінші%' FROM articles") == [
        ("2024-02-20T08:00:00Z", "2024-03-11T08:00:00Z", 1)
    ]


def test_https_and_www_are_the_same_article(archive: Archive) -> None:
    archive.put(Warc().add("/news/1", page("Бақ")))
    old = Warc(START - timedelta(days=900)).add("http://www.gazet.example/news/1", page("Бақ"))
    assert archive.put(old) == {"unchanged": 1}
    assert archive.rows("SELECT url, first_seen FROM articles") == [
        (f"{HOME}/news/1", "2021-09-13T08:00:00Z")
    ]
    # What the crawl looks at next stays what it was.
    assert archive.rows("SELECT url, due FROM frontier WHERE due IS NOT NULL") == [
        (f"{HOME}/news/1", "2024-03-01T14:00:00Z")
    ]


def test_www_need_not_be_in_the_profile(tmp_path: Path) -> None:
    profile = 'name = "Газет"\nurl = "https://gazet.example/"\n'
    archive = Archive(tmp_path / "data", profile)
    warc = (
        Warc()
        .redirect("http://gazet.example/news/1", "http://www.gazet.example/news/1")
        .add("http://www.gazet.example/news/1", page("Бақ"))
        .add("http://m.gazet.example/news/1", page("Бақ"))
    )
    assert archive.put(warc) == {"new": 1, "unknown_host": 1}
    assert len(archive.rows("SELECT url FROM aliases")) == 2
    archive.check()


def test_a_host_that_a_profile_names_is_its_own(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "data", 'name = "Газет"\nurl = "https://gazet.example/"\n')
    other = tmp_path / "sites" / "other.toml"
    other.write_text('name = "Бөтен"\nurl = "https://www.gazet.example/"\n', "utf-8")
    archive.sites["other"] = load_site(other)
    warc = Warc().add("/news/1", page("Бақ")).add("https://www.gazet.example/n/2", page("Екі"))
    assert archive.put(warc) == {"new": 2}
    assert archive.rows("SELECT site FROM articles ORDER BY id") == [("gazet",), ("other",)]


def test_a_file_of_cc_news(archive: Archive, tmp_path: Path) -> None:
    """Bodies are unpacked there, and the headers that told how they came are set aside."""
    body = page("Бақ")
    headers = [
        HTML,
        ("X-Crawler-Content-Encoding", "gzip"),
        ("X-Crawler-Transfer-Encoding", "chunked"),
        ("X-Crawler-Content-Length", "900"),
        ("Content-Length", str(len(body))),
    ]
    about = {"IP_Address": "192.0.2.1", "Identified_Payload_Type": "text/html"}
    warc = (
        Warc()
        .info("Apache StormCrawler 2.9")
        .other("request", content="application/http; msgtype=request")
        .add("/news/1", body, headers=headers, **about)
        .other("metadata", content="application/warc-fields")
        .add("/news/2", page("Екі"), headers=[*headers[:3], ("Content-Encoding", "gzip")], **about)
        .add("https://other.example/", page("Бөтен"), headers=headers, **about)
        .add("/news/3", body[:500], headers=headers, Truncated="length", **about)
    )
    path = warc.save(tmp_path / "CC-NEWS-20240301080000-00001.warc.gz")
    assert archive.load(path) == {"new": 2, "failed": 1, "unknown_host": 1}
    assert dict(articles(archive)) == {f"{HOME}/news/1": "Бақ", f"{HOME}/news/2": "Екі"}
    assert dict(archive.rows("SELECT url, text FROM articles"))[f"{HOME}/news/1"] == lines(
        paragraphs("Бақ")
    )
    ((place, offset),) = archive.rows("SELECT warc, warc_offset FROM captures WHERE id = 1")
    exchange = read_capture(archive.folder, place, offset)
    assert (exchange.header("X-Crawler-Content-Encoding"), exchange.body) == ("gzip", body)
    archive.check()


def test_one_gzip_stream_for_all_records(archive: Archive, tmp_path: Path) -> None:
    """Not what WARC recommends, but `gzip crawl.warc` makes such files."""
    warc = many(20)
    path = tmp_path / "w.warc.gz"
    path.write_bytes(gzip.compress(gzip.decompress(warc.packed.getvalue())))
    assert archive.load(path)["new"] == 26
    archive.check()
    before = archive.dump()
    assert set(archive.load(warc.save(tmp_path / "again.warc.gz"))) == {"known", "skipped"}
    assert archive.rows("SELECT count(*) FROM articles") == [(26,)]
    assert set(archive.load(path)) == {"known"}
    assert archive.dump() == before


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/2 200\r\ncontent-type: text/html\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Type: text/html\n\n",
        b"HTTP/1.0 200 OK\r\nServer: x\r\n\r\n",
    ],
)
def test_heads_of_other_programs(archive: Archive, tmp_path: Path, head: bytes) -> None:
    block = head + page("Бақ")
    fields = (
        b"WARC/1.0\r\nwarc-type: response\r\nWARC-Date: 2024-03-01T08:00:00.25Z\r\n"
        b"WARC-Target-URI: <https://gazet.example/news/1>\r\nContent-Length: %d\r\n\r\n"
    )
    path = tmp_path / "w.warc"
    path.write_bytes(fields % len(block) + block)  # nor blank lines at the end
    assert archive.load(path) == {"new": 1}
    before = archive.dump()
    assert archive.load(path) == {"known": 1}
    assert archive.dump() == before
    archive.check()


def test_packed_files_of_ours(archive: Archive, tmp_path: Path) -> None:
    """With a dictionary, for another archive of ours; killed in between, it carries on."""
    archive.load(many(120).save(tmp_path / "w.warc.gz"))
    (packed,) = (archive.folder / "warc").glob("*/*.warc.zst")
    (tmp_path / "second").mkdir()
    second = Archive(tmp_path / "second" / "data")
    assert second.load(packed)["new"] == len(articles(archive))
    assert second.state()["articles"] == archive.state()["articles"]
    second.check()


def test_only_pages_of_known_sites_are_read(archive: Archive) -> None:
    warc = (
        Warc()
        .info()
        .other("metadata")
        .other("request", content="application/http; msgtype=request")
        .add("/robots.txt", b"User-agent: *", headers=[("Content-Type", "text/plain")])
        .add("/feed.php", b"<?xml version='1.0'?>\n<rss version='2.0'/>", headers=[HTML])
        .add("/feed/", b"x", headers=[("Content-Type", "application/rss+xml")])
        .add("/picture.jpg", b"\xff\xd8\xff", headers=[("Content-Type", "image/jpeg")])
        .add("/picture", b"\xff\xd8\xff", headers=[("Content-Type", "image/jpeg")])
        .add("/style.css", b"<h1>404</h1>", status=404)
        .add("/", LISTING)
        .add("/tag/x", LISTING)
        .add("https://other.example/news/1", page("Бөтен"))
        .add("https://other.example/news/2", page("Бөтен"))
        .add("https://gazet.example.evil/news/2", page("Бөтен"))
        .add("http://gazet.example:8080/news/port", page("Порт"))
        .add("/kazaxstan/2009.html", page("Бұрынғы адрес"))
        .add("/kk/list", LISTING)
    )
    got = archive.put(warc)
    assert got == {"new": 2, "not_article": 1, "unknown_host": 3, "skipped": 8}
    assert {url for url, _ in articles(archive)} == {
        "http://gazet.example:8080/news/port",
        f"{HOME}/kazaxstan/2009.html",
    }
    assert len(archive.rows("SELECT url FROM frontier")) == 3
    archive.check()


def test_one_site_alone(archive: Archive, tmp_path: Path) -> None:
    second = tmp_path / "sites" / "other.toml"
    second.write_text('name = "Бөтен"\nurl = "https://other.example/"\n', "utf-8")
    archive.sites["other"] = load_site(second)
    warc = (
        Warc()
        .add("/news/1", page("Бақ"))
        .add("https://other.example/news/1", page("Бөтен хабар"))
        .add("https://third.example/news/1", page("Үшінші"))
    )
    path = warc.save(tmp_path / "w.warc.gz")
    assert archive.load(path, site="other") == {"new": 1, "unknown_host": 2}
    assert archive.load(path) == {"new": 1, "known": 1, "unknown_host": 1}
    assert archive.rows("SELECT id FROM sites ORDER BY id") == [("gazet",), ("other",)]


def test_another_archive_of_ours(archive: Archive, tmp_path: Path) -> None:
    archive.load(many(20).save(tmp_path / "w.warc.gz"))
    other = Archive(tmp_path / "other")
    files = [archive.folder / name for name in archive.files()]
    assert other.load(*files)["new"] == 26
    assert other.rows(
        "SELECT url, title, text, first_seen, last_seen FROM articles"
    ) == archive.rows("SELECT url, title, text, first_seen, last_seen FROM articles")
    assert other.rows("SELECT * FROM aliases") == archive.rows("SELECT * FROM aliases")
    assert sorted(other.recorded()) == sorted(archive.recorded())
    other.check()


# -- again --------------------------------------------------------------------------------------


def test_the_same_records_change_nothing(archive: Archive, tmp_path: Path) -> None:
    warc = many(30)
    path = warc.save(tmp_path / "w.warc.gz")
    first = archive.load(path)
    dump, files = archive.dump(), archive.files()
    assert archive.load(path) == {"known": 46}
    assert archive.load(warc.save(tmp_path / "w.warc"))["known"] == 46
    others = [archive.folder / name for name in files]
    assert set(archive.load(*others)) == {"known"}
    assert archive.dump() == dump
    assert archive.files() == files
    assert sum(n for name, n in first.items() if name not in ("skipped", "known")) == 38
    archive.check()


def test_a_record_twice_in_a_file(archive: Archive, tmp_path: Path) -> None:
    path = many(8).save(tmp_path / "w.warc.gz")
    path.write_bytes(path.read_bytes() * 2)
    archive.load(path)
    once = Archive(tmp_path / "once")
    once.load(many(8).save(tmp_path / "o.warc.gz"))
    assert len(archive.recorded()) == len(set(archive.recorded())) == len(once.recorded())
    assert [url for url, _ in articles(archive)] == [url for url, _ in articles(once)]
    archive.check()


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("jobs", [0, 1])
def test_an_interrupted_import_carries_on(
    tmp_path: Path, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsbot.replay.warc._BATCH", 4)
    path = many(25).save(tmp_path / "w.warc.gz")
    whole = Archive(tmp_path / "whole")
    whole.load(path)
    size = path.stat().st_size
    for stop in range(size // 6, size * 2 // 3, size // 6):
        archive = Archive(tmp_path / f"stopped-{stop}")
        for again in (stop, stop + size // 8):
            read = 0

            def progress(step: int, at: int = again) -> None:
                nonlocal read
                read += step
                if at <= read < size:
                    raise Interrupted

            with pytest.raises(Interrupted):
                archive.load(path, jobs=jobs, progress=progress)
        archive.load(path, jobs=jobs)
        assert archive.state() == whole.state()
        assert archive.recorded() == whole.recorded()
        archive.check()


@pytest.mark.parametrize("is_killed", [False, True])
def test_the_end_is_that_of_a_crawl(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_killed: bool
) -> None:
    """Files are packed; a second import finds nothing to do."""
    path = many(120).save(tmp_path / "w.warc.gz")
    if is_killed:  # when everything was stored
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr("archive.store.Store.finish_captures", _killed)
            archive.load(path)
        assert {Path(name).suffix for name in archive.files()} == {".gz"}
        assert set(archive.load(path)) == {"known"}
    else:
        archive.load(path)
    files, dump = archive.files(), archive.dump()
    assert {Path(name).suffix for name in files} == {".zst"}
    archive.check()
    assert set(archive.load(path)) == {"known"}
    assert (archive.files(), archive.dump()) == (files, dump)


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_what_a_crash_left_without_rows_is_not_written_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = many(12).save(tmp_path / "w.warc.gz")
    whole, archive = Archive(tmp_path / "whole"), Archive(tmp_path / "data")
    whole.load(path)
    from archive.store import Store

    with monkeypatch.context() as patch:
        # The power goes after the bytes are on disk and before the commit.
        patch.setattr(Store, "sync_captures", lambda _: (_ for _ in ()).throw(Interrupted()))
        with pytest.raises(Interrupted):
            archive.load(path)
    (warc,) = (archive.folder / "warc").glob("*/*.warc.gz")
    assert len(archive.recorded()) > 12
    assert archive.rows("SELECT count(*) FROM captures") == [(0,)]
    with warc.open("ab") as file:
        file.write(warc.read_bytes()[:300])  # half a record
    archive.load(path)
    assert archive.state() == whole.state()
    assert archive.recorded() == whole.recorded()
    archive.check()


# -- damage -------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".warc", ".warc.gz", ".warc.zst"])
def test_a_damaged_record_is_named_and_the_rest_read(
    archive: Archive, tmp_path: Path, suffix: str
) -> None:
    warc = Warc().info()
    for n in range(9):
        warc.add(f"/news/{n}", page(f"Хабар {n}"))
    path = warc.save(tmp_path / f"w{suffix}")
    data = bytearray(path.read_bytes())
    fifth = list(read_records(path))[5]
    data[fifth.offset + fifth.length // 2] ^= 0x55
    path.write_bytes(data)
    counts = archive.load(path)
    assert counts["damaged"] == 1
    assert counts["new"] == 8
    ((offset, reason),) = archive.broken
    assert offset == fifth.offset
    # A zstd frame gives nothing away before its end.
    assert suffix == ".warc.zst" or "https://gazet.example/news/4" in reason
    archive.check()


def test_a_record_that_breaks_the_reader_costs_itself(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    from newsbot.replay import records

    def parse(raw: Raw) -> Record:
        if raw.fields["WARC-Target-URI"].endswith("/2"):
            raise RecursionError("too deep")
        return whole(raw)

    whole = records.parse
    monkeypatch.setattr(records, "parse", parse)
    warc = Warc()
    for n in range(5):
        warc.add(f"/news/{n}", page(f"Хабар {n}"))
    assert archive.put(warc) == {"new": 4, "damaged": 1}
    ((_, reason),) = archive.broken
    assert reason == f"RecursionError: too deep: {HOME}/news/2"
    archive.check()


def test_a_file_that_is_cut_off(archive: Archive, tmp_path: Path) -> None:
    path = many(6).save(tmp_path / "w.warc.gz")
    path.write_bytes(path.read_bytes()[:-40])
    assert archive.load(path)["damaged"] == 1
    assert len(articles(archive)) >= 6
    archive.check()


@pytest.mark.parametrize("content", [b"", b"<html>no</html>" * 100, b"WARC/1.0\r\n"])
def test_what_is_no_warc_is_refused(archive: Archive, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(content)
    with pytest.raises(ArchiveUsageError, match=r"page\.html: no WARC file"):
        archive.load(path)
    with pytest.raises(ArchiveUsageError, match="No such file"):
        archive.load(tmp_path / "nowhere.warc.gz")


def test_cut_captures_are_no_articles(archive: Archive) -> None:
    assert archive.put(Warc().add("/news/1", page("Бақ"), Truncated="length")) == {"failed": 1}
    assert archive.rows("SELECT error FROM frontier") == [("the capture is cut short (length)",)]


def test_revisits_of_a_record_without_an_id(archive: Archive, tmp_path: Path) -> None:
    """Its empty id is not that of what other records refer to without naming it."""
    warc = Warc().add("/news/5", page("Бес")).add("/news/0", page("Нөл"))
    warc.add(
        "/news/9",
        kind="revisit",
        Profile="http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
        Payload_Digest="sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    )
    warc.add("/news/5", status=304, kind="revisit", Profile=NOT_MODIFIED)
    five, nought, *others = [
        raw.data for raw in raw_records(Stream(io.BytesIO(warc.packed.getvalue())))
    ]
    nought = re.sub(rb"WARC-Record-ID: .*\r\n", b"", nought)
    path = tmp_path / "w.warc.gz"
    path.write_bytes(b"".join(map(gzip.compress, [five, nought, *others])))
    archive.load(path)
    assert articles(archive) == [(f"{HOME}/news/0", "Нөл"), (f"{HOME}/news/5", "Бес")]
