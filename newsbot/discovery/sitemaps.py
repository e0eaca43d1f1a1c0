"""sitemaps: sitemap indexes and URL sets (sitemaps.org protocol 0.9), news dates included."""

from __future__ import annotations

from dataclasses import dataclass, field

from newsbot.discovery import MAX_ENTRY, Entry
from newsbot.discovery.xml import child_text, local_name, parse_xml, served, unpack


@dataclass(slots=True)
class Sitemap:
    """What one sitemap file lists: further sitemaps or pages."""

    children: list[Entry] = field(default_factory=list)
    pages: list[Entry] = field(default_factory=list)


def parse_sitemap(body: bytes, charset: str | None = None) -> Sitemap | None:
    """Read a sitemap (XML, gzip or a plain list of URLs), or None where the document is none."""
    root = parse_xml(body, charset)
    if root is None or local_name(root) not in ("sitemapindex", "urlset"):
        return _plain_list(body)
    sitemap = Sitemap()
    for element in root:
        name = local_name(element)
        location = child_text(element, "loc")
        if not location:
            continue
        if name == "sitemap":
            sitemap.children.append(Entry(location, child_text(element, "lastmod")))
        elif name == "url":
            news = next((child for child in element if local_name(child) == "news"), None)
            date = child_text(news, "publication_date") if news is not None else None
            changed = child_text(element, "lastmod")
            says_more = news is not None or any(
                local_name(part) in ("caption", "title") for part in element.iter()
            )
            entry = served(element, MAX_ENTRY) if says_more else None
            sitemap.pages.append(Entry(location, date or changed, changed, entry))
    return sitemap


def _plain_list(body: bytes) -> Sitemap | None:
    lines = unpack(body).decode("utf-8-sig", "replace").split()
    pages = [Entry(line) for line in lines if line.startswith(("http://", "https://"))]
    # A few broken lines do not make a list of addresses something else; prose does.
    return Sitemap(pages=pages) if pages and len(pages) > 0.9 * len(lines) else None
