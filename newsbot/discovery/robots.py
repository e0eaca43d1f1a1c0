"""robots: what robots.txt says besides its rules: sitemaps and how often to come (RFC 9309).

The rules themselves are obeyed by the downloader's middleware; both read the file through Protego.
"""

from __future__ import annotations

import math
import re
from urllib.parse import urljoin, urlsplit

from protego import Protego

MAX_BYTES = 1024 * 1024
"""Of the file that are read; RFC 9309 §2.5 asks for 500 KiB at least."""
MAX_SITEMAPS = 100
_SITEMAP = re.compile(r"^[ \t]*site-?maps?[ \t]*:[ \t]*([^\s#<>]+)", re.IGNORECASE | re.MULTILINE)


def sitemaps(body: bytes, base: str) -> list[str]:
    """Absolute addresses of the `Sitemap:` lines, once each; `base` is the file's own address."""
    found: dict[str, None] = {}
    for match in _SITEMAP.finditer(_text(body)):
        try:
            url = urljoin(base, match[1])
            if urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname:
                found[url] = None
        except ValueError:
            continue
        if len(found) >= MAX_SITEMAPS:
            break
    return list(found)


def crawl_delay(body: bytes, agent: str) -> float | None:
    """Seconds between two requests that the file asks of an agent, or None where it asks nothing.

    The longer of `Crawl-delay` and `Request-rate` in the group that applies to the agent.
    """
    try:
        rules = Protego.parse(_text(body))
        delay, rate = rules.crawl_delay(agent), rules.request_rate(agent)
    except (ValueError, ArithmeticError, LookupError, TypeError):
        return None
    asked = [delay] if delay is not None else []
    if rate is not None and rate.requests > 0:
        asked.append(rate.seconds / rate.requests)
    return max((x for x in asked if math.isfinite(x) and x >= 0), default=None)


def _text(body: bytes) -> str:
    text = body[:MAX_BYTES].decode("utf-8-sig", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
