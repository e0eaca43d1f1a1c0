"""builder: exchanges → one visit: redirects, the page, the further pages of a divided article.

The one place that decides what came of a visit: the spider, imports and reextraction feed it with
exchanges and what was read in them, and fetch what it needs next. Pure: no network, no clock, no
database, no Scrapy.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from archive.article import Article
from archive.captures import Capture, Exchange
from archive.visit import Visit
from newsbot import urls
from newsbot.extraction import rules_version
from newsbot.profiles import Site
from newsbot.visit.limits import REDIRECT_MAX_TIMES
from newsbot.visit.outcomes import result_of_refusal, result_of_status
from newsbot.visit.reading import Reading

MAX_PARTS = 20
"""Further pages of one divided article that are read."""
_FRONT_PAGES = ("/", "/index.html", "/index.php")


@dataclass(slots=True)
class _Page:
    """One page of the visit: the way to it, and what it turned out to be."""

    needs: str | None
    """The canonical address that it needs next; None when it has ended."""
    chain: list[str] = field(default_factory=list)
    """Addresses that were asked for, as they were spelt."""
    article: Article | None = None
    result: str | None = None
    reason: str | None = None
    is_given_cookies: bool = False
    back_at: set[str] = field(default_factory=set)
    """Addresses to which a redirect has led back, with a cookie."""

    def end(self, result: str, reason: str | None, article: Article | None = None) -> None:
        self.needs = None
        self.result, self.reason, self.article = result, reason, article


class VisitBuilder:
    """One visit in the making."""

    def __init__(
        self, site: Site, url: str, frontier: int | None = None, crawl: int | None = None
    ) -> None:
        """`url` is the address that was, or is to be, asked for."""
        self.site = site
        self.url = urls.canonical(url) or url
        self.frontier = frontier
        self._crawl = crawl
        self._pages = [_Page(self.url)]
        self._captures: list[tuple[Capture, int]] = []
        """Each with the number of its page."""
        self._fetched_at: datetime | None = None
        self._status: int | None = None
        self._etag: str | None = None
        self._last_modified: str | None = None
        self._said: tuple[str, ...] | None = None
        self._failure: tuple[str, str] | None = None

    @property
    def needs(self) -> list[str]:
        """Canonical addresses that the visit needs next, in the order in which they are to be asked.

        Where a redirect leads, or the further pages of a divided article; none when it is complete.
        """
        if self._failure:
            return []
        return [page.needs for page in self._pages if page.needs is not None]

    @property
    def first_record(self) -> str | None:
        """Id of the record of the visit's first capture, which the others name."""
        return self._captures[0][0].record_id if self._captures else None

    @property
    def article(self) -> Article | None:
        """The article on the visit's page, its further pages left out."""
        return self._pages[0].article

    @property
    def addresses(self) -> set[str]:
        """Canonical addresses under which sources may have listed the visit's page."""
        return {self.url, *_canonical(self._pages[0].chain), *self.needs[:1]}

    @property
    def leads_to(self) -> str | None:
        """Where the last redirect leads, as long as the page itself has not come."""
        page = self._pages[0]
        return page.needs if page.chain else None

    def add(self, exchange: Exchange, capture: Capture | None, reading: Reading) -> None:
        """Add the next exchange of the visit; `capture` is None for one that is not kept.

        An address that has failed may be asked again; what belongs to no page that is needed is kept
        and says nothing.
        """
        number = self._number_of(exchange)
        if capture:
            self._captures.append((capture, len(self._pages) if number is None else number))
        if number is None:
            return
        page = self._pages[number]
        if not page.chain or page.chain[-1] != exchange.url:
            page.chain.append(exchange.url)
        if exchange.header("Set-Cookie") is not None:
            page.is_given_cookies = True
        if number == 0:
            self._fetched_at = datetime.fromisoformat(exchange.fetched_at)
            self._status = exchange.status
            self._etag = exchange.header("ETag")
            self._last_modified = exchange.header("Last-Modified")
            self._said = reading.said
        if reading.leads_to is not None and self._follow(page, reading, reading.leads_to):
            return
        if number:
            _end_further(page, exchange, reading)
            return
        _end_first(page, exchange, reading)
        if page.result == "article" and page.article:
            own = set(_canonical(page.chain))
            further = _canonical(page.article.pages)[:MAX_PARTS]
            self._pages[1:] = [_Page(url) for url in further if url not in own]

    def fail(self, result: str, reason: str, at: datetime) -> None:
        """End the visit because something is not to be had: no answer, forbidden, an error of ours."""
        if self._pages[0].article and self.needs:
            result, reason = "failed", _incomplete(reason)
        elif self._pages[0].result not in ("excluded", "failed"):
            self._status = None
        self._failure = result, reason
        self._fetched_at = self._fetched_at or at

    def build(self) -> Visit:
        """The visit as far as it has come: what is needed still is taken for lost.

        Raises ValueError where nothing was added.
        """
        if self._fetched_at is None:
            raise ValueError("a visit without an exchange or a failure")
        result, reason = self._decide()
        is_kept = result in ("article", "unchanged")
        addresses = self._urls(result, reason)
        article = self._joined() if result == "article" else None
        return Visit(
            site=self.site.id,
            url=self.url,
            fetched_at=self._fetched_at,
            result=result,
            reason=reason,
            urls=addresses,
            elsewhere=self._elsewhere(addresses[-1]) if article else (),
            captures=self._parts(),
            article=article,
            said=self._said,
            rules=rules_version(self.site),
            status=self._status,
            # Those of a page that was not stored would have the next answer be «not modified».
            etag=self._etag if is_kept else None,
            last_modified=self._last_modified if is_kept else None,
            frontier=self.frontier,
            crawl=self._crawl,
        )

    # -- what comes in --------------------------------------------------------------------------

    def _number_of(self, exchange: Exchange) -> int | None:
        """The page that an exchange belongs to, 0 the first; None where it is of none."""
        address = urls.canonical(exchange.url) or exchange.url
        pages = list(enumerate(self._pages))
        needed = [number for number, page in pages if page.needs is not None]
        for number in needed:
            if self._pages[number].needs == address:
                return number
        for number, page in pages:
            if page.result and not page.article and address in _canonical(page.chain[-1:]):
                return number  # asked once more
        if needed:
            return needed[0]
        return None if self._pages[0].article else 0

    def _follow(self, page: _Page, reading: Reading, target: str) -> bool:
        """Need the page that a redirect leads to; False where the page itself is meant."""
        address = urls.canonical(target)
        # With a cookie that was set on the way, an address may answer otherwise, once.
        is_loop = target in page.chain
        if is_loop and page.is_given_cookies and target not in page.back_at:
            page.back_at.add(target)
            is_loop = False
        if is_loop or len(page.chain) > REDIRECT_MAX_TIMES:
            if reading.is_forward:
                return False
            again = f"redirects lead back to {target}" if is_loop else "too many redirects"
            page.end("failed", f"RedirectLoop: {again}")
        elif address is None or urls.netloc(address) not in self.site.netlocs:
            page.end("excluded", "leads to another site")
        else:
            page.needs = address
        return True

    # -- what comes out -------------------------------------------------------------------------

    def _decide(self) -> tuple[str, str | None]:
        """Result and reason of the whole."""
        first, *further = self._pages
        if self._failure:
            return self._failure
        if self._leads_to_front():
            return "missing", "front_page"
        if first.result is None or first.needs is not None:
            return "failed", "the page it leads to was not captured"
        for page in further:
            if page.article is None:
                return "failed", _incomplete(page.reason or "it was not captured")
        return first.result, first.reason

    def _leads_to_front(self) -> bool:
        """Whether a redirect leads from an address to the front page: so old engines say «missing»."""
        page = self._pages[0]
        last = page.needs or next(iter(_canonical(page.chain[-1:])), self.url)
        if self._is_front(self.url) or not self._is_front(last):
            return False
        return page.needs is not None or page.result in ("article", "refused", "unchanged")

    def _is_front(self, url: str) -> bool:
        return urls.path_and_query(url) in (
            *_FRONT_PAGES, urls.path_and_query(urls.canonical(self.site.url) or ""),
        )  # fmt: skip

    def _joined(self) -> Article | None:
        """One article of its pages: the first keeps its fields, and takes text and captions of all."""
        first, *rest = [page.article for page in self._pages if page.article]
        if not rest:
            return first
        paragraphs, captions = first.paragraphs, list(first.captions)
        for article in rest:
            # A lead or note repeated on every page is printed once.
            known = set(paragraphs)
            paragraphs += [p for p in article.paragraphs if p not in known]
            captions += [c for c in article.captions if c not in captions]
        flags = [f for f in first.flags if f not in ("short_text", "no_text") or not paragraphs]
        return replace(first, text="\n\n".join(paragraphs), captions=captions, flags=flags)

    def _urls(self, result: str, reason: str | None) -> tuple[str, ...]:
        """Every address that led to the page, that of the page last."""
        first, *further = self._pages
        chain = _without_circles(first.chain) or [self.url]
        found = [self.url, *chain]
        if result == "article":
            found += [url for page in further for url in _canonical(page.chain[-1:])]
        if reason == "front_page":  # which is none of the article's addresses
            found = [url for url in found if not self._is_front(url)]
        last = chain[-1] if chain[-1] in found else self.url
        return (*dict.fromkeys(url for url in found if url != last), last)

    def _elsewhere(self, url: str) -> tuple[str, ...]:
        """An address at each other host of the site; `www` makes no other one."""
        parts = urlsplit(url)
        bare = parts.netloc.removeprefix("www.")
        others = sorted(self.site.netlocs - {bare, f"www.{bare}"})
        return tuple(urlunsplit(parts._replace(netloc=netloc)) for netloc in others)

    def _parts(self) -> list[Capture]:
        """The captures, each with its part; the last of the first page is the page."""
        last = max((at for at, (_, page) in enumerate(self._captures) if page == 0), default=-1)
        return [
            replace(capture, part="further" if number else "page" if at == last else "redirect")
            for at, (capture, number) in enumerate(self._captures)
        ]


