"""Persons: names in what is printed of an article's authors, without labels, roles and newsrooms.

Pure functions on strings; where the strings come from is the business of `authors` and `bylines`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

from newsbot import vocabulary
from newsbot.extraction.fields import letters
from newsbot.vocabulary import either, pattern

MAX_BYLINE = 300
"""Characters of a byline that are looked at; what is longer is no byline."""
_COLONLESS = 90
"""Characters of the longest line whose label has no colon; longer ones are prose."""
_MAX_NAME = 60
"""Characters of the longest name."""
_MAX_WORDS = 5
"""Words of the longest name."""

_LETTER = r"[^\W\d_\u0300-\u036f\u064b-\u0655]"
_INNER = r"(?:[^\W\d_]|[\u0300-\u036f\u064b-\u0655'’ʼ`´-])"
# «Айгүл», «А.», «А.Қ.», «А.Серікұлы», «Жан-Пол»; a name's words are parted by white space.
_NAME_WORD = re.compile(rf"(?:{_LETTER}{{1,2}}\.-?)*(?:{_LETTER}{_INNER}*\.?)?")
_PIECE = re.compile(rf"{_LETTER}{_INNER}*\.?")

_ADDRESS = re.compile(
    r"(?:https?:)?//\S+|\bwww\.\S+|\S+@\S+|^\S+\.[a-z]{2,}(?:[/?#]\S*)?$", re.IGNORECASE
)
_PICTURE = rf"{either('authors', 'pictures')}[^\W\d_]*(?:\s+{either('authors', 'picture_words')})*"
_LABEL = re.compile(
    rf"(?<![^\W_])(?:{either('authors', 'labels_with_colon')}(?=\s*:)"
    rf"|(?:{either('authors', 'works')}\s+)?{either('authors', 'labels')}"
    rf"|(?P<other>{_PICTURE}|{either('authors', 'others')}"
    rf"|{either('authors', 'others_with_colon')}(?=\s*:)))(?![^\W_])"
    r"(?P<mark>\s*:+\s*|\s+[–—-]\s+|\s+|$)",
    re.IGNORECASE,
)
# Before a label without a colon: «14.05.2024 от», «Posted on May 14 by», «Қоғам | By».
_MAY_PRECEDE = re.compile(r"(?:\S+\s+){0,4}\S*(?:\d[\S]*|[|•·/,–—-])\s*(?:\w+\s+)?")
_SPLIT = re.compile(
    rf"\s*[,،;|•·&/+\n]\s*|\s+{either('authors', 'and')}\s+(?=[A-ZА-ЯЁӘҒҚҢӨҰҮҺІ\u0620-\u06ff])"
)
_UNKNOWN_LABEL = re.compile(r"^[^:]{1,25}:\s+")
_GLUE = re.compile(r"[a-zà-ÿа-яёәғқңөұүһі]{3}([A-ZÀ-ÞА-ЯЁӘҒҚҢӨҰҮҺІ][a-zà-ÿа-яёәғқңөұүһі]{2})")
_ARABIC = re.compile(r"[\u0620-\u06ff]")
# Icons and brackets around a byline; what stands under a © is a picture's.
_SYMBOLS = re.compile(r"^[^\w«\"“„©.]+|[)\]]+$")
_ASIDE = re.compile(r"\s*[(\[].*", re.DOTALL)
_ROLE = pattern("authors", "roles", within=r"^{}(?=[\s,:–—-]|$)[\s,:–—-]*|[\s,:–—-]+{}$")
_PARTICLES = frozenset(vocabulary.entries("authors", "particles"))
_SMALL_WORDS = _PARTICLES.union(
    vocabulary.entries("authors", "patronymics"),
    vocabulary.entries("authors", "patronymics_spelt_otherwise"),
)
_KNOWN = re.compile(
    rf"{_LETTER}{{1,2}}\.|{_INNER}{{2,}}{either('authors', 'name_endings')}\.?|{either('authors', 'first_names')}",
    re.IGNORECASE,
)
_NEWSROOM = pattern("authors", "newsrooms")
_NO_PERSON = pattern("authors", "no_person")
_NO_NAME = pattern("authors", "no_name")
_MARKS = " \t,-–—•|:;*"
_DAY = re.compile(r"\d{1,2}[.,]?$")


def people(values: Iterable[str]) -> list[str]:
    """Names of persons, in order and once each: no «Автор:», no role, no newsroom, no agency.

    Where a string holds full names, a lone word beside them is none. «Редакция», with which
    newsrooms sign, is given where no person is.
    """
    found: dict[str, str] = {}
    for value in values:
        names = _names(value[:MAX_BYLINE])
        full = [name for name in names if is_full_name(name)]
        for name in full or names:
            found.setdefault(letters(name), name)
    signed = [name for name in found.values() if not is_newsroom(name)]
    return signed or list(found.values())


def stated(line: str) -> list[str]:
    """Names after a label in a line: «12.05.2024 | Автор: Айгүл Серікқызы | Фото: …»."""
    if len(line) > MAX_BYLINE or (":" not in line and len(line) > _COLONLESS):
        return []
    return people(_labelled(line) or [])


def is_label(line: str) -> bool:
    """Whether a line says nothing but that an author's name follows it: «Автор:», «Author»."""
    found = _LABEL.fullmatch(f"{line.rstrip(' :')}:") if len(line) <= _MAX_NAME else None
    return found is not None and not found["other"]


