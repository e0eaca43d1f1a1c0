"""survey: what an archive shows of a site: its sources, its articles, and what no longer fits its profile."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from archive.status import sources
from newsbot import urls
from newsbot.discovery import is_candidate
from newsbot.extraction import explain, structured
from newsbot.extraction.addresses import shape
from newsbot.extraction.context import Context
from newsbot.extraction.fields import letters, title_parts
from newsbot.extraction.layouts import fallbacks, family_of
from newsbot.extraction.learn import PageSample, learn
from newsbot.profiles import LEARNED, Site
from newsbot.replay.learning import read_captures, spread, with_learned

PAGES = 20
"""Articles by which a site is judged."""
COLUMNS = ("address", "title", "date", "authors", "section", "words", "from", "flags")
MOST = 0.9
"""Share of the pages that must agree where a profile says something for all of them."""
_HABIT, _LOST = 0.5, 0.25
"""A field that more of the earlier articles had, and fewer of these have, is missed."""
_ENOUGH = 5
"""Pages that tell what a site does."""
_FORMS = 3
"""Forms of addresses that a newspaper's articles have, at most."""


@dataclass(slots=True)
class Survey:
    """Some pages of a site as its profile reads them, with what the archive knows of its sources."""

    site: Site
    pages: list[Context]
    """Articles, and pages of known articles that are none any more; the newest first."""
    captures: list[int]
    sources: list[dict[str, Any]]
    """As `newsbot status --sources` has them."""
    layouts: list[dict[str, Any]] = field(default_factory=list)
    """Learned layouts as JSON, where most articles are astray."""

    @property
    def articles(self) -> list[Context]:
        """The pages that are articles."""
        return [page for page in self.pages if page.article.is_article]

    @property
    def astray(self) -> list[Context]:
        """Articles that neither a family nor a layout of the profile fits."""
        names = [(p, p.layout_name) for p in self.articles if p.family.id == "generic"]
        return [page for page, name in names if name in fallbacks() or f"/{LEARNED}" in name]

    @property
    def addresses(self) -> list[str]:
        """Where the articles stand, by their own word."""
        return [page.article.canonical_url or page.article.url for page in self.articles]

    def count(self, name: str) -> list[tuple[str, int]]:
        """How many articles have each value of a field, or signs of each `family`; most first."""
        if name == "family":
            return Counter(family_of(page.page, None).id for page in self.articles).most_common()
        return Counter(str(getattr(p.article, name)) for p in self.articles).most_common()


# Of the last crawl, where also known articles are taken that are none any more, and of earlier ones.
_CAPTURES = """
SELECT max(c.id), max(c.crawl IS ?2) FROM captures c
 WHERE c.site = ?1 AND c.part = 'page' AND c.status = 200 AND (c.result = 'article' OR c.crawl IS ?2
   AND EXISTS (SELECT 1 FROM aliases a WHERE a.url = coalesce(c.address, c.url)))
 GROUP BY coalesce(c.article, c.url) ORDER BY max(c.id)
"""


def survey(c: sqlite3.Connection, folder: Path, site: Site) -> Survey:
    """Look at what the last crawl of a site brought, and at earlier articles where it brought few."""
    site = with_learned(c, folder, site)
    (crawl,) = c.execute("SELECT max(id) FROM crawls WHERE site = ?", (site.id,)).fetchone()
    rows = c.execute(_CAPTURES, (site.id, crawl)).fetchall()
    chosen = spread([capture for capture, is_new in rows if is_new], PAGES)
    chosen += spread([capture for capture, is_new in rows if not is_new], PAGES - len(chosen))
    read = list(read_captures(c, folder, site, chosen))
    pages = sorted(
        (each[0] for each in read), key=lambda p: p.article.published or "", reverse=True
    )
    found = Survey(site, pages, chosen, [row for row in sources(c) if row["site"] == site.id])
    if 2 * len(found.astray) > len(found.articles):
        samples = (
            PageSample(page.page, page.article, datetime.fromisoformat(exchange.fetched_at))
            for page, exchange, _ in read
        )
        found.layouts = [one.to_dict() for one in learn(samples, site.zone)]
    return found


# -- what it tells of the newspaper -----------------------------------------------------------------


