"""snippets: the passage of an article that shows best why it was found, with the words marked.

A word is marked where any form of it matched: a query for мектеп marks «мектебіміздегі».
"""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from bisect import bisect_left

from archive.kazakh.letters import fold_mixed_words
from archive.kazakh.stems import irregular_forms
from archive.kazakh.words import is_suffix, spans, words
from archive.search.expand import Terms
from archive.search.russian import RUSSIAN_MARK

WIDTH = 24
"""Words of a snippet."""
LONGEST = 600
"""Characters of a snippet: a script without blanks has words as long as its sentences."""
_IRREGULAR = irregular_forms()
_BEYOND_CYRILLIC = "\u0500"
_NEAR = 280
"""Characters that a passage holds, at most."""
_MOST_PLACES = 200
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"
_SKIN = range(0x1F3FB, 0x1F400)
Places = list[tuple[int, int, str]]
"""Where words stand: start, end, and the word as search compares it."""


def passages(
    c: sqlite3.Connection,
    texts: list[tuple[str, str]],
    terms: Terms,
    marks: tuple[str, str],
) -> list[str]:
    """For each title and text the passage of the text with most of the query's words, these enclosed in `marks`."""
    regions = [_region(text, terms) for _, text in texts]
    places = [
        _places(text, region or (0, 2 * _NEAR))
        for (_, text), region in zip(texts, regions, strict=True)
    ]
    found = _matching(c, {word for line in places for _, _, word in line}, terms)
    missed = [
        i for i, line in enumerate(places) if found.keys().isdisjoint([word for _, _, word in line])
    ]
    titles = {i: {*words(texts[i][0])} for i in missed}
    found |= _matching(c, set().union(*titles.values()), terms)
    # What only looks like a word of the query may have led there: look everywhere.
    whole = {
        i: {*words(texts[i][1])} for i in missed if regions[i] or found.keys().isdisjoint(titles[i])
    }
    for any_beginning in (False, True):
        found |= _matching(c, set().union(*whole.values()), terms, any_beginning=any_beginning)
        for i in [i for i, printed in whole.items() if not found.keys().isdisjoint(printed)]:
            regions[i] = all_of_it = (0, len(texts[i][1]))
            places[i] = _places(texts[i][1], all_of_it)
            del whole[i]
        whole = {i: line for i, line in whole.items() if found.keys().isdisjoint(titles[i])}
    return [
        _snippet(text, region or (0, 2 * _NEAR), line, found, terms, marks)
        for (_, text), region, line in zip(texts, regions, places, strict=True)
    ]


def _places(text: str, region: tuple[int, int]) -> Places:
    begin, end = region
    return [
        (begin + start, begin + stop, word)
        for start, stop, word in spans(text[begin:end])
        if word  # of a joiner between two emoji nothing is left
    ]