def _without_circles(addresses: list[str]) -> list[str]:
    """Canonical spelling of a way, without what led back: a gate that sets a cookie is no alias."""
    way: list[str] = []
    for address in filter(None, map(urls.canonical, addresses)):
        if address in way:
            del way[way.index(address) :]
        way.append(address)
    return way


def _canonical(addresses: list[str]) -> list[str]:
    """Canonical spelling of addresses, each once."""
    return list(dict.fromkeys(url for address in addresses if (url := urls.canonical(address))))


def _end_first(page: _Page, exchange: Exchange, reading: Reading) -> None:
    article = reading.article
    if exchange.status == 304:
        page.end("unchanged", None)
    elif reading.error:
        page.end("failed", reading.error)
    elif exchange.status != 200:
        page.end(*result_of_status(exchange.status))
    elif article is None:
        page.end("refused", "not HTML")
    elif article.is_article:
        page.end("article", None, article)
    else:
        reason = article.reason or "no article"
        page.end(result_of_refusal(reason), reason)


def _end_further(page: _Page, exchange: Exchange, reading: Reading) -> None:
    """What a further page says is text, whatever it would be alone; unless it was not shown to us."""
    article = reading.article
    if reading.error or exchange.status != 200:
        page.end("failed", reading.error or f"HTTP {exchange.status}")
    elif article is None:
        page.end("failed", "not HTML")
    elif article.reason and result_of_refusal(article.reason) != "refused":
        page.end("failed", article.reason)
    else:
        page.end("article", None, article)


def _incomplete(reason: str) -> str:
    """Half an article is not stored as a whole one."""
    return f"a further page of the article is missing: {reason}"
