"""duplicates: which texts are near-duplicates: reprinted, cut, reordered, reworded, transliterated.

Pure: texts in, clusters out, the same whatever the order of the texts. Candidates come from bottom-k
sketches of three-word shingles (Broder 1997, "On the resemblance and containment of documents") and
are then compared word by word; docs/stories.md tells how and why.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import accumulate, chain

from archive.stories.texts import (
    CAPITAL,
    Library,
    Text,
    Tokens,
    sentences_of,
    shingles_of,
    tokens_in_order,
    tokens_of,
    words_of,
)

HALF = 0.45
"""Part of the shorter text that must stand in the longer one…"""
ENOUGH_WORDS, MOST = 30, 0.65
"""…but so many words at least, or this part of a short text."""
OF_THE_LONGER = 0.15
"""Part of the longer text that must stand in the shorter: a digest is no reprint of its items."""
NEARLY_ALL, SENTENCES, OF_A_SENTENCE = 0.75, 3, 5
"""Chance makes texts share a sentence or two. Near-duplicates share this part of the shorter one, or
words of three sentences (five words each), or a shingle that runs from one sentence to the next."""
RELATED = 0.4
"""Texts are related that share so much of what near-duplicates must; most pairs of a cluster are."""
OTHER_NUMBERS, OTHER_NAMES, WORDS_PER_FACT = 0.25, 0.33, 25
"""Two texts are two notices where so many of their numbers, or of their names, differ, one in so many
words at least."""
FORM_TEXTS = 10
"""More texts than these to a site in one cluster are one form, filled in again and again."""

_SKETCH, _DENSITY = 64, 8
"""Shingles of a sketch: so many, of long texts one in eight."""
_COMMONPLACE = 500
"""What more texts than these have leads to no candidates; comparing counts it all the same."""
_LISTS, _LISTED = 24, 2500
"""Shingles of a sketch that are looked up: all as long as that names so many texts, but so many."""
_SHINGLES_PER_WORD = 0.5
"""Shared shingles to a shared word at least; .58 where every fifth word was replaced in both texts."""
_ASKED = 12
"""Texts of a cluster that are compared when it is joined to another."""
_CACHED_TEXTS = 3000


def clusters(texts: Iterable[Text], tokens: Tokens = tokens_in_order) -> list[list[str]]:
    """Names of the texts that are near-duplicates of one another, two or more to a cluster.

    The texts of one site must follow one another, in any order; raises `ValueError` where they do
    not. Names are sorted within a cluster, and clusters by their first name.
    """
    library = Library(texts, tokens)
    compare = _Comparison(library)
    found: list[list[int]] = []
    for cluster in _agglomerate(library, compare):
        if _is_form(library, cluster):
            found += [[number] for number in cluster]
        else:
            found.append(cluster)
    named = [sorted(chain.from_iterable(library.names[n] for n in cluster)) for cluster in found]
    return sorted(names for names in named if len(names) > 1)


def share(text: str, other: str) -> float:
    """Part (0 to 1) of a text's words that stand in another one, in runs of three or more."""
    words, shingles = _read(text)
    others, other_shingles = _read(other)
    if not words or words == others:
        return float(bool(words))
    return sum(_found(shingles, frozenset(other_shingles))) / len(words)


@lru_cache(2)  # many texts are compared with one
def _read(text: str) -> tuple[list[int], list[int]]:
    words = words_of(tokens_of(text))
    return words, shingles_of(words)


# -- pairs ------------------------------------------------------------------------------------------


def _found(shingles: list[int], others: frozenset[int]) -> bytearray:
    """For each word of a text 1 where it lies in a shingle that another text has, too; else 0."""
    found = bytearray(len(shingles) + 2)
    for start, shingle in enumerate(shingles):
        if shingle in others:
            found[start : start + 3] = b"\1\1\1"
    return found


