"""Kazakh alphabets, and text made faithful: the letters as printed, without invisible characters.

Nothing here guesses: `faithful` loses no visible character, `fold_lookalikes` is for search only.
"""

import re
import unicodedata

CYRILLIC = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"
RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
SPECIFIC = "әғқңөұүһі"
"""The nine letters that Kazakh Cyrillic has and Russian lacks."""
AS_TYPED = str.maketrans(SPECIFIC + "ы", "агкноуухии")
"""What the nine letters become on a Russian keyboard; и stands for ы too, as і is typed ы as well."""
LATIN_2018 = "aábdefgǵhiıjklmnńoópqrstuúvyýz"
"""Decree 637 of 19 February 2018; with the digraphs sh and ch."""
LATIN_2021 = "aäbdefgğhıijklmnñoöpqrsştuūüvyz"
"""Draft of January 2021. Papers also print its forerunners ǧ for ğ and ŋ for ñ."""
ARABIC = "ءابپتجچحدرزسشعفقكگلمنڭوۆۇۋەھىي\u0674"
"""Töte jazu. U+0674 (or, as often typed, U+0621) before a word makes its vowels front ones."""
ARABIC_DIGRAPHS = "\u0675\u0676\u0677\u0678"
"""High hamza with alef, waw, u and alef maksura in one character: ә, ө, ү, і."""

# White space as in the Unicode property White_Space; Python's \s would add U+001C to U+001F.
_SPACE = "\\t-\\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_SPACES = re.compile(f"[{_SPACE}]+")
_INVISIBLE = re.compile(
    "["
    "\\x00-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f"  # C0 and C1 controls that are not white space
    "\xad\u200b\u2060-\u2064\ufeff\u180e\u034f"  # soft hyphen, zero-width and invisible characters
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # controls of writing direction
    "\ud800-\udfff"  # lone surrogates: no text, and no UTF-8
    "\ufff9-\ufffc\ufdd0-\ufdef\ufffe\uffff"  # object placeholders and noncharacters
    "]+"
)
# ZWNJ and ZWJ shape Arabic letters and join emoji. Anywhere else they are dirt from copying.
_ARABIC_CHAR = "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc"
_EMOJI = "\u2190-\u21ff\u2600-\u27bf\U0001f000-\U0001faff"
_JOINERS = re.compile("[\u200c\u200d]+")
_STRAY_JOINER = re.compile(
    f"(?!(?<=[{_ARABIC_CHAR}]).[{_ARABIC_CHAR}]|(?<=[{_EMOJI}\ufe0f])\u200d[{_EMOJI}])[\u200c\u200d]"
)
_UNUSUAL = re.compile(f"{_INVISIBLE.pattern}|{_JOINERS.pattern}|  |[^\\S ]|^ | $")


def faithful(text: str) -> str:
    """One paragraph as the newspaper printed it: DESIGN's "faithful text".

    NFC; every run of white space (no-break space and line ends too) is one ordinary space, none at
    the ends; no control characters, zero-width characters, soft hyphens, direction marks, lone
    surrogates or noncharacters. ZWNJ and ZWJ stay between two Arabic letters, ZWJ between two
    emoji. Idempotent, and never raises.
    """
    line = text
    if not line.isprintable() or "  " in line or line[:1] == " " or line[-1:] == " ":
        line = _plain(text)
    # What is printable has no controls, no invisible characters and no unusual spaces.
    if (
        line.isprintable()
        and "\ufffc" not in line
        and "\u034f" not in line
        and unicodedata.is_normalized("NFC", line)
    ):
        return line
    if _UNUSUAL.search(text):
        # White space first: a character that joins words must not vanish before it is seen, and
        # what is removed must not part a letter from its accent before NFC.
        text = _SPACES.sub(" ", _INVISIBLE.sub("", text))
        if _JOINERS.search(text):
            text = _JOINERS.sub(lambda run: run[0][0], text)
            text = _STRAY_JOINER.sub("", text)
            text = _SPACES.sub(" ", text)
        text = text.strip(" ")
    return unicodedata.normalize("NFC", text)


