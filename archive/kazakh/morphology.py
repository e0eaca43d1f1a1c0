"""morphology: every way to read a Kazakh word as a stem and suffixes, after suffixes.toml.

Suffixes are taken off from the right; each must fit the letter and the vowel before it, and stand
after one that it may follow. Which reading is the likely one, `archive.kazakh.stems` decides.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from archive.kazakh.letters import AS_TYPED, CYRILLIC, SPECIFIC

NOUN, VERB = "noun", "verb"
OWNED = "poss3"
"""The slot that stems which end in a possessive of their own fill already (отбасы, дүниежүзі)."""
CASES = tuple("genitive accusative dative locative ablative instrumental".split())
NOUN_SLOTS = (
    *CASES, *"relative plural poss1 poss2 poss2f poss1p poss3 attributive similar equative abessive predicate".split()
)  # fmt: skip
"""Slots that suffixes of nouns fill."""
LOOSE = "loose"
"""Pseudo-slot: a suffix whose vowel does not agree with the stem's, as after loans (банктер)."""
_BACK, _FRONT, _NEUTRAL = "аоұыяё", "әеөүіэ", "уиюё"
_VOWELS = frozenset(_BACK + _FRONT + _NEUTRAL)
_HARMONY = {"A": "ае", "I": "ыі", "Q": "қк"}
_FRONTED = {"ғ": "г", "қ": "к"}
_VOICELESS = {"б": "п", "г": "к", "ғ": "қ"}
DERIVING = frozenset({"passive", "reciprocal", "causative", "ordinal", "agent", "relative"})
"""Slots that make what dictionaries list as a word of its own."""
_DOUBLED = frozenset("лмнпсткфрбг")
_SOFTENED = frozenset("лнртд")
_CHANGED = _DOUBLED | _SOFTENED | frozenset("із")
_NATIVE = frozenset(SPECIFIC)
"""Letters that no loan from Russian has."""
_CLUSTER = re.compile("(?:[кпфнрс]т|[нрлс]к|[кпнрм]с|нг|м[пф]|рд|рф|нд)$")
"""Ends of loans after which suffixes may stand with an і between (фактілер)."""
_HARD = re.compile("[бвгдкмп]л$")
"""Ends that loans have before a suffix where ь is dropped, beside those behind a vowel: кремлі, рублі."""
_MIN_STEM = 2
_MOST = 7
"""Suffixes taken off one word at most."""


class WordReading(NamedTuple):
    """One way to read a word. `slots` are in the order of the word: ("plural", "genitive")."""

    stem: str
    kind: str
    """`noun` (any word that is inflected like one) or `verb`."""
    slots: tuple[str, ...]
    derived: str = ""
    """The word up to its last derivation (жазыл for жазылды, екінші for екіншісі); else empty."""


@dataclass(frozen=True, slots=True)
class _Ending:
    """One spelling of one suffix, and what must stand before it."""

    slot: str
    after: frozenset[str]
    last: str
    """Letters of which the stem must end in one."""
    front: bool | None
    """Vowels it agrees with; None for any."""
    restored: str
    """Letter that the spelling swallowed: -я after й, -и for ы + й, -у for ы + у."""
    voicing: bool
    """Begins with a vowel, before which п к қ of a stem are written б г ғ."""


def _sets(after: list[str], names: Mapping[str, list[str]]) -> frozenset[str]:
    slots: set[str] = set()
    for name in after:
        slots |= _sets(names[name], names) if name in names else {name}
    return frozenset(slots)


def _spellings(
    form: str, letters: Mapping[str, str], first: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, str, bool | None]]:
    """Spelling, letters it stands after, front or back vowels, for one form of suffixes.toml."""
    for kind, last in letters.items():
        text = re.sub(r"\((.)\)", "" if kind == "vowel" else r"\1", form)
        text = re.sub(r"\{(.)\}", r"\1" if kind == "vowel" else "", text)
        starts = first.get(text[0], {}).get(kind, text[0])
        for start in starts:
            back, fronted = start + text[1:], _FRONTED.get(start, start) + text[1:]
            for capital, pair in _HARMONY.items():
                back, fronted = back.replace(capital, pair[0]), fronted.replace(capital, pair[1])
            if back == fronted:
                yield back, last, None
            else:
                yield back, last, False
                yield fronted, last, True


def _fusions(spelled: str, last: str, front: bool | None) -> Iterator[tuple[str, str, str]]:
    """Spelling, letters it stands after, letter swallowed: й + а = я, й + у = ю, ы + й = и."""
    yield spelled, last, ""
    start, rest = spelled[0], spelled[1:]
    fused = {"а": "я", "у": "ю"}.get(start)
    if fused and "й" in last:
        yield fused + rest, "й", "й"
        yield fused + rest, "и", ""
    for vowel in ("ыі" if front is None else "ыі"[front]) if start in "уй" else "":
        # The vowel that ends the stem: оқы + у = оқу, таны + йды = таниды.
        if vowel in last:
            yield ("и" if start == "й" else "у") + rest, vowel, vowel


