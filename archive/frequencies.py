"""frequencies: how often words occur, in every form, script and spelling, over time and place.

A word is understood as `archive.search` understands it. Articles are chosen by the index and their texts counted.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, product
from math import log

from archive.errors import ArchiveUsageError
from archive.kazakh.words import in_cyrillic, words
from archive.query import EVERYTHING, Selection
from archive.search.expand import Terms, expression
from archive.search.places import widen
from archive.search.russian import WORDS
from archive.search.syntax import All, Either, Node, Phrase, Word, parse
from archive.stats import BY, OF_WORDS, Row, Table, count, is_past, select

Is = Callable[[str], bool]
"""Whether a word of a text is a form of one that was asked for."""
_MATCH = " AND a.id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH :match)"
_TOGETHER = 2000
"""Words of the index that are looked up together."""
KEYNESS = ("occurrences", "per_million", "articles", "share", "keyness")
"""What `frequent` tells of a stem."""


@dataclass(frozen=True, slots=True)
class Term:
    """What is counted as one: a word, words that follow one another, or several of these as alternatives."""

    text: str
    match: str
    """The FTS5 expression of articles that may hold it."""
    ways: tuple[tuple[Is, ...], ...]

    def number(self, tokens: Sequence[str]) -> int:
        """At how many places of these words of a text it begins."""
        if len(self.ways) == 1 == len(self.ways[0]):
            return sum(map(self.ways[0][0], tokens))
        return sum(
            any(_begins(way, tokens, place) for way in self.ways) for place in range(len(tokens))
        )


def _begins(way: tuple[Is, ...], tokens: Sequence[str], place: int) -> bool:
    return way[0](tokens[place]) and (
        place + len(way) <= len(tokens)
        and all(follows(tokens[place + n]) for n, follows in enumerate(way))
    )


def understood(c: sqlite3.Connection, typed: str) -> Term:
    """Words side by side, which have to follow one another in any of their forms; phrases, in theirs; alternatives with OR.

    Raises `ArchiveUsageError` for what leaves something out, and for filters.
    """
    asked = parse(typed)
    if asked.tree is None or asked.filters:
        raise ArchiveUsageError(
            f"{typed!r}: words alone are counted; what chooses articles is an option"
        )
    tree = widen(asked.tree, [])
    terms = Terms()
    match = expression(c, tree, terms)
    return Term(typed, match, tuple(_ways(c, typed, tree, terms)))


def _ways(c: sqlite3.Connection, typed: str, node: Node, terms: Terms) -> list[tuple[Is, ...]]:
    match node:
        case Word(text, prefix=True):
            beginnings = (text, in_cyrillic(text))
            known = _forms(c, [f" {start}" for start in beginnings])
            return [(lambda token: token in known or token.startswith(beginnings),)]
        case Word(text):
            stems = terms.words[text]
            return [(_forms(c, [f" {stem} " for stem in stems]).union(stems, [text]).__contains__,)]
        case Phrase(parts):
            return [tuple(part.__eq__ for part in parts)]
        case Either(parts):
            return [way for part in parts for way in _ways(c, typed, part, terms)]
        case All(parts, without=()):
            found = product(*(_ways(c, typed, part, terms) for part in parts))
            return [tuple(chain(*ways)) for ways in found]
    raise ArchiveUsageError(f"{typed!r}: what is left out cannot be counted")


def _forms(c: sqlite3.Connection, stems: Sequence[str]) -> frozenset[str]:
    """The words of the archive among whose stems, each between blanks, is one of these."""
    rows = c.execute(
        "SELECT word FROM vocabulary v WHERE EXISTS "
        "(SELECT 1 FROM json_each(?) s WHERE instr(' ' || v.stems || ' ', s.value))",
        (json.dumps(stems),),
    )
    return frozenset(row[0] for row in rows)


def count_words(
    c: sqlite3.Connection, chosen: Selection, typed: Sequence[str], by: Sequence[str] = ()
) -> Table:
    """How many of the selected articles hold each word or phrase, and how often it occurs in them.

    Titles and texts are counted. The first part of a group's key is the word as it was typed.
    """
    terms = [understood(c, one) for one in dict.fromkeys(typed)]
    every = count(c, chosen, by, ("articles", "all_words"))
    found = Table(
        ("word", *every.by), OF_WORDS, ("all_articles", "all_words", "articles", "occurrences")
    )
    columns = [*(BY[name] for name in every.by), "a.title", "a.text"]
    for term in terms:
        for key, counts in every.groups.items():
            found.add((term.text, *key), [*counts, 0, 0])
        holding = "" if is_past(chosen) else _MATCH
        for *key, title, text in select(c, chosen, columns, more=holding, match=term.match):
            if number := term.number(words(title or "")) + term.number(words(text)):
                counts = found.groups[(term.text, *key)]
                counts[-2] += 1
                counts[-1] += number
    return found


# -- the most frequent ------------------------------------------------------------------------------


STOP_WORDS = frozenset(
    " ".join(typed for kind in ("common", "frequent") for typed in WORDS[kind].values()).split()
)
"""Words that say nothing of what a text is about, as typed or as stems: `archive/search/words.toml`."""


class _Stems(dict[str, str]):
    """Word → the likeliest of its stems, looked up where it is met first; itself where it has none."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__()
        self._c = connection

    def of(self, tokens: Sequence[str]) -> list[str]:
        """The stems of words; of numbers, single letters and stop words there are none."""
        if new := [word for word in {*tokens} if word not in self]:
            self._learn(new)
        return [stem for stem in map(self.__getitem__, tokens) if stem]

    def _learn(self, new: list[str]) -> None:
        self.update((word, word if len(word) > 1 and word.isalpha() else "") for word in new)
        self.update(
            (word, stems.split()[0])
            for word, stems in self._c.execute(
                "SELECT word, stems FROM vocabulary WHERE word IN (SELECT value FROM json_each(?))",
                (json.dumps(new),),
            )
        )
        self.update(
            (word, "") for word in new if len(self[word]) < 2 or {word, self[word]} & STOP_WORDS
        )


