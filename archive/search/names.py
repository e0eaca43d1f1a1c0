"""names: one person's name as Kazakh and as Russian spells it: Бауыржан – Бауржан, Мүсірепов – Мусрепов.

What is a matter of letters alone (Тоқаев – Токаев – Tokayev) `archive.kazakh.key` sees. Russian, and English after
it, writes Kazakh names as it hears them: given names stand in words.toml, surnames follow the rule below.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import combinations

from archive.kazakh.letters import SPECIFIC
from archive.kazakh.transliterate import key
from archive.search.russian import WORDS, russian_stem

_SURNAME = re.compile("(?<=...)(?P<end>[oe]v|in)a?$")
"""Ends of surnames, as keys; -in ends other words as well."""
_HEARD = {
    "u": ("o", "i", "v"), "o": ("u",), "i": ("u", "e", ""), "e": ("i",), "v": ("u",),
    "g": ("h", "gh"), "h": ("k", "g"), "k": ("h",), "p": ("b",), "b": ("p",), "ch": ("sh",), "sh": ("ch",),
}  # fmt: skip
"""Letters of a surname's key in one language → what stands for them in the other, and nothing."""
_PIECES = re.compile("ch|sh|.")
_CLUSTER = re.compile("(?<=[^aeiou])(?=[^aeiou])")
"""Where Russian hears no vowel: Тлендиев – Тілендиев, Кобландин – Қобыландин."""


@cache
def _given() -> dict[str, frozenset[str]]:
    """Stem of a given name, Kazakh or Russian → all stems of it."""
    found: dict[str, frozenset[str]] = {}
    for line in WORDS["names"]["given"].split():
        kazakh, _, others = line.partition("=")
        spellings = [kazakh, *others.split(",")]
        cases = (spelt[:-1] + "я" for spelt in spellings if spelt[-1] == "й")  # Ибрая
        stems = frozenset(filter(None, (*spellings, *map(russian_stem, (*spellings, *cases)))))
        found |= {stem: stems | found.get(stem, frozenset()) for stem in stems}
    return found


def given_name(name: str) -> frozenset[str]:
    """Stems of the given name, Kazakh or Russian, that this word is, also in a Russian case; none where it is none.

    >>> sorted(given_name("бауыржан"))
    ['бауржан', 'бауыржан', 'ѳбауржа', 'ѳбауыржа']
    """
    found = _given().get(name)
    if found is None and not _SURNAME.search(key(name)):
        found = _given().get(russian_stem(name) or "")
    return found or frozenset()


def surnames(name: str, is_known: bool) -> set[str]:
    """Keys of what may be the same surname in the other language; none where the name is no surname.

    Of a word that is known, only where its end tells: бензин is none.

    >>> "musirepov" in surnames("мусрепов", False), surnames("театр", False)
    (True, set())
    """
    wanted = key(name)
    match = _SURNAME.search(wanted)
    if not match or (is_known and match["end"] == "in"):
        return set()
    root = wanted[: match.start()]
    changes = [
        (piece.start(), piece.end(), other)
        for piece in _PIECES.finditer(root)
        for other in _HEARD.get(piece[0], ())
    ]
    changes += [(at.start(), at.start(), vowel) for at in _CLUSTER.finditer(root) for vowel in "io"]
    found = set()
    for a, b in combinations([(0, 0, ""), *sorted(changes)], 2):
        if a[1] <= b[0]:
            heard = root[: a[0]] + a[2] + root[a[1] : b[0]] + b[2] + root[b[1] :]
            found.add(re.sub(r"(.)\1+", r"\1", heard) + match["end"])
    return found


def is_namesake(name: str, other: str) -> bool:
    """Whether two words that sound alike are spelt by different languages, so that neither is a name of its own."""
    return (set(SPECIFIC).isdisjoint(name) != set(SPECIFIC).isdisjoint(other)) or len(
        key(name)
    ) != len(key(other))
