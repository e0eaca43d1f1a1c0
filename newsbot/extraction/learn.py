"""learn: layouts from many pages of one site: where its templates print what is known from elsewhere.

Known values (JSON-LD, Open Graph, a source, what the generic reading agrees on) show the places of title,
date, authors, section, tags, lead and body; what repeats inside bodies is furniture; what articles share
and other pages lack is the proof of an article. Pure; the order of the pages does not matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from newsbot.extraction.context import DEFAULT_ZONE
from newsbot.extraction.learn_body import lead_rule, learn_body
from newsbot.extraction.learn_fields import Support, learn_field, rules
from newsbot.extraction.learn_places import LEAST, PageSample, common_names, own_names
from newsbot.profiles import Layout

__all__ = ["Learned", "LearnedLayout", "PageSample", "Support", "learn"]

ENOUGH_PAGES = 8
"""Pages of articles that show a template; fewer might agree by chance."""
ID = "learned"
"""How ids of learnt layouts begin."""
_ALIKE = 0.5
"""Share of names that pages of one make have in common, at least."""
_RARE = 0.05
"""Share of pages below which a name says nothing of the make of a page."""
_ALL = 0.98
"""Share of a template's pages that its mark must match."""
_MOST_LATER = 0.95
"""Share of a template's pages that must be later than as many of another's to supersede it."""
_MOST_MARKS = 400
"""Selectors that are tried as a template's mark."""
_PRINTED = ("body", "title", "published")
"""Fields that every article prints once."""
_MARKING = ("body", "title", "published", "authors", "tags", "section")
"""Fields whose selectors are tried first."""


@dataclass(frozen=True, slots=True)
class LearnedLayout:
    """One template of a site, and what speaks for each of its selectors."""

    layout: Layout
    pages: int
    """Pages of articles that it was learnt from."""
    published: tuple[str, str] | None
    """First and last day of publication of these articles; None where none is known."""
    support: dict[str, dict[str, Support]]
    """Key of the layout → selector → pages; of `when` and `article` the pages that it matches."""


@dataclass(frozen=True, slots=True)
class Learned:
    """The templates of a site, the newest first."""

    layouts: tuple[LearnedLayout, ...]
    articles: int
    """Pages of articles that were looked at."""
    others: int
    """Pages that were none."""


def learn(pages: Iterable[PageSample], zone: ZoneInfo = DEFAULT_ZONE) -> Learned | None:
    """The layouts of a site; None where its pages are too few or too unlike each other.

    `zone` is the newsroom's own. Time grows with the number of pages.
    """
    samples = sorted(pages, key=_order)
    articles = [sample for sample in samples if sample.known.is_article]
    others = [sample for sample in samples if not sample.known.is_article]
    makes = [make for make in _makes(articles) if len(make) >= ENOUGH_PAGES]
    found = []
    for make in makes:
        rivals = [sample for sample in articles if sample not in set(make)]
        learnt = _learn_make(make, rivals, others, zone)
        if learnt:
            found.append((make, learnt))
    if not found:
        return None
    found.sort(key=lambda pair: _age(pair[0]), reverse=True)
    layouts = []
    for number, (make, learnt) in enumerate(found):
        later = [other for other, _ in found[:number]]
        until = _last_day(make) if any(_supersedes(new, make) for new in later) else None
        name = ID if not number else f"{ID}-{number + 1}"
        layout = learnt.layout.model_copy(update={"id": name, "valid_until": until})
        layouts.append(LearnedLayout(layout, learnt.pages, learnt.published, learnt.support))
    return Learned(tuple(layouts), len(articles), len(others))


def _order(sample: PageSample) -> tuple[str, ...]:
    known = sample.known
    at = sample.at.isoformat() if sample.at else ""
    return known.url, at, known.title or "", known.published or "", known.text


def _learn_make(
    make: Sequence[PageSample],
    rivals: Sequence[PageSample],
    others: Sequence[PageSample],
    zone: ZoneInfo,
) -> LearnedLayout | None:
    """The layout of pages of one make, without id; None where the place of the text is not found."""
    common = common_names(make)
    body, remove = learn_body(make, common)
    if not body:
        return None
    support: dict[str, dict[str, Support]] = {"body": body, "remove": remove}
    for rule in (*rules(zone), lead_rule(next(iter(body)))):
        support[rule.name] = learn_field(rule, make, common)
    support = {name: chosen for name, chosen in support.items() if chosen}
    keys: dict[str, Any] = {name: list(chosen) for name, chosen in support.items()}
    others = [sample for sample in others if not _is_like_one(sample, keys)]
    when = _when(make, rivals, others, keys, common)
    article = _proof(make, others, keys)
    for name, css in (("when", when), ("article", article)):
        if css:
            keys[name] = css
            support[name] = {css: Support(_matching(make, css), 0, len(make))}
    days = sorted(sample.known.published[:10] for sample in make if sample.known.published)
    published = (days[0], days[-1]) if days else None
    return LearnedLayout(Layout(id=ID, **keys), len(make), published, support)


# -- makes of pages -----------------------------------------------------------------------------


