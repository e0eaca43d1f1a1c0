"""One exchange: a redirect, a forwarding page, an article, or nothing of these."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.captures import Exchange
from newsbot.pool import open_pool
from newsbot.profiles import Site
from newsbot.visit.reading import Reading, is_costly, read, reading_of
from tests.replay.files import page as article

URL = "https://gazet.example/a/b"
SITE = Site(id="gazet", name="Газет", url="https://gazet.example/")


def exchange(
    body: bytes = b"",
    status: int = 200,
    *,
    content_type: str | None = "text/html",
    location: str | None = None,
    encoding: str | None = None,
) -> Exchange:
    named = {"Content-Type": content_type, "location": location, "content-encoding": encoding}
    headers = [(name, value) for name, value in named.items() if value is not None]
    return Exchange(URL, "2024-03-01T00:00:00Z", status, headers, body)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/c?x=1", "https://gazet.example/c?x=1"),
        ("c", "https://gazet.example/a/c"),
        ("//www.gazet.example/c", "https://www.gazet.example/c"),
        ("http://gazet.example/жаңа", "http://gazet.example/%D0%B6%D0%B0%D2%A3%D0%B0"),
        ("/\xe6\xe0", "https://gazet.example/%E6%E0"),  # windows-1251 as it came
        ("http://[", "http://["),
    ],
)
def test_redirects(location: str, target: str) -> None:
    assert read(exchange(status=301, location=location), SITE) == Reading(leads_to=target)
    assert not is_costly(exchange(b"moved", status=301, location=location))


@pytest.mark.parametrize(
    ("content", "target"),
    [
        ("0; url=/c", "https://gazet.example/c"),
        ("4;URL='http://www.gazet.example/'", "http://www.gazet.example/"),
        ("30; url=/c", None),
        ("0; url=/a/b", None),
        ("0; url=mailto:x@y", None),
        ("0; url=http://[", None),
        ("nonsense", None),
    ],
)
def test_forwarding_pages(content: str, target: str | None) -> None:
    head = f'<html><head><meta http-equiv="refresh" content="{content}"></head>'
    reading = read(exchange(head.encode()), SITE)
    assert (reading.leads_to, reading.is_forward) == (target, target is not None)
    hidden = f"<html><noscript>{head}</noscript>".encode()
    assert read(exchange(hidden), SITE).leads_to is None


def test_articles_and_what_is_none() -> None:
    reading = read(exchange(gzip.compress(article("Бақ")), encoding="gzip"), SITE)
    assert reading.article is not None
    assert (reading.article.title, reading.article.is_article) == ("Бақ", True)
    assert read(exchange(article("Бақ"), status=404), SITE) == Reading()
    assert read(exchange(b"%PDF-1.4"), SITE) == Reading()
    assert read(exchange(b"{}", content_type="application/json"), SITE) == Reading()
    damaged = read(exchange(gzip.compress(article("Бақ"))[:50], encoding="gzip"), SITE)
    assert damaged.error is not None
    assert damaged.error.startswith("Undecodable: ")


@given(st.binary(max_size=300), st.integers(100, 599), st.text(max_size=50), st.text(max_size=20))
def test_nothing_raises(body: bytes, status: int, location: str, coding: str) -> None:
    read(exchange(body, status, location=location, encoding=coding), SITE)
    read(exchange(b"<meta http-equiv=refresh content='0;url=" + body, status), SITE)


@pytest.mark.parametrize("jobs", [0, 1])
def test_a_pool_reads_alike(jobs: int) -> None:
    pages = [exchange(article(f"Бақ {n}")) for n in range(5)]
    with open_pool(jobs) as pool:
        readings = [reading_of(pool.submit(read, one, SITE)) for one in pages]
        broken = reading_of(pool.submit(read, None, SITE))  # type: ignore[arg-type]
    assert [r.article and r.article.title for r in readings] == [f"Бақ {n}" for n in range(5)]
    assert broken.error
    assert broken.error.startswith("AttributeError: ")