def frequent(
    c: sqlite3.Connection, chosen: Selection, most: int, order: str = "occurrences"
) -> list[Row]:
    """The most frequent stems of a selection, or those that are highest by another one of `KEYNESS`.

    `keyness` is the log-likelihood G² of Dunning (Computational Linguistics 19(1), 1993) as Rayson and Garside
    use it to compare corpora (Workshop on Comparing Corpora, 2000): how surprising it is that the stem is as
    frequent here as it is, beside the rest of the archive; negative where it is rarer here. None where there is no
    rest, or states of the past are meant.
    """
    stems = _Stems(c)
    occurrences, holding = Counter[str](), Counter[str]()
    articles = total = 0
    for title, text in select(c, chosen, ["a.title", "a.text"]):
        tokens = [*words(title or ""), *words(text)]
        found = stems.of(tokens)
        occurrences.update(found)
        holding.update({*found})
        articles, total = articles + 1, total + len(tokens)
    elsewhere, rest = Counter[str](), 0
    if not is_past(chosen) and chosen != EVERYTHING:
        elsewhere, rest = _everywhere(c, stems)
        rest -= total
    rows: list[Row] = [
        {
            "stem": stem,
            "occurrences": number,
            "per_million": round(1e6 * number / total, 4),
            "articles": holding[stem],
            "share": round(holding[stem] / articles, 4),
            "keyness": keyness(number, total, max(0, elsewhere[stem] - number), rest)
            if rest > 0
            else None,
        }
        for stem, number in occurrences.items()
    ]
    rows.sort(key=lambda row: (-(row[order] or 0), -row["occurrences"], row["stem"]))
    return rows[:most]


def _everywhere(c: sqlite3.Connection, stems: _Stems) -> tuple[Counter[str], int]:
    """How often each stem occurs in the archive, and how many words there are, by the index."""
    c.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.index_words USING fts5vocab(main, articles_fts, col)")  # fmt: skip
    found, total = Counter[str](), 0
    rows = c.execute(
        "SELECT term, sum(cnt) FROM temp.index_words WHERE col <> 'stems' GROUP BY term"
    )
    while some := rows.fetchmany(_TOGETHER):
        spelt = [words(term) for term, _ in some]
        stems.of([word for found_words in spelt for word in found_words])  # all at once
        for (_, number), found_words in zip(some, spelt, strict=True):
            total += number
            for stem in stems.of(found_words):
                found[stem] += number
    return found, total


def keyness(here: int, total: int, there: int, rest: int) -> float:
    """Log-likelihood of a word's numbers in two sets of so many words, with the sign of the difference.

    >>> keyness(200, 1_000_000, 100, 1_000_000)
    33.98
    """
    expected = [size * (here + there) / (total + rest) for size in (total, rest)]
    parts = zip((here, there), expected, strict=True)
    likelihood = 2 * sum(number * log(number / usual) for number, usual in parts if number)
    return round(likelihood if here / total >= there / rest else -likelihood, 2)
