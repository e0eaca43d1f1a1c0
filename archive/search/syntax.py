"""syntax: what a person types, read as a tree of words and a list of filters.

    су тасқыны            both words          "қызыл кітап"   exactly these words in this order
    өрт OR су, өрт | су   either              өрт -орман      without; also NOT орман
    (өрт OR су) ауыл      grouping            мект*           words that begin so
    «қызыл кітап»         the same                title:тасқын    words of the title
    site:aqjolgazet -site:aqjolgazet after:2023-05 before:2023 …   `archive.search.filters`

НЕМЕСЕ and ИЛИ are OR, ЖӘНЕ and И are AND, НЕ is NOT. Words that nearly every article has (`words.toml`) are not
demanded where there are others.

Nothing that can be typed is an SQL error: what cannot be understood is read as words, with a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from archive.errors import ArchiveUsageError, Message
from archive.kazakh.letters import CYRILLIC
from archive.kazakh.words import clean, told, words
from archive.search.filters import EXCLUDED, FILTERS, NO_FILTER, SHORT, Filters, checked
from archive.search.russian import WORDS

MOST_WORDS = 32
"""Words of one query that are searched; the rest is left out, with a note."""
SHORTEST_PREFIX = 3
"""Letters before a star; FTS5 would put together the lists of half of all words for fewer."""
_MOST_CHARACTERS = 4000
_MOST_DEPTH = 20
_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<open>\()|(?P<close>\))|(?P<OR>\|+)|(?P<minus>(?<![^\s(|])[-−](?=[^\s\-)]))"
    r"|(?P<filter>(?:" + "|".join((*FILTERS, *SHORT)) + r'):(?:"[^"]*"?|«[^»]*»?|[^\s()"]*))'
    r'|(?P<title>title:)|"(?P<phrase>[^"]*)(?P<quote>"?)|«(?P<quoted>[^«»]*)»(?![-\w])|(?P<word>«?[^\s()"«|]+|«)',
    re.IGNORECASE,
)
_FIELD_LIKE = re.compile(r"[^\W\d_]{3,}:\S+")
_ABBREVIATION = re.compile(f"(?<!\\w)[{CYRILLIC.upper()}A-Z]{{2,4}}")
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Word:
    """One word; `prefix` stands for all words that begin with it, `title` for one of the title.

    An abbreviation (АШМ) has no forms but those that a suffix at its end makes.
    """

    text: str
    prefix: bool = False
    title: bool = False
    abbreviation: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in this order, in these forms."""

    words: tuple[str, ...]
    title: bool = False


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
    size: int = 0
    """Words that were typed, the common ones too."""


@dataclass(slots=True)
class _Reader:
    """A recursive descent over the tokens; `left` counts the words that may still be taken."""

    tokens: list[tuple[str, str]]
    at: int = 0
    left: int = MOST_WORDS
    depth: int = 0
    notes: list[str] = field(default_factory=list)
    filters: dict[str, list[str]] = field(default_factory=dict)
    in_title: bool = False
    in_excluded: bool = False
    capitals_tell: bool = True

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def either(self) -> Node | None:
        start = self.at
        parts = [self.all()]
        while self.at < len(self.tokens) and self.tokens[self.at][0] == "OR":
            self.at += 1
            parts.append(self.all())
        found = [part for part in parts if part]
        if len(parts) == 1:
            return found[0] if found else None
        inside = self.tokens[start : self.at]
        named = {text.partition(":")[0].lower() for kind, text in inside if kind == "filter"}
        if len(named) > 1 or (named and found):
            self.note(
                Message(
                    "a filter holds for the whole query: OR does not divide filters from words or others"
                )
            )
        elif len(found) < len(parts) and not named:
            self.note(Message("OR needs a word on both sides"))
        if any(isinstance(part, All) and not part.parts for part in found):
            self.note(
                Message("what is excluded inside OR is not excluded: write it outside the brackets")
            )
            found = [part for part in found if not isinstance(part, All) or part.parts]
        return Either(tuple(found)) if len(found) > 1 else found[0] if found else None

    def all(self) -> Node | None:
        parts: list[Node] = []
        without: list[Node] = []
        excluded, in_title = False, self.in_title
        while self.at < len(self.tokens):
            kind, text = self.tokens[self.at]
            if kind == "OR":
                break
            if kind == "close":
                if self.depth:
                    break
                self.note(Message("a closing bracket has no opening one"))
                self.at += 1
                continue
            self.at += 1
            if kind in ("minus", "NOT"):
                excluded = True
                continue
            if kind == "AND":
                continue
            if kind == "title":
                self.in_title = True
                continue
            self.in_excluded ^= excluded
            node = self.item(kind, text)
            self.in_excluded ^= excluded
            if node:
                (without if excluded else parts).append(node)
            excluded, self.in_title = False, in_title
        if excluded or self.in_title != in_title:
            self.note(Message("NOT and title: need a word after them"))
            self.in_title = in_title
        telling = [part for part in parts if not _is_common(part)]
        parts = telling or parts
        if not parts and not without:
            return None
        if len(parts) == 1 and not without:
            return parts[0]
        return All(tuple(parts), tuple(without))

    def item(self, kind: str, text: str) -> Node | None:
        if kind == "open":
            if self.depth >= _MOST_DEPTH:
                self.note(Message("too many brackets"))
                return None
            self.depth += 1
            node = self.either()
            self.depth -= 1
            if self.at < len(self.tokens):
                self.at += 1
            else:
                self.note(Message("a bracket is not closed"))
            if isinstance(node, All) and not node.parts:
                self.note(Message("brackets hold only what is excluded"))
                return None
            return node
        if kind == "filter":
            name, _, value = text.partition(":")
            name = EXCLUDED * self.in_excluded + name.lower()
            self.filters.setdefault(name, []).append(value.strip('"«» '))
            return None
        if kind == "word":
            self.doubts(text)
        found = words(text) if kind == "phrase" else told(text)
        if self.left < len(found):
            self.note(Message("only the first {} words are searched", MOST_WORDS))
        found = found[: self.left]
        self.left -= len(found)
        if not found:
            return None
        # Numbers that are typed as one are meant as one: 15,25 and 2024-2025.
        is_number = all(map(str.isdigit, found))
        if len(found) > 1 and (kind == "phrase" or is_number):
            return Phrase(tuple(found), self.in_title)
        prefix = kind == "word" and text.endswith("*")
        if prefix and len(found[-1]) < SHORTEST_PREFIX:
            self.note(
                Message("a beginning needs {} letters: {} is read as a word", SHORTEST_PREFIX, text)
            )
            prefix = False
        capitals = _ABBREVIATION.search(text) if self.capitals_tell and kind == "word" else None
        is_short = capitals is not None and found == [capitals[0].lower()] and not prefix
        last = Word(found[-1], prefix, self.in_title, is_short)
        if len(found) == 1:
            return last
        return All((*(Word(word, title=self.in_title) for word in found[:-1]), last))

    def doubts(self, text: str) -> None:
        """What in a word might be meant otherwise than it is read."""
        if _ADDRESS.fullmatch(text):
            self.note(Message("the article of an address is found with url:{}", text))
        elif _FIELD_LIKE.fullmatch(text):
            names = ", ".join(("title", *FILTERS))
            self.note(Message(NO_FILTER, text.partition(":")[0], names))
        if "*" in text[:-1].strip("*"):
            self.note(Message("{}: a star stands for the end of a word alone", text))


