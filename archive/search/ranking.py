"""ranking: best first: words in the title, how much the text is about them, and how new it is.

FTS5's own bm25() reads the list of every article that has a word, a second for a common one among
a million articles. Here the newest matches and those with all words in the title are candidates,
and only they are read.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from itertools import islice
from math import log

from archive.search.expand import Terms
from archive.search.selection import Selected, select
from archive.search.selection import newest as newest_ids
from archive.search.syntax import Query

_RANKED = 50
"""Newest matches that are ranked; another as many that have all words in the title are, too.

Reading their texts is most of what a query costs.
"""
_READ = 40_000
"""Bytes of an article that ranking looks at."""
_TITLE = 2.0
_TOGETHER = 0.5
_FRESH = 0.6
_HALF_LIFE = 3.0
"""Years after which an article's freshness counts half."""
_SATURATION = 1.5


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
    newest = newest_ids(c, selected, _RANKED)
    candidates = dict.fromkeys(newest)
    if len(newest) == _RANKED and titles:
        candidates |= dict.fromkeys(newest_ids(c, select(c, query, titles), _RANKED))
    scores = _scores(c, list(candidates), terms)
    ordered = sorted(scores.items(), key=lambda hit: (-hit[1], -hit[0]))
    page: list[tuple[int, float | None]] = list(ordered[offset : offset + limit])
    if len(newest) == _RANKED and len(page) < limit:
        skipped = max(0, offset - len(ordered))
        rest = newest_ids(c, selected, skipped + limit + len(ordered), _RANKED)
        later = (article for article in rest if article not in candidates)
        page += [(article, None) for article in islice(later, skipped, skipped + limit - len(page))]
    return page


def _scores(c: sqlite3.Connection, articles: list[int], terms: Terms) -> dict[int, float]:
    """How well each article answers: words in the title, how often in the text, how fresh.

    A word's part of the text counts as in BM25 (it saturates, and long texts count less), with the
    candidates as the collection; counts are of a stem's beginning, which is quick and near enough.
    """
    probes = [_cased(group) for group in terms.probes()]
    together = _cased([" ".join(terms.words)]) if len(terms.words) > 1 else []
    counts: dict[int, tuple[list[int], list[bool], bool, int, float]] = {}
    # As bytes: to decode a text takes longer than to count words in it.
    for article, title, text, year in c.execute(
        "SELECT id, CAST(coalesce(title, '') AS BLOB), substr(CAST(text AS BLOB), 1, ?), "
        "substr(published, 1, 4) + coalesce(substr(published, 6, 2), 0) / 12.0 FROM articles "
        "WHERE id IN (SELECT value FROM json_each(?))",
        (_READ, json.dumps(articles)),
    ):
        numbers = [sum([text.count(form) for form in forms]) for forms in probes]
        named = [any(form in title for form in forms) for forms in probes]
        near = any(form in title or form in text for form in together)
        counts[article] = (numbers, named, near, len(text) + 1, year or 0.0)
    if not counts:
        return {}
    mean = sum(size for *_, size, _ in counts.values()) / len(counts)
    latest = max(year for *_, year in counts.values())
    holding = [
        1 + sum(numbers[i] > 0 for numbers, *_ in counts.values()) for i in range(len(probes))
    ]
    weights = [log(1 + (len(counts) + 1) / number) for number in holding]
    scores = {}
    for article, (numbers, named, near, size, year) in counts.items():
        saturation = _SATURATION * (0.25 + 0.75 * size / mean)
        score = sum(
            weight * ((_TITLE if is_named else 0) + 2 * number / (number + saturation))
            for weight, number, is_named in zip(weights, numbers, named, strict=True)
        )
        score += _TOGETHER * near + _FRESH * 0.5 ** ((latest - year) / _HALF_LIFE)
        scores[article] = round(score, 4)
    return scores


def _cased(forms: Iterable[str]) -> list[bytes]:
    """Words in small letters, and as a sentence begins with them."""
    cased = (way(form) for form in forms for way in (str.lower, str.capitalize))
    return [form.encode() for form in dict.fromkeys(cased)]
