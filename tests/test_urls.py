"""One spelling for each address, whatever was printed; and never an exception."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsbot.urls import MAX_LENGTH, canonical, netloc, path_and_query

KAZAKH = st.text("абвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюяәӘҒҚҢӨҰҮҺІЙ-", min_size=1, max_size=20)


def same(*addresses: str) -> str:
    """The spelling that all of them share."""
    spellings = {canonical(address) for address in addresses}
    assert len(spellings) == 1, spellings
    (spelling,) = spellings
    assert spelling is not None
    return spelling


# -- what is one address ------------------------------------------------------------------------


def test_letters_raw_or_encoded() -> None:
    expected = "https://a.kz/%D0%B1%D2%AF%D0%BB%D0%B4%D1%96%D1%80/"
    assert expected == same(
        "https://a.kz/бүлдір/",
        "https://a.kz/%D0%B1%D2%AF%D0%BB%D0%B4%D1%96%D1%80/",
        "https://a.kz/%d0%b1%d2%af%d0%bb%d0%b4%d1%96%d1%80/",
        "https://a.kz/б%d2%AFлдір/",
        "  https://a.kz/бүлдір/\n",
    )


def test_guillemets_and_spaces() -> None:
    same("https://a.kz/«су» жол", "https://a.kz/%C2%ABсу%C2%BB%20жол", "https://a.kz/«су»%20жол")


def test_nfc() -> None:
    composed, decomposed = "й", "и\u0306"
    same(
        *(
            f"https://a.kz/{form(letter)}/?q={form(letter)}"
            for letter in (composed, decomposed)
            for form in (str, quote, lambda text: quote(text).lower())
        )
    )


def test_tracking_parameters_go() -> None:
    assert (
        same(
            "https://a.kz/?p=7",
            "https://a.kz/?utm_source=telegram&p=7&utm_medium=social&fbclid=x&yclid=1&gclid=2",
            "https://a.kz/?p=7&UTM_Campaign=a&_openstat=b&ysclid=c#comments",
            "https://a.kz/?PHPSESSID=abc&p=7&replytocom=12",
        )
        == "https://a.kz/?p=7"
    )
    assert canonical("https://a.kz/1?fbclid=x") == "https://a.kz/1"


def test_parameters_in_any_order_but_all_of_them() -> None:
    same("https://a.kz/?b=2&a=1&b=1", "https://a.kz/?a=1&b=1&b=2")
    assert canonical("https://a.kz/?page=") == "https://a.kz/?page="
    assert canonical("https://a.kz/?utm=1&side=2") == "https://a.kz/?side=2&utm=1"


def test_hosts() -> None:
    assert (
        same(
            "https://атырау.қаз/1",
            "HTTPS://АТЫРАУ.ҚАЗ:443/1",
            "https://xn--80aa1chh9b.xn--80ao21a/1",
            "https://XN--80AA1CHH9B.xn--80ao21a./1",
        )
        == "https://xn--80aa1chh9b.xn--80ao21a/1"
    )
    assert (
        same("http://A.KZ/1", "http://a.kz:80/1", "http://a.kz./1", "http://u:p@a.kz/1")
        == "http://a.kz/1"
    )
    # A look-alike is another host, and shows as one.
    assert canonical("https://atyrаutv.kz/1") == "https://xn--atyrutv-5fg.kz/1"


def test_ports_that_are_not_the_usual_ones_stay() -> None:
    assert canonical("http://a.kz:443/1") == "http://a.kz:443/1"
    assert canonical("https://a.kz:80/1") == "https://a.kz:80/1"
    assert canonical("http://[::1]:8080/1") == "http://[::1]:8080/1"
    assert canonical("http://[::1]:80/1") == "http://[::1]/1"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", "/"),
        ("/", "/"),
        ("/a/./b", "/a/b"),
        ("/a/../b", "/b"),
        ("/../../b", "/b"),
        ("/a/b/..", "/a/"),
        ("/a/b/.", "/a/b/"),
        ("/a/%2e%2E/b", "/b"),
        ("/a//b", "/a//b"),
        ("/a.b/..c", "/a.b/..c"),
        ("/%7Ea", "/~a"),
        ("/a%2Fb", "/a%2Fb"),
        ("/a%2fb", "/a%2Fb"),
        ("/a%3Fb", "/a%3Fb"),
        ("/a%25D2", "/a%25D2"),
        ("/a;b=1", "/a;b=1"),
        ("/a+b", "/a+b"),
    ],
)
def test_paths(path: str, expected: str) -> None:
    assert canonical(f"https://a.kz{path}") == f"https://a.kz{expected}"


def test_different_articles_stay_different() -> None:
    addresses = [
        "https://a.kz/1", "https://a.kz/1/", "http://a.kz/1", "https://www.a.kz/1", "https://a.kz/A",
        "https://a.kz/a", "https://a.kz/?p=1", "https://a.kz/?p=2", "https://a.kz/?p=1&page=2",
        "https://a.kz/1/amp", "https://a.kz/%D2%9B", "https://a.kz/%E9", "https://a.kz/%EA",
        "https://a.kz/?q=%E9", "https://a.kz/?q=%EA", "https://a.kz/?q=%EF%BF%BD",
        "https://a.kz/a%2Fb", "https://a.kz/a/b", "https://a.kz/?a=1%262", "https://a.kz/?a=1&2",
    ]  # fmt: skip
    assert len({canonical(address) for address in addresses} - {None}) == len(addresses)


@pytest.mark.parametrize(
    "address",
    [
        "", " ", "a.kz/1", "/1", "//a.kz/1", "?p=1", "#", "http://", "http:///1", "http://./", "http:1",
        "ftp://a.kz/1", "mailto:a@a.kz", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd",
        "http://[/", "http://[::1", "http://a.kz:99999/", "http://a.kz:x/", "http://a kz/",
        "http://a.kz\\@evil.example/", "http://a..kz/", "http://" + "қ" * 70 + ".kz/", "http://%61.kz/",
        "http://a.kz/" + "a" * MAX_LENGTH, "http://a.kz/" + "қ" * 400,
    ],
)  # fmt: skip
def test_what_is_no_web_address(address: str) -> None:
    assert canonical(address) is None


# -- properties ---------------------------------------------------------------------------------

HOSTS = st.sampled_from(
    "a.kz www.A.kz атырау.қаз xn--80ao21a [::1] [::1%25eth0] 1.2.3.4 a.kz:80 a.kz:443 a.kz: u:p@a.kz "
    "a.kz. a..kz ⓐ.kz a%41.kz [ a.kz:x ß.kz . a_b.kz -a.kz localhost:8080".split()
)
PIECES = st.one_of(
    st.text(max_size=6),
    KAZAKH,
    KAZAKH.map(quote),
    st.sampled_from(
        "/ // . .. %2e %2E%2e %2F ? # & = ; : @ [ ] \\ %D2%9B %d2%9b %E9 й и\u0306 %D0%B8%CC%86 "
        "utm_source=x p=7 \u00ad \u200b % %% %25 %3F %23 + \t \n \0 a <b> ' \"".split(" ")
    ),
)
ADDRESSES = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(), max_size=40).map(lambda text: f"http://a.kz/{text}"),
    st.builds(
        lambda scheme, host, rest: scheme + host + "".join(rest),
        st.sampled_from(["http://", "https://", "HTTP://", "//", "ftp://", "http:", "http:///"]),
        HOSTS,
        st.lists(PIECES, max_size=10),
    ),
)


@settings(max_examples=300, deadline=None)
@example("HTTP://0/ ;")
@given(ADDRESSES)
@example("http://a.kz/?q=\ud800")
@example("HTTP://\\")
@example("http://a.kz/a/%2e%2e/b")
def test_canonical_is_idempotent_and_never_raises(address: str) -> None:
    spelling = canonical(address)
    netloc(address)
    if spelling is None:
        return
    assert canonical(spelling) == spelling
    assert spelling.isascii()
    assert len(spelling) <= MAX_LENGTH
    parts = urlsplit(spelling)
    assert parts.scheme in ("http", "https")
    assert parts.fragment == ""
    assert parts.path.startswith("/")
    assert "@" not in parts.netloc
    assert netloc(spelling) == parts.netloc == parts.netloc.lower() != ""
    assert spelling.endswith(path_and_query(spelling))


@settings(max_examples=200, deadline=None)
@given(st.lists(KAZAKH, min_size=1, max_size=3), KAZAKH)
def test_every_spelling_of_an_address_is_one(segments: list[str], value: str) -> None:
    path = "/".join(segments)
    forms: list[Callable[[str], str]] = [
        lambda text: text,
        lambda text: unicodedata.normalize("NFD", text),
        quote,
        lambda text: quote(text).lower(),
        lambda text: quote(unicodedata.normalize("NFD", text)),
    ]
    same(*(f"https://a.kz/{form(path)}?q={form(value)}" for form in forms))


# -- parts --------------------------------------------------------------------------------------


def test_path_and_query() -> None:
    assert path_and_query("https://a.kz") == "/"
    assert path_and_query("https://a.kz/?p=7") == "/?p=7"
    assert path_and_query("https://a.kz/a/b?c=d&e=f") == "/a/b?c=d&e=f"


def test_netloc() -> None:
    assert netloc("HTTP://A.kz:8080/x") == "a.kz:8080"
    assert netloc("/x") == ""
    assert netloc("http://[") == ""