def parse(text: str, filters: Filters | None = None) -> Query:
    """Read a query, to which `filters` are added.

    Raises `ArchiveUsageError`, in plain words, where it cannot be searched.
    """
    text = (
        clean(_sound(text[:_MOST_CHARACTERS])).replace("“", '"').replace("”", '"').replace("„", '"')
    )
    tells = any(map(str.islower, text)) or len(text.split()) == 1
    reader = _Reader(list(_tokens(text)), capitals_tell=tells)
    for word, kind in _small_operators(reader.tokens):
        reader.note(Message(_SAID[kind], word))
    if text.count('"') % 2:
        reader.note(Message("a quotation mark is not closed"))
    tree = reader.either()
    for name, values in (filters or {}).items():
        reader.filters.setdefault(name, []).extend(map(_sound, values))
    if isinstance(tree, All) and not tree.parts:
        raise ArchiveUsageError(
            Message("{!r} only says what to leave out: add a word that must occur", text)
        )
    if tree is None and not any(any(values) for values in reader.filters.values()):
        raise ArchiveUsageError(
            Message(
                "nothing to search for in {!r}: give at least one word, for example "
                '`newsbot search "су тасқыны"`',
                text,
            )
        )
    return Query(tree, checked(reader.filters), reader.notes, MOST_WORDS - reader.left)


def _sound(text: str) -> str:
    """A text without lone surrogates, which a terminal in another encoding gives and no database takes."""
    return str(text).encode("utf-8", "ignore").decode("utf-8")


def without_filters(text: str) -> str:
    """The words of a query alone, as they were typed; what excludes a filter goes with it."""
    kept: list[str] = []
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "filter":
            kept.append(match[0])
            continue
        while kept and kept[-1].isspace():
            kept.pop()
        if kept and (kept[-1] in ("-", "−") or _OPERATORS.get(kept[-1]) == "NOT"):
            kept.pop()
        kept.append(" ")
    return " ".join("".join(kept).split())


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    # Where all is in capitals, those of «ЖӘНЕ» say nothing.
    operators = _OPERATORS if any(map(str.islower, text)) else _ENGLISH
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        found = match[0]
        if kind in ("quote", "phrase", "quoted"):
            kind, found = "phrase", match["phrase"] or match["quoted"] or ""
        elif kind == "word":
            kind = operators.get(found, kind)
        if kind != "space":
            yield kind, found


_OPERATORS = {word: kind for kind, typed in WORDS["operators"].items() for word in typed.split()}
_ENGLISH = {kind: kind for kind in WORDS["operators"]}
_COMMON = {word for typed in WORDS["common"].values() for word in typed.split()}
_SMALL = {word: kind for kind, typed in WORDS["in_small_letters"].items() for word in typed.split()}
_SAID: dict[str, Message] = {
    "OR": Message(
        "«{}» is read as a word, and all words are looked for: for either of two write OR"
    ),
    "NOT": Message("«{}» excludes nothing: write NOT, or a minus before the word"),
}
_SHORT = 4
"""Words of a query in which «не» could be meant to exclude; in a question it is a word of the language."""


def _is_common(node: Node) -> bool:
    return isinstance(node, Word) and not (node.prefix or node.title) and node.text in _COMMON


def _small_operators(tokens: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Words between two others that would combine them if they were written in capitals."""
    for (before, _), (kind, text), (after, following) in zip(
        tokens, tokens[1:], tokens[2:], strict=False
    ):
        meant = _SMALL.get(text.lower()) if kind == "word" else None
        parts = {"word", "phrase", "open", "close", "title"}
        if not (meant and {before, after} <= parts):
            continue
        # «Құлсарыда не болды?» asks what happened.
        if meant == "OR" or (len(tokens) <= _SHORT and not {*words(following)} & _COMMON):
            yield text, meant
