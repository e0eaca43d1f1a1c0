"""duplicates: which texts are near-duplicates: reprinted, cut, reordered, reworded, transliterated.

Pure: texts in, clusters out, the same whatever the order of the texts. Candidates come from bottom-k
sketches of three-word shingles (Broder 1997, "On the resemblance and containment of documents") and
are then compared word by word; docs/stories.md tells how and why.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate, chain, groupby
from zlib import crc32

from archive.kazakh.letters import fold_mixed_words
from archive.kazakh.transliterate import key
from archive.kazakh.words import clean

LEAST_WORDS = 10
"""Shorter texts are never near-duplicates of anything: they are captions and stubs."""
HALF = 0.45
"""Part of the shorter text that must stand in the longer one…"""
ENOUGH_WORDS, MOST = 30, 0.65
"""…but so many words at least, or this part of a short text."""
OF_THE_LONGER = 0.15
"""Part of the longer text that must stand in the shorter: a digest is no reprint of its items."""
NEARLY_ALL, SENTENCES, OF_A_SENTENCE = 0.75, 3, 5
"""Chance makes texts share a sentence or two. Near-duplicates share this part of the shorter one, or
words of three sentences (five words each), or a shingle that runs from one sentence to the next."""
KIN = 0.4
"""Texts are kin that share so much of what near-duplicates must; most pairs of a cluster are."""
OTHER_NUMBERS, OTHER_NAMES, WORDS_PER_FACT = 0.25, 0.33, 25
"""Two texts are two notices where so many of their numbers, or of their names, differ, one in so many
words at least."""
BOILERPLATE_TEXTS, BOILERPLATE_PART = 8, 0.1
"""A sentence of so many texts of a site, and so large a part of them, is boilerplate."""
FORM_TEXTS = 10
"""More texts than these to a site in one cluster are one form, filled in again and again."""

_TOKEN = re.compile(r"\w+|(?<!\b\w)[.!?…](?=\s)|\n")
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
_CACHED_WORDS, _CACHED_TEXTS = 400_000, 3000


@dataclass(frozen=True, slots=True)
class Text:
    """An article as far as it matters here. `name` is unique and settles ties: its URL."""

    name: str
    site: str
    title: str | None
    text: str


def clusters(texts: Iterable[Text]) -> list[list[str]]:
    """Names of the texts that are near-duplicates of one another, two or more to a cluster.

    The texts of one site must follow one another, in any order; raises `ValueError` where they do
    not. Names are sorted within a cluster, and clusters by their first name.
    """
    library = _Library(texts)
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
    words = _words(_tokens(text))
    return words, _shingles(words)


# -- words ------------------------------------------------------------------------------------------


def fold(word: str) -> str:
    """A word in lower case as all its spellings in all scripts are compared."""
    # ş and ç of 2021 are ш and ч; the Arabic script has no ц.
    return key(word.replace("ş", "sh").replace("ç", "ch")).replace("ts", "s")


class _Codes(dict[str, tuple[int, ...]]):
    """What stands between two blanks, as numbers: of 29 bits for a word, one in all scripts, odd for
    figures; with `_CAPITAL` where the first letter is one; 0 where a sentence ends."""

    def __missing__(self, printed: str) -> tuple[int, ...]:
        cleaned = clean(printed)
        capital = _CAPITAL * next((c.isupper() for c in cleaned if c.isalpha()), False)
        text = fold_mixed_words(cleaned.lower())
        codes = tuple(_code(token, capital) for token in _TOKEN.findall(text + " "))
        self[printed] = codes
        return codes


def _code(token: str, capital: int) -> int:
    if any(char.isdigit() for char in token):
        return crc32(token.encode()) >> 3 | 1
    folded = fold(token)
    return crc32(folded.encode()) >> 3 & ~1 | capital if folded[:1].isalpha() else 0


_CAPITAL = 1 << 29
_WORD = _CAPITAL - 1
_codes = _Codes()


def _tokens(text: str) -> array[int]:
    """The words of a text as numbers, with 0 where a sentence ends."""
    if len(_codes) > _CACHED_WORDS:
        _codes.clear()
    printed = text.replace("\n", " \n ").split(" ")
    return array("I", chain.from_iterable([_codes[word] for word in printed]))


def _words(tokens: Iterable[int]) -> list[int]:
    """Words without the ends of sentences and without capitals."""
    return [token & _WORD for token in tokens if token]


def _sentences(tokens: array[int]) -> Iterator[array[int]]:
    start = 0
    while start < len(tokens):
        try:
            end = tokens.index(0, start)
        except ValueError:
            end = len(tokens)
        if end > start:
            yield tokens[start:end]
        start = end + 1


def _shingles(words: list[int]) -> list[int]:
    """A number of 32 bits for each three words that follow one another."""
    return [
        a * 5 ^ b * 3 ^ c  # below 2³² and well mixed, for the words are
        for a, b, c in zip(words, words[1:], words[2:], strict=False)
    ]


def _found(shingles: list[int], others: frozenset[int]) -> bytearray:
    """For each word of a text 1 where it lies in a shingle that another text has, too; else 0."""
    found = bytearray(len(shingles) + 2)
    for start, shingle in enumerate(shingles):
        if shingle in others:
            found[start : start + 3] = b"\1\1\1"
    return found


# -- texts ------------------------------------------------------------------------------------------


class _Library:
    """Distinct texts without boilerplate, numbered by their smallest names."""

    def __init__(self, texts: Iterable[Text]) -> None:
        self._tokens = array("I")
        names: defaultdict[bytes, list[str]] = defaultdict(list)
        sites: defaultdict[bytes, set[str]] = defaultdict(set)
        places: defaultdict[bytes, tuple[int, int]] = defaultdict(lambda: (0, 0))
        owners: dict[bytes, str] = {}
        done: set[str] = set()
        for site, group in groupby(texts, key=lambda text: text.site):
            if site in done:
                raise ValueError(f"the texts of {site} do not follow one another")
            done.add(site)
            for name, digest, tokens in _without_boilerplate(group):
                # Equal words may be cut into other sentences, or be boilerplate at one site only.
                if tokens and name < owners.get(digest, chr(0x10FFFF)):
                    owners[digest] = name
                    places[digest] = (len(self._tokens), len(self._tokens) + len(tokens))
                    self._tokens.extend(tokens)
                names[digest].append(name)
                sites[digest].add(site)
        distinct = sorted(places, key=lambda digest: min(names[digest]))
        self.names = [names[digest] for digest in distinct]
        self.sites = [sites[digest] for digest in distinct]
        self._places = [places[digest] for digest in distinct]
        self.lengths = array("L", (_length(self.tokens(n)) for n in range(len(distinct))))

    def __len__(self) -> int:
        return len(self.names)

    def tokens(self, number: int) -> array[int]:
        start, end = self._places[number]
        return self._tokens[start:end]

    def words(self, number: int) -> list[int]:
        """Of what is compared; capitals do not count."""
        return _words(self.tokens(number))


def _without_boilerplate(texts: Iterable[Text]) -> Iterator[tuple[str, bytes, array[int]]]:
    """Texts of one site: name, what an equal text has in common, and tokens worth comparing.

    A notice that stands under many headlines in place of a text («read it in our paper») is left
    out. Where little but boilerplate is left there are no tokens: only equal texts are duplicates.
    """
    pages: list[tuple[str, bytes, array[int]]] = []
    distinct: dict[tuple[str | None, bytes], array[int]] = {}
    for text in texts:
        tokens = _tokens(text.text)
        digest = _digest(tokens)
        pages.append((text.name, digest, tokens))
        known = distinct.get((text.title, digest))
        if known is None or tokens < known:  # equal words may be cut into other sentences
            distinct[text.title, digest] = tokens
    headlines = Counter(digest for _, digest in distinct)
    sentences = chain.from_iterable({_hash(s) for s in _sentences(t)} for t in distinct.values())
    limit = max(BOILERPLATE_TEXTS, BOILERPLATE_PART * len(distinct))
    boilerplate = {hashed for hashed, count in Counter(sentences).items() if count >= limit}
    for name, digest, tokens in pages:
        if _length(tokens) < LEAST_WORDS or headlines[digest] >= BOILERPLATE_TEXTS:
            continue
        if not boilerplate:
            yield name, digest, tokens
            continue
        kept = [s for s in _sentences(tokens) if _hash(s) not in boilerplate]
        words = sum(map(len, kept))
        if words == _length(tokens):
            yield name, digest, tokens
        elif words < LEAST_WORDS:
            yield name, digest, array("I")
        else:
            rest = array("I", chain.from_iterable((*sentence, 0) for sentence in kept))
            yield name, _digest(rest), rest


def _length(tokens: array[int]) -> int:
    return len(tokens) - tokens.count(0)


def _digest(tokens: array[int]) -> bytes:
    """What texts of the same words have in common."""
    return blake2b(array("I", _words(tokens)).tobytes(), digest_size=16).digest()


def _hash(sentence: array[int]) -> int:
    return crc32(sentence.tobytes())


# -- pairs ------------------------------------------------------------------------------------------


class _Comparison:
    """What two texts of a library have in common."""

    def __init__(self, library: _Library) -> None:
        self._library = library
        self._shingles = lru_cache(_CACHED_TEXTS)(lambda n: _shingles(library.words(n)))
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
        for sentence in _sentences(self._library.tokens(number)):
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
    kinds = [code & _CAPITAL or code & 1 or code for code in tokens]
    kinds.append(0)
    for place, code in enumerate(tokens):
        if code & 1:
            numbers[kinds[place - 1], kinds[place + 1]].add(code)
        elif code & _CAPITAL and kinds[place - 1]:
            names[kinds[place - 1],].add(code)
    return numbers, names


def _candidates(library: _Library) -> Iterator[tuple[int, int]]:
    """Pairs whose sketches have so much in common that the texts may be near-duplicates.

    A sketch holds the smallest shingles of a text, which are a fair sample of all of them. Shorter
    texts come first, so that each is looked for in longer ones: by shingles that both sketches
    have, and then by those of its sketch that the longer text has anywhere.
    """
    lengths = library.lengths
    sketches, ends = array("I"), array("Q", [0])
    for number in range(len(library)):
        sketches.extend(_sketch(_shingles(library.words(number))))
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
            ours = frozenset(_shingles(library.words(number)))
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


def _agglomerate(library: _Library, compare: _Comparison) -> list[list[int]]:
    """Clusters of numbers: likest pairs first, joined where most pairs of the two clusters are kin.

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
        kin = [compare.likeness(x, y, KIN) > 0 for x in a[:_ASKED] for y in b[:_ASKED]]
        if 2 * sum(kin) > len(kin):
            joined = sorted(a + b)
            cluster_of.update(dict.fromkeys(joined, joined))
        else:
            refused.add(state)
    return [cluster for number, cluster in cluster_of.items() if cluster[0] == number]


def _is_form(library: _Library, cluster: list[int]) -> bool:
    """Whether a cluster is one form filled in again and again: weather, obituaries, tenders."""
    sites = set().union(*(library.sites[number] for number in cluster))
    return len(cluster) > FORM_TEXTS * len(sites)
