"""extraction: page → Article. Pure: bytes, URL and time of fetch in, Article out.

No network, no clock, no database, and never an exception. Structured data, the layout's selectors
and the generic extractor are asked in turn; each field remembers who answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from lxml.etree import _Element as Element

from archive.article import Article
from archive.kazakh.language import identify, looks_mixed_script
from archive.kazakh.letters import faithful
from newsbot import vocabulary
from newsbot.extraction import body as bodies
from newsbot.extraction import classify, fields, structured
from newsbot.extraction.around import Around, signature
from newsbot.extraction.blocks import Block, inline_text
from newsbot.extraction.body import Body
from newsbot.extraction.dates import ParsedDate, find_dates, parse_date, parse_machine
from newsbot.extraction.decode import decode
from newsbot.extraction.generic import main_blocks
from newsbot.extraction.page import Page
from newsbot.profiles import Family, Layout, Site, families, layouts_of
from newsbot.visit import urls

__all__ = ["Article", "extract"]

DEFAULT_ZONE = ZoneInfo("Asia/Almaty")
SHORT_TEXT = 200
"""Characters below which an article is flagged `short_text`."""
_SAMPLE = 500
"""Characters of a text by which its language is known."""
_TEASER = 600
"""Characters; a text that ends in dots is taken for a teaser up to this length."""
_COMMENT_FORMS = ", ".join(vocabulary.entries("counters", "comment_forms"))
_INTERACTIONS = "|".join(vocabulary.entries("counters", "interactions"))
_BREADCRUMBS = vocabulary.pattern("sections", "breadcrumbs")
_NAMES = 300
"""Characters of a class or id that are looked at; what is longer is no name."""
_PUBLISHED_METAS = vocabulary.entries("structured", "metas.published")
_MODIFIED_METAS = vocabulary.entries("structured", "metas.modified")


def extract(
    body: bytes,
    url: str,
    *,
    charset: str | None = None,
    fetched_at: datetime | None = None,
    site: Site | None = None,
) -> Article:
    """Read the article that a page holds, or say why it holds none.

    `body` is the page as served after content decoding, `charset` the one its HTTP header declared,
    `fetched_at` the aware moment of the fetch (relative dates need it), `site` the profile of its
    newspaper. Never raises.
    """
    decoded = decode(body, charset)
    article = Article(url=url, site=site.id if site else None, charset=decoded.charset)
    article.flags.extend(decoded.flags)
    page = Page(decoded.text, url)
    family = _family(page, site)
    _Reader(page, article, site, family, fetched_at).read()
    return article


def _family(page: Page, site: Site | None) -> Family:
    """The profile's family, or else the one of whose signs the page carries most."""
    known = families()
    if site and site.family != "generic":
        return known[site.family]
    generators = page.metas.get("generator", [])
    for family in known.values():
        if family.generator and any(
            re.search(family.generator, generator, re.IGNORECASE) for generator in generators
        ):
            return family
    best, most = known["generic"], 0
    for family in known.values():
        signs = sum(map(page.assets.__contains__, family.assets)) + sum(map(page.has, family.signs))
        if signs > most:
            best, most = family, signs
    return best


