"""listing: front pages, sections, archives and fragments of them → articles, next pages, sections.

Recall comes first: a link that may be an article counts as one, because a page that is none costs
one request and an article that is missed is lost. What lists call things is in listing.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from statistics import median
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from lxml.etree import _Element as Element

from newsbot import urls
from newsbot.discovery import Entry, is_candidate
from newsbot.discovery.jsonfeed import load, text_of
from newsbot.discovery.traps import suspicious
from newsbot.extraction.dates import find_dates
from newsbot.extraction.page import Page
from newsbot.profiles import Site

MAX_LINKS = 10_000
"""Of one page that are looked at; no list has more, and traps do."""
MAX_ARTICLES = 2_000
MAX_NEXT = 10
MAX_SECTIONS = 200
MAX_NODES = 200_000
"""Values of one JSON document that are looked at."""
MAX_FRAGMENTS = 50
"""Pieces of HTML inside one JSON document that are parsed."""


@dataclass(slots=True)
class Listing:
    """What one page of a list shows; every address absolute and canonical."""

    articles: list[Entry] = field(default_factory=list)
    """Whatever may be an article, in page order; a date where one is printed beside the link."""
    next: list[str] = field(default_factory=list)
    """Further, older pages of the same list, the nearest first."""
    sections: list[str] = field(default_factory=list)
    """Other lists of the same site, those of the menu first."""


@cache
def _pattern(name: str) -> re.Pattern[str]:
    data = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return re.compile("|".join(f"(?:{word})" for word in data[name]), re.IGNORECASE)


def _is(name: str, word: str) -> bool:
    return bool(_pattern(name).fullmatch(word))


def parse_listing(page: Page, site: Site) -> Listing:
    """Articles, next pages and sections linked from a page that lists articles. Never raises."""

    def may_be_article(url: str) -> bool:
        return is_candidate(site, url)

    def may_be_section(url: str) -> bool:
        path = urls.path_and_query(url)
        return not any(re.search(pattern, path, re.IGNORECASE) for pattern in site.exclude)

    return _read(
        page,
        site.netlocs,
        may_be_article,
        may_be_section,
        trusted=bool(site.article),
        # Where `?p=` is an article's own address, it is never a page of a list.
        weak_keys=site.family != "wordpress",
    )


def sections(page: Page) -> list[str]:
    """Sections that a page links to on its own host, those of its menu first."""
    return _unbound(page).sections


def _unbound(page: Page) -> Listing:
    """A page read without a profile: its own host is the site."""
    netloc = urls.netloc(urls.canonical(page.url) or "")
    return _read(page, {netloc}, lambda _: True, lambda _: True)


# --- links ---------------------------------------------------------------------------------------

_MENU, _PAGER, _CARD, _INSIDE = 1, 2, 4, 8
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])|[\s_]+|--+")
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
_WHOLES = frozenset("article main section li td".split())
_MENU_TEXT = 25
"""Letters; a menu whose usual entry is longer is a list of articles that is called one."""


@dataclass(slots=True)
class _Link:
    """All links of a page to one address."""

    url: str
    text: str = ""
    """The longest one."""
    short: str = ""
    """The first short one: «2», «Келесі»."""
    element: Element | None = None
    """Where the longest text stands."""
    rel: set[str] = field(default_factory=set)
    menu: bool = True
    """Only in menus."""
    label: bool = True
    """Only as the label of something: a rubric, a tag, an author."""
    pager: bool = False
    heading: bool = False
    card: bool = False
    image: bool = False


@lru_cache(maxsize=16384)
def _named(css_class: str, css_id: str) -> int:
    """What the names of an element say that it is."""
    flags = 0
    for name in f"{css_class} {css_id}".split():
        words = _HUMPS.sub("-", name).split("-")
        menu, card = (any(_is(kind, word) for word in words) for kind in ("menu", "card"))
        if _is("pager", name) or any(_is("pager", word) for word in words):
            flags |= _PAGER
        # `entry-header` is no masthead, and `menu-item` no card.
        if menu and not card:
            flags |= _MENU
        elif card and not menu:
            flags |= _CARD
    return flags


@lru_cache(maxsize=4096)
def _labels(css_class: str) -> bool:
    """Whether a class is that of a label; WordPress' `category-sport` on a card is not."""
    for name in css_class.split():
        last = _HUMPS.sub("-", name).rpartition("-")[2]
        if _is("label", name) or _is("label", last):
            return True
    return False


