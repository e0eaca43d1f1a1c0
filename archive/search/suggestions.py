"""suggestions: a query that finds nothing, with its unknown words as they were probably meant.

A word that no article has may have been typed on the other keyboard (vtrntg: мектеп), with a slip of the pen, or
without the blank between two (жерсілкінісі). Nothing is suggested that the archive does not have.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator

from archive.kazakh.transliterate import key
from archive.kazakh.words import words
from archive.search.expand import any_form, articles_with, word_terms
from archive.search.places import widen
from archive.search.russian import RUSSIAN_MARK, WORDS, russian_stem
from archive.search.syntax import All, Either, Node, Phrase, Word
from archive.search.vocabulary import word_stems

_ALPHABET = "abcdefghijklmnoprstuvz"
_SHORTEST, _LONGEST = 4, 30
"""Letters of a key; a slip makes nearly any word out of a shorter one."""
_LONG = 7
"""Letters from which two slips that are no vowels leave a word what it was."""
_NEAR_ROWS = 5000
_FAR_ROWS = 8_000
_MOST = 3
"""Unknown words of one query for which a nearer one is looked for."""
_KEYBOARD = str.maketrans(WORDS["keyboard"]["latin"], WORDS["keyboard"]["kazakh"])
_TYPED = re.compile(r'[^\s"()«»:*]*[a-zA-Z][^\s"()«»:*]*')
_WEAK = re.compile(r"[aeiou]|(.)(?=\1)")
_VOICED = str.maketrans("zdbgvh", "stpkfk")


def suggest(c: sqlite3.Connection, text: str, tree: Node | None) -> str | None:
    """The query with its unknown words replaced by near ones that the archive has; or None."""
    unknown = list(_unknown(c, widen(tree, []))) if tree else []

    def retyped(match: re.Match[str]) -> str:
        other = match[0].lower().translate(_KEYBOARD)
        is_meant = {*words(match[0])} & {*unknown} and words(other)
        return other if is_meant and all(_is_there(c, word) for word in words(other)) else match[0]

    better = _TYPED.sub(retyped, text) if unknown else text
    for word in unknown[:_MOST]:
        near = None if word[0].isdigit() else _apart(c, word) or nearest(c, word)
        if near := near or _with_near_stem(c, word):
            better = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", near, better, flags=re.IGNORECASE)
    return better if better != text else None


def _unknown(c: sqlite3.Connection, node: Node) -> Iterator[str]:
    """Words that no article has in any form; of alternatives such as the names of a place none where one is there."""
    match node:
        case Word(text, prefix=False) if not _is_there(c, text):
            yield text
        case Phrase(parts):
            yield from (word for word in parts if not articles_with(c, f'"{word}"', 1)[0])
        case All(parts):
            for part in parts:
                yield from _unknown(c, part)
        case Either(parts):
            missing = [list(_unknown(c, part)) for part in parts]
            yield from missing[0] if all(missing) else ()


def _is_there(c: sqlite3.Connection, word: str) -> bool:
    return articles_with(c, any_form(word, word_terms(c, word)), 1)[0] > 0


def nearest(c: sqlite3.Connection, word: str) -> str | None:
    """The word of the archive within two slips of the pen (Damerau-Levenshtein distance on keys).

    Of the nearest ones those that sound alike – other vowels, a letter doubled, з for с – and of these the
    commonest, by the articles that hold it.
    """
    wanted = key(word)
    if not _SHORTEST <= len(wanted) <= _LONGEST:
        return None
    rows = c.execute(
        "SELECT word, key FROM vocabulary WHERE key IN (SELECT value FROM json_each(?)) LIMIT ?",
        (json.dumps(sorted(_one_slip(wanted))), _NEAR_ROWS),
    ).fetchall()
    if not rows and len(wanted) > _SHORTEST:
        rows = [
            (other, spelt)
            for other, spelt, _ in _beginning_alike(c, wanted)
            if abs(len(spelt) - len(wanted)) <= 2
            and (len(wanted) >= _LONG or _sound(spelt) == _sound(wanted))
            and _distance(spelt, wanted) <= 2
        ]
    ways = {row[0]: (_distance(row[1], wanted), _sound(row[1]) != _sound(wanted)) for row in rows}
    return _commonest(c, ways.__getitem__, sorted(ways, key=lambda other: (ways[other], other)))


def _with_near_stem(c: sqlite3.Connection, word: str) -> str | None:
    """A word whose stem is a slip away from the stem of this one: землетресениями – землетрясение."""
    for stem in word_stems(word, lambda _: False):
        if near := nearest(c, stem):
            return near
    wanted = key((russian_stem(word) or "").removeprefix(RUSSIAN_MARK))
    if not _SHORTEST < len(wanted) <= _LONGEST:
        return None
    near_ones = sorted(
        other
        for other, _, joined in _beginning_alike(c, wanted)
        for stem in joined.split()
        if stem.startswith(RUSSIAN_MARK)
        and _distance(key(stem.removeprefix(RUSSIAN_MARK)), wanted) <= 1 + (len(wanted) >= _LONG)
    )
    return _commonest(c, lambda _: (), near_ones)


def _apart(c: sqlite3.Connection, word: str) -> str | None:
    """Two words that were typed as one, where an article has them side by side."""
    ways = (f"{word[:at]} {word[at:]}" for at in range(3, len(word) - 1))
    return next((way for way in ways if articles_with(c, f'{{title text}} : "{way}"', 1)[0]), None)


def _beginning_alike(c: sqlite3.Connection, wanted: str) -> list[tuple[str, str, str]]:
    """Words with their keys and stems that share the beginning, where slips are rarest."""
    sql = "SELECT word, key, stems FROM vocabulary WHERE key >= ? AND key < ? LIMIT ?"
    return c.execute(sql, (wanted[:3], wanted[:3] + "{", _FAR_ROWS)).fetchall()


def _commonest(
    c: sqlite3.Connection, rank: Callable[[str], tuple[object, ...]], ranked: list[str]
) -> str | None:
    """Of the first of a ranking that are ranked alike, the one that most articles have."""
    held = {word: articles_with(c, f'"{word}"')[0] for word in ranked[:20]}
    there = [word for word, number in held.items() if number]  # the vocabulary forgets nothing
    best = [word for word in there if rank(word) == rank(there[0])]
    return max(best, key=lambda word: held[word], default=None)


def _sound(spelt: str) -> str:
    """What of a key is rarely mistaken: its consonants, voiced like unvoiced, once each."""
    return _WEAK.sub("", spelt.translate(_VOICED))


def _one_slip(word: str) -> set[str]:
    parts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    return {
        *(a + b[1:] for a, b in parts if b),
        *(a + b[1] + b[0] + b[2:] for a, b in parts if len(b) > 1),
        *(a + letter + b[1:] for a, b in parts if b for letter in _ALPHABET),
        *(a + letter + b for a, b in parts for letter in _ALPHABET),
    } - {word}


def _distance(a: str, b: str) -> int:
    """Edits (insert, delete, replace, swap neighbours) from a to b: optimal string alignment."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, other in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
