"""editions: which articles of one site are one article in several scripts or languages.

Pure: pages in, linked pairs out. A page's own alternate links count most, then addresses that differ
by a language's mark only, then a text or a title that is the same when all scripts are read as one.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from urllib.parse import parse_qsl, unquote, urlsplit

from archive.kazakh.language import script
from archive.kazakh.words import words
from archive.stories.texts import fold

FOUND_BY = ("alternate", "shared_id", "text", "title")
"""How editions are found, the surest way first."""
DAYS = 3
"""Editions with a shared id or title are published within so many days of one another."""

_MARKS = frozenset(
    "kk kz kaz qaz qazaq qz qq ru rus en eng lat latyn latin lt ar arb arab tt tote cyr kir zh cn tr uz".split()
)
_SUFFIX = re.compile(
    r"[-_.](?:kk|kz|kaz|qaz|qz|qazaq|ru|rus|eng|lat|latyn|latin|arab|tote|cyr)(?=\.\w{2,5}$|$)"
)
_LANGUAGE_KEYS = frozenset("lang language ln lng l hl locale til lan".split())
_ID = re.compile(r"(?<!\d)\d{5,12}(?!\d)")
_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$")
_HOST_PREFIXES = frozenset(("www", "m", "amp"))
_LEAST_TITLE = 10
"""Letters of a title that is compared."""


@dataclass(frozen=True, slots=True)
class Edition:
    """An article as far as it matters here."""

    id: int
    site: str
    url: str
    title: str | None = None
    language: str | None = None
    published: str | None = None
    """As the archive has it: ISO 8601, a moment or a bare date."""
    alternates: tuple[int, ...] = ()
    """Articles that its alternate links lead to."""
    text: str | None = None
    """Name of the text, one for near-duplicates; None where it has none."""


def link(pages: Iterable[Edition]) -> dict[tuple[int, int], str]:
    """Pairs of editions (smaller id first) and how each was found.

    A group of editions has every language and script once at most, all of one site. Pairs that only
    other editions connect are found by the least sure way of the group. The same pages give the
    same groups in any order.
    """
    known = {page.id: page for page in pages}
    found: dict[tuple[int, int], str] = {}
    groups = {number: _Group([page]) for number, page in known.items()}
    for way, one, other in _links(known):
        ours, theirs = groups[one], groups[other]
        pair = (min(one, other), max(one, other))
        if ours is not theirs:
            if not ours.languages.isdisjoint(theirs.languages):
                continue
            ours.join(theirs, way)
            groups.update((page.id, ours) for page in theirs.pages)
        found.setdefault(pair, way)
    for group in {id(group): group for group in groups.values()}.values():
        for a, b in combinations(sorted(page.id for page in group.pages), 2):
            found.setdefault((a, b), group.way)
    return found


class _Group:
    """Editions of one article, so far."""

    def __init__(self, pages: list[Edition]) -> None:
        self.pages = pages
        self.languages = {language_of(page) for page in pages}
        self.way = FOUND_BY[0]

    def join(self, other: _Group, way: str) -> None:
        self.pages += other.pages
        self.languages |= other.languages
        self.way = max(self.way, other.way, way, key=FOUND_BY.index)


def language_of(page: Edition) -> str:
    """The language of an article, or at least the script of its title."""
    return page.language or f"und-{script(page.title or '')}"


def _script_of(page: Edition) -> str | None:
    subtag = (page.language or "").partition("-")[2]
    return subtag if subtag in ("Latn", "Arab") else script(page.title or "")


def _links(pages: Mapping[int, Edition]) -> list[tuple[str, int, int]]:
    """Links between pages of one site in different languages, surest first, then by URL."""
    found = [
        *_by_alternates(pages),
        *_by_address(pages.values()),
        *_by_text(pages.values()),
        *_by_title(pages.values()),
    ]

    def order(item: tuple[str, int, Edition, Edition]) -> tuple[int, int, list[str]]:
        way, doubt, a, b = item
        return FOUND_BY.index(way), doubt, sorted((a.url, b.url))

    return [
        (way, a.id, b.id)
        for way, _, a, b in sorted(found, key=order)
        if a.site == b.site and language_of(a) != language_of(b)
    ]


_Found = Iterator[tuple[str, int, Edition, Edition]]
"""Way, doubt (0 is none), and the two pages."""


def _by_alternates(pages: Mapping[int, Edition]) -> _Found:
    """Alternate links: one that is not returned counts only where no twin claims the same page."""
    claims: defaultdict[tuple[int, str], set[int]] = defaultdict(set)
    for page in pages.values():
        for number in page.alternates:
            claims[number, language_of(page)].add(page.id)
    for page in pages.values():
        for number in page.alternates:
            other = pages.get(number)
            if other is None or other.id == page.id:
                continue
            if page.id in other.alternates:
                yield "alternate", 0, page, other
            elif len(claims[number, language_of(page)]) == 1:
                yield "alternate", 1, page, other


def _by_address(pages: Iterable[Edition]) -> _Found:
    """The same address but for a mark of language, or the same long number in it."""
    same: defaultdict[tuple[str, ...], list[tuple[Edition, str]]] = defaultdict(list)
    for page in pages:
        address, marks, numbers = unmarked(page.url)
        same[page.site, "address", address].append((page, marks))
        for number in numbers:
            same[page.site, "number", number].append((page, marks))
    near: defaultdict[tuple[str, str], list[tuple[Edition, Edition]]] = defaultdict(list)
    far: Counter[tuple[str, str]] = Counter()
    for (site, kind, _), found in same.items():
        by_number = kind == "number"
        if by_number and len({language_of(page) for page, _ in found}) < len(found):
            continue  # nobody knows which of them belong together
        for (a, marks), (b, other_marks) in combinations(found, 2):
            if marks == other_marks:
                continue
            if _days_between(a, b, unknown=not by_number) <= DAYS:
                near[site, kind].append((a, b))
            else:
                far[site, kind] += 1
    for (site, kind), pairs in near.items():
        if len(pairs) >= far[site, kind]:  # or each language of this site counts for itself
            for a, b in pairs:
                yield "shared_id", int(kind == "number"), a, b


def unmarked(url: str) -> tuple[str, str, set[str]]:
    """An address without its marks of language, those marks, and the long numbers in it.

    >>> unmarked("https://kaz.paper.example/lt/news/12345-slug?lang=kz")
    ('paper.example/news/12345-slug', 'kaz lt kz', {'12345'})
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket in the host
        return url, "", set()
    marks: list[str] = []
    labels = (parts.hostname or "").split(".")
    while len(labels) > 2 and labels[0] in _HOST_PREFIXES | _MARKS:
        label = labels.pop(0)
        if label in _MARKS:
            marks.append(label)
    *folders, last = unquote(parts.path).strip("/").split("/")
    kept = []
    for folder in folders:
        if folder.lower() in _MARKS:
            marks.append(folder.lower())
        elif folder != "index.php":
            kept.append(folder)
    if suffix := _SUFFIX.search(last):
        marks.append(suffix[0][1:])
        last = last[: suffix.start()] + last[suffix.end() :]
    query = []
    for name, value in parse_qsl(parts.query):
        if name.lower() in _LANGUAGE_KEYS:
            marks.append(value.lower())
        else:
            query.append(f"{name}={value}")
    path = "/".join([".".join(labels), *kept, last])
    rest = "?" + "&".join(sorted(query)) if query else ""
    numbers = {number for number in _ID.findall(path + rest) if not _DATE.match(number)}
    return path + rest, " ".join(marks), numbers