def _own_flags(element: Element, inherited: int) -> int:
    css_class, css_id = element.get("class") or "", element.get("id") or ""
    flags = _named(css_class, css_id) if css_class or css_id else 0
    tag = element.tag
    if tag in ("html", "body"):
        return 0
    if tag in ("nav", "menu") or (tag in ("header", "footer") and not inherited & _INSIDE):
        flags |= _MENU
    elif tag == "article":
        flags |= _CARD
    return flags | (_INSIDE if tag in _WHOLES else 0)


def _links(page: Page, netlocs: Collection[str]) -> dict[str, _Link]:
    """Links within the site by canonical address, in page order."""
    flags: dict[Element, int] = {}
    menus: dict[Element, Element] = {}  # element → the outermost menu around it
    found: dict[str, _Link] = {}
    anchors: list[tuple[_Link, Element, str, int]] = []
    for element in page.root.iter():
        if not isinstance(element.tag, str):
            continue
        parent = element.getparent()
        inherited = flags.get(parent, 0) if parent is not None else 0
        own = flags[element] = inherited | _own_flags(element, inherited)
        if own & _MENU:
            outer = menus.get(parent) if parent is not None else None
            menus[element] = outer if outer is not None else element
        if element.tag not in ("a", "area") or len(anchors) >= MAX_LINKS:
            continue
        url = _within(page, element.get("href"), netlocs)
        if url:
            link = found.setdefault(url, _Link(url))
            anchors.append((link, element, _text(element), own))
    lengths: dict[Element, list[int]] = {}
    for _, element, text, _ in anchors:
        if text and element in menus:
            lengths.setdefault(menus[element], []).append(len(text))
    real = {menu for menu, sizes in lengths.items() if median(sizes) < _MENU_TEXT}
    for link, element, text, own in anchors:
        in_menu = element in menus and (menus[element] in real or not text)
        _add(link, element, text, own, in_menu=in_menu)
    return found


def _within(page: Page, href: str | None, netlocs: Collection[str]) -> str | None:
    absolute = page.absolute(href) if href and not href.startswith("#") else None
    url = urls.canonical(absolute) if absolute else None
    return url if url and urls.netloc(url) in netlocs else None


def _text(element: Element) -> str:
    text = " ".join("".join(element.itertext()).split())
    if not text:
        image = next((i.get("alt") for i in element.iter("img") if i.get("alt")), "")
        text = element.get("title") or element.get("aria-label") or image or ""
    return text[:300]


def _add(link: _Link, element: Element, text: str, own: int, *, in_menu: bool) -> None:
    above = list(element.iterancestors())[:3]
    link.menu &= in_menu
    link.label &= (
        any(_labels(e.get("class") or "") for e in (element, *above[:2])) and len(text) < 30
    )
    link.pager |= bool(own & _PAGER)
    link.card |= bool(own & _CARD)
    link.heading |= any(e.tag in _HEADINGS for e in (*above, *element.iter()))
    link.image |= next(element.iter("img"), None) is not None
    link.rel.update((element.get("rel") or "").lower().split())
    if link.element is None or len(text) > len(link.text):
        link.element, link.text = element, text
    if text and not link.short:
        link.short = text[:40]


# --- addresses -----------------------------------------------------------------------------------

