"""URLs: one spelling for each address, so that one article gets one row.

Canonicalisation follows RFC 3986 §6 through w3lib, plus what Kazakh sites need: NFC, one case of
percent-encoding, Punycode hosts, and tracking parameters dropped.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import (
    SplitResult,
    quote_plus,
    unquote_plus,
    unquote_to_bytes,
    urlsplit,
    urlunsplit,
)

from w3lib.url import canonicalize_url, safe_url_string

from newsbot.vocabulary import pattern

_TRACKING = pattern("traps", "tracking_keys")
_SESSION = pattern("traps", "session_keys")
_TOKEN = re.compile(
    r"(?=[a-z]*\d)[0-9a-f]{8,}|(?=[a-z]*\d)(?=\d*[a-z])[0-9a-z]{20,}", re.IGNORECASE
)
"""A value that a machine drew: no number of an article, and no word."""
_ENDS_EMPTY = re.compile(r"\s[\s;]*$")
"""Blanks at the end of a path, which are none of it."""
_AS_PRINTED = "/?:@!$'()*,;"
"""Marks that a query may hold unencoded (RFC 3986 §3.4)."""
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|[0-9a-f:.]+")
"""A name (with the underscores that some hosts have), an IPv4 or an IPv6 address."""
_PLAIN = re.compile(r"https?://[\w.:-]+/[\w./~-]*", re.ASCII)
"""An address that w3lib leaves as it is, which takes as long to see as all the rest."""
_USER = re.compile(r"(?<=//)[^/\s]*@")
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
        host = _host(parts)
        if host is None or len(url) > MAX_LENGTH:
            return None
        path = _ENDS_EMPTY.sub("", _nfc_path(_without_dots(parts.path or "/"))) or "/"
        spelt = urlunsplit((parts.scheme.lower(), host, path, "", ""))
        if not _PLAIN.fullmatch(spelt):
            spelt = canonicalize_url(spelt)
        query = "&".join(
            sorted(
                map(_spelt, filter(None, _kept(parts.query))),
                key=lambda piece: piece.partition("=")[::2],
            )
        )
        result = f"{spelt}?{query}" if query else spelt
        return result if len(result) <= MAX_LENGTH else None
    except (ValueError, UnicodeError):
        return None


def as_listed(url: str) -> str | None:
    """The address to ask for: as a newspaper printed it, but for tracking and session keys.

    Some servers compare it letter by letter, and know neither another order nor another encoding.

    >>> as_listed("http://Gazet.kz/read.php?1423&b=2,1&a=%d2%9b&utm_source=rss#top")
    'http://gazet.kz/read.php?1423&b=2,1&a=%d2%9b'
    """
    if _PLAIN.fullmatch(url) and canonical(url) == url:
        return url
    try:
        parts = urlsplit(url.strip())
        host = _host(parts)
        if host is None or len(url) > MAX_LENGTH:
            return None
        query = "&".join(_kept(parts.query))
        return safe_url_string(
            urlunsplit((parts.scheme.lower(), host, parts.path or "/", query, ""))
        )
    except (ValueError, UnicodeError):
        return None


def is_session(key: str, value: str) -> bool:
    """Whether part of a query is the id of a session. `sid` may be an article, too: its value tells."""
    return bool(_SESSION.fullmatch(key) and _TOKEN.fullmatch(value))


def _host(parts: SplitResult) -> str | None:
    """Host and port in one spelling, without a user's name; None where it is no host of the web."""
    host, port = (parts.hostname or "").rstrip("."), parts.port
    usual = _DEFAULT_PORTS.get(parts.scheme.lower())
    if usual is None:
        return None
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    # Browsers end the host at a backslash, Python does not: nobody knows which is meant.
    if not _HOST.fullmatch(host) or "\\" in parts.netloc:
        return None
    if ":" in host:
        host = f"[{host}]"
    return host if port in (None, usual) else f"{host}:{port}"


def _kept(query: str) -> list[str]:
    """The pieces of a query that say what is asked for."""
    return [piece for piece in query.split("&") if not _says_nothing(piece)]


def _says_nothing(piece: str) -> bool:
    key, _, value = piece.partition("=")
    return bool(_TRACKING.fullmatch(key)) or is_session(key, value)


def _spelt(piece: str) -> str:
    """One piece of a query in its one spelling. A key without `=` is another than one without a value.

    Bytes that are no UTF-8, as in `?q=%E9` of a windows-1251 site, stay what they are.
    """
    return "=".join(
        quote_plus(
            _nfc(unquote_plus(part, errors="surrogateescape")),
            safe=_AS_PRINTED,
            errors="surrogateescape",
        )
        for part in piece.split("=", 1)
    )


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


def masked(text: str) -> str:
    """A text that people are told, without the names and passwords of the addresses in it.

    >>> masked("http://aqyn:qupiya@gazet.kz/ leads to another site")
    'http://…@gazet.kz/ leads to another site'
    """
    return _USER.sub("…@", text)
