"""stems: the dictionary form of a Kazakh word in any of its forms: мектептерімізде → мектеп.

Every reading of `archive.kazakh.morphology` is weighed: how common its stem is, in KazNERD's word
counts (stems.tsv) and in the archive itself; how often its suffixes follow one another
(transitions.tsv). An unknown stem costs by its length, so that a word is not cut down to
letters that mean nothing. The same word and evidence always give the same stems.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from math import exp, log

from archive.kazakh.letters import AS_TYPED, SPECIFIC
from archive.kazakh.morphology import LOOSE, NOUN, VERB, WordReading, readings, typed_tails, written

Evidence = Callable[[str], float]
"""How strongly a word speaks for a stem: 0 where it is unknown, about 1 for a word met once."""

_LONGEST = 60
"""Letters; a longer word is not analysed."""
LETTER = 2.2
"""Cost of a letter of an unknown stem, in nats: about the entropy of a letter."""
UNKNOWN = 20.0
"""Weight of all unknown stems together (the concentration of a Dirichlet process)."""
_CLOSED = 30.0
"""Weight of a pronoun or particle, where spellings are compared."""
LOOSE_COST = 4.0
LOAN_LOOSE_COST = 1.0
"""The same where the stem looks like a loan: its last vowel does not tell (банкі, митингтер)."""
NEW_VERB = 12.0
NEW_DENOMINAL = 4.0
COMPOUND = 0.003
"""How often an unknown stem is a known one with something before it (полиметалл, шиномонтаж)."""
SHORT = 2.0
INFLECTED = 6.0
DISTRUST = 0.02
"""What is left of the weight of a stem that looks inflected itself."""
RETYPED = 4.0
"""Cost of taking a word for one whose Kazakh letters were typed as Russian ones, and 1 for each."""
_MEANT = 3.0
"""The same for a word of a query that the archive does not have: such slips are commoner there."""
_COMMON = 3.0
"""Weight of a stem from which a word that is a form of it is no such slip."""
_TRUSTED = 1.0
"""Weight of a stem that such a word may be a form of."""
_LONG = 5
"""Letters of a word listed in closed.toml that may be typed with Russian ones; shorter ones look like others."""
_TYPED_SUFFIX = re.compile("[гкниы]")
"""Letters that may stand for Kazakh ones in suffixes."""
VOICED = {"п": "б", "к": "г", "қ": "ғ"}
_HOPELESS = 12.0
"""Nats by which a reading may be less likely than the likeliest before it is not looked at."""
_ALTERNATIVE = 0.25
"""Share of the likeliest reading that another one needs to be indexed too."""
_GUESS = 0.05
"""The same where newsbot does not know the likeliest stem: the others are nearly as good then."""
_ASKED = 0.2
"""Share that another reading of such a word needs to be looked for, too."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """One stem of a word, how likely it is (0 to 1), and the reading behind it."""

    stem: str
    share: float
    reading: WordReading
    asked: bool = True
    """Whether a query for the word looks for this stem; else only the index has the word under it.

    Of a word that is known, only the likeliest: the index has the others' words under it as well.
    """


@dataclass(frozen=True, slots=True)
class _Tables:
    nouns: dict[str, float]
    verbs: dict[str, float]
    noun_total: float
    transitions: dict[str, dict[str, float]]
    closed: dict[str, str]
    also: dict[str, str]
    whole: frozenset[str]
    syncope: dict[str, str]
    own: frozenset[str]


def _lines(name: str) -> Iterator[list[str]]:
    text = files("archive.kazakh").joinpath(name).read_text("utf-8")
    return (line.split("\t") for line in text.splitlines() if not line.startswith("#"))


def spellings(closed_file: dict[str, str]) -> dict[str, str]:
    """Stems as they stand before suffixes → the stems of closed.toml."""
    dropped = {word[:-2] + word[-1]: word for word in closed_file["syncope"].split()}
    return dropped | {word: word for word in closed_file["owned"].split()}


@cache
def _tables() -> _Tables:
    closed_file = tomllib.loads(files("archive.kazakh").joinpath("closed.toml").read_text("utf-8"))
    whole = frozenset(word for words in closed_file["whole"].values() for word in words.split())
    closed = {word: word for word in whole}
    for line in closed_file["paradigms"].strip().splitlines():
        stem, _, forms = line.partition(":")
        closed |= dict.fromkeys([stem, *forms.split()], stem)
    also: dict[str, str] = {}
    for line in closed_file["also"].strip().splitlines():
        stem, _, forms = line.partition(":")
        also |= dict.fromkeys(forms.split(), stem)
    closed |= {word: word for word in also}
    nouns: dict[str, float] = {}
    verbs: dict[str, float] = {}
    for stem, kind, weight in _lines("stems.tsv"):
        (nouns if kind == "n" else verbs)[stem] = float(weight)
    transitions: dict[str, dict[str, float]] = {}
    for before, after, weight in _lines("transitions.tsv"):
        transitions.setdefault(before, {})[after] = float(weight)
    for following in transitions.values():
        total = sum(following.values()) + 2
        for slot in following:
            following[slot] = log((following[slot] + 0.05) / total)
        following[""] = log(0.05 / total)
    return _Tables(
        nouns,
        verbs,
        sum(nouns.values()) + UNKNOWN,
        transitions,
        closed,
        also,
        whole,
        spellings(closed_file),
        frozenset(closed_file["verbs"].split()),
    )


# What only an inflected word ends in; a stem that does is hardly one.
_PLURAL = "(?:(?<=[аәеоөұүыіэяйури])л|(?<=[лмнңзж])д|(?<=[пфкқтсшщчцхбвгд])т)[ае]р"
_LOOKS_INFLECTED = re.compile(
    rf"..(?:{_PLURAL}(?:[ыі]н?[аеыі]?|[ыі]м[ыі]з)?|.[ыі]н(?:[ыі]ң|д[ае]|[ае]н?)|.[ндт][ыі]ң"
    "|[ае]ды|еді|йд[ыі]|[ғгқк][ае]н[ыі]|[аеий]т[ыі]н|[мп][ае]й|.нш[ыі]с?|[ыі][лн][ғг][ае]н|[ыі]п"
    "|.(?:[ғгқк][ае]н|[дт][ае][ғг][ыі]|м[ае]д[ыі]|м[ыі]з|[ғг][ыі]|[лдт][ыі][ғг][ыі])|..с[ыі])$"
    "|.[аеиоөуыіұү][ғг][ыі]н?$|(?:ғ|[іеөүәи]г|[аеиыіөүұ]б|[^аоу]рг)$"
)
_VOWELS = "аәеёиоөуұүыіэюя"
_ODD_CODA = re.compile(
    f".[^{_VOWELS}](?<!рт|лт|нт|йт|рқ|лқ|нқ|рк|лк|йк|ст|кт|нд|рп|рс|кс|нс|пс|фт|рм|рн|лм|рг|нг|рф|тр|др"
    "|кр|пр|бр|кл|тл|зм|лл|сс|тт|йн|йм|мн|гн|ск|рл|лп|йл|мп|рв|рб|рд|лд|сь|ль|рь|нь|ть|йс|рш|нш|рж|хт"
    "|нц|вр|гр|шт|зд|йд|рх|рз|лз|лс|нк|ь.|пт|йп|мф|см|мб|мп|йф|йз|пф|фр|рш|нж|мс|хм|тм)$"
)
_LOAN = re.compile(f"[фвцщэёъьч]|[бвгдх]$|[^{_VOWELS}йу]{{2}}$|[аоя].*[еэ]|[еэ].*[аоя]")
DERIVED_NOUN = re.compile(
    "([лдт][ыі][қк]|[лдт][ыі]|с[ыі]з|ш[ыі]л?([лдт][ыі][қк])?|[лдт][ае]с|хана|стан|[гк]ер|уш[ыі]|паз|қор|л[ае]у|ш[ае]"
    "|бек|бай|хан|жан|ғали|қали|гүл|құл|тай|мұрат|мырза|сұлтан)$"
)
DENOMINAL = re.compile("[лдт][ае](н|с|т|л|нд[ыі]р|ст[ыі]р)?$")


@lru_cache(1 << 10)
def looks_odd(stem: str) -> bool:
    """Whether a stem ends as inflected words do, or in letters that Kazakh does not end in."""
    if stem in _tables().whole:
        return False
    odd_coda = len(stem) > 2 and stem[-2] not in _VOWELS and _ODD_CODA.search(stem)
    return bool(odd_coda or _LOOKS_INFLECTED.search(stem))


@lru_cache(1 << 16)
def _unknown(stem: str, kind: str) -> float:
    """Probability of a stem that no list has, by its letters and what it could be derived from."""
    t = _tables()
    is_odd = looks_odd(stem)
    cost = (
        LETTER * letters_told(stem)
        + (SHORT if len(stem) == 2 else 0)
        + (INFLECTED if is_odd else 0)
    )
    if kind == NOUN:
        ending, share, start = DERIVED_NOUN.search(stem), 0.1, 3
    else:
        ending, share, start = DENOMINAL.search(stem), 0.005, 2
        cost += NEW_DENOMINAL if ending and len(stem) > 3 else NEW_VERB
    chance = exp(-cost)
    if ending and ending.start() >= start:
        chance += share * t.nouns.get(stem[: ending.start()], 0) / t.noun_total
    if kind == NOUN and not is_odd:
        tails = (t.nouns.get(stem[start:], 0) for start in range(3, len(stem) - 4))
        chance += COMPOUND * max(tails, default=0) / t.noun_total
    return chance


def letters_told(stem: str) -> float:
    """How many letters of an unknown stem are news: -ист and ь are hardly any."""
    return len(stem) - 1.5 * stem.endswith("ист") - stem.endswith("ь")


def _score(reading: WordReading, evidence: Evidence | None) -> float:
    """Log-likelihood of a reading, up to a constant."""
    t = _tables()
    noun = reading.kind == NOUN
    weight = (t.nouns if noun else t.verbs).get(reading.stem, 0.0)
    if not weight:
        if evidence and noun:
            weight = evidence(reading.stem)
            weight *= DISTRUST if weight and looks_odd(reading.stem) else 1
        weight += UNKNOWN * _unknown(reading.stem, reading.kind)
    score = log(weight) + _chain(reading.kind, reading.slots)
    if reading.slots and reading.slots[0] == LOOSE:
        score += LOOSE_COST - loose_cost(reading.stem)
    return score


def loose_cost(stem: str) -> float:
    """What a suffix costs whose vowel does not agree with the stem's, in nats."""
    return LOAN_LOOSE_COST if _LOAN.search(stem) else LOOSE_COST