_PAGE_EXTENSION = re.compile(r"\.(?:s?html?|php|aspx?|jsp)$", re.IGNORECASE)
_FILE = re.compile(r"\.(?!s?html?$|php\d?$|aspx?$|jsp$|kz$)[a-z][a-z0-9]{1,4}$", re.IGNORECASE)
_DATED = re.compile(r"/(?:19|20)\d\d[/-]?[01]?\d(?:[/-]?[0-3]?\d)?/.*[^\d/]")
_NUMBER = re.compile(r"(?<!\d)(?!(?:19|20)\d\d(?!\d))\d{3,}")
_LONG_WORDS, _LONG_SLUG = 3, 20


@dataclass(frozen=True, slots=True)
class _Shape:
    """What an address says by itself."""

    score: int
    proof: bool
    """It has the number or the date that articles have."""
    role: str = ""
    """What it is instead of an article: never, static, minor, taxonomy, list, edition, filter."""


def _shape(url: str) -> _Shape:
    parts = urlsplit(url)
    segments = [s for s in unquote(parts.path).lower().split("/") if s and s != "index.php"]
    pairs = [
        (k.lower(), v) for k, v in parse_qsl(parts.query, keep_blank_values=True, errors="replace")
    ]
    last = _PAGE_EXTENSION.sub("", segments[-1]) if segments else ""
    proof = (
        any(_is("id_keys", key) and value.isdecimal() for key, value in pairs)
        or any(_NUMBER.search(s) for s in segments[-2:])
        or bool(_DATED.search("/" + "/".join(segments)))
    )
    score = 2 * proof
    words = [word for word in re.split(r"[-_+\s.,«»]+", last) if word]
    if len(words) >= _LONG_WORDS or len(last) >= _LONG_SLUG:
        score += 2
    elif last.isdecimal() and len(segments) > 1 and not proof:
        score += 1
    elif len(words) == 1 and len(segments) <= 2 and not proof:
        score -= 1
    score += bool(segments and segments[-1] != last)
    role = _role(segments, last, pairs, proof=proof)
    return _Shape(score - 3 * bool(role), proof, role)


def _role(segments: list[str], last: str, pairs: list[tuple[str, str]], *, proof: bool) -> str:
    ends = (segments[0], segments[-1], last) if segments else ()
    if any(_is("never", word) for word in ends) or (segments and _FILE.search(segments[-1])):
        return "never"
    if any(_is("again_keys", key) for key, _ in pairs):
        return "never"
    if any(_is("minor", segment) for segment in segments):
        return "minor"
    if any(_is("taxonomy", segment) for segment in segments):
        return "taxonomy"
    if any(_is("view_keys", key) and _is("list_views", value) for key, value in pairs):
        return "taxonomy"
    if segments and all(_is("editions", segment) for segment in segments):
        return "edition"
    if proof:
        return ""
    if any(_is("section_keys", key) for key, _ in pairs):
        return "taxonomy"
    if any(_is("list_keys", key) for key, _ in pairs):
        return "filter"
    if _is("static", last):
        return "static"
    return "list" if _is("lists", last) or not segments else ""


# --- pages of a list -----------------------------------------------------------------------------