def name_of(pages: Sequence[Context]) -> str | None:
    """What most pages call their newspaper: in their data, else behind the headline in `<title>`."""
    said: Counter[str] = Counter()
    for page in pages:
        parts = title_parts(page.page.title or "")[::2]
        is_name = letters(parts[-1]) not in letters(page.article.title or "")
        names = [
            page.page.meta("og:site_name", "application-name", "apple-mobile-web-app-title"),
            *structured.names(page.ld.get("publisher"))[:1],
            *structured.site_names(page.page),
            parts[-1] if is_name else None,
        ]
        said[next(filter(None, names), "")] += 1
    name, count = next(iter(said.most_common(1)), ("", 0))
    return " ".join(name.split())[:100] if name and 2 * count > len(pages) else None


def hosts_of(pages: Iterable[Context], site: Site) -> dict[str, int]:
    """Other hosts of the newspaper's domain at which several pages say that they stand, too.

    By canonical addresses, `rel="alternate"` (mobile pages, languages) and links to editions.
    """
    found = Counter[str]()
    for page in pages:
        links = page.page.select(
            'link[rel="canonical"]::attr(href), link[rel="alternate"][hreflang]::attr(href), '
            'link[rel="alternate"][media]::attr(href)'
        )
        links += [edition["url"] for edition in page.article.editions]
        spelt = {urls.canonical(page.page.absolute(str(link)) or "") or "" for link in links}
        found.update(set(map(urls.netloc, spelt)))
    domain = urls.netloc(site.url).split(".")[-2:]
    named = {host: n for host, n in found.items() if n > 1 and host.split(".")[-2:] == domain}
    return {host: n for host, n in sorted(named.items()) if host not in site.netlocs}


def patterns_of(addresses: Sequence[str]) -> dict[str, int]:
    """How articles' addresses look: patterns of path and query, each with how many have that form.

    Empty where there are too few addresses, or too many forms. What varies is left open.
    """
    every = [re.split(r"(?=[/?&])", urls.path_and_query(address))[1:] for address in addresses]
    common = set[str]().union(*every[:1]).intersection(*every)
    fixed = {part: re.escape(part) for part in common if not re.search(r"\d", part)}
    forms = Counter("".join(fixed.get(part) or _form(part) for part in parts) for parts in every)
    is_told = len(forms) <= _FORMS and len(every) >= _ENOUGH
    return {f"^{form}$": n for form, n in forms.most_common()} if is_told else {}


def _form(part: str) -> str:
    """A part of an address, with its mark in front, as a pattern."""
    mark, (key, equals, value) = re.escape(part[0]), part[1:].partition("=")
    if equals:
        return f"{mark}{re.escape(key)}={'[0-9]+' if value.isdecimal() else '[^&]+'}"
    if key.isdecimal():
        return mark + ("[0-9]{4}" if len(key) == 4 else "[0-9]{1,2}" if len(key) < 3 else "[0-9]+")
    ending = re.sub(r"^.*?((?:\.[a-z]{3,5})?)$", r"\1", key)
    return f"{mark}[^/]+{re.escape(ending)}" if key else mark


# -- what no longer fits ----------------------------------------------------------------------------


def misfits(c: sqlite3.Connection, found: Survey) -> list[str]:
    """What a person should look at: a line for each thing in which profile and newspaper differ."""
    told = (_sources(found), _readings(c, found), _layouts(found), _strays(found))
    return [line for lines in told for line in lines]


def _sources(found: Survey) -> Iterator[str]:
    own = {source.url for source in found.site.candidate_sources()} if found.site.sources else set()
    for row in found.sources:
        if row["error"] and (row["url"] in own or row["discovered"]):
            yield f"source {row['url']}: {row['error']}"
        elif row["distrust"] in ("always_today", "uniform"):
            yield f"source {row['url']}: its dates are not believed ({row['distrust']})"


