"""Fields: titles without site names, sections without labels, counters as numbers.

Small pure functions on strings; where the strings come from is the business of the layouts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from html import unescape
from urllib.parse import parse_qsl, urlsplit

from newsbot import vocabulary
from newsbot.vocabulary import either, pattern

LONGEST_TITLE = 1000
"""Characters; what is longer is no headline."""
# Any mark between spaces that is not part of a sentence; bars and long dashes without them too.
_SEPARATORS = re.compile(
    r"(\s+(?:[^\w\s\"'“”„‘’«(){}\[\].,!?…%№#&+]+|&\w{2,8};)\s+|\s*\|\s*|\s*[–—]\s*|\s+-|-\s+|\s+«\s+(?![^»]*»))"
)
_PLACEHOLDERS = frozenset(vocabulary.entries("titles", "placeholders"))
_NAVIGATION = pattern("titles", "navigation", within=r"{}\s*:?\s*(?:\(?\d*\)?)")
_PAPER = pattern("titles", "papers", within=r"(?:^|.*\W){}\W*")
_NAME_WORDS = 5
"""Words of the longest name of a newspaper that is told by its last word."""
_STEM = 5
"""Letters by which two words are compared: endings differ from headline to headline."""
_SHARED = 0.3
"""Share of its words that a headline has in common with another of the same article."""
_DIGIT = re.compile(r"\d")
_THOUSANDS = re.compile(r"(?<![\d:.,])([1-9]\d{0,2})((?:[\s.,’']\d{3})+)(?![\d:]|[.,]\d)")
_MOST_DIGITS = 15
_MULTIPLIER: dict[str, int] = vocabulary.subject("counters")["multipliers"]
_UNITS = "|".join(rf"{unit}\b" if len(unit) == 1 else unit for unit in _MULTIPLIER)
_NUMBER = re.compile(rf"(\d+(?:[.,]\d+)?)\s*({_UNITS})?", re.IGNORECASE)
_COMMENTS = re.compile(
    rf"(?<![\d:.])(\d+)\s*{either('counters', 'comments_after')}|"
    rf"{either('counters', 'comments_before')}\s*[:(–-]?\s*(\d+)",
    re.IGNORECASE,
)
_THOUSAND = rf"(?:\s*{either('counters', 'thousands')}(?![^\W\d]))?"
_VIEWS = re.compile(
    rf"(?<![\d:.])(\d+(?:[.,]\d+)?{_THOUSAND})\s*(?:{either('counters', 'times')}\s+)?"
    rf"{either('counters', 'views')}|{either('counters', 'views')}[^\W\d]*"
    rf"(?: {either('counters', 'number_of')})?\s*[:–-]?\s*(\d+(?:[.,]\d+)?{_THOUSAND})",
    re.IGNORECASE,
)
# abai.kz and others: «153 0 пікір», views before comments.
_VIEWS_COMMENTS = pattern("counters", "comments_after_views", within=r"(?<![\d:.])(\d+)\s+\d+\s+{}")
_NO_COMMENTS = pattern("counters", "no_comments")


_NO_LETTERS = re.compile(r"[\W_]+")
_WORD = re.compile(r"[^\W_]{3,}")


def letters(text: str) -> str:
    """Letters and digits of a text in lower case, for comparing what is printed twice."""
    return _NO_LETTERS.sub("", text).casefold()


def unescaped(text: str) -> str:
    """A text with its HTML entities decoded, once."""
    try:
        return unescape(text) if "&" in text else text
    except ValueError:  # a number of more digits than Python reads
        return text


def is_cut(text: str) -> bool:
    """Whether a text ends in the dots of a teaser."""
    return text.rstrip(" ])").endswith(("…", "...", "&hellip;"))


def title_parts(title: str) -> list[str]:
    """A title cut at what may part it from its site's name: parts and, between them, the marks."""
    return _SEPARATORS.split(title)


def spelt_names(site_names: Iterable[str | None]) -> dict[str, int]:
    """Names of a site by their letters, with the number of parts that a title has of each."""
    return {
        spelt: (len(title_parts(name)) + 1) // 2
        for name in dict.fromkeys(site_names)
        if name and (spelt := letters(name))
    }


def without_site_name(title: str, known: Mapping[str, int]) -> str:
    """A title without the names of its site at its ends, whatever parts them from it: « - Газет».

    `known` are its `spelt_names`. Empty where it is nothing but such names; unchanged where it holds
    none. What follows the site's name at the end, such as its motto, goes with it.
    """
    if not known or len(title) > LONGEST_TITLE:
        return title
    parts = title_parts(title)
    words = [letters(part) for part in parts[::2]]
    first, end = 0, len(words)
    sizes = {*known.values()}
    while cut := next((n for n in sizes if _named(words[max(first, end - n) : end], known)), 0):
        end -= min(cut, end - first)
    while cut := next((n for n in sizes if _named(words[first : min(end, first + n)], known)), 0):
        first += min(cut, end - first)
    end = next((n for n in range(first + 1, end) if words[n] in known), end)
    return "".join(parts[2 * first : max(2 * end - 1, 0)]).strip()