class _Comparison:
    """What two texts of a library have in common."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._shingles = lru_cache(_CACHED_TEXTS)(lambda n: shingles_of(library.words(n)))
        self._set = lru_cache(_CACHED_TEXTS)(lambda n: frozenset(self._shingles(n)))

    def likeness(self, one: int, other: int, part: float = 1.0) -> float:
        """Part of both texts' words that they share; 0 where they are no near-duplicates.

        With a `part`, that much of what near-duplicates must share is enough, be it by chance.
        """
        lengths = self._library.lengths
        short, long = sorted((one, other), key=lambda number: (lengths[number], number))
        found = _found(self._shingles(short), self._set(long))
        shared = sum(found)
        if shared < part * _needed(lengths[short]) or (
            part == 1.0
            and shared < NEARLY_ALL * lengths[short]
            and self._is_chance(short, found, self._set(long))
        ):
            return 0.0
        of_the_longer = sum(_found(self._shingles(long), self._set(short)))
        if of_the_longer < part * OF_THE_LONGER * lengths[long] or self._has_other_facts(
            short, long
        ):
            return 0.0
        return (shared + of_the_longer) / (lengths[short] + lengths[long])

    def _is_chance(self, number: int, found: bytearray, others: frozenset[int]) -> bool:
        """Whether what another text shares is a sentence or two, apart from one another."""
        shingles = self._shingles(number)
        start = sentences = 0
        for sentence in sentences_of(self._library.tokens(number)):
            end = start + len(sentence)
            sentences += sum(found[start:end]) >= OF_A_SENTENCE
            if sentences >= SENTENCES or not others.isdisjoint(shingles[max(0, end - 2) : end]):
                return False
            start = end
        return True

    def _has_other_facts(self, short: int, long: int) -> bool:
        """Whether the same words stand around other numbers or names throughout, as in weather
        reports and obituaries."""
        words = self._library.lengths[short]
        for ours, theirs, part in zip(
            _facts(self._library.tokens(short)),
            _facts(self._library.tokens(long)),
            (OTHER_NUMBERS, OTHER_NAMES),
            strict=True,
        ):
            both = ours.keys() & theirs.keys()
            differ = sum(ours[place].isdisjoint(theirs[place]) for place in both)
            if differ >= part * len(both) and differ * WORDS_PER_FACT >= words:
                return True
        return False


def _needed(words: int) -> float:
    """How many words of a text of so many must stand in another."""
    return max(HALF * words, min(MOST * words, ENOUGH_WORDS))


_Facts = dict[tuple[int, ...], set[int]]


def _facts(tokens: array[int]) -> tuple[_Facts, _Facts]:
    """Numbers of a text by what stands before and after them; names (within a sentence, with a
    capital) by what stands before."""
    numbers: _Facts = defaultdict(set)
    names: _Facts = defaultdict(set)
    kinds = [code & CAPITAL or code & 1 or code for code in tokens]
    kinds.append(0)
    for place, code in enumerate(tokens):
        if code & 1:
            numbers[kinds[place - 1], kinds[place + 1]].add(code)
        elif code & CAPITAL and kinds[place - 1]:
            names[kinds[place - 1],].add(code)
    return numbers, names


def _candidates(library: Library) -> Iterator[tuple[int, int]]:
    """Pairs whose sketches have so much in common that the texts may be near-duplicates.

    A sketch holds the smallest shingles of a text, which are a fair sample of all of them. Shorter
    texts come first, so that each is looked for in longer ones: by shingles that both sketches
    have, and then by those of its sketch that the longer text has anywhere.
    """
    lengths = library.lengths
    sketches, ends = array("I"), array("Q", [0])
    for number in range(len(library)):
        sketches.extend(_sketch(shingles_of(library.words(number))))
        ends.append(len(sketches))
    texts_with = _count(sketches)
    mask = len(texts_with) - 1
    seen: defaultdict[int, list[int]] = defaultdict(list)
    # Shingles that a longer text must share with this one: in number, and as a part of its sketch.
    needed = array("d", bytes(8 * len(library)))
    part = array("d", bytes(8 * len(library)))
    for number in sorted(range(len(library)), key=lambda n: (lengths[n], n)):
        sketch = sketches[ends[number] : ends[number + 1]]
        if not sketch:
            continue
        known = [s for s in sketch if texts_with[s & mask] <= _COMMONPLACE]
        shared = [s for s in known if texts_with[s & mask] > 1]
        words, useful = lengths[number], len(known) / len(sketch)
        asked = _rarest([seen[s] for s in shared])
        density = len(sketch) / (words - 2) * (len(asked) / max(1, len(shared)))
        least = max(2.0, OF_THE_LONGER * words * _SHINGLES_PER_WORD * density * useful)
        others = [
            other
            for other, count in Counter(chain.from_iterable(asked)).items()
            if count >= least and count >= needed[other] * density
        ]
        if others:
            ours = frozenset(shingles_of(library.words(number)))
            for other in others:
                theirs = sketches[ends[other] : ends[other + 1]]
                if len(ours.intersection(theirs)) >= part[other] * len(theirs):
                    yield other, number
        needed[number] = _SHINGLES_PER_WORD * _needed(words) * useful
        part[number] = _SHINGLES_PER_WORD * _needed(words) / words
        for shingle in shared:
            seen[shingle].append(number)


def _sketch(shingles: list[int]) -> list[int]:
    """The smallest shingles."""
    distinct = set(shingles)
    size = max(_SKETCH, len(distinct) // _DENSITY)
    limit = (2 * size << 32) // max(1, len(distinct))  # twice as many are below, or nearly
    low = sorted([shingle for shingle in distinct if shingle < limit])
    return (low if len(low) >= size else sorted(distinct))[:size]


def _rarest(lists: list[list[int]]) -> list[list[int]]:
    """The shortest lists, as many as are read in a moment, and a fair number of them."""
    lists.sort(key=len)
    read = accumulate(map(len, lists))
    return [
        known
        for n, (known, total) in enumerate(zip(lists, read, strict=True))
        if n < _LISTS or total <= _LISTED
    ]


def _count(sketches: array[int]) -> array[int]:
    """How many sketches have a shingle, at the place that its last bits name.

    A place may be shared, so that now and then the count is too high; never too low up to the limit.
    """
    mask = (1 << max(8, (2 * len(sketches)).bit_length())) - 1
    counts = array("H", bytes(2 * (mask + 1)))
    for shingle in sketches:
        place = shingle & mask
        if counts[place] <= _COMMONPLACE:
            counts[place] += 1
    return counts


# -- clusters ---------------------------------------------------------------------------------------


def _agglomerate(library: Library, compare: _Comparison) -> list[list[int]]:
    """Clusters of numbers: likest pairs first, joined where most pairs of the two are related.

    So a text that has half of each of two others joins one of them and does not chain the two.
    """
    pairs = ((-compare.likeness(a, b), a, b) for a, b in _candidates(library))
    cluster_of = {number: [number] for number in range(len(library))}
    refused: set[tuple[int, int, int, int]] = set()
    for _, one, other in sorted(pair for pair in pairs if pair[0]):
        a, b = cluster_of[one], cluster_of[other]
        state = (a[0], len(a), b[0], len(b))
        if a is b or state in refused:
            continue
        related = [compare.likeness(x, y, RELATED) > 0 for x in a[:_ASKED] for y in b[:_ASKED]]
        if 2 * sum(related) > len(related):
            joined = sorted(a + b)
            cluster_of.update(dict.fromkeys(joined, joined))
        else:
            refused.add(state)
    return [cluster for number, cluster in cluster_of.items() if cluster[0] == number]


def _is_form(library: Library, cluster: list[int]) -> bool:
    """Whether a cluster is one form filled in again and again: weather, obituaries, tenders."""
    sites = set().union(*(library.sites[number] for number in cluster))
    return len(cluster) > FORM_TEXTS * len(sites)
