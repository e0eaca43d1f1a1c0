"""syntax: what a person types, read as a tree of words and a list of filters.

    су тасқыны            both words          "қызыл кітап"   exactly these words in this order
    өрт OR су             either              өрт -орман      without; also NOT орман
    (өрт OR су) ауыл      grouping            мект*           words that begin so
    site:aqjolgazet after:2023-05 before:2023 …   `archive.search.filters`

Nothing that can be typed is an SQL error: what cannot be understood is read as words, with a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from archive.errors import ArchiveUsageError
from archive.kazakh.words import clean, told, words
from archive.search.filters import FILTERS, SHORT, Filters, checked

MOST_WORDS = 32
"""Words of one query that are searched; the rest is left out, with a note."""
SHORTEST_PREFIX = 3
"""Letters before a star; FTS5 would put together the lists of half of all words for fewer."""
_MOST_CHARACTERS = 4000
_MOST_DEPTH = 20
_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<open>\()|(?P<close>\))|(?P<minus>(?<![^\s(])-(?=[^\s\-)]))"
    r"|(?P<filter>(?:" + "|".join((*FILTERS, *SHORT)) + r'):(?:"[^"]*"?|«[^»]*»?|[^\s()"]*))'
    r'|"(?P<phrase>[^"]*)(?P<quote>"?)|(?P<word>[^\s()"]+)',
    re.IGNORECASE,
)
_FIELD_LIKE = re.compile(r"[a-z-]{3,}:\S+")


@dataclass(frozen=True, slots=True)
class Word:
    """One word; `prefix` stands for all words that begin with it."""

    text: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in this order, in these forms."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class All:
    """Every part, and none of `without`."""

    parts: tuple[Node, ...]
    without: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part."""

    parts: tuple[Node, ...]


Node = Word | Phrase | All | Either


@dataclass(slots=True)
class Query:
    """A query understood. `tree` is None where only filters were given."""

    tree: Node | None
    filters: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    """A recursive descent over the tokens; `left` counts the words that may still be taken."""

    tokens: list[tuple[str, str]]
    at: int = 0
    left: int = MOST_WORDS
    depth: int = 0
    notes: list[str] = field(default_factory=list)
    filters: dict[str, list[str]] = field(default_factory=dict)

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def either(self) -> Node | None:
        parts = [self.all()]
        while self.at < len(self.tokens) and self.tokens[self.at] == ("word", "OR"):
            self.at += 1
            parts.append(self.all())
        found = [part for part in parts if part]
        if len(parts) == 1:
            return found[0] if found else None
        if len(found) < len(parts):
            self.note("OR needs a word on both sides")
        if any(isinstance(part, All) and not part.parts for part in found):
            self.note("what is excluded inside OR is not excluded: write it outside the brackets")
            found = [part for part in found if not isinstance(part, All) or part.parts]
        return Either(tuple(found)) if len(found) > 1 else found[0] if found else None

    def all(self) -> Node | None:
        parts: list[Node] = []
        without: list[Node] = []
        excluded = False
        while self.at < len(self.tokens):
            kind, text = self.tokens[self.at]
            if (kind, text) == ("word", "OR"):
                break
            if kind == "close":
                if self.depth:
                    break
                self.note("a closing bracket has no opening one")
                self.at += 1
                continue
            self.at += 1
            if kind == "minus" or (kind, text) == ("word", "NOT"):
                excluded = True
                continue
            if (kind, text) == ("word", "AND"):
                continue
            node = self.item(kind, text)
            if node:
                (without if excluded else parts).append(node)
            excluded = False
        if not parts and not without:
            return None
        if len(parts) == 1 and not without:
            return parts[0]
        return All(tuple(parts), tuple(without))

    def item(self, kind: str, text: str) -> Node | None:
        if kind == "open":
            if self.depth >= _MOST_DEPTH:
                self.note("too many brackets")
                return None
            self.depth += 1
            node = self.either()
            self.depth -= 1
            if self.at < len(self.tokens):
                self.at += 1
            else:
                self.note("a bracket is not closed")
            if isinstance(node, All) and not node.parts:
                self.note("brackets hold only what is excluded")
                return None
            return node
        if kind == "filter":
            name, _, value = text.partition(":")
            self.filters.setdefault(name.lower(), []).append(value.strip('"«» '))
            return None
        if kind == "word" and _FIELD_LIKE.fullmatch(text) and "//" not in text:
            self.note(f"{text.partition(':')[0]}: is no filter (there are {', '.join(FILTERS)})")
        found = words(text) if kind == "phrase" else told(text)
        if self.left < len(found):
            self.note(f"only the first {MOST_WORDS} words are searched")
        found = found[: self.left]
        self.left -= len(found)
        if not found:
            return None
        if kind == "phrase" and len(found) > 1:
            return Phrase(tuple(found))
        prefix = kind == "word" and text.endswith("*")
        if prefix and len(found[-1]) < SHORTEST_PREFIX:
            self.note(f"a beginning needs {SHORTEST_PREFIX} letters: {text} is read as a word")
            prefix = False
        last = Word(found[-1], prefix)
        if len(found) == 1:
            return last
        return All((*(Word(word) for word in found[:-1]), last))


def parse(text: str, filters: Filters | None = None) -> Query:
    """Read a query, to which `filters` are added.

    Raises `ArchiveUsageError`, in plain words, where it cannot be searched.
    """
    # A terminal in another encoding gives lone surrogates; no database takes them.
    text = text[:_MOST_CHARACTERS].encode("utf-8", "ignore").decode("utf-8")
    text = clean(text).replace("“", '"').replace("”", '"').replace("„", '"')
    reader = _Reader(list(_tokens(text)))
    if text.count('"') % 2:
        reader.note("a quotation mark is not closed")
    tree = reader.either()
    for name, values in (filters or {}).items():
        reader.filters.setdefault(name, []).extend(values)
    if isinstance(tree, All) and not tree.parts:
        raise ArchiveUsageError(f"{text!r} only says what to leave out: add a word that must occur")
    if tree is None and not any(any(values) for values in reader.filters.values()):
        raise ArchiveUsageError(
            f"nothing to search for in {text!r}: give at least one word, for example "
            '`newsbot search "су тасқыны"`'
        )
    return Query(tree, checked(reader.filters), reader.notes)


def without_filters(text: str) -> str:
    """The words of a query alone, as they were typed."""
    kept = (match[0] for match in _TOKEN.finditer(text) if match.lastgroup != "filter")
    return " ".join("".join(kept).split())


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind == "quote":
            kind = "phrase"
        if kind != "space":
            yield kind, match["phrase"] if kind == "phrase" else match[0]
