"""names: what people type as names of newspapers, regions and what else articles have, and what is meant by it."""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence

from archive import query
from archive.errors import ArchiveUsageError
from archive.search.filters import EXCLUDED, FILTERS
from archive.search.syntax import Query
from newsbot import urls
from newsbot.profile_values import REGIONS, folded, region

_MOST_NAMES = 12
"""Names that a message lists where none is near."""


def region_ids(typed: Iterable[str]) -> tuple[str, ...]:
    """The ids of regions in any spelling. Raises `ArchiveUsageError` for others."""
    typed = [*typed]
    called = {said: repr(name) for name, more in REGIONS.items() for said in (name, *more)}
    ids = {name: found for name in typed if (found := region(name))}
    check_names("region", typed, ids, f"there are {', '.join(REGIONS)}", called=called)
    return tuple(ids.values())


def by_own_names(asked: Query) -> None:
    """Have filters name regions by their ids, in whatever spelling they were typed, and addresses canonically."""
    for name, values in asked.filters.items():
        if name.removeprefix(EXCLUDED) == "region":
            values[:] = region_ids(values)
        elif name.removeprefix(EXCLUDED) == "url":
            values[:] = [urls.canonical(one) or one for one in values]


def check_archived(
    connection: sqlite3.Connection,
    filters: Mapping[str, Sequence[str]],
    chosen: query.Selection = query.EVERYTHING,
) -> None:
    """Refuse a filter's value that the archive holds nothing of in the states that are meant, with the nearest, and dates backwards."""
    for first, last in (("after", "before"), ("seen-after", "seen-before")):
        if max(filters.get(first, [""])) > min(filters.get(last, ["~"])):
            raise ArchiveUsageError(
                f"{first} {max(filters[first])} is later than {last} {min(filters[last])}"
            )
    for typed, asked in filters.items():
        kind = typed.removeprefix(EXCLUDED)
        if FILTERS[kind].kind in ("from", "to", "choice"):
            continue
        missing = [name for name in asked if not query.holds(connection, kind, name, chosen)]
        if not missing:
            continue
        known = query.names(connection, kind, chosen)
        if kind not in query.NAMED:
            raise ArchiveUsageError(f"no article in this archive is of {kind}:{missing[0]}")
        if kind == "language":  # `kk` means kk-Latn, too
            known = sorted({*known, *(name.partition("-")[0] for name in known)})
        shown = ", ".join(known[:_MOST_NAMES]) + (" …" if len(known) > _MOST_NAMES else "")
        otherwise = f"there are {shown or 'none'}"
        called = {name: repr(name) for name in known} if FILTERS[kind].kind == "spelt" else {}
        # What holds is a part of a name in any capitals: it is not among `known`, and not missing either.
        check_names(kind, missing, known, otherwise, " in this archive", called)


def check_names(
    kind: str, asked: Iterable[str], known: Collection[str], otherwise: str, where: str = "",
    called: Mapping[str, str] = {},
) -> None:  # fmt: skip
    """Refuse a name that is not known, with the one that is nearest, or else with `otherwise`.

    `called`: names in any script → what is meant by each; where there are none, `known` is compared.
    """
    for name in asked:
        if name not in known:
            fold = folded if called else str
            meant = {
                fold(one): what for one, what in (called or {n: repr(n) for n in known}).items()
            }
            near = difflib.get_close_matches(fold(name), meant, n=1)
            hint = f"did you mean {meant[near[0]]}?" if near else otherwise
            raise ArchiveUsageError(f"unknown {kind} {name!r}{where}: {hint}")
