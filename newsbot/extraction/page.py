"""Page: one parsed HTML document with CSS selection on an index, and its metadata.

lxml is used directly, below parsel, because a page is searched with hundreds of selectors that
mostly match nothing; `::attr()` and `::text` mean what they mean in parsel.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree
from lxml.etree import _Element as Element

from archive.kazakh.letters import faithful
from newsbot.extraction import lenient_json
from newsbot.extraction.blocks import BLOCK_TAGS, inline_text, is_hidden, text_length
from newsbot.extraction.selectors import ElementIndex

MAX_CHARS = 3_000_000
"""Characters of a page that are parsed; no article is longer, and hostile pages are."""

_TITLED = ("head", "html", "body")
"""Elements in which `<title>` is the page's."""
_FIRST_LINKS = 60
"""Links among which the one to the front page is looked for."""
_LONGEST_FRONT = 100
"""Characters of the front page's address, and of its name."""
_DATA_URI = re.compile(r"data:[a-z/+.-]{3,60};base64,[A-Za-z0-9+/=\s]{1000,}")
_MAX_DEPTH = 300
"""Levels of nesting; browsers stop near 500, and no newsroom comes near either."""
_TOO_DEEP = etree.XPath("boolean(/" + "/".join("*" * _MAX_DEPTH) + ")")
# As the HTML standard reads attributes; every part consumes what it looks at, so the time is linear.
_ATTRIBUTE = r"[\s/]*+[^\s<>/][^\s=<>/]*+(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|(?![\"'])[^\s<>]++))?+"
# The time that lxml needs for an element grows with the square of the number of its attributes. What
# looks like a tag in a script is none.
_LONG_TAG = re.compile(r"<[a-zA-Z](?:[^>]{600}|(?:[^<=]{0,80}+=){150})")
_MANY_ATTRIBUTES = re.compile(
    rf"<(?:([a-z][^\s/<>]*+(?:{_ATTRIBUTE}){{300}})(?:{_ATTRIBUTE})++"
    r"|((script|style)\b[^<]*+(?:<(?!/\3)[^<]*+)*+))",
    re.IGNORECASE,
)
# A title whose end was forgotten swallows the page: it ends where a tag stands that none can hold.
_UNCLOSED_TITLE = re.compile(
    r"<title(?:\s[^<>]{0,200})?>[^<]*+(?=<(?:/(?:head|html)|title|meta|link|script|style|base|body|div|h1)\b)",
    re.IGNORECASE,
)
_HEAD = 1 << 16
"""Characters in which the title stands."""
_NESTED_RUN = re.compile(r"((?:<[a-zA-Z][^<>]{0,200}>\s*){20})(?:<[a-zA-Z][^<>]{0,200}>\s*)+")


class Page:
    """A parsed page. `url` resolves its relative links."""

    def __init__(self, text: str, url: str) -> None:
        """Parse decoded HTML. Never raises: what cannot be parsed is an empty page."""
        try:
            urlsplit(url)
        except ValueError:  # such as half an IPv6 address
            url = ""
        self.url = url
        self.root = _parse(text)
        self.index = _repaired(ElementIndex(self.root))
        """The page's elements by tag, class and id, and their order."""

    def select(self, css: str) -> list[Any]:
        """Elements, or strings where the selector ends in `::attr()` or `::text`, in page order."""
        return self.index.select(css)

    def strings(self, css: str) -> list[str]:
        """Faithful, non-empty strings of every match, elements by their visible text."""
        values = (
            faithful(match) if isinstance(match, str) else _value(match)
            for match in self.select(css)
        )
        return [value for value in values if value]

    def first(self, selectors: Iterable[str]) -> str | None:
        """The first non-empty string that any of the selectors yields."""
        for css in selectors:
            for match in self.select(css):
                value = faithful(match) if isinstance(match, str) else _value(match)
                if value:
                    return value
        return None

    def has(self, css: str | None) -> bool:
        """Whether a selector matches; False for None."""
        return css is not None and bool(self.index.select(css))

    @cached_property
    def assets(self) -> str:
        """Addresses of the page's style sheets, scripts and first pictures, one to a line."""
        tags = self.index.tags
        found = [e.get("href") or "" for e in tags.get("link", [])]
        found += [e.get("src") or "" for e in (*tags.get("script", []), *tags.get("img", [])[:50])]
        return "\n".join(found)

    @cached_property
    def metas(self) -> dict[str, list[str]]:
        """`<meta>` contents by lower-case name, property or itemprop."""
        metas: dict[str, list[str]] = {}
        for meta in self.index.tags.get("meta", []):
            content = faithful(meta.get("content") or meta.get("value") or "")
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
    def documents(self) -> list[Any]:
        """The documents in the page's JSON-LD blocks; broken ones are mended or left out."""
        return [
            document
            for script in self.index.tags.get("script", [])
            if (script.get("type") or "").strip().lower().startswith("application/ld+json")
            for document in lenient_json.loads(script.text or "")
        ]

    @cached_property
    def title(self) -> str | None:
        """What the page calls itself in `<title>`; that of a drawing inside the page is none."""
        for title in self.index.tags.get("title", [])[:5]:
            parent = title.getparent()
            text = _value(title) if parent is None or parent.tag in _TITLED else ""
            if text:
                return text
        return None

    @cached_property
    def front_links(self) -> list[str]:
        """What the first links to the site's front page say: its name, mostly."""
        found = []
        for link in self.index.tags.get("a", [])[:_FIRST_LINKS]:
            href = (link.get("href") or "").strip()
            is_short = href[:2] in ("ht", "//") and href.rstrip("/").count("/") == 2
            if href == "/" or (is_short and self._is_front(href)):
                found.append(inline_text(link)[:_LONGEST_FRONT])
        return [text for text in found if text]

    def _is_front(self, href: str) -> bool:
        address = self.absolute(href)
        if address is None:
            return False
        parts = urlsplit(address)
        return (
            parts.path in ("", "/")
            and not parts.query
            and parts.netloc == urlsplit(self.url).netloc
        )

    @cached_property
    def base(self) -> str:
        """Address that relative links resolve against; a foreign `<base>` is not trusted."""
        for base in self.root.iter("base"):
            try:
                href = urljoin(self.url, base.get("href") or "")
                if urlsplit(href).netloc == urlsplit(self.url).netloc:
                    return href
            except ValueError:
                continue
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
    if element.tag == "title":
        return faithful("".join(element.itertext()))
    return inline_text(element)


