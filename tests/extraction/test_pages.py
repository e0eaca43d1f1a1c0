"""Recorded pages: every layout of every family has one, and each gives exactly the article beside it."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from archive.article import FIELDS
from newsbot.extraction import extract
from newsbot.profiles import archive_sites, families
from newsbot.visit.outcomes import charset_of

PAGES = Path(__file__).parents[1] / "pages"
RECORDED = sorted(PAGES.glob("*.json"))
OWN_DATA = Path(os.environ.get("NEWSBOT_DATA", "data"))
OWN = sorted(Path(os.environ.get("FIXTURES", "none")).glob("*.json"))
"""Those of `newsbot sites record`: FIXTURES=data/fixtures python -m pytest tests/extraction/test_pages.py."""
SHARED = Path(__file__).parents[3] / "shared" / "pages"


def truth(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return record


def check_page(path: Path, data: Path) -> list[str]:
    """Fields that a page gives otherwise than its JSON says; or that nobody has confirmed what it says.

    A page that `newsbot sites record` has stored is read with a profile that holds in the archive `data`.
    """
    expected = truth(path)
    if not expected.pop("confirmed", True):
        return ["nobody has confirmed it"]
    at, content_type = expected.pop("fetched_at", None), expected.pop("content_type", None)
    article = extract(
        path.with_suffix(".html").read_bytes(),
        expected["url"],
        charset=charset_of(content_type),
        fetched_at=datetime.fromisoformat(at) if at else None,
        site=archive_sites(data, example=True)[expected["site"]] if "site" in expected else None,
    ).to_dict()
    return [key for key in expected if article[key] != expected[key]]


@pytest.mark.parametrize("path", [*RECORDED, *OWN], ids=lambda path: path.stem)
def test_recorded_page(path: Path) -> None:
    assert check_page(path, OWN_DATA) == []


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_every_value_says_where_it_came_from(path: Path) -> None:
    record = extract(path.with_suffix(".html").read_bytes(), truth(path)["url"])
    fields = ("title", "text", "authors", "published", "modified", "section", "tags", "image")
    for name in (*fields, "views", "comments"):
        if getattr(record, name) not in (None, "", []):
            assert name in record.sources, name


def test_every_layout_has_a_recorded_page() -> None:
    layouts = {f"{family.id}/{x.id}" for family in families().values() for x in family.layouts}
    recorded = {truth(path).get("layout") for path in RECORDED}
    assert layouts <= recorded, f"no page in tests/pages for {sorted(layouts - recorded)}"


def test_every_page_has_its_truth() -> None:
    assert {p.stem for p in PAGES.glob("*.html")} == {p.stem for p in RECORDED}
    assert sum(not truth(path)["is_article"] for path in RECORDED) >= 12


@pytest.mark.skipif(not SHARED.is_dir(), reason="the six theme pages are not beside the project")
@pytest.mark.parametrize(
    "name", ["bitrix", "dle", "drupal", "joomla_k2", "wp_newspaper", "wp_publisher"]
)
def test_theme_page(name: str) -> None:
    gold = json.loads((SHARED / "gold.json").read_text("utf-8"))
    article = extract(
        (SHARED / f"{name}.html").read_bytes(), "https://araitan.example/2022/12/22/p77/"
    )
    assert article.is_article
    assert article.title == gold["title"]
    assert article.authors == [gold["author"]]
    assert (article.published or "")[:10] == gold["date"]
    assert article.published == "2022-12-22T14:05:00+06:00"
    assert article.views == 172
    rows = gold["table"]
    allowed = [*gold["list"], *map("\t".join, zip(rows[::2], rows[1::2], strict=True))]
    assert [p for p in article.paragraphs if p not in allowed] == gold["paras"]
    assert article.captions == [gold["caption"]]
    for leaks in gold["leaks"].values():
        for leak in [leaks] if isinstance(leaks, str) else leaks:
            assert leak not in article.text.replace("1204", "")


def test_fields_and_reasons_are_documented() -> None:
    text = (PAGES.parents[1] / "docs" / "extraction.md").read_text("utf-8")
    for name in FIELDS:
        assert f"`{name}`" in text, name
    for path in RECORDED:
        reason = truth(path).get("reason")
        assert reason is None or f"| `{reason}` |" in text, reason