def _named(words: list[str], known: Collection[str]) -> bool:
    return bool(words) and "".join(words) in known


def is_newspaper(text: str) -> bool:
    """Whether a short text says by its last word that it is the name of a newspaper."""
    return len(text.split()) <= _NAME_WORDS and len(text) < 100 and bool(_PAPER.fullmatch(text))


def is_navigation(text: str) -> bool:
    """Whether a heading is one of those around an article: «Бөлімдер», «Comments (3)»."""
    return len(text) < 60 and bool(_NAVIGATION.fullmatch(text.strip()))


def alike(one: str, other: str) -> bool:
    """Whether two headlines have so many words in common that they may be of one article."""
    mine, theirs = (
        {word[:_STEM] for word in _WORD.findall(text[:LONGEST_TITLE].casefold())}
        for text in (one, other)
    )
    return len(mine & theirs) >= max(1.0, _SHARED * min(len(mine), len(theirs)))


def is_placeholder(title: str) -> bool:
    """Whether a title is what themes print where the newsroom gave none."""
    return title.strip("()[] ").casefold() in _PLACEHOLDERS


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
    return _whole(both.group(1)) if both else labelled


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
    return _whole(match.group(1) or match.group(2)) if match else None


def view_count(text: str) -> int | None:
    """Views in a counter or in a line that mixes date, author and counters; None where unclear."""
    if not _DIGIT.search(text):
        return None
    joined = _joined(text)
    labelled = _labelled_views(joined)
    if labelled is not None:
        return labelled
    return count(joined) if len(_NUMBER.findall(joined)) == 1 else None


def count(text: str) -> int | None:
    """The number in a counter such as «385 рет көрсетілді», «1 234», «1,2 мың»; None without one."""
    match = _NUMBER.search(_joined(text))
    if not match:
        return None
    number, unit = match.groups()
    if not unit:
        return _whole(re.split(r"[.,]", number)[0])
    if len(number) > _MOST_DIGITS:
        return None
    return round(float(number.replace(",", ".")) * _MULTIPLIER[unit.lower()])


def comment_count(text: str) -> int | None:
    """The number of comments a heading or link states: «3 пікір», «0», «No comments».

    The heading may quote the article's title with numbers of its own, so a number counts only
    where it stands alone or before the word for comments.
    """
    stated = stated_comments(text)
    if stated is not None:
        return stated
    return _whole(text) if text.isascii() and text.isdigit() else None


def _whole(digits: str) -> int | None:
    """A number that a counter may show; what is longer is none."""
    return int(digits) if len(digits) <= _MOST_DIGITS else None


def section(text: str) -> str | None:
    """A section's name without its label: «Рубрика: Қоғам» → Қоғам."""
    name = _SECTION_WORD.sub("", _SECTION_LABEL.sub("", text)).strip(" :•|/»—–-,")
    return name if 1 < len(name) <= 80 else None


def stated_section(line: str) -> str | None:
    """The section that a line names after a label: «Айдары: Қоғам | 14.05.2024» → Қоғам."""
    match = _SECTION_LABEL.match(line)
    name = section(re.split(r"[|•·,\n]", line[match.end() :], maxsplit=1)[0]) if match else None
    return None if name and _DIGIT.search(name) else name


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


_SECTION_LABEL = pattern("sections", "labels", within=r"^{}\s*[:–—-]\s*")
_SECTION_WORD = re.compile(rf"^(?i:{either('sections', 'words')}) (?=[A-ZА-ЯӘҒҚҢӨҰҮҺІ])")
_TAG_LABEL = pattern("sections", "tag_labels", "tag_label_alone", within=r"{}\s*:?")
_TAG_LINE = pattern("sections", "tag_labels", within=r"{}\s*:\s*")
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


_EDITION_CODES: dict[str, str] = vocabulary.subject("editions")["codes"]
_EDITIONS = {
    word: language
    for language, words in vocabulary.subject("editions")["labels"].items()
    for word in words
}


_EDITION_PLACES = {
    word: language
    for language, words in vocabulary.subject("editions")["places"].items()
    for word in words
}


def edition_language(code: str) -> str:
    """The language that an hreflang code means on a Kazakh site, in BCP 47."""
    return _EDITION_CODES.get(code.lower(), code)


def edition_label(text: str) -> str | None:
    """The language that a link such as «Төте жазу» or «Рус» leads to; None for other links."""
    return _EDITIONS.get(text.strip().lower()) if len(text) <= 40 else None


def edition_of_address(url: str) -> str | None:
    """The language that an edition's address names, in its path, query or host: `/lat/…`, `?ln=lat`."""
    parts = urlsplit(url)
    words = [parts.path.lstrip("/").partition("/")[0]]
    words += [value for _, value in parse_qsl(parts.query)]
    words.append((parts.hostname or "").partition(".")[0])
    return next(filter(None, (_EDITION_PLACES.get(word.lower()) for word in words)), None)


def is_edition_front(url: str) -> bool:
    """Whether an address is the front page of an edition: `/`, `/lat/`."""
    parts = urlsplit(url)
    segments = [segment.lower() for segment in parts.path.split("/") if segment]
    return not parts.query and all(segment in _EDITION_PLACES for segment in segments)
