"""extraction: page → Article. Pure: bytes, URL and time of fetch in, Article out.

No network, no clock, no database, and never an exception. Structured data, the layout's selectors
and the generic extractor are asked in turn; each field remembers who answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from archive.article import Article
from archive.kazakh.language import identify, looks_mixed_script
from newsbot import urls
from newsbot.extraction import boilerplate, classify, fields, structured
from newsbot.extraction.blocks import Block, blocks
from newsbot.extraction.dates import ParsedDate, parse_date, parse_machine
from newsbot.extraction.decode import decode
from newsbot.extraction.generic import main_blocks
from newsbot.extraction.page import Page
from newsbot.profiles import Family, Layout, Site, families, layouts_of

__all__ = ["Article", "extract"]

DEFAULT_ZONE = ZoneInfo("Asia/Almaty")
SHORT_TEXT = 200
"""Characters below which an article is flagged `short_text`."""
_PUBLISHED_METAS = (
    "article:published_time og:published_time datepublished publish-date pubdate published_time "
    "dc.date.issued parsely-pub-date mediator_published_time date"
).split()
_MODIFIED_METAS = "article:modified_time og:updated_time datemodified mediator_modified_time".split()


def extract(
    body: bytes,
    url: str,
    *,
    charset: str | None = None,
    fetched_at: datetime | None = None,
    site: Site | None = None,
    learned: Collection[str] = frozenset(),
) -> Article:
    """Read the article that a page holds, or say why it holds none.

    `body` is the page as served after content decoding, `charset` the one its HTTP header declared,
    `fetched_at` the aware moment of the fetch (relative dates need it), `site` the profile of its
    newspaper, `learned` whole lines known to repeat at that site. Never raises.
    """
    decoded = decode(body, charset)
    article = Article(url=url, site=site.id if site else None, charset=decoded.charset)
    article.flags.extend(decoded.flags)
    page = Page(decoded.text, url)
    family = _family(page, site)
    _Reader(page, article, site, family, fetched_at, learned).read()
    return article


def _family(page: Page, site: Site | None) -> Family:
    """The profile's family, or else the one whose signs the page carries."""
    known = families()
    if site and site.family != "generic":
        return known[site.family]
    generator = page.meta("generator") or ""
    for family in known.values():
        if _carries_signs(page, family, generator):
            return family
    return known["generic"]


def _carries_signs(page: Page, family: Family, generator: str) -> bool:
    if family.generator and re.search(family.generator, generator, re.IGNORECASE):
        return True
    return any(page.has(css) for css in family.signs)


