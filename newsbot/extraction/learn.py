"""learn: layouts from many pages of one site: where its templates print what is known from elsewhere.

Known values (JSON-LD, Open Graph, a source, what the generic reading agrees on) show the places of title,
date, authors, section, tags, lead and body; what repeats inside bodies is furniture; what articles share
and other pages lack is the proof of an article. Pure; the order of the pages does not matter.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from newsbot.extraction.body import from_layout
from newsbot.extraction.context import DEFAULT_ZONE
from newsbot.extraction.learn_body import find_furniture, lead_rule
from newsbot.extraction.learn_fields import (
    LIKELY,
    Support,
    agreement,
    learn_field,
    paragraphs,
    rules,
)
from newsbot.extraction.learn_places import LEAST, PageSample, common_names, own_names, spelt
from newsbot.profiles import LEARNED, Layout

__all__ = ["LearnedLayout", "PageSample", "Support", "learn"]

ENOUGH_PAGES = 8
"""Pages of articles that show a template; fewer might agree by chance."""
_ALIKE = 0.5
"""Share of names that pages of one make have in common, at least."""
_RARE = 0.05
"""Share of pages below which a name says nothing of the make of a page."""
_ALL = 0.98
"""Share of a template's pages that its mark must match."""
_RIGHT = 0.9
"""Agreement of the text that a layout reads with the known one from which it is right."""
_MOST_LATER = 0.95
"""Share of a template's pages that must be later than as many of another's to supersede it."""
_PRINTED = ("body", "title", "published")
"""Fields that every article prints once."""
_SIGNED = ("published", "authors", "section", "tags")
"""Fields that other pages seldom print."""


@dataclass(frozen=True, slots=True)
class LearnedLayout:
    """One template of a site, and what speaks for each of its selectors."""

    layout: Layout
    pages: int
    """Pages of articles that it was learnt from."""
    published: list[str]
    """First and last day of publication of these articles; empty where none is known."""
    support: dict[str, dict[str, Support]]
    """Key of the layout → selector → pages; of `when` and `article` the pages that it matches."""

    def to_dict(self) -> dict[str, Any]:
        """As JSON: what the archive keeps."""
        return {
            **asdict(self),
            "layout": self.layout.model_dump(mode="json", exclude_defaults=True),
        }


def learn(pages: Iterable[PageSample], zone: ZoneInfo = DEFAULT_ZONE) -> list[LearnedLayout]:
    """The layouts of a site, the newest first; none where its pages are too few or too unlike.

    `zone` is the newsroom's own. Time grows with the number of pages.
    """
    samples = sorted(pages, key=_order)
    articles = [sample for sample in samples if sample.known.is_article]
    others = [sample for sample in samples if not sample.known.is_article]
    makes = [make for make in _makes(articles) if len(make) >= ENOUGH_PAGES]
    learnt: list[tuple[list[PageSample], LearnedLayout]] = []
    for make in sorted(makes, key=_age, reverse=True):
        rivals = [sample for other in makes if other is not make for sample in other]
        is_over = any(_supersedes(new, make) for new, _ in learnt)
        last = date.fromisoformat(max(_served(make))) if is_over else None
        found = _learn_make(make, rivals, others, zone, until=last)
        if found:
            learnt.append((make, found))
    return [found for _, found in learnt]


def _order(sample: PageSample) -> tuple[str, ...]:
    known = sample.known
    return known.url, sample.at.isoformat(), known.title or "", known.published or "", known.text


