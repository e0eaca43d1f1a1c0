"""evidence: what speaks for each value of a field, and which value it decides for. Pure.

A field's readers are asked from the surest on. Values that agree add their weights; as soon as one
value has enough, nobody else is asked. What was said stays beside the choice, for `--explain`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from archive.article import SOURCES

ENOUGH = 1.0
"""Weight from which a value stands without further witnesses."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One value that a page or a source states for a field."""

    value: Any
    source: str
    """Who says so, as in `Article.sources`: `layout`, `json-ld`, `meta`, `printed`, `feed`, …"""
    weight: float = ENOUGH
    """How far it is believed by itself: 1 is enough, a negative one speaks against the value."""
    where: str = ""
    """Where it stood: a selector, a key, the beginning of a line."""
    why: str = ""
    """What raised or lowered its weight."""


Reader = Callable[[], Iterable[Candidate]]
"""States candidates when it is asked: reading a page for one costs time."""
Key = Callable[[Any], Hashable]
"""What two values have in common that agree."""


def stated(value: Any, source: str, weight: float = ENOUGH, where: str = "") -> list[Candidate]:
    """A value as a candidate; none where nothing is said."""
    return [] if value in (None, "", []) else [Candidate(value, source, weight, where)]


def weigh(readers: Iterable[Reader], key: Key = repr) -> tuple[Candidate | None, list[Candidate]]:
    """The candidate that the evidence decides for, and all that were heard, in their order.

    Values with the same `key` agree, and their weights add up; the first of the heaviest wins, if
    its weight is above 0. Readers are asked in turn until one value has weight `ENOUGH`.
    """
    heard: list[Candidate] = []
    weights: dict[Hashable, float] = {}
    for read in readers:
        for candidate in read():
            heard.append(candidate)
            said = key(candidate.value)
            weights[said] = weights.get(said, 0.0) + candidate.weight
        if weights and max(weights.values()) >= ENOUGH:
            break
    best = max(weights, key=lambda said: weights[said], default=None)
    if best is None or weights[best] <= 0:
        return None, heard
    agreeing = [c for c in heard if key(c.value) == best]
    # What the page says too is named after the page.
    return max(agreeing, key=lambda c: (c.source not in SOURCES, c.weight)), heard
