"""ranking: best first, by BM25 over stems, with words in the title, words near one another, and how new it is.

FTS5's own bm25() reads the list of every article that has a word, a second for a common one among
a million articles. Here the newest matches and those with all words in the title are candidates,
and only they are read. Where no article has all words of a longer query, those that have most of them are
found by how rare the words are (`most_words`).
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable
from itertools import islice, pairwise
from math import log

from archive.search.expand import Terms, any_form, expression, in_title
from archive.search.facts import published_in
from archive.search.selection import Selected, newest, select
from archive.search.syntax import All, Either, Node, Phrase, Query, Word

_RANKED = 50
"""Newest matches that are ranked; another as many that have all words in the title are, too.

Reading their texts is most of what a query costs.
"""
_MOST_RANKED = 300
"""Articles with most of a long query's words that are ranked."""
_SOFT = 3
"""Words of a query that an article need not have all of."""
_LISTED, _WEIGHED = 50_000, 150_000
"""Articles of a word, and of all, that are looked at where not all words must be there."""
_SAMPLED = 500
"""Articles of a word by which it is told how rare it is."""
_SHARE = 0.35
"""Of the weight of the words that the best article has, this much another one must have."""
_READ = 40_000
"""Bytes of an article that ranking looks at."""
_TITLE = 1.0
_EXACT = 0.3
_NEAR = 0.4
_NEAR_BYTES = 60
_YEAR = re.compile("(?:19|20)[0-9]{2}")
_PLACES = 6
"""Places of a word that are compared with those of the next."""
_FRESH = 0.2
_HALF_LIFE = 3.0
"""Years after which an article's freshness counts half."""
_BEGINS = re.compile(rb"(?<![\xd0-\xd3][\x80-\xbf])(?<![a-zA-Z])")
_ENDS = re.compile(rb"(?![\xd0-\xd3a-zA-Z])")
"""Where a word in UTF-8 has no Cyrillic or Latin letter before it, and behind it."""
_PARTS = bytes.maketrans(b"\n\"('/-[", b"       ")
_OPENING = "«".encode()
_SATURATION = 2.0
_BY_LENGTH = 0.75


def ranked(
    c: sqlite3.Connection,
    query: Query,
    selected: Selected,
    terms: Terms,
    titles: str | None,
    limit: int,
    offset: int,
) -> list[tuple[int, float | None]]:
    """A page of the ranking. Beyond the candidates, matches follow the last stored first."""
    last = newest(c, selected, _RANKED)
    candidates = dict.fromkeys(last)
    if len(last) == _RANKED and titles:
        candidates |= dict.fromkeys(newest(c, select(c, query, titles), _RANKED))
    ordered = best(c, list(candidates), terms)
    page: list[tuple[int, float | None]] = list(ordered[offset : offset + limit])
    if len(last) == _RANKED and len(page) < limit:
        skipped = max(0, offset - len(ordered))
        rest = newest(c, selected, skipped + limit + len(ordered), _RANKED)
        later = (article for article in rest if article not in candidates)
        page += [(article, None) for article in islice(later, skipped, skipped + limit - len(page))]
    return page


def most_words(c: sqlite3.Connection, query: Query) -> list[int]:
    """Articles with most words of a query of several, best first; none for other queries.

    A word counts as much as it is rare, and half as much again in the title. Those that very many articles
    have choose none.
    """
    parts = _parts(query)
    if not parts:
        return []
    last = _last(c)
    terms = Terms()
    asked = [select(c, query, _asked(c, part, terms)) for part in parts]
    rarity = [_rarity(newest(c, one, _SAMPLED), _SAMPLED, last) for one in asked]
    weights: dict[int, float] = {}
    for weight, part, one in sorted(zip(rarity, parts, asked, strict=True), key=lambda x: -x[0]):
        found = newest(c, one, _LISTED)
        if weights and (len(found) == _LISTED or len(weights) > _WEIGHED):
            break
        for article in found:
            weights[article] = weights.get(article, 0.0) + weight
        if isinstance(part, Word) and not part.prefix:
            title = in_title(part.text, terms.words[part.text])
            for article in newest(c, select(c, query, title), _SAMPLED):
                weights[article] = weights.get(article, 0.0) + weight / 2
    least = _SHARE * max(weights.values(), default=0.0)
    kept = [article for article, weight in weights.items() if weight >= least]
    kept.sort(key=lambda article: (-weights[article], -article))
    first = [article for article, _ in best(c, kept[:_MOST_RANKED], terms)]
    return first + kept[_MOST_RANKED:]


