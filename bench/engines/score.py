"""score: what newsbot exported, compared with what was put into the engine."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from content import ZONE, norm


def key(url: str) -> str:
    """One spelling of an address; a folder and its index.html are the same page."""
    return unquote(url).split("#")[0].removesuffix("index.html").rstrip("/").lower()


def score(gold: list[dict[str, Any]], records: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Cases by verdict: found, not found, stored but no article, and field by field.

    A field that the engine neither prints nor tells in a feed (`told`) is not asked for; another
    value than the one put in is `false` there.
    """
    articles = {key(g["url"]): g for g in gold if not g["is_page"]}
    stored = {key(r["url"]): r for r in records}
    cases: dict[str, list[str]] = {
        "found": sorted(articles.keys() & stored.keys()),
        "not found": sorted(articles.keys() - stored.keys()),
        "stored, but no article": sorted(stored.keys() - articles.keys()),
        "stored twice": [
            url for url, n in Counter(key(r["url"]) for r in records).items() if n > 1
        ],
    }
    for url in cases["found"]:
        for name, (verdict, said) in _judge(articles[url], stored[url]).items():
            field = {"day": "published", "author": "authors", "body": "text"}.get(name, name)
            source = stored[url]["sources"].get(field)
            cases.setdefault(f"{name} {verdict}", []).append(f"{url}  {said}  ({source})")
    return cases


def shown(cases: dict[str, list[str]], most: int) -> str:
    """The counts, and the first cases of each fault."""
    lines = []
    for verdict, urls in cases.items():
        lines.append(f"  {verdict}: {len(urls)}")
        if verdict != "found" and not verdict.endswith(("right", "untold")):
            lines += [f"      {url}" for url in urls[:most]]
    return "\n".join(lines)


def _judge(truth: dict[str, Any], record: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Field → verdict, and what was read instead."""
    section, tags = norm(record["section"] or ""), {norm(t) for t in record["tags"]}
    verdicts = {
        "body": _body(truth, record["text"]),
        "title": _equal(norm(record["title"] or ""), norm(truth["title"])),
        "day": _equal(_day(record["published"]), truth["when"][:10]),
        "author": _equal([norm(a) for a in record["authors"]], [norm(truth["author"])]),
        "section": _equal(section, norm(truth["section"])),
        "tags": _equal(tags, {norm(t) for t in truth["tags"]}),
        "language": _equal(record["language"], truth["language"]),
    }
    for name in {"day", "author", "section", "tags"} - set(truth["told"]):
        verdict, said = verdicts[name]
        verdicts[name] = {"wrong": ("false", said), "none": ("untold", "")}.get(
            verdict, ("right", "")
        )
    return verdicts


def _equal(read: Any, truth: Any) -> tuple[str, str]:
    if read == truth:
        return "right", ""
    return ("wrong" if read else "none"), f"{read} instead of {truth}"


def _day(published: str | None) -> str:
    """The local day."""
    if not published or len(published) == 10:
        return published or ""
    return datetime.fromisoformat(published).astimezone(ZONE).date().isoformat()


def _body(truth: dict[str, Any], text: str) -> tuple[str, str]:
    """All paragraphs in order, and nothing but the article's own text besides."""
    pieces = [norm(p) for p in text.split("\n\n")]
    flat, rest, position = "\n".join(pieces), " ".join(pieces), -1
    for paragraph in map(norm, truth["paragraphs"]):
        found = flat.find(paragraph, position + 1)
        if found <= position:
            return "wrong", f"lacks or misplaces: {paragraph[:60]}"
        position = found
    for piece in sorted({norm(o) for o in [*truth["own"], truth["title"]]}, key=len, reverse=True):
        rest = rest.replace(piece, "")
    return ("wrong", f"too much: {rest.strip()[:80]}") if rest.strip() else ("right", "")
