"""jsonfeed: JSON Feed 1 and 1.1 (jsonfeed.org) → entries and next page, and the forgiving reader.

WordPress' REST answers and JSON listings are read with the same `load` and `text_of`.
"""

from __future__ import annotations

import json
from typing import Any

from newsbot.discovery import MAX_ENTRY, Entry, Feed
from newsbot.discovery.xml import unpack
from newsbot.extraction.decode import decode
from newsbot.urls import MAX_LENGTH

_ADDRESSES = ("_links", "avatar_urls")
"""What WordPress adds to everything, and says nothing of an article."""
_WHOLE_TEXTS = ("content_html", "content_text", "content", "excerpt")


def parse_json_feed(body: bytes) -> Feed | None:
    """Entries of a JSON feed in its order and its `next_url`, or None where it is none."""
    feed = load(body)
    if not isinstance(feed, dict) or "jsonfeed.org" not in (text_of(feed.get("version")) or ""):
        return None
    entries = []
    for item in objects_of(feed.get("items")) or []:
        url = address_of(item)
        if url:
            published, modified = (
                text_of(item.get(key)) for key in ("date_published", "date_modified")
            )
            entries.append(Entry(url, published, modified, served(item)))
    return Feed(entries, address(feed.get("next_url")))


def address_of(item: dict[str, Any]) -> str | None:
    """An item's `url`; else its id where that is an address; else what it links to."""
    identity = address(item.get("id")) or ""
    linked = identity if identity.startswith(("http://", "https://")) else None
    return address(item.get("url")) or linked or address(item.get("external_url"))


def address(value: object) -> str | None:
    """What may be an address: a number, an object and one beyond all lengths are none."""
    return text_of(value) if isinstance(value, str) and len(value) < MAX_LENGTH else None


def objects_of(value: object) -> list[dict[str, Any]] | None:
    """The objects of a list, or of one that PHP made an object of: `{"0": {…}, "2": {…}}`; None if neither."""
    if isinstance(value, dict):
        value = list(value.values())
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else None


def served(item: dict[str, Any]) -> bytes | None:
    """An object as JSON of its own; without its whole text where it is too long."""
    for left_out in (_ADDRESSES, _ADDRESSES + _WHOLE_TEXTS):

        def kept(pairs: list[tuple[str, Any]], left_out: tuple[str, ...] = left_out) -> Any:
            return {key: value for key, value in pairs if key not in left_out}

        try:
            plain = json.loads(json.dumps(item), object_pairs_hook=kept)
            found = json.dumps(plain, ensure_ascii=False).encode("utf-8", "replace")
        except RecursionError:
            return None
        if len(found) <= MAX_ENTRY:
            return found
    return None


def load(body: bytes) -> Any:
    """A JSON document's value, gzip, byte order mark and old code pages allowed; None if none."""
    body = unpack(body).removeprefix(b"\xef\xbb\xbf")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        pass
    try:
        # Line breaks inside strings and numbers without end are no JSON, and harm nobody.
        return json.loads(decode(body).text, strict=False, parse_int=_number)
    except (ValueError, RecursionError):
        return None


def _number(digits: str) -> float:
    return int(digits) if len(digits) < 20 else float(digits)


def text_of(value: object) -> str | None:
    """A JSON string, or a number, as text that can be stored; None where it is empty or neither."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    # Escapes such as \ud800 alone are legal JSON and can be encoded by nothing that follows.
    text = str(value)[:MAX_LENGTH].encode("utf-8", "replace").decode().strip()
    return text or None
