"""The articles of the example newspaper: TOML files in, `Article` values out.

The same values give the pages (`newsbot.demo.render`) and the exact truth a crawl is compared with
(`expected`), so the two cannot drift apart.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from importlib.resources import files
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Almaty")
CLASSIC_UNTIL = 2021  # the paper was redesigned on New Year's Day of the year after
NEWSROOM = "«Ақбұлақ тынысы»"
"""The byline of articles that nobody signed."""
SECTIONS = {
    "qogam": "Қоғам",
    "bilim": "Білім",
    "madeniet": "Мәдениет",
    "auyl": "Ауыл шаруашылығы",
    "ekonomika": "Экономика",
    "densaulyq": "Денсаулық",
    "sport": "Спорт",
}

_KINDS = {
    "## ": "heading",
    "- ": "list",
    "> ": "quote",
    "| ": "table",
    "/ ": "verse",
    "! ": "photo",
    "@also ": "also",
    "@ad": "ad",
    "@telegram": "telegram",
}
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a body. `kind` is a value of `_KINDS` or "text".

    `lines` are inline HTML: one per paragraph, list item, line of verse or table row (cells
    joined by " | "); for "also", article ids.
    """

    kind: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comment:
    """What a reader wrote under an article."""

    author: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Article:
    """One article as its author wrote it, before any theme printed it."""

    id: int
    slug: str
    title: str
    section: str
    language: str
    published: datetime
    updated: datetime | None
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    views: int
    comments: tuple[Comment, ...]
    aliases: tuple[str, ...]  # old paths that redirect here
    breaks: bool  # paragraphs are parted by <br><br>, as old editors did
    blocks: tuple[Block, ...]

    @property
    def classic(self) -> bool:
        """Whether the theme from before the redesign prints this article."""
        return self.published.year <= CLASSIC_UNTIL

    @property
    def path(self) -> str:
        """The percent-encoded path of the article's page."""
        if self.classic:
            return f"/{self.section}/{self.id}-{self.slug}.html"
        return f"/{self.published:%Y/%m}/{quote(self.slug)}/"

    @property
    def modified(self) -> datetime:
        """When the text last changed."""
        return self.updated or self.published

    @property
    def picture(self) -> str | None:
        """The path of the first photograph, if the article has one."""
        return f"/media/{self.id}.svg" if self.captions else None

    @property
    def captions(self) -> tuple[str, ...]:
        """The words under the photographs, as faithful text."""
        return tuple(plain(line) for b in self.blocks if b.kind == "photo" for line in b.lines)

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """What a careful reader would copy.

        Faithful text without captions, links to other articles and notices. A heading, a list
        item, a paragraph of a quotation and a table row are a paragraph each; a stanza is one
        paragraph whose lines are joined by a newline.
        """
        found: list[str] = []
        for block in self.blocks:
            lines = [plain(line) for line in block.lines]
            if block.kind == "verse":
                found.append("\n".join(lines))
            elif block.kind in {"text", "heading", "list", "quote", "table"}:
                found.extend(lines)
        return tuple(found)


def plain(fragment: str) -> str:
    """Inline HTML as faithful text.

    Tags and soft hyphens vanish without a trace, every run of white space (no-break spaces too)
    is one space.

    >>> plain("айлары<b>нда</b>&nbsp;<i>салыс&shy;тырғанда</i>")
    'айларында салыстырғанда'
    """
    return " ".join(unescape(_TAG.sub("", fragment)).replace("\u00ad", "").split())


def parse_body(body: str) -> tuple[Block, ...]:
    """Read the notation of the data files: blocks parted by blank lines, marked by their start."""
    return tuple(map(_block, filter(None, (part.strip() for part in re.split(r"\n\s*\n", body)))))


def _block(source: str) -> Block:
    for mark, kind in _KINDS.items():
        if source.startswith(mark):
            lines = [line.removeprefix(mark).strip() for line in source.splitlines()]
            if kind == "also":
                lines = lines[0].split()
            elif kind == "table":
                lines = [
                    " | ".join(cell.strip() for cell in x.strip("|").split("|")) for x in lines
                ]
            return Block(kind, tuple(filter(None, lines)))
    return Block("text", (" ".join(source.split("\n")),))


def load_articles() -> tuple[Article, ...]:
    """All bundled articles, newest first."""
    rows = [
        row
        for file in files("newsbot.demo").joinpath("texts").iterdir()
        if file.name.endswith(".toml")
        for row in tomllib.loads(file.read_text(encoding="utf-8"))["article"]
    ]
    return tuple(sorted(map(_article, rows), key=lambda a: a.published, reverse=True))


def _local(clock: datetime) -> datetime:
    # A fixed offset: moments in the hour that Almaty had twice (2024-02-29, from 23:00) would
    # equal no other datetime if they carried the zone itself (PEP 495).
    return datetime.fromisoformat(clock.replace(tzinfo=ZONE).isoformat())


def _article(row: Mapping[str, Any]) -> Article:
    return Article(
        id=row["id"],
        slug=row["slug"],
        title=row["title"],
        section=row["section"],
        language=row.get("language", "kk"),
        published=_local(row["published"]),
        updated=_local(row["updated"]) if "updated" in row else None,
        authors=tuple(row["authors"]),
        tags=tuple(row["tags"]),
        views=row["views"],
        comments=tuple(
            Comment(c["author"], _local(c["at"]), c["text"]) for c in row.get("comments", ())
        ),
        aliases=tuple(row.get("aliases", ())),
        breaks=row.get("breaks", False),
        blocks=parse_body(row["body"]),
    )


def expected(origin: str, articles: Iterable[Article] | None = None) -> list[dict[str, Any]]:
    """The exact truth about every article served at `origin`, newest first.

    Keys are those of `newsbot extract` (url, title, captions, authors, published, modified,
    section, tags, language, image, views, comments), except `paragraphs`, a list instead of one
    text. Times are ISO 8601 with the offset of Asia/Almaty; `comments` is their number.
    `modified` and `image` are None where the page has none.
    """
    return [
        {
            "url": origin + a.path,
            "title": a.title,
            "paragraphs": list(a.paragraphs),
            "captions": list(a.captions),
            # A newspaper that signs with its own name tells us no author.
            "authors": [name for name in a.authors if name != NEWSROOM],
            "published": a.published.isoformat(),
            "modified": a.updated.isoformat() if a.updated else None,
            "section": SECTIONS[a.section],
            "tags": list(a.tags),
            "language": a.language,
            "image": origin + a.picture if a.picture else None,
            "views": a.views,
            "comments": len(a.comments),
        }
        for a in (load_articles() if articles is None else articles)
    ]
