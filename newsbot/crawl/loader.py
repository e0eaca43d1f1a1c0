"""loader: offers every site profile as a spider, to `scrapy list` and `newsbot crawl` alike."""

from __future__ import annotations

import builtins
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from scrapy import Request
from scrapy.http import Response
from scrapy.settings import BaseSettings

from newsbot import urls
from newsbot.crawl.spider import NewspaperSpider
from newsbot.profiles import Site, archive_sites

EXAMPLE = "aqbulaq"
"""The example newspaper, whose spider has a contract (`scrapy check`)."""
CONTRACT = """Read an article of the example newspaper, which `python -m newsbot.demo.server` serves.

@url {url}2026/06/zhuz-zhasagan-kulpash-azhe/
@returns items 1 1
@returns requests 0 0
@scrapes url title text authors published tags language
"""


def spider_class(site: Site) -> type[NewspaperSpider]:
    """The spider of one site: the one spider class, bound to the profile."""
    name = f"{site.id.replace('-', '_').title().replace('_', '')}Spider"
    members: dict[str, Any] = {"name": site.id, "site": site, "__doc__": site.name}
    if site.id == EXAMPLE:  # the one newspaper of which everybody knows what is in it

        def parse(self: NewspaperSpider, response: Response) -> Iterator[dict[str, Any]]:
            yield from NewspaperSpider.parse(self, response)

        parse.__doc__ = CONTRACT.format(url=site.url)
        members["parse"] = parse
    return type(name, (NewspaperSpider,), members)


class SiteSpiderLoader:
    """Scrapy's spider loader over newsbot/sites, the archive's `sites/` and the user's other folders."""

    def __init__(self, settings: BaseSettings) -> None:
        folders = [Path(folder) for folder in settings.getlist("NEWSBOT_SITES_DIRS")]
        self._sites = archive_sites(Path(settings.get("NEWSBOT_DATA")), *folders)
        for error in self._sites.broken.values():
            warnings.warn(str(error), stacklevel=2)

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        """Scrapy's constructor."""
        return cls(settings)

    def load(self, spider_name: str) -> type[NewspaperSpider]:
        """The spider class of a site. Raises KeyError where there is none, as Scrapy expects."""
        try:
            return spider_class(self._sites[spider_name])
        except KeyError:
            raise KeyError(f"Spider not found: {spider_name}") from None

    def list(self) -> builtins.list[str]:
        """Ids of all sites."""
        return builtins.list(self._sites)

    def find_by_request(self, request: Request) -> builtins.list[str]:
        """Ids of the sites that a request's host belongs to."""
        netloc = urls.netloc(request.url)
        return [site.id for site in self._sites.values() if netloc in site.netlocs]
