"""One exchange: a redirect, a forwarding page, an article, or nothing of these."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.profiles import Site
from newsbot.replay.readers import Readers
from newsbot.replay.reading import Page, Reading, is_costly, read
from tests.replay.files import page as article

URL = "https://gazet.example/a/b"
SITE = Site(id="gazet", name="Газет", url="https://gazet.example/")


def page(body: bytes = b"", status: int = 200, **fields: Any) -> Page:
    known: dict[str, Any] = {"content_type": "text/html", **fields}
    return Page(URL, status, body, datetime(2024, 3, 1, tzinfo=UTC), **known)


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
    reading = read(page(status=301, location=location), SITE)
    assert reading == Reading(leads_to=target)
    assert not is_costly(page(b"moved", status=301, location=location))


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
    reading = read(page(head.encode()), SITE)
    assert (reading.leads_to, reading.is_forward) == (target, target is not None)
    hidden = f"<html><noscript>{head}</noscript>".encode()
    assert read(page(hidden), SITE).leads_to is None


def test_articles_and_what_is_none() -> None:
    reading = read(page(gzip.compress(article("Бақ")), encodings=("gzip",)), SITE)
    assert reading.article is not None
    assert (reading.article.title, reading.article.is_article) == ("Бақ", True)
    assert read(page(article("Бақ"), status=404), SITE).article is None
    assert read(page(b"%PDF-1.4"), SITE) == Reading()
    assert read(page(b"{}", content_type="application/json"), SITE) == Reading()
    damaged = read(page(gzip.compress(article("Бақ"))[:50], encodings=("gzip",)), SITE)
    assert damaged.error is not None
    assert damaged.error.startswith("Undecodable: ")


@given(st.binary(max_size=300), st.integers(100, 599), st.text(max_size=50), st.text(max_size=20))
def test_nothing_raises(body: bytes, status: int, location: str, coding: str) -> None:
    read(page(body, status, location=location, encodings=(coding,)), SITE)
    read(page(b"<meta http-equiv=refresh content='0;url=" + body, status), SITE)


@pytest.mark.parametrize("jobs", [0, 1])
def test_readers_answer_in_order_and_outlive_their_processes(jobs: int) -> None:
    readers = Readers(jobs)
    pages = [(page(article(f"Бақ {n}")), SITE) for n in range(5)]

    def titles() -> list[str | None]:
        answers = [readers.read(pages[:2]), readers.read(pages[2:])]
        articles = [r.article for answer in answers for r in answer.result()]
        return [found.title if found else None for found in articles]

    try:
        assert titles() == [f"Бақ {n}" for n in range(5)]
        if readers._pool:
            for process in list((readers._pool._processes or {}).values()):
                process.kill()
                process.join()
        assert titles() == [f"Бақ {n}" for n in range(5)]
    finally:
        readers.close()
