"""texts: texts as numbers that can be compared: words in all scripts, sentences, shingles.

A shingle is three words that follow one another (Broder 1997, "On the resemblance and containment of
documents").
"""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain, groupby
from typing import TypeAlias
from zlib import crc32

from archive.kazakh.letters import fold_mixed_words
from archive.kazakh.transliterate import key
from archive.kazakh.words import clean

LEAST_WORDS = 10
"""Shorter texts are never near-duplicates of anything: they are captions and stubs."""
BOILERPLATE_TEXTS, BOILERPLATE_PART = 8, 0.1
"""A sentence of so many texts of a site, and so large a part of them, is boilerplate."""
CAPITAL = 1 << 29
"""What is added to the number of a word that begins with a capital letter."""
_WORD = CAPITAL - 1
_TOKEN = re.compile(r"\w+|(?<!\b\w)[.!?…](?=\s)|\n")
_CACHED_WORDS = 400_000


@dataclass(frozen=True, slots=True)
class Text:
    """An article as far as it matters here. `name` is unique and settles ties: its URL."""

    name: str
    site: str
    title: str | None
    text: str


def fold(word: str) -> str:
    """A word in lower case as all its spellings in all scripts are compared."""
    return key(word).replace("ts", "s")  # the Arabic script has no ц


class _Codes(dict[str, tuple[int, ...]]):
    """What stands between two blanks, as numbers: of 29 bits for a word, one in all scripts, odd for
    figures; with `CAPITAL` where the first letter is one; 0 where a sentence ends."""

    def __missing__(self, printed: str) -> tuple[int, ...]:
        cleaned = clean(printed)
        capital = CAPITAL * next((c.isupper() for c in cleaned if c.isalpha()), False)
        text = fold_mixed_words(cleaned.lower())
        codes = tuple(_code(token, capital) for token in _TOKEN.findall(text + " "))
        self[printed] = codes
        return codes


def _code(token: str, capital: int) -> int:
    if any(char.isdigit() for char in token):
        return crc32(token.encode()) >> 3 | 1
    folded = fold(token)
    return crc32(folded.encode()) >> 3 & ~1 | capital if folded[:1].isalpha() else 0


_codes = _Codes()


def tokens_of(text: str) -> array[int]:
    """The words of a text as numbers, with 0 where a sentence ends."""
    if len(_codes) > _CACHED_WORDS:
        _codes.clear()
    printed = text.replace("\n", " \n ").split(" ")
    return array("I", chain.from_iterable([_codes[word] for word in printed]))


def tokens_in_order(texts: Iterable[Text]) -> Iterator[tuple[Text, array[int]]]:
    """Each text with its `tokens_of`."""
    return ((text, tokens_of(text.text)) for text in texts)


Tokens: TypeAlias = "Callable[[Iterable[Text]], Iterable[tuple[Text, array[int]]]]"
"""What gives each text with its `tokens_of`, in order: it may have them made elsewhere."""


def words_of(tokens: Iterable[int]) -> list[int]:
    """Words without the ends of sentences and without capitals."""
    return [token & _WORD for token in tokens if token]


def sentences_of(tokens: array[int]) -> Iterator[array[int]]:
    """Sentences of a text, without their ends."""
    start = 0
    while start < len(tokens):
        try:
            end = tokens.index(0, start)
        except ValueError:
            end = len(tokens)
        if end > start:
            yield tokens[start:end]
        start = end + 1


def shingles_of(words: list[int]) -> list[int]:
    """A number of 32 bits for each three words that follow one another."""
    return [
        a * 5 ^ b * 3 ^ c  # below 2³² and well mixed, for the words are
        for a, b, c in zip(words, words[1:], words[2:], strict=False)
    ]


class Library:
    """Distinct texts without boilerplate, numbered by their smallest names."""

    def __init__(self, texts: Iterable[Text], tokens: Tokens = tokens_in_order) -> None:
        self._tokens = array("I")
        names: defaultdict[bytes, list[str]] = defaultdict(list)
        sites: defaultdict[bytes, set[str]] = defaultdict(set)
        places: defaultdict[bytes, tuple[int, int]] = defaultdict(lambda: (0, 0))
        owners: dict[bytes, str] = {}
        done: set[str] = set()
        for site, group in groupby(tokens(texts), key=lambda pair: pair[0].site):
            if site in done:
                raise ValueError(f"the texts of {site} do not follow one another")
            done.add(site)
            for name, digest, kept in _without_boilerplate(group):
                # Equal words may be cut into other sentences, or be boilerplate at one site only.
                if kept and name < owners.get(digest, chr(0x10FFFF)):
                    owners[digest] = name
                    places[digest] = (len(self._tokens), len(self._tokens) + len(kept))
                    self._tokens.extend(kept)
                names[digest].append(name)
                sites[digest].add(site)
        distinct = sorted(names, key=lambda digest: min(names[digest]))
        self.names = [names[digest] for digest in distinct]
        self.sites = [sites[digest] for digest in distinct]
        self._places = [places[digest] for digest in distinct]
        self.lengths = array("L", (_length(self.tokens(n)) for n in range(len(distinct))))

    def __len__(self) -> int:
        return len(self.names)

    def tokens(self, number: int) -> array[int]:
        """Words of a text, with 0 where a sentence ends."""
        start, end = self._places[number]
        return self._tokens[start:end]

    def words(self, number: int) -> list[int]:
        """Of what is compared; capitals do not count."""
        return words_of(self.tokens(number))


def _without_boilerplate(
    texts: Iterable[tuple[Text, array[int]]],
) -> Iterator[tuple[str, bytes, array[int]]]:
    """Texts of one site: name, what an equal text has in common, and tokens worth comparing.

    A notice that stands under many headlines in place of a text («read it in our paper») is left
    out. Where little but boilerplate is left there are no tokens: only equal texts are duplicates.
    """
    pages: list[tuple[str, bytes, array[int]]] = []
    distinct: dict[tuple[str | None, bytes], array[int]] = {}
    for text, tokens in texts:
        digest = _digest(tokens)
        pages.append((text.name, digest, tokens))
        known = distinct.get((text.title, digest))
        if known is None or tokens < known:  # equal words may be cut into other sentences
            distinct[text.title, digest] = tokens
    headlines = Counter(digest for _, digest in distinct)
    sentences = chain.from_iterable({_hash(s) for s in sentences_of(t)} for t in distinct.values())
    limit = max(BOILERPLATE_TEXTS, BOILERPLATE_PART * len(distinct))
    boilerplate = {hashed for hashed, count in Counter(sentences).items() if count >= limit}
    for name, digest, tokens in pages:
        if _length(tokens) < LEAST_WORDS or headlines[digest] >= BOILERPLATE_TEXTS:
            continue
        if not boilerplate:
            yield name, digest, tokens
            continue
        kept = [s for s in sentences_of(tokens) if _hash(s) not in boilerplate]
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
    return blake2b(array("I", words_of(tokens)).tobytes(), digest_size=16).digest()


def _hash(sentence: array[int]) -> int:
    return crc32(sentence.tobytes())
