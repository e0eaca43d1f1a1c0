"""Fields: titles without site names, authors without labels, counters as numbers.

Small pure functions on strings; where the strings come from is the business of the layouts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_SEPARATORS = re.compile(r"\s+(?:[-–—|»•·/:]|::|&raquo;)\s+|\s*\|\s*")
_PLACEHOLDERS = frozenset(("untitled", "no title", "без названия", "без заголовка", "атаусыз", "атауы жоқ", "тақырыпсыз"))
_AUTHOR_LABEL = re.compile(
    r"^(?:автор(?:ы|лар|лары)?|жазған|әңгімелескен|дайындаған|мәтін(?:ді)?|written by|posted by|by|авторы|"
    r"материалды дайындаған|текст|avtor|اۆتور)\b\s*[:–—-]?\s*|^[^:]{1,25}:\s+",
    re.IGNORECASE,
)
_AUTHOR_SPLIT = re.compile(r"\s*[,;/|]\s*|\s+(?:және|мен|и|and)\s+(?=[A-ZА-ЯӘҒҚҢӨҰҮҺІЁ])")
_NO_PERSON = re.compile(
    r"пресс-?служб|баспасөз қызмет|агенттіг|агентство|kazinform|қазақпарат|казинформ|"
    r"tengrinews|sputnik|\badmin|\bадмин|moderator|модератор|ақпарат(?:тық)?\b.*(?:порт|агент)|"
    r"\b(?:газеті|газета|порталы|телеарна(?:сы)?)\b|\.(?:kz|com|net|ru|info)\b|^(?:гость|қонақ|guest|user)$|"
    r"фото|сурет|@|https?:",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"(?<=\d)[\s.,’'](?=\d{3}(?!\d))")
_NUMBER = re.compile(r"(\d+(?:[.,]\d+)?)\s*(k\b|к\b|тыс|мың|m\b|млн)?", re.IGNORECASE)
_COMMENTS = re.compile(
    r"(\d+)\s*(?:пікір|коммент|comment|thought|response|repl|отзыв|жазба|pikir|پىكىر)|"
    r"(?:пікір(?:лер)?|комментари(?:и|ев)|comments?|pikirler?)\s*[:(]\s*(\d+)",
    re.IGNORECASE,
)
_VIEWS = re.compile(
    r"(\d+(?:[.,]\d+)?(?:\s*(?:k|к|тыс|мың)\b)?)\s*(?:рет\s+)?(?:көрсетілді|қаралды|оқылды|көрілді|қаралым|"
    r"просмотр|прочтени|views?\b|hits?\b|ret\b|رەت)|"
    r"(?:көрілді|қаралды|қаралым(?:дар)?|оқылды|көрсетілді|просмотр(?:ов|ы)?|прочитано|views?|hits)\s*[:–-]?\s*(\d+)",
    re.IGNORECASE,
)
_LABELLED_AUTHOR = re.compile(
    r"(?:автор(?:ы|лар|лары)?|жазған|дайындаған|avtor|author|اۆتور)\s*:\s*([^|•·\n]+)", re.IGNORECASE
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


def view_count(text: str) -> int | None:
    """Views in a counter or in a line that mixes date, author and counters; None where unclear."""
    joined = _THOUSANDS.sub("", text)
    match = _VIEWS.search(joined)
    if match:
        return count(match.group(1) or match.group(2))
    return count(joined) if len(_NUMBER.findall(joined)) == 1 else None


def authors(values: Iterable[str]) -> list[str]:
    """Names of persons, in order and once each: no «Автор:», no newsroom, no agency."""
    found: dict[str, None] = {}
    for value in values:
        labelled = _LABELLED_AUTHOR.search(value)
        if labelled:  # a line that mixes author, date and counters
            value = labelled.group(1)
        for part in _AUTHOR_SPLIT.split(_AUTHOR_LABEL.sub("", value.strip(), count=1)):
            name = part.strip(" .,-–—•|\t")
            if 2 < len(name) <= 80 and not _NO_PERSON.search(name) and not name.isdigit():
                found.setdefault(name)
    return list(found)


def count(text: str) -> int | None:
    """The number in a counter such as «385 рет көрсетілді», «1 234», «1,2 мың»; None without one."""
    match = _NUMBER.search(_THOUSANDS.sub("", text))
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
    if _NO_COMMENTS.search(text):
        return 0
    match = _COMMENTS.search(_THOUSANDS.sub("", text))
    if match:
        return int(match.group(1) or match.group(2))
    return int(text) if text.isascii() and text.isdigit() else None
