"""Which script and which language a text is in: Kazakh in three scripts, Russian, and related ones.

Pure Python and small tables: the letters a language has, how often, and its commonest words.
Look-alike letters (a Latin i for і) are seen through.
"""

import re
import unicodedata
from collections import Counter
from itertools import compress
from math import log
from operator import mul

from archive.kazakh.letters import (
    RUSSIAN,
    fold_lookalikes,
    fold_mixed_words,
    mixed_words,
)

_SAMPLE = 3000  # characters; the rest of an article does not change the answer

_LETTERS = {
    "Cyrl": re.compile("[\u0400-\u0481\u048a-\u052f]+"),
    "Latn": re.compile("[A-Za-z\xc0-\xd6\xd8-\xf6\xf8-\u024f\u0259\u1e00-\u1eff]+"),
    "Arab": re.compile(
        "[\u0620-\u064a\u066e-\u06d3\u06d5\u06ee-\u06ff\u0750-\u077f\ufb50-\ufefc]+"
    ),
}

# Cyrillic letters and pairs that tell languages apart, per thousand letters of running text
# (rounded: orders of magnitude are what matters). What is not named hardly occurs.
_PER_MILLE = {
    "kk": "оо.5 ы78 і52 қ36 ғ22 ң15 ә13 ө10 ү10 ұ10 һ.3 и20 й25 ь3 э1.5 я3 ю1 ч1.5 щ.3 ц1 х3 в3 ф1",
    "ru": "оо1 ы19 и74 й12 ь17 ъ.4 э3 я20 ю6 ч15 щ4 ц5 х10 в45 ф3 ё1",
    "ky": "уу8 оо7 үү6 өө5 ы72 ү26 ө25 ң11 и32 й18 э13 ч15 ь1.5 я2 ю1 ц1 в3 х1 ф1 щ.3",
    "tt": "ә65 ы50 ө11 ү14 җ8 ң12 һ4 и35 э4 й15 ч9 я15 ю4 ь4 в7 х9 ф4 ц1 ъ.7",
    "ba": "ҡ32 ғ15 ҙ18 ҫ8 ә60 ө20 ү15 һ15 ң10 ы55 и20 й20 э8 в5 х6 ф2 я10 ю3 ь4",
    "uz": "ў20 қ25 ғ10 ҳ15 и110 й15 э6 я15 ю4 ч12 ъ4 в14 х9 ф6 ц1",
    "ug": "ә80 қ32 ғ18 ү24 ө11 ң12 җ6 һ10 и110 й14 ч15 э5 я4 ю3 в8 х7 ф3",
    "tg": "ӣ13 ӯ10 қ10 ғ5 ҳ20 ҷ6 и85 й8 э3 я12 ю3 ч6 ъ4 в14 х14 ф8 ё8",
    "mn": "уу5 оо8 үү9 өө6 ө25 ү28 ы10 и30 й45 э55 х40 ч12 ь5 я7 ю3 ц8 в4 ё3",
    "kaa": "ә18 қ30 ғ18 ң11 ө9 ү11 ў9 ҳ6 ы70 и45 й15 ч1 х4 в4 ф2 я4 ю1 ц1",
    "uk": "і57 ї7 є5 ґ.2 и62 й13 ь18 я21 ю8 ч13 щ5 ц8 х11 в52 ф3",
    "be": "і65 ў26 ы40 э20 й13 ь14 я35 ю7 ё8 ч15 ц35 х10 в30 ф2",
    "bg": "ъ16 и90 й8 ь.2 я17 ю2 ч14 щ6 ц8 х6 в45 ф3",
    "sr": "ј40 љ5 њ7 ћ6 ђ2 џ.3 и95 ч10 ц8 х6 в38 ф2",
    "mk": "ј15 њ3 љ1 ќ4 ѓ3 ѕ1 џ.5 и90 ч12 ц7 х2 в40 ф3",
}
_NEVER = 0.12  # per thousand: misspellings, foreign names
# Kazakh newspapers print Kazakh and Russian. Other languages must show their own letters.
_PRIOR = {"kk": 6.0, "ru": 6.0, "ky": 3.0, "tt": 3.0, "uz": 3.0}
_LOAN_WEIGHT = 0.5  # of letters that come and go with Russian words and names
_WORD_EVIDENCE = 3.0  # log-likelihood of one common word

