"""listing: front pages, sections, archives and fragments of them → articles, next pages, sections.

Recall comes first: a link that may be an article counts as one, because a page that is none costs
one request and an article that is missed is lost.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from lxml.etree import _Element as Element

from newsbot import urls, vocabulary
from newsbot.discovery import Entry, is_candidate, jsonlists, matches_any
from newsbot.discovery.jsonfeed import load
from newsbot.discovery.links import Link, links
from newsbot.discovery.paging import MAX_NEXT, following, is_pager, next_pages
from newsbot.discovery.traps import suspicious
from newsbot.extraction.addresses import NO_CONTENT, Position, numeral, position, shape
from newsbot.extraction.dates import find_dates
from newsbot.extraction.page import Page
from newsbot.profiles import Site


@dataclass(slots=True)
class Listing:
    """What one page of a list shows; every address absolute and canonical."""

    articles: list[Entry] = field(default_factory=list)
    """Whatever may be an article, in page order; a date where one is printed beside the link."""
    next: list[str] = field(default_factory=list)
    """Further, older pages of the same list, the nearest first."""
    sections: list[str] = field(default_factory=list)
    """Other lists of the same site, those of the menu first; of archives the newest page."""
    traps: list[str] = field(default_factory=list)
    """Links that look like traps and are among none of these."""


def parse_listing(page: Page, site: Site) -> Listing:
    """Articles, next pages and sections linked from a page that lists articles. Never raises."""

    def may_be_article(url: str) -> bool:
        return is_candidate(site, url)

    def may_be_section(url: str) -> bool:
        path = urls.path_and_query(url)
        return not matches_any(site.exclude, path, undecided=True)

    # Where `?p=` is an article's own address, it is never a page of a list.
    weak_keys = site.family != "wordpress"
    trusted = bool(site.article)
    return _read(page, _Rules(site.netlocs, may_be_article, may_be_section, trusted, weak_keys))


def parse_json_listing(body: bytes, base: str, address: str = "/{slug}") -> Listing | None:
    """Articles and next pages of a JSON answer, fragments of HTML in it included; None if no JSON.

    `base` is the answer's own address. `address` says how a bare slug becomes an address, as in
    `/article/{id}-{slug}`; other names in braces are keys of the object. Never raises.
    """
    value = load(body)
    if value is None:
        return None
    own = urls.canonical(base) or base
    entries, fragments = jsonlists.objects(value, own, address)
    found = {entry.url: entry for entry in reversed(entries)}
    found = dict(reversed(found.items()))
    part = _unbound(Page("\n".join(fragments), own))
    for entry in part.articles:
        found.setdefault(entry.url, entry)
    counted = jsonlists.next_page(value, own, len(found))
    return Listing(
        list(found.values()),
        [counted] if counted else part.next[:MAX_NEXT],
    )


def sections(page: Page) -> list[str]:
    """Sections that a page links to on its own host, those of its menu first."""
    return _unbound(page).sections


@dataclass(frozen=True, slots=True)
class _Rules:
    """What is known of the site beforehand."""

    netlocs: Collection[str]
    may_be_article: Callable[[str], bool]
    may_be_section: Callable[[str], bool]
    trusted: bool = False
    """Whether `may_be_article` alone decides."""
    weak_keys: bool = True
    """Whether `?p=2` may be a page of a list."""


def _unbound(page: Page) -> Listing:
    """A page read without a profile: its own host is the site."""
    netloc = urls.netloc(urls.canonical(page.url) or "")
    return _read(page, _Rules({netloc}, lambda _: True, lambda _: True))


def _read(page: Page, rules: _Rules) -> Listing:
    own = urls.canonical(page.url) or page.url
    here = position(own)
    found = links(page, rules.netlocs)
    older = next_pages(page, here, found, weak_keys=rules.weak_keys)
    articles: dict[str, Link] = {}
    unsure: set[str] = set()
    lists: dict[str, bool] = {}  # address → whether a menu names it
    archives: dict[tuple[str, str], tuple[int, str]] = {}  # of days or months: the newest page
    traps = []
    for url, link in found.items():
        if url == own or url in older:
            continue
        if suspicious(url) not in (None, "session_id"):
            traps.append(url)
            continue
        there = position(url)
        if _is_further_page(link, there, found):
            continue
        verdict = _verdict(link, here, there, rules)
        if verdict == "archive":
            known = archives.setdefault((there.list, there.kind), (there.number, url))
            archives[there.list, there.kind] = min(known, (there.number, url))
        if verdict in ("article", "both", "unsure"):
            articles[url] = link
        if verdict in ("list", "both"):
            lists[url] = link.in_menu
        if verdict == "unsure":
            unsure.add(url)
    for url in _parents(articles, unsure) if not rules.trusted else ():
        lists[url] = articles.pop(url).in_menu
    for _, url in archives.values():
        lists.setdefault(url, False)
    followed = [url for url in lists if rules.may_be_section(url) and not suspicious(url)]
    followed.sort(key=lambda url: not lists[url])
    entries = _dated(articles) or _embedded(page, rules)
    if entries and not older and page.root.find(".//title") is None:
        counted = following(own, len(entries))  # a fragment that was asked for by number
        older = [counted] if counted else []
    return Listing(entries, older, followed, traps)


_TITLE_TEXT, _TITLE_WORDS, _NAME_TEXT = 25, 3, 15
"""Letters and words of a title; letters of the name of a section."""
_LONG = 2
"""Score of an address that has a number or a whole headline."""
_PARENT_OF = 3
"""Articles below an address from which it is their section."""


def _score(link: Link) -> int:
    """What speaks for an article: the address, the text and where it stands."""
    words = len(link.text.split())
    score = shape(link.url).score + link.card + link.image - 2 * link.menu - 3 * link.label
    if words >= _TITLE_WORDS:
        score += 2 * (len(link.text) >= _TITLE_TEXT) + 2 * link.heading
    elif link.text and len(link.text) < _NAME_TEXT:
        score -= 1
    return score


def _verdict(link: Link, here: Position, there: Position, rules: _Rules) -> str:
    """What a link leads to: article, list, both, unsure, archive, or nothing of interest ("")."""
    # `/qogam/19/` and `/covid-19.html` under «Жалғасы» are articles, unless this is their list.
    counted = there.list == here.list or numeral(link.short) == there.number
    if is_pager(link, there) and (not there.weak or (rules.weak_keys if there.key else counted)):
        if there.is_archive:
            return "archive"
        return "list" if there.list != here.list and there.number == 1 else ""
    address = shape(link.url)
    possible = rules.may_be_article(link.url)
    if address.role in NO_CONTENT or urls.path_and_query(link.url) == "/":
        return ""
    if rules.trusted and possible:
        return "article"
    same_path = there.list == here.list and (there.key or not there.weak)
    is_part = address.role == "taxonomy" and not here.rest
    if same_path and not address.proof and not is_part:
        return ""  # it sorts or filters the page it stands on
    score = _score(link)
    if "category" not in link.rel and possible:
        if score >= (2 if address.role else 1):
            return "both" if link.menu and not address.proof else "article"
        if score >= -1 and not (address.role or link.menu or link.label):
            return "unsure"
    elif "category" in link.rel:
        return "list"
    return "" if address.role in ("static", "minor", "filter") or "tag" in link.rel else "list"


def _is_further_page(link: Link, there: Position, found: Collection[str]) -> bool:
    """Whether «2» leads to the second page of an article that is linked too: `/x.html/2`, `/x/2/`."""
    if not there.weak or there.key or numeral(link.short) != there.number:
        return False
    first = link.url.rstrip("/").rpartition("/")[0]
    return any(url in found and shape(url).score >= _LONG for url in (first, first + "/"))


def _parents(articles: dict[str, Link], unsure: set[str]) -> list[str]:
    """Addresses without number or date that several articles stand below."""
    above: Counter[str] = Counter()
    for url in articles:
        while url not in unsure and url.count("/") > 3:
            url = url.rstrip("/").rpartition("/")[0]  # noqa: PLW2901
            above[url] += 1
    return [u for u in articles if above[u.rstrip("/")] >= _PARENT_OF and not shape(u).proof]


def _embedded(page: Page, rules: _Rules) -> list[Entry]:
    """Articles in the JSON that a page of an application carries instead of links."""
    found: dict[str, Entry] = {}
    for script in page.select('script[type*="json"]'):
        if script.text:
            value = load(script.text.encode("utf-8", "replace"))
            for entry in jsonlists.objects(value, page.url, "")[0]:
                if urls.netloc(entry.url) in rules.netlocs and rules.may_be_article(entry.url):
                    found.setdefault(entry.url, entry)
    return list(found.values())


# --- dates ---------------------------------------------------------------------------------------

_ZONE = ZoneInfo("UTC")
# Only the printed words are taken, so any moment lets «Бүгін, 09:15» be recognised.
_ANY_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
_DATE_LINE, _CARD_NODES, _CARD_LEVELS = 60, 80, 6
_DATE_ATTRIBUTES = vocabulary.entries("discovery", "date_attributes")


def _dated(articles: dict[str, Link]) -> list[Entry]:
    """Entries with the dates printed on their cards."""
    only: dict[Element, str] = {}  # element → the one article linked below it, "" for several
    for url, link in articles.items():
        element = link.element
        while element is not None and only.get(element) != "":
            only[element] = url if only.get(element, url) == url else ""
            element = element.getparent()
    return [Entry(url, _date_near(link, only)) for url, link in articles.items()]


def _date_near(link: Link, only: dict[Element, str]) -> str | None:
    card = link.element
    if card is None:
        return None
    for _ in range(_CARD_LEVELS):
        above = card.getparent()
        # The date on top of a page is today's.
        if above is None or only.get(above) != link.url or above.tag in ("body", "main", "html"):
            break
        card = above
    lines = []
    for value in _values(card):
        if value.isdecimal() or re.match(r"\d{4}-\d\d", value):
            return value
        if any(character.isdigit() for character in value):
            lines.append(value)
    for line in lines:
        dates = find_dates(line, zone=_ZONE, fetched_at=_ANY_MOMENT)
        if dates:
            return dates[0].raw
    return None


def _values(card: Element) -> Iterator[str]:
    """Short texts of a card, and what its elements say of their time."""
    for count, element in enumerate(card.iter()):
        if count >= _CARD_NODES:
            return
        if not isinstance(element.tag, str):
            continue
        texts = [element.get(name) for name in _DATE_ATTRIBUTES]
        texts += [element.text, element.tail if element is not card else None]
        for text in texts:
            line = " ".join((text or "").split())
            if 8 <= len(line) <= _DATE_LINE:
                yield line