@lru_cache(1 << 14)
def _chain(kind: str, slots: tuple[str, ...]) -> float:
    """Log-likelihood of suffixes after a stem of this kind."""
    transitions = _tables().transitions
    score, before = 0.0, kind
    for slot in (*slots, "end"):
        if slot == LOOSE:
            score -= LOOSE_COST
            continue
        following = transitions.get(before)
        score += following.get(slot, following[""]) if following else -3.0
        before = slot
    return score


@cache
def _typed_stems() -> dict[str, list[tuple[str, str, str, float]]]:
    """Known stems as a Russian keyboard types them → spelling, stem, kind, log of the weight.

    Spellings are those before suffixes, too: мектеб, класс and клас, қо of қояды.
    """
    t = _tables()
    found: dict[str, list[tuple[str, str, str, float]]] = {}
    dropped = {stem: spelling for spelling, stem in t.syncope.items()}
    for kind, stems_of_kind in ((NOUN, t.nouns), (VERB, t.verbs)):
        for stem, weight in stems_of_kind.items():
            if weight < _TRUSTED or len(stem) < 2:
                continue
            spellings_of = {stem, dropped.get(stem, stem), *written(stem)}
            if stem[-1] in VOICED:
                spellings_of.add(stem[:-1] + VOICED[stem[-1]])
            if kind == VERB and stem[-1] in "ыій" and len(stem) > 2:
                spellings_of.add(stem[:-1])
            for spelling in spellings_of:
                entry = (spelling, stem, kind, log(weight))
                found.setdefault(spelling.translate(AS_TYPED), []).append(entry)
    for word in t.whole:
        if word not in t.nouns and len(word) >= _LONG:
            found.setdefault(word.translate(AS_TYPED), []).append((word, word, NOUN, log(_COMMON)))
    return found


