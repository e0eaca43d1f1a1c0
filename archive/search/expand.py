"""expand: from the words of a query to an FTS5 expression, by way of stems and the vocabulary.

A word stands for itself and for its stems, whatever script it is typed in; one typed without Kazakh
letters («казакстан», «онир») also for the words of the archive that are spelt alike without them.
"""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import dataclass, field

from archive.kazakh.letters import AS_TYPED, SPECIFIC
from archive.kazakh.morphology import case_endings, plural_endings
from archive.kazakh.stems import VOICED, is_known, is_slip, meant
from archive.kazakh.transliterate import key, script_of
from archive.kazakh.words import in_cyrillic
from archive.search.names import given_name, is_namesake, surnames
from archive.search.places import ending_keys, widen
from archive.search.russian import RUSSIAN_MARK, russian_stem
from archive.search.syntax import All, Either, Node, Phrase, Word
from archive.search.vocabulary import RESERVED, TITLE_MARK, is_stem, part_of, readings_of

_MOST_STEMS = 8
_ROWS = 40
"""Words of the vocabulary that are looked at for one key."""
_LONGEST_ENDING = 9
_SHORTEST_STEM = 3
_EV = re.compile("(?<=[bdfklmnprstv])ev(?=a?$)")
"""Also how Latin letters write the end of Савельев and Григорьева."""
_SURNAME = re.compile("[оеё]в")
"""What Russian stems lose of a surname."""
_LONG_NAME = 5
"""Letters of a Kazakh word that are looked for in Russian texts, too."""
_SPECIFIC = frozenset(SPECIFIC)
_AS_PRINTED = str.maketrans(SPECIFIC, "агкноуухи")
"""What Russian newspapers print for the nine Kazakh letters."""
_PLURALS = frozenset("lar ler dar der tar ter".split())
_FEWER = 3
"""How many times as many articles may have the word of which a query is a form, where it is another's dictionary form."""
_ANY = 1 << 62


@dataclass(slots=True)
class Terms:
    """What a query looks for; for marking it in a snippet and for ranking."""

    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Word as typed → its stems."""
    prefixes: set[str] = field(default_factory=set)
    phrases: list[tuple[str, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is searched as well."""

    def probes(self) -> list[tuple[str, ...]]:
        """For each word, beginning and phrase, what its forms have in common, in lower case.

        Quick to look for and near enough. What begins with another probe is left out.
        """
        found = [
            _shortest([word, *(start for stem in stems for start in _beginnings(stem))])
            for word, stems in self.words.items()
        ]
        found += [(prefix,) for prefix in sorted(self.prefixes)]
        return found + [(" ".join(phrase),) for phrase in self.phrases]


def _beginnings(stem: str) -> list[str]:
    """How forms of a stem begin: its last letter may be another one, and is voiced before a vowel (мектебі)."""
    if len(bare := stem.removeprefix(RUSSIAN_MARK)) <= _SHORTEST_STEM:
        return [bare]
    voiced = VOICED.get(stem[-1]) if bare == stem else None
    return [stem, stem[:-1] + voiced] if voiced else [bare[:-1]]


def _shortest(probes: list[str]) -> tuple[str, ...]:
    """Without those that begin with another one."""
    kept: list[str] = []
    for probe in sorted(probes, key=len):
        if not any(probe.startswith(shorter) for shorter in kept):
            kept.append(probe)
    return tuple(kept)