class _Reader:
    """One reading of one page; fills the article field by field."""

    def __init__(
        self,
        page: Page,
        article: Article,
        site: Site | None,
        family: Family,
        fetched_at: datetime | None,
        learned: Collection[str],
    ) -> None:
        self.page = page
        self.article = article
        self.site = site
        self.family = family
        self.fetched_at = fetched_at
        self.learned = learned
        self.zone = site.zone if site else DEFAULT_ZONE
        self.ld = structured.article_object(page)
        self.layout_name, self.layout = self._choose_layout(family)

    def _choose_layout(self, family: Family) -> tuple[str, Layout]:
        """The first layout that applied at the time and matches the page."""
        generic = families()["generic"]
        for owner in (family, generic):
            for layout in layouts_of(self.site, owner, self.fetched_at):
                if layout.when is None or self.page.has(layout.when):
                    own = self.site and layout in self.site.layouts
                    name = self.site.id if self.site and own else owner.id
                    return f"{name}/{layout.id}", layout
        return f"{generic.id}/{generic.layouts[-1].id}", generic.layouts[-1]

    def read(self) -> None:
        article, page = self.article, self.page
        article.layout = self.layout_name
        article.canonical_url = self._canonical_url()
        self._choose("title", self._title)
        body = self._body()
        article.text = "\n\n".join(b.text for b in body if b.kind != "caption")
        article.captions = list(dict.fromkeys(b.text for b in body if b.kind == "caption"))
        self._choose("authors", self._authors)
        self._dates()
        self._choose("section", self._section)
        self._choose("tags", self._tags)
        self._choose("image", self._image)
        self._choose("views", self._views)
        self._choose("comments", self._comments)
        chars = sum(len(b.text) for b in body)
        article.reason = classify.refusal(
            page,
            self.layout,
            title=article.title,
            text=article.text,
            link_share=sum(b.linked * len(b.text) for b in body) / chars if chars else 0.0,
            declared=classify.declares_article(page, self.ld),
            signed=bool(article.published or article.authors or article.views or article.comments),
        )
        article.is_article = article.reason is None
        article.editions = self._editions()
        article.pages = self._pages()
        hint = page.root.get("lang") or page.meta("og:locale")
        article.language = identify(f"{article.title or ''}\n{article.text}", hint)
        self._flag()

    def _choose(self, name: str, read: Callable[[], tuple[object, str]]) -> None:
        value, source = read()
        setattr(self.article, name, value)
        if value not in (None, [], ""):
            self.article.sources[name] = source

    # -- fields ---------------------------------------------------------------------------------

    def _canonical_url(self) -> str | None:
        """The page's own word for its address, trusted only within the site and off its front page."""
        own = urls.canonical(self.page.url)
        for css in ('link[rel="canonical"]::attr(href)', 'meta[property="og:url"]::attr(content)'):
            for href in self.page.select(css)[:1]:
                claimed = urls.canonical(self.page.absolute(str(href)) or "")
                if claimed and self._same_site(claimed) and self._may_be_article(claimed):
                    self.article.sources["canonical_url"] = css.split("[")[0]
                    return claimed
        return own

    def _may_be_article(self, url: str) -> bool:
        """False for a front page, and for what the family never uses for articles.

        WordPress block themes give `/comment-page-1/` as the canonical address of an article.
        """
        path = urls.path_and_query(url)
        excluded = self.family.discovery.exclude
        return path != "/" and not any(re.search(pattern, path) for pattern in excluded)

    def _same_site(self, url: str) -> bool:
        netloc = urls.netloc(url)
        if netloc == urls.netloc(self.page.url):
            return True
        return bool(self.site and netloc in self.site.netlocs)

    def _site_names(self) -> list[str | None]:
        publisher = structured.names(self.ld.get("publisher"))
        return [
            self.page.meta("og:site_name"),
            self.site.name if self.site else None,
            publisher[0] if publisher else None,
            urls.netloc(self.page.url).removeprefix("www."),
        ]

    def _title(self) -> tuple[str | None, str]:
        names = self._site_names()
        candidates = [
            (self.page.first(self.layout.title), "layout"),
            (next(iter(structured.names(self.ld.get("headline"))), None), "json-ld"),
            (self.page.meta("og:title", "twitter:title"), "meta"),
            (self.page.first(["title"]), "title"),
        ]
        for value, source in candidates:
            title = fields.without_site_name(value, names) if value else ""
            if title and fields.without_site_name(f"x - {title}", names) != "x":
                return (None, "") if fields.is_placeholder(title) else (title, source)
        return None, ""

    def _body(self) -> list[Block]:
        for css in self.layout.body:
            elements = self.page.select(css)
            if not elements:
                continue
            removed = {e for rule in self.layout.remove for e in self.page.select(rule)}
            captions = {e for rule in self.layout.captions for e in self.page.select(rule)}
            leads = [e for rule in self.layout.lead for e in self.page.select(rule)[:1]]
            found = [b for e in (*leads, elements[0]) for b in blocks(e, removed | captions)]
            found += [Block("caption", b.text, 0.0, e) for e in captions for b in blocks(e)]
            found = boilerplate.clean(found, self.learned)
            if found or self.page.has(self.layout.article):
                self.article.sources["text"] = "layout"
                return found
        found = boilerplate.clean(main_blocks(self.page), self.learned)
        if found:
            self.article.sources["text"] = "generic"
        return found

    def _authors(self) -> tuple[list[str], str]:
        for css in self.layout.authors:
            found = fields.authors(self.page.strings(css)[:20])
            if found:
                return found, "layout"
        found = fields.authors(structured.people(self.ld.get("author")))
        if found:
            return found, "json-ld"
        meta = [*self.page.metas.get("article:author", []), *self.page.metas.get("author", [])]
        sites = {name.casefold() for name in self._site_names() if name}
        return fields.authors(name for name in meta if name.casefold() not in sites), "meta"

    def _dates(self) -> None:
        article = self.article
        candidates = [
            *self._layout_dates(self.layout.published),
            *self._machine_dates("json-ld", [self.ld.get("datePublished")]),
            *self._machine_dates("meta", [self.page.meta(name) for name in _PUBLISHED_METAS]),
        ]
        chosen = _choose_date(candidates)
        if chosen:
            parsed, source = chosen
            article.published, article.published_raw = self._iso(parsed), parsed.raw
            article.sources["published"] = source
            if parsed.year_inferred or parsed.relative:
                article.flags.append("date_inferred")
            if self.fetched_at and _after(parsed.value, self.fetched_at + timedelta(days=1)):
                article.flags.append("future_date")
        candidates = [
            *self._layout_dates(self.layout.modified),
            *self._machine_dates("json-ld", [self.ld.get("dateModified")]),
            *self._machine_dates("meta", [self.page.meta(name) for name in _MODIFIED_METAS]),
        ]
        chosen = _choose_date(candidates)
        if chosen:
            article.modified = self._iso(chosen[0])
            article.sources["modified"] = chosen[1]

    def _iso(self, parsed: ParsedDate) -> str:
        """ISO 8601 in the newsroom's own zone, where the page gave the moment in UTC."""
        value = parsed.value
        if isinstance(value, datetime):
            if value.utcoffset() == timedelta(0):
                value = value.astimezone(self.zone)
            return value.isoformat(timespec="seconds")
        return value.isoformat()

    def _layout_dates(self, selectors: list[str]) -> list[tuple[ParsedDate, str]]:
        found = []
        for css in selectors:
            machine = "::attr(" in css
            for value in self.page.strings(css)[:1]:
                parse = parse_machine if machine else parse_date
                parsed = parse(value, zone=self.zone, fetched_at=self.fetched_at)
                if parsed:
                    found.append((parsed, "layout" if machine else "printed"))
            if machine and found:
                for value in self.page.strings(css.split("::attr(")[0])[:1]:
                    shown = parse_date(value, zone=self.zone, fetched_at=self.fetched_at)
                    if shown:
                        found.append((shown, "printed"))
            if found:
                break
        return found

    def _machine_dates(
        self, source: str, values: list[object]
    ) -> list[tuple[ParsedDate, str]]:
        parsed = (
            parse_machine(value, zone=self.zone, fetched_at=self.fetched_at)
            for value in values
            if isinstance(value, str)
        )
        return [(p, source) for p in parsed if p]

    def _section(self) -> tuple[str | None, str]:
        value = self.page.first(self.layout.section)
        if value:
            return value, "layout"
        named = structured.names(self.ld.get("articleSection"))
        if named:
            return named[0], "json-ld"
        tags = self.page.metas.get("article:tag", [])
        return self.page.meta("article:section") or (tags[0] if tags else None), "meta"

    def _tags(self) -> tuple[list[str], str]:
        for css in self.layout.tags:
            values = [value.lstrip("#").strip() for value in self.page.strings(css)]
            if values:
                return list(dict.fromkeys(filter(None, values)))[:100], "layout"
        values = self.page.metas.get("article:tag", [])
        source = "meta"
        if not values:
            words = self.ld.get("keywords")
            words = words.split(",") if isinstance(words, str) else words
            values, source = structured.names(words), "json-ld"
        kept = dict.fromkeys(value for value in values if value != self.article.section)
        return list(kept)[:100], source

    def _image(self) -> tuple[str | None, str]:
        candidates = [
            (self.page.first(self.layout.image), "layout"),
            (structured.image(self.ld.get("image")), "json-ld"),
            (self.page.meta("og:image", "twitter:image"), "meta"),
        ]
        for value, source in candidates:
            address = self.page.absolute(value) if value else None
            if address:
                return address, source
        return None, ""

    def _views(self) -> tuple[int | None, str]:
        for css in self.layout.views:
            for value in self.page.strings(css)[:1]:
                number = fields.view_count(value)
                if number is not None:
                    return number, "layout"
        return None, ""

    def _comments(self) -> tuple[int | None, str]:
        for css in self.layout.comments:
            for value in self.page.strings(css)[:1]:
                number = fields.comment_count(value)
                if number is not None:
                    return number, "layout"
        if self.layout.comment_items:
            items = len(self.page.select(self.layout.comment_items))
            if items or self.page.has("#respond, #commentform"):
                return items, "layout"
        return None, ""

    def _editions(self) -> list[dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        own = {urls.canonical(self.page.url), self.article.canonical_url}
        for link in self.page.select('link[rel="alternate"][hreflang][href]'):
            language = link.get("hreflang") or ""
            address = urls.canonical(self.page.absolute(link.get("href") or "") or "")
            if address and address not in own and language.lower() != "x-default":
                found.setdefault(address, {"language": language, "url": address})
        return list(found.values())[:20]

    def _pages(self) -> list[str]:
        """Addresses of the further pages of a divided article; none when this is not the first."""
        found: dict[str, None] = {}
        own = self.article.canonical_url or ""
        for css in self.layout.pages:
            for href in self.page.strings(css):
                address = urls.canonical(self.page.absolute(href) or "")
                if address and address != own and self._same_site(address):
                    found.setdefault(address)
            if found:
                break
        return list(found)[:50]

    def _flag(self) -> None:
        article = self.article
        flags = article.flags
        if not article.published:
            flags.append("no_date")
        if not article.text:
            flags.append("no_text")
        elif len(article.text) < SHORT_TEXT:
            flags.append("short_text")
        if looks_mixed_script(article.text):
            flags.append("mixed_script")
        article.flags = list(dict.fromkeys(flags))


def _after(value: date | datetime, moment: datetime) -> bool:
    return value > moment if isinstance(value, datetime) else value > moment.date()


def _choose_date(candidates: list[tuple[ParsedDate, str]]) -> tuple[ParsedDate, str] | None:
    """The first candidate, refined by the others.

    A bare date takes the time of day from a candidate of the same day. A machine value that claims
    UTC but shows the wall clock that the page prints is local time with a wrong offset.
    """
    if not candidates:
        return None
    chosen, source = candidates[0]
    printed = [
        p.value for p, s in candidates if s == "printed" and isinstance(p.value, datetime)
    ]
    if not isinstance(chosen.value, datetime):
        for other, other_source in candidates[1:]:
            if isinstance(other.value, datetime) and abs(
                other.value.date() - chosen.value
            ) <= timedelta(days=1):
                chosen, source = other, other_source
                break
    value = chosen.value
    if isinstance(value, datetime) and value.utcoffset() == timedelta(0):
        for wall in printed:
            if wall.replace(tzinfo=None, second=0) == value.replace(tzinfo=None, second=0):
                return ParsedDate(wall, chosen.raw, False, False), source
    return chosen, source
