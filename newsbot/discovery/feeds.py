"""feeds: RSS 0.9–2.0, Atom (RFC 4287, paged by RFC 5005) and JSON Feed → entries, next page."""

from __future__ import annotations

from urllib.parse import urljoin

from lxml.etree import _Element as Element

from newsbot.discovery import MAX_ENTRY, Entry, Feed
from newsbot.discovery.jsonfeed import parse_json_feed
from newsbot.discovery.xml import child_text, local_name, parse_xml, served, unpack

_IANA = "http://www.iana.org/assignments/relation/"
_BASE = "{http://www.w3.org/XML/1998/namespace}base"


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
            link = link_of(item)
            if link:
                if base := _base(item):
                    item.set(_BASE, base)  # what stands around it is not kept
                date = child_text(item, "pubdate", "published", "updated", "date")
                changed = child_text(item, "updated", "modified")
                entries.append(Entry(link, date, changed, served(item, MAX_ENTRY)))
    return Feed(entries, _next(root))


def _next(root: Element) -> str | None:
    """RFC 5005 §3: `<link rel="next">` of the feed itself, in RSS inside its channel."""
    channel = next((child for child in root if local_name(child) == "channel"), root)
    return next(iter(_atom_links(channel, "next")), None)


def link_of(item: Element) -> str | None:
    """The address of the entry's web page (RFC 4287 §4.2.7, RSS 2.0); an identity that is one, else."""
    found = _atom_links(item, "alternate")
    link = found[0] if found else child_text(item, "link")
    if link:
        return _absolute(item, link)
    for child in item:
        is_link = (child.get("isPermaLink") or "true").lower() == "true"
        if local_name(child) in ("guid", "id") and is_link:
            identity = (child.text or "").strip()
            return identity if identity.startswith(("http://", "https://")) else None
    return None


def _atom_links(item: Element, relation: str) -> list[str]:
    """Addresses in this relation, web pages first. Relations may be lists, or named by IANA's address."""
    found = []
    for child in item:
        href = child.get("href")
        if local_name(child) == "link" and href:
            names = (child.get("rel") or "alternate").lower().split()
            if relation in (name.removeprefix(_IANA) for name in names):
                found.append((not _is_web_page(child.get("type")), href))
    return [href for _, href in sorted(found, key=lambda one: one[0])]


def _is_web_page(media_type: str | None) -> bool:
    return media_type is None or "html" in media_type.lower()


def _absolute(item: Element, link: str) -> str:
    """A link as seen from `xml:base` of the item and of what it stands in (RFC 4287 §2)."""
    return _joined(_base(item), link)


def _base(item: Element) -> str:
    base = ""
    for element in reversed([item, *item.iterancestors()]):
        base = _joined(base, (element.get(_BASE) or "").strip())
    return base


def _joined(base: str, link: str) -> str:
    """A link as seen from an address; itself where that cannot be, so that it spoils no other entry."""
    try:
        return urljoin(base, link)
    except ValueError:
        return link