_PATH_PAGE = re.compile(
    r"^(?P<list>.*?)/(?:page|pages|bet|stranica|pagina)[/_-]?(?P<number>\d{1,6})(?:\.\w{2,5})?/?$",
    re.IGNORECASE,
)
_PATH_DATE = re.compile(
    r"^(?P<list>.*?)/(?P<date>(?:19|20|21)\d\d[/-][01]?\d(?:[/-][0-3]?\d)?)(?:\.html?)?/?$"
)
_PATH_NUMBER = re.compile(r"^(?P<list>.*?)/(?P<number>\d{1,4})/?$")
_QUERY_DATE = re.compile(r"(?:19|20|21)\d\d[-./]?[01]\d(?:[-./]?[0-3]\d)?")
_BARE_PAGE = re.compile(r"page(\d{1,5})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Position:
    """Which list an address is a page of, and where in it."""

    list: str
    """Host and path of the list."""
    rest: frozenset[tuple[str, str]]
    """What else the query says."""
    kind: str = ""
    """page, offset, date; empty for a list's own address."""
    number: int = 0
    weak: bool = False
    """May be a page or the number of an article."""
    key: str = ""
    """Query key of the number; empty where it stands in the path."""


def _position(url: str) -> _Position:
    parts = urlsplit(url)
    host = parts.netloc.removeprefix("www.")
    pairs = parse_qsl(parts.query, keep_blank_values=True, errors="replace")
    pairs = [(key, value) for key, value in pairs if not _is("size_keys", key)]

    def at(path: str, kind: str, number: int, *, weak: bool = False, key: str = "") -> _Position:
        name = re.sub(r"/index\.(?:php|html?)$", "", path.rstrip("/"))
        rest = frozenset(pair for pair in pairs if not key or pair[0] != key)
        return _Position(host + name, rest, kind, number, weak, key)

    if match := _PATH_PAGE.match(parts.path):
        return at(match["list"], "page", int(match["number"]))
    for key, value in pairs:
        if (bare := _BARE_PAGE.fullmatch(key)) and not value:
            return at(parts.path, "page", int(bare[1]), key=key)
        if value.isdecimal() and len(value) <= 7:
            if _is("page_keys", key):
                return at(parts.path, "page", int(value), key=key)
            if _is("offset_keys", key):
                return at(parts.path, "offset", int(value), key=key)
    for key, value in pairs:
        if _is("date_keys", key) and _QUERY_DATE.fullmatch(value):
            return at(parts.path, f"date{len(value)}", _day(value), key=key)
        if value.isdecimal() and len(value) <= 7 and _is("weak_page_keys", key):
            return at(parts.path, "page", int(value), weak=True, key=key)
    if match := _PATH_DATE.match(parts.path):
        fine = len(re.findall(r"\d+", match["date"]))
        return at(match["list"], f"date{fine}", _day(match["date"]))
    if match := _PATH_NUMBER.match(parts.path):
        return at(match["list"], "page", int(match["number"]), weak=True)
    return at(parts.path, "", 0)


def _day(printed: str) -> int:
    """A date as a number that grows with age, as page numbers do."""
    if printed.isdecimal():
        printed = f"{printed[:4]}-{printed[4:6]}-{printed[6:]}"
    numbers = [int(number) for number in re.findall(r"\d+", printed)] + [0, 0]
    return -(numbers[0] * 10_000 + numbers[1] * 100 + numbers[2])


def _numeral(text: str) -> int | None:
    """The number in «2» or «Page 2»."""
    numbers = re.findall(r"\d{1,6}", text)
    return int(numbers[0]) if len(numbers) == 1 and len(text) <= 12 else None


@lru_cache(maxsize=4096)
def _says_next(text: str) -> bool:
    if len(text) > 40:
        return False
    plain = text.strip(" \t.…:»›>→⟩❯▶▸+↓\u00a0").strip()
    return _is("next_words", plain) if plain else bool(re.search(r"[»›>→⟩❯▶▸]", text))


def _is_pager(link: _Link, position: _Position) -> bool:
    """Whether a link leads to some page of some list rather than to an article."""
    if not position.weak:
        return position.kind != ""
    if _numeral(link.short) == position.number:
        return link.pager or bool(position.key)
    return _says_next(link.short) or "next" in link.rel


def _is_forward(here: _Position, link: _Link, there: _Position) -> bool:
    """Whether a link leads on to an older page of the same list."""
    if there.list != here.list or not here.rest <= there.rest:
        return False
    added = {key for key, _ in there.rest - here.rest}
    if any(_is(name, key) for key in added for name in ("list_keys", "section_keys", "id_keys")):
        return False
    says_next = "next" in link.rel or _says_next(link.short)
    if not there.kind:
        return says_next and bool(added)  # `?after=…`
    if not _is_pager(link, there):
        return False
    if there.kind.startswith("date"):
        return here.kind == there.kind and there.number > here.number
    if here.kind and not here.weak:
        return there.kind == here.kind and there.number > here.number
    if there.kind == "page" and there.number == 1:
        # The second page, where pages are counted from 0.
        return says_next or _numeral(link.short) == 2
    return there.number > (here.number if here.kind == there.kind and here.key == there.key else 0)


def _next_pages(page: Page, here: _Position, links: dict[str, _Link], weak_keys: bool) -> list[str]:
    found: dict[str, int] = {}
    elsewhere: dict[str, int] = {}
    for url, link in (*_head_links(page, links), *links.items()):
        there = _position(url)
        if there.weak and there.key and not weak_keys:
            continue
        if suspicious(url):
            continue
        if _is_forward(here, link, there):
            found.setdefault(url, there.number)
        elif _leads_off(here, link, there):
            elsewhere.setdefault(url, there.number)
    return sorted(found or elsewhere, key=lambda url: (found or elsewhere)[url])


def _leads_off(here: _Position, link: _Link, there: _Position) -> bool:
    """A front page may show the first page of a list that goes on under its own address."""
    is_front = not here.kind and here.list.count("/") == 0 and not here.rest
    is_second = there.kind == "page" and there.number == 2 and not there.weak
    return is_front and is_second and (link.pager or _says_next(link.short) or "next" in link.rel)


def _head_links(page: Page, links: dict[str, _Link]) -> Iterator[tuple[str, _Link]]:
    """`<link rel=next>` and what buttons that load more carry in their attributes."""
    netlocs = {urls.netloc(urls.canonical(page.url) or ""), *map(urls.netloc, links)}
    for element in page.root.iter("link"):
        if "next" in (element.get("rel") or "").lower().split():
            url = _within(page, element.get("href"), netlocs)
            if url:
                yield url, _Link(url, rel={"next"})
    seen = 0
    for element in page.root.iter():
        if not isinstance(element.tag, str) or len(element.attrib) < 1 or seen >= MAX_NEXT:
            continue
        for href in _carried(element):
            url = _within(page, href, netlocs)
            if url and url not in links:
                seen += 1
                yield url, _Link(url, rel={"next"}, pager=True)


_CARRIERS = (
    "data-next data-next-url data-next-href data-next-page data-next-page-url data-url data-href "
    "data-link data-path data-load-more data-load-more-url data-more data-more-url data-ajax-url "
    "data-ajax data-action hx-get"
).split()
_COUNTERS = "data-next-page data-next data-page data-paged data-current-page data-offset".split()


def _carried(element: Element) -> Iterator[str]:
    """Addresses in the data attributes of an element, a page number put where it is missing."""
    for name in _CARRIERS:
        value = (element.get(name) or "").strip()
        if not value.startswith(("/", "http://", "https://", "?")) or len(value) > urls.MAX_LENGTH:
            continue
        number = next((n for n in map(element.get, _COUNTERS) if n and str(n).isdecimal()), None)
        if number is not None and re.search(r"[{:]page\}?|[=]$|/page/$", str(value)):
            value = re.sub(r"\{page\}|:page|$", str(number), str(value), count=1)
        yield str(value)


def _following(url: str, here: _Position, count: int) -> str | None:
    """The next page by counting, for answers that carry no links: fragments and JSON."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True, errors="replace")
    if here.kind == "page":
        number = here.number + 1
    elif here.kind == "offset":
        sizes = (
            int(v) for k, v in pairs if _is("size_keys", k) and v.isdecimal() and 0 < int(v) < 1000
        )
        number = here.number + next(sizes, count)
    else:
        return None
    if here.key:
        query = urlencode([(k, str(number) if k == here.key else v) for k, v in pairs])
        return urls.canonical(parts._replace(query=query).geturl())
    match = _PATH_PAGE.match(parts.path)
    if not match:
        return None
    path = parts.path[: match.start("number")] + str(number) + parts.path[match.end("number") :]
    return urls.canonical(urlunsplit((parts.scheme, parts.netloc, path, parts.query, "")))


# --- reading -------------------------------------------------------------------------------------

_TITLE_TEXT, _TITLE_WORDS = 25, 3
_UNLISTED = ("static", "minor", "filter")
_SECTION_OF = 3
"""Articles below an address from which it is their section."""


def _score(link: _Link, shape: _Shape) -> int:
    words = len(link.text.split())
    title = words >= _TITLE_WORDS and len(link.text) >= _TITLE_TEXT
    score = shape.score + 2 * title + link.card + link.image
    if link.text and words < _TITLE_WORDS and len(link.text) < 15:
        score -= 1
    if link.heading and words >= _TITLE_WORDS:
        score += 2
    return score - 2 * link.menu - 3 * link.label


def _read(
    page: Page,
    netlocs: Collection[str],
    may_be_article: Callable[[str], bool],
    may_be_section: Callable[[str], bool],
    *,
    trusted: bool = False,
    weak_keys: bool = True,
) -> Listing:
    own = urls.canonical(page.url) or page.url
    here = _position(own)
    links = _links(page, netlocs)
    following = _next_pages(page, here, links, weak_keys)
    articles: dict[str, _Link] = {}
    unsure: set[str] = set()  # may be sections as well
    lists: dict[str, bool] = {}  # section → whether the menu names it
    archives: dict[tuple[str, str], tuple[int, str]] = {}  # of days or months: the newest
    for url, link in links.items():
        trap = suspicious(url)
        if url == own or url in following or (trap and trap != "session_id"):
            continue
        there = _position(url)
        if _is_pager(link, there) and (weak_keys or not (there.weak and there.key)):
            if there.kind.startswith("date"):
                newest = archives.setdefault((there.list, there.kind), (there.number, url))
                archives[there.list, there.kind] = min(newest, (there.number, url))
            elif there.list != here.list and there.number == 1:
                lists[url] = link.menu
            continue
        shape = _shape(url)
        # A link that only sorts or filters the page it stands on is none of its articles.
        if shape.role == "taxonomy" and not here.rest:
            filters = False
        else:
            filters = there.list == here.list and not shape.proof
        if shape.role == "never" or filters and not trusted:
            continue
        score = _score(link, shape)
        is_category = "category" in link.rel
        if not may_be_article(url) or (is_category and not trusted):
            is_article = False
        else:
            is_article = trusted or score >= (2 if shape.role else 1)
        doubtful = -1 <= score <= 0 and not (shape.role or link.menu or link.label)
        if is_article or (doubtful and may_be_article(url) and not is_category):
            articles[url] = link
            if not is_article:
                unsure.add(url)
            elif link.menu and not shape.proof:
                lists[url] = True
        elif is_category or not (shape.role in _UNLISTED or "tag" in link.rel):
            lists[url] = link.menu
        if len(articles) >= MAX_ARTICLES:
            break
    below = Counter(above for url in articles if url not in unsure for above in _ancestors(url))
    for url in [u for u in articles if below[u.rstrip("/")] >= _SECTION_OF and not _shape(u).proof]:
        lists[url] = articles.pop(url).menu
    for url in [*(url for _, url in archives.values()), *(u for u in articles if u in unsure)]:
        lists.setdefault(url, False)
    found = [url for url in lists if may_be_section(url) and not suspicious(url)]
    listing = Listing(
        _dated(articles),
        following[:MAX_NEXT],
        sorted(found, key=lambda url: not lists[url])[:MAX_SECTIONS],
    )
    if not listing.articles:
        listing.articles = _embedded(page, netlocs, may_be_article)
    if listing.articles and not following and page.root.find(".//title") is None:
        counted = _following(own, here, len(listing.articles))
        listing.next = [counted] if counted else []
    return listing


def _ancestors(url: str) -> Iterator[str]:
    while url.count("/") > 3:
        url = url.rstrip("/").rpartition("/")[0]
        yield url


# --- dates ---------------------------------------------------------------------------------------

_ZONE = ZoneInfo("UTC")
# Only the printed words are taken, so any moment lets «Бүгін, 09:15» be recognised.
_ANY_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
_DATE_LINE, _CARD_NODES, _CARD_LEVELS = 60, 80, 6


def _dated(articles: dict[str, _Link]) -> list[Entry]:
    """Entries with the dates printed on their cards: the widest elements that link one article."""
    only: dict[Element, str] = {}  # element → the one article linked below it, "" for several
    for url, link in articles.items():
        element = link.element
        while element is not None and only.get(element) != "":
            only[element] = url if only.get(element, url) == url else ""
            if only[element] == "" and element.getparent() is None:
                break
            element = element.getparent()
    return [Entry(url, _date_near(link, url, only)) for url, link in articles.items()]


def _date_near(link: _Link, url: str, only: dict[Element, str]) -> str | None:
    card = link.element
    if card is None:
        return None
    for _ in range(_CARD_LEVELS):
        above = card.getparent()
        if above is None or only.get(above) != url or above.tag in ("body", "main", "html"):
            break
        card = above
    texts: list[str] = []
    for count, element in enumerate(card.iter()):
        if count >= _CARD_NODES or not isinstance(element.tag, str):
            break
        for name in ("datetime", "data-unixtime", "data-time", "data-date"):
            value = element.get(name)
            if (
                value
                and re.search(r"\d{4}", value)
                and (name != "datetime" or element.tag == "time")
            ):
                return str(value)[:_DATE_LINE]
        texts += filter(None, (element.text, element.tail if element is not card else None))
    for text in texts:
        line = " ".join(text.split())
        if 5 <= len(line) <= _DATE_LINE and any(c.isdigit() for c in line):
            dates = find_dates(line, zone=_ZONE, fetched_at=_ANY_MOMENT)
            if dates:
                return dates[0].raw
    return None


# --- JSON ----------------------------------------------------------------------------------------


def parse_json_listing(body: bytes, base: str, address: str = "/{slug}") -> Listing | None:
    """Articles and next pages of a JSON answer, fragments of HTML in it included; None if no JSON.

    `base` is the answer's own address. `address` says how a bare slug becomes an address, as in
    `/article/{id}-{slug}`; other names in braces are keys of the object. Never raises.
    """
    value = load(body)
    if value is None:
        return None
    own = urls.canonical(base) or base
    listing = Listing()
    entries, fragments = _objects(value, own, address)
    found = {entry.url: entry for entry in entries}
    for fragment in fragments:
        part = _unbound(Page(fragment, own))
        for entry in part.articles:
            found.setdefault(entry.url, entry)
        listing.next += [url for url in part.next if url not in listing.next]
    listing.articles = list(found.values())[:MAX_ARTICLES]
    listing.next = (_json_next(value, own, len(listing.articles)) or listing.next)[:MAX_NEXT]
    return listing


def _embedded(
    page: Page, netlocs: Collection[str], may_be_article: Callable[[str], bool]
) -> list[Entry]:
    """Articles in the JSON that a page of an application carries instead of links."""
    found: dict[str, Entry] = {}
    for script in page.root.iter("script"):
        if "json" in (script.get("type") or "") and script.text:
            value = load(script.text.encode("utf-8", "replace"))
            for entry in _objects(value, page.url, "")[0]:
                if urls.netloc(entry.url) in netlocs and may_be_article(entry.url):
                    found.setdefault(entry.url, entry)
    return list(found.values())[:MAX_ARTICLES]


def _objects(value: object, base: str, address: str) -> tuple[list[Entry], list[str]]:
    """Objects of arrays that have a title and an address, and strings that are HTML with links."""
    entries: list[Entry] = []
    fragments: list[str] = []
    stack: list[tuple[object, bool]] = [(value, False)]
    nodes = 0
    while stack and nodes < MAX_NODES:
        nodes += 1
        item, listed = stack.pop()
        if isinstance(item, list):
            stack.extend((child, True) for child in reversed(item))
        elif isinstance(item, dict):
            entry = _entry(item, base, address) if listed else None
            if entry:
                entries.append(entry)
                continue
            children = [
                child for key, child in item.items()
                if not (isinstance(child, (list, dict)) and _is("json_other", str(key)))
            ]  # fmt: skip
            stack.extend((child, listed) for child in reversed(children))
        elif isinstance(item, str) and "<a " in item and len(fragments) < MAX_FRAGMENTS:
            fragments.append(item)
    return entries, fragments


def _entry(item: dict[str, object], base: str, address: str) -> Entry | None:
    if not _first(item, "json_title"):
        return None
    printed = _first(item, "json_address")
    slug = _first(item, "json_slug")
    if not printed and slug:
        printed = slug if "/" in slug else _filled(address, item, slug)
    url = _resolved(printed, base) if printed else None
    if not url or _shape(url).role in ("never", "static", "minor", "edition"):
        return None
    if urlsplit(url).path in ("", "/") and not urlsplit(url).query:
        return None
    return Entry(url, _first(item, "json_date"), _first(item, "json_changed"))


def _first(item: dict[str, object], names: str) -> str | None:
    """The first text under one of these names; WordPress wraps some as `{"rendered": …}`."""
    for key, value in item.items():
        if _is(names, key):
            inner = value.get("rendered") if isinstance(value, dict) else value
            text = text_of(inner)
            if text:
                return text
    return None


def _filled(address: str, item: dict[str, object], slug: str) -> str | None:
    """The address template with an object's values; None where it lacks one."""
    out = address
    for name in re.findall(r"\{(\w+)\}", address):
        value = slug if name == "slug" else text_of(item.get(name))
        if not value:
            return None
        out = out.replace(f"{{{name}}}", quote(value, safe="%"))
    return out or None


def _resolved(printed: str, base: str) -> str | None:
    """An address of an API's answer: relative ones are the site's, not the API's."""
    if not printed.startswith(("http://", "https://", "/", "?", ".")):
        if ":" in printed.partition("/")[0] or " " in printed.strip():
            return None
        printed = "/" + printed
    try:
        return urls.canonical(urljoin(base, printed))
    except ValueError:
        return None


def _json_next(value: object, own: str, count: int) -> list[str]:
    """The next page as the answer names or counts it."""
    said = dict(_paging(value))
    here = _position(own)
    if said.get("json_more") is False:
        return []
    follow = said.get("json_next")
    if isinstance(follow, str):
        if follow.startswith(("http://", "https://", "/", "?")):
            url = _resolved(follow, own)
            return [url] if url and url != own and urls.netloc(url) == urls.netloc(own) else []
        follow = int(follow) if follow.isdecimal() and len(follow) < 7 else None
    current, last = said.get("json_page"), said.get("json_last")
    if isinstance(current, int) and isinstance(last, int) and current >= last:
        return []
    if here.kind == "page" and isinstance(last, int) and here.number >= last:
        return []
    counted = _following(own, here, count) if count else None
    return [counted] if counted else []


def _paging(value: object) -> Iterator[tuple[str, object]]:
    """What the outer objects of an answer say of its pages, the outermost last."""
    levels: list[list[dict[str, object]]] = [[value] if isinstance(value, dict) else []]
    for _ in range(2):
        children = [child for item in levels[-1] for child in item.values()]
        levels.append([child for child in children if isinstance(child, dict)][:100])
    for item in (item for level in reversed(levels) for item in level):
        for key, child in item.items():
            if isinstance(child, (str, int)):
                names = ("json_next", "json_page", "json_last", "json_more")
                yield from ((name, child) for name in names if _is(name, key))
