"""rules: the version of the rules that a page was read by.

A number for the code, raised when expected output changes (`tests/extraction/test_rules.py` says when),
and a digest of the rule data that apply to a site. Equal versions give equal articles, so nothing is
read again for nothing.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any

from newsbot import vocabulary
from newsbot.profiles import Family, Site, families

RULES = 5
"""Version of the code that reads pages. Raise it by one when the output of a recorded page changes."""

_DIGITS = 12
_NOT_READ = {"discovery", "regions", "traps"}
"""Subjects of the vocabulary that reading a page does not look at."""
_SITE = {"name", "url", "hosts", "timezone", "family", "article", "exclude", "layouts", "learned"}
"""Keys of a profile that reading its pages depends on."""
_FAMILY = {"id", "generator", "assets", "signs", "layouts"}
"""Keys of a family that do, beside the addresses that it excludes."""


_VERSIONS: dict[int, tuple[Site, str]] = {}
"""By the profile's identity, which holds as long as the profile is kept beside it."""


def rules_version(site: Site | None) -> str:
    """The version of the rules by which pages of a site, or of none that is known, are read.

    >>> rules_version(None).partition("-")[0] == str(RULES)
    True
    """
    if site is None:
        return _version("", "generic")
    known = _VERSIONS.get(id(site))
    if known is None:
        profile = _json(site.model_dump(mode="json", include=_SITE))
        known = _VERSIONS[id(site)] = site, _version(profile, site.family)
    return known[1]


@cache
def _version(profile: str, family: str) -> str:
    text = f"{profile}\n{_families(family)}\n{_vocabulary()}"
    return f"{RULES}-{hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]}"


def _json(value: object) -> str:
    """JSON that is equal for equal data on every machine; order counts, for rules are tried in it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@cache
def _families(name: str) -> str:
    """The family, and the one that every page may fall back on; all where the page tells its own."""
    known = families()
    chosen = known.values() if name == "generic" else (known[name], known["generic"])
    return _json([_rules_of(family) for family in chosen])


def _rules_of(family: Family) -> dict[str, Any]:
    excluded = family.discovery.exclude
    return {**family.model_dump(mode="json", include=_FAMILY), "exclude": excluded}


@cache
def _vocabulary() -> str:
    names = sorted(path.stem for path in vocabulary.FOLDER.glob("*.toml"))
    return _json({name: vocabulary.subject(name) for name in names if name not in _NOT_READ})