def _makes(samples: Sequence[PageSample]) -> list[list[PageSample]]:
    """Pages grouped by the names of their elements: two themes share few of them."""
    common = common_names(samples, max(2, int(_RARE * len(samples))))
    groups: list[tuple[frozenset[str], list[PageSample]]] = []
    for sample in samples:
        names = sample.names & common
        best = max(groups, key=lambda group: _alike(names, group[0]), default=None)
        if best is None or _alike(names, best[0]) < _ALIKE:
            groups.append((names, [sample]))
        else:
            best[1].append(sample)
    # The first page of a group may be an odd one: groups are compared again by what most pages carry.
    merged: list[tuple[frozenset[str], list[PageSample]]] = []
    for _, members in sorted(groups, key=lambda group: -len(group[1])):
        core = _core(members, common)
        near = next((group for group in merged if _alike(core, group[0]) >= _ALIKE), None)
        if near is None:
            merged.append((core, members))
        else:
            near[1].extend(members)
    return [members for _, members in merged]


def _core(members: Sequence[PageSample], common: frozenset[str]) -> frozenset[str]:
    counts = Counter(name for sample in members for name in sample.names & common)
    return frozenset(name for name, count in counts.items() if 2 * count >= len(members))


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    both = one | other
    return len(one & other) / len(both) if both else 1.0


def _age(make: Sequence[PageSample]) -> tuple[list[str], list[str], int, str]:
    """By its last captures, then by its latest articles."""
    published = sorted(s.known.published[:10] for s in make if s.known.published)
    captured = sorted(s.at.date().isoformat() for s in make if s.at)
    return captured[-1:], published[len(published) // 2 :][:1], len(make), make[0].known.url


def _supersedes(new: Sequence[PageSample], old: Sequence[PageSample]) -> bool:
    """Whether a template took the place of another: it was served, or its articles written, later."""
    return _is_later([s.at.isoformat() for s in new if s.at], [s.at.isoformat() for s in old if s.at]) or (
        _is_later(
            [s.known.published[:10] for s in new if s.known.published],
            [s.known.published[:10] for s in old if s.known.published],
        )
    )  # fmt: skip


def _is_later(new: list[str], old: list[str]) -> bool:
    if not new or not old:
        return False
    first = sorted(new)[int((1 - _MOST_LATER) * len(new))]
    last = sorted(old)[int(_MOST_LATER * (len(old) - 1))]
    return last < first


def _last_day(make: Sequence[PageSample]) -> date | None:
    """The last day on which a template was served, as far as the pages tell."""
    served = [sample.at.date() for sample in make if sample.at]
    written = [date.fromisoformat(s.known.published[:10]) for s in make if s.known.published]
    return max(served or written, default=None)


# -- marks --------------------------------------------------------------------------------------


def _when(
    make: Sequence[PageSample],
    rivals: Sequence[PageSample],
    others: Sequence[PageSample],
    keys: dict[str, Any],
    common: frozenset[str],
) -> str | None:
    """What all pages of a template carry and none of the other templates; best no other page either."""
    named = [_element(css) for name in _MARKING for css in keys.get(name, [])]
    around = [
        name
        for element in make[0].page.select(keys["body"][0])[:1]
        for above in (element, *element.iterancestors())
        for name in own_names(above, common)
    ]
    marks = [*named, *_body_classes(make), *around, *sorted(common)]
    fitting = [
        css
        for css in dict.fromkeys(marks[:_MOST_MARKS])
        if _matching(make, css) >= _ALL * len(make) and not _matching(rivals, css)
    ]
    return next((css for css in fitting if not _matching(others, css)), next(iter(fitting), None))


def _is_like_one(sample: PageSample, keys: dict[str, Any]) -> bool:
    """Whether a page that was refused prints, once each, what the articles of a template print.

    Whatever it is, it is no example of what lacks their marks: the generic reading may have erred.
    """
    return all(
        any(len(sample.page.select(css)) == 1 for css in keys.get(name, [])) for name in _PRINTED
    )


def _proof(
    make: Sequence[PageSample],
    others: Sequence[PageSample],
    keys: dict[str, Any],
) -> str | None:
    """What proves that a page is an article: all articles of the template have it, no other page.

    Only what an engine says of the kind of a page, or prints of an article, will do: a page about the
    newspaper has a headline and a body, too.
    """
    if len(others) < LEAST:
        return None
    fields = [css for name in ("published", "authors", "section", "tags") for css in keys.get(name, [])]  # fmt: skip
    for css in (*_body_classes(make), *map(_element, fields)):
        if _matching(make, css) >= _ALL * len(make) and not _matching(others, css):
            return css
    return None


def _body_classes(make: Sequence[PageSample]) -> list[str]:
    """Classes of `<body>`, in which engines say what kind a page is of."""
    counts = Counter(name for s in make for name in set((s.body.get("class") or "").split()))
    return [
        f"body.{name}"
        for name in sorted(counts)
        if counts[name] >= _ALL * len(make) and f".{name}" in make[0].names
    ]


def _element(css: str) -> str:
    return css.partition("::")[0]


def _matching(samples: Sequence[PageSample], css: str) -> int:
    return sum(sample.page.has(css) for sample in samples)
