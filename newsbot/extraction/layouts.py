"""layouts: which family and which of its layouts a page is read with."""

from __future__ import annotations

import re
from datetime import datetime

from newsbot.extraction.page import Page
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
    best, most = known["generic"], 0
    for family in known.values():
        signs = sum(map(page.assets.__contains__, family.assets)) + sum(map(page.has, family.signs))
        if signs > most:
            best, most = family, signs
    return best


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
