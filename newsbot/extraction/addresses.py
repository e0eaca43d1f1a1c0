"""addresses: what an address says by itself: an article's, a list's, a page of a list, another page's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, unquote, urlsplit

from newsbot import vocabulary


@lru_cache(maxsize=65536)
def _matches(kind: str, word: str) -> bool:
    return bool(vocabulary.pattern("addresses", kind).fullmatch(word))


def is_part(kind: str, word: str) -> bool:
    """Whether a segment or a query key is one of a kind, which is a key of addresses.toml."""
    return len(word) <= 100 and _matches(kind, word)


# --- of what kind it is --------------------------------------------------------------------------

_PAGE_EXTENSION = re.compile(r"\.(?:s?html?|php|aspx?|jsp)$")
_FILE = re.compile(r"\.(?!s?html?$|php\d?$|aspx?$|jsp$|kz$)[a-z][a-z0-9]{1,4}$")
_DATED = re.compile(r"/(?:19|20)\d\d[/-]?[01]?\d(?:[/-]?[0-3]?\d)?/.*[^\d/]")
_NUMBER = re.compile(r"(?<!\d)(?!(?:19|20)\d\d(?!\d))\d{3,}")
_LONG_WORDS, _LONG_SLUG = 3, 20
NO_CONTENT = ("never", "search", "login")
"""Roles of addresses at which a newspaper shows nothing of its own."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What an address says by itself. A `score` above 0 speaks for an article, below 0 against."""

    score: int
    proof: bool
    """It has the number or the date that articles have."""
    role: str = ""
    """What it is instead of an article: never, search, login, static, minor, taxonomy, list,
    edition, filter."""


@lru_cache(maxsize=8192)
def shape(url: str) -> Shape:
    """Judge an address by its form."""
    parts = urlsplit(url)
    segments = [s for s in unquote(parts.path).lower().split("/") if s and s != "index.php"]
    pairs = [(k.lower(), v) for k, v in pairs_of(parts.query)]
    last = _PAGE_EXTENSION.sub("", segments[-1]) if segments else ""
    proof = (
        any(is_part("id_keys", key) and value.isdecimal() for key, value in pairs)
        or any(_NUMBER.search(segment) for segment in segments[-2:])
        or bool(_DATED.search("/" + "/".join(segments)))
    )
    score = 2 * proof
    words = [word for word in re.split(r"[-_+\s.,«»]+", last) if word]
    if len(words) >= _LONG_WORDS or len(last) >= _LONG_SLUG:
        score += 2
    elif last.isdecimal() and len(segments) > 1 and not proof:
        score += 1
    elif len(words) == 1 and len(segments) == 1 and not proof:
        score -= 1
    score += bool(segments and segments[-1] != last)
    role = _role(segments, last, pairs, proof=proof)
    return Shape(score - 3 * bool(role), proof, role)


def pairs_of(query: str) -> list[tuple[str, str]]:
    """Keys and values of a query; bytes that are no UTF-8 are replaced."""
    return parse_qsl(query, keep_blank_values=True, errors="replace")


def _role(segments: list[str], last: str, pairs: list[tuple[str, str]], *, proof: bool) -> str:
    keys = [key for key, _ in pairs]
    ends = (segments[0], segments[-1], last) if segments else ()
    front = [segment for segment in segments[:-1] if not is_part("editions", segment)]
    views = [value for key, value in pairs if is_part("view_keys", key)]
    tests = (
        *(
            (kind, any(is_part(kind, word) for word in ends))
            for kind in ("search", "login", "never")
        ),
        ("never", bool(segments) and bool(_FILE.search(segments[-1]))),
        ("never", any(is_part("again_keys", key) for key in keys)),
        ("minor", any(is_part("minor", segment) for segment in segments)),
        ("taxonomy", any(is_part("taxonomy", segment) for segment in segments)),
        ("taxonomy", any(is_part("list_views", value) for value in views)),
        *((kind, any(is_part(kind, v) for v in views)) for kind in ("search", "login")),
        ("static", any(is_part(kind, v) for kind in ("static", "never") for v in views)),
        ("edition", bool(segments) and all(is_part("editions", s) for s in segments)),
        ("taxonomy", not proof and any(is_part("section_keys", key) for key in keys)),
        ("filter", not proof and any(is_part("list_keys", key) for key in keys)),
        ("static", not proof and is_part("static", last)),
        ("list", not proof and all(is_part("lists", s) for s in [*front, last])),
    )
    return next((role for role, holds in tests if holds), "")


# --- where in a list it stands -------------------------------------------------------------------

