"""Which script and which language a text is in: Kazakh in three scripts, Russian, and related ones.

Each word is weighed by its groups of three letters, and where it is a common one by itself, against
languages.tsv, which says how common they are in each language; all words have one bounded vote, so that the language of most words is found, also in
a headline of three. Look-alike letters (a Latin i for і) are seen through.
"""

import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from struct import Struct

from archive.kazakh.letters import fold_lookalikes, fold_mixed_words, mixed_words, unspoken

_SAMPLE = 3000  # characters; the rest of an article does not change the answer
_MOST_WORDS = 100
"""Words of a sample that are weighed, evenly spread."""
_LONGEST = 40
"""Letters of a word that are weighed."""
STEP = 0.45
"""Nats of one step of languages.tsv."""
_VOTE = 30
"""Steps by which one word can speak against a language."""
# What is printed here is likelier than what is not; in steps.
_LIKELY = {"kk": 16, "kk~": -2, "ru": 13, "ky": 9, "tt": 7, "uz": 7, "kk-Latn": 3, "kk-Arab": 3}
_LEAD, _LEAD_OF_ONE = 2, 18
"""Steps by which the best language must lead, of several words and of one, or nothing is said."""

_LATIN = "A-Za-z\xc0-\xd6\xd8-\xf6\xf8-\u024f\u0259\u1e00-\u1eff"
_LETTERS = {
    "Cyrl": re.compile("[\u0400-\u0481\u048a-\u052f]+"),
    "Latn": re.compile(f"[{_LATIN}]+(?:'[{_LATIN}]+)*'?"),
    "Arab": re.compile(
        "[\u0620-\u064a\u066e-\u06d3\u06d5\u06ee-\u06ff\u0750-\u077f\ufb50-\ufefc]+"
    ),
}
_APOSTROPHES = str.maketrans(dict.fromkeys("‘’ʻʼ`´ʹ", "'") | {"İ": "i"})


def script(text: str) -> str | None:
    """Script of most letters of a text: `Cyrl`, `Latn`, `Arab` (ISO 15924), or None."""
    text = text[:_SAMPLE]
    counts: dict[str, int] = {}
    for name, runs in _LETTERS.items():
        counts[name] = sum(map(len, runs.findall(text)))
        if 2 * counts[name] > len(text):
            return name
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] else None


def identify(text: str, hint: str | None = None) -> str | None:
    """Language of most words of a text, as a BCP 47 tag, or None if nothing can be said.

    `kk` (Cyrillic), `kk-Latn`, `kk-Arab`, `ru`, `ky`, `tt`, `uz`, `en`; a few neighbours under
    their own tags (`uk`, `be`, `bg`, `sr`, `mk`, `ba`, `ug`, `tg`, `mn`, `kaa`, `tr`, `az`), so
    that they are not taken for one of these. `hint`, such as the page's own `lang`, decides only
    when the text does not. The first 3,000 characters are looked at. Never raises.
    """
    sample = unspoken(unicodedata.normalize("NFC", text[:_SAMPLE]))
    written = script(sample)
    if written is None:
        return None
    return _language(words_in(sample, written), written) or _from_hint(hint, written)


def words_in(text: str, written: str) -> list[str]:
    """Words of an NFC text in this script, in small letters."""
    if written == "Cyrl":
        text = fold_mixed_words(text)
    elif written == "Latn":
        text = text.translate(_APOSTROPHES)
    return _LETTERS[written].findall(text.lower())


def groups(word: str) -> list[str]:
    """Three letters each, with the ends of the word, and all of it: `_жо`, `жол`, `ол_`, `_жол_`."""
    word = f"_{word}_"
    return [word[at : at + 3] for at in range(len(word) - 2)] + [word][len(word) < 4 :]


@cache
def _tables() -> dict[str, tuple[list[str], Struct, dict[str, int]]]:
    """Script → its classes (languages, some of them twice), and the steps of each group of letters.

    The steps of all classes are one number, 16 bits each, so that one addition adds them all; the
    Struct takes it apart.
    """
    tables: dict[str, tuple[list[str], Struct, dict[str, int]]] = {}
    for line in files("archive.kazakh").joinpath("languages.tsv").read_text("utf-8").splitlines():
        if line[0] == "@":
            name, *classes = line[1:].split("\t")
            steps: dict[str, int] = {}
            tables[name] = classes, Struct(f">{len(classes)}H"), steps
        elif line[0] != "#":
            group, _, digits = line.partition("\t")
            steps[group] = int("000" + "000".join(digits), 16)
    return tables


@lru_cache(1 << 15)
def _against(word: str, written: str) -> int:
    """What speaks against each class, of a word: 0 for the likeliest, at most `_VOTE`."""
    _, lanes, steps = _tables()[written]
    total = sum([steps[group] for group in groups(word) if group in steps])
    sums = lanes.unpack(total.to_bytes(lanes.size, "big"))
    least = min(sums)
    most = least + _VOTE
    return int.from_bytes(
        lanes.pack(*[one - least if one < most else _VOTE for one in sums]), "big"
    )


def _language(words: list[str], written: str) -> str | None:
    """The language that least speaks against, if it leads."""
    words = words[:: 1 + len(words) // _MOST_WORDS]
    classes, lanes, _ = _tables()[written]
    total = sum([_against(word[:_LONGEST], written) for word in words])
    against: dict[str, int] = {}
    for name, steps in zip(classes, lanes.unpack(total.to_bytes(lanes.size, "big")), strict=True):
        language, unlikely = name.rstrip("~"), steps - _LIKELY.get(name, 0)
        against[language] = min(unlikely, against.get(language, unlikely))
    best, second, *_ = sorted(against, key=against.__getitem__)
    lead = against[second] - against[best]
    return best if best != "-" and lead >= (_LEAD if words[1:] else _LEAD_OF_ONE) else None


def of_paragraphs(text: str) -> list[tuple[str, str | None]]:
    """Paragraphs of a text (parted by a blank line), each with its language.

    What is too short to tell is in the language of the paragraph before it, or else of the whole
    text. An article that mixes Kazakh and Russian is so told: `{language for _, language in …}`.
    """
    language = identify(text)
    found = []
    for paragraph in text.split("\n\n"):
        language = identify(paragraph) or language
        found.append((paragraph, language))
    return found


_HINTS = {
    "Cyrl": {"kk": "kk", "ru": "ru", "ky": "ky", "tt": "tt", "uz": "uz"},
    "Latn": {"kk-latn": "kk-Latn", "en": "en", "uz": "uz"},
    "Arab": {"kk-arab": "kk-Arab"},
}


def _from_hint(hint: str | None, written: str) -> str | None:
    """The language a hint amounts to, if that is written in the script of the text.

    `kk` says nothing of Latin text: templates claim it for English words and names as well.
    """
    subtags = (hint or "").strip().lower().replace("_", "-").split("-")
    tag = "-".join([subtags[0], *(subtag for subtag in subtags[1:] if subtag in ("latn", "arab"))])
    return _HINTS[written].get(tag)


_FOREIGN_STEM = re.compile(f"[{_LATIN}]+{_LETTERS['Cyrl'].pattern}")


def looks_mixed_script(text: str) -> bool:
    """Whether some word mixes Cyrillic and Latin letters, as typing with look-alikes does.

    A foreign name with a Kazakh suffix (`COVIDтен`) is no such word, nor is `IT-компания`.
    """
    return any(
        fold_lookalikes(word) != word or not _FOREIGN_STEM.fullmatch(word)
        for word in mixed_words(text)
    )
