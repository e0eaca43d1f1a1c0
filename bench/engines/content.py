"""content: articles by the rigs' own generator, which stays with them, as its sentences do (RIGS_DIR)."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).parents[2]
RIGS = Path(os.environ.get("RIGS_DIR", ROOT.parent / "shared" / "rigs"))
ZONE = ZoneInfo("Asia/Almaty")
ARTICLES = 120

sys.path.insert(0, str(RIGS / "lib"))
gen_content, mkgold, pools = map(import_module, ("gen_content", "mkgold", "pools"))
norm = mkgold.norm
"""The form in which the rigs compare texts."""


@dataclass(frozen=True, slots=True)
class Story:
    """One article, or one page about the newspaper (`is_page`)."""

    slug: str
    title: str
    when: datetime
    author: str
    section: str
    tags: list[str]
    language: str
    html: str
    markdown: str
    paragraphs: list[str]
    """What must stand in the text, in this order."""
    own: list[str]
    """Everything that may: headings, lists, captions and cells too."""
    is_page: bool


def stories(engine: str, seed: int) -> list[Story]:
    """The same ones at every call, other ones for each engine."""
    gen_content.SITES[engine] = {
        "n": ARTICLES, "seed": seed, "slug": "latin", "tz": ZONE.key, "edges": False,
        "comments": False, "start": "2019-02-01", "images": 20, "pages": True, "trash": 0,
    }  # fmt: skip
    found: dict[str, Story] = {}
    for spec in gen_content.base(engine, None):
        slug = spec["slug"] or gen_content.latslug(spec["title"])
        slug = slug if slug not in found else f"{slug}-{len(found)}"
        blocks = mkgold.flat(spec["blocks"])
        found[slug] = Story(
            slug=slug,
            title=spec["title"],
            when=datetime.fromisoformat(spec["local"]).replace(tzinfo=ZONE),
            author=pools.AUTHORS[spec["author"]][1],
            section=pools.CATEGORY[spec["cats"][0]][0] if spec["cats"] else "",
            tags=spec["tags"],
            language=spec["lang"],
            html=gen_content.render_html(spec, engine, "/img", "html"),
            markdown=gen_content.render_md(spec, engine, "/img"),
            paragraphs=[b["text"] for b in blocks if b["type"] in ("p", "quote")],
            own=[b["text"] for b in blocks if b["text"]],
            is_page=spec["kind"] == "page",
        )
    return list(found.values())
