"""Two histories of one article become the one that an archive would tell that had seen everything."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from archive.merge.histories import REEXTRACTION, History, Version, unite


def moment(number: int) -> str:
    return f"2026-11-22T{number // 60:02}:{number % 60:02}:00Z"


@dataclass
class Archive:
    """What a store does with looks at one page, in the order of time, as far as histories go."""

    versions: list[Version] = field(default_factory=list)
    looks: list[tuple[str, str | None]] = field(default_factory=list)
    last_seen: str = ""
    rules: int = 0
    page: str = ""

    def look(self, at: int, page: str) -> None:
        self.page, self.last_seen = page, moment(at)
        capture = f"{page} at {at}"  # the same for both who share it
        self.looks.append((self.last_seen, capture))
        digest = f"{page}{self.rules or ''}"
        if not self.versions or self.versions[-1].digest != digest:
            kind = "edit" if self.versions else "first"
            self.versions.append(Version(self.last_seen, digest, kind, capture))

    def reextract(self, at: int) -> None:
        self.rules += 1
        if self.versions:
            last = self.versions[-1]
            self.versions.append(
                Version(moment(at), f"{self.page}{self.rules}", REEXTRACTION, last.capture)
            )

    @property
    def history(self) -> History:
        return History(tuple(self.versions), self.last_seen, tuple(self.looks))


def together(one: History, other: History) -> History:
    """The merged archive's history, with the captures of both."""
    return History(
        tuple(unite(one, other)),
        max(one.last_seen, other.last_seen),
        tuple(sorted({*one.looks, *other.looks})),
    )


looks = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from("абв"), st.sampled_from(["A", "B", "AB"])),
    min_size=2,
    max_size=12,
    unique_by=lambda look: look[0],
).map(sorted)


def shared(seen: list[tuple[int, str, str]]) -> tuple[Archive, Archive, Archive]:
    archives = {"A": Archive(), "B": Archive(), "AB": Archive()}
    for at, page, who in seen:
        archives["AB"].look(at, page)
        for name in who:
            archives[name].look(at, page)
    return archives["A"], archives["B"], archives["AB"]


@given(looks.filter(lambda seen: {"A", "B"} <= {w for _, _, who in seen for w in who}))
@settings(max_examples=400)
def test_merged_as_if_one_had_seen_it_all(seen: list[tuple[int, str, str]]) -> None:
    one, other, both = shared(seen)
    assert unite(one.history, other.history) == both.versions
    assert unite(other.history, one.history) == both.versions


steps = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(["а", "б", REEXTRACTION])), min_size=1, max_size=9
).map(lambda steps: sorted(steps, key=lambda step: step[0]))


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Any history: with better rules, captures that were lost, and the other's moments."""
    archive = Archive()
    archive.look(draw(st.integers(0, 5)), draw(st.sampled_from("аб")))
    for at, what in draw(steps):
        if what == REEXTRACTION:
            archive.reextract(at)
        elif moment(at) > archive.last_seen:
            archive.look(at, what)
    found = archive.history
    return replace(found, looks=tuple(x for x in found.looks if draw(st.booleans())))


@given(histories(), histories())
@settings(max_examples=400)
def test_neither_comes_first(one: History, other: History) -> None:
    assert unite(one, other) == unite(other, one)


@given(histories())
@settings(max_examples=300)
def test_with_itself_it_stays_as_it_is(one: History) -> None:
    assert unite(one, one) == list(one.versions)


@given(histories(), histories())
@settings(max_examples=400)
def test_again_changes_nothing(one: History, other: History) -> None:
    merged = together(one, other)
    assert unite(merged, other) == list(merged.versions)
    assert unite(merged, one) == list(merged.versions)


@given(histories(), histories())
@settings(max_examples=300)
def test_the_present_wording_is_one_that_an_archive_has_now(one: History, other: History) -> None:
    merged = unite(one, other)
    assert merged[-1].digest in {one.digest, other.digest}
    assert merged[0].kind == "first"
    assert [v.kind for v in merged].count("first") == 1
    assert all(a.digest != b.digest for a, b in itertools.pairwise(merged))
