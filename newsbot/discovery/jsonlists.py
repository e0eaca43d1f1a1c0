"""jsonlists: articles, HTML fragments and next pages in JSON whose schema nobody documented."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urljoin

from newsbot import urls
from newsbot.discovery import Entry
from newsbot.discovery.jsonfeed import text_of
from newsbot.discovery.names import is_named
from newsbot.discovery.paging import following
from newsbot.extraction.addresses import NO_CONTENT, position, shape


def objects(value: object, base: str, address: str) -> tuple[list[Entry], list[str]]:
    """Objects of arrays that have a title and an address, and strings that are HTML with links.

    `address` says how a bare slug becomes an address, as in `/article/{id}-{slug}`; other names in
    braces are keys of the object.
    """
    entries: list[Entry] = []
    fragments: list[str] = []
    stack: list[tuple[object, bool]] = [(value, False)]
    while stack:
        item, listed = stack.pop()
        if isinstance(item, list):
            stack.extend((child, True) for child in reversed(item))
        elif isinstance(item, dict):
            entry = _entry(item, base, address) if listed else None
            if entry:
                entries.append(entry)
                continue
            stack.extend((child, listed) for child in reversed(list(_children(item))))
        elif isinstance(item, str) and "<a " in item:
            fragments.append(item)
    return entries, fragments


def _children(item: dict[str, Any]) -> Iterator[object]:
    for key, child in item.items():
        if not (isinstance(child, (list, dict)) and is_named("json_other", key)):
            yield child


def _entry(item: dict[str, Any], base: str, address: str) -> Entry | None:
    if not _first(item, "json_title"):
        return None
    printed, slug = _first(item, "json_address"), _first(item, "json_slug")
    if not printed and slug:
        printed = slug if "/" in slug else _filled(address, item, slug)
    url = resolved(printed, base) if printed else None
    if not url or shape(url).role in (*NO_CONTENT, "static", "minor", "edition"):
        return None
    if urls.path_and_query(url) == "/":
        return None
    return Entry(url, _first(item, "json_date"), _first(item, "json_changed"))


def _first(item: dict[str, Any], names: str) -> str | None:
    """The first text under one of these names; WordPress wraps some as `{"rendered": …}`."""
    for key, value in item.items():
        if is_named(names, key):
            text = text_of(value.get("rendered") if isinstance(value, dict) else value)
            if text:
                return text
    return None


def _filled(address: str, item: dict[str, Any], slug: str) -> str | None:
    """The address template with an object's values; None where it lacks one."""
    out = address
    for name in re.findall(r"\{(\w+)\}", address):
        value = slug if name == "slug" else text_of(item.get(name))
        if not value:
            return None
        out = out.replace(f"{{{name}}}", quote(value, safe="%"))
    return out or None


def resolved(printed: str, base: str) -> str | None:
    """An address in an API's answer, canonical: relative ones are the site's, not the API's."""
    if not printed.startswith(("http://", "https://", "/", "?", ".")):
        if ":" in printed.partition("/")[0] or " " in printed:
            return None
        printed = "/" + printed
    try:
        return urls.canonical(urljoin(base, printed))
    except ValueError:
        return None


def next_page(value: object, own: str, count: int) -> str | None:
    """The next page as an answer at `own` with `count` articles names it, or else counts it."""
    said = dict(_paging(value))
    if said.get("json_more") is False:
        return None
    named = said.get("json_next")
    if isinstance(named, str) and named.startswith(("http://", "https://", "/", "?")):
        url = resolved(named, own)
        return url if url and url != own and urls.netloc(url) == urls.netloc(own) else None
    last = said.get("json_last")
    current = position(own).number if position(own).kind == "page" else said.get("json_page")
    if isinstance(current, int) and isinstance(last, int) and current >= last:
        return None
    return following(own, count) if count else None


def _paging(value: object) -> Iterator[tuple[str, object]]:
    """What the outer objects of an answer say of its pages, the outermost last."""
    levels: list[list[dict[str, object]]] = [[value] if isinstance(value, dict) else []]
    for _ in range(2):
        children = [child for item in levels[-1] for child in item.values()]
        levels.append([child for child in children if isinstance(child, dict)][:100])
    for item in (item for level in reversed(levels) for item in level):
        for key, child in item.items():
            if isinstance(child, (str, int)):
                names = ("json_next", "json_page", "json_last", "json_more")
                yield from ((name, child) for name in names if is_named(name, key))
