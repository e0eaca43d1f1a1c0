"""russian: the stems of Russian words, and which paragraphs of an article are Russian.

A Russian stem is marked with a letter that neither language has (ѳшкол): the two languages stand side by
side in one column of the index, and the flood «сел» is not looked for in every village.
Stems: Snowball (M. F. Porter, 2001; snowballstem.org) with the rules below, which bring together what it
leaves apart. What is decided here is part of what an index holds: a change needs a new schema version.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from snowballstemmer.russian_stemmer import RussianStemmer

from archive.kazakh.letters import RUSSIAN, SPECIFIC

RUSSIAN_MARK = "ѳ"
WORDS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
"""What each table is for, the file says."""
_IRREGULAR = {stem: one for one, others in WORDS["russian"].items() for stem in others.split()} | {
    start + end: start + group["stem"]
    for group in WORDS["russian_forms"]
    for start in group["starts"].replace("_", " ").split(" ")
    for end in group["ends"].split()
}
_COMMON = frozenset(WORDS["common"]["ru"].split()).difference(_IRREGULAR.values())
_WORD = re.compile(f"[{RUSSIAN}]+")
_REFLEXIVE = re.compile("с[ья]$")
_CONSONANT = "[^аеиоуыэюя]"
_RULES = [
    (re.compile(pattern.replace("C", _CONSONANT)), end)
    for pattern, end in (
        # Ends that Snowball takes for suffixes where nothing follows them.
        (r"(?<=..)[иы]м$|(?<=...)[ое]в$|(?<=..ста)н$", ""),  # акима – аким, Назарбаева, Казахстане
        (r"(?<=..н)у[лт]$", ""),  # вернул, вернуть – верну
        (r"(?<=.C)[ую]т$", ""),  # берут – беру
        (r"ь(?=[кцм]$)", ""),  # пальцы – палец
        (r"(?<=.C)[ео](?=[лмнр]$)", ""),  # ветер – ветра, окон – окно
        (r"(?<=...)[ое]ва$", ""),  # использовать – использует
        (r"(?<=C..)е?ет$|(?<=..C)е?ет$|(?<=C..)ел$|(?<=..C)ел$", ""),  # видеть, видел – видит
        (r"(?<=C)а(?:ет|л|т|ют)$", "а"),  # знает, знал – знаю
        (r"(?<=C)я(?:ет|л|т|ют)$", "я"),  # гуляет – гуляю
        (r"(?<=..C)[ое]к$", "к"),  # участок – участка
        (r"(?<=.C)ец$", "ц"),  # казахстанец – казахстанца
        (r"(?<=[бвмпф])л$", ""),  # терплю – терпит
        (r"(?<=.)каж$", "каза"),  # скажет – сказать
        (r"(?<=.)пиш$|^пиш$", "писа"),  # напишет – написать
    )
]
_SIGNS = tuple(f" {word} " for word in WORDS["in_russian"]["signs"].split())
_FUNCTION_WORDS = re.compile(
    rf"\b(?:{'|'.join(' '.join(WORDS['in_russian'].values()).split())})\b", re.I
)
_KAZAKH_LETTERS = re.compile(f"[{SPECIFIC}{SPECIFIC.upper()}]")
_RARE, _OFTEN = 1 / 40, 1 / 20
"""Of the characters of a text these letters are every eighth in Kazakh, and in Russian those of names alone."""


@cache
def _stemmer() -> RussianStemmer:
    return RussianStemmer()


def russian_stem(word: str) -> str | None:
    """The marked stem of a word in small letters; None where it has letters that Russian lacks.

    >>> russian_stem("школами"), russian_stem("ребёнка"), russian_stem("өрт")
    ('ѳшкол', 'ѳребенк', None)
    """
    if not _WORD.fullmatch(word):
        return None
    stem = word = word.replace("ё", "е")
    if (bare := _REFLEXIVE.sub("", word)) in _IRREGULAR:
        stem = bare
    else:
        stem = str(_stemmer().stemWord(word))
        for pattern, end in _RULES:
            stem = pattern.sub(end, stem)
        if stem in _COMMON:  # «ой», «ай» are no forms of «о» and «а», which nearly every text has
            stem = word
    return RUSSIAN_MARK + str(_IRREGULAR.get(stem, stem))


def by_language(title: str, text: str, language: str | None) -> tuple[list[str], list[str]]:
    """The paragraphs whose words get Kazakh stems, and those whose words get Russian ones; the title first.

    The language of the article decides; a paragraph that is plainly in the other one goes there. Where nobody
    could identify the language, all get both; an article in a third language gets none.
    """
    base = (language or "").partition("-")[0]
    whole = [title, text]
    if not base:
        return whole, whole
    if base == "kk":
        if not any(sign in text or sign in title for sign in _SIGNS):
            return whole, ["", ""]
        is_other = _is_russian
    elif base == "ru":
        if not _KAZAKH_LETTERS.search(text) and not _KAZAKH_LETTERS.search(title):
            return ["", ""], whole
        is_other = _is_kazakh
    else:
        return ["", ""], ["", ""]
    own, other = [title, ""], ["", ""]
    if is_other(title):
        own[0], other[0] = "", title
    for paragraph in text.split("\n\n"):
        (other if is_other(paragraph) else own).append(paragraph)
    return (own, other) if base == "kk" else (other, own)


def _is_russian(paragraph: str) -> bool:
    if not any(sign in paragraph for sign in _SIGNS):
        return False
    if len(_KAZAKH_LETTERS.findall(paragraph)) > _RARE * len(paragraph):
        return False
    return len(_FUNCTION_WORDS.findall(paragraph)) > len(paragraph) / 400 + 0.5


def _is_kazakh(paragraph: str) -> bool:
    return len(_KAZAKH_LETTERS.findall(paragraph)) > _OFTEN * len(paragraph)
