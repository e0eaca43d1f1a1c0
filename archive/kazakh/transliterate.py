"""transliterate: Kazakh between Cyrillic, Latin and Arabic script, and the key all three share.

Latin and Arabic spellings leave some letters open (i may be і, и or й); `to_cyrillic` lists what a
word can stand for and leaves the choice to whoever knows the vocabulary. Sources: for Latin, Decree
569 of 26 October 2017 as amended by Decree 637 of 19 February 2018 (á ǵ ı ń ó ú ý, sh, ch) and the
draft shown on 28 January 2021 (ä ğ ñ ö ş ū ü; its forerunners ǧ and ŋ); for Arabic, Akhmet
Baitursynuly's töte jazu as it is used in China today, one letter a sound and a hamza for a front word.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import islice, product

_MOST = 32
"""Spellings of one word that are tried at most in each orthography."""

# What each Latin letter or group can be; the first is the likeliest.
_COMMON_LATIN = {
    "shch": "щ", "sh": "ш", "ch": "ч", "zh": "ж", "gh": "ғ", "kh": "х", "ya": "я", "yu": "ю", "yo": "ё",
    "ts": "ц", "ia": "я", "iýa": "ия", "ııa": "ия", "iıa": "ия", "ıa": "я", "ıý": "ю",
    "a": "а", "b": "б", "d": "д", "e": "е", "f": "ф", "g": "г", "h": "х", "j": "ж", "k": "к", "l": "л",
    "m": "м", "n": "н", "o": "о", "p": "п", "q": "қ", "r": "р", "s": "с", "t": "т", "v": "в", "w": "у",
    "x": "х", "z": "з", "c": "ц", "ş": "ш", "ç": "ч", "ə": "ә",
}  # fmt: skip
_LATIN_2018 = {
    "á": "ә", "ǵ": "ғ", "ı": "ий", "i": "і", "ń": "ң", "ó": "ө", "u": "ұ", "ú": "ү", "ý": "у", "y": "ы",
}  # fmt: skip
_LATIN_2021 = {
    "ä": "ә", "ğ": "ғ", "ǧ": "ғ", "i": "ий", "ı": "і", "ñ": "ң", "ŋ": "ң", "ö": "ө", "u": "у", "ū": "ұ",
    "ü": "ү", "y": "ыү", "ï": "и",
}  # fmt: skip
_LATIN_PLAIN = {
    "back": {
        "a": "а", "g": "гғ", "n": "нң", "o": "о", "u": "уұ", "i": "иый", "ı": "ый", "y": "ый", "k": "қк", "h": "х",
    },
    "front": {
        "a": "әа", "g": "г", "n": "нң", "o": "ө", "u": "үу", "i": "ійи", "ı": "ій", "y": "ій", "k": "к", "h": "хһ",
    },
    "loan": {"a": "а", "o": "ое", "u": "у", "i": "ий", "ı": "ий", "y": "ый"},
}  # fmt: skip
"""Without diacritics, the vowels of a word are all back or all front ones, or it is a loan."""
_LATIN_VOWELS = frozenset("aeiouyıäöüūáóúýə")
_ARABIC = {
    "ا": "а", "ب": "б", "پ": "п", "ت": "т", "ج": "ж", "چ": "ч", "ح": "х", "د": "д", "ر": "р", "ز": "з",
    "س": "с", "ش": "ш", "ع": "ғ", "ف": "ф", "ق": "қ", "ك": "к", "گ": "г", "ل": "л", "م": "м", "ن": "н",
    "ڭ": "ң", "ه": "һ", "ھ": "һ", "ە": "е", "ۋ": "у", "ۆ": "в", "و": "о", "ۇ": "ұ", "ى": "ы", "ي": "йи",
    "ک": "к", "ی": "ы", "ة": "е", "\u0675": "ә", "\u0676": "ө", "\u0677": "ү", "\u0678": "і", "ء": "",
    "\u0674": "",
}  # fmt: skip
_FRONTED = str.maketrans("аоұы", "әөүі")
_FIRST_VOWEL = re.compile("[аоұы]")
_FRONT_SIGN = re.compile("[ءٴ\u0674-\u0678ەكگ]")
_GROUPS = re.compile("|".join(sorted(_COMMON_LATIN, key=len, reverse=True)) + "|.")

_CYRILLIC_2018 = dict(
    zip(
        "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя",
        "a á b v g ǵ d e ıo j z ı ı k q l m n ń o ó p r s t ý u ú f h h ts ch sh shch _ y i _ e ıý ıa".split(),
        strict=True,
    )
)
_CYRILLIC_2021 = _CYRILLIC_2018 | dict(
    zip("әғңөұүуиійыёчшщюя", "ä ğ ñ ö ū ü u i ı i y io ç ş şç iu ia".split(), strict=True)
)
_CYRILLIC_ARABIC = {
    letter: arabic for arabic, letters in _ARABIC.items() for letter in letters[:1] if arabic not in "کیةه"
} | {"и": "ي", "й": "ي", "ә": "ا", "ө": "و", "ү": "ۇ", "і": "ى", "э": "ە", "я": "يا", "ю": "يۋ", "ё": "يو",
     "ц": "س", "щ": "شش", "ъ": "", "ь": ""}  # fmt: skip

# The key: one letter for all that are typed for one another, whatever the script.
_KEY = str.maketrans(
    {
        **dict(zip("аәбвгғдеэзийіыкқлмнңоөпрстуұүфхһ", "aabvggdeeziiiikklmnnooprstuuufhh", strict=True)),
        "ё": "io", "ж": "j", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ь": "", "ю": "iu", "я": "ia",
        "ı": "i", "y": "i", "q": "k", "w": "u", "x": "h", "ə": "a", "ŋ": "n", "'": "", "’": "", "ʼ": "",
        "ۋ": "u", "و": "o", "ۇ": "u", "ى": "i", "ي": "i", "ە": "e", "ا": "a", "ب": "b", "پ": "p", "ت": "t",
        "ج": "j", "چ": "ch", "ح": "h", "د": "d", "ر": "r", "ز": "z", "س": "s", "ش": "sh", "ع": "g", "ف": "f",
        "ق": "k", "ك": "k", "گ": "g", "ل": "l", "م": "m", "ن": "n", "ڭ": "n", "ھ": "h", "ۆ": "v", "ء": "",
        "\u0674": "", "\u0675": "a", "\u0676": "o", "\u0677": "u", "\u0678": "i",
    }
)  # fmt: skip
_KEY_GROUPS = (
    ("shch", "sh"),
    ("sch", "sh"),
    ("zh", "j"),
    ("gh", "g"),
    ("kh", "h"),
    ("ng", "n"),
    ("iý", "iu"),
)


def script_of(word: str) -> str:
    """`Cyrl`, `Latn`, `Arab` by the first letter that tells, or empty."""
    for letter in word:
        if "\u0400" <= letter <= "\u052f":
            return "Cyrl"
        if "\u0600" <= letter <= "\u06ff":
            return "Arab"
        if letter.isalpha():
            return "Latn" if letter < "\u0370" or "\u1e00" <= letter < "\u1f00" else ""
    return ""


def to_cyrillic(word: str) -> list[str]:
    """Cyrillic spellings that a lower-case word in any script can stand for, likeliest first.

    >>> to_cyrillic("qazaqstan")
    ['қазақстан']
    """
    script = script_of(word)
    found: list[str] = []
    if script == "Arab":
        front = bool(_FRONT_SIGN.search(word))
        choices = [_ARABIC.get(letter, letter) for letter in word]
        found += ["".join(pick) for pick in islice(product(*(c or [""] for c in choices)), _MOST)]
        # A loan has no sign of its own: its к or е alone does not make all its vowels front ones.
        fronted = [text.translate(_FRONTED) for text in found] if front else []
        return list(dict.fromkeys([*fronted, *found, *_compounds(found)]))
    if script != "Latn":
        return [word]
    word = unicodedata.normalize("NFC", word)
    if re.search("[áǵńóúý]", word):
        special = [_LATIN_2018]
    elif re.search("[äğǧñŋöūü]", word):
        special = [_LATIN_2021]
    else:
        special = [_LATIN_2018, _LATIN_2021, *_LATIN_PLAIN.values()]
    parts = _GROUPS.findall(word)
    for table in special:
        letters = [_options(parts, at, table) for at in range(len(parts))]
        found += ["".join(pick) for pick in islice(product(*letters), _MOST)]
    if len(special) > 1:
        found += _compounds(found)
    return list(dict.fromkeys(_agreeing(found)))


def _compounds(found: list[str]) -> list[str]:
    """Spellings whose first vowel alone is a front one, as in a compound (төраға)."""
    return [_FIRST_VOWEL.sub(lambda m: m[0].translate(_FRONTED), text, count=1) for text in found]


def _options(parts: list[str], at: int, table: dict[str, str]) -> list[str]:
    """What one letter can stand for here: й stands beside a vowel, ң between vowels only once."""
    part = parts[at]
    if part not in table:
        return [_COMMON_LATIN.get(part, part)]
    options = list(table[part])
    if len(options) > 1 and "й" in options:
        near = parts[max(0, at - 1)][-1] + parts[min(len(parts) - 1, at + 1)][0]
        beside = bool(
            _LATIN_VOWELS & set(near if 0 < at < len(parts) - 1 else near.replace(part, ""))
        )
        options = [o for o in options if o != "й" or beside]
    if part == "n" and 0 < at < len(parts) - 1 and parts[at + 1] in _LATIN_VOWELS:
        options = options if parts.index("n") == at else options[:1]
    return options


def _agreeing(words: list[str]) -> list[str]:
    """Words whose vowels agree first: back and front ones do not mix in a Kazakh word."""
    return sorted(
        words, key=lambda w: bool(re.search("[аоұы]", w)) and bool(re.search("[әөүі]", w))
    )


def to_latin(text: str, *, year: int = 2018) -> str:
    """Cyrillic text in the Latin alphabet of 2018 or 2021; other characters stay.

    >>> to_latin("Қазақстан жаңалықтары"), to_latin("Щучинск, ЖАҢАШЫЛ Иса", year=2021)
    ('Qazaqstan jańalyqtary', 'Şçuçinsk, JAÑAŞYL İsa')
    """
    plain, capitals = _LATIN_TABLES[year]
    text = _CAPITALS.sub(lambda run: run[0].translate(capitals), text)
    return text.translate(plain)


def _latin_tables(letters: dict[str, str], year: int) -> tuple[dict[int, str], dict[int, str]]:
    """For `str.translate`: one of letters, a capital becoming one with small ones after it; one of capitals alone."""
    plain: dict[int, str] = {}
    capitals: dict[int, str] = {}
    for letter, spelt in letters.items():
        latin = spelt.replace("_", "")
        upper = latin.replace("i", "İ").upper() if year == 2021 else latin.upper()
        plain |= {ord(letter): latin, ord(letter.upper()): upper[:1] + latin[1:]}
        capitals[ord(letter.upper())] = upper
    return plain, capitals


_LATIN_TABLES = {
    2018: _latin_tables(_CYRILLIC_2018, 2018),
    2021: _latin_tables(_CYRILLIC_2021, 2021),
}
_CAPITALS = re.compile(f"[{''.join(_CYRILLIC_2018).upper()}]{{2,}}")


def to_arabic(text: str) -> str:
    """Cyrillic text in töte jazu; other characters stay.

    >>> to_arabic("қазақ тілі")
    'قازاق ٴتىلى'
    """
    return re.sub("[а-яёәғқңөұүһі]+", lambda m: _word_to_arabic(m[0]), text.lower())


def _word_to_arabic(word: str) -> str:
    sign = "\u0674" if re.search("[әөүі]", word) and not re.search("[екг]", word) else ""
    return sign + "".join(_CYRILLIC_ARABIC.get(letter, letter) for letter in word)


def key(word: str) -> str:
    """What spellings of a word in any script, with or without Kazakh letters, have in common.

    >>> key("Қазақстан") == key("казакстан") == key("Qazaqstan") == key("قازاقستان")
    True
    """
    text = word.lower().translate(_KEY)
    if not text.isascii():
        text = unicodedata.normalize("NFD", text).replace("y\u0301", "u")
        text = re.sub("[\u0300-\u036f]", "", text)
    for group, letter in _KEY_GROUPS:
        text = text.replace(group, letter)
    return re.sub(r"(.)\1+", r"\1", text)