def lacking(c: sqlite3.Connection, query: Query, articles: list[int]) -> dict[int, list[str]]:
    """Which words of a query each article lacks, as they were typed."""
    missing: dict[int, list[str]] = {article: [] for article in articles}
    for part in _parts(query):
        rows = c.execute(
            "SELECT rowid FROM articles_fts WHERE articles_fts MATCH ? "
            "AND rowid IN (SELECT value FROM json_each(?))",
            (_asked(c, part, Terms()), json.dumps(articles)),
        )
        for article in missing.keys() - {row[0] for row in rows}:
            missing[article].append(_typed(part))
    return missing


def _asked(c: sqlite3.Connection, part: Node, terms: Terms) -> str:
    """The expression of a part; a year that a question names is that of publication, too."""
    match = expression(c, part, terms)
    if isinstance(part, Word) and _YEAR.fullmatch(part.text):
        return f"({match} OR {published_in(part.text)})"
    return match


def _parts(query: Query) -> list[Node]:
    """The words of a query that an article may have most of."""
    tree = query.tree
    is_long = isinstance(tree, All) and not tree.without and query.size >= _SOFT
    return list(dict.fromkeys(tree.parts)) if is_long and isinstance(tree, All) else []


def _last(c: sqlite3.Connection) -> int:
    (last,) = c.execute("SELECT coalesce(max(id), 0) FROM main.articles").fetchone()
    return int(last)


def _typed(node: Node) -> str:
    match node:
        case Word(text, prefix):
            return text + "*" * prefix
        case Phrase(parts):
            return f'"{" ".join(parts)}"'
        case Either(parts):
            return " OR ".join(map(_typed, parts))
        case All(parts):
            return " ".join(map(_typed, parts))


def _rarity(found: list[int], most: int, last: int) -> float:
    """How much a word weighs that so many articles have; of more than `most` the newest tell how many."""
    number = len(found)
    if number == most:
        number = number * last // max(1, last - found[-1])
    return log(1 + (last - number + 0.5) / (number + 0.5)) if number < last else 0.01


def best(c: sqlite3.Connection, articles: list[int], terms: Terms) -> list[tuple[int, float]]:
    """The articles with their scores, best first.

    BM25 (Robertson and Zaragoza, 2009) over the beginnings of stems, which is quick and near enough, with
    weights between 0 and 1; to it come the title, words as they were typed, words of the query that stand near one
    another, and freshness, each less than a word.
    """
    probes = [_cased(group) for group in terms.probes()]
    # Beginnings and phrases come last.
    words = [*terms.words, *[""] * (len(probes) - len(terms.words))]
    exact = [
        [(way, _within(way, forms)) for way in _ways(word)] if word else []
        for word, forms in zip(words, probes, strict=True)
    ]
    # Where no form needs the blank before it, and no distance is measured, texts may stay as they are.
    is_parted = len(probes) > 1 or any(b" " in form for forms in probes for form in forms)
    read: dict[int, tuple[bytes, bytes, int, float]] = {}
    # As bytes: to decode a text takes longer than to count words in it.
    for article, title, text, year in c.execute(
        "SELECT id, CAST(coalesce(title, '') AS BLOB), substr(CAST(text AS BLOB), 1, ?), "
        "substr(published, 1, 4) + coalesce(substr(published, 6, 2), 0) / 12.0 FROM articles "
        "WHERE id IN (SELECT value FROM json_each(?))",
        (_READ, json.dumps(articles)),
    ):
        read_as = _parted(text) if is_parted else text
        length = len(read_as) if is_parted else 1 + len(text) - text.count(_OPENING)
        read[article] = (_parted(title), read_as, length, year or 0.0)
    if not read:
        return []
    mean = sum(length for *_, length, _ in read.values()) / len(read)
    latest = max(year for *_, year in read.values())
    weights = _weights(c, terms, len(probes))
    scores = []
    for article, (title, text, length, year) in read.items():
        saturation = _SATURATION * (1 - _BY_LENGTH + _BY_LENGTH * length / mean)
        score = _FRESH * 0.5 ** ((latest - year) / _HALF_LIFE)
        counts = []
        for weight, forms, ways in zip(weights, probes, exact, strict=True):
            numbers = list(map(text.count, forms))
            number = sum(numbers)
            counts.append(number)
            is_named = any(map(title.__contains__, forms))
            score += weight * (_TITLE * is_named + 2 * number / (number + saturation))
            there = [way for way, form in ways if form is None or numbers[form]]
            named = [way for way, form in ways if form is None or is_named]
            if _as_typed(named, title) or _as_typed(there, text):
                score += _EXACT * weight
        score += _NEAR * _nearness(text, probes, counts)
        scores.append((article, round(score, 4)))
    return sorted(scores, key=lambda hit: (-hit[1], -hit[0]))


