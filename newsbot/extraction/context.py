"""context: one page that is read: what is known of it beforehand, and what was found so far."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, cast
from zoneinfo import ZoneInfo

from lxml.etree import XPath
from lxml.etree import _Element as Element

from archive.article import Article
from newsbot import urls
from newsbot.extraction import fields, structured, walls
from newsbot.extraction.blocks import Block
from newsbot.extraction.body import Body
from newsbot.extraction.date_tokens import FIRST_YEAR, LAST_YEAR
from newsbot.extraction.evidence import Candidate, Key, Reader, weigh
from newsbot.extraction.fields import letters
from newsbot.extraction.layouts import family_of, layout_of
from newsbot.extraction.page import Page
from newsbot.extraction.said import Said
from newsbot.extraction.surroundings import Surroundings
from newsbot.profiles import Site

_TEXT = XPath("string()", smart_strings=False)
_SLASHED = re.compile(r"(?<![\d/])(\d\d?)/(\d\d?)/(?:20\d\d|\d\d)(?![\d/])")
_MOST_DATES = 200
"""Dates of a page that may tell how it writes them."""

_TRUSTED = ("wordpress", "feed", "sitemap")
"""Kinds of sources, the surest first."""
_MENU = 200
"""Links of a page that may be its menu."""
_SHORT_LINK = 60
"""Characters of the longest of them, white space included."""
DEFAULT_ZONE = ZoneInfo("Asia/Almaty")
_SHORT_LABEL = 3
"""Letters of a host's name that may be anything else too: `24.kz`."""


def _believable(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    """An aware moment, of the zone where it says none; None outside the years of the web."""
    if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


class Context:
    """What the readers of the fields share. They fill `article` in the order of `extract`."""

    def __init__(
        self,
        page: Page,
        article: Article,
        site: Site | None,
        fetched_at: datetime | None,
        said: Sequence[Said] = (),
    ) -> None:
        self.page = page
        self.article = article
        self.site = site
        known = (one for one in said if one.source in _TRUSTED)
        self.said = sorted(known, key=lambda one: (_TRUSTED.index(one.source), one.address))
        """What sources said of the page, the surest first."""
        self.zone = site.zone if site else DEFAULT_ZONE
        self.fetched_at = _believable(fetched_at, self.zone)
        self.family = family_of(page, site)
        self.layout_name, self.layout = layout_of(page, site, self.family, fetched_at)
        self.ld = structured.article_object(page)
        """The JSON-LD object that describes the article; empty where there is none."""
        self.data: dict[str, Any] = {}
        """The article in the data of a single-page application; known with the body."""
        self.heard: dict[str, list[Candidate]] = {}
        """All that was said of each field, in the order in which it was heard, for `--explain`."""
        self.headings: dict[str, Element] = {}
        """Elements that may print the headline, by its letters."""
        self.body = Body()
        self.blocks: list[Block] = []
        """What is left of the body: the blocks of the article's text and captions."""

    def fill(self, name: str, readers: Iterable[Reader], key: Key = repr) -> None:
        """Set one field to what the evidence decides for, and where it came from."""
        chosen, heard = weigh(readers, key)
        self.heard.setdefault(name, []).extend(heard)
        if chosen is not None and chosen.value is not None:
            setattr(self.article, name, chosen.value)
            self.article.sources[name] = chosen.source

    def told(self, name: str) -> list[tuple[Any, Said]]:
        """What sources say of a field, the surest first: one witness, they have it from one database.

        What was imported is asked only where our own crawl was told nothing.
        """
        found = [(value, one) for one in self.said if (value := getattr(one, name))]
        return [pair for pair in found if not pair[1].imported] or found

    @property
    def title_element(self) -> Element | None:
        """The element that prints the article's title."""
        return self.headings.get(letters(self.article.title or ""))

    @cached_property
    def proven(self) -> bool:
        """Whether the layout's own proof says that the page is one article."""
        return self.page.has(self.layout.article)

    @cached_property
    def day_first(self) -> bool:
        """Whether the page prints 05/12/2022 for a day of December: told by its other dates.

        Where they leave it open, by the layout, or by an American page without a Cyrillic letter.
        """
        body = self.page.root.find("body")
        if body is not None:
            text = cast("str", _TEXT(body))
            pairs = [(int(a), int(b)) for a, b in _SLASHED.findall(text)[:_MOST_DATES]]
            first, second = (sum(pair[n] > 12 for pair in pairs) for n in (0, 1))
            if first != second:
                return first > second
        english = (self.page.root.get("lang") or "").lower() == "en-us"
        return self.layout.day_first and not (english and (self.article.title or "").isascii())

    @cached_property
    def shipped(self) -> set[Element]:
        """Elements with text for subscribers that a browser does not show."""
        return walls.shipped(self.page, self.ld)

    @cached_property
    def surroundings(self) -> Surroundings:
        """What is printed near title and body; asked only when both are known."""
        body = self.body
        return Surroundings(
            self.page, self.title_element, body.elements, body.removed, body.dropped
        )

    @cached_property
    def site_names(self) -> dict[str, int]:
        """What the newspaper may be called in titles and bylines, as `fields.spelt_names`."""
        return fields.spelt_names([*self._own_names, *self.page.front_links])

    @cached_property
    def _own_names(self) -> list[str | None]:
        page = self.page
        host = urls.netloc(page.url).removeprefix("www.")
        label = host.rpartition(".")[0].rpartition(".")[2]
        return [
            page.meta("og:site_name"),
            page.meta("application-name", "apple-mobile-web-app-title"),
            self.site.name if self.site else None,
            *structured.names(self.ld.get("publisher"))[:1],
            *structured.site_names(page),
            host,
            label if len(label) > _SHORT_LABEL else None,
        ]

    def is_own(self, name: str) -> bool:
        """Whether a name is the newspaper's by more than a link to its front page."""
        return letters(name) in {letters(own) for own in self._own_names if own}

    @cached_property
    def menu(self) -> dict[str, list[Element]]:
        """The page's first links by the letters of their own text: its menu is among them."""
        found: dict[str, list[Element]] = {}
        for link in self.page.index.tags.get("a", [])[:_MENU]:
            if link.text and len(link.text) <= _SHORT_LINK:
                found.setdefault(letters(link.text), []).append(link)
        return found

    def is_same_site(self, url: str) -> bool:
        """Whether a canonical address is of the page's own site."""
        netloc = urls.netloc(url)
        if netloc == urls.netloc(self.page.url):
            return True
        return bool(self.site and netloc in self.site.netlocs)
