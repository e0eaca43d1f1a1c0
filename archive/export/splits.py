"""splits: which articles are to learn from, and which to test with; no story and no editions in two of them.

An article goes where the first article of its group goes: the group is all that stories and editions connect,
in the whole archive. So a split is the same whatever is selected, and of the hash in every copy of an archive.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from archive.errors import ArchiveUsageError
from archive.stories import precedence
from archive.typed_dates import typed_date

HOW = "time:2022,2023, site, or hash:80/10/10"
SPLITS = ("train", "validation", "test")
_NAMES = {2: ("train", "test"), 3: SPLITS}
_SHARES = "80/10/10"
_KEYS = {"site": "site", "hash": "url"}
"""Column of the first article that decides."""
_Place = Callable[[dict[str, Any]], str]


def splits(c: sqlite3.Connection, how: str, seed: int = 0) -> dict[int, str]:
    """Id → split, of every article that may be read.

    `time:DATE` or `time:DATE,DATE` divides by the day of publication, `site` the newspapers, `hash` the
    addresses, both by shares (`hash:80/10/10`) and the seed. Where no date is known, the article was published
    before it was first seen: no later article is learnt from. Raises `ArchiveUsageError` for anything else.
    """
    place = _rule(how, seed)
    return {number: place(first) for number, first in _firsts(c).items()}


def divided(
    rows: Iterable[dict[str, Any]], places: Mapping[int, str], otherwise: str | None = None
) -> Iterator[dict[str, Any]]:
    """Rows with the split that `splits` gives to each."""
    for row in rows:
        row["split"] = places.get(row["id"], otherwise)
        yield row


def checked(how: str) -> str:
    """How to split, with every date as a day. Raises `ArchiveUsageError`, in plain words, for what cannot be done.

    >>> checked("time:2022,2023"), checked("site")
    ('time:2022-01-01,2023-01-01', 'site:80/10/10')
    """
    kind, _, value = how.partition(":")
    if kind == "time":
        return f"{kind}:{','.join(_days(value))}"
    if kind not in _KEYS:
        raise ArchiveUsageError(f"{how!r} is no way to split: there are {HOW}")
    value = value or _SHARES
    numbers = value.split("/")
    if len(numbers) not in _NAMES or not all(re.fullmatch("[1-9][0-9]{0,8}", n) for n in numbers):
        raise ArchiveUsageError(
            f"{kind}:{value}: expected two or three whole numbers, as in {kind}:{_SHARES}"
        )
    return f"{kind}:{value}"


def _days(value: str) -> list[str]:
    try:
        cuts = [typed_date(cut, today=date.today()) for cut in value.split(",")]
    except ValueError as error:
        raise ArchiveUsageError(f"time:{value}: {error}") from None
    if len(cuts) > 2 or cuts != sorted(set(cuts)):
        raise ArchiveUsageError(
            f"time:{value}: expected one day or two, the earlier one first, as in time:2022,2023"
        )
    return cuts


def _rule(how: str, seed: int) -> _Place:
    kind, _, value = checked(how).partition(":")
    if kind == "time":
        return _by_time(value.split(","))
    return _by_shares(_KEYS[kind], [int(share) for share in value.split("/")], seed)


def _by_time(cuts: list[str]) -> _Place:
    names = _NAMES[len(cuts) + 1]
    return lambda first: names[
        sum(cut <= (first["published"] or first["first_seen"]) for cut in cuts)
    ]


def _by_shares(column: str, shares: list[int], seed: int) -> _Place:
    names = _NAMES[len(shares)]

    def place(first: dict[str, Any]) -> str:
        digest = hashlib.sha256(f"{seed} {first[column]}".encode()).digest()
        at = int.from_bytes(digest[:8], "big") / 2**64 * sum(shares)
        for name, share in zip(names, shares, strict=True):
            if at < share:
                return name
            at -= share
        return names[-1]

    return place


class Groups:
    """What belongs together because one thing after the other was joined."""

    def __init__(self) -> None:
        self._above: dict[Hashable, Hashable] = {}

    def join(self, one: Hashable, other: Hashable) -> None:
        """Have the groups of both be one."""
        ours, theirs = self.root(one), self.root(other)
        if ours != theirs:
            self._above[theirs] = ours

    def root(self, one: Hashable) -> Hashable:
        """The same for all of a group, and for no other."""
        while (up := self._above.get(one)) is not None:
            self._above[one] = self._above.get(up, up)
            one = up
        return one


def _firsts(c: sqlite3.Connection) -> dict[int, dict[str, Any]]:
    """Id → the article of its group that was published first."""
    names = ("id", "site", "url", "published", "first_seen", "story")
    rows = {
        row[0]: dict(zip(names, row, strict=True))
        for row in c.execute(f"SELECT {', '.join(names)} FROM articles ORDER BY id")  # noqa: S608
    }
    groups = Groups()
    stories: dict[int, int] = {}
    for number, row in rows.items():
        if row["story"] is not None:
            groups.join(stories.setdefault(row["story"], number), number)
    for one, other in c.execute("SELECT article, other FROM editions"):
        if one in rows and other in rows:
            groups.join(one, other)
    members: defaultdict[Hashable, list[dict[str, Any]]] = defaultdict(list)
    for number, row in rows.items():
        members[groups.root(number)].append(row)
    return {
        row["id"]: first
        for group in members.values()
        for first in [min(group, key=precedence) if len(group) > 1 else group[0]]
        for row in group
    }