# Common words. Those of Russian letters alone matter most; the others speak for themselves. Kazakh
# words that are also Russian ones (не, он, ту) are left to Russian or out.
_COMMON = {
    "kk": "және да де мен пен бен үшін деп дейді бұл осы сол ол олар бар жоқ емес болып болды "
    "болса болған болатын болады бойынша туралы кейін дейін дегенмен арасында барысында жылы жылғы "
    "облысы ауданы басшысы мектеп жатыр отыр берген келген деген екен керек тек кезде жерде "
    "балалар адамдар жаңа бірақ ғана өзінің оның еліміздің қазір сондай тиіс алып келіп беріп",
    "ru": "и в во что на с со как то все так его но к же за бы по только было от еще нет о об из "
    "когда даже если уже или быть был него до для это этом этого также при которые который "
    "которая года году лет после более была были будет не они мы она их у под через между а",
    "ky": "жана да менен үчүн болгон эмес бул анын боюнча кийин бирок ошол тууралуу деген жылы "
    "кыргыз эле экен деп бар ушул болуп болду дагы айтты өлкө мамлекеттик эч аны",
    "tt": "һәм белән өчен бу дип булган иде ул аның бер буенча соң турында икән татар дә бик "
    "түгел булып шул дигән аны ә инде ел",
    "ba": "һәм менән өсөн был тип булған ине уның бер буйынса һуң тураһында башҡорт түгел ул",
    "uz": "ва билан учун бу деб эди бўлган ҳам эса керак ўз лекин бир ҳақида бўйича эмас йил "
    "кейин каби бўлиб қилиш ҳар бўлди",
    "ug": "вә билән үчүн бу дәп болған һәм бир әмәс болуп кейин уйғур бойичә униң мошу йәнә",
    "tg": "ва дар аз ба ки бо ин он барои буд аст шуд ҳам мекунад тоҷикистон",
    "mn": "нь байна болон юм энэ байсан гэж хүн монгол улсын бол дээр гэсэн байгаа",
    "kaa": "ҳәм менен ушын бул деп болған бойынша кейин емес қарақалпақ",
    "uk": "і що та не до з у за від як це його про є для був були на в й або яка який після",
    "be": "і ў на не з што як гэта ад па для быў былі гэтага пра яго але у таксама",
    "bg": "на и за от се не да са е в с по като че ще бе което този която към със това",
    "sr": "и је у на се да за од су ће није био као или који са не та што",
    "mk": "и на во да се од за со не е ќе што беше кои како ги",
}
_ENDINGS = {
    "ru": "ого его ому ему ый ий ые ие ая яя ую юю ыми ими ость ости ание ания ании анию ение ения "
    "ении ению ться тся лся лась лось лись ской ский ском скую ами ями ает яет ует ают яют уют ала "
    "ила али или ных ских щих",
    "kk": "лар лары дары тары ысы ыны ылды ынды ылып ушы лды рды тты ады йды сыз дыр тыр мыз",
}
_RUSSIAN_ENDINGS, _TURKIC_ENDINGS = (tuple(_ENDINGS[name].split()) for name in ("ru", "kk"))
_BEYOND_RUSSIAN = re.compile(f"[^{RUSSIAN}]")
_LIKE_RUSSIAN = ("ru", "bg", "mk", "sr")
_UNLIKE_RUSSIAN = tuple(language for language in _PER_MILLE if language != "ru")

