"""URLs: one spelling for each address, so that one article gets one row.

Canonicalisation follows RFC 3986 §6 through w3lib, plus what Kazakh sites need: NFC, one case of
percent-encoding, Punycode hosts, and tracking parameters dropped.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import parse_qsl, unquote_to_bytes, urlencode, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

TRACKING = re.compile(
    r"^(?:utm_\w+|fbclid|yclid|gclid|gclsrc|dclid|msclkid|mc_[ce]id|_openstat|igshid|ysclid|"
    r"at_(?:medium|campaign)|ref_src|from_source|replytocom|phpsessid|sid|sessionid|jsessionid)$",
    re.I,
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|[0-9a-f:.]+")
"""A name (with the underscores that some hosts have), an IPv4 or an IPv6 address."""
_PLAIN = re.compile(r"https?://[\w.:-]+/[\w./~-]*", re.ASCII)
"""An address that w3lib leaves as it is, which takes as long to see as all the rest."""
MAX_LENGTH = 2000
"""Characters; longer addresses are traps or data, never articles."""


@lru_cache(maxsize=16_384)  # one page asks for the same few addresses again and again
def canonical(url: str) -> str | None:
    """The one spelling under which an address is kept, or None where it is no web address.

    >>> canonical("HTTP://Gazet.KZ:80/a/../жаңалық/?utm_source=x&p=7#top")
    'http://gazet.kz/%D0%B6%D0%B0%D2%A3%D0%B0%D0%BB%D1%8B%D2%9B/?p=7'
    """
    try:
        parts = urlsplit(_nfc(url.strip()))
        host = (parts.hostname or "").rstrip(".")
        port = parts.port
        if parts.scheme.lower() not in _DEFAULT_PORTS or len(url) > MAX_LENGTH:
            return None
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
        # Browsers end the host at a backslash, Python does not: nobody knows which is meant.
        if not _HOST.fullmatch(host) or "\\" in parts.netloc:
            return None
        if ":" in host:
            host = f"[{host}]"
        scheme = parts.scheme.lower()
        netloc = host if port in (None, _DEFAULT_PORTS[scheme]) else f"{host}:{port}"
        # Bytes that are no UTF-8, as in `?q=%E9` of a windows-1251 site, stay what they are.
        pairs = parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
        query = urlencode(
            [(_nfc(key), _nfc(value)) for key, value in pairs if not TRACKING.match(key)],
            errors="surrogateescape",
        )
        path = _nfc_path(_without_dots(parts.path or "/"))
        result = urlunsplit((scheme, netloc, path, query, ""))
        if not _PLAIN.fullmatch(result):
            result = canonicalize_url(result)
        return result if len(result) <= MAX_LENGTH else None
    except (ValueError, UnicodeError):
        return None


def _nfc_path(path: str) -> str:
    """NFC also inside percent-encoding, where a browser's link and a feed's link may differ."""
    if "%" not in path:
        return path
    try:
        text = unquote_to_bytes(path).decode("utf-8")
    except UnicodeDecodeError:
        return path
    # Delimiters that were encoded on purpose stay so.
    if any(mark in text for mark in "?#%") or "%2f" in path.lower():
        return path
    return _nfc(text)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _without_dots(path: str) -> str:
    """RFC 3986 §5.2.4; an encoded dot is a dot (§6.2.2.2)."""
    path = path.replace("%2e", ".").replace("%2E", ".")
    if "/." not in path:
        return path
    out: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if len(out) > 1:
                out.pop()
        elif segment != ".":
            out.append(segment)
    if path.endswith(("/.", "/..")):
        out.append("")
    return "/".join(out)


def path_and_query(url: str) -> str:
    """What a site profile's patterns are matched against."""
    parts = urlsplit(url)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


def netloc(url: str) -> str:
    """Lower-case `host[:port]` of an address, empty where there is none."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""
