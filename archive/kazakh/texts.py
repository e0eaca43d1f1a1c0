"""texts: a whole text in another alphabet, as stems or as sentences; how long it is and in which letters.

Pure: the same text gives the same, whatever archive it stands in. Nothing here is what a newspaper printed.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files

from archive.kazakh.letters import fold_mixed_words, unspoken
from archive.kazakh.stems import analyse
from archive.kazakh.transliterate import script_of, to_latin
from archive.kazakh.words import in_cyrillic, words

_CACHED = 200_000
_LETTERS = re.compile(r"[^\W\d_]+(?:[\u0300-\u036f]+[^\W\d_]*)*")
_SIGNS = str.maketrans("،؛؟۔", ",;?.", "\u200c\u200d")
"""Punctuation of the Arabic script, and what only shapes its letters."""
_OF_2021 = re.compile("[äğǧñŋöşūü]", re.IGNORECASE)


# -- how much of what -----------------------------------------------------------------------------

_PAGE = "kz1048"
"""The Kazakh code page: nearly every text fits in, a byte a letter. There, each byte is what it is in any text."""


def _kinds_of_letters() -> bytes:
    """Of each byte of the code page: Cyrillic, Latin, a digit, what parts words, or `?` what only `words` can judge."""
    kinds = bytearray()
    for letter in (bytes([byte]).decode(_PAGE, "replace") for byte in range(256)):
        if "\u0400" <= letter < "\u0530":
            kinds += b"C"
        elif letter.isascii() and letter.isalnum():
            kinds += b"L" if letter.isalpha() else b"0"
        else:
            kinds += b"?" if letter.isalnum() or letter in "\xad\ufffd" else b" "
    return bytes(kinds)


_KINDS = _kinds_of_letters()
_IN_WORDS = bytes(ord(" ") if kind == ord(" ") else ord("w") for kind in range(256))
_BLOCKS = {
    "L": ((0x41, 0x5A), (0x61, 0x7A), (0xC3, 0xC9)),
    "C": ((0xD0, 0xD4),),
    "A": ((0xD8, 0xDB), (0xDD, 0xDD)),
    "O": ((0xCE, 0xCF), (0xD5, 0xD7), (0xE0, 0xE1), (0xE3, 0xED)),
}
"""Scripts, with the bytes by which their letters begin in UTF-8."""
_SCRIPTS = bytes(
    ord(next((kind for kind, some in _BLOCKS.items() if any(a <= byte <= z for a, z in some)), " "))
    for byte in range(256)
)


def counts(text: str) -> tuple[int, float | None, float | None, float | None]:
    """How many words a text has, and which part of its letters is Cyrillic, Latin, Arabic: 0 to 1, or None without letters.

    Words are those of `archive.kazakh.words.words`, by which the index cuts a text, too. Scripts are told by the blocks
    of Unicode, their shares to four places. A text of the Kazakh code page is counted by its bytes, five times as quick.

    >>> counts("Су-тасқыны – 2023: «WhatsApp»")
    (4, 0.5294, 0.4706, 0.0)
    """
    try:
        kinds = (" " + text).encode(_PAGE).translate(_KINDS)
    except UnicodeEncodeError:
        kinds = b"?"
    if b"?" in kinds:
        number = len(words(text))
        kinds = text.encode("utf-8", "replace").translate(_SCRIPTS)
    else:
        number = kinds.translate(_IN_WORDS).count(b" w")
    others = kinds.translate(None, b"C 0")
    cyrillic = len(kinds) - len(kinds.translate(None, b"C"))
    latin, arabic = others.count(b"L"), others.count(b"A")
    if not (letters := cyrillic + len(others)):
        return number, None, None, None
    return (
        number,
        round(cyrillic / letters, 4),
        round(latin / letters, 4),
        round(arabic / letters, 4),
    )


# -- other alphabets ------------------------------------------------------------------------------


def normalised(text: str, language: str | None) -> str:
    """A text whose look-alike letters of other scripts are put right: үнiн with a Latin i → үнін."""
    return fold_mixed_words(text)


def cyrillic(text: str, language: str | None) -> str | None:
    """A text in Cyrillic, with its punctuation and capitals; None of languages that are not written so.

    A Kazakh text in Latin or Arabic script is read word by word, each as the likeliest that it can stand for.

    >>> cyrillic("Qazaqstan jańalyqtary!", "kk-Latn")
    'Қазақстан жаңалықтары!'
    """
    script = script_of(text)
    if script == "Cyrl":
        return text
    if not is_kazakh(language) or script not in ("Latn", "Arab"):
        return None
    return _LETTERS.sub(lambda word: _in_cyrillic(word[0]), unspoken(text).translate(_SIGNS))


def latin(text: str, language: str | None) -> str | None:
    """A Kazakh text in the Latin alphabet of 2021, with its punctuation and capitals; None of other languages.

    >>> latin("Қазақстан ЖАҢАЛЫҚТАРЫ – Щучинск", "kk")
    'Qazaqstan JAÑALYQTARY – Şçuçinsk'
    """
    if not is_kazakh(language):
        return None
    if script_of(text) == "Latn" and _OF_2021.search(text):
        return text
    spelt = cyrillic(text, language)
    return None if spelt is None else to_latin(spelt, year=2021)


def is_kazakh(language: str | None) -> bool:
    """Whether a text counts as Kazakh: also one whose language nobody could tell."""
    return language is None or language.split("-")[0] == "kk"


@lru_cache(_CACHED)
def _in_cyrillic(word: str) -> str:
    found = in_cyrillic(word.replace("İ", "i").lower())
    if len(word) > 1 and word.isupper():
        return found.upper()
    return found[:1].upper() + found[1:] if word[0].isupper() else found


# -- stems ----------------------------------------------------------------------------------------


def stems(text: str, language: str | None) -> str | None:
    """The likeliest stem of each word of a Kazakh text, in their order; None of other languages.

    Numbers stay. Unlike the index's, they do not hang on what else an archive holds.
    """
    return " ".join(map(_stem, words(text))) if is_kazakh(language) else None


@lru_cache(_CACHED)
def _stem(word: str) -> str:
    found = [] if word[0].isdigit() else analyse(in_cyrillic(word))
    return found[0].stem if found else word


# -- sentences ------------------------------------------------------------------------------------

_END = re.compile(r"(?P<mark>[.!?…؟۔]+)[»”\"'’)\]]*\s+(?=[«“„\"'‘(\[–—•\s-]*(?P<next>\w))")
_BEFORE = re.compile(r"(?P<dotted>\.?)(?P<word>[^\W_]+)$")


@cache
def _abbreviations() -> frozenset[str]:
    text = files("archive.kazakh").joinpath("abbreviations.toml").read_text("utf-8")
    return frozenset(" ".join(tomllib.loads(text).values()).split())


def sentences(text: str, language: str | None) -> list[str]:
    """A text cut into sentences: where . ! ? or … is followed by what can begin one.

    Small letters begin none («Келдің бе?» – деді); initials, abbreviations («2023 ж.», «проф.») and the number of
    a list's item end none. Paragraphs are cut in any case, lines of verse are not. Nothing but the spaces between
    sentences is lost.

    >>> sentences("А. Құнанбаев 1845 ж. туды. Ол – ақын, т.б. Рас!", "kk")
    ['А. Құнанбаев 1845 ж. туды.', 'Ол – ақын, т.б.', 'Рас!']
    """
    found = []
    for paragraph in text.split("\n\n"):
        start = 0
        for end in _END.finditer(paragraph):
            if end["next"].islower() or (
                end["mark"] == "." and _goes_on(paragraph[start : end.start()])
            ):
                continue
            found.append(paragraph[start : end.end()].strip())
            start = end.end()
        found.append(paragraph[start:].strip())
    return [sentence for sentence in found if sentence]


def _goes_on(before: str) -> bool:
    """Whether a full stop ends an initial, an abbreviation or the number of a list's item, and no sentence."""
    last = _BEFORE.search(before)
    if not last:
        return False
    word = last["word"]
    if len(word) == 1 and word.isalpha():
        return word.isupper() or not last["dotted"]
    is_item = word.isdigit() and not before[: last.start()].strip("\n\t «“(–—•-")
    return is_item or word.lower() in _abbreviations()
