"""Page: one parsed HTML document with cached CSS selection and its metadata.

lxml is used directly, below parsel, because a page is searched with dozens of selectors that are
compiled once; parsel's translator gives the same `::attr()` and `::text` extensions.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree
from lxml.etree import _Element as Element
from parsel.csstranslator import HTMLTranslator

from archive.kazakh.letters import faithful
from newsbot.extraction.blocks import inline_text

_TRANSLATOR = HTMLTranslator()
MAX_CHARS = 8_000_000
"""Characters of a page that are parsed; no article is longer, and hostile pages are."""


@lru_cache(maxsize=4096)
def _compiled(css: str) -> etree.XPath:
    return etree.XPath(_TRANSLATOR.css_to_xpath(css))


class Page:
    """A parsed page. `url` resolves its relative links."""

    def __init__(self, text: str, url: str) -> None:
        """Parse decoded HTML. Never raises: what cannot be parsed is an empty page."""
        self.url = url
        self.root = _parse(text)

    def select(self, css: str, within: Element | None = None) -> list[Any]:
        """Elements, or strings where the selector ends in `::attr()` or `::text`, in page order."""
        found: list[Any] = _compiled(css)(self.root if within is None else within)  # type: ignore[assignment]
        return found

    def strings(self, css: str) -> list[str]:
        """Faithful, non-empty strings of every match, elements by their visible text."""
        values = (
            faithful(match) if isinstance(match, str) else _value(match) for match in self.select(css)
        )
        return [value for value in values if value]

    def first(self, selectors: list[str]) -> str | None:
        """The first non-empty string that any of the selectors yields."""
        for css in selectors:
            for value in self.strings(css):
                return value
        return None

    def has(self, css: str | None) -> bool:
        """Whether a selector matches; False for None."""
        return css is not None and bool(self.select(css))

    @cached_property
    def metas(self) -> dict[str, list[str]]:
        """`<meta>` contents by lower-case name, property or itemprop."""
        metas: dict[str, list[str]] = {}
        for meta in self.root.iter("meta"):
            content = faithful(meta.get("content") or "")
            if not content:
                continue
            for attribute in ("property", "name", "itemprop"):
                name = meta.get(attribute)
                if name:
                    metas.setdefault(name.lower(), []).append(content)
                    break
        return metas

    def meta(self, *names: str) -> str | None:
        """Content of the first of these metas that is present."""
        for name in names:
            if name in self.metas:
                return self.metas[name][0]
        return None

    @cached_property
    def base(self) -> str:
        """Address that relative links resolve against; a foreign `<base>` is not trusted."""
        for base in self.root.iter("base"):
            href = urljoin(self.url, base.get("href") or "")
            if urlsplit(href).netloc == urlsplit(self.url).netloc:
                return href
        return self.url

    def absolute(self, href: str) -> str | None:
        """Absolute http(s) address of a link found on the page, or None."""
        try:
            url = urljoin(self.base, href.strip())
            scheme = urlsplit(url).scheme
        except ValueError:
            return None
        return url if scheme in ("http", "https") else None


def _value(element: Element) -> str:
    """What an element says: machine-readable attributes first where HTML defines them."""
    if element.tag == "meta":
        return faithful(element.get("content") or "")
    return inline_text(element)


def _parse(text: str) -> Element:
    # The text is decoded already: handed over as UTF-8 so that a wrong <meta charset> or an
    # <?xml encoding> prologue cannot make libxml2 decode it a second time.
    data = text[:MAX_CHARS].encode("utf-8", "replace")
    parser = etree.HTMLParser(encoding="utf-8", remove_pis=True, huge_tree=True)
    try:
        root = etree.fromstring(data, parser) if data.strip() else None
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        root = None
    return etree.Element("html") if root is None else root