def is_full_name(text: str) -> bool:
    """Whether a text has the form of a full name: capitalised words, one of which may be initials."""
    words = text.split()
    if not words or len(words) > _MAX_WORDS or len(text) > _MAX_NAME:
        return False
    if not all(map(_is_name_word, words)) or words[0].casefold() in _SMALL_WORDS:
        return False
    if words[-1].casefold() in _PARTICLES:
        return False
    pieces = _PIECE.findall(text)
    return len(pieces) > 1 and any(len(piece.rstrip(".")) > 1 for piece in pieces)


def looks_like_name(text: str) -> bool:
    """Whether a short line without a label can be the name of a person, and no heading."""
    bare = _without_role(text)
    return (
        is_full_name(bare)
        and (bare[0].isupper() or _ARABIC.match(bare) is not None)
        and not _NO_PERSON.search(bare)
        and not any(map(_glue, bare.split()))
        and not any(map(_NO_NAME.fullmatch, bare.split()))
    )


def is_surely_name(text: str) -> bool:
    """Whether one word of what looks like a name is known from names: «…ұлы», «…ова», «А.», «Ерлан»."""
    return looks_like_name(text) and any(map(_KNOWN.fullmatch, _PIECE.findall(text)))


def is_newsroom(name: str) -> bool:
    """Whether a signature is a newsroom's: «Редакция»."""
    return _NEWSROOM.fullmatch(name) is not None


def is_byline(text: str, known: Collection[str]) -> bool:
    """Whether a line holds nothing but the names of persons known by their letters, and what they are."""
    whole = letters(text)
    if not any(name in whole for name in known):
        return False
    labelled = _labelled(text)
    parts = [p for part in labelled or [text] for p in _SPLIT.split(part)]
    bare = [_without_role(part.strip(_MARKS + ".")) for part in parts]
    spelt = [letters(part) for part in bare]
    return any(name in known for name in spelt) and all(
        not name or name in known or _NO_PERSON.search(part)
        for name, part in zip(spelt, bare, strict=True)
    )


def _without_role(text: str) -> str:
    """«Меншікті тілші Айгүл Серікқызы», «Айгүл Серікқызы, журналист» → Айгүл Серікқызы."""
    return _ROLE.sub("", _ROLE.sub("", text)).strip(_MARKS)


