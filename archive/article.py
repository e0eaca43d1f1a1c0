"""Article: one story as a careful reader would copy it, with where each field came from.

The record that extraction produces, the archive keeps and `newsbot export` prints.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any, Literal


@dataclass(slots=True)
class Article:
    """One article read from one page, or the reason why the page is none.

    `text` holds paragraphs separated by one blank line; a line break inside a paragraph is one
    that the newspaper printed (verse); cells of a table row are separated by a tab.
    """

    url: str
    """Address that was fetched."""
    is_article: bool = False
    reason: str | None = None
    """Why the page is no article (`listing`, `not_found`, …); None where it is one."""
    canonical_url: str | None = None
    title: str | None = None
    text: str = ""
    captions: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    published: str | None = None
    """ISO 8601 with offset, or a bare date where no time was printed. Never invented."""
    published_raw: str | None = None
    """What was printed, unparsed."""
    modified: str | None = None
    section: str | None = None
    tags: list[str] = field(default_factory=list)
    language: str | None = None
    """BCP 47: `kk`, `kk-Latn`, `kk-Arab`, `ru`, …"""
    image: str | None = None
    views: int | None = None
    comments: int | None = None
    editions: list[dict[str, str]] = field(default_factory=list)
    """The same article in other scripts or languages: `{"language": …, "url": …}`."""
    pages: list[str] = field(default_factory=list)
    """Further pages of the same article, to be joined to it in this order."""
    site: str | None = None
    layout: str | None = None
    """`family/layout` whose rules read the page."""
    charset: str | None = None
    sources: dict[str, str] = field(default_factory=dict)
    """Field name → where its value came from: `json-ld`, `layout`, `meta`, `generic`, …"""
    flags: list[str] = field(default_factory=list)
    """What a curator should look at; see docs/extraction.md."""

    def to_dict(self) -> dict[str, Any]:
        """All fields in the documented order, ready for JSON."""
        record = asdict(self)
        return {key: record[key] for key in FIELDS}

    @property
    def paragraphs(self) -> list[str]:
        """The text as a list."""
        return self.text.split("\n\n") if self.text else []


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an article: what the archive does with it."""

    name: str
    kind: Literal["text", "number", "list", "object", "flag"] = "text"
    """`list` and `object` are kept as JSON."""
    stored: bool = True
    """Whether `articles` has a column of that name."""
    revised: bool = False
    """Whether a change of it makes a revision, and `readings` has a column of it."""


ARTICLE = (
    Field("is_article", "flag", stored=False),
    Field("reason", stored=False),
    Field("url"),
    Field("canonical_url", stored=False),
    Field("title", revised=True),
    Field("text", revised=True),
    Field("captions", "list", revised=True),
    Field("authors", "list", revised=True),
    Field("published", revised=True),
    Field("published_raw"),
    Field("modified"),
    Field("section", revised=True),
    Field("tags", "list", revised=True),
    Field("language", revised=True),
    Field("image", revised=True),
    Field("views", "number"),
    Field("comments", "number"),
    Field("editions", "list"),
    Field("pages", "list", stored=False),
    Field("site"),
    Field("layout"),
    Field("charset"),
    Field("sources", "object"),
    Field("flags", "list"),
)
"""The one list of an article's fields: schema, history, export, comparison and docs follow it."""

SOURCES = frozenset(["feed", "sitemap", "wordpress"])
"""What `sources` says of a value that the page does not print: kinds of sources that told it."""
SOURCED = (
    "canonical_url title text authors published modified section tags image views comments".split()
)
"""Fields of which `sources` tells."""
FIELDS = [field.name for field in ARTICLE]
REVISED = [field.name for field in ARTICLE if field.revised]
"""Fields whose change makes a revision."""
READ = [
    field.name
    for field in ARTICLE
    if field.stored and field.name not in ("url", "site", "views", "comments")
]
"""Fields that a reading keeps: what one look at the page told, but for addresses and counters."""
JSON_FIELDS = frozenset(field.name for field in ARTICLE if field.kind in ("list", "object"))


@lru_cache(1024)
def sourced(said: str) -> dict[str, str | None]:
    """`sources` as it is kept, in JSON, with all of `SOURCED`: few articles differ in it, and nobody may change it."""
    found = json.loads(said)
    return {name: found.get(name) for name in SOURCED}