def word_terms(c: sqlite3.Connection, word: str) -> tuple[str, ...]:
    """The stems to look for when this word is typed: its own, and those of words it may mean."""
    if word[0].isdigit() or word[0] in RESERVED:
        return ()
    row = c.execute("SELECT stems FROM vocabulary WHERE word = ?", (word,)).fetchone()
    readings = readings_of(word, lambda stem: is_stem(c, stem))
    found = dict.fromkeys(reading.stem for reading in readings if reading.asked)
    # With what it was taken for when it was indexed: the archive may have known less then.
    found |= dict.fromkeys(part_of(row[0], False).split()[:1] if row else ())
    cyrillic = in_cyrillic(word)
    if row is None:
        found |= dict.fromkeys(meant(cyrillic))
    is_printed = bool(row and part_of(row[0], False)) and cyrillic == word
    found |= dict.fromkeys(_alike(c, word, cyrillic, is_printed))
    russian = russian_stem(word)
    if russian and row is None and not is_known(word):
        # A Russian case of a Kazakh name: Жумабаева, Темиртауе.
        bare = _name(word, russian)
        found |= dict.fromkeys(_alike(c, bare, bare, False) if len(bare) > _SHORTEST_STEM else ())
    kazakh = _as_it_stands(c, cyrillic, tuple(found)[:_MOST_STEMS])
    names = _namesakes(c, word, next(iter(found), word), russian).difference(kazakh)
    if russian is None:
        # A Kazakh name in a Russian text: Жұмабаевтың – Жумабаеву. Short words may be others: көз – коз.
        name = next(iter(found), "").translate(_AS_PRINTED)
        russian = russian_stem(name) if len(name) >= _LONG_NAME else None
    elif row and RUSSIAN_MARK not in row[0] and is_known(word) and not surnames(word, True):
        russian = None  # a Kazakh word that no Russian text has would bring another one's forms: бала – балы
    return (*kazakh, *sorted(names.difference([russian])), *([russian] if russian else ()))


def _name(word: str, russian: str) -> str:
    """A name without its Russian case: Жумабаев of Жумабаеву, whose stem has lost what makes it a surname."""
    bare = russian.removeprefix(RUSSIAN_MARK)
    end = _SURNAME.match(word, len(bare))
    return bare + end[0] if end else bare


def _abbreviations(c: sqlite3.Connection, word: str) -> list[str]:
    """Abbreviations of the archive that were typed so: ІІМ of ИИМ and IIM.

    Where it is there itself, only in another script as well, and no short one, which may be a word: NATO – НАТО, IT – ит.
    """
    typed = in_cyrillic(word) if len(word) <= _SHORTEST_STEM else word
    found = [text for text, _ in _at(c, key(word))]
    if word not in found:
        return [text for text in found if _may_be(typed, text)]
    is_long, script = len(word) > _SHORTEST_STEM, script_of(word)
    return [text for text in found if text == word or (is_long and script_of(text) != script)]


def _with_endings(abbreviation: str) -> list[str]:
    """An abbreviation with each suffix that may be glued to it; of two letters none of the plural, which make words."""
    plurals = plural_endings() if len(abbreviation) >= _SHORTEST_STEM else ()
    return [abbreviation + end for end in (*case_endings(), *plurals)]


def _as_it_stands(c: sqlite3.Connection, word: str, others: tuple[str, ...]) -> tuple[str, ...]:
    """The stems of a word, with itself where the archive has it as a stem: «істе», do, not only іс, work.

    Texts have the form of the other word, queries the dictionary's: where not far fewer articles have that
    one, it is meant alone.
    """
    own = f'stems : "{word}"'
    if word in others or len(word) < _SHORTEST_STEM or not articles_with(c, own, most=1)[0]:
        return others
    quoted = '" OR "'.join(others)
    found, last = articles_with(c, f'stems : ("{quoted}")')
    is_meant = articles_with(c, own, last=last)[0] * _FEWER >= found
    return (word,) if is_meant else (word, *others)


