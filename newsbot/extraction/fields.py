"""Fields: titles without site names, authors without labels, counters as numbers.

Small pure functions on strings; where the strings come from is the business of the layouts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_SEPARATORS = re.compile(r"\s+(?:[-–—|»•·/:]|::|&raquo;)\s+|\s*\|\s*")
_PLACEHOLDERS = frozenset(
    ("untitled", "no title", "без названия", "без заголовка", "атаусыз", "атауы жоқ", "тақырыпсыз")
)
_AUTHOR_LABEL = re.compile(
    r"^(?:(?:материал(?:дың|ды)?|мақала(?:ның)?|мәтін(?:нің|ді)?|текст|статья|статьи)\s+)?"
    r"(?:автор(?:ы|лар|лары)?|жазған|әңгімелескен|сұхбаттасқан|дайындаған|жариялаған|жіберген|қосқан|мәтін|written by|"
    r"posted by|submitted by|by|добавил(?:а)?|опубликовал(?:а)?|подготовил(?:а)?|отправил(?:а)?|текст|"
    r"avtory?|author|jazǵan|daıyndaǵan|اۆتور(?:ى)?|جازعان|دايىنداعان)"
    r"(?:\s*[:–—-]\s*|\s+|$)|^[^:]{1,25}:\s+",
    re.IGNORECASE,
)
_AUTHOR_SPLIT = re.compile(r"\s*[,;/|]\s*|\s+(?:және|мен|и|and)\s+(?=[A-ZА-ЯӘҒҚҢӨҰҮҺІЁ])")
# «Редакция» is no person either, but it is how newsrooms sign, and it stays (rigs and readers agree).
_PICTURE_LABEL = re.compile(r"(?:фото|сурет|коллаж|photo|foto|sýret|suret|سۋرەت)\w*", re.IGNORECASE)
_NO_PERSON = re.compile(
    r"пресс-?служб|баспасөз|агенттіг|агентство|kazinform|қазақпарат|казинформ|qazaqparat|"
    r"tengrinews|sputnik|азаттық|\badmin|\bадмин|әкімші|moderator|модератор|super ?user|webmaster|вебмастер|"
    r"редактор|корреспондент|журналист|тілші|фотограф|оператор|"
    r"(?:^|\s)(?:облыс|аудан|қала|ауыл)(?:ы|сы)?$|(?:облысы|ауданы|қаласы|ауылы)$|"
    r"ақпарат|\bnews\b|жаңалық|новост|jańalyq|jaŋalyq|"
    r"\b(?:газет[іт]?|газета|порталы?|телеарна(?:сы)?|телеканал|сайты?|орталығы|қызметі|бөлімі|мекемесі|басқармасы|әкімдігі|әкімдік)\b|"
    r"\.(?:kz|com|net|org|ru|info|қаз)\b|^(?:гость|қонақ|guest|user|root|author|автор|авторы|unknown|аноним|anonymous)$|"
    r"фото|сурет|photo|@|https?:|[«»\"“”]|\d{3}",
    re.IGNORECASE,
)
_NAME_WORD = re.compile(r"(?:[^\W\d_](?:\.[^\W\d_])*\.?|[^\W\d_][\w'’ʼ-]*\.?)$")
_DIGIT = re.compile(r"\d")
_THOUSANDS = re.compile(r"(?<![\d:.,])([1-9]\d{0,2})((?:[\s.,’']\d{3})+)(?![\d:]|[.,]\d)")
_NUMBER = re.compile(r"(\d+(?:[.,]\d+)?)\s*(k\b|к\b|тыс|мың|m\b|млн)?", re.IGNORECASE)
_COMMENTS = re.compile(
    r"(?<![\d:.])(\d+)\s*(?:пікір|коммент|comment|thought|response|repl|отзыв|жазба|pikir|پىكىر)|"
    r"(?:пікір(?:лер)?(?: саны)?|комментари(?:и|ев|й)|comments?|pikir(?:ler)?|پىكىر(?:لەر)?)\s*[:(–-]?\s*(\d+)",
    re.IGNORECASE,
)
_VIEW_WORDS = (
    r"көрсетілді|көрсетілім|қаралды|қаралған|қаралым|оқылды|оқылған|оқылым|көрілді|көрілім|қарағандар|қарау|"
    r"просмотр|прочтени|прочитано|прочитали|показов|views?\b|hits?\b|reads?\b|kórildi|kórsetildi|qaraldy|oqyldy|"
    r"körildi|körsetildi|көру|كورسەتىلدى|كورىلدى|قارالدى|وقىلدى"
)
_VIEWS = re.compile(
    rf"(?<![\d:.])(\d+(?:[.,]\d+)?(?:\s*(?:k|к|тыс\.?|мың)(?![^\W\d]))?)\s*(?:(?:рет|ret|raz|раз|رەت)\s+)?(?:{_VIEW_WORDS})|"
    rf"(?:{_VIEW_WORDS})[^\W\d]*(?: саны| sany| سانى)?\s*[:–-]?\s*(\d+(?:[.,]\d+)?(?:\s*(?:k|к|тыс|мың)(?![^\W\d]))?)",
    re.IGNORECASE,
)
# abai.kz and others: «153 0 пікір», views before comments.
_VIEWS_COMMENTS = re.compile(r"(?<![\d:.])(\d+)\s+\d+\s+(?:пікір|pikir|پىكىر)", re.IGNORECASE)
_LABELLED_AUTHOR = re.compile(
    r"(?:(?<!сурет )(?<!фото )автор(?:ы|лар|лары)?|жазған|дайындаған|әңгімелескен|қосқан|добавил(?:а)?|avtory?|author|"
    r"اۆتور(?:ى)?)\s*:\s*([^|•·\n(]+)",
    re.IGNORECASE,
)
_NO_COMMENTS = re.compile(r"пікір жоқ|нет комментар|комментариев нет|no comments?", re.IGNORECASE)
_MULTIPLIER = {"k": 1_000, "к": 1_000, "тыс": 1_000, "мың": 1_000, "m": 1_000_000, "млн": 1_000_000}


def without_site_name(title: str, site_names: Iterable[str | None]) -> str:
    """A title without the « - Newspaper» that templates append; unchanged where none is known."""
    known = {_key(name) for name in site_names if name}
    for cut in reversed(list(_SEPARATORS.finditer(title))):
        if _key(title[cut.end() :]) in known:
            return without_site_name(title[: cut.start()].strip(), known)
    first = _SEPARATORS.search(title)
    if first and _key(title[: first.start()]) in known:
        return title[first.end() :].strip()
    return title


def is_placeholder(title: str) -> bool:
    """Whether a title is what themes print where the newsroom gave none."""
    return title.strip("()[] ").casefold() in _PLACEHOLDERS


def _key(name: str) -> str:
    return re.sub(r"\W+", "", name).casefold()


def _joined(text: str) -> str:
    """Text with «1 234» and «1,234» as one number; never a date, a time or two counters."""
    return _THOUSANDS.sub(lambda found: re.sub(r"\D", "", found[0]), text)


def stated_views(text: str) -> int | None:
    """The number of views that a line states in words: «22.12.2022 | Қаралды: 172»."""
    if not _DIGIT.search(text):
        return None
    joined = _joined(text)
    labelled = _labelled_views(joined)
    both = _VIEWS_COMMENTS.search(joined) if labelled is None else None
    return int(both.group(1)) if both else labelled


def _labelled_views(joined: str) -> int | None:
    match = _VIEWS.search(joined)
    return count(match.group(1) or match.group(2)) if match else None


def stated_comments(text: str) -> int | None:
    """The number of comments that a line states in words: «172 0 пікір»."""
    if _NO_COMMENTS.search(text):
        return 0
    if not _DIGIT.search(text):
        return None
    match = _COMMENTS.search(_joined(text))
    return int(match.group(1) or match.group(2)) if match else None


def stated_author(text: str) -> str | None:
    """What follows «Автор:» in a line, up to the next mark; not yet checked to be a person."""
    match = _LABELLED_AUTHOR.search(text) if ":" in text else None
    return match.group(1).strip() if match else None


def view_count(text: str) -> int | None:
    """Views in a counter or in a line that mixes date, author and counters; None where unclear."""
    if not _DIGIT.search(text):
        return None
    joined = _joined(text)
    labelled = _labelled_views(joined)
    if labelled is not None:
        return labelled
    return count(joined) if len(_NUMBER.findall(joined)) == 1 else None


def looks_like_name(text: str) -> bool:
    """Whether a short line can be the name of a person: two to four words that begin so."""
    words = text.split()
    return (
        2 <= len(words) <= 4
        and len(text) <= 50
        and all(map(_NAME_WORD.match, words))
        and all(word[0].isupper() or not word[0].islower() for word in words)
        and not _NO_PERSON.search(text)
    )


def authors(values: Iterable[str]) -> list[str]:
    """Names of persons, in order and once each: no «Автор:», no newsroom, no agency."""
    found: dict[str, None] = {}
    for value in values:
        # A line may mix author, date and counters.
        labelled = _LABELLED_AUTHOR.search(value) if ":" in value else None
        byline = (labelled.group(1) if labelled else value).strip()
        if _PICTURE_LABEL.match(byline):
            continue
        for part in _AUTHOR_SPLIT.split(_AUTHOR_LABEL.sub("", byline, count=1)):
            name = part.strip(" ,-–—•|\t:;")
            if not name.endswith(("ұлы.", "қызы.")) and len(name) > 4:
                name = name.rstrip(".") if " " in name else name.strip(".")
            if 2 < len(name) <= 80 and not _NO_PERSON.search(name) and not name.isdigit():
                found.setdefault(name)
    return list(found)


def count(text: str) -> int | None:
    """The number in a counter such as «385 рет көрсетілді», «1 234», «1,2 мың»; None without one."""
    match = _NUMBER.search(_joined(text))
    if not match:
        return None
    number, unit = match.groups()
    if not unit:
        return int(re.split(r"[.,]", number)[0])
    return round(float(number.replace(",", ".")) * _MULTIPLIER[unit.lower()])


def comment_count(text: str) -> int | None:
    """The number of comments a heading or link states: «3 пікір», «0», «No comments».

    The heading may quote the article's title with numbers of its own, so a number counts only
    where it stands alone or before the word for comments.
    """
    stated = stated_comments(text)
    if stated is not None:
        return stated
    return int(text) if text.isascii() and text.isdigit() else None


def section(text: str) -> str | None:
    """A section's name without its label: «Рубрика: Қоғам» → Қоғам."""
    name = _SECTION_WORD.sub("", _SECTION_LABEL.sub("", text)).strip(" :•|/»—–-,")
    return name if 1 < len(name) <= 80 else None


