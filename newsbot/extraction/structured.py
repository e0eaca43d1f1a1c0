"""Structured data of a page: the JSON-LD object that describes its article.

Used and distrusted: the caller checks each value against what is printed on the page.
https://schema.org/NewsArticle, https://json-ld.org/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape, unescape
from typing import Any

from archive.kazakh.letters import faithful
from newsbot import vocabulary
from newsbot.extraction.fields import letters
from newsbot.extraction.page import Page

_ARTICLE_TYPES = re.compile(
    rf"(?:^|[/:]){vocabulary.either('structured', 'json_ld.article_types')}$"
)
_ORGANISATIONS = vocabulary.entries("structured", "json_ld.organisations")
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
    """The object that describes the article, its authors by reference put in; or an empty dict."""
    found = json_ld(page)
    for candidate in found:
        if any(map(_ARTICLE_TYPES.search, _types(candidate))):
            known = {one["@id"]: one for one in found if isinstance(one.get("@id"), str)}
            if known and "author" in candidate:
                return {**candidate, "author": _resolved(candidate["author"], known)}
            return candidate
    return {}


def _types(value: dict[str, Any]) -> list[str]:
    stated = value.get("@type")
    return [
        name for name in (stated if isinstance(stated, list) else [stated]) if isinstance(name, str)
    ]


def _resolved(value: Any, known: dict[str, dict[str, Any]]) -> Any:
    """A value with references such as `{"@id": …}` replaced by the objects that they name."""
    if isinstance(value, list):
        return [_resolved(part, known) for part in value[:50]]
    if isinstance(value, dict) and "name" not in value:
        value = value.get("@id", value)
    return known.get(value, value) if isinstance(value, str) else value


def names(value: Any) -> list[str]:
    """Names in a JSON-LD value: a string, an object with `name`, or a list of either."""
    if isinstance(value, str):
        name = faithful(unescape(value))
        return [name] if name else []
    if isinstance(value, dict):
        return names(value.get("name") or value.get("@value"))
    if isinstance(value, list):
        return [name for part in value[:50] for name in names(part)]
    return []


def people(value: Any) -> list[str]:
    """Like `names`, leaving out what is declared to be an organisation."""
    if isinstance(value, dict):
        if any(name.rpartition("/")[2] in _ORGANISATIONS for name in _types(value)):
            return []
        if not value.get("name"):
            parts = (value.get(key) for key in ("givenName", "additionalName", "familyName"))
            return names(" ".join(part for part in parts if isinstance(part, str)))
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


def interactions(ld: dict[str, Any], kinds: str) -> int | None:
    """`userInteractionCount` of the first interaction whose type matches, such as ReadAction."""
    stated = ld.get("interactionStatistic")
    for one in stated if isinstance(stated, list) else [stated]:
        if isinstance(one, dict) and re.search(kinds, json.dumps(one.get("interactionType", ""))):
            count = one.get("userInteractionCount")
            if isinstance(count, int) or (isinstance(count, str) and count.isdecimal()):
                return int(count)
    return None


def breadcrumb(page: Page) -> list[str]:
    """Names of the steps of the page's schema.org BreadcrumbList, the front page first."""
    for candidate in json_ld(page):
        if candidate.get("@type") == "BreadcrumbList":
            steps = candidate.get("itemListElement")
            if isinstance(steps, list):
                found = [
                    names(step.get("name") or step.get("item"))
                    for step in steps[:20]
                    if isinstance(step, dict)
                ]
                return [name for step in found for name in step[:1]]
    return []


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


# -- data of single-page applications ---------------------------------------------------------------

_MAX_NODES = 20_000
_TITLE_KEYS = vocabulary.entries("structured", "application.title")
_BODY_KEYS = vocabulary.entries("structured", "application.body")
_TEXT_KEYS = vocabulary.entries("structured", "application.text")
_NAME_KEYS = vocabulary.entries("structured", "application.name")
_FIRST_NAMES = vocabulary.entries("structured", "application.first_name")
_LAST_NAMES = vocabulary.entries("structured", "application.last_name")
_KEYS: dict[str, list[str]] = vocabulary.subject("structured")["application"]["fields"]


