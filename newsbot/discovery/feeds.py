"""feeds: RSS 0.9–2.0, Atom (RFC 4287, paged by RFC 5005) and JSON Feed → entries, next page."""

from __future__ import annotations

from collections.abc import Iterator

from lxml.etree import _Element as Element

from newsbot.discovery import MAX_ENTRY, Entry, Feed
from newsbot.discovery.jsonfeed import parse_json_feed
from newsbot.discovery.xml import child_text, local_name, parse_xml, served, unpack

MAX_ENTRIES = 5_000
"""Of one feed; longer ones are traps."""


def parse_feed(body: bytes, charset: str | None = None) -> Feed | None:
    """Entries of a feed in its order and its next page, or None where the document is no feed."""
    body = unpack(body)
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return parse_json_feed(body)  # some sites serve it as application/rss+xml
    root = parse_xml(body, charset)
    if root is None or local_name(root) not in ("rss", "feed", "rdf"):
        return None
    entries: list[Entry] = []
    for item in root.iter():
        if local_name(item) in ("item", "entry"):
            link = _link(item)
            if link:
                date = child_text(item, "pubdate", "published", "updated", "date")
                changed = child_text(item, "updated", "modified")
                entries.append(Entry(link, date, changed, served(item, MAX_ENTRY)))
                if len(entries) >= MAX_ENTRIES:
                    break
    return Feed(entries, _next(root))


def _next(root: Element) -> str | None:
    """RFC 5005 §3: `<link rel="next">` of the feed itself, in RSS inside its channel."""
    channel = next((child for child in root if local_name(child) == "channel"), root)
    return next(_atom_links(channel, "next"), None)


def _link(item: Element) -> str | None:
    for href in _atom_links(item, "alternate"):
        return href
    link = child_text(item, "link")
    if link:
        return link
    guid = next((child for child in item if local_name(child) == "guid"), None)
    if guid is not None and guid.text and guid.get("isPermaLink", "true").lower() == "true":
        text = guid.text.strip()
        return text if text.startswith("http") else None
    return None


def _atom_links(item: Element, relation: str) -> Iterator[str]:
    for child in item:
        href = child.get("href")
        if local_name(child) == "link" and href and child.get("rel", "alternate") == relation:
            yield href