def _plain(text: str) -> str:
    """Text with ordinary spaces and no soft hyphens: all that most text lacks, and done quickly."""
    if "\x1c" in text or "\x1d" in text or "\x1e" in text or "\x1f" in text:
        return text  # these part words for Python, but not for Unicode
    return " ".join(text.replace("\xad", "").split())


# Letters that look the same in both scripts, place by place. The first pair of a letter wins: a
# Latin H stands for Н rather than Һ, but a Latin Y for Ү, which Russian keyboards lack.
_CYRILLIC_TWINS = "аәсеһіоөрхуАӘВСЕНҺІКМОӨРТХҮУ"
_LATIN_TWINS = "aəcehioɵpxyAƏBCEHHIKMOƟPTXYY"
_TO_CYRILLIC = dict(zip(map(ord, _LATIN_TWINS[::-1]), _CYRILLIC_TWINS[::-1], strict=True))
_TO_LATIN = dict(zip(map(ord, _CYRILLIC_TWINS), _LATIN_TWINS, strict=True))
_LATIN_CHAR = "A-Za-z\xc0-\xd6\xd8-\xf6\xf8-\u02af\u1e00-\u1eff"
_CYRILLIC_CHAR = "\u0400-\u0481\u048a-\u052f"
_LATIN_LETTERS = re.compile(f"[{_LATIN_CHAR}]")
_CYRILLIC_LETTERS = re.compile(f"[{_CYRILLIC_CHAR}]")
# Where the scripts meet. It looks for the Latin letter first, as most texts have few.
_SEAM = re.compile(f"[{_LATIN_CHAR}](?:(?=[{_CYRILLIC_CHAR}])|(?<=[{_CYRILLIC_CHAR}].))")
# A word in which they do; `++`, as a word of one script is looked through once then.
_MIXED = re.compile(
    f"(?<![{_LATIN_CHAR}{_CYRILLIC_CHAR}])"
    f"(?:[{_CYRILLIC_CHAR}]++[{_LATIN_CHAR}]|[{_LATIN_CHAR}]++[{_CYRILLIC_CHAR}])[{_LATIN_CHAR}{_CYRILLIC_CHAR}]*"
)


def fold_lookalikes(word: str) -> str:
    """A word typed with look-alikes of the other script, all in one script: үнiн → үнін.

    The script of the letters that have no twin decides; a word of twins alone goes to the script
    of most of its letters (Cyrillic if equal). A word of one script, or one with letters of both
    that have no twin (`iPhoneды`), is returned as it is. Idempotent.
    """
    latin, cyrillic = _LATIN_LETTERS.findall(word), _CYRILLIC_LETTERS.findall(word)
    if not latin or not cyrillic:
        return word
    only_latin = any(ord(char) not in _TO_CYRILLIC for char in latin)
    only_cyrillic = any(ord(char) not in _TO_LATIN for char in cyrillic)
    if only_latin and only_cyrillic:
        return word
    if only_cyrillic or (not only_latin and len(cyrillic) >= len(latin)):
        return word.translate(_TO_CYRILLIC)
    return word.translate(_TO_LATIN)


def mixed_words(text: str) -> list[str]:
    """Words in which Cyrillic and Latin letters meet, in the order of the text."""
    return _MIXED.findall(text) if _SEAM.search(text) else []


def fold_mixed_words(text: str) -> str:
    """Text with `fold_lookalikes` applied to each of its words."""
    return _MIXED.sub(lambda word: fold_lookalikes(word[0]), text) if _SEAM.search(text) else text


VOWEL_SIGNS = (
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
)
"""Of the Arabic script, with tatweel, which draws a word out."""
_STRESSED = str.maketrans("ѐѝЀЍ", "еиЕИ")
_MARKS = re.compile(f"[\u0300-\u036fѐѝЀЍ{VOWEL_SIGNS}]")
_SPOKEN = re.compile(f"(?<=[{_CYRILLIC_CHAR}])[\u0300-\u036f]+|[{VOWEL_SIGNS}]+")


def unspoken(text: str) -> str:
    """NFC text without marks that only say how its letters are spoken or drawn: stress, Arabic vowels, tatweel.

    >>> unspoken("кафе́"), unspoken("قَازَاق تىـــل")
    ('кафе', 'قازاق تىل')
    """
    return _SPOKEN.sub("", text).translate(_STRESSED) if _MARKS.search(text) else text
