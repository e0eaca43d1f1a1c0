"""profile_values: what a value in a profile may be. What is none is refused with what was expected."""

from __future__ import annotations

import re
from functools import cache
from itertools import accumulate
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import regex
from cssselect import SelectorError
from parsel.csstranslator import HTMLTranslator
from pydantic import AfterValidator, BeforeValidator, Field

from archive.kazakh.words import words
from archive.stories.texts import fold
from newsbot import urls, vocabulary

REGIONS: dict[str, list[str]] = vocabulary.subject("regions")["spellings"]
"""Id → further spellings."""

Monitor = Literal[
    "closed", "down", "refusing", "layout_changed", "unread_pages", "field_lost", "encoding", "text_length",
    "duplicates", "failing_source", "stale_source", "few_articles", "silent", "slow",
]  # fmt: skip
"""The monitors of `newsbot/watch/monitors.toml`."""

_LONGEST, _DEEPEST = 300, 10
"""Characters, and brackets within brackets, of a selector: its compiler is recursive."""


def _css(value: str) -> str:
    depth = max(accumulate((c in "([") - (c in ")]") for c in value), default=0)
    if depth > _DEEPEST or max(map(len, value.split(","))) > _LONGEST:
        raise ValueError(f"a CSS selector of {_LONGEST} characters, {_DEEPEST} levels at most")
    try:
        HTMLTranslator().css_to_xpath(value)
    except SelectorError as error:
        raise ValueError(f"a CSS selector ({error})") from None
    return value


def _joined(value: object) -> object:
    """Alternatives of one selector, written one a line, as the selector list that they mean."""
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        return ", ".join(value)
    return value


def _regex(value: str) -> str:
    try:
        regex.compile(value, regex.IGNORECASE)
    except (regex.error, RecursionError) as error:
        raise ValueError(f"a regular expression ({error})") from None
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("an IANA time zone such as 'Asia/Almaty'") from None
    return value


def _web_url(value: str) -> str:
    if not urls.canonical(value) or not _is_plain(value):
        raise ValueError("an absolute http:// or https:// address, without name and password")
    return value


def _source_url(value: str) -> str:
    if urlsplit(value).scheme not in ("", "http", "https") or not value or not _is_plain(value):
        raise ValueError(
            "a path below the site's address, or an http:// or https:// address, without name and password"
        )
    return value


def _is_plain(address: str) -> bool:
    # urllib drops what nobody sees.
    shown = address.isprintable() and " " not in address
    return shown and "@" not in urlsplit(address).netloc


def _host(value: str) -> str:
    if not urls.canonical(f"http://{value}/") or "/" in value or not _is_plain(f"//{value}"):
        raise ValueError("a host such as 'www.example.kz', without scheme and path")
    return value


def folded(text: str) -> str:
    """What the spellings of a name have in common, whatever their script and letter case."""
    return "".join(map(fold, words(text)))


@cache
def _spellings() -> dict[str, str]:
    # «ь» is «i» before «е» for those who write names by ear, and nothing for the alphabets.
    return {
        folded(spelt): name
        for name, more in REGIONS.items()
        for said in (name, *more)
        for spelt in (said, said.replace("ь", ""))
    }


def region(typed: str) -> str | None:
    """The id of a region in any of its spellings, with or without «облысы» and the like."""
    kinds = set(map(folded, vocabulary.entries("regions", "kinds")))
    bare = "".join(word for word in map(fold, words(typed)) if word not in kinds)
    return _spellings().get(folded(typed)) or _spellings().get(bare)


def _region(value: str) -> str:
    if found := region(value):
        return found
    raise ValueError(f"one of {', '.join(REGIONS)}")


def _day(value: object) -> str:
    """A day, or a month or year where no more is known, as TOML or JSON have it."""
    said = str(value)
    if not re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2])(-([0-2]\d|3[01]))?)?", said, re.ASCII):
        raise ValueError("a day, month or year such as 2025-03-31, '2025-03' or 2025")
    return said


Css = Annotated[str, AfterValidator(_css)]
AnyCss = Annotated[str, BeforeValidator(_joined), AfterValidator(_css)]
"""One selector, or a list of alternatives of which any may match."""
Regex = Annotated[str, AfterValidator(_regex)]
Host = Annotated[str, AfterValidator(_host)]
Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Zone = Annotated[str, AfterValidator(_zone)]
WebUrl = Annotated[str, AfterValidator(_web_url)]
SourceUrl = Annotated[str, AfterValidator(_source_url)]
Region = Annotated[str, AfterValidator(_region)]
Day = Annotated[str, BeforeValidator(_day)]
Tag = Annotated[str, Field(pattern=r"^[\w-]+$")]
Names = dict[Literal["kk", "ru", "en"], Annotated[str, Field(min_length=1)]]
Watch = dict[Monitor, Annotated[float, Field(ge=0)] | Literal[False]]
"""Thresholds in place of the usual ones; false switches a monitor off."""