def tags(values: Iterable[str]) -> list[str]:
    """Tags in order and once each, without «#», labels and marks around them."""
    found: dict[str, None] = {}
    for value in values:
        tag = value.strip(" ,;#\t")
        if tag and len(tag) <= 100 and not _TAG_LABEL.fullmatch(tag):
            found.setdefault(tag)
    return list(found)[:100]


def stated_tags(line: str) -> list[str]:
    """Tags of a line such as «Тегтер: мектеп, спорт»."""
    match = _TAG_LINE.match(line)
    return tags(re.split(r"[,;#]", line[match.end() :])) if match else []


_SECTION_LABEL = re.compile(
    r"^(?:жарияланған(?: бөлім(?:і|де))?|санат(?:ы)?|айдар(?:ы)?|бөлім(?:і)?|рубрика|категория|раздел|опубликовано в|category|section|posted in|sanat|aıdar|"
    r"سانات|ايدار)\s*[:–—-]\s*",
    re.IGNORECASE,
)
_SECTION_WORD = re.compile(
    r"^(?i:опубликовано в|posted in|in|в|айдары?|санаты?|рубрика|жарияланған) (?=[A-ZА-ЯӘҒҚҢӨҰҮҺІ])"
)
_TAG_LABEL = re.compile(
    r"(?:тег(?:тер)?|тэг(?:тер)?|теги|метки|tags?|тірек сөздер|кілт сөздер|tegter|تەگتەر)\s*:?",
    re.IGNORECASE,
)
_TAG_LINE = re.compile(
    r"(?:тег(?:тер)?|тэг(?:тер)?|теги|метки|tags|тірек сөздер|кілт сөздер|tegter|تەگتەر)\s*:\s*",
    re.IGNORECASE,
)
_LOWER, _UPPER = "[а-яёәғқңөұүһі]", "[А-ЯЁӘҒҚҢӨҰҮҺІ]"
_GLUED = re.compile(
    rf"{_UPPER}(?<={_LOWER}{{3}}.){_LOWER}{{3}}|[.!?](?={_UPPER}{_LOWER}{{2}})(?<={_LOWER}{{4}}.)"
)
_LONGEST_WORD = 32