def _alike(c: sqlite3.Connection, word: str, cyrillic: str, is_printed: bool) -> list[str]:
    """Stems of the words that are written like this one but for letters that get confused.

    Of one that is known, only those that lack Kazakh letters which it has; of one that the archive
    prints itself (`is_printed`), too, none that are known words.
    """
    if len(word) < 2:
        return []
    wanted = key(word)
    typed = cyrillic if len(word) <= _SHORTEST_STEM else word
    known = is_known(cyrillic)
    keys = dict.fromkeys((wanted, key(word.replace("x", "ks")), _EV.sub("iev", wanted)))
    rows = [row for spelt in keys for row in _at(c, spelt) if row[0] != word]
    rows = [row for row in rows if _may_be(typed, row[0])]
    if known:
        rows = [row for row in rows if is_slip(row[0], cyrillic)]
    if known or is_printed:
        rows = [row for row in rows if not is_known(row[0])]
    found = dict.fromkeys(stem for _, joined in rows for stem in part_of(joined, False).split()[:1])
    if known or len(word) < _SHORTEST_STEM:
        return list(found)
    # Another form of the word may be there: one with another ending, or with none.
    for cut in range(min(_LONGEST_ENDING, len(wanted) - _SHORTEST_STEM) + 1):
        if cut and (found or is_printed):
            break
        if cut and not _is_ending(wanted[-cut:]):
            continue
        stem_key = wanted[: len(wanted) - cut]
        near = c.execute(
            "SELECT stems FROM vocabulary WHERE key >= ? AND key < ? LIMIT ?",
            (stem_key, stem_key + "{", _ROWS),
        )
        stems = (stem for (joined,) in near for stem in joined.split())
        found |= dict.fromkeys(
            stem for stem in stems if key(stem) == stem_key and _may_be(typed, stem)
        )
    return list(found)


def _may_be(typed: str, stem: str) -> bool:
    """Whether a stem may be what was typed: of short words and those with Kazakh letters, where only they differ.

    ИИМ is ІІМ and not им; әншілік is not аңшылық, as nobody types some of the letters for others and these for those.
    """
    head = typed[: len(stem)]
    if script_of(typed) != "Cyrl" or (len(typed) > _SHORTEST_STEM and _SPECIFIC.isdisjoint(typed)):
        return True
    if head.translate(AS_TYPED) != stem.translate(AS_TYPED):
        return False
    return head == stem or is_slip(head, stem) or is_slip(stem, head)


def _namesakes(c: sqlite3.Connection, word: str, first: str, russian: str | None) -> set[str]:
    """Stems of the same person's name in another spelling, Kazakh and Russian ones.

    Asked for are the name as typed, its likeliest stem, and its Russian one: Кунаевтың, Кунаеву.
    """
    found = {*given_name(word), *given_name(first)}
    bare = _name(word, russian) if russian else word
    for name in {word, bare} if word.isascii() else {word, first, bare}:
        keys = surnames(name, is_known(name))
        # English spells what Russian does; what only sounds alike is asked for of Kazakh spellings alone.
        ends = set() if _SPECIFIC.isdisjoint(name) else set(keys)
        if keys and name.isascii():
            keys.add(key(name))
            ends = {key(name)}
        ends |= {surname[:-2] for surname in ends}  # Russian stems have lost -ов, -ев, -ин
        rows = c.execute(
            "SELECT stems FROM json_each(?) JOIN vocabulary "
            "ON vocabulary.key >= value AND vocabulary.key < value || '{' LIMIT ?",
            (json.dumps(sorted(keys)), _ROWS),
        )
        for stem in (stem for (joined,) in rows for stem in joined.split()):
            if stem[0] == RUSSIAN_MARK:
                is_same = key(stem[1:]) in ends
            else:
                is_same = key(stem) in keys and is_namesake(name, stem)
            if is_same:
                found.add(stem)
    return found


def _is_ending(text: str) -> bool:
    """Whether this can be one suffix, or a plural and one more, in letters of a key."""
    known = ending_keys()
    return text in known or (text[:3] in _PLURALS and text[3:] in known)


def _at(c: sqlite3.Connection, wanted: str) -> list[tuple[str, str]]:
    """Words with this key, and their stems."""
    sql = "SELECT word, stems FROM vocabulary WHERE key = ? LIMIT ?"
    return [(word, joined) for word, joined in c.execute(sql, (wanted, _ROWS))]


