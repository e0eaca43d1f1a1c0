"""layouts: which family and which of its layouts a page is read with."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import datetime
from functools import cache

from newsbot.extraction.page import Page
from newsbot.extraction.selectors import marks_of
from newsbot.profiles import Family, Layout, Site, families, layouts_of


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
    """The first layout that applied at the time and matches the page, after its full name."""
    generic = families()["generic"]
    for owner in (family, generic):
        for layout in layouts_of(site, owner, fetched_at):
            if layout.when is None or page.has(layout.when):
                own = site and layout in site.layouts
                name = site.id if site and own else owner.id
                return f"{name}/{layout.id}", layout
    return f"{generic.id}/{generic.layouts[-1].id}", generic.layouts[-1]