def application_article(page: Page, title: str | None) -> dict[str, Any]:
    """The article in a page's `__NEXT_DATA__`, with the keys of schema.org and `html`; or empty.

    The object wanted has a title and a long text; where several do, the one whose title the page
    shows wins, then the longest.
    """
    best: dict[str, Any] = {}
    best_score = (False, 0)
    shown = letters(title or "")
    for script in page.select("script#__NEXT_DATA__")[:1]:
        for candidate in _dicts(_loads(script.text or "")):
            head = next(
                (candidate[k] for k in _TITLE_KEYS if isinstance(candidate.get(k), str)), ""
            )
            html = max((_html(candidate.get(key), 0) for key in _BODY_KEYS), key=len)
            if not head or len(html) < 80:
                continue
            spelt = letters(head)
            score = (
                bool(spelt) and (spelt in shown or (shown in spelt and bool(shown))),
                len(html),
            )
            if score > best_score:
                best_score = score
                best = {"headline": faithful(head), "html": html}
                for wanted, keys in _KEYS.items():
                    values = (candidate.get(key) for key in keys)
                    value = next((v for v in values if v not in (None, "", [], {})), None)
                    if value is not None:
                        best[wanted] = value
    return best


def labels(value: Any) -> list[str]:
    """Like `names`, for objects of any application: `title`, `label` or `full_name` will do."""
    if isinstance(value, list):
        return [name for part in value[:50] for name in labels(part)]
    if isinstance(value, dict):
        for key in _NAME_KEYS:
            if isinstance(value.get(key), str):
                return names(value[key])
        both = (
            next(filter(None, map(value.get, keys)), None) for keys in (_FIRST_NAMES, _LAST_NAMES)
        )
        return names(" ".join(part for part in both if isinstance(part, str)))
    return names(value)


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a JSON value, with a limit on how many are looked at."""
    stack, seen = [value], 0
    while stack and seen < _MAX_NODES:
        node = stack.pop()
        seen += 1
        if isinstance(node, dict):
            yield node
            stack.extend(reversed([v for v in node.values() if isinstance(v, (dict, list))]))
        elif isinstance(node, list):
            stack.extend(reversed([v for v in node if isinstance(v, (dict, list))]))


def _html(value: Any, depth: int) -> str:
    """HTML of a body: markup or plain text as it is, or the blocks of an editor put together."""
    if depth > 6:
        return ""
    if isinstance(value, str):
        if value[:1] in "{[" and (parsed := _loads(value)) is not None:
            return _html(parsed, depth + 1)
        if "<" in value:
            return value
        return "".join(f"<p>{escape(line)}</p>" for line in value.split("\n") if line.strip())
    if isinstance(value, list):
        return "".join(_html(part, depth + 1) for part in value[:2000])
    if isinstance(value, dict):
        if isinstance(value.get("rendered"), str):  # the WordPress REST API
            return str(value["rendered"])
        if isinstance(value.get("blocks"), list):
            return _html(value["blocks"], depth + 1)
        inner = value.get("data")
        data: dict[str, Any] = inner if isinstance(inner, dict) else value
        text = next(
            (data[k] for k in _TEXT_KEYS if isinstance(data.get(k), str)),
            "",
        )
        tag = {"header": "h2", "heading": "h2", "quote": "blockquote"}.get(
            str(value.get("type")), "p"
        )
        if isinstance(data.get("items"), list):
            items = (
                part if isinstance(part, str) else _html(part, depth + 1) for part in data["items"]
            )
            return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"
        if "<p" in text:
            return text
        return f"<{tag}>{text}</{tag}>" if text else ""
    return ""