def _snippet(
    text: str,
    region: tuple[int, int],
    places: Places,
    found: dict[str, int],
    terms: Terms,
    marks: tuple[str, str],
) -> str:
    hits = _hits(places, found, terms)
    start = _best_start([found.get(word) for _, _, word in places])
    shown = places[start : start + WIDTH]
    first, last = (shown[0][0], shown[-1][1]) if shown else (0, len(text))
    if not start and not region[0]:
        first = 0
    if start + WIDTH >= len(places) and region[1] >= len(text):
        last = len(text)
    if last - first > LONGEST:
        at = next((place for place in shown if place[0] in hits), (first, first, ""))
        first = max(first, _whole(text, at[0] - LONGEST // 4))
        last = min(last, _whole(text, max(first + LONGEST, min(at[1], at[0] + LONGEST))))
    return (
        ("… " if first else "")
        + _marked(text, shown, hits, (first, last), marks)
        + (" …" if text[last:].rstrip() else "")
    )


def _whole(text: str, at: int) -> int:
    """The next place where a text may be cut: not before an accent, nor inside a joined emoji."""
    at = max(0, at)
    for _ in range(40):
        if at >= len(text) or not at:
            break
        char = text[at]
        if not (
            unicodedata.category(char)[0] == "M"
            or char in _JOINERS
            or ord(char) in _SKIN
            or text[at - 1] == "\u200d"
        ):
            break
        at += 1
    return min(at, len(text))


def _lower(text: str) -> str:
    """A text in small letters, each where it was: a few letters have two as their small one (İ)."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join([small if len(small := char.lower()) == 1 else char for char in text])


def _region(text: str, terms: Terms) -> tuple[int, int] | None:
    """Where to look for the passage: around the place that most of the query's words are near; None for nowhere."""
    lower = fold_mixed_words(_lower(text))
    places: list[tuple[int, int]] = []
    for number, group in enumerate(terms.probes()):
        for probe in group:
            at = lower.find(probe)
            while at >= 0 and len(places) < _MOST_PLACES:
                if not (at and lower[at - 1].isalnum()):  # a form begins as its stem does
                    places.append((at, number))
                at = lower.find(probe, at + 1)
    if not places:
        return None
    places.sort()
    near = [
        len({n for _, n in places[i : bisect_left(places, (start + _NEAR, 0))]})
        for i, (start, _) in enumerate(places)
    ]
    best = places[near.index(max(near))][0]
    begin = max(0, lower.rfind(" ", 0, max(0, best - _NEAR // 4)) + 1)
    end = lower.find(" ", best + _NEAR)
    return begin, (end if end >= 0 else len(text))


def _matching(
    c: sqlite3.Connection, present: set[str], terms: Terms, *, any_beginning: bool = False
) -> dict[str, int]:
    """Which of the words of texts the query means: word → number of the query's word.

    Forms of a word begin alike, but for pronouns and those in other scripts: the others are looked up
    with `any_beginning` alone.
    """
    if not present:
        return {}
    wanted: dict[str, int] = {}
    for number, stems in enumerate(terms.words.values()):
        for stem in stems:
            wanted.setdefault(stem, number)
    # What is printed as a stem is spelt has matched, whatever stems it has.
    printed = {stem: number for stem, number in wanted.items() if stem[0] != RUSSIAN_MARK}
    printed |= {word: number for number, word in enumerate(terms.words)}
    found = {word: number for word, number in printed.items() if word in present}
    bare = {stem.removeprefix(RUSSIAN_MARK) for stem in wanted}
    beginnings = tuple({stem[: max(1, len(stem) - 2)] for stem in bare})
    likely = present
    if not any_beginning:
        likely = {
            word
            for word in present
            if not "а" <= word < _BEYOND_CYRILLIC or word.startswith(beginnings)
        }
        likely |= present & _IRREGULAR
    rows = c.execute(
        "SELECT word, stems FROM vocabulary WHERE word IN (SELECT value FROM json_each(?))",
        (json.dumps([*likely] if wanted else []),),
    )
    glued_on = set(likely)  # what the vocabulary lacks: БҰҰға, which is indexed as БҰҰ
    for word, joined in rows:
        glued_on.discard(word)
        for stem in joined.split():
            if stem in wanted:
                found.setdefault(word, wanted[stem])
    for number, typed in enumerate(terms.words):
        for word in glued_on:
            if word.startswith(typed) and is_suffix(word[len(typed) :]):
                found.setdefault(word, number)
    number = len(terms.words)
    for prefix in sorted(terms.prefixes):
        found |= {word: number for word in present if word.startswith(prefix)}
        number += 1
    for phrase in terms.phrases:
        for i, word in enumerate(phrase):
            if word in present:
                found.setdefault(word, number + i)
        number += len(phrase)
    return found


def _best_start(numbers: list[int | None]) -> int:
    """Where the window with most different words of the query begins; the earliest of equals."""
    at = [i for i, number in enumerate(numbers) if number is not None]
    best, start = (0, 0), 0
    for i in at:
        window = [n for n in numbers[i : i + WIDTH - 4] if n is not None]
        score = (len(set(window)), len(window))
        if score > best:
            best, start = score, i
    return max(0, start - 4)


def _hits(places: Places, found: dict[str, int], terms: Terms) -> set[int]:
    """Starts of the words to mark. Words that only a phrase asks for are marked inside it."""
    loose = set(terms.words) | {
        word for word, number in found.items() if number < len(terms.words) + len(terms.prefixes)
    }
    hits = {start for start, _, word in places if word in found and word in loose}
    line = [word for _, _, word in places]
    for phrase in terms.phrases:
        size = len(phrase)
        for i in range(len(line) - size + 1):
            if tuple(line[i : i + size]) == phrase:
                hits.update(place[0] for place in places[i : i + size])
    return hits


def _marked(
    text: str, places: Places, hits: set[int], bounds: tuple[int, int], marks: tuple[str, str]
) -> str:
    """The text between the bounds with its hits enclosed; a hit that is cut is marked as far as it shows."""
    at, last = bounds
    parts = []
    for start, end, _ in places:
        begin, stop = max(start, at), min(end, last)
        while stop < last and unicodedata.category(text[stop])[0] == "M":
            stop += 1  # a sign of the last letter, which parts words for the index: Arabic vowels, keycaps
        if start in hits and begin < stop:
            parts += [text[at:begin], marks[0], text[begin:stop], marks[1]]
            at = stop
    return "".join([*parts, text[at:last]])
