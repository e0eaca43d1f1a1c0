"""newsbot.discovery.wordpress: addresses and answers of the WordPress REST API."""

import json
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.discovery import Entry
from newsbot.discovery.wordpress import endpoint, parse_posts

ITEM = {
    "id": 71,
    "date_gmt": "2022-12-24T12:40:00",
    "modified_gmt": "2022-12-25T01:00:00",
    "status": "publish",
    "link": "https://gazet.kz/?p=71",
}
POST = Entry("https://gazet.kz/?p=71", "2022-12-24T12:40:00+00:00", "2022-12-25T01:00:00+00:00")


def answer(*items: object) -> bytes:
    return json.dumps(items).encode()


def posts(body: bytes) -> list[Entry] | None:
    found = parse_posts(body)
    return found and found.entries


def test_posts() -> None:
    assert posts(answer(ITEM)) == [POST]
    assert posts(b"[]") == posts(b"{}") == []


@pytest.mark.parametrize("status", ["draft", "private", "pending", "future", "trash", None])
def test_only_published_posts(status: str | None) -> None:
    assert posts(answer({**ITEM, "status": status}, ITEM)) == [POST]
    assert posts(answer({**ITEM, "status": status})) == []


def test_fields_may_be_missing_or_senseless() -> None:
    bare = {"link": "https://gazet.kz/?p=1"}
    assert posts(answer(bare)) == [Entry("https://gazet.kz/?p=1")]
    odd = {**bare, "id": "71", "date_gmt": "0000-00-00T00:00:00", "modified_gmt": False}
    assert posts(answer(odd)) == [Entry("https://gazet.kz/?p=1")]
    # Without its zone the local `date` says nothing.
    assert posts(answer({**bare, "date": "2022-12-24T18:40:00"})) == posts(answer(bare))
    assert posts(answer({**bare, "date_gmt": "2022-12-24T18:40:00+06:00"})) == [
        Entry("https://gazet.kz/?p=1", "2022-12-24T12:40:00+00:00")
    ]


@pytest.mark.parametrize(
    "odd",
    [
        {"link": 7},
        {"link": {"rendered": "/1"}},
        {"link": None},
        {"link": ["/1"]},
        "x",
        None,
        [],
        {},
    ],
)
def test_one_bad_post_spoils_nothing(odd: object) -> None:
    found = parse_posts(answer(odd, ITEM))
    assert found is not None
    assert (found.entries, found.objects) == ([POST], 2), "of a full page one more is asked for"


def test_what_php_has_made_an_object_of_is_a_list() -> None:
    """As of a list from which a plugin has taken something out."""
    assert posts(json.dumps({"0": ITEM, "2": ITEM}).encode()) == [POST, POST]


@pytest.mark.parametrize("key", ["title", "_embedded", "id", "date_gmt", "modified_gmt", "_links"])
def test_fields_of_wrong_types(key: str) -> None:
    for value in (7, True, None, "x", ["x"], {"x": [{}]}, 10**30, -1.5):
        assert [entry.url for entry in posts(answer({**ITEM, key: value})) or []] == [POST.url]


def test_php_warnings_before_the_list() -> None:
    noise = (
        b"<br />\n<b>Warning</b>: Undefined array key [0] in <b>/x.php</b> on line <b>3</b><br />\n"
    )
    assert posts(noise + answer(ITEM)) == [POST]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>404</html>",
        b'{"code":"rest_post_invalid_page_number","message":"...","data":{"status":400}}',
        b'{"code":"rest_no_route","message":"No route","data":{"status":404}}',
        b'["a", "b"]',
        b'[{"name": "posts"}]',
        b"[" * 100_000,
    ],
)
def test_what_is_no_list_of_posts(body: bytes) -> None:
    assert parse_posts(body) is None


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ("https://gazet.kz", "https://gazet.kz/wp-json/wp/v2/posts"),
        ("https://gazet.kz/", "https://gazet.kz/wp-json/wp/v2/posts"),
        ("https://gazet.kz/kk/", "https://gazet.kz/kk/wp-json/wp/v2/posts"),
        ("https://gazet.kz/wp-json/", "https://gazet.kz/wp-json/wp/v2/posts"),
        ("https://gazet.kz/wp-json/wp/v2/posts", "https://gazet.kz/wp-json/wp/v2/posts"),
        (
            "https://gazet.kz/index.php?rest_route=%2F&lang=kk",
            "https://gazet.kz/index.php?rest_route=/wp/v2/posts&lang=kk",
        ),
    ],
)
def test_endpoint(root: str, expected: str) -> None:
    assert endpoint(root) == expected


def query(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(sorted(ITEM)), inner),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
def test_never_raises(body: bytes) -> None:
    for post in posts(body) or []:
        assert post.url
        assert post.date is None or datetime.fromisoformat(post.date).tzinfo


def test_a_post_nested_beyond_measure_breaks_nothing() -> None:
    for depth in (100, 480, 900, 985, 100_000):
        deep = b'{"a":' * depth + b"1" + b"}" * depth
        body = b'[{"link": "https://a.kz/1", "x": ' + deep + b"}]"
        found = posts(body)
        assert found is None or [post.url for post in found] == ["https://a.kz/1"]
