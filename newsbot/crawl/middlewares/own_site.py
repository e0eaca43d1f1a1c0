"""own_site: refuses every request that leaves the site's hosts, redirects included.

Scrapy's offsite check sees no ports and lets subdomains through. `spider.site.netlocs` names the hosts,
each with its port where that is not the scheme's own.

Settings: none. `Request.meta`: none.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy.exceptions import IgnoreRequest, NotConfigured

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Request

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class OffSite(IgnoreRequest):
    """The address belongs to no host of the site."""

    def __init__(self) -> None:
        super().__init__("leads to another site")


class OwnSiteMiddleware:
    """Lets only requests to `netlocs` (`host` or `host:port`, lower case) through."""

    def __init__(self, netlocs: Collection[str]) -> None:
        self.netlocs = netlocs

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor; `scrapy shell` makes the spider later, or none of a site."""
        if not hasattr(crawler.spidercls, "site"):
            raise NotConfigured("no site is crawled")
        return cls(crawler.spidercls.site.netlocs)

    def process_request(self, request: Request) -> None:
        """Raise `OffSite` for an address of another host."""
        parts = urlsplit(request.url)
        host = parts.netloc.lower().removesuffix(_DEFAULT_PORTS.get(parts.scheme, ""))
        if parts.scheme not in _DEFAULT_PORTS or host not in self.netlocs:
            raise OffSite