def _learn_make(
    make: Sequence[PageSample],
    rivals: Sequence[PageSample],
    others: Sequence[PageSample],
    zone: ZoneInfo,
    *,
    until: date | None,
) -> LearnedLayout | None:
    """The layout of pages of one make; None where the place of the text, or a mark, is not found."""
    common = common_names(make)
    body, *printed = rules(zone)
    support = {"body": learn_field(body, make, common)}
    if not support["body"]:
        return None
    css = ", ".join(support["body"])
    support["remove"] = find_furniture(make, css, common)
    for rule in (*printed, lead_rule(css)):
        support[rule.name] = learn_field(rule, make, common)
    keys: dict[str, Any] = {name: list(chosen) for name, chosen in support.items() if chosen}
    others = [sample for sample in others if not _is_like_one(sample, keys)]
    kinds = [f"body{name}" for name in own_names(make[0].body, common) if name[0] == "."]
    marks = [*(css for name in _PRINTED for css in keys.get(name, [])), *kinds, *sorted(common)]
    when = _mark(make, marks, [*rivals, *others]) or _mark(make, marks, rivals)
    # Only what an engine says of the kind of a page, or prints of an article, proves that it is one: a
    # page about the newspaper has a headline and a body, too.
    signed = (css for name in _SIGNED for css in keys.get(name, []))
    article = _mark(make, [*kinds, *signed], others) if len(others) >= LEAST else None
    if not when or not _is_right(make, Layout(id="x", **keys)):
        return None
    # A form in the text's place is no photograph without text, however the page is made.
    asked = ", ".join(f'{css} input[type="password"]' for css in support["body"])
    keys |= {"when": when, "article": article, "refuse": {"password": asked}}
    for name in ("when", "article"):
        if keys[name]:
            support[name] = {keys[name]: Support(_matching(make, keys[name]), 0, len(make))}
    name = hashlib.sha256(json.dumps(keys, sort_keys=True).encode()).hexdigest()[:6]
    days = list(_written(make))
    return LearnedLayout(
        Layout(id=f"{LEARNED}{name}", valid_until=until, **keys),
        len(make),
        [min(days), max(days)] if days else [],
        {name: chosen for name, chosen in support.items() if chosen},
    )


def _is_right(make: Sequence[PageSample], layout: Layout) -> bool:
    """Whether a layout reads the known texts, without its furniture, on most of the pages."""
    marks = []
    for sample in make:
        known = paragraphs(sample)
        if known:
            body = from_layout(sample.page, layout)
            marks.append(
                agreement([spelt(b.text) for b in body.blocks if b.kind != "caption"], known)
            )
    right = sum(mark >= _RIGHT for mark in marks)
    return right >= LEAST and right >= LIKELY * len(marks)


# -- makes of pages -----------------------------------------------------------------------------


def _makes(samples: Sequence[PageSample]) -> list[list[PageSample]]:
    """Pages grouped by the names of their elements: two themes share few of them."""
    common = common_names(samples, max(2, int(_RARE * len(samples))))
    makes: list[tuple[Counter[str], list[PageSample]]] = []
    for sample in samples:
        names = sample.names & common
        best = max(makes, key=lambda make: _alike(names, *make), default=None)
        if best is None or _alike(names, *best) < _ALIKE:
            makes.append(best := (Counter(), []))
        best[0].update(names)
        best[1].append(sample)
    return [members for _, members in makes]


def _alike(names: frozenset[str], counts: Counter[str], members: Sequence[PageSample]) -> float:
    """How much a page has in common with what most pages of a make carry."""
    core = {name for name, count in counts.items() if 2 * count >= len(members)}
    return len(names & core) / (len(names | core) or 1)


def _served(make: Iterable[PageSample]) -> Iterator[str]:
    return (sample.at.date().isoformat() for sample in make)


def _written(make: Iterable[PageSample]) -> Iterator[str]:
    return (sample.known.published[:10] for sample in make if sample.known.published)


def _age(make: Sequence[PageSample]) -> tuple[str, str, int, str]:
    """By its last captures, then by its latest articles."""
    written = sorted(_written(make))
    middle = written[len(written) // 2] if written else ""
    return max(_served(make)), middle, len(make), make[0].known.url


def _supersedes(new: Sequence[PageSample], old: Sequence[PageSample]) -> bool:
    """Whether a template took the place of another: it was served, or its articles written, later."""
    for days in (_served, _written):
        first, last = sorted(days(new)), sorted(days(old))
        if first and last:
            nearly = last[int(_MOST_LATER * (len(last) - 1))]
            if nearly < first[int((1 - _MOST_LATER) * len(first))]:
                return True
    return False


# -- marks --------------------------------------------------------------------------------------


def _is_like_one(sample: PageSample, keys: dict[str, Any]) -> bool:
    """Whether a page that was refused prints, once each, what the articles of a template print.

    Whatever it is, it is no example of what lacks their marks: the generic reading may have erred.
    """
    return all(
        any(len(sample.page.select(css)) == 1 for css in keys.get(name, [])) for name in _PRINTED
    )


def _mark(
    make: Sequence[PageSample], selectors: Iterable[str], without: Sequence[PageSample]
) -> str | None:
    """The first of some selectors that the pages of a template match, and none of those without."""
    for css in dict.fromkeys(css.partition("::")[0] for css in selectors):
        if not _matching(without, css) and _matching(make, css) >= _ALL * len(make):
            return css
    return None


def _matching(samples: Sequence[PageSample], css: str) -> int:
    return sum(sample.page.has(css) for sample in samples)