def _is_name_word(word: str) -> bool:
    if not word or not _NAME_WORD.fullmatch(word):
        return False
    return not word.islower() or word.casefold() in _SMALL_WORDS


@lru_cache(maxsize=1024)  # one page asks for the same few bylines again and again
def _names(value: str) -> tuple[str, ...]:
    """Names in a byline, one by one."""
    value = _once(_SYMBOLS.sub("", _ADDRESS.sub(" ", value)).strip())
    labelled = _labelled(value)
    parts = [_UNKNOWN_LABEL.sub("", value)] if labelled is None else labelled
    pieces = (piece for part in parts for piece in _SPLIT.split(_ASIDE.sub("", part)))
    return tuple(filter(None, map(_name, pieces)))


def _labelled(line: str) -> list[str] | None:
    """What follows the labels of authors in a line; None where nothing has a label.

    A label without a colon counts at the beginning of the line, or after a date or a mark before a
    full name; anywhere else it may be prose: «романның авторы Мұхтар Әуезов».
    """
    labels = [found for found in _LABEL.finditer(line) if _counts(found)]
    if not labels:
        return None
    ends = [*(found.start() for found in labels[1:]), len(line)]
    named = (
        re.split(r"[|•·\n]", line[found.end() : end], maxsplit=1)[0]
        for found, end in zip(labels, ends, strict=True)
        if not found["other"]
    )
    return [part for part in named if not part.islower()]  # «Автор туралы»: the heading of a box


def _counts(label: re.Match[str]) -> bool:
    """Whether a label introduces somebody, by its colon or its place in the line."""
    line, start = label.string, label.start()
    if ":" in label["mark"] or not start:
        return True
    place = label["other"] or (start <= _COLONLESS and _MAY_PRECEDE.fullmatch(line[:start]))
    return bool(place and _name_at_start(line[label.end() :], 2))


def _name(part: str) -> str | None:
    """The name with which a piece of a byline begins; None where it is no person's."""
    part = _once(part.lstrip(_MARKS + ".").rstrip(_MARKS))
    if is_newsroom(part):
        return part
    bare = _without_role(part)
    name = _name_at_start(bare, 1 if len(bare.split()) == 1 else 2)
    if not name or len(name) < 3 or len(name) > _MAX_NAME or _NO_PERSON.search(name):
        return None
    last = name.split()[-1]
    return name if len(last) <= 3 else name.rstrip(".")


def _name_at_start(text: str, least: int) -> str:
    """The words of a name at the beginning of a text, at least so many; empty where it has none."""
    words = text.split()[: _MAX_WORDS + 1]
    run: list[str] = []
    for word in words:
        bare = word.rstrip(",;")
        if not _is_name_word(bare) and not (least == 1 == len(words) and bare.isalnum()):
            if len(run) > 2 and (_DAY.match(word) or len(run[-1]) == 1):
                run.pop()  # «Айгүл Серікқызы Мамыр 12», «Мария Иванова В рубрике»
            break
        if len(run) > 1 and _NO_NAME.fullmatch(bare):
            break
        glue = _glue(bare)
        run.append(bare[:glue] if glue else bare)
        if glue or bare != word:
            break
    name = " ".join(run)
    if len(run) > _MAX_WORDS or (least > 1 and not is_full_name(name)):
        return ""
    return name


def _glue(word: str) -> int:
    """Where mark-up glued a next word to a word: «СерікқызыШолушы»; 0 where it did not."""
    found = _GLUE.search(word) if not word.isupper() else None
    return found.start(1) if found else 0


def _once(text: str) -> str:
    """A text that mark-up doubled, once: «Айгүл СерікқызыАйгүл Серікқызы»."""
    half, odd = divmod(len(text), 2)
    first, second = text[:half], text[half + odd :]
    whole = first.strip() == second.strip() and (not odd or text[half].isspace())
    return first.strip() if whole and " " in first.strip() else text
