"""xml: parses feeds and sitemaps as they come: broken, huge, in wrong encodings, or hostile.

No entity is ever declared and nothing is fetched (billion laughs, XXE); libxml2 recovers the rest.
"""

from __future__ import annotations

import gzip
import html.entities
import io
import re
import zlib
from copy import deepcopy

from lxml import etree
from lxml.etree import _Element as Element

from newsbot.extraction.decode import decode

_WHOLE_TEXTS = ("encoded", "content", "full-text", "fulltext", "description")
MAX_BYTES = 64 * 1024 * 1024
"""Of one source after unpacking; the sitemap protocol allows 50 MiB."""
# What stands before the root: a prologue (also in the wrong place) and a DTD with its declarations.
_PROLOGUE = re.compile(
    r"<\?xml\s[^>]{0,500}>|<!DOCTYPE[^<>\[]*(?:>|\[.*?(?:\]\s*>|\Z))", re.DOTALL | re.I
)
_REFERENCE = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?:(?P<name>[a-z]\w{0,31});|(?!#\w{1,8};))", re.DOTALL | re.I
)


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
    text = _REFERENCE.sub(_numeric, _PROLOGUE.sub("", text, count=2)).lstrip()
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _numeric(reference: re.Match[str]) -> str:
    """`&amp;`, `&nbsp;` and bare ampersands as numeric references.

    In a document with any error libxml2 drops all named ones, and `?a=1&amp;p=2` turns into
    another address.
    """
    if reference[0].startswith("<"):
        return reference[0]
    name = reference["name"]
    chars = html.entities.html5.get(f"{name};", "") if name else "&"
    return "".join(f"&#{ord(char)};" for char in chars) or reference[0]


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


def served(element: Element, most: int) -> bytes | None:
    """An element as XML of its own, with the namespaces it needs; without its whole text if too long."""
    xml = etree.tostring(element, encoding="utf-8", with_tail=False)
    if len(xml) > most:
        short = deepcopy(element)
        for child in [child for child in short if local_name(child) in _WHOLE_TEXTS]:
            short.remove(child)
        xml = etree.tostring(short, encoding="utf-8", with_tail=False)
    return xml if len(xml) <= most else None


def child_text(element: Element, *names: str) -> str | None:
    """Text of the first non-empty child with one of these local names, in the order of names."""
    for name in names:
        for child in element:
            if local_name(child) == name and child.text and child.text.strip():
                return child.text.strip()
    return None
