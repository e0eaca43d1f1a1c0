"""places: a query with an old, Russian or English name of a place asks for its present name as well.

The names stand in archive/kazakh/places.tsv. Letters are compared by their key, so that one spelling
covers all scripts; with a hyphen, a blank or neither, and with Kazakh suffixes or Russian cases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product

from archive.errors import Message
from archive.kazakh.letters import SPECIFIC
from archive.kazakh.morphology import NOUN_SLOTS, endings
from archive.kazakh.transliterate import key
from archive.kazakh.words import words
from archive.search.russian import WORDS
from archive.search.syntax import All, Either, Node, Word

_MOST_WORDS = 4
"""Words of a name."""
_SHORTEST = 3
"""Letters of a key that have no ending."""
_WIDER, _SURNAMES = (tuple(WORDS["places"][name].split()) for name in ("wider", "surnames"))
_RUSSIAN_CASES = tuple(
    (re.compile(end), others.split())
    for end, others in (
        ("(?<=[^i])a$", "i e u oi"),
        ("ia$", "i iu iei ie"),
        ("aia$", "oi uiu"),
        ("oe$", "ogo omu om im"),
        ("(?<=[^o])e$", "ia iu em"),
        ("(?<=[aeou])i$", "ia iu em e"),
        ("(?<=[^aeou])i$", "ogo omu om im"),
        ("(?<=[^aeiou])$", "a u om e ia iu em i"),
    )
)
"""Ends of a Russian name's key, and what stands in their place in other cases."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place by another name than its present one; `also`: what else bears it, or empty."""

    present: str
    name: str
    also: str


@cache
def _names() -> dict[str, dict[str, Place]]:
    """Key of another name, in every Russian case, words joined → present name → place."""
    found: dict[str, dict[str, Place]] = {}
    for line in files("archive.kazakh").joinpath("places.tsv").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        present, others = line.split("\t")
        for entry in others.split("|"):
            name, _, also = entry.rstrip(")").partition(" (")
            place = Place(present, name, also)
            parts = (
                _joined(words(part)) for part in name.split()
            )  # Алма-Ата has one, Новый Узень two
            for forms in product(*map(_declined, parts)):
                found.setdefault(key("".join(forms)), {}).setdefault(present, place)
    return found


def _joined(parts: list[str]) -> str:
    return key("".join(parts))


def _declined(name: str) -> set[str]:
    """Keys of a name in the Russian cases."""
    forms = {name}
    for ending, others in _RUSSIAN_CASES:
        if len(name) > _SHORTEST and ending.search(name):
            forms |= {ending.sub(other, name, count=1) for other in others}
    return forms


@cache
def ending_keys(*slots: str) -> frozenset[str]:
    """Kazakh suffixes as keys."""
    return frozenset(map(key, endings(*slots)))


@cache
def _endings() -> re.Pattern[str]:
    """One to three suffixes of a noun: Тобольска is no form of Тобол."""
    return re.compile(f"(?:{'|'.join(sorted(ending_keys(*NOUN_SLOTS)))}){{1,3}}")


def places(parts: list[str]) -> list[Place]:
    """Places of which these words are a name that is not the present one.

    >>> [place.present for place in places(["алма", "атада"])]
    ['Алматы']
    """
    typed, joined = "".join(parts), _joined(parts)
    for cut in range(len(joined), _SHORTEST - 1, -1):
        found = _names().get(joined[:cut])
        if found and (
            cut == len(joined) or (cut > _SHORTEST and _endings().fullmatch(joined, cut))
        ):
            form, tail = joined[:cut], joined[cut:]
            meant = [place for place in found.values() if _is_meant(typed, form, tail, place)]
            if meant:
                return meant
    return []


def _is_meant(typed: str, form: str, tail: str, place: Place) -> bool:
    """Whether it is not the present name, and Kazakh letters, where typed, are the other name's.

    So Караганда is not in қарағанда, and Тарбагатай not in Тарбағатай. Abbreviations have no endings that are
    not set apart (школа is none of ШҚО), and English names are no Cyrillic words (чина, China). What is spelt as the
    other thing that sounds like the name is that (Чили, Чиили).
    """
    letters, present = "".join(words(place.name)), "".join(words(place.present))
    if any(key(other) == form and typed.startswith(other) for other in words(place.also)):
        return False
    if form == key(present) and (typed.isascii() or typed.startswith(present)):
        return typed.isascii() and form == key(letters)
    if (tail and place.name.isupper()) or (place.name.isascii() and not typed.isascii()):
        return False
    return typed.startswith(letters) or not set(SPECIFIC) & set(typed[: len(letters)])


def widen(node: Node, notes: list[str]) -> Node:
    """The query with present names beside others, and a note for each; phrases stay as they are."""
    match node:
        case Word(prefix=False):
            return _widened([node], notes)[0]
        case Either(parts):
            return Either(tuple(widen(part, notes) for part in parts))
        case All(parts, without):
            run: list[Node] = []
            for part in parts:
                if isinstance(part, All) and not part.without:  # Алма-Ата
                    run += [
                        word if isinstance(word, Word) else widen(word, notes)
                        for word in part.parts
                    ]
                else:
                    run.append(part if isinstance(part, Word) else widen(part, notes))
            return All(tuple(_widened(run, notes)), without)
    return node


def _widened(parts: list[Node], notes: list[str]) -> list[Node]:
    """Neighbouring words that name a place, the longest name first, as either name."""
    found: list[Node] = []
    at = 0
    while at < len(parts):
        for size in range(min(_MOST_WORDS, len(parts) - at), 0, -1):
            run = [part for part in parts[at : at + size] if isinstance(part, Word)]
            if len(run) < size or any(word.prefix or word.title for word in run):
                continue
            after = parts[at + size] if at + size < len(parts) else None
            following = key(after.text) if isinstance(after, Word) else ""
            typed = [word.text for word in run]
            named = places(typed)
            if not named or following.startswith(_WIDER) or following.endswith(_SURNAMES):
                continue
            found.append(_either(typed, named))
            present = ", ".join(place.present for place in named)
            note = Message("{} → {}, which is searched for, too", named[0].name, present)
            if named[0].also:
                note = Message("{} (the name is also that of {})", note, named[0].also)
            notes.append(note)
            at += size
            break
        else:
            found.append(parts[at])
            at += 1
    return found


def _either(typed: list[str], named: list[Place]) -> Node:
    """As typed, as the name is spelt otherwise – in one word or several – and the present names."""
    ways = dict.fromkeys([tuple(typed)])
    for place in named:
        other = words(place.name)
        ways |= dict.fromkeys([tuple(other), ("".join(other),), tuple(words(place.present))])
    nodes = [tuple(Word(word) for word in way) for way in ways]
    return Either(tuple(All(way) if way[1:] else way[0] for way in nodes))
