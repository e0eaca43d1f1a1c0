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
from collections.abc import Iterable

_MOST = 48
"""Spellings of one word that are tried at most."""
_LESS_LIKELY, _LEAST_LIKELY, _MIXED = 0.8, 0.2, 1.5
"""What a spelling costs, in nats: a letter that is not the likeliest, each step further; back beside
front vowels."""

# What a Latin letter or group can be, the likeliest first. Without diacritics it is nearly anything.
_LATIN = {
    key: value.split()
    for key, value in {
        "shch": "щ", "sh": "ш сх", "ch": "ч", "zh": "ж", "gh": "ғ", "kh": "х", "ya": "я", "yu": "ю", "yo": "ё", "ye": "е йе",
        "ng": "ң нг ңг нғ ңғ", "ngh": "нғ ңғ", "tsh": "тш", "ts": "ц тс", "ia": "я иа", "iu": "ю иу іу", "iýa": "ия", "ııa": "ия", "iıa": "ия",
        "ıa": "я", "ıý": "ю", "b": "б", "c": "ц", "d": "д", "e": "е", "f": "ф", "j": "ж", "l": "л", "m": "м",
        "p": "п", "q": "қ", "r": "р", "s": "с", "t": "т", "v": "в", "w": "у", "x": "х", "z": "з", "ş": "ш", "ç": "ч",
        "ə": "ә", "á": "ә", "ǵ": "ғ", "ń": "ң", "ó": "ө", "ú": "ү", "ý": "у", "ä": "ә", "ğ": "ғ", "ǧ": "ғ", "ñ": "ң",
        "ŋ": "ң", "ö": "ө", "ū": "ұ", "ü": "ү", "ï": "и", "š": "ш", "č": "ч", "ž": "ж",
    }.items()
}  # fmt: skip
_ALPHABETS = {
    "2018": {"a": "а", "g": "г", "h": "х", "i": "і", "ı": "ий", "k": "к", "n": "н", "o": "о", "u": "ұ", "y": "ы"},
    "2021": {"a": "а", "g": "г", "h": "х", "i": "ийі", "ı": "і", "k": "к", "n": "н", "o": "о", "u": "уұ", "y": "ы", "ü": "ү"},
    "turkish": {"a": "аә", "g": "г", "h": "х", "i": "іий", "ı": "ы", "k": "кқ", "n": "нң", "o": "о", "u": "ұу", "y": "й", "ü": "үу"},
    "plain": {"a": "аә", "g": "гғ", "h": "хһ", "i": "іиый", "ı": "ыий", "k": "кқ", "n": "нң", "o": "оө", "u": "ұуү", "y": "ый"},
}  # fmt: skip
_MARKS = (
    ("[áǵńóúý]", ("2018",)),
    ("ū", ("2021",)),
    ("(?=.*ı).*[äğǧñŋöüşç]", ("turkish", "2021")),
    ("[äğǧñŋöüşç]", ("2021", "turkish")),
    ("ı", ("2021", "turkish", "2018")),
)
"""Letters that tell the alphabet of a word; the first that fits decides."""
_BACK, _FRONT = frozenset("аоұы"), frozenset("әөүі")
_LATIN_VOWELS = frozenset("aeiouyıäöüūáóúýəw")
_ARABIC = {
    "ا": "а", "ب": "б", "پ": "п", "ت": "т", "ج": "ж", "چ": "ч", "ح": "х", "د": "д", "ر": "р", "ز": "з",
    "س": "с", "ش": "ш", "ع": "ғ", "ف": "ф", "ق": "қ", "ك": "к", "گ": "г", "ل": "л", "م": "м", "ن": "н",
    "ڭ": "ң", "ه": "һ", "ھ": "һ", "ە": "е", "ۋ": "у", "ۆ": "в", "و": "о", "ۇ": "ұ", "ى": "ы", "ي": "йи",
    "ک": "к", "ی": "ы", "ة": "е", "\u0675": "ә", "\u0676": "ө", "\u0677": "ү", "\u0678": "і", "ء": "",
    "\u0674": "",
}  # fmt: skip
_ARABIC_LOANS = {
    "ييا": "ия",
    "يە": "е йе ие",
    "يا": "я йа",
    "يۋ": "ю йу иу",
    "يو": "ё йо",
    "شش": "щ шш",
    "س": "с ц",
}
_ARABIC_GROUPS = re.compile("ييا|(?<=[اەوۇىي])يە|يا|يۋ|يو|شش|.")
_FRONTED = dict(zip("аоұы", "әөүі", strict=True))
_FRONT_SIGN = re.compile("[ءٴ\u0674-\u0678ەكگ]")
_GROUPS = re.compile("|".join(sorted((g for g in _LATIN if g[1:]), key=len, reverse=True)) + "|.")

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
        "ı": "i", "y": "i", "q": "k", "w": "u", "x": "h", "ə": "a", "ŋ": "n", "ş": "sh", "ç": "ch", "'": "", "’": "", "ʼ": "",
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
    ("dj", "j"),
)
_SPELT_YE = re.compile("(?:^|(?<=[aeou]))i+e")
"""е where English writes ye: Tokayev, Yerlan."""


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

    Likeliest by the letters alone; `archive.kazakh.words.spellings` asks the vocabulary, too.

    >>> to_cyrillic("qazaqstan")[0], to_cyrillic("jańa"), to_cyrillic("ٴتىل")[0]
    ('қазақстан', ['жаңа'], 'тіл')
    """
    return list(spelling_costs(word))


def spelling_costs(word: str) -> dict[str, float]:
    """What `to_cyrillic` lists, each with what speaks against it, in nats."""
    script = script_of(word)
    if script == "Arab":
        front = bool(_FRONT_SIGN.search(word))
        parts = _ARABIC_GROUPS.findall(word)
        return _spellings([[_arabic_options(parts, at, front) for at in range(len(parts))]])
    if script != "Latn":
        return {word: 0.0}
    word = unicodedata.normalize("NFC", word)
    names = next((names for marks, names in _MARKS if re.search(marks, word)), ("plain",))
    parts = _GROUPS.findall(word)
    return _spellings(
        [[_options(parts, at, _ALPHABETS[n]) for at in range(len(parts))] for n in names]
    )


def _arabic_options(parts: list[str], at: int, front: bool) -> list[str]:
    """А, о, ұ and ы are ә, ө, ү and і in a front word; a loan or a compound may have both."""
    part = parts[at]
    if part in _ARABIC_LOANS:
        return _ARABIC_LOANS[part].split()
    options = list(_ARABIC.get(part, part)) or [""]
    if part == "ە" and not at:
        return ["е", "э"]
    if fronted := _FRONTED.get(options[0]):
        return [fronted, options[0]] if front else [options[0], fronted]
    return _beside(options, "".join(parts[max(0, at - 1) : at] + parts[at + 1 : at + 2]), "اەوۇىۋ")


def _options(parts: list[str], at: int, alphabet: dict[str, str]) -> list[str]:
    """What one letter or group can stand for here."""
    part = parts[at]
    options = list(alphabet.get(part, "")) or _LATIN.get(part, [part])
    if part == "e" and not at:
        return ["е", "э"]
    before, after = (parts[at - 1][-1] if at else ""), "".join(parts[at + 1 : at + 2])[:1]
    if part == "u" and "у" in options and _LATIN_VOWELS.intersection((before, after)):
        return ["у", *(option for option in options if option != "у")]
    return _beside(options, before + after, _LATIN_VOWELS) if part in alphabet else options


def _beside(options: list[str], near: str, vowels: Iterable[str]) -> list[str]:
    """Й stands only beside a vowel."""
    if "й" not in options or not set(near).isdisjoint(vowels):
        return options
    return [option for option in options if option != "й"]


def _spellings(alphabets: list[list[list[str]]]) -> dict[str, float]:
    """The cheapest spellings out of what each letter can stand for, in one alphabet or another."""
    found: dict[str, float] = {}
    for number, letters in enumerate(alphabets):
        # Text so far, and its last vowel that is back or front → cost.
        beam = {("", ""): number * _LESS_LIKELY}
        for options in letters:
            longer: dict[tuple[str, str], float] = {}
            for (text, vowel), cost in beam.items():
                for step, option in enumerate(options):
                    now, kind = cost, vowel
                    if step:
                        now += _LESS_LIKELY + (step - 1) * _LEAST_LIKELY
                    if (found_kind := _harmony(option)) and found_kind != vowel:
                        now += _MIXED if vowel else 0
                        kind = found_kind
                    longer[text + option, kind] = now
            beam = dict(sorted(longer.items(), key=lambda item: item[1])[:_MOST])
        for (text, _), cost in beam.items():
            found[text] = min(cost, found.get(text, cost))
    return dict(sorted(found.items(), key=lambda item: item[1])[:_MOST])


def _harmony(letters: str) -> str:
    return "back" if letters in _BACK else "front" if letters in _FRONT else ""


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
    >>> key("Тоқаев") == key("Tokayev") == key("Tokaev") == key("توقايەۆ")
    True
    """
    text = word.lower().replace("ье", "йе").translate(_KEY)
    if not text.isascii():
        text = unicodedata.normalize("NFD", text).replace("y\u0301", "u")
        text = re.sub("[\u0300-\u036f]", "", text)
    for group, letter in _KEY_GROUPS:
        text = text.replace(group, letter)
    return re.sub(r"(.)\1+", r"\1", _SPELT_YE.sub("e", text))