_LATIN_COMMON = {
    "kk-Latn": "jane zhane ushin usin dep deidi bul osy ol joq zhoq emes bolyp boldy "
    "bolgan bolady boiynsha boiynsa bojynsha boyynsha turaly kejin keiin deiin dejin degen dedi "
    "jyly zhyly jylgy zhylgy oblysy audany qalasy qazaq qazaqstan qazir tagy barlyq kerek eken "
    "edi endi memleket memlekettik halyq mektep elimizdin gana biraq onyn jana zhana songy",
    "en": "the of and to in is that for was with on as by at from are this be have has it not "
    "which were but been their its will an said new after over who they more he his",
    "tr": "ve bir bu için ile olarak olan olduğu gibi daha çok sonra kadar ise göre yeni değil "
    "ancak oldu etti dedi türkiye yıl",
    "uz": "va bilan uchun bu ham deb edi kerak emas bir haqida boyicha bolgan lekin esa har yil "
    "keyin kabi qilish bolib boldi uning shu yangi ozbekiston hamda ushbu yoki mumkin agar",
    "az": "və bu ilə üçün bir da də olan daha sonra kimi görə ildə edib olub azərbaycan",
}
_CONSONANT = "[bcdfghjklmnpqrstvxz]"
_KAZAKH_Y = re.compile(f"{_CONSONANT}y{_CONSONANT}")  # y is a vowel: oblystyq
_KAZAKH_MARK = re.compile("[ǵǧŋğş]")
_BACK_Q = re.compile("q(?![uei])")  # қ stands with back vowels; qu is English, qi Uzbek too
_APOSTROPHE = re.compile("(?<=[og])[‘’ʻʼ`']")  # Uzbek o‘, g‘


def _base_letters() -> dict[int, str]:
    """Each Latin letter with a mark to the letter without it."""
    bare = {
        code: unicodedata.normalize("NFD", chr(code))[0]
        for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
    }
    return bare | {ord("ı"): "i", ord("ŋ"): "n", ord("ə"): "a"}


def _letter_evidence() -> tuple[list[str], dict[str, list[float]]]:
    """The telling letters, and per language how strongly each of them speaks for it.

    That is log P(letter | language), as in naive Bayes; letters that no table has are equally likely.
    """
    letters = "".join(map(chr, range(0x400, 0x530)))
    tables = {
        language: {
            item.rstrip(".0123456789"): float(item.lstrip(letters)) for item in table.split()
        }
        for language, table in _PER_MILLE.items()
    }
    telling = sorted(set().union(*tables.values()))
    evidence = {
        language: [
            (_LOAN_WEIGHT if letter in RUSSIAN else 1) * log(table.get(letter, _NEVER))
            for letter in telling
        ]
        for language, table in tables.items()
    }
    return telling, evidence


_BASE_LETTERS = _base_letters()
_TELLING, _EVIDENCE = _letter_evidence()
_KNOWN = frozenset(RUSSIAN).union(*_TELLING)
_EXTRA = _KNOWN.difference(RUSSIAN)
# Letters of none of these languages: Ossetian, Udmurt, Chuvash, Abkhaz and many more.
_STRANGE = re.compile(f"[{''.join({chr(code) for code in range(0x450, 0x530)} - _KNOWN)}]")
_LANGUAGES_OF: dict[str, list[str]] = {}
for _language, _vocabulary in _COMMON.items():
    for _word in set(_vocabulary.split()):
        _LANGUAGES_OF.setdefault(_word, []).append(_language)
_LATIN_WORDS = {language: frozenset(words.split()) for language, words in _LATIN_COMMON.items()}


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
    sample = unicodedata.normalize("NFC", text[:_SAMPLE])
    written = script(sample)
    if written == "Cyrl":
        found = _cyrillic(fold_mixed_words(sample).lower())
    elif written == "Latn":
        found = _latin(sample.replace("İ", "i").lower())
    elif written == "Arab":
        found = _arabic(sample)
    else:
        return None
    return found or _from_hint(hint, written)


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


