"""Site profiles and families: the TOML files that say what a newspaper is, and their checks.

A site (`newsbot/sites/*.toml`) is one newspaper; a family (`newsbot/families/*.toml`) is the
content-management system or theme that many sites share. Both are data; this module is their schema.
"""

from __future__ import annotations

import pickle
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache, cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, TypeVar, get_origin
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from archive.captures.files import open_file
from newsbot import profile_values, urls
from newsbot.profile_values import AnyCss, Css, Host, Id, Regex, Region, SourceUrl, WebUrl, Zone

SITES_DIR = Path(__file__).parent / "sites"
EXAMPLE_DIR = Path(__file__).parent / "demo" / "sites"
"""The example newspaper's profile: for archives that hold it, not for crawls of the world."""
MAX_PROFILE = 1_000_000
"""Bytes."""
OWN_SITES = "sites"
"""The folder of the user's own profiles, inside the archive's."""
FAMILIES_DIR = Path(__file__).parent / "families"


LEARNED = "learned-"
"""Begins the ids of layouts that an archive has learnt, and of no others."""


class ProfileError(Exception):
    """A profile cannot be used; the message names the file, the key and what was expected."""

    exit_code = 2


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Layout(_Model):
    """A dated set of CSS selectors. A field's selectors are tried in order; the first that yields wins.

    `::attr(name)` and `::text` select an attribute or the element's own text, as in parsel.
    """

    id: Id
    when: AnyCss | None = None
    """The layout applies only where this matches."""
    valid_until: date | None = None
    """Last day the newspaper served this layout; later captures use the next one."""
    article: AnyCss | None = None
    """Proof that the page is one article, even where the text is short or missing."""
    refuse: dict[str, AnyCss] = {}
    """Reason → proof that the page is something else: a listing, a static page, a log-in form."""
    title: list[Css] = []
    body: list[Css] = []
    lead: list[Css] = []
    """Blocks printed outside the body that belong before its first paragraph."""
    remove: list[Css] = []
    """Elements that are never article text."""
    until: AnyCss | None = None
    """An element inside the body at which the text ends."""
    captions: list[Css] = []
    authors: list[Css] = []
    published: list[Css] = []
    modified: list[Css] = []
    day_first: bool = True
    """False where 12/07/2022 is the seventh of December."""
    section: list[Css] = []
    tags: list[Css] = []
    image: list[Css] = []
    views: list[Css] = []
    comments: list[Css] = []
    comment_items: AnyCss | None = None
    """Each printed reader comment, counted where no counter is printed."""
    editions: list[Css] = []
    pages: list[Css] = []
    """Links to further pages of the same article."""


LISTS = {name for name, key in Layout.model_fields.items() if get_origin(key.annotation) is list}
"""Keys whose selectors are tried in order."""


class Discovery(_Model):
    """Where a family publishes its URLs by default, as paths below the site's address."""

    feeds: list[str] = []
    sitemaps: list[str] = []
    wordpress: list[str] = []
    """The WordPress REST API's list of posts."""
    listings: list[str] = []
    """Pages that list articles, newest first."""
    robots: bool = False
    """Whether the `Sitemap:` lines of robots.txt are followed."""
    feed_page: str | None = None
    """Query parameter that leads to older items of a feed, where the family knows one."""
    skip_sitemaps: list[Regex] = []
    """Sitemap addresses that list no articles (tags, authors, static pages)."""
    exclude: list[Regex] = []
    """Paths that are never articles."""


class Family(_Model):
    """A content-management system or theme: how to recognise it, find its URLs and read its pages."""

    id: Id
    name: str
    generator: Regex | None = None
    """Regular expression on `<meta name=generator>`."""
    assets: list[str] = []
    """Parts of the addresses of its style sheets, scripts and pictures; each is a sign as well."""
    signs: list[Css] = []
    """Selectors that match its pages. A page is of the family of which it shows most signs."""
    discovery: Discovery = Discovery()
    layouts: list[Layout] = []
    """Each is complete: `[common]` of the file has been merged into it."""

    @model_validator(mode="before")
    @classmethod
    def _merge_common(cls, raw: Any) -> Any:
        """Give every layout what the file's `[common]` table says, after its own selectors."""
        if not isinstance(raw, dict) or not isinstance(raw.get("common"), dict):
            return raw
        raw = dict(raw)
        common = raw.pop("common")
        merged = []
        for layout in raw.get("layouts", []):
            whole = dict(layout)
            for key, value in common.items():
                own = whole.get(key)
                if key in LISTS:
                    whole[key] = [*(own or []), *(v for v in value if v not in (own or []))]
                elif key == "refuse":
                    whole[key] = {**value, **(own or {})}
                else:
                    whole.setdefault(key, value)
            merged.append(whole)
        raw["layouts"] = merged
        return raw


class Source(_Model):
    """One place where article URLs are discovered."""

    kind: Literal["feed", "sitemap", "wordpress", "listing"]
    url: SourceUrl
    """Absolute, or relative to the site's address."""


