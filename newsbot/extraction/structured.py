"""Structured data of a page: the JSON-LD object that describes its article.

Used and distrusted: the caller checks each value against what is printed on the page.
https://schema.org/NewsArticle, https://json-ld.org/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any

from archive.kazakh.letters import faithful
from newsbot import urls, vocabulary
from newsbot.extraction.blocks import inline_text
from newsbot.extraction.fields import LONGEST_TITLE, alike, letters, unescaped
from newsbot.extraction.page import Page

_ARTICLE_TYPES = re.compile(
    rf"(?:^|[/:]){vocabulary.either('structured', 'json_ld.article_types')}$"
)
_ORGANISATIONS = vocabulary.entries("structured", "json_ld.organisations")
_SITE_TYPES = ("WebSite", *_ORGANISATIONS)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>")
_COUNT = re.compile(r"\d{1,15}", re.ASCII)
_MAX_DEPTH = 12
_MOST_OBJECTS = 50
"""Articles that the data of one page may describe; lists of related ones are short."""
_PRINTED = 3
"""Headings of a kind that may be the headline that a page's data name."""


def json_ld(page: Page) -> list[dict[str, Any]]:
    """Every JSON-LD object of the page, outermost first."""
    return [one for document in page.documents for one in _objects(document, 0)]


def article_object(page: Page) -> dict[str, Any]:
    """What the page's data say of this article, or an empty dict.

    An object that names another headline or another address is of another article. Where several
    speak of this one, the surest is believed first.
    """
    objects = json_ld(page)
    described = [one for one in objects if _is_article(one)][:_MOST_OBJECTS]
    if not described:
        return {}
    own = {_address(page, page.url), _address(page, page.meta("og:url"))}
    own.update(_address(page, str(href)) for href in page.select(_CANONICAL)[:1])
    heads = _heads(page)
    fitting = [(_fit(page, one, own - {""}, heads), one) for one in described]
    fitting.sort(key=lambda pair: -pair[0])  # of equals the first one stays the first
    best, found = fitting[0]
    if best < 0:
        return {}
    by_id = {one["@id"]: one for one in objects if isinstance(one.get("@id"), str) and len(one) > 1}
    merged = dict(found)
    for fit, other in fitting[1:]:
        if fit > 0:
            merged = {**other, **merged}
    if isinstance(author := merged.get("author"), str):
        merged["author"] = by_id.get(author, author)
    return {key: _resolved(value, by_id) for key, value in merged.items()}


_CANONICAL = 'link[rel="canonical"]::attr(href)'
_ADDRESSES = ("url", "@id", "mainEntityOfPage")


def _is_article(one: dict[str, Any]) -> bool:
    return any(map(_ARTICLE_TYPES.search, _types(one)[:10]))


def _heads(page: Page) -> list[str]:
    """What the page may call its article: its metadata and its first headings."""
    tags = page.index.tags
    printed = [inline_text(e) for tag in ("h1", "h2") for e in tags.get(tag, [])[:_PRINTED]]
    heads = (page.meta("og:title"), page.title, *printed)
    return [head[:LONGEST_TITLE] for head in heads if head]


def _fit(page: Page, one: dict[str, Any], own: set[str], heads: list[str]) -> int:
    """How surely an object describes this page: above 0 surely, below 0 not at all."""
    fit = 0
    stated = [one.get(key) for key in _ADDRESSES]
    stated = [value.get("@id") if isinstance(value, dict) else value for value in stated]
    addresses = {_address(page, value) for value in stated if isinstance(value, str)} - {""}
    if addresses:
        fit += 2 if addresses & own else -1
    headline = next(iter(names(one.get("headline"))), "")[:LONGEST_TITLE]
    if headline and heads:
        spelt = letters(headline)
        if any(spelt in letters(head) for head in heads):
            fit += 2
        else:
            fit += 1 if any(alike(headline, head) for head in heads) else -1
    return fit


def _address(page: Page, value: str | None) -> str:
    """An address as it is compared; empty for none, and for that of a front page."""
    absolute = page.absolute(value.partition("#")[0]) if value else None
    path = urls.path_and_query(urls.canonical(absolute) or "") if absolute else ""
    return path.strip("/").casefold()


def _resolved(value: Any, by_id: dict[str, dict[str, Any]]) -> Any:
    """A value in which a bare `@id` is replaced by what stands under it elsewhere."""
    if isinstance(value, list):
        return [_resolved(part, by_id) for part in value[:_MOST_OBJECTS]]
    if isinstance(value, dict) and len(value) <= 2 and "name" not in value:
        reference = value.get("@id")
        return by_id.get(reference, value) if isinstance(reference, str) else value
    return value


def _types(value: dict[str, Any]) -> list[str]:
    stated = value.get("@type")
    return [
        name for name in (stated if isinstance(stated, list) else [stated]) if isinstance(name, str)
    ]


def names(value: Any) -> list[str]:
    """Names in a JSON-LD value: a string, an object with `name`, or a list of either."""
    if isinstance(value, str):
        name = plain(value)
        return [name] if name else []
    if isinstance(value, dict):
        return names(value.get("name") or value.get("@value"))
    if isinstance(value, list):
        return [name for part in value[:50] for name in names(part)]
    return []


def plain(value: str) -> str:
    """A value as a reader sees it: entities decoded once, as HTML decodes what is printed."""
    return faithful(unescaped(_TAG.sub("", value)) if "<" in value or "&" in value else value)


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
            if isinstance(count, (int, str)) and _COUNT.fullmatch(str(count)[:20]):
                return int(count)
    return None


def site_names(page: Page) -> list[str]:
    """What the page's data call the site and who publishes it."""
    return [
        name
        for one in json_ld(page)
        if one.get("@type") in _SITE_TYPES
        for name in (*names(one.get("name")), *names(one.get("alternateName")))
    ]


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


def _loads(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


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