def _load() -> dict[str, list[_Ending]]:
    data: dict[str, Any] = tomllib.loads(
        files("archive.kazakh").joinpath("suffixes.toml").read_text("utf-8")
    )
    endings: dict[str, dict[_Ending, None]] = {}
    for suffix in data["suffix"]:
        after = _sets(suffix["after"], data["after"])
        for form in suffix["forms"]:
            for spelled, last, front in _spellings(
                form, suffix.get("letters", data["letters"]), data["first"]
            ):
                for written, letters, restored in _fusions(spelled, last, front):
                    voicing = written[0] in _VOWELS
                    if restored and voicing and restored != "й":
                        voicing = False
                    ending = _Ending(suffix["slot"], after, letters, front, restored, voicing)
                    endings.setdefault(written, {})[ending] = None
    return {written: list(found) for written, found in endings.items()}


_ENDINGS = _load()
_TAILS = frozenset(written[i:] for written in _ENDINGS for i in range(len(written)))
"""What the end of an ending can be: where a word ends otherwise, there is nothing to take off."""
_LETTERS = CYRILLIC.replace("ь", "").replace("ъ", "")
_AFTER: dict[str, dict[str, list[_Ending]]] = {
    written: {
        letter: [e for e in found if e.restored or (letter and letter in e.last)]
        for letter in ("", *_LETTERS)
    }
    for written, found in _ENDINGS.items()
}
"""Ending → letter before it → what it can be; the empty letter is for those of other alphabets."""


_Way = tuple[str, bool | None]
"""Letters of which a stem must end in one (none where the suffix swallowed it), and its vowels."""
_TYPED: dict[str, dict[tuple[str, frozenset[str]], list[_Way]]] = {}
"""Endings as a Russian keyboard types them → slot and what it follows → what must stand before."""
for _written, _found in _ENDINGS.items():
    for _ending in _found:
        _ways = _TYPED.setdefault(_written.translate(AS_TYPED), {})
        _way = ("" if _ending.restored else _ending.last, _ending.front)
        _ways.setdefault((_ending.slot, _ending.after), []).append(_way)


_TYPED_TAILS = frozenset(written[i:] for written in _TYPED for i in range(len(written)))


class Tail(NamedTuple):
    """What the end of a word typed with Russian letters can be."""

    kind: str
    """Of the stem before it."""
    slots: tuple[str, ...]
    ways: tuple[_Way, ...]

    def fits(self, stem: str) -> bool:
        """Whether it can stand after this spelling of a stem."""
        last, is_fronted = _last(stem), is_front(stem)
        return not self.slots or any(
            not letters
            or (last in letters and (front is None or is_fronted is None or front == is_fronted))
            for letters, front in self.ways
        )


@lru_cache(1 << 14)
def typed_tails(text: str) -> tuple[Tail, ...]:
    """Every chain of suffixes that a text in the letters of `AS_TYPED` can be."""
    if not text:
        return Tail(NOUN, (), ()), Tail(VERB, (), ())
    found: dict[Tail, None] = {}
    _read_tail(text, (), None, found)
    return tuple(found)


def _read_tail(
    text: str, slots: tuple[str, ...], allowed: frozenset[str] | None, found: dict[Tail, None]
) -> None:
    for length in range(1, len(text) + 1):
        tail = text[-length:]
        if tail not in _TYPED_TAILS:
            return
        for (slot, after), ways in _TYPED.get(tail, {}).items():
            if allowed is not None and slot not in allowed:
                continue
            chain = (slot, *slots)
            if length == len(text):
                kinds = after & {NOUN, VERB}
                found |= {Tail(kind, chain, tuple(ways)): None for kind in sorted(kinds)}
            elif len(chain) < _MOST:
                _read_tail(text[:-length], chain, after, found)


def endings(*slots: str) -> frozenset[str]:
    """Every spelling of every suffix, or of those of these slots."""
    return frozenset(
        spelt
        for spelt, found in _ENDINGS.items()
        if not slots or any(ending.slot in slots for ending in found)
    )


@cache
def case_endings() -> tuple[str, ...]:
    """What may stand at the end of an abbreviation, which is spoken nobody knows how: АШМның, АШМдағы, АШМ."""
    cases = {text for text in endings(*CASES) if len(text) > 1}
    here = {place + end for place in endings("locative") for end in endings("relative")}
    return ("", *sorted(cases | {text for text in here if text[-3:] in ("ағы", "егі")}))


@cache
def plural_endings() -> tuple[str, ...]:
    """The same of several of them: АШМлар, АШМлардың, АШМлары, АШМларының."""
    found = []
    for plural in endings("plural"):
        front = "е" in plural
        own = plural + ("і" if front else "ы")
        found += [plural, own]
        found += [plural + case for case in _cases_after("plural", "р", front)]
        found += [own + case for case in _cases_after(OWNED, own[-1], front)]
    return tuple(sorted(found))


