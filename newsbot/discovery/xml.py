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
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|"
    r"&(?:(?P<name>[a-z]\w{0,31});|#(?P<code>\d{1,7}|x[\da-f]{1,6});|(?!#\w{1,8};))",
    re.DOTALL | re.I,
)
_HALF = re.compile(r"<(?:!\[CDATA\[(?!.*\]\]>)|[^/<>!?][^<>]*>\s*[^\s<>]).*", re.DOTALL)
"""An element that a document ends in the middle of."""
_ENTRIES = ("item", "entry", "url", "sitemap")
LOST = "\ufffd"
"""Stands for a character that no XML may name; an address with it is none."""


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
    end = text.rfind("<")
    if _HALF.fullmatch(text, max(end, 0)):  # half an address is another one
        text = text[:end]
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    is_broken = any(error.level == etree.ErrorLevels.FATAL for error in parser.error_log)
    if root is None or not is_broken or any(local_name(part) in _ENTRIES for part in root.iter()):
        return root
    return None


def _numeric(reference: re.Match[str]) -> str:
    """`&amp;`, `&nbsp;` and bare ampersands as numeric references.

    In a document with any error libxml2 drops all named ones, and `?a=1&amp;p=2` turns into
    another address. One that names no character of XML stands for `LOST`.
    """
    if reference[0].startswith("<"):
        return reference[0]
    if code := reference["code"]:
        number = int(code[1:], 16) if code[0] in "xX" else int(code)
        is_char = number in (9, 10, 13) or 32 <= number < 0xD800 or 0xE000 <= number < 0x110000
        return reference[0] if is_char and number not in (0xFFFE, 0xFFFF) else LOST
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
