"""histories: one article's history out of those that two archives tell, as if one had seen it all.

Pure, and the same whichever archive comes first. What an archive saw is its versions, the moments at
which it saw each in place (captures, its last look), and nothing in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

REEXTRACTION = "reextraction"


@dataclass(frozen=True, slots=True)
class Version:
    """One revision. `capture` is a record id, the same in every archive; moments are ISO 8601 in UTC."""

    at: str
    digest: str
    kind: str
    capture: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What one archive tells of an article."""

    versions: Sequence[Version]
    """In their order; the first is of kind `first`."""
    last_seen: str
    looks: Sequence[tuple[str, str | None]] = ()
    """Moments at which the article was found in place, and the capture that shows it."""

    @property
    def digest(self) -> str:
        """Of its present wording."""
        return self.versions[-1].digest


@dataclass(frozen=True, slots=True)
class _Look:
    """The newspaper's version `number` of an archive, seen in place."""

    at: str
    number: int
    digest: str
    same: frozenset[str]
    """Digests of all its readings."""
    capture: str | None


@dataclass(slots=True)
class _Stretch:
    """A time during which the newspaper showed one version, as far as anyone looked."""

    look: _Look
    same: set[str] = field(default_factory=set)
    numbers: dict[int, int] = field(default_factory=dict)
    """Archive → number of its version."""
    readings: list[Version] = field(default_factory=list)
    """What better rules read in it later."""


def unite(one: History, other: History) -> list[Version]:
    """The versions of both, in the order of time; equal neighbours are one.

    A wording that an archive saw before and after another archive saw a different one is there
    twice: the newspaper went back to it. Two wordings count as one version where one of the archives
    has read the one anew as the other; the last reading stands.
    """
    one, other = sorted((one, other), key=_rank, reverse=True)  # whichever of them is ours
    bases = [_bases(history.versions) for history in (one, other)]
    stretches = _stretches(*map(_looks, (one, other), bases))
    for stretch in stretches:
        for archive, number in stretch.numbers.items():
            stretch.readings = _interleave(stretch.readings, bases[archive][number][1])
    return _numbered(stretches)


def _rank(history: History) -> tuple[object, ...]:
    told = [(v.at, v.digest, v.kind, v.capture or "") for v in history.versions]
    return history.last_seen, history.digest, told


def _bases(versions: Sequence[Version]) -> list[tuple[Version, list[Version]]]:
    """The newspaper's own versions, each with what better rules read in it later."""
    found: list[tuple[Version, list[Version]]] = []
    for version in versions:
        if version.kind == REEXTRACTION and found:
            found[-1][1].append(version)
        else:
            found.append((version, []))
    return found


def _looks(history: History, bases: list[tuple[Version, list[Version]]]) -> list[_Look]:
    """Everything an archive saw of an article, in the order of time."""
    names = [
        frozenset({base.digest, *(reading.digest for reading in readings)})
        for base, readings in bases
    ]
    begins = list(accumulate((base.at for base, _ in bases), max))
    found = [
        _Look(at, number, base.digest, names[number], base.capture)
        for number, (at, (base, _)) in enumerate(zip(begins, bases, strict=True))
    ]
    number = 0
    for at, capture in sorted({*history.looks, (history.last_seen, None)}, key=_moment):
        while number + 1 < len(bases) and begins[number + 1] <= at:
            number += 1
        if begins[number] < at <= history.last_seen:
            base = bases[number][0]
            shown = capture or base.capture
            found.append(_Look(at, number, base.digest, names[number], shown))
    # Stable: of one moment the beginning first, and beginnings in their order.
    return sorted(found, key=lambda look: look.at)


def _moment(look: tuple[str, str | None]) -> tuple[str, str]:
    return look[0], look[1] or "\uffff"


def _stretches(one: list[_Look], other: list[_Look]) -> list[_Stretch]:
    """The looks of both archives by time, each archive's in its own order, put together."""
    found: list[_Stretch] = []
    queues = (one, other)
    heads = [0, 0]
    while heads[0] < len(one) and heads[1] < len(other):
        first, second = one[heads[0]], other[heads[1]]
        if first.at == second.at and first.same & second.same:
            # Of two readings of one page nobody knows here which rules were the better ones.
            digest = min(first.digest, second.digest)
            capture = min(filter(None, (first.capture, second.capture)), default=None)
            _see(found, 0, replace(first, digest=digest, capture=capture))
            _see(found, 1, second)
            heads = [heads[0] + 1, heads[1] + 1]
            continue
        # Within one second what goes on comes before what is new.
        earlier = min(
            (0, 1),
            key=lambda n: (
                queues[n][heads[n]].at,
                not (found and _goes_on(found[-1], n, queues[n][heads[n]])),
                queues[n][heads[n]].digest,
            ),
        )
        _see(found, earlier, queues[earlier][heads[earlier]])
        heads[earlier] += 1
    for archive in (0, 1):
        for look in queues[archive][heads[archive] :]:
            _see(found, archive, look)
    return found


def _see(stretches: list[_Stretch], archive: int, look: _Look) -> None:
    """Put one look at the end of what was seen so far."""
    if not stretches or not _goes_on(stretches[-1], archive, look):
        stretches.append(_Stretch(look))
    stretches[-1].numbers[archive] = look.number
    stretches[-1].same |= look.same


def _goes_on(present: _Stretch, archive: int, look: _Look) -> bool:
    """Whether a look shows the version of a stretch; an archive's own versions are all different."""
    if archive in present.numbers:
        return present.numbers[archive] == look.number
    return bool(present.same & look.same)


def _interleave(one: list[Version], other: list[Version]) -> list[Version]:
    """Readings of both archives by time, each archive's in its own order, equal ones once."""
    merged: list[Version] = []
    queues = [
        [
            replace(version, at=at)
            for version, at in zip(q, accumulate((v.at for v in q), max), strict=True)
        ]
        for q in (one, other)
    ]
    while queues[0] and queues[1]:
        first, second = queues[0][0], queues[1][0]
        if (first.at, first.digest) == (second.at, second.digest):
            capture = min(filter(None, (first.capture, second.capture)), default=None)
            merged.append(replace(first, capture=capture))
            queues = [queues[0][1:], queues[1][1:]]
        else:
            merged.append(queues[(second.at, second.digest) < (first.at, first.digest)].pop(0))
    return [*merged, *queues[0], *queues[1]]


def _numbered(stretches: list[_Stretch]) -> list[Version]:
    found: list[Version] = []
    for stretch in stretches:
        look = stretch.look
        kind = "edit" if found else "first"
        if found and found[-1].kind == REEXTRACTION and found[-1].digest == look.digest:
            found.pop()  # the newspaper itself has come to this wording
        if not found or found[-1].digest != look.digest:
            found.append(Version(look.at, look.digest, kind, look.capture))
        for reading in stretch.readings:
            if reading.digest != found[-1].digest:
                found.append(reading)
    return found