def _cases_after(slot: str, letter: str, front: bool) -> list[str]:
    return [
        text
        for text, found in _ENDINGS.items()
        for e in found
        if e.slot in CASES and slot in e.after and letter in e.last and e.front in (None, front)
    ]


def is_front(text: str) -> bool | None:
    """Whether the last vowel that tells is a front one; None where none tells.

    и takes suffixes of both kinds (тарихы, кредиті), so does у of a closed syllable after a front
    vowel (келуші, ресурсы).
    """
    last = ""
    for at in range(len(text) - 1, -1, -1):
        letter = text[at]
        if letter in _FRONT:
            return None if last == "у" else True
        if letter in _BACK and letter != "ё":
            return False
        if letter in _NEUTRAL and not last:
            if letter == "и":
                return None
            last = letter if at < len(text) - 1 else "-"
    return None


def _last(text: str) -> str:
    letter = text[-1]
    return text[-2] if letter in "ьъ" and len(text) > 1 else letter


def written(stem: str) -> list[str]:
    """How a loan may be spelt before a suffix, where that is not the word itself.

    >>> written("класс"), written("журналист"), written("модель"), written("факт")
    (['клас'], ['журналис', 'журналисті'], ['модел'], ['факті'])
    """
    found = []
    if stem[-1] in _DOUBLED and stem[-2:-1] == stem[-1]:
        found.append(stem[:-1])
    elif stem.endswith(("ст", "зд", "сть")):
        found.append(stem.rstrip("ь")[:-1])
    if stem[-1] == "ь":
        found.append(stem[:-1])
    elif _CLUSTER.search(stem):
        found.append(stem + "і")
    return found


def _wholes(left: str, before_vowel: bool) -> Iterator[str]:
    """The words that may be spelt so before a suffix: what `written` says, the other way round."""
    last = left[-1]
    if last == "і":
        if _CLUSTER.search(left, 0, len(left) - 1):
            yield left[:-1]
    elif last in _DOUBLED and left[-2] in _VOWELS:
        yield left + last
        if last == "с":
            yield left + "т"
    elif last == "з" and left[-2] in _VOWELS:
        yield left + "д"
    if before_vowel and last in _SOFTENED and (left[-2] in _VOWELS or _HARD.search(left)):
        yield left + "ь"


def readings(word: str, syncope: Mapping[str, str]) -> list[WordReading]:
    """All readings of a lower-case Cyrillic word, itself as a bare stem first.

    `syncope` maps stems as they are written before a vowel to what they are without it
    (орн → орын), and those that end in a possessive to themselves (отбасы). A reading is possible by the rules; its stem need not exist.
    """
    found: dict[WordReading, None] = {
        WordReading(word, NOUN, ()): None,
        WordReading(word, VERB, ()): None,
    }
    _strip(word, (), None, False, "", syncope, found)
    return list(found)


def _strip(
    text: str,
    slots: tuple[str, ...],
    allowed: frozenset[str] | None,
    loose: bool,
    derived: str,
    syncope: Mapping[str, str],
    found: dict[WordReading, None],
) -> None:
    for length in range(1, len(text)):
        tail, trunk = text[-length:], text[:-length]
        if tail not in _TAILS:
            return
        after = _AFTER.get(tail)
        if not after:
            continue
        possible = after.get(_last(trunk)) or after[""]
        if not possible:
            continue
        trunk_front = is_front(trunk)
        loan = len(trunk) > 2 and trunk[-1] in _CHANGED and _NATIVE.isdisjoint(trunk[:-1])
        for ending in possible:
            if allowed is not None and ending.slot not in allowed:
                continue
            left = trunk + ending.restored
            if len(left) < _MIN_STEM:
                continue
            front = is_front(left) if ending.restored else trunk_front
            mismatch = ending.front is not None and front is not None and front != ending.front
            if mismatch and loose:
                continue
            inner = (ending.slot, *slots)
            own = derived or (text if ending.slot in DERIVING else "")
            lefts = [left]
            if ending.voicing and left[-1] in _VOICELESS:
                lefts.append(left[:-1] + _VOICELESS[left[-1]])
            if ending.slot == "converb" and left[-1] == "у" and len(left) < 5:
                lefts.append(left[:-1] + "п")  # тап + ып = тауып
            if OWNED in ending.after and syncope.get(left) == left:
                found[WordReading(left, NOUN, inner, own)] = None  # отбасы + нда
            if loan and NOUN in ending.after:
                lefts += _wholes(trunk, ending.voicing)
            for stem in lefts:
                off = mismatch and not (ending.front and stem[-1] == "ь")
                chain = (LOOSE, *inner) if off or loose else inner
                if NOUN in ending.after:
                    found[WordReading(stem, NOUN, chain, own)] = None
                    if ending.voicing and stem in syncope:
                        found[WordReading(syncope[stem], NOUN, chain, own)] = None
                if VERB in ending.after:
                    found[WordReading(stem, VERB, chain, own)] = None
                if ending.after - {NOUN, VERB} and len(slots) < _MOST:
                    _strip(stem, inner, ending.after, off or loose, own, syncope, found)