def _weights(c: sqlite3.Connection, terms: Terms, number: int) -> list[float]:
    """How much each word of the query counts, the rarest 1."""
    if number < 2:
        return [1.0] * number
    last = _last(c)
    rare = []
    for word, stems in terms.words.items():
        source = "FROM articles_fts WHERE articles_fts MATCH ?"
        one = Selected(source, (any_form(word, stems),), "rowid")
        rare.append(_rarity(newest(c, one, _SAMPLED), _SAMPLED, last))
    most = max(rare, default=1.0)
    # Beginnings and phrases come last, and are rare as a rule.
    return [weight / most for weight in rare] + [1.0] * (number - len(rare))


def _nearness(text: bytes, probes: list[list[bytes]], counts: list[int]) -> float:
    """From 0 to 1: how near the words of the query stand to those that follow them in it."""
    if len(probes) < 2:
        return 0.0
    places = [_places(text, forms) for forms, number in zip(probes, counts, strict=True) if number]
    if len(places) < 2:
        return 0.0
    total = 0.0
    for before, after in pairwise(places):
        gap = min(abs(a - b) for a in before for b in after)
        total += 1 / (1 + gap / _NEAR_BYTES)
    return total / (len(probes) - 1)


def _places(text: bytes, forms: list[bytes]) -> list[int]:
    found: list[int] = []
    for form in forms:
        at = text.find(form)
        while at >= 0 and len(found) < _PLACES:
            found.append(at)
            at = text.find(form, at + 1)
    return found or [0]


def _parted(text: bytes) -> bytes:
    """A text with a blank before each word, whatever stands there: a quotation mark, a bracket, a new line."""
    return b" " + text.translate(_PARTS).replace(_OPENING, b" ")


def _ways(word: str) -> list[bytes]:
    """A word in small letters, as a sentence begins with it, and in capitals."""
    return [way(word).encode() for way in (str.lower, str.capitalize, str.upper)]


def _within(way: bytes, forms: list[bytes]) -> int | None:
    """Which of the forms a word begins with: a text that lacks that one lacks the word."""
    return next((i for i, form in enumerate(forms) if way.startswith(form)), None)


def _as_typed(ways: list[bytes], text: bytes) -> bool:
    """Whether a word stands in a text by itself, in one of the ways."""
    for way in ways:
        # Several times as fast as a pattern that looks behind itself at each byte.
        at = text.find(way)
        while at >= 0:
            if _BEGINS.match(text, at) and _ENDS.match(text, at + len(way)):
                return True
            at = text.find(way, at + 1)
    return False


def _cased(forms: Iterable[str]) -> list[bytes]:
    """Words in small letters, and as a sentence begins with them; short ones where a word begins only."""
    cased = (way(form) for form in forms for way in (str.lower, str.capitalize, str.upper))
    return [
        f" {form}".encode() if len(form) < 4 else form.encode() for form in dict.fromkeys(cased)
    ]