class Crawl(_Model):
    """How politely this site is crawled; AutoThrottle may slow down further, never speed up beyond it."""

    delay: float = Field(default=2.0, ge=0, le=3600)
    """Seconds between two requests."""
    concurrency: int = Field(default=1, ge=1, le=16)
    """Requests under way at once."""
    timeout: float = Field(default=50.0, gt=0, le=600)
    """Seconds until a request is given up."""
    daily_limit: int | None = Field(default=None, ge=1)
    """Most article requests in 24 hours; None for no ceiling of its own."""
    max_depth: int = Field(default=5, ge=0, le=20)
    """Links followed from a listing through pages that are no articles."""
    ignore_crawl_delay: bool = False
    """Crawl faster than robots.txt asks: only a site on this machine's loopback may say so."""
    autothrottle: bool = True
    """Slow down further when the server answers slowly (Scrapy's AutoThrottle)."""


class Site(_Model):
    """One newspaper, read from one TOML file whose name is its id."""

    id: Id
    name: str = Field(min_length=1)
    names: profile_values.Names = {}
    """What it is called in Kazakh, Russian and English, where that is on record."""
    url: WebUrl
    hosts: list[Host] = []
    """Hosts that belong to the site besides that of `url`, with the port where it is not the usual one."""
    region: Region = "national"
    language: str = "kk"
    tags: list[profile_values.Tag] = []
    """Words of one's own to choose sites by, such as `district`."""
    timezone: Zone = "Asia/Almaty"
    family: str = "generic"
    confirmed: date | None = None
    """The day a person last confirmed the profile against the live site."""
    gone: profile_values.Day | None = None
    """Since when the newspaper, or its site, is no more: it is crawled only where it is named."""
    note: str = ""
    enabled: bool = True
    """Whether crawls include the site where it is not named."""
    sources: list[Source] = []
    """Overrides the family's discovery paths."""
    article: list[Regex] = []
    """Where given, only paths (with query) that match one of these are fetched as articles."""
    exclude: list[Regex] = []
    """Paths (with query) that are never fetched."""
    layouts: list[Layout] = []
    """The site's own layouts, tried before its family's."""
    learned: list[Layout] = []
    """Layouts that the archive has learnt: they help where no layout's `when` matches."""
    crawl: Crawl = Crawl()
    watch: profile_values.Watch = {}
    """Thresholds of monitors for this site."""

    @cached_property
    def netlocs(self) -> frozenset[str]:
        """Every `host[:port]` of the site, as canonical addresses spell it: lower-case, Punycode."""
        scheme = urlsplit(self.url).scheme
        addresses = (self.url, *(f"{scheme}://{host}/" for host in self.hosts))
        return frozenset(urls.netloc(urls.canonical(address) or "") for address in addresses)

    def __reduce__(self) -> tuple[Any, ...]:
        """A site goes to another process with every page: it is packed and unpacked once."""
        known = _PACKED.get(id(self))
        if known is None:
            known = _PACKED[id(self)] = self, pickle.dumps((type(self), self.__getstate__()))
        return _unpacked, known[1:]

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the newsroom."""
        return ZoneInfo(self.timezone)

    @property
    def row(self) -> dict[str, str]:
        """What the archive keeps of the profile beside the articles."""
        names = ("id", "name", "url", "region", "language", "timezone", "family")
        return {name: getattr(self, name) for name in names}

    @property
    def is_loopback(self) -> bool:
        """True where every host is this machine itself: a test or a demonstration."""
        return all(_is_loopback(netloc) for netloc in self.netlocs)

    def candidate_sources(self) -> list[Source]:
        """Absolute sources: the site's own, or else its family's defaults."""
        discovery = families()[self.family].discovery
        chosen = self.sources or [
            *(Source(kind="feed", url=path) for path in discovery.feeds),
            *(Source(kind="wordpress", url=path) for path in discovery.wordpress),
            *(Source(kind="sitemap", url=path) for path in discovery.sitemaps),
            *(Source(kind="listing", url=path) for path in discovery.listings),
        ]
        return [Source(kind=s.kind, url=urljoin(self.url, s.url)) for s in chosen]


_PACKED: dict[int, tuple[Site, bytes]] = {}
"""By identity; the site is held so that no other one gets the same."""


@cache
def _unpacked(packed: bytes) -> Site:
    kind, state = pickle.loads(packed)  # noqa: S301 -- our own
    site: Site = kind.__new__(kind)
    site.__setstate__(state)
    return site


def _is_loopback(netloc: str) -> bool:
    host = urlsplit(f"//{netloc}").hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


M = TypeVar("M", "Site", "Family")


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        got = urls.masked(f"got {problem['input']!r}")[:200]
        key = ".".join(str(part) for part in problem["loc"]) or "the file"
        if problem["type"] == "extra_forbidden":
            lines.append(f"{key}: unknown key")
        elif problem["type"] == "missing":
            lines.append(f"{key}: missing")
        elif problem["type"] == "value_error":
            lines.append(f"{key}: expected {problem['ctx']['error']}, {got}")
        else:
            expected = problem["msg"].removeprefix("Input should be ")
            lines.append(f"{key}: expected {expected}, {got}")
    return "; ".join(lines)


def _read(path: Path, model: type[M], folder: Path | None = None) -> M:
    try:
        with open_file(path, folder) as file:
            text = file.read(MAX_PROFILE + 1)
        if len(text) > MAX_PROFILE:
            raise ProfileError(f"{path}: larger than {MAX_PROFILE // 1000} kB")
        raw: dict[str, Any] = tomllib.loads(text.decode())
    except RecursionError:
        raise ProfileError(f"{path}: not valid TOML: nested too deep") from None
    except OSError as error:
        raise ProfileError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path}: not valid TOML: {error}") from None
    raw.setdefault("id", path.stem)
    try:
        profile = model.model_validate(raw)
    except ValidationError as error:
        raise ProfileError(f"{path}: {_explain(error)}") from None
    if profile.id != path.stem:
        raise ProfileError(
            f"{path}: id: expected {path.stem!r} (the file's name), got {profile.id!r}"
        )
    return profile


def load_site(path: Path, folder: Path | None = None) -> Site:
    """Read one profile; inside a `folder`, no link is followed.

    Raises `ProfileError` naming file, key and expectation.
    """
    site = _read(path, Site, folder)
    if site.learned:
        raise ProfileError(f"{path}: learned: unknown key")
    for layout in site.layouts:
        if layout.id.startswith(LEARNED):
            raise ProfileError(
                f"{path}: layouts: expected an id that does not begin with {LEARNED}, got {layout.id!r}"
            )
    if site.family not in families():
        raise ProfileError(
            f"{path}: family: expected one of {', '.join(families())}, got {site.family!r}"
        )
    if site.crawl.ignore_crawl_delay and not site.is_loopback:
        raise ProfileError(
            f"{path}: crawl.ignore_crawl_delay: expected false for a public site, got true"
        )
    return site


class Sites(dict[str, Site]):
    """Profiles by id. One that is broken costs its own site alone: it stands in `broken`."""

    def __init__(self) -> None:
        self.broken: dict[str, ProfileError] = {}
        self.own: set[str] = set()
        """Those that the user has written."""

    def __missing__(self, site: str) -> Site:
        """Raises the `ProfileError` of a broken profile, KeyError where there is none."""
        raise self.broken.get(site) or KeyError(site)


def load_sites(*extra: Path, own: Path | None = None) -> Sites:
    """Every profile of the package and of the user's folders, by id; a user's file replaces ours.

    In the archive's `own` folder no link is followed. Raises `ProfileError` for a folder that is none.
    """
    sites = Sites()
    for folder in (SITES_DIR, *extra):
        if not folder.is_dir():
            raise ProfileError(f"{folder}: expected a folder of site profiles (*.toml)")
        for path in sorted(folder.glob("*.toml")):
            sites.pop(path.stem, None)
            sites.broken.pop(path.stem, None)
            if folder not in (SITES_DIR, EXAMPLE_DIR):
                sites.own.add(path.stem)
            try:
                sites[path.stem] = load_site(path, folder.parent if folder == own else None)
            except ProfileError as error:
                sites.broken[path.stem] = error
    return sites


def archive_sites(folder: Path, *extra: Path, example: bool = False) -> Sites:
    """Every profile that holds for the archive in `folder`, by id; with `example` our newspaper's, too.

    Those of `folder`/sites replace ours, those of `extra` both. Raises as `load_sites` does.
    """
    folders = [EXAMPLE_DIR] if example else []
    own = folder / OWN_SITES
    try:
        folders += [own] if own.exists() else []
    except OSError as error:
        raise ProfileError(f"{own}: cannot be read: {error.strerror}") from None
    return load_sites(*folders, *extra, own=own)


@cache
def families() -> Mapping[str, Family]:
    """Every family by id, `generic` last so that it is the fallback."""
    found = {path.stem: _read(path, Family) for path in sorted(FAMILIES_DIR.glob("*.toml"))}
    generic = found.pop("generic")
    return {**found, "generic": generic}


def in_order(layouts: Iterable[Layout], at: datetime | None) -> list[Layout]:
    """Layouts that applied at a moment, in the order to try."""
    current: list[Layout] = []
    dated: list[tuple[date, Layout]] = []
    for layout in layouts:
        if layout.valid_until is None:
            current.append(layout)
        elif at is None or at.date() <= layout.valid_until:
            dated.append((layout.valid_until, layout))
    past = [layout for _, layout in sorted(dated, key=lambda pair: pair[0])]
    # An undated page is most likely a recent one.
    return current + past if at is None else past + current