PATH_PAGE = re.compile(
    rf"^(?P<list>.*?)/{vocabulary.either('addresses', 'page_segments')}[/_-]?(?P<number>\d{{1,6}})(?:\.\w{{2,5}})?/?$",
    re.IGNORECASE,
)
_PATH_DATE = re.compile(
    r"^(?P<list>.*?)/(?P<date>(?:19|20|21)\d\d[/-][01]?\d(?:[/-][0-3]?\d)?)(?:\.html?)?/?$"
)
_PATH_NUMBER = re.compile(r"^(?P<list>.*?)/(?P<number>\d{1,4})/?$")
# Static engines: `/index3.html`, `/index-3.html` go on from a folder, `/category/qogam3.html` from a file.
_PATH_INDEX = re.compile(r"^(?P<list>.*?)/index[-_]?(?P<number>\d{1,3})\.html?$")
_PATH_FILE = re.compile(r"^(?P<list>.*/[^/]*?[^/\d_-])[-_]?(?P<number>\d{1,3})(?P<end>\.html?)$")
_QUERY_DATE = re.compile(r"(?:19|20|21)\d\d[-./]?[01]\d(?:[-./]?[0-3]\d)?")
_BARE_PAGE = re.compile(r"page(\d{1,5})", re.IGNORECASE)
_INDEX = re.compile(r"/index\.(?:php|html?)$")


@dataclass(frozen=True, slots=True)
class Position:
    """Which list an address is a page of, and where in it."""

    list: str
    """Host and path of the list."""
    rest: frozenset[tuple[str, str]]
    """What else the query says."""
    kind: str = ""
    """page, offset, month, day; empty for a list's own address."""
    number: int = 0
    """Grows with age: a page, a count of articles, a negative date."""
    weak: bool = False
    """May be a page, or the number of an article."""
    key: str = ""
    """Query key of the number; empty where it stands in the path."""

    @property
    def is_archive(self) -> bool:
        """Whether the pages of the list are days or months."""
        return self.kind in ("month", "day")


@lru_cache(maxsize=8192)
def position(url: str) -> Position:
    """Read an address as a page of a list."""
    parts = urlsplit(url)
    pairs = [pair for pair in pairs_of(parts.query) if not is_part("size_keys", pair[0])]

    def at(path: str, kind: str, number: int, *, weak: bool = False, key: str = "") -> Position:
        name = parts.netloc.removeprefix("www.") + _INDEX.sub("", path.rstrip("/"))
        rest = frozenset(pair for pair in pairs if not key or pair[0] != key)
        return Position(name, rest, kind, number, weak, key)

    if match := PATH_PAGE.match(parts.path) or _PATH_INDEX.match(parts.path):
        return at(match["list"], "page", int(match["number"]))
    for key, value in pairs:
        if (bare := _BARE_PAGE.fullmatch(key)) and not value:
            return at(parts.path, "page", int(bare[1]), key=key)
        for kind, names in (("page", "page_keys"), ("offset", "offset_keys")):
            if is_count(value) and is_part(names, key):
                return at(parts.path, kind, int(value), key=key)
    for key, value in pairs:
        if is_part("date_keys", key) and _QUERY_DATE.fullmatch(value):
            return at(parts.path, *_date(value), key=key)
        if is_count(value) and is_part("weak_page_keys", key):
            return at(parts.path, "page", int(value), weak=True, key=key)
    if match := _PATH_DATE.match(parts.path):
        return at(match["list"], *_date(match["date"]))
    if match := _PATH_NUMBER.match(parts.path):
        return at(match["list"], "page", int(match["number"]), weak=True)
    if match := _PATH_FILE.match(parts.path):
        return at(match["list"] + match["end"], "page", int(match["number"]), weak=True)
    return at(parts.path, "", 0)


def leads_on(url: str, first: str) -> int:
    """Which page of what begins at `first` an address is; 0 for none of its pages."""
    there, parts = position(url), urlsplit(first)
    name = parts.netloc.removeprefix("www.") + _INDEX.sub("", parts.path.rstrip("/"))
    is_same = (there.list, there.rest) == (name, frozenset(pairs_of(parts.query)))
    return there.number if is_same and there.kind == "page" else 0


def numeral(text: str) -> int | None:
    """The number in «2» or «Page 2»."""
    numbers = re.findall(r"[0-9]{1,6}", text)
    return int(numbers[0]) if len(numbers) == 1 and len(text) <= 12 else None


def is_count(value: str) -> bool:
    """Whether a value is the number of a page, of an article or of articles."""
    return value.isascii() and value.isdecimal() and len(value) <= 7


def _date(printed: str) -> tuple[str, int]:
    if printed.isdecimal():
        printed = f"{printed[:4]}-{printed[4:6]}-{printed[6:]}"
    numbers = [int(number) for number in re.findall(r"\d+", printed)]
    year, month, day = [*numbers, 0][:3]
    return "day" if len(numbers) > 2 else "month", -(year * 10_000 + month * 100 + day)