def _by_text(pages: Iterable[Edition]) -> _Found:
    """Near-duplicate texts in different scripts."""
    for found in _grouped((page, page.text) for page in pages):
        for a, b in _nearest(found):
            yield "text", _days_between(a, b, unknown=True), a, b


def _by_title(pages: Iterable[Edition]) -> _Found:
    """Titles that are equal when all scripts are read as one, published within a few days."""
    for found in _grouped((page, _folded(page.title)) for page in pages):
        for a, b in _nearest(found):
            if (days := _days_between(a, b, unknown=len(found) == 2)) <= DAYS:
                yield "title", days, a, b


def _folded(title: str | None) -> str | None:
    folded = " ".join(map(fold, words(title or "")))
    return folded if len(folded) >= _LEAST_TITLE else None


def _grouped(pages: Iterable[tuple[Edition, str | None]]) -> Iterator[list[Edition]]:
    """Pages of one site that have a name in common, where they are in different scripts."""
    same: defaultdict[tuple[str, str], list[Edition]] = defaultdict(list)
    for page, name in pages:
        if name is not None:
            same[page.site, name].append(page)
    for found in same.values():
        if len(found) > 1 and len(set(map(_script_of, found))) > 1:
            yield found


def _nearest(pages: list[Edition]) -> Iterator[tuple[Edition, Edition]]:
    """Pairs in different scripts that are the only ones, or each other's nearest in time."""
    by_script: defaultdict[str, list[Edition]] = defaultdict(list)
    for page in pages:
        by_script[_script_of(page) or ""].append(page)
    for ours, theirs in combinations(by_script.values(), 2):
        if len(ours) == len(theirs) == 1:
            yield ours[0], theirs[0]
            continue
        dated, others = _by_day(ours), _by_day(theirs)
        for day, page in dated:
            other = _only_nearest(day, others)
            if other and _only_nearest(other[0], dated) == (day, page):
                yield page, other[1]


def _by_day(pages: list[Edition]) -> list[tuple[int, Edition]]:
    dated = [(day, page) for page in pages if (day := _day(page)) is not None]
    return sorted(dated, key=lambda item: item[0])


def _only_nearest(day: int, dated: list[tuple[int, Edition]]) -> tuple[int, Edition] | None:
    """The page nearest to a day; None where two are as near."""
    at = bisect_left(dated, day, key=lambda item: item[0])
    near = sorted(dated[max(0, at - 2) : at + 2], key=lambda item: abs(item[0] - day))
    if not near or (len(near) > 1 and abs(near[0][0] - day) == abs(near[1][0] - day)):
        return None
    return near[0]


def _day(page: Edition) -> int | None:
    try:
        return date.fromisoformat((page.published or "")[:10]).toordinal()
    except ValueError:
        return None


def _days_between(a: Edition, b: Edition, *, unknown: bool) -> int:
    """Days from one publication to the other; where one is unknown, 0 if that may pass, else many."""
    ours, theirs = _day(a), _day(b)
    if ours is None or theirs is None:
        return 0 if unknown else DAYS + 1
    return abs(ours - theirs)