def looks_glued(text: str) -> bool:
    """Whether words seem to be joined where the page had mark-up between them: «айтылдыБұл»."""
    if _GLUED.search(text):
        return True
    words = text.split()
    if max(map(len, words), default=0) <= _LONGEST_WORD:
        return False
    return any(len(word) > _LONGEST_WORD and word.isalpha() for word in words)


# abai.kz labels its Arabic and Latin editions with the codes of Tatar and Lithuanian.
_EDITION_CODES = {"tt": "kk-Arab", "lt": "kk-Latn", "kz": "kk", "qz": "kk-Latn", "kk-kz": "kk", "ru-ru": "ru", "kk-cyrl": "kk", "kk-arab-cn": "kk-Arab"}  # fmt: skip
_EDITION_LABELS = {
    "kk-Latn": "lat latyn latynsha латын латынша qazaqsha qaz latin",
    "kk-Arab": "төте төте_жазу төтеше arab араб арабша tote توتە توتە_جازۋ قازاقشا تۇتە",
    "kk": "кирилл кирилше кириллица қаз қазақша каз kz қазақ_тілінде",
    "ru": "рус русский ru орысша на_русском русская_версия",
    "en": "eng en english",
}
_EDITIONS = {
    word.replace("_", " "): language
    for language, words in _EDITION_LABELS.items()
    for word in words.split()
}


def edition_language(code: str) -> str:
    """The language that an hreflang code means on a Kazakh site, in BCP 47."""
    return _EDITION_CODES.get(code.lower(), code)


def edition_label(text: str) -> str | None:
    """The language that a link such as «Төте жазу» or «Рус» leads to; None for other links."""
    return _EDITIONS.get(text.strip().lower()) if len(text) <= 40 else None
