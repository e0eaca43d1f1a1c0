"""newsbot.discovery.jsonfeed: JSON Feed 1 and 1.1, also where it is served as something else."""

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.discovery import Entry, Feed
from newsbot.discovery.feeds import parse_feed
from newsbot.discovery.jsonfeed import load, parse_json_feed, text_of

FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Ақ жол",
    "items": [
        {"id": "7", "url": "https://a.kz/өңір/", "date_published": "2026-11-22T08:00:00+05:00"},
        {"id": "https://a.kz/?p=2", "date_modified": "2026-11-23"},
        {"id": 3, "external_url": "https://b.kz/3"},
        {"id": "атаусыз"},
        "басқа",
        {"id": True, "url": "  "},
    ],
}
ENTRIES = [
    Entry("https://a.kz/өңір/", "2026-11-22T08:00:00+05:00"),
    Entry("https://a.kz/?p=2", None, "2026-11-23"),
    Entry("https://b.kz/3"),
]
BODY = json.dumps(FEED, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "body",
    [
        BODY,
        b"\xef\xbb\xbf\r\n " + BODY,
        gzip.compress(BODY, mtime=0),
        json.dumps(FEED).encode("utf-16"),
        BODY.replace(b"/1.1", b"/1"),
    ],
    ids=["plain", "byte order mark", "gzip", "utf-16", "version 1"],
)
def test_entries(body: bytes) -> None:
    assert parse_json_feed(body) == Feed(ENTRIES)


def test_the_next_page() -> None:
    paged = {**FEED, "next_url": "/feed.json?page=2"}
    feed = parse_feed(json.dumps(paged).encode())
    assert feed == Feed(ENTRIES, "/feed.json?page=2")
    for nothing in (None, "", ["/2"]):
        feed = parse_json_feed(json.dumps({**FEED, "next_url": nothing}).encode())
        assert feed is not None
        assert feed.next is None


def test_a_feed_reader_recognises_it() -> None:
    assert (
        parse_feed(BODY)
        == parse_feed(b"\xef\xbb\xbf\n" + BODY)
        == parse_feed(gzip.compress(BODY, mtime=0))
        == Feed(ENTRIES)
    )
    assert parse_feed(b'{"error": "not found"}') is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"version": "2.0", "items": [{"url": "https://a.kz/1"}]}',
        b'{"version": 1, "items": []}',
        b'<rss version="2.0"/>',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\x1f\x8b broken",
        b"1" * 10_000,
    ],
)
def test_what_is_no_json_feed(body: bytes) -> None:
    assert parse_json_feed(body) is None


@pytest.mark.parametrize("items", ['{"a": 1}', "[]", "null", '"/1"', "7", "[[{}]]"])
def test_no_items(items: str) -> None:
    body = f'{{"version": "https://jsonfeed.org/version/1", "items": {items}}}'
    assert parse_json_feed(body.encode()) == Feed()


@pytest.mark.parametrize(
    "odd",
    [
        '{"url": 7}', '{"url": 7.5, "id": 7}', '{"url": {"href": "/8"}}', '{"url": ["/8"], "id": "8"}',
        '{"url": true}', '{"url": null, "id": null}', "[]", "null", "7", f'{{"url": "{"/x" * 2000}"}}',
        '{"url": "", "external_url": {}}', '{"id": "tag:a.kz,2026:9"}',
    ],
)  # fmt: skip
def test_one_bad_item_spoils_nothing(odd: str) -> None:
    good = '{"url": "/1", "date_published": "2026-11-22"}'
    body = f'{{"version": "https://jsonfeed.org/version/1.1", "items": [{odd}, {good}]}}'
    assert parse_json_feed(body.encode()) == Feed([Entry("/1", "2026-11-22")])


@pytest.mark.parametrize(
    "value",
    ["1" * 9000, '"' + "a\nb" + '"', "NaN", '{"0": {"1": []}}', '"\\ud800"', "-0", "1e999", "[" * 50 + "]" * 50],
    ids=range(8),
)  # fmt: skip
def test_no_value_spoils_an_item(value: str) -> None:
    """A number without end, a line break within a string, and other things that no JSON has."""
    for key in ("content_html", "date_published", "authors", "tags", "title", "_own"):
        item = f'{{"url": "/1", "{key}": {value}}}'
        body = f'{{"version": "https://jsonfeed.org/version/1.1", "items": [{item}]}}'
        feed = parse_json_feed(body.encode())
        assert feed is not None
        assert [entry.url for entry in feed.entries] == ["/1"]


def test_an_address_may_stand_as_identity_or_in_a_numbered_object() -> None:
    items = {"0": {"url": "/1"}, "7": {"id": "https://a.kz/2"}, "8": 5}
    feed = parse_json_feed(json.dumps({**FEED, "items": items}).encode())
    assert feed == Feed([Entry("/1"), Entry("https://a.kz/2")])


def test_old_code_pages() -> None:
    assert load('{"a": "Қазақстан өңірлерінің жаңалықтары"}'.encode("kz1048")) == {
        "a": "Қазақстан өңірлерінің жаңалықтары"
    }


def test_text_can_always_be_stored() -> None:
    assert text_of("\ud800қар\u0000 ") == "?қар\x00"
    assert text_of(17) == "17"
    nothing: tuple[object, ...] = (None, True, "", "  ", [], {})
    assert [text_of(value) for value in nothing] == [None] * 6
    assert len(text_of("x" * 10_000) or "") == 2_000


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60) | st.binary(max_size=30).map(lambda tail: BODY[:-40] + tail))
def test_never_raises(body: bytes) -> None:
    parse_json_feed(body)
    parse_feed(body)
