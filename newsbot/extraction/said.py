"""said: what a source said of a page: a feed's entry, a WordPress post, a line of a news sitemap. Pure.

The entry is kept as served; reading it is derivation like the reading of the page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lxml import etree
from lxml.etree import _Element as Element

from archive.captures import fields_of
from archive.kazakh.letters import faithful
from newsbot.extraction.fields import unescaped

_TAG = re.compile(r"<[^<>]*>")
_MEDIA = re.compile(r"/(?:mrss|itunes|podcast)|search\.yahoo\.com|itunes\.com", re.IGNORECASE)
_LISTED_NAME = re.compile(r"\(([^()]+)\)")
"""The name in RSS's `author`: `mail@gazet.kz (Айгүл Серікқызы)`."""
_LONGEST = 2000
"""Characters of a title or name."""
_MOST = 50
"""Names or tags of one entry."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says of a page; dates as they stand there."""

    source: str
    """Its kind, as in `Article.sources`: `feed`, `sitemap`, `wordpress`."""
    address: str
    imported: bool = False
    """Whether it was not our own crawl that it was said to."""
    title: str | None = None
    authors: tuple[str, ...] = ()
    published: str | None = None
    modified: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    language: str | None = None
    promised: int = 0
    """Characters of the text, as far as the source gives it."""


def read_said(payload: bytes) -> Said:
    """What an entry says, as it was kept (docs/captures.md). Never raises; nothing of what is broken."""
    fields, entry = fields_of(payload)
    kind, address = fields.get("kind", ""), fields.get("via", "")
    try:
        if entry[:1] != b"{":
            found = _of_xml(entry)
        else:
            found = (_of_post if kind == "wordpress" else _of_item)(json.loads(entry))
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError, etree.LxmlError):
        found = {}
    if fields.get("dates") in ("always_today", "uniform"):  # the source dates all it lists alike
        found["published"] = found["modified"] = None
    categories = found.pop("categories", ())
    if len(categories) == 1:  # of several nobody knows which are tags
        found["section"] = categories[0]
    return Said(kind, address, fields.get("origin") == "import", **found)


def _of_xml(entry: bytes) -> dict[str, Any]:
    """An `<item>`, `<entry>`, or the `<news:news>` of a `<url>`."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    root: Element | None = etree.fromstring(entry, parser)
    if root is not None and _name(root) == "url":
        root = next((child for child in root if _name(child) == "news"), None)
    if root is None:
        return {}
    texts: dict[str, list[str]] = {}
    for child in sorted(root, key=_is_foreign):  # a `media:title` says nothing of the entry's
        parts = {_name(part): "".join(map(str, part.itertext())) for part in child}
        named = child.get("label") or child.get("term") or parts.get("name")
        text = (named or "".join(map(str, child.itertext()))).strip()
        if text and not (_is_foreign(child) and _name(child) in texts):
            texts.setdefault(_name(child), []).append(text)
        if "language" in parts:  # of the `<news:publication>`
            texts["language"] = [parts["language"]]

    def first(*names: str) -> str | None:
        return next((text.strip() for name in names for text in texts.get(name, [])), None) or None

    whole = [
        t for name in ("encoded", "content", "description", "summary") for t in texts.get(name, [])
    ]
    return {
        "title": _line(first("title")),
        "authors": _lines(_LISTED_NAME.findall(text) or [text] for text in _authors(texts)),
        "published": first("pubdate", "published", "publication_date", "date"),
        "modified": first("updated", "modified"),
        "categories": _lines([text] for text in texts.get("category", [])),
        "tags": _lines(text.split(",") for text in texts.get("keywords", [])),
        "language": first("language"),
        "promised": max(map(_length, whole), default=0),
    }


def _authors(texts: dict[str, list[str]]) -> list[str]:
    named = texts.get("creator") or texts.get("author") or []
    return [text for text in named if "@" not in text or "(" in text]


def _is_foreign(element: Element) -> bool:
    """Whether an element is of an extension that is about pictures and broadcasts."""
    return isinstance(element.tag, str) and bool(_MEDIA.search(element.tag))


def _name(element: Element) -> str:
    """Tag without its namespace, lower-case; empty for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def _of_item(item: dict[str, Any]) -> dict[str, Any]:
    """An item of a JSON feed (jsonfeed.org)."""
    authors = item.get("authors") or item.get("author")
    texts = [item.get(key) for key in ("content_html", "content_text", "summary")]
    return {
        "title": _line(_text(item.get("title"))),
        "authors": _lines([name] for name in _names(authors)),
        "published": _text(item.get("date_published")),
        "modified": _text(item.get("date_modified")),
        "tags": _lines([name] for name in _names(item.get("tags"))),
        "language": _text(item.get("language")),
        "promised": max(_length(_text(text) or "") for text in texts),
    }


def _of_post(post: dict[str, Any]) -> dict[str, Any]:
    """A post of the WordPress REST API, with names of authors and terms embedded."""
    embedded = post.get("_embedded")
    embedded = embedded if isinstance(embedded, dict) else {}
    groups = embedded.get("wp:term")
    terms = [t for group in (groups if isinstance(groups, list) else []) for t in _listed(group)]
    terms = [term for term in terms if isinstance(term, dict)]
    title = post.get("title")
    published, modified = (_text(post.get(key)) for key in ("date_gmt", "modified_gmt"))
    return {
        "title": _line(_text(title.get("rendered") if isinstance(title, dict) else title)),
        "authors": _lines([name] for name in _names(embedded.get("author"))),
        "published": f"{published}Z" if published else None,  # which it does not say
        "modified": f"{modified}Z" if modified else None,
        **{
            name: _lines([_text(t.get("name"))] for t in terms if t.get("taxonomy") == taxonomy)
            for name, taxonomy in (("categories", "category"), ("tags", "post_tag"))
        },
    }


def _listed(value: object) -> list[Any]:
    """A list; one thing alone as a list of it."""
    return value[:_MOST] if isinstance(value, list) else [] if value is None else [value]


def _names(value: object) -> list[str | None]:
    """Names in one or several of: a text, an object with a `name`."""
    return [_text(one.get("name") if isinstance(one, dict) else one) for one in _listed(value)]


def _text(value: object) -> str | None:
    return (
        value.encode("utf-8", "replace").decode().strip() or None
        if isinstance(value, str)
        else None
    )


def _line(text: str | None) -> str | None:
    """One line of plain text out of what may be HTML."""
    plain = _TAG.sub(" ", unescaped(text[:_LONGEST])) if text else ""
    return " ".join(faithful(plain).split()) or None


def _lines(groups: Iterable[Iterable[str | None]]) -> tuple[str, ...]:
    found = (line for group in groups for text in group if (line := _line(text)))
    return tuple(dict.fromkeys(found))[:_MOST]


def _length(html: str) -> int:
    return len(" ".join(_TAG.sub(" ", html).split()))
