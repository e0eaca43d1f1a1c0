"""compare: an article as it was read before beside the same page read anew: what differs, and for the better?

Pure. The rules are few and stated in docs/reextract.md, so that a person can check any verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from archive.article import READ, Article
from archive.derive import plain
from newsbot.extraction.boilerplate import is_boilerplate
from newsbot.extraction.fields import letters

TELLTALE = frozenset(
    "truncated glued_words mojibake invalid_bytes nul_bytes future_date paywall".split()
)
"""Flags that say that a text or a date is bad, and that no other field says as well."""
_HOW = ("published_raw", "layout", "charset", "sources")
"""Fields that say how the others were read; no value of theirs is better than another."""
_CLEAR = 2
"""How many times more must be won than lost, or the other way round, for a text to be judged."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that would change. Values are those of `archive.article.Article`."""

    field: str
    before: Any
    after: Any
    verdict: str
    """`better`, `worse`, or `other`: different, and nobody can say which is right."""

    @property
    def filled(self) -> bool:
        """Whether the field was empty."""
        return not self.before

    @property
    def emptied(self) -> bool:
        """Whether the field would be empty."""
        return not self.after


def compare(before: Mapping[str, Any], after: Article) -> list[Difference]:
    """What differs between a reading and the same page read anew, field by field.

    `before` has the fields of `archive.article.READ`, JSON columns taken apart. What changes with each
    look at a page differs in nothing: cache-busters, the order of tags, dates counted back from today.
    """
    values = {name: getattr(after, name) for name in READ}
    same = ["published", "published_raw"] if _is_inferred(before) and _is_inferred(values) else []
    found = {
        name: (before[name], values[name])
        for name in READ
        if name not in same and (plain(name, before) or None) != (plain(name, values) or None)
    }
    return [
        Difference(name, old, new, _judge(name, old, new, before, after, found))
        for name, (old, new) in found.items()
    ]


def verdict(differences: Iterable[Difference]) -> str:
    """The verdict on an article: `same`, `better`, `worse`, `mixed` (both) or `other` (neither)."""
    said = {difference.verdict for difference in differences}
    if {"better", "worse"} <= said:
        return "mixed"
    return next((name for name in ("better", "worse", "other") if name in said), "same")


def _is_inferred(values: Mapping[str, Any]) -> bool:
    """Whether a date was counted back from the moment of the look («2 сағат бұрын»)."""
    return "date_inferred" in values["flags"]


def _judge(
    name: str,
    old: Any,
    new: Any,
    before: Mapping[str, Any],
    after: Article,
    found: Mapping[str, Any],
) -> str:
    if name in _HOW:
        return "other"
    if name == "flags":
        return _judge_flags(old, new, found)
    if not old:
        return "better"
    if not new:
        return "worse"
    if name == "published":
        return _judge_precision(old, new)
    if name == "text":
        return judge_text(old, new, _beside(before), _beside(after.to_dict()))
    return "other"


def _judge_precision(old: str, new: str) -> str:
    """A date of the same day is better with the time of day than without."""
    if old[:10] != new[:10] or (len(old) > 10) == (len(new) > 10):
        return "other"
    return "better" if len(new) > 10 else "worse"


def _judge_flags(old: list[str], new: list[str], found: Mapping[str, Any]) -> str:
    """Flags speak of text and date; where both stay, only our eyes for faults have changed."""
    if not {"text", "published"} & found.keys():
        return "other"
    gone, came = (
        TELLTALE.intersection(old).difference(new),
        TELLTALE.intersection(new).difference(old),
    )
    if bool(gone) == bool(came):
        return "other"
    return "better" if gone else "worse"


def _beside(record: Mapping[str, Any]) -> frozenset[str]:
    """Letters of what is printed beside a text and must not stand in it."""
    lines = [record["title"], record["section"], record["published_raw"]]
    lines += [*record["captions"], *record["authors"], *record["tags"]]
    return frozenset(letters(line) for line in lines if line)


def judge_text(
    old: str,
    new: str,
    beside_old: frozenset[str] = frozenset(),
    beside_new: frozenset[str] = frozenset(),
) -> str:
    """Whether a text gets better: prose gained and boilerplate lost against the reverse, in letters.

    `beside_old` and `beside_new` are the letters of captions, authors and the like: a paragraph
    that has become one of them was no text.
    """
    lost, gained = changed_paragraphs(old, new)
    won = bad = 0
    for paragraphs, beside, is_loss in ((lost, beside_new, True), (gained, beside_old, False)):
        for paragraph in paragraphs:
            spelt = letters(paragraph)
            prose = spelt not in beside and not is_boilerplate(paragraph)
            if prose == is_loss:
                bad += len(spelt)
            else:
                won += len(spelt)
    if won > _CLEAR * bad:
        return "better"
    return "worse" if bad > _CLEAR * won else "other"


def changed_paragraphs(old: str, new: str) -> tuple[list[str], list[str]]:
    """Paragraphs lost and gained. One divided or joined anew, or spaced otherwise, is neither."""
    before, after = old.split("\n\n") if old else [], new.split("\n\n") if new else []
    return _missing(before, after), _missing(after, before)


def _missing(paragraphs: list[str], elsewhere: list[str]) -> list[str]:
    there = Counter(map(letters, elsewhere))
    whole: str | None = None
    found = []
    for paragraph in paragraphs:
        spelt = letters(paragraph)
        if there[spelt] > 0:
            there[spelt] -= 1
            continue
        if whole is None:
            whole = "".join(map(letters, elsewhere))
        # Printed twice and kept once is a loss: the second must not hide behind the first.
        if spelt and (spelt in there or spelt not in whole):
            found.append(paragraph)
    return found