class _Reader:
    """One reading of one page; fills the article field by field."""

    def __init__(
        self,
        page: Page,
        article: Article,
        site: Site | None,
        family: Family,
        fetched_at: datetime | None,
    ) -> None:
        self.page = page
        self.article = article
        self.site = site
        self.family = family
        self.fetched_at = fetched_at
        self.zone = site.zone if site else DEFAULT_ZONE
        self.ld = structured.article_object(page)
        self.data: dict[str, Any] = {}
        self.body = Body()
        self.title_element: Element | None = None
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

    @cached_property
    def proven(self) -> bool:
        """Whether the layout's own proof says that the page is one article."""
        return self.page.has(self.layout.article)

    def read(self) -> None:
        article, page = self.article, self.page
        article.layout = self.layout_name
        article.canonical_url = self._canonical_url()
        self._choose("title", self._title)
        self.body = self._body()
        self.around = Around(
            page, self.title_element, self.body.elements, self.body.removed, self.body.dropped
        )
        self._choose("authors", self._authors)
        body = bodies.tidy(
            self._with_what_stands_before(self.body.blocks),
            title=article.title,
            authors=article.authors,
            zone=self.zone,
            fetched_at=self.fetched_at,
        )
        article.text = "\n\n".join(b.text for b in body if b.kind != "caption")
        article.captions = list(dict.fromkeys(b.text for b in body if b.kind == "caption"))
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
            blocks=body,
            candidates=self.body.candidates,
            text=article.text,
            link_share=sum(b.linked * len(b.text) for b in body) / chars if chars else 0.0,
            declared=classify.declares_article(page, self.ld),
            signed=sum(
                bool(field) or field == 0
                for field in (article.published, article.authors, article.views, article.comments)
            ),
        )
        article.is_article = article.reason is None
        article.editions = self._editions()
        article.pages = self._pages()
        hint = page.root.get("lang") or page.meta("og:locale")
        article.language = identify(f"{article.title or ''}\n{article.text[:_SAMPLE]}", hint)
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

    def _title(self) -> tuple[str | None, str]:
        names = self.site_names
        heads = [
            (next(iter(structured.names(self.ld.get("headline"))), None), "json-ld"),
            (self.page.meta("og:title", "twitter:title"), "meta"),
            (self.page.first(["title"]), "title"),
        ]
        candidates = [(self._printed_title([head for head, _ in heads if head]), "layout"), *heads]
        for value, source in candidates:
            title = fields.without_site_name(value, names) if value else ""
            if title and fields.without_site_name(f"x - {title}", names) != "x":
                return (None, "") if fields.is_placeholder(title) else (title, source)
        return None, ""

    def _printed_title(self, heads: list[str]) -> str | None:
        """The printed headline: what the layout names, checked against what the page calls itself.

        Templates that print the newspaper's name as `h1` and the headline as `h2` are common.
        """
        wanted = [letters for letters in map(bodies.letters, heads) if letters]
        first: tuple[str, Element] | None = None
        for selectors in (self.layout.title, ["h1", "h2", "h3"] if wanted else []):
            for css in selectors:
                for element in self.page.select(css)[:5]:
                    text = inline_text(element)
                    if not text:
                        continue
                    first = first or (text, element)
                    if not wanted or _agrees(bodies.letters(text), wanted):
                        self.title_element = element
                        return text
        if first and first[1].tag != "h3":
            self.title_element = first[1]
            return first[0]
        return None

    def _body(self) -> Body:
        page, title = self.page, self.article.title
        found = bodies.from_layout(page, self.layout)
        proven = self.proven
        poor = not found.blocks or (found.chars < classify.MIN_TEXT and not proven)
        if poor and not (proven and found.source):
            other = bodies.from_blocks(main_blocks(page), "generic")
            other.candidates = found.candidates
            if other.chars > 2 * found.chars:
                found = other
        self.data = structured.application_article(page, title)
        for source, text in (
            ("next-data", self.data.get("html")),
            ("json-ld", self.ld.get("articleBody")),
        ):
            if isinstance(text, str) and len(text) > 1.5 * found.chars and not _is_cut(text):
                make = bodies.from_html if "<" in text else bodies.from_text
                other = make(text, page.url, source)
                if other.chars > 1.5 * found.chars:
                    found = other
        if found.source:
            self.article.sources["text"] = found.source
        return found

    def _with_what_stands_before(self, found: list[Block]) -> list[Block]:
        """Blocks with the lead and the captions printed between headline and text, if they are new."""
        if not found or not self.body.elements:
            return found
        captions, lead = self.around.captions(), self.around.lead()
        if not captions and not lead:
            return found
        known = {bodies.letters(block.text) for block in found}
        whole = "".join(bodies.letters(block.text) for block in found[:3])
        before = []
        for caption in captions:
            if bodies.letters(caption) not in known:
                before.append(Block("caption", caption, 0.0, self.body.elements[0]))  # noqa: PERF401
        if lead and not _is_cut(lead) and bodies.letters(lead) not in whole:
            before.append(Block("p", lead, 0.0, self.body.elements[0]))
        return [*before, *found]

    def _authors(self) -> tuple[list[str], str]:
        sites = {bodies.letters(name) for name in self.site_names if name}

        def persons(values: Iterable[str]) -> list[str]:
            return [name for name in fields.authors(values) if bodies.letters(name) not in sites]

        for css in self.layout.authors:
            found = persons(self.page.strings(css)[:20])
            if found:
                return found, "layout"
        candidates: list[tuple[Callable[[], Iterable[str]], str]] = [
            (lambda: structured.people(self.ld.get("author")), "json-ld"),
            (lambda: structured.labels(self.data.get("author")), "next-data"),
            (self.around.authors, "printed"),
            (lambda: filter(None, [signature(self.body.blocks)]), "signature"),
            (lambda: filter(None, [self.around.signature()]), "signature"),
            (lambda: self.page.metas.get("article:author", []), "meta"),
            (lambda: self.page.metas.get("author", []), "meta"),
        ]
        for read, source in candidates:
            found = persons(read())
            if found:
                return found, source
        return [], ""

    def _dates(self) -> None:
        article = self.article
        candidates = self._layout_dates(self.layout.published)
        if not _is_final(candidates):
            candidates = [
                *candidates,
                *self._machine_dates("json-ld", [self.ld.get("datePublished")]),
                *self._machine_dates("meta", [self.page.meta(name) for name in _PUBLISHED_METAS]),
                *self._machine_dates("next-data", [self.data.get("datePublished")]),
            ]
        if not any(source in ("layout", "printed") for _, source in candidates):
            # A machine's word alone is checked against what is printed, and replaced where it fails.
            candidates += self._machine_dates("printed", list(self.around.moments()[:1]))
            candidates += self._printed_dates(self.around.dates(), 1)
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
            *self._machine_dates("next-data", [self.data.get("dateModified")]),
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

    def _near(self, css: str) -> Iterator[tuple[Element, str]]:
        """Matches of a selector with their text, those in sidebars and other articles left out."""
        base, _, attribute = css.partition("::attr(")
        attribute = attribute.rstrip(")")
        for element in self.page.select(base)[:20]:
            value = faithful(element.get(attribute) or "") if attribute else inline_text(element)
            if value and self.around.is_near(element):
                yield element, value

    def _layout_dates(self, selectors: list[str]) -> list[tuple[ParsedDate, str]]:
        farther: list[tuple[ParsedDate, str]] = []
        for css in selectors:
            machine = "::attr(" in css
            for element, value in self._near(css):
                parse = parse_machine if machine else self._parse
                parsed = parse(value, zone=self.zone, fetched_at=self.fetched_at)
                if not parsed:
                    continue
                found = [(parsed, "layout" if machine else "printed")]
                shown = (
                    machine
                    and not _is_final(found)
                    and self._parse(
                        inline_text(element), zone=self.zone, fetched_at=self.fetched_at
                    )
                )
                if shown:
                    found.append((shown, "printed"))
                # A selector as plain as `.date` may match a list beside the article first.
                if self.around.in_core(element):
                    return found
                farther = farther or found
        return farther

    def _parse(
        self, text: str, *, zone: ZoneInfo, fetched_at: datetime | None
    ) -> ParsedDate | None:
        return parse_date(text, zone=zone, fetched_at=fetched_at, day_first=self.layout.day_first)

    def _printed_dates(self, texts: Iterable[str], limit: int) -> list[tuple[ParsedDate, str]]:
        found: list[tuple[ParsedDate, str]] = []
        for text in texts:
            for parsed in find_dates(text, zone=self.zone, fetched_at=self.fetched_at)[:1]:
                found.append((parsed, "printed"))  # noqa: PERF401
            if len(found) >= limit:
                break
        return found

    def _machine_dates(self, source: str, values: list[object]) -> list[tuple[ParsedDate, str]]:
        parsed = (
            parse_machine(value, zone=self.zone, fetched_at=self.fetched_at)
            for value in values
            if isinstance(value, str)
        )
        return [(p, source) for p in parsed if p]

    def _section(self) -> tuple[str | None, str]:
        named = structured.names(self.ld.get("articleSection"))
        data = structured.labels(self.data.get("articleSection"))
        tags = self.page.metas.get("article:tag", [])
        candidates: list[tuple[Callable[[], str | None], str]] = [
            (lambda: self.page.first(self.layout.section), "layout"),
            (lambda: named[0] if named else None, "json-ld"),
            (lambda: self.page.meta("article:section"), "meta"),
            (lambda: data[0] if data else None, "next-data"),
            (self.around.section, "printed"),
            (self._breadcrumb, "breadcrumb"),
            (lambda: tags[0] if tags else None, "meta"),
        ]
        for read, source in candidates:
            value = fields.section(read() or "")
            if value and value != self.article.title:
                return value, source
        return None, ""

    def _breadcrumb(self) -> str | None:
        """The last step of the printed path that is neither the front page nor the headline."""
        title = bodies.letters(self.article.title or "")
        for names in (self.page.index.classes, self.page.index.ids):
            for name, elements in names.items():
                if _is_breadcrumb(name[:_NAMES]):
                    links = [inline_text(link) for e in elements[:3] for link in e.iter("a")]
                    steps = [text for text in links if bodies.letters(text) != title]
                    if len(steps) > 1:
                        return steps[-1]
        steps = [name for name in structured.breadcrumb(self.page) if bodies.letters(name) != title]
        return steps[-1] if len(steps) > 1 else None

    def _tags(self) -> tuple[list[str], str]:
        for css in self.layout.tags:
            values = fields.tags(self.page.strings(css))
            if values:
                return values, "layout"
        values = fields.tags(structured.labels(self.data.get("keywords")))
        if values:
            return values, "next-data"
        values = self.page.metas.get("article:tag", [])
        source = "meta"
        if not values:
            words = self.ld.get("keywords")
            words = words.split(",") if isinstance(words, str) else words
            values, source = structured.names(words), "json-ld"
        found = fields.tags(value for value in values if value != self.article.section)
        if found:
            return found, source
        printed = [tag for tag in self.around.tags() if tag != self.article.section]
        return fields.tags(printed), "printed"

    def _image(self) -> tuple[str | None, str]:
        candidates = [
            (self.page.first(self.layout.image), "layout"),
            (structured.image(self.ld.get("image")), "json-ld"),
            (self.page.meta("og:image", "twitter:image"), "meta"),
            (structured.image(self.data.get("image")), "next-data"),
        ]
        for value, source in candidates:
            address = self.page.absolute(value) if value else None
            if address:
                return address, source
        return None, ""

    def _views(self) -> tuple[int | None, str]:
        for css in self.layout.views:
            number = fields.view_count(self.page.first([css]) or "")
            if number is not None:
                return number, "layout"
        number = structured.interactions(self.ld, _INTERACTIONS)
        if number is not None:
            return number, "json-ld"
        if isinstance(self.data.get("views"), int):
            return self.data["views"], "next-data"
        return self.around.views(), "printed"

    def _comments(self) -> tuple[int | None, str]:
        for css in self.layout.comments:
            number = fields.comment_count(self.page.first([css]) or "")
            if number is not None:
                return number, "layout"
        stated = self.ld.get("commentCount")
        if isinstance(stated, int):
            return stated, "json-ld"
        if isinstance(self.data.get("comments"), int):
            return self.data["comments"], "next-data"
        number = self.around.comments()
        if number is not None:
            return number, "printed"
        if self.layout.comment_items:
            items = len(self.page.select(self.layout.comment_items))
            if items or self.page.has(_COMMENT_FORMS):
                return items, "layout"
        return None, ""

    def _editions(self) -> list[dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        own = {urls.canonical(self.page.url), self.article.canonical_url}
        for link in self.page.select('link[rel="alternate"][hreflang][href]'):
            language = fields.edition_language(link.get("hreflang") or "")
            address = urls.canonical(self.page.absolute(link.get("href") or "") or "")
            if address and address not in own and language.lower() != "x-default":
                found.setdefault(address, {"language": language, "url": address})
        for link in self.page.index.tags.get("a", []):
            text = link.text
            named = text and fields.edition_label(text)
            if named:
                address = urls.canonical(self.page.absolute(link.get("href") or "") or "")
                if address and address not in own and self._is_edition(address):
                    found.setdefault(address, {"language": named, "url": address})
        return list(found.values())[:20]

    def _is_edition(self, address: str) -> bool:
        """Whether an address differs from the page's own in host label, first segment or query only."""
        own = self.article.canonical_url or self.page.url
        ours, theirs = urlsplit(own), urlsplit(address)
        if ours.path.strip("/") == "":
            return False
        last = ours.path.rstrip("/").rsplit("/", 1)[-1]
        same_end = bool(last) and theirs.path.rstrip("/").endswith(last)
        domain = ".".join((ours.hostname or "").split(".")[-2:])
        return same_end and (theirs.hostname or "").endswith(domain)

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
        if fields.looks_glued(article.text):
            flags.append("glued_words")
        if self._is_truncated():
            flags.append("truncated")
        if classify.behind_paywall(self.page, self.ld):
            flags.append("paywall")
        article.flags = list(dict.fromkeys(flags))

    def _is_truncated(self) -> bool:
        """Whether the text is the beginning of a longer one, by its dots or by the page's data."""
        full = self.ld.get("articleBody")
        text = self.article.text
        if (
            isinstance(full, str)
            and text
            and len(bodies.letters(full)) > 1.5 * len(bodies.letters(text))
        ):
            return True
        return _is_cut(text) and len(text) < _TEASER


@lru_cache(maxsize=16384)
def _is_breadcrumb(name: str) -> bool:
    return _BREADCRUMBS.search(name) is not None


def _is_cut(text: str) -> bool:
    return text.rstrip(" ])").endswith(("…", "...", "&hellip;"))


def _agrees(printed: str, heads: list[str]) -> bool:
    """Whether a printed line is the headline that the page's data name, or most of it."""
    if len(printed) < 4:
        return False
    return any(
        (printed in head and 2 * len(printed) > len(head))
        or (head in printed and 2 * len(head) > len(printed))
        for head in heads
    )


def _after(value: date | datetime, moment: datetime) -> bool:
    return value > moment if isinstance(value, datetime) else value > moment.date()


def _is_final(candidates: list[tuple[ParsedDate, str]]) -> bool:
    """Whether `_choose_date` takes the first candidate, whatever comes after it."""
    value = candidates[0][0].value if candidates else None
    return isinstance(value, datetime) and value.utcoffset() != timedelta(0)


def _choose_date(candidates: list[tuple[ParsedDate, str]]) -> tuple[ParsedDate, str] | None:
    """The first candidate, refined by the others.

    A bare date takes the time of day from a candidate of the same day. A machine value that claims
    UTC but shows the wall clock that the page prints is local time with a wrong offset.
    """
    if not candidates:
        return None
    chosen, source = candidates[0]
    printed = [p.value for p, s in candidates if s == "printed" and isinstance(p.value, datetime)]
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
