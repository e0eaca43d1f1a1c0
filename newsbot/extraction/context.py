"""context: one page that is read: what is known of it beforehand, and what was found so far."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from lxml.etree import _Element as Element

from archive.article import Article
from newsbot import urls
from newsbot.extraction import structured, walls
from newsbot.extraction.body import Body
from newsbot.extraction.evidence import Candidate, Key, Reader, weigh
from newsbot.extraction.layouts import family_of, layout_of
from newsbot.extraction.page import Page
from newsbot.extraction.surroundings import Surroundings
from newsbot.profiles import Site

DEFAULT_ZONE = ZoneInfo("Asia/Almaty")


class Context:
    """What the readers of the fields share. They fill `article` in the order of `extract`."""

    def __init__(
        self, page: Page, article: Article, site: Site | None, fetched_at: datetime | None
    ) -> None:
        self.page = page
        self.article = article
        self.site = site
        self.fetched_at = fetched_at
        self.zone = site.zone if site else DEFAULT_ZONE
        self.family = family_of(page, site)
        self.layout_name, self.layout = layout_of(page, site, self.family, fetched_at)
        self.ld = structured.article_object(page)
        """The JSON-LD object that describes the article; empty where there is none."""
        self.data: dict[str, Any] = {}
        """The article in the data of a single-page application; known with the body."""
        self.heard: dict[str, list[Candidate]] = {}
        """All that was said of each field, in the order in which it was heard, for `--explain`."""
        self.title_element: Element | None = None
        self.body = Body()

    def fill(self, name: str, readers: Iterable[Reader], key: Key = repr) -> None:
        """Set one field to what the evidence decides for, and where it came from."""
        chosen, heard = weigh(readers, key)
        self.heard.setdefault(name, []).extend(heard)
        if chosen is not None and chosen.value is not None:
            setattr(self.article, name, chosen.value)
            self.article.sources[name] = chosen.source

    @cached_property
    def proven(self) -> bool:
        """Whether the layout's own proof says that the page is one article."""
        return self.page.has(self.layout.article)

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
    def site_names(self) -> list[str | None]:
        """What the newspaper may be called in titles and bylines."""
        publisher = structured.names(self.ld.get("publisher"))
        return [
            self.page.meta("og:site_name"),
            self.site.name if self.site else None,
            publisher[0] if publisher else None,
            urls.netloc(self.page.url).removeprefix("www."),
        ]

    def is_same_site(self, url: str) -> bool:
        """Whether a canonical address is of the page's own site."""
        netloc = urls.netloc(url)
        if netloc == urls.netloc(self.page.url):
            return True
        return bool(self.site and netloc in self.site.netlocs)
