"""snippets: the passage of an article that shows best why it was found, with the words marked.

A word is marked where any form of it matched: a query for мектеп marks «мектебіміздегі».
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_left

from archive.kazakh.stems import irregular_forms
from archive.kazakh.transliterate import script_of
from archive.kazakh.words import spans
from archive.search.expand import Terms

WIDTH = 24
"""Words of a snippet."""
_IRREGULAR = irregular_forms()
_READ = 40_000
"""Characters of an article that are looked through."""
_NEAR = 280
"""Characters that a passage holds, at most."""
_MOST_PLACES = 200


def passages(
    c: sqlite3.Connection, texts: list[str], terms: Terms, marks: tuple[str, str]
) -> list[str]:
    """For each text the passage with most of the query's words, these enclosed in `marks`."""
    regions = [_region(text, terms) for text in texts]
    places = [spans(text[slice(*region)]) for text, region in zip(texts, regions, strict=True)]
    found = _matching(c, {word for line in places for *_, word in line}, terms)
    return [
        _snippet(text, region, line, found, terms, marks)
        for text, region, line in zip(texts, regions, places, strict=True)
    ]


def _snippet(
    text: str,
    region: tuple[int, int],
    places: list[tuple[int, int, str]],
    found: dict[str, int],
    terms: Terms,
    marks: tuple[str, str],
) -> str:
    before, after = region
    text, more = text[before:after], after < len(text)
    start = _best_start([found.get(word) for *_, word in places])
    shown = places[start : start + WIDTH]
    if not shown:
        return text[: 10 * WIDTH]
    first, last = (shown[0][0] if start else 0), shown[-1][1]
    passage = _marked(text[:last], shown, _hits(places, found, terms), first, marks)
    ending = " …" if more or len(places) > start + WIDTH else text[last:].rstrip()
    return ("… " if start or before else "") + passage + ending


def _region(text: str, terms: Terms) -> tuple[int, int]:
    """Where to look for the passage: around the place that most of the query's words are near."""
    lower = text[:_READ].lower()
    if len(lower) != min(len(text), _READ):
        return 0, _READ
    places: list[tuple[int, int]] = []
    for number, group in enumerate(terms.probes()):
        for probe in group:
            at = lower.find(probe)
            while at >= 0 and len(places) < _MOST_PLACES:
                places.append((at, number))
                at = lower.find(probe, at + 1)
    if not places:
        # The word is in the title only. In another script it may be anywhere.
        return 0, _READ if script_of(text) != "Cyrl" else 2 * _NEAR
    places.sort()
    near = [
        len({n for _, n in places[i : bisect_left(places, (start + _NEAR, 0))]})
        for i, (start, _) in enumerate(places)
    ]
    best = places[near.index(max(near))][0]
    begin = max(0, lower.rfind(" ", 0, max(0, best - _NEAR // 4)) + 1)
    end = lower.find(" ", best + _NEAR)
    return begin, (end if end >= 0 else len(text))


def _matching(c: sqlite3.Connection, present: set[str], terms: Terms) -> dict[str, int]:
    """Which words of a text the query means: word → number of the query's word."""
    wanted: dict[str, int] = {}
    for number, stems in enumerate(terms.words.values()):
        for stem in stems:
            wanted.setdefault(stem, number)
    found = {word: number for number, word in enumerate(terms.words) if word in present}
    # Forms of a Kazakh word begin alike, but for pronouns; in other scripts they do not.
    beginnings = tuple({stem[: max(1, len(stem) - 2)] for stem in wanted})
    likely = [
        word
        for word in present
        if word.startswith(beginnings) or word in _IRREGULAR or not "а" <= word[0] <= "ӿ"
    ]
    rows = c.execute(
        "SELECT word, stems FROM vocabulary WHERE word IN (SELECT value FROM json_each(?))",
        (json.dumps(likely),),
    )
    for word, joined in rows:
        for stem in joined.split():
            if stem in wanted:
                found.setdefault(word, wanted[stem])
    number = len(terms.words)
    for prefix in sorted(terms.prefixes):
        found |= {word: number for word in present if word.startswith(prefix)}
        number += 1
    for phrase in terms.phrases:
        found |= {word: number + i for i, word in enumerate(phrase) if word in present}
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


def _hits(places: list[tuple[int, int, str]], found: dict[str, int], terms: Terms) -> set[int]:
    """Starts of the words to mark. Words that only a phrase asks for are marked inside it."""
    loose = set(terms.words) | {
        word for word, number in found.items() if number < len(terms.words) + len(terms.prefixes)
    }
    hits = {start for start, _, word in places if word in found and word in loose}
    line = [word for *_, word in places]
    for phrase in terms.phrases:
        size = len(phrase)
        for i in range(len(line) - size + 1):
            if tuple(line[i : i + size]) == phrase:
                hits.update(place[0] for place in places[i : i + size])
    return hits


def _marked(
    text: str,
    places: list[tuple[int, int, str]],
    hits: set[int],
    first: int,
    marks: tuple[str, str],
) -> str:
    parts, at = [], first
    for start, end, _ in places:
        if start in hits and start >= at:
            parts += [text[at:start], marks[0], text[start:end], marks[1]]
            at = end
    return "".join([*parts, text[at:]])