def expression(c: sqlite3.Connection, node: Node, terms: Terms) -> str:
    """The FTS5 expression of a query; what it looks for is added to `terms`.

    Old and foreign names of places stand for the present ones, too. Only letters, digits and marks
    reach FTS5, each word in quotation marks.
    """
    return _expression(c, widen(node, terms.notes), terms)


def _expression(c: sqlite3.Connection, node: Node, terms: Terms) -> str:
    match node:
        case Word(text, prefix=True):
            spelt = dict.fromkeys([text, in_cyrillic(text)])
            terms.prefixes.update(spelt)
            column = "{title} : " if node.title else ""
            return "(" + " OR ".join(f'{column}"{word}"*' for word in spelt) + ")"
        case Word(text):
            if node.abbreviation and (printed := _abbreviations(c, text)):
                # Russian ones have Russian cases: МИДом, ВУЗов.
                russian = [
                    stem for one in printed if (stem := russian_stem(one)) == RUSSIAN_MARK + one
                ]
                terms.words[text] = (*(one for one in printed if one != text), *russian)
                forms = " OR ".join(f'"{form}"' for one in printed for form in _with_endings(one))
                columns = "title" if node.title else "title text"
                mark = TITLE_MARK if node.title else ""
                cases = "".join(f' OR {{stems}} : "{mark}{stem}"' for stem in russian)
                return f"({{{columns}}} : ({forms}){cases})"
            stems = word_terms(c, text)
            terms.words[text] = stems
            if node.title:
                return f"({in_title(text, stems)})"
            # In any column: articles in other languages have no stems, but may print one.
            found = ["{stems} : " * (stem[0] == RUSSIAN_MARK) + f'"{stem}"' for stem in stems]
            if text not in stems:
                found.append(f'{{title text}} : "{text}"')
            return "(" + " OR ".join(found) + ")"
        case Phrase(parts):
            terms.phrases.append(parts)
            columns = "title" if node.title else "title text"
            return f'({{{columns}}} : "' + " ".join(parts) + '")'
        case Either(parts):
            return "(" + " OR ".join(_expression(c, part, terms) for part in parts) + ")"
        case All(parts, without):
            wanted = " AND ".join(_expression(c, part, terms) for part in parts)
            excluded = [_expression(c, part, Terms()) for part in without]
            return f"({wanted})" if not excluded else f"(({wanted}) NOT ({' OR '.join(excluded)}))"


def any_form(word: str, stems: tuple[str, ...]) -> str:
    """The FTS5 expression of a word or its stems, wherever they stand."""
    return " OR ".join(f'"{form}"' for form in dict.fromkeys((word, *stems)))


def in_titles(terms: Terms) -> str | None:
    """The FTS5 expression of titles that hold every word; None where a query has more than words."""
    if not terms.words or terms.prefixes or terms.phrases:
        return None
    return " AND ".join(f"({in_title(word, stems)})" for word, stems in terms.words.items())


def in_title(word: str, stems: tuple[str, ...]) -> str:
    """The FTS5 expression of a word of the title in any form."""
    marked = "".join(f' OR "{TITLE_MARK}{stem}"' for stem in stems)
    return f'{{title}} : "{word}"{marked}'


def articles_with(
    c: sqlite3.Connection, wanted: str, most: int = 1000, last: int = _ANY
) -> tuple[int, int]:
    """How many articles, up to the one with the id `last`, an FTS5 expression finds, `most` at most, and the last of them."""
    count, last_found = c.execute(
        "SELECT count(*), max(rowid) FROM (SELECT rowid FROM articles_fts "
        "WHERE articles_fts MATCH ? AND rowid <= ? LIMIT ?)",
        (wanted, last, most),
    ).fetchone()
    return count, last_found or 0
