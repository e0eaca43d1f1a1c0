"""xml: parses feeds and sitemaps as they come: broken, huge, in wrong encodings, or hostile.

Entities are never resolved and nothing is fetched (billion laughs, XXE); libxml2 recovers the rest.
"""

from __future__ import annotations

import gzip
import io
import zlib

from lxml import etree
from lxml.etree import _Element as Element

from newsbot.extraction.decode import decode

MAX_BYTES = 64 * 1024 * 1024
"""Of one source after unpacking; the sitemap protocol allows 50 MiB."""


def parse_xml(body: bytes, charset: str | None = None) -> Element | None:
    """Root element of an XML document, or None where nothing can be made of it."""
    body = unpack(body)
    if not body.strip():
        return None
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        recover=True,
        remove_comments=True,
        encoding="utf-8",
    )
    # Decoded by our own rules, because prologues and headers of Kazakh sites lie about charsets.
    text = decode(body, charset).text.lstrip("\ufeff \t\r\n")
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def unpack(body: bytes) -> bytes:
    """Gunzip a body that is gzip by its first bytes, up to `MAX_BYTES`; others come back as is."""
    if not body.startswith(b"\x1f\x8b"):
        return body[:MAX_BYTES]
    try:
        return gzip.GzipFile(fileobj=io.BytesIO(body)).read(MAX_BYTES)
    except (OSError, EOFError, zlib.error):
        return b""


def local_name(element: Element) -> str:
    """Tag without its namespace, lower-case; empty for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def child_text(element: Element, *names: str) -> str | None:
    """Text of the first non-empty child with one of these local names, in the order of names."""
    for name in names:
        for child in element:
            if local_name(child) == name and child.text and child.text.strip():
                return child.text.strip()
    return None
