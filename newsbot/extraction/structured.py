"""Structured data of a page: the JSON-LD object that describes its article.

Used and distrusted: the caller checks each value against what is printed on the page.
https://schema.org/NewsArticle, https://json-ld.org/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from archive.kazakh.letters import faithful
from newsbot.extraction.page import Page

_ARTICLE_TYPES = re.compile(r"(?:^|[/:])(?:\w*Article|BlogPosting|Report|LiveBlogPosting|Posting)$")
_MAX_DEPTH = 12
_TRAILING_COMMA = re.compile(r",\s*([}\]])")
_CONTROL = re.compile(r"[\x00-\x1f]+")


def json_ld(page: Page) -> list[dict[str, Any]]:
    """Every JSON-LD object of the page, outermost first. Broken blocks are mended or left out."""
    found: list[dict[str, Any]] = []
    for script in page.select('script[type^="application/ld+json"]'):
        found.extend(_objects(_loads(script.text or ""), 0))
    return found


def article_object(page: Page) -> dict[str, Any]:
    """The object that describes the article, or an empty dict."""
    for candidate in json_ld(page):
        types = candidate.get("@type")
        for name in types if isinstance(types, list) else [types]:
            if isinstance(name, str) and _ARTICLE_TYPES.search(name):
                return candidate
    return {}


def names(value: Any) -> list[str]:
    """Names in a JSON-LD value: a string, an object with `name`, or a list of either."""
    if isinstance(value, str):
        return [faithful(value)] if faithful(value) else []
    if isinstance(value, dict):
        return names(value.get("name"))
    if isinstance(value, list):
        return [name for part in value[:50] for name in names(part)]
    return []


def people(value: Any) -> list[str]:
    """Like `names`, leaving out what is declared to be an organisation."""
    if isinstance(value, dict) and value.get("@type") in ("Organization", "NewsMediaOrganization"):
        return []
    if isinstance(value, list):
        return [name for part in value[:50] for name in people(part)]
    return names(value)


def image(value: Any) -> str | None:
    """Address of the first image in a JSON-LD value."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("url") or value.get("contentUrl")
    return value if isinstance(value, str) and value else None


def _loads(text: str) -> Any:
    text = text.strip().removeprefix("<!--").removesuffix("-->").strip().rstrip(";")
    for attempt in (text, _TRAILING_COMMA.sub(r"\1", _CONTROL.sub(" ", text))):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _objects(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for part in value:
            yield from _objects(part, depth + 1)
    elif isinstance(value, dict):
        yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage", "hasPart", "itemListElement"):
            if isinstance(value.get(key), (dict, list)):
                yield from _objects(value[key], depth + 1)