def is_slip(typed: str, word: str) -> bool:
    """Whether `typed` is the word with some of its Kazakh letters, and no others, typed as Russian ones."""
    return (
        typed != word
        and len(typed) == len(word)
        and all(
            a == b or (b in SPECIFIC and a not in SPECIFIC)
            for a, b in zip(typed, word, strict=True)
        )
    )


def _retyped(word: str) -> Iterator[tuple[float, WordReading]]:
    """Readings of a word some of whose Kazakh letters were typed as Russian ones, with scores."""
    typed = word.translate(AS_TYPED)
    known = _typed_stems()
    for cut in range(len(word), 1, -1):
        for spelling, stem, kind, weight in known.get(typed[:cut], ()):
            head = word[:cut]
            if head != spelling and not is_slip(head, spelling):
                continue
            changed = sum(a != b for a, b in zip(head, spelling, strict=True))
            if not changed and not _TYPED_SUFFIX.search(word, cut):
                continue
            for tail in typed_tails(typed[cut:]):
                if tail.kind == kind and tail.fits(spelling):
                    score = weight + _chain(kind, tail.slots) - RETYPED - max(1, changed)
                    yield score, WordReading(stem, kind, tail.slots)


_PASSIVE = re.compile("(?<=[аеыі])[лн]$|[ыі][лн]$")


def _lemmas(reading: WordReading) -> tuple[str, str]:
    """The dictionary's word, and the one that it is derived from or else an empty string.

    Passives, causatives (жазыл, жаздыр), agents and ordinals are words of their own.
    """
    verbs = _tables().verbs
    stem, derived = reading.stem, reading.derived
    if reading.kind == VERB and not derived and stem not in _tables().own:
        shorter = _PASSIVE.sub("", stem)
        if shorter != stem and shorter in verbs and len(shorter) > 1:
            stem, derived = shorter, stem
    if derived and not (reading.slots[:1] == ("relative",) and stem in _tables().whole):
        return derived, stem
    return stem, derived  # бүгінгі is under бүгін, қысқы a word of its own


