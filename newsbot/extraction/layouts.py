"""layouts: which family and which of its layouts a page is read with."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import datetime
from functools import cache

from newsbot.extraction.page import Page
from newsbot.extraction.selectors import marks_of
from newsbot.profiles import LISTS, Family, Layout, Site, families, in_order


def family_of(page: Page, site: Site | None) -> Family:
    """The profile's family, or else the one of whose signs the page carries most."""
    known = families()
    if site and site.family != "generic":
        return known[site.family]
    generators = page.metas.get("generator", [])
    for family in known.values():
        if family.generator and any(
            re.search(family.generator, generator, re.IGNORECASE) for generator in generators
        ):
            return family
    names, marks = page.index.names, _marks()
    shown = {sign for name in names.intersection(marks) for sign in marks[name]}
    signs = Counter(owner for owner, css in shown if page.has(css))
    best, most = known["generic"], 0
    for family in known.values():
        found = sum(map(page.assets.__contains__, family.assets)) + signs[family.id]
        if found > most:
            best, most = family, found
    return best


@cache
def _marks() -> dict[str, list[tuple[str, str]]]:
    """Families with their signs, by a name that a page has which shows the sign."""
    marks: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for family in families().values():
        for css in family.signs:
            for name in marks_of(css):
                marks[name].append((family.id, css))
    return marks


def layout_of(
    page: Page, site: Site | None, family: Family, fetched_at: datetime | None
) -> tuple[str, Layout]:
    """The first layout that applied at the time and matches the page, after its full name.

    Where that is a fallback, a learned layout joins it.
    """
    generic = families()["generic"]
    own = site.layouts if site else []
    for owner in (family, generic):
        for layout in in_order([*own, *owner.layouts], fetched_at):
            if layout.when is None or page.has(layout.when):
                name = f"{site.id if site and layout in own else owner.id}/{layout.id}"
                if site and name in fallbacks():
                    return _with_learned(page, site, name, layout, fetched_at)
                return name, layout
    return f"{generic.id}/{generic.layouts[-1].id}", generic.layouts[-1]


@cache
def fallbacks() -> frozenset[str]:
    """The names of the layouts that read what fits no other: everybody's, and those without a `when`."""
    return frozenset(
        f"{family.id}/{layout.id}"
        for family in families().values()
        for layout in family.layouts
        if layout.when is None or family.id == "generic"
    )


def _with_learned(
    page: Page, site: Site, name: str, fallback: Layout, at: datetime | None
) -> tuple[str, Layout]:
    """A fallback and the learned layout that matches the page as one; a family's selectors come first.

    What was replaced is tried last: a newspaper may serve its old pages in the old theme still.
    """
    for learned in (*in_order(site.learned, at), *site.learned):
        if page.has(learned.when):
            both = (learned, fallback) if name.startswith("generic/") else (fallback, learned)
            joined: dict[str, object] = {
                key: [css for layout in both for css in getattr(layout, key)] for key in LISTS
            }
            proofs = [proof for proof in (fallback.article, learned.article) if proof]
            joined["article"] = ", ".join(proofs) or None
            joined["refuse"] = {**learned.refuse, **fallback.refuse}
            return f"{site.id}/{learned.id}", fallback.model_copy(update=joined)
    return name, fallback