def _readings(c: sqlite3.Connection, found: Survey) -> Iterator[str]:
    articles, site, pages = found.articles, found.site, len(found.articles)
    if not found.pages:
        yield "pages: no article is known"
    for reason, n in Counter(p.article.reason for p in found.pages if p.article.reason).items():
        yield f"pages: {n} of {len(found.pages)} known articles cannot be read: {reason}"
    names = ("published", "authors", "section", "image")
    shares = ", ".join(f"avg(coalesce({name}, '[]') <> '[]')" for name in names)
    count, *habits = c.execute(
        f"SELECT count(*), {shares} FROM articles "  # noqa: S608 -- names of columns
        "WHERE site = ? AND capture NOT IN (SELECT value FROM json_each(?))",
        (site.id, json.dumps(found.captures)),
    ).fetchone()
    for name, habit in zip(names, habits, strict=True):
        now = sum(bool(getattr(page.article, name)) for page in articles)
        wanted = name == "published" or (count >= _ENOUGH <= pages and habit > _HABIT)
        if wanted and now < _LOST * pages:
            yield f"{name}: on {now} of {pages} pages; of {count} others {habit or 0:.0%} have it"
    for key in ("family", "language"):
        for value, n in found.count(key)[:1]:
            says = getattr(site, key)
            if n >= MOST * pages and says not in ("generic", value, value.split("-")[0]):
                yield f"{key}: the profile says {says}, {n} of {pages} pages {value}"


def _layouts(found: Survey) -> Iterator[str]:
    pages, site = len(found.articles), found.site
    if 2 * len(found.astray) > pages and (site.family != "generic" or site.layouts):
        yield f"layout: {len(found.astray)} of {pages} pages fit no layout of the profile"
    for layout in site.layouts:
        fitting = [p.page for p in found.articles if p.layout_name == f"{site.id}/{layout.id}"]
        if pages and not fitting and layout.valid_until is None:
            yield f"layout {layout.id}: fits none of {pages} pages"
        for key in ("title", "body", "published", "authors", "section"):
            selectors = getattr(layout, key) if len(fitting) >= _ENOUGH else []
            if selectors and not any(page.first(selectors) for page in fitting):
                told = ", ".join(selectors)
                yield f"layout {layout.id}: {key}: matches nothing on {len(fitting)} pages: {told}"


def _strays(found: Survey) -> Iterator[str]:
    """Articles, and links of theirs in the form of articles, that the profile's patterns do not cover."""
    site = found.site
    links = {
        urls.canonical(page.page.absolute(str(href)) or "") or ""
        for page in (found.pages if site.article else ())
        for href in page.page.select("a::attr(href)")
    }
    near = {url for url in links if shape(url).proof and shape(url).score > 0}
    unbound = site.model_copy(update={"article": []})
    both = [url for url in {*near, *found.addresses} if is_candidate(unbound, url)]
    if strays := sorted(url for url in both if not is_candidate(site, url)):
        yield f"addresses: `article` does not cover {len(strays)}: {', '.join(strays[:3])}"
    for host, n in hosts_of(found.pages, site).items():
        yield f"hosts: {n} pages stand at {host}, too"


# -- for a person -----------------------------------------------------------------------------------


def row(page: Context) -> tuple[Any, ...]:
    """A page as a row of a table, for `COLUMNS`."""
    article = page.article
    fields = ("title", "text", "published", "authors", "section")
    told = [f"{name} {article.sources[name]}" for name in fields if article.sources.get(name)]
    flags = article.flags if article.is_article else [f"no article: {article.reason}"]
    return (
        unquote(urls.path_and_query(article.url)), article.title, article.published,
        ", ".join(article.authors), article.section, len(article.text.split()),
        f"{article.layout}: {', '.join(told)}", ", ".join(flags),
    )  # fmt: skip


def as_json(found: Survey, problems: Sequence[str]) -> dict[str, Any]:
    """All of it, for `--json`."""
    counts = {name: dict(found.count(name)) for name in ("family", "charset", "language", "layout")}
    return {
        "site": found.site.id, "problems": list(problems), **counts,
        "hosts": hosts_of(found.pages, found.site), "patterns": patterns_of(found.addresses),
        "sources": found.sources, "learnt": found.layouts,
        "articles": [page.article.to_dict() for page in found.pages],
    }  # fmt: skip


def as_html(found: Survey, problems: Sequence[str], profile: str) -> str:
    """A report for a browser: misfits, the table, the profile, and how each page was read."""
    rows = [COLUMNS, *map(row, found.pages)]
    cells = ("".join(f"<td>{escape(str(value or '–'))}</td>" for value in each) for each in rows)
    told = "".join(f"<li>{escape(problem)}</li>" for problem in problems)
    table = "".join(f"<tr>{each}</tr>" for each in cells)
    intro = f"<ul>{told}</ul><table>{table}</table><pre>{escape(profile)}</pre>"
    return explain.report(f"{found.site.name} ({found.site.id})", intro, found.pages)