def analyse(word: str, evidence: Evidence | None = None) -> list[Analysis]:
    """Stems of a lower-case Cyrillic word, likeliest first; at least one, the word itself if need be.

    >>> [a.stem for a in analyse("мектептеріміздегілердің")]
    ['мектеп']
    """
    t = _tables()
    if word in t.closed:
        found = [Analysis(t.closed[word], 1.0, WordReading(t.closed[word], NOUN, ()))]
        if word in t.also:
            found.append(Analysis(t.also[word], 1.0, found[0].reading, asked=False))
        return found
    if not 1 < len(word) <= _LONGEST:
        return [Analysis(word, 1.0, WordReading(word, NOUN, ()))]
    word = word.replace("ё", "е")
    if len(word) == 2:
        scored = [(_score(WordReading(word, NOUN, ()), evidence), WordReading(word, NOUN, ()))]
    else:
        scored = [(_score(reading, evidence), reading) for reading in readings(word, t.syncope)]
    top_score, printed = max(scored, key=lambda pair: pair[0])
    retyped: list[tuple[float, WordReading]] = []
    if (t.nouns if printed.kind == NOUN else t.verbs).get(
        printed.stem, 0
    ) < _COMMON or LOOSE in printed.slots:
        retyped = list(_retyped(word))
        scored += retyped
        top_score = max(score for score, _ in scored)
    chances: dict[str, tuple[float, float, WordReading, str]] = {}
    total = 0.0
    for score, reading in scored:
        if score < top_score - _HOPELESS:
            continue
        chance = exp(score - top_score)
        total += chance
        stem, other = _lemmas(reading)
        so_far, top, shown, further = chances.get(stem, (0.0, 0.0, reading, other))
        if chance > top:
            top, shown, further = chance, reading, other
        chances[stem] = (so_far + chance, top, shown, further)
    likeliest = sorted(chances, key=lambda stem: (-chances[stem][0], stem))
    best, _, first, _ = chances[likeliest[0]]
    known = first.stem in (t.nouns if first.kind == NOUN else t.verbs)
    # Letters that stand for others may stand for several: кудык is күдік or құдық.
    known = known and not any(reading == first for _, reading in retyped)
    least, least_asked = (_ALTERNATIVE, 1.0) if known else (_GUESS, _ASKED)
    chosen: dict[str, Analysis] = {}
    for stem in likeliest:
        chance, _, shown, further = chances[stem]
        # The word as it stands keeps its stem, whatever it may have been meant for.
        kept = stem == printed.stem
        if chance >= least * best or kept:
            asked = chance >= least_asked * best or kept
            chosen[stem] = Analysis(stem, chance / total, shown, asked)
            also = [further] if further else [] if known else written(stem)[:1]
            for other in also:
                if other not in chosen:
                    chosen[other] = Analysis(other, chance / total, shown, asked=False)
    return list(chosen.values())


def meant(word: str) -> tuple[str, ...]:
    """Stems that a word as typed in a query may be meant for, some Kazakh letters typed as Russian ones.

    >>> meant("жана"), meant("кала")
    (('жаңа',), ('қала',))
    """
    if len(word) > _LONGEST or word in _tables().closed:
        return ()
    printed = max(_score(reading, None) for reading in readings(word, _tables().syncope))
    found = sorted(_retyped(word), key=lambda pair: -pair[0])
    likely = [r.stem for score, r in found if score > max(printed - _MEANT, found[0][0] - 1.5)]
    return tuple(dict.fromkeys(likely))


def irregular_forms() -> frozenset[str]:
    """Words that do not begin as their stem does (мұны: бұл)."""
    return frozenset(w for w, stem in _tables().closed.items() if w[0] != stem[0])


@lru_cache(64)
def is_known(word: str) -> bool:
    """Whether the likeliest stem of a word is one of those that came with newsbot."""
    t = _tables()
    if word in t.closed:
        return True
    reading = analyse(word)[0].reading
    return reading.stem in (t.nouns if reading.kind == NOUN else t.verbs)


def likelihood(word: str, evidence: Evidence | None = None) -> float:
    """How likely a spelling is to be a Kazakh word, in nats, up to a constant."""
    if word in _tables().closed:
        return log(_CLOSED)
    if not 2 < len(word) <= _LONGEST:
        return log(_tables().nouns.get(word, 0) + 1e-9) - LETTER * len(word)
    found = readings(word, _tables().syncope)
    # A vowel of the other harmony class or an й where и stands makes a stem unknown, and dear.
    return max(_score(reading, evidence) for reading in found)