def _cyrillic(text: str) -> str | None:
    """Language of a lower-case text in Cyrillic."""
    words = _LETTERS["Cyrl"].findall(text)
    russian = other = unknown = 0.0
    common: Counter[str] = Counter()
    for word, count in Counter(words).items():
        known = _LANGUAGES_OF.get(word, ())
        for language in known:
            common[language] += count
        if _BEYOND_RUSSIAN.search(word):
            other += count
        elif "ru" in known or (not known and len(word) > 5 and word.endswith(_RUSSIAN_ENDINGS)):
            russian += count
        elif known:
            other += count
        elif word.endswith(_TURKIC_ENDINGS):
            other += count / 2
        else:
            unknown += count
    # Half of the words of a Russian text tell nothing by their form; of a Kazakh one, a fifth.
    # Headlines are too short for such shares.
    if len(words) > 40:
        russian += min(unknown, russian)
    if not russian and not other:
        return None
    strange = len(_STRANGE.findall(text))
    if strange and 2 * strange > sum(map(text.count, _EXTRA)):
        return None
    counts = [text.count(piece) for piece in _TELLING]
    # Most of them are in none of the text, and nothing times their evidence is nothing.
    seen = list(map(bool, counts))
    counts = list(filter(None, counts))
    scores = {
        language: sum(map(mul, counts, compress(_EVIDENCE[language], seen)))
        + _WORD_EVIDENCE * common[language]
        + _PRIOR.get(language, 0.0)
        for language in (_LIKE_RUSSIAN if russian > other else _UNLIKE_RUSSIAN)
    }
    return max(scores, key=scores.__getitem__)


def _latin(text: str) -> str | None:
    """Language of a lower-case text in Latin letters; None for those that nobody prints here."""
    text, uzbek_letters = _APOSTROPHE.subn("", text)
    words = _LETTERS["Latn"].findall(text)
    votes = {
        language: float(sum(map(vocabulary.__contains__, words)))
        for language, vocabulary in _LATIN_WORDS.items()
    }
    common_kazakh = back_q = vowel_y = 0
    for word, count in Counter(_LETTERS["Latn"].findall(text.translate(_BASE_LETTERS))).items():
        if word in _LATIN_WORDS["kk-Latn"]:
            common_kazakh += count
        if "q" in word and _BACK_Q.search(word):
            back_q += count
        if "y" in word and _KAZAKH_Y.search(word):
            vowel_y += count
    # A vowel y alone could be Polish; q could be Uzbek.
    if common_kazakh or back_q or _KAZAKH_MARK.search(text):
        votes["kk-Latn"] = common_kazakh + back_q + vowel_y
    else:
        votes["kk-Latn"] = 0
    votes["az"] += sum("ə" in word for word in words)
    if votes["uz"] or uzbek_letters:
        votes["uz"] += uzbek_letters + back_q
    best = max(votes, key=votes.__getitem__)
    return best if votes[best] > 0.1 * len(words) else None


_TOTE_JAZU = re.compile("[ەۇۋڭ\u0674-\u0678]")
_UYGHUR = re.compile("[ئېۈ]")
_FOREIGN_ARABIC = re.compile("[یکێڕڵةےہ]")  # Persian, Sorani, Arabic, Urdu
_KAZAKH_STEM = re.compile("قازاق|جانە")


def _arabic(text: str) -> str | None:
    """`kk-Arab` or `ug` by the letters that Arabic and Persian lack, else None."""
    letters = sum(map(len, _LETTERS["Arab"].findall(text)))
    vowels, uyghur = len(_TOTE_JAZU.findall(text)), len(_UYGHUR.findall(text))
    if len(_FOREIGN_ARABIC.findall(text)) > 0.03 * letters:
        return None
    if uyghur > 0.02 * letters:
        return "ug" if vowels > 0.03 * letters else None
    return "kk-Arab" if vowels > 0.06 * letters or _KAZAKH_STEM.search(text) else None


_FOREIGN_STEM = re.compile(f"{_LETTERS['Latn'].pattern}{_LETTERS['Cyrl'].pattern}")


def looks_mixed_script(text: str) -> bool:
    """Whether some word mixes Cyrillic and Latin letters, as typing with look-alikes does.

    A foreign name with a Kazakh suffix (`COVIDтен`) is no such word, nor is `IT-компания`.
    """
    return any(
        fold_lookalikes(word) != word or not _FOREIGN_STEM.fullmatch(word)
        for word in mixed_words(text)
    )