def _parse(text: str) -> Element:
    # The text is decoded already: handed over as UTF-8 so that a wrong <meta charset> or an
    # <?xml encoding> prologue cannot make libxml2 decode it a second time.
    if len(text) > MAX_CHARS:  # pictures inside the page must not push the article out
        text = _DATA_URI.sub("data:,", text)[:MAX_CHARS]
    if _LONG_TAG.search(text):
        text = _MANY_ATTRIBUTES.sub(r"<\1\2", text)
    root = _tree(_with_closed_title(text))
    if _TOO_DEEP(root):
        # Runs of start tags without text are an attack or a bug; what they wrap is kept.
        root = _tree(_NESTED_RUN.sub(r"\1", text))
        for element in root.xpath("/" + "/".join("*" * _MAX_DEPTH)):
            text_below = " ".join(element.itertext())
            for child in list(element):
                element.remove(child)
            element.text = _accepted(text_below)
    return root


def _repaired(index: ElementIndex) -> ElementIndex:
    """The index of a tree in which nothing swallows the article any more."""
    # A headline whose end tag was forgotten swallows the article after it.
    swallowing = [
        heading
        for tag in ("h1", "h2", "h3", "h4")
        for heading in index.tags.get(tag, ())
        if len(heading) and (_has(1, heading, "p", "article") or text_length(heading) > _HEADLINE)
    ]
    for heading in swallowing:
        _close(heading)
    index = ElementIndex(index.root) if swallowing else index
    # So does what stands beside a text and is never one, and what is not shown at first.
    beside = [e for tag in _BESIDE for e in index.tags.get(tag, ())]
    boxes = [e for e in dict.fromkeys((*beside, *index.veiled)) if len(e) and _has(2, e, "p")]
    return ElementIndex(index.root) if boxes and _open(index, boxes) else index


def _has(least: int, element: Element, *tags: str) -> bool:
    """Whether an element holds so many elements of some kinds, itself not counted."""
    most = least + (element.tag in tags)
    return sum(1 for _ in islice(element.iter(*tags), most)) == most


def _open(index: ElementIndex, boxes: list[Element]) -> bool:
    """Make plain elements of the boxes that hold the article; whether there are any."""
    headlines, prose = len(index.tags.get("h1", ())), _prose(index.root)
    opened = False
    for box in boxes:
        hidden = box.tag not in _BESIDE
        if (hidden and not is_hidden(box)) or not _holds_article(box, headlines, prose):
            continue
        opened = True
        if hidden:
            for name in ("style", "hidden"):
                box.attrib.pop(name, None)
        else:
            box.tag = "div"
    return opened


_HEADLINE = 300
"""Characters of the longest headline."""
_BESIDE = frozenset(["aside", "nav", "footer", "button", "a", "noscript"])
"""A side column, a menu, a link: what stands beside a text and is never one."""
_MAIN = etree.XPath("boolean(.//main or .//*[@itemprop='articleBody'])")
_TEASER = 40
"""Characters of a paragraph that says nothing."""
_MOST = 0.6
"""Share of the page's characters in paragraphs that no box beside an article holds."""


def _holds_article(box: Element, headlines: int, prose: int) -> bool:
    """Whether a box holds the page's article: all its headlines, or most of its prose."""
    if _MAIN(box):
        return True
    if headlines and box.tag != "a" and sum(1 for _ in box.iter("h1")) == headlines:
        return True
    return _prose(box) > _MOST * prose


def _prose(element: Element) -> int:
    """Characters in the paragraphs of an element that are more than a teaser."""
    return sum(length for p in element.iter("p") if (length := text_length(p)) > _TEASER)


_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _accepted(text: str) -> str:
    """Text without the control characters that lxml hands out and does not take back."""
    return _CONTROL.sub("", text)


def _close(heading: Element) -> None:
    """End an unclosed heading before its first block: the heading keeps its own line."""
    line = etree.Element(heading.tag)
    line.text, heading.text = _accepted(heading.text or ""), None
    for child in list(heading):
        if child.tag in BLOCK_TAGS or child.find(".//p") is not None:
            break
        line.append(child)
    heading.insert(0, line)
    heading.tag = "div"


def _with_closed_title(text: str) -> str:
    """A page whose title ends; so does a second one, by which some close the first."""
    place = -1
    for _ in range(2):
        found = (text.find(tag, place + 1, _HEAD) for tag in ("<title", "<TITLE"))
        place = next((at for at in found if at >= 0), -1)
        unclosed = _UNCLOSED_TITLE.match(text, place) if place >= 0 else None
        if unclosed is None:
            break
        text = f"{text[: unclosed.end()]}</title>{text[unclosed.end() :]}"
    return text


def _tree(text: str) -> Element:
    data = text.encode("utf-8", "replace")
    parser = etree.HTMLParser(
        encoding="utf-8", remove_pis=True, remove_comments=True, huge_tree=True
    )
    try:
        root = etree.fromstring(data, parser) if data.strip() else None
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        root = None
    return etree.Element("html") if root is None else root
